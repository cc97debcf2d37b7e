"""The stand-in and an unmodified Bolt app, over both transports."""

import asyncio

import pytest
from slack_bolt.async_app import AsyncApp

from bot.sandbox import NotPossible
from tests.patience import PATIENCE_S
from tests.sandbox.parts import (
    ANNA,
    BORIS,
    EMIL,
    GENERAL,
    GRETA,
    INCIDENT,
    PARTNER,
    actions,
    button,
    field,
    joined,
    modal,
    section,
)

both = pytest.mark.parametrize("transport", ["http", "socket"])
REASON = field("reason", {"type": "plain_text_input", "action_id": "words", "max_length": 20})
FORM = modal("Reason", REASON, submit={"type": "plain_text", "text": "Send"}, notify_on_close=True)


class Heard(list):
    """What the Bolt app's listeners were given."""

    async def keep(self, ack, body):
        await ack()
        self.append(body)

    def listen(self, app: AsyncApp) -> None:
        app.command("/rgs")(self.keep)
        app.action("go")(self.keep)
        app.view("")(self.keep)


@both
async def test_a_command_reaches_the_app_and_its_answer_is_seen_by_one_person_only(transport):
    def setup(app):
        @app.command("/rgs")
        async def rgs(ack, command):
            await ack(f"You asked for {command['text']} in {command['channel_name']}")

    async with joined(transport, setup) as room:
        outcome = await room.sandbox.command(ANNA, INCIDENT, "/rgs status pool-a")
        assert outcome.ok
        assert [one.text for one in room.sandbox.ephemerals(ANNA)] == ["You asked for status pool-a in incident-lync"]
        assert room.sandbox.ephemerals(BORIS) == []
        assert room.sandbox.messages(INCIDENT) == []


@both
async def test_an_answer_in_the_channel_is_seen_by_everybody_even_where_the_bot_is_not(transport):
    def setup(app):
        @app.command("/rgs")
        async def rgs(ack):
            await ack({"response_type": "in_channel", "text": "Hello", "blocks": [section("*Hello*")]})

    async with joined(transport, setup) as room:
        await room.sandbox.command(ANNA, GENERAL, "/rgs help")
        (message,) = room.sandbox.messages(GENERAL)
        assert (message.text, message.blocks[0]["text"]["text"]) == ("Hello", "*Hello*")
        assert message.blocks[0]["block_id"]


@both
async def test_a_button_sends_its_value_and_the_message_it_was_in(transport):
    heard = Heard()
    async with joined(transport, heard.listen) as room:
        posted = await room.client.chat_postMessage(
            channel=INCIDENT, text="Card", blocks=[actions(button("go", "Go", value="run-7", style="danger"))]
        )
        outcome = await room.sandbox.click(ANNA, posted["ts"], "go")
        assert outcome.ok
        (body,) = heard
        (action,) = body["actions"]
        assert (action["action_id"], action["block_id"], action["value"]) == ("go", "row", "run-7")
        assert body["message"]["text"] == "Card"
        assert body["container"] == {
            "type": "message",
            "message_ts": posted["ts"],
            "channel_id": INCIDENT,
            "is_ephemeral": False,
        }


@both
async def test_a_form_is_opened_filled_in_refused_and_sent(transport):
    heard = Heard()

    def setup(app):
        @app.action("go")
        async def go(ack, body, client):
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view={**FORM, "callback_id": "why"})

        @app.view("why")
        async def why(ack, view):
            words = view["state"]["values"]["reason"]["words"]["value"]
            heard.append(words)
            await (ack() if words == "drill" else ack(response_action="errors", errors={"reason": "Say more."}))

    async with joined(transport, setup) as room:
        posted = await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=[actions(button("go"))])
        await room.sandbox.click(ANNA, posted["ts"], "go")
        view = await room.sandbox.until(lambda: room.sandbox.modal(ANNA))
        assert room.sandbox.modal(BORIS) is None
        empty = await room.sandbox.submit(ANNA, view.id)
        too_long = await room.sandbox.submit(ANNA, view.id, {"reason": "x" * 21})
        assert heard == []
        assert empty.errors == {"reason": "Please complete this required field."}
        assert too_long.errors == {"reason": "This must be at most 20 characters."}
        short = await room.sandbox.submit(ANNA, view.id, {"reason": "eh"})
        assert short.errors == {"reason": "Say more."}
        assert room.sandbox.modal(ANNA).id == view.id
        assert (await room.sandbox.submit(ANNA, view.id, {"reason": "drill"})).ok
        assert room.sandbox.modal(ANNA) is None
        assert heard == ["eh", "drill"]


