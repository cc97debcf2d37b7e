"""The stand-in's page in a real browser: what people see, press and type, and what hostile text cannot do."""

import asyncio
import re
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import expect

from bot.sandbox import MemoryJournal, Sandbox
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BACKUPS, BORIS, INCIDENT, MANIFEST, actions, button, field, joined, modal, section

HOSTILE = "<img src=x onerror=alert(1)> &lt;script&gt;alert(2)&lt;/script&gt; <javascript:alert(3)|press> " + "x" * 2500
SURE = {
    "title": {"type": "plain_text", "text": "Sure?"},
    "text": {"type": "plain_text", "text": "Calls drop."},
    "confirm": {"type": "plain_text", "text": "Run it"},
    "deny": {"type": "plain_text", "text": "Not yet"},
}
POOLS = [{"text": {"type": "plain_text", "text": f"pool-{name}"}, "value": name} for name in "ab"]
FORM = modal(
    "Abandon",
    field("why", {"type": "plain_text_input", "action_id": "words", "multiline": True}),
    field("pool", {"type": "static_select", "action_id": "pick", "options": POOLS}),
    submit={"type": "plain_text", "text": "Abandon"},
)


RUN = ".message button:text-is('Run')"

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Bot:
    """A small bot: a card with a confirmed button and a form, and a refusal for everybody but Boris."""

    def __init__(self) -> None:
        self.pressed: list[str] = []
        self.reasons: list[tuple[str, str]] = []

    def setup(self, app):
        app.command("/rgs")(self.card)
        app.action("run")(self.run)
        app.action("form")(self.form)
        app.view("")(self.sent)
        app.event("app_home_opened")(self.home)

    async def card(self, ack, client, command):
        await ack(f"Starting `{command['text']}`")
        row = actions(button("run", "Run", style="primary", confirm=SURE), button("form", "Abandon…"))
        await client.chat_postMessage(channel=INCIDENT, text="Failover", blocks=[section("*Row 7* of 15"), row])

    async def run(self, ack, body, client):
        await ack()
        user, channel = body["user"]["id"], body["channel"]["id"]
        self.pressed.append(user)
        if user != BORIS:
            await client.chat_postEphemeral(channel=channel, user=user, text="You need another role.")
        else:
            done = [section(f"Done by <@{user}>")]
            await client.chat_update(channel=channel, ts=body["message"]["ts"], text="Done", blocks=done)
            await client.chat_postMessage(channel=ANNA, text="Boris ran row 7.")

    async def form(self, ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    async def sent(self, ack, view):
        values = view["state"]["values"]
        words, pool = values["why"]["words"]["value"], values["pool"]["pick"]["selected_option"]["value"]
        if len(words) < 5:
            await ack(response_action="errors", errors={"why": "Say more."})
        else:
            await ack()
            self.reasons.append((words, pool))

    async def home(self, event, client):
        if event["tab"] == "home":
            await client.views_publish(
                user_id=event["user"], view={"type": "home", "blocks": [section("Nothing waits.")]}
            )


@asynccontextmanager
async def seen(page, bot):
    """The stand-in's page before Anna; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    async with joined("socket", bot.setup, hints=["Type `/rgs failover`"]) as room:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        await page.goto(f"{room.sandbox.address}/?as={ANNA}&in={INCIDENT}")
        await expect(page.locator("#me")).to_contain_text("Anna Berg")
        yield room
        assert complaints == []


async def become(page, user):
    await page.click("#me")
    await page.click(f"[data-person={user}]")


async def test_a_story_clicked_through_by_two_people(page):
    bot = Bot()
    async with seen(page, bot):
        await page.click("text=/rgs failover")
        await page.keyboard.press("Enter")
        await expect(page.locator(".message.private")).to_contain_text("Starting failover")
        await page.click(RUN)
        await page.click("dialog >> text=Not yet")
        assert bot.pressed == []
        await page.click(RUN)
        await page.click("dialog >> text=Run it")
        await expect(page.locator(".message.private").last).to_contain_text("You need another role.")
        await become(page, BORIS)
        await expect(page.locator(".message.private")).to_have_count(0)
        await page.click(RUN)
        await page.click("dialog >> text=Run it")
        await expect(page.locator(".message").last).to_contain_text("Done by @Boris Lind")
        await expect(page.locator(RUN)).to_have_count(0)
        await page.click("#me")
        await expect(page.locator(f"[data-person={ANNA}] .badge")).to_have_text("1")
        await page.click(f"[data-person={ANNA}]")
        await page.click("[data-place=app]")
        await expect(page.locator(".home")).to_contain_text("Nothing waits.")
        await page.click("[role=tab] >> text=Messages")
        await expect(page.locator(".message")).to_contain_text("Boris ran row 7.")
        await expect(page.locator("[data-place=app] .badge")).to_have_count(0)
        assert bot.pressed == [ANNA, BORIS]


async def test_a_form_keeps_what_was_typed_while_it_complains(page):
    bot = Bot()
    async with seen(page, bot) as room:
        await room.sandbox.command(ANNA, INCIDENT, "/rgs failover")
        await page.click("text=Abandon…")
        await page.fill("dialog textarea", "eh")
        await page.click("dialog [type=submit]")
        await expect(page.locator("[data-input=pool] .error")).to_contain_text("Please complete this required field.")
        await page.select_option("dialog select", "b")
        await page.click("dialog [type=submit]")
        await expect(page.locator("[data-input=why] .error")).to_contain_text("Say more.")
        await expect(page.locator("dialog textarea")).to_have_value("eh")
        await expect(page.locator("dialog textarea")).to_be_focused()
        assert await page.get_attribute("dialog textarea", "aria-invalid") == "true"
        await page.fill("dialog textarea", "It came back.")
        await page.click("dialog [type=submit]")
        await expect(page.locator("dialog")).to_have_count(0)
        assert bot.reasons == [("It came back.", "b")]
        await page.click("text=Abandon…")
        await expect(page.locator("dialog textarea")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog")).to_have_count(0)
        assert room.sandbox.modal(ANNA) is None


async def test_every_kind_of_field_sends_what_slack_sends(page):
    given = asyncio.get_running_loop().create_future()
    kinds = {
        "date": {"type": "datepicker"},
        "time": {"type": "timepicker"},
        "moment": {"type": "datetimepicker"},
        "count": {"type": "number_input", "is_decimal_allowed": False},
        "mail": {"type": "email_text_input"},
        "ticks": {"type": "checkboxes", "options": POOLS, "initial_options": POOLS[:1]},
        "one": {"type": "radio_buttons", "options": POOLS},
        "several": {"type": "multi_static_select", "options": POOLS},
        "who": {"type": "users_select"},
        "where": {"type": "channels_select"},
        "left": {"type": "plain_text_input", "initial_value": "as it was"},
    }
    fields = [field(name, {**kind, "action_id": "a"}) for name, kind in kinds.items()]
    form = modal("All", *fields, submit={"type": "plain_text", "text": "Send"})

    def setup(app):
        @app.command("/rgs")
        async def rgs(ack, body, client):
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=form)

        @app.view("")
        async def sent(ack, view):
            await ack()
            state = {name: next(iter(values.values())) for name, values in view["state"]["values"].items()}
            given.set_result(
                {name: value for name, row in state.items() for key, value in row.items() if key != "type"}
            )

    bot = Bot()
    bot.setup = setup
    async with seen(page, bot) as room:
        await room.sandbox.command(ANNA, INCIDENT, "/rgs all")
        for name, value in {"date": "2026-11-21", "time": "03:10", "moment": "2026-11-21T03:10", "count": "7"}.items():
            await page.fill(f"[data-input={name}] input", value)
        await page.fill("[data-input=mail] input", "anna@contoso.com")
        for name in ("ticks", "one", "several"):
            await page.check(f"[data-input={name}] input[value=b]")
        await page.select_option("[data-input=who] select", label="Clara Nowak")
        await page.select_option("[data-input=where] select", label="#lync-backups")
        moment = await page.evaluate("new Date('2026-11-21T03:10').getTime() / 1000")
        await page.click("dialog [type=submit]")
        assert await asyncio.wait_for(given, PATIENCE_S) == {
            "date": "2026-11-21",
            "time": "03:10",
            "moment": moment,
            "count": "7",
            "mail": "anna@contoso.com",
            "ticks": POOLS,
            "one": POOLS[1],
            "several": POOLS[1:],
            "who": "U0CLARA001",
            "where": BACKUPS,
            "left": "as it was",
        }


async def test_what_is_chosen_in_a_message_is_sent_at_once(page):
    heard: asyncio.Queue = asyncio.Queue()

    def setup(app):
        @app.action(re.compile(".*"))
        async def chosen(ack, body):
            await ack()
            action = body["actions"][0]
            heard.put_nowait((action["action_id"], action["selected_option"]["value"], body["state"]["values"]))

    bot = Bot()
    bot.setup = setup
    async with seen(page, bot) as room:
        menu = {"type": "overflow", "action_id": "more", "options": POOLS}
        pick = {"type": "static_select", "action_id": "pick", "options": POOLS}
        blocks = [section("Card", accessory=menu, block_id="top"), actions(pick, block_id="row")]
        await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=blocks)
        await page.select_option(".message select", "b")
        state = {"row": {"pick": {"type": "static_select", "selected_option": POOLS[1]}}}
        assert await asyncio.wait_for(heard.get(), PATIENCE_S) == ("pick", "b", state)
        await page.click(".overflow summary")
        await page.click("[role=menuitem] >> text=pool-a")
        assert await asyncio.wait_for(heard.get(), PATIENCE_S) == ("more", "a", state)


async def test_hostile_text_stays_text(page):
    async with seen(page, Bot()) as room:
        await room.client.chat_postMessage(channel=INCIDENT, text=HOSTILE)
        await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=[section(HOSTILE)])
        await expect(page.locator(".message")).to_have_count(2)
        for message in await page.locator(".message").all():
            assert "<script>alert(2)</script>" in await message.inner_text()
            assert await message.locator("img[src=x], script, a[href^=javascript]").count() == 0
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width == 1280


async def test_a_place_with_news_has_a_dot_and_ephemeral_messages_do_not_survive_a_reload(page):
    async with seen(page, Bot()) as room:
        await room.client.chat_postMessage(channel=BACKUPS, text="Backup of pool-a")
        await expect(page.locator(f"[data-place={BACKUPS}] .dot")).to_be_visible()
        await page.click(f"[data-place={BACKUPS}]")
        await expect(page.locator(f"[data-place={BACKUPS}] .dot")).to_have_count(0)
        await room.client.chat_postEphemeral(channel=BACKUPS, user=ANNA, text="Only for Anna")
        await expect(page.locator(".message")).to_have_count(2)
        await expect(page.locator("#said")).to_contain_text("Only for Anna")
        await page.reload()
        await expect(page.locator(".message")).to_have_count(1)


async def test_a_thread_is_read_and_answered_beside_the_channel(page):
    async with seen(page, Bot()) as room:
        root = await room.client.chat_postMessage(channel=INCIDENT, text="Card")
        await room.client.chat_postMessage(channel=INCIDENT, text="Detail", thread_ts=root["ts"])
        await expect(page.locator("#messages .message")).to_have_count(1)
        await page.click("text=1 reply")
        await page.fill(".pane textarea", "Seen, thanks")
        await page.keyboard.press("Enter")
        await expect(page.locator(".pane .message")).to_have_count(3)
        reply = room.sandbox.messages(INCIDENT)[-1]
        assert (reply.text, reply.thread_ts, reply.user) == ("Seen, thanks", root["ts"], ANNA)


async def test_the_keyboard_is_enough_to_be_somebody_else_and_to_type_a_command(page):
    async with seen(page, Bot()) as room:
        await page.focus("#me")
        await page.keyboard.press("Enter")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.locator("#me")).to_contain_text("Boris Lind")
        await page.focus(".main textarea")
        await page.keyboard.type("/r")
        await expect(page.locator(".hint")).to_contain_text("help | status")
        await page.keyboard.press("Tab")
        await page.keyboard.type("status")
        await page.keyboard.press("Enter")
        await expect(page.locator(".message.private")).to_contain_text("Starting status")
        assert [one.user for one in room.sandbox.ephemerals(BORIS)] == ["U0BOT00001"]


async def test_the_menu_closes_also_for_whoever_stays_who_they_are(page):
    async with seen(page, Bot()):
        await page.click("#me")
        await page.click("#who [aria-checked=true]")
        await expect(page.locator("#who .menu")).to_be_hidden()


async def test_a_page_goes_on_when_the_stand_in_comes_back(page):
    journal = MemoryJournal()
    first, second = Sandbox(MANIFEST, journal), Sandbox(MANIFEST, journal)
    address = await first.start()
    await first.say(ANNA, INCIDENT, "Before")
    await page.goto(f"{address}/?as={BORIS}&in={INCIDENT}")
    await expect(page.locator(".message")).to_contain_text("Before")
    await first.stop()
    await expect(page.locator("#offline")).to_be_visible()
    await second.start(int(address.rpartition(":")[2]))
    try:
        await expect(page.locator("#offline")).to_be_hidden()
        await second.say(ANNA, INCIDENT, "After")
        await expect(page.locator(".message").last).to_contain_text("After")
        await expect(page.locator("#me")).to_contain_text("Boris Lind")
    finally:
        await second.stop()
