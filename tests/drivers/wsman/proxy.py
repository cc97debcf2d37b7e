"""A proxy as firewalls have one: it connects whoever asks it to, or wants to know who that is first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """`asked` has where it was told to connect to."""

    port: int = 0
    lets_through: bool = True
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def proxy() -> AsyncIterator[Proxy]:
    it, tasks = Proxy(), set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _connected(it, reader, writer)
        writer.transport.abort()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    it.port = listening.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _connected(it: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    method, to, _ = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ", 2)
    it.asked.append(f"{method} {to}")
    if not it.lets_through:
        writer.write(b"HTTP/1.1 407 Who is there?\r\nContent-Length: 0\r\nProxy-Authenticate: Basic\r\n\r\n")
        await writer.drain()
        return
    host, _, port = to.rpartition(":")
    there, back = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
    await asyncio.gather(_carried(reader, back), _carried(there, writer))


async def _carried(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            to.write(data)
            await to.drain()
    finally:
        to.close()
