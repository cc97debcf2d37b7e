"""Controllers that do not behave, and ways to ones that do, on real sockets with real TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.directory.samba import LDAPS, Domain

Said = Callable[[int, int], bytes]
"""Is given the number and the tag of a question, and gives the bytes of the answer."""

BIND, SEARCH, UNBIND = 0x60, 0x63, 0x42
_ANSWERS = {BIND: 0x61, SEARCH: 0x65}
_ENTRY, _REFERENCE = 0x64, 0x73
_MUTE = b""
WHOLE = 1 << 60


def result(code: int, message: str = "", referrals: tuple[str, ...] = ()) -> Said:
    """Says yes to whoever signs in, and this to every question."""

    def said(number: int, tag: int) -> bytes:
        if tag == BIND:
            return done(number, tag, 0)
        return done(number, tag, code, message, referrals)

    return said


def done(number: int, tag: int, code: int, message: str = "", referrals: tuple[str, ...] = ()) -> bytes:
    places = _ber(0xA3, b"".join(_text(url) for url in referrals)) if referrals else b""
    return _message(number, _ber(_ANSWERS[tag], _ber(0x0A, bytes([code])) + _text("") + _text(message) + places))


def entry(number: int, dn: str, **values: bytes) -> bytes:
    pairs = (_ber(0x30, _text(key) + _ber(0x31, _ber(0x04, value))) for key, value in values.items())
    return _message(number, _ber(_ENTRY, _text(dn) + _ber(0x30, b"".join(pairs))))


def reference(number: int, url: str) -> bytes:
    return _message(number, _ber(_REFERENCE, _text(url)))


def mute_after(*answered: int) -> Said:
    """Answers questions of these kinds, and is silent from then on."""
    return lambda number, tag: done(number, tag, 0) if tag in answered else _MUTE


@asynccontextmanager
async def impostor(domain: Domain, said: Said, certificate: tuple[Path, Path] | None = None) -> AsyncIterator[int]:
    """The port of a server on 127.0.0.1 that speaks LDAP over TLS, with the controller's certificate or another."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*(certificate or domain.certificate))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while question := await _question(reader):
            number, tag = question
            if tag == UNBIND:
                return
            writer.write(said(number, tag))
            await writer.drain()

    async with _serving(serve, context) as port:
        yield port


@asynccontextmanager
async def deaf() -> AsyncIterator[int]:
    """The port of a server that takes connections, and never says a word, not even of TLS."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with _serving(serve) as port:
        yield port


@asynccontextmanager
async def dripping() -> AsyncIterator[int]:
    """The port of a server that begins TLS and then sends a byte now and then, so that it never is quite silent."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\x16\x03\x03\x40\x00\x02")
        while True:
            writer.write(b"\x00")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with _serving(serve) as port:
        yield port


class Relay:
    """The way to the domain controller: it may be cut, held up, or end after so many bytes of answers.

    It is whole again from the connection on that is the `whole_at`th.
    """

    def __init__(self, address: str) -> None:
        self.address, self.port = address, 0
        self.taken, self.ends_after, self.drip_s = 0, WHOLE, 0.0
        self.whole_at = 0
        self.flows = asyncio.Event()
        self.flows.set()
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Ends every connection that there is."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        self.ends_after = WHOLE if self.taken == self.whole_at else self.ends_after
        there, back = await asyncio.open_connection(self.address, LDAPS)
        self._writers |= {writer, back}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, back))
                both.create_task(self._pass(there, writer, counted=True))
        finally:
            self._writers -= {writer, back}
            back.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: bool = False) -> None:
        passed = 0
        while data := await reader.read(65536):
            await self.flows.wait()
            left = max(self.ends_after - passed, 0) if counted else len(data)
            if counted and self.drip_s:
                await self._drip(data, writer)
            else:
                writer.write(data[:left])
                await writer.drain()
            passed += len(data)
            if left < len(data):
                break
        raise ConnectionError

    async def _drip(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        for place in range(len(data)):
            writer.write(data[place : place + 1])
            await writer.drain()
            await asyncio.sleep(self.drip_s)


@asynccontextmanager
async def relay(domain: Domain, host: str = "127.0.0.1") -> AsyncIterator[Relay]:
    way = Relay(domain.address)
    async with _serving(way.serve, host=host) as way.port:
        yield way


@asynccontextmanager
async def _serving(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    context: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> AsyncIterator[int]:
    tasks: set[asyncio.Task[None]] = set()

    async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        with suppress(OSError, ExceptionGroup, asyncio.CancelledError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(held, host, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _question(reader: asyncio.StreamReader) -> tuple[int, int] | None:
    """The number and the tag of the next question; None when there is none."""
    head = await reader.read(2)
    if len(head) < 2:
        return None
    length = head[1]
    if length & 0x80:
        length = int.from_bytes(await reader.readexactly(length & 0x7F), "big")
    body = await reader.readexactly(length)
    digits = body[1]
    return int.from_bytes(body[2 : 2 + digits], "big"), body[2 + digits]


def _message(number: int, body: bytes) -> bytes:
    return _ber(0x30, _ber(0x02, number.to_bytes(4, "big")) + body)


def _text(words: str) -> bytes:
    return _ber(0x04, words.encode())


def _ber(tag: int, body: bytes) -> bytes:
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    digits = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | digits]) + len(body).to_bytes(digits, "big") + body
