"""The rows about companions that several runbooks have: emergency locations, and what people put back by hand."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.access import Need
from bot.domain.backups.schedule import Slot
from bot.domain.companions.kinds import DAY_S, CompanionCopy, KeptFile
from bot.domain.deployment.locations import Locations, packed, parsed
from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.errors import NotAllowed
from bot.domain.runs.press import offered
from bot.domain.runs.run import Found, Phase, Run, partner
from bot.domain.runs.runbook import Runbook
from bot.drivers.simulated import change
from bot.runbooks import RUNBOOKS
from bot.runbooks.failover.facts import FACTS
from bot.runbooks.rows.companions import companions_row, still_open
from bot.runbooks.rows.locations import location_rows
from bot.sandbox.pools.file_store import LOCATIONS
from bot.stores import stores_over
from tests.scenarios.stage import ANNA, CLARA, A, B, Stage, stage_of

MOVED = Locations((("Contoso", "Annex", "Side Street", "2", "DE"),), {"10.1.0.0": "Annex"})
TRIAL = Runbook(
    key="failover",
    title="Trial",
    facts=FACTS,
    steps=(
        *location_rows(serving=partner, stretch="locations", skip=lambda run: None),
        companions_row(serving=partner, of=lambda run: run.primary, stretch="companions"),
    ),
)
"""Only these rows, under a key whose facts are declared."""


@pytest.fixture
async def stage(redis: Redis) -> Stage:
    stage = await stage_of(redis)
    stage.kept = stores_over(redis, clock=stage.clock, knows=lambda run: True)
    stage.rebuilt(runbooks={**RUNBOOKS, "failover": TRIAL})
    return stage


async def copied(stage: Stage, *kinds: str) -> None:
    """Each of these is copied from pool A by its schedule."""
    for kind in kinds:
        run = await stage.engine.start_slot(Slot(A, f"2026-11-22T03:3{len(kind) % 10}", "companion", kind))
        assert (await stage.settle(run.id)).phase is Phase.DONE


async def holds(stage: Stage, locations: bytes) -> None:
    await change(stage.worlds, lambda world: replace(world, locations=locations))


async def begun(stage: Stage) -> Run:
    return await stage.settle((await stage.engine.start("failover", A, ANNA)).id)


async def world(stage: Stage) -> World:
    return (await stage.worlds.load())[0]


def keys(run: Run) -> list[str]:
    return [choice.key for choice in offered(run, TRIAL)]


def line(run: Run) -> str:
    assert run.proposal
    return run.proposal.commands[0]


async def test_the_newest_copy_is_imported_published_and_compared_on_the_pool_that_serves(stage: Stage) -> None:
    await copied(stage, "lis")
    await holds(stage, packed(Locations()))
    await stage.take_down(A)
    stage.clock.now += 3 * DAY_S
    run = await begun(stage)
    assert run.sentence == (
        "LIS: the newest copy is 3 days old. It came from pool-a. It has 2 locations and 2 subnets. "
        "pool-b has 0 locations and 0 subnets now."
    )
    assert keys(run) == ["lis-import", "lis-without", "lis-again", "abandon"]
    assert "what was moved since the copy goes back" in TRIAL.step("lis").explain(run)

    run = await stage.press(run, "lis-import", ANNA)
    assert line(run).startswith('Import-CsLisConfiguration -FileName "C:\\Switchback\\lis-')
    run = await stage.press(run, "approve", ANNA)
    assert (await world(stage)).published == b"", "nothing takes effect before it is published"
    assert line(run) == "Publish-CsLisConfiguration -Confirm:$false"
    run = await stage.press(run, "approve", ANNA)

    assert run.record_of("lis-compare").sentence == (
        "All of the copy is on pool-b: 2 locations and 2 subnets. "
        "Access points, switches and ports are not read: look at them yourself."
    )
    after = await world(stage)
    assert parsed(after.published) == parsed(LOCATIONS)
    assert not [path for path in after.pools[B].files if "lis-" in path], "the file there is tidied away"
    assert [effect.pool for effect in after.effects[-2:]] == [B, B]


async def test_a_copy_that_is_older_than_a_change_says_what_would_go_back_before_anybody_decides(stage: Stage) -> None:
    await copied(stage, "lis")
    await holds(stage, packed(MOVED))
    run = await begun(stage)
    assert run.sentence.endswith("pool-b has 1 location and 1 subnet now. 1 changed since the copy and would go back.")
    places = "is at “Contoso, Annex, Side Street, 2, DE” goes back to “Contoso, Berlin, Clinic Street, 1, DE”"
    back = f"A subnet that {places}: 10.1.0.0."
    assert run.details[0] == back

    run = await stage.press(run, "lis-import", ANNA)
    assert run.proposal.effect[:2] == (
        "Adds what is missing of 2 locations and 2 subnets, and deletes nothing.",
        back,
    )
    run = await stage.press(run, "approve", ANNA)
    run = await stage.press(run, "approve", ANNA)
    compared = run.record_of("lis-compare")
    assert compared.mark == "warn" and compared.details[0] == (
        "“Contoso, Annex, Side Street, 2, DE” is not in the copy, and no subnet is at it."
    )


async def test_what_changes_between_the_approval_and_the_command_is_asked_again(stage: Stage) -> None:
    """Also where the prediction stays the same: one location more, to which no subnet leads."""
    await copied(stage, "lis")
    run = await stage.press(await begun(stage), "lis-import", ANNA)
    effect, now = run.proposal.effect, parsed(LOCATIONS)
    assert now
    await holds(stage, packed(replace(now, places=(*now.places, *MOVED.places))))
    run = await stage.press(run, "approve", ANNA)
    assert run.step == "lis-import" and run.phase is Phase.WAITING and not run.sent_at
    assert run.proposal.effect == effect


async def test_whoever_holds_only_the_other_role_decides_nothing_here(stage: Stage) -> None:
    await copied(stage, "lis")
    run = await begun(stage)
    for row in ("lis", "lis-import", "lis-publish", "lis-compare"):
        assert TRIAL.step(row).need is Need.SERVER_ADMIN
    with pytest.raises(NotAllowed):
        await stage.press(run, "lis-import", CLARA)


@pytest.mark.parametrize(
    ("age_d", "sentence"),
    [
        (None, "No copy of LIS is kept. There is nothing to import: record the locations anew, or go on without them."),
        (-30, "No copy of LIS is kept. One copy is dated in the future and does not count."),
        (40, "LIS: the newest copy is 40 days old. It came from pool-a. That is old."),
    ],
)
async def test_no_copy_one_of_the_future_and_an_old_one_have_their_sentence(
    stage: Stage, age_d: float | None, sentence: str
) -> None:
    now = stage.clock.now
    if age_d is not None:
        stage.clock.now = now - age_d * DAY_S
        await copied(stage, "lis")
        stage.clock.now = now
    run = await begun(stage)
    assert run.sentence.startswith(sentence)
    assert ("lis-import" in keys(run)) is (age_d == 40)
    run = await stage.press(run, "lis-without", ANNA)
    assert run.step == "companions" and run.record_of("lis").sentence == (
        "Anna does not import the emergency locations."
    )
    assert run.record_of("lis-import").sentence == (
        "Skipped: somebody went on without a copy of the emergency locations."
    )
    assert (await world(stage)).effects == ()


async def imported(stage: Stage, fault: Fault, before: bytes) -> Run:
    await copied(stage, "lis")
    await holds(stage, before)
    run = await stage.press(await begun(stage), "lis-import", ANNA)
    await stage.strike(fault)
    return await stage.press(run, "approve", ANNA)


@pytest.mark.parametrize("before", [packed(Locations()), packed(MOVED), LOCATIONS])
async def test_a_lost_import_that_did_nothing_is_not_taken_for_one_that_worked(stage: Stage, before: bytes) -> None:
    """All that the copy holds may have been there before: that is no evidence."""
    run = await imported(stage, Fault(FaultKind.LOST_BEFORE, B, "Import-CsLisConfiguration"), before)
    assert run.phase is Phase.LOST and run.finding.found is Found.NOT_DONE
    run = await stage.press(run, "retry", ANNA)
    run = await stage.press(run, "approve", ANNA)
    assert run.step == "lis-publish"


@pytest.mark.parametrize("before", [packed(Locations()), packed(MOVED)])
async def test_a_lost_import_that_worked_is_seen_by_what_is_there(stage: Stage, before: bytes) -> None:
    run = await imported(stage, Fault(FaultKind.LOST_AFTER, B, "Import-CsLisConfiguration"), before)
    assert run.phase is Phase.LOST and run.finding.found is Found.DONE
    assert (await stage.press(run, "accept", ANNA)).step == "lis-publish"


async def test_a_lost_publication_is_published_again_by_itself(stage: Stage) -> None:
    await copied(stage, "lis")
    run = await stage.press(await begun(stage), "lis-import", ANNA)
    run = await stage.press(run, "approve", ANNA)
    await stage.strike(Fault(FaultKind.LOST_BEFORE, B, "Publish-CsLisConfiguration"))
    run = await stage.press(run, "approve", ANNA)
    assert run.step == "companions" and (await world(stage)).published == LOCATIONS


async def test_what_did_not_arrive_stops_and_can_be_imported_again(stage: Stage) -> None:
    await copied(stage, "lis")
    run = await stage.press(await begun(stage), "lis-import", ANNA)
    run = await stage.press(run, "approve", ANNA)
    await holds(stage, packed(Locations()))
    run = await stage.press(run, "approve", ANNA)
    assert run.step == "lis-compare" and run.phase is Phase.STOPPED
    assert run.sentence == "4 of the copy did not arrive on pool-b as they are in it."
    again = await stage.press(run, "lis-import-again", ANNA)
    assert again.step == "lis-import" and again.phase is Phase.WAITING


async def without_list(stage: Stage) -> None:
    """A copy like those of an earlier version: only the bytes."""
    await stage.strike(Fault(FaultKind.LOST_BEFORE, A, "Get-CsLisLocation"))
    await copied(stage, "lis")


async def test_a_copy_without_a_list_is_imported_and_said_to_be_not_compared(stage: Stage) -> None:
    await without_list(stage)
    run = await begun(stage)
    assert "This copy holds no list to compare with, so nobody can say what would go back." in run.sentence
    run = await stage.press(run, "lis-import", ANNA)
    run = await stage.press(run, "approve", ANNA)
    run = await stage.press(run, "approve", ANNA)
    compared = run.record_of("lis-compare")
    assert compared.mark == "warn" and compared.sentence.startswith(
        "Not compared: the copy holds no list. pool-b has 2 locations and 2 subnets;"
    )


async def test_what_cannot_be_read_there_is_said_and_holds_nobody_up(stage: Stage) -> None:
    await copied(stage, "lis")
    await stage.strike(Fault(FaultKind.LOST_BEFORE, B, "Get-CsLisSubnet"))
    run = await begun(stage)
    assert "What is on pool-b now cannot be read, so nobody can say what would go back." in run.sentence
    assert (await stage.press(run, "lis-without", ANNA)).step == "companions"


async def test_what_people_put_back_is_shown_with_the_commands_for_the_pool_that_serves(stage: Stage) -> None:
    await copied(stage, "call-park-settings", "call-park-music", "announcements")
    run = await stage.press(await begun(stage), "lis-without", ANNA)
    assert run.sentence == "No copy is kept of: Response Group audio."
    ages, lines = run.details[:4], run.details[4:]
    assert ages[0] == "Call Park settings: the newest copy is under a minute old. It came from pool-a."
    assert ages[3] == "No copy of Response Group audio is kept."
    music = 'Set-CsCallParkServiceMusicOnHoldFile -Service "service:ApplicationServer:pool-b.contoso.com"'
    assert any(one.startswith(music) and "C:\\Switchback\\companions\\Waiting Room.wma" in one for one in lines)
    assert not any("pool-a" in one for one in lines)
    assert "Put their files into C:\\Switchback\\companions of that server first." in TRIAL.step("companions").explain(
        run
    )


@pytest.mark.parametrize(
    ("choice", "form", "said", "open_"),
    [
        ("put-back", {"companions_done": "orbit 800 rings"}, "Anna says that it is put back by hand", ""),
        (
            "later",
            {},
            "Anna put this off: it is not done.",
            "Call Park and announcements of pool-a are not put back.",
        ),
    ],
)
async def test_it_is_put_back_by_hand_or_put_off_and_then_stands_as_open(
    stage: Stage, choice: str, form: dict[str, str], said: str, open_: str
) -> None:
    run = await stage.press(await begun(stage), "lis-without", ANNA)
    run = await stage.press(run, choice, ANNA, **form)
    assert run.phase is Phase.DONE and run.record_of("companions").sentence.startswith(said)
    record = run.record_of("companions")
    assert record.commands == (), "what people did is no command of ours"
    assert (record.mark, record.undone) == (("warn", "Put off") if open_ else ("pass", ""))
    assert still_open(run, run.primary) == open_


async def test_of_many_files_the_first_are_shown_and_the_others_counted(stage: Stage) -> None:
    names = {f"{number}.wav": f"RIFF....WAVE {number}".encode() for number in range(5)}
    files = tuple(KeptFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in names.items())
    copy = CompanionCopy("many", A, "announcements", A, stage.clock.now, "Anna", "digest", files)
    await stage.companions.keep(copy, names)
    run = await stage.press(await begun(stage), "lis-without", ANNA)
    shown = [one.split()[0] for one in run.details[4:]]
    assert shown == [
        "Import-CsAnnouncementFile",
        "Import-CsAnnouncementFile",
        "…",
        "New-CsAnnouncement",
        "Set-CsUnassignedNumber",
    ]
    assert "… and the same for 3 more files." in run.details
