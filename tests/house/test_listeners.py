"""Bolt hands None to a listener's misspelt argument, and finds listeners one after another: neither may cost us."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers import buttons, commands, home, modals
from handlers.blocks import actions
from handlers.buttons import BUTTONS
from handlers.modals import FORMS
from handlers.slack.payloads import Kind
from handlers.slack.replies import WAYS
from tests.scenarios.front import TEAM, Front, opened

KNOWN = frozenset(inspect.signature(AsyncArgs.__init__).parameters) - {"self", "kwargs"} | {"args"}
LONGEST = 12
"""Lines with the first one and the docstring."""

MANIFEST = json.loads((Path(__file__).parents[2] / "manifest.json").read_text())


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


async def test_every_listener_asks_only_for_what_bolt_knows(front: Front) -> None:
    listeners = front.app._async_listeners
    named = {listener.ack_function.__qualname__: set(listener.arg_names) for listener in listeners}

    assert len(listeners) == 6
    assert all(names and names <= KNOWN for names in named.values()), named
    assert set(named) == {"listener.<locals>.listen"}, "whatever is not wrapped lets exceptions and strangers through"


async def test_no_listener_leaves_work_to_bolt_that_nobody_waits_for(front: Front) -> None:
    assert front.app.process_before_response
    assert not [one for one in front.app._async_listeners if one.lazy_functions]


async def test_everything_the_manifest_subscribes_to_is_listened_to(front: Front) -> None:
    """What nobody listens to, Bolt answers with 404, which Slack shows as an error."""
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    typed = [row["command"] for row in MANIFEST["features"]["slash_commands"]]
    user = {"id": "U0EMIL0001", "team_id": TEAM}
    bodies = [
        *({"team_id": TEAM, "command": one, "user_id": "U0EMIL0001", "channel_id": "C0INCIDENT"} for one in typed),
        *(
            {
                "type": "event_callback",
                "team_id": TEAM,
                "event_id": one,
                "event": {"type": one, "user": user, "subteam_id": "S1", "subteam": {"id": "S1"}, "tab": "messages"},
            }
            for one in events
        ),
        {"type": "block_actions", "team": {"id": TEAM}, "user": user, "actions": [{"action_id": "any\nthing"}]},
        {"type": "view_submission", "team": {"id": TEAM}, "user": user, "view": {"type": "modal", "callback_id": "x"}},
    ]

    for body in bodies:
        answer = await front.app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
        assert answer.status == 200, body


def test_help_and_the_manifest_name_the_same_command() -> None:
    (row,) = MANIFEST["features"]["slash_commands"]

    hinted = {hint.split()[0] for hint in row["usage_hint"].split(" | ")}
    assert row["command"] == "/rgs" and hinted <= {row.name for row in commands.COMMANDS}
    assert row["should_escape"]


def test_every_kind_of_thing_that_people_do_can_be_answered() -> None:
    assert set(WAYS) == set(Kind)


def test_every_action_id_begins_with_the_word_of_its_button() -> None:
    names = [
        actions.ASK,
        actions.ASK_FOR,
        actions.MORE,
        actions.DETAIL,
        actions.IMPACT,
        actions.WHO,
        actions.REPORT,
        actions.TIMELINE,
        actions.PAGE,
        actions.HOME_MORE,
        actions.HOME_REFRESH,
        actions.LINK,
    ]
    names += [actions.action_id("approve"), actions.action_id("approve", asks=False), f"{actions.DO}backup"]
    names += [f"{actions.OFFER}0", f"{actions.HOW}pair"]
    names += [value for name, value in vars(actions).items() if name.startswith(("AGENT_", "BACKUP_", "COMPANION_"))]

    assert {actions.word(name) for name in names} - set(FORMS) == set(BUTTONS)


def test_every_handler_is_short() -> None:
    """Decode, one call, answer (house rules): what needs more is a part of its own."""
    handlers = [*BUTTONS.values(), *(row.run for row in commands.COMMANDS), buttons.pressed, modals.submitted]
    handlers += [home.home_opened, home.user_changed, home.group_changed, commands.typed]
    lengths = {one.__qualname__: len(inspect.getsource(one).splitlines()) for one in handlers}

    assert not {name: length for name, length in lengths.items() if length > LONGEST}
