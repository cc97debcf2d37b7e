"""Files to and from a server, in pieces that may be repeated, with their SHA-256 on both ends (facts: endpoint)."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any

from bot.domain.deployment.abilities import Folder
from bot.domain.deployment.endpoints import Endpoint
from bot.domain.errors import CmdletFailed, NeverSent, OutcomeUnknown
from bot.drivers.winrm.calls import Call, Script, file_call
from bot.drivers.winrm.lanes import Lane, Work
from bot.drivers.winrm.places import Places
from bot.drivers.winrm.refusals import refusal

PIECE, SMALLEST = 1024 * 1024, 64 * 1024
GONE = "PathNotFound"
LIES_THERE = "The file lies there, so no other server can be asked."
_CUTS = 8
_SHARED = "\\\\"
_DIGEST = re.compile(r"([0-9a-f]{64}) (\d{1,18})")
_STATE = re.compile(r"(\d{1,18}) (writable|read-only)")
_LISTED = re.compile(r"(\d{1,18}) (.+)", re.DOTALL)


class Files:
    """On the server of the pool where the file lies: on the others there is none of that name."""

    def __init__(self, lane: Lane, pool: str, places: Places) -> None:
        self._lane, self._pool, self._places = lane, pool, places

    async def fetch(self, path: str) -> bytes:
        sha256, size = await self.digest(path)
        at = self._places.of(self._pool, path)
        found, piece, cuts = bytearray(), PIECE, 0
        while len(found) < size:
            call = file_call(Script.PIECE, path, At=str(len(found)), Size=min(piece, size - len(found)))
            try:
                taken = await self._asked("Reading a file", call, reads=True, again=False, at=at)
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
        """Raises OutcomeUnknown when a part of it may lie there: it may be put again, on any server."""
        place, piece, cuts = 0, PIECE, 0
        at: tuple[Endpoint, ...] = ()
        while place < len(data) or not place:
            part = data[place : place + piece]
            try:
                call = file_call(Script.WRITE, path, At=str(place), Bytes=part or None)
                await self._asked("Writing a file", call, reads=False, at=at)
            except (NeverSent, OutcomeUnknown):
                cuts, piece = cuts + 1, max(piece // 2, SMALLEST)
                if cuts > _CUTS:
                    raise
                continue
            place, cuts, at = place + len(part), 0, (self._lane.at,)
            self._places.note(self._pool, path, self._lane.at)
            if not part:
                break
        ours = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        if await self.digest(path) != (ours, len(data)):
            raise self._differs(path)

    async def digest(self, path: str) -> tuple[str, int]:
        """Where nobody knows on which server it lies, they are asked in turn.

        It is gone only when all of them say so; as long as one cannot be asked, nobody knows.
        """
        if path.startswith(_SHARED):
            return await self._digest(path, ())
        known, away = self._places.of(self._pool, path), None
        for server in dict.fromkeys((*known, *self._lane.servers)):
            try:
                return await self._digest(path, (server,))
            except (NeverSent, OutcomeUnknown) as no:
                if server in known:
                    raise
                away = no
            except CmdletFailed as no:
                if no.error_id != GONE:
                    raise
                gone = no
        raise away or gone

    async def _digest(self, path: str, at: tuple[Endpoint, ...]) -> tuple[str, int]:
        call, known = file_call(Script.DIGEST, path), at == self._places.of(self._pool, path)
        taken = await self._asked("Taking the SHA-256 of a file", call, reads=True, at=at, known=known)
        found = _DIGEST.fullmatch(str(taken[0])) if len(taken) == 1 else None
        if found is None:
            raise self._differs(path)
        if at:
            self._places.note(self._pool, path, *at)
        return found[1], int(found[2])

    async def files(self, folder: str) -> tuple[tuple[str, int], ...]:
        taken = await self._asked("Listing a folder", file_call(Script.LIST, folder), reads=True)
        found = [_LISTED.fullmatch(str(line)) for line in taken]
        return tuple(sorted((one[2], int(one[1])) for one in found if one is not None))

    async def folder(self, path: str, make: bool = False) -> Folder:
        """Each server has one of its own; those that do not answer are passed over, unless all of them are."""
        found, away = list[Folder](), list[NeverSent]()
        for server in self._lane.servers:
            try:
                found.append(await self._folder(path, make, server))
            except NeverSent as no:
                away.append(no)
        if not found:
            raise away[0]
        return Folder(all(one.is_writable for one in found), min(one.free for one in found))

    async def _folder(self, path: str, make: bool, server: Endpoint) -> Folder:
        call = file_call(Script.STATE, path, Make=make or None)
        taken = await self._asked("Looking at a folder", call, reads=not make, at=(server,), known=False)
        found = _STATE.fullmatch(str(taken[0])) if len(taken) == 1 else None
        if found is None:
            raise CmdletFailed(f"{self._pool} does not say how its folder {path} is.", error_id="Unreadable")
        return Folder(found[2] == "writable", int(found[1]))

    async def delete(self, path: str) -> None:
        at = self._places.of(self._pool, path)
        if not at and len(self._lane.servers) > 1:
            try:
                await self.digest(path)
            except CmdletFailed as no:
                if no.error_id == GONE:
                    return
                raise
            at = self._places.of(self._pool, path)
        await self._asked("Deleting a file", file_call(Script.REMOVE, path), reads=False, at=at)

    async def _asked(
        self,
        name: str,
        call: Call,
        *,
        reads: bool,
        again: bool = True,
        at: tuple[Endpoint, ...] = (),
        known: bool = True,
    ) -> list[Any]:
        """At one of these servers (none: any). `known`: that it lies there is known, and not only looked for."""
        there = LIES_THERE if at and known else ""
        ended = await self._lane.ask(Work(name, call, reads, _all, again, at, there, is_short=True))
        if ended.answer.errors or not ended.answer.is_whole:
            errors, is_whole = ended.answer.errors, ended.answer.is_whole
            raise refusal(ended.server, name, errors, reads=reads, is_whole=is_whole, sent=call.name)
        return ended.taken

    def _differs(self, path: str) -> CmdletFailed:
        sentence = (
            f"{path} on {self._pool} is not the same here and there: something else writes it, or it was damaged on "
            "the way. It is not used."
        )
        return CmdletFailed(sentence, error_id="FileDiffers")


def _all() -> Any:
    found: list[Any] = []
    return found.append, lambda: found
