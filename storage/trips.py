"""The trip that a script takes to Redis: packed in C, over a connection that is kept for the next one."""

from __future__ import annotations

from typing import Any

from hiredis import pack_command
from redis.asyncio import Connection, ConnectionPool
from redis.exceptions import ResponseError


class Trips:
    """One command and its answer at a time.

    redis-py 8.1 packs in Python, and takes, watches and gives back a connection around every command: twice as long as
    the trip itself. One connection stays out of the pool for that; who finds it taken takes another one from there.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._kept: Connection | None = None

    async def go(self, *command: Any) -> Any:
        """What Redis answers. The command is sent once at most."""
        connection = await self._taken()
        try:
            await connection.send_packed_command([pack_command(command)], check_health=False)
            answer = await connection.read_response()
        except ResponseError:
            await self._given_back(connection)
            raise
        except BaseException:
            # Half a command may be on its way, or an answer that nobody waits for any more.
            await connection.disconnect(nowait=True)
            await self._pool.release(connection)
            raise
        await self._given_back(connection)
        return answer

    async def forget(self) -> None:
        """No connection that is open now is used once more: the name may lead to another server by now."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.disconnect(nowait=True)
            await self._pool.release(kept)
        await self._pool.update_active_connections_for_reconnect()
        await self._pool.disconnect(inuse_connections=False)

    async def _taken(self) -> Connection:
        connection, self._kept = self._kept, None
        if connection is None:
            return await self._pool.get_connection()
        # As the pool does it: what is closed, or holds what nobody asked for, is not sent over.
        if not connection.is_connected or await connection.can_read():
            await connection.disconnect(nowait=True)
            await self._pool.release(connection)
            return await self._pool.get_connection()
        return connection

    async def _given_back(self, connection: Connection) -> None:
        if self._kept is None and not connection.should_reconnect():
            self._kept = connection
        else:
            await self._pool.release(connection)
