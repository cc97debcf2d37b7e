"""What each element of CliXml does to the value that is being read, one event at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from sys import getsizeof
from typing import Any, NamedTuple

from bot.domain.groups.groups import Value
from bot.exports.clixml_values import IDENTITY_TYPE, PLAIN, identified, shaped, unescaped, whole_identity

NAMESPACE = "http://schemas.microsoft.com/powershell/2004/04"
MAX_DEPTH = 64
MAX_AGAIN = 250_000
"""How many values may be taken again by reference in one file, counted as if they were written out."""

_EACH, _OBJECT, _NAME = 100, 300, 400
"""Bytes that a value takes beside its text, an object beside what is in it, and a name or type when it is first met."""

_CLOSED, _SKIPPED = "<closed>", "<skipped>"


class Typed(NamedTuple):
    """A finished object at the top."""

    type: str
    value: Value


class _Type(NamedTuple):
    name: str = ""
    is_enum: bool = False
    is_identity: bool = False


class _Object:
    """An `<Obj>` that is open: `outer` takes its value, `inner` is what lies in it without a name."""

    name: str | None = None
    ref_id: str | None = None
    outer: Any = None
    type = _Type()
    bag: dict[str, Value] | None = None
    text: str | None = None
    inner: tuple[Value, ...] = ()
    is_spread = False


class _Pairs(dict[str, Value]):
    """A `<DCT>` that is open."""


class Reading:
    """How far a file was read; `top` has what is finished.

    `into` is the object, bag or list that takes the next value, `open` the objects around it. `leaf` is the name of the
    plain value that is open, or says that none is, or that the rest of an object is skipped. Every method raises
    ValueError, a sentence about "it", for what PowerShell never writes.
    """

    def __init__(self, identities: Set[str]) -> None:
        self.identities = identities
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
        self.memory = 0

    def settled(self) -> int:
        """Bytes that what was read since the last time may take at most."""
        memory, self.memory = self.memory, 0
        return memory

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.leaf is _SKIPPED:
            self.skipped += 1
        elif self.leaf is not _CLOSED:
            raise ValueError("an element lies within a plain value.")
        elif tag in PLAIN:
            self.leaf = attributes.get("N")
            self.text.clear()
        else:
            begin = _STARTS.get(tag)
            if begin is None:
                raise ValueError(f"it has no element <{tag[:40]}>.")
            begin(self, attributes)

    def end(self, tag: str) -> None:
        if self.leaf is _SKIPPED:
            self.skipped -= 1
            if self.skipped >= 0:
                return
            self.leaf = _CLOSED
        read = PLAIN.get(tag)
        if read is None:
            _ENDS[tag](self)
            return
        text, name, self.leaf = self.text, self.leaf, _CLOSED
        said = text[0] if len(text) == 1 else "".join(text)
        self.memory += _EACH + getsizeof(said)
        value = read(said)
        into = self.into
        if type(into) is dict:
            key, is_identity = self.names.get(name) or self._named(name)
            into[key] = identified(value) if is_identity else value
        elif tag == "ToString" and type(into) is _Object:
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
        self.memory += _NAME + getsizeof(name)
        plain = unescaped(name)
        self.names[name] = plain, plain in self.identities
        return self.names[name]

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
                raise ValueError("references to references go on without end.")
            for item in value if isinstance(value, tuple) else value.values():
                self._spend(item, depth + 1)


def _root(reading: Reading, attributes: Mapping[str, str]) -> None:
    if reading.into is not None or attributes.get("xmlns", NAMESPACE) != NAMESPACE:
        raise ValueError("it does not begin with <Objs>.")
    reading.into = reading.top


def _obj(reading: Reading, attributes: Mapping[str, str]) -> None:
    if len(reading.open) >= MAX_DEPTH:
        raise ValueError(f"objects lie within objects, more than {MAX_DEPTH} deep.")
    if reading.into is None:
        raise ValueError("it does not begin with <Objs>.")
    reading.memory += _OBJECT
    found = _Object()
    found.name, found.ref_id, found.outer = attributes.get("N"), attributes.get("RefId"), reading.into
    reading.open.append(found)
    reading.into = found


def _obj_end(reading: Reading) -> None:
    found = reading.open.pop()
    reading.into = outer = found.outer
    if found.is_spread:
        return
    value = found.inner[0] if found.inner else shaped(found.type.name, found.bag, found.text)
    if found.ref_id is not None:
        reading.refs[found.ref_id] = value
    reading.put(found.name, Typed(found.type.name, value) if outer is reading.top else value)


def _props(reading: Reading, _: Mapping[str, str]) -> None:
    here = reading.here()
    if here.bag is None:
        here.bag = {}
    reading.enter(here.bag)


def _list(reading: Reading, _: Mapping[str, str]) -> None:
    """A list that is itself at the top is spread: one object or many, piped or as one collection."""
    here = reading.here()
    here.is_spread = here.outer is reading.top
    reading.enter(reading.top if here.is_spread else [])


def _list_end(reading: Reading) -> None:
    found = reading.leave()
    if found is not reading.top:
        reading.put(None, tuple(found))


def _dictionary(reading: Reading, _: Mapping[str, str]) -> None:
    reading.here()
    reading.enter(_Pairs())


def _entry(reading: Reading, _: Mapping[str, str]) -> None:
    if type(reading.into) is not _Pairs:
        raise ValueError("a dictionary's entry is out of place in it.")
    reading.memory += _OBJECT
    reading.enter({})


def _entry_end(reading: Reading) -> None:
    pair = reading.leave()
    if "Key" not in pair or "Value" not in pair:
        raise ValueError("a dictionary's entry lacks its key or its value.")
    reading.into[str(pair["Key"])] = pair["Value"]


def _type_names(reading: Reading, attributes: Mapping[str, str]) -> None:
    reading.here()
    reading.type_ref = attributes.get("RefId")
    reading.enter([])


def _type_names_end(reading: Reading) -> None:
    reading.memory += _NAME
    names = [str(name) for name in reading.leave()]
    short = names[0].rpartition(".")[2] if names else ""
    found = _Type(short, any(name.endswith("System.Enum") for name in names), short == IDENTITY_TYPE)
    reading.types[reading.type_ref] = reading.here().type = found


def _type_again(reading: Reading, attributes: Mapping[str, str]) -> None:
    known = reading.types.get(attributes.get("RefId"))
    if known is None:
        raise ValueError("an object has a type that was not described before.")
    reading.here().type = known


def _again(reading: Reading, attributes: Mapping[str, str]) -> None:
    reading.put(attributes.get("N"), reading.again(attributes.get("RefId", "")))


def _nothing(_: Reading) -> None:
    """The end of what was done at its start."""


_Start = Callable[[Reading, Mapping[str, str]], None]
_End = Callable[[Reading], object]
_ROWS: tuple[tuple[tuple[str, ...], _Start, _End], ...] = (
    (("Objs",), _root, _nothing),
    (("Obj",), _obj, _obj_end),
    (("TN",), _type_names, _type_names_end),
    (("TNRef",), _type_again, _nothing),
    (("Ref",), _again, _nothing),
    (("Props", "MS"), _props, Reading.leave),
    (("LST", "IE", "STK", "QUE"), _list, _list_end),
    (("DCT",), _dictionary, lambda reading: reading.put(None, dict(reading.leave()))),
    (("En",), _entry, _entry_end),
)
_STARTS: Mapping[str, _Start] = {tag: start for tags, start, _ in _ROWS for tag in tags}
_ENDS: Mapping[str, _End] = {tag: end for tags, _, end in _ROWS for tag in tags}
