"""What was approved rests on people who still may when it is sent, and on nothing older than an hour."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis

from bot.domain.model import Person, Who
from bot.domain.runs.moves import outdated
from bot.domain.runs.press import Press
from bot.domain.runs.run import FOR_PEOPLE, Approval, Phase, Run
from bot.runbooks import RUNBOOKS
from bot.runbooks.needs import asking
from tests.sandbox.parts import ANNA as ANNAS
from tests.sandbox.parts import CLARA as CLARAS
from tests.scenarios.house import House, house, until
from tests.scenarios.stage import ANNA, CLARA, FAILOVER, FORMS, A, Stage, stage_of
from tests.scenarios.test_one_trip import approve, asked_twice, elsewhere

HOUR = 3600.0
LATE = "The approval of Clara is not from the last 60 minutes, so it asks again."
THEIRS = {
    ANNA.id: replace(ANNA, id=f"T0SWITCH01:{ANNAS}", name="Anna Berg"),
    CLARA.id: replace(CLARA, id=f"T0SWITCH01:{CLARAS}", name="Clara Wolf"),
}


async def sent(stage: Stage, run: Run) -> list[str]:
    entries = await stage.runs.audit(run.id, 1000)
    return [entry.sentence for entry in entries if entry.what == "sent" and entry.step == run.step]


async def test_a_second_person_after_an_hour_makes_it_ask_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.press(await asked_twice(stage), "approve", CLARA)
    stage.clock.now += HOUR + 1

    asked = await stage.press(run, "approve", ANNA)

    assert (asked.phase, asked.step, asked.sentence, asked.approvals) == (Phase.WAITING, "import", LATE, ())
    assert await sent(stage, run) == [] and (await stage.runs.audit(run.id))[0].sentence == LATE
    for who in (ANNA, CLARA):
        asked = await stage.press(asked, "approve", who)
    assert asked.step != "import" and len(await sent(stage, run)) == 1


async def test_a_second_person_within_the_hour_lets_it_run(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.press(await asked_twice(stage), "approve", CLARA)
    stage.clock.now += HOUR - 60

    assert (await stage.press(run, "approve", ANNA)).step != "import"
    assert len(await sent(stage, run)) == 1


async def test_whoever_asked_an_hour_ago_makes_it_ask_again_and_is_not_their_own_second(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.press(await asked_twice(stage), "approve", CLARA)
    stage.clock.now += HOUR + 1

    asked = await stage.press(run, "approve", CLARA)

    assert (asked.phase, asked.approvals, asked.sentence) == (Phase.WAITING, (), LATE)
    assert await sent(stage, run) == []


async def test_what_waited_an_hour_for_a_process_to_send_it_asks_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await asked_twice(stage)
    run = await stage.engine.press(run.id, approve(run), CLARA)
    run = await stage.engine.press(run.id, approve(run), ANNA)
    stage.clock.now += HOUR + 1

    asked = await elsewhere(stage).settle(run.id)

    assert (asked.phase, asked.sentence, asked.approvals) == (Phase.WAITING, LATE, ())
    assert await sent(stage, run) == []


def test_an_approval_that_is_dated_an_hour_ahead_is_not_believed() -> None:
    ahead = Approval(Who.person(CLARA), "plan", HOUR + 1)

    book = RUNBOOKS["failover"]
    assert [outdated((ahead,), book, now) for now in (0.0, 1.0, 2 * HOUR)] == [LATE, "", ""]


async def at_rest(home: House, run: Run) -> Run:
    seen: list[Run] = []

    async def rests() -> bool:
        seen[:] = [await home.bot.runs.load(run.id)]
        return seen[0].phase in FOR_PEOPLE or not seen[0].is_open

    await until(rests, "the run does not come to rest", seen)
    return seen[0]


async def pressed(home: House, run: Run, choice: str, who: Person) -> Run:
    now = await home.bot.engine.press(run.id, Press(run.step, choice, run.question, FORMS), THEIRS[who.id])
    return await at_rest(home, now)


async def waiting_for_two(home: House) -> Run:
    """A failover whose import waits for the first of two people."""
    await at_rest(home, await home.bot.engine.start("backup", A, THEIRS[ANNA.id]))
    await home.take_down(A)
    run = await at_rest(home, await home.bot.engine.start("failover", A, THEIRS[ANNA.id]))
    while run.step != "settings":
        for choice, who in FAILOVER[run.step]:
            run = await pressed(home, run, choice, who)
    return await pressed(home, run, "replace-settings", CLARA)


async def test_the_bot_asks_slack_again_before_it_sends_what_two_people_approved(redis: Redis) -> None:
    async with house(redis) as home:
        run = await pressed(home, await waiting_for_two(home), "approve", CLARA)
        group = home.slack.workspace.group("S0RGADMIN1")
        assert group is not None and run.step == "import" and len(run.approvals) == 1
        home.slack.workspace.put(replace(group, members=()))

        asked = await pressed(home, run, "approve", ANNA)

        assert asked.sentence.startswith("Clara Wolf no longer holds RTCUniversalServerAdmins or ")
        assert (asked.phase, asked.step, asked.approvals) == (Phase.WAITING, "import", ())
        home.slack.workspace.put(group)
        for who in (CLARA, ANNA):
            asked = await pressed(home, asked, "approve", who)
        assert asked.step != "import"


async def test_before_slack_has_joined_what_was_approved_waits(redis: Redis) -> None:
    async with house(redis) as home:
        run = await pressed(home, await waiting_for_two(home), "approve", CLARA)
        home.bot._people, people = None, home.bot._people

        await home.bot.engine.press(run.id, approve(run), THEIRS[ANNA.id])

        async def waits() -> bool:
            return (await home.bot.runs.load(run.id)).tries > 0

        await until(waits)
        waiting = await home.bot.runs.load(run.id)
        assert waiting.phase is Phase.READY and "Slack does not answer yet" in waiting.sentence
        home.bot._people = people
        assert (await at_rest(home, run)).step != "import"


async def test_an_approval_that_nobody_joins_is_gone_after_an_hour_by_itself(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.press(await asked_twice(stage), "approve", CLARA)
    for _ in range(59):
        stage.clock.now += 60
        await stage.engine.tick()
    assert (await stage.runs.load(run.id)).version == run.version

    stage.clock.now += 61
    await stage.engine.tick()

    late = await stage.runs.load(run.id)
    assert (late.phase, late.step, late.sentence, late.approvals, late.due) == (Phase.WAITING, "import", LATE, (), None)
    assert late.question == run.question + 1 and late.proposal == run.proposal
    entry = (await stage.runs.audit(run.id))[0]
    assert (entry.what, entry.sentence, entry.data) == ("expired", LATE, {"question": run.question})
    tells = [item.tell for item in await stage.runs.outbox(float("inf"), 1000) if item.tell]
    (told,) = [tell.sentence for tell in tells if tell.to == CLARA.id]
    assert told == f"Failover of pool-a: {LATE} Nobody else approved in time. Nothing was sent."
    await stage.engine.tick()
    assert await stage.runs.load(run.id) == late

    for who in (ANNA, CLARA):
        late = await stage.press(late, "approve", who)
    assert late.step != "import"


async def test_while_an_approval_counts_it_is_looked_at_once_a_minute_at_most(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.press(await asked_twice(stage), "approve", CLARA)
    looks = 0
    for _ in range(600):
        stage.clock.now += 1
        looks += await stage.engine.tick()
    assert looks <= 11


async def test_how_long_an_approval_counts_is_configured(redis: Redis) -> None:
    stage = await stage_of(redis)
    stage.rebuilt(runbooks=asking(RUNBOOKS, (), 600.0))
    await stage.press(await asked_twice(stage), "approve", CLARA)
    run = (await stage.runs.open())[0]
    stage.clock.now += 601
    await stage.engine.tick()
    late = await stage.runs.load(run.id)
    assert late.approvals == () and "not from the last 10 minutes" in late.sentence
