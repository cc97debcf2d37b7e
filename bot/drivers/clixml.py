"""Reads what `Export-Clixml` wrote into domain rows, fast and without trusting it (MS-PSRP 2.2.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from bot.domain.errors import BadInput, Damaged
from bot.domain.groups import Value
from bot.drivers.clixml_values import IDENTITIES, IDENTITY_TYPE, PLAIN, identified, shaped, unescaped, whole_identity

NAMESPACE = "http://schemas.microsoft.com/powershell/2004/04"
MAX_BYTES = 128 * 1024 * 1024
MAX_TAGS = 4_000_000
MAX_DEPTH = 64
MAX_AGAIN = 250_000
"""How many values may be taken again by reference in one file, counted as if they were written out."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CLOSED, _SKIPPED = "<closed>", "<skipped>"


@dataclass(frozen=True, slots=True)
class Thing:
    """One top-level object: the last word of its .NET type (empty when it has none), and its value."""

    type: str
    value: Value


def read(data: bytes, part: str) -> tuple[Thing, ...]:
    """All of `things` in one file. Raises Damaged naming `part`."""
    return tuple(things((data,), part))


def things(chunks: Iterable[bytes], part: str) -> Iterator[Thing]:
    """The objects in one CliXml file, UTF-8 or UTF-16, as its bytes come; a list at the top counts as its items.

    Bags become mappings, collections tuples, an RgsIdentity a `Ref`, an AudioFile an `Audio`, an enum its name; dates,
    time spans, GUIDs, decimals and bytes keep their text. Raises Damaged naming `part`.
    """
    reader = _Reader()
    try:
        for found in reader.fed(chunks):
            if isinstance(found, Thing):
                yield found
            elif found is not None:
                yield Thing("", found)
    except expat.ExpatError as error:
        raise Damaged(f"{part} is not well-formed XML: {error}.") from error
    except (ValueError, BadInput) as error:
        raise Damaged(f"{part} is not what Export-Clixml writes: {error}") from error


@dataclass(frozen=True, slots=True)
class _Type:
    name: str = ""
    is_enum: bool = False
    is_identity: bool = False


class _Object:
    """An `<Obj>` that is being read: `outer` takes its value, `inner` is what lies in it without a name."""

    type = _Type()
    bag: dict[str, Value] | None = None
    text: str | None = None
    inner: tuple[Value, ...] = ()
    is_spread = False

    def __init__(self, attributes: Mapping[str, str], outer: Any) -> None:
        self.name = attributes.get("N")
        self.ref_id = attributes.get("RefId")
        self.outer = outer


class _Pairs(dict[str, Value]):
    """A `<DCT>` that is being read."""


class _Reader:
    """One pass over one file. `into` is the object, bag or list that takes the next value, `open` the objects around it.

    `leaf` is the name of the plain value that is open, or says that none is, or that the rest of an object is skipped.
    """

    def __init__(self) -> None:
        self.top: list[Any] = []
        self.into: Any = None
        self.open: list[_Object] = []
        self.left: list[Any] = []
        self.leaf: str | None = _CLOSED
        self.skipped = 0
        self.text: list[str] = []
        self.refs: dict[str, Value] = {}
        self.types: dict[str | None, _Type] = {}
        self.type_ref: str | None = None
        self.names: dict[str | None, tuple[str, bool]] = {}
        self.budget = MAX_AGAIN

    def fed(self, chunks: Iterable[bytes]) -> Iterator[Thing | Value]:
        parser: expat.XMLParserType | None = None
        size = tags = 0
        for chunk in chunks:
            size, tags = size + len(chunk), tags + chunk.count(b"<")
            if size > MAX_BYTES or tags > MAX_TAGS:
                raise ValueError("it is larger than any export can be.")
            parser = parser or self._parser(chunk)
            parser.Parse(chunk, False)
            yield from self.top
            self.top.clear()
        (parser or self._parser(b"")).Parse(b"", True)

    def _parser(self, head: bytes) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-16" if head.startswith(_UTF16) else None)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text.append
        return parser

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.leaf is not _CLOSED:
            self._within()
            return
        begin = _STARTS.get(tag)
        if begin is not None:
            begin(self, attributes)
        elif tag in PLAIN and self.into is not None:
            self.leaf = attributes.get("N")
            self.text.clear()
        else:
            raise ValueError(f"<{tag[:40]}> is out of place in it.")

    def end(self, tag: str) -> None:
        if self.leaf is _SKIPPED:
            self.skipped -= 1
            if self.skipped >= 0:
                return
            self.leaf = _CLOSED
        read = PLAIN.get(tag)
        if read is None:
            end = _ENDS.get(tag)
            if end is not None:
                end(self)
            return
        text, name, self.leaf = self.text, self.leaf, _CLOSED
        value = read(text[0] if len(text) == 1 else "".join(text))
        if tag == "ToString" and type(self.into) is _Object:
            self._told(str(value))
        else:
            self.put(name, value)

    def put(self, name: str | None, value: Value) -> None:
        into = self.into
        if type(into) is dict:
            key, is_identity = self.names.get(name) or self._named(name)
            into[key] = identified(value) if is_identity else value
        elif type(into) is list:
            into.append(value)
        elif type(into) is _Object:
            into.inner = (value,)
        else:
            raise ValueError("a value is out of place in it.")

    def _named(self, name: str | None) -> tuple[str, bool]:
        if name is None:
            raise ValueError("a property has no name.")
        plain = unescaped(name)
        self.names[name] = plain, plain in IDENTITIES
        return self.names[name]

    def _within(self) -> None:
        if self.leaf is not _SKIPPED:
            raise ValueError("an element lies within a plain value.")
        self.skipped += 1

    def _told(self, text: str) -> None:
        """An enum and an identity are told by their text: what else they hold is not read."""
        here = self.into
        here.text = text
        known = text if here.type.is_enum else whole_identity(text) if here.type.is_identity else None
        if known is not None:
            here.inner = (known,)
            self.leaf, self.skipped = _SKIPPED, 0

    def here(self) -> _Object:
        if type(self.into) is not _Object:
            raise ValueError("a part of an object is out of place in it.")
        return self.into

    def enter(self, into: Any) -> None:
        self.left.append(self.into)
        self.into = into

    def leave(self) -> Any:
        into, self.into = self.into, self.left.pop()
        return into

    def again(self, ref_id: str) -> Value:
        if ref_id not in self.refs:
            raise ValueError(f"reference {ref_id[:20]} leads to nothing that was read before it.")
        self._spend(self.refs[ref_id], len(self.open))
        return self.refs[ref_id]

    def _spend(self, value: Value, depth: int) -> None:
        """Counts what is referred to as if it were written out, so that references to references cannot explode."""
        if isinstance(value, tuple | Mapping):
            self.budget -= 1 + len(value)
            if self.budget < 0 or depth > MAX_DEPTH:
                raise ValueError("references to references unfold without end.")
            for item in value if isinstance(value, tuple) else value.values():
                self._spend(item, depth + 1)


