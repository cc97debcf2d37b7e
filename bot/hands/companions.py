"""Performs the act that takes copies of companions: from a command, a folder, people's files, or their word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

from bot.domain.companions.kinds import COMPANIONS, Companion, CompanionCopy, Failure, How, KeptFile, Shelf
from bot.domain.companions.places import read
from bot.domain.companions.uploads import MOST_BYTES, complaint, unlike, warnings
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.neighbours import BYTES
from bot.domain.errors import BadInput, BotError, CmdletFailed, Damaged, NeverSent, NoRoom, OutcomeUnknown, StoreAway
from bot.domain.groups.groups import Row
from bot.domain.model import short
from bot.domain.runs.acts import FindCopies, PutCompanion, Take
from bot.drivers.base import Driver
from storage.backups.codec import sha256_of
from storage.companions import Companions

_PASSING = (NeverSent, OutcomeUnknown)
_GRAVE = (StoreAway, NoRoom)
"""These stop the run that asks, as they would stop any other."""


class Uploads(Protocol):
    """Whoever fetches what people sent with a form; `handlers.slack.uploads` does."""

    async def fetch(self, file: str) -> bytes:
        """The bytes of the file of this id. Raises NeverSent when Slack is away, BadInput when it has no such file."""
        ...


class Gathering:
    """Copies of companions. `performers` are its acts, each with what performs it.

    `pools` (FQDNs) are asked for what belongs to the whole organisation, when those that an act names do not give it.
    """

    def __init__(
        self,
        driver: Driver,
        companions: Companions,
        uploads: Uploads,
        clock: Callable[[], float],
        pools: Iterable[str] = (),
    ) -> None:
        self._driver, self._companions, self._uploads, self._clock = driver, companions, uploads, clock
        self._pools = tuple(pools)
        self.performers: Mapping[type, Callable[[Any], Awaitable[Any]]] = {
            Take: self._take,
            FindCopies: self._find,
            PutCompanion: self._put,
        }
        self._ways: Mapping[How, Callable[[Companion, Take], Awaitable[CompanionCopy]]] = {
            How.COMMAND: self._command,
            How.FILES: self._folder,
            How.UPLOAD: self._sent,
            How.ATTEST: self._word,
        }

    async def _take(self, act: Take) -> CompanionCopy | BotError:
        """What is known of a failure ends with the next copy that comes, whoever brought it."""
        try:
            kept = await self._companions.find(act.id) or await self._ways[act.way](COMPANIONS[act.kind], act)
        except _GRAVE:
            raise
        except BotError as error:
            if act.patient and isinstance(error, _PASSING):
                raise
            if act.way in (How.COMMAND, How.FILES):
                await self._companions.failed(act.pool, act.kind, Failure(self._clock(), error.sentence))
            return error
        await self._companions.failed(act.pool, act.kind, None)
        return kept

    async def _command(self, one: Companion, act: Take) -> CompanionCopy:
        """Bytes become a file; rows stay rows. The first of the pools that gives any is where the copy is from.

        Raises what came of the first one when none of them does.
        """
        others = [fqdn for fqdn in self._pools if one.everywhere and fqdn not in act.asked]
        faults: list[BotError] = []
        for fqdn in (*act.asked, *others):
            try:
                return await self._given(one, act, fqdn)
            except (*_PASSING, BadInput, Damaged) as error:
                faults.append(error)
        raise faults[0]

    async def _given(self, one: Companion, act: Take, source: str) -> CompanionCopy:
        assert one.command
        rows = await self._rows(source, one.command)
        if not rows:
            raise Damaged(f"{source} gave nothing for {one.command.name}. The account may not be allowed to read it.")
        if not one.file:
            kept = self._kept(one, act, source=source, rows=rows, contents=_digest(rows))
            return await self._companions.keep(kept, {})
        data = rows[0].get(BYTES)
        if not isinstance(data, bytes) or not data:
            raise Damaged(f"{source} gave no bytes for {one.command}. Nothing was kept.")
        beside, warned = await self._beside(one, source)
        return await self._keep(one, act, {one.file: data}, source=source, rows=beside, warnings=warned)

    async def _rows(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        try:
            return await self._driver.invoke(pool, command)
        except CmdletFailed as no:
            raise BadInput(f"{pool} refused {command.name} ({no.error_id}). Nothing was kept.") from no

    async def _beside(self, one: Companion, source: str) -> tuple[tuple[Row, ...], tuple[str, ...]]:
        """What is read beside the bytes, and what is to be known if that could not be: the copy is worth it without.

        Raises BadInput when nothing is there any more: a copy of that would take the place of the last one that counts,
        just where Central Management was moved without it.
        """
        if not one.beside:
            return (), ()
        try:
            rows = read(*[await self._rows(source, command) for command in one.beside]).rows()
        except (*_PASSING, BadInput):
            names = " and ".join(command.name for command in one.beside)
            return (), (f"{short(source)} gave nothing for {names}, so this copy cannot be compared later.",)
        held = (await self._companions.newest([source], self._clock()))[source][one.key]
        if held and held.rows and not rows:
            raise BadInput(f"{source} has no {one.title} any more, and the copy before has. Nothing was kept over it.")
        return rows, ()

    async def _find(self, act: FindCopies) -> Mapping[str, Shelf]:
        now = self._clock()
        newest = (await self._companions.newest([act.pool], now))[act.pool]
        found = {}
        for kind in act.kinds:
            kept, ahead = newest[kind], await self._companions.ahead_of(COMPANIONS[kind].scope(act.pool), kind, now)
            found[kind] = Shelf(kept, max(0.0, now - kept.as_of) if kept else 0.0, ahead)
        return found

    async def _put(self, act: PutCompanion) -> None:
        await self._driver.put(act.on, act.file, await self._companions.load(act.copy, act.name))

    async def _folder(self, one: Companion, act: Take) -> CompanionCopy:
        """Only what changed is fetched: the server tells the digest of every file first."""
        folder = f"{act.store}\\{one.folder}"
        listed = await self._listed(one, act, folder)
        held = (await self._companions.newest([act.pool], self._clock()))[act.pool][one.key]
        known = {file.sha256 for file in held.files} if held else set()
        files, data = [], {}
        for name, _ in listed:
            path = f"{folder}\\{name}"
            sha256, size = await self._driver.digest(act.pool, path)
            files.append(KeptFile(name, size, sha256))
            if sha256 not in known:
                data[name] = await self._fetched(act, path, sha256, size)
        kept = self._kept(one, act, files=tuple(files), contents=_of_files(files), warnings=_warned(files))
        try:
            return await self._companions.keep(kept, data, like=held.id if held else "")
        except Damaged:
            # What the earlier copy holds cannot be shared: its key is an older one, or it is damaged itself.
            whole = {
                file.name: await self._fetched(act, f"{folder}\\{file.name}", file.sha256, file.size) for file in files
            }
            return await self._companions.keep(kept, whole)

    async def _listed(self, one: Companion, act: Take, folder: str) -> tuple[tuple[str, int], ...]:
        try:
            listed = await self._driver.files(act.pool, folder)
        except CmdletFailed as no:
            raise BadInput(
                f"{act.pool} cannot read {folder} ({no.error_id}). Correct file_store under [[pools]], or say "
                f"`used = false` for {one.key} under [[companions]] when this pool has none."
            ) from no
        if sum(size for _, size in listed) > MOST_BYTES:
            raise BadInput(f"{folder} holds more than {MOST_BYTES // 2**20} MB, which is too much to keep here.")
        return listed

    async def _fetched(self, act: Take, path: str, sha256: str, size: int) -> bytes:
        data = await self._driver.fetch(act.pool, path)
        if (len(data), await asyncio.to_thread(sha256_of, data)) != (size, sha256):
            raise Damaged(f"{path} was damaged on its way from {act.pool}, or changed meanwhile. Nothing was kept.")
        return data

    async def _sent(self, one: Companion, act: Take) -> CompanionCopy:
        data = {name: await self._uploads.fetch(file) for file, name in act.files}
        if fault := complaint(one, [(name, len(sound)) for name, sound in data.items()]):
            raise BadInput(f"{fault} Nothing was kept.")
        if fault := next(filter(None, (unlike(name, sound) for name, sound in data.items())), ""):
            raise BadInput(f"{fault} Nothing was kept.")
        return await self._keep(one, act, data)

    async def _word(self, one: Companion, act: Take) -> CompanionCopy:
        assert act.word
        return await self._companions.keep(self._kept(one, act, attestation=act.word, contents=_digest(act.word)), {})

    async def _keep(self, one: Companion, act: Take, data: Mapping[str, bytes], **what: Any) -> CompanionCopy:
        files = await asyncio.to_thread(
            lambda: [KeptFile(name, len(raw), sha256_of(raw)) for name, raw in data.items()]
        )
        made = {"files": tuple(files), "contents": _of_files(files), "warnings": _warned(files)}
        return await self._companions.keep(self._kept(one, act, **{**made, **what}), data)

    def _kept(self, one: Companion, act: Take, source: str = "", **what: Any) -> CompanionCopy:
        """`source` is the pool it is from, where that is not the one whose it is."""
        from_there = source or act.pool
        return CompanionCopy(act.id, one.scope(act.pool), one.key, from_there, self._clock(), act.by, **what)


def _of_files(files: Iterable[KeptFile]) -> str:
    return sha256_of(json.dumps(sorted((file.name, file.sha256) for file in files)).encode())


def _digest(value: object) -> str:
    return sha256_of(repr(value).encode())


def _warned(files: Iterable[KeptFile]) -> tuple[str, ...]:
    return warnings([(file.name, file.size) for file in files])
