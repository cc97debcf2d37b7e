"""What `check` says of servers: each endpoint of each pool is asked by itself, and nothing is changed there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

from bot.commands.endpoint import SENT
from bot.domain.deployment.abilities import Abilities, remarks
from bot.domain.deployment.endpoints import Access, Endpoint
from bot.domain.errors import DriverError
from bot.domain.measures import aged
from bot.domain.model import Pool
from bot.drivers.winrm.constrained.files import edition
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.lanes import Tried
from bot.drivers.winrm.pace import Pace
from bot.drivers.winrm.proofs import Proofs, Timed
from bot.hands.asking import SURVEY, Asking
from bot.runbooks import RUNBOOKS
from bot.runbooks.uses import of_a_pool
from bot.settings.settings import Settings

APART_S = 300.0
"""Kerberos refuses whoever's clock is further away (facts: winrm §1)."""


async def servers(settings: Settings, well: Callable[[str], None], pace: Pace | None = None) -> list[str]:
    """What is missing, a sentence each; what works is said to `well`.

    All sessions stay open until the last one was looked at, two for each pool as when the bot is at work: a server
    that has no room for them says so. An account that was refused is not tried anywhere else, lest it is locked.
    """
    if settings.driver != "winrm":
        well("The driver is “simulated”: no real server is asked, and none is ever touched.")
        return []
    missing, pace = list[str](), pace or Pace()
    proofs = Proofs(Timed(pace.refused_s))
    async with AsyncExitStack() as opened:
        for pool in settings.pools:
            if not pool.front_end:
                well(f"{pool.short} has no Front End under [[servers]], so people move it by hand in a run.")
            for endpoint in settings.servers.get(pool.fqdn, ()):
                driver = WinRM({pool.fqdn: (endpoint,)}, pace, proofs=proofs, properties=settings.properties)
                opened.push_async_callback(driver.close)
                missing += await _looked(settings, pool, endpoint, driver, well)
    return missing


async def _looked(
    settings: Settings, pool: Pool, endpoint: Endpoint, driver: WinRM, well: Callable[[str], None]
) -> list[str]:
    name = f"{pool.short} ({endpoint})"
    asking = Asking(driver, pool, name)
    try:
        said = await asking.ask(time.time())
    except DriverError as away:
        tried = driver.tried(pool.fqdn)
        return [*asking.refused, *(_shut(name, tried) or [away.sentence]), *_clock(name, tried)]
    well(f"{name} answers: its name, port, certificate and way to sign in are right.")
    if said.version:
        well(f"{name} is {said.product}.")
    for sentence in asking.well:
        well(sentence)
    partner = next((one for one in settings.pools if one.fqdn == settings.pairs().get(pool.fqdn)), None)
    older = await _older(name, pool, driver) if endpoint.access is Access.CONSTRAINED else ""
    lacking = [older] if older else _lacking(name, pool, partner, said)
    missing = [*_clock(name, driver.tried(pool.fqdn)), *lacking]
    if not missing:
        well(f"{name} has the right time, and every cmdlet and parameter that runs need.")
    return [*missing, *said.refused, *remarks(pool, partner, said)]


def _shut(name: str, tried: tuple[Tried, ...]) -> list[str]:
    """Why no session opened there, if that is so, and what to do."""
    faults = [one.fault for one in tried if one.fault]
    return [f"{name} cannot be used: {one.words}. {one.remedy}".rstrip() for one in faults[:1]]


def _clock(name: str, tried: tuple[Tried, ...]) -> Iterator[str]:
    known = [one.ahead_s for one in tried if one.ahead_s is not None]
    if known and abs(known[0]) > APART_S:
        side = "ahead of" if known[0] > 0 else "behind"
        yield (
            f"The clock of {name} is {aged(abs(known[0]))} {side} this machine's. Kerberos takes 5 min at most: "
            "set both right."
        )


async def _older(name: str, pool: Pool, driver: WinRM) -> str:
    """That its functions are not those that this Switchback would write: then little of the rest can be believed."""
    found, ours = await driver.edition(pool.fqdn), f"{edition(pool.version, SENT)} {pool.version}"
    if found == ours:
        return ""
    theirs, mine = (said.replace(" ", " for ") for said in (found or "unknown", ours))
    return (
        f"{name} has an endpoint of edition {theirs}; this Switchback needs {mine}. "
        "Write it anew with `python -m bot endpoint`, and register it there."
    )


def _lacking(name: str, pool: Pool, partner: Pool | None, said: Abilities) -> Iterator[str]:
    why = "its server is of another version, or the account may not use it"
    uses = (*SURVEY, *of_a_pool(RUNBOOKS.values(), has_partner=partner is not None))
    for one in dict.fromkeys(said.lacks(uses, pool.version)):
        yield f"{name} lacks {one}: {why}."
