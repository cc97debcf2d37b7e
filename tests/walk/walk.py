"""The walk: from one start, everything that people, servers and bad luck can do, until nothing new is found.

Bounds, by name: BAD_LUCK events of bad luck in one story (a command that is refused or lost, a move that breaks off, a
process that dies, a pool that goes down, others who move a pool or edit groups), of which a wrong word counts as
`wrong_words`; RUNS runs after each other in one story; NEWEST backups of a pool are offered. One run at a time is open,
no approval grows too old, and nothing is pruned. What servers and others do comes right before the bot looks, which is
no bound: whatever lies between does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from time import process_time
from types import MappingProxyType
from typing import Any

from bot.domain.backups.backup import Backup, Keeping
from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.errors import BadInput, CmdletFailed, Held, NotAllowed, Stale
from bot.domain.groups.groups import Inventory
from bot.domain.model import PoolRecord
from bot.domain.runs.press import APPROVE, offered
from bot.domain.runs.run import FOR_PEOPLE, Phase, Run
from bot.domain.runs.runbook import Choice, Runbook
from bot.exports.export_zip import write_export
from bot.hands.hands import read_in
from tests.walk.by_hand import done, is_wrong
from tests.walk.frontier import Rarest, Shortest
from tests.walk.key import Living, key_of, same, versions_in
from tests.walk.memory import Kept, State
from tests.walk.moment import EXPORT, FAIL_BACK, FAIL_OVER, Moment, named
from tests.walk.rules import RULES, Rule
from tests.walk.scene import NOW, STRIKING, Scene
from tests.walk.world import ANNA, BORIS, RECORDINGS, edited, estate, exported, world

BAD_LUCK, RUNS = 1, 2
NEWEST = 2
FEW = 1500
EDITED, TYPED = "edited", "…"
PICKED = str(int(NOW))
FAULTS = frozenset(FaultKind)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: in words, how much bad luck it is, and the state that it gives."""

    words: str
    luck: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Start:
    """Where a walk begins, and the story that led there."""

    state: State
    story: tuple[str, ...] = ()


@dataclass(slots=True)
class Walked:
    """What a walk came to. `stories` has the shortest story of each rule that was broken, `broken` how often it was.

    `ends` are the states in which a run has ended, and no other one is open.
    """

    states: int = 0
    transitions: int = 0
    seconds: float = 0.0
    passes: int = 0
    all_seconds: float = 0.0
    stories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    faults: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ends: list[Start] = field(default_factory=list)

    def __str__(self) -> str:
        rate = self.states / self.seconds if self.seconds else 0.0
        return (
            f"{self.states} states, {self.transitions} transitions, {self.seconds:.1f} s "
            f"({self.all_seconds:.1f} s in {self.passes} passes), "
            f"{rate:.0f} states a second"
        )


def beginning(
    *fqdns: str, settings: bool = False, like: Callable[[World], World] = lambda usual: usual, backups: str = "sound"
) -> State:
    """Every pool serves its own users, and of each pool that has groups there is one backup.

    With `settings` the backups hold application-level settings, which may then replace those of another pool. `like`
    makes another deployment of the usual one; `backups` are "sound", "damaged" or "none".
    """
    there, kept = like(world(*fqdns)), {}
    for fqdn in fqdns[:2] if backups != "none" else ():
        held = exported(there.pools[fqdn])
        held = held if settings else Inventory(held.objects)
        data = write_export(held, RECORDINGS.__getitem__, NOW)
        _, prints, counts, contents = read_in(data)
        backup = Backup(f"first-{fqdn}", fqdn, fqdn, NOW, "", len(data), counts, contents, "first")
        damage = Keeping(damage="A piece of it is missing.") if backups == "damaged" else Keeping()
        kept[backup.id] = Kept(backup, data, prints, listed=True, keeping=damage)
    records = MappingProxyType({fqdn: PoolRecord(fqdn) for fqdn in fqdns})
    return State(there, records, MappingProxyType(kept))


