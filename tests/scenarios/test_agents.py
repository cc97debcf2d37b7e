"""Formal agents are asked directly once their groups are verified: each once, no stranger, at Slack's pace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.domain.groups.agents import Agent, Reach
from bot.domain.groups.groups import Kind, Value
from bot.domain.runs.moves import go_back
from bot.domain.runs.run import Phase, Run
from bot.runbooks.failover import FAILOVER as FAILOVER_BOOK
from bot.sandbox import Message, Trouble
from bot.sandbox.seed import TEAM as WORKSPACE
from bot.sandbox.values import Kind as Account
from bot.sandbox.values import Person
from storage.worlds.worlds import RedisWorlds
from tests.sandbox.parts import EMIL, FINN, GRETA, INCIDENT
from tests.scenarios.books import moved_by_hand
from tests.scenarios.slack_stage import SlackStage, slack_stage
from tests.scenarios.stage import ANNA, FAILBACK, FAILOVER, A, B
from tests.scenarios.stage import EMIL as EMIL_HANSEN
from tests.scenarios.test_adopt import imported_by_hand

DAVID = "U0DAVID001"
DESK, BILLING, QUIET = "Switchboard Agents", "Billing Agents", "IT First Line Agents"
STAFF: Mapping[str, Sequence[str]] = {
    DESK: ("emil", "finn", "greta", "nobody"),
    BILLING: ("emil", "david"),
    QUIET: (),
}
"""Agents of the formal groups; all others take nobody."""


async def staff(worlds: RedisWorlds, agents: Mapping[str, Sequence[str]], distribution: str = "") -> None:
    """These are the only formal groups of pool-a, with these agents."""
    world, version = await worlds.load()
    live, objects = world.pools[A], {}
    for key, item in live.objects.items():
        more: dict[str, Value] = {}
        if item.kind is Kind.AGENT_GROUP:
            listed = tuple(f"sip:{name}@contoso.com" for name in agents.get(item.name, ()))
            policy = "Formal" if item.name in agents else "Informal"
            more = {"AgentsByUri": listed, "ParticipationPolicy": policy}
            more |= {"DistributionGroupAddress": distribution} if not listed and distribution else {}
        objects[key] = replace(item, properties=MappingProxyType({**item.properties, **more}))
    await worlds.save(world.with_pool(replace(live, objects=MappingProxyType(objects))), version)


@pytest.fixture
async def stage(redis: Redis) -> AsyncIterator[SlackStage]:
    async with slack_stage(redis) as stage:
        yield stage


async def until_row(stage: SlackStage, run: Run, row: str) -> Run:
    """Presses through the failover up to this row."""
    while run.step != row:
        for choice, who in FAILOVER[run.step]:
            run = await stage.story.press(run, choice, who)
    return run


async def failing_over(stage: SlackStage, agents: Mapping[str, Sequence[str]] = STAFF, row: str = "companions") -> Run:
    story = stage.story
    await staff(story.worlds, agents, "it@contoso.com")
    await story.settle((await story.engine.start("backup", A, ANNA)).id)
    await story.take_down(A)
    return await until_row(stage, await story.settle((await story.engine.start("failover", A, ANNA)).id), row)


async def ask(stage: SlackStage, run: Run, turns: int = 8, seconds: float = 2.0) -> None:
    """The drawer drains so often, while the pause between two agents is over each time."""
    for _ in range(turns):
        await stage.desk.cards.release(f"agents:{run.id}")
        await stage.drain(seconds)


def got(stage: SlackStage, user: str) -> list[Message]:
    return stage.posted(f"D{user[1:]}")


def asked(stage: SlackStage) -> list[str]:
    """Everybody who has a message with the button, once for each."""
    people = [one.id for one in stage.sandbox.workspace.people()]
    return [user for user in people for message in got(stage, user) if "agent-signed-in" in str(message.blocks)]


async def test_nobody_is_asked_before_the_groups_are_verified_and_everybody_directly_after(stage: SlackStage) -> None:
    run = await failing_over(stage, row="import")
    await ask(stage, run)
    assert asked(stage) == []

    run = await until_row(stage, run, "companions")
    await ask(stage, run)
    assert sorted(asked(stage)) == [DAVID, EMIL]


async def test_whoever_is_in_two_groups_has_one_message_with_both(stage: SlackStage) -> None:
    run = await failing_over(stage)
    await ask(stage, run)
    (message,) = got(stage, EMIL)
    assert "pool-a is failed over, so pool-b answers its Response Groups now." in message.text
    assert DESK in message.text and BILLING in message.text and "I am signed in" in str(message.blocks)
    (other,) = got(stage, DAVID)
    assert BILLING in other.text and DESK not in other.text


async def test_guests_and_people_of_other_organisations_are_counted_and_never_written_to(stage: SlackStage) -> None:
    run = await failing_over(stage)
    await ask(stage, run)
    assert got(stage, FINN) == got(stage, GRETA) == []
    known = await stage.desk.agents.known(run.id)
    assert sorted(one.reach for one in known if DESK in one.groups) == [Reach.ASKED, *[Reach.NOT_HERE] * 3]


async def test_whoever_became_a_guest_since_slack_was_asked_is_not_written_to(stage: SlackStage) -> None:
    run = await failing_over(stage)
    await stage.desk.people.at(["emil@contoso.com"])
    emil = stage.sandbox.workspace.person(EMIL)
    assert emil
    stage.sandbox.workspace.put(replace(emil, kind=Account.GUEST))
    await ask(stage, run)
    assert asked(stage) == [DAVID]
    assert Agent((DESK, BILLING), Reach.NO_MEMBER) in {
        replace(one, groups=tuple(sorted(one.groups, reverse=True))) for one in await stage.desk.agents.known(run.id)
    }


async def test_channels_hear_names_of_groups_and_counts_only(stage: SlackStage) -> None:
    run = await failing_over(stage)
    await ask(stage, run)
    said = str([(message.text, message.blocks) for message in stage.posted(INCIDENT)])
    asks = (await stage.story.runs.load(run.id)).record_of("ask-agents")
    assert asks is not None and asks.sentence.startswith(
        "Not done yet: agents of 3 formal groups have to sign in again. Switchback asks 5 agents"
    )
    assert not [name for name in ("emil@", "finn@", "greta@", "nobody@", "david@") if name in said]
    (listed,) = [one for one in stage.posted(INCIDENT) if "come from a distribution group" in one.text]
    assert QUIET in listed.text and DESK not in listed.text and "it@contoso.com" not in listed.text


async def test_three_hundred_are_asked_at_slacks_pace_each_once_over_a_restart(stage: SlackStage) -> None:
    many = [f"agent{number}" for number in range(300)]
    for number, name in enumerate(many):
        account = Person(f"U0AGENT{number:03d}", name, name, WORKSPACE, email=f"{name}@contoso.com")
        stage.sandbox.workspace.put(account)
    run = await failing_over(stage, {DESK: many})
    counts = []
    for turn in range(310):
        if turn == 150:
            stage.drawer = stage.another_drawer()
        before = len(asked(stage)) if turn % 50 == 0 else 0
        await ask(stage, run, 1, 1.0)
        counts += [len(asked(stage)) - before] if turn % 50 == 0 else []
    assert max(counts) == 1, "one a second"
    assert sorted(asked(stage)) == [f"U0AGENT{number:03d}" for number in range(300)]
    assert await stage.desk.agents.waiting(run.id) == ()
    assert not [one for one in await stage.story.runs.outbox(float("inf"), 1000) if one.kind == "tell"]


async def test_two_are_never_asked_within_a_second(stage: SlackStage) -> None:
    run = await failing_over(stage)
    await ask(stage, run, 1)
    await ask(stage, run, 1, 0.9)
    assert len(asked(stage)) == 1
    await ask(stage, run, 1, 0.2)
    assert len(asked(stage)) == 2


async def test_a_silent_slack_loses_nobody(stage: SlackStage) -> None:
    run = await failing_over(stage)
    stage.trouble(3, Trouble.DROPPED)
    await ask(stage, run, 20, 30.0)
    assert sorted(asked(stage)) == [DAVID, EMIL]


async def test_an_abandoned_run_asks_nobody_any_more(stage: SlackStage) -> None:
    run = await failing_over(stage)
    run = await stage.story.press(run, "abandon", ANNA)
    assert run.phase is Phase.ABANDONED
    await ask(stage, run)
    assert asked(stage) == []


async def test_groups_that_are_verified_again_ask_nobody_twice(stage: SlackStage) -> None:
    run = await until_row(stage, await failing_over(stage), "agents")
    await ask(stage, run)
    back = go_back(run, FAILOVER_BOOK, "verify", stage.story.clock())
    await stage.story.runs.commit(back, stage.story.clock())
    again = await stage.story.settle(run.id)
    assert [record.step for record in again.records].count("ask-agents") == 2
    await ask(stage, run)
    assert sorted(asked(stage)) == [DAVID, EMIL]


async def test_the_row_names_what_is_silent_and_what_was_not_called(stage: SlackStage) -> None:
    run = await failing_over(stage)
    await ask(stage, run)
    run = await until_row(stage, run, "agents")
    assert "0 of 3 formal groups" in run.sentence and stage.story.labels(run) == ["go-on", "look-again", "abandon"]

    await stage.desk.agents.sign_in(run.id, "david@contoso.com", DAVID, stage.story.clock())
    run = await stage.story.press(run, "look-again", EMIL_HANSEN)
    assert run.sentence.endswith(f"Covered and not called yet: {BILLING}.")
    run = await stage.story.press(run, "called", EMIL_HANSEN)
    assert run.step == "agents" and "not called" not in run.sentence
    # A word that came after the last look counts as well.
    await stage.desk.agents.sign_in(run.id, "emil@contoso.com", EMIL, stage.story.clock())
    run = await stage.story.press(run, "go-on", EMIL_HANSEN)

    assert run.phase is Phase.DONE
    passed = run.record_of("agents")
    assert (passed.mark, passed.undone) == ("warn", "Not done"), "it said 2 silent when somebody went on"
    assert passed.sentence == "Emil goes on with 2 formal groups of pool-b silent."
    assert run.records[-1].details[-1] == f"1 formal group silent, since no agent said that they signed in: {QUIET}."
    await stage.until_drained()
    assert any("1 formal group silent" in message.text for message in stage.posted("C0BACKUPS1"))


async def test_the_card_follows_what_agents_say_without_a_new_question(stage: SlackStage) -> None:
    run = await until_row(stage, await failing_over(stage), "agents")
    await ask(stage, run)
    place = await stage.desk.cards.place(run.id)
    assert place

    def card() -> str:
        return str(stage.sandbox.workspace.message(place.channel, place.ts))

    assert f"{BILLING}: 0 of 2 signed in." in card()
    await stage.desk.agents.sign_in(run.id, "emil@contoso.com", EMIL, stage.story.clock())
    await stage.drain(4)
    assert f"{BILLING}: 1 of 2 signed in." in card()
    assert f"{DESK}: 1 of 4 signed in; 3 not reached in Slack." in card()
    assert (await stage.story.runs.load(run.id)).question == run.question


async def test_failback_asks_them_to_sign_in_at_home(stage: SlackStage) -> None:
    run = await stage.story.play(await failing_over(stage), FAILOVER)
    await ask(stage, run)
    await stage.story.bring_up(A)
    home = await stage.story.settle((await stage.story.engine.start("failback", A, ANNA)).id)
    home = await stage.story.play(home, FAILBACK)
    assert home.phase is Phase.DONE and home.records[-1].details[-1].startswith("3 formal groups silent")
    await ask(stage, home)
    first, second = (message.text for message in got(stage, EMIL))
    assert B.partition(".")[0] in first
    assert second.startswith("pool-a answers your Response Groups from now on.") and DESK in second


async def test_agents_of_a_failover_that_others_made_are_asked_once_it_is_taken_over(stage: SlackStage) -> None:
    story = stage.story
    await staff(story.worlds, STAFF)
    backup = (await story.settle((await story.engine.start("backup", A, ANNA)).id)).fact("backup")
    await imported_by_hand(story, backup)
    await moved_by_hand(story, "FailedOver")
    run = await story.settle((await story.engine.start("adopt", A, ANNA)).id)
    await ask(stage, run)
    assert asked(stage) == []

    run = await story.press(run, "adopt", ANNA)
    await ask(stage, run)
    assert sorted(asked(stage)) == [DAVID, EMIL]
    (message,) = got(stage, EMIL)
    assert "pool-a is failed over, so pool-b answers its Response Groups now." in message.text
    assert (run.step, run.fact("formal")) == ("agents", [DESK, BILLING, QUIET])
