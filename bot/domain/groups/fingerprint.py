"""One digest per object, so that ten thousand objects are compared without looking into one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b

from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, ServiceSettings, Value, walk

Key = tuple[Kind, str]
"""Type and casefolded name (runbooks: comparing objects)."""

Lead = Callable[[Ref], RgsObject | None]
"""Finds what a reference leads to."""

SET_LIKE = frozenset({"HolidaySetIDList"})
"""Collections whose order means nothing; everywhere else order counts (runbooks: comparing objects)."""

DATES = frozenset({"StartDate", "EndDate"})
"""Properties of a holiday, which begins and ends by the clock on the wall."""

_ON_THE_WALL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)[+-]\d\d:\d\d")

# Where an object lies and which session fetched it say nothing about the object.
_TRANSPORT = frozenset({"Parent", "PSComputerName", "PSShowComputerName", "RunspaceId"})
_SETTINGS = "settings"


def leads(objects: Iterable[RgsObject]) -> Lead:
    """A finder among these objects: by identity first, else by GUID, since a copy keeps it on another pool."""
    by_identity: dict[Ref, RgsObject] = {}
    by_guid: dict[str, RgsObject] = {}
    for item in objects:
        by_identity[item.identity] = item
        by_guid.setdefault(item.guid, item)
    return lambda ref: by_identity.get(ref) or by_guid.get(ref.guid)


def on_the_wall(date: str) -> str:
    """What the clock shows where the server stands: the date without the offset of its zone (facts: powershell §1).

    One without an offset shows that already. One of UTC (with its Z) is a moment, which each place's clock shows as
    another time: it stays as it is, and is equal only to the same moment.
    """
    match = _ON_THE_WALL.fullmatch(date)
    return match[1] if match else date


def canonical(value: Value, lead: Lead, name: str = "") -> str:
    """A text that is equal exactly when two values mean the same; `name` is the property that holds the value.

    A property without a value, an empty collection and an absent property mean the same.
    """
    if isinstance(value, str):
        text = on_the_wall(value) if name in DATES else value
        return f"s{len(text)}:{text}"
    if value is None:
        return "n"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int):
        return f"i{value};"
    if isinstance(value, Ref):
        return _reference(value, lead)
    if isinstance(value, tuple):
        items = [canonical(item, lead) for item in value]
        return f"l{len(items)}:" + "".join(sorted(items) if name in SET_LIKE else items)
    if isinstance(value, Mapping):
        return _bag(value, lead)
    if isinstance(value, Audio):
        return f"a{len(value.original_name)}:{value.original_name}"
    return f"d{value!r};"


def told(properties: Mapping[str, Value]) -> dict[str, Value]:
    """The properties that count in a comparison."""
    return {
        key: value for key, value in properties.items() if value is not None and value != () and key not in _TRANSPORT
    }


def fingerprint(item: RgsObject, lead: Lead) -> str:
    """Hex digest of everything about the object except its name and where it lies; 32 characters."""
    return _digest(f"{item.owner.casefold()};{canonical(item.properties, lead)}")


def fingerprints(inventory: Inventory) -> dict[Key, str]:
    """A digest for every name of every type; objects that share a name share one digest over all of them."""
    lead = leads(inventory.objects)
    found: dict[Key, list[str]] = {}
    for item in inventory.objects:
        found.setdefault(item.key, []).append(fingerprint(item, lead))
    return {key: prints[0] if len(prints) == 1 else _digest(",".join(sorted(prints))) for key, prints in found.items()}


def differing(one: Mapping[Key, str], other: Mapping[Key, str]) -> tuple[Key, ...]:
    """The keys that are only on one side or whose digests differ, sorted."""
    if one == other:
        return ()
    changed = {key for key, digest in one.items() if other.get(key) != digest}
    return tuple(sorted(changed | (other.keys() - one.keys())))


def unchanged(one: Mapping[Key, str], other: Mapping[Key, str]) -> bool:
    """Whether two sets of stored fingerprints stand for the same objects."""
    return one == other


def recordings(inventory: Inventory) -> dict[tuple[str, str, str], str]:
    """SHA-256 of every recording by type, casefolded name and property path; empty text where the bytes are missing.

    The settings' default music has the type `settings`. Objects that share a name are told apart by their GUIDs.
    """
    keys: dict[Key, int] = {}
    for item in inventory.objects:
        keys[item.key] = keys.get(item.key, 0) + 1
    found = {}
    for item in inventory.objects:
        name = item.key[1] if keys[item.key] == 1 else f"{item.key[1]} {item.guid}"
        for path, value in walk(item.properties):
            if isinstance(value, Audio):
                found[str(item.kind), name, path] = inventory.audio.get(value.unique_name, "")
    music = inventory.settings.default_music if inventory.settings else None
    if music:
        found[_SETTINGS, "", "DefaultMusicOnHoldFile"] = inventory.audio.get(music.unique_name, "")
    return found


def contents(inventory: Inventory) -> str:
    """One digest over all objects and their recordings: equal digests mean equal contents. Settings are apart."""
    objects = sorted(f"{kind}/{len(name)}:{name}={print_}" for (kind, name), print_ in fingerprints(inventory).items())
    audio = sorted(f"{key}={sha256}" for key, sha256 in recordings(inventory).items() if key[0] != _SETTINGS)
    return _digest("\n".join([*objects, "", *audio]))


def settings_print(settings: ServiceSettings | None, audio: Mapping[str, str]) -> str:
    """A digest of the application-level settings with the bytes of their music; empty when they are not known."""
    if settings is None:
        return ""
    music = settings.default_music
    recording = audio.get(music.unique_name, "") if music else ""
    return _digest(canonical(settings.row(), lambda _: None) + recording)


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _reference(ref: Ref, lead: Lead) -> str:
    if not ref.guid:
        return f"p{ref.pool};"
    target = lead(ref)
    return f"u{ref.guid};" if target is None else f"r{target.kind}{len(target.key[1])}:{target.key[1]}"


def _bag(value: Mapping[str, Value], lead: Lead) -> str:
    parts = [f"{len(key)}:{key}{canonical(item, lead, key)}" for key, item in sorted(told(value).items())]
    return f"m{len(parts)}:" + "".join(parts)
