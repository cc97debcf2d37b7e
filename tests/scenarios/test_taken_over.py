"""A store that 0.1 left in the middle of a failover is taken over; what a newer version left is not touched."""

from __future__ import annotations

import asyncio
import logging

import pytest
from redis.asyncio import Redis

from bot.chores.deferring import Deferring
from bot.domain.backups.schedule import Slot
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase
from bot.sandbox import Message
from storage import keys, versions
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.cards import Cards
from storage.companions import Companions
from storage.notices import Notices
from storage.runs import RUN, Runs
from storage.schedules import Schedules
from tests import records
from tests.records import key_of
from tests.sandbox.parts import INCIDENT
from tests.scenarios.beats import FAILBACK, FAILOVER, played
from tests.scenarios.house import House, button_of, house
from tests.scenarios.slack_stage import slack_stage
from tests.scenarios.stage import ANNA, A, B, stage_of

OLD_RUN = key_of("run:failover").removeprefix("run:")
SLOT, AT = key_of("run:backup-pool-a.").removeprefix("run:"), "2026-11-22T02:30"
NOW = 1_900_000_000.0


async def posted(house: House) -> Message:
    """The card as 0.1 posted it, word for word and button for button."""
    card = records.kept()["card"]
    said = await house.bot.slack.chat_postMessage(channel=INCIDENT, text=card["text"], blocks=card["blocks"])
    return next(message for message in house.slack.messages(INCIDENT) if message.ts == said["ts"])


async def test_a_failover_that_0_1_began_goes_on_to_its_end_by_its_old_buttons(redis: Redis) -> None:
    await records.put(redis)
    async with house(redis) as ours:
        run = await ours.bot.runs.load(OLD_RUN)
        # What 0.1 kept has no formal group, so nobody has to sign in.
        approve, *rest = (beat for beat in FAILOVER[3:] if "agents" not in beat.now)
        card = await posted(ours)
        button = button_of(card, "Run this command")
        outcome = await ours.slack.click(approve.who, card, button.action_id, button.value, block_id=button.block_id)
        assert outcome.ok and not ours.told(approve.who), ours.told(approve.who)
        # Its file gets another name now, so what was approved is not what would be sent.
        await ours.card(run, "What this rests on has changed since it was approved, so it asks again.")
        await played(ours, run, (approve, *rest))
        assert (await ours.bot.runs.load(OLD_RUN)).phase is Phase.DONE
        assert (await ours.bot.runs.records([A]))[A].state is PoolState.FAILED_OVER
        await ours.bring_up(A)
        back = await ours.started("U0ANNA0001", "/rgs failback pool-a")
        await played(ours, back, tuple(beat for beat in FAILBACK if "agents" not in beat.now))
        assert (await ours.bot.runs.records([A]))[A].state is PoolState.ACTIVE


async def test_a_slot_that_0_1_did_is_not_done_again(redis: Redis) -> None:
    await records.put(redis)
    async with house(redis) as ours:
        before = await ours.bot.runs.load(SLOT)
        run = await ours.bot.engine.start_slot(Slot(A, AT))
        assert run.id == SLOT and run.phase is Phase.DONE and run.version > 1
        assert await ours.bot.runs.load(SLOT) == before


async def newer_run(redis: Redis, run_id: str) -> bytes:
    """The run as a version far ahead would have left it, due at once; gives its bytes."""
    stored = await redis.hget(keys.run(run_id), "run")
    body = stored.replace(b'{"v":%d,' % versions.VERSION, b'{"v":99,"shape":{},', 1).replace(b'"id":', b'"name":', 1)
    await redis.hset(keys.run(run_id), "run", body)
    await redis.zadd(keys.DUE, {run_id: 0.0})
    return body


