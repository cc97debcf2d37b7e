"""The Block Kit validator: every documented limit and rule, and payloads by strangers."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.blocks.kit import Problem, validate
from tests.unit.blocks.kit.cases import Case, changed, places
from tests.unit.blocks.kit.good import GOOD, TAKEN, alone
from tests.unit.blocks.kit.limits import LIMITS
from tests.unit.blocks.kit.payloads import LEAVES
from tests.unit.blocks.kit.rules import RULES

CORPUS = [*LIMITS, *RULES]
PLACES = [(surface, good, at, value) for surface, good in alone() for at, value in places(good)]
SURFACES = ("message", "modal", "home")


@pytest.mark.parametrize("case", CORPUS, ids=[case.name for case in CORPUS])
def test_one_change_to_a_good_payload_is_refused_where_it_was_made(case: Case):
    assert validate(case.good, case.surface) == []
    found = validate(case.bad, case.surface)
    assert (case.pointer, case.code) in {(problem.pointer, problem.code) for problem in found}, found


@pytest.mark.parametrize(("surface", "payload"), GOOD.values(), ids=GOOD)
def test_what_slack_takes_is_no_problem(surface: str, payload: dict):
    assert validate(payload, surface) == []


@pytest.mark.parametrize(("surface", "base", "at", "value"), TAKEN)
def test_every_choice_that_slack_offers_is_taken(surface: str, base: dict, at: str, value: Any):
    assert validate(changed(base, at, value), surface) == []


def test_an_id_may_be_as_long_as_slack_allows():
    for surface, good, at, value in PLACES:
        if isinstance(value, str) and at.endswith(("/action_id", "/block_id")):
            assert validate(changed(good, at, "x" * 255), surface) == []


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
    assert Problem("", "wrong_type", "must be JSON") in validate(endless, "home")
    found = validate({"type": "home", "blocks": [], "private_metadata": deep}, "home")
    assert [problem.code for problem in found] == ["too_deep"]


MAY_BE_EMPTY = ("/initial_value", "/private_metadata")
NEVER_MRKDWN = ("/label", "/hint", "/placeholder", "/submit", "/close", "/confirm/title", "/confirm/confirm", "/deny")
LEAF_TYPES = {leaf["type"] for leaf in LEAVES}
MRKDWN = {"type": "mrkdwn", "text": "x"}


def is_a(kind: type) -> Callable[[str, Any], bool]:
    return lambda at, value: type(value) is kind


def may_not_be_empty(at: str, value: Any) -> bool:
    """Rich text may have no leaves, and a message no blocks; nothing else may be empty."""
    leaves = isinstance(value, list) and all(
        isinstance(item, dict) and item.get("type") in LEAF_TYPES for item in value
    )
    return isinstance(value, list) and at != "/blocks" and not leaves


@pytest.mark.parametrize(
    ("applies", "instead", "codes"),
    [
        pytest.param(is_a(str), 1, {"wrong_type"}, id="a number for a string"),
        pytest.param(is_a(bool), "true", {"wrong_type"}, id="a string for a flag"),
        pytest.param(is_a(int), "1", {"wrong_type"}, id="a string for a number"),
        pytest.param(is_a(dict), "x", {"wrong_type"}, id="a string for an object"),
        pytest.param(is_a(list), {}, {"wrong_type"}, id="an object for an array"),
        pytest.param(lambda at, value: True, None, {"wrong_type"}, id="null"),
        pytest.param(
            lambda at, value: isinstance(value, str) and not at.endswith(MAY_BE_EMPTY),
            "",
            {"empty", "unknown_value", "unknown_type"},
            id="an empty string",
        ),
        pytest.param(
            lambda at, value: isinstance(value, str) and at.endswith(("/action_id", "/block_id")),
            "x" * 256,
            {"too_long"},
            id="a long id",
        ),
        pytest.param(lambda at, value: at.endswith("/placeholder/text"), "x" * 151, {"too_long"}, id="a placeholder"),
        pytest.param(may_not_be_empty, [], {"too_few"}, id="an empty array"),
        pytest.param(
            lambda at, value: is_a(int)(at, value) and not at.endswith("/value"), -1, {"out_of_range"}, id="below zero"
        ),
    ],
)
def test_what_is_wrong_is_wrong_anywhere(applies: Callable[[str, Any], bool], instead: Any, codes: set[str]):
    swept = [(surface, good, at) for surface, good, at, value in PLACES if applies(at, value)]
    assert swept
    for surface, good, at in swept:
        found = validate(changed(good, at, instead), surface)
        assert any(problem.pointer == at and problem.code in codes for problem in found), (at, found)


def test_markup_is_refused_wherever_only_plain_text_is_shown():
    for surface, good, at, value in PLACES:
        if isinstance(value, dict) and at.endswith(NEVER_MRKDWN):
            found = validate(changed(good, at, MRKDWN), surface)
            assert found == [Problem(f"{at}/type", "not_allowed_here", "unsupported type: mrkdwn")]


def test_a_key_too_many_is_refused_in_every_object():
    for surface, good, at, value in PLACES:
        if isinstance(value, dict):
            found = validate(changed(good, f"{at}/pool", "x"), surface)
            assert Problem(at, "unknown_key", "invalid additional property: pool") in found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


def resolves(payload: Any, pointer: str) -> bool:
    for step in pointer.split("/")[1:]:
        payload = payload[int(step)] if isinstance(payload, list | tuple) else payload[step]
    return True


def sound(problem: Problem, payload: Any) -> bool:
    return bool(problem.code and problem.message) and resolves(payload, problem.pointer)


@settings(deadline=None)
@given(payload=JSON, surface=st.sampled_from(SURFACES))
def test_any_json_is_answered(payload: Any, surface: str):
    assert all(sound(problem, payload) for problem in validate(payload, surface))


@settings(deadline=None)
@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_json_in_any_place_is_answered(place: tuple[str, dict, str, Any], value: Any):
    surface, payload, at, _ = place
    spoilt = changed(payload, at, value)
    assert all(sound(problem, spoilt) for problem in validate(spoilt, surface))
