"""Several people, several processes, the same moment: one wins, and everybody is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.backups.schedule import Slot
from bot.domain.errors import BadInput, Held, NotAllowed, Stale
from bot.domain.model import Role, Standing
from bot.domain.runs.press import KEPT, Press, press
from bot.domain.runs.run import Phase, Run
from bot.runbooks import RUNBOOKS
from tests.scenarios.stage import ANNA, BORIS, CLARA, EMIL, FAILOVER, FORMS, A, B, Stage, person, stage_of


async def at(stage: Stage, step: str) -> Run:
    """A failover that waits for people at this row."""
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    while run.step != step:
        for choice, who in FAILOVER[run.step]:
            run = await stage.press(run, choice, who)
    return run


async def test_of_fifty_identical_clicks_exactly_one_has_an_effect(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await at(stage, "import")
    pressed = Press("import", "approve", run.question, {})
    answers = await asyncio.gather(
        *(stage.engine.press(run.id, pressed, CLARA) for _ in range(50)), return_exceptions=True
    )
    assert sum(isinstance(answer, Run) for answer in answers) == 1
    told = [answer for answer in answers if isinstance(answer, Stale)]
    assert len(told) == 49
    assert all("Clara" in answer.sentence for answer in told)
    await stage.settle(run.id)
    world, _ = await stage.worlds.load()
    assert sum(effect.cmdlet == "Import-CsRgsConfiguration" for effect in world.effects) == 1


async def test_of_two_decisions_on_the_same_state_the_second_one_is_refused_by_the_store(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await at(stage, "settings")
    one, other = await stage.runs.load(run.id), await stage.runs.load(run.id)
    book = RUNBOOKS["failover"]
    keeps = press(one, book, Press("settings", "keep-settings", one.question, {}), ANNA, stage.clock())
    replaces = press(other, book, Press("settings", "replace-settings", other.question, {}), CLARA, stage.clock())
    await stage.runs.commit(keeps, stage.clock())
    with pytest.raises(Stale):
        await stage.runs.commit(replaces, stage.clock())
    assert (await stage.runs.load(run.id)).fact("replace") is False


async def test_what_the_second_of_two_forms_says_changes_nothing_and_is_not_lost(redis: Redis) -> None:
    """Seen in the demo: two open forms, and what the second person had typed was gone."""
    stage = await stage_of(redis)
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    form = {"outage_since": FORMS["outage_since"], "mode": "disaster"}
    first = Press("declare", "declare", run.question, {**form, "seen": "rack 3 is dark"})
    second = Press("declare", "declare", run.question, {**form, "seen": "call +49 30 5550 1234"})
    await stage.engine.press(run.id, first, BORIS)
    with pytest.raises(Stale) as late:
        await stage.engine.press(run.id, second, CLARA)
    assert late.value.sentence.startswith("This was already answered. Boris declared an outage since ")
    assert late.value.sentence.endswith(f": rack 3 is dark. Nothing was done twice. {KEPT}")
    said = [entry for entry in await stage.runs.audit(run.id) if entry.what == "late"]
    assert [entry.who.name for entry in said] == ["Clara"]
    assert said[0].sentence.startswith("Clara came too late, so this changed nothing: call ")
    assert "5550" not in said[0].sentence and FORMS["outage_since"] not in said[0].sentence


async def test_two_people_who_press_different_buttons_both_know_who_won(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await at(stage, "settings")
    presses = (("keep-settings", ANNA), ("replace-settings", CLARA))
    calls = (stage.engine.press(run.id, Press("settings", key, run.question, {}), who) for key, who in presses)
    answers = await asyncio.gather(*calls, return_exceptions=True)
    (won,) = (answer for answer in answers if isinstance(answer, Run))
    (lost,) = (answer for answer in answers if isinstance(answer, Stale))
    record = won.record_of("settings")
    assert record is not None
    assert record.who.name in lost.sentence
    assert record.sentence in lost.sentence


async def test_a_pool_is_never_in_two_failovers(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.engine.start("failover", A, ANNA)
    with pytest.raises(Held) as refused:
        await stage.engine.start("failover", B, BORIS)
    assert "failover-pool-a" in refused.value.sentence
    assert len(await stage.runs.open()) == 1


async def test_a_slot_makes_one_backup_however_many_processes_start_it(redis: Redis) -> None:
    stage = await stage_of(redis)
    other = Stage(redis)
    slot = Slot(A, "2026-11-21T02:30")
    starts = [engine.start_slot(slot) for engine in (stage.engine, other.engine) for _ in range(5)]
    runs = await asyncio.gather(*starts)
    assert len({run.id for run in runs}) == 1
    await stage.settle(runs[0].id)
    assert len(await stage.backups.page(A)) == 1


@pytest.mark.parametrize(
    ("who", "word"),
    [
        (EMIL, "CsResponseGroupAdministrator"),
        (replace(ANNA, standing=Standing.GUEST), "Guests"),
        (replace(ANNA, standing=Standing.EXTERNAL), "other organisations"),
        (replace(ANNA, standing=Standing.UNKNOWN), "did not say in time"),
        (replace(ANNA, roles=None), "nobody could say in time"),
    ],
    ids=["no role", "guest", "external", "unknown person", "unknown roles"],
)
async def test_who_may_not_is_told_why_and_nothing_changes_but_the_audit_log(redis: Redis, who, word: str) -> None:
    stage = await stage_of(redis)
    run = await at(stage, "import")
    with pytest.raises(NotAllowed) as refused:
        await stage.engine.press(run.id, Press("import", "approve", run.question, {}), who)
    assert word in refused.value.sentence
    assert await stage.runs.load(run.id) == run
    (newest,) = await stage.runs.audit(run.id, 1)
    assert (newest.what, newest.who.id) == ("refused", who.id)


async def test_whoever_is_refused_a_run_is_in_the_audit_log_though_there_is_none(redis: Redis) -> None:
    stage = await stage_of(redis)
    with pytest.raises(NotAllowed):
        await stage.engine.start("failover", A, EMIL)
    assert await stage.runs.open() == ()
    (refused,) = await stage.runs.audit()
    assert (refused.what, refused.step, refused.who.id) == ("refused", "failover", EMIL.id)


async def test_a_response_group_administrator_cannot_fail_the_pool_over(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await at(stage, "failover")
    with pytest.raises(NotAllowed) as refused:
        await stage.engine.press(run.id, Press("failover", "approve", run.question, {}), CLARA)
    assert Role.SERVER_ADMIN in refused.value.sentence


async def test_whoever_asked_cannot_be_the_second(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await at(stage, "settings")
    run = await stage.press(run, "replace-settings", CLARA)
    assert (run.step, run.phase) == ("import", Phase.WAITING)
    run = await stage.press(run, "approve", CLARA)
    assert run.phase is Phase.WAITING
    with pytest.raises(NotAllowed, match="second"):
        await stage.engine.press(run.id, Press("import", "approve", run.question, {}), CLARA)
    run = await stage.press(run, "approve", ANNA)
    assert run.step == "companions"


async def test_an_approval_is_asked_again_when_what_it_rested_on_has_changed(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await at(stage, "settings")
    run = await stage.press(run, "replace-settings", CLARA)
    run = await stage.press(run, "approve", CLARA)
    await stage.edit(B, B, TimeoutThreshold=99)
    run = await stage.press(run, "approve", ANNA)
    assert (run.step, run.phase, run.approvals) == ("import", Phase.WAITING, ())
    assert "changed since it was approved" in run.sentence
    world, _ = await stage.worlds.load()
    assert not [effect for effect in world.effects if effect.cmdlet == "Import-CsRgsConfiguration"]


async def test_an_empty_or_endless_form_is_refused_with_one_sentence(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    for form in ({**FORMS, "seen": " "}, {**FORMS, "seen": "x" * 301}, {**FORMS, "mode": "maybe"}):
        with pytest.raises(BadInput):
            await stage.engine.press(run.id, Press("declare", "declare", run.question, form), ANNA)
    assert await stage.runs.load(run.id) == run


async def test_an_outage_ends_the_backups_of_that_pool_and_keeps_the_older_ones(redis: Redis) -> None:
    stage = await stage_of(redis)
    first = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    running = await stage.engine.start("backup", A, person("Ines", Role.RG_ADMIN))
    failover = await stage.engine.start("failover", A, ANNA)
    await stage.take_down(A)
    failover = await stage.settle(failover.id)
    await stage.press(failover, "declare", ANNA)
    assert (await stage.runs.load(running.id)).phase is Phase.SUPERSEDED
    (kept,) = await stage.backups.page(A)
    assert kept.run == first.id


async def test_a_pool_without_a_pair_gets_backups_only(redis: Redis) -> None:
    stage = await stage_of(redis)
    with pytest.raises(BadInput, match="gets backups only"):
        await stage.engine.start("failover", "pool-c", ANNA)
    backup = await stage.settle((await stage.engine.start("backup", "pool-c", ANNA)).id)
    assert backup.phase is Phase.DONE


async def test_p2_is_not_failed_over_to_p1_while_p1_is_over_on_p2(redis: Redis) -> None:
    """Seed 004: step 1 must be performed before step 2."""
    stage = await stage_of(redis)
    await stage.play(await at(stage, "declare"), FAILOVER)
    before = await stage.runs.page()
    with pytest.raises(BadInput, match=r"pool-a is itself failed over, onto pool-b.*`/rgs failback pool-a`"):
        await stage.engine.start("failover", B, ANNA)
    assert await stage.runs.page() == before
