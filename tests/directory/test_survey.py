"""What an administrator is told of the directory before relying on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.directory.active_directory import Times
from bot.domain.forest import Controller, Forest
from bot.domain.model import Role
from tests.directory import contents
from tests.directory.contents import address
from tests.directory.forests import PATIENT, asking, at, forest_of
from tests.directory.impostors import deaf, done, impostor
from tests.directory.samba import Domain, issue

SILENT = Times(reading_silence_s=2.0)


async def findings(forest: Forest, times: Times = PATIENT) -> tuple[list[str], list[str]]:
    """What is well, and what is not."""
    async with asking(forest, times=times) as directory:
        found = await directory.survey()
    return [one.sentence for one in found if one.well], [one.sentence for one in found if not one.well]


async def test_everything_that_is_well_is_said_in_a_sentence_each(domain: Domain) -> None:
    well, missing = await findings(forest_of(domain))
    where = f"{domain.address}:636"
    until = domain.certified_until.strftime("%Y-%m-%d")
    assert missing == []
    assert well == [
        f"{where} answers.",
        f"The certificate of {where} is to be trusted, until {until}.",
        f"{where} accepts the bot's own account, switchback@contoso.test.",
        f"{where} knows “DC=contoso,DC=test”.",
        "4 people hold RTCUniversalServerAdmins through the group RTCUniversalServerAdmins "
        "(CN=RTCUniversalServerAdmins,OU=Groups,DC=contoso,DC=test).",
        "7 people hold CsResponseGroupAdministrator through the group CsResponseGroupAdministrator "
        "(CN=CsResponseGroupAdministrator,OU=Groups,DC=contoso,DC=test).",
    ]


async def test_whatever_is_wrong_is_said_in_a_sentence_each(domain: Domain, tmp_path: Path) -> None:
    _, certificate, key = issue(("dc1.contoso.test",), ("127.0.0.1",))
    (tmp_path / "certificate.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(key)
    wrong = (tmp_path / "certificate.pem", tmp_path / "key.pem")
    async with deaf() as mute, impostor(domain, lambda number, tag: done(number, tag, 0), wrong) as untrusted:
        controllers = (Controller("dc9.invalid"), *at(mute, untrusted), Controller(domain.address))
        groups = {
            Role.SERVER_ADMIN: ("RTCUniversalServerAdmins", "Twin Group", "Typo"),
            Role.RG_ADMIN: ("Nobody Here",),
        }
        well, missing = await findings(forest_of(domain, controllers=controllers, groups=groups), SILENT)
    assert missing == [
        "The name of dc9.invalid:636 is not known to the network.",
        f"127.0.0.1:{mute} did not answer within 2 s.",
        f"The certificate of 127.0.0.1:{untrusted} is not to be trusted: unable to get local issuer certificate.",
        "2 groups in the directory are called Twin Group, so none of them grants anything. The part in which the "
        "right one lies has to be configured as the base of groups.",
        "There is no group Typo in the directory, so it grants nothing.",
        "Nobody holds CsResponseGroupAdministrator: nobody whose account counts is in any of its groups.",
    ]
    assert "4 people hold RTCUniversalServerAdmins through the group RTCUniversalServerAdmins" in well[4]
    assert well[5].startswith("0 people hold CsResponseGroupAdministrator through the group Nobody Here (")


@pytest.mark.parametrize("written", ["RTCUniversalServerAdmins", "rtcuniversalserveradmins"])
async def test_a_group_that_grants_both_roles_counts_its_people_once(domain: Domain, written: str) -> None:
    groups = {Role.SERVER_ADMIN: ("RTCUniversalServerAdmins",), Role.RG_ADMIN: (written,)}
    well, missing = await findings(forest_of(domain, groups=groups))
    assert missing == []
    assert [line.partition(" through")[0] for line in well[4:]] == [
        "4 people hold RTCUniversalServerAdmins and CsResponseGroupAdministrator"
    ]


async def test_a_base_and_an_account_that_are_wrong_are_said(domain: Domain) -> None:
    _, missing = await findings(forest_of(domain, base="OU=Typo,DC=contoso,DC=test"))
    assert missing[0] == f"There is no “OU=Typo,DC=contoso,DC=test” in the directory, says {domain.address}:636."
    well, missing = await findings(forest_of(domain, account=address(contents.BOT_DISABLED)))
    assert well == []
    assert missing == [f"{domain.address}:636 does not accept the bot's own account: it is disabled."]


async def test_in_a_forest_both_doors_of_each_controller_are_looked_at(domain: Domain) -> None:
    well, missing = await findings(forest_of(domain, global_catalog=True, base="", group_base=""))
    assert missing == []
    for port in (636, 3269):
        assert f"{domain.address}:{port} answers." in well
