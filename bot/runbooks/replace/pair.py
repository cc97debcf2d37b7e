"""The new pool and the backup pool become a pair: rows 20 to 29 of the procedure, as a table (facts: recovery §10)."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import cmdlet, quoted
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.readings import backup_pool, living_on
from bot.domain.errors import BotError
from bot.domain.model import Edition, Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, ReadGroups, Seen
from bot.domain.runs.run import Run, partner, replacement
from bot.domain.runs.runbook import Choice
from bot.runbooks.replace.procedure import NO_WAY_BACK, lines, named_machines
from bot.runbooks.rows.by_hand import ByHand, Proof
from bot.runbooks.rows.companions import companions_row
from bot.runbooks.rows.editing import asked
from bot.runbooks.rows.living import LODGERS, nothing_left, read
from bot.runbooks.rows.machines import all_run
from bot.runbooks.rows.prerequisites import emptied, nothing_lives, paired
from bot.runbooks.rows.syncing import sync_rows

_BACKUP = "LYNCBACKUP"


def _range_lines(run: Run, seen: Seen) -> tuple[str, ...]:
    """The announcements are made again on the new pool; then each range leads to its own."""
    where = f"ApplicationServer:{replacement(run).fqdn}"
    parent = quoted(f"service:{where}")
    made = f"New-CsAnnouncement -Parent {parent} -Name {asked('Name')} -AudioFilePrompt {asked('Its file')}"
    if "ranges" not in seen:
        return (made,)
    rows = [row for pool in (run.primary, partner(run)) for row in _ranges(seen, pool.fqdn)]
    return (
        *((made,) if rows else ()),
        *(
            f"Set-CsUnassignedNumber -Identity {quoted(one)} -AnnouncementService {quoted(where)} "
            f"-AnnouncementName {asked('Name of its announcement')}"
            for one in rows
        ),
    )


def _ranges(seen: Seen, fqdn: str) -> tuple[str, ...]:
    return living_on(seen["ranges"], NAMES.range_service, fqdn)


def _read_left(run: Run) -> Acts:
    """All of it, and the groups of the lost pool wherever they could be."""
    where = partner(run).fqdn
    groups = Attempt(ReadGroups(where, where, run.primary.fqdn))
    return {**read(run, *LODGERS), "copies": groups}


def _judge_left(run: Run, seen: Seen) -> Verdict:
    """P can be deleted only when nothing lives on it and it owns no groups (facts: recovery §10, row 22)."""
    found = nothing_left(*LODGERS).judge(run, seen)
    if found.mark is Mark.PASS and seen["copies"].objects:
        count = len(seen["copies"].objects)
        return Verdict(Mark.STOP, f"{partner(run).short} still holds {count} objects that {run.primary.short} owns.")
    return found


def _read_pair(run: Run) -> Acts:
    one, other = partner(run).fqdn, replacement(run).fqdn
    return {
        "there": Attempt(Invoke(one, cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=one))),
        "back": Attempt(Invoke(one, cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=other))),
    }


def _judge_pair(run: Run, seen: Seen) -> Verdict:
    backup, new = partner(run), replacement(run)
    said = tuple("" if isinstance(rows, BotError) else backup_pool(rows) for rows in (seen["there"], seen["back"]))
    if said == (new.fqdn, backup.fqdn):
        return Verdict(Mark.PASS, f"{backup.short} and {new.short} name each other as backup pool.")
    named = " and ".join(one or "none" for one in said)
    return Verdict(Mark.STOP, f"{backup.short} and {new.short} do not name each other as backup pool: {named}.")


_PAIRED = Proof(_read_pair, _judge_pair, refusals=True)


def _boot_lines(run: Run, seen: Seen) -> tuple[str, ...]:
    found = named_machines(seen)
    return tuple(f"Start-CsWindowsService -Name {_BACKUP} -ComputerName {one}" for one in found)


def _restart_lines(run: Run, seen: Seen) -> tuple[str, ...]:
    found = named_machines(seen)
    return tuple(
        f"{verb}-CsWindowsService -Name {_BACKUP} -ComputerName {one}" for one in found for verb in ("Stop", "Start")
    )


def _no_store(run: Run) -> tuple[Choice, ...]:
    return (Choice("elsewhere", "It is elsewhere", "says Central Management is on another pool."),)


def _no_branches(run: Run) -> tuple[Choice, ...]:
    said = f"says {run.primary.short} has no branch appliances."
    return (Choice("none", "There are none", said),)


ANNOUNCEMENTS = ByHand(
    key="announcements",
    stretch="announcements",
    title="Move the announcements",
    explain=lambda run: (
        f"Ranges that were {run.primary.short}'s, not those for Exchange UM: the failover moved them to "
        f"{partner(run).short}. Its own stay. `/rgs companions {run.primary.short}` has the recordings. Afterwards "
        f"remove the old ones on {partner(run).short}: `Remove-CsAnnouncement`."
    ),
    lines=_range_lines,
    proof=nothing_left("ranges"),
)

COMPANIONS = companions_row(serving=replacement, of=lambda run: run.primary, stretch="announcements")

PAIR: tuple[ByHand, ...] = (
    ByHand(
        key="topology",
        stretch="topology",
        title=f"Pair the pools and delete the lost one ({NO_WAY_BACK})",
        explain=lambda run: (
            f"1) In Topology Builder, open {partner(run).short}, “Edit Properties”, “Resiliency”. "
            f"2) Choose {replacement(run).short} as “Associated Backup Pool”, and tick “Automatic failover and "
            f"failback for Voice”. 3) Delete {run.primary.short}. 4) “Publish”."
        ),
        first=Proof(_read_left, _judge_left),
        prerequisites=lambda run: (
            nothing_lives(run, "topology", f"Nothing lives on {run.primary.short} any more", tuple(LODGERS)),
            emptied(run, "topology"),
        ),
        proof=_PAIRED,
    ),
    ByHand(
        key="boot",
        stretch="topology",
        title="Set up the new pair on the new pool",
        explain=lambda run: (
            f"On every machine of {replacement(run).short}: 1) run Bootstrapper.exe. 2) Install the cumulative update "
            "once more. 3) Start the Backup Service."
        ),
        lines=_boot_lines,
        proof=all_run(replacement, _BACKUP),
    ),
    ByHand(
        key="restart",
        stretch="topology",
        title="Restart the Backup Service of the backup pool",
        explain=lambda run: f"On every machine of {partner(run).short}.",
        lines=_restart_lines,
        proof=all_run(partner, _BACKUP),
    ),
    ByHand(
        key="store",
        stretch="topology",
        title="Prepare the new pool for Central Management",
        explain=lambda run: (
            f"Only when Central Management is on {partner(run).short}. Never with -Clean, which wipes it."
        ),
        skip=lambda run: (
            None
            if replacement(run).edition is Edition.STANDARD
            else "Skipped: the new pool is no Standard Edition server."
        ),
        lines=lines('Install-CsDatabase -CentralManagementDatabase -SqlServerFqdn "{n}" -SqlInstanceName "rtc"'),
        others=_no_store,
    ),
    ByHand(
        key="backupdata",
        stretch="topology",
        title=f"Remove the lost pool's user data ({NO_WAY_BACK})",
        explain=lambda run: (
            f"It deletes data of pools that are paired with neither {partner(run).short} nor its backup pool, so it "
            "comes after the new pair."
        ),
        first=_PAIRED,
        prerequisites=lambda run: (paired(run, "backupdata"),),
        lines=lines('Remove-CsUserStoreBackupData -PoolFqdn "{b}"'),
    ),
)

ROWS = tuple(step for one in PAIR for step in one.rows())

SYNC = (
    *sync_rows(
        key="sync-new",
        stretch="sync",
        title="Bring everything from the new pool over",
        of=replacement,
        effect=lambda run: f"All that {replacement(run).short} has is brought to {partner(run).short}.",
    ),
    *sync_rows(
        key="sync-backup",
        stretch="sync",
        title="Bring everything from the backup pool over",
        of=partner,
        effect=lambda run: f"All that {partner(run).short} has is brought to {replacement(run).short}.",
    ),
)

BRANCHES = ByHand(
    key="branches",
    stretch="branches",
    title="Move the branch appliances",
    explain=lambda run: (
        f"For each appliance of {run.primary.short}. Its users are listed before they are moved, and moved back from "
        "that list. Point it to the new pool in Topology Builder before it is started again."
    ),
    lines=lines(
        '$appliance = Read-Host "The branch appliance, its FQDN"; $theirs = "RegistrarPool -eq \'$appliance\'"',
        "Stop-CsWindowsService -ComputerName $appliance",
        'Get-CsUser -Filter $theirs | Export-Csv "{folder}\\appliance.csv"',
        'Get-CsUser -Filter $theirs | Move-CsUser -Target "{n}" -Force -Confirm:$False',
        '$converted = "{folder}\\converted.zip"',
        'Convert-CsUserData -InputFile (Read-Host "The exported user data") -OutputFile $converted '
        "-TargetVersion Lync2010",
        'Import-Csv "{folder}\\appliance.csv" | ForEach-Object {{ Update-CsUserData -FileName $converted '
        "-UserFilter $_.SipAddress }}",
        "Start-CsWindowsService -ComputerName $appliance",
        'Import-Csv "{folder}\\appliance.csv" | ForEach-Object {{ Move-CsUser -Identity $_.SipAddress '
        "-Target $appliance -Force -Confirm:$False }}",
    ),
    others=_no_branches,
).rows()
