"""The Block Kit validator: every documented limit, the official client, and payloads by strangers."""

import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from handlers.blockkit import Problem, validate
from tests.unit.blockkit_limits import LIMITS
from tests.unit.blockkit_payloads import DROP, GOOD, Case, changed
from tests.unit.blockkit_rules import RULES

CORPUS = [*LIMITS, *RULES]
SURFACES = ("message", "modal", "home")


@pytest.mark.parametrize("case", CORPUS, ids=[case.name for case in CORPUS])
def test_one_change_to_a_good_payload_is_refused_where_it_was_made(case: Case):
    assert validate(case.good, case.surface) == []
    found = validate(case.bad, case.surface)
    assert (case.pointer, case.code) in {(problem.pointer, problem.code) for problem in found}, found


@pytest.mark.parametrize(("surface", "payload"), GOOD.values(), ids=GOOD)
def test_what_slack_takes_is_no_problem(surface: str, payload: dict):
    assert validate(payload, surface) == []


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, "must be less than 151 characters"),
        ({"type": "header", "text": {"type": "plain_text", "text": ""}}, "must be more than 0 characters"),
        ({"type": "header", "text": "x"}, "must provide an object"),
        ({"type": "header"}, "missing required field: text"),
        ({"type": "divider", "style": "x"}, "invalid additional property: style"),
        ({"type": "chart"}, "unsupported type: chart"),
        ({"type": "context", "elements": []}, "must provide at least 1 items"),
    ],
)
def test_a_problem_is_worded_as_slack_words_it(block: dict, problem: str):
    assert [found.message for found in validate({"text": "x", "blocks": [block]}, "message")] == [problem]


def test_all_problems_are_told_at_once_in_reading_order():
    blocks = [{"type": "header"}, {"type": "sektion"}, {"type": "markdown", "text": 1}]
    found = validate({"text": "", "blocks": blocks}, "message")
    assert [problem.pointer for problem in found] == ["/text", "/blocks/0", "/blocks/1/type", "/blocks/2/text"]


def test_a_stranger_cannot_make_a_problem_long():
    block = {"type": "t" * 10_000, "k" * 10_000: 1}
    for found in (validate({"text": "x", "blocks": [block]}, "message"), validate(block, "home")):
        assert found
        assert all(len(problem.message) < 150 for problem in found)


def test_only_as_many_items_are_looked_at_as_are_allowed():
    found = validate({"text": "x", "blocks": [1] * 10_000}, "message")
    assert len(found) == 51


def test_a_payload_nested_without_end_is_refused():
    endless: dict = {"type": "home", "blocks": []}
    endless["blocks"].append({"type": "section", "text": endless})
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert validate(endless, "home")
    assert validate({"type": "home", "blocks": [], "private_metadata": deep}, "home")


def places(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every JSON pointer into a value below the value itself, with what is there."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield f"{at}/{key}", inner
        yield from places(inner, f"{at}/{key}")


def twisted(value: Any) -> list[Any]:
    """What could stand there instead: missing, longer than some limit, more than some limit, of another shape."""
    if isinstance(value, str):
        return [DROP, None, "", 7, *("x" * length for length in (31, 76, 151, 256, 3001, 12_001))]
    if isinstance(value, list):
        return [DROP, None, [], *(value * times for times in (6, 26, 101))]
    return [DROP, None, {}, -1, "x"]


def refused_by_the_official_client(payload: dict) -> bool:
    try:
        if "type" in payload:
            View(**payload).to_dict()
            return False
        return any(block is None or not block.to_dict() for block in Block.parse_all(payload.get("blocks")))
    except (
        Exception
    ):  # its parser stumbles over wrong shapes with whatever Python raises; to a caller that is a refusal
        return True


def one_block_at_a_time() -> list[tuple[str, dict]]:
    """Every different block of the good payloads that the official client knows, alone on its surface."""
    found = {
        json.dumps(block): (surface, {**payload, "blocks": [block]})
        for surface, payload in GOOD.values()
        for block in payload.get("blocks", ())
        if block["type"] != "data_table"
    }
    return list(found.values())


def twists() -> Iterator[tuple[str, dict, str, Any]]:
    for surface, good in one_block_at_a_time():
        for at, value in places(good):
            yield from ((surface, good, at, other) for other in twisted(value))


def test_what_the_official_client_refuses_is_refused(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.CRITICAL)
    assert not any(refused_by_the_official_client(good) for _, good in one_block_at_a_time())
    refused = 0
    for surface, good, at, other in random.Random(2013).sample(list(twists()), 2000):
        bad = changed(good, at, other)
        if refused_by_the_official_client(bad):
            refused += 1
            assert validate(bad, surface), (at, str(other)[:40])
    assert refused > 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)
GOOD_PLACES = [(surface, payload, at) for surface, payload in GOOD.values() for at, _ in places(payload)]


def resolves(payload: Any, pointer: str) -> bool:
    for step in pointer.split("/")[1:]:
        payload = payload[int(step)] if isinstance(payload, list | tuple) else payload[step]
    return True


def sound(problem: Problem, payload: Any) -> bool:
    return bool(problem.code and problem.message) and resolves(payload, problem.pointer)


@given(payload=JSON, surface=st.sampled_from(SURFACES))
def test_any_json_is_answered(payload: Any, surface: str):
    assert all(sound(problem, payload) for problem in validate(payload, surface))


@given(place=st.sampled_from(GOOD_PLACES), value=JSON)
def test_any_json_in_any_place_is_answered(place: tuple[str, dict, str], value: Any):
    surface, payload, at = place
    spoilt = changed(payload, at, value)
    assert all(sound(problem, spoilt) for problem in validate(spoilt, surface))