class Walk:
    """`runbooks` are walked as they are; `started` are those that people start, `rules` what must hold everywhere."""

    def __init__(
        self,
        runbooks: Mapping[str, Runbook],
        *starts: State | Start,
        started: tuple[str, ...] = ("failover", "failback"),
        bad_luck: int = BAD_LUCK,
        wrong_words: int = 0,
        runs: int = RUNS,
        rules: Iterable[Rule] = RULES,
        living: Living | None = None,
    ) -> None:
        self._starts_at = [one if isinstance(one, Start) else Start(one) for one in starts]
        first = self._starts_at[0].state
        self._scene = Scene(runbooks, estate(first.world, *first.records), first)
        self._runbooks, self._started = runbooks, started
        self._word = wrong_words
        self._bad_luck, self._runs, self._rules = bad_luck, runs, tuple(rules)
        self._living = living or Living()

    def walked(self) -> Walked:
        """Some of every row, then all, again and again until a pass has learnt nothing about which facts matter."""
        begun, passes = process_time(), 0
        with self._living.watching():
            for few in (FEW, 0):
                lessons = -1
                while self._living.lessons != lessons:
                    lessons = self._living.lessons
                    found, passes = self._pass(few), passes + 1
        self._scene.close()
        found.passes, found.all_seconds = passes, process_time() - begun
        return found

    def searched(self, most: int, rule: str = "") -> Walked:
        """So many states, some of every row, or fewer when this rule is broken; again as long as facts are learnt."""
        with self._living.watching():
            lessons = self._living.lessons
            found = self._pass(most, until=rule)
            while rule and rule not in found.stories and self._living.lessons != lessons:
                lessons = self._living.lessons
                found = self._pass(most, until=rule)
        self._scene.close()
        return found

    def _pass(self, few: int = 0, until: str = "") -> Walked:
        """All states, the nearest first; with `few` no more than that, and some of every row."""
        found, begun, ahead = Walked(), process_time(), Rarest() if few else Shortest()
        self._from: dict[bytes, tuple[bytes, str]] = {}
        self._begun = {key_of(one.state, self._living): one for one in self._starts_at}
        spent = dict.fromkeys(self._begun, 0)
        for key, one in self._begun.items():
            ahead.put(0, key, one.state)
        while until not in found.stories and not (few and found.states >= few) and (taken := ahead.take()):
            cost, key, state = taken
            if spent[key] < cost:
                continue
            found.states += 1
            if state.run is None and state.started:
                found.ends.append(Start(state, self._story(key)))
            for step in self._steps(state, self._bad_luck - cost):
                found.transitions += 1
                self._judge(found, key, step)
                after, then = key_of(step.moment.after, self._living), cost + step.luck
                if then < spent.get(after, self._bad_luck + 1):
                    spent[after], self._from[after] = then, (key, step.words)
                    ahead.put(then, after, step.moment.after)
        found.seconds = process_time() - begun
        return found

    def _judge(self, found: Walked, key: bytes, step: Step) -> None:
        for rule in self._rules:
            if rule.broken(step.moment):
                found.broken[rule.name] = found.broken.get(rule.name, 0) + 1
                if rule.name not in found.stories:
                    found.stories[rule.name] = (*self._story(key), step.words)
        run = step.moment.after.run
        if run is not None and "Switchback itself failed" in run.sentence:
            found.faults.setdefault(f"{run.step}: {run.sentence.partition('(')[0]}", (*self._story(key), step.words))

    def _story(self, key: bytes) -> tuple[str, ...]:
        words: list[str] = []
        while key in self._from:
            key, said = self._from[key]
            words.append(said)
        return (*self._begun[key].story, *reversed(words))

    def _steps(self, state: State, luck: int) -> Iterator[Step]:
        """What servers and others do comes right before the bot looks at a server, or while no run is open.

        Presses, and rows that ask no server, come to the same before it and after it.
        """
        run, looked = state.run, True
        if run is None and state.started < self._runs:
            yield from self._starts(state)
        elif run is None:
            pass
        elif run.phase in FOR_PEOPLE:
            yield from self._presses(state, run, luck)
            looked = False
        else:
            work = tuple(self._works(state, run, luck))
            yield from work
            looked = bool(work[0].moment.sent or work[0].moment.read)
        if looked:
            for words, cost, after in _events(state, luck):
                yield Step(words, cost, Moment(state, replace(after, world=same(after.world)), (), (), None))

    def _step(self, words: str, luck: int, state: State, after: State) -> Step:
        sent, read = self._scene.sent, self._scene.read
        ended = self._scene.ended if after.run is None and state.run is not None else None
        if state.run is not None:
            self._living.learn(state.run, after.run)
        after = self._settled(_seen(after, sent, read))
        return Step(words, luck, Moment(state, after, sent, read, ended))

    def _starts(self, state: State) -> Iterator[Step]:
        for runbook, fqdn in product(self._started, state.records):
            try:
                after = self._scene.started(state, runbook, fqdn, ANNA)
            except (BadInput, Held):
                continue
            yield self._step(f"Anna starts {runbook} of {_short(fqdn)}", 0, state, after)

    def _presses(self, state: State, run: Run, luck: int) -> Iterator[Step]:
        """What people say that they did, they have done before; or they have not, which is a wrong word."""
        book = self._runbooks[run.runbook]
        people = (ANNA, BORIS) if run.approvals else (ANNA,)
        self._living.read.clear()
        for choice in offered(run, book):
            cost = self._word * is_wrong(run, choice.key, state.world)
            if (changed := done(run, choice.key, state.world)) is not state.world:
                there = replace(state, world=same(changed))
                after = self._scene.pressed(there, choice.key, next(_forms(choice)), ANNA)
                yield self._step(f"Anna does what “{book.step(run.step).title}” says, and says so", 0, state, after)
            if cost > luck:
                continue
            for person, form in product(people if choice.key == APPROVE else people[:1], _forms(choice)):
                try:
                    after = self._scene.pressed(state, choice.key, form, person)
                except (NotAllowed, Stale, BadInput):
                    continue
                answers = "".join(f", {key}: {value}" for key, value in form.items() if value not in (TYPED, PICKED))
                words = f"{person.name} presses “{choice.label}{answers}” at “{book.step(run.step).title}”"
                yield self._step(words, cost, state, after)

    def _works(self, state: State, run: Run, luck: int) -> Iterator[Step]:
        self._living.read.clear()
        after = self._scene.worked(state)
        step = self._step(self._doing(run, after), 0, state, after)
        yield step
        if luck < 1:
            return
        for turn, sent in enumerate(step.moment.sent):
            for kind in STRIKING:
                if kind in FAULTS and not Fault(FaultKind(kind), sent.on, sent.command.name).strikes(
                    sent.on, sent.command
                ):
                    continue
                self._living.read.clear()
                after = self._scene.worked(state, kind, turn)
                yield self._step(self._doing(run, after, f": {sent.command.name}, {kind}"), 1, state, after)

    def _doing(self, run: Run, after: State, what: str = "") -> str:
        title = self._runbooks[run.runbook].step(run.step).title
        doing = "looks at" if run.phase is Phase.LOOKING else "does"
        then = after.run or self._scene.ended
        return f"the bot {doing} “{title}”{what}{f' ({then.phase})' if then else ''}"

    def _settled(self, state: State) -> State:
        """Without what nobody reaches for any more; what is kept once is safe for ever."""
        run = state.run
        alive = self._living.at(run) if run else ()
        living = [value for key, value in run.facts.items() if key in alive] if run else []
        wanted = set(_texts([living, run and run.carry, *(one.carry for one in state.records.values())]))
        newest: dict[str, list[str]] = {}
        kept = {}
        for id, one in reversed(state.kept.items()):
            known = newest.setdefault(one.backup.pool, [])
            if id in wanted or (one.listed and one.backup.contents not in known and len(known) < NEWEST):
                kept[id] = one
            if one.listed:
                known.append(one.backup.contents)
        there = state.world
        for pool in there.pools.values():
            files = {key: file for key, file in pool.files.items() if file.path in wanted}
            if len(files) != len(pool.files):
                there = there.with_pool(replace(pool, files=MappingProxyType(files)))
        return replace(
            state,
            world=same(there),
            kept=MappingProxyType(dict(reversed(kept.items()))),
            safe=state.safe.union(*(versions_in(one.data) for one in state.kept.values() if not one.keeping.damage)),
            late=state.late and run is not None,
            asked=(state.asked or same(there)) if run is not None and run.proposal is not None else None,
        )


