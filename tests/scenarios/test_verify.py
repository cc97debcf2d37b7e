"""`/rgs backup verify`: a run that reads every byte again, mends what it can, and stops for people otherwise."""

from __future__ import annotations

from functools import partial

from redis.asyncio import Redis

from bot.chores.checking import Checking, Fetch, no_copy
from bot.directory.holders import EVERYBODY
from bot.domain.runs.run import Phase, Run
from bot.engine import Engine
from bot.hands.hands import Hands
from bot.runbooks import RUNBOOKS
from storage import keys
from tests.sandbox.parts import ANNA as ANNAS_ID
from tests.sandbox.parts import EMIL, INCIDENT
from tests.scenarios.front import opened
from tests.scenarios.stage import ANNA, ESTATE, A, Stage, stage_of


async def backed_up(redis: Redis) -> tuple[Stage, str]:
    stage = await stage_of(redis)
    run = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    return stage, str(run.fact("backup"))


def checked(stage: Stage, fetch: Fetch = no_copy) -> Stage:
    """The same stage, whose hands mend what is kept from there."""
    kept = stage.kept
    checks = Checking(kept.backups, kept.companions, kept.keepings, kept.notices, tuple(ESTATE.pools), fetch)
    hands = partial(Hands, stage.driver, kept, stage.uploads, checks, stage.clock)
    stage.engine = Engine(kept.runs, lambda run: hands(), RUNBOOKS, ESTATE, clock=stage.clock, holders=EVERYBODY)
    return stage


async def verified(stage: Stage) -> Run:
    return await stage.settle((await stage.engine.start("verify", A, ANNA)).id)


async def test_sound_backups_are_counted_and_that_is_told(redis: Redis) -> None:
    stage, _ = await backed_up(redis)
    run = await verified(checked(stage))
    assert run.phase is Phase.DONE
    assert (record := run.record_of("check")) and record.sentence.startswith("1 backup, ")
    assert record.sentence.endswith(" pieces, every byte: all sound.")


async def test_what_is_lost_stops_the_run_for_people_and_names_backup_and_piece(redis: Redis) -> None:
    stage, id = await backed_up(redis)
    name = (await stage.backups.parts(id))[0]
    await redis.delete(keys.piece(name))

    run = await verified(checked(stage))

    assert run.phase is Phase.STOPPED
    assert run.sentence.startswith("The only backup cannot be restored any more.")
    assert run.details[0].startswith(f"{id}: Backup {id} is damaged: piece ")
    assert (await stage.keepings.read([id]))[0].damage
    assert "retry" in stage.labels(run)


async def test_what_the_off_site_copy_holds_is_fetched_and_the_run_ends_well(redis: Redis) -> None:
    stage, id = await backed_up(redis)
    names = await stage.backups.parts(id)
    copies = dict(zip(names, await stage.backups.pieces.raw(names), strict=True))
    await redis.delete(*(keys.piece(name) for name in names[::3]))

    async def fetch(name: str) -> bytes | None:
        return copies[name]

    run = await verified(checked(stage))
    assert run.phase is Phase.STOPPED, "there is no copy to fetch from"
    run = await stage.press(run, "retry", ANNA)
    assert run.phase is Phase.STOPPED
    run = await checked(stage, fetch).press(run, "retry", ANNA)

    assert run.phase is Phase.DONE
    assert (record := run.record_of("check")) and record.mark == "warn"
    assert record.sentence.startswith(f"{len(names[::3])} damaged pieces fetched again from the off-site copy. Now 1")
    assert await stage.backups.load(id)


async def test_the_command_checks_one_pool_or_all_that_have_backups(redis: Redis) -> None:
    async with opened(redis) as front:
        for text in ("backup verify", "backup pool-b", "backup verify pool-c", "backup verfy pool-a"):
            await front.slack.command(ANNAS_ID, INCIDENT, f"/rgs {text}")
        none, _, one, wrong = front.told(ANNAS_ID)
        assert none == "There is no backup yet, so there is nothing to check."
        assert one.startswith("Starting: Check of the backups of pool-c, run verify-pool-c-")
        assert wrong.startswith("`/rgs backup` takes one pool, or `verify` and a pool.")

        run = next(run for run in await front.stage.runs.open() if run.runbook == "backup")
        await front.stage.settle(run.id)
        await front.slack.command(ANNAS_ID, INCIDENT, "/rgs backup verify")
        last = front.told(ANNAS_ID)[-1]
        assert last.startswith("Starting: Check of the backups of pool-b, run verify-pool-b-")

        await front.slack.command(EMIL, INCIDENT, "/rgs backup verify pool-a")
        assert "CsResponseGroupAdministrator" in front.told(EMIL)[-1]
