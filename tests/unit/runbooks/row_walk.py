"""Walks the rows of a runbook with every choice of switches, and notes what each of them would send and say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from itertools import product
from types import MappingProxyType
from typing import Any

from bot.domain.backups.backup import Backup, Keeping
from bot.domain.backups.checkup import Checkup
from bot.domain.companions.kinds import COMPANIONS, CompanionCopy, KeptFile, Shelf
from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.server_state import ServerState, asked, state_of
from bot.domain.deployment.world import World
from bot.domain.errors import CmdletFailed
from bot.domain.groups.agents import Agent
from bot.domain.groups.compare import contents
from bot.domain.groups.groups import Inventory, Row
from bot.domain.model import Edition, Pool, PoolRecord, PoolState, Verdict, Who
from bot.domain.runs.acts import (
    Act,
    Answers,
    Attempt,
    CheckBackups,
    Clock,
    Collect,
    FindCopies,
    Invoke,
    ListBackup,
    Load,
    Newest,
    NewestKept,
    NewestWhole,
    ReadGroups,
    ReadSettings,
    ReadState,
    Records,
    Supersede,
    Survey,
    Take,
)
from bot.domain.runs.facts import STANDS
from bot.domain.runs.run import FOR_PEOPLE, Phase, Run
from bot.domain.runs.runbook import Choice, Plan, Runbook, Step, Then
from bot.hands.reading import Reading
from bot.runbooks.rows.facts import ACCEPTED
from bot.runbooks.rows.living import LODGERS
from tests.rules import writes
from tests.unit.deployment.deployments import IMPORTED, WORLD, B, C, P

NOW = 1_795_000_000.0
EITHER = (False, True)
TYPES = ("User", "CentralMgmt", "Application")

COPIES = contents(Inventory(IMPORTED.pools[B].inventory().owned_by(P).objects))
"""What is read of P's groups on B, where they were imported."""

HOME: Mapping[str, tuple[Any, ...]] = {
    "replaced": EITHER,
    "resolved": EITHER,
    "backup": ("", "b-1"),
    "lost": EITHER,
    "replication": ("", "on"),
    "settings_from": ("", "backup", "record", "defaults"),
    "clean": (True,),
}
SWITCHES: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "backup": {"source": (P, B), "with_owner": EITHER},
    "failover": {
        "mode": ("disaster", "planned"),
        "answered": ("yes", "no"),
        "copies": ("none", "kept", "clear", "without"),
        "replication": ("", "on"),
        "resolve": EITHER,
        "replace": (None, True),
        "moved": (None, "done"),
    },
    "failback": {**HOME, "rebuilt": ("no", "yes")},
    "rebuild": {**HOME, "rebuilt": ("yes",)},
    "replace": {
        "replaced": EITHER,
        "resolved": EITHER,
        "replication": ("", "on"),
        "settings_from": ("backup", "record", "defaults"),
        "edition": (Edition.ENTERPRISE, Edition.STANDARD),
    },
    "prestage": {"copies": ("none", "kept", "clear"), "replication": ("on", "off"), "mirrored": EITHER},
    "clean-up": {"copies": ("kept",), "replication": ("on", "off"), "compared": ("", COPIES)},
    "import-again": {
        "copies": ("none", "kept", "clear"),
        "replication": ("on", "off"),
        "resolve": EITHER,
        "replace": EITHER,
    },
    "undo": {
        "own": ("b-1",),
        "differs": EITHER,
        "music_differs": EITHER,
        "own_music": ([], ["music.wav", "5c1f"]),
    },
    "adopt": {"stands_as": ("active", "failed over"), "lies_there": (0, 5, None), "newest": ({}, {"id": "b-1"})},
    "verify": {},
    "companion": {
        "kind": tuple(COMPANIONS),
        "files": ((), ({"id": "F1", "name": "a.wav"},)),
        "stood": ("active", "failed over"),
    },
    "cms": {"cms_need": ("", "planned", "disaster"), "cms_by_hand": EITHER},
    "edge": {"way": ("over", "back"), "sites_behind": ((), ("Berlin",))},
    "xmpp": {"way": ("over", "back")},
    "edge-of-pool": {},
    "mirror": {
        "principals": ({}, dict.fromkeys(TYPES, "Primary")),
        "wanted": (dict.fromkeys(TYPES, "Mirror"), {}),
        "forced": ({}, dict.fromkeys(TYPES, True)),
    },
    "conferences": {},
    "backup-service": {"stopped": ((), ([P, P], [B, B])), "interval": ("", "00:03:00"), "sync": EITHER},
}
"""What people and earlier rows can have settled, all of it."""

