"""The tables `[remoting]` and `[[servers]]`: where each pool is asked and as whom, or every fault with its line."""

from __future__ import annotations

import re
import tomllib

import pytest

from bot.domain.deployment.endpoints import PASSWORD, Access, Endpoint
from bot.settings.settings import Settings, SettingsFault, settings
from tests.unit.settings.test_settings import EXAMPLE

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
POOLS = f"""[[pools]]
fqdn = "{A}"
version = "2013"
[[pools]]
fqdn = "{B}"
"""
REMOTING = """[remoting]
account = 'CONTOSO\\svc-switchback'
"""
HOST = f"""[[servers]]
url = "https://admin1.contoso.com"
pools = ["{A}", "{B}"]
"""
FRONT_END = f"""[[servers]]
url = "https://fe1.contoso.com:5987/here"
front_end_of = "{B}"
access = "constrained"
"""
SECRET = {PASSWORD: "hush-7"}


def said(text: str, **environ: str) -> Settings:
    return settings({**SECRET, **environ}, text)


def faults(text: str, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsFault) as caught:
        settings(SECRET if environ is None else environ, text)
    return tuple(fault.removeprefix("switchback.toml, ") for fault in caught.value.faults)


def test_each_pool_is_asked_through_its_servers_in_the_order_of_the_file() -> None:
    host = Endpoint("admin1.contoso.com", "CONTOSO\\svc-switchback", "hush-7", module="SkypeForBusiness")
    front_end = Endpoint(
        "fe1.contoso.com",
        "CONTOSO\\svc-switchback",
        "hush-7",
        port=5987,
        path="here",
        configuration="Switchback",
        access=Access.CONSTRAINED,
        front_end_of=B,
    )
    found = said(POOLS + REMOTING + FRONT_END + HOST).servers
    assert found[B] == (front_end, host)
    assert [(one.host, one.module) for one in found[A]] == [("admin1.contoso.com", "Lync")]


def test_without_remoting_nothing_is_reached_and_nothing_has_to_be_said() -> None:
    assert settings({}, POOLS).servers == {}
    assert settings({}, POOLS + HOST).servers == {}


