"""What the rows about companions send and show binds on every version, and has its function at an endpoint."""

from __future__ import annotations

import asyncio

import pytest

from bot.commands.endpoint import SENT
from bot.domain.deployment.cmdlets import ALL_VERSIONS, check
from bot.domain.runs.run import partner
from bot.domain.runs.runbook import Runbook
from bot.drivers.winrm.calls import call_of, said_at
from bot.drivers.winrm.constrained.files import written
from bot.drivers.winrm.constrained.setup import Setup
from bot.runbooks.rows.companions import companions_row
from bot.runbooks.rows.locations import location_rows
from bot.runbooks.uses import LOCATIONS
from tests.drivers.wsman.constrained import bound, visible
from tests.unit.deployment.deployments import WORLD, B, P
from tests.unit.runbooks.row_walk import Said, Site, at, run_of, said
from tests.unit.runbooks.test_row_commands import CONSTRAINED, CONTENT, LINE, REAL, SWITCH, fits

ROWS = Runbook(
    key="failover",
    title="Trial",
    steps=(
        *location_rows(serving=partner, stretch="locations", skip=lambda run: None),
        companions_row(serving=partner, of=lambda run: run.primary, stretch="companions"),
    ),
)


async def walked(version: str) -> list[Said]:
    versions = {P: version, B: version}
    run = run_of(ROWS, {"lis_copy": "lis", "lis_import": True}, versions)
    return [await said(Site(at(WORLD, versions)), run, step) for step in ROWS.steps]


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_every_command_binds_goes_to_the_pool_that_serves_and_has_its_function(version: str) -> None:
    rows = asyncio.run(walked(version))
    sent = {each for row in rows for each in row.commands}
    functions = visible(written(Setup(version, "CONTOSO\\gmsa", "CONTOSO\\svc"), (*SENT, *LOCATIONS)))
    used = {use.cmdlet: use.parameters for use in LOCATIONS}
    assert {command.name for _, command in sent} == set(used), "each is sent by a row"
    for on, command in sent:
        keys = {key for key, _ in command.arguments}
        assert on == B and keys == used[command.name]
        check(command, version)
        assert fits(command.name, keys, version)
        assert bound(functions[command.name], dict(said_at(CONSTRAINED, call_of(command, 100)).given)) is not None


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_every_command_that_people_are_shown_binds_and_names_the_pool_that_serves(version: str) -> None:
    words = [CONTENT.sub("x", one) for row in asyncio.run(walked(version)) for one in row.words]
    lines = [line for one in words for line in LINE.findall(one) if not line.startswith("Import-CsLis")]
    assert len({line.split()[0] for line in lines}) == 10
    for line in lines:
        name, *rest = line.split()
        keys = {word[1:] for word in rest if SWITCH.match(word)}
        assert name in REAL and fits(name, keys, version), line
        assert P not in line