KNOWN = {
    "edges": 1,
    "edges_away": ["edge.contoso.com"],
    "only_on_primary": ["Queue “Old”"],
    "chosen": "b-1",
    "export": "b-1",
    "kept": "b-1",
    "offers": [{"id": "b-1", "when": "today", "label": "today", "source": P, "restorable": True, "newest": True}],
    "file": "C:\\Switchback\\a.zip",
    "settings": {"AgentRingbackGracePeriod": 60, "DefaultMusicOnHoldFile": None, "DisableCallContext": False},
    "lis_import": True,
    "lis_copy": "lis",
    "cms_need": "disaster",
    "cms_pushed": True,
    "cms_behind": [B],
    "sql_server": "sql1.contoso.com",
    "sql_instance": "RTC",
    "sql_mirror_server": "sql2.contoso.com",
    "sql_mirror_instance": "RTC",
    "hops": ["edge1.contoso.com"],
    "hop_way": "command",
    "edge_pools": ["edge1.contoso.com", "edge2.contoso.com"],
    "sites": ["Berlin"],
    "edge_from": "edge1.contoso.com",
    "edge_to": "edge2.contoso.com",
    "site": "Berlin",
    "interval_was": "00:02:00",
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
    """What an act comes to, and the commands that it sent; it would have gone on without those that it `tried`."""

    value: Any
    sent: tuple[tuple[str, Cmdlet], ...] = ()
    tried: tuple[tuple[str, Cmdlet], ...] = ()


class Writes(AssertionError):
    """A row wanted to change something while it read, or looked."""


class Site:
    """A deployment in which P may have copies on B: answers every act, each only once.

    `demanded` has every command but those that were only attempted; a state that no server tells is unknown.
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
            case Attempt(act=Invoke() as command):
                try:
                    return await self.answer(command)
                except CmdletFailed as no:
                    return Answer(no, ((command.on, command.command),))
            case Attempt():
                return await self.answer(act.act)
            case Invoke():
                rows = () if act.command.writes else apply(self._world, act.on, act.command)[1]
                return Answer(rows, ((act.on, act.command),))
            case ReadState(on=on, pool=pool):
                # While Central Management is down the replica is asked as well.
                both = [asked(pool, local=local) for local in (False, True)]
                return Answer(state_of(apply(self._world, on, both[0])[1]), tuple((on, one) for one in both))
            case ReadGroups() | ReadSettings() | Survey():
                listener = Listener(self._world)
                value = await Reading(listener).performers[type(act)](act)
                return Answer(value, tuple(listener.heard))
            case Answers():
                return Answer((Agent(("Formal",)),))
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
                one = COMPANIONS[act.kind]
                sent = tuple((fqdn, one.command) for fqdn in act.asked if one.command)
                return Answer(companion(act), sent, tuple((fqdn, each) for fqdn in act.asked for each in one.beside))
            case FindCopies():
                return Answer({kind: Shelf(found_copy(act.pool, kind), 60.0) for kind in act.kinds})
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
            # Of where a pool stands nothing is demanded: what no server says is unknown.
            self.demanded.update(() if isinstance(act, Attempt | ReadState) else answers[name].sent)
        seen = {name: answer.value for name, answer in answers.items()}
        # Whatever moved before, what is imported or removed now lies on a pool that is at home.
        seen |= {"place": ServerState("Active")} if "place" in seen else {}
        return seen, [sent for answer in answers.values() for sent in (*answer.sent, *answer.tried)]


@dataclass(frozen=True, slots=True)
class Said:
    """What one row produced for one `run`, and how that is then, `after` it was judged.

    `written` are the facts that it leaves, or would by a choice.

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
    verdict: Verdict | None
    after: Run


def backup(name: str) -> Backup:
    return Backup(name, P, P, NOW, "aa" * 32, 1, {}, "", "run-1", KNOWN["settings"])


def companion(take: Take) -> CompanionCopy:
    return CompanionCopy(take.id, take.pool, take.kind, take.pool, NOW, take.by, "digest", warnings=("too large",))


def found_copy(pool: str, kind: str) -> CompanionCopy:
    one = COMPANIONS[kind]
    rows = ({"Identity": "Global", "MaxCallPickupAttempts": 2},) if one.command and not one.file else ()
    files = () if rows else (KeptFile(one.file or "a.wav", 1, ""),)
    return CompanionCopy(kind, pool, kind, pool, NOW, "the schedule", "digest", files=files, rows=rows)


def run_of(book: Runbook, chosen: Mapping[str, Any], versions: Mapping[str, str]) -> Run:
    primary = Pool(P, version=versions[P], backup_pool=B)
    partner = Pool(B, version=versions[B], backup_pool=P)
    before = {key: chosen[key] for key in ("replaced", "resolved", "backup", "own") if key in chosen}
    facts = {**KNOWN, "source": P, "edited": bool(chosen.get("backup")), **chosen, "before": before}
    who = Who("T1:U1", "Anna")
    new = Pool(C, chosen["edition"], versions[C]) if book.replaces else None
    first = book.steps[0].key
    return Run(f"{book.key}-pool-p-1", book.key, primary, partner, who, NOW, first, facts=facts, replacement=new)


def chosen(book: Runbook) -> Iterator[dict[str, Any]]:
    switches = SWITCHES[book.key]
    for values in product(*switches.values()):
        yield dict(zip(switches, values, strict=True))


async def said(site: Site, run: Run, step: Step) -> Said:
    began = run = replace(run, step=step.key)
    before = set(site.demanded)
    looked = step.look(run) if step.plan else {}
    read, commands = await site.reading({**looked, **step.reads(run)})
    done, sent = await site.all(step.does(run, read))
    seen = read = {**read, **done}
    commands += sent
    demanded = set(site.demanded)
    looked, _ = await site.reading(step.look(run))
    commands += (await site.all(step.saves(run, looked)))[1]
    site.demanded &= demanded  # What cannot be saved after a look stays unknown, and no row fails for it.
    plan, verdict, words, facts = None, None, [], dict(step.accepted)
    if step.stands:
        facts |= STANDS.to(step.stands(run, seen))
    if step.plan:
        plan = step.plan(run, seen)
        facts |= STANDS.to(step.stands(run, seen)) if step.stands else {}
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
    words += [line for one in step.prerequisites(run) for how in one.how for line in (how.says, *how.lines)]
    if any(leads_on(one) for one in step.choices(replace(run, phase=Phase.STOPPED))):
        site.demanded &= before  # A row that people can go on without demands nothing.
    written = [facts, *leaves(run, step)]
    return Said(began, step, read, tuple(commands), plan, tuple(words), tuple(written), site.demanded, verdict, run)


def leads_on(choice: Choice) -> bool:
    """Whether the run goes on without the row; to accept what it found is another thing."""
    return choice.then is Then.NEXT and all(field.key != ACCEPTED.key for field in choice.fields)


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
    stands = "Active" if PoolState.ACTIVE in book.opens else "FailedOver"
    worlds = ((False, WORLD), (True, IMPORTED))
    sites = {copies: Site(lodged(standing(at(world, versions), stands))) for copies, world in worlds}
    found = []
    for switches in chosen(book):
        if switches.get("replication") == "on" and set(versions.values()) != {"2019"}:
            continue  # Others do not replicate.
        run = run_of(book, switches, versions)
        site = sites[PoolState.ACTIVE not in book.opens or switches.get("copies") in ("kept", "clear")]
        found += [await said(site, run, step) for step in book.steps if step.skip(run) is None]
    return found


def lodged(world: World) -> World:
    """The world in which something of each kind lives on P, and which names a backup pool for the one in its place."""
    world = replace(world, pairs=MappingProxyType({**world.pairs, C: B}))
    for noun, lodger in (("CsUser", "users"), ("CsConferenceDirectory", "directories"), ("CsCallParkOrbit", "orbits")):
        world = world.with_told(noun, ({"Identity": "one", LODGERS[lodger].leads: P},))
    return world.with_told("CsUnassignedNumber", ({"Identity": "one", LODGERS["ranges"].leads: P},))


def standing(world: World, registrar: str) -> World:
    """The world in which P stands so, by its own servers."""
    return world.with_pool(replace(world.pools[P], registrar=registrar))


def at(world: World, versions: Mapping[str, str]) -> World:
    world = replace(world, edges={"edge1.contoso.com": P, "edge2.contoso.com": B})
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
