"""The front of the house for tests: an unmodified Bolt app behind the door for HTTP, and the stand-in for Slack."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from redis.asyncio import Redis
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.base import AnyOf
from bot.directory.config import ConfiguredRoles
from bot.domain.backups.schedule import Timing
from bot.domain.model import Role
from bot.domain.runs.run import Run
from bot.sandbox import BOT_TOKEN, SIGNING_SECRET, SOCKET, MemoryJournal, Message, Sandbox
from handlers.blocks import actions
from handlers.desk import Desk
from handlers.listeners import register
from handlers.runs import card
from handlers.slack.connections import reachable
from handlers.slack.errands import Errands
from handlers.slack.forgetting import Forgetting
from handlers.slack.ingress import Probes, routes
from handlers.slack.joining import BOLT
from handlers.slack.people import People, SlackGroups
from handlers.slack.presence import Presence
from handlers.slack.readers import Readers
from handlers.slack.uploads import SlackUploads
from storage import keys
from storage.backups.keepings import Keepings
from storage.cards import Cards
from storage.forgotten import Forgotten
from storage.notices import Notices
from storage.schedules import Schedules
from tests.patience import PATIENCE_S
from tests.sandbox.parts import INCIDENT, MANIFEST, listening
from tests.scenarios.limits import ACKED_S, unhurried
from tests.scenarios.stage import ESTATE, Stage, off_site, pruning_of, stage_of

TEAM = "T0SWITCH01"
GROUPS = {Role.SERVER_ADMIN: ("S0SERVER01",), Role.RG_ADMIN: ("S0RGADMIN1",)}


@dataclass(frozen=True, slots=True)
class Front:
    """`url` is the bot's address."""

    slack: Sandbox
    stage: Stage
    desk: Desk
    app: AsyncApp
    url: str
    session: aiohttp.ClientSession

    async def post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """What a request to the door is answered with."""
        async with self.session.post(f"{self.url}/slack/events", data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def signed(self, body: bytes, headers: Mapping[str, str], age: int = 0) -> tuple[int, str]:
        """The same for what Slack signed `age` seconds ago."""
        return await self.post(body, {**headers, **signature(body, int(self.stage.clock()) - age)})

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.session.get(f"{self.url}{path}") as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    async def card(self, run: Run, channel: str = INCIDENT) -> Message:
        """The card of this run as it is now, posted to a channel."""
        drawn = card.card(await self.desk.engine.view(run.id))
        posted = await self.desk.slack.chat_postMessage(channel=channel, **drawn)
        return next(message for message in self.slack.messages(channel) if message.ts == posted["ts"])

    def told(self, user: str) -> list[str]:
        """What only this person was told, oldest first."""
        return [message.text for message in self.slack.ephemerals(user)]

    async def everything(self) -> dict[bytes, Any]:
        """All that is stored, apart from which deliveries were seen, and whom to ask for afresh: nothing changed."""
        beside = (b"replay:", keys.FORGOTTEN.encode())
        kept = [key async for key in self.stage.redis.scan_iter() if not key.startswith(beside)]
        return {key: await self.stage.redis.dump(key) for key in sorted(kept)}


def signature(body: bytes, stamp: int | str, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """Slack's headers for this body."""
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": f"v0={digest}"}


def form(fields: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    return urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"}


def click(
    run: Run, choice: str, user: str, team: str = TEAM, user_team: str = TEAM, trigger: str = "1.2.a", asks: bool = True
) -> bytes:
    """The body of a click on a button of this run as it is now."""
    value = actions.button_value(run.id, run.step, choice, run.question)
    payload = {
        "type": "block_actions",
        "team": {"id": team},
        "user": {"id": user, "team_id": user_team},
        "trigger_id": trigger,
        "actions": [{"type": "button", "action_id": actions.action_id(choice, asks), "block_id": "b", "value": value}],
    }
    return form({"payload": json.dumps(payload)})[0]


@asynccontextmanager
async def opened(redis: Redis, road: str = "http", **changes: Any) -> AsyncIterator[Front]:
    """The front over this Redis, with the pools of the stage and the people of the stand-in.

    `road` is how Slack's deliveries come: "http" or "socket"; `changes` are made to the desk.
    """
    stage = await stage_of(redis)
    door = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    deliver = SOCKET if road == SOCKET else f"{url}/slack/events"
    slack = Sandbox(MANIFEST, MemoryJournal(), deliver=deliver, clock=stage.clock, ack_seconds=ACKED_S)
    await slack.start()
    timeout = aiohttp.ClientTimeout(total=ACKED_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        client = AsyncWebClient(BOT_TOKEN, base_url=slack.api_url, session=session, retry_handlers=[])
        stage.uploads = SlackUploads(client)
        stage.rebuilt()
        desk = replace(desk_of(stage, client), **changes)
        app = AsyncApp(client=client, signing_secret=SIGNING_SECRET, logger=BOLT, process_before_response=True)
        register(app, desk)
        front = web.Application()
        front.add_routes(routes(app, SIGNING_SECRET, Probes(redis.ping, client.auth_test), stage.clock))
        try:
            with unhurried():
                async with reachable(front, shutdown_s=0.1, sock=door), listening(app, slack, road):
                    yield Front(slack, stage, desk, app, url, session)
        finally:
            await slack.stop()


def desk_of(stage: Stage, client: AsyncWebClient) -> Desk:
    groups = SlackGroups(client, GROUPS)
    directory = AnyOf([ConfiguredRoles({}), groups], timeout_s=PATIENCE_S)
    people = People(client, directory, TEAM, answer_s=PATIENCE_S)
    return Desk(
        engine=stage.engine,
        runs=stage.runs,
        backups=stage.backups,
        pruning=pruning_of(stage),
        keepings=Keepings(stage.redis),
        cards=Cards(stage.redis),
        notices=Notices(stage.redis),
        agents=stage.kept.agents,
        waits=stage.kept.waits,
        quiet="",
        people=people,
        forgetting=Forgetting(Forgotten(stage.redis), people),
        readers=Readers(client, stage.clock),
        presence=Presence(client, stage.clock),
        slack=client,
        estate=replace(ESTATE, mirrored=True),
        incidents=INCIDENT,
        notifications="C0BACKUPS1",
        team=TEAM,
        off_site=lambda: off_site(stage),
        errands=Errands(),
        schedules=Schedules(stage.redis),
        timings={fqdn: Timing() for fqdn in ESTATE.pools},
        companions=stage.companions,
        rules={},
        readings=stage.kept.readings,
        answers=stage.kept.answers,
        sign_ins=stage.kept.sign_ins,
        now=stage.clock,
    )
