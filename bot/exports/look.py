"""Looks into exports and compares them, with nothing running: `python -m bot inspect` and `diff`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.domain.groups.audit import report
from bot.domain.groups.compare import compare, compare_settings, remarks
from bot.domain.groups.difference import change_in_words, sentences
from bot.exports.export_zip import read_contents, read_inventory


def inspect_export(path: Path) -> tuple[dict[str, Any], list[str]]:
    """What an export holds, for programs and for people. Raises BadInput or Damaged, naming the part."""
    contents = read_contents(path)
    return report(contents.inventory, contents.sizes)


def diff_exports(old: Path | bytes, new: Path | bytes) -> tuple[dict[str, Any], list[str]]:
    """What changed from one export to another, recordings and settings included; `equal` says whether nothing did."""
    before, after = read_inventory(old), read_inventory(new)
    found = compare(before, after, audio=True)
    settings = compare_settings(before.settings, after.settings)
    is_equal = found.is_clean and not settings
    facts = {"equal": is_equal, **asdict(found), "settings": [asdict(change) for change in settings]}
    lines = [*sentences(found), *map(change_in_words, settings)]
    same = f"Both exports hold the same {found.expected} objects, with the same recordings and settings."
    return facts, [same, *remarks(found)] if is_equal else lines
