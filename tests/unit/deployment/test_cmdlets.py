"""Cmdlets as they really are: `tests/data/cmdlets.json` holds the parameter tables of Microsoft's own pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.domain.deployment.cmdlets import ALL_VERSIONS, CMDLETS, Argument, Cmdlet, Parameter, check, cmdlet
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import service

REAL = json.loads((Path(__file__).parents[2] / "data" / "cmdlets.json").read_text("utf-8"))
SERVERS = {
    "Lync Server 2013": "2013",
    "Skype for Business Server 2015": "2015",
    "Skype for Business Server 2019": "2019",
}

LIVE_OBJECTS = {("Set-CsRgsConfiguration", "DefaultMusicOnHoldFile"), ("Set-CsRgsConfiguration", "Instance")}
"""Parameters that take an object of the server's own session, which nobody can write on a line."""

NARROWER = {("Get-CsBackupServiceStatus", "Category"): ("2019",)}
"""The page names no version, but what it is needed for came with 2019 (facts: lync §7): send it to no older one."""


def real_table(name: str) -> dict[str, Parameter]:
    def versions(parameter: dict[str, object]) -> tuple[str, ...]:
        named = parameter.get("applies_to", REAL[name]["applies_to"])
        return tuple(SERVERS[product] for product in named if product in SERVERS)

    return {
        key: Parameter(each["type"], each["mandatory"], NARROWER.get((name, key), versions(each)), each.get("sets", ""))
        for key, each in REAL[name]["parameters"].items()
        if (name, key) not in LIVE_OBJECTS
    }


@pytest.mark.parametrize("name", sorted(CMDLETS))
def test_every_table_is_the_real_cmdlet_s(name: str) -> None:
    assert dict(CMDLETS[name]) == real_table(name)


def test_every_exception_to_the_tables_names_a_parameter_that_exists() -> None:
    for name, key in (*LIVE_OBJECTS, *NARROWER):
        assert key in REAL[name]["parameters"]


def refused(command: Cmdlet, version: str = "2019") -> CmdletFailed:
    with pytest.raises(CmdletFailed) as caught:
        check(command, version)
    return caught.value


IMPORT = {"Destination": service("pool-b.contoso.com"), "FileName": "C:\\a.zip"}


def test_the_switch_of_the_documents_that_does_not_exist_is_refused_lync_1_2() -> None:
    error = refused(cmdlet("Import-CsRgsConfiguration", **IMPORT, ReplaceExistingSettings=True))
    assert error.error_id == "NamedParameterNotFound,Import-CsRgsConfiguration"
    assert str(error).endswith("A parameter cannot be found that matches parameter name 'ReplaceExistingSettings'.")
    check(cmdlet("Import-CsRgsConfiguration", **IMPORT, ReplaceExistingRgsSettings=True))


@pytest.mark.parametrize("name", ["Get-CsRgsHourOfBusiness", "Remove-Item", ""])
def test_a_cmdlet_that_is_not_in_the_tables_is_not_recognized(name: str) -> None:
    error = refused(cmdlet(name))
    assert error.error_id == "CommandNotFoundException"
    assert "is not recognized" in str(error)


@pytest.mark.parametrize("left_out", ["Destination", "FileName"])
def test_a_missing_mandatory_parameter_is_named(left_out: str) -> None:
    rest: dict[str, Argument] = {key: value for key, value in IMPORT.items() if key != left_out}
    error = refused(cmdlet("Import-CsRgsConfiguration", **rest))
    assert error.error_id.startswith("MissingMandatoryParameter")
    assert left_out in str(error)


def test_a_switch_takes_no_value_and_a_value_is_no_switch() -> None:
    for wrong in ({**IMPORT, "OverwriteOwner": "yes"}, {**IMPORT, "FileName": True}):
        assert refused(cmdlet("Import-CsRgsConfiguration", **wrong)).error_id.startswith("CannotConvertArgument")


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_newer_parameters_are_not_sent_to_older_servers_lync_1_6_12_4(version: str) -> None:
    for key, value in (("SkipDataVerification", True), ("DatabaseCommandTimeoutInSeconds", 900)):
        command = cmdlet("Invoke-CsPoolFailBack", PoolFqdn="pool-a.contoso.com", **{key: value})
        if version == "2013":
            assert refused(command, version).error_id.startswith("NamedParameterNotFound")
        else:
            check(command, version)


def test_the_line_people_approve_is_the_command_as_it_would_be_typed() -> None:
    command = cmdlet("Import-CsRgsConfiguration", **IMPORT, OverwriteOwner=True, ResolveNameConflicts=None)
    assert str(command) == (
        'Import-CsRgsConfiguration -Destination "service:ApplicationServer:pool-b.contoso.com" '
        '-FileName "C:\\a.zip" -OverwriteOwner'
    )
    settings = cmdlet(
        "Set-CsRgsConfiguration",
        Identity=service("pool-b.contoso.com"),
        AgentRingbackGracePeriod=60,
        DisableCallContext=False,
    )
    assert str(settings).endswith("-AgentRingbackGracePeriod 60 -DisableCallContext $false -Confirm:$false")
    check(settings)


@pytest.mark.parametrize("name", CMDLETS)
def test_whatever_can_ask_a_question_is_told_not_to_and_the_line_shows_it(name: str) -> None:
    assert str(cmdlet(name)).endswith(" -Confirm:$false") == ("Confirm" in CMDLETS[name])


def test_no_other_switch_is_ever_sent_as_false() -> None:
    error = refused(cmdlet("Import-CsRgsConfiguration", **IMPORT, OverwriteOwner=False))
    assert error.error_id.startswith("CannotConvertArgument")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("O'Brien", "'O''Brien'"),
        ("$(Remove-Item C:\\)", "'$(Remove-Item C:\\)'"),
        ('"; Stop-Computer; "', "'\"; Stop-Computer; \"'"),
        ("a\u2019; b", "'a\u2019\u2019; b'"),
        ("`n", "'`n'"),
    ],
)
def test_nothing_in_a_name_can_end_its_quotes_or_expand(name: str, shown: str) -> None:
    assert str(cmdlet("Get-CsRgsQueue", Name=name)) == f"Get-CsRgsQueue -Name {shown}"


def test_only_what_reads_may_be_run_again_without_a_look() -> None:
    assert {name for name in CMDLETS if Cmdlet(name).writes} == {
        "Export-CsLisConfiguration",
        "Export-CsRgsConfiguration",
        "Import-CsRgsConfiguration",
        "Set-CsRgsConfiguration",
        "Invoke-CsPoolFailOver",
        "Invoke-CsPoolFailBack",
    }


def test_a_file_or_its_bytes_but_not_both_lync_6() -> None:
    """Two parameter sets: what is mandatory in one is not asked for in the other."""
    check(cmdlet("Export-CsLisConfiguration", AsBytes=True))
    check(cmdlet("Export-CsLisConfiguration", FileName="C:\\lis.zip"))
    assert refused(cmdlet("Export-CsLisConfiguration")).error_id.startswith("MissingMandatoryParameter")
    both = refused(cmdlet("Export-CsLisConfiguration", AsBytes=True, FileName="C:\\lis.zip"))
    assert both.error_id.startswith("AmbiguousParameterSet")
