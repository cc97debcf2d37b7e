"""Writes domain rows as the CliXml that `Export-Clixml` would make of the server's own objects."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from html import escape

from bot.domain.groups.groups import Audio, Ref, Row, Value
from bot.exports.clixml_elements import NAMESPACE

_SETTINGS = "Microsoft.Rtc.Rgs.Management.WritableSettings"
_IDENTITY_TYPE = "Microsoft.Rtc.Rgs.Management.RgsIdentity"
_INSTANCE_TYPE = "Microsoft.Rtc.Rgs.Management.RgsInstanceId"
_LIST_TYPE = "System.Collections.ArrayList"
_NEEDS_ESCAPE = re.compile(
    "_(?=[xX][0-9a-fA-F]{4}_)|[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\U00010000-\U0010ffff]"
)

# How the server's own types spell a property; everything else goes by the type of its value (facts: lync §2).
_TEXT_TAGS = {
    **dict.fromkeys(("PrimaryUri", "LineUri", "AgentsByUri", "ManagersByUri"), ("URI", re.compile(r"\S+"))),
    **dict.fromkeys(("OpenTime", "CloseTime"), ("TS", re.compile(r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?"))),
    **dict.fromkeys(
        ("StartDate", "EndDate"), ("DT", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"))
    ),
}
_SHORT = frozenset({"OverflowThreshold", "AgentAlertTime", "AgentRingbackGracePeriod"})
_ENUMS = {
    "Action": (
        "CallActionType",
        (
            "Terminate",
            "TransferToQueue",
            "TransferToQuestion",
            "TransferToUri",
            "TransferToVoiceMailUri",
            "TransferToPSTN",
        ),
    ),
    "OverflowCandidate": ("OverflowCandidate", ("NewestCall", "OldestCall")),
    "ParticipationPolicy": ("ParticipationPolicy", ("Informal", "Formal")),
    "RoutingMethod": ("RoutingMethod", ("Parallel", "LongestIdle", "RoundRobin", "Serial", "Attendant")),
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BAGS = {
    **dict.fromkeys(("DefaultAction", "NonBusinessHoursAction", "HolidayAction", "Action"), "CallAction"),
    **dict.fromkeys(("OverflowAction", "TimeoutAction"), "CallAction"),
    **dict.fromkeys(("Prompt", "InvalidAnswerPrompt", "NoAnswerPrompt"), "Prompt"),
    "Question": "Question",
    "AnswerList": "Answer",
    "HolidayList": "Holiday",
    **{f"{day}Hours{turn}": "TimeRange" for day in _DAYS for turn in (1, 2)},
}


def write(type_name: str, rows: Iterable[Row], *, encoding: str = "utf-16") -> bytes:
    """The file for `rows` of one type, such as `Workflow`; `encoding` is "utf-16" (Export-Clixml's own) or "utf-8"."""
    writer = _Writer()
    for row in rows:
        writer.bag(None, f"{_SETTINGS}.{type_name}", row)
    text = f'<Objs Version="1.1.0.1" xmlns="{NAMESPACE}">{"".join(writer.out)}\r\n</Objs>'
    return b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16" else text.encode("utf-8")


def escaped(text: str) -> str:
    """Text as CliXml carries it: what XML cannot hold, and what looks like an escape, as `_xHHHH_`."""
    return escape(_NEEDS_ESCAPE.sub(_units, text), quote=False)


def _units(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"_x{units[index : index + 2].hex().upper()}_" for index in range(0, len(units), 2))


def _label(name: str | None) -> str:
    return "" if name is None else f' N="{escape(_NEEDS_ESCAPE.sub(_units, name))}"'


class _Writer:
    """The lines of one file, indented as Export-Clixml indents them."""

    __slots__ = ("indent", "out", "refs", "types")

    def __init__(self) -> None:
        self.out: list[str] = []
        self.indent = "\r\n  "
        self.refs = 0
        self.types: dict[str, int] = {}

    def bag(self, name: str | None, type_name: str, row: Mapping[str, Value]) -> None:
        self._object(name, type_name, "System.Object")
        self._begin("Props")
        for key, value in row.items():
            self.value(key, value, key)
        self._end("Props", "Obj")

    def value(self, name: str | None, value: Value, holder: str) -> None:
        """`name` is the property the value is written under, `holder` the property whose schema it follows."""
        match value:
            case None:
                self._leaf("Nil", name, None)
            case bool():
                self._leaf("B", name, str(value).lower())
            case int():
                self._leaf(_whole_tag(value, holder), name, str(value))
            case float():
                self._leaf("Db", name, _real_text(value))
            case str():
                self._text(name, value, holder)
            case Ref():
                self._identity(name, value)
            case Audio():
                row = {"OriginalFileName": value.original_name, "UniqueName": value.unique_name}
                self.bag(name, f"{_SETTINGS}.AudioFile", row)
            case tuple():
                self._object(name, _LIST_TYPE, "System.Object")
                self._begin("LST")
                for item in value:
                    self.value(None, item, holder)
                self._end("LST", "Obj")
            case Mapping():
                self.bag(name, f"{_SETTINGS}.{_BAGS.get(holder, 'Settings')}", value)

    def _begin(self, tag: str, attributes: str = "") -> None:
        self.out.append(f"{self.indent}<{tag}{attributes}>")
        self.indent += "  "

    def _end(self, *tags: str) -> None:
        for tag in tags:
            self.indent = self.indent[:-2]
            self.out.append(f"{self.indent}</{tag}>")

    def _leaf(self, tag: str, name: str | None, text: str | None) -> None:
        label = _label(name)
        self.out.append(
            f"{self.indent}<{tag}{label} />" if text is None else f"{self.indent}<{tag}{label}>{text}</{tag}>"
        )

    def _object(self, name: str | None, *type_names: str) -> None:
        self._begin("Obj", f'{_label(name)} RefId="{self.refs}"')
        self.refs += 1
        known = self.types.get(type_names[0])
        if known is not None:
            self.out.append(f'{self.indent}<TNRef RefId="{known}" />')
            return
        known = self.types[type_names[0]] = len(self.types)
        self._begin("TN", f' RefId="{known}"')
        for type_name in type_names:
            self._leaf("T", None, escape(type_name, quote=False))
        self._end("TN")

    def _text(self, name: str | None, value: str, holder: str) -> None:
        enum, known = _ENUMS.get(holder, ("", ()))
        if value in known:
            self._object(name, f"{_SETTINGS}.{enum}", "System.Enum", "System.ValueType", "System.Object")
            self._leaf("ToString", None, value)
            self._leaf("I32", None, str(known.index(value)))
            self._end("Obj")
            return
        tag, shape = _TEXT_TAGS.get(holder, ("S", None))
        self._leaf(tag if shape and shape.fullmatch(value) else "S", name, escaped(value))

    def _identity(self, name: str | None, ref: Ref) -> None:
        self._object(name, _IDENTITY_TYPE, "System.Object")
        self._leaf("ToString", None, escaped(str(ref)))
        self._begin("Props")
        self._leaf("S", "ServiceId", escaped(str(Ref(ref.pool))))
        if ref.guid:
            self._object("InstanceId", _INSTANCE_TYPE, "System.Object")
            self._leaf("ToString", None, ref.guid)
            self._begin("Props")
            self._leaf("G", "Guid", ref.guid)
            self._end("Props", "Obj")
        else:
            self._leaf("Nil", "InstanceId", None)
        self._end("Props", "Obj")


def _whole_tag(value: int, holder: str) -> str:
    if holder in _SHORT and -(2**15) <= value < 2**15:
        return "I16"
    return "I32" if -(2**31) <= value < 2**31 else "I64" if -(2**63) <= value < 2**63 else "U64"


def _real_text(value: float) -> str:
    return repr(value) if math.isfinite(value) else "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
