"""What tells one state from another: everything that a later decision may rest on, without what only counts or names.

Left out are times, versions, attempts, ids, names of files, the sentences that are only read, and the facts that no
later row reads before they are written again (`Living`). The two pools of the pair are alike, so a state and its mirror
image are one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import fields
from hashlib import blake2b
from typing import Any

from bot.domain.deployment.world import LivePool, World
from bot.domain.groups.groups import Inventory, RgsObject
from bot.domain.model import BOT, PoolRecord, PoolState
from bot.domain.runs.facts import CAME_FROM, Fact
from bot.domain.runs.run import Phase, Run
from bot.exports.export_zip import read_inventory
from bot.runbooks.rows.facts import ACCEPTED
from tests.walk.memory import Kept, State
from tests.walk.world import RECORDINGS

Pair = tuple[str, str]
"""A text as it is, and as it is in the mirror."""

_MIRROR = {"pool-a": "pool-b", "a" * 12: "b" * 12, **dict([tuple(RECORDINGS)[:2]])}
_MIRROR |= {other: one for one, other in _MIRROR.items()}
_NAMES = re.compile("|".join(_MIRROR))
_RUN = re.compile(r"run\d+(-[a-z]+-\d+)?")
_CONTENTS = {"objects", "settings", "audio", "files"}
_BESIDE = {"pools", "faults", "effects", "effect_count"}


_At = tuple[str, str, bool]
"""A row: its runbook, its key, and whether its command may have been sent."""

_OUT = frozenset({Phase.RUNNING, Phase.LOOKING, Phase.LOST})

_ABSENT = object()

ONLY_SAID = frozenset({"companions_open"})
"""Facts that change what is said, and nothing else."""

RECORDS_READ = frozenset(
    {"audio", "clean", "clear", "compare", "done", "failover", "import", "start-seen", "users-first", "verify"}
)
"""The rows of which a later one asks whether they were done."""


_SEEN = frozenset({"failover-after", "failback-after", "take"})
"""The rows that read where a pool stands, and put it to people where no server says it."""

_SAID_BY_SERVER = tuple(f"takes it over: it is {state}." for state in PoolState)


class Living:
    """Which facts of a run matter at each row: those that it reads, or that a later one does before they are written.

    They are learnt while walking: `lessons` counts what was not known before, and after any of it all is walked again.
    In the end no transition has read a fact that the key of its state leaves out, so leaving it out was right.
    """

    def __init__(self) -> None:
        self._known: dict[_At, set[str]] = defaultdict(set)
        self._written: dict[_At, dict[_At, set[str]]] = defaultdict(dict)
        self.lessons = 0
        self.read: set[str] = set()

    def at(self, run: Run) -> set[str]:
        return self._known[_at(run)] - ONLY_SAID

    def learn(self, before: Run, after: Run | None) -> None:
        """From one transition: whatever was read in it, and what later rows read that it did not write."""
        here = _at(before)
        new = set(self.read)
        if after is not None:
            there = _at(after)
            written = {key for key, value in after.facts.items() if before.facts.get(key, _ABSENT) is not value}
            known = self._written[there].get(here)
            self._written[there][here] = written if known is None else known & written
            new |= self._known[there] - self._written[there][here]
        self._add(here, new)

    def _add(self, here: _At, keys: set[str]) -> None:
        if new := keys - self._known[here]:
            self._known[here] |= new
            self.lessons += 1
            for before, written in list(self._written[here].items()):
                self._add(before, new - written)

    @contextmanager
    def watching(self):
        """Within it every fact that is read is noted."""
        among = Fact.among

        def noted(fact: Fact[Any], facts: Mapping[str, Any]) -> Any:
            self.read.add(fact.key)
            return among(fact, facts)

        Fact.among = noted  # type: ignore[method-assign]
        try:
            yield self
        finally:
            Fact.among = among  # type: ignore[method-assign]


def _at(run: Run) -> _At:
    return run.runbook, run.step, run.phase in _OUT


class _Look:
    """A state with what lives of its run; `side` is 0 for the state itself, 1 for its mirror image."""

    def __init__(self, state: State, living: Living, side: int) -> None:
        self.state, self.living, self.side = state, living, side

    def said(self, text: str) -> str:
        return _said(text)[self.side]

    def sorted(self, pairs: Iterable[Pair]) -> list[str]:
        return sorted(pair[self.side] for pair in pairs)

    def world(self, world: World) -> str:
        return _remembered(world, _world_pair)[self.side]

    def value(self, value: Any) -> Any:
        """A fact without what only names: kept exports by what they hold, files by what lies in them."""
        match value:
            case str() if value in self.state.kept:
                return _kept_pair(self.state.kept[value])[self.side]
            case str() if value.startswith("C:\\"):
                found = next((file for pool in self.state.world.pools.values() if (file := pool.file(value))), None)
                return _inventory_pair(found.inventory)[self.side] if found and found.inventory else found is not None
            case str():
                return self.said(_RUN.sub("", value))
            case Mapping():
                # What is not there is as what is empty: every fact that is carried over is so without.
                known = ((key, self.value(one)) for key, one in value.items())
                return sorted((self.said(str(key)), repr(one)) for key, one in known if one)
            case list() | tuple():
                return [self.value(one) for one in value]
        return value

    def record(self, record: PoolRecord) -> tuple[str, str, str]:
        return self.said(record.fqdn), record.state, repr(self.value(record.carry))


def _organisation(look: _Look) -> Any:
    return look.world(look.state.world)


def _records(look: _Look) -> Any:
    return sorted(look.record(record) for record in look.state.records.values())


def _listed(look: _Look) -> Any:
    """Of each pool, the newest first."""
    kept = [one for one in reversed(look.state.kept.values()) if one.listed]
    texts = ((look.said(one.backup.pool), _kept_pair(one)[look.side], bool(one.keeping.damage)) for one in kept)
    return sorted(texts, key=lambda one: one[0])


def _row(look: _Look) -> Any:
    run = look.state.run
    return run and (run.runbook, look.said(run.primary.fqdn), run.step, run.phase, run.pool_state, run.attempt > 0)


def _facts(look: _Look) -> Any:
    run = look.state.run
    if run is None:
        return None
    living = look.living.at(run)
    return sorted((key, repr(look.value(value))) for key, value in run.facts.items() if key in living)


def _approvals(look: _Look) -> Any:
    run = look.state.run
    if run is None or run.proposal is None:
        return None
    return run.proposal.needed, [(one.who.id, one.hash == run.proposal.hash) for one in run.approvals]


def _asked(look: _Look) -> Any:
    return look.state.asked and look.world(look.state.asked)


def _found(look: _Look) -> Any:
    return look.state.run and look.state.run.finding and look.state.run.finding.found


def _rows_done(look: _Look) -> Any:
    """The last one first: some ask which was the last of several."""
    run = look.state.run
    done = (one for one in reversed(run.records) if one.mark in ("pass", "warn")) if run else ()
    return list(dict.fromkeys(one.step for one in done if one.step in RECORDS_READ))


def is_word(run: Run) -> bool:
    """Whether no server said where the pool stands, so that somebody's word was recorded as a word."""
    seen = next((record for record in reversed(run.records) if record.step in _SEEN), None)
    return seen is not None and seen.who != BOT and not seen.sentence.endswith(_SAID_BY_SERVER)


