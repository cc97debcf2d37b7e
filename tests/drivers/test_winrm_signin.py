"""Who the bot is to a server: each way to sign in, and a sentence for each reason why it does not work."""

from __future__ import annotations

import asyncio
import importlib.util
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.endpoints import Endpoint
from bot.domain.errors import NeverSent
from bot.domain.groups.groups import service
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.pace import Pace
from tests.directory.samba import issue
from tests.drivers.wsman.proxy import proxy
from tests.drivers.wsman.server import ACCOUNT, PASSWORD, WSMan, wsman
from tests.drivers.wsman.table import Table

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
READ = cmdlet("Get-CsRgsQueue", Identity=service(B))
QUICK = Pace(connect_s=5, open_s=20, operation_s=5, silence_s=10, poll_s=1, read_s=30, change_s=30, mercy_s=1)
UPN = "svc-switchback@contoso.test"
NO_KERBEROS = importlib.util.find_spec("gssapi") is None


@dataclass(frozen=True)
class Door:
    """A server, and a way to it that works."""

    server: WSMan
    endpoint: Endpoint

    async def read(self, **change: Any) -> None:
        """Opens a session for it."""
        driver = WinRM({B: (replace(self.endpoint, **change),)}, QUICK)
        try:
            await driver.invoke(B, READ)
        finally:
            await driver.close()

    async def refused(self, **change: Any) -> str:
        with pytest.raises(NeverSent) as told:
            await self.read(**change)
        assert told.value.sentence.endswith("Nothing was changed.") and PASSWORD not in repr(told.value)
        return told.value.sentence


@asynccontextmanager
async def at_the_door(folder: Path, **more: Any) -> AsyncIterator[Door]:
    async with wsman(Table(), folder, **more) as server:
        yield Door(server, server.endpoint())


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with at_the_door(tmp_path / "server") as door:
        yield door


@pytest.fixture
async def guests(tmp_path: Path) -> AsyncIterator[Door]:
    """A server that asks for certificates, with one that an account belongs to."""
    ca, certificate, key = issue(("svc-switchback",), ())
    for name, text in (("clients.pem", ca), ("own.pem", certificate), ("own.key", key)):
        (tmp_path / name).write_bytes(text)
    async with at_the_door(tmp_path / "server", clients=str(tmp_path / "clients.pem")) as door:
        der = x509.load_pem_x509_certificate(certificate).public_bytes(serialization.Encoding.DER)
        door.server.mapped.add(der)
        signed = {"certificate": str(tmp_path / "own.pem"), "key": str(tmp_path / "own.key")}
        yield Door(door.server, replace(door.endpoint, account="", password="", method="certificate", **signed))


@pytest.mark.parametrize("account", [ACCOUNT, UPN])
@pytest.mark.parametrize("method", ["ntlm", "negotiate"])
async def test_a_password_signs_in(door: Door, method: str, account: str) -> None:
    await door.read(method=method, account=account)
    assert [who.split()[0] for who in door.server.visitors.came] == ["ntlm"] and door.server.visitors.refused == 0


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
async def test_a_certificate_signs_in(guests: Door, newest: ssl.TLSVersion) -> None:
    guests.server.context.maximum_version = newest
    await guests.read()
    assert guests.server.visitors.came == ["certificate"]


async def test_a_certificate_to_which_no_account_belongs_signs_nobody_in(guests: Door) -> None:
    guests.server.mapped.clear()
    assert "it lets nobody in by this certificate" in await guests.refused()
    assert guests.server.visitors.refused == 1


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
async def test_a_certificate_of_an_authority_that_the_server_does_not_know_is_told(
    guests: Door, tmp_path: Path, newest: ssl.TLSVersion
) -> None:
    guests.server.context.maximum_version = newest
    _, certificate, key = issue(("somebody",), ())
    (tmp_path / "own.pem").write_bytes(certificate)
    (tmp_path / "own.key").write_bytes(key)
    assert "it ended the connection, perhaps over the certificate that signs in" in await guests.refused()


