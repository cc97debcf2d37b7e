"""What nobody sees, addresses of people, and addresses that are not Slack's."""

from __future__ import annotations

import pytest

from bot.domain.groups.difference import quoted
from handlers.blocks.wording import exact, plain, shown, without_people
from handlers.slack.people import _name
from handlers.slack.replies import is_slack

API = "https://slack.com/api/"


HIDDEN = "\u00ad\u034f\u115f\u1160\u180e\u200b\u3164\uffa0\U000e0001\U000e0041\U000e0100"


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_sign_that_nobody_sees_is_in_no_name(hidden: str) -> None:
    name = f"He{hidden}lp"
    assert plain(name) == shown(name) == exact(name) == "Help"
    assert quoted(name) == "“Help”"
    assert _name({"profile": {"real_name": name}}, "U1") == "Help"


@pytest.mark.parametrize("between", [*HIDDEN, " ", "\u200d", "\ufe0f"])
@pytest.mark.parametrize("number", ["+49 30 555 1234", "1234 5678"])
def test_no_number_is_whole_because_of_what_nobody_sees_between_its_digits(number: str, between: str) -> None:
    split = number.replace(" ", 4 * between)
    for said in (plain(split), shown(split), without_people(split), quoted(split)):
        assert sum(sign.isdigit() for sign in said) == 2, said


def test_without_the_role_addresses_and_numbers_of_people_are_masked() -> None:
    said = without_people("AgentsByUri: sip:anna.berg@contoso.com, added ben@contoso.com; LineUri: tel:+493012345678")
    assert "anna" not in said and "ben@" not in said and "12345" not in said and "AgentsByUri" in said


@pytest.mark.parametrize(
    ("address", "slack"),
    [
        ("https://hooks.slack.com/actions/T1/2/3", True),
        ("https://slack.com/answers/1", True),
        ("http://hooks.slack.com/actions/T1/2/3", False),
        ("https://hooks.slack-gov.com/actions/T1/2/3", False),
        ("https://hooks.slack.com.evil.example/1", False),
        ("https://hooks.slack.com@evil.example/1", False),
        ("http://169.254.169.254/latest", False),
        ("", False),
    ],
)
def test_answers_go_to_slack_only(address: str, slack: bool) -> None:
    assert is_slack(address, API) is slack


def test_another_slack_has_another_host_for_answers() -> None:
    assert is_slack("https://hooks.slack-gov.com/actions/T1/2/3", "https://slack-gov.com/api/")
