"""One headless Chromium for the tests of a module, and an empty page for each of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserType, Page, async_playwright, expect

from tests.patience import PATIENCE_S

expect.set_options(timeout=PATIENCE_S * 1000)

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "There is no Chromium here. Install your system's chromium, or run `python -m playwright install chromium`."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """Where everything is to be installed (CI=true), a missing browser is a failure."""
    async with async_playwright() as player:
        program = found(player.chromium)
        if program is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
        browser = await player.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        await browser.close()


def found(kind: BrowserType) -> str | None:
    """The system's browser, or else Playwright's own."""
    own = kind.executable_path
    return shutil.which("chromium") or (own if Path(own).is_file() else None)


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """An empty page of somebody who was never here before."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    yield page
    await context.close()
