"""Every card of every row on a telephone: one screen, nothing sideways, and as many words as were counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from statistics import median

import pytest
import pytest_asyncio
from playwright.async_api import Page

from bot.sandbox import MemoryJournal, Sandbox
from handlers.runs.room import HIGH as HIGH_RECKONED
from handlers.runs.room import high
from tests.sandbox.parts import MANIFEST
from tests.unit.runbooks.cards import Drawn, every_card

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDE, HIGH, WORDS = 313, 800, 120
"""Of a message on a telephone of 390 by 844 points."""

MEASURE = """async ([cards, wide]) => {
  const { draw } = await import("/static/blocks.js");
  const body = Object.assign(document.createElement("div"), { className: "body" });
  document.body.replaceChildren(body);
  document.body.style.display = "block";
  body.style.width = `${wide}px`;
  return cards.map((blocks) => {
    body.replaceChildren(...draw(blocks, { message: { ts: "1" }, channel: "C" }));
    const words = body.innerText.split(/\\s+/).filter((word) => /[\\p{L}\\p{N}]/u.test(word));
    return [body.scrollHeight, body.scrollWidth, words.length];
  });
}"""


@pytest.fixture(scope="module")
def cards() -> tuple[Drawn, ...]:
    return every_card()


@pytest_asyncio.fixture(loop_scope="module")
async def phone(page: Page) -> AsyncIterator[Page]:
    slack = Sandbox(MANIFEST, MemoryJournal())
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(await slack.start())
    yield page
    await slack.stop()


async def measured(phone: Page, cards: list[list[dict[str, object]]]) -> list[tuple[int, int, int]]:
    return [tuple(one) for one in await phone.evaluate(MEASURE, [cards, WIDE])]


async def test_every_card_fits_on_one_screen(phone: Page, cards: tuple[Drawn, ...]) -> None:
    sizes = await measured(phone, [one.message["blocks"] for one in cards])
    beside = [(one, size) for one, size in zip(cards, sizes, strict=True) if not one.view.still_open]
    assert {one.name: size for one, size in beside if size[0] > HIGH or size[1] > WIDE or size[2] > WORDS} == {}
    assert min(size[0] for size in sizes) > 60, "they were drawn"


async def test_how_high_a_card_is_was_reckoned_well(phone: Page, cards: tuple[Drawn, ...]) -> None:
    """So a card is cut only where it has to be; and never reckoned lower than what is kept to spare."""
    sizes = await measured(phone, [one.message["blocks"] for one in cards])
    off = [high(one.message["blocks"]) - size[0] for one, size in zip(cards, sizes, strict=True)]
    assert min(off) >= HIGH_RECKONED - HIGH and abs(median(off)) <= 20
