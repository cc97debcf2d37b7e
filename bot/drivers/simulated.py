"""A deployment that is only a value in a store, with latency and faults at the turn of a switch."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.domain.deployment.abilities import Folder, parameters_of
from bot.domain.deployment.apply import apply, apply_half
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.locations import parsed
from bot.domain.deployment.replicas import has_cu1
from bot.domain.deployment.world import Effect, Fault, FaultKind, ServerFile, World
from bot.domain.errors import (
    BadInput,
    BotError,
    CmdletFailed,
    Damaged,
    DriverError,
    NeverSent,
    OutcomeUnknown,
    Stale,
    StoreAway,
)
from bot.domain.groups.groups import Inventory, Row
from bot.drivers.base import WorldStore
from bot.exports.export_zip import read_audio, read_inventory, write_export

_BROKEN: Mapping[FaultKind, tuple[str, str]] = {
    FaultKind.HALF_FAILED: (
        "OperationStopped,{0}",
        "{0} : The operation stopped half-way: part of the objects was written.",
    ),
    FaultKind.HALF_LOST: ("", ""),
    FaultKind.MOVE_BREAKS: (
        "ProcessRecord,Microsoft.Rtc.Management.Hadr.InvokeCsPoolMoveCmdlet",
        "{0} : Could not find a compatible interface with the server.",
    ),
}
"""What is said of a command that broke off half-way, id and text (facts: recovery §0.4); nothing when it is lost."""

_LOSING = frozenset({FaultKind.LOST_AFTER, FaultKind.HALF_LOST})
_FREE = 100 * 1024**3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command: the world after it, and either its rows or what the caller is told instead."""

    world: World
    rows: tuple[Row, ...] = ()
    error: DriverError | None = None


def outcome(world: World, pool: str, command: Cmdlet, at: float) -> Outcome:
    """Runs the command on a server of this pool under the faults that strike it; `at` is now, in seconds."""
    before, faults = world.struck(pool, command)
    kinds = {fault.kind for fault in faults}
    halves = [_BROKEN[kind] for kind in kinds if kind in _BROKEN]
    lost = OutcomeUnknown(f"The connection to {pool} was lost while {command.name} ran: nobody knows what it did.")
    if FaultKind.LOST_BEFORE in kinds:
        return Outcome(before, error=lost)
    try:
        after, rows = (apply_half(before, pool, command), ()) if halves else apply(before, pool, command)
    except CmdletFailed as no:
        return Outcome(before, error=lost if kinds & _LOSING else no)
    if after is not before:
        after = _dated(after, pool, command, at).with_effect(Effect(pool, command.name, str(command), at))
    if kinds & _LOSING:
        return Outcome(after, error=lost)
    for error_id, text in halves:
        no = CmdletFailed(text.format(command.name), error_id=error_id.format(command.name))
        return Outcome(after, error=no)
    return Outcome(after, rows)


