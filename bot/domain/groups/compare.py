"""Compares what should be there with what is there, object by object, down to the single property."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.domain.groups.difference import Change, Comparison, Item, Renamed, Shown, in_words, masked, remarks
from bot.domain.groups.fingerprint import (
    DATES,
    SET_LIKE,
    Key,
    Lead,
    canonical,
    contents,
    differing,
    fingerprint,
    fingerprints,
    leads,
    on_the_wall,
    recordings,
    settings_print,
    told,
    unchanged,
)
from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, ServiceSettings, Value, walk

__all__ = [
    "Change",
    "Comparison",
    "Item",
    "Renamed",
    "compare",
    "compare_audio",
    "compare_settings",
    "contents",
    "differing",
    "fingerprints",
    "in_words",
    "masked",
    "remarks",
    "settings_print",
    "unchanged",
]

_NUMBERED = re.compile(r"(?P<name>.+) \(\d+\)", re.DOTALL)
_ROUNDS = 8
_KINDS = frozenset(map(str, Kind))
_MISSING_BYTES = "a recording without its bytes"


def compare(
    expected: Inventory,
    actual: Inventory,
    *,
    audio: bool = False,
    known: tuple[Mapping[Key, str], Mapping[Key, str]] | None = None,
) -> Comparison:
    """Every difference between the two; settings are apart (`compare_settings`).

    `audio` also compares the recordings' bytes and needs two exports, since `Get-CsRgs*` shows none. `known` are the
    fingerprints of both sides when they were kept: equal ones need no look at any object.
    """
    before, after = known or (fingerprints(expected), fingerprints(actual))
    renamed: tuple[Renamed, ...] = ()
    if before.keys() - after.keys() and after.keys() - before.keys():
        renamed = _renamed(expected, actual)
        actual = _called_as_before(actual, renamed)
        after = fingerprints(actual)
    missing, extra, changed = _sorted_out(expected, actual, differing(before, after))
    return Comparison(
        missing,
        extra,
        changed,
        renamed,
        compare_audio(expected, actual) if audio else None,
        len(expected.objects),
        len(actual.objects),
        _zoned(expected, actual),
    )


def compare_audio(expected: Inventory, actual: Inventory) -> tuple[Change, ...]:
    """Every recording whose bytes differ, or are missing on either side: unknown bytes never pass."""
    before, after = recordings(expected), recordings(actual)
    if expected.settings is None or actual.settings is None:
        before, after = (_of_objects(found) for found in (before, after))
    names = {(str(item.kind), item.key[1]): item.name for side in (actual, expected) for item in side.objects}
    differ = (key for key in before.keys() | after.keys() if not before.get(key) or before[key] != after.get(key))
    return tuple(
        Change(
            Kind(kind) if kind in _KINDS else None,
            names.get((kind, name), name),
            path,
            _bytes(before.get((kind, name, path))),
            _bytes(after.get((kind, name, path))),
        )
        for kind, name, path in sorted(differ)
    )


def compare_settings(expected: ServiceSettings | None, actual: ServiceSettings | None) -> tuple[Change, ...]:
    """The application-level settings, which belong to the pool; music by file name. Unknown ones differ from known."""
    if expected is None or actual is None:
        known = ["not known" if side is None else "known" for side in (expected, actual)]
        return () if expected is actual else (Change(None, "", "", *known),)
    return tuple(_changes(None, "", "", expected.row(), actual.row(), (_nowhere, _nowhere)))


def _zoned(expected: Inventory, actual: Inventory) -> tuple[Item, ...]:
    """The holiday sets with a date that is the same on the wall, and written otherwise."""
    before = {(item.key, path): text for item, path, text in _dates(expected)}
    found: dict[Key, Item] = {}
    for item, path, text in _dates(actual):
        was = before.get((item.key, path), text)
        if was != text and on_the_wall(was) == on_the_wall(text):
            found[item.key] = Item(item.kind, item.name)
    return tuple(found.values())


def _dates(inventory: Inventory) -> Iterator[tuple[RgsObject, str, str]]:
    for item in inventory.of(Kind.HOLIDAY_SET):
        for path, value in walk(item.properties):
            if isinstance(value, str) and path.rpartition(".")[2] in DATES:
                yield item, path, value


def _nowhere(_: Ref) -> None:
    return None


def _of_objects(found: dict[tuple[str, str, str], str]) -> dict[tuple[str, str, str], str]:
    return {key: sha256 for key, sha256 in found.items() if key[0] in _KINDS}


def _bytes(sha256: str | None) -> str | None:
    return None if sha256 is None else f"a recording ({sha256[:8]})" if sha256 else _MISSING_BYTES


def _by_key(inventory: Inventory) -> dict[Key, list[RgsObject]]:
    found: dict[Key, list[RgsObject]] = {}
    for item in inventory.objects:
        found.setdefault(item.key, []).append(item)
    return found


def _sorted_out(
    expected: Inventory, actual: Inventory, keys: tuple[Key, ...]
) -> tuple[tuple[Item, ...], tuple[Item, ...], tuple[Change, ...]]:
    if not keys:
        return (), (), ()
    before, after = _by_key(expected), _by_key(actual)
    finders = leads(expected.objects), leads(actual.objects)
    missing: list[Item] = []
    extra: list[Item] = []
    changed: list[Change] = []
    for key in keys:
        left, right = _unequal(before.get(key, []), after.get(key, []), finders)
        for one, other in zip(left, right, strict=False):
            changed += _object_changes(one, other, finders)
        missing += [Item(item.kind, item.name) for item in left[len(right) :]]
        extra += [Item(item.kind, item.name) for item in right[len(left) :]]
    return tuple(missing), tuple(extra), tuple(changed)


def _unequal(
    left: list[RgsObject], right: list[RgsObject], finders: tuple[Lead, Lead]
) -> tuple[list[RgsObject], list[RgsObject]]:
    """What is left of two lists of objects of one name when equal ones are taken out in pairs."""
    prints = [fingerprint(item, finders[1]) for item in right]
    rest, alone = dict(enumerate(right)), []
    for item in left:
        same = fingerprint(item, finders[0])
        twin = next((index for index in rest if prints[index] == same), None)
        if twin is None:
            alone.append(item)
        else:
            del rest[twin]
    return alone, list(rest.values())


def _object_changes(one: RgsObject, other: RgsObject, finders: tuple[Lead, Lead]) -> list[Change]:
    lines = list(_changes(one.kind, one.name, "", one.properties, other.properties, finders))
    if one.owner.casefold() != other.owner.casefold():
        lines.insert(0, Change(one.kind, one.name, "OwnerPool", one.owner, other.owner))
    return lines


def _changes(
    kind: Kind | None, name: str, path: str, one: Value, other: Value, finders: tuple[Lead, Lead]
) -> Iterator[Change]:
    """The lines below one property, found by the same texts that the fingerprints are made of."""
    step = path.rpartition(".")[2]
    if canonical(one, finders[0], step) == canonical(other, finders[1], step):
        return
    pairs = _pairs(one, other, path)
    if not pairs:
        yield Change(kind, name, path, _shown(one, finders[0]), _shown(other, finders[1]))
        return
    for below, left, right in pairs:
        yield from _changes(kind, name, below, left, right, finders)


def _pairs(one: Value, other: Value, path: str) -> list[tuple[str, Value, Value]]:
    """The values to compare one by one, or none when the two are to be shown as they are."""
    if isinstance(one, Mapping | None) and isinstance(other, Mapping | None):
        left, right = told(one or {}), told(other or {})
        prefix = f"{path}." if path else ""
        return [(f"{prefix}{key}", left.get(key), right.get(key)) for key in sorted(left.keys() | right.keys())]
    if isinstance(one, tuple | None) and isinstance(other, tuple | None) and path.rpartition(".")[2] not in SET_LIKE:
        left, right = list(one or ()), list(other or ())
        if any(isinstance(item, Mapping | tuple) for item in (*left, *right)):
            longest = max(len(left), len(right))
            left += [None] * (longest - len(left))
            right += [None] * (longest - len(right))
            return [(f"{path}[{index}]", *pair) for index, pair in enumerate(zip(left, right, strict=True))]
    return []


def _shown(value: Value, lead: Lead) -> Shown:
    match value:
        case Ref(guid=""):
            return f"pool {value.pool}"
        case Ref():
            target = lead(value)
            return (
                f"{target.kind.singular} “{target.name}”" if target else f"something that is not there ({value.guid})"
            )
        case Audio():
            return f"recording “{value.original_name}”"
        case tuple():
            return tuple(str(_shown(item, lead)) for item in value)
        case Mapping():
            return "set, with nothing in it"
    return value


def _renamed(expected: Inventory, actual: Inventory) -> tuple[Renamed, ...]:
    """Missing objects that came under another name: the same GUID, or “X (2)” with otherwise equal contents."""
    before, after = _by_key(expected), _by_key(actual)
    gone = {(items[0].kind, items[0].guid): items[0] for key, items in before.items() if key not in after}
    new = [items[0] for key, items in after.items() if key not in before]
    sure = {item.key: Renamed(item.kind, gone[item.kind, item.guid].name, item.name) for item in new
            if (item.kind, item.guid) in gone}  # fmt: skip
    taken = {(found.kind, found.before.casefold()) for found in sure.values()}
    free = {item.key: item for item in gone.values() if item.key not in taken}
    likely: dict[Key, Renamed] = {}
    for item in new:
        match = _NUMBERED.fullmatch(item.name)
        original = free.pop((item.kind, match["name"].casefold()), None) if match and item.key not in sure else None
        if original:
            likely[item.key] = Renamed(item.kind, original.name, item.name)
    return tuple({**sure, **_proven(expected, actual, sure, likely)}.values())


def _proven(
    expected: Inventory, actual: Inventory, sure: dict[Key, Renamed], likely: dict[Key, Renamed]
) -> dict[Key, Renamed]:
    """The likely renames that leave equal contents. Each may lead to another, so they are tried together."""
    prints = fingerprints(expected)
    for _ in range(_ROUNDS):
        found = fingerprints(_called_as_before(actual, (*sure.values(), *likely.values())))
        kept = {
            key: item
            for key, item in likely.items()
            if found.get((item.kind, item.before.casefold())) == prints.get((item.kind, item.before.casefold()))
        }
        if len(kept) == len(likely):
            return likely
        likely = kept
    return {}


def _called_as_before(actual: Inventory, renamed: tuple[Renamed, ...]) -> Inventory:
    names = {(item.kind, item.after.casefold()): item.before for item in renamed}
    return replace(actual, objects=tuple(
        replace(item, name=names[item.key]) if item.key in names else item for item in actual.objects
    ))  # fmt: skip
