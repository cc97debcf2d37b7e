"""Points at the lines of a TOML text, since tomllib tells none."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""Where something stands in the file, such as `("pools", 1, "fqdn")`."""

_HEADER = re.compile(r"\s*(?P<open>\[\[?)(?P<name>[^\[\]]+)\]\]?\s*(?:#.*)?")
_PAIR = re.compile(r"\s*(?P<name>(?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_PART = re.compile(r"[\w-]+|\"[^\"]*\"|'[^']*'")


def locate(source: str) -> dict[Path, int]:
    """The line of every table and key, by a scan that is good enough to point with."""
    lines: dict[Path, int] = {}
    counts: dict[str, int] = {}
    here: Path = ()
    for number, line in enumerate(source.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            here = _parts(header["name"])
            if header["open"] == "[[":
                place = counts.get(header["name"], 0)
                counts[header["name"]] = place + 1
                here = (*here, place)
            lines.setdefault(here, number)
        elif pair := _PAIR.match(line):
            lines.setdefault((*here, *_parts(pair["name"])), number)
    return lines


def _parts(name: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(name))
