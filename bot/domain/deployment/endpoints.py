"""Where the servers of a pool are reached, as whom, and what kind of session they give, as values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.domain import secrets
from bot.domain.near import nearest

PASSWORD = "SWITCHBACK_REMOTING_PASSWORD"
"""The environment variable that may hold the password of the bot's own account on servers."""

PORT, PATH = 5986, "wsman"
URL = r"https://([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)(?::([1-9]\d{0,4}))?(?:/([\w./-]{0,200}))?"
CONFIGURATION = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
PROXY = r"http://[A-Za-z0-9.-]{1,253}:[1-9]\d{0,4}"
METHODS = ("negotiate", "kerberos", "ntlm", "certificate")
_OWN = "ocspowershell"
_MODULES = {"2013": "Lync"}

Fault = tuple[tuple[Any, ...], str]
"""Where in the file something is wrong, and a sentence about it."""


class Access(StrEnum):
    """What a session configuration lets in: everything its account may do, or only functions of Switchback's own."""

    ORDINARY = "ordinary"
    CONSTRAINED = "constrained"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One session configuration on one server, over https.

    `method` is kerberos, negotiate, ntlm or certificate; for the last, `certificate` and `key` are PEM files. `ca_file`
    has the authorities that are believed, in PEM (empty: those that come with Python's `certifi`). `password_file`
    holds the password in place of `password`, and `keytab` the account's Kerberos keys in place of both. All of these
    files are read when a session opens. `module` is imported when an ordinary session opens (empty: none).
    `front_end_of` is the pool whose Front End the server is, empty for an administration host. `proxy` is a URL, empty
    for none. Servers of one pool are tried in the order in which they are given.
    """

    host: str
    account: str = ""
    password: str = field(default="", repr=False)
    port: int = 5986
    path: str = "wsman"
    configuration: str = "Microsoft.PowerShell"
    method: str = "negotiate"
    ca_file: str = ""
    certificate: str = ""
    key: str = ""
    module: str = ""
    access: Access = Access.ORDINARY
    front_end_of: str = ""
    password_file: str = ""
    keytab: str = ""
    proxy: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


_CONFIGURATIONS = {Access.ORDINARY: "Microsoft.PowerShell", Access.CONSTRAINED: "Switchback"}


def module_of(version: str) -> str:
    """The PowerShell module that has the cmdlets on servers of this version."""
    return _MODULES.get(version, "SkypeForBusiness")


def endpoints(
    remoting: Mapping[str, Any] | None,
    servers: Sequence[Mapping[str, Any]],
    versions: Mapping[str, str],
    password: str = "",
) -> Mapping[str, tuple[Endpoint, ...]]:
    """Of every pool in `versions` (its servers' version), where it is asked, in the order of the file.

    `password` is that of the environment.
    """
    if remoting is None:
        return {}
    signs_in = {key: remoting[key] for key in ("account", "method", "ca_file", "certificate", "key", "keytab", "proxy")}
    signs_in |= {"password_file": remoting["password_file"], "password": password}
    return {
        pool: tuple(_endpoint(row, version, signs_in) for row in servers if pool in _asked_for(row))
        for pool, version in versions.items()
    }


def _endpoint(row: Mapping[str, Any], version: str, signs_in: Mapping[str, Any]) -> Endpoint:
    host, port, path = _parts(row["url"])
    access = Access(row["access"])
    module = "" if access is Access.CONSTRAINED else row["module"] or module_of(version)
    return Endpoint(
        host,
        port=port,
        path=path,
        configuration=row["configuration"] or _CONFIGURATIONS[access],
        module=module,
        access=access,
        front_end_of=row["front_end_of"],
        **signs_in,
    )


def _parts(url: str) -> tuple[str, int, str]:
    found = re.fullmatch(URL, url)
    host, port, path = found.groups() if found else ("", None, None)
    return host, int(port or PORT), (path or PATH).strip("/")


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The same for two rows that lead to one session configuration, however they are written."""
    host, port, path = _parts(row.get("url") or "")
    access = row.get("access") or Access.ORDINARY
    named = row.get("configuration") or _CONFIGURATIONS.get(access, "")
    return host.casefold(), port, path.casefold(), named.casefold()


def _asked_for(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The pools that are asked through this server."""
    return tuple(row.get("pools") or ()) or (row.get("front_end_of") or "",)


def faults(
    driver: str | None,
    remoting: Mapping[str, Any] | None,
    servers: Sequence[Mapping[str, Any]],
    pools: Sequence[str],
) -> Iterator[Fault]:
    """What no single key of `[remoting]` and `[[servers]]` can tell."""
    for place, row in enumerate(servers):
        yield from ((("servers", place, key), sentence) for key, sentence in _row_faults(row, servers[:place], pools))
    if remoting is not None:
        yield from ((("remoting", key), sentence) for key, sentence in _sign_in_faults(remoting))
    if driver != "winrm":
        return
    if remoting is None:
        yield ("driver", "kind"), "“winrm” needs a table [remoting], which says as whom servers are asked."
    for place, pool in enumerate(pools):
        if pool and not any(pool in _asked_for(row) for row in servers):
            yield ("pools", place), f"no server of {pool} is named: add a table [[servers]] for it."


def _row_faults(
    row: Mapping[str, Any], before: Sequence[Mapping[str, Any]], pools: Sequence[str]
) -> Iterator[tuple[str, str]]:
    url, front_end = row.get("url") or "", row.get("front_end_of") or ""
    _, port, path = _parts(url)
    if path.casefold() == _OWN:
        yield (
            "url",
            "Lync's own /OcsPowershell gives no files and no whole objects: nothing could be exported, imported or "
            "compared. Name WinRM on a server instead; see docs/real-servers.md.",
        )
    if port > 65535:
        yield "url", f"{url[:80]} has no port from 1 to 65535."
    if url and any(_place(row) == _place(other) for other in before):
        yield "url", f"{url[:80]} is listed twice. Name all its pools in one table."
    if not row.get("pools") and not front_end:
        yield "pools", "is missing: name the pools that are asked through this server, or front_end_of."
    if front_end and row.get("pools") and front_end not in row["pools"]:
        yield "front_end_of", f"{front_end} is not among its pools: add it there."
    for key, pool in (*(("pools", pool) for pool in row.get("pools") or ()), ("front_end_of", front_end)):
        if pool and pool not in pools:
            near = nearest(pool, [known for known in pools if known])
            yield key, f"{pool} is not among the pools" + (f"; did you mean “{near}”?" if near else ".")
    if row.get("module") and row.get("access") == Access.CONSTRAINED:
        yield "module", "is for an ordinary endpoint; the constrained one loads its own. Remove it."


def _sign_in_faults(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from secrets.files(said, "ca_file", "password_file", "certificate", "key", "keytab")
    method = said.get("method")
    if method == "certificate":
        for key in ("certificate", "key"):
            if said.get(key) == "":
                yield key, "is missing: signing in by certificate takes a certificate and its key, in PEM."
        if said.get("account"):
            yield "account", "is not used when signing in by certificate. Remove it."
    elif said.get("account") == "":
        yield "account", "is missing: name the account by which the bot signs in to servers."
    if said.get("keytab") and method not in ("kerberos", "negotiate"):
        yield "keytab", "holds keys for Kerberos: set method to “kerberos”, or remove it."


def passwords(said: Mapping[str, Any] | None, password: str) -> Iterator[str]:
    """What is wrong with where the password of `[remoting]` comes from."""
    if not said or said["method"] == "certificate" or (said["keytab"] and not password and not said["password_file"]):
        return
    yield from secrets.passwords("[remoting]", said, PASSWORD, password)
