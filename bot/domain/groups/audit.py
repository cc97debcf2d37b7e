"""Looks into an inventory for what would go wrong in an outage: dead references, clashing names, missing audio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from bot.domain.groups.difference import quoted, titled
from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, walk

LARGEST_WAV = 4 * 1024 * 1024
"""Bytes of the largest recording that a server takes (facts: lync §2.8)."""

_LEADS_TO = {
    "QueueID": Kind.QUEUE,
    "AgentGroupIDList": Kind.AGENT_GROUP,
    "BusinessHoursID": Kind.HOURS_OF_BUSINESS,
    "HolidaySetIDList": Kind.HOLIDAY_SET,
}
_UNKNOWN_SIZES: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Findings:
    """Sentences by what is wrong; names in them are bounded and without phone numbers, but not escaped for mrkdwn."""

    clashes: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    oversized: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        return (*self.clashes, *self.unresolved, *self.silent, *self.oversized, *self.foreign)


def audit(
    inventory: Inventory,
    *,
    elsewhere: Iterable[RgsObject] = (),
    owner: str | None = None,
    sizes: Mapping[str, int] = _UNKNOWN_SIZES,
) -> Findings:
    """What is wrong in an export (runbooks: backup 6).

    `elsewhere` are objects of other pools, for names must be unique in the whole deployment (seed 000); `owner` is the
    pool that should own everything; `sizes` are bytes by unique audio name, where they are known.
    """
    return Findings(
        tuple(_clashes((*inventory.objects, *elsewhere))),
        tuple(_unresolved(inventory)),
        tuple(_silent(inventory)),
        tuple(_oversized(inventory, sizes)),
        tuple(_foreign(inventory, owner)) if owner else (),
    )


def pointing_at(kind: Kind, objects: Iterable[RgsObject]) -> RgsObject | None:
    """The first object that refers to one of this kind."""
    for item in objects:
        for path, value in walk(item.properties):
            if isinstance(value, Ref) and value.guid and _wanted(path) is kind:
                return item
    return None


def report(inventory: Inventory, sizes: Mapping[str, int] = _UNKNOWN_SIZES) -> tuple[dict[str, Any], list[str]]:
    """Everything an export holds, for programs (plain JSON values, names as they are) and as lines for people."""
    findings = audit(inventory, sizes=sizes)
    recordings = [audio for _, _, audio in _recordings(inventory)]
    facts: dict[str, Any] = {
        "objects": {str(kind): sorted(item.name for item in inventory.of(kind)) for kind in Kind},
        "owners": dict(Counter(item.owner for item in inventory.objects).most_common()),
        "pools": dict(Counter(item.parent for item in inventory.objects).most_common()),
        "settings": _settings(inventory),
        "audio": {
            "used": len(recordings),
            "present": sum(audio.unique_name in inventory.audio for audio in recordings),
        },
        "others": list(inventory.others),
        "findings": {what: list(found) for what, found in asdict(findings).items()},
    }
    return facts, [*_summary(facts), *_names(inventory), *_verdict(findings)]


def _summary(facts: Mapping[str, Any]) -> Iterator[str]:
    yield ", ".join(f"{len(facts['objects'][kind])} {kind.plural}" for kind in Kind) + "."
    yield "Owned by " + (", ".join(f"{pool} ({count})" for pool, count in facts["owners"].items()) or "nobody") + "."
    settings = facts["settings"]
    if settings is None:
        yield "Application-level settings: none were found in this file."
    else:
        music = quoted(settings["DefaultMusicOnHoldFile"]) if settings["DefaultMusicOnHoldFile"] else "built in"
        context = "off" if settings["DisableCallContext"] else "on"
        grace = settings["AgentRingbackGracePeriod"]
        yield f"Application-level settings: ringback grace {grace} s, default music {music}, call context {context}."
    yield f"Audio: {facts['audio']['present']} of {facts['audio']['used']} recordings are in the file."
    others = facts["others"]
    if others:
        what = "1 other file, kept as it is" if len(others) == 1 else f"{len(others)} other files, kept as they are"
        yield f"{what}: {', '.join(map(quoted, others[:5]))}."


def _names(inventory: Inventory) -> Iterator[str]:
    for kind in Kind:
        names = sorted((item.name for item in inventory.of(kind)), key=str.casefold)
        if names:
            yield f"{kind.plural.capitalize()}: {', '.join(map(quoted, names))}"


def _verdict(findings: Findings) -> Iterator[str]:
    yield from findings.sentences
    if not findings.sentences:
        yield "References resolve, names are unique, and no recording is missing."


def _settings(inventory: Inventory) -> dict[str, Any] | None:
    if inventory.settings is None:
        return None
    music = inventory.settings.default_music
    return {**inventory.settings.row(), "DefaultMusicOnHoldFile": music.original_name if music else None}


def _recordings(inventory: Inventory) -> Iterator[tuple[str, str, Audio]]:
    """Title of the object, property path and recording, settings last."""
    for item in inventory.objects:
        for path, value in walk(item.properties):
            if isinstance(value, Audio):
                yield titled(item.kind, item.name), path, value
    if inventory.settings and inventory.settings.default_music:
        yield titled(None, ""), "DefaultMusicOnHoldFile", inventory.settings.default_music


def _clashes(objects: tuple[RgsObject, ...]) -> Iterator[str]:
    """Names that two different objects have. A copy is no duplicate of its original: both have one owner."""
    by_key: dict[tuple[Kind, str], list[RgsObject]] = {}
    for item in objects:
        by_key.setdefault(item.key, []).append(item)
    for items in by_key.values():
        different = {(item.owner, item.parent, item.guid): item for item in items}.values()
        owners = Counter(item.owner for item in different)
        places = Counter((item.owner, item.parent) for item in different)
        if len(owners) > 1 or max(places.values()) > 1:
            where = " and ".join(sorted(f"on {item.parent}, owned by {item.owner}" for item in different))
            yield (
                f"{titled(items[0].kind, items[0].name)} is there more than once ({where}): an import where both meet "
                "fails, or renames one."
            )


def _unresolved(inventory: Inventory) -> Iterator[str]:
    kinds = {item.guid: item.kind for item in inventory.objects}
    for item in inventory.objects:
        for path, value in walk(item.properties):
            if not isinstance(value, Ref) or not value.guid:
                continue
            wanted = _wanted(path)
            found = kinds.get(value.guid)
            if found is None or (wanted is not None and found is not wanted):
                what = f"no {wanted.singular}" if wanted else "nothing"
                yield f"{titled(item.kind, item.name)}: {path} leads to {what} in this file ({value.guid})."


def _wanted(path: str) -> Kind | None:
    """The kind that a reference at this path leads to, where that is known."""
    return _LEADS_TO.get(path.rpartition(".")[2].partition("[")[0])


def _silent(inventory: Inventory) -> Iterator[str]:
    for title, path, audio in _recordings(inventory):
        if audio.unique_name not in inventory.audio:
            yield f"{title}: the recording {quoted(audio.original_name)} of {path} is not in this file."


def _oversized(inventory: Inventory, sizes: Mapping[str, int]) -> Iterator[str]:
    for title, path, audio in _recordings(inventory):
        size = sizes.get(audio.unique_name, 0)
        if size > LARGEST_WAV:
            yield (
                f"{title}: the recording {quoted(audio.original_name)} of {path} has {size / 1024**2:.1f} MB; "
                "a server takes at most 4 MB."
            )


def _foreign(inventory: Inventory, owner: str) -> Iterator[str]:
    for item in inventory.objects:
        if item.owner.casefold() != owner.casefold():
            yield f"{titled(item.kind, item.name)} is owned by {item.owner}, not by {owner}."
