"""What a restore needs beside the backups, gathered from its stores, put back into them, and as it lies off-site."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from bot.domain.backups.offsite import RestoreState, carried
from bot.domain.errors import Damaged
from bot.domain.model import PoolState
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.runs import Runs
from storage.schedules import Schedules
from storage.vault.sealing import Keyring
from storage.versions import Codec, newer

FOLDER = "state"
_PAGE = 100
STATE = Codec(RestoreState, order="deterministic")


class RestoreStates:
    """Everything raises StoreAway when Redis does not answer."""

    def __init__(self, runs: Runs, schedules: Schedules, backups: Backups, keepings: Keepings) -> None:
        self._runs, self._schedules, self._backups, self._keepings = runs, schedules, backups, keepings

    async def standing(self, pools: Iterable[str], kept: RestoreState) -> RestoreState:
        """Where these pools (FQDNs) stand and what was changed of schedules, beside what was `kept`. Raises Newer."""
        records = await self._runs.records(pools)
        unknown = {record.fqdn for record in records.values() if record.state is PoolState.UNKNOWN}
        # Left out, they would count as active, and as configured, after a restore.
        if unreadable := sorted({*unknown, *await self._schedules.newer()}):
            raise newer(f"What is known of {unreadable[0]}")
        moved = tuple(replace(record, held_by="") for record in records.values() if record.since)
        words = carried(moved)
        pins = {id: dict(known.pins) for id, known in zip(words, await self._keepings.read(words), strict=True)}
        pinned = {**kept.pins, **{id: found for id, found in pins.items() if found}}
        return replace(kept, pools=moved, schedules=dict(await self._schedules.overrides()), pins=pinned)

    async def kept(self) -> RestoreState:
        """Who keeps which listed backup, and which shrank: it looks at every one."""
        pins, shrunk = {}, {}
        for pool in await self._backups.pools():
            start = 0
            while ids := await self._backups.ids(pool, start, _PAGE):
                for id, keeping in zip(ids, await self._keepings.read(ids), strict=True):
                    pins |= {id: dict(keeping.pins)} if keeping.pins else {}
                    shrunk |= {id: keeping.shrunk} if keeping.shrunk else {}
                start += len(ids)
        return RestoreState(pins=pins, shrunk=shrunk)

    async def put_back(self, state: RestoreState) -> None:
        """Where nothing is known yet; twice is as good as once. Pins of backups that are not here are left out."""
        for record in state.pools:
            await self._runs.put_back(record)
        for override in state.schedules.values():
            await self._schedules.put_back(override)
        for id in sorted({*state.pins, *state.shrunk}):
            if await self._backups.find(id) is not None:
                await self._put_back_kept(id, state)

    async def _put_back_kept(self, id: str, state: RestoreState) -> None:
        for by, because in state.pins.get(id, {}).items():
            await self._keepings.pin(id, by, because)
        if id in state.shrunk:
            await self._keepings.shrunk(id, state.shrunk[id])


def packed(state: RestoreState, keyring: Keyring) -> tuple[str, bytes]:
    """The name and the stored form, sealed where there is a key; the same state has the same name."""
    data = STATE.encode(state)
    name = keyring.name(hashlib.sha256(data).digest(), keyring.writes)
    return name, bytes(keyring.seal(name, data))


def path(second: float, name: str) -> str:
    """Where what was remembered at that second lies: later ones sort behind earlier ones."""
    return f"{FOLDER}/{int(second):012}-{name}"


def name_of(path: str) -> str:
    return path.rpartition("/")[2].partition("-")[2]


def unpacked(name: str, raw: bytes, keyring: Keyring) -> RestoreState:
    """Raises Damaged for what is not the stored form of that name, Newer for that of a newer version."""
    try:
        return STATE.decode(keyring.open(name, raw), "What was remembered off-site")
    except msgspec.DecodeError:
        raise Damaged("What was remembered off-site says nothing that can be understood.") from None
