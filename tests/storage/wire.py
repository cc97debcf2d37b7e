"""A client whose every sending can be watched, held, cut short or lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import ConnectionPool, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from storage.connect import Client, client_of

Send = Callable[[bytes], Awaitable[None]]
Hook = Callable[[bytes, Send], Awaitable[None]]
"""Is given what is about to be sent, and the way to send it, a part of it, or nothing."""


class Wire(UnixDomainSocketConnection):
    """A connection that hands whatever it is about to send to its hook."""

    def __init__(self, *, hook: Hook, **options: Any) -> None:
        super().__init__(**options)
        self._hook = hook

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        packed = command.encode() if isinstance(command, str) else command
        packed = packed if isinstance(packed, bytes) else b"".join(packed)

        async def send(part: bytes) -> None:
            await super(Wire, self).send_packed_command(part, check_health)

        try:
            await self._hook(packed, send)
        except BaseException:
            await self.disconnect(nowait=True)
            raise


def wired(url: str, hook: Hook) -> Client:
    """A client of the server at this unix address; like the product's own it never sends anything twice."""
    pool = ConnectionPool(
        connection_class=Wire, path=unquote(urlsplit(url).path), hook=hook, retry=Retry(NoBackoff(), 0)
    )
    return client_of(pool)
