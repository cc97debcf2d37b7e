"""The bot itself, as `python -m bot serve` builds it, over HTTP."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from types import ModuleType

from bot.__main__ import imported_app
from bot.domain.runs.run import Change, Run
from bot.settings.settings import Settings, settings
from storage.runs import Runs
from tests.bench.subjects.control import HOST, options, until_closed

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
        verifying(verified),
    ):
        waiting = await bot.runs.load(waits) if waits else None
        await until_closed(chosen.port, waiting and partial(put_back, bot.runs, waiting))


async def put_back(runs: Runs, waiting: Run) -> None:
    """The run waits again, and as ever it is the engine of a bot that wrote this."""
    now = await runs.load(waiting.id)
    await runs.commit(Change(replace(waiting, version=now.version)), time.time())


@asynccontextmanager
async def verifying(objects: int) -> AsyncIterator[None]:
    """So many objects are compared with as many all the while, as the engine has its rows judged."""
    work = asyncio.create_task(_verify(objects)) if objects else None
    yield
    if work:
        work.cancel()


async def _verify(objects: int) -> None:
    from bot.domain.groups.compare import compare
    from tests.worlds import sample

    counts = {"workflows": objects // 4, "queues": objects // 4, "groups": objects // 2}
    there, live = (sample(3, **counts).inventory for _ in range(2))
    while True:
        await asyncio.to_thread(compare, there, live)


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
