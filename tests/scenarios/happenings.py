"""How each situation of the table comes about: what happens to the pools, and who is at which row when it does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from bot.domain.deployment.world import FAILED_BACK, FAILED_OVER, FAILING_OVER, Fault, FaultKind
from bot.domain.runs.run import Run
from handlers.blocks import actions
from tests.sandbox import parts
from tests.scenarios import books
from tests.scenarios.house import buttons, words_of
from tests.scenarios.stage import ANNA, FAILBACK, FAILOVER, WITH_NEW, A, B, Stage
from tests.scenarios.test_rehearsed import backed_up
from tests.scenarios.walking import Script, Walk, walking

UNREAD: Script = {**FAILOVER, "cms-doubt": (("cms-stays", ANNA),), "hop-way": (("hop-left", ANNA),)}
"""A failover whose backup pool says nothing: where Central Management and Edge pools lead is left as it is."""


class Sound(Walk):
    """People at their buttons, beside an engine that lives."""

    async def rest(self, run_id: str) -> Run:
        return await self.stage.settle(run_id)

    async def until(self, run: Run, row: str, script: Script) -> Run:
        """Presses on until the run stands at this row, or has ended where that is none."""
        while run.is_open and run.step != row:
            assert run.step in script, f"nobody answers at {run.step}: {run.sentence} {run.details}"
            for choice, who in script[run.step]:
                run = await self.pressed(run, choice, who.name)
        return run

    async def begun(self, typed: str, row: str, script: Script = FAILOVER) -> Run:
        return await self.until(await self.rest((await self.started(typed)).id), row, script)

    async def labels(self, run: Run) -> dict[str, str]:
        """The answers that the card takes, and which choice each is."""
        return {
            one.label.removesuffix("…").strip(): actions.decode(one.value).choice
            for one in buttons(await self.card(run))
            if one.value.startswith(f"{run.id}|")
        }

    async def typed(self, line: str) -> str:
        """What whoever types this is told, blocks and all."""
        await self.front.slack.command(parts.ANNA, parts.INCIDENT, line)
        return words_of(self.front.slack.ephemerals(parts.ANNA)[-1])


@asynccontextmanager
async def sound(redis: Redis) -> AsyncIterator[Sound]:
    """The front door over the pools of the stage, and one that can take another's place."""
    async with walking(redis, WITH_NEW) as walk:
        yield Sound(walk.front, walk.estate, walk.drawer)


Change = Callable[[Stage], Awaitable[None]]
Begun = Callable[[Sound], Awaitable[Run]]
"""Brings a situation about, and gives the run that stands in it."""


def up(pool: str) -> Change:
    return lambda stage: stage.bring_up(pool)


def stands(word: str) -> Change:
    """Somebody moves pool-a by hand, or its move breaks off."""
    return lambda stage: books.moved_by_hand(stage, word)


CHANGES: Mapping[str, Change] = {
    "pool-a answers again": up(A),
    "pool-b answers again": up(B),
    "somebody set it Active on a Front End": stands("Active"),
}
"""What may happen next, in the words of the table."""


async def down(walk: Sound, *pools: str) -> None:
    for pool in pools:
        await walk.stage.take_down(pool)


async def failing_over(walk: Sound, row: str) -> Run:
    """A failover of pool-a, which is down, as far as this row."""
    await backed_up(walk.stage)
    await down(walk, A)
    return await walk.begun("/rgs failover pool-a", row)


async def failing_back(walk: Sound, row: str) -> Run:
    """A failback of pool-a, which is failed over with its groups and answers again, as far as this row."""
    await away(walk)
    return await walk.begun("/rgs failback pool-a", row, FAILBACK)


async def away(walk: Sound) -> None:
    await failing_over(walk, "")
    await walk.stage.bring_up(A)


async def both_before(walk: Sound) -> Run:
    await backed_up(walk.stage)
    await down(walk, A, B)
    run = await walk.rest((await walk.started("/rgs failover pool-a")).id)
    return await walk.until(run, "failover-before", UNREAD)


async def both_after(walk: Sound) -> Run:
    run = await failing_over(walk, "backup")
    await down(walk, B)
    return await walk.pressed(run, "use", "Anna")


async def both_importing(walk: Sound) -> Run:
    run = await failing_over(walk, "import")
    await down(walk, B)
    return await walk.pressed(run, "approve", "Clara")


