"""Through the front door: what people press, fill in and open, and what each of them is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import msgspec
import pytest
from redis.asyncio import Redis

from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Phase, Run
from bot.sandbox import Kind, Message, View
from handlers.blocks import actions, blocks
from handlers.slack import failures
from tests.sandbox.parts import ANNA, BORIS, CLARA, EMIL, FINN, GRETA, INCIDENT, PARTNER
from tests.scenarios.front import Front, click, opened
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import A

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SEEN = {"seen": "Nobody can sign in.", "outage_since": "1794999000", "mode": "disaster"}
DECLARE = actions.action_id("declare")
APPROVE = actions.action_id("approve", asks=False)


@pytest.fixture(params=["http", "socket"])
async def front(redis: Redis, request: pytest.FixtureRequest) -> AsyncIterator[Front]:
    """The same over both of Slack's roads."""
    async with opened(redis, request.param) as front:
        yield front


async def failover(front: Front) -> tuple[Run, Message]:
    """A failover that waits for its outage to be declared, and its card."""
    run = await front.desk.engine.start("failover", A, OPENER)
    run = await front.stage.settle(run.id)
    return run, await front.card(run)


async def at_approval(front: Front) -> tuple[Run, Message]:
    """The same failover where the pool's own failover waits for approval."""
    backup = await front.desk.engine.start("backup", A, OPENER)
    assert (await front.stage.settle(backup.id)).phase is Phase.DONE
    run, _ = await failover(front)
    run = await front.stage.press(run, "declare", OPENER)
    run = await front.stage.press(run, "disaster", OPENER)
    assert (run.step, run.phase) == ("failover", Phase.WAITING)
    return run, await front.card(run)


def fields(**said: str) -> dict[str, str]:
    return {actions.field_block(key): text for key, text in said.items()}


async def posted(front: Front, *buttons: dict[str, str]) -> Message:
    """A message with these buttons."""
    rows = [{"type": "button", "text": {"type": "plain_text", "text": "Press"}, **button} for button in buttons]
    blocks = [{"type": "actions", "elements": rows}]
    await front.desk.slack.chat_postMessage(channel=INCIDENT, text="Press", blocks=blocks)
    return front.slack.messages(INCIDENT)[-1]


async def now(front: Front, run: Run) -> Run:
    return await front.desk.runs.load(run.id)


async def test_a_choice_with_questions_opens_a_form_and_the_form_makes_the_choice(front: Front) -> None:
    run, card = await failover(front)

    assert (await front.slack.click(ANNA, card, DECLARE)).notice == ""
    view = front.slack.modal(ANNA)
    assert view and await now(front, run) == run
    done = await front.slack.submit(ANNA, view.id, fields(**SEEN))

    assert not done.errors and front.slack.modal(ANNA) is None
    declared = await now(front, run)
    assert declared.version > run.version and declared.fact("seen") == SEEN["seen"]
    assert declared.record_of("declare").who.name == "Anna Berg"


async def test_what_is_wrong_in_a_form_is_said_at_its_field_and_nothing_changes(front: Front) -> None:
    run, card = await failover(front)
    await front.slack.click(ANNA, card, DECLARE)
    view = front.slack.modal(ANNA)
    assert view

    done = await front.slack.submit(ANNA, view.id, fields(**{**SEEN, "seen": "   "}))

    assert list(done.errors) == [actions.field_block("seen")]
    assert front.slack.modal(ANNA) and await now(front, run) == run


async def test_a_form_that_comes_too_late_says_what_already_happened(front: Front) -> None:
    run, card = await failover(front)
    for user in (ANNA, BORIS):
        await front.slack.click(user, card, DECLARE)
    first, second = front.slack.modal(ANNA), front.slack.modal(BORIS)
    assert first and second
    await front.slack.submit(ANNA, first.id, fields(**SEEN))
    declared = await now(front, run)

    await front.slack.submit(BORIS, second.id, fields(**SEEN))

    notice = front.slack.modal(BORIS)
    assert notice and "Anna Berg" in str(notice.body) and "Nothing was done twice" in str(notice.body)
    assert await now(front, run) == declared


async def test_a_button_acts_at_once_and_the_next_press_is_told_who_was_first(front: Front) -> None:
    run, card = await at_approval(front)

    await front.slack.click(ANNA, card, APPROVE)
    approved = await now(front, run)
    await front.slack.click(BORIS, card, APPROVE)

    assert approved.phase is Phase.READY and approved.approvals[0].who.name == "Anna Berg"
    assert not front.told(ANNA)
    assert front.told(BORIS) == ["Anna Berg already approved this. Nothing was done twice."]
    assert await now(front, run) == approved