def is_silent(run: Run) -> bool:
    """Whether it moved nothing, so that where the pool stands is what was remembered before it."""
    return run.phase is Phase.ABANDONED and CAME_FROM.key not in run.facts and run.pool_state == run.facts["stood"]


def _watched(look: _Look) -> Any:
    run = look.state.run
    return (
        run and (is_word(run), CAME_FROM.key in run.facts, bool(run.facts.get(ACCEPTED.key))),
        look.sorted(map(_said, look.state.unseen)),
        look.sorted(map(_said, look.state.safe)),
        look.state.late,
    )


def _settled(look: _Look) -> Any:
    return look.state.run and look.state.run.settled


FIELDS: Mapping[str, Callable[[_Look], Any]] = {
    "what lies on each pool, whether it is up, where its users are served, contact objects": _organisation,
    "what the bot says of each pool, and what is carried over": _records,
    "the backups of each pool, the newest first": _listed,
    "how many runs there were": lambda look: look.state.started,
    "runbook, pool, row, phase, the pool's state, whether anything was sent": _row,
    "the facts that rows left and a later row reads": _facts,
    "who approved, and whether it is the plan that is shown": _approvals,
    "the deployment on which that plan rests": _asked,
    "what a look at a lost command came to": _found,
    "the rows that were done": _rows_done,
    "the rows that stay, though one before them was opened again": _settled,
    "what the rules watch: moves that the bot has not seen, versions that are kept, edits under the freeze": _watched,
}
"""The fields of the key, all of them compared, by a digest of 128 bits."""