class SimulatedDriver:
    """The Driver over a world in a store. `clock` gives seconds since the epoch, `latency_s` is seconds per call.

    Everything that runs on a pool that is down raises NeverSent, as does a store that does not answer; while it is
    being written to, that is OutcomeUnknown.
    """

    def __init__(
        self,
        store: WorldStore,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        latency_s: float = 0.0,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._latency_s = latency_s
        self._turn = asyncio.Lock()

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        world = await self._reached(pool)
        _, faults = world.struck(pool, command)
        await self._wait(fault.seconds for fault in faults if fault.kind is FaultKind.SLOW)
        result = Outcome(world)

        def run(world: World) -> World:
            nonlocal result
            if not world.pools[pool].up:
                raise OutcomeUnknown(f"{pool} went down while {command.name} ran: nobody knows what it did.")
            result = outcome(world, pool, command, self._clock())
            return result.world

        await self._changed(pool, run)
        if result.error:
            raise result.error
        return result.rows

    async def fetch(self, pool: str, file: str) -> bytes:
        world = await self._reached(pool)
        await self._wait()
        found = world.pools[pool].file(file)
        if found is None:
            raise CmdletFailed(f"There is no file {file} on {pool}.", error_id="PathNotFound")
        async with _reading(pool):
            if found.inventory is None or found.raw:
                return await self._store.blob(found.raw)
            sounds = {sha256: await self._store.blob(sha256) for sha256 in set(found.inventory.audio.values())}
            return await asyncio.to_thread(write_export, found.inventory, sounds.__getitem__, found.at)

    async def put(self, pool: str, file: str, data: bytes) -> None:
        """Replaces a file of that name. Bytes that are no export are kept all the same, and fail when imported."""
        await self._reached(pool)
        await self._wait()
        inventory, sounds = await asyncio.to_thread(_unpacked, data)
        async with _writing(pool):
            for sound in sounds:
                await self._store.keep(sound)
            located = data if inventory is None and parsed(data) else b""
            kept = ServerFile(inventory, self._clock(), await self._store.keep(data), len(data), locations=located)
        await self._changed(pool, lambda world: world.with_pool(world.pools[pool].with_file(file, kept)))

    async def digest(self, pool: str, file: str) -> tuple[str, int]:
        data = await self.fetch(pool, file)
        return await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest()), len(data)

    async def files(self, pool: str, folder: str) -> tuple[tuple[str, int], ...]:
        world = await self._reached(pool)
        await self._wait()
        found = world.pools[pool].under(folder)
        if not found:
            raise CmdletFailed(f"There is no folder {folder} that {pool} can read.", error_id="PathNotFound")
        return tuple([(name, await self._size(pool, folder, name, file)) for name, file in found])

    async def _size(self, pool: str, folder: str, name: str, file: ServerFile) -> int:
        """An export is only written when it is fetched."""
        return file.size if file.raw else len(await self.fetch(pool, f"{folder}\\{name}"))

    async def delete(self, pool: str, file: str) -> None:
        """A file that is gone already is no error: deleting can be repeated."""
        await self._reached(pool)
        await self._wait()
        await self._changed(pool, lambda world: world.with_pool(world.pools[pool].with_file(file, None)))

    def said(self, pool: str) -> str:
        """Nothing is told while it runs."""
        return ""

    def through(self, pool: str) -> str:
        """Every pool is asked itself."""
        return ""

    async def parameters(self, pool: str) -> Mapping[str, frozenset[str]]:
        world = await self._reached(pool)
        await self._wait()
        server = world.pools[pool]
        return parameters_of(server.version, cu1=has_cu1(server))

    async def folder(self, pool: str, path: str, make: bool = False) -> Folder:
        """Every folder is there, on a disk that is never full."""
        await self._reached(pool)
        await self._wait()
        return Folder(True, _FREE)

    async def close(self) -> None:
        """Nothing is held open."""

    async def _reached(self, pool: str) -> World:
        async with _reading(pool):
            world, _ = await self._store.load()
        if pool not in world.pools or not world.pools[pool].up:
            raise NeverSent(f"{pool} does not answer: nothing was sent, nothing was changed.")
        return world

    async def _changed(self, pool: str, edit: Callable[[World], World]) -> None:
        """One change of this process after the other: the race is only against other processes."""
        async with self._turn, _writing(pool):
            await change(self._store, edit)

    async def _wait(self, more_s: Iterable[float] = ()) -> None:
        seconds = self._latency_s + sum(more_s)
        if seconds > 0:
            await self._sleep(seconds)


async def change(store: WorldStore, edit: Callable[[World], World]) -> World:
    """The world after `edit`, saved; when somebody saves in between, the edit is made again on theirs.

    The edit runs in a thread: with thousands of objects it takes long enough to be felt by whoever waits for an answer.
    """
    while True:
        world, version = await store.load()
        after = await asyncio.to_thread(edit, world)
        if after is world:
            return world
        try:
            await store.save(after, version)
        except Stale:
            continue
        return after


async def set_fault(store: WorldStore, fault: Fault) -> None:
    """Lets it strike, in every process that shares this store. Raises KeyError for a pool that is not there."""
    await change(store, lambda world: world.with_fault(fault))


async def clear(store: WorldStore, pool: str) -> None:
    """Brings the pool up and takes all its faults away."""
    await change(store, lambda world: world.without_faults(pool))


@asynccontextmanager
async def _reading(pool: str) -> AsyncIterator[None]:
    try:
        yield
    except StoreAway as away:
        raise NeverSent(f"{pool} cannot be reached: {away.sentence}") from away
    except (Damaged, BadInput) as damaged:
        raise CmdletFailed(f"A file on {pool} cannot be read: {damaged.sentence}", error_id="ReadError") from damaged


@asynccontextmanager
async def _writing(pool: str) -> AsyncIterator[None]:
    try:
        yield
    except StoreAway as away:
        raise OutcomeUnknown(f"{pool} did not answer any more: {away.sentence}") from away


def _dated(world: World, pool: str, command: Cmdlet, at: float) -> World:
    """A file that the command has just written is from now."""
    path = str(command.get("FileName"))
    file = world.pools[pool].file(path)
    if not command.name.startswith("Export-") or file is None:
        return world
    return world.with_pool(world.pools[pool].with_file(path, replace(file, at=at)))


def _unpacked(data: bytes) -> tuple[Inventory | None, tuple[bytes, ...]]:
    try:
        return read_inventory(data), tuple(sound for _, sound in read_audio(data))
    except BotError:
        return None, ()
