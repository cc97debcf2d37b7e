"""A failover offers only what was read as a whole just now, and finds its way past whatever is damaged."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.world import World
from bot.domain.groups.groups import service
from bot.domain.runs.run import Phase, Run
from tests.scenarios.offers import damage
from tests.scenarios.recovery import begun, changed
from tests.scenarios.stage import ANNA, A, B, Stage, stage_of
from tests.scenarios.test_rehearsed import backed_up


async def choosing(stage: Stage) -> Run:
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    return await stage.press(await stage.press(run, "declare", ANNA), "approve", ANNA)


async def taken(stage: Stage, count: int) -> list[str]:
    """The newest first; all of one day, so they share nearly every piece."""
    ids = []
    for _ in range(count):
        stage.clock.now += 60
        ids.append((await backed_up(stage)).fact("backup"))
    return ids[::-1]


async def test_damage_that_no_check_has_found_yet_is_found_before_anything_is_offered(redis: Redis) -> None:
    stage = await stage_of(redis)
    (older,) = await taken(stage, 1)
    await stage.edit(A, A, Description="another")
    (newest,) = await taken(stage, 1)
    await damage(stage, newest, but=older)
    run = await choosing(stage)
    assert run.step == "backup" and run.phase is Phase.ASKING
    assert [one["id"] for one in run.fact("offers")] == [older]
    (keeping,) = await stage.keepings.read([newest])
    assert "is damaged" in keeping.damage


async def test_when_the_newest_ten_share_a_damaged_piece_an_older_one_is_offered(redis: Redis) -> None:
    stage = await stage_of(redis)
    older = (await taken(stage, 2))[0]
    await stage.edit(A, A, Description="another")
    newest = await taken(stage, 11)
    await damage(stage, newest[0], but=older)
    run = await choosing(stage)
    assert run.step == "backup" and run.phase is Phase.ASKING
    assert [one["id"] for one in run.fact("offers")] == [older]


async def test_one_that_was_mended_since_it_was_checked_is_offered_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    (only,) = await taken(stage, 1)
    await stage.keepings.damage(only, "Piece 4 is not what was stored.")
    run = await choosing(stage)
    assert [one["id"] for one in run.fact("offers")] == [only]


KEPT = "C:\\Kept\\groups.zip"


def exported_by_hand(world: World) -> World:
    return apply(world, A, cmdlet("Export-CsRgsConfiguration", Source=service(A), FileName=KEPT))[0]


def imported_by_hand(world: World) -> World:
    """The file is copied to a server of B, and imported there."""
    there = world.with_pool(world.pools[B].with_file(KEPT, world.pools[A].file(KEPT)))
    return apply(there, B, cmdlet("Import-CsRgsConfiguration", Destination=service(B), FileName=KEPT))[0]


async def test_without_a_backup_an_export_kept_by_hand_is_brought_in_as_the_row_says(redis: Redis) -> None:
    stage = await stage_of(redis)
    await changed(stage, exported_by_hand)
    run = await choosing(stage)
    assert (run.step, run.phase) == ("find", Phase.STOPPED)
    assert "none can be made now: pool-a is failed over, and pool-b holds none of its groups." in run.sentence
    assert f'Import-CsRgsConfiguration -Destination "{service(B)}"' in " ".join(run.details)

    await changed(stage, imported_by_hand)
    run = await stage.press(run, "retry", ANNA)
    assert (run.step, run.phase) == ("find", Phase.STOPPED)
    assert "of it lie on pool-b. Export them: `/rgs backup pool-a`. Then press Try again." in run.sentence

    assert (await begun(stage, "backup")).phase is Phase.DONE
    run = await stage.press(run, "retry", ANNA)
    assert (run.step, run.phase) == ("backup", Phase.ASKING)
    assert "equal to it: no import is needed." in run.sentence
