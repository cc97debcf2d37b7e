"""How servers are reached, as the settings say: over the wire, or only in a value."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from redis.asyncio import Redis

from bot.drivers.base import Driver
from bot.drivers.simulated import SimulatedDriver
from bot.hands.thinking import Think
from bot.settings.settings import Settings
from bot.stores import stores_of
from storage.worlds.worlds import RedisWorlds


def driver_for(
    settings: Settings, client: Redis, clock: Callable[[], float] = time.time, think: Think = asyncio.to_thread
) -> Driver:
    """The driver that the configuration names; `think` reads what servers tell of many objects."""
    if settings.driver == "winrm":
        # Loaded late: whoever has no servers yet has no need of it.
        from bot.drivers.winrm.driver import WinRM
        from bot.drivers.winrm.shared_rests import lasting

        proofs = lasting(stores_of(settings, client).sign_ins, clock)
        return WinRM(settings.servers, think=think, proofs=proofs, properties=settings.properties)
    return SimulatedDriver(RedisWorlds(client), clock=clock)
