"""What a scheduled backup does while its pool is down: from the copies, or nothing, told once and not every time."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from redis.asyncio import Redis

from bot.domain.backups.schedule import Slot
from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run
from storage import keys
from storage.notices import Notices
from tests.scenarios.stage import ANNA, BORIS, FAILOVER, A, B, Stage, stage_of

NOTHING = f"nothing:{A}"


async def slot(stage: Stage, local: str) -> Run:
    run = await stage.engine.start_slot(Slot(A, local))
    return await stage.settle(run.id)


async def loud(stage: Stage) -> list[str]:
    """What was said loudly, or in the notification channel, by backups."""
    items = await stage.runs.outbox(float("inf"), 1000)
    return [item.tell.sentence for item in items if item.tell and item.run.startswith("backup")]


async def declared(stage: Stage) -> Run:
    """An outage that is declared, and a failover that is abandoned right then."""
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    run = await stage.press(run, "declare", ANNA)
    assert (await stage.runs.records([A]))[A].state is PoolState.OUTAGE
    return run


async def test_a_pool_that_is_down_with_nothing_imported_has_one_standing_sentence_and_no_alarms(redis: Redis) -> None:
    stage = await stage_of(redis)
    taken = await slot(stage, "2026-11-20T02:30")
    assert taken.phase is Phase.DONE
    await declared(stage)
    before = await loud(stage)

    for hours in (5, 24):
        stage.clock.now = taken.opened_at + hours * 3600
        run = await slot(stage, f"2026-11-21T0{hours % 7}:30")
        sentence = f"Nothing to back up while pool-a is down; the newest backup is {hours} h old."
        assert (run.phase, run.sentence) == (Phase.DONE, sentence)
        (notice,) = await Notices(redis).standing()
        assert (notice.key, notice.sentence) == (NOTHING, sentence)

    assert await loud(stage) == before
    assert len(await stage.backups.page(A)) == 1


async def test_a_pool_that_was_never_backed_up_is_told_so_while_it_is_down(redis: Redis) -> None:
    stage = await stage_of(redis)
    await declared(stage)
    run = await slot(stage, "2026-11-21T02:30")
    assert run.sentence == "Nothing to back up while pool-a is down; it has no backup."


async def test_the_notice_ends_with_the_first_backup_after_the_outage(redis: Redis) -> None:
    stage = await stage_of(redis)
    await declared(stage)
    await slot(stage, "2026-11-21T02:30")
    await stage.bring_up(A)

    run = await slot(stage, "2026-11-22T02:30")

    assert run.phase is Phase.DONE and run.fact("source") == A and len(await stage.backups.page(A)) == 1
    assert await Notices(redis).standing() == ()


async def test_a_pool_in_outage_that_still_answers_is_exported_itself(redis: Redis) -> None:
    stage = await stage_of(redis)
    await declared(stage)
    await stage.bring_up(A)
    run = await slot(stage, "2026-11-21T02:30")
    assert run.phase is Phase.DONE and (await stage.backups.page(A))[0].source == A


async def test_between_the_failover_and_the_import_there_is_nothing_to_back_up(redis: Redis) -> None:
    stage = await stage_of(redis)
    await slot(stage, "2026-11-20T02:30")
    run = await declared(stage)
    await stage.press(run, "approve", BORIS)
    assert (await stage.runs.records([A]))[A].state is PoolState.FAILED_OVER

    found = await slot(stage, "2026-11-21T02:30")

    assert found.phase is Phase.DONE and found.sentence.startswith("Nothing to back up while pool-a is down;")


async def test_the_copies_of_a_pool_in_outage_are_exported_from_its_backup_pool_by_owner(redis: Redis) -> None:
    """An earlier failover brought them there; the pool died again before anything was moved back."""
    stage = await stage_of(redis)
    await slot(stage, "2026-11-20T02:30")
    await stage.take_down(A)
    run = await stage.play(await stage.settle((await stage.engine.start("failover", A, ANNA)).id), FAILOVER)
    assert run.phase is Phase.DONE
    record = (await stage.runs.records([A]))[A]
    assert record.state is PoolState.FAILED_OVER and record.carry["imported"]
    await in_outage(stage)
    await stage.edit(B, A, TimeoutThreshold=77)

    found = await slot(stage, "2026-11-21T02:30")

    assert found.phase is Phase.DONE, found.sentence
    world, _ = await stage.worlds.load()
    export = [effect.line for effect in world.effects if effect.cmdlet.startswith("Export-")][-1]
    assert f'-Owner "service:ApplicationServer:{A}"' in export
    assert f'-Source "service:ApplicationServer:{B}"' in export
    newest, older = await stage.backups.page(A)
    assert newest.source == B and newest.contents != older.contents
    assert await Notices(redis).standing() == ()


async def test_when_neither_pool_answers_people_are_told(redis: Redis) -> None:
    stage = await stage_of(redis)
    await slot(stage, "2026-11-20T02:30")
    await stage.take_down(A)
    await stage.play(await stage.settle((await stage.engine.start("failover", A, ANNA)).id), FAILOVER)
    await in_outage(stage)
    await stage.strike(Fault(FaultKind.POOL_DOWN, B))

    found = await slot(stage, "2026-11-21T02:30")

    assert found.phase is Phase.STOPPED and "pool-b" in found.sentence


async def in_outage(stage: Stage) -> None:
    """The pool's record as a failover leaves it that was abandoned when its copies were there already."""
    record = (await stage.runs.records([A]))[A]
    await stage.redis.hset(keys.pool(A), "record", msgspec.json.encode(replace(record, state=PoolState.OUTAGE)))
