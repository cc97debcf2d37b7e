"""Every single-object change that verification must find, made one at a time."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.domain.groups.fingerprint import SET_LIKE
from bot.domain.groups.groups import Audio, Inventory, Ref, RgsObject, Value

NOWHERE = Ref("pool-a.contoso.com", "deadbeef-0000-4000-8000-000000000000")
Step = str | int


@dataclass(frozen=True, slots=True)
class Mutation:
    """`actual` differs from the original in one thing: `what` was done to the object `name`, at `path` below it."""

    what: str
    name: str
    path: str
    actual: Inventory


def mutations(inventory: Inventory) -> Iterator[Mutation]:
    for index, item in enumerate(inventory.objects):
        yield Mutation("dropped", item.name, "", _without(inventory, index))
        copy = replace(item, name=f"{item.name} new", identity=Ref(item.parent, str(uuid.UUID(int=index, version=4))))
        yield Mutation("extra", copy.name, "", replace(inventory, objects=(*inventory.objects, copy)))
        for name in (f"{item.name} (2)", "Something else"):
            yield Mutation("renamed", item.name, "", _with(inventory, index, replace(item, name=name)))
        yield Mutation(
            "owner", item.name, "OwnerPool", _with(inventory, index, replace(item, owner="pool-z.contoso.com"))
        )
        for what, path, value in _edits(item.properties, ()):
            edited = replace(item, properties=_set(item.properties, path, value))
            yield Mutation(what, item.name, _spelled(path), _with(inventory, index, edited))


def audio_mutations(inventory: Inventory) -> Iterator[Mutation]:
    for unique_name in inventory.audio:
        others = {name: sha256 for name, sha256 in inventory.audio.items() if name != unique_name}
        yield Mutation("audio changed", "", unique_name, replace(inventory, audio={**others, unique_name: "0" * 64}))
        yield Mutation("audio dropped", "", unique_name, replace(inventory, audio=others))


def shuffled(inventory: Inventory, seed: int) -> Inventory:
    """The same inventory with everything in another order whose order means nothing."""
    dice = random.Random(seed)

    def stir(value: Value, name: str = "") -> Value:
        if isinstance(value, Mapping):
            keys = dice.sample(sorted(value), len(value))
            return MappingProxyType({key: stir(value[key], key) for key in keys})
        if isinstance(value, tuple):
            items = [stir(item) for item in value]
            return tuple(dice.sample(items, len(items)) if name in SET_LIKE else items)
        return value

    objects = [replace(item, properties=stir(item.properties)) for item in inventory.objects]
    return replace(inventory, objects=tuple(dice.sample(objects, len(objects))))


def renumbered(inventory: Inventory) -> Inventory:
    """The same inventory as another server might number it: every GUID and every unique audio name is new."""

    def fresh(text: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, text))

    def number(value: Value) -> Value:
        match value:
            case Ref(guid=guid) if guid:
                return Ref(value.pool, fresh(guid))
            case Audio():
                return Audio(fresh(value.unique_name), value.original_name)
            case tuple():
                return tuple(number(item) for item in value)
            case Mapping():
                return MappingProxyType({key: number(item) for key, item in value.items()})
        return value

    objects = tuple(
        replace(item, identity=number(item.identity), properties=number(item.properties)) for item in inventory.objects
    )
    settings = inventory.settings
    if settings is not None and settings.default_music is not None:
        settings = replace(settings, default_music=number(settings.default_music))
    audio = {fresh(name): sha256 for name, sha256 in inventory.audio.items()}
    return replace(inventory, objects=objects, settings=settings, audio=audio)


def _without(inventory: Inventory, index: int) -> Inventory:
    return replace(inventory, objects=inventory.objects[:index] + inventory.objects[index + 1 :])


def _with(inventory: Inventory, index: int, item: RgsObject) -> Inventory:
    return replace(inventory, objects=(*inventory.objects[:index], item, *inventory.objects[index + 1 :]))


def _edits(value: Value, path: tuple[Step, ...]) -> Iterator[tuple[str, tuple[Step, ...], Value]]:
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _edits(item, (*path, key))
                if item is not None and item != ():
                    yield "emptied", (*path, key), None
        case tuple():
            for index, item in enumerate(value):
                yield from _edits(item, (*path, index))
                yield "item lost", path, value[:index] + value[index + 1 :]
            yield "item gained", path, (*value, value[-1] if value else "sip:new@contoso.com")
            if len(value) > 1 and path[-1] not in SET_LIKE:
                yield "reordered", path, (value[1], value[0], *value[2:])
        case _:
            yield "edited", path, _edited(value)


def _edited(value: Value) -> Value:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}x"
        case Ref():
            return NOWHERE
        case Audio():
            return replace(value, original_name=f"x{value.original_name}")
    return "set"


def _set(value: Value, path: tuple[Step, ...], new: Value) -> Value:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, tuple) and isinstance(step, int):
        return (*value[:step], _set(value[step], rest, new), *value[step + 1 :])
    assert isinstance(value, Mapping)
    return MappingProxyType({key: _set(item, rest, new) if key == step else item for key, item in value.items()})


def _spelled(path: tuple[Step, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