def test_everything_of_the_example_can_be_said() -> None:
    text = re.sub(r"^#(\w+ = |\[)", r"\1", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    document = tomllib.loads(text)
    assert [row["url"] for row in document["servers"]] == [
        "https://fe1.contoso.com:5986/wsman",
        "https://admin1.contoso.com:5986/wsman",
    ]
    part = text[text.index("\n[[servers]]") : text.index("# Who holds which role")]
    assert [one.host for one in said(POOLS + REMOTING + part).servers[A]] == ["fe1.contoso.com", "admin1.contoso.com"]


def test_what_the_page_says_of_the_configuration_is_a_configuration() -> None:
    page = (EXAMPLE.parent / "docs" / "real-servers.md").read_text("utf-8")
    said = settings({}, POOLS + page.partition("```toml\n")[2].partition("```")[0] + HOST.replace(f'"{A}", ', ""))
    assert said.driver == "winrm" and [one.host for one in said.servers[A]] == ["fe1.contoso.com", "fe2.contoso.com"]
    assert [pool.front_end for pool in said.pools] == [True, False]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            POOLS + "[driver]\nkind = 'winrm'\n" + HOST,
            "line 7, driver.kind: “winrm” needs a table [remoting], which says as whom servers are asked.",
        ),
        (
            POOLS + "[driver]\nkind = 'winrm'\n" + REMOTING + FRONT_END,
            f"line 1, pools: no server of {A} is named: add a table [[servers]] for it.",
        ),
        (
            POOLS + REMOTING + HOST.replace("admin1.contoso.com", "lync.contoso.com:443/OcsPowershell"),
            "line 9, servers.url: Lync's own /OcsPowershell gives no files and no whole objects",
        ),
        (POOLS + REMOTING + HOST + HOST, "line 12, servers.url: https://admin1.contoso.com is listed twice."),
        (
            POOLS
            + REMOTING
            + HOST
            + HOST.replace("https://admin1.contoso.com", "https://Admin1.contoso.com:5986/wsman"),
            "line 12, servers.url: https://Admin1.contoso.com:5986/wsman is listed twice.",
        ),
        (POOLS + REMOTING + "[[servers]]\nurl = 'https://a.b'\n", "line 8, servers.pools: is missing: name the pools"),
        (
            POOLS + REMOTING + HOST.replace(f'"{B}"', '"pool-c.contoso.com"'),
            "line 10, servers.pools: pool-c.contoso.com is not among the pools.",
        ),
        (
            POOLS + REMOTING + HOST.replace(f'"{B}"', '"pool-bb.contoso.com"'),
            f"line 10, servers.pools: pool-bb.contoso.com is not among the pools; did you mean “{B}”?",
        ),
        (
            POOLS + REMOTING + FRONT_END + f'pools = ["{A}"]\n',
            f"line 10, servers.front_end_of: {B} is not among its pools: add it there.",
        ),
        (
            POOLS + REMOTING + FRONT_END + "module = 'Lync'\n",
            "line 12, servers.module: is for an ordinary endpoint; the constrained one loads its own. Remove it.",
        ),
        (
            POOLS + REMOTING + HOST.replace("https", "http"),
            "line 9, servers.url: must be the https address of WinRM on a server",
        ),
        (
            POOLS + REMOTING + HOST.replace("admin1.contoso.com", "admin1.contoso.com:70000"),
            "line 9, servers.url: https://admin1.contoso.com:70000 has no port from 1 to 65535.",
        ),
        (POOLS + "[remoting]\n", "line 6, remoting.account: is missing: name the account by which the bot signs in"),
        (
            POOLS + REMOTING + "method = 'certificate'\ncertificate = '/a.pem'\nkey = '/a.key'\n",
            "line 7, remoting.account: is not used when signing in by certificate. Remove it.",
        ),
        (
            POOLS + "[remoting]\nmethod = 'certificate'\ncertificate = '/a.pem'\n",
            "line 6, remoting.key: is missing: signing in by certificate takes a certificate and its key",
        ),
        (
            POOLS + REMOTING + "method = 'ntlm'\nkeytab = '/a.keytab'\n",
            "line 9, remoting.keytab: holds keys for Kerberos: set method to “kerberos”, or remove it.",
        ),
        (
            POOLS + REMOTING + "ca_file = 'ca.pem'\n",
            "line 8, remoting.ca_file: must be a full path such as “/etc/switchback/file”, not “ca.pem”.",
        ),
        (
            POOLS + REMOTING + "proxy = 'proxy.contoso.com'\n",
            "line 8, remoting.proxy: must be the address of a proxy such as “http://proxy.contoso.com:3128”",
        ),
    ],
)
def test_each_kind_of_fault_has_its_sentence(text: str, sentence: str) -> None:
    (found,) = faults(text)
    assert found.startswith(sentence), found


def test_the_password_is_in_exactly_one_place_and_shows_nowhere() -> None:
    (none,) = faults(POOLS + REMOTING, {})
    (both,) = faults(POOLS + REMOTING + 'password_file = "/run/secret"\n')
    assert "under [remoting] has no password: name a password_file there, or set SWITCHBACK_REMOTING_PASSWORD" in none
    assert "SWITCHBACK_REMOTING_PASSWORD is set, and password_file under [remoting] as well" in both
    assert "hush" not in both + repr(said(POOLS + REMOTING + HOST)) + str(said(POOLS + REMOTING + HOST).servers)


@pytest.mark.parametrize(
    "table", ["[remoting]\naccount = 'a@b'\nkeytab = '/a.keytab'\n", "[remoting]\nmethod = 'certificate'\n"]
)
def test_who_signs_in_by_keys_needs_no_password(table: str) -> None:
    more = "certificate = '/a.pem'\nkey = '/a.key'\n" if "certificate" in table else ""
    assert settings({}, POOLS + table + more + HOST).servers[A][0].password == ""