async def test_the_engine_leaves_a_newer_run_and_does_the_others(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    stage = await stage_of(redis)
    theirs = await stage.engine.start("backup", A, ANNA)
    body = await newer_run(redis, theirs.id)
    with caplog.at_level(logging.INFO):
        assert await stage.engine.tick() == 1
        assert await stage.engine.tick() == 0
        assert (await stage.settle((await stage.engine.start("backup", B, ANNA)).id)).phase is Phase.DONE
    (said,) = [record for record in caplog.records if theirs.id in record.getMessage()]
    assert "newer Switchback than this process" in said.getMessage() and said.exc_info is None
    assert await redis.hget(keys.run(theirs.id), "run") == body and await redis.zscore(keys.DUE, theirs.id) == 0.0


async def test_its_card_waits_for_the_newer_one_and_others_are_drawn(redis: Redis) -> None:
    async with slack_stage(redis) as stage:
        theirs = await stage.story.engine.start("backup", A, ANNA)
        await newer_run(redis, theirs.id)
        ours = await stage.story.engine.start("backup", B, ANNA)
        await stage.drain()
        assert [item.run for item in await stage.story.runs.outbox(float("inf"), 50)] == [theirs.id]
        assert await Cards(redis).place(ours.id) and not await Cards(redis).place(theirs.id)


async def test_whoever_presses_or_starts_reads_a_sentence(redis: Redis) -> None:
    async with house(redis) as ours:
        run = await ours.started("U0ANNA0001", "/rgs failover pool-a")
        card = await ours.card(run, "declare the outage", "May press:")
        body = await newer_run(redis, run.id)
        record = await redis.hget(keys.pool(A), "record")
        await redis.hset(keys.pool(A), "record", record.replace(b'{"v":%d' % versions.VERSION, b'{"v":99', 1))
        await ours.press("U0ANNA0001", card, "Declare the outage")
        assert "written by a newer Switchback than this process" in ours.told("U0ANNA0001")[-1]
        for typed in ("backup", "failover", "impact"):
            await ours.slack.command("U0ANNA0001", INCIDENT, f"/rgs {typed} pool-a")
            assert "written by a newer Switchback than this process" in ours.told("U0ANNA0001")[-1], typed
        await ours.slack.command("U0ANNA0001", INCIDENT, "/rgs pools")
        assert "not known" in ours.told("U0ANNA0001")[-1]
        assert await redis.hget(keys.run(run.id), "run") == body


async def test_one_notice_names_what_is_newer_and_ends_with_it(redis: Redis) -> None:
    await records.put(redis)
    stores = (Runs(redis), Schedules(redis), Backups(redis))
    notices = Notices(redis)
    chore = Deferring(*stores, Keepings(redis), Companions(redis, stores[2].pieces), notices, [A, B])
    await chore.work(NOW)
    assert await notices.find("newer") is None

    run = await stores[0].load(OLD_RUN)
    await redis.hset(keys.run(OLD_RUN), "run", RUN.encode(run))
    await newer_run(redis, OLD_RUN)
    await redis.hset(keys.SCHEDULES, B, '{"v":99,"pool":"another"}')
    for _ in range(2):
        await chore.work(NOW)
    notice = await notices.find("newer")
    assert notice is not None and f"The run {OLD_RUN} and 1 more are newer than this process" in notice.sentence
    assert f"The schedule of {B}" in notice.details and notice.count == 2

    await redis.hset(keys.run(OLD_RUN), "run", RUN.encode(run))
    await redis.hdel(keys.SCHEDULES, B)
    await chore.work(NOW)
    assert (await notices.find("newer")).over


async def test_many_newer_runs_keep_nobody_from_the_others(redis: Redis) -> None:
    stage = await stage_of(redis)
    await redis.zadd(keys.DUE, {f"theirs-{number}": 0.0 for number in range(60)})
    for number in range(60):
        await redis.hset(keys.run(f"theirs-{number}"), mapping={"version": 1, "run": '{"v":99,"id":"theirs"}'})
    ours = await stage.engine.start("backup", A, ANNA)
    await asyncio.wait_for(stage.engine.tick(), 10)
    await stage.engine.tick()
    assert (await stage.runs.load(ours.id)).version > 1
