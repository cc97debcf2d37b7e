"""Objects as a server packs them, in batches, into rows while the batches come (facts: powershell §1, §2)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from bot.domain.errors import CmdletFailed, Damaged
from bot.domain.groups.groups import Row
from bot.exports.clixml import Allowance, Thing, things
from bot.exports.whole import SETTINGS, flattened

_CHUNK = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_NAMED = 3
_RGS = "Get-CsRgs"
_KINDS: Mapping[str, str] = {"Configuration": SETTINGS}


class Rows:
    """Takes the outputs of one reading cmdlet. Raises CmdletFailed for what is no batch, or not whole."""

    def __init__(self, name: str) -> None:
        self._name, self._left = name, Allowance()
        noun = name.removeprefix(_RGS) if name.startswith(_RGS) else ""
        self._kind = _KINDS.get(noun, noun)
        self._rows: list[Row] = []

    def take(self, batch: Any) -> None:
        if not isinstance(batch, bytes):
            raise self._unreadable("what came is not what was asked for")
        try:
            for thing in things(_unpacked(batch), "what the server sent", self._left):
                self._rows.append(self._row(thing))
        except Damaged as damaged:
            raise self._unreadable(damaged.sentence.rstrip(".")) from None
        except zlib.error:
            raise self._unreadable("what came cannot be unpacked") from None

    def taken(self) -> tuple[Row, ...]:
        return tuple(self._rows)

    def _row(self, thing: Thing) -> Row:
        if not isinstance(thing.value, Mapping):
            raise self._unreadable("an object came without its properties")
        if lost := ", ".join(islice(flattened(self._kind, thing.value), _NAMED)):
            raise CmdletFailed(
                f"The answer to {self._name} has only words where objects belong ({lost}), so "
                f"that it cannot be compared with anything. Nothing was changed.",
                error_id="Flattened",
                detail=f"{self._name}: “{thing.value.get('Name')}” has only words in {lost}.",
            )
        return thing.value

    def _unreadable(self, reason: str) -> CmdletFailed:
        return CmdletFailed(
            f"The answer to {self._name} cannot be read: {reason}. Nothing was changed.", error_id="Unreadable"
        )


def _unpacked(batch: bytes) -> Iterator[bytes]:
    """Chunk by chunk, so that what was packed to burst is stopped where the reader has had enough."""
    packed = zlib.decompressobj(_GZIP)
    rest = batch
    while rest and not packed.eof:
        yield packed.decompress(rest, _CHUNK)
        rest = packed.unconsumed_tail
    yield packed.flush()
    if not packed.eof:
        raise zlib.error