@both
async def test_opening_app_home_tells_the_app_which_then_publishes_it(transport):
    def setup(app):
        @app.event("app_home_opened")
        async def opened(event, client):
            words = f"Home of <@{event['user']}>, {event['tab']}"
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section(words)]})

    async with joined(transport, setup) as room:
        await room.sandbox.open_home(EMIL)
        home = await room.sandbox.until(lambda: room.sandbox.home(EMIL))
        assert home.blocks[0]["text"]["text"] == f"Home of <@{EMIL}>, home"


@both
async def test_a_failed_command_is_shown_as_slack_shows_it(transport):
    def setup(app):
        @app.command("/rgs")
        async def slow(ack, command):
            await asyncio.Event().wait()

    async with joined(transport, setup, ack_seconds=0.2) as room:
        outcome = await room.sandbox.command(ANNA, INCIDENT, "/rgs help")
        assert outcome.notice == "/rgs failed with the error “operation_timeout”"
        assert [one.text for one in room.sandbox.ephemerals(ANNA)] == [outcome.notice]


async def test_without_a_connection_a_command_fails_to_dispatch():
    async with joined("socket", lambda app: None) as room:
        await room.sandbox.sockets.close()
        outcome = await room.sandbox.command(ANNA, INCIDENT, "/rgs help")
        assert outcome.notice == "/rgs failed with the error “dispatch_failed”"


async def test_an_answer_the_validator_refuses_is_a_failed_command():
    def setup(app):
        @app.command("/rgs")
        async def rgs(ack):
            await ack({"text": "Hello", "blocks": [{"type": "section"}]})

    async with joined("http", setup) as room:
        outcome = await room.sandbox.command(ANNA, INCIDENT, "/rgs help")
        assert outcome.notice == "/rgs failed with the error “invalid_blocks”"


async def test_an_external_click_carries_our_team_and_only_the_user_tells_the_truth():
    heard = Heard()
    async with joined("http", heard.listen) as room:
        posted = await room.client.chat_postMessage(channel=PARTNER, text="Card", blocks=[actions(button("go"))])
        await room.sandbox.click(GRETA, posted["ts"], "go")
        (body,) = heard
        told = (await room.client.users_info(user=GRETA))["user"]
        assert body["team"]["id"] == "T0SWITCH01"
        assert body["user"]["team_id"] == told["team_id"] == "T0PARTNER1"


async def test_external_people_cannot_run_commands_and_nobody_can_in_a_thread():
    heard = Heard()
    async with joined("http", heard.listen) as room:
        root = await room.client.chat_postMessage(channel=PARTNER, text="Root")
        outside = await room.sandbox.command(GRETA, PARTNER, "/rgs help")
        unknown = await room.sandbox.command(ANNA, PARTNER, "/rgx help")
        threaded = await room.sandbox.command(ANNA, PARTNER, "/rgs help", root["ts"])
        assert heard == []
        assert outside.notice == "/rgs is not a valid command."
        assert unknown.notice == "/rgx is not a valid command."
        assert threaded.notice == "/rgs is not supported in threads. Sorry!"


async def test_what_is_typed_is_escaped_as_the_manifest_asks():
    heard = Heard()
    async with joined("http", heard.listen) as room:
        await room.sandbox.command(ANNA, INCIDENT, "/rgs help <b> @boris #general & @nobody")
        assert heard[0]["text"] == ("help &lt;b&gt; <@U0BORIS001|boris> <#C0GENERAL1|general> &amp; @nobody")


async def test_people_can_only_press_what_they_can_see():
    heard = Heard()
    async with joined("http", heard.listen) as room:
        posted = await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=[actions(button("go"))])
        await room.client.chat_postEphemeral(channel=INCIDENT, user=ANNA, text="You", blocks=[actions(button("go"))])
        private = room.sandbox.ephemerals(ANNA)[0]
        for user, where in ((GRETA, posted["ts"]), (BORIS, private), (ANNA, "1.000001")):
            with pytest.raises(NotPossible):
                await room.sandbox.click(user, where, "go")
        with pytest.raises(NotPossible, match="nothing to press"):
            await room.sandbox.click(ANNA, posted["ts"], "stop")
        assert heard == []
        await room.sandbox.click(ANNA, private, "go")
        assert heard[0]["container"]["is_ephemeral"] is True
        assert "message" not in heard[0]


