"""What a restore needs beside the backups comes back as it was, and is believed only when it is sound."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.backups.offsite import RestoreState
from bot.domain.backups.schedule import Override
from bot.domain.errors import Damaged
from bot.domain.model import PoolRecord, PoolState, Who
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.backups.restore_state import RestoreStates, name_of, packed, path, unpacked
from storage.runs import Runs
from storage.schedules import Schedules
from storage.vault.sealing import PLAIN, Keyring
from tests.storage.test_backups import POOL, backup_of, export

RECORD = PoolRecord(POOL, PoolState.FAILED_OVER, 1_795_000_000.5, "run-7", "", {"backup": "b1", "settings": {"Off": 1}})
OVERRIDE = Override(POOL, Who("T0:U0", "Anna"), 1_795_000_100.25, ("02:30", "Sun 13:00"), 26.0, 1_795_000_100.25)
STATE = RestoreState((RECORD,), {POOL: OVERRIDE}, {"b1": {"run-7": "it was imported"}}, {"b1": "It holds half of it."})
KEY = Keyring((b"k" * 32,))


def states(redis: Redis) -> RestoreStates:
    return RestoreStates(Runs(redis), Schedules(redis), Backups(redis), Keepings(redis))


@pytest.mark.parametrize("keyring", [PLAIN, KEY], ids=["plain", "sealed"])
def test_it_comes_back_from_its_stored_form_and_the_same_has_the_same_name(keyring: Keyring) -> None:
    name, raw = packed(STATE, keyring)
    assert unpacked(name, raw, keyring) == STATE
    assert packed(STATE, keyring)[0] == name != packed(replace(STATE, pins={}), keyring)[0]
    assert name_of(path(1_795_000_000.9, name)) == name
    assert (b"pool-a" in raw) is (keyring is PLAIN)


@pytest.mark.parametrize("keyring", [PLAIN, KEY], ids=["plain", "sealed"])
def test_a_single_changed_byte_is_noticed(keyring: Keyring) -> None:
    name, raw = packed(STATE, keyring)
    for at in range(0, len(raw), 7):
        with pytest.raises(Damaged):
            unpacked(name, raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :], keyring)


async def test_what_is_put_back_is_what_was_gathered(redis: Redis) -> None:
    data = export()
    await Backups(redis).save(backup_of(data, "b1"), data, {})
    await states(redis).put_back(STATE)
    await states(redis).put_back(STATE)
    found = states(redis)
    assert await found.standing([POOL, "pool-b.contoso.com"], await found.kept()) == STATE


async def test_what_is_known_already_stays_and_pins_of_what_is_gone_are_left_out(redis: Redis) -> None:
    known = replace(RECORD, state=PoolState.FAILING_BACK, run="run-8")
    await Runs(redis).put_back(known)
    await states(redis).put_back(STATE)
    assert (await Runs(redis).records([POOL]))[POOL] == known
    assert await states(redis).kept() == RestoreState()
    assert await Schedules(redis).overrides() == {POOL: OVERRIDE}
