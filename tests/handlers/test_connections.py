"""Connections to the bot's own address: strangers get few, for a short while, and cannot fill the log."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

import pytest
from redis.asyncio import Redis

from handlers.slack import connections
from tests.patience import PATIENCE_S, until
from tests.sandbox.parts import EMIL
from tests.scenarios.front import TEAM, Front, form, opened, signature

ATTACKERS = 360
HALF = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Half: "
BODY, FORM = form({"command": "/rgs", "text": "help", "team_id": TEAM, "user_id": EMIL, "channel_id": "C0INCIDENT"})

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def front(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    monkeypatch.setattr(connections, "MOST", 40)
    async with opened(redis) as front:
        yield front


async def connected(front: Front, data: bytes) -> Line:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(front.url.rpartition(":")[2]))
    writer.write(data)
    return reader, writer


async def hung_up(lines: list[Line]) -> None:
    """Waits until the bot has ended all of these."""

    async def ended(line: Line) -> None:
        with suppress(ConnectionError):
            await line[0].read()

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*map(ended, lines))


def request(front: Front) -> bytes:
    """Signed by Slack, as it goes over the wire."""
    headers = FORM | signature(BODY, int(front.stage.clock())) | {"Host": "x", "Content-Length": str(len(BODY))}
    lines = ["POST /slack/events HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + BODY


async def test_half_open_connections_make_room_for_slack(front: Front) -> None:
    """360 connections that never finish a header: all but the newest are let go, and a command is answered."""
    lines = [await connected(front, HALF) for _ in range(ATTACKERS)]

    await hung_up(lines[: ATTACKERS - connections.MOST])

    status, text = await front.signed(BODY, FORM)
    assert status == 200 and "/rgs failover" in text


@pytest.mark.parametrize("data", [b"", HALF, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
async def test_a_stranger_is_let_go_after_a_while(front: Front, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Nothing, half a header, and one that asks whether the bot lives and stays."""
    monkeypatch.setattr(connections, "STRANGERS_S", 0.1)

    await hung_up([await connected(front, data)])


async def test_whom_slack_signed_for_stays_while_strangers_come_and_go(front: Front) -> None:
    reader, writer = await connected(front, request(front))
    async with asyncio.timeout(PATIENCE_S):
        assert b"200 OK" in await reader.readline()
    strangers = [await connected(front, HALF) for _ in range(ATTACKERS)]
    await hung_up(strangers[: ATTACKERS - connections.MOST])

    writer.write(request(front))
    async with asyncio.timeout(PATIENCE_S):
        head = await reader.readuntil(b"HTTP/1.1 200 OK")
    assert b"/rgs failover" in head


async def test_a_body_that_nobody_wants_is_read_for_a_short_while_only(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "STRANGERS_S", PATIENCE_S * 10)
    head = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    line = await connected(front, head + b"x")

    async with asyncio.timeout(PATIENCE_S):
        assert b"401" in await line[0].readline()
    await hung_up([line])


async def test_whoever_reads_no_answer_is_let_go(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STRANGERS_S", 0.5)
    _, writer = await connected(front, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 50_000)
    writer.transport.pause_reading()

    async def closed() -> bool:
        writer.write(b"x")
        return writer.transport.is_closing()

    await until(closed)


async def test_two_hundred_broken_requests_are_one_line_of_the_log(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for _ in range(100):
        await hung_up(
            [
                await connected(front, b"\x16\x03\x01 hush-hush\r\n\r\n"),
                await connected(front, b"GET /\x00 HTTP/1.1 hush\r\n\r\n"),
            ]
        )

    ours = [record for record in caplog.records if record.name.startswith(("aiohttp", "handlers", "asyncio"))]
    assert [record.getMessage() for record in ours] == [connections.UNREADABLE]
    assert "hush" not in caplog.text and "Traceback" not in caplog.text


@contextmanager
def files_allowed(count: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_no_room_for_one_more_is_one_line_and_passes(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    """As many connections as lie ready before the bot gets to take them, and room for five of them."""
    address = ("127.0.0.1", int(front.url.rpartition(":")[2]))
    waiting = [socket.create_connection(address, PATIENCE_S) for _ in range(30)]
    free = os.dup(0)
    os.close(free)
    with files_allowed(free + 5):
        await until(lambda: asyncio.sleep(0, bool(caplog.records)))
    for one in waiting:
        one.close()

    assert (await front.signed(BODY, FORM))[0] == 200
    assert [record.getMessage() for record in caplog.records] == [connections.FULL]
    assert "Traceback" not in caplog.text


def test_connections_leave_most_files_to_the_bot() -> None:
    with files_allowed(512):
        assert connections.bound() == 128
    with files_allowed(4096):
        assert connections.bound() == connections.MOST == 256
