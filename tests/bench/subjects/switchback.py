"""The bot itself, as `python -m bot serve` builds it, over HTTP."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import time
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

from bot.__main__ import imported_app
from bot.domain.runs.run import Change, Run
from bot.hands.thinking import Think
from bot.settings.settings import Settings, settings
from storage.runs import Runs
from tests.bench.subjects.control import BACK, HOST, VERIFY, Told, nothing, options, until_closed

CONFIGURATION = """
channels.incidents = "C0INCIDENT"
roles.RTCUniversalServerAdmins.user_groups = ["S0SERVER01"]
roles.CsResponseGroupAdministrator.user_groups = ["S0RGADMIN1"]
[[pools]]
fqdn = "pool-a.contoso.com"
backup_pool = "pool-b.contoso.com"
[[pools]]
fqdn = "pool-b.contoso.com"
backup_pool = "pool-a.contoso.com"
"""


async def main(
    app: ModuleType, environ: Mapping[str, str], waits: str = "", buttons_in_all: int = 0, verified: int = 0
) -> None:
    """`waits` is the id of the run that is put back as it is now."""
    # What it says of the clicks that lose would stand between the figures.
    logging.disable()
    if buttons_in_all:
        _register(buttons_in_all)
    chosen = configured(environ)
    async with (
        app.store(chosen) as client,
        app.running(chosen, client, app.driver_for(chosen, client), HOST, chosen.port) as bot,
    ):
        waiting = await bot.runs.load(waits) if waits else None
        back = _putting_back(bot.runs, waiting) if waiting else nothing
        verify = _verifying(bot.think, verified) if verified else nothing

        async def told(word: str) -> None:
            await back(word)
            await verify(word)

        await until_closed(chosen.port, told)


def _putting_back(runs: Runs, waiting: Run) -> Told:
    """Told `back`, the run waits again, and as ever it is the engine of a bot that wrote this."""

    async def told(word: str) -> None:
        if word == BACK:
            now = await runs.load(waiting.id)
            await runs.commit(Change(replace(waiting, version=now.version)), time.time())

    return told


def _verifying(think: Think, objects: int) -> Told:
    """Told `verify`, so many objects are compared with as many all the while, as the engine has its rows judged.

    Told anything else, it comes to rest first.
    """
    from bot.domain.groups.compare import compare
    from tests.worlds import sample

    counts = {"workflows": objects // 4, "queues": objects // 4, "groups": objects // 2}
    there, live = (sample(3, **counts).inventory for _ in range(2))
    gc.freeze()
    work: list[asyncio.Task[None]] = []
    wanted = asyncio.Event()

    async def verify() -> None:
        while wanted.is_set():
            await think(compare, there, live)

    async def told(word: str) -> None:
        wanted.clear()
        while work:
            await work.pop()
        if word == VERIFY:
            wanted.set()
            # Two, so that one is on its way while the other is compared.
            work.extend(asyncio.create_task(verify()) for _ in range(2))

    return told


def configured(environ: Mapping[str, str]) -> Settings:
    """A free port, and no schedule: a backup that is due would be taken meanwhile."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    return replace(settings({**environ, "PORT": str(port)}, CONFIGURATION), schedules={})


def _register(count: int) -> None:
    """So many buttons in all, and that of the run comes last."""
    from handlers import buttons
    from handlers.blocks import actions

    mine = actions.word(actions.NOW)
    others = {f"button{number}": buttons.BUTTONS[mine] for number in range(count - 1)}
    buttons.BUTTONS = {**others, mine: buttons.BUTTONS[mine]}


if __name__ == "__main__":
    asyncio.run(main(imported_app(), **options()))
