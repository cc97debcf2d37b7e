"""While the directory is silent two people of a list go on with one run, loudly, and no longer than that."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis

from bot.directory.holders import JudgedAgain
from bot.domain.access import Need
from bot.domain.errors import BadInput, NotAllowed
from bot.domain.model import Person, Role, Standing, Who
from bot.domain.runs.glass import ASKED_S, OPEN_S, SILENT_S, BreakGlass, is_open
from bot.domain.runs.press import Press
from bot.domain.runs.run import Approval, Phase, Run
from tests.scenarios.stage import ANNA, A, Stage, person, stage_of
from tests.scenarios.test_one_trip import at

NAMED = {
    who: replace(person(who), roles=None, doubt="No domain controller answers.") for who in ("Vera", "Wim", "Xena")
}
VERA, WIM, XENA = NAMED.values()
YAN = replace(person("Yan"), roles=None)
PEOPLE = frozenset(one.id for one in (VERA, WIM, XENA))


@dataclass(slots=True)
class Silence:
    seconds: float = SILENT_S

    def __call__(self) -> float:
        return self.seconds


@dataclass(slots=True)
class Night:
    """A failover that waits for somebody who may move the pool, while nobody knows who that is."""

    stage: Stage
    run: Run
    silence: Silence

    async def strike(self, who: Person, reason: str = "") -> Run:
        self.run = await self.stage.engine.strike(self.run.id, who, reason)
        return self.run

    async def opened(self) -> Run:
        await self.strike(VERA, "the directory lies in the dead site")
        return await self.strike(WIM)

    async def press(self, choice: str, who: Person) -> Run:
        pressed = Press(self.run.step, choice, self.run.question, {})
        self.run = await self.stage.engine.press(self.run.id, pressed, who)
        return self.run

    async def refused(self, choice: str, who: Person) -> str:
        with pytest.raises(NotAllowed) as no:
            await self.press(choice, who)
        return no.value.sentence

    async def told(self) -> list[str]:
        items = await self.stage.runs.outbox(9e12, 100)
        return [item.tell.sentence for item in items if item.tell and item.tell.loud]


@pytest.fixture
async def night(redis: Redis) -> Night:
    stage, silence = await stage_of(redis), Silence()
    run = await at(stage, "failover")
    stage.rebuilt(glass=BreakGlass(PEOPLE, silence))
    return Night(stage, run, silence)


async def test_two_of_the_list_open_one_run_and_it_is_said_loudly_and_logged(night: Night) -> None:
    assert "No domain controller answers." in await night.refused("approve", VERA)
    await night.opened()
    sent = await night.press("approve", VERA)
    assert sent.phase is Phase.READY and sent.approvals[0].lent
    done = await night.stage.settle(sent.id)
    assert done.step == "backup" and done.record_of("failover").approved == (Who.person(VERA),)
    assert any("BREAK-GLASS is open" in said and "Vera and Wim" in said for said in await night.told())
    whats = [entry.what for entry in await night.stage.runs.audit(sent.id, 100)]
    assert {"break-glass asked", "break-glass opened", "refused", "approved"} <= set(whats)


async def test_it_gives_nothing_to_others_nor_in_other_runs(night: Night) -> None:
    await night.opened()
    for who in (XENA, YAN, replace(VERA, standing=Standing.GUEST), replace(WIM, standing=Standing.UNKNOWN)):
        await night.refused("approve", who)
    with pytest.raises(NotAllowed):
        await night.stage.engine.start("backup", "pool-c", VERA)


async def test_one_of_the_list_starts_a_failover_while_it_is_silent_and_goes_no_further_alone(
    redis: Redis, night: Night
) -> None:
    engine = night.stage.engine
    await night.stage.press(night.run, "abandon", ANNA)
    for who, runbook in (
        (YAN, "failover"),
        (replace(VERA, standing=Standing.GUEST), "failover"),
        (replace(VERA, roles=frozenset(), doubt=""), "failover"),
        (VERA, "failback"),
        (VERA, "backup"),
    ):
        with pytest.raises(NotAllowed):
            await engine.start(runbook, A, who)
    night.silence.seconds = SILENT_S - 1
    with pytest.raises(NotAllowed):
        await engine.start("failover", A, VERA)
    night.silence.seconds = SILENT_S
    night.run = await night.stage.settle((await engine.start("failover", A, VERA)).id)
    assert (night.run.step, night.run.opened_by.name) == ("declare", "Vera")
    assert "No domain controller answers." in await night.refused("declare", VERA)
    await night.opened()
    assert (await night.stage.press(night.run, "declare", VERA)).step == "failover"


async def two_needed(night: Night) -> None:
    """The failover goes on to an import that takes two people."""
    for choice in ("approve", "use", "replace-settings"):
        night.run = await night.stage.press(night.run, choice, ANNA)


async def test_rows_of_two_need_both_of_them(redis: Redis, night: Night) -> None:
    await two_needed(night)
    assert night.run.proposal is not None and night.run.proposal.needed == 2
    await night.opened()
    await night.press("approve", VERA)
    assert "cannot be the second person" in await night.refused("approve", VERA)
    await night.refused("approve", XENA)
    assert (await night.press("approve", WIM)).phase is Phase.READY
    assert (await night.stage.settle(night.run.id)).step != "import"


@pytest.mark.parametrize(
    ("who", "silent_s", "reason", "word"),
    [
        (YAN, SILENT_S, "down", "Only the people who are named for break-glass"),
        (replace(VERA, standing=Standing.DELETED), SILENT_S, "down", "deactivated"),
        (VERA, SILENT_S - 1, "down", "roles come from there"),
        (VERA, SILENT_S, "", "Say why"),
        (replace(VERA, roles=frozenset()), SILENT_S, "down", "It is known which roles you hold"),
    ],
)
async def test_whoever_may_not_ask_hears_why_and_nothing_changes(
    night: Night, who: Person, silent_s: float, reason: str, word: str
) -> None:
    night.silence.seconds = silent_s
    before = night.run
    with pytest.raises((NotAllowed, BadInput)) as no:
        await night.strike(who, reason)
    assert word in no.value.sentence and await night.stage.runs.load(before.id) == before


async def test_nobody_opens_what_they_asked_for_nor_long_after_nor_twice(night: Night) -> None:
    await night.strike(VERA, "down")
    with pytest.raises(NotAllowed, match="Another person"):
        await night.strike(VERA)
    night.stage.clock.now += ASKED_S + 1
    with pytest.raises(BadInput, match="Say why"):
        await night.strike(WIM)
    await night.strike(WIM, "still down")
    assert not is_open(night.run, night.stage.clock())
    await night.strike(VERA)
    with pytest.raises(BadInput, match="open already"):
        await night.strike(XENA, "me too")


async def test_a_run_that_is_at_work_or_has_ended_is_not_opened(night: Night) -> None:
    await night.opened()
    await night.press("approve", WIM)
    with pytest.raises(BadInput, match="asks nobody now"):
        await night.strike(VERA, "down")


async def test_it_is_over_after_two_hours_and_what_was_approved_does_not_count(night: Night) -> None:
    await two_needed(night)
    await night.opened()
    await night.press("approve", VERA)
    night.stage.clock.now += OPEN_S
    assert "No domain controller answers." in await night.refused("approve", WIM)
    await night.stage.engine.end_glasses()
    ended = await night.stage.runs.load(night.run.id)
    assert ended.glass is not None and ended.glass.ended and ended.approvals == ()
    assert ended.question == night.run.question + 1 and any("are over" in said for said in await night.told())


async def test_what_was_approved_under_one_that_is_over_does_not_count_under_the_next(night: Night) -> None:
    await two_needed(night)
    await night.opened()
    night.stage.clock.now += OPEN_S - 60
    await night.press("approve", VERA)
    night.stage.clock.now += 61
    await night.strike(WIM, "still down")
    await night.strike(XENA)
    assert night.run.approvals == () and is_open(night.run, night.stage.clock())
    pressed = await night.press("approve", XENA)
    assert (pressed.phase, len(pressed.approvals)) == (Phase.WAITING, 1), "one person is not two"


async def test_an_answer_of_the_directory_ends_it_and_what_was_approved_and_not_sent_is_asked_again(
    night: Night,
) -> None:
    await two_needed(night)
    await night.opened()
    await night.press("approve", VERA)
    await night.stage.engine.end_glasses()
    assert is_open(await night.stage.runs.load(night.run.id), night.stage.clock())
    await night.stage.engine.end_glasses("The directory answers again.")
    ended = await night.stage.runs.load(night.run.id)
    assert ended.approvals == () and not is_open(ended, night.stage.clock())
    night.run = ended
    await night.refused("approve", WIM)
    assert any("The directory answers again. Break-glass has ended." in said for said in await night.told())


async def test_what_is_approved_and_on_its_way_is_held_back_when_it_has_ended_meanwhile(night: Night) -> None:
    await night.opened()
    night.stage.clock.now += OPEN_S - 60
    sent = await night.press("approve", VERA)
    night.stage.clock.now += 61
    asked = await night.stage.settle(sent.id)
    assert (asked.phase, asked.step) == (Phase.WAITING, "failover")
    assert asked.sentence == "Break-glass has ended, so what was approved under it does not count. It asks again."
    entries = await night.stage.runs.audit(sent.id, 100)
    assert not [entry for entry in entries if (entry.what, entry.step) == ("sent", "failover")]


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (VERA, ""),
        (replace(VERA, roles=frozenset(Role), doubt=""), "The directory answers again, so"),
        (replace(VERA, roles=frozenset(), doubt=""), "The directory answers again, so"),
        (replace(VERA, standing=Standing.GUEST, roles=frozenset()), "Vera is a guest of this workspace now"),
        (replace(VERA, standing=Standing.UNKNOWN, roles=frozenset()), "No domain controller answers."),
    ],
)
async def test_who_approved_under_it_is_judged_once_more_when_the_command_is_sent(now: Person, sentence: str) -> None:
    async def people(ids: object) -> tuple[Person, ...]:
        return (now,)

    said = await JudgedAgain(people).lost((Approval(Who.person(VERA), "plan", 0.0, lent=True),), Need.ADMIN)

    assert said.startswith(sentence) and bool(said) == bool(sentence)
