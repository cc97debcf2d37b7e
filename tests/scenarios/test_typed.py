"""Through the front door: what is typed behind `/rgs`, and the buttons of its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.answers import FRESH_S, TWICE, Part, PoolAnswer
from bot.domain.runs.moves import close
from bot.domain.runs.run import Phase, Run
from bot.runbooks.rows.facts import FORMAL
from bot.sandbox import Message, View
from handlers.blocks import actions
from storage.cards import Place
from tests.sandbox.parts import ANNA, EMIL, FINN, INCIDENT
from tests.scenarios.front import Front, opened
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import FAILOVER, A, C
from tests.scenarios.test_pool_looks import look


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


async def answer(front: Front, user: str, typed: str, channel: str = INCIDENT) -> Message:
    """What only this person is told."""
    await front.slack.command(user, channel, typed)
    return front.slack.ephemerals(user)[-1]


async def press(front: Front, user: str, where: Message | View, action: str, value: str) -> None:
    """The button that carries this value."""
    for block in where.blocks:
        for element in (*block.get("elements", ()), block.get("accessory", {})):
            if (element.get("action_id"), element.get("value")) == (action, value):
                await front.slack.click(user, where, action, block_id=block["block_id"])
                return
    raise AssertionError(f"no button {action} carries {value}: {where.blocks}")


async def failed_over(front: Front) -> Run:
    await front.stage.settle((await front.desk.engine.start("backup", A, OPENER)).id)
    await front.stage.take_down(A)
    run = await front.stage.settle((await front.desk.engine.start("failover", A, OPENER)).id)
    return await front.stage.play(run, FAILOVER)


async def test_each_run_of_the_list_opens_its_timeline_for_every_member(front: Front) -> None:
    run = await failed_over(front)
    listed = await answer(front, EMIL, "/rgs runs")

    await press(front, EMIL, listed, actions.TIMELINE, run.id)

    view = front.slack.modal(EMIL)
    assert view and "What happened" in str(view.body) and "Invoke-CsPoolFailOver" in str(view.body)
    assert "Guests cannot do this" in (await answer(front, FINN, "/rgs runs")).text


async def test_home_opens_the_timeline_of_a_run_that_has_ended_and_of_one_that_waits(front: Front) -> None:
    ended = await failed_over(front)
    waits = await front.stage.settle((await front.desk.engine.start("failback", A, OPENER)).id)
    await front.slack.open_home(EMIL)
    home = await front.slack.until(lambda: front.slack.home(EMIL))

    for run in (ended, waits):
        await press(front, EMIL, home, actions.TIMELINE, run.id)
        view = front.slack.modal(EMIL)
        assert view and run.id in str(view.body) and "What happened" in str(view.body)
        await front.slack.close(EMIL, view.id)


async def test_a_failover_without_a_pool_starts_by_the_button_as_if_it_were_typed(front: Front) -> None:
    asked = await answer(front, ANNA, "/rgs failover")
    assert not await front.desk.runs.page()

    await front.slack.click(ANNA, asked, f"{actions.DO}0")

    (run,) = await front.desk.runs.page()
    assert (run.runbook, run.primary.fqdn, run.channel) == ("failover", A, INCIDENT)
    assert front.told(ANNA)[-1] == f"Starting: Failover of pool-a, run {run.id}. Its card appears here in a moment."
    await front.slack.click(ANNA, asked, f"{actions.DO}0")
    assert f"The run {run.id} is in the way" in front.told(ANNA)[-1] and len(await front.desk.runs.page()) == 1


@pytest.mark.parametrize(
    ("user", "why"), [(EMIL, "This needs RTCUniversalServerAdmins or CsResponse"), (FINN, "Guests cannot do this")]
)
async def test_a_button_starts_nothing_for_somebody_who_may_not_type_the_line(
    front: Front, user: str, why: str
) -> None:
    asked = await answer(front, user, "/rgs failover")
    offered = [element["action_id"] for block in asked.blocks for element in block.get("elements", ())]

    for action in offered:
        await front.slack.click(user, asked, action)

    assert bool(offered) is (user == EMIL) and why in front.told(user)[-1]
    assert not await front.desk.runs.page()


@pytest.mark.parametrize("typed", ["failover pool-aa", "failovr pool-a", "failover pool-z", "start failovr pool-a"])
async def test_a_slip_starts_nothing_that_moves_pools(front: Front, typed: str) -> None:
    before = await front.everything()

    asked = await answer(front, ANNA, f"/rgs {typed}")

    assert "There is no " in asked.text and await front.everything() == before


async def test_what_was_meant_is_done_when_its_button_is_pressed(front: Front) -> None:
    asked = await answer(front, ANNA, "/rgs failovr pool-a")

    await front.slack.click(ANNA, asked, f"{actions.DO}0")

    (run,) = await front.desk.runs.page()
    assert (run.runbook, run.primary.fqdn) == ("failover", A)


async def test_what_cannot_start_is_refused_with_the_next_thing_before_anything_is_declared(front: Front) -> None:
    await failed_over(front)
    runs = await front.desk.runs.page()

    for typed, why in (
        ("failover pool-b", "pool-a is itself failed over, onto pool-b, so pool-b cannot fail over to it."),
        ("failover pool-a", "pool-a is already failed over. Next: `/rgs failback pool-a`."),
    ):
        assert (await answer(front, ANNA, f"/rgs {typed}")).text.startswith(why)
    assert await front.desk.runs.page() == runs


async def test_status_is_for_whoever_asked_unless_it_is_to_be_shown(front: Front) -> None:
    private = await answer(front, EMIL, "/rgs status")
    assert private.text.startswith("Status:") and not front.slack.messages(INCIDENT)

    await front.slack.command(EMIL, INCIDENT, "/rgs status here")

    (shown,) = front.slack.messages(INCIDENT)
    assert shown.text == private.text


async def test_every_run_of_the_status_leads_to_its_card_or_else_to_its_timeline(front: Front) -> None:
    run = await front.stage.settle((await front.desk.engine.start("failover", A, OPENER)).id)
    await press(front, EMIL, await answer(front, EMIL, "/rgs status"), actions.TIMELINE, run.id)
    view = front.slack.modal(EMIL)
    assert view and run.id in str(view.body)
    card = await front.card(run)
    await front.desk.cards.put(run.id, Place(card.channel, card.ts, ""))

    status = await answer(front, EMIL, "/rgs status")

    (link,) = [block["accessory"] for block in status.blocks if "accessory" in block]
    assert link["text"]["text"] == "Open the card" and card.ts.replace(".", "") in link["url"]


async def test_alone_it_calls_nothing_calm_before_pools_have_answered(front: Front) -> None:
    said = await answer(front, EMIL, "/rgs")
    assert said.text.startswith("No run waits for anybody. Not heard from now: 3 pools.")


async def test_alone_it_begins_with_a_pool_that_does_not_answer_and_the_button_for_it(front: Front) -> None:
    await look(front)
    await front.stage.take_down(A)
    for _ in range(TWICE):
        await look(front)

    said = await answer(front, ANNA, "/rgs")

    assert said.text.startswith("*pool-a* · 🔴 no answer since ") and "no outage is declared" in said.text
    await press(front, ANNA, said, f"{actions.DO}failover", f"failover {A}")
    run = (await front.desk.runs.page())[0]
    assert (run.runbook, run.primary.fqdn) == ("failover", A)


async def test_alone_it_says_in_one_sentence_that_nothing_needs_anybody(front: Front) -> None:
    await look(front)

    said = await answer(front, EMIL, "/rgs")

    assert said.text.startswith("Nothing needs you now: no pool is failed over or in outage, and no run waits")
    assert "Guests cannot do this" in (await answer(front, FINN, "/rgs")).text


async def test_alone_it_begins_with_the_pool_that_is_away_and_the_button_for_it(front: Front) -> None:
    await failed_over(front)
    await front.stage.bring_up(A)
    front.stage.clock.now += 60

    said = await answer(front, ANNA, "/rgs")

    assert said.text.startswith("🟣 *pool-a* is failed over since ")
    await press(front, ANNA, said, f"{actions.DO}failback", f"failback {A}")
    run = (await front.desk.runs.page())[0]
    assert (run.runbook, run.primary.fqdn, run.channel) == ("failback", A, INCIDENT)
    await front.stage.settle(run.id)
    waits = await answer(front, ANNA, "/rgs")
    assert "*Failback of pool-a ← pool-b* · Waiting for " in waits.text and "May press: " in waits.text
    assert "is failed over since" not in waits.text, "the run that is at work sees to that"


async def test_without_the_role_the_pool_is_named_and_there_is_no_button(front: Front) -> None:
    await failed_over(front)

    said = await answer(front, EMIL, "/rgs")

    assert "is failed over since" in said.text and "failback" not in str(said.blocks)


async def test_an_outage_that_was_declared_and_left_offers_the_failover(front: Front) -> None:
    run = await front.stage.settle((await front.desk.engine.start("failover", A, OPENER)).id)
    run = await front.stage.press(run, "declare", OPENER)
    await front.desk.runs.commit(close(run, Phase.ABANDONED, "Left.", front.stage.clock()), front.stage.clock())

    said = await answer(front, ANNA, "/rgs")

    assert said.text.startswith("🔴 *pool-a* is in outage since ") and "not failed over" in said.text
    await press(front, ANNA, said, f"{actions.DO}failover", f"failover {A}")
    assert [one.runbook for one in await front.desk.runs.page()] == ["failover", "failover"]


def silent(front: Front, part: Part, rounds: int = 2, ago_s: float = 20.0) -> PoolAnswer:
    at = front.stage.clock() - ago_s
    return PoolAnswer(at, part, since=at - 60, rounds=rounds, last=at - 120)


@pytest.mark.parametrize("typed", ["/rgs impact", "/rgs impact pool-a"])
async def test_callers_notice_an_outage_that_nobody_has_declared(front: Front, typed: str) -> None:
    await front.desk.answers.note(A, silent(front, Part.DATA))

    await front.slack.command(EMIL, INCIDENT, typed)

    said = (*front.slack.ephemerals(EMIL), *front.slack.messages(INCIDENT))[0]
    assert said.text.startswith("What callers and agents notice during the outage, before failover:")


@pytest.mark.parametrize(
    ("part", "rounds", "ago_s"),
    [(Part.WAY, 2, 20.0), (Part.SIGN_IN, 2, 20.0), (Part.POOL, 1, 20.0), (Part.POOL, 2, FRESH_S)],
)
async def test_what_is_not_known_to_be_the_pool_declares_no_outage_and_is_not_calm(
    front: Front, part: Part, rounds: int, ago_s: float
) -> None:
    """The way there, a refused sign-in, one slow round, and what nobody asked for a while."""
    await look(front)
    await front.desk.answers.note(A, silent(front, part, rounds, ago_s))

    said = await answer(front, ANNA, "/rgs")

    assert said.text.startswith("No run waits for anybody. Not heard from now: 1 pool.") and actions.DO not in str(
        said.blocks
    )


async def test_a_silent_pool_without_a_pair_is_named_without_a_button(front: Front) -> None:
    await front.desk.answers.note(C, silent(front, Part.POOL))

    said = await answer(front, ANNA, "/rgs")

    assert said.text.startswith("*pool-c* · 🔴 no answer since ") and actions.DO not in str(said.blocks)


async def test_groups_that_ring_nobody_are_told_and_who_has_to_sign_in_only_to_holders_of_a_role(front: Front) -> None:
    run = await failed_over(front)
    formal = tuple(FORMAL.of(run))
    await front.desk.agents.invite(run.id, {"ines@contoso.com": formal})

    for user, sees in ((ANNA, True), (EMIL, False)):
        said = await answer(front, user, "/rgs")
        assert f"⚠️ *{len(formal)} groups of pool-a* ring nobody" in said.text
        await press(front, user, said, actions.WHO, run.id)
        view = front.slack.modal(user)
        assert view and formal[0] in str(view.body) and ("ines@contoso.com" in str(view.body)) is sees
        await front.slack.close(user, view.id)


async def test_home_begins_with_what_matters_now(front: Front) -> None:
    await failed_over(front)
    await front.slack.open_home(ANNA)

    home = await front.slack.until(lambda: front.slack.home(ANNA))

    assert "🟣 *pool-a* is failed over" in home.blocks[1]["text"]["text"]
    assert home.blocks[1]["accessory"]["text"]["text"] == "Start failback"
    assert "Nothing waits for you" not in str(home.blocks)


async def test_a_pool_that_nobody_moved_has_no_stage(front: Front) -> None:
    said = await answer(front, EMIL, "/rgs impact pool-a")
    assert said.text == "pool-a was never moved, so callers and agents notice nothing."


async def test_all_stages_stand_behind_a_button(front: Front) -> None:
    said = await answer(front, EMIL, "/rgs impact")

    await front.slack.click(EMIL, said, actions.IMPACT)

    view = front.slack.modal(EMIL)
    assert view and str(view.body).count("*New calls*") == 5
