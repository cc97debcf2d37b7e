"""The page of the stand-in, seen from its wire: what it is given, what it may do, and whom it lets in."""

import re
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import bot.sandbox
from bot.sandbox import Switch
from bot.sandbox.page import SHOWN_AT_FIRST
from tests.sandbox.parts import ANNA, BORIS, GRETA, INCIDENT, actions, alone, button, field, joined, modal, section

STATIC = Path(bot.sandbox.__file__).parent / "static"
PRESS = {"do": "click", "as": ANNA, "where": "home", "action_id": "go", "block_id": "row"}
FORM = modal(
    "Reason",
    field("reason", {"type": "plain_text_input", "action_id": "words"}),
    submit={"type": "plain_text", "text": "Send"},
)


@asynccontextmanager
async def looking(sandbox, session):
    """An open page; its first frame is everything there is."""
    async with session.ws_connect(f"{sandbox.address}/page/live") as feed:
        yield feed, await feed.receive_json()


async def act(sandbox, session, **what):
    async with session.post(f"{sandbox.address}/page/act", json=what) as response:
        return response.status, (await response.json() if response.status == 200 else await response.text())


async def test_a_page_begins_with_everything_and_then_hears_of_every_change():
    async with alone(hints=["*Look around.*"]) as (sandbox, client):
        posted = await client.chat_postMessage(channel=INCIDENT, text="Card")
        async with looking(sandbox, client.session) as (feed, begin):
            assert begin["hints"] == ["*Look around.*"]
            assert [one["text"] for one in begin["messages"]] == ["Card"]
            assert begin["commands"][0]["usage_hint"].startswith("help | status")
            assert {one["id"] for one in begin["people"]} >= {ANNA, GRETA}
            await client.chat_update(channel=INCIDENT, ts=posted["ts"], text="Card, later")
            put = await feed.receive_json()
            assert (put["do"], put["kind"], put["value"]["text"]) == ("put", "message", "Card, later")
            await client.chat_postEphemeral(channel=INCIDENT, user=ANNA, text="Psst")
            assert (await feed.receive_json())["value"]["only"] == ANNA
            await client.views_open(trigger_id=sandbox.slack.tickets.trigger(BORIS).id, view=modal())
            opened = await feed.receive_json()
            assert (opened["do"], opened["user"], len(opened["views"])) == ("modals", BORIS, 1)
            await client.chat_delete(channel=INCIDENT, ts=posted["ts"])
            assert (await feed.receive_json())["do"] == "drop"


async def test_what_people_do_on_the_page_takes_the_same_path_as_in_tests():
    heard = []

    def setup(app):
        @app.command("/rgs")
        async def rgs(ack, body, client):
            await ack("Opening")
            await client.views_open(trigger_id=body["trigger_id"], view=FORM)

        @app.action("go")
        async def go(ack, body):
            await ack()
            heard.append(body["actions"][0]["value"])

        @app.view("")
        async def sent(ack, view):
            heard.append(view["state"]["values"]["reason"]["words"]["value"])
            await ack()

    async with joined("http", setup) as room:
        box, session = room.sandbox, room.client.session
        posted = await room.client.chat_postMessage(
            channel=INCIDENT, text="Card", blocks=[actions(button("go", value="7"))]
        )
        click = {"do": "click", "where": posted["ts"], "action_id": "go", "block_id": "row"}
        assert (await act(box, session, **{"as": ANNA}, **click))[1]["ok"]
        typed = {"do": "command", "channel": INCIDENT, "text": "/rgs failover"}
        assert (await act(box, session, **{"as": ANNA}, **typed))[1]["ok"]
        view = await box.until(lambda: box.modal(ANNA))
        submit = {"do": "submit", "view_id": view.id}
        _, empty = await act(box, session, **{"as": ANNA}, **submit)
        assert empty["errors"] == {"reason": "Please complete this required field."}
        _, other = await act(box, session, **{"as": BORIS}, **submit, values={"reason": {"words": "mine"}})
        assert "Boris Lind does not have this form open" in other["notice"]
        assert (await act(box, session, **{"as": ANNA}, **submit, values={"reason": {"words": "drill"}}))[1]["ok"]
        assert (heard, box.modal(ANNA)) == (["7", "drill"], None)
        said = {"do": "say", "channel": INCIDENT, "text": "Done <b>"}
        assert (await act(box, session, **{"as": ANNA}, **said))[1]["ok"]
        assert box.messages(INCIDENT)[-1].text == "Done &lt;b&gt;"


@pytest.mark.parametrize(
    "what",
    [
        *({}, {"do": "fly"}, {"do": "click", "as": ANNA}, {"do": "command", "as": ANNA, "channel": INCIDENT}),
        *("[]", "no", {**PRESS, "shown": 7}, {**PRESS, "shown": [7]}, {**PRESS, "shown": {}}),
    ],
)
async def test_an_act_that_makes_no_sense_is_refused_and_changes_nothing(what):
    async with alone() as (sandbox, client):
        body = {"data": what} if isinstance(what, str) else {"json": what}
        async with client.session.post(f"{sandbox.address}/page/act", **body) as response:
            assert response.status == 400
        assert sandbox.messages(INCIDENT) == []


