"""The impact board goes up when a stage begins, and says of imports what was verified (seed 002)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.impact import Doubt, in_short
from bot.domain.deployment.impact import Stage as Moment
from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.model import BOT, Person, PoolState
from bot.domain.runs.run import Change, Phase, Run, Tell
from bot.runbooks.rows.facts import WAS_IMPORTED
from bot.runbooks.rows.people import board_tell
from handlers import commands
from tests.sandbox.parts import EMIL, alone
from tests.scenarios.front import desk_of
from tests.scenarios.stage import ANNA, FAILBACK, FAILOVER, POOLS, A, B, Stage, stage_of

Board = tuple[Moment, bool | None]
_BOARDS: Mapping[Tell, Board] = {
    board_tell(moment, imported): (moment, imported) for moment in Moment for imported in (True, False, None)
}


@dataclass
class Theatre:
    """A story whose boards are noted, each with the row at which the run stood when it was posted."""

    stage: Stage
    impact: object
    boards: list[tuple[str, Board]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    async def note(self, run: Run, at: str) -> Run:
        for item in await self.stage.runs.outbox(float("inf"), 1000):
            if item.tell and item.key not in self.known and item.tell in _BOARDS:
                self.boards.append((at, _BOARDS[item.tell]))
            self.known.add(item.key)
        return run

    async def press(self, run: Run, choice: str, who: Person) -> Run:
        at = run.step
        return await self.note(await self.stage.press(run, choice, who), at)

    async def open(self, key: str) -> Run:
        run = await self.stage.settle((await self.stage.engine.start(key, A, ANNA)).id)
        return await self.note(run, "open")

    async def until(self, run: Run, script: Mapping[str, tuple[tuple[str, Person], ...]], step: str = "") -> Run:
        """Plays as far as the row `step`, or to the end."""
        while run.is_open and run.step != step:
            for choice, who in script[run.step]:
                run = await self.press(run, choice, who)
        return run

    async def failed_over(self) -> Run:
        await self.backed_up()
        await self.stage.take_down(A)
        return await self.until(await self.open("failover"), FAILOVER)

    async def backed_up(self) -> None:
        await self.stage.settle((await self.stage.engine.start("backup", A, ANNA)).id)

    async def shows(self, moment: Moment, imported: bool | None) -> bool:
        """Whether `/rgs impact pool-a` gives this board now."""
        reply = await self.impact("impact pool-a")  # type: ignore[operator]
        text = reply.message["text"]
        board = [[one.text for side in in_short(moment, imported, doubt).values() for one in side] for doubt in Doubt]
        shown = [line.removeprefix("•  ") for line in text.splitlines() if line.startswith("•")]
        return text.startswith(f"pool-a: what callers and agents notice {moment}:") and shown in board


@pytest.fixture
async def theatre(redis: Redis) -> AsyncIterator[Theatre]:
    async with alone() as (_, client):
        stage = await stage_of(redis)
        desk = desk_of(stage, client)
        emil = await desk.people.person(EMIL)
        yield Theatre(stage, lambda text: commands.run(desk, emil, "", text))


async def test_each_board_of_a_failover_and_a_failback_goes_up_once_when_its_stage_begins(theatre: Theatre) -> None:
    assert not await theatre.shows(Moment.FAILED_BACK, None), "a pool that nobody moved was not failed back"
    await theatre.failed_over()
    assert theatre.boards == [
        ("declare", (Moment.OUTAGE, False)),
        ("failover", (Moment.FAILING_OVER, False)),
        ("failover", (Moment.FAILED_OVER, False)),
        ("import", (Moment.FAILED_OVER, True)),
    ]
    assert await theatre.shows(Moment.FAILED_OVER, True)
    theatre.boards.clear()
    await theatre.stage.bring_up(A)
    run = await theatre.until(await theatre.open("failback"), FAILBACK)
    assert run.phase is Phase.DONE
    assert [board for _, board in theatre.boards] == [(Moment.FAILING_BACK, True), (Moment.FAILED_BACK, True)]
    assert theatre.boards[0][0] == "failback" and theatre.boards[1][0] not in ("failback", "import")


async def test_during_failover_begins_with_sending_and_not_with_the_end(theatre: Theatre) -> None:
    await theatre.backed_up()
    await theatre.stage.take_down(A)
    run = await theatre.until(await theatre.open("failover"), FAILOVER, "failover")
    assert await theatre.shows(Moment.OUTAGE, False)
    await theatre.stage.strike(Fault(FaultKind.MOVE_BREAKS, B, "Invoke-CsPoolFailOver"))
    run = await theatre.press(run, "approve", ANNA)
    assert run.step == "failover" and run.phase is Phase.LOST
    assert theatre.boards[-1] == ("failover", (Moment.FAILING_OVER, False))
    assert await theatre.shows(Moment.FAILING_OVER, False), "what is sent has begun, whatever becomes of it"


async def test_a_move_that_did_nothing_has_not_begun_the_stage(theatre: Theatre) -> None:
    await theatre.backed_up()
    await theatre.stage.take_down(A)
    run = await theatre.until(await theatre.open("failover"), FAILOVER, "failover")
    await theatre.stage.strike(Fault(FaultKind.LOST_BEFORE, B, "Invoke-CsPoolFailOver"))
    run = await theatre.press(run, "approve", ANNA)
    assert run.phase is Phase.LOST and run.pool_state is PoolState.OUTAGE
    assert await theatre.shows(Moment.OUTAGE, False)
    count = len(theatre.boards)
    run = await theatre.press(run, "retry", ANNA)
    await theatre.until(run, FAILOVER, "backup")
    assert [board for _, board in theatre.boards[count:]] == [(Moment.FAILED_OVER, False)], "none is posted twice"


async def test_imported_is_said_of_a_verified_import_only(theatre: Theatre) -> None:
    await theatre.backed_up()
    await theatre.stage.take_down(A)
    run = await theatre.until(await theatre.open("failover"), FAILOVER, "import")
    assert await theatre.shows(Moment.FAILED_OVER, False)
    await theatre.stage.strike(Fault(FaultKind.HALF_LOST, B))
    run = await theatre.press(run, "approve", ANNA)
    run = await theatre.stage.settle(run.id)
    assert run.phase is Phase.LOST and not [board for _, board in theatre.boards if board[1]]
    run = await theatre.press(run, "abandon", ANNA)
    assert not run.is_open
    assert await theatre.shows(Moment.FAILED_OVER, None), "while nobody knows, both ways are told"


async def test_a_second_verification_says_nothing_anew(theatre: Theatre) -> None:
    await theatre.backed_up()
    await theatre.stage.take_down(A)
    run = await theatre.until(await theatre.open("failover"), FAILOVER, "inside")
    count = len(theatre.boards)
    run = await theatre.press(run, "failed", ANNA)
    await theatre.until(run, FAILOVER)
    assert len(theatre.boards) == count


async def test_copies_that_lie_there_before_an_outage_are_told_from_its_first_board_on(theatre: Theatre) -> None:
    carry, now = WAS_IMPORTED.to(True), theatre.stage.clock.now
    staged = Run("r-1", "failover", POOLS[A], POOLS[B], BOT, now, "done", phase=Phase.DONE, pool_state=PoolState.ACTIVE)
    await theatre.stage.runs.commit(Change(replace(staged, carry=carry)), now)
    await theatre.stage.take_down(A)
    run = await theatre.open("failover")
    assert await theatre.shows(Moment.FAILED_BACK, True)
    await theatre.press(run, "declare", ANNA)
    assert theatre.boards == [("declare", (Moment.OUTAGE, True))]
    assert await theatre.shows(Moment.OUTAGE, True)
