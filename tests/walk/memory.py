"""Everything kept as one frozen value, and stores over it that refuse what the real ones refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bot.domain.backups.backup import Backup, Keeping, Stamp
from bot.domain.companions.kinds import COMPANIONS
from bot.domain.deployment.world import World
from bot.domain.errors import BadInput, Damaged, Held, Stale
from bot.domain.groups.agents import Agent
from bot.domain.model import PoolRecord
from bot.domain.runs.run import Change, Run
from tests.walk.world import RECORDINGS


@dataclass(frozen=True, slots=True)
class Kept:
    """An export that is kept: what is known of it, and whether it is one of its pool's backups."""

    backup: Backup
    data: bytes
    prints: Mapping[str, str]
    listed: bool = False
    keeping: Keeping = field(default_factory=Keeping)


@dataclass(frozen=True, slots=True)
class State:
    """All there is at one moment: the deployment, what the bot says of each pool, what it keeps, the run that is open.

    `kept` is in the order of keeping. `started` counts the runs, so that their names differ. `unseen` are the pools
    that others moved since the bot looked at them last; `safe` is what has ever been kept, version by version; `late`
    says that somebody edited groups while a run was open; `asked` is the deployment on which rests what people are
    asked to approve; `files` are the names under which exports ever lay on a server.
    """

    world: World
    records: Mapping[str, PoolRecord]
    kept: Mapping[str, Kept]
    run: Run | None = None
    started: int = 0
    unseen: frozenset[str] = frozenset()
    safe: frozenset[str] = frozenset()
    late: bool = False
    asked: World | None = None
    files: frozenset[str] = frozenset()


class Memory:
    """One state after the other; each room is named as in `Stores`, as far as rows of runs reach for it."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.runs, self.backups, self.keepings = MemoryRuns(self), MemoryBackups(self), MemoryKeepings(self)
        self.worlds, self.notices, self.companions = MemoryWorlds(self), MemoryNotices(), MemoryCompanions()
        self.agents = MemoryAgents()

    def change(self, **parts: object) -> None:
        self.state = replace(self.state, **parts)


class MemoryRuns:
    """As `storage.runs`: a commit is written onto the version that was read, by whoever holds the pools."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def commit(self, change: Change, at: float, delivery: str = "") -> Run:
        new, known = change.run, self._memory.state.run
        if known is not None and known.id != new.id and new.pool_state is not None and known.pool_state is not None:
            raise Held(f"The run {known.id} holds a pool of this pair.")
        if (known.version if known is not None and known.id == new.id else 0) != new.version:
            raise Stale("The run has moved on meanwhile.")
        new = replace(new, version=new.version + 1)
        records = self._memory.state.records
        if new.pool_state is not None:
            record = PoolRecord(new.primary.fqdn, new.pool_state, new.since, new.id, "", new.carry)
            records = MappingProxyType({**records, new.primary.fqdn: record})
        self._memory.change(run=new if new.is_open else None, records=records)
        return new

    async def renew(self, run: Run, now: float, lease_s: float, said: str = "") -> bool:
        known = self._memory.state.run
        return known is not None and (known.id, known.version) == (run.id, run.version)

    async def records(self, fqdns: Iterable[str]) -> dict[str, PoolRecord]:
        known = self._memory.state.run
        holds = known is not None and known.pool_state is not None
        held = {pool.fqdn: known.id for pool in known.pools} if known is not None and holds else {}
        records = self._memory.state.records
        return {fqdn: replace(records.get(fqdn, PoolRecord(fqdn)), held_by=held.get(fqdn, "")) for fqdn in tuple(fqdns)}

    async def open(self, count: int = 100) -> tuple[Run, ...]:
        return (self._memory.state.run,) if self._memory.state.run else ()


