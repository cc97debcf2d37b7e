"""Objects as a server packs them, in batches, into rows while the batches come (facts: powershell §1, §2)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from bot.domain.deployment.topology import TEXT, TEXTS
from bot.domain.errors import CmdletFailed, Damaged
from bot.domain.groups.groups import Row
from bot.exports.clixml import Allowance, Thing, things
from bot.exports.clixml_values import IDENTITIES
from bot.exports.whole import SETTINGS, flattened

_CHUNK = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_NAMED = 3
_RGS = "Get-CsRgs"
_KINDS: Mapping[str, str] = {"Configuration": SETTINGS}


Opened = tuple[list[Row], Allowance]
"""What was in a batch, and what those after it may still hold."""

Open = Callable[[str, bytes, Allowance], Opened]


def opened(name: str, batch: bytes, left: Allowance) -> Opened:
    """Raises CmdletFailed for what is no batch of what the cmdlet `name` reads, not whole, or more than is `left`."""
    noun = name.removeprefix(_RGS) if name.startswith(_RGS) else ""
    kind = _KINDS.get(noun, noun)
    identities = IDENTITIES if name.startswith(_RGS) else frozenset[str]()
    try:
        found = things(_unpacked(batch), "what the server sent", left, identities)
        return [_row(name, kind, thing) for thing in found], left
    except Damaged as damaged:
        raise _unreadable(name, damaged.sentence.rstrip(".")) from None
    except zlib.error:
        raise _unreadable(name, "what came cannot be unpacked") from None


class Rows:
    """Takes the outputs of the reading cmdlet `name`, one after the other. Raises what `opened` raises.

    The first batch is opened where it is taken: most pools have no second one. Whoever reads `more` does so elsewhere.
    """

    def __init__(self, name: str, more: Open = opened) -> None:
        self._name, self._left, self._open, self._more = name, Allowance(), opened, more
        self._rows: list[Row] = []

    def take(self, batch: Any) -> None:
        if not isinstance(batch, bytes):
            raise _unreadable(self._name, "what came is not what was asked for")
        rows, self._left = self._open(self._name, batch, self._left)
        self._rows += rows
        self._open = self._more

    def taken(self) -> tuple[Row, ...]:
        return tuple(self._rows)


def _row(name: str, kind: str, thing: Thing) -> Row:
    if name in TEXTS and isinstance(thing.value, str):
        return {TEXT: thing.value}
    if not isinstance(thing.value, Mapping):
        raise _unreadable(name, "an object came without its properties")
    if lost := ", ".join(islice(flattened(kind, thing.value), _NAMED)):
        raise CmdletFailed(
            f"The answer to {name} has only words where objects belong ({lost}), so "
            f"that it cannot be compared with anything. Nothing was changed.",
            error_id="Flattened",
            detail=f"{name}: “{thing.value.get('Name')}” has only words in {lost}.",
        )
    return thing.value


def _unreadable(name: str, reason: str) -> CmdletFailed:
    return CmdletFailed(f"The answer to {name} cannot be read: {reason}. Nothing was changed.", error_id="Unreadable")


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
