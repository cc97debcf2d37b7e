"""Whatever people and servers are called, every message is accepted by Slack and reads well as text alone."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.domain.report import Report
from handlers import views
from handlers.blockkit import validate
from tests.reports import names, reports, runs, tells

# A report is too large to shrink in reasonable time; the first one that fails is shown as it is.
FEW = settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def strings(value: Any) -> list[str]:
    """Every string that Slack would show or parse, at any depth."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in items for text in strings(item)]


def assert_good(message: dict[str, Any], surface: str = "message") -> None:
    assert validate(message, surface) == []
    for text in strings(message):
        assert "<!channel" not in text
        assert "<https" not in text
        assert "5678" not in text
        assert not {"\u202e", "\x00", "\x1b"} & set(text)
    json.dumps(message)


@FEW
@given(reports(), st.booleans(), st.sampled_from(("", "C0GENERAL1")))
def test_every_card_is_accepted_whatever_names_are_in_it(report: Report, plan_block: bool, asked_in: str) -> None:
    message = views.card(report, plan_block=plan_block, asked_in=asked_in)
    assert_good(message)
    assert message == views.card(report, plan_block=plan_block, asked_in=asked_in)


@FEW
@given(names)
def test_every_sentence_is_accepted(text: str) -> None:
    assert_good(views.sentence(text))


@FEW
@given(tells, runs())
def test_every_message_of_the_outbox_is_accepted(tell: Any, run: Any) -> None:
    assert_good(views.tell(tell, run))
