"""Reads what `Export-Clixml` wrote into domain rows, fast and without trusting it (MS-PSRP 2.2.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from bot.domain.errors import BadInput, Damaged
from bot.domain.groups.groups import Value
from bot.exports.clixml_elements import Reading, Typed

MAX_BYTES = 128 * 1024 * 1024
MAX_TAGS = 4_000_000
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Thing:
    """One top-level object: the last word of its .NET type (empty when it has none), and its value."""

    type: str
    value: Value


def read(data: bytes, part: str) -> tuple[Thing, ...]:
    """All the `things` in one file. Raises Damaged naming `part`."""
    return tuple(things((data,), part))


def things(chunks: Iterable[bytes], part: str) -> Iterator[Thing]:
    """The objects in one CliXml file, UTF-8 or UTF-16, while its bytes come; a list at the top counts as its items.

    Bags become mappings, collections tuples, an RgsIdentity a `Ref`, an AudioFile an `Audio`, an enum its name; dates,
    time spans, GUIDs, decimals and bytes keep their text. Raises Damaged naming `part`.
    """
    try:
        for found in _found(chunks):
            if isinstance(found, Typed):
                yield Thing(found.type, found.value)
            elif found is not None:
                yield Thing("", found)
    except expat.ExpatError as error:
        raise Damaged(f"{part} is not well-formed XML: {error}.") from error
    except (ValueError, BadInput) as error:
        raise Damaged(f"{part} is not what Export-Clixml writes: {error}") from error


def _found(chunks: Iterable[bytes]) -> Iterator[Typed | Value]:
    reading, parser = Reading(), None
    size = tags = 0
    for chunk in chunks:
        size, tags = size + len(chunk), tags + chunk.count(b"<")
        if size > MAX_BYTES or tags > MAX_TAGS:
            raise ValueError("it is larger than any export can be.")
        parser = parser or _parser(reading, chunk)
        parser.Parse(chunk, False)
        yield from reading.top
        reading.top.clear()
    (parser or _parser(reading, b"")).Parse(b"", True)


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
