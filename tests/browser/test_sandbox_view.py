"""Where the stand-in's page looks: answers in view, threads at their end, forms at their top; and late presses."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.test_sandbox_page import RUN, Bot, seen
from tests.patience import PATIENCE_S
from tests.sandbox.parts import INCIDENT, actions, button, field, modal, section

LONG = "\n".join(f"Line {n}" for n in range(80))
WORDS = {"type": "plain_text_input", "action_id": "a"}
SEND = {"type": "plain_text", "text": "Send"}
DEEPER = actions(button("deeper", "Deeper"))
FORM = modal("Long", section("The beginning."), section(LONG), DEEPER, field("why", WORDS), submit=SEND)
ANEW = actions(button("anew", "Anew"))
PUSHED = modal("Longer", section("The other beginning."), section(LONG), field("how", WORDS), ANEW, submit=SEND)

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Late(Bot):
    """A bot whose card has changed before anybody presses it; it says what was pressed, to whoever did."""

    def __init__(self) -> None:
        super().__init__()
        self.values: asyncio.Queue[str] = asyncio.Queue()

    def setup(self, app):
        super().setup(app)
        app.action("deeper")(self.deeper)
        app.action("anew")(self.anew)

    async def card(self, ack, command):
        said = f"The beginning.\n{LONG}" if "long" in command["text"] else "There is no such subcommand."
        await ack({"text": said, "response_type": "in_channel" if "everybody" in command["text"] else "ephemeral"})

    async def run(self, ack, body, respond):
        await ack()
        self.values.put_nowait(body["actions"][0]["value"])
        await respond(text="It was done already.", response_type="ephemeral", replace_original=False)

    async def form(self, ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    async def deeper(self, ack, body, client):
        await ack()
        await client.views_push(trigger_id=body["trigger_id"], view=PUSHED)

    async def anew(self, ack, body, client):
        await ack()
        await client.views_update(view_id=body["view"]["id"], view={**PUSHED, "title": SEND})


def card(value, **more):
    return [section("*Row 7*"), actions(button("run", "Run", value=value, **more), button("form", "Form"))]


async def talked(room, count=30, **where):
    for number in range(count):
        await room.client.chat_postMessage(channel=INCIDENT, text=f"Said before, {number}", **where)


async def test_the_answer_to_what_was_typed_is_in_view_wherever_somebody_had_scrolled(page):
    async with seen(page, Late()) as room:
        await talked(room)
        await expect(page.locator(".message").last).to_be_in_viewport(ratio=1)
        await scroll_up(page)
        await talked(room, 1)
        await expect(page.locator(".message").first).to_be_in_viewport()
        await types(page, "/rgs statsu")
        await expect(page.locator(".message.private")).to_be_in_viewport(ratio=1)
        await types(page, "/rgs long")
        await expect(page.locator(".message.private .only").last).to_be_in_viewport(ratio=1)
        await talked(room, 1)
        await expect(page.locator(".message.private .only").last).to_be_in_viewport(ratio=1)
        await types(page, "/rgs long for everybody")
        await expect(page.locator(".message:not(.private)").last).to_contain_text("The beginning.")
        await expect(page.locator(".message:not(.private) .aside").last).to_be_in_viewport(ratio=1)
        await scroll_up(page)
        await types(page, "Seen, thanks")
        await expect(page.locator(".message").last).to_contain_text("Seen, thanks")
        await expect(page.locator(".message").last).to_be_in_viewport(ratio=1)


async def test_the_answer_to_a_press_is_in_view_though_much_was_said_since(page):
    async with seen(page, Late()) as room:
        await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=card("7"))
        await talked(room)
        await scroll_up(page)
        await page.click(RUN)
        await expect(page.locator(".message.private")).to_be_in_viewport(ratio=1)


async def test_an_answer_that_lies_under_something_else_is_uncovered(page):
    await page.set_viewport_size({"width": 390, "height": 844})
    async with seen(page, Late()) as room:
        await page.click("#pane header button")
        root = await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=card("7"))
        await talked(room, 30, thread_ts=root["ts"])
        await page.click("text=30 replies")
        await page.locator("#pane .message").first.scroll_into_view_if_needed()
        await page.click("#pane button:text-is('Run')")
        await expect(page.locator("#messages .message.private")).to_be_in_viewport(ratio=1)
        await expect(page.locator("#pane")).to_be_hidden()


async def test_what_slack_itself_answers_in_a_thread_is_seen(page):
    async with seen(page, Late()) as room:
        await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=card("7"))
        await page.hover(".message")
        await page.click("[title='Reply in thread']")
        await page.fill("#pane textarea", "/rgs status")
        await page.keyboard.press("Enter")
        await expect(page.locator("#pane .message").last).to_contain_text("/rgs is not supported in threads.")


async def test_a_thread_opens_at_its_end_and_stays_there(page):
    async with seen(page, Late()) as room:
        root = await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=card("7"))
        await talked(room, 30, thread_ts=root["ts"])
        await page.click("text=30 replies")
        await expect(page.locator("#pane .message").last).to_be_in_viewport(ratio=1)
        await talked(room, 1, thread_ts=root["ts"])
        await expect(page.locator("#pane .message")).to_have_count(32)
        await expect(page.locator("#pane .message").last).to_be_in_viewport(ratio=1)
        await page.set_viewport_size({"width": 1280, "height": 420})
        await expect(page.locator("#pane .message").last).to_be_in_viewport(ratio=1)


async def test_a_form_opens_at_its_top_also_where_its_field_lies_below(page):
    async with seen(page, Late()) as room:
        await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=card("7"))
        await page.click("text=Form")
        await expect(page.locator("dialog [data-input=why] input")).to_be_focused()
        await expect(page.locator("dialog >> text=The beginning.")).to_be_in_viewport()
        await page.click("dialog >> text=Deeper")
        await expect(page.locator("dialog [data-input=how] input")).to_be_focused()
        await expect(page.locator("dialog >> text=The other beginning.")).to_be_in_viewport()
        await page.click("dialog >> text=Anew")
        await expect(page.locator("dialog h2")).to_have_text("Send")
        await expect(page.locator("dialog >> text=Anew")).to_be_in_viewport()


@pytest.mark.parametrize("held", ["while it asks once more", "under a finger"])
async def test_a_press_of_what_a_message_was_goes_to_the_bot_and_its_answer_is_shown(page, held):
    sure = {"title": "Sure?", "text": "Calls drop.", "confirm": "Run it", "deny": "Not yet"}
    confirm = {key: {"type": "plain_text", "text": words} for key, words in sure.items()}
    bot = Late()
    async with seen(page, bot) as room:
        asks = held == "while it asks once more"
        first = card("7", **({"confirm": confirm} if asks else {}))
        posted = await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=first)
        await page.hover(RUN)
        await page.mouse.down()
        if asks:
            await page.mouse.up()
        await room.client.chat_update(channel=INCIDENT, ts=posted["ts"], text="Done", blocks=[section("Done.")])
        await page.click("dialog >> text=Run it") if asks else await page.mouse.up()
        assert await asyncio.wait_for(bot.values.get(), PATIENCE_S) == "7"
        await expect(page.locator(".message.private")).to_contain_text("It was done already.")
        await expect(page.locator(".message").first).to_contain_text("Done.")
        await expect(page.locator(RUN)).to_have_count(0)
        assert room.sandbox.messages(INCIDENT)[0].text == "Done"
        await expect(page.locator(".toast")).to_have_count(0)


async def types(page, words):
    await page.fill(".main textarea", words)
    await page.keyboard.press("Enter")


async def scroll_up(page):
    await page.hover("#messages")
    await page.mouse.wheel(0, -100_000)
    await expect(page.locator(".message").first).to_be_in_viewport()
