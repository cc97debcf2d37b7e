"""The two roads from Slack to an app: signed HTTP requests, and envelopes over the app's own web sockets."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.sandbox.slack import Slack

CONNECTIONS = 10
HELLO_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery; `attempt` counts the retries of an event, with the reason Slack gives."""

    kind: Literal["slash_commands", "interactive", "events_api"]
    payload: dict[str, Any]
    attempt: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app acknowledged with, or why it did not, in Slack's words for X-Slack-Retry-Reason."""

    body: Any = None
    failure: Literal["", "http_timeout", "http_error", "connection_failed"] = ""
    no_retry: bool = False


class Transport(Protocol):
    async def send(self, parcel: Parcel, within: float) -> Answer:
        """Deliver one parcel and wait that many seconds for the app to acknowledge it."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class HttpTransport:
    """Signed POSTs to the app's one address."""

    def __init__(self, url: str, signing_secret: str, clock: Callable[[], float]) -> None:
        self._url, self._secret, self._clock = url, signing_secret, clock
        self._session: aiohttp.ClientSession | None = None

    async def send(self, parcel: Parcel, within: float) -> Answer:
        self._session = self._session or aiohttp.ClientSession()
        body, headers = packed(parcel)
        headers |= signed(body, self._secret, int(self._clock()))
        limit = aiohttp.ClientTimeout(total=within)
        try:
            async with self._session.post(self._url, data=body, headers=headers, timeout=limit) as response:
                raw = await response.text()
        except TimeoutError:
            return Answer(failure="http_timeout")
        except aiohttp.ClientError:
            return Answer(failure="connection_failed")
        if not 200 <= response.status < 300:
            return Answer(failure="http_error", no_retry=response.headers.get("X-Slack-No-Retry") == "1")
        return Answer(json.loads(raw) if response.content_type == "application/json" and raw else raw)

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None


class SocketTransport:
    """Socket Mode: up to ten connections, each parcel to one of them in turn."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._open: set[web.WebSocketResponse] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, tuple[web.WebSocketResponse, asyncio.Future[Answer]]] = {}
        self._connected = asyncio.Event()

    @property
    def connections(self) -> int:
        return len(self._sockets)

    async def until_connected(self) -> None:
        """Wait for the app to open a connection, if none is open."""
        await self._connected.wait()

    async def accept(self, request: web.Request) -> web.WebSocketResponse:
        """One connection of the app, from hello to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._slack.socket_tickets or self._slack.faults.away:
            raise web.HTTPForbidden(text="This ticket is not good for a connection.")
        self._slack.socket_tickets.remove(ticket)
        socket = web.WebSocketResponse(timeout=1)
        await socket.prepare(request)
        refused = self._refused()
        if refused:
            await socket.send_json(farewell(refused))
            await socket.close()
            return socket
        self._open.add(socket)
        self._sockets.append(socket)
        self._connected.set()
        try:
            await socket.send_json(self._hello())
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._acknowledged(json.loads(frame.data))
        finally:
            self._gone(socket)
        return socket

    async def send(self, parcel: Parcel, within: float) -> Answer:
        if not self._sockets:
            return Answer(failure="connection_failed")
        # In turn, before any await: two parcels at once take different connections.
        socket = self._sockets.pop(0)
        self._sockets.append(socket)
        envelope_id = self._slack.mint("env-")
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = (socket, waiter)
        try:
            async with asyncio.timeout(within):
                await socket.send_json(_envelope(parcel, envelope_id))
                return await waiter
        except TimeoutError:
            return Answer(failure="http_timeout")
        except ConnectionError:
            return Answer(failure="connection_failed")
        finally:
            del self._waiting[envelope_id]

    async def disconnect(self, reason: Literal["warning", "refresh_requested", "link_disabled"]) -> None:
        """Tell every connection that it ends.

        After a warning it goes on being used; after refresh_requested nothing new comes over it, and the app is to
        open another; with link_disabled it is closed at once.
        """
        for socket in list(self._sockets):
            await socket.send_json(farewell(reason))
            if reason != "warning":
                self._unused(socket)
            if reason == "link_disabled":
                await socket.close()

    async def close(self) -> None:
        for socket in list(self._open):
            self._gone(socket)
            await socket.close()

    def _refused(self) -> str:
        if not self._slack.manifest.socket_mode:
            return "link_disabled"
        return "too_many_websockets" if len(self._sockets) >= CONNECTIONS else ""

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "debug_info": {"host": "sandbox", "approximate_connection_time": HELLO_SECONDS},
            "connection_info": {"app_id": self._slack.workspace.app_id},
        }

    def _acknowledged(self, frame: dict[str, Any]) -> None:
        _, waiter = self._waiting.get(frame.get("envelope_id", ""), (None, None))
        if waiter and not waiter.done():
            waiter.set_result(Answer(frame.get("payload")))

    def _unused(self, socket: web.WebSocketResponse) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
        if not self._sockets:
            self._connected.clear()

    def _gone(self, socket: web.WebSocketResponse) -> None:
        self._unused(socket)
        self._open.discard(socket)
        for owner, waiter in self._waiting.values():
            if owner is socket and not waiter.done():
                waiter.set_result(Answer(failure="connection_failed"))


def packed(parcel: Parcel) -> tuple[str, dict[str, str]]:
    """Body and headers of a parcel before it is signed."""
    if parcel.kind == "events_api":
        retry = {"X-Slack-Retry-Num": str(parcel.attempt), "X-Slack-Retry-Reason": parcel.reason}
        return json.dumps(parcel.payload), {"Content-Type": "application/json", **(retry if parcel.attempt else {})}
    form = parcel.payload if parcel.kind == "slash_commands" else {"payload": json.dumps(parcel.payload)}
    return urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"}


def signed(body: str, secret: str, timestamp: int) -> dict[str, str]:
    """Slack's signature headers: HMAC-SHA256 over `v0:timestamp:body`."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def farewell(reason: str) -> dict[str, Any]:
    """The frame that announces the end of a connection."""
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}


def _envelope(parcel: Parcel, envelope_id: str) -> dict[str, Any]:
    retry = {"retry_attempt": parcel.attempt, "retry_reason": parcel.reason.removeprefix("http_")}
    return {
        "envelope_id": envelope_id,
        "type": parcel.kind,
        "payload": parcel.payload,
        "accepts_response_payload": parcel.kind != "events_api",
        **(retry if parcel.kind == "events_api" else {}),
    }
