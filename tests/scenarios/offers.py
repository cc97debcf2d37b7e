"""Harm to one of several backups, for stories about what is offered."""

from __future__ import annotations

from storage import keys
from tests.scenarios.stage import Stage


async def damage(stage: Stage, id: str, but: str = "") -> None:
    """Spoils one piece of the backup's contents; `but` is a backup that does not need it."""
    spared = set(await stage.backups.parts(but)) if but else set()
    others = [one.id for one in await stage.backups.page("pool-a.contoso.com", count=100) if one.id != id]
    shared = {name for other in others if not but for name in await stage.backups.parts(other)}
    name = sorted(set(await stage.backups.parts(id)) - spared - shared)[0]
    data = bytearray(await stage.redis.get(keys.piece(name)))
    data[len(data) // 2] ^= 1
    await stage.redis.set(keys.piece(name), bytes(data))