async def back_at_once(walk: Sound) -> Run:
    run = await failing_over(walk, "declare")
    await walk.stage.bring_up(A)
    return await walk.pressed(run, "declare", "Anna")


async def back_before(walk: Sound) -> Run:
    run = await failing_over(walk, "failover")
    await walk.stage.bring_up(A)
    return run


async def back_after(walk: Sound) -> Run:
    run = await failing_over(walk, "backup")
    await walk.stage.bring_up(A)
    return run


async def backup_dies_before(walk: Sound) -> Run:
    run = await failing_over(walk, "failover")
    await down(walk, B)
    return await walk.pressed(run, "approve", "Anna")


async def backup_dies_after(walk: Sound) -> Run:
    run = await failing_over(walk, "routes")
    await down(walk, B)
    return await walk.until(run, "", FAILOVER)


async def home_without_backup(walk: Sound) -> Run:
    await away(walk)
    await down(walk, B)
    run = await walk.begun("/rgs failback pool-a", "back", FAILBACK)
    return await walk.pressed(run, "same", "Anna")


async def home_loses_backup(walk: Sound) -> Run:
    run = await failing_back(walk, "failback")
    await down(walk, B)
    return await walk.pressed(run, "approve", "Boris")


async def home_before_import(walk: Sound) -> Run:
    run = await failing_back(walk, "import")
    await down(walk, B)
    return run


async def home_after_import(walk: Sound) -> Run:
    run = await failing_back(walk, "conferences")
    await down(walk, B)
    return await walk.pressed(run, "approve", "Anna")


def by_others(word: str, typed: str, row: str) -> Begun:
    """Others had moved pool-a, which is down, so that its servers say this word; then somebody types that."""

    async def begun(walk: Sound) -> Run:
        await backed_up(walk.stage)
        await down(walk, A)
        await stands(word)(walk.stage)
        return await walk.begun(typed, row)

    return begun


def home_by_others(typed: str, row: str, *, edited: bool = False) -> Begun:
    """Others had failed pool-a back, whatever was edited on pool-b in the outage; then somebody types that."""

    async def begun(walk: Sound) -> Run:
        await away(walk)
        if edited:
            await walk.stage.edit(B, A, Description="edited in the outage")
        await stands(FAILED_BACK)(walk.stage)
        return await walk.begun(typed, row, FAILBACK)

    return begun


_OVER, _BACK, _ADOPT = "/rgs failover pool-a", "/rgs failback pool-a", "/rgs start adopt pool-a"
moved_away, moved_away_adopted = by_others(FAILED_OVER, _OVER, "backup"), by_others(FAILED_OVER, _ADOPT, "take")
half_way, half_way_adopted = by_others(FAILING_OVER, _OVER, "failover-before"), by_others(FAILING_OVER, _ADOPT, "take")
moved_home, moved_home_adopted = home_by_others(_BACK, "import"), home_by_others(_ADOPT, "take")
moved_home_without_edits = home_by_others(_ADOPT, "take", edited=True)


async def moved_away_meanwhile(walk: Sound) -> Run:
    run = await failing_over(walk, "failover")
    await stands(FAILED_OVER)(walk.stage)
    return await walk.pressed(run, "approve", "Anna")


async def moved_home_in_failover(walk: Sound) -> Run:
    run = await failing_over(walk, "agents")
    await walk.stage.bring_up(A)
    await stands(FAILED_BACK)(walk.stage)
    return await walk.pressed(run, "go-on", "Emil")


async def moved_home_in_failback(walk: Sound) -> Run:
    run = await failing_back(walk, "failback")
    await stands(FAILED_BACK)(walk.stage)
    return await walk.pressed(run, "approve", "Boris")


async def broke_off(walk: Sound) -> Run:
    run = await failing_over(walk, "failover")
    await walk.stage.strike(Fault(FaultKind.MOVE_BREAKS, B, "Invoke-CsPoolFailOver"))
    return await walk.pressed(run, "approve", "Anna")


async def broke_off_again(walk: Sound) -> Run:
    return await walk.pressed(await broke_off(walk), "retry", "Anna")


async def backup_is_away(walk: Sound) -> Run:
    await backed_up(walk.stage)
    await books.moved_by_hand(walk.stage, FAILED_OVER, B)
    run = await walk.begun("/rgs failover pool-a", "doubt")
    return await walk.pressed(run, "planned", "Anna")
