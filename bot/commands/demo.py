"""Everything on this machine: an embedded store, simulated pools, a stand-in for Slack with a page, and the bot."""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bot.app import at_work, quiet_logs, running, until_told
from bot.commands import check as checks
from bot.domain.backups.offsite import OffSite
from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.errors import BadInput
from bot.domain.model import Edition, Pool, Role
from bot.drivers.base import Driver
from bot.exports import export_zip
from bot.reach import driver_for
from bot.sandbox import APP_TOKEN, BOT_TOKEN, RealTokens, RedisJournal, Sandbox, Switch, refuse_real_tokens
from bot.sandbox.pools import contents
from bot.sandbox.pools.file_store import store_of
from bot.settings.settings import Settings
from bot.stores import store
from storage.worlds.worlds import RedisWorlds

A, B, C = "pool-a.contoso.com", "pool-b.contoso.com", "pool-c.contoso.com"

POOLS = (
    Pool(A, site="Berlin", backup_pool=B, time_zone="Europe/Berlin", file_store=store_of(A)),
    Pool(B, site="Munich", backup_pool=A, time_zone="Europe/Berlin", file_store=store_of(B)),
    Pool(C, edition=Edition.STANDARD, site="Vienna", time_zone="Europe/Vienna"),
)
HINTS = (
    "As *Anna Berg*, in #incident-lync, type `/rgs status`. Then take a backup: `/rgs backup pool-a`.",
    "Open *Make trouble* and take pool-a down. Type `/rgs failover pool-a` and press your way through the card, "
    "as Anna and as Clara Nowak; press something as *Emil Hansen*, who holds no role.",
    "Bring pool-a up again, type `/rgs failback pool-a`, and have *Boris Lind* approve as the second person.",
)


def configured(settings: Settings) -> Settings:
    """The demo's own pools, roles and channels; only where things are kept and listen comes from outside."""
    return replace(
        settings,
        pools=POOLS,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret="",
        users={role: frozenset() for role in Role},
        user_groups={Role.SERVER_ADMIN: frozenset({"S0SERVER01"}), Role.RG_ADMIN: frozenset({"S0RGADMIN1"})},
        incidents_channel="C0INCIDENT",
        notifications_channel="C0BACKUPS1",
        schedules={pool.fqdn: ("02:30",) for pool in POOLS},
        call_list=("Head of telephony: Boris Lind", "Duty manager: Emil Hansen"),
        mirror=OffSite(folder=str(Path(settings.data).absolute() / "off-site")),
    )


Drivers = Callable[[Settings, Redis], AbstractAsyncContextManager[Driver]]
"""Gives the driver for the demo's pools, as long as it is needed."""


@asynccontextmanager
async def simulated(settings: Settings, client: Redis) -> AsyncIterator[Driver]:
    yield driver_for(settings, client)


async def demo(settings: Settings, export: Path | None = None, drivers: Drivers = simulated, how: str = "") -> None:
    """`make demo`: until a signal. A second one finds everything as the first one left it.

    `how` says in a sentence how pools are reached, where that is worth one.
    """
    quiet_logs()
    try:
        refuse_real_tokens({"SLACK_BOT_TOKEN": settings.bot_token, "SLACK_APP_TOKEN": settings.app_token})
    except RealTokens as refusal:
        raise BadInput(str(refusal)) from None
    await until_told(_shown(settings, export, drivers, how))


async def _shown(settings: Settings, export: Path | None, drivers: Drivers, how: str) -> None:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(store(settings))
        address, bot_settings = await stand_in(stack, client, configured(settings))
        await asyncio.to_thread(Path(settings.data, "off-site").mkdir, parents=True, exist_ok=True)
        await furnish(RedisWorlds(client), export)
        driver = await stack.enter_async_context(drivers(bot_settings, client))
        bot = await stack.enter_async_context(running(bot_settings, client, driver))
        sys.stdout.write(welcome(address, how))
        sys.stdout.flush()
        await at_work(bot)