@pytest.mark.parametrize("asks", [True, False])
async def test_a_button_may_say_that_it_opens_no_form(front: Front, asks: bool) -> None:
    run, _ = await at_approval(front)
    name, value = actions.action_id("approve", asks), actions.button_value(run.id, run.step, "approve", run.question)
    message = await posted(front, {"action_id": name, "value": value})

    await front.slack.click(ANNA, message, name)

    assert (await now(front, run)).approvals[0].who.name == "Anna Berg"


@pytest.mark.parametrize(
    ("user", "channel", "reason"),
    [
        (EMIL, INCIDENT, "This needs RTCUniversalServerAdmins, which you do not hold."),
        (CLARA, INCIDENT, "This needs RTCUniversalServerAdmins, which you do not hold."),
        (FINN, INCIDENT, "Guests cannot do this"),
        (GRETA, PARTNER, "People of other organisations cannot do this."),
    ],
)
async def test_whoever_may_not_press_is_told_why_alone_and_it_is_in_the_log(
    front: Front, user: str, channel: str, reason: str
) -> None:
    run, _ = await at_approval(front)
    card = await front.card(run, channel)
    before = await now(front, run)

    await front.slack.click(user, card, APPROVE)

    (told,) = front.told(user)
    assert told.startswith(reason)
    assert await now(front, run) == before
    entry = (await front.desk.runs.audit(run.id))[0]
    assert (entry.what, entry.who.id.rpartition(":")[2], entry.step) == ("refused", user, "failover")
    assert front.slack.messages(channel)[-1] == card


async def test_whoever_may_not_fill_in_a_form_does_not_get_it(front: Front) -> None:
    run, card = await failover(front)

    await front.slack.click(EMIL, card, DECLARE)

    assert front.slack.modal(EMIL) is None and "which you do not hold" in front.told(EMIL)[0]
    entry = (await front.desk.runs.audit(run.id))[0]
    assert (entry.what, entry.who.name) == ("refused", "Emil Hansen")


async def test_whoever_lost_the_role_while_filling_in_the_form_is_refused(front: Front) -> None:
    run, card = await failover(front)
    await front.slack.click(ANNA, card, DECLARE)
    view = front.slack.modal(ANNA)
    assert view
    await front.slack.change_group("S0SERVER01", [BORIS])

    await front.slack.submit(ANNA, view.id, fields(**SEEN))

    notice = front.slack.modal(ANNA)
    assert notice and "which you do not hold" in str(notice.body)
    assert await now(front, run) == run


async def test_whoever_is_deleted_from_the_workspace_can_press_nothing_from_then_on(front: Front) -> None:
    run, _ = await at_approval(front)
    anna = front.slack.workspace.person(ANNA)
    assert anna and (await front.desk.people.person(ANNA)).roles
    await front.slack.change_person(replace(anna, kind=Kind.DELETED))

    body = click(run, "approve", ANNA)
    await front.signed(body, FORM)

    assert await now(front, run) == run
    assert (await front.desk.runs.audit(run.id))[0].what == "refused"


async def test_fifty_presses_of_one_button_have_one_effect(front: Front) -> None:
    run, card = await at_approval(front)

    await asyncio.gather(*(front.slack.click(ANNA, card, APPROVE) for _ in range(50)))

    pressed = await now(front, run)
    assert pressed.version == run.version + 1 and len(pressed.approvals) == 1
    assert front.told(ANNA) == ["Anna Berg already approved this. Nothing was done twice."] * 49


async def test_two_people_press_different_buttons_and_both_know_what_became_of_it(front: Front) -> None:
    run, card = await at_approval(front)
    await front.slack.click(BORIS, card, actions.MORE, actions.button_value(run.id, run.step, "abandon", run.question))
    view = front.slack.modal(BORIS)
    assert view

    await asyncio.gather(
        front.slack.click(ANNA, card, APPROVE),
        front.slack.submit(BORIS, view.id, fields(reason="a drill")),
    )

    # Abandoning is right at any moment, so both may have their way; whoever has not is told.
    effects = (await now(front, run)).version - run.version
    told = [*front.told(ANNA), *([str(notice.body)] if (notice := front.slack.modal(BORIS)) else [])]
    assert effects in (1, 2) and len(told) == 2 - effects


