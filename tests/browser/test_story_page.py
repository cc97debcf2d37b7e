"""The main job once more, as a newcomer does it: the demo as a process of its own, and its page in a real browser."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from handlers.blocks import actions
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BACKUPS, CLARA, EMIL, INCIDENT
from tests.scenarios.beats import FAILBACK, FAILOVER, Beat
from tests.scenarios.house import free_port

ROOT = Path(__file__).parents[2]
OVER, BACK = "Failover of pool-a → pool-b", "Failback of pool-a ← pool-b"
CONFIRMED = ("Fail the pool over now", "the pool back now", "home now", "Approve as second person")
"""How buttons end that ask once more before they act; an import by one person deletes nothing."""

pytestmark = pytest.mark.asyncio(loop_scope="module")
LOCAL = "second => new Date(second * 1000 - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 16)"
"""That second as a field for date and time takes it."""


@dataclass(slots=True)
class Visit:
    """The page, as one person after another looks at it."""

    page: Page

    async def become(self, user: str) -> None:
        await self.page.click("#me")
        await self.page.click(f"[data-person={user}]")

    async def types(self, text: str) -> None:
        await self.page.fill(".main textarea", text)
        await self.page.keyboard.press("Enter")

    def messages(self) -> Locator:
        return self.page.locator("#messages .message")

    def private(self) -> Locator:
        return self.page.locator("#messages .message.private").last

    def card(self, title: str) -> Locator:
        """Whatever calls people to it speaks of it as well, and has no timeline."""
        opens = self.page.locator("button", has_text=re.compile("^Timeline$"))
        return self.page.locator("#messages .message:not(.private)", has_text=title).filter(has=opens).last

    async def says(self, place: Locator, *words: str) -> None:
        for word in words:
            await expect(place).to_contain_text(word)

    async def press(self, card: Locator, label: str, **filled: str) -> None:
        wanted = re.escape(label).replace("this\\ backup", "(this|the newest) backup")
        await card.locator("button.button").filter(has_text=re.compile(rf"^{wanted}( …)?$")).click()
        for key, said in filled.items():
            place = self.page.locator(f"dialog [data-input='{actions.field_block(key)}']")
            menu, moment = place.locator("select"), place.locator("[type=datetime-local]")
            said = await self.page.evaluate(LOCAL, int(said)) if await moment.count() else said
            await (menu.select_option(said) if await menu.count() else place.locator(".field").fill(said))
        if filled:
            await self.page.click("dialog [type=submit]")
        elif label.endswith(CONFIRMED):
            await self.page.locator("dialog button", has_text=label[:25]).click()
        await expect(self.page.locator("dialog")).to_have_count(0)

    async def plays(self, title: str, beats: tuple[Beat, ...]) -> None:
        """Presses through a run, each time as the person whose turn it is."""
        card = self.card(title)
        for beat in beats:
            second = ("somebody else has to approve",) if beat.second else ()
            await self.become(beat.who)
            await self.says(card, *beat.at, f"May press: {beat.may}.", beat.command, *second)
            await self.press(card, beat.label, **beat.filled)

    async def ends(self, title: str) -> None:
        card = self.card(title)
        await self.says(card, "Done.", "Finished ")
        decides = card.locator("button.button, .overflow").filter(has_not_text=re.compile("^(Timeline|Report)$"))
        await expect(decides).to_have_count(0)
        await self.reported(card)

    async def reported(self, card: Locator) -> None:
        """The thread of the card has the report, with its three files, and is put away."""
        await card.locator(".replies").click()
        await expect(self.page.locator("#pane [data-file]")).to_have_count(3)
        await self.says(self.page.locator("#pane"), "Waiting for people:")
        await self.page.click("#pane header button")

    async def all_words(self) -> list[str]:
        """Every message of every channel that this person can read, apart from what only they were told."""
        found = []
        for place in (INCIDENT, BACKUPS):
            await self.page.click(f"[data-place={place}]")
            await expect(self.messages().first).to_be_visible()
            found += await self.page.locator("#messages .message:not(.private) .content").all_inner_texts()
        return found


@asynccontextmanager
async def demo(data: str, port: int) -> AsyncIterator[str]:
    """`python -m bot demo`, as `make demo` starts it; Ctrl-C ends it, and it goes in peace. Gives its address."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "REDIS_"))}
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo"),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**ours, "SWITCHBACK_DATA": data, "PORT": str(port)},
    )
    try:
        assert running.stdout
        async with asyncio.timeout(PATIENCE_S):
            said = (await running.stdout.readuntil(b"Ctrl-C")).decode()
        assert "Three things to try" in said
        yield re.findall(r"http://127\.0\.0\.1:\d+", said)[0]
        running.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE_S):
            assert await running.wait() == 0
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()


