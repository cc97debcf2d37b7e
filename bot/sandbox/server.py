"""The stand-in for Slack as one thing: what an app talks to, what people do, what everybody sees."""

import asyncio
import json
import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from aiohttp import web

from bot.sandbox import acts, api, clicks, doors, files, seed
from bot.sandbox.acts import Outcome
from bot.sandbox.clicks import Press, Where
from bot.sandbox.delivery import ACK_SECONDS, RETRY_AFTER, Delivery
from bot.sandbox.faults import Faults, Trouble
from bot.sandbox.journal import Journal
from bot.sandbox.manifest import read_manifest
from bot.sandbox.page import Page, add_headers, only_from_here
from bot.sandbox.refusals import SlackRefusal
from bot.sandbox.shapes import group_json, user_json
from bot.sandbox.slack import Slack
from bot.sandbox.switches import Switch
from bot.sandbox.tickets import Tickets
from bot.sandbox.transports import HttpTransport, SocketTransport
from bot.sandbox.values import Durable, File, Message, Person, View
from bot.sandbox.workspace import Workspace

HOST = "127.0.0.1"
LARGEST_CALL = 4 * 1024 * 1024
FAILING_CALLS = 3
SOCKET = "socket"
BOT_TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"
SIGNING_SECRET = "sandbox-signing-secret"
ALPHABET = string.ascii_uppercase + string.digits

T = TypeVar("T")


