"""What kind of server Redis is: whether anything can be kept in it, and what a power cut or a switch would cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

from bot.domain.errors import BadInput
from storage import keys
from storage.connect import allowed, guard

_PROBED_S = 60


@guard()
async def refuse_unwritable(client: Redis) -> None:
    """Raises StoreAway for a server that takes no writes now."""
    await client.set(keys.PROBE, b"1", ex=_PROBED_S)


async def refuse_unfit(client: Redis) -> None:
    """Raises BadInput for a server that nothing can be kept in; StoreAway when it does not answer."""
    async with guard():
        found = await allowed(client.info())
    if (sentence := _UNFIT.get(str(found.get("redis_mode"))) or _UNFIT.get(str(found.get("role")))) is not None:
        raise BadInput(f"REDIS_URL names {sentence}")


_UNFIT = {
    "cluster": "a Redis Cluster. Switchback needs one server, since it writes several keys at once: name one.",
    "sentinel": "a Sentinel, which keeps nothing. Name the primary that it watches over.",
    "slave": "a read-only replica. Name its primary.",
}


async def persistence(client: Redis) -> tuple[str, ...]:
    """What a power cut would cost with this server's settings, a sentence each; none when it costs nothing.

    What may not be read is said to be unknown, never taken for good.
    """
    async with guard():
        found: dict[str, Any] = await allowed(client.info())
        for name in _READ:
            found |= await allowed(client.config_get(name))
    return tuple(sentence for judge in _JUDGES if (sentence := judge(found)))


_READ = (
    "appendonly",
    "appendfsync",
    "save",
    "no-appendfsync-on-rewrite",
    "min-replicas-to-write",
    "min-replicas-max-lag",
)

_ASK = "Set `appendonly yes` and `appendfsync always`."


def _log(found: Mapping[str, Any]) -> str | None:
    kept = found.get("appendonly") == "yes" or found.get("aof_enabled")
    if kept is None or (kept and "appendfsync" not in found):
        text = "It is not known what a power cut would cost, since this Redis does not let its settings be read."
        return f"{text} Ask whoever runs it for `appendonly yes` and `appendfsync always`."
    if kept:
        return _FSYNC.get(str(found["appendfsync"]))
    match found.get("save"):
        case None:
            text = "Redis keeps no log of changes, and whether it makes snapshots is not known"
            return f"{text}: a power cut may cost every run and every backup. {_ASK}"
        case "":
            return f"Redis keeps nothing on disk: a power cut, or a mere restart, costs every run and backup. {_ASK}"
    return f"Redis only makes snapshots: a power cut costs everything since the last one. {_ASK}"


_FSYNC = {
    "everysec": "A power cut may cost the last two seconds of what was confirmed. Set `appendfsync always`.",
    "no": "A power cut may cost the last half minute of what was confirmed, or more. Set `appendfsync always`.",
}


def _rewrites(found: Mapping[str, Any]) -> str | None:
    if found.get("no-appendfsync-on-rewrite") != "yes" or found.get("appendonly") != "yes":
        return None
    text = "While Redis rewrites its log, a power cut may cost half a minute of what was confirmed."
    return f"{text} Set `no-appendfsync-on-rewrite no`."


def _writes(found: Mapping[str, Any]) -> str | None:
    if found.get("aof_last_write_status", "ok") != "ok":
        return "Redis could not write to its disk just now and takes nothing new. Make room there, or look at its log."
    if not found.get("aof_enabled") and found.get("rdb_last_bgsave_status", "ok") != "ok":
        return "The last snapshot of Redis failed: a power cut costs more than it seems. Look at its log."
    return None


def _eviction(found: Mapping[str, Any]) -> str | None:
    policy = found.get("maxmemory_policy", "noeviction")
    if policy == "noeviction" or not found.get("maxmemory"):
        return None
    text = f"Redis throws things away when its memory is full ({policy}), runs and backups among them, without any cut."
    return f"{text} Set `maxmemory-policy noeviction`."


def _replicas(found: Mapping[str, Any]) -> str | None:
    """Replication tells whoever asked that it is saved before a replica has it."""
    if not found.get("connected_slaves"):
        return None
    many = "a replica" if found["connected_slaves"] == 1 else f"{found['connected_slaves']} replicas"
    text = f"Redis has {many}, which hear of changes after they are confirmed: when one takes over,"
    lag_s = int(found.get("min-replicas-max-lag", 0))
    if int(found.get("min-replicas-to-write", 0)) and lag_s:
        return f"{text} the last {lag_s} seconds may be lost. Look at every open card then, before you go on."
    return (
        f"{text} everything since it last heard may be lost. Set `min-replicas-to-write 1` and "
        "`min-replicas-max-lag 10`: then it is ten seconds at most."
    )


_JUDGES = (_log, _rewrites, _writes, _eviction, _replicas)