async def test_a_newcomer_walks_through_the_whole_job_and_finds_it_again_after_a_restart(page: Page) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    visit, port = Visit(page), free_port()
    with tempfile.TemporaryDirectory(prefix="sb-") as data:
        async with demo(data, port) as address:
            await page.goto(address)
            await story(visit)
            before = await visit.all_words()
        await expect(page.locator("#offline")).to_be_visible()
        async with demo(data, port):
            await expect(page.locator("#offline")).to_be_hidden()
            await page.reload()
            assert await visit.all_words() == before
            await page.click(f"[data-place={INCIDENT}]")
            await visit.types("/rgs status")
            await visit.says(visit.messages().last, "6 groups ring nobody", "The other 2 pools active · answers, ")
    assert complaints == []


async def story(visit: Visit) -> None:
    page = visit.page
    await visit.become(ANNA)
    await page.click(f"[data-place={INCIDENT}]")
    await visit.types("/rgs help")
    await visit.says(visit.private(), "/rgs failover", "/rgs impact")
    await visit.types("/rgs status")
    await visit.says(visit.messages().last, "All 3 pools active · answers, ")
    await visit.types("/rgs backup pool-a")
    await visit.says(visit.card("Backup of pool-a"), "Done.", "24 workflows")

    await flip(page, "pool-a is down")
    await visit.types("/rgs failover pool-a")
    await visit.plays(OVER, FAILOVER[:1])
    await refused(visit)
    await visit.plays(OVER, FAILOVER[1:])
    await visit.ends(OVER)

    await flip(page, "pool-a is down")
    await visit.become(CLARA)
    await visit.types("/rgs failback pool-a")
    await visit.plays(BACK, FAILBACK)
    await visit.ends(BACK)
    await visit.says(visit.card(BACK), "pool-a is active again.")
    await home(visit)


async def refused(visit: Visit) -> None:
    """Somebody without a role is told which one is missing, and nobody else sees that."""
    await visit.become(EMIL)
    card = visit.card(OVER)
    await visit.says(card, *FAILOVER[1].at)
    await visit.press(card, FAILOVER[1].label)
    await visit.says(visit.private(), "needs RTCUniversalServerAdmins, which you do not hold", "Only visible to you")
    await visit.become(ANNA)
    await expect(visit.messages().filter(has_text="which you do not hold")).to_have_count(0)
    await visit.says(card, *FAILOVER[1].at)


async def home(visit: Visit) -> None:
    await visit.become(ANNA)
    await visit.page.click("[data-place=app]")
    await visit.says(visit.page.locator("#messages .home"), "pool-a", "active", "Back up")


async def flip(page: Page, switch: str) -> None:
    """Presses a switch in the drawer, and puts the drawer away."""
    await page.click("text=Make trouble")
    control = page.locator(f"#pane [role=switch][aria-label='{switch}']")
    before = await control.get_attribute("aria-checked")
    await control.click()
    await expect(control).not_to_have_attribute("aria-checked", before or "")
    await page.click("#pane header button")
