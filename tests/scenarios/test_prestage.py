"""Importing ahead: what a well pool's failover is spared, and what is said while nothing is pre-staged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.impact import Stage as Column
from bot.domain.deployment.world import FaultKind
from bot.domain.errors import BadInput
from bot.domain.model import PoolState
from bot.domain.runs.run import Found, Phase
from bot.runbooks.rows.copies import notice, pre_stage
from bot.runbooks.rows.people import board_tell
from tests.scenarios.books import (
    EXPORT,
    IMPORT,
    PRESTAGE,
    REFRESH,
    copies,
    edited,
    failed_over,
    lose,
    moved_by_hand,
    prestaged,
    record,
    started,
    until,
)
from tests.scenarios.stage import ANNA, BORIS, CLARA, ESTATE, FAILOVER, POOLS, A, B, Stage, stage_of
from tests.scenarios.test_rehearsed import backed_up, said


async def told(stage: Stage) -> str:
    return pre_stage(await record(stage), POOLS[A], await stage.backups.newest(A, stage.clock.now))


async def test_a_pre_stage_is_verified_and_known_and_a_failover_imports_nothing_more(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await prestaged(stage)
    assert run.phase is Phase.DONE
    known = await record(stage)
    newest = await stage.backups.newest(A, stage.clock.now)
    assert known.state is PoolState.ACTIVE
    assert (known.carry["imported"], known.carry["prestaged"]["id"]) == (True, newest.id)
    assert (await told(stage)).endswith("nothing has changed since in the newest backup.")
    assert "-OverwriteOwner" not in run.record_of("import").commands[0]

    await stage.take_down(A)
    over = await until(stage, await started(stage, "failover"), "backup", FAILOVER)
    assert stage.labels(over)[0] == "keep"
    details = {one.tell.details for one in await stage.runs.outbox(stage.clock.now + 1, 500) if one.tell}
    assert board_tell(Column.FAILING_OVER, True).details in details
    over = await stage.play(over, {**FAILOVER, "backup": (("keep", ANNA),)})
    assert over.phase is Phase.DONE and over.record_of("import").mark == "skipped"
    assert (await record(stage)).carry["imported"] is True


async def test_a_refresh_removes_first_and_says_so_loudly_when_it_breaks_off_in_between(redis: Redis) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    await edited(stage)
    assert "differs: refresh with `/rgs start prestage pool-a`" in await told(stage)
    run = await until(stage, await started(stage, "prestage"), "import", REFRESH)
    assert not (await copies(stage)).objects
    assert (await record(stage)).carry["prestaged"] == {}
    run = await stage.press(run, "abandon", CLARA)
    assert "nothing was imported in their place" in run.sentence
    assert any(
        "was abandoned: As far as anybody knows, no copies of pool-a are ready on pool-b now" in one
        for one in await said(stage)
    )
    assert (await record(stage)).carry["imported"] is False
    newest = await stage.backups.newest(A, stage.clock.now)
    again = await stage.press(await started(stage, "prestage"), "other", ANNA, chosen=newest.id)
    again = await stage.play(again, PRESTAGE)
    assert again.phase is Phase.DONE
    assert (await told(stage)).endswith("nothing has changed since in the newest backup.")


async def test_an_import_that_is_refused_after_the_removal_is_loud(redis: Redis) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    await edited(stage)
    run = await until(stage, await started(stage, "prestage"), "import", REFRESH)
    await lose(stage, IMPORT, FaultKind.HALF_FAILED)
    run = await stage.press(run, "approve", CLARA)
    assert (run.phase, run.finding.found) == (Phase.LOST, Found.PARTLY)
    assert any(
        "needs somebody: As far as anybody knows, no copies of pool-a are ready" in one for one in await said(stage)
    )
    run = await stage.press(run, "retry", CLARA)
    assert (await stage.play(run, REFRESH)).phase is Phase.DONE


@pytest.mark.parametrize(
    ("kind", "found"), [(FaultKind.LOST_BEFORE, Found.NOT_DONE), (FaultKind.LOST_AFTER, Found.DONE)]
)
async def test_a_lost_removal_is_looked_at_and_what_it_did_is_carried_on(
    redis: Redis, kind: FaultKind, found: Found
) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    await edited(stage)
    run = await until(stage, await started(stage, "prestage"), "clear", REFRESH)
    run = await stage.press(run, "approve", ANNA)
    await lose(stage, EXPORT, kind)
    run = await stage.press(run, "approve", BORIS)
    assert (run.phase, run.finding.found) == (Phase.LOST, found)
    run = await stage.press(run, "abandon", ANNA)
    kept = (await record(stage)).carry
    if found is Found.NOT_DONE:
        assert kept["imported"] is True and kept["prestaged"]
    else:
        assert kept["imported"] is None and kept["prestaged"] == {}
    script = REFRESH if (await copies(stage)).objects else PRESTAGE
    assert (await stage.play(await started(stage, "prestage"), script)).phase is Phase.DONE


async def test_copies_that_are_equal_already_are_verified_and_kept(redis: Redis) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    run = await started(stage, "prestage")
    assert stage.labels(run)[:2] == ["keep", "clear"]
    run = await stage.play(run, {**PRESTAGE, "backup": (("keep", ANNA),)})
    assert run.phase is Phase.DONE and run.record_of("import").mark == "skipped"


async def test_copies_that_differ_cannot_be_kept_as_a_pre_stage(redis: Redis) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    await stage.edit(B, A, Description="edited on pool-b")
    run = await started(stage, "prestage")
    assert "keep" not in stage.labels(run) and "clear" in stage.labels(run)


async def test_a_pool_that_does_not_answer_or_was_moved_is_not_pre_staged(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    await stage.take_down(A)
    run = await started(stage, "prestage")
    assert (run.step, run.phase) == ("home", Phase.STOPPED)
    assert "/rgs failover pool-a" in run.sentence
    await stage.bring_up(A)
    await moved_by_hand(stage, "FailedOver")
    run = await stage.press(run, "retry", ANNA)
    assert (run.step, run.phase) == ("home", Phase.STOPPED)
    assert "/rgs start adopt pool-a" in run.sentence
    await stage.press(run, "abandon", ANNA)
    assert (await started(stage, "adopt")).phase is Phase.ASKING


async def test_it_starts_from_an_active_pool_only(redis: Redis) -> None:
    stage = await stage_of(redis)
    await failed_over(stage)
    with pytest.raises(BadInput, match=r"pool-a is already failed over\. Next: `/rgs failback pool-a`."):
        await stage.engine.start("prestage", A, ANNA)


async def test_the_backup_has_to_lie_off_site_where_there_is_such_a_place(redis: Redis) -> None:
    stage = await stage_of(redis)
    newest = (await backed_up(stage)).fact("backup")
    stage.rebuilt(replace(ESTATE, mirrored=True))
    run = await stage.press(await started(stage, "prestage"), "use", ANNA)
    assert (run.step, run.phase) == ("off-site", Phase.STOPPED)
    await stage.keepings.mirrored(newest, stage.clock.now)
    run = await stage.press(run, "retry", ANNA)
    assert run.step == "import" and run.record_of("no-place").mark == "skipped"


async def test_after_each_export_that_differs_one_notice_proposes_the_refresh(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    assert notice(POOLS[A]) not in await standing(stage)
    await prestaged(stage)
    assert notice(POOLS[A]) not in await standing(stage)
    await stage.edit(A, A, Description="newer")
    stage.clock.now += 86_400
    await backed_up(stage)
    assert "refresh with `/rgs start prestage pool-a`" in (await standing(stage))[notice(POOLS[A])]
    await stage.play(await started(stage, "prestage"), REFRESH)
    assert notice(POOLS[A]) not in await standing(stage)


async def standing(stage: Stage) -> dict[str, str]:
    return {one.key: one.sentence for one in await stage.kept.notices.standing()}
