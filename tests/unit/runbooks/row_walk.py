"""Walks the rows of a runbook with every choice of switches, and notes what each of them would send and say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from bot.domain.backups.backup import Backup, Keeping
from bot.domain.backups.checkup import Checkup
from bot.domain.companions.kinds import COMPANIONS, CompanionCopy
from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.world import World
from bot.domain.groups.groups import Row
from bot.domain.model import Pool, PoolRecord, Who
from bot.domain.runs.acts import (
    Act,
    Attempt,
    CheckBackups,
    Clock,
    Collect,
    Invoke,
    ListBackup,
    Load,
    Newest,
    NewestKept,
    NewestWhole,
    ReadGroups,
    ReadSettings,
    Records,
    Supersede,
    Survey,
    Take,
)
from bot.domain.runs.run import FOR_PEOPLE, Phase, Run
from bot.domain.runs.runbook import Plan, Runbook, Step
from bot.hands.reading import Reading
from tests.rules import writes
from tests.unit.deployment.deployments import IMPORTED, WORLD, B, P

NOW = 1_795_000_000.0
EITHER = (False, True)

SWITCHES: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "backup": {"source": (P, B), "with_owner": EITHER},
    "failover": {
        "reachable": ("no", "yes"),
        "copies": ("none", "kept", "clear"),
        "resolve": EITHER,
        "replace": (None, *EITHER),
        "moved": (None, "here", "elsewhere", "done"),
    },
    "failback": {
        "replaced": EITHER,
        "resolved": EITHER,
        "backup": ("", "b-1"),
        "rebuilt": ("no", "yes"),
        "moved": (None, "here", "elsewhere", "done"),
        "clean": EITHER,
    },
    "verify": {},
    "companion": {"kind": tuple(COMPANIONS), "files": ((), ({"id": "F1", "name": "a.wav"},))},
}
"""What people and earlier rows can have settled, all of it."""

KNOWN = {
    "chosen": "b-1",
    "export": "b-1",
    "kept": "b-1",
    "offers": [{"id": "b-1", "when": "today", "label": "today", "source": P, "restorable": True, "newest": True}],
    "file": "C:\\Switchback\\a.zip",
    "settings": {"AgentRingbackGracePeriod": 60, "DefaultMusicOnHoldFile": None, "DisableCallContext": False},
}


@dataclass(slots=True)
class Listener:
    """A driver that runs what only reads on a world as it stands, and notes every command."""

    world: World
    heard: list[tuple[str, Cmdlet]] = field(default_factory=list)

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        self.heard.append((pool, command))
        return apply(self.world, pool, command)[1]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an act comes to, and the commands that it sent."""

    value: Any
    sent: tuple[tuple[str, Cmdlet], ...] = ()


class Writes(AssertionError):
    """A row wanted to change something while it read, or looked."""


