"""What buttons and forms carry comes back as it was sent, and nothing else is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import BadInput
from handlers.blocks import actions

words = st.text(st.characters(exclude_characters="|", codec="utf-8"), min_size=1, max_size=80)


@given(words, words, words, st.integers(0, 10**12))
def test_a_button_comes_back_as_it_was_sent(run: str, step: str, choice: str, question: int) -> None:
    value = actions.button_value(run, step, choice, question)

    assert actions.decode(value) == actions.Pressed(run, step, choice, question)


@given(words, st.text(st.characters(exclude_characters="|", codec="utf-8"), max_size=80), words)
def test_the_button_for_older_entries_comes_back_as_it_was_sent(command: str, argument: str, before: str) -> None:
    value = actions.page_value(command, argument, before)

    assert actions.decode_page(value) == actions.Page(command, argument, before)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "run",
        "run|step|choice",
        "run|step|choice|1|more",
        "run|step|choice|one",
        "run|step|choice|-1",
        "run|step|choice|",
        "run|step|choice|²",
        "run|step||1",
        "run||choice|1",
        "|step|choice|1",
        "r" * 2000 + "|step|choice|1",
    ],
)
def test_a_value_of_another_shape_is_refused_in_a_sentence(value: str) -> None:
    with pytest.raises(BadInput, match=r"Nothing was changed\."):
        actions.decode(value)


@pytest.mark.parametrize("value", ["", "runs|", "runs||", "|x|1.0", "a|b|1.0|c", "runs||" + "1" * 2000])
def test_a_page_of_another_shape_is_refused_in_a_sentence(value: str) -> None:
    with pytest.raises(BadInput, match=r"Nothing was changed\."):
        actions.decode_page(value)


@given(st.text(max_size=3000), st.integers(0, 10**9))
def test_a_block_id_fits_however_long_the_run_is_called(run: str, question: int) -> None:
    assert len(actions.block_id(run.encode("utf-8", "replace").decode(), question)) <= 255


def test_a_new_question_gives_the_buttons_a_new_block() -> None:
    ids = {actions.block_id("run-1", 1), actions.block_id("run-1", 2), actions.block_id("run-2", 1)}

    assert len(ids) == 3


def test_the_value_is_read_from_a_button_and_from_a_menu_alike() -> None:
    assert actions.value_of({"type": "button", "value": "a|b|c|1"}) == "a|b|c|1"
    assert actions.value_of({"type": "overflow", "selected_option": {"value": "a|b|c|1"}}) == "a|b|c|1"
    assert actions.value_of({"type": "button"}) == ""


def test_a_form_is_read_by_its_fields_and_what_is_empty_is_empty_text() -> None:
    state = {
        "values": {
            actions.field_block("seen"): {actions.ANSWER: {"type": "plain_text_input", "value": "calls fail"}},
            actions.field_block("reach"): {
                actions.ANSWER: {"type": "static_select", "selected_option": {"value": "no"}}
            },
            actions.field_block("more"): {actions.ANSWER: {"type": "plain_text_input", "value": None}},
            actions.field_block("menu"): {actions.ANSWER: {"type": "static_select", "selected_option": None}},
            "another block": {actions.ANSWER: {"value": "not a field"}},
        }
    }

    assert actions.answers(state) == {"seen": "calls fail", "reach": "no", "more": "", "menu": ""}
    assert actions.answers({}) == {}