def key_of(state: State, living: Living) -> bytes:
    """The same for a state and its mirror image."""
    looks = (_Look(state, living, side) for side in (0, 1))
    texts = (repr([field(look) for field in FIELDS.values()]) for look in looks)
    return min(blake2b(text.encode(), digest_size=16).digest() for text in texts)


def same(world: World) -> World:
    """One and the same value for all that are equal, so that what is read of it is worked out once."""
    return _WORLDS.setdefault(_remembered(world, _world_pair)[0] + _files(world), world)


def _files(world: World) -> str:
    files = ((file.path, id(file)) for pool in world.pools.values() for file in pool.files.values())
    return repr(sorted(files))


_WORLDS: dict[str, World] = {}


def version_of(item: RgsObject) -> str:
    """An object as people edited it, wherever it lies and whoever owns it."""
    return _remembered(item, _object_pairs)[2]


def versions_in(data: bytes) -> frozenset[str]:
    """The versions of objects and settings in an export."""
    return _versions(data)[1]


def objects_in(data: bytes) -> frozenset[str]:
    """The versions of the objects only."""
    return _versions(data)[0]


def _versions(data: bytes) -> tuple[frozenset[str], frozenset[str]]:
    if data not in _VERSIONS:
        inventory = read_inventory(data)
        objects = frozenset(map(version_of, inventory.objects))
        _VERSIONS[data] = (objects, objects | {f"settings {inventory.settings!r}"})
    return _VERSIONS[data]


_VERSIONS: dict[bytes, tuple[frozenset[str], frozenset[str]]] = {}
_EXPORTS: dict[tuple[str, str, bytes], Pair] = {}
_SAID: dict[str, Pair] = {}
_NUMBERS: dict[str, str] = {}
_TEXTS: dict[int, tuple[object, Any]] = {}
"""Values are never changed, so their text is made once; they are held so that no other one gets the same id."""


def _said(text: str) -> Pair:
    if text not in _SAID:
        _SAID[text] = (text, _NAMES.sub(lambda found: _MIRROR[found[0]], text))
    return _SAID[text]


def _short(text: str) -> str:
    """A number that stands for a long text."""
    return _NUMBERS.setdefault(text, f"#{len(_NUMBERS)}")


def _remembered(value: Any, text: Callable[[Any], Any]) -> Any:
    if id(value) not in _TEXTS:
        _TEXTS[id(value)] = (value, text(value))
    return _TEXTS[id(value)][1]


def _joined(pairs: Iterable[Pair]) -> Pair:
    """Many as one, each side in its own order."""
    every = list(pairs)
    return _short(repr(sorted(one for one, _ in every))), _short(repr(sorted(other for _, other in every)))


def _object_pairs(item: RgsObject) -> tuple[str, str, str]:
    text = repr((item.kind, item.name, item.owner, item.identity, sorted(_plain(item.properties))))
    version = repr((item.kind, item.name, item.guid, item.properties.get("Description")))
    return *map(_short, _said(text)), version


def _object_pair(item: RgsObject) -> Pair:
    return _remembered(item, _object_pairs)[:2]


def _inventory_pair(inventory: Inventory) -> Pair:
    return _joined([*map(_object_pair, inventory.objects), _said(repr(inventory.settings))])


def _kept_pair(kept: Kept) -> Pair:
    named = (kept.backup.pool, kept.backup.source, kept.data)
    if named not in _EXPORTS:
        _EXPORTS[named] = _joined([*map(_said, named[:2]), _inventory_pair(read_inventory(kept.data))])
    return _EXPORTS[named]


def _pool_pair(pool: LivePool) -> Pair:
    rest = [(one.name, _plain(getattr(pool, one.name))) for one in fields(LivePool) if one.name not in _CONTENTS]
    beside = (rest, pool.settings, sorted(pool.audio.items()))
    return _joined([_said(repr(beside)), *map(_object_pair, pool.objects.values())])


def _world_pair(world: World) -> Pair:
    beside = [
        _said(f"{one.name} {text}")
        for one in fields(World)
        if one.name not in _BESIDE
        for text in _plain(getattr(world, one.name))
    ]
    return _joined([*(_remembered(pool, _pool_pair) for pool in world.pools.values()), *beside])


def _plain(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{key}={_plain(one)}" for key, one in value.items()]
    return [repr(value)]
