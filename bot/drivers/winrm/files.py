"""Files to and from a server, in pieces that may be repeated, with their SHA-256 on both ends (facts: endpoint)."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any

from bot.domain.errors import CmdletFailed, NeverSent, OutcomeUnknown
from bot.drivers.winrm.calls import Call, Script, file_call
from bot.drivers.winrm.lanes import Lane, Work
from bot.drivers.winrm.refusals import refusal

PIECE, SMALLEST = 1024 * 1024, 64 * 1024
_CUTS = 8
_DIGEST = re.compile(r"([0-9a-f]{64}) (\d{1,18})")
_LISTED = re.compile(r"(\d{1,18}) (.+)", re.DOTALL)


class Files:
    """On the server that the lane is at: a file lies on one server of a pool, where the command is that made it."""

    def __init__(self, lane: Lane, pool: str) -> None:
        self._lane, self._pool = lane, pool

    async def fetch(self, path: str) -> bytes:
        sha256, size = await self.digest(path)
        found, piece, cuts = bytearray(), PIECE, 0
        while len(found) < size:
            call = file_call(Script.PIECE, path, At=str(len(found)), Size=min(piece, size - len(found)))
            try:
                taken = await self._asked("Reading a file", call, reads=True, again=False)
            except (NeverSent, OutcomeUnknown):
                cuts, piece = cuts + 1, max(piece // 2, SMALLEST)
                if cuts > _CUTS:
                    raise
                continue
            if len(taken) != 1 or not isinstance(taken[0], bytes) or not taken[0]:
                raise self._differs(path)
            found += taken[0]
            cuts = 0
        if await asyncio.to_thread(lambda: hashlib.sha256(found).hexdigest()) != sha256:
            raise self._differs(path)
        return bytes(found)

    async def put(self, path: str, data: bytes) -> None:
        """Raises OutcomeUnknown when a part of it may lie there: it may be put again."""
        place, piece, cuts = 0, PIECE, 0
        while place < len(data) or not place:
            part = data[place : place + piece]
            try:
                call = file_call(Script.WRITE, path, At=str(place), Bytes=part or None)
                await self._asked("Writing a file", call, reads=False)
            except (NeverSent, OutcomeUnknown):
                cuts, piece = cuts + 1, max(piece // 2, SMALLEST)
                if cuts > _CUTS:
                    raise
                continue
            place, cuts = place + len(part), 0
            if not part:
                break
        ours = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        if await self.digest(path) != (ours, len(data)):
            raise self._differs(path)

    async def digest(self, path: str) -> tuple[str, int]:
        taken = await self._asked("Taking the SHA-256 of a file", file_call(Script.DIGEST, path), reads=True)
        found = _DIGEST.fullmatch(str(taken[0])) if len(taken) == 1 else None
        if found is None:
            raise self._differs(path)
        return found[1], int(found[2])

    async def files(self, folder: str) -> tuple[tuple[str, int], ...]:
        taken = await self._asked("Listing a folder", file_call(Script.LIST, folder), reads=True)
        found = [_LISTED.fullmatch(str(line)) for line in taken]
        return tuple(sorted((one[2], int(one[1])) for one in found if one is not None))

    async def delete(self, path: str) -> None:
        await self._asked("Deleting a file", file_call(Script.REMOVE, path), reads=False)

    async def _asked(self, name: str, call: Call, *, reads: bool, again: bool = True) -> list[Any]:
        ended = await self._lane.ask(Work(name, call, reads, _all, again))
        if ended.answer.errors or not ended.answer.is_whole:
            raise refusal(ended.server, name, ended.answer.errors, reads=reads, is_whole=ended.answer.is_whole)
        return ended.taken

    def _differs(self, path: str) -> CmdletFailed:
        sentence = f"{path} on {self._pool} is not the same on both ends: something else writes it, or it is damaged."
        return CmdletFailed(sentence, error_id="FileDiffers")


def _all() -> Any:
    found: list[Any] = []
    return found.append, lambda: found
