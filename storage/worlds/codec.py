"""Writes a world as bytes and reads back exactly the same value."""

from __future__ import annotations

import zlib
from types import MappingProxyType
from typing import Any

import msgspec

from bot.domain.deployment.world import ACTIVE, FAILED_OVER, Effect, Fault, FaultKind, LivePool, ServerFile, World
from bot.domain.groups.groups import Inventory, Kind, Ref, RgsObject, ServiceSettings
from bot.domain.model import Edition
from storage import versions
from storage.worlds.rows import plain, value

SMALL = 4096
_PLAIN, _DEFLATED = b"p", b"z"
_OURS = bytes([versions.VERSION])


def encoded(world: World) -> bytes:
    """The version, one byte that says how, then msgpack, deflated where it pays."""
    data = msgspec.msgpack.encode(
        {
            "pools": [_from_pool(pool) for pool in world.pools.values()],
            "pairs": dict(world.pairs),
            "contacts": dict(world.contacts),
            "faults": [[fault.kind, fault.pool, fault.cmdlet, fault.seconds, fault.times] for fault in world.faults],
            "effects": [[effect.pool, effect.cmdlet, effect.line, effect.at] for effect in world.effects],
            "effect_count": world.effect_count,
            "locations": world.locations,
            "store": world.store,
            "edges": dict(world.edges),
            "also_active": world.also_active,
            "replicates": world.replicates,
            "told": {noun: [plain(row) for row in rows] for noun, rows in world.told.items()},
            "published": world.published,
        }
    )
    return _OURS + (_PLAIN + data if len(data) < SMALL else _DEFLATED + zlib.compress(data, 1))


def decoded(data: bytes) -> World:
    """The world that was encoded. Raises Newer."""
    # 0.1 wrote no version: it began with the byte that says how.
    if data[:1] not in (_PLAIN, _DEFLATED):
        if data[0] > versions.VERSION:
            raise versions.newer("The simulated deployment")
        data = data[1:]
    body = zlib.decompress(data[1:]) if data[:1] == _DEFLATED else data[1:]
    parts = msgspec.msgpack.decode(body)
    return World(
        MappingProxyType({each["fqdn"]: _to_pool(each) for each in parts["pools"]}),
        MappingProxyType(parts["pairs"]),
        MappingProxyType(parts["contacts"]),
        tuple(Fault(FaultKind(kind), *rest) for kind, *rest in parts["faults"]),
        tuple(Effect(*each) for each in parts["effects"]),
        parts["effect_count"],
        parts.get("locations", b""),
        parts.get("store", World().store),
        MappingProxyType(parts.get("edges", {})),
        parts.get("also_active", ""),
        parts.get("replicates", False),
        value(parts.get("told", {})),
        parts.get("published", b""),
    )


def _from_pool(pool: LivePool) -> dict[str, Any]:
    return {
        "fqdn": pool.fqdn,
        "edition": pool.edition,
        "version": pool.version,
        "site": pool.site,
        "front_ends": pool.front_ends,
        "up": pool.up,
        "registrar": pool.registrar,
        "objects": [_from_object(item) for item in pool.objects.values()],
        "settings": _from_settings(pool.settings),
        "audio": dict(pool.audio),
        "files": {path: _from_file(file) for path, file in pool.files.items()},
        "call_park": plain(pool.call_park),
        "build": pool.build,
        "back_end": pool.back_end,
        "sql": pool.sql,
        "replica_behind": pool.replica_behind,
        "stopped": dict(pool.stopped),
        "modules": dict(pool.modules),
        "principals": dict(pool.principals),
    }


def _to_pool(parts: dict[str, Any]) -> LivePool:
    objects = (_to_object(each) for each in parts["objects"])
    return LivePool(
        parts["fqdn"],
        Edition(parts["edition"]),
        parts["version"],
        parts["site"],
        tuple(parts["front_ends"]),
        parts["up"],
        parts.get("registrar") or (FAILED_OVER if parts["failed_over"] else ACTIVE),
        MappingProxyType({(item.kind, item.guid): item for item in objects}),
        _to_settings(parts["settings"]),
        MappingProxyType(parts["audio"]),
        MappingProxyType({path: _to_file(file) for path, file in parts["files"].items()}),
        value(parts.get("call_park", {})),
        parts.get("build", ""),
        parts.get("back_end", True),
        parts.get("sql", ""),
        parts.get("replica_behind", False),
        value(parts.get("stopped", {})),
        value(parts.get("modules", {})),
        MappingProxyType(parts.get("principals", {})),
    )


def _from_object(item: RgsObject) -> list[Any]:
    properties = {key: plain(kept) for key, kept in item.properties.items()}
    return [item.kind, item.identity.pool, item.identity.guid, item.name, item.owner, properties]


def _to_object(parts: list[Any]) -> RgsObject:
    kind, pool, guid, name, owner, properties = parts
    values = {key: value(kept) for key, kept in properties.items()}
    return RgsObject(Kind(kind), Ref(pool, guid), name, owner, MappingProxyType(values))


def _from_settings(settings: ServiceSettings | None) -> list[Any] | None:
    if settings is None:
        return None
    return [settings.ringback_grace_s, plain(settings.default_music), settings.call_context_disabled]


def _to_settings(parts: list[Any] | None) -> ServiceSettings | None:
    return None if parts is None else ServiceSettings(parts[0], value(parts[1]), parts[2])


def _from_file(file: ServerFile) -> list[Any]:
    kept = file.inventory
    inside = kept and [
        [_from_object(item) for item in kept.objects],
        _from_settings(kept.settings),
        dict(kept.audio),
        kept.others,
    ]
    return [inside, file.at, file.raw, file.size, file.path, file.locations]


def _to_file(parts: list[Any]) -> ServerFile:
    inside, at, raw, size, path, locations = (*parts, *("", b"")[len(parts) - 4 :])
    if inside is None:
        return ServerFile(None, at, raw, size, path, locations)
    objects, settings, audio, others = inside
    inventory = Inventory(
        tuple(_to_object(each) for each in objects), _to_settings(settings), MappingProxyType(audio), tuple(others)
    )
    return ServerFile(inventory, at, raw, size, path)
