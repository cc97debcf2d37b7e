"""The backup pool gets its own settings back: by value, and its music by its bytes, whatever people say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.world import FaultKind
from bot.domain.groups.groups import Audio, ServiceSettings
from bot.domain.runs.run import Found, Phase, Run
from tests.scenarios.books import TWO, failed_over, lose, record, set_by_hand, settings, started
from tests.scenarios.stage import ANNA, CLARA, FAILBACK, A, B, Stage, stage_of
from tests.scenarios.test_prestage import said

SET = "Set-CsRgsConfiguration"


async def replaced(stage: Stage) -> tuple[ServiceSettings, dict[str, str]]:
    """After a failover that replaced B's settings, and the failback; gives what B had before, with its music."""
    pool = (await stage.worlds.load())[0].pools[B]
    music = pool.settings.default_music
    sounds = {music.unique_name: pool.audio[music.unique_name]} if music else {}
    over = await failed_over(stage, settings=(("replace-settings", ANNA),), **{"import": TWO})
    assert (await record(stage)).carry["own"] == over.fact("own")
    await stage.bring_up(A)
    back = await stage.play(await started(stage, "failback"), FAILBACK)
    assert any("`/rgs start undo pool-a` puts them back" in line for line in back.records[-1].details)
    kept = (await record(stage)).carry
    assert kept["own"] == over.fact("own") and not kept.get("replaced")
    return pool.settings, sounds


async def at_music(stage: Stage) -> Run:
    return await stage.press(await started(stage, "undo"), "approve", CLARA)


async def test_values_by_a_command_music_by_hand_and_both_are_read_back(redis: Redis) -> None:
    stage = await stage_of(redis)
    own, sounds = await replaced(stage)
    assert await settings(stage) != own
    run = await at_music(stage)
    context = str(own.call_context_disabled).lower()
    line = f"-AgentRingbackGracePeriod {own.ringback_grace_s} -DisableCallContext ${context}"
    assert line in run.record_of("set").commands[0]
    assert run.step == "music"
    shown = (await stage.engine.view(run.id)).explain
    assert "Set-CsRgsConfiguration" in shown and "-DefaultMusicOnHoldFile" in shown

    wrong = await stage.press(run, "music-set", CLARA)
    assert (wrong.step, wrong.phase) == ("check", Phase.STOPPED)
    assert "is not the recording that it had" in wrong.sentence

    run = await stage.press(wrong, "music-again", CLARA)
    await set_by_hand(stage, own, **sounds)
    run = await stage.press(run, "music-set", CLARA)
    assert run.phase is Phase.DONE
    assert "pool-b has its own settings again." in await said(stage)
    kept = (await record(stage)).carry
    assert (kept["own"], kept["replaced"]) == ("", False)
    again = await started(stage, "undo")
    assert (again.step, again.phase) == ("kept", Phase.STOPPED)


async def test_music_of_the_same_name_with_other_bytes_is_found(redis: Redis) -> None:
    stage = await stage_of(redis)
    await with_music(stage, b"RIFF its own")
    own, _ = await replaced(stage)
    run = await at_music(stage)
    shown = (await stage.engine.view(run.id)).explain
    assert (
        'Import-CsRgsAudioFile -Identity "service:ApplicationServer:pool-b.contoso.com" -FileName "hold.wav"' in shown
    )
    await set_by_hand(stage, own)
    await with_music(stage, b"RIFF another")
    run = await stage.press(run, "music-set", CLARA)
    assert (run.step, run.phase) == ("check", Phase.STOPPED)
    assert "is not the recording that it had" in run.sentence
    run = await stage.press(run, "music-again", CLARA)
    await with_music(stage, b"RIFF its own")
    assert (await stage.press(run, "music-set", CLARA)).phase is Phase.DONE


@pytest.mark.parametrize("kind", [FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER])
async def test_a_lost_command_is_looked_at_by_the_settings(redis: Redis, kind: FaultKind) -> None:
    stage = await stage_of(redis)
    await replaced(stage)
    run = await started(stage, "undo")
    await lose(stage, SET, kind)
    run = await stage.press(run, "approve", CLARA)
    done = kind is FaultKind.LOST_AFTER
    assert (run.phase, run.finding.found) == (Phase.LOST, Found.DONE if done else Found.NOT_DONE)
    run = await stage.press(run, "abandon", CLARA)
    assert "`/rgs start undo pool-a` begins again" in run.sentence
    assert (await record(stage)).carry["own"]
    again = await started(stage, "undo")
    assert again.step == ("music" if done else "set")


async def test_a_change_after_the_approval_asks_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    await replaced(stage)
    run = await started(stage, "undo")
    first = run.proposal.hash
    await set_by_hand(stage, replace(await settings(stage), ringback_grace_s=321))
    run = await stage.press(run, "approve", CLARA)
    assert run.phase is Phase.WAITING and run.proposal.hash != first


async def test_where_nothing_was_replaced_there_is_nothing_to_undo(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await started(stage, "undo")
    assert (run.step, run.phase) == ("kept", Phase.STOPPED)
    run = await stage.press(run, "abandon", ANNA)
    assert "Nothing was changed" in run.sentence


async def test_settings_that_were_replaced_twice_go_back_to_the_first(redis: Redis) -> None:
    """What the second failover exports as the backup pool's own is the primary's already."""
    stage = await stage_of(redis)
    await replaced(stage)
    first = (await record(stage)).carry["own"]
    await failed_over(stage, settings=(("replace-settings", ANNA),), **{"import": TWO})
    assert (await record(stage)).carry["own"] == first


async def with_music(stage: Stage, data: bytes) -> ServiceSettings:
    """B's default music becomes a recording with these bytes; its name stays the same."""
    sha256 = await stage.worlds.keep(data)
    music = Audio(f"5c1f0000-{sha256[:8]}", "hold.wav")
    given = replace(await settings(stage), default_music=music)
    await set_by_hand(stage, given, **{music.unique_name: sha256})
    return given
