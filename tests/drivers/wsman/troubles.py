"""What goes wrong on the way, one function each: what a client gets in place of an answer (facts: winrm §2)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate

from tests.drivers.wsman import soap
from tests.drivers.wsman.soap import Request

Does = Callable[[asyncio.StreamWriter, Request, bytes], Awaitable[None]]
"""Is given what to write into, what was asked and the right answer; nothing else is written."""


@dataclass(slots=True)
class Trouble:
    """Strikes so many `times` at this step, `before` the server did what was asked, or after it, but unseen.

    It lets so many of them `pass_by` first.

    Steps: Create, Opening, Command, First part, Part, Send (with the last part), Receive, Signal, Delete.
    """

    at: str
    does: Does
    before: bool = True
    times: int = 1
    pass_by: int = 0


def dated(ahead_s: float) -> str:
    """As Windows says what time it is there, with every answer."""
    return f"Date: {formatdate(time.time() + ahead_s, usegmt=True)}"


def response(status: str, body: bytes, *more: str) -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: application/soap+xml;charset=UTF-8", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, *more, "", ""]).encode() + body


async def cut(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
    """The connection is reset."""
    writer.transport.abort()


async def half(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
    """It ends in the middle of the answer."""
    data = response("200 OK", right)
    writer.write(data[: len(data) - len(right) // 2])
    await writer.drain()
    writer.close()


async def garbled(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
    """What comes is not what TLS expects there."""
    writer.transport._ssl_protocol._transport.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")


async def mute(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
    """A byte now and then, so that it is never quite silent."""
    for byte in response("200 OK", right + b" " * 100_000):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def nonsense(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
    writer.write(response("200 OK", b"<html><p>Welcome"))


async def other(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
    """An answer to something else."""
    writer.write(response("200 OK", right.replace(request.message_id.encode(), b"uuid:0")))


async def empty(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
    """A well-formed answer that says nothing."""
    writer.write(response("200 OK", soap.answer(request, "")))


def status(code: int, body: bytes = b"") -> Does:
    async def does(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
        writer.write(response(f"{code} Trouble", body))

    return does


def fault(code: int, http: int = 500) -> Does:
    async def does(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
        writer.write(response(f"{http} Trouble", soap.fault(request, code, "Es geht nicht.")))

    return does


def redirect(port: int) -> Does:
    async def does(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
        writer.write(response("307 Elsewhere", b"", f"Location: https://localhost:{port}/wsman"))

    return does


def late(seconds: float) -> Does:
    async def does(writer: asyncio.StreamWriter, request: Request, right: bytes) -> None:
        await asyncio.sleep(seconds)
        writer.write(response("200 OK", right))

    return does
