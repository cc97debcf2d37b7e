"""Every run has hands of its own, which go with it; and what they send rests on people who still hold their roles."""

from __future__ import annotations

import gc
from collections import Counter
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from redis.asyncio import Redis

from bot.directory.base import DirectoryAway
from bot.directory.holders import EVERYBODY
from bot.domain.access import Need
from bot.domain.runs.acts import Act, Invoke
from bot.domain.runs.run import Approval, Phase, Run
from bot.engine import Engine
from bot.hands.hands import Performer
from bot.runbooks import RUNBOOKS
from tests.scenarios.stage import ANNA, CLARA, ESTATE, FAILBACK, A, B, C, Stage, stage_of
from tests.scenarios.test_restored_world import backed_up, failed_over


class Noted:
    """Hands that note which commands they sent that change something."""

    def __init__(self, hands: Performer, sent: list[str]) -> None:
        self._hands, self._sent = hands, sent

    async def perform(self, act: Act) -> object:
        if isinstance(act, Invoke) and act.command.writes:
            self._sent.append(act.command.name)
        return await self._hands.perform(act)

    def said(self) -> str:
        return self._hands.said()


@dataclass
class Glovebox:
    """Gives every run its hands; `held` are those that somebody still has, by run."""

    stage: Stage
    given: Counter[str] = field(default_factory=Counter)
    sent: dict[str, list[str]] = field(default_factory=dict)
    held: WeakValueDictionary[str, Noted] = field(default_factory=WeakValueDictionary)

    def __call__(self, run: Run) -> Performer:
        self.given[run.id] += 1
        hands = self.held[run.id] = Noted(self.stage.hands, self.sent.setdefault(run.id, []))
        return hands


async def with_a_glovebox(redis: Redis) -> tuple[Stage, Glovebox]:
    stage = await stage_of(redis)
    box = Glovebox(stage)
    stage.engine = Engine(stage.runs, box, RUNBOOKS, ESTATE, clock=stage.clock, holders=EVERYBODY)
    return stage, box


async def test_a_run_has_the_same_hands_from_row_to_row_and_they_go_with_it(redis: Redis) -> None:
    stage, box = await with_a_glovebox(redis)
    await backed_up(stage, A, B)
    run = await failed_over(stage)

    assert len(box.given) == 3 and set(box.given.values()) == {1}
    assert [name for name in box.sent[run.id] if name.startswith("Invoke-")] == ["Invoke-CsPoolFailOver"]
    gc.collect()
    assert dict(box.held) == {}


async def test_of_runs_that_wait_for_people_only_the_last_two_keep_their_hands(redis: Redis) -> None:
    stage, box = await with_a_glovebox(redis)
    for pool in (A, B, C):
        await stage.take_down(pool)
    waiting = [await stage.settle((await stage.engine.start("backup", pool, ANNA)).id, 20) for pool in (A, B, C)]
    assert {run.phase for run in waiting} == {Phase.STOPPED}
    gc.collect()
    assert set(box.held) == {run.id for run in waiting[1:]}

    await stage.bring_up(A)
    assert (await stage.press(waiting[0], "retry", ANNA)).phase is Phase.DONE, "it is given new ones"


class Leavers:
    """Holders of whom some have lost their role, or of whom nobody can tell."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.away = False
        self.asked: list[tuple[tuple[str, ...], Need]] = []

    async def lost(self, approvals: tuple[Approval, ...], need: Need) -> str:
        if self.away:
            raise DirectoryAway("The directory does not answer.")
        self.asked.append((tuple(approval.who.name for approval in approvals), need))
        gone = [approval.who.name for approval in approvals if approval.who.name in self.gone]
        return f"{gone[0]} approved this and no longer holds {need.words}." if gone else ""


async def at_the_import(redis: Redis) -> tuple[Stage, Leavers, Run]:
    """A failback that waits for two people to approve its import."""
    leavers, stage = Leavers(), await stage_of(redis)
    await backed_up(stage, A)
    await failed_over(stage)
    await stage.bring_up(A)
    run = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    while run.step != "import":
        for choice, who in FAILBACK[run.step]:
            run = await stage.press(run, choice, who)
    stage.holders = leavers
    stage.rebuilt()
    return stage, leavers, await stage.press(run, "approve", ANNA)


async def sent(stage: Stage, run: Run) -> list[str]:
    entries = await stage.runs.audit(run.id, 1000)
    return [entry.sentence for entry in entries if entry.what == "sent" and entry.step == "import"]


async def test_nothing_is_sent_for_somebody_who_lost_their_role_and_the_row_asks_again(redis: Redis) -> None:
    stage, leavers, run = await at_the_import(redis)
    leavers.gone = {"Anna"}
    asked = await stage.press(run, "approve", CLARA)

    sentence = "Anna approved this and no longer holds RTCUniversalServerAdmins or CsResponseGroupAdministrator."
    assert (asked.phase, asked.step, asked.sentence, asked.approvals) == (Phase.WAITING, "import", sentence, ())
    assert asked.question > run.question and asked.proposal == run.proposal
    assert leavers.asked == [(("Anna", "Clara"), Need.ADMIN)]
    assert await sent(stage, run) == []
    assert (await stage.runs.audit(run.id))[0].sentence == sentence

    leavers.gone = set()
    for who in (ANNA, CLARA):
        asked = await stage.press(asked, "approve", who)
    assert asked.step != "import" and len(await sent(stage, run)) == 1


async def test_nothing_is_sent_while_nobody_can_tell_who_holds_what(redis: Redis) -> None:
    stage, leavers, run = await at_the_import(redis)
    leavers.away = True
    stopped = await stage.press(run, "approve", CLARA)
    assert (stopped.phase, stopped.sentence) == (Phase.STOPPED, "The directory does not answer.")
    assert await sent(stage, run) == []

    leavers.away = False
    asked = await stage.press(stopped, "retry", ANNA)
    assert (asked.phase, asked.approvals) == (Phase.WAITING, ())


async def test_what_nobody_approves_asks_nobody(redis: Redis) -> None:
    stage = await stage_of(redis)
    stage.holders = leavers = Leavers()
    stage.rebuilt()
    run = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    assert run.phase is Phase.DONE and leavers.asked == []
