"""Plants: for every rule something that is broken on purpose, in the rows or in what a server does, to see it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.deployment.cmdlets import Argument, cmdlet
from bot.domain.deployment.world import FAILED_OVER, HOME
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Act, Acts, Attempt, Collect, Invoke, ListBackup, NewestWhole, ReadGroups, ReadState
from bot.domain.runs.facts import KEPT_AS
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Plan, Runbook, Step
from bot.runbooks import RUNBOOKS
from bot.runbooks.rows.facts import REPLICATION
from bot.runbooks.rows.moving import read_place
from tests.walk.moment import EXPORT, FAIL_OVER, IMPORT
from tests.walk.walks import FAILBACK, FAILOVER, REPLACING, Bounds
from tests.walk.world import replicating

Break = Callable[[Step], Step]


@dataclass(frozen=True, slots=True)
class Plant:
    """What breaks `rule`: these `rows` of a runbook are broken so, and what stands at `server` is something else.

    `book` are fields of the runbook itself that are others.
    """

    rule: str
    runbook: str
    rows: Mapping[str, Break]
    bounds: Bounds
    server: Mapping[str, Any] = field(default_factory=dict)
    book: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.rule}: {self.runbook}, {', '.join(self.rows)}"

    @property
    def runbooks(self) -> Mapping[str, Runbook]:
        book = RUNBOOKS[self.runbook]
        unknown = set(self.rows) - {step.key for step in book.steps}
        assert not unknown, unknown
        steps = tuple(self.rows[step.key](step) if step.key in self.rows else step for step in book.steps)
        return {**RUNBOOKS, self.runbook: replace(book, steps=steps, **self.book)}


def _with(**fields: Any) -> Break:
    return lambda step: replace(step, **fields)


def _says(**facts: Any) -> Break:
    """The row passes whatever was seen."""
    return _with(judge=lambda run, seen: Verdict(Mark.PASS, "It is as it should be.", facts=facts))


def _planning(change: Callable[[Run, Plan], Plan]) -> Break:
    """The row makes another plan of its own."""

    def broken(step: Step) -> Step:
        made = step.plan
        assert made is not None
        return replace(step, plan=lambda run, seen: change(run, made(run, seen)))

    return broken


def _sends(name: str, given: Callable[[Run], Mapping[str, Argument | None]]) -> Break:
    """The row's command of this name has other arguments; None takes one away."""

    def other(act: Act, run: Run) -> Act:
        if not isinstance(act, Invoke) or act.command.name != name:
            return act
        return replace(act, command=cmdlet(name, **{**dict(act.command.arguments), **given(run)}))

    return _planning(lambda run, plan: replace(plan, acts={key: other(act, run) for key, act in plan.acts.items()}))


def _both(first: Break, second: Break) -> Break:
    return lambda step: second(first(step))


def _reads_itself(run: Run) -> Acts:
    """The guard of the order, which asks of the wrong pool."""
    return {"other": Attempt(ReadState(run.primary.fqdn, run.primary.fqdn))}


def _looks_at_home(step: Step) -> Step:
    """Whether the pool to be changed is away, is asked of the wrong one."""
    return replace(step, reads=lambda run: {**step.reads(run), **read_place(run.primary)})


def _reads_without_owner(run: Run) -> Acts:
    there = partner(run).fqdn
    return {"copies": ReadGroups(there, there), "newest": NewestWhole(run.primary.fqdn)}


def _names_once(step: Step) -> Step:
    """Every attempt has the name of the first."""
    made = step.plan
    assert made is not None
    return replace(step, plan=lambda run, seen: made(replace(run, attempt=0), seen))


def _keeps_nothing(run: Run, plan: Plan) -> Plan:
    return replace(plan, acts={key: act for key, act in plan.acts.items() if not isinstance(act, Collect)})


def _lists_all(run: Run, plan: Plan) -> Plan:
    return replace(plan, acts={**plan.acts, "listed": ListBackup(KEPT_AS.among(plan.facts))})