async def test_an_older_look_of_a_message_can_still_be_pressed():
    heard = Heard()
    async with joined("http", heard.listen) as room:
        posted = await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=[actions(button("go"))])
        (seen,) = room.sandbox.messages(INCIDENT)
        await room.client.chat_update(channel=INCIDENT, ts=posted["ts"], text="Done")
        with pytest.raises(NotPossible):
            await room.sandbox.click(ANNA, posted["ts"], "go")
        await room.sandbox.click(ANNA, seen, "go")
        assert heard[0]["container"]["message_ts"] == posted["ts"]


async def test_forms_can_be_pushed_updated_cleared_and_put_away():
    closed = []

    def setup(app):
        @app.command("/rgs")
        async def rgs(ack, body, client):
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view={**FORM, "callback_id": "first"})

        @app.view("first")
        async def first(ack):
            await ack(response_action="push", view={**FORM, "callback_id": "second"})

        @app.view("second")
        async def second(ack, view):
            words = view["state"]["values"]["reason"]["words"]["value"]
            changed = {**FORM, "callback_id": "second", "title": {"type": "plain_text", "text": "Changed"}}
            await (ack(response_action="update", view=changed) if words == "again" else ack(response_action="clear"))

        @app.view_closed("first")
        async def put_away(ack, body):
            await ack()
            closed.append(body["is_cleared"])

    async with joined("http", setup) as room:
        box = room.sandbox
        await box.command(ANNA, INCIDENT, "/rgs help")
        first = await box.until(lambda: box.modal(ANNA))
        await box.submit(ANNA, first.id, {"reason": "a"})
        second = box.modal(ANNA)
        assert (second.previous_id, second.root_id) == (first.id, first.id)
        await box.submit(ANNA, second.id, {"reason": "again"})
        assert box.modal(ANNA).body["title"]["text"] == "Changed"
        assert (box.modal(ANNA).id, box.modal(ANNA).hash == second.hash) == (second.id, False)
        await box.submit(ANNA, second.id, {"reason": "done"})
        assert box.modal(ANNA) is None
        await box.command(ANNA, INCIDENT, "/rgs help")
        await box.close(ANNA, (await box.until(lambda: box.modal(ANNA))).id)
        assert (closed, box.modal(ANNA)) == ([False], None)


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"resaon": "Say more."}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {**FORM, "title": {"type": "plain_text", "text": "x" * 25}}},
        {"response_action": "close"},
    ],
)
async def test_an_answer_to_a_form_that_makes_no_sense_is_trouble_and_leaves_the_form_open(answer):
    def setup(app):
        @app.command("/rgs")
        async def rgs(ack, body, client):
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view={**FORM, "callback_id": "why"})

        @app.view("why")
        async def why(ack):
            await ack(answer)

    async with joined("http", setup) as room:
        await room.sandbox.command(ANNA, INCIDENT, "/rgs help")
        view = await room.sandbox.until(lambda: room.sandbox.modal(ANNA))
        outcome = await room.sandbox.submit(ANNA, view.id, {"reason": "drill"})
        assert outcome.notice.startswith("We had some trouble connecting.")
        assert room.sandbox.modal(ANNA) == view


async def test_a_response_url_answers_five_times_and_can_replace_and_delete():
    async def answer(ack, respond):
        await ack()
        sent = [await respond(text="Changed", replace_original=True)]
        sent += [await respond(text=f"No. {number}") for number in range(3)]
        sent += [await respond(delete_original=True), await respond(text="One too many")]
        done.set_result([(one.status_code, one.body) for one in sent])

    done = asyncio.get_running_loop().create_future()
    async with joined("http", lambda app: app.action("go")(answer)) as room:
        await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=[actions(button("go"))])
        await room.sandbox.click(ANNA, room.sandbox.messages(INCIDENT)[0], "go")
        answers = await asyncio.wait_for(done, PATIENCE_S)
        assert [status for status, _ in answers] == [200, 200, 200, 200, 200, 404]
        assert '"used_url"' in answers[-1][1]
        assert [one.text for one in room.sandbox.ephemerals(ANNA)] == ["No. 0", "No. 1", "No. 2"]
        assert room.sandbox.messages(INCIDENT) == []
