"""Reads what `Export-Clixml` wrote into domain rows, fast and without trusting it (MS-PSRP 2.2.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from xml.parsers import expat

from bot.domain.errors import BadInput, Damaged
from bot.domain.groups.groups import Value
from bot.exports.clixml_elements import MAX_AGAIN, Reading, Typed
from bot.exports.clixml_values import IDENTITIES

MAX_WORD = 1024 * 1024
"""Bytes of one tag, comment or the like: the parser goes over it again with every chunk that does not end it."""

MAX_TEXT = 4 * 1024 * 1024
"""Letters of one value."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Thing:
    """One top-level object: the last word of its .NET type (empty when it has none), and its value."""

    type: str
    value: Value


@dataclass(slots=True)
class Allowance:
    """What all parts of one export may still hold: bytes, tags, objects, the memory that their values take, and values
    that are taken again by reference.

    Twice what a pool with 10,000 objects needs; at the limit, reading stays under 300 MB.
    """

    bytes: int = 192 * 1024 * 1024
    tags: int = 2_500_000
    objects: int = 50_000
    memory: int = 192 * 1024 * 1024
    again: int = MAX_AGAIN

    def spend(self, chunk: bytes) -> None:
        """Before a chunk is parsed. Raises ValueError."""
        self.bytes -= len(chunk)
        self.tags -= chunk.count(b"<")
        self.check()

    def check(self) -> None:
        if min(self.bytes, self.tags, self.objects, self.memory) < 0:
            raise ValueError("with it, the archive holds more than any pool can.")


def things(
    chunks: Iterable[bytes], part: str, left: Allowance | None = None, identities: Set[str] = IDENTITIES
) -> Iterator[Thing]:
    """The objects in one CliXml file, UTF-8 or UTF-16, while its bytes come; a list at the top counts as its items.

    `identities` are the properties that hold an RgsIdentity, also where only its text was left.

    Bags become mappings, collections tuples, an RgsIdentity a `Ref`, an AudioFile an `Audio`, an enum its name; dates,
    time spans, GUIDs, decimals and bytes keep their text. Raises Damaged naming `part`, also when no more is `left`.
    """
    try:
        for found in _found(chunks, left or Allowance(), identities):
            if isinstance(found, Typed):
                yield Thing(found.type, found.value)
            elif found is not None:
                yield Thing("", found)
    except expat.ExpatError as error:
        raise Damaged(f"{part} is not well-formed XML: {error}.") from error
    except LookupError as error:
        raise Damaged(f"{part} is in an encoding that nobody knows.") from error
    except ValueError as error:
        raise Damaged(f"{part} is not what Export-Clixml writes: {error}") from error


def _found(chunks: Iterable[bytes], left: Allowance, identities: Set[str]) -> Iterator[Typed | Value]:
    reading, parser, size = Reading(identities), None, 0
    reading.budget = left.again
    for chunk in chunks:
        left.spend(chunk)
        size += len(chunk)
        parser = parser or _parser(reading, chunk)
        _parse(parser, chunk)
        if size - parser.CurrentByteIndex > MAX_WORD or sum(map(len, reading.text)) > MAX_TEXT:
            raise ValueError("a value in it is longer than any can be.")
        left.objects -= len(reading.top)
        left.memory -= reading.settled()
        left.check()
        yield from reading.top
        reading.top.clear()
    (parser or _parser(reading, b"")).Parse(b"", True)
    left.again = reading.budget


def _parse(parser: expat.XMLParserType, chunk: bytes) -> None:
    try:
        parser.Parse(chunk, False)
    except BadInput as error:
        raise ValueError(error.sentence) from error


def _parser(reading: Reading, head: bytes) -> expat.XMLParserType:
    """A parser that expands no entities, for there can be none without a document type, which is refused."""
    parser = expat.ParserCreate("utf-16" if head.startswith(_UTF16) else None)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text.append
    return parser


def _refuse(*_: object) -> None:
    raise ValueError("it declares a document type or entities, which an export never does.")