PASS = _says()
SKIP = _with(skip=lambda run: "Left out.")
ONE_PERSON, NOBODY = _with(approvals=lambda run: 1), _with(approvals=lambda run: 0)
TWO_FAILOVERS = Bounds(("failover",), runs=2)
NO_GUARD: Mapping[str, Break] = {"order": PASS, "failover": _with(reads=_reads_itself)}
NO_BAR: Mapping[str, Any] = {"barred": lambda primary, backup, state, said: ""}
HOME_AGAIN = replace(FAILBACK, luck=0, wrong=0)
UNPROVEN: Mapping[str, Break] = {"import": SKIP, "verify": PASS, "audio": SKIP}

PLANTS = (
    Plant("order", "failover", NO_GUARD, TWO_FAILOVERS, book=NO_BAR),
    Plant(
        "integrity",
        "failover",
        NO_GUARD,
        TWO_FAILOVERS,
        {"bot.domain.deployment.pool_moves.HOME": HOME | {FAILED_OVER}},
        NO_BAR,
    ),
    Plant(
        "affected pool",
        "failover",
        {"failover": _sends(FAIL_OVER, lambda run: {"PoolFqdn": partner(run).fqdn})},
        FAILOVER,
    ),
    Plant("by people", "failover", {"failover": NOBODY}, FAILOVER),
    Plant("owner stays", "failover", {"import": _sends(IMPORT, lambda run: {"OverwriteOwner": True})}, FAILOVER),
    Plant(
        "overwrite at home", "failback", {"import": _sends(IMPORT, lambda run: {"OverwriteOwner": None})}, HOME_AGAIN
    ),
    Plant("owner named", "failback", {"export": _sends(EXPORT, lambda run: {"Owner": None})}, HOME_AGAIN),
    Plant("show all", "clean-up", {"compare": _with(reads=_reads_without_owner)}, Bounds(("clean-up",))),
    Plant("fresh file", "failback", {"export": _names_once}, replace(FAILBACK, wrong=2)),
    Plant("view only", "prestage", {"home": PASS, "import": _looks_at_home}, Bounds(("prestage",), luck=1)),
    Plant("nothing is lost", "failback", {"spare": SKIP}, FAILBACK),
    Plant("failed over is true", "failover", {"failover-after": PASS}, replace(FAILOVER, luck=1, wrong=1)),
    Plant("home is true", "failback", {"failback-after": PASS}, FAILBACK),
    Plant("home is true", "failback", {"failback-after": _with(leaves=None)}, FAILBACK),
    Plant("home is true", "failback", {"reread": PASS}, FAILBACK),
    Plant("home is true", "prestage", {"home": PASS}, Bounds(("prestage",), luck=1)),
    Plant("imported is true", "failover", UNPROVEN, FAILOVER),
    Plant("edits come home", "failback", {"import": SKIP, "verify": PASS}, FAILBACK),
    Plant("edits come home", "failback", {"reread": PASS}, FAILBACK),
    Plant("removed last", "failback", UNPROVEN, FAILBACK),
    Plant(
        "removed is true",
        "failback",
        {"clean": _both(_sends(EXPORT, lambda run: {"RemoveExportedConfiguration": None}), PASS)},
        HOME_AGAIN,
    ),
    Plant("kept is true", "failback", {"export": _both(_planning(_keeps_nothing), PASS)}, FAILBACK),
    Plant("kept is true", "clean-up", {"compare": PASS}, Bounds(("prestage", "clean-up"), luck=1, runs=2)),
    Plant(
        "settings are true",
        "failover",
        {"import": _sends(IMPORT, lambda run: {"ReplaceExistingRgsSettings": None}), "audio": PASS},
        replace(FAILOVER, settings=True),
    ),
    Plant("second person", "failback", {"import": ONE_PERSON}, HOME_AGAIN),
    Plant(
        "replicas stay",
        "failover",
        {"mode": _says(**REPLICATION.to("off"))},
        replace(FAILOVER, like=replicating),
    ),
    Plant("users first", "failover", {"failover-after": SKIP}, FAILOVER),
    Plant("no way back", "replace", {"users-first": SKIP}, REPLACING),
    Plant("services stopped", "replace", {"built-seen": PASS, "users-first": PASS, "userdata-first": PASS}, REPLACING),
    Plant("replaced is true", "replace", {"topology-first": PASS, "park-seen": PASS}, REPLACING),
    Plant(
        "backups hold something",
        "failback",
        {"export": _both(_planning(_lists_all), PASS)},
        replace(HOME_AGAIN, groups=False),
    ),
)
