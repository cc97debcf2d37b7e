"""Recordings are judged by their bytes, then the settings that came along; an expected difference only warns."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.groups.groups import Inventory, ServiceSettings
from bot.domain.model import Mark, Verdict
from bot.runbooks.rows.verifying import recordings_judged
from tests.unit.deployment.deployments import GREETING, MUSIC, PRIMARY

KEPT = PRIMARY.inventory()
SETTINGS = KEPT.settings or ServiceSettings()
OTHER = "ff" * 32


def judged(actual: Inventory, settings: ServiceSettings | None = SETTINGS, **rest: str) -> Verdict:
    return recordings_judged(KEPT, actual, settings, "pool-b", "as they are kept", **rest)


def hearing(**audio: str) -> Inventory:
    return replace(KEPT, audio={**KEPT.audio, **audio})


def test_the_same_bytes_pass() -> None:
    assert (judged(KEPT).mark, judged(KEPT).sentence) == (Mark.PASS, "Every recording is there, byte for byte.")
    assert judged(KEPT, whole="All 2 recordings are").sentence == "All 2 recordings are there, byte for byte."


def test_other_bytes_stop() -> None:
    found = judged(hearing(**{GREETING.unique_name: OTHER}))
    assert (found.mark, found.sentence) == (Mark.STOP, "1 recording(s) did not arrive as they are kept.")
    assert len(found.details) == 1


def test_what_was_expected_warns_and_settings_that_differ_stop_all_the_same() -> None:
    there, why = hearing(**{GREETING.unique_name: OTHER}), "copies were kept."
    found = judged(there, tolerate=why)
    assert (found.mark, found.sentence) == (Mark.WARN, f"1 recording(s) differ from the backup: {why}")
    found = judged(there, replace(SETTINGS, ringback_grace_s=99), tolerate=why)
    assert (found.mark, found.sentence) == (Mark.STOP, "pool-b: the application-level settings differ.")


def test_a_pool_that_kept_its_own_settings_keeps_its_music_too() -> None:
    there = hearing(**{MUSIC.unique_name: OTHER})
    assert judged(there).mark is Mark.STOP
    assert judged(there, None).mark is Mark.PASS
