"""What strangers cause again and again is one line, then its count after ever longer pauses."""

from __future__ import annotations

import logging

import pytest

from handlers.slack import tally
from tests.patience import until


async def test_what_comes_again_is_counted_and_told_after_a_pause(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "FIRST_S", 0.01)
    counted = tally.Tally(logging.getLogger("handlers"))

    for _ in range(1000):
        counted.say("Refused.")
    assert caplog.messages == ["Refused."]

    async def summed() -> bool:
        return len(caplog.messages) > 1

    await until(summed)
    assert caplog.messages[1].startswith("Refused. (999 more in ")