def _root(reader: _Reader, attributes: Mapping[str, str]) -> None:
    if reader.into is not None or attributes.get("xmlns", NAMESPACE) != NAMESPACE:
        raise ValueError("<Objs> is out of place in it.")
    reader.into = reader.top


def _obj(reader: _Reader, attributes: Mapping[str, str]) -> None:
    if len(reader.open) >= MAX_DEPTH or reader.into is None:
        raise ValueError(f"objects lie within objects, more than {MAX_DEPTH} deep.")
    reader.into = found = _Object(attributes, reader.into)
    reader.open.append(found)


def _obj_end(reader: _Reader) -> None:
    found = reader.open.pop()
    reader.into = outer = found.outer
    if found.is_spread:
        return
    value = found.inner[0] if found.inner else shaped(found.type.name, found.bag, found.text)
    if found.ref_id is not None:
        reader.refs[found.ref_id] = value
    reader.put(found.name, Thing(found.type.name, value) if outer is reader.top else value)


def _props(reader: _Reader, _: Mapping[str, str]) -> None:
    here = reader.here()
    if here.bag is None:
        here.bag = {}
    reader.enter(here.bag)


def _list(reader: _Reader, _: Mapping[str, str]) -> None:
    """A list that is itself at the top is spread: one object or many, piped or as one collection."""
    here = reader.here()
    here.is_spread = here.outer is reader.top
    reader.enter(reader.top if here.is_spread else [])


def _list_end(reader: _Reader) -> None:
    found = reader.leave()
    if found is not reader.top:
        reader.put(None, tuple(found))


def _dictionary(reader: _Reader, _: Mapping[str, str]) -> None:
    reader.here()
    reader.enter(_Pairs())


def _entry(reader: _Reader, _: Mapping[str, str]) -> None:
    if type(reader.into) is not _Pairs:
        raise ValueError("a dictionary's entry is out of place in it.")
    reader.enter({})


def _entry_end(reader: _Reader) -> None:
    pair = reader.leave()
    if "Key" not in pair or "Value" not in pair:
        raise ValueError("a dictionary's entry lacks its key or its value.")
    reader.into[str(pair["Key"])] = pair["Value"]


def _type_names(reader: _Reader, attributes: Mapping[str, str]) -> None:
    reader.here()
    reader.type_ref = attributes.get("RefId")
    reader.enter([])


def _type_names_end(reader: _Reader) -> None:
    names = [str(name) for name in reader.leave()]
    short = names[0].rpartition(".")[2] if names else ""
    found = _Type(short, any(name.endswith("System.Enum") for name in names), short == IDENTITY_TYPE)
    reader.types[reader.type_ref] = reader.here().type = found


def _type_again(reader: _Reader, attributes: Mapping[str, str]) -> None:
    known = reader.types.get(attributes.get("RefId"))
    if known is None:
        raise ValueError("an object has a type that was not described before.")
    reader.here().type = known


def _refuse(*_: object) -> None:
    raise ValueError("it declares a document type or entities, which an export never does.")


_STARTS: Mapping[str, Callable[[_Reader, Mapping[str, str]], None]] = {
    "Objs": _root,
    "Obj": _obj,
    "Ref": lambda reader, attributes: reader.put(attributes.get("N"), reader.again(attributes.get("RefId", ""))),
    "TN": _type_names,
    "TNRef": _type_again,
    "DCT": _dictionary,
    "En": _entry,
    **dict.fromkeys(("Props", "MS"), _props),
    **dict.fromkeys(("LST", "IE", "STK", "QUE"), _list),
}
_ENDS: Mapping[str, Callable[[_Reader], object]] = {
    "Obj": _obj_end,
    "TN": _type_names_end,
    "DCT": lambda reader: reader.put(None, dict(reader.leave())),
    "En": _entry_end,
    **dict.fromkeys(("Props", "MS"), _Reader.leave),
    **dict.fromkeys(("LST", "IE", "STK", "QUE"), _list_end),
}
