"""Every line of a request, and every part of what it says, broken in turn: refused, and the log quotes nothing."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.sandbox import SOCKET
from bot.sandbox.transports import Parcel
from handlers.blocks import actions
from handlers.slack import ingress
from handlers.slack.joining import BOLT
from handlers.slack.joining import SOCKET as SOCKET_LOG
from handlers.slack.shapes import NONSENSE as NONSENSE_SAID
from tests.patience import PATIENCE_S, until
from tests.sandbox.parts import ANNA, EMIL, INCIDENT
from tests.scenarios.front import TEAM, Front, form, opened, signature
from tests.scenarios.house import house
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import A
from tests.scenarios.test_front import SEEN, fields

HUSH = "hush-hush"
JSON = {"Content-Type": "application/json"}
SAID: tuple[Any, ...] = (None, [], {}, "", 0, True, HUSH, [[]], {"id": []}, [HUSH], {HUSH: HUSH})
UNREAD = frozenset({"message", "blocks", "profile"})
"""Nobody looks into these."""

BODY, FORM = form({"command": "/rgs", "text": HUSH, "team_id": TEAM, "user_id": EMIL, "channel_id": "C0INCIDENT"})


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is written down as the bot is shipped."""
    caplog.set_level(logging.ERROR, BOLT.name)
    caplog.set_level(logging.CRITICAL, SOCKET_LOG.name)
    caplog.set_level(logging.INFO)
    return caplog


def quotes_nothing(log: pytest.LogCaptureFixture) -> bool:
    """Neither a stack trace nor anything that was sent."""
    return "Traceback" not in log.text and HUSH not in log.text


# --- the lines of a request --------------------------------------------------------------------------------------


def broken(lines: list[str]) -> Iterator[bytes]:
    """The request with each line broken in every way."""
    for place, line in enumerate(lines):
        name, _, value = line.partition(":")
        for other in (
            HUSH,
            f" {line}",
            f"{name} {HUSH}",
            f"{name}\0: {value}",
            f"{name}: {HUSH}\0",
            f"{name}: {HUSH * 2000}",
            f"{line}\r\n{line}",
            f"{name}:",
            f": {value}",
            f"{name}: -1",
            f"{name}: 99999999999999999999999999",
            "Transfer-Encoding: chunked",
            "Content-Encoding: gzip",
            "",
        ):
            yield "\r\n".join([*lines[:place], other, *lines[place + 1 :], "", ""]).encode() + BODY
    for method in ("GET", "PUT", "BREW", "post", "\x16\x03\x01", "CONNECT", HUSH):
        yield "\r\n".join([lines[0].replace("POST", method), *lines[1:], "", ""]).encode() + BODY
    for version in ("HTTP/0.9", "HTTP/2.0", "HTTP/1.10", HUSH):
        yield "\r\n".join([lines[0].replace("HTTP/1.1", version), *lines[1:], "", ""]).encode() + BODY


