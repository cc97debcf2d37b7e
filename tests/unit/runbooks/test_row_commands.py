"""Every command that any row of any runbook can produce, with every choice of switches, is one that servers know."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from bot.commands.endpoint import SENT
from bot.domain.deployment.cmdlets import ALL_VERSIONS, CMDLETS, check
from bot.domain.deployment.endpoints import Access, Endpoint
from bot.domain.groups.groups import service
from bot.domain.model import SCHEDULE, Pool
from bot.domain.runs.acts import Collect, Delete, Invoke, Pin, Put
from bot.domain.runs.moves import launch
from bot.domain.runs.run import Run, fresh_file
from bot.domain.runs.runbook import Plan
from bot.drivers.winrm.calls import call_of, said_at
from bot.drivers.winrm.constrained.files import written
from bot.drivers.winrm.constrained.setup import Setup
from bot.runbooks import RUNBOOKS
from bot.runbooks.rows.facts import CARRIED
from tests.drivers.wsman.constrained import bound, visible
from tests.rules import misfits
from tests.unit.deployment.deployments import WORLD, B, C, P
from tests.unit.runbooks.row_walk import NOW, Site, Walk, Writes, walked

DATA = Path(__file__).parents[2] / "data"
REAL = {
    name: table
    for file in ("cmdlets.json", "cmdlets_by_hand.json")
    for name, table in json.loads((DATA / file).read_text("utf-8")).items()
}
SERVERS = {
    "2013": "Lync Server 2013",
    "2015": "Skype for Business Server 2015",
    "2019": "Skype for Business Server 2019",
}
LINE = re.compile(r"\b[A-Z][a-z]+-Cs(?!v\b)[A-Za-z]+[^`;\n]*")
SWITCH = re.compile(r"-[A-Z]")
CONTENT = re.compile(r"\(Get-Content[^)]*\)")
"""What a cmdlet is given as the bytes of a file, by another one with parameters of its own."""
SITES = (*((version, version) for version in ALL_VERSIONS), ("2013", "2019"), ("2019", "2013"))
"""Versions of P and B."""

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,59}\.zip")
"""What every kind of endpoint takes (facts: endpoint, "Functions")."""

CONSTRAINED = Endpoint("fe1.contoso.com", access=Access.CONSTRAINED)
FUNCTIONS = {one: visible(written(Setup(one, "CONTOSO\\gmsa", "CONTOSO\\svc"), SENT)) for one in ALL_VERSIONS}
"""What is visible at a constrained endpoint for servers of each version."""

MET = {
    "companion": {"AsBytes"},
    "backup": {"Owner", "Source", "ShowAll"},
    "failover": {
        "DisasterMode",
        "Owner",
        "RemoveExportedConfiguration",
        "ReplaceExistingRgsSettings",
        "ResolveNameConflicts",
        "ShowAll",
    },
    "failback": {
        "Owner",
        "OverwriteOwner",
        "RemoveExportedConfiguration",
        "ReplaceExistingRgsSettings",
        "ShowAll",
    },
    "prestage": {"Owner", "RemoveExportedConfiguration", "ShowAll"},
    "clean-up": {"Owner", "RemoveExportedConfiguration"},
    "import-again": {
        "Owner",
        "RemoveExportedConfiguration",
        "ReplaceExistingRgsSettings",
        "ResolveNameConflicts",
        "ShowAll",
    },
    "undo": {"AgentRingbackGracePeriod", "DisableCallContext", "Owner"},
    "adopt": {"Filter"},
    "rebuild": {
        "BackupModule",
        "DisasterMode",
        "Owner",
        "OverwriteOwner",
        "RemoveExportedConfiguration",
        "ReplaceExistingRgsSettings",
        "ShowAll",
    },
    "replace": {
        "Owner",
        "OverwriteOwner",
        "RemoveExportedConfiguration",
        "ReplaceExistingRgsSettings",
        "ShowAll",
    },
    "verify": set(),
    "cms": {"BackupMirrorSqlServerFqdn", "Force", "ReplicaFqdn"},
    "edge": {"FederationRoute"},
    "xmpp": {"XmppFederationRoute"},
    "edge-of-pool": {"EdgeServer"},
    "mirror": {"NewPrincipal", "Force"},
    "conferences": {"BackupModule"},
    "backup-service": {"SyncInterval", "ComputerName"},
}
"""Parameters without which the walk would not have been everywhere."""


WALKED = [
    (key, versions)
    for key, versions in product(RUNBOOKS, SITES)
    if not RUNBOOKS[key].unfit(Pool(P, version=versions[0]))
]
"""Those that servers of this version can have."""


@pytest.fixture(scope="module", params=WALKED, ids=lambda param: f"{param[0]}-{'-'.join(param[1])}")
def walk(request: pytest.FixtureRequest) -> Walk:
    return walk_of(*request.param)


@cache
def walk_of(key: str, versions: tuple[str, str]) -> Walk:
    known = dict(zip((P, B, C), (*versions, versions[1]), strict=True))
    return Walk(key, known, asyncio.run(walked(RUNBOOKS[key], known)))


def sent_to(walk: Walk, fqdn: str) -> dict[str, set[str]]:
    """The cmdlets that the rows send to the pool, each with its parameters."""
    sent: dict[str, set[str]] = {}
    for on, command in walk.commands():
        if on == fqdn:
            sent.setdefault(command.name, set()).update(key for key, _ in command.arguments)
    return sent


def fits(name: str, keys: Iterable[str], version: str) -> bool:
    """Whether Microsoft's own page of this cmdlet lists every parameter for servers of this version."""
    table = REAL[name]
    named = {key: each.get("applies_to", table["applies_to"]) for key, each in table["parameters"].items()}
    return all(SERVERS[version] in named.get(key, ()) for key in keys)


