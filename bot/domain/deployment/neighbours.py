"""What the cmdlets of the companions do to a deployment: locations for emergency calls, Call Park (facts: lync §6)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from bot.domain.deployment.cmdlets import Cmdlet, refuse
from bot.domain.deployment.world import LivePool, ServerFile, World
from bot.domain.groups.groups import Row

Answer = tuple[World, tuple[Row, ...]]

BYTES = "Bytes"
"""The one property of the one row that `-AsBytes` gives."""

_DEFAULTS: Row = {
    "Identity": "Global",
    "OnTimeoutURI": "",
    "MaxCallPickupAttempts": 1,
    "CallPickupTimeoutThreshold": "00:01:30",
    "EnableMusicOnHold": True,
}


def export_locations(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Export-CsLisConfiguration`, of the whole organisation: the bytes themselves, or a file that must be new."""
    if command.get("AsBytes") is True:
        return world, ({BYTES: world.locations},)
    path = str(command.get("FileName"))
    if server.file(path):
        raise refuse(command, "IOException", f'The file "{path}" already exists. Choose another file name.')
    written = ServerFile(None, raw=hashlib.sha256(world.locations).hexdigest(), size=len(world.locations))
    return world.with_pool(server.with_file(path, written)), ()


def call_park(world: World) -> Iterator[Row]:
    """The global settings of Call Park, and those of every site that has its own."""
    yield _DEFAULTS
    for pool in world.pools.values():
        if pool.call_park:
            yield {**_DEFAULTS, **pool.call_park, "Identity": f"Site:{pool.site}"}
