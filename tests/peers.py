"""Places for an off-site copy: S3 servers that behave, and ones that do not, on real sockets."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from urllib.request import Request, urlopen

from bot.domain.backups.offsite import OffSite
from tests.patience import PATIENCE_S

Answer = Callable[[bytes, bytes, asyncio.StreamWriter], Awaitable[None]]
"""Is given the head and the body of a request, and what to answer into."""


def bucket_at(port: int, bucket: str = "off-site", prefix: str = "copies") -> OffSite:
    return OffSite("", bucket, prefix, f"http://127.0.0.1:{port}", "us-east-1", "key", "secret")


NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_A_YEAR = (
    b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
    b"<Mode>COMPLIANCE</Mode><Days>365</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
)


@dataclass(frozen=True, slots=True)
class S3:
    """A running S3 server."""

    port: int
    numbers: Iterator[int] = field(default_factory=count)

    def bucket(self) -> OffSite:
        """A new bucket, empty."""
        name = f"off-site-{next(self.numbers)}"
        self.ask("PUT", name)
        return bucket_at(self.port, name)

    def locked(self) -> OffSite:
        """A new bucket in which nothing can be deleted for a year."""
        name = f"off-site-{next(self.numbers)}"
        self.ask("PUT", name, headers={"x-amz-bucket-object-lock-enabled": "true"})
        self.ask("PUT", f"{name}?object-lock", _A_YEAR, {"content-type": "application/xml"})
        return bucket_at(self.port, name)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS) -> bytes:
        """Behind the bot's back."""
        request = Request(f"http://127.0.0.1:{self.port}/{path}", data=body, method=method, headers=dict(headers))
        with urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.read()


@contextmanager
def s3_server() -> Iterator[S3]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield S3(server.get_host_and_port()[1])
    finally:
        server.stop()


@asynccontextmanager
async def peer(answer: Answer) -> AsyncIterator[OffSite]:
    """A server that reads whole requests and lets `answer` do the rest."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head.lower())
                await answer(head, await reader.readexactly(int(length[1])) if length else b"", writer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield bucket_at(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def says(status: str, body: bytes = b"", said: int | None = None) -> Answer:
    """Always the same answer; `said` is the length that it claims to have."""

    async def answer(head: bytes, taken: bytes, writer: asyncio.StreamWriter) -> None:
        length = len(body) if said is None else said
        writer.write(f'HTTP/1.1 {status}\r\ncontent-length: {length}\r\netag: "x"\r\n\r\n'.encode() + body)

    return answer


async def mute(head: bytes, taken: bytes, writer: asyncio.StreamWriter) -> None:
    """Takes everything and says nothing, until the other side has had enough."""
    await asyncio.Event().wait()


async def dripping(head: bytes, taken: bytes, writer: asyncio.StreamWriter) -> None:
    """A letter now and then, so that it never is quite silent."""
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 5000\r\netag: "x"\r\n\r\n')
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def relay(port: int, fate: Callable[[bytes], bool]) -> AsyncIterator[OffSite]:
    """The way to the server at `port`; a request whose head has the `fate` of being lost never gets there."""

    async def answer(head: bytes, taken: bytes, writer: asyncio.StreamWriter) -> None:
        if fate(head):
            raise ConnectionError
        await _handed_on(port, head, taken, writer)

    async with peer(answer) as place:
        yield place


@asynccontextmanager
async def gate(port: int, refuse: Callable[[bytes, bytes], Answer | None]) -> AsyncIterator[OffSite]:
    """The way to the server at `port`; what is to `refuse` a request, by head and body, answers in its place."""

    async def answer(head: bytes, taken: bytes, writer: asyncio.StreamWriter) -> None:
        refusal = refuse(head, taken)
        if refusal:
            await refusal(head, taken, writer)
        else:
            await _handed_on(port, head, taken, writer)

    async with peer(answer) as place:
        yield place


@asynccontextmanager
async def lock_door(port: int) -> AsyncIterator[OffSite]:
    """The way to buckets with object lock at `port`, as Amazon's: no put without a checksum, which has to be right."""

    async def answer(head: bytes, taken: bytes, writer: asyncio.StreamWriter) -> None:
        right = base64.b64encode(hashlib.sha256(taken).digest())
        if head.startswith(b"PUT") and b"x-amz-checksum-sha256: " + right not in head:
            await _NO_CHECKSUM(head, taken, writer)
            return
        # moto looks for a word of Amazon's own libraries instead of the checksum.
        marked = head.removesuffix(b"\r\n") + b"x-amz-sdk-checksum-algorithm: SHA256\r\n\r\n"
        await _handed_on(port, marked, taken, writer)

    async with peer(answer) as place:
        yield place


async def _handed_on(port: int, head: bytes, taken: bytes, writer: asyncio.StreamWriter) -> None:
    there, back = await asyncio.open_connection("127.0.0.1", port)
    back.write(head.replace(b"\r\n", b"\r\nconnection: close\r\n", 1) + taken)
    writer.write(await there.read())
    back.close()
    # The server's answer says that the connection ends with it.
    await writer.drain()
    raise ConnectionError


_NO_CHECKSUM = says(
    "400 Bad Request",
    b"<Error><Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object "
    b"requests with Object Lock parameters</Message></Error>",
)
