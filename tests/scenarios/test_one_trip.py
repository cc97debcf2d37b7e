"""A press is decided on the run as this process wrote it last, and one trip writes it with the mark of its delivery."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from bot.domain.errors import BadInput, NotAllowed, Replayed, Stale
from bot.domain.runs.press import Press
from bot.domain.runs.run import Run
from storage import keys, runs
from tests.scenarios.stage import ANNA, BORIS, CLARA, EMIL, FAILOVER, A, B, C, Stage, stage_of
from tests.storage.wire import wired


async def at(stage: Stage, step: str) -> Run:
    """A failover that waits for people at this row; the stage's process wrote it last."""
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    while run.step != step:
        for choice, who in FAILOVER[run.step]:
            run = await stage.press(run, choice, who)
    return run


def approve(run: Run) -> Press:
    return Press(run.step, "approve", run.question, {})


def elsewhere(stage: Stage) -> Stage:
    """Another process over the same Redis, at the same time."""
    return Stage(stage.redis, stage.clock)


async def refusals(stage: Stage, run: Run) -> int:
    return sum(entry.what == "refused" for entry in await stage.runs.audit(run.id, 100))


async def asked_twice(stage: Stage) -> Run:
    """A failover whose import waits for the first of two people."""
    run = await stage.press(await at(stage, "settings"), "replace-settings", CLARA)
    assert run.proposal is not None and run.proposal.needed == 2
    return run


async def test_a_press_takes_one_trip_where_the_run_was_written_last_and_two_elsewhere(
    redis: Redis, redis_url: str
) -> None:
    sent: list[bytes] = []

    async def watched(command: bytes, send: Callable[[bytes], Awaitable[None]]) -> None:
        sent.append(command)
        await send(command)

    stage = await stage_of(redis)
    run = await asked_twice(stage)
    async with wired(redis_url, watched) as client:
        here = Stage(client, stage.clock)
        await here.runs.load(run.id)
        sent.clear()
        run = await here.engine.press(run.id, approve(run), CLARA, "one")
        assert [b"EVALSHA" in one for one in sent if b"CLIENT" not in one] == [False, True]
        sent.clear()
        await here.engine.press(run.id, approve(run), ANNA, "two")
        assert [b"EVALSHA" in one for one in sent] == [True]


async def test_what_the_remembered_run_would_refuse_is_accepted_when_the_run_has_moved_there(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await at(stage, "settings")
    moved = await elsewhere(stage).press(run, "replace-settings", CLARA)
    assert stage.runs.remembered(run.id) == run and moved.step == "import"

    pressed = await stage.engine.press(run.id, approve(moved), CLARA, "one")

    assert len(pressed.approvals) == 1 and await refusals(stage, run) == 0


async def test_what_the_remembered_run_would_accept_is_refused_when_the_run_has_moved_on(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await at(stage, "settings")
    moved = await elsewhere(stage).press(run, "replace-settings", CLARA)

    with pytest.raises(Stale, match="Clara"):
        await stage.engine.press(run.id, Press("settings", "keep-settings", run.question, {}), CLARA, "one")

    assert await stage.runs.load(run.id) == moved


async def test_a_refusal_is_of_the_run_as_it_is_and_noted_once(redis: Redis) -> None:
    """Clara asked elsewhere, so she is her own second here, where nothing is known of that yet."""
    stage = await stage_of(redis)
    run = await asked_twice(stage)
    asked = await elsewhere(stage).engine.press(run.id, approve(run), CLARA, "one")
    assert stage.runs.remembered(run.id) == run

    with pytest.raises(NotAllowed, match="second"):
        await stage.engine.press(run.id, approve(asked), CLARA, "two")

    assert await refusals(stage, run) == 1 and await stage.runs.load(run.id) == asked


async def test_the_same_delivery_is_carried_out_once_over_all_processes(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await asked_twice(stage)
    pressed = await stage.engine.press(run.id, approve(run), CLARA, "one")

    for process in (stage, elsewhere(stage), elsewhere(stage)):
        with pytest.raises(Replayed):
            await process.engine.press(run.id, approve(run), CLARA, "one")
        with pytest.raises(Replayed):
            await process.engine.press(run.id, approve(pressed), BORIS, "one")

    assert await stage.runs.load(run.id) == pressed and await refusals(stage, run) == 0


async def test_a_refused_delivery_that_comes_again_is_silent_and_noted_once(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await asked_twice(stage)
    with pytest.raises(NotAllowed):
        await stage.engine.press(run.id, approve(run), EMIL, "one")

    for process in (stage, elsewhere(stage)):
        with pytest.raises(Replayed):
            await process.engine.press(run.id, approve(run), EMIL, "one")

    assert await refusals(stage, run) == 1


async def test_a_delivery_that_came_too_early_or_too_late_may_come_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await at(stage, "settings")
    early = Press("import", "approve", run.question + 1, {})
    with pytest.raises(Stale):
        await stage.engine.press(run.id, early, CLARA, "one")
    with pytest.raises(BadInput):
        await stage.engine.press("nothing", early, CLARA, "one")
    moved = await stage.press(run, "replace-settings", CLARA)
    assert moved.question == early.question

    assert len((await stage.engine.press(run.id, early, CLARA, "one")).approvals) == 1


async def test_a_process_whose_writes_redis_lost_does_not_take_another_ones_for_its_own(redis: Redis) -> None:
    """The versions are counted a second time, so the same number is not the same run."""
    stage = await stage_of(redis)
    run = await asked_twice(stage)
    before = await redis.hgetall(keys.run(run.id))
    lost = await stage.engine.press(run.id, approve(run), CLARA, "one")
    await redis.delete(keys.run(run.id))
    await redis.hset(keys.run(run.id), mapping=before)
    kept = await elsewhere(stage).engine.press(run.id, approve(run), BORIS, "two")
    assert lost.version == kept.version and stage.runs.remembered(run.id) == lost

    pressed = await stage.engine.press(run.id, approve(kept), ANNA, "three")

    assert [approval.who.name for approval in pressed.approvals] == ["Boris", "Anna"]


async def test_a_run_that_turns_out_to_have_moved_is_not_remembered_any_longer(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await asked_twice(stage)
    await stage.runs.load(run.id)
    assert stage.runs.remembered(run.id) == run
    await elsewhere(stage).engine.press(run.id, approve(run), CLARA, "one")

    await stage.runs.load(run.id)

    assert stage.runs.remembered(run.id) is None


async def test_so_many_open_runs_are_remembered_and_none_that_has_ended(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_REMEMBERED", 2)
    stage = await stage_of(redis)
    first, second, third = [await stage.engine.start("backup", pool, ANNA) for pool in (A, B, C)]

    assert [stage.runs.remembered(run.id) for run in (first, second, third)] == [None, second, third]
    ended = await stage.settle(third.id)
    assert not ended.is_open and stage.runs.remembered(third.id) is None
