"""Active Directory as the configuration names it, as a value: where it is, how it is asked, which groups grant what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain import secrets
from bot.domain.model import Role

LDAPS = 636
PASSWORD = "SWITCHBACK_DIRECTORY_PASSWORD"
"""The environment variable that may hold the password of the bot's own account."""

CONTROLLER = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[1-9]\d{0,4})?"
DN = r"[A-Za-z][A-Za-z0-9-]*=[^=]+(?:,[A-Za-z][A-Za-z0-9-]*=[^=]+)*"
GROUP = r"[^\"/\\\[\]:;|=,+*?<>\x00-\x1f]{1,256}"
"""What Windows allows as sAMAccountName of a group."""

MAIL_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"


@dataclass(frozen=True, slots=True)
class Controller:
    """A domain controller that is asked over TLS: `host` is what its certificate has to name."""

    host: str
    port: int = LDAPS


@dataclass(frozen=True, slots=True)
class Forest:
    """Whom to ask, as whom, and for what.

    `account` signs in, with what `password_file` holds, or `password` where no file is named. Accounts lie under
    `base`, groups under `group_base`; "" is the whole forest, which only a global catalog knows. `groups` has the
    sAMAccountNames of each role's groups, `domains` those that an e-mail address may end in (none: any). `ca_file`
    has the authorities to be trusted in PEM; "" means those of the system.
    """

    controllers: tuple[Controller, ...]
    base: str
    groups: Mapping[Role, tuple[str, ...]]
    account: str
    password: str = field(default="", repr=False)
    password_file: str = ""
    ca_file: str = ""
    group_base: str = ""
    domains: tuple[str, ...] = ()
    global_catalog: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every configured group once."""
        every = (name for names in self.groups.values() for name in names)
        return tuple({name.lower(): name for name in every}.values())


def forest(said: Mapping[str, Any] | None, password: str = "") -> Forest | None:
    """What the keys of `[directory]` make, with the password of the environment; None without such a table."""
    if said is None:
        return None
    groups = said["groups"]
    return Forest(
        controllers=tuple(_controller(text) for text in said["controllers"]),
        base=said["base"],
        groups={role: tuple(groups.get(role) or (role.value,)) for role in Role},
        account=said["account"],
        password="" if said["password_file"] else password,
        password_file=said["password_file"],
        ca_file=said["ca_file"],
        group_base=said["group_base"] or said["base"],
        domains=tuple(domain.lower() for domain in said["domains"]),
        global_catalog=said["global_catalog"],
    )


def faults(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What no single key of `[directory]` can tell: the key, and a sentence."""
    if said.get("base") == "" and not said.get("global_catalog"):
        yield "base", "name where the accounts lie, such as “DC=contoso,DC=com”; only a global catalog needs none."
    yield from secrets.files(said, "ca_file", "password_file")
    hosts = [text.lower() for text in said.get("controllers") or () if text]
    if twice := next((text for place, text in enumerate(hosts) if text in hosts[:place]), ""):
        yield "controllers", f"{twice} is listed twice."
    if ports := next((text for text in hosts if _controller(text).port > 65535), ""):
        yield "controllers", f"{ports} has no port from 1 to 65535."


def passwords(said: Mapping[str, Any] | None, password: str) -> Iterator[str]:
    """What is wrong with where the password of `[directory]` comes from."""
    if said:
        yield from secrets.passwords("[directory]", said, PASSWORD, password)


def _controller(text: str) -> Controller:
    """Of "host", "host:port", "[address]" or "[address]:port"."""
    ported = re.search(r"(?<=[^:]):(\d+)$", text)
    host = text[: ported.start()] if ported else text
    return Controller(host.strip("[]"), int(ported[1]) if ported else LDAPS)
