"""Large values on their way to Redis, in strides so short that nobody else in this process waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Connection, ConnectionPool
from redis.exceptions import ConnectionError, ResponseError

STRIDE_BYTES = 1 << 17


async def stride(pool: ConnectionPool, commands: Sequence[tuple[Any, ...]]) -> None:
    """Sends the commands, waits for what Redis answers to each, and raises the first error among that.

    A pipeline of redis-py does the same, but it copies all of it several times over, in one go: 2 ms for each MiB.
    """
    connection = await pool.get_connection()
    try:
        for part in connection.pack_commands(commands):
            await _send(connection, memoryview(part))
        errors = [await _error(connection) for _ in commands]
    except BaseException:
        # Half a command may be on its way, or an answer that nobody waits for any more.
        await connection.disconnect(nowait=True)
        raise
    finally:
        await pool.release(connection)
    for error in filter(None, errors):
        raise error


async def _send(connection: Connection, part: memoryview) -> None:
    for at in range(0, len(part), STRIDE_BYTES):
        # It would connect again by itself, and Redis would take the rest of a value for commands.
        if not connection.is_connected:
            raise ConnectionError("the connection was closed half way")
        await connection.send_packed_command([part[at : at + STRIDE_BYTES]], check_health=False)
        # While Redis takes it all at once, sending waits for nothing, and nobody else would have a turn.
        await asyncio.sleep(0)


async def _error(connection: Connection) -> ResponseError | None:
    try:
        await connection.read_response()
    except ResponseError as error:
        return error
    return None
