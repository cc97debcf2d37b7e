"""Central Management goes over to another pool first: without it no pool can be moved (runbooks: failover 4; R2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.readings import active_stores, principals, sql_server, store_of
from bot.domain.deployment.tables import MIRRORED
from bot.domain.errors import BadInput, BotError
from bot.domain.groups.groups import Row, checked_fqdn
from bot.domain.model import Edition, Mark, Pool, Undone, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.prerequisites import Prerequisite
from bot.domain.runs.run import Finding, Found, Phase, Run
from bot.domain.runs.runbook import Choice, Plan, Step, Then
from bot.runbooks.rows.attesting import attested, witnessed
from bot.runbooks.rows.by_command import After, ByCommand, Lost
from bot.runbooks.rows.by_hand import reached, run_there
from bot.runbooks.rows.facts import (
    CMS_BY_HAND,
    CMS_NEED,
    CMS_PUSHED,
    MIRROR_INSTANCE,
    SQL_INSTANCE,
    SQL_MIRROR,
    SQL_SERVER,
    UNREAD,
)
from bot.runbooks.rows.prerequisites import central_answers, database_answers
from bot.runbooks.rows.replicas import replica_rows
from bot.runbooks.rows.typed import host_field, instance_field

STATUS = cmdlet("Get-CsManagementStoreReplicationStatus", CentralManagementStoreStatus=True)
"""Where it is active, and whose agent sends it on; -WhatIf of the move answers only a host (runbooks: failover 4)."""

_BOTH = (
    "Central Management says that it is active on {pools}, and changes would go astray. Sign in to a Front End of the "
    "pool that is to keep it, and run: `Invoke-CsManagementServerFailover -Restore`. Then try again"
)
_STAYS = "Skipped: Central Management stays where it is."
_DOUBT = (
    "Nothing tells which pool had Central Management, and without it no pool can be failed over. If another pool had "
    "it, start `/rgs start cms <that pool>`, and come back when it works."
)

Where = Callable[[Run], Pool]
Skip = Callable[[Run], str | None]


def central_rows(*, stretch: str, source: Where, target: Where, skip: Skip = lambda run: None) -> tuple[Step, ...]:
    """Where it is; it goes from `source` to `target` if it is there; and exactly one is active then, with its replicas.

    Planned while it answers, in the way for disasters while it does not: what it says decides, since -Force must not be
    used while it answers (facts: recovery §0.21). On another pool it stays.
    """
    return _Central(stretch, source, target, skip).rows()


def stayed(run: Run) -> str | None:
    """Why what rests on a move of Central Management falls away, if it was not moved."""
    return None if CMS_NEED.of(run) in ("planned", "disaster") else _STAYS


@dataclass(frozen=True, slots=True)
class _Central:
    stretch: str
    source: Where
    target: Where
    skip: Skip

    def rows(self) -> tuple[Step, ...]:
        pushing = replica_rows(stretch=self.stretch, source=self.source, target=self.target, skip=self._skip)
        return self._where(), self._doubt(), self._names(), self._by_hand(), *self._moved(), *pushing

    def _skip(self, run: Run) -> str | None:
        return self.skip(run) or stayed(run)

    def _where(self) -> Step:
        return Step(
            key="cms-where",
            stretch=self.stretch,
            title="See where Central Management is",
            need=Need.SERVER_ADMIN,
            skip=self.skip,
            reads=self._reads,
            judge=self._judge_where,
            choices=lambda run: (_as_it_is(),) if run.phase is Phase.STOPPED else (),
        )

    def _reads(self, run: Run) -> Acts:
        """Both sides are asked: it may be active on two pools (facts: recovery §0.20)."""
        source, target = self.source(run).fqdn, self.target(run).fqdn
        return {
            "store": Attempt(Invoke(target, STATUS)),
            "there": Attempt(Invoke(source, STATUS)),
            "services": Attempt(Invoke(target, cmdlet("Get-CsService", CentralManagement=True))),
            "connection": Attempt(Invoke(target, cmdlet("Get-CsManagementConnection"))),
        }

    def _judge_where(self, run: Run, seen: Seen) -> Verdict:
        source, target, active = self.source(run), self.target(run), _active(seen)
        afresh = CMS_BY_HAND.to(False) | CMS_PUSHED.to(False)
        if len(active) > 1:
            return Verdict(Mark.STOP, f"{_BOTH.format(pools=' and '.join(active))}.")
        if active == (source.fqdn,):
            said = f"Central Management works on {source.short}, so it goes over to {target.short} first."
            return Verdict(Mark.WARN, said, facts={**CMS_NEED.to("planned"), **afresh})
        if active:
            return Verdict(Mark.PASS, f"Central Management works on {active[0]}, so it stays.", facts=CMS_NEED.to(""))
        if isinstance(seen["store"], BotError):
            said = f"Where Central Management is could not be read on {target.short}: {seen['store'].sentence}"
            return Verdict(Mark.WARN, said, facts={**CMS_NEED.to("doubt"), **afresh})
        return self._judge_silent(run, seen, afresh)

    def _judge_silent(self, run: Run, seen: Seen, afresh: dict[str, object]) -> Verdict:
        """It does not answer; whose it was, is told by the database to which Active Directory leads."""
        source, target = self.source(run), self.target(run)
        database = sql_server(_rows(seen["connection"]))
        if database in _servers(source):
            said = f"Central Management does not answer, and it is {source.short}'s. It goes over to {target.short}."
            return Verdict(Mark.WARN, said, facts={**CMS_NEED.to("disaster"), **afresh})
        if database in _servers(target):
            said = (
                f"Central Management is {target.short}'s already, and does not answer. See to its database, and to "
                "the services MASTER and FTA there. Then try again."
            )
            return Verdict(Mark.STOP, said, facts={**CMS_NEED.to(""), **afresh})
        lies = f"Its database is on {database}." if database else "Where its database is could not be read."
        said = f"Central Management does not answer. {lies} No pool here is known to have it."
        return Verdict(Mark.WARN, said, facts={**CMS_NEED.to("doubt"), **afresh})

    def _doubt(self) -> Step:
        def choices(run: Run) -> tuple[Choice, ...]:
            short, facts = self.source(run).short, CMS_NEED.to("disaster")
            return Choice("cms-here", f"It was on {short}", f"says it was on {short}.", facts), _as_it_is()

        return Step(
            key="cms-doubt",
            stretch=self.stretch,
            title="Say where Central Management was",
            asks=True,
            need=Need.SERVER_ADMIN,
            skip=lambda run: (
                self.skip(run)
                or (None if CMS_NEED.of(run) == "doubt" else "Skipped: Central Management's place is known.")
            ),
            explain=lambda run: _DOUBT,
            choices=choices,
        )

    def _names(self) -> Step:
        def skip(run: Run) -> str | None:
            known = CMS_NEED.of(run) == "planned" or _sql(run, self.target(run))[0]
            return self._skip(run) or ("Skipped: the SQL Server is known." if known else None)

        return Step(
            key="cms-names",
            stretch=self.stretch,
            title="Name the SQL Server that takes it",
            asks=True,
            need=Need.SERVER_ADMIN,
            skip=skip,
            explain=lambda run: (
                f"Central Management goes to the database of {self.target(run).short}. Topology Builder shows its SQL "
                "Server. Name it as `sql_server` under [[pools]], and this is not asked again."
            ),
            choices=lambda run: (_naming(self.target(run), Then.NEXT),),
        )

    def _by_hand(self) -> Step:
        return Step(
            key="cms-hand",
            stretch=self.stretch,
            title="Move Central Management by hand",
            asks=True,
            need=Need.SERVER_ADMIN,
            skip=lambda run: self._skip(run) or reached(self.target(run)),
            reads=self._mirrors,
            judge=lambda run, seen: Verdict(Mark.PASS, run_there(self.target(run), self._command(run, seen))),
            choices=lambda run: (_MOVED,),
        )

    def _moved(self) -> tuple[Step, ...]:
        return ByCommand(
            key="cms",
            stretch=self.stretch,
            title="Move Central Management",
            plan=self._plan,
            after=After("See that Central Management is active once", self._reads, self._judge_after, _unmoved),
            lost=Lost(
                lambda run: {"store": Invoke(self.target(run).fqdn, STATUS)},
                lambda run, seen: repr(store_of(seen["store"])),
                self._found,
            ),
            skip=self._skip,
            unsent=lambda run: "Done by hand." if CMS_BY_HAND.of(run) else None,
            prerequisites=self._before,
            ways=self._ways,
            refused=(_LOOK,),
            breaks=True,
            reads=self._mirrors,
        ).rows()

    def _before(self, run: Run) -> tuple[Prerequisite, ...]:
        target, is_planned = self.target(run), CMS_NEED.of(run) == "planned"
        return central_answers(target, self.source(run), answers=is_planned), database_answers(target)

    def _mirrors(self, run: Run) -> Acts:
        """Which of the mirrored back ends is principal (R2 step 5a); the pages disagree on the name (§0.13)."""
        pool = self.target(run)
        if CMS_NEED.of(run) != "disaster" or pool.version not in MIRRORED or not _sql(run, pool)[2]:
            return {}
        names = ("CMS", "CentralMgmt") if pool.version == "2013" else ("CentralMgmt",)
        state = {name: cmdlet("Get-CsDatabaseMirrorState", PoolFqdn=pool.fqdn, DatabaseType=name) for name in names}
        return {f"mirror {name}": Attempt(Invoke(pool.fqdn, command)) for name, command in state.items()}

    def _command(self, run: Run, seen: Seen) -> Cmdlet:
        """Raises BadInput while nobody has named the SQL Server. Of a mirrored pair, the principal is named first."""
        name = "Invoke-CsManagementServerFailover"
        if CMS_NEED.of(run) == "planned":
            return cmdlet(name)
        server, instance, mirror, other = _sql(run, self.target(run))
        if not server:
            raise BadInput("The SQL Server that takes Central Management is not known. Name it, then try again.")
        roles = (dict(principals(rows)) for key, rows in seen.items() if key.startswith("mirror") and _rows(rows))
        if mirror and "Mirror" in next(roles, {}).values():
            server, instance, mirror, other = mirror, other, server, instance
        return cmdlet(
            name,
            BackupSqlServerFqdn=checked_fqdn(server),
            BackupSqlInstanceName=instance or None,
            BackupMirrorSqlServerFqdn=checked_fqdn(mirror) if mirror else None,
            BackupMirrorSqlInstanceName=other if mirror and other else None,
            Force=True,
        )

    def _plan(self, run: Run, seen: Seen) -> Plan:
        target = self.target(run)
        if (store := store_of(seen["store"])) and store.master == target.fqdn:
            raise BadInput(
                f"Central Management is on {target.short} already. Nothing was sent: have it looked at again."
            )
        lost = "" if CMS_NEED.of(run) == "planned" else " What was not replicated yet is lost with the old one."
        effect = f"Central Management is then active on {target.short}.{lost}"
        return Plan({"move": Invoke(target.fqdn, self._command(run, seen))}, (effect,))

    def _ways(self, run: Run) -> tuple[Choice, ...]:
        """The other way, other names, or people do it."""
        planned = CMS_NEED.of(run) == "planned"
        other = _DISASTER if planned else _PLANNED
        names = () if planned else (_naming(self.target(run), Then.AGAIN),)
        return (other, *names, _MOVED)

    def _found(self, run: Run, seen: Seen) -> Finding:
        store, target = store_of(seen["store"]), self.target(run)
        if store and store.master == target.fqdn:
            return Finding(Found.DONE, f"Central Management is active on {target.short}: it was moved.")
        where = f"It is active on {store.master} now." if store and store.master else "It is active nowhere."
        return Finding(Found.PARTLY, f"{where} It was to be on {target.short}.")

    def _judge_after(self, run: Run, seen: Seen) -> Verdict:
        """Nobody's word replaces a reading: exactly one is active, and its agent sends it on (R2 step 5d)."""
        target, active = self.target(run), _active(seen)
        if isinstance(seen["store"], BotError):
            return Verdict(Mark.STOP, f"It could not be read: {seen['store'].sentence}", facts=UNREAD.to(True))
        store, facts = store_of(seen["store"]), UNREAD.to(False)
        if len(active) > 1:
            return Verdict(Mark.STOP, f"{_BOTH.format(pools=' and '.join(active))}.", facts=facts)
        if active != (target.fqdn,):
            where = f"It is active on {active[0]}." if active else "It is active nowhere."
            return Verdict(Mark.STOP, f"{where} It is not on {target.short} yet.", facts=facts)
        if not store or not store.works:
            said = f"It is active on {target.short}, but no agent sends it on. See to the service FTA there."
            return Verdict(Mark.STOP, said, facts=facts)
        return Verdict(Mark.PASS, f"Central Management is active on {target.short}, and nowhere else.", facts=facts)


