"""A new backup is rehearsed before it counts; one that shrank suddenly is flagged, and a person is asked."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis

from bot.domain.backups.backup import Backup, Keeping, is_restorable
from bot.domain.groups.groups import Kind
from bot.domain.runs.acts import ListBackup
from bot.domain.runs.run import Phase, Run
from storage.runs import Runs
from tests.scenarios.stage import ANNA, ESTATE, A, B, C, Stage, stage_of
from tests.scenarios.test_ways import a_conflict


async def backed_up(stage: Stage, pool: str = A) -> Run:
    return await stage.settle((await stage.engine.start("backup", pool, ANNA)).id)


async def newest(stage: Stage, pool: str = A) -> tuple[Backup, Keeping]:
    (backup,) = await stage.backups.page(pool, count=1)
    (keeping,) = await stage.keepings.read([backup.id])
    return backup, keeping


async def today(stage: Stage, backup_pool: str = B) -> str:
    return (await stage.keepings.basis([backup_pool]))[backup_pool]


async def said(stage: Stage) -> list[str]:
    """What the notification channel was told, oldest first."""
    items = await Runs(stage.redis).outbox(stage.clock.now + 1, 100)
    return [item.tell.sentence for item in items if item.tell and item.tell.to == "notifications"]


async def shrink(stage: Stage, keep: int, pool: str = A) -> int:
    """Of what the pool owns only so many objects stay, agent groups first, as nothing else needs them less."""
    world, version = await stage.worlds.load()
    live = world.pools[pool]
    own = sorted((item for item in live.objects.values() if item.owner == pool), key=lambda item: (
        item.kind is not Kind.AGENT_GROUP, item.name
    ))  # fmt: skip
    foreign = [item for item in live.objects.values() if item.owner != pool]
    await stage.worlds.save(world.with_pool(live.holding([*own[:keep], *foreign])), version)
    return len(own)


async def test_a_backup_that_was_rehearsed_is_restorable_and_says_so(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await backed_up(stage)
    assert run.phase is Phase.DONE
    backup, keeping = await newest(stage)
    assert keeping.stamp is not None and keeping.stamp.pool == B
    assert is_restorable(keeping, await today(stage))
    assert keeping.stamp.sentences[0] == (
        f"Rehearsed: all {backup.objects} objects arrive on pool-b, verify with -Owner, "
        "and come home to pool-a as they were."
    )
    record = run.record_of("rehearse")
    assert record is not None and record.sentence.startswith("Restorable. Rehearsed: all")
    assert (await said(stage))[-1].endswith("Restorable on pool-b. No copy elsewhere.")


async def test_a_rehearsal_changes_nothing_on_either_pool(redis: Redis) -> None:
    stage = await stage_of(redis)
    before = (await stage.worlds.load())[0].pools
    await backed_up(stage)
    after = (await stage.worlds.load())[0].pools
    assert after[B] == before[B]
    assert after[A].objects == before[A].objects and after[A].settings == before[A].settings


async def test_a_name_conflict_is_known_long_before_the_outage(redis: Redis) -> None:
    stage = await stage_of(redis)
    name = await a_conflict(stage)
    run = await backed_up(stage)
    assert run.phase is Phase.DONE
    _, keeping = await newest(stage)
    assert keeping.stamp is not None and not keeping.stamp.restorable
    assert f"pool-b has other objects with the name of queue “{name}”" in keeping.stamp.sentences[0]
    assert (
        f"Not restorable as it is: The import on pool-b would be refused, and nothing would be imported: pool-b has \
other objects with the name of queue “{name}”."
        in (await said(stage))[-1]
    )


async def test_a_backup_pool_that_is_away_does_not_hold_up_the_backup(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.take_down(B)
    run = await backed_up(stage)
    assert run.phase is Phase.DONE
    _, keeping = await newest(stage)
    assert keeping.stamp is None
    line = (await said(stage))[-1]
    assert "Not rehearsed: pool-b could not be read, so whether this can be restored there is not known yet." in line


async def test_without_a_backup_pool_nobody_knows_whether_it_can_be_restored(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await backed_up(stage, C)
    assert run.phase is Phase.DONE
    _, keeping = await newest(stage, C)
    assert keeping.stamp is None
    assert "Not rehearsed: pool-c has no backup pool to rehearse on" in (await said(stage))[-1]


async def test_a_backup_knows_what_changed_since_the_one_before(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    first, _ = await newest(stage)
    assert (first.changed, first.before) == (None, "")
    await stage.edit(A, A, Description="another")
    stage.clock.now += 60
    await backed_up(stage)
    second, _ = await newest(stage)
    assert (second.changed, second.before) == (1, first.id)
    assert ", 1 change since the one before. Restorable" in (await said(stage))[-1]
    stage.clock.now += 60
    await backed_up(stage)
    third, _ = await newest(stage)
    assert (third.changed, third.before) == (0, second.id)
    assert ", nothing changed. Restorable" in (await said(stage))[-1]


async def test_storing_twice_compares_with_the_same_one_before(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    first, _ = await newest(stage)
    await stage.edit(A, A, Description="another")
    stage.clock.now += 60
    run = await backed_up(stage)
    second, _ = await newest(stage)
    assert run.fact("changed") == 1
    again = await stage.hands.perform(ListBackup(second.id, second.warnings))
    assert (again.changed, again.before) == (1, first.id)


async def test_half_of_the_objects_is_no_sudden_shrink(redis: Redis) -> None:
    stage = await stage_of(redis)
    count = await shrink(stage, 1_000)
    await backed_up(stage)
    await shrink(stage, (count + 1) // 2)
    run = await backed_up(stage)
    assert run.phase is Phase.DONE
    assert (await newest(stage))[1].shrunk == ""


async def shrunk(stage: Stage) -> Run:
    count = await shrink(stage, 1_000)
    await backed_up(stage)
    await shrink(stage, (count - 1) // 2)
    stage.clock.now += 3_600
    return await backed_up(stage)


async def test_one_that_shrank_suddenly_is_kept_and_flagged_and_a_person_is_asked(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await shrunk(stage)
    assert (run.step, run.phase) == ("shrunk", Phase.ASKING)
    assert stage.labels(run)[:2] == ["meant", "not-meant"]
    backup, keeping = await newest(stage)
    assert backup.run == run.id
    assert keeping.shrunk.startswith(f"It holds {backup.objects} objects; the last complete backup, of ")
    assert (await said(stage))[-1].startswith("Backup of pool-a shrank suddenly: It holds")


async def test_one_that_is_meant_to_be_small_counts_as_whole(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.press(await shrunk(stage), "meant", ANNA)
    assert run.phase is Phase.DONE
    assert (await newest(stage))[1].shrunk == ""
    assert "It was confirmed that it is complete." in (await said(stage))[-1]


async def test_a_shrunk_backup_that_was_not_meant_stays_flagged_and_says_what_to_do(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.press(await shrunk(stage), "not-meant", ANNA)
    assert run.phase is Phase.DONE
    assert (await newest(stage))[1].shrunk != ""
    assert "find out on pool-a what was removed, and import an older backup" in (await said(stage))[-1]


async def test_the_next_backup_ends_the_question_and_is_compared_with_the_last_whole_one(redis: Redis) -> None:
    stage = await stage_of(redis)
    asking = await shrunk(stage)
    stage.clock.now += 3_600
    run = await backed_up(stage)
    assert (await stage.runs.load(asking.id)).phase is Phase.SUPERSEDED
    assert (run.step, run.phase) == ("shrunk", Phase.ASKING)
    pages = await stage.backups.page(A)
    flags = [keeping.shrunk != "" for keeping in await stage.keepings.read([one.id for one in pages])]
    assert flags == [True, True, False]


async def test_a_failover_offers_the_older_one_that_is_restorable_before_the_newer_one_that_is_not(
    redis: Redis,
) -> None:
    stage = await stage_of(redis)
    good = (await backed_up(stage)).fact("backup")
    await take_the_name_of(stage, B)
    stage.clock.now += 3_600
    bad = (await backed_up(stage)).fact("backup")
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    run = await stage.press(await stage.press(run, "declare", ANNA), "approve", ANNA)
    assert [(offer["id"], offer["why"]) for offer in run.fact("offers")] == [(good, ""), (bad, "not restorable as is")]
    assert run.sentence.startswith("The newest restorable backup is 1 h old")
    assert run.sentence.endswith(" known from 1 newer one.")
    run = await stage.press(run, "use", ANNA)
    assert (run.step, run.fact("chosen")) == ("settings", good)


async def take_the_name_of(stage: Stage, pool: str) -> None:
    """A queue of A is given the name of one that the other pool owns."""
    world, version = await stage.worlds.load()
    name = min(item.name for item in world.pools[pool].of(Kind.QUEUE) if item.owner == pool)
    live = world.pools[A]
    queue = min(live.of(Kind.QUEUE), key=lambda item: item.name)
    others = [item for item in live.objects.values() if item is not queue]
    await stage.worlds.save(world.with_pool(live.holding([*others, replace(queue, name=name)])), version)


async def test_where_a_mirror_is_configured_its_copy_follows(redis: Redis) -> None:
    stage = await stage_of(redis)
    estate = replace(ESTATE, mirrored=True)
    stage.rebuilt(estate)
    await backed_up(stage)
    assert (await said(stage))[-1].endswith("Restorable on pool-b. Off-site copy follows.")