def test_every_command_has_only_parameters_that_the_cmdlet_of_that_version_has(walk: Walk) -> None:
    commands = walk.commands()
    assert {key for _, command in commands for key, _ in command.arguments} >= MET[walk.runbook]
    assert bool(commands) == bool(MET[walk.runbook]), "a runbook that sends nothing sends nothing at all"
    for on, command in commands:
        check(command, walk.versions[on])
        assert fits(command.name, (key for key, _ in command.arguments), walk.versions[on]), f"{command} on {on}"


def test_every_command_has_its_function_at_a_constrained_endpoint_and_is_let_in(walk: Walk) -> None:
    for on, command in walk.commands():
        call = said_at(CONSTRAINED, call_of(command, 100))
        assert call.what == command.name
        taken = bound(FUNCTIONS[walk.versions[on]][command.name], dict(call.given))
        assert {key: value for key, value in taken.items() if key != "Batch"} == {
            key: value if isinstance(value, int) else str(value) for key, value in command.arguments
        }


def test_what_a_runbook_is_said_to_use_is_what_its_rows_send(walk: Walk) -> None:
    said = RUNBOOKS[walk.runbook].uses
    for fqdn, uses in ((P, said.pool), (B, said.partner), (C, said.replacement)):
        sent = sent_to(walk, fqdn)
        demanded = {command.name for on, command in walk.demanded() if on == fqdn}
        version = walk.versions[fqdn]
        known = {
            use.cmdlet: {key for key in use.parameters if version in CMDLETS[use.cmdlet][key].versions} for use in uses
        }
        assert all(sent[name] <= known[name] for name in sent)
        assert demanded <= sent.keys()
        assert {use.cmdlet for use in uses if use.must} == demanded, "what people can do by hand is not demanded"


@pytest.mark.parametrize("key", RUNBOOKS)
def test_each_is_sent_by_a_row_between_servers_of_some_version(key: str) -> None:
    said = RUNBOOKS[key].uses
    for fqdn, uses in ((P, said.pool), (B, said.partner), (C, said.replacement)):
        walks = [sent_to(walk_of(key, (version, version)), fqdn) for version in ALL_VERSIONS]
        known = {use.cmdlet: set(use.parameters) for use in uses}
        assert {name: set().union(*(sent.get(name, ()) for sent in walks)) for name in known} == known


def test_every_command_that_people_are_to_run_by_hand_is_a_real_one(walk: Walk) -> None:
    for line in (line for words in walk.words() for line in lines_in(words)):
        name, *rest = line.split()
        assert name in REAL, line
        keys = [word[1:].partition(":")[0].rstrip(".,;") for word in rest if SWITCH.match(word)]
        assert all(fits(name, keys, version) for version in versions_at(walk)), line