async def test_a_run_is_abandoned_from_its_menu_with_a_reason(front: Front) -> None:
    run, card = await at_approval(front)
    value = actions.button_value(run.id, run.step, "abandon", run.question)
    await front.slack.click(ANNA, card, actions.MORE, value)
    view = front.slack.modal(ANNA)
    assert view

    await front.slack.submit(ANNA, view.id, fields(reason="The pool is back."))

    ended = await now(front, run)
    assert ended.phase is Phase.ABANDONED and "The pool is back." in ended.sentence


async def test_a_run_is_abandoned_even_when_its_row_has_asked_anew_since(front: Front) -> None:
    run, _ = await failover(front)
    for choice in ("declare", "disaster", "approve"):
        run = await front.stage.press(run, choice, OPENER)
    old = await front.card(run)
    value = actions.button_value(run.id, run.step, "abandon", run.question)
    again = await front.stage.press(run, "retry", OPENER)
    assert (again.step, again.phase) == (run.step, Phase.STOPPED) and again.question > run.question

    await front.slack.click(ANNA, old, actions.MORE, value)
    view = front.slack.modal(ANNA)
    assert view
    await front.slack.submit(ANNA, view.id, fields(reason="a drill"))

    assert (await now(front, run)).phase is Phase.ABANDONED


async def test_nobody_fills_in_a_form_for_a_row_that_is_over(front: Front) -> None:
    run, old = await failover(front)
    await front.stage.press(run, "declare", OPENER)
    value = actions.button_value(run.id, run.step, "abandon", run.question)

    await front.slack.click(BORIS, old, actions.MORE, value)
    await front.slack.click(BORIS, old, DECLARE)

    assert front.slack.modal(BORIS) is None
    assert [words.startswith("This was already answered. Anna: ") for words in front.told(BORIS)] == [True, True]


async def test_the_servers_own_text_opens_for_holders_of_the_role_only(front: Front) -> None:
    run, _ = await failover(front)
    run = await front.stage.press(run, "declare", OPENER)
    await front.stage.redis.hset(f"run:{run.id}", "run", stopped(await now(front, run)))
    card = await front.card(await now(front, run))

    await front.slack.click(EMIL, card, actions.DETAIL)
    assert front.slack.modal(EMIL) is None and "which you do not hold" in front.told(EMIL)[0]
    assert (await front.desk.runs.audit(run.id))[0].what == "refused"

    await front.slack.click(ANNA, card, actions.DETAIL)
    view = front.slack.modal(ANNA)
    assert view and "tel:+493055501234" in str(view.body)
    assert "5550" not in str(front.slack.messages(INCIDENT))


async def test_the_timeline_opens_for_every_member_and_for_nobody_else(front: Front) -> None:
    run, card = await failover(front)

    await front.slack.click(EMIL, card, actions.TIMELINE)
    view = front.slack.modal(EMIL)
    assert view and "> started Failover of pool-a." in str(view.body)

    await front.slack.click(FINN, card, actions.TIMELINE)
    assert front.slack.modal(FINN) is None and "Guests cannot do this" in front.told(FINN)[0]
    unknown = await posted(front, {"action_id": actions.TIMELINE, "value": "failover-pool-a-1118-1106-0000"})
    await front.slack.click(ANNA, unknown, actions.TIMELINE)
    assert front.slack.modal(ANNA) is None and "There is no run" in front.told(ANNA)[0]
    assert (await now(front, run)).version == run.version


async def test_how_a_prerequisite_is_seen_and_mended_opens_for_every_member_and_changes_nothing(front: Front) -> None:
    run, card = await at_approval(front)
    listed = next(str(block) for block in card.blocks if "1.  " in str(block))
    assert listed.index("✅ pool-b can take pool-a") < listed.index("✅ Central Management works")

    await front.slack.click(EMIL, card, f"{actions.HOW}central")
    view = front.slack.modal(EMIL)
    assert view and "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus" in str(view.body)

    await front.slack.click(FINN, card, f"{actions.HOW}central")
    assert front.slack.modal(FINN) is None and "Guests cannot do this" in front.told(FINN)[0]
    gone = await posted(
        front, {"action_id": f"{actions.HOW}gone", "value": actions.how_value(run.id, "failover", "gone")}
    )
    await front.slack.click(ANNA, gone, f"{actions.HOW}gone")
    assert front.slack.modal(ANNA) is None and "not made by this version" in front.told(ANNA)[0]
    assert (await now(front, run)).version == run.version


def stopped(run: Run) -> bytes:
    return msgspec.json.encode(replace(run, phase=Phase.STOPPED, due=None, detail="tel:+493055501234 is taken"))