def _seen(state: State, sent: Iterable[Any], read: Iterable[Any]) -> State:
    """What the bot has seen of the pools: those whose PoolState it read, and those that its own command moved.

    The names of exports tell no states apart: they say which attempt it is.
    """
    looked = {
        fqdn
        for _, command in read
        if command.name == "Get-CsRegistrarConfiguration"
        for fqdn in state.world.pools
        if fqdn in str(command)
    }
    moved = {
        str(one.command.get("PoolFqdn"))
        for one in sent
        if one.command.name in (FAIL_OVER, FAIL_BACK)
        and one.after is not one.before
        and one.after.pools != one.before.pools
    }
    exports = ((one, str(one.command.get("FileName"))) for one in named(sent, EXPORT))
    files = {name for one, name in exports if one.after.pools[one.on].file(name)}
    return replace(state, unseen=state.unseen - looked - moved, files=state.files | files)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)


def _forms(choice: Choice) -> Iterator[dict[str, str]]:
    """Every answer of every menu, one text for whatever is typed, and one instant for whatever is picked."""
    answers = [[value for value, _ in each.options] or [PICKED if each.last_s else TYPED] for each in choice.fields]
    for chosen in product(*answers):
        yield {each.key: value for each, value in zip(choice.fields, chosen, strict=True)}


def _events(state: State, luck: int) -> Iterator[tuple[str, int, State]]:
    """What servers and others do behind the bot's back; that a pool comes back is no bad luck."""
    there = state.world
    for fqdn, pool in there.pools.items():
        if not pool.up:
            yield f"{_short(fqdn)} comes back", 0, replace(state, world=there.with_pool(replace(pool, up=True)))
    if luck < 1:
        return
    for fqdn, pool in there.pools.items():
        short = _short(fqdn)
        if pool.up and fqdn in there.pairs:
            yield f"{short} goes down", 1, replace(state, world=there.with_pool(replace(pool, up=False)))
        if fqdn not in there.pairs:
            continue
        for name, on, said in ((FAIL_OVER, there.pairs[fqdn], "over"), (FAIL_BACK, fqdn, "back")):
            try:
                moved, _ = apply(there, on, cmdlet(name, PoolFqdn=fqdn, DisasterMode=True))
            except CmdletFailed:
                continue
            after = replace(state, world=moved, unseen=state.unseen | {fqdn})
            yield f"others fail {short} {said}", 1, after
        for owner in there.pairs:
            new = edited(pool, owner, EDITED)
            if pool.up and not pool.failed_over and new.objects != pool.objects:
                late = state.late or state.run is not None
                yield (
                    f"somebody edits {_short(owner)}'s queue on {short}",
                    1,
                    replace(state, world=there.with_pool(new), late=late),
                )


def _short(fqdn: str) -> str:
    return fqdn.partition(".")[0]
