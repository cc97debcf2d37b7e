"""Runs that wait for the first of two approvals, each brought there through its own rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from redis.asyncio import Redis

from bot.domain.runs.run import Change, Phase, Proposal, Run
from tests.scenarios.recovery import begun, until
from tests.scenarios.stage import ANNA, BORIS, FAILOVER, NEW, A, Stage, stage_of
from tests.scenarios.test_rehearsed import backed_up, shrunk
from tests.scenarios.test_replacing import lost_pool, walked

Waiting = Callable[[Redis], Awaitable[tuple[Stage, Run]]]


async def failback(client: Redis) -> tuple[Stage, Run]:
    """At its import, after a backup and a failover."""
    stage = await stage_of(client)
    await backed_up(stage)
    await stage.take_down(A)
    await stage.play(await begun(stage, "failover"), FAILOVER)
    await stage.bring_up(A)
    run = await until(stage, await begun(stage, "failback"), "import", {"back": (("same", ANNA),), "failback": _BORIS})
    return stage, _waits(run)


async def replacement(client: Redis) -> tuple[Stage, Run]:
    """The longest runbook at the last row that asks, with nearly all of its rows behind it."""
    stage = await lost_pool(client)
    return stage, await _asking_two(stage, await walked(stage, await begun(stage, "replace", NEW), "branches"))


async def backup(client: Redis) -> tuple[Stage, Run]:
    """At the only row that asks."""
    stage = await stage_of(client)
    return stage, await _asking_two(stage, await shrunk(stage))


async def _asking_two(stage: Stage, run: Run) -> Run:
    """It asks for two people, so that the same is pressed in every runbook: what it sent last, once more."""
    commands = next(record.commands for record in reversed(run.records) if record.commands)
    asking = replace(run, phase=Phase.WAITING, proposal=Proposal("0" * 16, commands, (), 2))
    return _waits(await stage.runs.commit(Change(asking), stage.clock()))


_BORIS = (("approve", BORIS),)


def _waits(run: Run) -> Run:
    if run.phase is not Phase.WAITING or run.proposal is None or run.proposal.needed != 2:
        raise RuntimeError(f"the {run.runbook} waits somewhere else: {run.step} {run.phase} {run.sentence}")
    return run
