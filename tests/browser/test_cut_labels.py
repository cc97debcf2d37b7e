"""What a telephone has no room for in one line is broken into two: no label, name or hint ends within a word."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page

from bot.sandbox import MemoryJournal, Sandbox
from tests.sandbox.parts import ANNA, BACKUPS, MANIFEST
from tests.unit.runbooks.cards import every_card

pytestmark = pytest.mark.asyncio(loop_scope="module")

CUT = """
const cut = (node) => getComputedStyle(node).overflowX !== "visible" && node.scrollWidth > node.clientWidth + 1;
const shown = (node) => node.clientWidth > 1 && node.checkVisibility({ visibilityProperty: true });
const labels = [...document.querySelectorAll("h1, h2, button, .names strong, .names span")].filter(shown);
return labels.filter(cut).map((node) => node.textContent.trim())
"""
DRAW = """async ([cards, wide]) => {
  const { draw } = await import("/static/blocks.js");
  const body = Object.assign(document.createElement("div"), { className: "body" });
  document.body.replaceChildren(body);
  document.body.style.display = "block";
  body.style.width = `${wide}px`;
  body.replaceChildren(...cards.flatMap((blocks) => draw(blocks, { message: { ts: "1" }, channel: "C" })));
}"""
HINT = """() => {
  const field = document.querySelector(".main textarea");
  const style = getComputedStyle(field);
  const paper = document.createElement("canvas").getContext("2d");
  paper.font = style.font;
  const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return [paper.measureText(field.placeholder).width, room];
}"""


@pytest.fixture(scope="module")
def rows() -> list[list[dict[str, object]]]:
    """A row for each button that any card has."""
    acts = [block for one in every_card() for block in one.message["blocks"] if block["type"] == "actions"]
    buttons = {element["text"]["text"]: element for block in acts for element in block["elements"]}
    return [[{"type": "actions", "block_id": f"b{at}", "elements": [one]}] for at, one in enumerate(buttons.values())]


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox() -> AsyncIterator[str]:
    slack = Sandbox(MANIFEST, MemoryJournal())
    yield await slack.start()
    await slack.stop()


@pytest.mark.parametrize("wide", [313, 344])
async def test_no_button_of_any_card_is_cut(
    page: Page, sandbox: str, rows: list[list[dict[str, object]]], wide: int
) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(sandbox)
    await page.evaluate(DRAW, [rows, wide])

    assert await page.locator(".button").count() == len(rows) > 50
    assert await page.evaluate(f"() => {{ {CUT} }}") == []


@pytest.mark.parametrize("place", [BACKUPS, "app"])
@pytest.mark.parametrize("wide", [313, 390])
async def test_neither_where_one_is_nor_what_one_may_type_is_cut(
    page: Page, sandbox: str, place: str, wide: int
) -> None:
    await page.set_viewport_size({"width": wide, "height": 844})
    await page.goto(f"{sandbox}/?as={ANNA}&in={place}")
    await page.locator("#bar h1").wait_for()

    assert await page.evaluate(f"() => {{ {CUT} }}") == []
    if place == BACKUPS:
        taken, room = await page.evaluate(HINT)
        assert taken <= room