async def test_what_was_shown_is_pressed_and_sent_whatever_has_become_of_it():
    heard = []

    def setup(app):
        @app.event("app_home_opened")
        async def home(event, client):
            shown = [section("Nothing waits.")] if "view" in event else [actions(button("go", value="home"))]
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": shown})

        @app.action("go")
        async def go(ack, body):
            await ack()
            heard.append(body["actions"][0]["value"])

    async with joined("http", setup) as room:
        box, session, row = room.sandbox, room.client.session, [actions(button("go", value="card"))]
        posted = await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=row)
        await room.client.chat_update(channel=INCIDENT, ts=posted["ts"], text="Done", blocks=[section("Done")])
        press = {**PRESS, "where": posted["ts"]}
        assert "nothing to press" in (await act(box, session, **press))[1]["notice"]
        assert (await act(box, session, **press, shown=row))[1]["ok"]
        bad = [section("x" * 3001)]
        assert (await act(box, session, **press, shown=bad))[1]["notice"] == "invalid_blocks"
        await box.open_home(ANNA)
        home = await box.until(lambda: box.home(ANNA))
        await box.open_home(ANNA)
        await box.until(lambda: box.home(ANNA) != home)
        assert (await act(box, session, **PRESS, shown=home.blocks))[1]["ok"]
        assert heard == ["card", "home"]


async def test_people_write_only_where_they_are():
    async with alone() as (sandbox, client):
        said = {"do": "say", "channel": INCIDENT, "text": "Hello", "as": GRETA}
        _, answer = await act(sandbox, client.session, **said)
        assert answer == {"ok": False, "notice": "Greta (Partner Ltd) is not in this conversation.", "errors": {}}
        assert sandbox.messages(INCIDENT) == []


async def test_other_sites_in_the_same_browser_are_kept_out():
    async with alone() as (sandbox, client):
        for path, headers in (
            ("/page/live", {"Host": "evil.example"}),
            ("/page/live", {"Origin": "http://evil.example"}),
            ("/api/auth.test", {"Origin": "http://evil.example"}),
            ("/", {"Host": "evil.example:80"}),
        ):
            async with client.session.get(sandbox.address + path, headers=headers) as response:
                assert response.status == 403
        async with client.session.get(sandbox.address, headers={"Origin": sandbox.address}) as response:
            assert response.status == 200
            assert "default-src 'self'" in response.headers["Content-Security-Policy"]


async def test_a_switch_does_its_thing_and_every_page_sees_it():
    down = []

    async def flip():
        down.append(True)
        return "pool-a is down."

    switch = Switch("pool-a is down", flip, is_on=lambda: bool(down))
    async with alone(switches=[switch]) as (sandbox, client), looking(sandbox, client.session) as (feed, begin):
        assert [(one["label"], one["on"]) for one in begin["switches"][:2]] == [
            ("pool-a is down", False),
            ("Slack is away", False),
        ]
        async with client.session.post(f"{sandbox.address}/page/switch/0", json={}) as response:
            assert (await response.json())["notice"] == "pool-a is down."
        assert (await feed.receive_json())["switches"][0]["on"] is True
        async with client.session.post(f"{sandbox.address}/page/switch/1", json={}) as response:
            assert response.status == 200
        assert sandbox.faults.away is True
        async with client.session.post(f"{sandbox.address}/page/switch/99", json={}) as response:
            assert response.status == 404


async def test_older_messages_are_asked_for_and_threads_keep_their_beginning():
    async with alone() as (sandbox, client):
        root = await sandbox.say(ANNA, INCIDENT, "Root")
        for number in range(SHOWN_AT_FIRST):
            await sandbox.say(ANNA, INCIDENT, str(number))
        await sandbox.say(BORIS, INCIDENT, "Reply", root.ts)
        async with looking(sandbox, client.session) as (_, begin):
            texts = [one["text"] for one in begin["messages"]]
            assert (texts[:2], texts[-1], len(texts)) == (["Root", "1"], "Reply", SHOWN_AT_FIRST + 1)
            oldest = begin["messages"][1]["ts"]
        query = {"channel": INCIDENT, "before": oldest}
        async with client.session.get(f"{sandbox.address}/page/earlier", params=query) as response:
            assert [one["text"] for one in await response.json()] == ["Root", "0"]


async def test_a_permalink_leads_to_the_page():
    async with alone() as (_, client):
        posted = await client.chat_postMessage(channel=INCIDENT, text="Card", blocks=[section("Card")])
        link = (await client.chat_getPermalink(channel=INCIDENT, message_ts=posted["ts"]))["permalink"]
        async with client.session.get(link) as response:
            assert "/static/app.js" in await response.text()


def test_the_page_loads_nothing_from_elsewhere_and_makes_text_only_as_text():
    for file in STATIC.iterdir():
        words = file.read_text("utf-8")
        foreign = set(re.findall(r"(?:src|href|url\(|from|import)\W{0,3}(https?://\S+)", words))
        assert (file.name, foreign) == (file.name, set())
        assert "innerHTML" not in words and "eval(" not in words
        assert words.count("\n") < 300, file.name
