"""The engine thrown away at every point where it can die: the story ends the same, and nothing runs twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.chores.rows import checking_of
from bot.directory.holders import EVERYBODY
from bot.domain.groups.groups import Kind
from bot.domain.model import Person, PoolState
from bot.domain.runs.acts import Act, Attempt, Invoke, Put
from bot.domain.runs.facts import FILE, KEPT_AS
from bot.domain.runs.press import Press
from bot.domain.runs.run import FOR_PEOPLE, Change, Found, Phase, Run
from bot.engine import Engine
from bot.hands.hands import Hands, Performer
from bot.runbooks import RUNBOOKS
from storage.runs import Runs
from tests.rules import writes
from tests.scenarios.stage import ANNA, BORIS, CARE, CLARA, ESTATE, FAILBACK, FAILOVER, FORMS, A, B, Stage, stage_of

ONCE = ("Import-CsRgsConfiguration", "Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack")


class Died(BaseException):
    """The process is gone; no handler of the engine may catch this."""


class Differs(BaseException):
    """What was written is not what is read; no handler of the engine may catch this either."""


class MortalRuns(Runs):
    """Dies right after a commit, the first time that a run comes to this phase of this row.

    Whoever goes on with what it wrote has to find what a bot finds that is started anew.
    """

    def __init__(self, client: Redis, spared: set[tuple[str, str, str]]) -> None:
        super().__init__(client)
        self._spared = spared

    async def commit(self, change: Change, at: float, delivery: str = "") -> Run:
        run = await super().commit(change, at, delivery)
        if (read := await self.load(run.id)) != run:
            raise Differs(run, read)
        which = (run.runbook, run.step, str(run.phase))
        if which not in self._spared:
            self._spared.add(which)
            raise Died
        return run


Dies = Callable[[Act], tuple[str, str, str] | None]
"""After which acts a process dies, if it did not yet: what it remembers each by."""


def commanding(act: Act) -> tuple[str, str, str] | None:
    if isinstance(act, Invoke) and act.command.writes:
        return act.on, act.command.name, str(act.command.get("RemoveExportedConfiguration"))
    return None


def keeping(act: Act) -> tuple[str, str, str] | None:
    """Whatever changes something without being a command, once of its kind for each run, or each backup."""
    if isinstance(act, Invoke | Attempt | Put) or not writes(act):
        return None
    about = next((str(getattr(act, name)) for name in ("run", "by", "but", "backup", "key") if hasattr(act, name)), "")
    return type(act).__name__, about.rstrip("0123456789"), ""  # Not by attempt, or no attempt would end.


class MortalHands(Hands):
    """Dies right after an act had its effect, also one within another, and before it is noted, once each."""

    def __init__(self, stage: Stage, spared: set[tuple[str, str, str]], dies: Dies) -> None:
        checks = checking_of(CARE, stage.kept, ESTATE)
        super().__init__(stage.driver, stage.kept, stage.uploads, checks, stage.clock)
        self._spared, self._dies = spared, dies

    async def perform(self, act: Act) -> Any:
        result = await super().perform(act)
        which = self._dies(act)
        if which and which not in self._spared:
            self._spared.add(which)
            raise Died
        return result


class Mortal:
    """Makes one life of the engine after another, and counts how often it died."""

    def __init__(self, stage: Stage, after: Dies | None) -> None:
        self.stage, self.after = stage, after
        self.deaths, self._spared = 0, set[tuple[str, str, str]]()

    def engine(self) -> Engine:
        """The next life: it ends at the first commit, or the first effect, that no life ended at before."""
        stage = self.stage
        runs: Runs = stage.runs if self.after else MortalRuns(stage.redis, self._spared)

        def hands(run: Run) -> Performer:
            return MortalHands(stage, self._spared, self.after) if self.after else stage.hands

        return Engine(runs, hands, RUNBOOKS, ESTATE, clock=stage.clock, holders=EVERYBODY)

    async def rest(self, run_id: str) -> Run:
        """One life after another until the run waits for people or has ended."""
        for _ in range(400):
            run = await self.stage.runs.load(run_id)
            if run.due is None or run.phase in FOR_PEOPLE:
                return run
            self.stage.clock.now = max(self.stage.clock.now, run.due) + 0.001
            try:
                await self.engine().tick()
            except Died:
                self.deaths += 1
        raise AssertionError("it does not come to rest")

    async def story(self, runbook: str, script: Mapping[str, tuple[tuple[str, Person], ...]]) -> Run:
        run = await self.stage.engine.start(runbook, A, ANNA)
        for _ in range(200):
            run = await self.rest(run.id)
            if not run.is_open:
                return run
            if run.phase is Phase.LOST:
                run = await answer_lost(self.stage, run)
                continue
            assert run.step in script, f"nobody answers at {run.step} ({run.phase}): {run.sentence} {run.details}"
            for choice, who in script[run.step]:
                run = await pressed(self.stage, run, choice, who)
        raise AssertionError("the story does not end")


async def answer_lost(stage: Stage, run: Run) -> Run:
    """What a careful person does: follows the look where it found something, and otherwise looks at the server."""
    world, _ = await stage.worlds.load()
    moved = world.pools[A].failed_over == (run.step == "failover")
    known = run.finding is not None and run.finding.found
    done = known is Found.DONE or (known is Found.UNKNOWN and moved)
    return await pressed(stage, run, "accept" if done else "retry", ANNA)


async def pressed(stage: Stage, run: Run, choice: str, who: Person) -> Run:
    await stage.engine.press(run.id, Press(run.step, choice, run.question, FORMS), who)
    return await stage.runs.load(run.id)


DEATHS = {
    "after every commit": (None, range(101, 1000)),
    "after every effect": (commanding, range(8, 9)),
    "after everything that is kept": (keeping, range(17, 18)),
}


@pytest.mark.parametrize("when", DEATHS)
async def test_the_story_ends_the_same_however_often_the_engine_dies(redis: Redis, when: str) -> None:
    stage = await stage_of(redis)
    after, often = DEATHS[when]
    mortal = Mortal(stage, after)
    backup = await mortal.story("backup", {})
    await stage.take_down(A)
    failover = await mortal.story("failover", FAILOVER)
    await stage.edit(B, A, TimeoutThreshold=77)
    await stage.bring_up(A)
    failback = await mortal.story("failback", FAILBACK)
    assert {backup.phase, failover.phase, failback.phase} == {Phase.DONE}
    assert (await stage.runs.records([A]))[A].state is PoolState.ACTIVE
    assert mortal.deaths in often
    world, _ = await stage.worlds.load()
    assert 77 in {item.properties.get("TimeoutThreshold") for item in world.pools[A].of(Kind.QUEUE)}
    counts = Counter(effect.cmdlet for effect in world.effects if effect.cmdlet in ONCE)
    assert counts == {"Import-CsRgsConfiguration": 2, "Invoke-CsPoolFailOver": 1, "Invoke-CsPoolFailBack": 1}
    removals = [effect.line for effect in world.effects if "-RemoveExportedConfiguration" in effect.line]
    assert len(removals) == 1


async def test_a_removal_of_the_version_before_that_was_lost_is_found_under_the_names_it_had(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    await stage.take_down(A)
    await stage.play(await stage.settle((await stage.engine.start("failover", A, ANNA)).id), FAILOVER)
    await stage.bring_up(A)
    run = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    while run.step != "clean":
        for choice, who in FAILBACK[run.step]:
            run = await stage.press(run, choice, who)
    run = await stage.press(run, "approve", ANNA)
    stage.engine = Mortal(stage, commanding).engine()
    with pytest.raises(Died):
        await stage.press(run, "approve", BORIS)
    run = await stage.runs.load(run.id)
    unknown = {key: value for key, value in run.facts.items() if key not in (FILE.key, KEPT_AS.key)}
    await stage.runs.commit(Change(replace(run, facts=unknown)), stage.clock.now)
    stage.rebuilt()

    run = await stage.settle(run.id)
    assert run.phase is Phase.LOST and run.finding and run.finding.found is Found.DONE
    assert run.sentence.endswith(f"What they were is kept as {KEPT_AS.of(run)}.")
    assert sum((await stage.backups.get(KEPT_AS.of(run))).counts.values()) == 73


async def test_a_lost_import_is_looked_at_and_never_run_again_by_itself(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    for step in ("declare", "failover", "backup", "settings"):
        assert run.step == step
        for choice, who in FAILOVER[step]:
            run = await stage.press(run, choice, who)
    stage.engine = Mortal(stage, commanding).engine()
    with pytest.raises(Died):
        await stage.press(run, "approve", CLARA)
    stage.rebuilt()
    run = await stage.settle(run.id)
    assert run.phase is Phase.LOST
    assert run.finding is not None
    assert run.finding.found is Found.DONE
    assert "nothing is left to import" in run.sentence
    run = await stage.press(run, "accept", BORIS)
    assert run.step == "companions"
    world, _ = await stage.worlds.load()
    assert sum(effect.cmdlet == "Import-CsRgsConfiguration" for effect in world.effects) == 1
