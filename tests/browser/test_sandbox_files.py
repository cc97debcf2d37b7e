"""Files on the stand-in's page in a real browser: what was sent is downloaded, what was picked is sent."""

import asyncio
import os
import struct
import zlib

import pytest
from playwright.async_api import expect

from tests.browser.test_sandbox_page import become, seen
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BORIS, INCIDENT, field, modal

ZIP = b"PK\x03\x04" + os.urandom(200_000)
HOSTILE = '<img src=x onerror=alert(1)>".zip'
FORM = modal(
    "Audio",
    field("audio", {"type": "file_input", "action_id": "file", "filetypes": ["zip", "wav"], "max_files": 2}),
    field("why", {"type": "plain_text_input", "action_id": "words"}),
    submit={"type": "plain_text", "text": "Send"},
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Bot:
    """A bot that asks for files and keeps their names and bytes."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def took(self) -> tuple[str, bytes]:
        return await asyncio.wait_for(self.got.get(), PATIENCE_S)

    def setup(self, app):
        app.command("/rgs")(self.form)
        app.view("")(self.sent)
        app.event("app_home_opened")(self.home)

    async def form(self, ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    async def sent(self, ack, view, client):
        await ack()
        for file in view["state"]["values"]["audio"]["file"]["files"]:
            headers = {"Authorization": f"Bearer {client.token}"}
            async with client.session.get(file["url_private_download"], headers=headers) as response:
                self.got.put_nowait((file["name"], await response.read()))

    async def home(self):
        """Nothing to show."""


def png() -> bytes:
    """A picture of two dots."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\x00\xff\x00\x00\x00\xff\x00")
    head = struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def test_what_the_bot_sends_one_person_is_downloaded_byte_for_byte_and_a_picture_is_seen(page):
    async with seen(page, Bot()) as room:
        direct = (await room.client.conversations_open(users=ANNA))["channel"]["id"]
        said = {"channel": direct, "initial_comment": "The export you asked for."}
        await room.client.files_upload_v2(**said, filename=HOSTILE, file=ZIP, title="Export of pool-a")
        picture = {"filename": "size.png", "file": png(), "alt_txt": "Size over time: steady"}
        await room.client.files_upload_v2(channel=direct, **picture)
        await page.click("[data-place=app]")
        await page.click("[role=tab] >> text=Messages")
        await expect(page.locator(".message").first).to_contain_text("The export you asked for.")
        archive = page.locator(".file").first
        for words in ("Export of pool-a", HOSTILE, "195 kB"):
            await expect(archive).to_contain_text(words)
        async with page.expect_download() as waiting:
            await archive.locator("a").click()
        download = await waiting.value
        assert await asyncio.to_thread((await download.path()).read_bytes) == ZIP
        shown = page.get_by_alt_text("Size over time: steady")
        await expect(shown).to_be_visible()
        assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 2
        await page.reload()
        await page.click("[role=tab] >> text=Messages")
        await expect(page.locator(".file")).to_have_count(2)
        await become(page, BORIS)
        await expect(page.locator(".file")).to_have_count(0)


async def test_an_image_block_shows_a_file_of_the_workspace(page):
    async with seen(page, Bot()) as room:
        args = {"channel": INCIDENT, "filename": "size.png", "file": png()}
        shared = (await room.client.files_upload_v2(**args))["file"]
        block = {"type": "image", "alt_text": "Size", "slack_file": {"url": shared["url_private"]}}
        await room.client.chat_postMessage(channel=INCIDENT, text="Size", blocks=[block])
        shown = page.get_by_alt_text("Size", exact=True)
        await expect(shown).to_be_visible()
        assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 2


async def test_a_form_sends_the_files_that_were_chosen_and_keeps_them_while_it_complains(page):
    bot = Bot()
    async with seen(page, bot) as room:
        await room.sandbox.command(ANNA, INCIDENT, "/rgs form")
        picker = page.get_by_role("button", name="Audio")
        assert await picker.get_attribute("accept") == ".zip,.wav"
        files = [{"name": name, "mimeType": "", "buffer": ZIP} for name in (HOSTILE, "b.wav")]
        await picker.set_input_files(files)
        await expect(page.locator("dialog .picked li")).to_have_count(2)
        await page.click("dialog [type=submit]")
        await expect(page.locator("[data-input=why] .error")).to_contain_text("Please complete this required field.")
        await expect(page.locator("dialog .picked li").first).to_contain_text(HOSTILE)
        await page.get_by_label("Remove b.wav").click()
        await page.fill("[data-input=why] input", "Music on hold")
        await picker.set_input_files([{"name": "notes.txt", "mimeType": "", "buffer": b"x"}])
        await page.click("dialog [type=submit]")
        await expect(page.locator("[data-input=audio] .error")).to_contain_text("“notes.txt” cannot be taken here")
        await page.get_by_label("Remove notes.txt").click()
        await page.click("dialog [type=submit]")
        await expect(page.locator("dialog")).to_have_count(0)
        assert await bot.took() == (HOSTILE, ZIP)
        assert bot.got.empty()


async def test_a_form_waits_for_a_file_that_is_still_under_way(page):
    bot, released = Bot(), asyncio.Event()

    async def hold(route):
        await released.wait()
        await route.continue_()

    await page.route("**/page/file*", hold)
    async with seen(page, bot) as room:
        await room.sandbox.command(ANNA, INCIDENT, "/rgs form")
        await page.fill("[data-input=why] input", "Music on hold")
        chosen = {"name": "a.zip", "mimeType": "", "buffer": ZIP}
        await page.get_by_role("button", name="Audio").set_input_files([chosen])
        await page.click("dialog [type=submit]")
        await expect(page.locator("dialog [type=submit]")).to_be_disabled()
        released.set()
        await expect(page.locator("dialog")).to_have_count(0)
        assert await bot.took() == ("a.zip", ZIP)


async def test_files_that_are_under_way_together_are_shown_and_sent_as_they_were_chosen(page):
    bot, released = Bot(), asyncio.Event()

    async def hold_the_first(route):
        if "name=a.zip" in route.request.url:
            await released.wait()
        await route.continue_()

    await page.route("**/page/file*", hold_the_first)
    async with seen(page, bot) as room:
        await room.sandbox.command(ANNA, INCIDENT, "/rgs form")
        await page.fill("[data-input=why] input", "Music on hold")
        files = [{"name": name, "mimeType": "", "buffer": ZIP} for name in ("a.zip", "b.wav")]
        await page.get_by_role("button", name="Audio").set_input_files(files)
        names = page.locator("dialog .picked li .grow")
        await expect(names).to_have_text(["b.wav"])
        released.set()
        await expect(names).to_have_text(["a.zip", "b.wav"])
        await page.click("dialog [type=submit]")
        await expect(page.locator("dialog")).to_have_count(0)
        assert [await bot.took(), await bot.took()] == [("a.zip", ZIP), ("b.wav", ZIP)]


async def test_a_file_that_is_too_large_is_refused_with_a_sentence(page):
    async with seen(page, Bot()) as room:
        await room.sandbox.command(ANNA, INCIDENT, "/rgs form")
        large = {"name": "a.zip", "mimeType": "", "buffer": bytes(11 * 1024 * 1024)}
        await page.get_by_role("button", name="Audio").set_input_files([large])
        await expect(page.locator(".toast")).to_contain_text("more than 10 MB")
        await expect(page.locator("dialog .picked li")).to_have_count(0)
