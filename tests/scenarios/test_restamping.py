"""A stamp is lost when what it rested on changes, and comes back by the hourly look."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.chores.restamping import REHEARSED, Restamping
from bot.domain.backups.backup import Keeping, is_restorable
from bot.domain.groups.groups import Kind, Ref
from bot.domain.runs.acts import Act, Survey
from storage import keys
from storage.notices import Notices
from tests.scenarios.stage import ESTATE, A, B, Stage, stage_of
from tests.scenarios.test_rehearsed import backed_up, newest, shrunk, today
from tests.scenarios.test_ways import a_conflict

NOW = 1_795_000_000.0


def chore(stage: Stage) -> Restamping:
    return Restamping(stage.hands, stage.keepings, Notices(stage.redis), ESTATE)


async def look(stage: Stage) -> None:
    stage.clock.now += 3_600
    await chore(stage).work(stage.clock.now)


async def add(stage: Stage, name: str, pool: str = B) -> None:
    """Somebody makes another agent group on the pool."""
    world, version = await stage.worlds.load()
    live = world.pools[pool]
    item = live.of(Kind.AGENT_GROUP)[0]
    new = replace(item, identity=Ref(pool, "0a0a0a0a-0000-4000-8000-000000000001"), name=name)
    objects = MappingProxyType({**live.objects, (new.kind, new.guid): replace(new, owner=pool)})
    await stage.worlds.save(world.with_pool(replace(live, objects=objects)), version)


async def standing(stage: Stage) -> dict[str, str]:
    return {notice.key: notice.sentence for notice in await Notices(stage.redis).standing()}


async def known(stage: Stage) -> list[Keeping]:
    return list(await stage.keepings.read([one.id for one in await stage.backups.page(A)]))


async def test_a_stamp_is_lost_when_something_is_added_and_comes_back_by_the_next_look(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    before = (await newest(stage))[1].stamp
    await look(stage)
    assert (await newest(stage))[1].stamp == before
    await add(stage, "Night Desk")
    stale = (await newest(stage))[1]
    await look(stage)
    assert not is_restorable(stale, await today(stage))
    _, fresh = await newest(stage)
    assert fresh.stamp is not None and fresh.stamp.at == stage.clock.now
    assert is_restorable(fresh, await today(stage))
    assert await standing(stage) == {}


async def test_a_name_that_is_taken_on_the_backup_pool_is_told_until_it_is_free_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    await a_conflict(stage)
    await look(stage)
    _, keeping = await newest(stage)
    assert keeping.stamp is not None and not keeping.stamp.restorable
    key = f"restorable:{A}"
    assert await standing(stage) == {key: "The newest backup of pool-a cannot be restored on pool-b as it is."}
    (notice,) = await Notices(redis).standing()
    assert "would be refused, and nothing would be imported" in notice.details[0]
    await a_conflict(stage, "Renamed by hand")
    await look(stage)
    assert await standing(stage) == {}
    ended = await Notices(redis).find(key)
    assert ended is not None and ended.over == "The newest backup of pool-a can be restored on pool-b again."
    assert is_restorable((await newest(stage))[1], await today(stage))


async def test_a_backup_that_nobody_could_rehearse_is_rehearsed_when_its_pool_answers_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.take_down(B)
    await backed_up(stage)
    assert (await newest(stage))[1].stamp is None
    await look(stage)
    assert (await newest(stage))[1].stamp is None
    assert await standing(stage) == {}
    await stage.bring_up(B)
    await look(stage)
    assert is_restorable((await newest(stage))[1], await today(stage))


async def test_a_backup_pool_that_is_away_takes_no_stamp_away_and_its_age_is_told(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    before, basis = await known(stage), await today(stage)
    await stage.take_down(B)
    stage.clock.now += 7 * 3_600
    await look(stage)
    assert (await known(stage), await today(stage)) == (before, basis)
    (sentence,) = (await standing(stage)).values()
    assert sentence == (
        "pool-b cannot be read. The newest rehearsal of a backup of pool-a is 8 h old; "
        "what pool-b holds by now is not known."
    )
    await stage.bring_up(B)
    await look(stage)
    assert await standing(stage) == {}


async def test_only_the_newest_few_are_rehearsed_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    for _ in range(REHEARSED + 2):
        stage.clock.now += 3_600
        await backed_up(stage)
    await add(stage, "Night Desk")
    await look(stage)
    basis = await today(stage)
    assert [is_restorable(one, basis) for one in await known(stage)] == [True] * REHEARSED + [False] * 2


async def test_a_flagged_one_is_passed_over(redis: Redis) -> None:
    stage = await stage_of(redis)
    await shrunk(stage)
    await add(stage, "Night Desk")
    await look(stage)
    basis = await today(stage)
    assert [is_restorable(one, basis) for one in await known(stage)] == [False, True]


async def test_one_that_cannot_be_read_loses_its_stamp_and_the_look_goes_on(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    stage.clock.now += 60
    await backed_up(stage)
    await add(stage, "Night Desk")
    older, bad = sorted(await stage.backups.page(A), key=lambda one: one.taken_at)
    await stage.redis.set(keys.piece((await stage.backups.parts(bad.id))[0]), b"rubbish")
    await look(stage)
    basis = await today(stage)
    (of_older, of_bad) = await stage.keepings.read([older.id, bad.id])
    assert is_restorable(of_older, basis) and not is_restorable(of_bad, basis)
    assert await standing(stage) == {}


async def test_a_fault_with_one_pair_is_told_when_the_others_were_looked_at(redis: Redis) -> None:
    stage = await stage_of(redis)
    for pool in (A, B):
        await backed_up(stage, pool)
    await add(stage, "Night Desk", A)
    before = await today(stage, A)

    class Faulty:
        async def perform(self, act: Act) -> object:
            if act == Survey(B):
                raise KeyError("nobody foresaw this")
            return await hands.perform(act)

    hands = stage.hands
    with pytest.raises(KeyError):
        await Restamping(Faulty(), stage.keepings, Notices(stage.redis), ESTATE).work(stage.clock.now + 60)
    assert await today(stage, A) != before


async def test_what_stood_of_a_pair_ends_with_it(redis: Redis) -> None:
    stage, notices = await stage_of(redis), Notices(redis)
    for of in ("restorable", "unread"):
        await notices.say(f"{of}:{A}", "Its newest backup cannot be restored.", NOW)
    parted = replace(ESTATE, pairs={}, unpaired={})
    await Restamping(stage.hands, stage.keepings, notices, parted).work(NOW)
    assert await standing(stage) == {}


async def test_a_stamp_is_lost_although_nothing_could_be_rehearsed_anew(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    backup, _ = await newest(stage)
    await stage.redis.set(keys.piece((await stage.backups.parts(backup.id))[0]), b"rubbish")
    await add(stage, "Night Desk")
    await look(stage)
    assert not is_restorable((await newest(stage))[1], await today(stage))