async def stand_in(stack: AsyncExitStack, client: Redis, settings: Settings) -> tuple[str, Settings]:
    """The stand-in, listening on the demo's port, and the settings with its address."""
    worlds = RedisWorlds(client)
    sandbox = Sandbox(checks.manifest(), RedisJournal(client), hints=HINTS, switches=await weather(worlds))
    try:
        address = await sandbox.start(settings.port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise BadInput(f"Port {settings.port} is taken. Choose another one: make demo PORT=3456.") from None
    stack.push_async_callback(sandbox.stop)
    return address, replace(settings, slack_api_url=sandbox.api_url)


async def furnish(worlds: RedisWorlds, export: Path | None) -> None:
    """Fills an empty deployment; an administrator's own export takes the place of the first pool's groups."""
    world, version = await worlds.load()
    if version and export is None:
        return
    blobs: Mapping[str, bytes] = {}
    if not version:
        world, blobs = contents.world()
    if export is not None:
        data = read(export)
        world = contents.with_export(world, export_zip.read_inventory(data))
        blobs = {**blobs, **dict(export_zip.read_audio(data))}
    for sound in blobs.values():
        await worlds.keep(sound)
    await worlds.save(world, version)


def read(export: Path) -> bytes:
    """Raises BadInput when the file is not there."""
    try:
        return export.read_bytes()
    except OSError as error:
        raise BadInput(f"{export} cannot be read: {error.strerror}.") from None


async def weather(worlds: RedisWorlds) -> tuple[Switch, ...]:
    """What the page can make go wrong in the deployment."""
    state: dict[str, World] = {"world": (await worlds.load())[0]}

    async def change(make: Callable[[World], World]) -> None:
        world, version = await worlds.load()
        await worlds.save(make(world), version)
        state["world"] = (await worlds.load())[0]

    def power(fqdn: str) -> Switch:
        def is_down() -> bool:
            pool = state["world"].pools.get(fqdn)
            return pool is not None and not pool.up

        async def press() -> str:
            if is_down():
                await change(lambda world: world.without_faults(fqdn))
                return f"{fqdn} is up again."
            await change(lambda world: world.with_fault(Fault(FaultKind.POOL_DOWN, fqdn)))
            return f"{fqdn} is down: nothing on it answers."

        return Switch(f"{fqdn.partition('.')[0]} is down", press, "Take the pool away, or bring it back.", is_down)

    return (*(power(pool.fqdn) for pool in POOLS[:2]), *(_once(change, *row) for row in FAULTS))


FAULTS: tuple[tuple[str, FaultKind, str, str], ...] = (
    (
        "Lose the answer to the next import on pool-b",
        FaultKind.LOST_AFTER,
        B,
        "The command runs, and the connection breaks before it answers: nobody knows.",
    ),
    ("The next import on pool-b fails half-way", FaultKind.HALF_FAILED, B, "Part of the objects is written."),
    ("The next import on pool-a fails half-way", FaultKind.HALF_FAILED, A, "Part of the objects is written."),
)


def _once(change: Callable[..., Awaitable[Any]], label: str, kind: FaultKind, pool: str, hint: str) -> Switch:
    async def press() -> str:
        await change(lambda world: world.with_fault(Fault(kind, pool, "Import-CsRgsConfiguration")))
        return f"{label}: it is set."

    return Switch(label, press, hint)


def welcome(address: str, how: str = "") -> str:
    tries = "\n".join(f"  {number}. {_plain(hint)}" for number, hint in enumerate(HINTS, 1))
    head = "\n".join(filter(None, (f"Switchback's demo is up: {address}", how)))
    return f"\n{head}\n\nThree things to try:\n{tries}\n\nCtrl-C ends it; nothing is lost.\n\n"


def _plain(hint: str) -> str:
    return hint.replace("*", "").replace("`", "")
