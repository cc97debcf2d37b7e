"""What the plain elements of CliXml hold, and which of its objects are identities and recordings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from bot.domain.groups.groups import Audio, Ref, Value

IDENTITIES = frozenset({"Identity", "OwnerPool", "QueueID", "BusinessHoursID", "AgentGroupIDList", "HolidaySetIDList"})
"""Properties that hold an RgsIdentity, also where a shallow export left only its text."""

IDENTITY_TYPE = "RgsIdentity"

_ESCAPE = re.compile(r"_x([0-9a-fA-F]{4})_")
_IDENTITY = re.compile(r"(?:service:)?ApplicationServer:[^/\s]+(?:/[0-9A-F-]{36})?", re.IGNORECASE)
_FQDN = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_NO_GUID = "00000000-0000-0000-0000-000000000000"


def unescaped(text: str) -> str:
    """`_xHHHH_` back into characters; halves of a surrogate pair join, and a lone half becomes U+FFFD."""
    if "_x" not in text:
        return text
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _whole(text: str) -> int:
    # The text itself is not in the sentence: it may be somebody's number.
    try:
        return int(text)
    except ValueError:
        raise ValueError("a whole number is written as something else.") from None


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("a number is written as something else.") from None


PLAIN: Mapping[str, Callable[[str], Value]] = {
    **dict.fromkeys(("S", "URI", "XD", "SBK", "ToString"), unescaped),
    **dict.fromkeys(("DT", "TS", "G", "D", "BA", "Version", "SS", "T"), str),
    **dict.fromkeys(("I16", "I32", "I64", "U16", "U32", "U64", "By", "SB"), _whole),
    **dict.fromkeys(("Db", "Sg"), _real),
    "B": lambda text: text.lower() == "true",
    "C": lambda text: unescaped(f"_x{_whole(text):04X}_"),
    "Nil": lambda _: None,
}
"""Elements without structure, and what their text means (MS-PSRP 2.2.5.1)."""


def shaped(kind: str, bag: dict[str, Value] | None, text: str | None) -> Value:
    """The domain's own value for an object of type `kind` with these properties and this ToString."""
    if bag is None:
        return text if text is not None else {}
    if kind == IDENTITY_TYPE or ("ServiceId" in bag and "InstanceId" in bag):
        return _identity(bag, text or "")
    if kind == "AudioFile" or ("UniqueName" in bag and "OriginalFileName" in bag):
        return Audio(str(bag.get("UniqueName") or ""), str(bag.get("OriginalFileName") or ""))
    return bag


def identified(value: Value) -> Value:
    """An identity that was left as text (also a bare FQDN) as a `Ref`; what is none stays what it is."""
    if isinstance(value, str):
        return _parsed(value)
    if isinstance(value, tuple):
        return tuple([identified(item) for item in value])
    return value


def whole_identity(text: str) -> Ref | None:
    """The identity that an RgsIdentity's own text gives, pool and GUID: then its properties need not be read."""
    ref = _parsed(text)
    return ref if isinstance(ref, Ref) and ref.guid else None


@lru_cache(maxsize=8192)
def _parsed(text: str) -> Ref | str:
    if _IDENTITY.fullmatch(text):
        return Ref.parse(text)
    return Ref.parse(f"ApplicationServer:{text}") if _FQDN.fullmatch(text) else text


def _identity(bag: Mapping[str, Value], text: str) -> Ref:
    instance = bag.get("InstanceId")
    guid = instance.get("Guid") if isinstance(instance, Mapping) else instance
    for candidate in (text, *_texts(bag.get("ServiceId"))):
        ref = _parsed(candidate)
        if isinstance(ref, Ref):
            is_whole = not guid or guid in (ref.guid, _NO_GUID)
            return ref if is_whole else Ref.parse(f"ApplicationServer:{ref.pool}/{guid}")
    raise ValueError("an identity does not say which pool it belongs to.")


def _texts(value: Value) -> tuple[str, ...]:
    if isinstance(value, Ref):
        return (str(value),)
    found = value.values() if isinstance(value, Mapping) else (value,)
    return tuple(item for item in found if isinstance(item, str))
