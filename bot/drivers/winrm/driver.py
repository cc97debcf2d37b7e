"""Real servers, over PowerShell remoting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.neighbours import BYTES
from bot.domain.errors import NeverSent
from bot.domain.groups.groups import Row
from bot.drivers.winrm.calls import call_of
from bot.drivers.winrm.endpoints import Endpoint, Pace
from bot.drivers.winrm.files import Files
from bot.drivers.winrm.lanes import Lane, Work
from bot.drivers.winrm.objects import Rows
from bot.drivers.winrm.refusals import refusal

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A command that runs: since when, by `time.monotonic`, and what the server said of it last (its own language)."""

    pool: str
    name: str
    since: float
    said: str = ""


class WinRM:
    """Runs cmdlets on servers of pools, by the rules of Driver (`bot/drivers/base.py`).

    Of each pool there are two connections at most, one for what reads and one for what changes, so that a pool can be
    read while an import runs there.
    """

    def __init__(self, pools: Mapping[str, tuple[Endpoint, ...]], pace: Pace | None = None) -> None:
        self._pools, self._pace = pools, pace or Pace()
        self._lanes: dict[tuple[str, bool], Lane] = {}
        self._running: dict[tuple[str, bool], UnderWay] = {}

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        """The rows; of `-AsBytes`, one with the bytes. Raises NeverSent, CmdletFailed or OutcomeUnknown."""
        call = call_of(command, self._pace.batch)
        key = pool, command.writes
        lane = self._lane(key)
        sink = _bytes if command.writes else lambda: _rows(command.name)
        self._running[key] = UnderWay(pool, command.name, time.monotonic())
        try:
            ended = await lane.ask(Work(command.name, call, not command.writes, sink))
        finally:
            self._running.pop(key, None)
        if ended.answer.errors or not ended.answer.is_whole:
            errors, is_whole = ended.answer.errors, ended.answer.is_whole
            raise refusal(ended.server, command.name, errors, reads=not command.writes, is_whole=is_whole)
        return ended.taken

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

    def under_way(self) -> tuple[UnderWay, ...]:
        return tuple(self._running.values())

    async def close(self) -> None:
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))

    def _files(self, pool: str) -> Files:
        """Where what changes something runs: an export lies on the server that wrote it."""
        return Files(self._lane((pool, True)), pool)

    def _lane(self, key: tuple[str, bool]) -> Lane:
        pool, _ = key
        if not self._pools.get(pool):
            raise NeverSent(f"Nothing was sent: no server of {pool} is configured. Nothing happened.")
        if key not in self._lanes:
            self._lanes[key] = Lane(pool, self._pools[pool], self._pace, lambda text: self._said(key, text))
        return self._lanes[key]

    def _said(self, key: tuple[str, bool], text: str) -> None:
        now = self._running.get(key)
        if now is not None:
            shown = "".join(letter if letter.isprintable() else " " for letter in text)[:_LONGEST]
            self._running[key] = UnderWay(now.pool, now.name, now.since, shown)


def _rows(name: str) -> Any:
    found = Rows(name)
    return found.take, found.taken


def _bytes() -> Any:
    """Of what changes something, only bytes are of use; what else it puts out is flattened anyhow."""
    found: list[Row] = []

    def take(output: Any) -> None:
        if isinstance(output, bytes):
            found.append({BYTES: output})

    return take, lambda: tuple(found)
