"""What two inventories differ in, as values and as sentences that may reach a channel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.domain.groups.groups import Kind

Shown = None | bool | int | float | str | tuple[str, ...]
"""A value as people read it: references and recordings are already in words."""

_DATE = r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?(?![\d-])"
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_FORMS = r"[\u200d\ufe00-\ufe0f]*"
"""Between digits they mean nothing, and there may be any number of them."""

_NUMBER = re.compile(
    rf"(?P<keep>(?<![\d-])(?:{_DATE}|{_GUID}))"
    rf"|\+?\(?\d(?:{_FORMS}(?:(?:[^\w,;@:“”\u200d\ufe00-\ufe0f]|_){_FORMS}){{0,3}}\d)+"
)
_DIALLED = frozenset({"LineUri", "DisplayNumber", "Uri", "PrimaryUri"})
_LONGEST, _LED_BY = 80, 30
_JOINER = "\u200d"  # holds one emoji together
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufff9-\ufffb"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Controls, marks of direction, soft hyphens, fillers and tags: nobody sees them, and names hide behind them."""

_WORDS = {
    "OwnerPool": "owner",
    "AgentGroupIDList": "agent groups",
    "AgentsByUri": "agents",
    "ManagersByUri": "managers",
    "HolidaySetIDList": "holiday sets",
    "HolidayList": "holidays",
    "BusinessHoursID": "hours of business",
    "VoiceResponseList": "voice responses",
}


@dataclass(frozen=True, slots=True)
class Item:
    """An object by type and name."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """One object under two names, as `-ResolveNameConflicts` leaves it."""

    kind: Kind
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One property that differs. `kind` is None for the application-level settings of a pool."""

    kind: Kind | None
    name: str
    path: str
    before: Shown
    after: Shown