def _active(seen: Seen) -> tuple[str, ...]:
    """Every pool of which a server says that it is active there."""
    said = [store_of(_rows(seen[name])) for name in ("store", "there")]
    found = {*(one.master for one in said if one), *active_stores(_rows(seen["services"]))}
    return tuple(sorted(found - {""}))


def _rows(read: object) -> tuple[Row, ...]:
    return () if isinstance(read, BotError) else tuple(read)


def _servers(pool: Pool) -> set[str]:
    """Names under which the database of the pool may be known; a Standard Edition server is its own."""
    return {pool.fqdn, pool.sql_server, pool.sql_mirror_server} - {""}


def _sql(run: Run, pool: Pool) -> tuple[str, str, str, str]:
    """Server and instance, and those of the mirror: as people named them, else as configured."""
    if SQL_SERVER.of(run):
        return SQL_SERVER.of(run), SQL_INSTANCE.of(run), SQL_MIRROR.of(run), MIRROR_INSTANCE.of(run)
    if not pool.sql_server and pool.edition is Edition.STANDARD:
        return pool.fqdn, "rtc", "", ""
    return pool.sql_server, pool.sql_instance, pool.sql_mirror_server, pool.sql_mirror_instance


def _naming(pool: Pool, then: Then) -> Choice:
    mirror = (
        host_field(SQL_MIRROR, "Its mirror, if there is one", required=False),
        instance_field(MIRROR_INSTANCE, "Instance of the mirror"),
    )
    fields = (
        host_field(SQL_SERVER, f"SQL Server of {pool.short}"),
        instance_field(SQL_INSTANCE, "Instance there"),
        *(mirror if pool.version in MIRRORED else ()),
    )
    return Choice("cms-named", "Name the SQL Server", "named {sql_server}.", then=then, fields=fields)


