"""Kerberos, with a real domain controller: signs in by keytab or password, and each refusal has its sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.endpoints import Endpoint
from bot.domain.errors import NeverSent
from bot.domain.groups.groups import service
from bot.drivers.winrm.driver import WinRM
from tests.directory import contents
from tests.directory.samba import Domain
from tests.drivers.test_winrm_signin import QUICK, READ, B, Door
from tests.drivers.wsman.realm import FORGETFUL, REALM, Realm, realm, refusing, why_not
from tests.drivers.wsman.server import wsman
from tests.drivers.wsman.table import Table

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"Skipped: {why_not()}.")
IMPORT = cmdlet("Import-CsRgsConfiguration", Destination=service(B), FileName="C:\\Switchback\\a.zip")
ACCOUNT, WRONG = f"{contents.BOT}@{REALM}", f"{FORGETFUL}@{REALM}"


@pytest.fixture(scope="module")
def contoso(domain: Domain, tmp_path_factory: pytest.TempPathFactory) -> Realm:
    return realm(domain, tmp_path_factory.mktemp("realm"))


@pytest.fixture
def at_home(contoso: Realm) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in contoso.environ.items():
            patch.setenv(name, value)
        yield patch


@pytest.fixture
async def door(contoso: Realm, at_home: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Door]:
    async with wsman(Table(), tmp_path) as server:
        to = Endpoint("localhost", ACCOUNT, "", server.port, method="kerberos", ca_file=server.ca_file)
        yield Door(server, replace(to, keytab=contoso.keytab))


@pytest.mark.parametrize("offered", [("Negotiate",), ("Negotiate", "Kerberos"), ("Kerberos",)], ids=str)
@pytest.mark.parametrize("method", ["kerberos", "negotiate"])
@pytest.mark.parametrize("account", [ACCOUNT, contents.BOT, ""])
async def test_a_keytab_signs_in(door: Door, account: str, method: str, offered: tuple[str, ...]) -> None:
    door.server.methods = offered
    await door.read(account=account, method=method)
    assert door.server.visitors.came == [f"kerberos {ACCOUNT}"]


@pytest.mark.parametrize("method", ["kerberos", "negotiate"])
async def test_a_password_signs_in_by_kerberos_where_there_is_kerberos(door: Door, method: str) -> None:
    await door.read(keytab="", password=contents.PASSWORD, method=method)
    assert door.server.visitors.came == [f"kerberos {ACCOUNT}"]


async def test_each_session_and_each_new_connection_has_a_ticket_of_its_own(door: Door, contoso: Realm) -> None:
    """So that none has to be renewed by anybody, and none lies on the disk."""
    driver = WinRM({B: (door.endpoint,)}, QUICK)
    for _ in range(2):
        await driver.invoke(B, READ)
        await door.server.hang_up()
    assert door.server.visitors.came == [f"kerberos {ACCOUNT}"] * 2
    await driver.close()
    assert not (contoso.folder / "none").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"keytab": "", "password": "Wrong-horse", "account": WRONG},
            "the domain refuses the password of the account,",
        ),
        ({"keytab": "", "password": "x", "account": f"somebody@{REALM}"}, "the domain knows no such account"),
        ({"keytab": "", "password": contents.PASSWORD, "account": f"{contents.BOT_DISABLED}@{REALM}"}, "disabled or"),
        ({"keytab": "", "password": "x", "account": "switchback@ELSEWHERE.TEST"}, "knows no domain controller for"),
        ({"account": f"ben@{REALM}"}, "the keytab has no key for the account"),
        ({"account": f"ben@{REALM}", "method": "negotiate"}, "the keytab has no key for the account"),
        ({"keytab": ""}, "there is neither a password nor a keytab"),
        ({"keytab": "", "account": ""}, "there is neither a password nor a keytab"),
    ],
    ids=str,
)
async def test_whoever_gets_no_ticket_is_told_why(door: Door, change: dict[str, Any], words: str) -> None:
    assert words in await door.refused(**change)
    assert not door.server.visitors.came


async def test_a_server_whose_name_the_domain_does_not_know_is_told(
    contoso: Realm, at_home: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with wsman(Table(), tmp_path) as server:
        to = Endpoint("127.0.0.1", ACCOUNT, "", server.port, method="kerberos", ca_file=server.ca_file)
        assert (
            "the domain knows no server by this name"
            in await Door(server, replace(to, keytab=contoso.keytab)).refused()
        )


async def test_clocks_that_are_too_far_apart_are_told(door: Door, contoso: Realm, at_home: pytest.MonkeyPatch) -> None:
    async with refusing(37) as kdc:
        at_home.setenv("KRB5_CONFIG", contoso.configured(kdc))
        assert "the clocks of this machine and of the domain differ" in await door.refused()


async def test_a_domain_controller_that_is_away_is_told_and_nothing_ran(
    door: Door, contoso: Realm, at_home: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    driver = WinRM({B: (door.endpoint,)}, QUICK)
    await driver.invoke(B, IMPORT)
    ran = door.server.steps.count("Command")
    at_home.setenv("KRB5_CONFIG", contoso.configured(f"127.0.0.1:{unused_tcp_port}"))
    await door.server.hang_up()
    with pytest.raises(NeverSent, match="no domain controller answers for Kerberos"):
        await driver.invoke(B, IMPORT)
    await driver.close()
    assert door.server.steps.count("Command") == ran


async def test_a_wrong_password_is_tried_once(door: Door) -> None:
    wrong = replace(door.endpoint, keytab="", password="Wrong-horse", account=WRONG)
    driver = WinRM({B: (wrong, replace(wrong, path="other"))}, QUICK)
    for words in ("the domain refuses the password", "so that it is not locked"):
        with pytest.raises(NeverSent, match=words):
            await driver.invoke(B, READ)
    await driver.close()
