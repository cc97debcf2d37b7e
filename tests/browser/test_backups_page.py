"""Kept backups on the page: listed, looked into, compared in words, fetched and drawn."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from storage.connect import connect
from tests.sandbox.parts import ANNA, INCIDENT
from tests.scenarios.front import Front, opened
from tests.scenarios.test_kept_backups import bytes_of, edited, keep

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def front(redis_url: str) -> AsyncIterator[Front]:
    redis = connect(redis_url)
    await redis.flushall()
    async with opened(redis) as front:
        yield front
        await front.desk.errands.close(5.0)
    await redis.aclose()


async def test_backups_are_looked_into_compared_fetched_and_drawn(page: Page, front: Front) -> None:
    older, newer = await keep(front, 2), await keep(front, 1, edited())
    await page.goto(f"{front.slack.address}/?as={ANNA}&in={INCIDENT}")
    await page.fill(".main textarea", "/rgs backups pool-a")
    await page.keyboard.press("Enter")

    await page.get_by_role("button", name="Details of").first.click()
    await expect(page.locator("dialog")).to_contain_text(newer.sha256)
    await page.locator("dialog select").select_option(older.id)
    await expect(page.locator("dialog").last).to_contain_text("is 77.")
    await page.get_by_role("button", name="Close", exact=True).last.click()
    await page.get_by_role("button", name="Send me the zip").click()
    await expect(page.locator("dialog").last).to_contain_text("on its way to you")
    for _ in range(2):
        await page.get_by_role("button", name="Close", exact=True).last.click()
    await page.get_by_role("button", name="Chart of the backups").click()
    await expect(page.locator("#messages")).to_contain_text("The chart of pool-a is on its way to you")

    await page.click("[data-place=app]")
    await page.click("[role=tab] >> text=Messages")
    picture = page.get_by_role("img", name="2 backups of pool-a from 16 to 18 Nov")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1600
    async with page.expect_download() as arrives:
        await page.locator(".message", has_text="byte for byte").locator("a").first.click()
    path = await (await arrives.value).path()
    assert path.read_bytes() == await bytes_of(front, newer)