def _as_it_is() -> Choice:
    return Choice(
        "cms-stays",
        "Go on without it",
        "goes on with Central Management as it is.",
        CMS_NEED.to(""),
        confirm="While it does not work, moves of pools are refused.",
        undone=Undone.NOT_DONE,
    )


def _unmoved(run: Run) -> tuple[Choice, ...]:
    return (_LOOK, _as_it_is(), *((_SEEN,) if UNREAD.of(run) else ()))


_LOOK = Choice("cms-look", "Look where it is", "asked to look where it is.", then=Then.BACK, to="cms-where")
_PLANNED = Choice(
    "cms-planned", "It answers: move it as planned", "says it answers.", CMS_NEED.to("planned"), Then.AGAIN
)
_DISASTER = Choice(
    "cms-disaster",
    "It does not answer: use -Force",
    "says it does not answer.",
    CMS_NEED.to("disaster"),
    Then.BACK,
    "cms-names",
    confirm="-Force does not account for replication. It is for a Central Management that does not answer.",
)
_MOVED = attested(
    "cms-moved",
    "It was moved by hand",
    "says it was moved by hand",
    "Switchback sends nothing. It reads where Central Management is active before it goes on.",
    CMS_BY_HAND.to(True),
)
_SEEN = witnessed("cms-seen", "I have seen that it moved", "has seen that Central Management has moved")
