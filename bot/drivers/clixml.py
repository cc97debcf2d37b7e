"""Reads what `Export-Clixml` wrote into domain rows, fast and without trusting it (MS-PSRP 2.2.5)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, XMLParser

from bot.domain.errors import BadInput, Damaged
from bot.domain.groups import Audio, Ref, Value

NAMESPACE = "http://schemas.microsoft.com/powershell/2004/04"
MAX_BYTES = 128 * 1024 * 1024
MAX_TAGS = 4_000_000
MAX_DEPTH = 64

IDENTITIES = frozenset({"Identity", "OwnerPool", "QueueID", "BusinessHoursID", "AgentGroupIDList", "HolidaySetIDList"})
"""Properties that hold an RgsIdentity, also where a shallow export left only its text."""

_ESCAPE = re.compile(r"_x([0-9a-fA-F]{4})_")
_IDENTITY = re.compile(r"(?:service:)?ApplicationServer:[^/\s]+(?:/[0-9A-F-]{36})?", re.IGNORECASE)
_FQDN = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_NO_GUID = "00000000-0000-0000-0000-000000000000"
_LISTS = ("LST", "IE", "STK", "QUE")


@dataclass(frozen=True, slots=True)
class Thing:
    """One top-level object: the last word of its .NET type (empty when it has none), and its value."""

    type: str
    value: Value


@dataclass(frozen=True, slots=True)
class _Type:
    name: str
    is_enum: bool = False


def read(data: bytes, part: str) -> tuple[Thing, ...]:
    """The objects in one CliXml file; a list at the top counts as its items. Raises Damaged naming `part`.

    Bags become mappings, collections tuples, an RgsIdentity a `Ref`, an AudioFile an `Audio`, an enum its name; dates,
    time spans, GUIDs, decimals and bytes keep their text.
    """
    text = decode(data, part)
    if text.count("<") > MAX_TAGS:
        raise Damaged(f"{part} has more than {MAX_TAGS:,} tags: too many to be read safely.")
    if "<!DOCTYPE" in text:
        raise Damaged(f"{part} declares XML entities or a document type; an export never does.")
    parser = XMLParser()
    try:
        parser.feed(text)
        root = parser.close()
    except (ParseError, ValueError) as error:
        raise Damaged(f"{part} is not well-formed XML: {error}.") from error
    prefix, brace, tag = root.tag.rpartition("}")
    if tag != "Objs" or prefix + brace not in ("", f"{{{NAMESPACE}}}"):
        raise Damaged(f"{part} is XML, but not what Export-Clixml writes.")
    try:
        return _Reader(prefix + brace).things(root)
    except (ValueError, BadInput) as error:
        raise Damaged(f"{part} holds a value that cannot be read: {error}") from error


def decode(data: bytes, part: str) -> str:
    """The text of UTF-8 (with or without byte order mark) or UTF-16 (with one). Raises Damaged naming `part`."""
    if len(data) > MAX_BYTES:
        raise Damaged(f"{part} is larger than {MAX_BYTES // 1024**2} MiB.")
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Damaged(f"{part} is neither UTF-8 nor UTF-16 text.") from error


def unescaped(text: str | None) -> str:
    """`_xHHHH_` back into characters; halves of a surrogate pair join, and a lone half becomes U+FFFD."""
    if text is None:
        return ""
    if "_x" not in text:
        return text
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _kept(text: str | None) -> str:
    return text or ""


def _whole(text: str | None) -> int:
    return int(text or "")


def _real(text: str | None) -> float:
    return float(text or "")


_PLAIN: Mapping[str, Callable[[str | None], Value]] = {
    **dict.fromkeys(("S", "URI", "XD", "SBK"), unescaped),
    **dict.fromkeys(("DT", "TS", "G", "D", "BA", "Version", "SS"), _kept),
    **dict.fromkeys(("I16", "I32", "I64", "U16", "U32", "U64", "By", "SB"), _whole),
    **dict.fromkeys(("Db", "Sg"), _real),
    "B": lambda text: (text or "").lower() == "true",
    "C": lambda text: unescaped(f"_x{_whole(text):04X}_"),
    "Nil": lambda _: None,
}


class _Reader:
    """One file: what was named so far by RefId, and how much room is left for what is referred to again."""

    __slots__ = ("budget", "depth", "lists", "names", "objects", "plain", "prefix", "refs", "types")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.plain = {prefix + tag: read for tag, read in _PLAIN.items()}
        self.lists = frozenset(prefix + tag for tag in _LISTS)
        self.refs: dict[str, Value] = {}
        self.types: dict[str, _Type] = {}
        self.names: dict[str, tuple[str, bool]] = {}
        self.budget = MAX_TAGS
        self.depth = 0

    def things(self, root: Element) -> tuple[Thing, ...]:
        found: list[Thing] = []
        for element in root:
            items = self._items(element)
            found += (Thing(self._type_of(item).name, self.value(item)) for item in items)
        return tuple(thing for thing in found if thing.value is not None)

    def _items(self, element: Element) -> list[Element]:
        """The element itself, or what it lists: one object or many, piped or as one collection."""
        if element.tag == self.prefix + "Obj":
            for child in element:
                if child.tag in self.lists:
                    self._type_of(element)
                    return list(child)
        return [element]

    def _type_of(self, element: Element) -> _Type:
        for child in element:
            if child.tag == self.prefix + "TN":
                names = [name.text or "" for name in child]
                found = _Type(
                    names[0].rpartition(".")[2] if names else "", any(n.endswith("System.Enum") for n in names)
                )
                self.types[child.get("RefId", "")] = found
                return found
            if child.tag == self.prefix + "TNRef":
                known = self.types.get(child.get("RefId", ""))
                if known is None:
                    raise ValueError("it names a type that was not described before.")
                return known
        return _NO_TYPE

    def value(self, element: Element) -> Value:
        plain = self.plain.get(element.tag)
        if plain is not None:
            return plain(element.text)
        if element.tag == self.prefix + "Obj":
            return self._object(element)
        if element.tag == self.prefix + "Ref":
            return self._again(element.get("RefId", ""))
        raise ValueError(f"an element <{element.tag[-40:]}> that CliXml does not have.")

    def _again(self, ref_id: str) -> Value:
        if ref_id not in self.refs:
            raise ValueError(f"reference {ref_id[:20]} leads to nothing that was read before it.")
        value = self.refs[ref_id]
        self._spend(value, self.depth)
        return value

    def _spend(self, value: Value, depth: int) -> None:
        """Counts what is referred to as if it were written out, so that references to references cannot explode."""
        if isinstance(value, tuple | Mapping):
            self.budget -= 1 + len(value)
            if self.budget < 0 or depth > MAX_DEPTH:
                raise ValueError("references to references that unfold without end.")
            for item in value if isinstance(value, tuple) else value.values():
                self._spend(item, depth + 1)

    def _object(self, element: Element) -> Value:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ValueError(f"objects within objects, more than {MAX_DEPTH} deep.")
        value = self._built(element)
        self.depth -= 1
        ref_id = element.get("RefId")
        if ref_id is not None:
            self.refs[ref_id] = value
        return value

    def _built(self, element: Element) -> Value:
        prefix, kind = self.prefix, self._type_of(element)
        bag: dict[str, Value] | None = None
        text: str | None = None
        inner: Value = None
        has_inner = False
        for child in element:
            tag = child.tag
            if tag == prefix + "Props" or tag == prefix + "MS":
                bag = self._bag(child, {} if bag is None else bag)
            elif tag == prefix + "ToString":
                text = unescaped(child.text)
            elif tag in self.lists:
                inner, has_inner = tuple([self.value(item) for item in child]), True
            elif tag == prefix + "DCT":
                inner, has_inner = self._pairs(child), True
            elif tag != prefix + "TN" and tag != prefix + "TNRef":
                inner, has_inner = self.value(child), True
        if kind.is_enum and text is not None:
            return text
        if has_inner:
            return inner
        return _shaped(kind.name, bag, text)

    def _bag(self, element: Element, bag: dict[str, Value]) -> dict[str, Value]:
        names = self.names
        for child in element:
            raw = child.get("N")
            known = names.get(raw)
            if known is None:
                if raw is None:
                    raise ValueError("a property without a name.")
                name = unescaped(raw)
                known = names[raw] = name, name in IDENTITIES
            name, is_identity = known
            value = self.value(child)
            bag[name] = _identified(value) if is_identity else value
        return bag

    def _pairs(self, element: Element) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for entry in element:
            pair = {child.get("N"): child for child in entry}
            if "Key" not in pair or "Value" not in pair:
                raise ValueError("a dictionary entry without its key or its value.")
            found[str(self.value(pair["Key"]))] = self.value(pair["Value"])
        return found


_NO_TYPE = _Type("")


def _shaped(kind: str, bag: dict[str, Value] | None, text: str | None) -> Value:
    """The domain's own value for what an object turned out to be."""
    if bag is None:
        return text if text is not None else {}
    if kind == "RgsIdentity" or ("ServiceId" in bag and "InstanceId" in bag):
        return _identity(bag, text or "")
    if kind == "AudioFile" or ("UniqueName" in bag and "OriginalFileName" in bag):
        return Audio(str(bag.get("UniqueName") or ""), str(bag.get("OriginalFileName") or ""))
    return bag


def _identity(bag: Mapping[str, Value], text: str) -> Ref:
    instance = bag.get("InstanceId")
    guid = instance.get("Guid") if isinstance(instance, Mapping) else instance
    for candidate in (text, *_texts(bag.get("ServiceId"))):
        ref = _identified(candidate)
        if isinstance(ref, Ref):
            suffix = f"/{guid}" if guid and guid != _NO_GUID else f"/{ref.guid}" if ref.guid else ""
            return Ref.parse(f"ApplicationServer:{ref.pool}{suffix}")
    raise ValueError("an identity that does not say which pool it belongs to.")


def _texts(value: Value) -> tuple[str, ...]:
    if isinstance(value, Ref):
        return (str(value),)
    found = value.values() if isinstance(value, Mapping) else (value,)
    return tuple(item for item in found if isinstance(item, str))


def _identified(value: Value) -> Value:
    """An identity that was left as text (also a bare FQDN) as a `Ref`; what is none stays what it is."""
    if isinstance(value, tuple):
        return tuple([_identified(item) for item in value])
    if not isinstance(value, str):
        return value
    if _IDENTITY.fullmatch(value):
        return Ref.parse(value)
    return Ref.parse(f"ApplicationServer:{value}") if _FQDN.fullmatch(value) else value