async def answered(front: Front, raw: bytes) -> bytes:
    """The first line of the answer; nothing when the bot hangs up without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(front.url.rpartition(":")[2]))
    writer.write(raw)
    writer.write_eof()
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await reader.readline()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_every_line_of_a_request_broken_in_turn(front: Front, log: pytest.LogCaptureFixture) -> None:
    before = await front.everything()
    headers = {"Host": "x", "Content-Length": str(len(BODY))} | FORM | signature(BODY, int(front.stage.clock()))
    lines = ["POST /slack/events HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]

    answers = [await answered(front, raw) for raw in broken(lines)]

    # What is not broken by it, such as a header without meaning, is answered as ever.
    assert {line[9:12] for line in answers} <= {b"200", b"400", b"401", b"404", b"405", b"408", b"413", b"415", b""}
    assert await front.everything() == before
    assert quotes_nothing(log) and len(log.messages) == len(set(log.messages)) <= 3


# --- what it says ------------------------------------------------------------------------------------------------


NONSENSE: tuple[dict[str, Any], ...] = (
    {"type": "block_actions", "actions": []},
    {"type": "block_actions", "actions": None},
    {"type": "block_actions", "actions": [{}]},
    {"type": "block_actions", "actions": [{"action_id": "x"}], "view": {}},
    {"type": "event_callback", "event": None},
    {"type": "event_callback", "event": {}},
    {"type": "event_callback", "event": {"type": "user_change", "user": HUSH}},
    {"type": "event_callback", "event": {"type": "subteam_updated"}},
    {"type": "view_submission", "view": {"id": "V1", "callback_id": HUSH, "private_metadata": ""}},
    {"type": "view_submission"},
    {"type": [HUSH]},
    {"command": [HUSH]},
    {},
)


def of_us(body: dict[str, Any]) -> dict[str, Any]:
    """What everything from our workspace says beside."""
    return {"team_id": TEAM, "team": {"id": TEAM}, "user": {"id": EMIL, "name": HUSH}, "trigger_id": "1.2.a", **body}


@pytest.mark.parametrize("body", NONSENSE, ids=json.dumps)
async def test_signed_nonsense_is_a_bad_request_and_one_counted_line(
    front: Front, log: pytest.LogCaptureFixture, body: dict[str, Any]
) -> None:
    raw = json.dumps(of_us(body)).encode()

    for age in range(3):
        assert await front.signed(raw, JSON, age) == (400, "")

    assert log.messages == [NONSENSE_SAID] and quotes_nothing(log)


async def test_the_same_over_socket_mode_is_one_counted_line_and_the_bot_goes_on(
    redis: Redis, log: pytest.LogCaptureFixture
) -> None:
    async with house(redis, SOCKET, bots=1) as rooms:
        log.clear()
        kinds: tuple[Any, ...] = ("interactive", "events_api", "slash_commands")
        sent = (rooms.slack.sockets.send(Parcel(kind, of_us(body)), 1.0) for kind in kinds for body in NONSENSE)
        assert {answer.failure for answer in await asyncio.gather(*sent)} == {"http_timeout"}, "none is acknowledged"

        assert (await rooms.slack.command(ANNA, INCIDENT, "/rgs help")).ok and len(rooms.told(ANNA)) == 1
        lines = [one.getMessage() for one in log.records if one.levelno >= logging.WARNING]
        assert lines == [NONSENSE_SAID] and quotes_nothing(log)


def parts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything within it."""
    below = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in below:
        yield (*path, key)
        if key not in UNREAD:
            yield from parts(inner, (*path, key))


def changed(body: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    copied = copy.deepcopy(body)
    into = copied
    for key in path[:-1]:
        into = into[key]
    change(into, path[-1])
    return copied


def variants(body: Any) -> Iterator[Any]:
    """Without each part in turn, and with something else in its place."""
    for path in parts(body):
        yield changed(body, path, lambda into, key: into.pop(key))
        for said in SAID:
            yield changed(body, path, lambda into, key, said=said: into.__setitem__(key, said))


async def deliveries(front: Front, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """One of each kind that Slack sends, as it came when people did things."""
    came: list[dict[str, Any]] = []
    sound = ingress.sound
    with monkeypatch.context() as patched:
        patched.setattr(ingress, "sound", lambda body: came.append(copy.deepcopy(body)) or sound(body))
        await front.slack.command(ANNA, INCIDENT, "/rgs help")
        run = await front.stage.settle((await front.desk.engine.start("failover", A, OPENER)).id)
        await front.slack.click(ANNA, await front.card(run), actions.action_id("declare"))
        form = front.slack.modal(ANNA)
        assert form
        await front.slack.submit(ANNA, form.id, fields(**{**SEEN, "seen": "   "}))
        await front.slack.open_home(ANNA)
        person = front.slack.workspace.person(EMIL)
        assert person
        await front.slack.change_person(replace(person, handle="emil.n"))
        await front.slack.change_group("S0RGADMIN1", [ANNA])
        await until(lambda: asyncio.sleep(0, len(came) >= 7), seen=came)
    return came


async def test_every_part_of_what_slack_sends_broken_in_turn(
    front: Front, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = await deliveries(front, monkeypatch)
    kinds = [str(body.get("event", {}).get("type") or body.get("type") or body["command"]) for body in came]
    assert {"/rgs", "block_actions", "view_submission", "app_home_opened", "user_change"} < set(kinds)
    log.clear()

    answers: dict[int, int] = {}
    for body in came:
        for variant in variants(body):
            status, _ = await front.signed(json.dumps(variant).encode(), JSON)
            answers[status] = answers.get(status, 0) + 1

    assert set(answers) <= {200, 400, 401, 404} and answers[400] > 100, (answers, set(log.messages))
    assert quotes_nothing(log) and not [one for one in log.records if one.levelno > logging.WARNING]
    assert log.messages.count(NONSENSE_SAID) == 1
