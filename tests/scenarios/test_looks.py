"""A lost command stays lost while its pool cannot be read: a look that fails is no proof that nothing happened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.errors import DriverError
from bot.domain.runs.press import Press
from bot.domain.runs.run import Change, Finding, Found, Phase, Proposal, Run
from storage import keys
from tests.scenarios.stage import ANNA, BORIS, FAILBACK, A, B, C, Stage, stage_of
from tests.scenarios.test_doubts import home_again, until


def goes_silent_after(stage: Stage, monkeypatch: pytest.MonkeyPatch, pool: str, cmdlet: str) -> None:
    """The pool goes with the answer to this command, as it does when that is why the answer was lost."""
    invoke = stage.driver.invoke

    async def invoked(on: str, command: Cmdlet) -> Any:
        try:
            return await invoke(on, command)
        except DriverError:
            if command.name == cmdlet:
                await stage.take_down(pool)
            raise

    monkeypatch.setattr(type(stage.driver), "invoke", lambda self, on, command: invoked(on, command))


async def lost_removal(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> tuple[Stage, Run]:
    """Copies were removed from B, its answer is lost, and B is silent from then on; the first look has failed."""
    stage = await stage_of(redis)
    run = await until(stage, await home_again(stage), "clean", FAILBACK)
    run = await stage.press(run, "approve", ANNA)
    await stage.strike(Fault(FaultKind.LOST_AFTER, B, "Export-CsRgsConfiguration"))
    goes_silent_after(stage, monkeypatch, B, "Export-CsRgsConfiguration")
    await stage.engine.press(run.id, Press(run.step, "approve", run.question, {}), BORIS)
    await stage.engine.tick()
    run = await stage.runs.load(run.id)
    assert (run.step, run.phase) == ("clean", Phase.LOOKING) and run.due is not None and run.due > stage.clock()
    return stage, run


async def test_a_lost_removal_is_looked_at_again_when_its_pool_answers(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, run = await lost_removal(redis, monkeypatch)
    await stage.bring_up(B)
    run = await stage.settle(run.id)

    assert (run.step, run.phase) == ("clean", Phase.LOST)
    assert run.finding is not None and run.finding.found is Found.DONE and "they were removed" in run.sentence
    (kept,) = [key for key in await redis.keys("backup:*clean*")]
    assert kept, "the file that was written before they went is kept"


async def test_a_lost_removal_stays_unknown_while_its_pool_is_silent(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, run = await lost_removal(redis, monkeypatch)
    run = await stage.settle(run.id)

    assert (run.step, run.phase) == ("clean", Phase.LOST)
    assert run.finding is not None and run.finding.found is Found.UNKNOWN and "does not answer" in run.sentence


async def test_an_export_of_a_pool_without_a_partner_that_0_1_lost_goes_on(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.engine.start("backup", C, ANNA)
    proposal = Proposal("h", ("Export-CsRgsConfiguration -Source x",), (), 0)
    lost = {"step": "export", "phase": Phase.LOST, "due": None, "attempt": 6, "proposal": proposal}
    run = await stage.runs.commit(Change(replace(run, **lost, finding=Finding(Found.UNKNOWN, "?"))), stage.clock())
    await stage.engine.press(run.id, Press("export", "look", run.question, {}), ANNA)

    assert (await stage.settle(run.id)).phase is not Phase.LOOKING


async def test_nothing_is_removed_for_a_backup_that_vanished_while_the_second_approval_was_waited_for(
    redis: Redis,
) -> None:
    stage = await stage_of(redis)
    back = await until(stage, await home_again(stage), "import", FAILBACK)
    await stage.edit(B, A, Description="an edit made during the outage")
    await stage.press(back, "abandon", ANNA)
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    for choice in ("declare", "approve", "clear", "keep-settings", "approve"):
        run = await stage.press(run, choice, ANNA)
    held = await copies(stage)
    for name in await stage.backups.parts(run.facts["chosen"]):
        await redis.delete(keys.piece(name))
    run = await stage.press(run, "approve", BORIS)

    assert (run.step, run.phase) == ("clear", Phase.STOPPED) and "damaged" in run.sentence
    assert held == await copies(stage) > 0


async def copies(stage: Stage) -> int:
    world, _ = await stage.worlds.load()
    return sum(item.owner == A for item in world.pools[B].objects.values())
