"""How a pool answers, in words: which part, how long ago, and never “active” of one that did not answer just now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.answers import FRESH_S, Part, PoolAnswer, answer_words, stands
from bot.domain.model import PoolRecord, PoolState
from handlers.runs.looks import look

NOW = 1_795_000_000.0
WELL = PoolAnswer(NOW - 20, last=NOW - 20)
ADMIN = "admin-1.contoso.com"


def at(second: float) -> str:
    return {NOW - 600: "02:41", NOW - 3600: "01:51"}[second]


def silent(part: Part, **more: object) -> PoolAnswer:
    return replace(PoolAnswer(NOW - 20, part, since=NOW - 600, last=NOW - 700), **more)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "not asked yet"),
        (WELL, "answers, 20 s ago"),
        (replace(WELL, at=NOW - FRESH_S), "answered 4 min ago, not asked since"),
        (replace(WELL, through=ADMIN), f"Response Group data answers, 20 s ago, through {ADMIN}"),
        (silent(Part.POOL), "no answer since 02:41"),
        (silent(Part.POOL, at=NOW - 300), "no answer since 02:41, last asked 5 min ago"),
        (silent(Part.DATA), "server answers, Response Group data does not since 02:41"),
        (silent(Part.DATA, last=0.0), "server answers, Response Group data could not be read yet"),
        (silent(Part.WAY, through=ADMIN), f"the server we ask through ({ADMIN}) does not answer since 02:41"),
        (
            silent(Part.SIGN_IN, at=NOW - 3600),
            "sign-in refused: nothing is asked until somebody presses Try again",
        ),
    ],
)
def test_the_words_name_the_part_and_the_time(answer: PoolAnswer | None, words: str) -> None:
    assert answer_words(answer, NOW, at) == words


@pytest.mark.parametrize(
    "answer",
    [None, *map(silent, Part), replace(WELL, at=NOW - FRESH_S), replace(WELL, through=ADMIN)],
)
def test_nothing_is_green_or_active_that_did_not_answer_itself_just_now(answer: PoolAnswer | None) -> None:
    shown = look(PoolRecord("pool-a.contoso.com"), answer, NOW)
    assert "🟢" not in shown and "active" not in shown and "no outage is declared" in shown
    assert shown.startswith("🔴") == (answer is not None and answer.is_silent)


def test_one_that_answers_is_green_and_says_so() -> None:
    assert look(PoolRecord("pool-a.contoso.com"), WELL, NOW) == "🟢 active · answers, 20 s ago"


@pytest.mark.parametrize("state", [one for one in PoolState if one is not PoolState.ACTIVE])
def test_every_other_state_has_its_time_and_how_the_pool_answers(state: PoolState) -> None:
    record = PoolRecord("pool-a.contoso.com", state, since=NOW - 3600)
    assert stands(record, silent(Part.POOL), NOW, at).endswith(" since 01:51 · no answer since 02:41")
    assert look(record, WELL, NOW).endswith(" · answers, 20 s ago")
