"""The whole house for tests: the running bot as it is shipped, and the stand-in for Slack at its door."""

from __future__ import annotations

import asyncio
import html
import json
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ClientSession, web
from redis.asyncio import Redis

from bot.app import Switchback, running
from bot.commands import demo
from bot.domain.companions.coverage import Rule
from bot.domain.companions.kinds import COMPANIONS
from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.runs.opening import NOTHING
from bot.domain.runs.run import Run
from bot.drivers.base import Driver
from bot.drivers.simulated import SimulatedDriver
from bot.drivers.winrm.driver import WinRM
from bot.sandbox import APP_TOKEN, SIGNING_SECRET, SOCKET, MemoryJournal, Message, Outcome, Sandbox
from bot.sandbox.forms import filled_in
from bot.settings.settings import Settings
from handlers.blocks import actions
from handlers.slack.connections import reachable
from storage import keys
from storage.cards import Cards
from storage.worlds.worlds import RedisWorlds
from tests.drivers.wsman.site import served
from tests.patience import until
from tests.sandbox.parts import INCIDENT, MANIFEST
from tests.scenarios.balancer import Balancer
from tests.scenarios.limits import ACKED_S, unhurried

BOTS = 1
"""So many processes of the bot, where a test does not say how many: `--bots`."""

UNUSED = {(pool.fqdn, kind): Rule(used=False) for pool in demo.POOLS for kind in COMPANIONS}
"""No pool has companions."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as people saw it from this second on."""

    at: float
    message: Message


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    action_id: str
    value: str
    block_id: str


@dataclass(slots=True)
class House:
    """A bot at work, listening at `url`. `seen` has every version of every message, in order.

    `bots` are all processes on this Redis, the bot itself first; Slack speaks to them through the `balancer`.
    `clicks` are those that the bot was sent, on cards and in forms, and `fields` what was filled in: not what a field
    held already.
    """

    slack: Sandbox
    bot: Switchback
    redis: Redis
    worlds: RedisWorlds
    url: str
    bots: tuple[Switchback, ...] = ()
    balancer: Balancer | None = None
    seen: list[Seen] = field(default_factory=list)
    clicks: int = 0
    fields: int = 0

    def __post_init__(self) -> None:
        self.slack.workspace.watchers.append(self._note)

    def _note(self, word: str, value: object) -> None:
        if isinstance(value, Message):
            self.seen.append(Seen(time.time(), value))

    async def started(self, user: str, typed: str, channel: str = INCIDENT) -> Run:
        """Types a command that starts a run, and gives that run."""
        before = {run.id for run in await self.bot.runs.page(count=50)}
        outcome = await self.slack.command(user, channel, typed)
        new = [run for run in await self.bot.runs.page(count=50) if run.id not in before]
        assert outcome.ok and len(new) == 1, (outcome, self.told(user)[-1:])
        return new[0]

    def told(self, user: str) -> list[str]:
        """What only this person was told, oldest first."""
        return [message.text for message in self.slack.ephemerals(user)]

    async def card(self, run: Run, *words: str) -> Message:
        """The run's card as soon as it says all of this."""
        found: list[Message] = []

        async def says() -> bool:
            place = await Cards(self.redis).place(run.id)
            message = place and self.slack.workspace.message(place.channel, place.ts)
            found[:] = [message] if message else []
            return bool(message) and all(word in words_of(message) for word in words)

        await until(says, f"the card of {run.id} never says {words}", found)
        return found[0]

    async def press(self, user: str, card: Message, label: str, **filled: str) -> Outcome:
        """Presses the button of this label, and sends the form that it opens, if any."""
        button = button_of(card, label)
        self.clicks += 1
        outcome = await self.slack.click(user, card, button.action_id, button.value, block_id=button.block_id)
        view = self.slack.modal(user)
        if outcome.ok and filled and view:
            held = actions.answers({"values": filled_in(view.blocks, {})})
            self.clicks += 1
            self.fields += sum(said != held.get(key) for key, said in filled.items())
            fields = {actions.field_block(key): said for key, said in filled.items()}
            outcome = await self.slack.submit(user, view.id, fields)
        return outcome

    async def world(self) -> World:
        return (await self.worlds.load())[0]

    async def looked(self) -> None:
        """The bot looks once more how the pools stand: a minute has passed."""
        before = {fqdn: one.at for fqdn, one in (await self.bot.stores.answers.of(self.bot.estate.pools)).items()}
        await self.redis.delete(keys.turn("seeing"))

        async def looks() -> bool:
            now = await self.bot.stores.answers.of(self.bot.estate.pools)
            return all(fqdn in now and now[fqdn].at != before.get(fqdn) for fqdn in self.bot.estate.pools)

        await until(looks, "the bot does not look how the pools stand")

    async def take_down(self, pool: str) -> None:
        world, version = await self.worlds.load()
        await self.worlds.save(world.with_fault(Fault(FaultKind.POOL_DOWN, pool)), version)

    async def bring_up(self, pool: str) -> None:
        world, version = await self.worlds.load()
        await self.worlds.save(world.without_faults(pool), version)


