"""The table `[directory]`: one value, or every fault with its line; never beside people who are named in the file."""

from __future__ import annotations

import re

import pytest

from bot.domain.forest import PASSWORD, Controller, Forest
from bot.domain.model import Role
from bot.settings.settings import SettingsFault, load, settings
from tests.unit.settings.test_settings import EXAMPLE

SMALL = """[directory]
controllers = ["dc1.contoso.com"]
base = "DC=contoso,DC=com"
account = "switchback@contoso.com"
"""
SECRET = {PASSWORD: "hush-7"}


def faults(text: str, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsFault) as caught:
        settings(SECRET if environ is None else environ, text)
    return caught.value.faults


def test_little_has_to_be_said() -> None:
    assert settings(SECRET, SMALL).directory == Forest(
        controllers=(Controller("dc1.contoso.com", 636),),
        base="DC=contoso,DC=com",
        groups={role: (role.value,) for role in Role},
        account="switchback@contoso.com",
        password="hush-7",
        group_base="DC=contoso,DC=com",
    )
    assert settings({}).directory is None


def test_everything_can_be_said() -> None:
    text = re.sub(r"^#(\w+ = |\[)", r"\1", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    said = settings({}, "\n".join(("[directory]", text.partition("[directory]\n")[2].partition("\n\n")[0]))).directory
    assert said == Forest(
        controllers=(Controller("dc1.contoso.com"), Controller("dc2.contoso.com")),
        base="DC=contoso,DC=com",
        groups={
            Role.SERVER_ADMIN: ("RTCUniversalServerAdmins",),
            Role.RG_ADMIN: ("CsResponseGroupAdministrator", "CsVoiceAdministrator"),
        },
        account="switchback@contoso.com",
        password_file="/run/secrets/switchback-directory",
        ca_file="/etc/switchback/contoso-ca.pem",
        group_base="OU=Groups,DC=contoso,DC=com",
        domains=("contoso.com",),
    )
    assert load({"SWITCHBACK_CONFIG": str(EXAMPLE)}).directory is None


@pytest.mark.parametrize(
    ("said", "controller"),
    [
        ("dc1.contoso.com:1636", Controller("dc1.contoso.com", 1636)),
        ("10.1.2.3", Controller("10.1.2.3", 636)),
        ("[fe80::1]", Controller("fe80::1", 636)),
        ("[fe80::1]:1636", Controller("fe80::1", 1636)),
    ],
)
def test_a_controller_is_named_by_its_host_and_sometimes_its_port(said: str, controller: Controller) -> None:
    read = settings(SECRET, SMALL.replace("dc1.contoso.com", said)).directory
    assert read is not None and read.controllers == (controller,)


def test_a_forest_needs_no_base() -> None:
    text = SMALL.replace('base = "DC=contoso,DC=com"', "global_catalog = true")
    read = settings(SECRET, text).directory
    assert read is not None and (read.base, read.group_base, read.global_catalog) == ("", "", True)


def test_every_group_is_named_once_however_it_is_written() -> None:
    groups = '[directory.groups]\nRTCUniversalServerAdmins = ["Ops", "Night"]\nCsResponseGroupAdministrator = ["OPS"]'
    read = settings(SECRET, SMALL + groups).directory
    assert read is not None and sorted(name.lower() for name in read.names) == ["night", "ops"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('controllers = ["ldaps://dc1"]', "line 2, directory.controllers: must be a domain controller such as"),
        ("controllers = []", "line 2, directory.controllers: must be a list in square brackets, with something in it."),
        ('controllers = ["dc1", "DC1"]', "line 2, directory.controllers: dc1 is listed twice."),
        ('controllers = ["dc1:70000"]', "line 2, directory.controllers: dc1:70000 has no port from 1 to 65535."),
        ('base = "contoso.com"', "line 3, directory.base: must be a place in the directory such as"),
        (
            'base = ""',
            "line 3, directory.base: name where the accounts lie, such as “DC=contoso,DC=com”; only a global",
        ),
        ("account = 7", "line 4, directory.account: must be text in quotes"),
        (
            'ca_file = "ca.pem"',
            "line 5, directory.ca_file: must be a full path such as “/etc/switchback/file”, not “ca",
        ),
        ('domains = ["@contoso.com"]', "line 5, directory.domains: must be the end of e-mail addresses such as"),
        ('global_catalog = "yes"', "line 5, directory.global_catalog: must be true or false"),
        ('contrlers = ["dc1"]', "line 5, directory.contrlers: is not known here; did you mean “controllers”?"),
        ('groups.Admins = ["x"]', "line 5, directory.groups.Admins: is not known here"),
        ("groups.RTCUniversalServerAdmins = []", "line 5, directory.groups.RTCUniversalServerAdmins: must be a list"),
        ('groups.RTCUniversalServerAdmins = ["CN=x,DC=y"]', "must be the name of a group as Windows knows it"),
    ],
)
def test_a_fault_names_its_line(line: str, fault: str) -> None:
    key = line.partition(" = ")[0]
    lines = SMALL.splitlines()
    place = next((place for place, old in enumerate(lines) if old.startswith(f"{key} = ")), len(lines))
    lines[place : place + 1] = [line]
    (said,) = faults("\n".join(lines))
    assert said.startswith("switchback.toml, ") and fault in said


def test_what_is_needed_is_named() -> None:
    said = faults("[directory]\n")
    assert [word for word in ("controllers", "account", "base") if any(f"{word}" in one for one in said)] == [
        "controllers",
        "account",
        "base",
    ]


def test_exactly_one_source_says_who_holds_a_role() -> None:
    people = '[roles.RTCUniversalServerAdmins]\nusers = ["T0CONTOSO:U0ALICE"]\nuser_groups = ["S0ADMINS"]\n'
    users, groups = faults(f"{people}\n{SMALL}")
    assert users.startswith("switchback.toml, line 2, roles.RTCUniversalServerAdmins.users: [directory] says who holds")
    assert groups.startswith("switchback.toml, line 3, roles.RTCUniversalServerAdmins.user_groups: [directory] says")
    assert settings(SECRET, f"[roles.RTCUniversalServerAdmins]\nusers = []\n{SMALL}").directory is not None


def test_the_password_is_in_exactly_one_place_and_shows_nowhere() -> None:
    (none,) = faults(SMALL, {})
    (both,) = faults(SMALL + 'password_file = "/run/secret"\n')
    assert "has no password: name a password_file there, or set SWITCHBACK_DIRECTORY_PASSWORD" in none
    assert "SWITCHBACK_DIRECTORY_PASSWORD is set, and password_file under [directory] as well" in both
    said = settings(SECRET, SMALL)
    assert said.directory is not None and said.directory.password == "hush-7"
    assert "hush" not in repr(said) + str(said) + repr(said.directory) + both
