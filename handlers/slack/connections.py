"""Who may stay connected to the bot's own address, how many, and how long: strangers get little of each."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from handlers.slack import failures
from handlers.slack.tally import Tally

log = logging.getLogger(__name__)

SIGNED = web.RequestKey("signed", bool)
"""The key of a request that says that Slack signed it."""

STRANGERS_S = 10.0
"""How long a connection lasts over which Slack has signed nothing: half a header, a probe, a slow body."""

KEPT_S = 75.0
"""How long a connection of Slack's may be idle: longer than proxies keep theirs, which is 60 s as a rule."""

LINGERING_S = 1.0
"""How much longer a body is read that nobody wants, so that the answer is seen."""

GRACE_S = 5.0
"""How much longer a stranger's connection lasts whose request is being answered: more than any answer takes."""

MOST = 256
"""Connections at once; fewer where a process may open few files."""

_SHARE = 4
_SWEEP_S = 0.5
_BACKLOG = 128
_HEADERS, _LINE_BYTES = 64, 4096
UNREADABLE = "A request was refused that is not well-formed HTTP, or that broke off."
FULL = "No further connection can be taken: this process may not open more files."
_CUT = (HttpProcessingError, web.RequestPayloadError, ConnectionError)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Connections:
    """Makes the protocol of each new connection, lets go of another one for it, and of strangers after a while.

    aiohttp has no bound of connections, and waits for a first header as long as for a further request.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._server: web.Server | None = None
        self._since: dict[web.RequestHandler, float] = {}
        self._signed: set[web.RequestHandler] = set()
        self._answering: set[web.RequestHandler] = set()

    def of(self, server: web.Server) -> Connections:
        self._server = server
        return self

    def __call__(self) -> web.RequestHandler:
        assert self._server is not None
        others = self._server.connections
        if len(others) >= self._most:
            # The oldest stranger; were all of them Slack's, the oldest.
            _drop(min(others, key=self._signed.__contains__))
        return self._server()

    @web.middleware
    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        one = request.protocol
        self._answering.add(one)
        try:
            return await handler(request)
        finally:
            self._answering.discard(one)
            if request.get(SIGNED):
                self._signed.add(one)

    async def sweep(self) -> None:
        """Again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._let_go(asyncio.get_running_loop().time())

    def _let_go(self, now: float) -> None:
        assert self._server is not None
        self._since = {one: self._since.get(one, now) for one in self._server.connections}
        self._signed &= self._since.keys()
        for one, since in self._since.items():
            spared_s = GRACE_S if one in self._answering else 0.0
            if one not in self._signed and now - since >= STRANGERS_S + spared_s:
                _drop(one)


class Heard(logging.Logger):
    """Where aiohttp logs: its lines quote what was sent, with a stack trace each; only their kind is told, counted."""

    def __init__(self, tally: Tally) -> None:
        super().__init__("aiohttp")
        self._tally = tally

    def handle(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._tally.say(UNREADABLE if isinstance(error, _CUT) else _unforeseen("A request was not answered", error))


@asynccontextmanager
async def reachable(application: web.Application, shutdown_s: float = 2.0, **where: Any) -> AsyncIterator[None]:
    """The application, reachable at `where` (as `create_server` takes it), until the end of the block."""
    loop, tally, connections = asyncio.get_running_loop(), Tally(log), Connections(bound())
    application.middlewares.insert(0, connections.watch)
    runner = web.AppRunner(
        application,
        access_log=None,
        logger=Heard(tally),
        shutdown_timeout=shutdown_s,
        keepalive_timeout=KEPT_S,
        lingering_time=LINGERING_S,
        max_headers=_HEADERS,
        max_line_size=_LINE_BYTES,
    )
    await runner.setup()
    assert runner.server is not None
    loop.set_exception_handler(_counted(tally))
    sweeping = asyncio.create_task(connections.sweep(), name="connections")
    try:
        server = await loop.create_server(connections.of(runner.server), backlog=_BACKLOG, **where)
        try:
            yield
        finally:
            server.close()
    finally:
        sweeping.cancel()
        await runner.cleanup()
        loop.set_exception_handler(None)


def bound() -> int:
    """How many connections at once: most of what a process may open is for Redis, Slack and the servers."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if allowed < 0 else min(MOST, allowed // _SHARE)


def _counted(tally: Tally) -> Callable[[asyncio.AbstractEventLoop, Mapping[str, Any]], None]:
    """Without room for one more connection, asyncio says so a hundred times a second, with a stack trace each."""

    def handle(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        if "socket" in context and isinstance(context.get("exception"), OSError):
            tally.say(FULL)
        else:
            loop.default_exception_handler(dict(context))

    return handle


def _drop(one: web.RequestHandler) -> None:
    """At once: a transport that is merely closed waits for ever for whoever reads nothing."""
    if one.transport is not None:
        one.transport.abort()


def _unforeseen(what: str, error: BaseException | None) -> str:
    return f"{what}: {type(error).__name__} at {failures.where(error)}" if error else f"{what}."
