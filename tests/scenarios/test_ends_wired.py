"""Every runbook over the wire, at constrained endpoints that take only what was generated for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.commands.endpoint import SENT
from bot.domain.deployment.endpoints import Access
from bot.drivers.winrm.driver import WinRM
from tests.drivers.wsman.site import served
from tests.scenarios.ends import OTHER_WAYS, RELEASES, REMOVE, SYNC, WAYS
from tests.scenarios.recovery import changed
from tests.scenarios.test_ends import ended
from tests.scenarios.test_replacing import built
from tests.scenarios.walking import walking

BOTH = {**WAYS, **OTHER_WAYS}


def test_everything_that_an_endpoint_lets_in_to_change_something_is_sent_there() -> None:
    """Exports are: every backup and every copy of the emergency locations begins with one."""
    changing = {use.cmdlet for use in SENT if not use.cmdlet.startswith(("Get-", "Export-"))}
    walked = {name for way in BOTH.values() for name in (*way.sent, *[SYNC] * bool(way.synced))}
    assert changing == walked - {REMOVE}


@pytest.mark.parametrize("book", BOTH)
async def test_every_row_goes_through_the_generated_functions(redis: Redis, tmp_path: Path, book: str) -> None:
    way, release = BOTH[book], RELEASES["2015"]
    async with walking(redis, release.estate) as walk:
        await changed(walk.stage, lambda world: release.servers(built(world) if book == "replace" else world))
        pools = (await walk.stage.worlds.load())[0].pools
        await way.begun(walk.stage)
        before = (await walk.stage.worlds.load())[0]
        async with served(walk.stage.driver, walk.stage.worlds, pools, tmp_path, Access.CONSTRAINED) as site:
            walk.stage.driver = WinRM(site.endpoints)
            try:
                run, card = await walk.walked(way.typed, way.script, way.hands)
            finally:
                await walk.stage.driver.close()
        await ended(walk, way, run, card, before)
