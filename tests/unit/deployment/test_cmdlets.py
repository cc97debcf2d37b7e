"""Cmdlets as they really are: `tests/data/cmdlets.json` holds the parameter tables of Microsoft's own pages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.domain.deployment.cmdlets import ALL_VERSIONS, CMDLETS, Argument, Cmdlet, Parameter, check, cmdlet
from bot.domain.deployment.tables import is_had
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import service

REAL = json.loads((Path(__file__).parents[2] / "data" / "cmdlets.json").read_text("utf-8"))
SERVERS = {
    "Lync Server 2013": "2013",
    "Skype for Business Server 2015": "2015",
    "Skype for Business Server 2019": "2019",
}

LIVE_OBJECTS = {"AudioFile", "ServiceSettings", "PSObject", "PSCredential", "NTService"}
"""Types of parameters that take an object of the server's own session, which nobody can write on a line."""

NARROWER = {("Get-CsBackupServiceStatus", "Category"): ("2019",)}
"""The page names no version, but what it is needed for came with 2019 (facts: lync §7): send it to no older one."""


def real_table(name: str) -> dict[str, Parameter]:
    def versions(parameter: dict[str, object]) -> tuple[str, ...]:
        named = parameter.get("applies_to", REAL[name]["applies_to"])
        return tuple(SERVERS[product] for product in named if product in SERVERS)

    return {
        key: Parameter(
            short(each["type"]), each["mandatory"], NARROWER.get((name, key), versions(each)), each.get("sets", "")
        )
        for key, each in REAL[name]["parameters"].items()
        if each["type"] not in LIVE_OBJECTS
    }


def short(type: str) -> str:
    """Without its namespace, where it is a plain name."""
    return re.sub(r"^(\w+\.)+(?=\w+$)", "", type)


@pytest.mark.parametrize("name", sorted(CMDLETS))
def test_every_table_is_the_real_cmdlet_s(name: str) -> None:
    assert dict(CMDLETS[name]) == real_table(name)


def test_every_exception_to_the_tables_names_a_parameter_that_exists() -> None:
    for name, key in NARROWER:
        assert key in REAL[name]["parameters"]
    types = {each["type"] for real in REAL.values() for each in real["parameters"].values()}
    assert types >= LIVE_OBJECTS


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


GIVEN: dict[str, Argument] = {
    "SwitchParameter": True,
    "Boolean": False,
    "TimeSpan": "00:03:00",
    "Guid": "6f7c2a5e-0a4e-4b2f-9a1c-0123456789ab",
    "PoolState": "Active",
    "MirrorRole": "Mirror",
    **dict.fromkeys(("Int16", "Int32", "UInt16", "UInt64"), 60),
}


@pytest.mark.parametrize("version", ALL_VERSIONS)
@pytest.mark.parametrize("name", sorted(CMDLETS))
def test_every_parameter_binds_on_the_versions_of_its_page_and_on_no_other(name: str, version: str) -> None:
    mandatory = {key: one for key, one in CMDLETS[name].items() if one.mandatory and version in one.versions}
    for key, parameter in CMDLETS[name].items():
        chosen = parameter.set or next((one.set for one in mandatory.values()), "")
        needed = {other: one for other, one in mandatory.items() if one.set in ("", chosen)}
        given = {other: GIVEN.get(one.type, "x") for other, one in {**needed, key: parameter}.items()}
        if version in parameter.versions:
            check(Cmdlet(name, tuple(given.items())), version)
        else:
            no = "NamedParameterNotFound" if is_had(name, version) else "CommandNotFoundException"
            assert refused(Cmdlet(name, tuple(given.items())), version).error_id.startswith(no)


def test_a_cmdlet_of_which_a_version_knows_no_parameter_is_not_there() -> None:
    gone = {(name, version) for name in CMDLETS for version in ALL_VERSIONS if not is_had(name, version)}
    assert gone == {("Get-CsDatabaseMirrorState", "2019")}
    assert not is_had("Get-CsNothing", "2015")


@pytest.mark.parametrize(
    ("name", "key", "wrong"),
    [
        ("Set-CsBackupServiceConfiguration", "SyncInterval", ("3 minutes", "00:61:00", 3, True)),
        ("Set-CsBackupServiceConfiguration", "EnableRgsBackupService", (1, "True")),
        ("Set-CsRgsConfiguration", "AgentRingbackGracePeriod", (2**15, True, "60")),
        ("Set-CsRegistrarConfiguration", "PoolState", ("Home", True)),
        ("Set-CsEdgeServer", "XmppListeningPort", (-1, 2**16)),
        ("Get-CsPoolFabricState", "Tenant", ("1", True)),
        ("Invoke-CsDatabaseFailover", "NewPrincipal", ("Backup",)),
    ],
)
def test_a_value_of_another_kind_does_not_bind(name: str, key: str, wrong: tuple[Argument, ...]) -> None:
    for value in wrong:
        assert refused(Cmdlet(name, ((key, value),))).error_id.startswith("CannotConvertArgument"), value


def test_a_filter_is_one_text_that_nothing_in_it_ends_recovery_10_9() -> None:
    command = cmdlet("Get-CsUser", Filter='RegistrarPool -eq "pool-p.contoso.com"')
    assert str(command) == "Get-CsUser -Filter 'RegistrarPool -eq \"pool-p.contoso.com\"'"
    check(command)


def test_a_store_is_moved_without_parameters_or_with_all_that_a_disaster_needs_recovery_2_5() -> None:
    check(cmdlet("Invoke-CsManagementServerFailover"))
    check(cmdlet("Invoke-CsManagementServerFailover", BackupSqlServerFqdn="sql.contoso.com", Force=True))
    half = refused(cmdlet("Invoke-CsManagementServerFailover", BackupSqlServerFqdn="sql.contoso.com"))
    assert half.error_id.startswith("MissingMandatoryParameter") and "Force" in str(half)


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
        "Import-CsLisConfiguration",
        "Publish-CsLisConfiguration",
        "Export-CsRgsConfiguration",
        "Import-CsRgsConfiguration",
        "Set-CsRgsConfiguration",
        "Invoke-CsPoolFailOver",
        "Invoke-CsPoolFailBack",
        "Set-CsRegistrarConfiguration",
        "Invoke-CsManagementServerFailover",
        "Invoke-CsManagementStoreReplication",
        "Set-CsEdgeServer",
        "Set-CsSite",
        "Invoke-CsBackupServiceSync",
        "Set-CsBackupServiceConfiguration",
        "Start-CsWindowsService",
        "Stop-CsWindowsService",
        "Invoke-CsDatabaseFailover",
    }


def test_a_file_or_its_bytes_but_not_both_lync_6() -> None:
    """Two parameter sets: what is mandatory in one is not asked for in the other."""
    check(cmdlet("Export-CsLisConfiguration", AsBytes=True))
    check(cmdlet("Export-CsLisConfiguration", FileName="C:\\lis.zip"))
    assert refused(cmdlet("Export-CsLisConfiguration")).error_id.startswith("MissingMandatoryParameter")
    both = refused(cmdlet("Export-CsLisConfiguration", AsBytes=True, FileName="C:\\lis.zip"))
    assert both.error_id.startswith("AmbiguousParameterSet")
