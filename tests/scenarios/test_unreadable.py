"""What cannot be read keeps nobody from the rest: each key turned to garbage, and the story of another pool goes on."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.chores.deferring import Deferring
from bot.clock.pulse import READY_S
from bot.domain.errors import BadInput, BotError, Damaged, Held, NotAllowed, Stale, StoreAway
from bot.domain.runs.run import Change, Phase
from handlers import commands
from storage import keys
from storage.runs import RUN
from tests import records
from tests.patience import until
from tests.sandbox.parts import ANNA as ANNA_ID
from tests.sandbox.parts import EMIL, INCIDENT
from tests.scenarios.house import house
from tests.scenarios.slack_stage import SlackStage, slack_stage
from tests.scenarios.stage import ANNA, FAILOVER, A, B, C, Stage, stage_of
from tests.storage.test_backups import backup_of

GLOBAL = ("due", "outbox", "outbox:tells", "runs", "runs:open", "runs:moving", "refused", "notices", "homes")
"""What every story needs; of these the loops are looked at, not the story."""

KEYS = sorted(key for key in records.kept()["keys"] if not key.startswith("world:"))
SHARED = ("backups", "pieces", "pieces:refs")
"""What every backup is counted in."""

COMMANDS = (
    *("status", "pools", "runs", "schedule", "companions", "retention"),
    *(f"{what} pool-{which}" for which in "ab" for what in ("backups", "schedule", "companions", "retention")),
    *(f"{what} pool-{which}" for which in "ab" for what in ("impact", "backup", "verify", "failover", "failback")),
)

OF_SOMEBODY = [key for key in KEYS if key not in (*GLOBAL, *SHARED) and not key.startswith("piece:")]


async def turned(redis: Redis, key: str, how: str) -> None:
    """The key as garbage: of another kind, or of its own kind with bytes in it that nobody can read."""
    kind = (await redis.type(key)).decode()
    if how == "another kind" or kind not in ("hash", "string"):
        await redis.delete(key)
        await (redis.set(key, b"\xff\xfe{") if kind != "string" else redis.rpush(key, b"\xff"))
    elif kind == "hash":
        await redis.hset(key, mapping={field: b"\xff\xfe{" for field in await redis.hkeys(key)})
    else:
        await redis.set(key, b"\xff\xfe{")


async def filled(redis: Redis) -> None:
    """What 0.1 left: a failover of A and B that waits, and every other kind of record around it."""
    copy = records.kept()["keys"]
    await records.put(redis)
    await redis.delete(*(key for key in copy if key.startswith("world:")))


async def done(stage: SlackStage) -> None:
    """The story of a pool that nothing of it belongs to: exported, kept, and told."""
    run = await stage.story.settle((await stage.story.engine.start("backup", C, ANNA)).id)
    assert run.phase is Phase.DONE, run.sentence
    for _ in range(3):
        await stage.drain()
    assert any("pool-c" in message.text for message in stage.posted())


@pytest.mark.parametrize("how", ["another kind", "its own kind"])
@pytest.mark.parametrize("key", OF_SOMEBODY)
async def test_the_story_of_another_pool_goes_on(redis: Redis, key: str, how: str) -> None:
    await filled(redis)
    await turned(redis, key, how)
    left = await redis.dump(key)
    async with slack_stage(redis) as stage:
        await done(stage)
    if key.startswith(("run:", "pool:", "card:", "notice:")):
        assert await redis.dump(key) == left


@pytest.mark.parametrize("how", ["another kind", "its own kind"])
@pytest.mark.parametrize("key", SHARED)
async def test_where_every_backup_is_counted_the_run_says_which_key_and_waits_for_people(
    redis: Redis, key: str, how: str
) -> None:
    await filled(redis)
    await turned(redis, key, how)
    stage = await stage_of(redis)
    run = await stage.settle((await stage.engine.start("backup", C, ANNA)).id)
    assert run.phase is Phase.STOPPED
    assert key in run.sentence and "is not what Switchback writes there" in run.sentence


@pytest.mark.parametrize("key", OF_SOMEBODY)
async def test_of_the_damaged_pool_each_command_says_one_true_sentence(redis: Redis, key: str) -> None:
    for how in ("another kind", "its own kind"):
        await redis.flushall()
        await filled(redis)
        await turned(redis, key, how)
        async with slack_stage(redis) as stage:
            person = await stage.desk.people.person(ANNA_ID)
            for typed in COMMANDS:
                try:
                    await commands.run(stage.desk, person, INCIDENT, typed)
                except BotError as said:
                    assert said.sentence.strip() and not isinstance(said, StoreAway), (typed, "Redis is there")


@pytest.mark.parametrize("key", [key for key in OF_SOMEBODY if key != "watched"])
async def test_the_chores_do_the_rest_for_another_pool(redis: Redis, key: str) -> None:
    for how in ("another kind", "its own kind"):
        await redis.flushall()
        await filled(redis)
        stage = Stage(redis)
        stage.clock.now = await stage.kept.time.ask()
        await stage.backups.save(replace(backup_of(b"x", "c1"), pool=C, taken_at=stage.clock() - 1.0), b"x", {})
        name, *_ = await stage.backups.named("c1")
        await redis.delete(keys.piece(name))
        await redis.hset(keys.WATCHED, C, 0.0)
        await turned(redis, key, how)
        for chore in stage.works.chores:
            with suppress(Damaged):
                await chore.work(stage.clock())
        standing = {notice.key for notice in await stage.kept.notices.standing()}
        assert {f"damage:{C}", f"fresh:{C}"} <= standing


@pytest.mark.parametrize("key", ["run:failover", "pool:", "keeping:", "backups:pool", "notice:fresh"])
async def test_what_cannot_be_read_is_told_in_one_notice(redis: Redis, key: str) -> None:
    await filled(redis)
    stage = await stage_of(redis)
    whole = next(one for one in KEYS if one.startswith(key))
    await turned(redis, whole, "another kind")
    deferring = next(chore for chore in stage.works.chores if chore.key == "newer")
    for _ in range(2):
        await deferring.work(stage.clock())
    (notice,) = [one for one in await stage.kept.notices.standing() if one.key == "unreadable"]
    assert whole.partition(":")[2] in " ".join(notice.details)


@pytest.mark.parametrize("how", ["another kind", "its own kind"])
async def test_an_entry_of_the_schedules_keeps_no_pool_from_being_backed_up_at_a_start(redis: Redis, how: str) -> None:
    entry = b"\xff\xfe{"
    await (redis.hset(keys.SCHEDULES, A, entry) if how == "its own kind" else redis.set(keys.SCHEDULES, entry))
    async with house(redis, schedules={pool: ("00:00", "12:00") for pool in (A, B, C)}) as rooms:

        async def backed_up() -> bool:
            runs = await rooms.bot.runs.page(count=50)
            return {run.primary.fqdn for run in runs if run.phase is Phase.DONE} == {A, B, C}

        await until(backed_up)


async def test_what_is_known_of_a_backup_keeps_no_pool_from_its_failover(redis: Redis) -> None:
    for how in ("another kind", "its own kind"):
        await redis.flushall()
        stage = await stage_of(redis)
        run = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
        await stage.keepings.pin(str(run.fact("backup")), ANNA.id, "a drill")
        await turned(redis, keys.keeping(str(run.fact("backup"))), how)
        await stage.take_down(A)
        failover = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
        failover = await stage.play(failover, FAILOVER)
        assert failover.phase is Phase.DONE, failover.sentence


async def test_fifty_ids_without_a_run_keep_no_other_from_moving(redis: Redis) -> None:
    stage = await stage_of(redis)
    await redis.zadd(keys.DUE, {f"gone-{number}": 0.0 for number in range(50)} | {b"\xff\xfe": 0.0})
    run = await stage.engine.start("backup", A, ANNA)
    assert (await stage.settle(run.id)).phase is Phase.DONE
    assert await redis.zcard(keys.DUE) == 51


@pytest.mark.parametrize("broken", ["card", "tell", "kind", "bytes"])
async def test_one_entry_of_the_outbox_keeps_no_other_from_slack(redis: Redis, broken: str) -> None:
    async with slack_stage(redis) as stage:
        run = await stage.story.settle((await stage.story.engine.start("backup", A, ANNA)).id)
        await stage.until_drained()
        match broken:
            case "card":
                await redis.hset(keys.run(run.id), "run", b"\xff\xfe{")
                left = f"card:{run.id}".encode()
            case "tell":
                left = f"tell:{run.id}:1:0".encode()
                await redis.hset(keys.TOLD, left, b"\xff\xfe{")
            case "kind":
                left = b"riddle:tomorrow"
            case _:
                left = b"\xff\xfe"
        await redis.zadd(keys.OUTBOX, {left: 0.0})
        await done(stage)
        await stage.drain()
        assert await redis.zrange(keys.OUTBOX, 0, -1) == [left]


async def test_cards_are_drawn_while_no_message_can_be_read(redis: Redis) -> None:
    async with slack_stage(redis) as stage:
        run = await stage.story.settle((await stage.story.engine.start("backup", A, ANNA)).id)
        await turned(redis, keys.TOLD, "another kind")
        await redis.zadd(keys.OUTBOX, {f"tell:{run.id}:1:9": 0.0})
        tells = [name for name in await redis.zrange(keys.OUTBOX, 0, -1) if name.startswith(b"tell:")]
        await stage.drain()
        assert [run.id in message.text for message in stage.posted()] == [True]
        assert tells and await redis.zrange(keys.OUTBOX, 0, -1) == tells


async def test_a_run_that_cannot_be_moved_is_said_once(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    stage = await stage_of(redis)
    run = await stage.engine.start("backup", A, ANNA)
    await redis.hset(keys.run(run.id), "run", RUN.encode(replace(run, step="a row of tomorrow")))
    with caplog.at_level(logging.INFO, "bot"):
        tries = [await stage.engine.tick() for _ in range(50)]
    (said,) = caplog.messages
    assert 0 < sum(tries) < 5, "it is tried again after growing pauses"
    assert said == (
        f"{run.id} waits: The run {run.id} stands at a row that this version does not have "
        "(backup, a row of tomorrow). It was left as it is."
    )


async def test_once_it_can_be_read_it_goes_on_after_a_pause_by_the_clock_of_the_engine(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.engine.start("backup", A, ANNA)
    stored = await redis.hget(keys.run(run.id), "run")
    await redis.hset(keys.run(run.id), "run", b"\xff")
    assert await stage.engine.tick() == 1
    await redis.hset(keys.run(run.id), "run", stored)
    assert await stage.engine.tick() == 0, "it is let be"
    stage.clock.now += READY_S
    assert await stage.engine.tick() == 1
    assert (await stage.runs.load(run.id)).version > run.version


async def test_what_the_drawer_stumbled_over_is_drawn_after_a_pause_by_its_own_clock(redis: Redis) -> None:
    async with slack_stage(redis) as stage:
        run = await stage.story.settle((await stage.story.engine.start("failover", A, ANNA, channel=INCIDENT)).id)
        stored = await redis.hget(keys.run(run.id), "run")
        await redis.hset(keys.run(run.id), "run", b"\xff")
        await stage.drain()
        await redis.hset(keys.run(run.id), "run", stored)
        await stage.drain(0.5)
        assert stage.posted() == [], "it is let be"
        await stage.drain(READY_S)
        assert len(stage.posted()) == 1


async def test_a_stumble_of_the_drawer_is_one_line_and_a_count(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    async with slack_stage(redis) as stage:
        await turned(redis, keys.OUTBOX, "another kind")
        with caplog.at_level(logging.INFO, "bot"):
            for second in range(20):
                await stage.drawer.drain(stage.story.clock() + second)
            (said,) = caplog.messages
            assert said.startswith(
                "The outbox waits: What Redis keeps under outbox is not what Switchback writes there."
            )
            await redis.delete(keys.OUTBOX)
            await stage.drawer.drain(stage.story.clock() + 20)
        assert caplog.messages[1].startswith("The outbox works again. It had waited 20 times, for ")


async def test_one_notice_names_it_and_a_holder_of_the_role_frees_its_pools_with_a_reason(redis: Redis) -> None:
    async with slack_stage(redis) as stage:
        story = stage.story
        run = await story.settle((await story.engine.start("failover", A, ANNA)).id)
        body = b'{"v":2,"id":\xff'
        await redis.hset(keys.run(run.id), "run", body)
        kept = story.kept
        beside = (kept.schedules, kept.backups, kept.keepings, kept.companions, kept.notices)
        chore = Deferring(kept.runs, *beside, [A, B, C])
        for _ in range(3):
            await chore.work(story.clock())
        (notice,) = await kept.notices.standing()
        assert f"The run {run.id} cannot be read" in notice.details[0]
        assert "`/rgs free <run> <reason>` frees it" in notice.details[-1]
        with pytest.raises(Held, match=f"/rgs free {run.id} <reason>"):
            await story.engine.start("failover", A, ANNA)

        typed = f"free {run.id} its record is damaged"
        people = stage.desk.people
        with pytest.raises(NotAllowed):
            await commands.run(stage.desk, await people.person(EMIL), INCIDENT, typed)
        await commands.run(stage.desk, await people.person(ANNA_ID), INCIDENT, typed)

        line, *_ = await kept.runs.audit()
        assert line.what == "freed" and line.sentence.endswith("which cannot be read: its record is damaged")
        assert await redis.hget(keys.run(run.id), "run") == body
        assert await redis.zscore(keys.OPEN, run.id) is None and await redis.zscore(keys.DUE, run.id) is None
        again = await story.settle((await story.engine.start("failover", A, ANNA)).id)
        assert again.phase in (Phase.ASKING, Phase.WAITING)
        await chore.work(story.clock())
        assert (await kept.notices.find("unreadable")).over
        # Mended by hand, it still never moves again: its pools may be somebody else's by now.
        await redis.hset(keys.run(run.id), "run", RUN.encode(run))
        with pytest.raises(Stale):
            await kept.runs.commit(Change(run), story.clock())


async def test_one_that_can_be_read_is_not_freed(redis: Redis) -> None:
    async with slack_stage(redis) as stage:
        run = await stage.story.settle((await stage.story.engine.start("failover", A, ANNA)).id)
        anna = await stage.desk.people.person(ANNA_ID)
        with pytest.raises(BadInput, match="can be read: finish or abandon it on its card"):
            await commands.run(stage.desk, anna, INCIDENT, f"free {run.id} why not")
        with pytest.raises(BadInput, match="holds no pool"):
            await commands.run(stage.desk, anna, INCIDENT, "free nothing why not")
