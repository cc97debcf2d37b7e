"""The door for HTTP: what is not signed by Slack is refused before anything reads it, and the rest goes to Bolt."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from yarl import query_to_pairs

from bot.clock.pulse import READY_S
from bot.domain.errors import BotError
from bot.domain.measures import aged
from handlers.slack import failures
from handlers.slack.connections import SIGNED
from handlers.slack.shapes import NONSENSE, Body, sound
from handlers.slack.tally import Tally

log = logging.getLogger(__name__)

PATH = "/slack/events"
SIGNATURE = "X-Slack-Signature"
WINDOW_S = 300
"""How far a timestamp may be from now, either way (facts: slack limits)."""

MOST_BYTES = 1024 * 1024
"""Slack's largest request is a click in a view of 250 kB, form-encoded."""

DEADLINE_S = 2.95
"""Slack waits for 3 s."""

PROBE_S = 2.0

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Probes:
    """What `/healthz` and `/readyz` look at: each answers whether it is so, or raises.

    `socket` is None without Socket Mode; `redis` whether the store takes writes, `slack` whether Slack has accepted us.
    `loops` gives the seconds since each loop of the bot turned last, by its name.
    """

    redis: Callable[[], Awaitable[object]]
    slack: Callable[[], Awaitable[object]]
    socket: Callable[[], Awaitable[object]] | None = None
    loops: Callable[[], Mapping[str, float]] = dict


class OffTime:
    """Says once in each spell by how much our clock and Slack's differ; a delivery in time ends the spell."""

    def __init__(self) -> None:
        self._said = False

    def accepts(self, apart_s: float) -> bool:
        """Whether what Slack signed so long ago (seconds, negative: in the future) is taken."""
        is_off = abs(apart_s) > WINDOW_S
        if is_off and not self._said:
            side = "ahead of" if apart_s > 0 else "behind"
            log.error(
                "Slack's requests are refused: this machine's clock is %s %s Slack's. Set it, by NTP for example.",
                aged(abs(apart_s)),
                side,
            )
        self._said = is_off
        return not is_off


def routes(app: AsyncApp, signing_secret: str, probes: Probes, now: Callable[[], float]) -> list[web.RouteDef]:
    """The bot's addresses. Without a signing secret there is no door for Slack: everything comes by Socket Mode."""
    door = [web.post(PATH, events(app, signing_secret, now)), web.get(PATH, certificate)] if signing_secret else []
    return [*door, web.get("/healthz", alive(probes)), web.get("/readyz", ready(probes))]


def events(app: AsyncApp, signing_secret: str, now: Callable[[], float]) -> Handler:
    """Slash commands, interactivity and events."""
    secret, tally = hmac.new(signing_secret.encode(), digestmod=hashlib.sha256), Tally(log)
    late = OffTime()

    async def take(request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(DEADLINE_S):
                raw = await _signed(request, secret, now(), late)
                request[SIGNED] = True
                return await _dispatched(app, request, sound(parsed(raw, request.content_type)), tally)
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="") from None
        except (ValueError, RecursionError):
            tally.say(NONSENSE)
            raise web.HTTPBadRequest(text="") from None

    return take


async def certificate(request: web.Request) -> web.Response:
    """Slack looks at the certificate of a command's address now and then, with `?ssl_check=1`."""
    return web.Response(status=200 if request.query.get("ssl_check") == "1" else 405)


def parsed(raw: bytes, content_type: str) -> dict[str, Any]:
    """The body as Bolt wants it. Raises ValueError for what is neither a form nor a JSON object."""
    if content_type == "application/json":
        return _mapping(raw)
    form = dict(query_to_pairs(raw.decode()))
    return _mapping(form["payload"]) if "payload" in form else form


def alive(probes: Probes) -> Handler:
    """200 as long as this process answers; what it says of Socket Mode is for people and watchdogs."""
    tally = Tally(log)

    async def answer(request: web.Request) -> web.Response:
        states = {None: "off", True: "connected", False: "not connected"}
        connected = await _holds("Socket Mode", probes.socket, tally) if probes.socket else None
        return web.json_response({"alive": True, "socket_mode": states[connected]})

    return answer


def ready(probes: Probes) -> Handler:
    """200 when Redis takes writes, Slack has accepted the bot and every loop turns, else 503 with what is missing."""
    tally = Tally(log)

    async def answer(request: web.Request) -> web.Response:
        asked = (("Redis", probes.redis), ("Slack", probes.slack))
        redis, slack = await asyncio.gather(*(_holds(what, probe, tally) for what, probe in asked))
        loops = dict(probes.loops())
        well = redis and slack and all(age_s <= READY_S for age_s in loops.values())
        return web.json_response({"redis": redis, "slack": slack, "loops": loops}, status=200 if well else 503)

    return answer


async def _signed(request: web.Request, secret: hmac.HMAC, now: float, late: OffTime) -> bytes:
    """The body as it came, when Slack signed exactly these bytes just now; else 401, or 413 for too many of them."""
    signature = request.headers.get(SIGNATURE, "")
    stamp = request.headers.get("X-Slack-Request-Timestamp", "")
    if not (signature and stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        raise web.HTTPUnauthorized(text="")
    digest, chunks, size = secret.copy(), [], 0
    digest.update(f"v0:{stamp}:".encode())
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > MOST_BYTES:
            raise web.HTTPRequestEntityTooLarge(MOST_BYTES, size, text="")
        digest.update(chunk)
        chunks.append(chunk)
    # In bytes: of text, compare_digest takes ASCII only, and a stranger may send anything.
    if not hmac.compare_digest(f"v0={digest.hexdigest()}".encode(), signature.encode("utf-8", "surrogateescape")):
        raise web.HTTPUnauthorized(text="")
    if not late.accepts(now - int(stamp)):
        raise web.HTTPUnauthorized(text="")
    return b"".join(chunks)


async def _dispatched(app: AsyncApp, request: web.Request, body: Body, tally: Tally) -> web.Response:
    """What Bolt answers. To Bolt it comes as by Socket Mode: verified already, parsed already."""
    retries = {name: value for name, value in request.headers.items() if name.lower().startswith("x-slack-retry-")}
    context = {"signature": request.headers[SIGNATURE]}
    try:
        asked = AsyncBoltRequest(mode="socket_mode", body=body, headers=retries, context=context)
        answer = await app.async_dispatch(asked)
    except Exception as error:
        tally.say(failures.unforeseen(error))
        return web.Response(status=500)
    kind = answer.headers.get("content-type", ["text/plain"])[0].partition(";")[0]
    return web.Response(status=answer.status, text=answer.body or "", content_type=kind)


async def _holds(what: str, probe: Callable[[], Awaitable[object]], tally: Tally) -> bool:
    """Anybody may ask for a probe as often as they like, so what one comes to is counted."""
    try:
        async with asyncio.timeout(PROBE_S):
            return bool(await probe())
    except TimeoutError:
        tally.say(f"{what} did not answer a probe within {PROBE_S:.0f} s.")
    except BotError as error:
        tally.say(f"A probe of {what} failed: {error.sentence}")
    except Exception as error:
        tally.say(f"A probe of {what} failed: {failures.named(error)}.")
    return False


def _mapping(data: bytes | str) -> dict[str, Any]:
    value = msgspec.json.decode(data)
    if not isinstance(value, Mapping):
        raise ValueError("not a JSON object")
    return value
