"""What an import would do to a pool: which objects it creates, updates or renames, and on which names it fails."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from types import MappingProxyType

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.world import LivePool, World, contact_of
from bot.domain.groups.groups import Inventory, Kind, Ref, RgsObject, ServiceSettings, Value

_Id = tuple[Kind, str]
_SWITCHES = ("OverwriteOwner", "ReplaceExistingRgsSettings", "ResolveNameConflicts")


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches of Import-CsRgsConfiguration that change what it does (facts: lync §1.2)."""

    overwrite_owner: bool = False
    replace_settings: bool = False
    resolve_names: bool = False

    @classmethod
    def of(cls, command: Cmdlet) -> Switches:
        given = (command.get(key) is True for key in _SWITCHES)
        return cls(*given)


@dataclass(frozen=True, slots=True)
class Landing:
    """One object of the file: as the file has it, what it updates in place, and as it lies there afterwards."""

    item: RgsObject
    held: RgsObject | None
    lands: RgsObject


@dataclass(frozen=True, slots=True)
class Clash:
    """An imported object whose name is taken by an object of another owner, or whose address by another workflow."""

    item: RgsObject
    held: RgsObject


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """`clashes` fail the whole import unless names are resolved; `landings` are as they would be then.

    `addresses` fail it always: no switch gives a workflow another PrimaryUri.
    """

    landings: tuple[Landing, ...]
    clashes: tuple[Clash, ...]
    addresses: tuple[Clash, ...]
    settings: ServiceSettings


def plan_import(
    destination: LivePool, file: Inventory, switches: Switches, elsewhere: Iterable[RgsObject] = ()
) -> ImportPlan:
    """Decides, without doing, what importing this file does (facts: lync §2.2, §3.2, §3.3, §3.4, §3.6).

    Import is an upsert by kind and name that deletes nothing. An object of another owner with the same name is a
    conflict; where it is resolved, the imported one gets the next free number. `elsewhere` are the objects of other
    pools, as far as they are known.
    """
    clashes = dict(_clashes(destination, file, switches))
    found = dict(_found(destination, file, clashes, switches))
    names = {item.key for item in (*destination.objects.values(), *file.objects)}
    landings = []
    for item in file.objects:
        held = found.get(_id(item))
        name = item.name
        if _id(item) in clashes:
            name = held.name if held else _free_name(item, names)
        owner = destination.fqdn if switches.overwrite_owner else item.owner
        identity = Ref(destination.fqdn, held.guid if held else _free_guid(destination, item))
        lands = replace(item.moved(destination.fqdn, owner), identity=identity, name=name)
        names.add(lands.key)
        landings.append(Landing(item, held, lands))
    settings = file.settings if switches.replace_settings and file.settings else destination.settings
    addresses = _addresses(destination, landings, elsewhere)
    return ImportPlan(_followed(landings), tuple(clashes.values()), tuple(addresses), settings)


def land(destination: LivePool, landings: Iterable[Landing], settings: ServiceSettings, file: Inventory) -> LivePool:
    """The pool after these objects have been written, with the audio of the file that they use."""
    landed = {_id(each.lands): each.lands for each in landings}
    return destination.holding({**destination.objects, **landed}.values(), settings, file.audio)


def barred_owners(world: World, destination: LivePool, file: Inventory) -> tuple[str, ...]:
    """Owners whose objects cannot come here without -OverwriteOwner, as their contact objects already exist.

    The twin's rule of the runbooks: it works on the owner's paired backup pool, and on the owner itself while it still
    holds every object; anywhere else the contact objects in Active Directory are in the way (facts: lync §3.3).
    """
    here = {item.key for item in destination.objects.values() if item.owner == destination.fqdn}

    def welcome(owner: str) -> bool:
        return world.pairs.get(owner) == destination.fqdn or (
            owner == destination.fqdn and all(item.key in here for item in file.objects if item.owner == owner)
        )

    return tuple(owner for owner in dict.fromkeys(item.owner for item in file.objects) if not welcome(owner))


def claim_contacts(world: World, landings: Iterable[Landing], *, overwrite: bool) -> World:
    """Gives every landed workflow its contact object; with `overwrite` the new owner takes those there are."""
    landings = tuple(landings)
    claimed = {uri: each.lands.owner for each in landings if (uri := contact_of(each.lands))}
    contacts = {**world.contacts, **claimed} if overwrite else {**claimed, **world.contacts}
    claimed_world = replace(world, contacts=MappingProxyType(contacts))
    return release_contacts(claimed_world, (each.held for each in landings if each.held))


def release_contacts(world: World, gone: Iterable[RgsObject]) -> World:
    """Removes the contact objects of these workflows, except where any pool still holds a workflow with that address.

    Documented choice: what removal does while the owner or another pool holds the same group is unknown (facts: lync
    §3.1, §12.2); here the contact object stays until the last of them goes.
    """
    released = {uri for item in gone if (uri := contact_of(item))}
    if released:
        released -= {contact_of(item) for pool in world.pools.values() for item in pool.of(Kind.WORKFLOW)}
    kept = {uri: owner for uri, owner in world.contacts.items() if uri not in released}
    return replace(world, contacts=MappingProxyType(kept)) if released else world


