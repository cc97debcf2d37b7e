"""A process at its start: told to end while it joins, refused by Slack, and beside proxies that lead nowhere."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.sandbox import APP_TOKEN, BOT_TOKEN, MemoryJournal, Sandbox
from bot.sandbox.faults import ANY
from handlers.blocks import actions
from handlers.slack.proxies import proxy_for
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, EMIL, MANIFEST
from tests.scenarios.house import free_port, house

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9"


@asynccontextmanager
async def process(tmp_path: Path, word: str, **environ: str) -> AsyncIterator[Process]:
    settings = {"SWITCHBACK_DATA": str(tmp_path / "data"), "PORT": str(free_port()), **environ}
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", word),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        stderr=PIPE,
        stdout=PIPE,
    )
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            started.kill()
        await started.wait()


async def line(stream: asyncio.StreamReader | None, words: str) -> str:
    """The first line that says this."""
    assert stream is not None
    async with asyncio.timeout(4 * PATIENCE_S):
        while said := (await stream.readline()).decode():
            if words in said:
                return said
    raise AssertionError(f"it ended and never said {words}")


async def test_told_to_end_while_it_joins_it_ends_in_order(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/api/"
    tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_API_URL": nobody}
    async with process(tmp_path, "serve", **tokens) as bot:
        said = await line(bot.stderr, "Slack does not answer yet")
        assert "()" not in said and "no connection" in said
        bot.send_signal(signal.SIGTERM)
        async with asyncio.timeout(2 * PATIENCE_S):
            assert await bot.wait() == 0


async def test_an_app_token_that_slack_refuses_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    slack = Sandbox(MANIFEST, MemoryJournal())
    await slack.start()
    slack.faults.refused["apps.connections.open", ANY] = "invalid_auth"
    tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_API_URL": slack.api_url}
    try:
        async with process(tmp_path, "serve", **tokens) as bot, asyncio.timeout(4 * PATIENCE_S):
            _, said = await bot.communicate()
    finally:
        await slack.stop()
    lines = [one for one in said.decode().splitlines() if "SLACK_APP_TOKEN" in one]
    assert bot.returncode == 2 and "Traceback" not in said.decode()
    assert lines == ["Slack refuses SLACK_APP_TOKEN (invalid_auth). Copy it again from the app's page."]


async def test_the_demo_comes_up_beside_proxies_that_lead_nowhere(tmp_path: Path) -> None:
    async with process(tmp_path, "demo", HTTP_PROXY=NOWHERE, HTTPS_PROXY=NOWHERE, http_proxy=NOWHERE) as demo:
        await line(demo.stdout, "demo is up")


@pytest.mark.parametrize("road", ["http", "socket"])
async def test_beside_proxies_that_lead_nowhere_commands_cards_and_answers_to_clicks_arrive(
    redis: Redis, road: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, NOWHERE)
    async with house(redis, road) as rooms:
        run = await rooms.started(ANNA, "/rgs failover pool-a")
        card = await rooms.card(run, "Step ", "May press: ")
        await rooms.slack.click(EMIL, card, actions.action_id("declare"))
        assert "which you do not hold" in rooms.told(EMIL)[-1]


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://slack.com/api/", {}, None),
        ("https://slack.com/api/", {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("https://slack.com/api/", {"HTTP_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("https://slack.com/api/", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".slack.com,slack.com"}, None),
        ("https://slack.com/api/", {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "*"}, None),
        ("http://127.0.0.1:3000/api/", {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("http://[::1]:3000/api/", {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("http://localhost:3000/api/", {"HTTPS_PROXY": "http://proxy:3128"}, None),
    ],
)
def test_which_proxy_leads_there(
    url: str, environ: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, said in environ.items():
        monkeypatch.setenv(name, said)
    assert proxy_for(url) == proxy
