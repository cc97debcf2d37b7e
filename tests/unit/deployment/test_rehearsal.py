"""A rehearsal says beforehand what the import will do, and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.rehearsal import Rehearsal, rehearse_import
from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, ServiceSettings, service
from bot.domain.model import Pool

P, B = "pool-p.contoso.com", "pool-b.contoso.com"
BACKUP = Pool(B, backup_pool=P)
PRIMARY = Pool(P, backup_pool=B)
MUSIC = Audio("one", "waltz.wav")


def thing(kind: Kind, pool: str, number: int, name: str, owner: str | None = None, **properties: object) -> RgsObject:
    guid = f"00000000-0000-0000-0000-{number:012d}"
    return RgsObject(kind, Ref(pool, guid), name, owner or pool, MappingProxyType(properties))


FILE = Inventory(
    (
        thing(Kind.WORKFLOW, P, 1, "Help Desk", PrimaryUri="sip:helpdesk@contoso.com"),
        thing(Kind.QUEUE, P, 2, "Help Desk Queue", Description="new"),
        thing(Kind.AGENT_GROUP, P, 3, "Agents"),
    ),
    ServiceSettings(45, MUSIC),
    MappingProxyType({"one": "ab" * 32}),
)
OWN = thing(Kind.WORKFLOW, B, 11, "Orders", PrimaryUri="sip:orders@contoso.com")
HELD = Inventory((OWN,), ServiceSettings(60))


def to_b(**switches: bool) -> Cmdlet:
    return cmdlet("Import-CsRgsConfiguration", Destination=service(B), FileName="C:\\f.zip", **switches)


def names(objects: tuple[RgsObject, ...]) -> list[str]:
    return [item.name for item in objects]


def said(rehearsal: Rehearsal) -> str:
    return "\n".join(rehearsal.sentences)


def test_a_first_import_creates_everything_and_keeps_what_is_there() -> None:
    done = rehearse_import(BACKUP, HELD, FILE, to_b())
    assert done.refused is None
    assert names(done.created) == ["Help Desk", "Help Desk Queue", "Agents"]
    assert (done.updated, done.unchanged, done.renamed, done.clashes) == ((), (), (), ())
    assert names(done.after.objects) == ["Orders", "Help Desk", "Help Desk Queue", "Agents"]
    assert {item.owner for item in done.created} == {P}
    assert "Created on pool-b.contoso.com: 1 workflow, 1 queue, 1 agent group." in done.sentences
    assert "An import deletes nothing." in done.sentences


def test_what_lies_there_already_is_told_apart_by_whether_it_changes() -> None:
    copies = (
        thing(Kind.QUEUE, B, 2, "Help Desk Queue", P, Description="old"),
        thing(Kind.AGENT_GROUP, B, 3, "Agents", P),
    )
    done = rehearse_import(BACKUP, replace(HELD, objects=(OWN, *copies)), FILE, to_b())
    assert names(done.created) == ["Help Desk"]
    assert names(done.updated) == ["Help Desk Queue"]
    assert names(done.unchanged) == ["Agents"]
    assert "Already on pool-b.contoso.com and updated in place: 1 queue." in done.sentences
    assert "Already on pool-b.contoso.com and equal: 1 agent group." in done.sentences


def test_settings_stay_without_the_switch_and_change_with_it() -> None:
    kept = rehearse_import(BACKUP, HELD, FILE, to_b())
    assert (kept.settings_before, kept.settings_after) == (ServiceSettings(60), ServiceSettings(60))
    assert "stay as they are: 60 s ringback grace, built-in music, call context on." in said(kept)
    replaced = rehearse_import(BACKUP, HELD, FILE, to_b(ReplaceExistingRgsSettings=True))
    assert (replaced.settings_before, replaced.settings_after) == (ServiceSettings(60), ServiceSettings(45, MUSIC))
    assert "60 s ringback grace, built-in music" in said(replaced)
    assert "After: 45 s ringback grace, music “waltz.wav”" in said(replaced)
    assert replaced.after.audio == {"one": "ab" * 32}


CLASHING = replace(HELD, objects=(OWN, thing(Kind.AGENT_GROUP, B, 12, "agents")))


def test_a_name_of_another_owner_refuses_everything_and_is_named() -> None:
    done = rehearse_import(BACKUP, CLASHING, FILE, to_b())
    assert done.refused is not None and "Nothing was imported" in done.refused
    assert [(clash.item.name, clash.held.name, clash.held.owner) for clash in done.clashes] == [("Agents", "agents", B)]
    assert done.after.objects == CLASHING.objects
    assert done.sentences[0].startswith("The import would be refused, and nothing would change")
    assert "agent group “Agents”" in said(done)
    assert "Created" not in said(done)


def test_resolving_shows_the_number_that_the_imported_one_would_get() -> None:
    done = rehearse_import(BACKUP, CLASHING, FILE, to_b(ResolveNameConflicts=True))
    assert done.refused is None
    assert [(older, item.name, item.owner) for older, item in done.renamed] == [("Agents", "Agents (2)", P)]
    assert "“Agents” becomes “Agents (2)”" in said(done)
    assert names(done.after.of(Kind.AGENT_GROUP)) == ["agents", "Agents (2)"]


def test_a_pool_that_is_not_the_owner_s_pair_is_refused_over_contact_objects() -> None:
    for stranger in (replace(BACKUP, backup_pool=None), replace(BACKUP, backup_pool="pool-x.contoso.com")):
        done = rehearse_import(stranger, HELD, FILE, to_b())
        assert done.refused is not None and "contact objects" in done.refused


def test_coming_home_is_rehearsed_against_the_owner() -> None:
    back = Inventory(tuple(item.moved(B, P) for item in FILE.objects), HELD.settings)
    command = cmdlet("Import-CsRgsConfiguration", Destination=service(P), FileName="C:\\b.zip", OverwriteOwner=True)
    extra = thing(Kind.HOLIDAY_SET, P, 9, "Only here")
    done = rehearse_import(PRIMARY, Inventory((*FILE.objects, extra), FILE.settings), back, command)
    assert done.refused is None
    assert names(done.unchanged) == names(FILE.objects)
    assert "Only here" in names(done.after.objects)
    emptied = rehearse_import(PRIMARY, Inventory(), back, cmdlet(command.name, **dict(command.arguments[:2])))
    assert emptied.refused is not None and "contact objects" in emptied.refused


def test_a_command_that_the_server_s_version_does_not_know_is_refused() -> None:
    done = rehearse_import(BACKUP, HELD, FILE, to_b(ReplaceExistingSettings=True))
    assert done.refused is not None and "ReplaceExistingSettings" in done.refused


def test_an_export_without_objects_is_called_what_it_is() -> None:
    assert "The export holds no objects" in said(rehearse_import(BACKUP, HELD, Inventory(), to_b()))


@pytest.mark.parametrize("count", [5, 6, 200])
def test_many_clashing_names_are_counted_and_not_all_listed(count: int) -> None:
    mine = tuple(thing(Kind.QUEUE, P, number, f"Queue {number}") for number in range(count))
    theirs = tuple(thing(Kind.QUEUE, B, 1000 + number, f"Queue {number}") for number in range(count))
    done = rehearse_import(BACKUP, Inventory(theirs), Inventory(mine), to_b())
    assert len(done.clashes) == count
    assert ("and" in done.sentences[1]) == (count > 5)
    assert len(said(done)) < 1000


def test_an_address_of_another_workflow_refuses_everything_and_is_named_with_what_to_do() -> None:
    other = thing(Kind.WORKFLOW, B, 12, "Night Desk", PrimaryUri="sip:HelpDesk@contoso.com")
    held = replace(HELD, objects=(OWN, other))
    for switches in ({}, {"ResolveNameConflicts": True}):
        done = rehearse_import(BACKUP, held, FILE, to_b(**switches))
        assert done.refused is not None and done.after.objects == held.objects
        assert done.sentences[0].startswith("The import would be refused, and nothing would change")
        assert done.sentences[1:] == (
            "The SIP address of workflow “Help Desk” belongs to workflow “Night Desk” on pool-b.contoso.com already. "
            "Give one of them another address, then try again.",
        )
        assert "helpdesk@" not in said(done).casefold()
