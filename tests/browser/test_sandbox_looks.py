"""The stand-in's page on a telephone and in the dark: everything fits, can be read, and says what it means."""

import pytest
from playwright.async_api import expect

from tests.browser.looks import faint, sticking_out, unexplained_yellow
from tests.browser.test_sandbox_page import POOLS, Bot, seen
from tests.sandbox.parts import ANNA, BORIS, GRETA, INCIDENT, PARTNER, actions, button, field, modal, section

TELEPHONE = {"width": 390, "height": 844}
LINE = 'Import-CsRgsConfiguration -Destination "service:ApplicationServer:pool-b.contoso.com" -FileName "C:\\a\\b.zip"'
LONG = "x" * 400
CELL = {"type": "raw_text", "text": "service:ApplicationServer:pool-b.contoso.com"}
CARD = [
    {"type": "header", "text": {"type": "plain_text", "text": f"Failover of pool-a → pool-b {LONG}"[:150]}},
    section(f"✋ *Waiting for you* <@{ANNA}> <!here> `{LINE}` :warning: {LONG}", accessory=button("more", "Details")),
    section("⏳ *Reading*", accessory={"type": "overflow", "action_id": "menu", "options": POOLS}),
    section(f"Runs:\n```{LINE}\n{LONG}```\n> quoted {LONG}"),
    {"type": "section", "fields": [{"type": "mrkdwn", "text": f"*Field {n}*\n{LONG}"} for n in range(4)]},
    actions(*(button(f"b{n}", f"A button that says much {n}") for n in range(4)), button("red", "No", style="danger")),
    actions(
        button("long", "A label that no telephone has room for, and neither has a narrow window", style="primary"),
        block_id="long",
    ),
    {"type": "context", "elements": [{"type": "mrkdwn", "text": f"Run `{LINE}` · <!date^1790000000^{{date}}|then>"}]},
    {"type": "table", "rows": [[CELL] * 5, [CELL] * 5]},
]
FORM = modal(
    "Declare the outage",
    section(f"What people saw. {LONG}"),
    field("why", {"type": "plain_text_input", "action_id": "a", "placeholder": {"type": "plain_text", "text": "e.g."}}),
    field("pool", {"type": "radio_buttons", "action_id": "a", "options": POOLS}),
    submit={"type": "plain_text", "text": "Declare"},
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Rich(Bot):
    """The small bot, with a form as long as a real one and an App Home that is full."""

    async def form(self, ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    async def home(self, event, client):
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": CARD})


async def furnished(room):
    """Messages of every kind, one of them a thread."""
    root = await room.client.chat_postMessage(channel=INCIDENT, text="Card", blocks=CARD)
    await room.client.chat_postMessage(channel=INCIDENT, text=LONG, thread_ts=root["ts"])
    await room.sandbox.say(BORIS, INCIDENT, f"Seen, <@{ANNA}> {LONG}")
    await room.client.chat_postMessage(channel=BORIS, text="For Boris")
    await room.sandbox.command(ANNA, INCIDENT, "/rgs failover")


async def states(page):
    """The page in one state after another: things to try, channel, thread, form, side, trouble, people, App Home."""
    menu = page.locator("#toside button")

    async def to_side():
        if await menu.is_visible():
            await menu.click()
            await expect(page.locator("#side")).to_have_css("transform", "none")

    await expect(page.locator(".message.private")).to_contain_text("Starting failover")
    if await menu.is_visible():  # The answer has put them away.
        await to_side()
        await page.click("text=Things to try")
    yield "things to try"
    await page.click("#pane header button")
    yield "channel"
    await page.click("text=1 reply")
    yield "thread"
    await page.click("#pane header button")
    await page.click("text=Abandon…")
    await page.click("dialog [type=submit]")
    await expect(page.locator("dialog .error").first).to_be_visible()
    yield "form"
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)
    await to_side()
    yield "side"
    await page.click("text=Make trouble")
    yield "trouble"
    await page.click("#pane header button")
    await to_side()
    await page.click("#me")
    yield "people"
    await page.keyboard.press("Escape")
    await page.click("[data-place=app]")
    await expect(page.locator(".home")).to_contain_text("Failover of pool-a")
    yield "home"


async def test_on_a_telephone_everything_fits_and_a_message_is_as_wide_as_in_slack(page):
    await page.emulate_media(reduced_motion="reduce")
    await page.set_viewport_size(TELEPHONE)
    async with seen(page, Rich()) as room:
        await furnished(room)
        async for state in states(page):
            assert (state, await sticking_out(page)) == (state, [])
            assert (state, await page.evaluate("document.documentElement.scrollWidth")) == (state, 390)
            if state in ("channel", "thread"):
                await as_in_slack(page.locator("#messages" if state == "channel" else "#pane"))


async def as_in_slack(place):
    card = place.locator(".message").first
    content = card.locator(".content")
    assert await content.evaluate("node => node.getBoundingClientRect().width") == 313
    assert await card.locator(".text").first.evaluate("node => getComputedStyle(node).fontSize") == "15px"
    rows = (
        await card.locator(".actions")
        .first.locator("button")
        .evaluate_all(
            "nodes => nodes.map((node) => node.getBoundingClientRect()).map(({ top, height }) => [top, height])"
        )
    )
    assert len({top for top, _ in rows}) >= 4 and all(height >= 36 for _, height in rows)
    below = "node => node.getBoundingClientRect().top >= node.previousSibling.getBoundingClientRect().bottom"
    assert await card.locator(".accessory:has(button.button)").evaluate(below)
    assert not await card.locator(".accessory:has(.overflow)").evaluate(below)


async def test_on_a_telephone_the_side_opens_and_lets_go(page):
    await page.set_viewport_size(TELEPHONE)
    async with seen(page, Bot()) as room:
        await page.click("text=/rgs failover")
        await expect(page.locator("#pane")).to_be_hidden()
        await page.keyboard.press("Enter")
        await expect(page.locator(".message.private")).to_be_in_viewport(ratio=1)
        await room.client.chat_postMessage(channel=ANNA, text="For Anna")
        await expect(page.locator("#toside .badge")).to_have_text("1")
        for leaves in ("[data-place=app]", f"[data-place={INCIDENT}]"):
            await page.click("#toside button")
            await page.click(leaves)
            await expect(page.locator("#side")).to_be_hidden()
        await page.click("#toside button")
        await page.click("#me")
        await page.click(f"[data-person={BORIS}]")
        await expect(page.locator("#side")).to_be_hidden()
        await expect(page.locator("#toside .avatar")).to_have_text("BL")
        for away in ("Escape", "outside"):
            await page.click("#toside button")
            await expect(page.locator("#me")).to_be_focused()
            await (page.keyboard.press(away) if away == "Escape" else page.mouse.click(370, 400))
            await expect(page.locator("#side")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_word_can_be_read_by_day_and_in_the_dark(page, scheme):
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    async with seen(page, Rich()) as room:
        await furnished(room)
        lightness = await page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
        assert (int(lightness) < 60) == (scheme == "dark")
        async for state in states(page):
            assert (state, await faint(page)) == (state, [])
        await room.sandbox.go_away()
        await page.click(".home button:text-is('Details')")
        await expect(page.locator(".toast")).to_contain_text("Slack cannot be reached")
        assert await faint(page) == []


async def test_whatever_is_yellow_says_what_it_means(page):
    async with seen(page, Rich()) as room:
        await furnished(room)
        await room.client.chat_postMessage(channel=ANNA, text="For Anna")
        await room.sandbox.say(GRETA, PARTNER, "From outside")
        await expect(page.locator("[data-place=app] .badge")).to_have_attribute(
            "title", "Messages for you that you have not read."
        )
        assert await page.locator("#pane .marks li").count() > 5
        await expect(page.locator("#pane .marks")).to_contain_text("Look at this before you go on.")
        async for state in states(page):
            assert (state, await unexplained_yellow(page)) == (state, [])
        await page.click(f"[data-place={PARTNER}]")
        await expect(page.locator(".bar .tag.outside")).to_have_attribute(
            "title", "People of another company read this channel."
        )
        await expect(page.locator(".message .tag.outside")).to_have_attribute(
            "title", "Not a full member of this workspace."
        )
        assert await unexplained_yellow(page) == []
