"""The page on which people use the stand-in: its files, its live feed, and what they do on it."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSCloseCode, web

from bot.sandbox import acts, clicks
from bot.sandbox.clicks import Press
from bot.sandbox.delivery import Delivery
from bot.sandbox.refusals import SandboxError
from bot.sandbox.slack import Slack
from bot.sandbox.switches import Switch
from bot.sandbox.values import Contents, Message

STATIC = Path(__file__).parent / "static"
SHOWN_AT_FIRST = 200
LOCAL = frozenset({"127.0.0.1", "localhost"})
POLICY = (
    "default-src 'self'; connect-src 'self' ws://127.0.0.1:* ws://localhost:*; img-src 'self' data: https:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Body = Mapping[str, Any]


async def _command(slack: Slack, delivery: Delivery, body: Body) -> acts.Outcome:
    return await acts.command(slack, delivery, body["as"], body["channel"], body["text"], body.get("thread_ts", ""))


async def _say(slack: Slack, delivery: Delivery, body: Body) -> acts.Outcome:
    await acts.say(slack, delivery, body["as"], body["channel"], body["text"], body.get("thread_ts", ""))
    return acts.Outcome()


async def _home(slack: Slack, delivery: Delivery, body: Body) -> acts.Outcome:
    await acts.open_home(slack, delivery, body["as"], body.get("tab", "home"))
    return acts.Outcome()


async def _click(slack: Slack, delivery: Delivery, body: Body) -> acts.Outcome:
    shown = body.get("shown")
    press = Press(body["action_id"], body.get("value"), body["block_id"], None if shown is None else tuple(shown))
    return await clicks.click(slack, delivery, body["as"], body["where"], press, body.get("values", {}))


async def _submit(slack: Slack, delivery: Delivery, body: Body) -> acts.Outcome:
    return await clicks.submit(slack, delivery, body["as"], body["view_id"], body.get("values", {}))


async def _close(slack: Slack, delivery: Delivery, body: Body) -> acts.Outcome:
    return await clicks.close(slack, delivery, body["as"], body["view_id"], bool(body.get("clear")))


@dataclass(frozen=True, slots=True)
class Act:
    """One thing people do on the page: what it must say, all of it text, and who does it."""

    needs: tuple[str, ...]
    run: Callable[[Slack, Delivery, Body], Awaitable[acts.Outcome]]


ACTS = {
    "click": Act(("as", "where", "action_id", "block_id"), _click),
    "close": Act(("as", "view_id"), _close),
    "command": Act(("as", "channel", "text"), _command),
    "home": Act(("as",), _home),
    "say": Act(("as", "channel", "text"), _say),
    "submit": Act(("as", "view_id"), _submit),
}


def read_act(raw: str) -> tuple[Act, Body]:
    """What the page asks for; ValueError when it makes no sense."""
    body = json.loads(raw)
    act = ACTS.get(body.get("do", "")) if isinstance(body, dict) else None
    if act is None or not all(isinstance(body.get(name), str) for name in act.needs):
        raise ValueError("This is no act of a person.")
    if not isinstance(body.get("values", {}), dict):
        raise ValueError("The values of a form are named.")
    if not isinstance(body.get("shown", []), list) or not all(isinstance(one, dict) for one in body.get("shown", [])):
        raise ValueError("What was shown is a list of blocks.")
    return act, body


class Page:
    """Serves the page; whatever changes in the workspace reaches every open page at once."""

    def __init__(self, slack: Slack, delivery: Delivery, hints: Sequence[str], switches: Sequence[Switch]) -> None:
        self._slack, self._delivery = slack, delivery
        self._hints, self._switches = tuple(hints), tuple(switches)
        self._feeds: set[asyncio.Queue[bytes]] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        self._switched: list[dict[str, Any]] = []
        slack.workspace.watchers.append(self._changed)

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", self._index),
            web.get("/archives/{channel}/{message}", self._index),
            web.static("/static", STATIC),
            web.get("/page/live", self._live),
            web.get("/page/earlier", self._earlier),
            web.post("/page/act", self._act),
            web.post("/page/switch/{number}", self._switch),
        ]

    async def close(self) -> None:
        """Let every open page go; it tries by itself until the stand-in is back."""
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    def snapshot(self) -> dict[str, Any]:
        """Everything the page needs to begin with; older messages are asked for when somebody scrolls up."""
        workspace, manifest = self._slack.workspace, self._slack.manifest
        ephemerals = [one for person in workspace.people() for one in workspace.ephemerals(person.id)]
        return {
            "do": "begin",
            "now": self._slack.clock(),
            "team": workspace.team,
            "bot": workspace.bot_user,
            "app": manifest.name,
            "writable": manifest.writable_messages,
            "commands": list(manifest.commands.values()),
            "people": workspace.people(),
            "groups": workspace.groups(),
            "channels": workspace.channels(),
            "files": workspace.files(),
            "messages": [one for channel in workspace.channels() for one in self._recent(channel.id)] + ephemerals,
            "homes": workspace.homes(),
            "modals": workspace.stacks(),
            "hints": self._hints,
            "switches": [switch.shown() for switch in self._switches],
        }

    def _recent(self, channel: str, before: str = "~") -> list[Message]:
        """The newest messages before a ts, with the roots of the threads they belong to."""
        everything = [one for one in self._slack.workspace.messages(channel) if one.ts < before]
        newest = everything[-SHOWN_AT_FIRST:]
        present = {one.ts for one in newest}
        roots = {one.thread_ts for one in newest if one.thread_ts} - present
        return [one for one in everything if one.ts in roots] + newest

    def _changed(self, word: str, value: Any) -> None:
        if not self._feeds or isinstance(value, Contents):
            return
        if word == "modals":
            change = {"do": word, "user": value[0], "views": value[1]}
        else:
            change = {"do": word, "kind": value.key.partition(":")[0], "value": value}
        self._send(change)
        self._tell_switches()

    def _tell_switches(self) -> None:
        """A switch may turn by itself, for instance when the one failure it promised has happened."""
        shown = [switch.shown() for switch in self._switches]
        if shown != self._switched:
            self._switched = shown
            self._send({"do": "switches", "switches": shown})

    def _send(self, change: dict[str, Any]) -> None:
        frame = msgspec.json.encode(change)
        for feed in self._feeds:
            feed.put_nowait(frame)

    async def _index(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=20, timeout=1)
        await socket.prepare(request)
        feed: asyncio.Queue[bytes] = asyncio.Queue()
        begin = self.snapshot()
        self._switched = begin["switches"]
        feed.put_nowait(msgspec.json.encode(begin))
        self._feeds.add(feed)
        self._sockets.add(socket)
        sender = asyncio.create_task(_pump(feed, socket))
        try:
            async for _ in socket:
                pass
        finally:
            self._feeds.discard(feed)
            self._sockets.discard(socket)
            sender.cancel()
        return socket

    async def _earlier(self, request: web.Request) -> web.Response:
        found = self._recent(request.query.get("channel", ""), request.query.get("before", "~"))
        return web.Response(body=msgspec.json.encode(found), content_type="application/json")

    async def _act(self, request: web.Request) -> web.Response:
        try:
            act, body = read_act(await request.text())
        except ValueError:
            raise web.HTTPBadRequest(text="The page asked for something this stand-in does not know.") from None
        try:
            outcome = await act.run(self._slack, self._delivery, body)
        except SandboxError as refusal:
            return web.json_response({"ok": False, "notice": str(refusal), "errors": {}})
        return web.json_response({"ok": outcome.ok, "notice": outcome.notice, "errors": dict(outcome.errors)})

    async def _switch(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        if not number.isdecimal() or int(number) >= len(self._switches):
            raise web.HTTPNotFound(text="There is no such switch.")
        notice = await self._switches[int(number)].press()
        self._tell_switches()
        return web.json_response({"ok": True, "notice": notice or "", "errors": {}})


async def _pump(feed: asyncio.Queue[bytes], socket: web.WebSocketResponse) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await socket.send_str((await feed.get()).decode())


@web.middleware
async def only_from_here(request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
    """Refuse other sites that a browser on this machine may have open: they send their own name as Host or Origin."""
    host = request.host.rpartition(":")[0] or request.host
    origin = request.headers.get("Origin", "")
    if host not in LOCAL or origin not in ("", f"http://{request.host}"):
        raise web.HTTPForbidden(text="This page is only for this machine.")
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """What a browser may load here: nothing but what is served here."""
    if not isinstance(response, web.WebSocketResponse):
        response.headers.update(HEADERS)
