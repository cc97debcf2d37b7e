"""Performs the act that takes copies of companions: from a command, a folder, people's files, or their word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

from bot.domain.companions.kinds import COMPANIONS, Companion, CompanionCopy, Failure, How, KeptFile
from bot.domain.companions.uploads import MOST_BYTES, complaint, unlike, warnings
from bot.domain.deployment.neighbours import BYTES
from bot.domain.errors import BadInput, BotError, CmdletFailed, Damaged, NeverSent, NoRoom, OutcomeUnknown, StoreAway
from bot.domain.runs.acts import Take
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
    """Copies of companions. `performers` are its acts, each with what performs it."""

    def __init__(self, driver: Driver, companions: Companions, uploads: Uploads, clock: Callable[[], float]) -> None:
        self._driver, self._companions, self._uploads, self._clock = driver, companions, uploads, clock
        self.performers: Mapping[type, Callable[[Any], Awaitable[Any]]] = {Take: self._take}
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
        """Bytes become a file; rows stay rows."""
        assert one.command
        try:
            rows = await self._driver.invoke(act.pool, one.command)
        except CmdletFailed as no:
            raise BadInput(f"{act.pool} refused {one.command.name} ({no.error_id}). Nothing was kept.") from no
        if not rows:
            raise Damaged(f"{act.pool} gave nothing for {one.command.name}. The account may not be allowed to read it.")
        if not one.file:
            return await self._companions.keep(self._kept(one, act, rows=rows, contents=_digest(rows)), {})
        data = rows[0].get(BYTES)
        if not isinstance(data, bytes) or not data:
            raise Damaged(f"{act.pool} gave no bytes for {one.command}. Nothing was kept.")
        return await self._keep(one, act, {one.file: data})

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

    async def _keep(self, one: Companion, act: Take, data: Mapping[str, bytes]) -> CompanionCopy:
        files = await asyncio.to_thread(
            lambda: [KeptFile(name, len(raw), sha256_of(raw)) for name, raw in data.items()]
        )
        kept = self._kept(one, act, files=tuple(files), contents=_of_files(files), warnings=_warned(files))
        return await self._companions.keep(kept, data)

    def _kept(self, one: Companion, act: Take, **what: Any) -> CompanionCopy:
        return CompanionCopy(act.id, one.scope(act.pool), one.key, act.pool, self._clock(), act.by, **what)


def _of_files(files: Iterable[KeptFile]) -> str:
    return sha256_of(json.dumps(sorted((file.name, file.sha256) for file in files)).encode())


def _digest(value: object) -> str:
    return sha256_of(repr(value).encode())


def _warned(files: Iterable[KeptFile]) -> tuple[str, ...]:
    return warnings([(file.name, file.size) for file in files])