class Site:
    """A deployment in which P may have copies on B: answers every act, each only once.

    `demanded` has every command but those that were only attempted.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.demanded: set[tuple[str, Cmdlet]] = set()
        self._known: dict[str, Answer] = {}
        self._export = world.pools[P].inventory()

    async def answer(self, act: Act) -> Answer:
        key = repr(act)
        if key not in self._known:
            self._known[key] = await self._ask(act)
        return self._known[key]

    async def _ask(self, act: Act) -> Answer:
        match act:
            case Attempt():
                return await self.answer(act.act)
            case Invoke():
                rows = () if act.command.writes else apply(self._world, act.on, act.command)[1]
                return Answer(rows, ((act.on, act.command),))
            case ReadGroups() | ReadSettings() | Survey():
                listener = Listener(self._world)
                value = await Reading(listener).performers[type(act)](act)
                return Answer(value, tuple(listener.heard))
            case Collect():
                return Answer((backup(act.backup), self._export))
            case Load():
                return Answer(self._export)
            case ListBackup():
                return Answer(backup(act.backup))
            case Newest():
                return Answer((backup("b-1"),))
            case NewestKept():
                return Answer(((backup("b-1"), Keeping()),))
            case NewestWhole():
                return Answer(backup("b-1"))
            case CheckBackups():
                return Answer(Checkup(2, 9, 120_000, ("ab" * 32,), {"b-1": "Backup b-1 is damaged."}))
            case Clock():
                return Answer(NOW)
            case Records():
                return Answer({fqdn: PoolRecord(fqdn) for fqdn in act.pools})
            case Take():
                command = COMPANIONS[act.kind].command
                return Answer(companion(act), ((act.pool, command),) if command else ())
            case Supersede():
                return Answer(())
        return Answer(None)

    async def reading(self, acts: Mapping[str, Act]) -> tuple[dict[str, Any], list[tuple[str, Cmdlet]]]:
        """As `all`. Raises Writes for what changes anything."""
        for name, act in acts.items():
            if writes(act):
                raise Writes(f"{name}: {act}")
        return await self.all(acts)

    async def all(self, acts: Mapping[str, Act]) -> tuple[dict[str, Any], list[tuple[str, Cmdlet]]]:
        answers = {name: await self.answer(act) for name, act in acts.items()}
        for name, act in acts.items():
            self.demanded.update(() if isinstance(act, Attempt) else answers[name].sent)
        seen = {name: answer.value for name, answer in answers.items()}
        return seen, [sent for answer in answers.values() for sent in answer.sent]


@dataclass(frozen=True, slots=True)
class Said:
    """What one row produced for one run; `written` are the facts that it leaves, or would by a choice.

    `demanded` are the commands of all rows without which their row would have failed.
    """

    run: Run
    step: Step
    seen: Mapping[str, Any]
    commands: tuple[tuple[str, Cmdlet], ...]
    plan: Plan | None
    words: tuple[str, ...]
    written: tuple[Mapping[str, Any], ...]
    demanded: Set[tuple[str, Cmdlet]]


def backup(name: str) -> Backup:
    return Backup(name, P, P, NOW, "aa" * 32, 1, {}, "", "run-1", KNOWN["settings"])


def companion(take: Take) -> CompanionCopy:
    return CompanionCopy(take.id, take.pool, take.kind, take.pool, NOW, take.by, "digest", warnings=("too large",))


def run_of(book: Runbook, chosen: Mapping[str, Any], versions: Mapping[str, str]) -> Run:
    primary = Pool(P, version=versions[P], backup_pool=B)
    partner = Pool(B, version=versions[B], backup_pool=P)
    before = {key: chosen[key] for key in ("replaced", "resolved", "backup") if key in chosen}
    facts = {**KNOWN, "source": P, **chosen, "before": before}
    who = Who("T1:U1", "Anna")
    return Run(f"{book.key}-pool-p-1", book.key, primary, partner, who, NOW, book.steps[0].key, facts=facts)


def chosen(book: Runbook) -> Iterator[dict[str, Any]]:
    switches = SWITCHES[book.key]
    for values in product(*switches.values()):
        yield dict(zip(switches, values, strict=True))


async def said(site: Site, run: Run, step: Step) -> Said:
    began = run = replace(run, step=step.key)
    read, commands = await site.reading(step.reads(run))
    done, sent = await site.all(step.does(run, read))
    seen = read = {**read, **done}
    commands += sent
    demanded = set(site.demanded)
    looked, sent = await site.reading(step.look(run))
    commands += sent
    commands += (await site.all(step.saves(run, looked)))[1]
    site.demanded &= demanded  # What a look cannot see stays unknown, and no row fails for it.
    plan, words, facts = None, [], dict(step.accepted)
    if step.plan:
        plan = step.plan(run, seen)
        seen, sent = await site.all(plan.acts)
        commands += sent
        words += plan.effect
        facts |= plan.facts
    if step.judge:
        verdict = step.judge(run, seen)
        words += [verdict.sentence, *verdict.details]
        run = replace(run, facts={**run.facts, **verdict.facts})
        facts |= verdict.facts
    words += [step.explain(replace(run, phase=phase)) for phase in (Phase.ASKING, Phase.STOPPED, Phase.WAITING)]
    words += [f"{one.said} {one.confirm}" for one in step.choices(replace(run, phase=Phase.WAITING))]
    written = [facts, *leaves(run, step)]
    return Said(began, step, read, tuple(commands), plan, tuple(words), tuple(written), site.demanded)


def leaves(run: Run, step: Step) -> Iterator[dict[str, Any]]:
    """What each choice of the row would write, with every answer that its form offers."""
    for phase in FOR_PEOPLE:
        for one in step.choices(replace(run, phase=phase)):
            answers = [[value for value, _ in field.options] or ["typed"] for field in one.fields]
            for row in product(*answers):
                form = dict(zip((field.key for field in one.fields), row, strict=True))
                one.said.format_map(form)
                yield {**one.facts, **form}


async def walked(book: Runbook, versions: Mapping[str, str]) -> list[Said]:
    """Every row that does not fall away, for every choice of switches."""
    sites = {copies: Site(at(world, versions)) for copies, world in ((False, WORLD), (True, IMPORTED))}
    found = []
    for switches in chosen(book):
        run = run_of(book, switches, versions)
        site = sites[book.key == "failback" or switches.get("copies") in ("kept", "clear")]
        found += [await said(site, run, step) for step in book.steps if step.skip(run) is None]
    return found


def at(world: World, versions: Mapping[str, str]) -> World:
    for fqdn, version in versions.items():
        world = world.with_pool(replace(world.pools[fqdn], version=version))
    return world


@dataclass(frozen=True, slots=True)
class Walk:
    """What all rows of a runbook came to between servers of these versions."""

    runbook: str
    versions: Mapping[str, str]
    rows: list[Said]

    def commands(self) -> set[tuple[str, Cmdlet]]:
        return {sent for row in self.rows for sent in row.commands}

    def demanded(self) -> set[tuple[str, Cmdlet]]:
        return set[tuple[str, Cmdlet]]().union(*(row.demanded for row in self.rows))

    def words(self) -> set[str]:
        return {words for row in self.rows for words in row.words}
