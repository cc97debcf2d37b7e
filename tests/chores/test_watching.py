"""A pool whose newest sound backup is too old is told loudly, once, until there is a fresh one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis

from bot.chores.watching import Watching
from bot.domain.backups.backup import Backup
from bot.domain.errors import Damaged
from bot.domain.model import Pool, PoolState, Who
from bot.domain.runs.run import Change, Run
from storage import keys
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.notices import Notices
from storage.runs import Runs
from storage.schedules import Watches

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
HOUR, NOW = 3600.0, 1_795_000_000.0
LATE = "pool-a has no sound backup younger than 26 h: "


@dataclass(slots=True)
class Tower:
    redis: Redis
    pools: dict[str, Pool] = field(default_factory=lambda: {A: Pool(A)})
    objectives: dict[str, float] = field(default_factory=lambda: {A: 26.0, B: 26.0})

    async def keep(self, id: str, at: float) -> None:
        sha256 = hashlib.sha256(b"zip").hexdigest()
        await Backups(self.redis).save(Backup(id, A, A, at, sha256, 3, {}, "", "run"), b"zip", {})

    async def look(self, at: float) -> list[str]:
        """What stands after a look at that second."""

        async def objectives() -> Mapping[str, float]:
            return self.objectives

        stores = (Backups(self.redis), Keepings(self.redis), Runs(self.redis), Notices(self.redis))
        await Watching(*stores, Watches(self.redis), self.pools, objectives).work(at)
        return [notice.sentence for notice in await Notices(self.redis).standing()]


@pytest.fixture
def tower(redis: Redis) -> Tower:
    return Tower(redis)


async def test_a_backup_that_gets_too_old_is_told_until_there_is_a_fresh_one(tower: Tower) -> None:
    await tower.keep("b1", NOW)
    assert await tower.look(NOW + 26 * HOUR) == []
    assert await tower.look(NOW + 27 * HOUR) == [f"{LATE}the newest is 27 h old."]
    assert await tower.look(NOW + 72 * HOUR) == [f"{LATE}the newest is 3 days old."]
    await tower.keep("b2", NOW + 72 * HOUR)
    assert await tower.look(NOW + 73 * HOUR) == []
    over = await Notices(tower.redis).find(f"fresh:{A}")
    assert over and over.over == "pool-a has a fresh backup again." and over.count == 2


async def test_a_pool_without_any_backup_is_late_only_after_it_was_watched_for_so_long(tower: Tower) -> None:
    assert await tower.look(NOW) == []
    assert await tower.look(NOW + 25 * HOUR) == []
    assert await tower.look(NOW + 27 * HOUR) == [f"{LATE}there is none at all."]


async def test_a_pool_that_a_wrong_clock_watched_first_is_late_all_the_same(tower: Tower) -> None:
    assert await tower.look(NOW + 400 * 24 * HOUR) == []
    assert await tower.look(NOW) == []
    assert await tower.look(NOW + 27 * HOUR) == [f"{LATE}there is none at all."]


async def test_backups_that_cannot_be_read_of_one_pool_keep_no_other_from_being_told_and_are_told_themselves(
    tower: Tower,
) -> None:
    tower.pools[B] = Pool(B)
    await tower.look(NOW)
    await tower.redis.set(keys.backups(A), b"\xff")
    with pytest.raises(Damaged, match=keys.backups(A)):
        await tower.look(NOW + 27 * HOUR)
    (notice,) = await Notices(tower.redis).standing()
    assert notice.key == f"fresh:{B}"


async def test_a_pool_of_which_nobody_can_read_since_when_it_is_watched_is_watched_from_now_on(tower: Tower) -> None:
    await tower.redis.hset(keys.WATCHED, A, b"\xff\xfe{")
    assert await tower.look(NOW) == []
    assert await tower.look(NOW + 27 * HOUR) == [f"{LATE}there is none at all."]


@pytest.mark.parametrize("flag", ["damage", "shrunk"])
async def test_a_backup_that_is_not_sound_does_not_count(tower: Tower, flag: str) -> None:
    await tower.keep("b1", NOW)
    await tower.keep("b2", NOW + 20 * HOUR)
    assert await tower.look(NOW + 30 * HOUR) == []
    await getattr(Keepings(tower.redis), flag)("b2", "Something is wrong with it.")
    assert await tower.look(NOW + 30 * HOUR) == [f"{LATE}the newest is 30 h old."]


async def test_one_from_the_future_does_not_count(tower: Tower) -> None:
    await tower.keep("b1", NOW)
    await tower.keep("b2", NOW + 9000 * HOUR)
    assert await tower.look(NOW + 30 * HOUR) == [f"{LATE}the newest is 30 h old."]


async def test_the_objective_that_holds_now_counts(tower: Tower) -> None:
    await tower.keep("b1", NOW)
    tower.objectives[A] = 6.5
    assert await tower.look(NOW + 7 * HOUR) == ["pool-a has no sound backup younger than 6.5 h: the newest is 7 h old."]
    tower.objectives[A] = 48
    assert await tower.look(NOW + 7 * HOUR) == []


async def test_in_an_outage_it_is_said_once_in_words_that_stay(tower: Tower) -> None:
    await tower.keep("b1", NOW)
    run = Run("failover-1", "failover", Pool(A), Pool(B), Who("x", "x"), NOW, "declare", pool_state=PoolState.OUTAGE)
    await Runs(tower.redis).commit(Change(run), NOW)
    first = await tower.look(NOW + 30 * HOUR)
    assert first == ["pool-a is in outage, and its newest sound backup is older than 26 h."]
    assert await tower.look(NOW + 99 * HOUR) == first


async def test_a_pool_that_nobody_configures_any_more_is_not_watched(tower: Tower) -> None:
    await tower.keep("b1", NOW)
    await tower.look(NOW + 30 * HOUR)
    tower.pools = {B: Pool(B)}
    assert await tower.look(NOW + 30 * HOUR) == []


async def test_whatever_stands_of_a_pool_that_nobody_configures_any_more_is_over(tower: Tower) -> None:
    notices = Notices(tower.redis)
    for of in ("able", "companion", "damage", "nothing", "restorable", "unread"):
        for pool in (A, B):
            await notices.say(f"{of}:{pool}", f"{of} of {pool}", NOW)
    for key in ("damage:companions", "mirror:damaged", "chore:stamps"):
        await notices.say(key, key, NOW)
    tower.pools = {B: Pool(B)}
    left = await tower.look(NOW)
    assert not [sentence for sentence in left if sentence.endswith(A)]
    assert len(left) == 6 + 3


@pytest.mark.parametrize("about", ["stands", "copies", "prestage"])
async def test_what_stands_of_a_pool_that_is_not_configured_any_more_ends(tower: Tower, about: str) -> None:
    await Notices(tower.redis).say(f"{about}:pool-z.contoso.com", "Something stands.", NOW)
    await tower.keep("b1", NOW)
    assert await tower.look(NOW) == []