class MemoryBackups:
    """As `storage.backups`: a second save of the same id changes nothing, an unknown id is bad input.

    What is damaged from the beginning stays so: nobody mends it.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def _found(self, id: str) -> Kept:
        if id not in self._memory.state.kept:
            raise BadInput(f"There is no backup {id[:80]}.")
        return self._memory.state.kept[id]

    async def save(self, backup: Backup, data: bytes, prints: Mapping[str, str], *, listed: bool = True) -> None:
        if backup.id not in self._memory.state.kept:
            kept = {**self._memory.state.kept, backup.id: Kept(backup, data, prints, listed)}
            self._memory.change(kept=MappingProxyType(kept))

    async def find(self, id: str) -> Backup | None:
        kept = self._memory.state.kept.get(id)
        return kept.backup if kept else None

    async def get(self, id: str) -> Backup:
        return self._found(id).backup

    async def load(self, id: str) -> bytes:
        found = self._found(id)
        if found.keeping.damage:
            raise Damaged(found.keeping.damage)
        return found.data

    async def fingerprints(self, id: str) -> Mapping[str, str]:
        return self._found(id).prints

    async def enlist(
        self, id: str, warnings: tuple[str, ...] = (), *, changed: int | None = None, before: str = ""
    ) -> Backup:
        found = self._found(id)
        backup = replace(found.backup, warnings=warnings, changed=changed, before=before)
        kept = {**self._memory.state.kept, id: replace(found, backup=backup, listed=True)}
        self._memory.change(kept=MappingProxyType(kept))
        return backup

    async def page(self, pool: str, *, before: str | None = None, count: int = 10) -> tuple[Backup, ...]:
        every = [one.backup for one in reversed(self._memory.state.kept.values()) if one.listed]
        of_pool = [backup for backup in every if backup.pool == pool]
        first = next(at + 1 for at, one in enumerate(of_pool) if one.id == before) if before else 0
        return tuple(of_pool[first : first + count])

    async def dated(self, pool: str, now: float, count: int) -> tuple[Backup, ...]:
        return await self.page(pool, count=count)


class MemoryKeepings:
    """As `storage.backups.keepings`: of what is not there nothing can be said."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def read(self, ids: Iterable[str]) -> tuple[Keeping, ...]:
        kept = self._memory.state.kept
        return tuple(kept[id].keeping if id in kept else Keeping() for id in ids)

    def _set(self, id: str, **parts: object) -> None:
        kept = self._memory.state.kept
        if id not in kept:
            raise BadInput(f"There is no backup {id[:80]}.")
        noted = replace(kept[id], keeping=replace(kept[id].keeping, **parts))
        self._memory.change(kept=MappingProxyType({**kept, id: noted}))

    async def stamp(self, id: str, stamp: Stamp) -> None:
        self._set(id, stamp=stamp)

    async def set_basis(self, fqdn: str, digest: str, at: float) -> None:
        """Nothing that a run does rests on it."""

    async def pin(self, id: str, by: str, because: str) -> None:
        """Nothing is pruned here, so that a pin changes nothing; but what is pinned has to be there."""
        self._set(id)

    async def damage(self, id: str, sentence: str) -> None:
        self._set(id, damage=sentence)

    async def shrunk(self, id: str, sentence: str) -> None:
        self._set(id, shrunk=sentence)


class MemoryAgents:
    """What agents say moves no run: here nobody ever says anything."""

    async def invite(self, run_id: str, groups: Mapping[str, tuple[str, ...]]) -> None:
        """They are asked in Slack, which is none of this."""

    async def known(self, run_id: str) -> tuple[Agent, ...]:
        return ()


class MemoryNotices:
    """What stands is for people; no row reads it."""

    async def say(self, key: str, sentence: str, at: float) -> None: ...

    async def end(self, key: str, over: str, at: float) -> None: ...


class MemoryCompanions:
    """No copy of a companion is kept: what people put back by themselves changes nothing that is walked."""

    async def newest(self, pools: Iterable[str], now: float) -> Mapping[str, Mapping[str, None]]:
        return {pool: dict.fromkeys(COMPANIONS) for pool in pools}

    async def ahead_of(self, scope: str, kind: str, now: float) -> int:
        return 0


class MemoryWorlds:
    """As `storage.worlds`: saved onto the version that was loaded; a world is its own version."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._blobs = dict(RECORDINGS)

    async def load(self) -> tuple[World, int]:
        return self._memory.state.world, id(self._memory.state.world)

    async def save(self, world: World, version: int) -> int:
        if version != id(self._memory.state.world):
            raise Stale("Somebody saved the deployment in between.")
        self._memory.change(world=world)
        return id(world)

    async def blob(self, sha256: str) -> bytes:
        return self._blobs[sha256]

    async def keep(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self._blobs[digest] = data
        return digest