def random_id(prefix: str) -> str:
    """A fresh id of Slack's kind: the prefix and eleven capital letters or digits."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(11))


class Sandbox:
    """A workspace of Slack on 127.0.0.1, for one app.

    `deliver` is the app's address for HTTP, or "socket" for Socket Mode. `journal` keeps messages, cards and homes.
    The page shows `hints` (mrkdwn, one thing to try each) and `switches` beside the stand-in's own.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        journal: Journal,
        *,
        deliver: str = SOCKET,
        bot_token: str = BOT_TOKEN,
        app_token: str = APP_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        clock: Callable[[], float] = time.time,
        mint: Callable[[str], str] = random_id,
        ack_seconds: float = ACK_SECONDS,
        retry_after: Sequence[float] = RETRY_AFTER,
        contents: Iterable[Durable] | None = None,
        hints: Sequence[str] = (),
        switches: Sequence[Switch] = (),
    ) -> None:
        read = read_manifest(manifest)
        self.workspace = Workspace(seed.TEAM, seed.DOMAIN, seed.BOT_USER, seed.BOT_ID, seed.APP_ID)
        self.faults = Faults(clock)
        self.slack = Slack(
            self.workspace, read, journal, Tickets(clock, mint), self.faults, clock, mint, bot_token, app_token
        )
        self.sockets = SocketTransport(self.slack)
        transport = self.sockets if deliver == SOCKET else HttpTransport(deliver, signing_secret, clock)
        self.delivery = Delivery(self.slack, transport, ack_seconds, retry_after)
        self._page = Page(self.slack, self.delivery, hints, (*switches, *self._own_switches()))
        self._contents = tuple(contents) if contents is not None else seed.contents(read.bot_name)
        self._changed = asyncio.Event()
        self.workspace.watchers.append(lambda word, value: self._changed.set())
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """Where this listens, such as http://127.0.0.1:8080; known after start."""
        return self.slack.address

    @property
    def api_url(self) -> str:
        """The base address of the Web API, for SLACK_API_URL or AsyncWebClient(base_url=…)."""
        return f"{self.slack.address}/api/"

    def app(self) -> web.Application:
        """The web application: Web API, response URLs, Socket Mode, the page."""
        app = web.Application(client_max_size=LARGEST_CALL, middlewares=[only_from_here])
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(self._hang_up)
        app.add_routes(
            [
                web.route("*", "/api/{method}", partial(api.call, self.slack)),
                web.post("/response/{url_id}", self._respond),
                web.get("/link/", self.sockets.accept),
                *doors.routes(self.slack),
                *self._page.routes(),
            ]
        )
        return app

    async def start(self, port: int = 0) -> str:
        """Load the workspace and listen on 127.0.0.1, on a free port unless one is given; answers the address."""
        await self.open()
        self._runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        await site.start()
        host, bound = self._runner.addresses[0][:2]
        self.slack.address = f"http://{host}:{bound}"
        return self.slack.address

    async def stop(self) -> None:
        """Stop listening; what was said stays in the journal."""
        await self.delivery.close()
        if self._runner:
            await self._runner.cleanup()
        await self.slack.write_down()

    async def open(self) -> None:
        """Take back what the journal kept, or begin with the default contents."""
        kept = await self.slack.journal.load()
        self.workspace.load(kept)
        if not kept:
            for value in self._contents:
                self.workspace.put(value)
            await self.slack.write_down()

    async def command(self, user: str, channel: str, typed: str, thread_ts: str = "") -> Outcome:
        """Type a slash command, such as "/rgs help"."""
        return await acts.command(self.slack, self.delivery, user, channel, typed, thread_ts)

    async def say(self, user: str, channel: str, words: str, thread_ts: str = "") -> Message:
        """Post an ordinary message."""
        return await acts.say(self.slack, self.delivery, user, channel, words, thread_ts)

    async def open_home(self, user: str, tab: str = "home") -> None:
        """Open the app's Home (or Messages) tab."""
        await acts.open_home(self.slack, self.delivery, user, tab)

    async def click(
        self,
        user: str,
        where: Where,
        action_id: str,
        value: Any = None,
        *,
        block_id: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Press or choose something; `values` are fields already filled in beside it."""
        press = Press(action_id, value, block_id)
        return await clicks.click(self.slack, self.delivery, user, where, press, values or {})

    async def submit(self, user: str, view_id: str, values: Mapping[str, Any] | None = None) -> Outcome:
        """Send the form on top, fields by block id."""
        return await clicks.submit(self.slack, self.delivery, user, view_id, values or {})

    async def close(self, user: str, view_id: str, clear: bool = False) -> Outcome:
        """Put the form on top away."""
        return await clicks.close(self.slack, self.delivery, user, view_id, clear)

    async def pick(self, user: str, name: str, data: bytes) -> File:
        """Pick a file in a form; its id is what the field is filled in with."""
        return await files.pick(self.slack, user, name, data)

    def download(self, user: str, file_id: str) -> bytes:
        """The bytes of a file as this person downloads it."""
        return files.taken(self.slack, user, file_id)[1]

    def messages(self, channel: str) -> list[Message]:
        """Every message of a channel, oldest first, replies included."""
        return self.workspace.messages(channel)

    def ephemerals(self, user: str) -> list[Message]:
        """What only this person sees, oldest first."""
        return self.workspace.ephemerals(user)

    def home(self, user: str) -> View | None:
        """What this person's App Home shows."""
        return self.workspace.home(user)

    def modal(self, user: str) -> View | None:
        """The form on top before this person."""
        stack = self.workspace.stack(user)
        return stack[-1] if stack else None

    async def until(self, look: Callable[[], T], seconds: float = 30.0) -> T:
        """Wait until `look` finds something in the workspace, and answer what it found; TimeoutError otherwise."""
        async with asyncio.timeout(seconds):
            while not (found := look()):
                self._changed.clear()
                await self._changed.wait()
        return found

    async def change_person(self, changed: Person) -> None:
        """Change an account, for instance delete it; the app hears of it."""
        changed = replace(changed, updated=int(self.slack.clock()))
        self.workspace.put(changed)
        await self.slack.write_down()
        shown = user_json(changed, self.workspace, self.slack.manifest.scopes)
        event = {"type": "user_change", "user": shown, "cache_ts": changed.updated}
        await self.delivery.announce("user_change", event)

    def share(self, channel_id: str, *, ext_shared: bool = False, pending_shared: bool = False) -> None:
        """Another organisation reads this channel from now on, is only invited to it, or neither any more.

        An app that is not subscribed to events of shared channels does not hear of it.
        """
        channel = self.workspace.channel(channel_id)
        if channel is None:
            raise KeyError(channel_id)
        self.workspace.put(replace(channel, ext_shared=ext_shared, pending_shared=pending_shared))

    async def change_group(self, group_id: str, members: Sequence[str]) -> None:
        """Change who is in a user group; the app hears of both events Slack sends."""
        group = self.workspace.group(group_id)
        if group is None:
            raise KeyError(group_id)
        changed = replace(group, members=tuple(members), updated=int(self.slack.clock()))
        self.workspace.put(changed)
        await self.slack.write_down()
        added = [user for user in changed.members if user not in group.members]
        removed = [user for user in group.members if user not in changed.members]
        event = {
            "type": "subteam_members_changed",
            "subteam_id": group.id,
            "team_id": self.workspace.team,
            "date_previous_update": group.updated,
            "date_update": changed.updated,
            "added_users": added,
            "added_users_count": len(added),
            "removed_users": removed,
            "removed_users_count": len(removed),
        }
        await self.delivery.announce("subteam_members_changed", event)
        subteam = group_json(changed, self.workspace, with_users=True)
        await self.delivery.announce("subteam_updated", {"type": "subteam_updated", "subteam": subteam})

    async def go_away(self, away: bool = True) -> None:
        """Slack is not there: calls and connections end without an answer, until it is back."""
        self.faults.away = away
        if away:
            await self.sockets.close()

    async def _hang_up(self, app: web.Application) -> None:
        await self.sockets.close()
        await self._page.close()

    def _own_switches(self) -> tuple[Switch, ...]:
        return (
            Switch(
                "Slack is away", self._toggle_away, "Nothing gets in or out until it is back", lambda: self.faults.away
            ),
            Switch(
                "Slack limits the rate",
                self._toggle_limits,
                "One message a second per channel, and so many calls a minute",
                lambda: self.faults.rate_limits,
            ),
            Switch(
                "Let the next 3 calls fail", self._fail_calls, "Slack answers 500; a message or an edit may be missing"
            ),
        )

    async def _toggle_away(self) -> str:
        await self.go_away(not self.faults.away)
        return "Slack is away. What the bot does goes on, unseen." if self.faults.away else "Slack is back."

    async def _toggle_limits(self) -> str:
        self.faults.rate_limits = not self.faults.rate_limits
        return "Slack limits the rate now." if self.faults.rate_limits else "Slack takes calls as they come."

    async def _fail_calls(self) -> str:
        self.faults.next_calls(FAILING_CALLS, Trouble.SERVER_ERROR)
        return f"The bot's next {FAILING_CALLS} calls will fail."

    async def _respond(self, request: web.Request) -> web.Response:
        try:
            url = self.slack.tickets.answer(request.match_info["url_id"])
        except SlackRefusal as refusal:
            return web.json_response(refusal.answer(), status=404)
        try:
            body = json.loads(await request.text())
            acts.respond(self.slack, url, body if isinstance(body, Mapping) else {})
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_json"}, status=400)
        except SlackRefusal as refusal:
            return web.json_response(refusal.answer(), status=400)
        await self.slack.write_down()
        return web.Response(text="ok")
