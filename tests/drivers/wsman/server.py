"""The server itself: connections, TLS, and which shell a message is for."""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from bot.domain.deployment.endpoints import Endpoint
from tests.directory.samba import issue
from tests.drivers.wsman import soap
from tests.drivers.wsman.door import Door, Visitors
from tests.drivers.wsman.shells import Answers, Shell
from tests.drivers.wsman.soap import Fault, Request
from tests.drivers.wsman.troubles import Trouble, dated, response
from tests.patience import until

ACCOUNT, PASSWORD = "CONTOSO\\svc-switchback", "Correct-Horse-9"
_SHELLS = "http://schemas.microsoft.com/powershell/"


async def _always() -> bool:
    return True


@dataclass
class WSMan:
    """A running server. `steps` has what was asked and answered for, in order; `shells` those that are open.

    Its clock is `ahead_s` seconds ahead. Whoever is there finds nobody while it is not `is_up`. `methods` are those by
    which one may sign in there, as HTTP names them. To certificates that are `mapped` (DER), an account belongs.
    """

    answers: Answers
    folder: Path
    context: ssl.SSLContext
    port: int = 0
    configurations: tuple[str, ...] = ("Microsoft.PowerShell",)
    most_shells: int = 30
    """Assumed, as are the envelope that a client asks for and the time-outs: never met on Windows (facts: winrm §1)."""

    ahead_s: float = 0.0
    methods: tuple[str, ...] = ("Negotiate",)
    mapped: set[bytes] = field(default_factory=set)
    challenges_for_ever: bool = False
    is_up: Callable[[], Awaitable[bool]] = _always
    troubles: list[Trouble] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    shells: dict[str, Shell] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    bytes: int = 0
    connections: int = 0
    visitors: Visitors = field(default_factory=Visitors)
    lines: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def ca_file(self) -> str:
        return str(self.folder / "ca.pem")

    def endpoint(self, **more: Any) -> Endpoint:
        """Where it is reached, and as whom; `more` is what else is to be said of it."""
        at = {"port": self.port, "method": "ntlm", "ca_file": self.ca_file, **more}
        return Endpoint("localhost", ACCOUNT, PASSWORD, **at)

    async def hang_up(self) -> None:
        """Ends every connection, as a server does that was not asked anything for a while; sessions stay.

        They are over when this returns: a transport that is told to abort closes its socket only a turn later.
        """
        for writer in tuple(self.lines):
            writer.transport.abort()
        await until(self._is_left)

    async def _is_left(self) -> bool:
        return not self.lines

    def struck(self, request: Request) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.at != request.at or not trouble.times:
                continue
            if not trouble.pass_by:
                trouble.times -= 1
                return trouble
            trouble.pass_by -= 1
        return None

    async def handled(self, request: Request) -> tuple[str, bytes]:
        """The status and the body of the right answer, after having done what was asked."""
        self.steps.append(request.at)
        try:
            return "200 OK", soap.answer(request, await self._done(request))
        except Fault as fault:
            return "500 Internal Server Error", soap.fault(request, fault.code, fault.text)

    async def _done(self, request: Request) -> str:
        if request.at == "Create":
            return self._created(request)
        shell = self.shells.get(request.shell)
        if shell is None:
            raise Fault(soap.NO_SHELL, "The shell is not there.")
        match request.at:
            case "Command" | "First part":
                shell.command(request)
                return f"<rsp:CommandResponse><rsp:CommandId>{request.command}</rsp:CommandId></rsp:CommandResponse>"
            case "Part" | "Send":
                shell.send(request)
                return "<rsp:SendResponse/>"
            case "Opening" | "Receive":
                return soap.received(request.command, *await shell.receive(request))
            case "Signal":
                await shell.signal(request)
                return "<rsp:SignalResponse/>"
            case "Delete":
                self.shells.pop(request.shell).close()
                return ""
        # Such as Get, by which the client would ask whether a session lives, and give it up (facts: winrm §3).
        self.failures.append(AssertionError(f"The bot asked for {request.at}."))
        raise Fault(soap.NO_SHELL, "That is not done here.")

    def _created(self, request: Request) -> str:
        if request.resource.removeprefix(_SHELLS) not in self.configurations:
            raise Fault(soap.NO_CONFIGURATION, "There is no such configuration.")
        if len(self.shells) >= self.most_shells:
            raise Fault(soap.TOO_MANY_SHELLS, "Too many shells.")
        shell = self.shells[request.command] = Shell(self.answers, failures=self.failures)
        shell.open(request)
        return soap.created(request.command)


@asynccontextmanager
async def wsman(
    answers: Answers, folder: Path, names: tuple[str, ...] = ("localhost",), days: int = 30, clients: str = ""
) -> AsyncIterator[WSMan]:
    """A server on 127.0.0.1 that an account of CONTOSO may use; its certificate is good for these names.

    It is over for as many days as `days` is below 0. With the file of an authority for `clients`, it asks for theirs.
    """
    der = _certified(folder, names, days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_OPTIONAL
    server, tasks = WSMan(answers, folder, context), set()

    async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        server.lines.add(writer)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            door = Door(server.methods, der, shown in server.mapped, server.visitors)
            await _serve(server, door, reader, writer)
        server.lines.discard(writer)
        writer.transport.abort()

    listening = await asyncio.start_server(held, "127.0.0.1", 0, ssl=context, limit=64 * 1024 * 1024)
    server.port = listening.sockets[0].getsockname()[1]
    _accounts()
    try:
        yield server
    finally:
        listening.close()
        for shell in server.shells.values():
            shell.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not server.failures, server.failures


@cache
def _accounts() -> tempfile.TemporaryDirectory[str]:
    """Where NTLM looks for passwords: by the environment, so that all servers of a process have the same."""
    folder = tempfile.TemporaryDirectory(prefix="sb-ntlm-")
    file = Path(folder.name) / "accounts"
    domain, user = ACCOUNT.split("\\")
    file.write_text(f"{domain}:{user}:{PASSWORD}\n:{user}@contoso.test:{PASSWORD}\n", "utf-8")
    os.environ["NTLM_USER_FILE"] = str(file)
    return folder


def _certified(folder: Path, names: tuple[str, ...], days: int) -> bytes:
    """Writes an authority and a certificate for these names; gives the certificate itself."""
    folder.mkdir(parents=True, exist_ok=True)
    ca, certificate, key = issue(names, ("127.0.0.1",), days)
    for name, text in (("ca.pem", ca), ("certificate.pem", certificate), ("key.pem", key)):
        (folder / name).write_bytes(text)
    return x509.load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)


async def _serve(server: WSMan, door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    server.connections += 1
    while True:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        head = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines[1:] if line)}
        body = await reader.readexactly(int(head.get("content-length", "0")))
        server.bytes += len(body)
        may, told = door.asked(head)
        if server.challenges_for_ever and head.get("authorization"):
            may, told = False, door.challenge
        if may:
            await _answer(server, writer, soap.parsed(body), told)
        else:
            writer.write(response("401 Unauthorized", b"", dated(server.ahead_s), *told))
        await writer.drain()


async def _answer(server: WSMan, writer: asyncio.StreamWriter, request: Request, told: tuple[str, ...]) -> None:
    if not await server.is_up():
        raise ConnectionResetError
    trouble = server.struck(request)
    if trouble and trouble.before:
        await trouble.does(writer, request, soap.answer(request, ""))
        return
    status, body = await server.handled(request)
    if trouble:
        await trouble.does(writer, request, body)
    else:
        writer.write(response(status, body, dated(server.ahead_s), *told))