async def test_an_older_page_takes_the_place_of_the_one_before(front: Front) -> None:
    for _ in range(12):
        front.stage.clock.now += 60
        await front.desk.engine.start("backup", A, OPENER)
    await front.slack.command(EMIL, INCIDENT, "/rgs runs all")
    (first,) = front.slack.ephemerals(EMIL)

    await front.slack.click(EMIL, first, actions.PAGE)

    (second,) = front.slack.ephemerals(EMIL)
    assert second.text != first.text


async def test_app_home_is_drawn_when_it_is_opened_and_its_buttons_work(front: Front) -> None:
    await front.slack.open_home(ANNA)
    home = await front.slack.until(lambda: front.slack.home(ANNA))

    await front.slack.click(ANNA, home, f"{actions.DO}backup", block_id=block_of(home, "Back up pool-a"))

    notice = front.slack.modal(ANNA)
    assert notice and "Starting: " in str(notice.body) and "incident channel" in str(notice.body)
    (run,) = await front.desk.runs.page()
    assert (run.runbook, run.primary.fqdn) == ("backup", A)


@pytest.mark.parametrize(
    ("action", "value", "step"), [("do:backup", f"backup {A}", "backup"), ("home:more", "10", "home")]
)
async def test_a_refused_button_of_app_home_is_in_the_log(front: Front, action: str, value: str, step: str) -> None:
    message = await posted(front, {"action_id": action, "value": value})

    await front.slack.click(FINN, message, action)

    assert front.told(FINN)[0].startswith("Guests cannot do this")
    (entry,) = await front.desk.runs.audit()
    assert (entry.what, entry.step, entry.who.id.rpartition(":")[2]) == ("refused", step, FINN)


def block_of(view: View, reads: str) -> str:
    found = (block for block in view.blocks if reads in str(block.get("accessory", "")))
    return next(found)["block_id"]


async def test_the_other_tab_of_app_home_asks_for_nothing(front: Front) -> None:
    await front.slack.open_home(ANNA, "messages")

    assert front.slack.home(ANNA) is None


async def test_a_button_of_another_version_is_answered_all_the_same(front: Front) -> None:
    names = ("approve_v0", actions.action_id("approve"), actions.action_id("approve", asks=False), actions.PAGE)
    old = await posted(front, *({"action_id": name, "value": "v0"} for name in names))

    for name in names:
        assert (await front.slack.click(ANNA, old, name)).notice == ""

    assert front.told(ANNA) == [actions.FOREIGN] * 4


async def test_a_link_is_only_a_link(front: Front) -> None:
    message = await posted(front, {"action_id": f"{actions.LINK}card", "url": "https://example.com"})

    assert (await front.slack.click(FINN, message, f"{actions.LINK}card")).notice == ""
    assert not front.told(FINN)


async def test_commands_answer_alone_or_before_all(front: Front) -> None:
    await front.slack.command(EMIL, INCIDENT, "/rgs help")
    assert "/rgs failover" in front.told(EMIL)[0] and not front.slack.messages(INCIDENT)

    await front.slack.command(EMIL, INCIDENT, "/rgs status here")
    assert "No run is open" in front.slack.messages(INCIDENT)[0].text

    await front.slack.command(FINN, INCIDENT, "/rgs status")
    assert front.told(FINN)[0].startswith("Guests") and len(front.slack.messages(INCIDENT)) == 1


async def test_what_is_for_all_stays_with_one_person_where_strangers_read_along(front: Front) -> None:
    before = front.slack.messages(PARTNER)

    await front.slack.command(EMIL, PARTNER, "/rgs status here")

    assert "No run is open" in front.told(EMIL)[0] and front.slack.messages(PARTNER) == before


@pytest.mark.parametrize("id", ["0000", "9999", "12a4"])
def test_the_id_of_a_fault_is_never_masked(id: str) -> None:
    said = failures.sentence(ZeroDivisionError(), lambda: id)

    assert len(failures.short_id()) == len(id) and f"(id {id})" in blocks.sentence(said)["text"]


async def test_a_fault_of_ours_is_a_short_id_for_people_and_a_place_for_the_log(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(redis, estate=Estate({"secret-token": None}, {}, {})) as front:
        assert (await front.slack.command(ANNA, INCIDENT, "/rgs pools")).notice == ""
        (told,) = front.told(ANNA)

    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert told.startswith("Something went wrong in Switchback (id ") and told.endswith("that the card does not show.")
    id = told.partition("(id ")[2].partition(")")[0]
    assert f"fault {id}: KeyError at schedule.py:" in record.getMessage()
    assert record.exc_info is None and "secret-token" not in caplog.text and "Traceback" not in caplog.text
