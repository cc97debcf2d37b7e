"""The bot itself, as `python -m bot serve` builds it, over HTTP."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from bot.__main__ import imported_app
from bot.domain.forest import Forest
from bot.domain.runs.run import Change, Run
from bot.hands.thinking import Think
from bot.settings.settings import Settings, settings
from storage.runs import Runs
from tests.bench.subjects.control import BACK, HOST, VERIFY, Told, nothing, options, until_closed

CONFIGURATION = """
channels.incidents = "C0INCIDENT"
[[pools]]
fqdn = "pool-a.contoso.com"
backup_pool = "pool-b.contoso.com"
[[pools]]
fqdn = "pool-b.contoso.com"
backup_pool = "pool-a.contoso.com"
"""


IN_FILE = """
[roles.RTCUniversalServerAdmins]
user_groups = ["S0SERVER01"]
[roles.CsResponseGroupAdministrator]
user_groups = ["S0RGADMIN1"]
"""


async def main(
    app: ModuleType,
    environ: Mapping[str, str],
    waits: str = "",
    buttons_in_all: int = 0,
    verified: int = 0,
    domain: tuple[str, str] | None = None,
) -> None:
    """`waits` is the id of the run that is put back as it is now.

    `domain` is where a domain controller is, and its folder: then roles come from there.
    """
    # What it says of the clicks that lose would stand between the figures.
    logging.disable()
    if buttons_in_all:
        _register(buttons_in_all)
    chosen = configured(environ, domain)
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


def configured(environ: Mapping[str, str], domain: tuple[str, str] | None = None) -> Settings:
    """A free port, and no schedule: a backup that is due would be taken meanwhile."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    text = CONFIGURATION if domain else CONFIGURATION + IN_FILE
    chosen = replace(settings({**environ, "PORT": str(port)}, text), schedules={})
    return replace(chosen, directory=_forest(*domain)) if domain else chosen


def _forest(address: str, folder: str) -> Forest:
    """Loaded late: whoever takes roles from the file has no need of it."""
    from tests.directory.forests import forest_of
    from tests.directory.samba import Domain

    return forest_of(Domain(address, Path(folder)))


def _register(count: int) -> None:
    """So many buttons in all, and that of the run comes last."""
    from handlers import buttons
    from handlers.blocks import actions

    mine = actions.word(actions.NOW)
    others = {f"button{number}": buttons.BUTTONS[mine] for number in range(count - 1)}
    buttons.BUTTONS = {**others, mine: buttons.BUTTONS[mine]}


if __name__ == "__main__":
    asyncio.run(main(imported_app(), **options()))
