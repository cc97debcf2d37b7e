"""What a run has used is kept for ever, and says why; the last backup before an outage is kept as well."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from redis.asyncio import Redis

from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.model import PoolState
from bot.domain.runs.press import Press
from bot.domain.runs.run import Phase, Run
from storage import keys
from tests.scenarios.offers import damage
from tests.scenarios.stage import ANNA, BORIS, CLARA, FAILBACK, FAILOVER, A, B, Stage, stage_of
from tests.scenarios.test_rehearsed import backed_up

REPLACING = {
    **FAILOVER,
    "settings": (("replace-settings", CLARA),),
    "import": (("approve", CLARA), ("approve", ANNA)),
}


async def pins(stage: Stage, backup: str) -> dict[str, str]:
    (keeping,) = await stage.keepings.read([backup])
    return dict(keeping.pins)


async def another(stage: Stage) -> str:
    """A backup of its own minute, of contents of its own."""
    stage.clock.now += 60
    await stage.edit(A, A, Description=str(stage.clock.now))
    return (await backed_up(stage)).fact("backup")


async def everything(stage: Stage, pool: str = A) -> list[str]:
    """All kept backups, the unlisted ones included."""
    listed = [one.id for one in await stage.backups.page(pool, count=100)]
    return [*listed, *(one.id for one in await stage.backups.unlisted(stage.clock.now + 1) if one.pool == pool)]


async def failed_over(stage: Stage, script: dict = FAILOVER) -> Run:
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    run = await stage.play(run, script)
    assert run.phase is Phase.DONE
    return run


async def brought_home(stage: Stage) -> Run:
    await stage.bring_up(A)
    run = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    run = await stage.play(run, FAILBACK)
    assert run.phase is Phase.DONE
    return run


async def test_the_last_backup_before_an_outage_is_pinned_as_soon_as_it_is_declared(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    await stage.edit(A, A, Description="another")
    stage.clock.now += 60
    last = (await backed_up(stage)).fact("backup")
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    assert await pins(stage, last) == {}
    run = await stage.press(run, "declare", ANNA)
    assert run.step == "failover"
    (reason,) = (await pins(stage, last)).values()
    assert reason.startswith("the last one before the outage of ") and reason.endswith("Europe/Berlin")
    assert [await pins(stage, one) for one in await everything(stage) if one != last] == [{}]
    assert not await stage.backups.remove(last)


async def test_what_was_chosen_is_pinned_before_it_is_imported(redis: Redis) -> None:
    stage = await stage_of(redis)
    older = (await backed_up(stage)).fact("backup")
    stage.clock.now += 60
    await backed_up(stage)
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    run = await stage.press(run, "declare", ANNA)
    run = await stage.press(run, "approve", ANNA)
    run = await stage.press(run, "other", ANNA, chosen=older)
    assert run.step == "settings"
    assert (await pins(stage, older))[run.id] == "chosen for the failover of pool-a"
    assert not await stage.backups.remove(older)


async def test_when_the_last_one_before_an_outage_is_not_sound_the_last_sound_one_is_pinned_as_well(
    redis: Redis,
) -> None:
    stage = await stage_of(redis)
    older, sound, shrunk, damaged = [await another(stage) for _ in range(4)]
    await stage.keepings.shrunk(shrunk, "It holds 2 objects; 100 before.")
    await stage.keepings.damage(damaged, "Piece 4 is not what was stored.")
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    run = await stage.press(run, "declare", ANNA)
    assert [bool(await pins(stage, one)) for one in (older, sound, shrunk, damaged)] == [False, True, False, True]


async def test_what_is_to_take_the_place_of_copies_is_read_and_pinned_before_they_leave(redis: Redis) -> None:
    stage = await stage_of(redis)
    backups = [await another(stage) for _ in range(2)]
    await failed_over(stage)
    run = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    await stage.engine.press(run.id, Press(run.step, "abandon", run.question, {"reason": "a drill"}), ANNA)
    record = (await stage.runs.records([A]))[A]
    await stage.redis.hset(keys.pool(A), "record", msgspec.json.encode(replace(record, state=PoolState.OUTAGE)))
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    run = await stage.press(run, "declare", ANNA)
    await damage(stage, backups[0])
    stage.rebuilt()  # Another process goes on, which remembers nothing of what it read.
    run = await stage.press(run, "clear-older", ANNA, chosen=backups[0])
    assert run.step == "rehearse" and run.phase is Phase.STOPPED and "is damaged" in run.sentence
    run = await stage.press(run, "rechoose", ANNA)
    assert run.step == "backup" and [one["id"] for one in run.fact("offers")] == [backups[1]]
    run = await stage.press(await stage.press(run, "clear", ANNA), "keep-settings", ANNA)
    assert run.step == "clear" and run.phase is Phase.WAITING
    assert run.id in await pins(stage, backups[1])


async def test_groups_come_home_although_the_backup_that_was_imported_is_damaged_by_now(redis: Redis) -> None:
    stage = await stage_of(redis)
    used = await another(stage)
    await failed_over(stage)
    arrived = str((await stage.runs.records([A]))[A].carry["backup"])
    await damage(stage, arrived, but=used)
    stage.rebuilt()
    await stage.bring_up(A)
    run = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    assert run.step == "back" and run.phase is Phase.ASKING
    assert f"The backup that was imported cannot be read: Backup {arrived} is damaged" in run.sentence
    assert (await stage.play(run, FAILBACK)).phase is Phase.DONE


async def test_everything_that_failover_and_failback_exported_is_pinned_with_its_reason(redis: Redis) -> None:
    stage = await stage_of(redis)
    taken = (await backed_up(stage)).fact("backup")
    over = await failed_over(stage, REPLACING)
    await brought_home(stage)
    said = {one: await pins(stage, one) for pool in (A, B) for one in await everything(stage, pool)}
    assert all(said.values()), said
    chosen = said.pop(taken)
    assert chosen.pop(f"{over.id}:outage").startswith("the last one before the outage of ")
    assert chosen.pop(over.id) == "chosen for the failover of pool-a"
    reasons = sorted(reason for pinned in said.values() for reason in pinned.values())
    assert reasons == [
        "compared in the failback of pool-a",
        "what arrived in the failback of pool-a",
        "what arrived on pool-b in the failover of pool-a",
        "what came home in the failback of pool-a",
        "what lay on pool-a before an import went over it",
        "what pool-b had before pool-a's settings replaced its own",
        "what was removed from pool-b in the failback of pool-a",
    ]


async def test_what_a_lost_removal_wrote_is_pinned_by_the_look(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    await failed_over(stage)
    await stage.bring_up(A)
    run = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    while run.step != "clean":
        for choice, who in FAILBACK[run.step]:
            run = await stage.press(run, choice, who)
    await stage.strike(Fault(FaultKind.LOST_AFTER, B, "Export-CsRgsConfiguration"))
    run = await stage.press(run, "approve", ANNA)
    run = await stage.press(run, "approve", BORIS)
    assert run.phase is Phase.LOST
    removed = [one for one in await everything(stage) if f"{run.id}-clean-" in one]
    assert [await pins(stage, one) for one in removed] == [
        {run.id: "what was removed from pool-b in the failback of pool-a"}
    ]
