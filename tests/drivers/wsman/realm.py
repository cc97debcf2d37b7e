"""Kerberos of the tests' own: the real domain controller gives tickets, to the bot and for the server."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.directory import contents
from tests.directory.samba import Domain, run

REALM = "CONTOSO.TEST"
FORGETFUL = "oscar"
"""By a third wrong password the domain locks an account."""

_CONFIGURATION = """[libdefaults]
default_realm = {realm}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
{realm} = {{
  kdc = {kdc}
}}
[domain_realm]
localhost = {realm}
"""


def why_not() -> str:
    """Why nobody can sign in by Kerberos here; "" when somebody can."""
    missing = [name for name in ("gssapi", "krb5") if importlib.util.find_spec(name) is None]
    return f"Kerberos is not installed (docs/sign-in.md): no module {' and no '.join(missing)}" if missing else ""


@dataclass(frozen=True, slots=True)
class Realm:
    """`folder` has what Kerberos needs: krb5.conf, and the keytabs of the bot and of the server."""

    domain: Domain
    folder: Path

    @property
    def keytab(self) -> str:
        return str(self.folder / "bot.keytab")

    @property
    def environ(self) -> dict[str, str]:
        """For a process in which the bot and the server are; no tickets lie anywhere."""
        configured = self.configured(self.domain.address)
        tickets = {"KRB5CCNAME": f"FILE:{self.folder / 'none'}", "KRB5_CLIENT_KTNAME": f"FILE:{self.folder / 'none'}"}
        return {**tickets, "KRB5_CONFIG": configured, "KRB5_KTNAME": f"FILE:{self.folder / 'server.keytab'}"}

    def configured(self, kdc: str) -> str:
        """The name of a krb5.conf by which tickets are asked for there."""
        # A colon would end the name of the file.
        file = self.folder / f"{kdc.replace(':', '-')}.conf"
        file.write_text(_CONFIGURATION.format(realm=REALM, kdc=kdc), "utf-8")
        return str(file)


def realm(domain: Domain, folder: Path) -> Realm:
    """With an account of the server, which is called localhost, and one for whoever forgets passwords."""
    tool, at = "samba-tool", f"--configfile={domain.folder / 'dc.conf'}"
    for name in ("fe1", FORGETFUL):
        run((tool, "user", "create", name, contents.PASSWORD, at))
    run((tool, "spn", "add", "host/localhost", "fe1", at))
    for name, principal in (("bot", contents.BOT), ("server", "fe1")):
        exported = (tool, "domain", "exportkeytab", str(folder / f"{name}.keytab"))
        run((*exported, f"--principal={principal}@{REALM}", at))
    return Realm(domain, folder)


@asynccontextmanager
async def refusing(number: int) -> AsyncIterator[str]:
    """The address of a domain controller that gives no tickets, for the reason that has this number (RFC 4120)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await reader.readexactly(int.from_bytes(await reader.readexactly(4)))
            error = _error(number)
            writer.write(len(error).to_bytes(4) + error)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, family=socket.AF_INET) as listening:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def _error(number: int) -> bytes:
    """KRB-ERROR (RFC 4120, 5.9.1)."""
    names = _der(0x30, b"".join(_der(0x1B, name.encode()) for name in ("krbtgt", REALM)))
    fields = {
        0: _integer(5),
        1: _integer(30),
        4: _der(0x18, b"20260101120000Z"),
        5: _integer(0),
        6: _integer(number),
        9: _der(0x1B, REALM.encode()),
        10: _der(0x30, _der(0xA0, _integer(2)) + _der(0xA1, names)),
    }
    return _der(0x7E, _der(0x30, b"".join(_der(0xA0 + tag, value) for tag, value in fields.items())))


def _integer(value: int) -> bytes:
    return _der(0x02, bytes([value]))


def _der(tag: int, data: bytes) -> bytes:
    assert len(data) < 128
    return bytes([tag, len(data)]) + data
