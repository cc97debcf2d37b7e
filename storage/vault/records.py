"""Records that rest on pieces: one script makes each exist, wholly or not at all; another takes it away again."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from redis.asyncio import Redis

from bot.domain.errors import Damaged, NoRoom, StoreAway
from storage import keys
from storage.connect import fullness, guard, memory_left, script
from storage.vault.pieces import Pieces

Fetch = Callable[[str], Awaitable[bytes | None]]
"""Gives the stored bytes of the piece of that name from somewhere else; None when they are not there."""

Room = Callable[[], int | None]
"""How many bytes are free where Redis writes; None when that is not known."""

Ranks = Mapping[str, tuple[str, float | None]]
"""For sorted sets, by key: a member and its score; None takes the member out."""

MIB = 1 << 20
_MARGIN_DISK, _MARGIN_MEMORY = 64 * MIB, 8 * MIB
_PER_PIECE = 512
_TRIES = 5
KEPT, MISSING, MOVED, GONE, PINNED = "KEPT", "MISSING", "MOVED", "GONE", "PINNED"
"""What the scripts answer."""

_SHA256_BYTES = 32
_ENVELOPE = re.compile(rb"kept:([0-9a-f]{8})?:", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Opened:
    """A record as it is stored and what it says; `seal` is the fingerprint of its key, empty for a plain one.

    One that is not `counted` was stored by an earlier version, and its pieces do not know yet that it needs them.
    """

    stored: bytes
    body: bytes
    seal: str
    counted: bool = True


class PieceRecords:
    """Records in one Redis, of whatever kind. Everything raises StoreAway when it does not answer."""

    def __init__(self, client: Redis, pieces: Pieces, room: Room | None = None) -> None:
        self._client, self.pieces, self._room = client, pieces, room
        self._keep, self._remove = script(client, "keep"), script(client, "remove")

    def opened(self, whole: str, key: str, stored: bytes) -> Opened:
        """Raises Damaged for one that is not what was stored, or whose key is not here; names it `whole`."""
        envelope = _ENVELOPE.match(stored)
        rest = stored[envelope.end() if envelope else 0 :]
        if envelope and envelope[1]:
            seal = envelope[1].decode()
            if sentence := self.pieces.keyring.lacks([seal]):
                raise Damaged(f"{whole} cannot be read. {sentence}")
            with contextlib.suppress(Damaged):
                return Opened(stored, self.pieces.keyring.open(f"{seal}-{key}", rest), seal)
        elif hashlib.sha256(rest[_SHA256_BYTES:]).digest() == rest[:_SHA256_BYTES]:
            return Opened(stored, rest[_SHA256_BYTES:], "", counted=envelope is not None)
        raise Damaged(f"{whole} is damaged: its record is not what was stored. Choose another one.")

    def closed(self, key: str, body: bytes, seal: str) -> bytes:
        """A record as it is stored; it names nothing in clear but the fingerprint of its key."""
        sealed = self.pieces.keyring.seal(f"{seal}-{key}", body) if seal else hashlib.sha256(body).digest() + body
        return b"kept:%s:%s" % (seal.encode(), sealed)

    @contextlib.asynccontextmanager
    async def roomy(self, whole: str, written: set[str]):
        """Turns what a full Redis refuses into NoRoom; whoever is refused takes away what they had `written`."""
        try:
            yield
        except (StoreAway, NoRoom) as error:
            sentence = error.sentence if isinstance(error, NoRoom) else fullness(error.__cause__)
            if not sentence:
                raise
            # So that what is no backup, such as a run that says this sentence, can still be written.
            with contextlib.suppress(StoreAway):
                await self.pieces.drop(sorted(written))
            raise NoRoom(f"{sentence} {whole} was not kept; older ones stay as they are.") from error

    async def settled(
        self, whole: str, key: str, record: bytes, sizes: Mapping[str, int], ranks: Ranks, send: Callable
    ) -> bool:
        """Claims, sends and commits until every piece is there: what a sweep took meanwhile is sent again."""
        for _ in range(_TRIES):
            missing = await self.pieces.claim(sizes)
            await self._make_sure([sizes[name] for name in missing])
            await send(missing)
            answer = await self.commit(key, record, sizes, ranks)
            if answer != MISSING:
                return answer == KEPT
        raise StoreAway(f"Pieces of {whole} vanish from Redis while they are stored. It was not kept; try again.")

    @guard()
    async def commit(
        self, key: str, record: bytes, sizes: Mapping[str, int], ranks: Ranks, was: Opened | None = None
    ) -> str:
        """KEPT; MISSING when a piece is not there; MOVED when the record is not (or no longer) the one that `was`."""
        seal = "" if was else seal_of_record(record)
        members = [part for member, score in ranks.values() for part in (member, "" if score is None else repr(score))]
        now = repr(self.pieces.clock())
        args = [record, was.stored if was else b"", now, keys.piece(""), seal, msgspec.json.encode(sizes), *members]
        answer = await self._keep(keys=[key, keys.NEEDED, keys.PIECES, keys.LOOSE, keys.SEALS, *ranks], args=args)
        return answer[0].decode()

    @guard()
    async def remove(self, key: str, beside: str, was: Opened, names: Sequence[str], ranks: Mapping[str, str]) -> str:
        """GONE; PINNED; MOVED when the record is no longer the one that `was`. `ranks` are members by sorted set."""
        fixed = [key, beside, keys.NEEDED, keys.PIECES, keys.LOOSE, keys.HURT, keys.SEALS]
        args = [was.stored, repr(self.pieces.clock()), was.seal, msgspec.json.encode(names), *ranks.values()]
        return (await self._remove(keys=[*fixed, *ranks], args=args)).decode()

    async def _make_sure(self, sizes: Sequence[int]) -> None:
        """Raises NoRoom before anything is written, where it can be known; nobody else should meet a full Redis."""
        if not sizes:
            return
        need = sum(sizes) + _PER_PIECE * len(sizes)
        memory = await memory_left(self._client)
        if memory is not None and memory < need + _MARGIN_MEMORY:
            raise NoRoom(
                f"Redis is full: {_mib(need)} more are to be kept, and {_mib(memory)} are left below its `maxmemory`. "
                "Give it more memory, then try again."
            )
        # A rewrite of its log writes everything once more beside it.
        disk = self._room() if self._room else None
        if disk is not None and disk < 2 * need + _MARGIN_DISK:
            raise NoRoom(
                f"The disk of Redis is full: {_mib(2 * need + _MARGIN_DISK)} are needed, {_mib(disk)} are free. "
                "Make room there, then try again."
            )


def seal_of_record(stored: bytes) -> str:
    """The fingerprint of the key that a stored record is sealed with; empty for a plain one."""
    envelope = _ENVELOPE.match(stored)
    return envelope[1].decode() if envelope and envelope[1] else ""


@guard()
async def sealed_with(client: Redis) -> tuple[str, ...]:
    """The fingerprints of the keys that stored records are sealed with."""
    return tuple(sorted(seal.decode() for seal in await client.hkeys(keys.SEALS)))


def _mib(size: int) -> str:
    return f"{max(size, 0) / MIB:,.0f} MiB"
