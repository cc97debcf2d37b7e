"""What one key of the configuration file may hold: readers that give a checked value, or report why there is none."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any

from bot.domain.errors import BadInput
from bot.domain.groups.groups import checked_fqdn
from bot.domain.near import nearest
from bot.settings.lines import Path

Report = Callable[[Path, str], None]
Reader = Callable[[Any, Path, Report], Any]
"""Gives the checked value, or reports why there is none and gives None."""

_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Key:
    """What a table may hold under `name`; a `required` one has no default. `meaning` is for the documents."""

    name: str
    read: Reader
    default: Any = None
    meaning: str = ""
    required: bool = False


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean “…”?` or nothing, for a word that is not among the known ones."""
    near = nearest(word, known)
    return f"; did you mean “{near}”?" if near else "."


def text(value: Any, path: Path, report: Report) -> str | None:
    if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_TEXT and value.isprintable():
        return value.strip()
    return report(path, f"must be text in quotes, on one line, of 1 to {_LONGEST_TEXT} characters.")


def flag(value: Any, path: Path, report: Report) -> bool | None:
    return value if isinstance(value, bool) else report(path, "must be true or false, without quotes.")


def number(least: float, most: float, meaning: str) -> Reader:
    """A number from `least` to `most`; `meaning` says what it counts."""

    def read(value: Any, path: Path, report: Report) -> float | None:
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return float(value)
        return report(path, f"must be {meaning} from {least:g} to {most:g}, not {shown(value)}.")

    return read


def one_of(*choices: str, why: str = "") -> Reader:
    """One of these texts; `why` is a sentence that says why others are none."""

    def read(value: Any, path: Path, report: Report) -> str | None:
        if value in choices and isinstance(value, str):
            return value
        listed = " or ".join(f"“{choice}”" for choice in choices)
        return report(path, f"must be {listed}, not {shown(value)}. {why}".rstrip())

    return read


def matching(pattern: str, meaning: str) -> Reader:
    """Text of one shape; `meaning` says what it is and gives an example."""
    shape = re.compile(pattern)

    def read(value: Any, path: Path, report: Report) -> str | None:
        if isinstance(value, str) and shape.fullmatch(value):
            return value
        return report(path, f"must be {meaning}, not {shown(value)}.")

    return read


def fqdn(value: Any, path: Path, report: Report) -> str | None:
    try:
        return checked_fqdn(value if isinstance(value, str) else str(value))
    except BadInput as fault:
        return report(path, fault.sentence)


def time_zone(value: Any, path: Path, report: Report) -> str | None:
    try:
        return zoneinfo.ZoneInfo(value).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        near = meant(str(value), zoneinfo.available_timezones())
        return report(path, f"{shown(value)} is not a time zone such as “Europe/Paris”{near}")


def folder(value: Any, path: Path, report: Report) -> str | None:
    if isinstance(value, str) and value.isprintable() and PureWindowsPath(value).is_absolute():
        return value
    return report(path, f"must be a full Windows path such as 'C:\\Switchback' in single quotes, not {shown(value)}.")


def many(item: Reader, least: int = 0) -> Reader:
    """A list of at least `least` items, each read by `item`."""

    def read(value: Any, path: Path, report: Report) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < least:
            report(path, "must be a list in square brackets" + (", with something in it." if least else "."))
            return ()
        return tuple(item(entry, (*path, place), report) for place, entry in enumerate(value))

    return read


def table(*keys: Key, gone: Collection[str] = ()) -> Reader:
    """A table of these keys and no others; keys that are left out get their defaults.

    Keys that are `gone` meant something to a version before, and mean nothing now.
    """
    known = {key.name: key for key in keys}

    def read(value: Any, path: Path, report: Report) -> dict[str, Any]:
        if not isinstance(value, dict):
            report(path, "must be a table.")
            return {}
        for name in value:
            if name not in known and name not in gone:
                report((*path, name), f"is not known here{meant(name, known)}")
        for key in keys:
            if key.required and key.name not in value:
                report(path, f"{key.name} is missing.")
        return {
            key.name: key.read(value[key.name], (*path, key.name), report) if key.name in value else key.default
            for key in keys
        }

    return read


def shown(value: Any) -> str:
    return f"“{value[:80]}”" if isinstance(value, str) else f"{value!r}"[:80]
