"""The only place that constructs: joins storage, deployment, engine, schedules and Slack into one running bot."""

from __future__ import annotations

import asyncio
import logging
import platform
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web
from redis.asyncio import Redis
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.chores.chores import Chore, Chores
from bot.chores.held import taken
from bot.chores.rows import Care, checking_of, chores_of, off_site, pruning_of, refuse_while_restoring
from bot.clock.pulse import Pulses, turning, watched
from bot.clock.timetable import Timetable
from bot.clock.waiting import first_of
from bot.directory.holders import EVERYBODY, Holders, JudgedAgain
from bot.domain.backups.schedule import Schedule, Slot, schedule_of
from bot.domain.companions.coverage import slots
from bot.domain.errors import BadInput, NeverSent
from bot.domain.model import Person
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Runbook
from bot.drivers.base import Driver
from bot.engine import Engine, nothing
from bot.hands.companions import Uploads
from bot.hands.hands import Hands, Performer
from bot.hands.thinking import Think, Thinking, let_clicks_pass
from bot.reach import driver_for
from bot.roles import Roles
from bot.runbooks import RUNBOOKS
from bot.runbooks.needs import asking
from bot.settings.settings import Settings
from bot.stores import Stores, store, stores_of
from handlers.desk import Desk
from handlers.drawer import Drawer
from handlers.listeners import register
from handlers.slack import ingress
from handlers.slack.connections import reachable
from handlers.slack.errands import Errands
from handlers.slack.footing import APP_TOKEN, BOT_TOKEN, Footing
from handlers.slack.forgetting import Forgetting
from handlers.slack.joining import BOLT, SOCKET, Identity, authorizer, join, keep_asking, open_socket, slack_client
from handlers.slack.people import People
from handlers.slack.presence import Presence
from handlers.slack.readers import Readers
from handlers.slack.uploads import SlackUploads
from storage.server import persistence

log = logging.getLogger(__name__)

_SLACK_S = 10.0
_REST_S = 10.0
_RINGS_S = 1.0


@dataclass(frozen=True, slots=True)
class Works:
    """The bot without Slack: what moves runs, the hands that a run is given, and what is done again and again."""

    engine: Engine
    hands: Callable[[], Performer]
    chores: tuple[Chore, ...]


def build(
    kept: Stores,
    driver: Driver,
    estate: Estate,
    care: Care,
    uploads: Uploads,
    clock: Callable[[], float],
    *,
    runbooks: Mapping[str, Runbook] = RUNBOOKS,
    holders: Holders = EVERYBODY,
    think: Think = asyncio.to_thread,
    committed: Callable[[], None] = lambda: None,
    synced: Callable[[], Awaitable[object]] = nothing,
    machine: str = "here",
    **rest: Any,
) -> Works:
    """Joins what needs each other. Every run gets hands of its own, and the chores have theirs.

    `clock` has to be the same for all processes: what one of them writes down, another one reads. `uploads` fetches
    files that people sent, `holders` knows who lost a role, `think` works out what rows say; `committed`, `synced`
    and the `rest`, are the engine's. `machine` is the name of this one.
    """
    checks = checking_of(care, kept, estate)
    hands = partial(Hands, driver, kept, uploads, checks, clock, think, tuple(estate.pools))
    joined = {"clock": clock, "synced": synced, "holders": holders, "think": think, "committed": committed}

    async def opened(run: Run) -> None:
        if run.pool_state is not None:
            await taken(kept.notices, run.pools, clock())

    told = {"seen": kept.readings.of, "opened": opened}
    engine = Engine(kept.runs, lambda run: hands(), runbooks, estate, **joined, **told, **rest)
    return Works(engine, hands, chores_of(care, kept, checks, hands(), driver, estate, think, machine))


