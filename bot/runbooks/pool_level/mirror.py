"""Mirrored databases fail over, each type by itself; the pool is not in outage for it (facts: recovery, 4)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import principals
from bot.domain.deployment.tables import MIRRORED
from bot.domain.errors import BadInput, BotError
from bot.domain.groups.groups import service
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.prerequisites import How, Prerequisite
from bot.domain.runs.run import Finding, Found, Phase, Run
from bot.domain.runs.runbook import Choice, Plan, Runbook, Step, Then
from bot.runbooks import uses
from bot.runbooks.pool_level.ends import left
from bot.runbooks.pool_level.facts import FACTS, FORCED, PRINCIPALS, WANTED
from bot.runbooks.rows.attesting import witnessed
from bot.runbooks.rows.by_command import After, ByCommand, Lost
from bot.runbooks.rows.prerequisites import on

_OTHER = {"Primary": "Mirror", "Mirror": "Primary"}
_SILENT = "no server says which one is principal: it is not mirrored, or it does not answer"
_EXPLAIN = (
    "Only these databases move; users, Central Management and Response Groups each move by themselves. -Force is for a "
    "principal that does not answer."
)


@dataclass(frozen=True, slots=True)
class _Database:
    """One type: as the failover calls it, as 2013 calls it when it is read, and what lies in it."""

    type: str
    old: tuple[str, ...]
    holds: str

    @property
    def key(self) -> str:
        return self.type.lower()

    def rows(self) -> tuple[Step, ...]:
        return self._choose(), *self._moved()

    def _reads(self, run: Run) -> Acts:
        """2013 has other names, and the pages disagree on one, so that both are tried (facts: recovery §0.13)."""
        return {name: Attempt(self._state(run, name)) for name in self._names(run)}

    def _names(self, run: Run) -> tuple[str, ...]:
        return self.old if run.primary.version == "2013" else (self.type,)

    def _state(self, run: Run, name: str) -> Invoke:
        state = cmdlet("Get-CsDatabaseMirrorState", PoolFqdn=run.primary.fqdn, DatabaseType=name)
        return Invoke(run.primary.fqdn, state)

    def _principal(self, seen: Seen) -> str | BotError:
        """Primary, Mirror, or empty where neither says so; the first name that the server takes counts."""
        said = [seen[name] for name in (self.type, *self.old) if name in seen]
        told = next((rows for rows in said if not isinstance(rows, BotError)), None)
        return said[0] if told is None else next(iter(set(principals(told).values()) - {""}), "")

    def _choose(self) -> Step:
        def judge(run: Run, seen: Seen) -> Verdict:
            now = self._principal(seen)
            if isinstance(now, BotError):
                return Verdict(Mark.STOP, f"{self.holds} could not be asked for: {now.sentence}")
            facts = PRINCIPALS.to({**PRINCIPALS.of(run), self.type: now})
            facts |= WANTED.to({**WANTED.of(run), self.type: ""})
            if not now:
                return Verdict(Mark.WARN, f"{self.holds}: {_SILENT}.", facts=facts)
            return Verdict(Mark.PASS, f"{self.holds}: {now} is principal.", facts=facts)

        return Step(
            key=f"{self.key}-choose",
            stretch=self.key,
            title=f"Choose the principal: {self.holds}",
            asks=True,
            need=Need.SERVER_ADMIN,
            skip=_gone,
            explain=lambda run: _EXPLAIN,
            reads=self._reads,
            judge=judge,
            choices=lambda run: (*(() if run.phase is Phase.STOPPED else self._moves(run)), self._leave()),
        )

    def _moves(self, run: Run) -> tuple[Choice, ...]:
        now = PRINCIPALS.of(run).get(self.type, "")
        if now:
            to = _OTHER[now]
            return self._move(run, to, False), self._move(run, to, True)
        return tuple(self._move(run, to, True) for to in ("Mirror", "Primary"))

    def _move(self, run: Run, to: str, force: bool) -> Choice:
        facts = WANTED.to({**WANTED.of(run), self.type: to}) | FORCED.to({**FORCED.of(run), self.type: force})
        how = " with -Force" if force else ""
        return Choice(
            f"{to.lower()}{'-force' if force else ''}",
            f"Make {to} principal{how}",
            f"asked to make {to} principal{how}.",
            facts,
            style="" if force else "primary",
        )

    def _leave(self) -> Choice:
        return Choice("leave", "Leave them as they are", "leaves these databases as they are.")

    def _left(self, run: Run) -> str | None:
        return _gone(run) or (None if WANTED.of(run).get(self.type) else "Left as they are.")

    def _moved(self) -> tuple[Step, ...]:
        return ByCommand(
            key=self.key,
            stretch=self.key,
            title=f"Fail over the databases: {self.holds}",
            plan=self._plan,
            prerequisites=self._before,
            after=After(
                f"See which server is principal now: {self.holds}",
                lambda run: {**self._reads(run), **(_groups(run) if self.type == "Application" else {})},
                self._judge_after,
                lambda run: (self._again(), _SEEN),
            ),
            lost=Lost(self._reads, lambda run, seen: str(self._principal(seen)), self._found),
            skip=self._left,
            refused=(self._again(),),
            reads=self._reads,
        ).rows()

    def _before(self, run: Run) -> tuple[Prerequisite, ...]:
        """-Force makes a mirror principal that may lack the last changes."""
        see = tuple(str(self._state(run, name).command) for name in self._names(run))
        how = How(on(run.primary, "see which server is principal, and how far the mirror is"), see)
        wait = How("If the mirror is behind, wait. With -Force, what has not arrived is lost.")
        return (Prerequisite("mirror", "The mirror has everything", (how, wait)),)

    def _plan(self, run: Run, seen: Seen) -> Plan:
        to, now = WANTED.of(run)[self.type], self._principal(seen)
        if now == to:
            raise BadInput(f"{self.holds}: {to} is principal already. Nothing was sent.")
        command = cmdlet(
            "Invoke-CsDatabaseFailover",
            PoolFqdn=run.primary.fqdn,
            DatabaseType=self.type,
            NewPrincipal=to,
            Force=FORCED.of(run).get(self.type) or None,
        )
        effect = f"{self.holds}: {to} is principal then. The pool goes on; it is not in outage for this."
        return Plan({"move": Invoke(run.primary.fqdn, command)}, (effect,))

    def _found(self, run: Run, seen: Seen) -> Finding:
        to, now = WANTED.of(run)[self.type], self._principal(seen)
        if now == to:
            return Finding(Found.DONE, f"{to} is principal: it was moved.")
        if isinstance(now, BotError) or not now:
            return Finding(Found.UNKNOWN, f"{self.holds}: {_SILENT}.")
        return Finding(Found.NOT_DONE, f"{now} is principal still. It may be run again.")

    def _judge_after(self, run: Run, seen: Seen) -> Verdict:
        to, now = WANTED.of(run)[self.type], self._principal(seen)
        if now != to:
            said = now.sentence if isinstance(now, BotError) else f"{now} is principal." if now else f"{_SILENT}."
            return Verdict(Mark.STOP, f"{self.holds}: {said} {to} was to be.")
        if isinstance(groups := seen.get("groups"), BotError):
            said = f"{to} is principal, but the pool's Response Groups do not answer: {groups.sentence}"
            return Verdict(Mark.STOP, said)
        return Verdict(Mark.PASS, f"{self.holds}: {to} is principal.")

    def _again(self) -> Choice:
        return Choice("choose-again", "Choose again", "chooses again.", then=Then.BACK, to=f"{self.key}-choose")


_SEEN = witnessed("seen", "I have seen it in SQL Server", "has seen it in SQL Server")


def _groups(run: Run) -> Acts:
    """That Response Groups answer is how it is known that their databases do (procedure 4, row 5)."""
    fqdn = run.primary.fqdn
    return {"groups": Attempt(Invoke(fqdn, cmdlet("Get-CsRgsConfiguration", Identity=service(fqdn))))}


def unfit(pool: Pool) -> str:
    if pool.version in MIRRORED:
        return ""
    return (
        f"Mirroring of databases is gone in 2019, and {pool.short} is of that version. Use SQL Server's own failover."
    )


def _gone(run: Run) -> str | None:
    return unfit(run.primary) or None


_DATABASES = (
    _Database("User", ("User",), "Users' data"),
    _Database("CentralMgmt", ("CMS", "CentralMgmt"), "Central Management"),
    _Database("Application", ("App",), "Response Groups and Call Park"),
)

MIRROR = Runbook(
    key="mirror",
    title="Failover of mirrored databases",
    about="Makes the other SQL Server of a mirrored pair principal (2013 and 2015).",
    alone=True,
    unfit=unfit,
    left=left,
    facts=FACTS,
    uses=uses.MIRROR,
    steps=tuple(step for one in _DATABASES for step in one.rows()),
)