async def test_a_key_that_is_no_key_or_another_one_or_locked_is_told(guests: Door, tmp_path: Path) -> None:
    _, _, other = issue(("somebody",), ())
    lock = serialization.BestAvailableEncryption(b"secret")
    locked = serialization.load_pem_private_key((tmp_path / "own.key").read_bytes(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock
    )
    for data in (b"nothing", other, locked):
        (tmp_path / "own.key").write_bytes(data)
        assert "the certificate that signs in does not fit its key" in await guests.refused()
    (tmp_path / "own.key").unlink()
    assert "the certificate that signs in cannot be read: No such file or directory." in await guests.refused()
    assert guests.server.connections == 0


@pytest.mark.parametrize(
    ("key", "data", "words"),
    [
        ("password_file", None, "the password of the account cannot be read: No such file or direc"),
        ("password_file", b"\r\n", "the file with the password of the account is empty."),
        ("password_file", b"\xff", "the password of the account cannot be read: it is not UTF-8 text."),
        ("keytab", None, "the keytab of the account cannot be read: No such file or directory."),
        ("keytab", b"", "the keytab of the account holds no Kerberos keys."),
        ("ca_file", None, "the authority for its certificate cannot be read: No such file or directory."),
        ("ca_file", b"nothing", "the authority for its certificate cannot be read: it holds no certificate."),
    ],
)
async def test_a_file_that_is_of_no_use_is_told_before_anybody_is_asked(
    door: Door, tmp_path: Path, key: str, data: bytes | None, words: str
) -> None:
    if data is not None:
        (tmp_path / key).write_bytes(data)
    assert words in await door.refused(**{"password": "", key: str(tmp_path / key)})
    assert door.server.connections == 0


@pytest.mark.parametrize("offered", [("Basic",), ("Kerberos",), ()], ids=str)
async def test_a_way_that_is_switched_off_is_told(door: Door, offered: tuple[str, ...]) -> None:
    door.server.methods = offered
    assert "it does not offer the configured way to sign in" in await door.refused()
    assert door.server.visitors.refused == 0


@pytest.mark.skipif(not NO_KERBEROS, reason="Kerberos is installed here.")
async def test_kerberos_that_is_not_installed_is_told(door: Door, tmp_path: Path) -> None:
    (tmp_path / "keytab").write_bytes(b"\x05\x02")
    for change in ({"method": "kerberos"}, {"keytab": str(tmp_path / "keytab")}):
        assert "since what that needs is not installed" in await door.refused(**change)
    assert door.server.visitors.refused == 0


@pytest.mark.parametrize("more", [{"days": -1}, {"names": ("fe2.contoso.com",)}], ids=["expired", "another name"])
async def test_a_certificate_that_is_over_or_another_s_is_not_believed(tmp_path: Path, more: dict[str, Any]) -> None:
    async with at_the_door(tmp_path, **more) as door:
        assert "its certificate is not to be trusted" in await door.refused()
        assert door.server.visitors.refused == 0 and not door.server.steps


async def test_a_port_where_nobody_speaks_tls_is_told(door: Door) -> None:
    def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as http:
        assert "it does not speak TLS there" in await door.refused(port=http.sockets[0].getsockname()[1])


async def test_what_was_refused_is_tried_by_no_pool_and_at_no_server_until_it_is_another(
    door: Door, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("Wrong-horse")
    one = replace(door.endpoint, password="", password_file=str(file))
    driver = WinRM({A: (one,), B: (one, replace(one, account=ACCOUNT.lower(), path="other"))}, QUICK)
    with pytest.raises(NeverSent, match=r"refuses the account or its password.*so that it is not locked"):
        await driver.invoke(B, READ)
    for pool in (A, B):
        with pytest.raises(NeverSent, match="so that it is not locked"):
            await driver.invoke(pool, READ)
    assert door.server.visitors.refused == 1
    file.write_text(f"{PASSWORD}\r\n")
    assert await driver.invoke(A, READ) and await driver.invoke(B, READ)
    await driver.close()


async def test_what_was_refused_is_tried_again_after_a_while(door: Door) -> None:
    driver = WinRM({B: (replace(door.endpoint, password="Wrong-horse"),)}, replace(QUICK, refused_s=0))
    for _ in range(2):
        with pytest.raises(NeverSent, match="refuses the account or its password"):
            await driver.invoke(B, READ)
    assert door.server.visitors.refused == 2
    await driver.close()


async def test_a_password_that_is_refused_in_mid_session_is_not_tried_once_more(door: Door) -> None:
    driver = WinRM({B: (door.endpoint,)}, QUICK)
    await driver.invoke(B, READ)
    await door.server.hang_up()
    door.server.visitors.welcome = False
    with pytest.raises(NeverSent, match="refuses the account or its password"):
        await driver.invoke(B, READ)
    with pytest.raises(NeverSent, match="so that it is not locked"):
        await driver.invoke(B, READ)
    assert door.server.visitors.refused == 1
    await driver.close()


async def test_a_server_that_hung_up_is_signed_in_to_again(door: Door) -> None:
    driver = WinRM({B: (door.endpoint,)}, QUICK)
    for _ in range(2):
        await driver.invoke(B, READ)
        await door.server.hang_up()
    assert len(door.server.visitors.came) == 2 and door.server.steps.count("Create") == 1
    await driver.close()


async def test_a_proxy_is_used_where_one_is_configured_and_only_there(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proxy() as configured, proxy() as another:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, another.url)
        await door.read()
        assert not configured.asked
        await door.read(proxy=configured.url)
        assert configured.asked == [f"CONNECT localhost:{door.server.port}"] and not another.asked


async def test_a_command_is_cut_off_behind_a_proxy_as_well(door: Door, tmp_path: Path) -> None:
    async with proxy() as way:
        driver = WinRM({B: (replace(door.endpoint, proxy=way.url),)}, QUICK)
        await driver.invoke(B, READ)
        wire = driver._lanes[B, False]._line.wire
        assert wire is not None and len(wire._sockets) == 1
        await driver.close()


async def test_a_proxy_that_does_not_let_us_through_is_told(door: Door, unused_tcp_port: int) -> None:
    async with proxy() as way:
        way.lets_through = False
        for url in (way.url, f"http://127.0.0.1:{unused_tcp_port}", "http://no-such-proxy.invalid:3128"):
            assert "the proxy that is configured does not answer, or does not" in await door.refused(proxy=url)
    assert door.server.connections == 0
