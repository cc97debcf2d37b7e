"""Every command of the seed documents is sent by the row that the document has it in, as a real server takes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.groups.groups import Kind, service
from bot.runbooks import RUNBOOKS
from tests.unit.deployment.deployments import B, P
from tests.unit.runbooks.test_row_commands import walk_of

IMPORT, EXPORT = "Import-CsRgsConfiguration", "Export-CsRgsConfiguration"
NOT_COMPARED = {"FileName", "Confirm"}
"""A file has a fresh name each time, and questions are not for a bot."""

LINES = {
    "000 settings": ("backup", "answers", P, "Get-CsRgsConfiguration", {"Identity": service(P)}),
    "001 response groups": ("backup", "export", P, EXPORT, {"Source": service(P)}),
    "001 locations": ("companion", "take", P, "Export-CsLisConfiguration", {"AsBytes": True}),
    "001 call park": ("companion", "take", P, "Get-CsCpsConfiguration", {}),
    "003 step 2": ("backup", "export", P, EXPORT, {"Source": service(P)}),
    "003 step 3": ("failover", "import", B, IMPORT, {"Destination": service(B)}),
    "003 step 3 settings": (
        "failover",
        "import",
        B,
        IMPORT,
        {"Destination": service(B), "ReplaceExistingRgsSettings": True},
    ),
    **{
        f"003 step 4 {kind}": (
            "failover",
            "verify",
            B,
            f"Get-CsRgs{kind}",
            {"Identity": service(B), "Owner": service(P)},
        )
        for kind in Kind
    },
    **{
        f"003 step 4 all {kind}": (
            "failover",
            "rehearse",
            B,
            f"Get-CsRgs{kind}",
            {"Identity": service(B), "ShowAll": True},
        )
        for kind in Kind
    },
    "003 step 8": ("failback", "export", B, EXPORT, {"Source": service(B), "Owner": service(P)}),
    "003 step 9": ("failback", "import", P, IMPORT, {"Destination": service(P), "OverwriteOwner": True}),
    "003 step 9 settings": (
        "failback",
        "import",
        P,
        IMPORT,
        {"Destination": service(P), "OverwriteOwner": True, "ReplaceExistingRgsSettings": True},
    ),
    **{
        f"003 step 10 {kind}": (
            "failback",
            "verify",
            P,
            f"Get-CsRgs{kind}",
            {"Identity": service(P), "ShowAll": True},
        )
        for kind in Kind
    },
    "003 step 12": (
        "failback",
        "clean",
        B,
        EXPORT,
        {"Source": service(B), "Owner": service(P), "RemoveExportedConfiguration": True},
    ),
    "004 failover": ("failover", "failover", B, "Invoke-CsPoolFailOver", {"PoolFqdn": P, "DisasterMode": True}),
    "004 failback": ("failback", "failback", P, "Invoke-CsPoolFailBack", {"PoolFqdn": P}),
}
"""Runbook, row, the pool on which it runs, the cmdlet and what it is given; "settings" with the switch's real name."""


def sent(runbook: str, row: str = "") -> Iterator[tuple[str, Cmdlet]]:
    walk = walk_of(runbook, ("2015", "2015"))
    yield from (one for said in walk.rows if row in ("", said.step.key) for one in said.commands)


@pytest.mark.parametrize("line", LINES)
def test_each_line_of_the_documents_is_sent_by_its_row(line: str) -> None:
    runbook, row, on, name, given = LINES[line]
    found = [dict(command.arguments) for where, command in sent(runbook, row) if (where, command.name) == (on, name)]
    assert given in [{key: value for key, value in one.items() if key not in NOT_COMPARED} for one in found]


def test_a_move_names_the_pool_that_first_homed_the_users_and_never_the_other_seed_004() -> None:
    for runbook, name in (("failover", "Invoke-CsPoolFailOver"), ("failback", "Invoke-CsPoolFailBack")):
        moves = [command for _, command in sent(runbook) if command.name.startswith("Invoke-CsPool")]
        assert {(one.name, one.get("PoolFqdn")) for one in moves} == {(name, P)}


@pytest.mark.parametrize("runbook", RUNBOOKS)
def test_no_line_has_the_service_without_its_colon_as_in_seed_003(runbook: str) -> None:
    words = [*walk_of(runbook, ("2015", "2015")).words(), *(str(command) for _, command in sent(runbook))]
    assert [one for one in words if re.search(r"service:ApplicationServer(?!:[a-z])", one)] == []
