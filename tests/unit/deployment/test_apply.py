"""What the cmdlets do, written down by hand from the documents; each case names its clause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.apply import CMDLETS_DO, apply, apply_half
from bot.domain.deployment.cmdlets import CMDLETS, Cmdlet, cmdlet
from bot.domain.deployment.world import ServerFile
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Inventory, Kind, Ref, ServiceSettings, service
from tests.unit.deployment.deployments import (
    BACKUP,
    EXPORTED,
    FILE,
    IMPORTED,
    MUSIC,
    OTHER,
    OWN_MUSIC,
    PRIMARY,
    WORLD,
    B,
    C,
    P,
    down,
    guid,
    imported,
    names,
    refused,
    rows,
    run,
)

# Parameters (lync §1.2, data of the real cmdlets)


def test_the_switch_that_the_documents_misspell_is_refused_as_powershell_would_lync_1_2() -> None:
    error = refused(
        EXPORTED,
        B,
        "Import-CsRgsConfiguration",
        Destination=service(B),
        FileName=FILE,
        ReplaceExistingSettings=True,
    )
    assert error.error_id == "NamedParameterNotFound,Import-CsRgsConfiguration"
    assert "A parameter cannot be found that matches parameter name 'ReplaceExistingSettings'." in str(error)


def test_the_server_s_version_decides_which_parameters_it_has_lync_1_6() -> None:
    old = WORLD.with_pool(replace(PRIMARY, version="2013"))
    command = cmdlet("Invoke-CsPoolFailOver", PoolFqdn=P, SkipDataVerification=True)
    with pytest.raises(CmdletFailed) as caught:
        apply(old, P, command)
    assert caught.value.error_id == "NamedParameterNotFound,Invoke-CsPoolFailOver"
    assert apply(WORLD, P, command)[0].pools[P].failed_over


def test_a_cmdlet_that_does_not_exist_is_not_recognized() -> None:
    assert refused(WORLD, P, "Get-CsRgsHourOfBusiness").error_id == "CommandNotFoundException"


def test_every_cmdlet_that_can_be_sent_does_something() -> None:
    assert set(CMDLETS_DO) == set(CMDLETS)


def test_an_identity_is_taken_with_and_without_its_prefix_lync_1_1() -> None:
    for spelling in ("service:ApplicationServer:" + P, "ApplicationServer:" + P, service(P)):
        assert names(WORLD, Identity=spelling) == ["Help Desk"]


def test_an_identity_that_is_none_is_refused_lync_3_9() -> None:
    broken = f'service:ApplicationServer"{P}'
    assert "CannotConvertArgument" in refused(WORLD, P, "Get-CsRgsWorkflow", Identity=broken).error_id


def test_an_owner_is_taken_as_a_bare_fqdn_too_lync_1_1() -> None:
    for spelling in (P, "ApplicationServer:" + P, "service:ApplicationServer:" + P, service(P)):
        assert names(IMPORTED, Identity=service(B), Owner=spelling) == ["Help Desk"]


# Reading (lync §1.3, §3.5, §1.4)


def test_copies_are_hidden_unless_show_all_or_owner_is_given_lync_3_5_seed_003_step_4() -> None:
    assert names(IMPORTED, Identity=service(B)) == ["Orders"]
    assert names(IMPORTED, Identity=service(B), ShowAll=True) == ["Help Desk", "Orders"]
    assert names(IMPORTED, Identity=service(B), Owner=service(P)) == ["Help Desk"]
    assert names(IMPORTED, Identity=service(B), Owner=service(B)) == ["Orders"]


@pytest.mark.parametrize("kind", list(Kind))
def test_all_five_types_hide_their_copies_lync_1_3(kind: Kind) -> None:
    copies = rows(IMPORTED, B, f"Get-CsRgs{kind}", Identity=service(B), Owner=P)
    assert len(copies) == 1
    assert copies[0]["OwnerPool"] == Ref(P)
    plain = rows(IMPORTED, B, f"Get-CsRgs{kind}", Identity=service(B))
    assert copies[0] not in plain


def test_without_identity_the_whole_organisation_answers_lync_1_3() -> None:
    assert names(WORLD) == ["Front Desk", "Help Desk", "Orders"]
    assert names(IMPORTED, Owner=P) == ["Help Desk", "Help Desk"]


def test_a_full_identity_gives_one_object_lync_1_3() -> None:
    assert names(WORLD, Identity=Ref(P, guid(1))) == ["Help Desk"]
    assert names(WORLD, Identity=Ref(P, guid(99))) == []


def test_a_name_is_exact_and_knows_no_wildcards_lync_1_3() -> None:
    assert names(WORLD, Name="help desk") == ["Help Desk"]
    assert names(WORLD, Name="Help*") == []
    assert names(WORLD, Name="Help") == []


def test_settings_cannot_be_read_without_an_identity_lync_1_4() -> None:
    assert "MissingMandatoryParameter" in refused(WORLD, P, "Get-CsRgsConfiguration").error_id


def test_settings_are_one_set_per_pool_lync_1_4() -> None:
    (row,) = rows(WORLD, B, "Get-CsRgsConfiguration", Identity=service(P))
    assert ServiceSettings.from_row(row) == ServiceSettings(45, MUSIC, True)


def test_settings_are_set_one_by_one_and_only_in_range_lync_1_4_2_7() -> None:
    world = run(WORLD, B, "Set-CsRgsConfiguration", Identity=service(B), AgentRingbackGracePeriod=90)
    assert world.pools[B].settings == ServiceSettings(90, OWN_MUSIC, False)
    world = run(world, B, "Set-CsRgsConfiguration", Identity=service(B), DisableCallContext=True)
    assert world.pools[B].settings == ServiceSettings(90, OWN_MUSIC, True)
    for edge in (30, 600):
        world = run(WORLD, B, "Set-CsRgsConfiguration", Identity=service(B), AgentRingbackGracePeriod=edge)
        assert world.pools[B].settings.ringback_grace_s == edge
    for wrong in (29, 601):
        error = refused(WORLD, B, "Set-CsRgsConfiguration", Identity=service(B), AgentRingbackGracePeriod=wrong)
        assert "ParameterArgumentValidationError" in error.error_id


def test_what_if_changes_nothing() -> None:
    asked = run(WORLD, B, "Set-CsRgsConfiguration", Identity=service(B), AgentRingbackGracePeriod=90, WhatIf=True)
    assert asked is WORLD
    assert run(WORLD, B, "Invoke-CsPoolFailOver", PoolFqdn=P, WhatIf=True) is WORLD
    over = run(WORLD, B, "Invoke-CsPoolFailOver", PoolFqdn=P)
    assert run(over, B, "Invoke-CsPoolFailBack", PoolFqdn=P, WhatIf=True) is over


def test_a_command_for_a_service_takes_no_single_object() -> None:
    one = Ref(P, guid(1))
    assert "must name a service" in str(refused(WORLD, P, "Export-CsRgsConfiguration", Source=one, FileName=FILE))


# A pool that is down, and an import that breaks off (lync §11)


@pytest.mark.parametrize(
    "command",
    [
        cmdlet("Get-CsRgsWorkflow", Identity=service(P)),
        cmdlet("Get-CsRgsWorkflow"),
        cmdlet("Get-CsRgsConfiguration", Identity=service(P)),
        cmdlet("Set-CsRgsConfiguration", Identity=service(P), AgentRingbackGracePeriod=90),
        cmdlet("Export-CsRgsConfiguration", Source=service(P), FileName="c:\\x.zip"),
        cmdlet("Import-CsRgsConfiguration", Destination=service(P), FileName=FILE),
        cmdlet("Get-CsBackupServiceStatus", PoolFqdn=P),
    ],
    ids=lambda command: command.name,
)
def test_every_command_that_touches_a_pool_that_is_down_fails(command: Cmdlet) -> None:
    apply(EXPORTED, P, command)
    with pytest.raises(CmdletFailed, match="does not respond"):
        apply(down(EXPORTED, P), B, command)


def test_nothing_runs_on_a_server_that_is_down_or_not_there() -> None:
    for world, on in ((down(WORLD, P), P), (WORLD, "nowhere.contoso.com")):
        with pytest.raises(CmdletFailed):
            apply(world, on, cmdlet("Get-CsRgsWorkflow", Identity=service(B)))


def test_half_an_import_writes_half_the_objects_and_no_settings_lync_3_2_may_be_partial() -> None:
    command = cmdlet(
        "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE, ReplaceExistingRgsSettings=True
    )
    world = apply_half(EXPORTED, B, command)
    assert sum(item.owner == P for item in world.pools[B].objects.values()) == 2
    assert world.pools[B].settings == ServiceSettings(60, OWN_MUSIC)
    finished = apply(world, B, command)[0]
    assert finished.pools[B].objects == imported(EXPORTED, B).pools[B].objects


def test_an_import_of_an_export_by_several_owners_asks_for_each_of_them() -> None:
    mixed = Inventory((*PRIMARY.objects.values(), *OTHER.objects.values()))
    world = WORLD.with_pool(BACKUP.with_file(FILE, ServerFile(mixed)))
    error = refused(world, B, "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE)
    assert C in str(error) and P not in str(error)
