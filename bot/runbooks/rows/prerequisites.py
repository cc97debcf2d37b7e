"""What has to be so before dangerous rows, as their checklists say it (facts: recovery, "Before" of each procedure)."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.properties import NAMES
from bot.domain.groups.groups import service
from bot.domain.model import Pool
from bot.domain.runs.prerequisites import How, Prerequisite
from bot.domain.runs.run import Run, home, partner
from bot.runbooks.rows.facts import HOPS
from bot.runbooks.rows.living import LODGERS

CENTRAL_STATUS = str(cmdlet("Get-CsManagementStoreReplicationStatus", CentralManagementStoreStatus=True))
_EDGES = f"{cmdlet('Get-CsService', EdgeServer=True)} | Format-List {NAMES.edge_pool}, {NAMES.next_hop}"


def on(pool: Pool, does: str) -> str:
    """ "On a Front End of pool-b, see …:" """
    return f"On a Front End of {pool.short}, {does}:"


def machines_run(pool: Pool) -> str:
    """The line that lists the services of every machine of a pool."""
    machines = f"({cmdlet('Get-CsPool', Identity=pool.fqdn)}).Computers"
    return f"{machines} | ForEach-Object {{ Get-CsWindowsService -ComputerName $_ }}"


def databases(pool: Pool) -> str:
    """The line that lists the databases of its users."""
    return str(cmdlet("Get-CsUserDatabaseState", RegistrarPool=pool.fqdn))


def pool_state(pool: Pool) -> str:
    """The line that says where a pool stands (facts: recovery §0.3)."""
    return str(cmdlet("Get-CsRegistrarConfiguration", Identity=f"service:Registrar:{pool.fqdn}"))


def groups_on(pool: Pool, owner: Pool) -> tuple[str, ...]:
    """The lines that list the groups of `owner` on a pool."""
    own = None if pool == owner else service(owner.fqdn)
    return tuple(
        str(cmdlet(name, Identity=service(pool.fqdn), Owner=own, ShowAll=None if own else True))
        for name in ("Get-CsRgsQueue", "Get-CsRgsAgentGroup", "Get-CsRgsWorkflow")
    )


def pair_fit(run: Run) -> Prerequisite:
    """Assigned, alive, and not itself failed over (procedure 2; seed 004)."""
    primary, backup = run.primary, partner(run)
    return Prerequisite(
        "pair",
        f"{backup.short} can take {primary.short}",
        (
            How(
                on(backup, "see the pair, where the pool stands, and its services"),
                (
                    str(cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=primary.fqdn, LocalStore=True)),
                    pool_state(backup),
                    machines_run(backup),
                ),
            ),
            How(f"Start what does not run. If {backup.short} is failed over itself, bring it home first."),
        ),
        shown_by=("order", "pair"),
    )


def central_works(asked: Pool, had: Pool) -> Prerequisite:
    """Moves of pools and next hops are written there (facts: recovery §0.7); `had` is the pool whose it was."""
    return Prerequisite(
        "central",
        "Central Management works",
        (
            How(on(asked, "see which pool has it"), (CENTRAL_STATUS,)),
            How(f"It names one pool when it works. If it names none, do `/rgs start cms {had.short}` first."),
        ),
        shown_by=("cms-where", "cms-doubt", "cms-after", "cms-replicas"),
    )


def central_answers(target: Pool, source: Pool, *, answers: bool) -> Prerequisite:
    """-Force takes no account of replication, so it is for one that does not answer (facts: recovery §0.21)."""
    return Prerequisite(
        "answers",
        f"Central Management {'answers' if answers else 'does not answer'}",
        (
            How(on(target, "ask it"), (CENTRAL_STATUS,)),
            How(on(source, "ask it there as well, if that pool answers"), (CENTRAL_STATUS,)),
            How("An answer that names a pool means that it answers. Choose the button that fits."),
        ),
        shown_by=("cms-where", "cms-doubt"),
        enough=frozenset({"pass", "warn"}),
    )


def database_answers(pool: Pool) -> Prerequisite:
    """The database that is to take Central Management (procedure 2, row 5)."""
    return Prerequisite(
        "database",
        f"The database of {pool.short} works",
        (
            How(
                on(pool, "see whether its databases are online"),
                (databases(pool),),
            ),
            How("If one is not, see to its SQL Server first."),
        ),
    )


def locations_right(pool: Pool, of: Pool) -> Prerequisite:
    """Emergency calls carry what is in it (facts: recovery §0.6)."""
    return Prerequisite(
        "copy",
        "This copy of the locations is right",
        (
            How(f"`/rgs companions {of.short}` lists the copies, with their dates."),
            How(on(pool, "see what is there now"), (str(cmdlet("Get-CsLisLocation")), str(cmdlet("Get-CsLisSubnet")))),
        ),
        shown_by=("lis",),
    )


def no_hop(run: Run) -> Prerequisite:
    """Else nobody outside is reached after the move (procedure 2, rows 7a and 7b)."""
    primary, backup = run.primary, partner(run)
    lines = tuple(
        str(cmdlet("Set-CsEdgeServer", Identity=f"EdgeServer:{edge}", Registrar=f"Registrar:{backup.fqdn}"))
        for edge in HOPS.of(run)
    )
    return Prerequisite(
        "edges",
        f"No Edge pool leads to {primary.short}",
        (
            How(on(backup, "list the Edge pools with their next hop"), (_EDGES,)),
            How(
                f"Lead those that name {primary.short} to {backup.short}; in the same site by Topology Builder.", lines
            ),
        ),
        shown_by=("hop-read", "hop-after"),
    )


def is_back(run: Run) -> Prerequisite:
    """Services, database, fabric (procedure 3, row 1)."""
    pool = run.primary
    fabric = () if pool.version == "2013" else (str(cmdlet("Get-CsPoolFabricState", PoolFqdn=pool.fqdn)),)
    return Prerequisite(
        "back",
        f"{pool.short} is back, with its services",
        (
            How(
                on(pool, "see its services and databases"),
                (machines_run(pool), databases(pool), *fabric),
            ),
            How("Start what does not run, and wait until it does."),
        ),
        shown_by=("back",),
    )


def edge_first(run: Run) -> Prerequisite:
    """It comes back before the pool (procedure 7, row 5)."""
    return Prerequisite(
        "edge-first",
        "The Edge pool of its site works",
        (
            How(on(run.primary, "list the Edge pools with their next hop"), (_EDGES,)),
            How("On each Edge Server of the site, see the services:", ("Get-CsWindowsService",)),
            How("If it failed over too, bring it back first: `/rgs start edge`."),
        ),
        shown_by=("edges", "edge-first"),
    )


def groups_exported(run: Run) -> Prerequisite:
    """Else what was edited there meanwhile would be lost (runbooks: failback 3)."""
    primary, backup = run.primary, partner(run)
    return Prerequisite(
        "exported",
        f"The groups on {backup.short} are exported",
        (
            How(f"The export is a backup of its own: `/rgs backups {primary.short}` lists it."),
            How(on(backup, "see what lies there"), groups_on(backup, primary)),
        ),
        shown_by=("export",),
    )


def at_home(pool: Pool, *shown_by: str) -> Prerequisite:
    """A pool that is away takes no import (seed 002)."""
    return Prerequisite(
        "home",
        f"{pool.short} is not failed over",
        (
            How(on(pool, "see where it stands"), (pool_state(pool),)),
            How(f"Its PoolState has to be Active or FailedBack. If it is not: `/rgs start adopt {pool.short}`."),
        ),
        shown_by=shown_by,
    )


def rehearsed(run: Run) -> Prerequisite:
    """Against what lies there now (runbooks: failover 9)."""
    primary, backup = run.primary, partner(run)
    return Prerequisite(
        "rehearsed",
        "The import was tried on a copy",
        (
            How("Switchback tries the import on a copy that it reads. *Timeline* shows what would change."),
            How(on(backup, "see what lies there now"), groups_on(backup, primary)),
        ),
        shown_by=("rehearse",),
    )


def spared(pool: Pool, owner: Pool) -> Prerequisite:
    """An import goes over it."""
    return Prerequisite(
        "spared",
        f"What {pool.short} has now is kept",
        (
            How(f"It is in the folder of Switchback on {pool.short}, and kept here for this run."),
            How(on(pool, "see what lies there now"), groups_on(pool, owner)),
        ),
        shown_by=("spare",),
    )


def frozen(run: Run) -> Prerequisite:
    """Edits made from here on would be lost (runbooks: failback 2)."""
    return Prerequisite(
        "frozen",
        f"Nobody edits the groups of {run.primary.short}",
        (
            How("Switchback cannot lock them. It has asked everybody in the notification channel."),
            How("Tell those who edit groups and do not read that channel. Ask who did since, and wait for them."),
        ),
    )


def every_group(run: Run) -> Prerequisite:
    """Only then may the copies go (runbooks: failback 13)."""
    at = home(run)
    return Prerequisite(
        "arrived",
        f"Every group is on {at.short}",
        (
            How("Switchback has compared every object. *Timeline* shows what it found."),
            How(on(at, "see them yourself"), groups_on(at, at)),
        ),
        shown_by=("verify", "audio"),
    )


def called(*rows: str) -> Prerequisite:
    """What a server shows does not prove that telephones ring."""
    return Prerequisite(
        "called",
        "Test calls reached the groups",
        (
            How("Call an informal group from inside, and from the telephone network."),
            How("If a call fails, do not go on. Look at gateways and DNS first."),
        ),
        shown_by=rows,
    )


def gateways_lead(pool: Pool, away: Pool) -> Prerequisite:
    """No server of ours knows what gateways do (runbooks: failover 15)."""
    return Prerequisite(
        "gateways",
        f"Gateways send calls to {pool.short}",
        (
            How(on(pool, "list the trunks: gateways with their Mediation Servers"), ("Get-CsTrunk",)),
            How(f"On each gateway that used {away.short}: send its calls to a Mediation Server of {pool.short}."),
        ),
    )


def names_lead(pool: Pool, away: Pool) -> Prerequisite:
    """Telephones and agents find their pool by names (runbooks: failover 15)."""
    lines = tuple(f'Resolve-DnsName "{one.fqdn}"' for one in (away, pool))
    return Prerequisite(
        "names",
        f"DNS and agent console lead to {pool.short}",
        (
            How("On an agent's computer, see where the names lead now:", lines),
            How(f"Change the records that still lead to {away.short}. Then open the agent console once."),
        ),
    )


def nothing_lives(run: Run, key: str, says: str, kinds: tuple[str, ...]) -> Prerequisite:
    """What still lives on the lost pool would go with it (procedure 10)."""
    backup = partner(run)
    lines = tuple(str(LODGERS[kind].asked(run.primary)) for kind in kinds)
    return Prerequisite(
        "nothing-lives",
        says,
        (
            How(on(backup, "see what still names it"), lines),
            How("Run the line of the row that moves it once more. Then press *Try again*."),
        ),
        shown_by=(f"{key}-first",),
    )


def stopped(run: Run, key: str) -> Prerequisite:
    """User data is imported while nothing runs there (facts: recovery §0.11)."""
    pool = home(run)
    machines = f"({cmdlet('Get-CsPool', Identity=pool.fqdn)}).Computers"
    return Prerequisite(
        "stopped",
        f"Nothing runs on {pool.short}",
        (
            How(on(partner(run), "see its services"), (machines_run(pool),)),
            How("Stop what runs:", (f"{machines} | ForEach-Object {{ Stop-CsWindowsService -ComputerName $_ }}",)),
        ),
        shown_by=(f"{key}-first",),
    )


def safe(run: Run, key: str) -> Prerequisite:
    """The groups wait there until the new pool is started (procedure 10, row 16)."""
    primary, backup = run.primary, partner(run)
    return Prerequisite(
        "safe",
        f"{backup.short} holds the groups of {primary.short}",
        (
            How(on(backup, "see them"), groups_on(backup, primary)),
            How(f"If there are none: `/rgs start import-again {primary.short}` brings them."),
        ),
        shown_by=(f"{key}-first",),
    )


def emptied(run: Run, key: str) -> Prerequisite:
    """Afterwards nobody could name their owner (procedure 10, row 19)."""
    primary, backup = run.primary, partner(run)
    return Prerequisite(
        "emptied",
        f"No group on {backup.short} belongs to {primary.short}",
        (
            How(on(backup, "see what is left"), groups_on(backup, primary)),
            How("They have to be removed first, on the card or by hand. Then press *Try again*."),
        ),
        shown_by=(f"{key}-first",),
    )


def paired(run: Run, key: str) -> Prerequisite:
    """Data of pools that are not paired is deleted (procedure 10, row 21)."""
    backup, new = partner(run), home(run)
    return Prerequisite(
        "paired",
        f"{backup.short} and {new.short} are a pair",
        (
            How(
                on(backup, "see the pair from both sides"),
                tuple(str(cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=one.fqdn)) for one in (backup, new)),
            ),
            How("Pair them in Topology Builder: Resiliency, Associated Backup Pool. Then publish."),
        ),
        shown_by=(f"{key}-first",),
    )