def _id(item: RgsObject) -> _Id:
    return item.kind, item.guid


def _same(destination: LivePool, item: RgsObject, held: RgsObject, switches: Switches) -> bool:
    """Whether the held object is the imported one, met again.

    Documented choice: a second import with -OverwriteOwner meets its own work, which has the same GUID and belongs to
    the destination by now; without the switch only the owner counts (facts: lync §3.6).
    """
    own = switches.overwrite_owner and held.owner == destination.fqdn and held.guid == item.guid
    return own or held.owner == item.owner


def _clashes(destination: LivePool, file: Inventory, switches: Switches) -> Iterator[tuple[_Id, Clash]]:
    held_by_name = {item.key: item for item in destination.objects.values()}
    seen: dict[tuple[Kind, str], RgsObject] = {}
    for item in file.objects:
        first = seen.setdefault(item.key, item)
        held = held_by_name.get(item.key)
        if first is not item:
            yield _id(item), Clash(item, first)
        elif held is not None and not _same(destination, item, held, switches):
            yield _id(item), Clash(item, held)


def _addresses(destination: LivePool, landings: Iterable[Landing], elsewhere: Iterable[RgsObject]) -> Iterator[Clash]:
    """Workflows whose contact object another one has already: it is unique in Active Directory (facts: lync §2.2).

    Documented choice: the same group is known by its GUID, or by its name and its owner; on the destination it is only
    the one that is updated in place, since two rows there cannot share a contact object.
    """
    landings = tuple(landings)
    updated = {_id(each.held) for each in landings if each.held}
    staying = (item for item in destination.of(Kind.WORKFLOW) if _id(item) not in updated)
    there = {uri: item for item in staying if (uri := contact_of(item))}
    others: dict[str, list[RgsObject]] = {}
    for item in elsewhere:
        if uri := contact_of(item):
            others.setdefault(uri, []).append(item)
    for each in landings:
        uri = contact_of(each.item)
        if not uri:
            continue
        strangers = (one for one in others.get(uri, ()) if not _is_copy(one, each.item))
        if held := there.get(uri) or next(strangers, None):
            yield Clash(each.item, held)
        there[uri] = each.lands


def _is_copy(one: RgsObject, item: RgsObject) -> bool:
    return one.guid == item.guid or (one.key, one.owner) == (item.key, item.owner)


def _found(
    destination: LivePool, file: Inventory, clashes: Mapping[_Id, Clash], switches: Switches
) -> Iterator[tuple[_Id, RgsObject]]:
    """What each object updates in place: the one of its name, or else the very same row under an older name.

    Documented choice: a row that keeps its GUID and its owner but was renamed is renamed here too, since its contact
    object can exist only once; "renamed groups stay renamed when exported back" (facts: lync §2.1, §3.2).
    """
    held_by_name = {item.key: item for item in destination.objects.values()}
    by_name = {_id(item): held_by_name[item.key] for item in file.objects if item.key in held_by_name}
    by_name = {identity: held for identity, held in by_name.items() if identity not in clashes}
    spoken_for = {_id(held) for held in by_name.values()}
    yield from by_name.items()
    for item in file.objects:
        held = destination.objects.get(_id(item))
        if _id(item) in by_name or held is None or _id(held) in spoken_for:
            continue
        if _same(destination, item, held, switches):
            yield _id(item), held


def _free_name(item: RgsObject, names: set[tuple[Kind, str]]) -> str:
    numbered = (f"{item.name} ({number})" for number in count(2))
    return next(name for name in numbered if (item.kind, name.casefold()) not in names)


def _free_guid(destination: LivePool, item: RgsObject) -> str:
    """The object's own GUID, or, where another object has it already, one that follows from it."""
    derived = (str(uuid.uuid5(uuid.NAMESPACE_OID, f"{item.identity}/{number}")) for number in count())
    candidates = (guid for source in ((item.guid,), derived) for guid in source)
    return next(guid for guid in candidates if (item.kind, guid) not in destination.objects)


def _followed(landings: Iterable[Landing]) -> tuple[Landing, ...]:
    """Lets references lead to where objects landed, for those that took over the GUID of the one they updated."""
    landings = tuple(landings)
    moved = {each.item.guid: each.lands.guid for each in landings if each.item.guid != each.lands.guid}

    def follow(value: Value) -> Value:
        match value:
            case Ref(pool=pool, guid=guid):
                return Ref(pool, moved.get(guid, guid))
            case tuple():
                return tuple(follow(item) for item in value)
            case Mapping():
                return MappingProxyType({key: follow(item) for key, item in value.items()})
        return value

    def led(item: RgsObject) -> RgsObject:
        properties = {key: follow(value) for key, value in item.properties.items()}
        return replace(item, properties=MappingProxyType(properties))

    return tuple(replace(each, lands=led(each.lands)) for each in landings) if moved else landings
