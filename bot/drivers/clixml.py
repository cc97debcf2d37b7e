"""Reads what `Export-Clixml` wrote into domain rows, fast and without trusting it (MS-PSRP 2.2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.errors import BadInput, Damaged
from bot.domain.groups import Value
from bot.drivers.clixml_values import IDENTITIES, IDENTITY_TYPE, PLAIN, identified, shaped, unescaped, whole_identity

if TYPE_CHECKING:
    from lxml.etree import _Element

NAMESPACE = "http://schemas.microsoft.com/powershell/2004/04"
MAX_BYTES = 128 * 1024 * 1024
MAX_TAGS = 4_000_000
MAX_DEPTH = 64
MAX_AGAIN = 250_000


@dataclass(frozen=True, slots=True)
class Thing:
    """One top-level object: the last word of its .NET type (empty when it has none), and its value."""

    type: str
    value: Value


def read(data: bytes, part: str) -> tuple[Thing, ...]:
    """The objects in one CliXml file, UTF-8 or UTF-16; a list at the top counts as its items.

    Bags become mappings, collections tuples, an RgsIdentity a `Ref`, an AudioFile an `Audio`, an enum its name; dates,
    time spans, GUIDs, decimals and bytes keep their text. Raises Damaged naming `part`.
    """
    root = _parsed(data, part)
    namespace, brace, tag = root.tag.rpartition("}")
    if tag != "Objs" or namespace + brace not in ("", f"{{{NAMESPACE}}}"):
        raise Damaged(f"{part} is XML, but not what Export-Clixml writes.")
    try:
        return _Reader(namespace + brace).things(root)
    except (ValueError, BadInput) as error:
        raise Damaged(f"{part} is not what Export-Clixml writes: {error}") from error


def _parsed(data: bytes, part: str) -> _Element:
    # Only who reads an export pays for lxml.
    from lxml import etree

    if len(data) > MAX_BYTES or data.count(b"<") > MAX_TAGS:
        raise Damaged(f"{part} is larger than any export can be.")
    if any("<!DOCTYPE".encode(encoding) in data for encoding in ("utf-8", "utf-16-le", "utf-16-be")):
        raise Damaged(f"{part} declares a document type or entities, which an export never does.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Damaged(f"{part} is not well-formed XML: {str(error)[:200]}.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Damaged(f"{part} declares a document type or entities, which an export never does.")
    return root


@dataclass(frozen=True, slots=True)
class _Type:
    name: str = ""
    is_enum: bool = False


_NO_TYPE = _Type()


class _Reader:
    """One file: what was named so far, and how much room is left for what is referred to again."""

    def __init__(self, prefix: str) -> None:
        self.plain = {prefix + tag: read for tag, read in PLAIN.items()}
        self.obj, self.ref, self.pairs = prefix + "Obj", prefix + "Ref", prefix + "DCT"
        self.names, self.names_again, self.text = prefix + "TN", prefix + "TNRef", prefix + "ToString"
        self.bags = frozenset((prefix + "Props", prefix + "MS"))
        self.lists = frozenset(prefix + tag for tag in ("LST", "IE", "STK", "QUE"))
        self.refs: dict[str, Value] = {}
        self.types: dict[str, _Type] = {}
        self.properties: dict[str | None, tuple[str, bool]] = {}
        self.budget = MAX_AGAIN
        self.depth = 0

    def things(self, root: _Element) -> tuple[Thing, ...]:
        found = [thing for element in root for thing in self._spread(element)]
        return tuple(thing for thing in found if thing.value is not None)

    def _spread(self, element: _Element) -> list[Thing]:
        """One thing, or what a list at the top holds: one object or many, piped or as one collection."""
        inside = (
            next((child for child in element if child.tag in self.lists), None) if element.tag == self.obj else None
        )
        if inside is None:
            return [self._thing(element)]
        self._type(element)
        return [self._thing(child) for child in inside]

    def _thing(self, element: _Element) -> Thing:
        value = self.value(element)
        return Thing(self._type(element).name, value)

    def value(self, element: _Element) -> Value:
        tag = element.tag
        read = self.plain.get(tag)
        if read is not None:
            return read(element.text or "")
        if tag == self.obj:
            return self._object(element)
        if tag == self.ref:
            return self._again(element.get("RefId", ""))
        raise ValueError(f"it has no element <{tag.rpartition('}')[2][:40]}>.")

    def _object(self, element: _Element) -> Value:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ValueError(f"objects lie within objects, more than {MAX_DEPTH} deep.")
        value = self._built(element)
        self.depth -= 1
        ref_id = element.get("RefId")
        if ref_id is not None:
            self.refs[ref_id] = value
        return value

    def _built(self, element: _Element) -> Value:
        kind, bag, text, inner = _NO_TYPE, None, None, []
        for child in element:
            tag = child.tag
            if tag == self.names_again:
                kind = self._known_type(child)
            elif tag == self.text:
                text = unescaped(child.text or "")
            elif tag in self.bags:
                known = whole_identity(text) if text and kind.name == IDENTITY_TYPE else None
                if known is not None:
                    return known
                bag = self._bag(child, {} if bag is None else bag)
            elif tag == self.names:
                kind = self._new_type(child)
            elif tag in self.lists:
                inner = [tuple([self.value(item) for item in child])]
            elif tag == self.pairs:
                inner = [self._dictionary(child)]
            else:
                inner = [self.value(child)]
        if kind.is_enum and text is not None:
            return text
        return inner[0] if inner else shaped(kind.name, bag, text)

    def _bag(self, element: _Element, bag: dict[str, Value]) -> dict[str, Value]:
        properties, plain = self.properties, self.plain
        for child in element:
            name, is_identity = properties.get(raw := child.get("N")) or self._property(raw)
            read = plain.get(child.tag)
            value = self.value(child) if read is None else read(child.text or "")
            bag[name] = identified(value) if is_identity else value
        return bag

    def _property(self, raw: str | None) -> tuple[str, bool]:
        if raw is None:
            raise ValueError("a property has no name.")
        name = unescaped(raw)
        self.properties[raw] = name, name in IDENTITIES
        return self.properties[raw]

    def _dictionary(self, element: _Element) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for entry in element:
            pair = {child.get("N"): child for child in entry}
            if "Key" not in pair or "Value" not in pair:
                raise ValueError("a dictionary's entry lacks its key or its value.")
            found[str(self.value(pair["Key"]))] = self.value(pair["Value"])
        return found

    def _type(self, element: _Element) -> _Type:
        for child in element:
            if child.tag == self.names:
                return self._new_type(child)
            if child.tag == self.names_again:
                return self._known_type(child)
        return _NO_TYPE

    def _new_type(self, element: _Element) -> _Type:
        names = [name.text or "" for name in element]
        found = _Type(names[0].rpartition(".")[2] if names else "", any(name.endswith("System.Enum") for name in names))
        self.types[element.get("RefId", "")] = found
        return found

    def _known_type(self, element: _Element) -> _Type:
        known = self.types.get(element.get("RefId", ""))
        if known is None:
            raise ValueError("an object has a type that was not described before.")
        return known

    def _again(self, ref_id: str) -> Value:
        if ref_id not in self.refs:
            raise ValueError(f"reference {ref_id[:20]} leads to nothing that was read before it.")
        self._spend(self.refs[ref_id], self.depth)
        return self.refs[ref_id]

    def _spend(self, value: Value, depth: int) -> None:
        """Counts what is referred to as if it were written out, so that references to references cannot explode."""
        if isinstance(value, tuple | Mapping):
            self.budget -= 1 + len(value)
            if self.budget < 0 or depth > MAX_DEPTH:
                raise ValueError("references to references unfold without end.")
            for item in value if isinstance(value, tuple) else value.values():
                self._spend(item, depth + 1)