@dataclass(frozen=True, slots=True)
class Comparison:
    """`audio` is None when nobody compared the recordings, which is not the same as no difference.

    `zoned` are holiday sets with dates that the clock on the wall shows alike and that were written with other offsets:
    a remark, for servers may stand in two time zones, and no difference.
    """

    missing: tuple[Item, ...] = ()
    extra: tuple[Item, ...] = ()
    changed: tuple[Change, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    audio: tuple[Change, ...] | None = None
    expected: int = 0
    actual: int = 0
    zoned: tuple[Item, ...] = ()

    @property
    def is_clean(self) -> bool:
        """No difference in anything that was compared."""
        return not (self.missing or self.extra or self.changed or self.renamed or self.audio)

    @property
    def nothing_arrived(self) -> bool:
        """The answer is empty though it should not be: nothing was imported, or the owner filter was forgotten."""
        return self.expected > 0 and self.actual == 0


def masked(text: str, least: int = 5) -> str:
    """The text with every number of at least `least` digits reduced to its last two; dates and GUIDs stay."""

    def hide(match: re.Match[str]) -> str:
        digits = [sign for sign in match[0] if sign.isdigit()]
        return match[0] if match["keep"] or len(digits) < least else "…" + "".join(digits[-2:])

    return _NUMBER.sub(hide, text)


def seen(text: str) -> str:
    """The text without what nobody sees."""
    return _UNSEEN.sub("", text)


def quoted(text: str) -> str:
    """A name from an export, in quotes, on one line, masked and bounded."""
    return f"“{_bounded(masked(_printable(text)))}”"


def titled(kind: Kind | None, name: str) -> str:
    if kind is None:
        return "Application-level settings"
    return f"{kind.singular.capitalize()} {quoted(name)}"


def in_words(comparison: Comparison) -> tuple[str, ...]:
    """One sentence for each difference, and the remarks, without phone numbers; not escaped for mrkdwn."""
    if comparison.nothing_arrived:
        return (
            f"Nothing came back, and {comparison.expected} objects should have: "
            "either nothing was imported, or the list was asked for without the owner.",
        )
    return tuple(sentences(comparison))


def remarks(comparison: Comparison) -> tuple[str, ...]:
    """What is to be known of what was compared and is no difference."""
    if not comparison.zoned:
        return ()
    count, first = len(comparison.zoned), comparison.zoned[0]
    who, whose = (titled(first.kind, first.name), "its") if count == 1 else (f"{count} {first.kind.plural}", "their")
    were = "was" if count == 1 else "were"
    said = f"{who} {were} written in another time zone; by the clock on the wall {whose} dates are the same."
    return (f"{said} Nothing has to be done.",)


def sentences(comparison: Comparison) -> Iterator[str]:
    """One sentence for each difference, also when nothing arrived at all, and the remarks."""
    for item in comparison.missing:
        yield f"{titled(item.kind, item.name)} is missing."
    for item in comparison.extra:
        yield f"{titled(item.kind, item.name)} is there and was not expected."
    for renamed in comparison.renamed:
        before, after = _apart(renamed.before, renamed.after, quoted)
        yield f"{renamed.kind.singular.capitalize()} {before} is now called {after}."
    for change in comparison.changed:
        yield change_in_words(change)
    said = {(change.kind, change.name.casefold(), change.path) for change in comparison.changed}
    gone = {(item.kind, item.name.casefold()) for item in (*comparison.missing, *comparison.extra)}
    for change in comparison.audio or ():
        name = change.name.casefold()
        if (change.kind, name) not in gone and (change.kind, name, change.path) not in said:
            yield change_in_words(change)
    yield from remarks(comparison)


def change_in_words(change: Change) -> str:
    """One sentence: “Queue “Ward 3”: TimeoutThreshold was 30, is 45.”"""
    before, after = change.before, change.after
    subject = f"{titled(change.kind, change.name)}: {_property(change.path)}".rstrip()
    if isinstance(before, tuple) or isinstance(after, tuple):
        return f"{subject} {_list_in_words(_listed(before), _listed(after), change.path)}."
    was, now = _apart(before, after, lambda value: _value(value, change.path))
    return f"{subject} was {was}, is {now}."


def _apart(before: Shown, after: Shown, tell: Callable[[Any], str]) -> tuple[str, str]:
    """Both as they are told; where people would see no difference, what cannot be seen is written out."""
    told = tell(before), tell(after)
    if told[0] != told[1] or not (isinstance(before, str) and isinstance(after, str)):
        return told
    whole = _written_out(before), _written_out(after)
    shorter = min(map(len, whole))
    same = next((at for at in range(shorter) if whole[0][at] != whole[1][at]), shorter)
    start = max(0, same - _LED_BY)
    apart = tell(whole[0][start:]), tell(whole[1][start:])
    # Numbers are not shown whole, so two of them may still look alike.
    return apart if apart[0] != apart[1] else (told[0], f"{told[1]} with another number in it")


def _written_out(text: str) -> str:
    """A blank at an end or beside another one as ␣, and any other sign that is not shown by its code."""
    blanks = re.sub(r"^ +| +$| {2,}", lambda found: "␣" * len(found[0]), text)
    return "".join(sign if sign == " " or _printable(sign) else f"[U+{ord(sign):04X}]" for sign in blanks)


def _printable(text: str) -> str:
    """One line without what moves a cursor, turns the direction of writing, or is not seen at all."""
    return "".join(sign for sign in " ".join(seen(text).split()) if sign.isprintable() or sign == _JOINER)


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _property(path: str) -> str:
    return _bounded(masked(_printable(".".join(_WORDS.get(step, step) for step in path.split(".")))))


def _value(value: Shown, path: str) -> str:
    match value:
        case None:
            return "not set"
        case bool():
            return "on" if value else "off"
        case str():
            least = 3 if path.rpartition(".")[2] in _DIALLED else 5
            return _bounded(masked(_printable(value), least)) or "empty"
    return str(value)


def _listed(value: Shown) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else () if value is None else (str(value),)


def _list_in_words(before: tuple[str, ...], after: tuple[str, ...], path: str) -> str:
    lost, found = Counter(before) - Counter(after), Counter(after) - Counter(before)
    if not lost and not found:
        return f"are in another order: were {_few(before, path)}, are {_few(after, path)}"
    parts = [f"lost {_few(tuple(lost.elements()), path)}"] if lost else []
    return " and ".join([*parts, f"gained {_few(tuple(found.elements()), path)}"] if found else parts)


def _few(values: tuple[str, ...], path: str) -> str:
    shown = [_value(value, path) for value in values[:5]]
    return ", ".join(shown) + (f" and {len(values) - 5} more" if len(values) > 5 else "")
