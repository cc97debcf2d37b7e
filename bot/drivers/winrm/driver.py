"""Real servers, over PowerShell remoting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from bot.domain.deployment.abilities import ASKED, REPLICATION, Folder
from bot.domain.deployment.cmdlets import ON_FRONT_END, Cmdlet
from bot.domain.deployment.endpoints import Access, Endpoint
from bot.domain.deployment.neighbours import BYTES
from bot.domain.deployment.properties import as_we_name_them
from bot.domain.errors import NeverSent
from bot.domain.groups.groups import Row
from bot.drivers.base import Told
from bot.drivers.winrm.calls import ENDPOINT, PARAMETERS, Call, Script, call_of
from bot.drivers.winrm.files import LIES_THERE, Files
from bot.drivers.winrm.lanes import Lane, Tried, Work
from bot.drivers.winrm.objects import Opened, Rows, opened
from bot.drivers.winrm.pace import Pace
from bot.drivers.winrm.places import Places
from bot.drivers.winrm.proofs import Proofs, Timed
from bot.drivers.winrm.refusals import refusal

T = TypeVar("T")


class Think(Protocol):
    """Whoever works out a pure function elsewhere; `asyncio.to_thread` does."""

    async def __call__(self, work: Callable[..., T], /, *args: Any) -> T: ...


class WinRM:
    """Runs cmdlets on servers of pools, by the rules of Driver (`bot/drivers/base.py`).

    Of each pool there are two connections at most, one for what reads and one for what changes, so that a pool can be
    read while an import runs there. `think` opens the batches of objects of which there are many, `properties` are the
    servers' own names of those that no page shows.
    """

    def __init__(
        self,
        pools: Mapping[str, tuple[Endpoint, ...]],
        pace: Pace | None = None,
        think: Think = asyncio.to_thread,
        proofs: Proofs | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        self._pools, self._pace, self._think, self._properties = pools, pace or Pace(), think, properties or {}
        self._proofs = proofs or Proofs(Timed(self._pace.refused_s))
        self._lanes: dict[tuple[str, bool], Lane] = {}
        self._places = Places()
        self._is_closed = False

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        """The rows; of `-AsBytes`, one with the bytes. Raises NeverSent, CmdletFailed or OutcomeUnknown."""
        call = call_of(command, self._pace.batch)
        lane = self._lane((pool, command.writes))
        sink = _bytes if command.writes else self._rows_of(command.name)
        at, there = self._only_at(pool, command)
        may_have_begun = True
        try:
            ended = await lane.ask(Work(command.name, call, not command.writes, sink, at=at, there=there))
        except NeverSent:
            # Its file lies nowhere by it, and the same name may be asked of another server the next time.
            may_have_begun = False
            raise
        finally:
            if may_have_begun and command.writes and command.get("FileName"):
                self._places.note(pool, str(command.get("FileName")), lane.at)
        if ended.answer.errors or not ended.answer.is_whole:
            errors, is_whole = ended.answer.errors, ended.answer.is_whole
            raise refusal(ended.server, command.name, errors, reads=not command.writes, is_whole=is_whole)
        rows = as_we_name_them(ended.taken, command.name, self._properties)
        return Told.of(rows, ended.answer.warnings)

    def _only_at(self, pool: str, command: Cmdlet) -> tuple[tuple[Endpoint, ...], str]:
        """The servers of the pool on which it has to run, if not on any; and why, as a sentence."""
        if command.name in ON_FRONT_END:
            front_ends = tuple(server for server in self._pools.get(pool, ()) if server.front_end_of == pool)
            if not front_ends:
                raise NeverSent(
                    f"{command.name} has to run on a Front End of {pool}, and none is configured. Nothing was changed. "
                    "Name one by `front_end_of` under [[servers]]."
                )
            return front_ends, "It has to run on a Front End of that pool."
        at = self._places.of(pool, str(command.get("FileName") or "")) if command.writes else ()
        return at, LIES_THERE if at else ""

    async def fetch(self, pool: str, file: str) -> bytes:
        return await self._files(pool).fetch(file)

    async def put(self, pool: str, file: str, data: bytes) -> None:
        await self._files(pool).put(file, data)

    async def digest(self, pool: str, file: str) -> tuple[str, int]:
        return await self._files(pool).digest(file)

    async def files(self, pool: str, folder: str) -> tuple[tuple[str, int], ...]:
        return await self._files(pool).files(folder)

    async def delete(self, pool: str, file: str) -> None:
        await self._files(pool).delete(file)

    def said(self, pool: str) -> str:
        lane = self._lanes.get((pool, True))
        return lane.said if lane else ""

    def through(self, pool: str) -> str:
        """While none of its own is open, its own count if any is configured: they are asked as well."""
        servers, lane = self._pools.get(pool, ()), self._lanes.get((pool, False))
        at = lane.at if lane and lane.is_open else next((one for one in servers if one.front_end_of == pool), None)
        at = at or next(iter(servers), None)
        return "" if at is None or at.front_end_of == pool else at.host

    async def parameters(self, pool: str) -> Mapping[str, frozenset[str]]:
        work = Work("Get-Command", PARAMETERS, True, _known)
        ended = await self._lane((pool, False)).ask(work)
        errors, is_whole = ended.answer.errors, ended.answer.is_whole
        others = [one for one in errors if one.short != "CommandNotFoundException"]
        if others or not is_whole:
            raise refusal(ended.server, work.name, others or errors, reads=True, is_whole=is_whole)
        if self._lane((pool, False)).at.access is Access.ORDINARY:
            return ended.taken
        # Both a function of ours and the cmdlet that it calls have to be there. What tells of an update is looked for
        # whether our function takes it or not.
        ours = {**ended.taken, REPLICATION[0]: ended.taken.get(REPLICATION[0], frozenset()) | {REPLICATION[1]}}
        behind = {name: await self._behind(pool, name) for name in ours}
        return {name: keys & real for name, keys in ours.items() if (real := behind[name]) is not None}

    async def _behind(self, pool: str, name: str) -> frozenset[str] | None:
        """What a cmdlet takes that a constrained endpoint does not let in itself; None where it is not there."""
        call = Call(Script.PARAMETERS, (("Command", name),))
        ended = await self._lane((pool, False)).ask(Work("Get-Command", call, True, _texts))
        return frozenset(ended.taken) if ended.answer.is_whole and not ended.answer.errors else None

    async def edition(self, pool: str) -> str:
        """Which functions a constrained endpoint has: of which edition, and for servers of which version."""
        ended = await self._lane((pool, False)).ask(Work(ENDPOINT, Call(ENDPOINT), True, _texts))
        return "".join(ended.taken)

    async def folder(self, pool: str, path: str, make: bool = False) -> Folder:
        return await self._files(pool).folder(path, make)

    def tried(self, pool: str) -> tuple[Tried, ...]:
        """What came of opening sessions for this pool, those that failed first."""
        found = [one for key, lane in self._lanes.items() if key[0] == pool for one in lane.tried.values()]
        return tuple(sorted(found, key=lambda one: one.fault is None))

    async def close(self) -> None:
        self._is_closed = True
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))

    def _files(self, pool: str) -> Files:
        """Where what changes something runs: an export lies on the server that wrote it."""
        return Files(self._lane((pool, True)), pool, self._places)

    def _rows_of(self, name: str) -> Callable[[], Any]:
        """The lane's thread waits while a batch is opened elsewhere, so that at most one of them is on its way."""
        loop = asyncio.get_running_loop()

        def more(*args: Any) -> Opened:
            return asyncio.run_coroutine_threadsafe(self._think(opened, *args), loop).result()

        def sink() -> Any:
            found = Rows(name, more)
            return found.take, found.taken

        return sink

    def _lane(self, key: tuple[str, bool]) -> Lane:
        pool, writes = key
        if not self._pools.get(pool):
            raise NeverSent(f"Nothing was sent: no server of {pool} is configured. Nothing was changed.")
        if self._is_closed:
            raise NeverSent("Nothing was sent: Switchback is stopping. Nothing was changed.")
        if key not in self._lanes:
            longest_s = self._pace.change_s if writes else self._pace.read_s
            self._lanes[key] = Lane(pool, self._pools[pool], self._pace, self._proofs, longest_s)
        return self._lanes[key]


def _known() -> Any:
    """Each is an object whose `Parameters` lead from their names to what is flattened (facts: powershell §8)."""
    names = {name.casefold(): name for name in ASKED}
    found: dict[str, frozenset[str]] = {}

    def take(output: Any) -> None:
        told = getattr(output, "adapted_properties", {})
        name, parameters = names.get(str(told.get("Name")).casefold()), told.get("Parameters")
        if name is not None and isinstance(parameters, Mapping):
            found[name] = frozenset(map(str, parameters))

    return take, lambda: found


def _texts() -> Any:
    found: list[str] = []
    return lambda output: found.append(str(output)), lambda: found


def _bytes() -> Any:
    """Of what changes something, only bytes are of use; what else it puts out is flattened anyhow."""
    found: list[Row] = []

    def take(output: Any) -> None:
        if isinstance(output, bytes):
            found.append({BYTES: output})

    return take, lambda: tuple(found)
