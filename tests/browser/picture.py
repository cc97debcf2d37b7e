"""Makes the pictures of the README from the demo itself, so that they show what is there: `make picture`."""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from tests.browser.conftest import MISSING, QUIET, found
from tests.browser.test_story_page import OVER, ROOT, Visit, demo, flip
from tests.sandbox.parts import ANNA, INCIDENT
from tests.scenarios.beats import FAILOVER
from tests.scenarios.house import free_port

PICTURE, FILM = "page.png", "failover.webp"
DESK = {"viewport": {"width": 1280, "height": 840}, "color_scheme": "light"}
TELEPHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "device_scale_factor": 2}
ALIKE = {"locale": "en-US", "timezone_id": "Europe/Berlin", "reduced_motion": "reduce"}
FRAME_MS, LAST_FRAME_MS = 2200, 4000
COMMAND = "/rgs failover pool-a"
IMPORT = 3
"""The beat that waits for the import: what the whole thing is about."""


@dataclass(slots=True)
class Telephone:
    """Looks on in the dark, as whoever has to press; everything it saw becomes one film."""

    page: Page
    address: str
    frames: list[Image.Image] = field(default_factory=list)

    async def looks(self, who: str, words: str, button: str = "") -> None:
        """At the card as this person has it, from its top, once it says this and has this button."""
        await self.page.goto(f"{self.address}/?as={who}&in={INCIDENT}")
        card = Visit(self.page).card(OVER)
        await expect(card).to_contain_text(words)
        if button:
            await expect(card.get_by_role("button", name=button)).to_be_visible()
        await card.evaluate("card => card.scrollIntoView()")
        await self.shoots()

    async def shoots(self) -> None:
        self.frames.append(Image.open(io.BytesIO(await self.page.screenshot())).convert("RGB"))

    def develop(self, path: Path) -> None:
        first, *others = self.frames
        lasting = [FRAME_MS] * len(others) + [LAST_FRAME_MS]
        first.save(path, save_all=True, append_images=others, duration=lasting, loop=0, quality=80)


@asynccontextmanager
async def pages(address: str) -> AsyncIterator[tuple[Visit, Telephone]]:
    """Two people's screens on one demo."""
    async with async_playwright() as player:
        program = found(player.chromium)
        assert program, MISSING
        browser = await player.chromium.launch(executable_path=program, args=list(QUIET))
        desk, telephone = [await (await browser.new_context(**one, **ALIKE)).new_page() for one in (DESK, TELEPHONE)]
        await telephone.add_init_script("localStorage.setItem('pane', '')")
        await desk.goto(f"{address}/?as={ANNA}&in={INCIDENT}")
        yield Visit(desk), Telephone(telephone, address)
        await browser.close()


async def story(visit: Visit, telephone: Telephone, picture: Path) -> None:
    """A failover from the command to its end; the picture is taken where it waits for the import."""
    declared, over, waits = FAILOVER[0], FAILOVER[1], FAILOVER[IMPORT]
    await visit.types("/rgs backup pool-a")
    await visit.says(visit.card("Backup of pool-a"), "Done.")
    await flip(visit.page, "pool-a is down")
    await visit.page.click("text=Things to try")

    await telephone.page.goto(f"{telephone.address}/?as={ANNA}&in={INCIDENT}")
    await telephone.page.fill(".main textarea", COMMAND)
    await telephone.shoots()
    await visit.types(COMMAND)
    await telephone.looks(ANNA, "declare the outage", declared.label)
    await visit.card(OVER).get_by_role("button", name=declared.label).click()
    await expect(telephone.page.locator("dialog")).to_be_visible()
    await telephone.shoots()
    await visit.page.keyboard.press("Escape")
    await visit.plays(OVER, FAILOVER[:1])
    await telephone.looks(over.who, over.command, over.label)
    await visit.plays(OVER, FAILOVER[1:IMPORT])
    await visit.become(waits.who)
    await expect(visit.card(OVER).get_by_role("button", name=waits.label)).to_be_visible()
    await visit.page.mouse.move(640, 20)
    await visit.page.screenshot(path=picture)
    await telephone.looks(waits.who, waits.command, waits.label)
    await visit.plays(OVER, FAILOVER[IMPORT:])
    await visit.ends(OVER)
    await telephone.looks(ANNA, "Done.")


async def made(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="sb-") as data:
        async with demo(data, free_port()) as address, pages(address) as (visit, telephone):
            await story(visit, telephone, folder / PICTURE)
            telephone.develop(folder / FILM)


if __name__ == "__main__":
    asyncio.run(made(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