class Switchback:
    """One running bot. `driver` reaches the deployment; `clock` is that of this `machine` (seconds since the epoch).

    By `clock` go signatures only. Whatever is kept goes by Redis' time. `roles` makes what knows who holds which role.
    `think` is closed with the bot, after the driver that may think with it.
    """

    def __init__(
        self,
        settings: Settings,
        client: Redis,
        driver: Driver,
        session: ClientSession,
        clock: Callable[[], float] = time.time,
        machine: str = "",
        roles: Callable[..., Roles] = Roles,
        think: Thinking | None = None,
    ) -> None:
        self._settings, self._driver, self._clock, self.estate = settings, driver, clock, estate_of(settings)
        self.stores = kept = stores_of(settings, client, clock)
        self.runs, self.backups = kept.runs, kept.backups
        self._stop, self._told = asyncio.Event(), asyncio.Event()
        self._footings = Footing(BOT_TOKEN), Footing(APP_TOKEN)
        self.slack, self._opener = (
            slack_client(token, settings.slack_api_url, session, footing)
            for token, footing in zip((settings.bot_token, settings.app_token), self._footings, strict=True)
        )
        self._roles = roles(settings, kept.links, kept.time)
        care = self._care = Care(settings.mirror, settings.retention, settings.timings, settings.companions)
        self.think, self.errands, self.pulses = think or Thinking(RUNBOOKS), Errands(), Pulses()
        works = build(
            kept,
            driver,
            self.estate,
            care,
            SlackUploads(self.slack),
            kept.time,
            runbooks=asking(RUNBOOKS, settings.needs, settings.approved_s),
            synced=kept.time.ask,
            machine=machine or platform.node(),
            known=kept.abilities.of,
            holders=JudgedAgain(self._judged_again),
            think=self.think,
            committed=self._told.set,
            glass=self._roles.break_glass,
        )
        self.engine, self._restored = works.engine, partial(refuse_while_restoring, settings.mirror, kept)
        self._timetable = Timetable(
            self._read_schedules, self._start_slot, lambda: datetime.fromtimestamp(kept.time(), UTC)
        )
        self._chores = Chores(works.chores, kept.turns, kept.notices, kept.time, allow=self._restored)
        self.bolt = _bolt(self.slack, authorizer(lambda: self.identity, settings.bot_token))
        self.identity: Identity | None = None
        self._people: People | None = None
        self._socket: Any = None
        self._ringing: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Work begins at once; Slack joins when it answers.

        Raises BadInput when Slack refuses the token, or when a restore from the off-site copy has not ended.
        """
        await self.stores.time.ask()
        await self._restored()
        for sentence in await persistence(self.stores.client):
            log.warning("%s", sentence)
        self._loop("engine", partial(self.engine.run_forever, self._stop))
        self._loop("chores", partial(self._chores.run_forever, self._stop))
        await self._timetable.wake()
        self._loop("timetable", partial(self._timetable.run_forever, self._stop))
        # Loading what rings would keep the first clicks waiting; its first look sees a slot that is due meanwhile.
        self._ringing = asyncio.get_running_loop().call_later(_RINGS_S, self._timetable.ring)
        self.identity = await join(self.slack)
        self._people = self._roles.people(self.slack, self.identity, lambda: self.refused)
        desk = self._desk(self.identity, self._people)
        register(self.bolt, desk)
        drawer = Drawer(desk)
        self._loop("changes of people", partial(desk.forgetting.run_forever, self._stop))
        self._loop("drawer", partial(drawer.run_forever, self._stop, self._told))
        if self._settings.app_token:
            self._socket = await open_socket(self.bolt, self._opener)
        if self._roles.linked is not None:
            self._loop("directory", partial(turning, turn=self._reread, stopped=self._stop))
        self._loop("question to Slack", partial(keep_asking, self.slack, self._stop))
        let_clicks_pass()
        log.info("Switchback is at work in workspace %s.", self.identity.team)

    def _loop(self, name: str, run: Callable[..., Coroutine[Any, Any, None]]) -> None:
        """Every loop has a pulse, by which it is known whether it turns."""
        self._tasks.append(asyncio.create_task(run(pulse=self.pulses.of(name)), name=name))

    async def close(self) -> None:
        """Takes no new work, lets what is under way come to rest for a while, then leaves it to the next start."""
        if self._ringing:
            self._ringing.cancel()
        await self._timetable.close()
        if self._socket:
            await self._socket.close_async()
        self._stop.set()
        await self.errands.close(_REST_S)
        if self._tasks:
            _, hanging = await asyncio.wait(self._tasks, timeout=_REST_S)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._driver.close()
        await self.think.close()
        self._roles.close()

    def application(self) -> web.Application:
        """The bot's own addresses: Slack's door (HTTP mode), `/healthz` and `/readyz`."""
        connected = self._connected if self._settings.app_token else None
        probes = ingress.Probes(self.stores.takes_writes, self._joined, connected, self.pulses.ages)
        application = web.Application(middlewares=[self._not_before_joining], client_max_size=ingress.MOST_BYTES)
        application.add_routes(ingress.routes(self.bolt, self._settings.signing_secret, probes, self._clock))
        return application

    @web.middleware
    async def _not_before_joining(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path == ingress.PATH and self.identity is None:
            return web.Response(status=503)
        return await handler(request)

    async def _joined(self) -> bool:
        return self.identity is not None and not self.refused

    @property
    def refused(self) -> str:
        """The firm no that Slack has said to one of our tokens, as a sentence; empty while there is none."""
        return next((footing.no for footing in self._footings if footing.no), "")

    async def _connected(self) -> bool:
        return self._socket is not None and await self._socket.client.is_connected()

    async def _reread(self) -> float:
        return await self._roles.reread(self.runs.open, self.engine.end_glasses)

    async def _judged_again(self, ids: Iterable[str]) -> tuple[Person, ...]:
        """Raises NeverSent while Slack has not joined: nobody can be judged yet."""
        if self._people is None:
            raise NeverSent("Slack does not answer yet, so nobody can tell whether those who approved still may.")
        return await self._people.judged_again(ids)

    def _desk(self, who: Identity, people: People) -> Desk:
        settings, kept = self._settings, self.stores
        return Desk(
            engine=self.engine,
            runs=self.runs,
            backups=self.backups,
            pruning=pruning_of(self._care, kept, self.estate),
            keepings=kept.keepings,
            cards=kept.cards,
            notices=kept.notices,
            agents=kept.agents,
            waits=kept.waits,
            quiet=settings.quiet_hours,
            people=people,
            forgetting=Forgetting(kept.forgotten, people),
            readers=Readers(self.slack, time.monotonic),
            presence=Presence(self.slack, time.monotonic),
            slack=self.slack,
            estate=self.estate,
            incidents=settings.incidents_channel,
            notifications=settings.notifications_channel,
            team=who.team,
            off_site=lambda: off_site(settings.mirror, kept, kept.time()),
            errands=self.errands,
            schedules=kept.schedules,
            timings=settings.timings,
            companions=kept.companions,
            rules=settings.companions,
            readings=kept.readings,
            answers=kept.answers,
            sign_ins=kept.sign_ins,
            now=self.stores.time,
        )

    async def _read_schedules(self) -> tuple[Schedule, ...]:
        said, configured = await self.stores.schedules.overrides(), self._settings.timings
        backups = (schedule_of(pool, configured[fqdn], said.get(fqdn)) for fqdn, pool in self.estate.pools.items())
        others = slots(self._settings.pools, self._settings.companions)
        return (
            *backups,
            *(Schedule(pool.fqdn, pool.time_zone, at, "companion", one.key) for pool, one, at in others),
        )

    async def _start_slot(self, slot: Slot) -> None:
        await self.engine.start_slot(slot)


def _bolt(client: AsyncWebClient, authorize: Callable[..., Awaitable[AuthorizeResult | None]]) -> AsyncApp:
    return AsyncApp(
        name="switchback",  # Without one, Bolt looks through every module for the file that made it.
        client=client,
        authorize=authorize,
        logger=BOLT,
        process_before_response=True,
    )


def estate_of(settings: Settings) -> Estate:
    """The configured pools, and what a run has to know of all of them."""
    pools = {pool.fqdn: pool for pool in settings.pools}
    return Estate(pools, settings.pairs(), settings.unpaired, settings.call_list, settings.mirror is not None)


@asynccontextmanager
async def running(
    settings: Settings,
    client: Redis,
    driver: Driver,
    host: str = "0.0.0.0",
    port: int | None = None,
    clock: Callable[[], float] = time.time,
    machine: str = "",
    **more: Any,
) -> AsyncIterator[Switchback]:
    """The whole bot, listening; it is closed in order on the way out. `port` None: no address of its own.

    `more` is what else it is given.
    """
    async with ClientSession(timeout=ClientTimeout(total=_SLACK_S)) as session:
        bot = Switchback(settings, client, driver, session, clock, machine, **more)
        door = nullcontext() if port is None else reachable(bot.application(), host=host, port=port)
        try:
            async with door:
                await bot.open()
                yield bot
        finally:
            await bot.close()


async def at_work(bot: Switchback, **patience: Any) -> None:
    """For ever; the process ends when a loop of the bot does not turn any more. `patience` is the watchdog's."""
    with watched(bot.pulses, **patience):
        await asyncio.Event().wait()


async def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Does the work until SIGINT or SIGTERM, wherever it is by then; then it is cancelled once, and ends in order."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    working = asyncio.create_task(work, name="work")
    await first_of(told, working)
    working.cancel()
    await asyncio.wait([working])
    if not working.cancelled():
        working.result()


def quiet_logs() -> None:
    """Our own lines from INFO up, everybody else's from WARNING up, Bolt's only when they are errors."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("bot", "handlers", "storage"):
        logging.getLogger(name).setLevel(logging.INFO)
    BOLT.setLevel(logging.ERROR)
    SOCKET.setLevel(logging.CRITICAL)


async def serve(settings: Settings) -> None:
    """`python -m bot serve`: until a signal. Raises BadInput for what keeps it from starting."""
    quiet_logs()
    if not settings.bot_token or not (settings.app_token or settings.signing_secret):
        raise BadInput("Slack is not configured. `python -m bot check` tells what is missing, a sentence each.")
    await until_told(_served(settings))


async def _served(settings: Settings) -> None:
    think = Thinking(RUNBOOKS)
    async with (
        store(settings) as client,
        running(
            settings, client, driver_for(settings, client, think=think.apart), port=settings.port, think=think
        ) as bot,
    ):
        await at_work(bot)