def versions_at(walk: Walk) -> list[str]:
    """Those of the pools that the runbook is about: one without a pair has its own pool only."""
    book = RUNBOOKS[walk.runbook]
    return list(walk.versions.values()) if book.holds_pools or book.paired else [walk.versions[P]]


def lines_in(words: str) -> Iterator[str]:
    """Every command in them, each stage of a pipeline apart."""
    for piece in CONTENT.sub("x", words).split("|"):
        yield from LINE.findall(piece)


def test_every_name_of_a_file_is_one_that_an_endpoint_takes(walk: Walk) -> None:
    acts = [getattr(act, "act", act) for row in walk.rows if row.plan for act in row.plan.acts.values()]
    files = {act.file for act in acts if isinstance(act, Put | Delete | Collect)}
    files |= {str(command.get("FileName")) for _, command in walk.commands() if command.get("FileName")}
    files |= {line for words in walk.words() for line in re.findall(r'"(C:[^"]*\.zip)"', words)}
    assert bool(files) == ("Owner" in MET[walk.runbook] or walk.runbook == "cms")
    for file in files:
        folder, _, name = file.rpartition("\\")
        assert folder == "C:\\Switchback" and NAME.fullmatch(name), file


def test_a_name_fits_however_long_a_run_a_row_or_a_pool_is_called_and_no_two_are_the_same() -> None:
    names = []
    for fqdn, id, step, attempt in product(
        (P, f"{'p' * 63}.contoso.com"), ("backup-" + "x" * 90, "failover-1"), ("keep", "s" * 70), range(3)
    ):
        run = Run(id, "backup", Pool(fqdn), None, SCHEDULE, NOW, "export")
        names.append(fresh_file(replace(run, attempt=attempt), run.primary, step).rpartition("\\")[2])
    assert len(set(names)) == len(names) == 24
    assert all(NAME.fullmatch(name) for name in names)


def test_every_fact_that_a_row_leaves_is_declared_and_of_its_type(walk: Walk) -> None:
    known = RUNBOOKS[walk.runbook].facts
    assert {fault for row in walk.rows for written in row.written for fault in misfits(written, known)} == set()


def test_what_is_carried_to_the_next_runbook_is_declared_and_of_its_type(walk: Walk) -> None:
    carried = {fact.key: fact for fact in CARRIED}
    for row in walk.rows:
        for key, value in RUNBOOKS[walk.runbook].carry(row.run).items():
            assert carried[key].fits(value), (key, value)


def test_the_switch_of_the_documents_that_does_not_exist_occurs_nowhere(walk: Walk) -> None:
    assert not [command for _, command in walk.commands() if "ExistingSettings" in str(command)]
    assert not [words for words in walk.words() if "ExistingSettings" in words]


def test_the_owner_is_overwritten_at_home_and_never_on_the_backup_pool(walk: Walk) -> None:
    imports = [(on, one) for on, one in walk.commands() if one.name == "Import-CsRgsConfiguration"]
    assert all(one.get("Destination") == service(on) for on, one in imports)
    assert {(on, bool(one.get("OverwriteOwner"))) for on, one in imports} <= {(P, True), (C, True), (B, False)}


def test_no_attempt_of_any_row_exports_to_a_file_that_another_one_used(walk: Walk) -> None:
    """Export refuses an existing file, so no two commands of a run may name the same one (facts: lync §1.1)."""
    exporting = [row for row in walk.rows if row.plan and list(files(row.plan))]
    assert bool(exporting) == ("Owner" in MET[walk.runbook])
    runs: dict[str, list[str]] = {}
    for row in exporting:
        names, run, plan = runs.setdefault(repr(row.run.facts), []), row.run, row.plan
        for _ in range(3):
            names += files(plan)
            run = launch(run, row.step, plan, NOW, 60.0).run
            plan = row.step.plan(run, row.seen)
    for names in runs.values():
        assert len(names) == len(set(names))


async def test_the_walk_refuses_what_writes_while_a_row_reads_or_looks() -> None:
    """It goes through every row of every runbook, so no row reads or looks with an act that changes anything."""
    with pytest.raises(Writes):
        await Site(WORLD).reading({"used": Pin("b-1", "run-1", "because")})


def files(plan: Plan) -> Iterator[str]:
    for act in plan.acts.values():
        if isinstance(act, Invoke) and act.command.name == "Export-CsRgsConfiguration":
            yield str(act.command.get("FileName"))
