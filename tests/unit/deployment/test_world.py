"""The deployment as a value: what it keeps, forgets and tells apart."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.world import (
    EFFECTS_KEPT,
    Effect,
    Fault,
    FaultKind,
    LivePool,
    ServerFile,
    World,
    contact_of,
    world_of,
)
from bot.domain.groups.groups import Kind, Ref, RgsObject

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
WORLD = world_of([LivePool(A), LivePool(B)], [(A, B)])
READ, WRITE = cmdlet("Get-CsRgsQueue"), cmdlet("Import-CsRgsConfiguration")


def test_the_newest_effects_are_kept_and_all_are_counted() -> None:
    world = WORLD
    for number in range(EFFECTS_KEPT + 3):
        world = world.with_effect(Effect(A, "Import-CsRgsConfiguration", str(number), float(number)))
    assert world.effect_count == EFFECTS_KEPT + 3
    assert [effect.line for effect in world.effects] == [str(number) for number in range(3, EFFECTS_KEPT + 3)]


def test_a_pair_leads_both_ways() -> None:
    assert WORLD.pairs == {A: B, B: A}


def test_clearing_one_pool_leaves_the_faults_of_the_other() -> None:
    here, there = Fault(FaultKind.SLOW, A), Fault(FaultKind.SLOW, B)
    world = WORLD.with_fault(here).with_fault(there).with_fault(Fault(FaultKind.POOL_DOWN, A))
    assert not world.pools[A].up
    cleared = world.without_faults(A)
    assert cleared.faults == (there,)
    assert cleared.pools[A].up


def test_a_half_way_fault_waits_for_an_import_whatever_cmdlet_it_names() -> None:
    world = WORLD.with_fault(Fault(FaultKind.HALF_LOST, A, "Get-CsRgsQueue"))
    assert world.struck(A, READ) == (world, ())
    assert world.struck(A, WRITE)[1] == world.faults
    assert world.struck(A, WRITE)[0].faults == ()


def test_a_fault_counts_down_and_one_without_a_count_stays() -> None:
    thrice, always = Fault(FaultKind.SLOW, A, times=3), Fault(FaultKind.LOST_BEFORE, A, times=0)
    world = WORLD.with_fault(thrice).with_fault(always)
    left = []
    for _ in range(4):
        world, _ = world.struck(A, READ)
        left.append([fault.times for fault in world.faults])
    assert left == [[2, 0], [1, 0], [0], [0]]


def test_only_workflows_have_contact_objects_and_addresses_know_no_case_lync_2_2() -> None:
    def item(kind: Kind) -> RgsObject:
        return RgsObject(kind, Ref(A, "1"), "Help", A, {"PrimaryUri": "sip:Help@Contoso.com"})

    assert contact_of(item(Kind.WORKFLOW)) == "sip:help@contoso.com"
    assert contact_of(item(Kind.QUEUE)) is None
    assert contact_of(RgsObject(Kind.WORKFLOW, Ref(A, "1"), "Help", A)) is None


def test_windows_knows_one_file_by_many_spellings() -> None:
    pool = LivePool(A).with_file("C:\\Switchback\\A.zip", ServerFile(None))
    assert pool.file("c:/switchback/a.ZIP") == ServerFile(None, path="C:\\Switchback\\A.zip")
    assert pool.with_file("c:/SWITCHBACK/a.zip", None).files == {}


def test_what_lies_below_a_folder_is_named_from_there_as_it_is_written() -> None:
    pool = LivePool(A)
    for path in ("\\\\fs\\Straße\\CPS\\b.WMA", "//FS/strasse/cps/Sub/a.wma", "\\\\fs\\Straße\\CPS2\\c.wma"):
        pool = pool.with_file(path, ServerFile(None))

    assert [name for name, _ in pool.under("//fs/STRASSE/CPS/")] == ["Sub\\a.wma", "b.WMA"]
    assert pool.under("\\\\fs\\Straße\\CPS\\b.WMA") == ()


def test_an_empty_world_is_a_world() -> None:
    assert World().struck(A, READ) == (World(), ())