def buttons(message: Message) -> list[Button]:
    """Everything that decides something when it is pressed, options of menus included; not what only shows more."""
    return [
        Button(element["text"]["text"], owner["action_id"], element.get("value", ""), block["block_id"])
        for block in message.blocks
        for owner in (*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else ()))
        if (id := owner.get("action_id", actions.TIMELINE)) not in (actions.TIMELINE, actions.REPORT)
        and not id.startswith(actions.HOW)
        for element in owner.get("options", [owner])
    ]


def button_of(message: Message, label: str) -> Button:
    found = [button for button in buttons(message) if button.label.removesuffix("…").strip() == label]
    assert found, f"no button “{label}” among {[button.label for button in buttons(message)]}: {words_of(message)}"
    return found[0]


def words_of(message: Message) -> str:
    """Everything that a message says in its blocks, as people read it."""
    return html.unescape("\n".join(words_in(list(message.blocks))))


def words_in(value: Any) -> Iterator[str]:
    """Every text of blocks or of a form, in order."""
    if isinstance(value, Mapping):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for part in value.values():
            yield from words_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from words_in(part)


def everything(messages: list[Message]) -> str:
    """Every sign of these messages, whatever nobody sees included."""
    return json.dumps([[one.text, one.blocks, one.metadata] for one in messages], ensure_ascii=False)


def settings_for(road: str, slack: Sandbox) -> Settings:
    """The demo's own settings, for HTTP or Socket Mode; backups only when somebody asks for one."""
    settings = replace(
        demo.configured(Settings()), slack_api_url=slack.api_url, schedules={}, companions=UNUSED, mirror=None
    )
    if road == SOCKET:
        return replace(settings, app_token=APP_TOKEN)
    return replace(settings, app_token="", signing_secret=SIGNING_SECRET)


@asynccontextmanager
async def house(
    redis: Redis,
    road: str = "http",
    *,
    worlds: RedisWorlds | None = None,
    bots: int | None = None,
    ahead_s: Sequence[float] = (),
    latency_s: float = 0.0,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    more: Mapping[str, Any] = NOTHING,
    remote: bool = False,
    **changes: Any,
) -> AsyncIterator[House]:
    """The bot at work over this Redis and the demo's deployment, which may live elsewhere (`worlds`).

    It is `remote` when each pool is reached over PowerShell remoting. `bots` says how many processes of it
    (`--bots`). Or `ahead_s` says of each on how wrong a machine it is: so many
    seconds is the clock there ahead. `changes` are made to its settings, `more` is what else each process is given.
    """
    worlds = worlds or RedisWorlds(redis)
    await demo.furnish(worlds, None)
    wrong = tuple(ahead_s) or (0.0,) * (bots or BOTS)
    ports = [free_port() for _ in wrong]
    async with AsyncExitStack() as stack:
        balancer, address = await stack.enter_async_context(balanced(ports))
        deliver = SOCKET if road == SOCKET else address
        slack = Sandbox(MANIFEST, MemoryJournal(), deliver=deliver, ack_seconds=ACKED_S)
        await slack.start()
        stack.push_async_callback(slack.stop)
        # Never the folder of a demo on this machine.
        data = stack.enter_context(TemporaryDirectory())
        driver: Driver = SimulatedDriver(worlds, clock=time.time, sleep=sleep, latency_s=latency_s)
        if remote:
            pools = [pool.fqdn for pool in demo.POOLS]
            site = await stack.enter_async_context(served(driver, worlds, pools, Path(data)))
            driver = WinRM(site.endpoints)
        stack.enter_context(unhurried())
        settings = replace(settings_for(road, slack), **{"data": data, **changes})
        at_work = [
            await stack.enter_async_context(
                running(settings, redis, driver, "127.0.0.1", port, clock(ahead), machine=str(port), **more)
            )
            for port, ahead in zip(ports, wrong, strict=True)
        ]
        if road == SOCKET:
            await until(lambda: _true(slack.sockets.connections >= len(wrong)))
        yield House(slack, at_work[0], redis, worlds, f"http://127.0.0.1:{ports[0]}", tuple(at_work), balancer)


def clock(ahead_s: float, right: Callable[[], float] = time.time) -> Callable[[], float]:
    """That of a machine, so many seconds ahead."""
    return lambda: right() + ahead_s


async def _true(said: bool) -> bool:
    return said


@asynccontextmanager
async def balanced(ports: Sequence[int]) -> AsyncIterator[tuple[Balancer | None, str]]:
    """The one address of the processes that listen at these ports, and what stands there if they are several."""
    doors = [f"http://127.0.0.1:{port}/slack/events" for port in ports]
    if len(doors) == 1:
        yield None, doors[0]
        return
    async with ClientSession() as session:
        balancer = Balancer(session, doors)
        application = web.Application()
        application.router.add_post("/slack/events", balancer.hand_on)
        with socket.create_server(("127.0.0.1", 0)) as door:
            async with reachable(application, shutdown_s=0.1, sock=door):
                yield balancer, f"http://127.0.0.1:{door.getsockname()[1]}/slack/events"


def free_port() -> int:
    """One that nobody listens at, from below those that outgoing connections are given meanwhile."""
    while True:
        port = random.randrange(10_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
