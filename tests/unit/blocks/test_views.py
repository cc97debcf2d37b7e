"""Whatever people and servers are called, everything that is shown is accepted by Slack and reads well as text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.domain.backups.backup import Backup
from bot.domain.deployment.answers import Part, PoolAnswer
from bot.domain.deployment.impact import IN_SHORT, Stage, board, in_short
from bot.domain.model import Person, Pool, PoolRecord
from bot.domain.runs.run import Entry, Run, Tell
from bot.domain.runs.runbook import Choice
from bot.domain.runs.view import RunView
from bot.runbooks import RUNBOOKS
from bot.runbooks.rows.people import board_tell
from handlers.backups.views import backups_list
from handlers.blocks import actions, blocks
from handlers.blocks.kit import validate
from handlers.commands import COMMANDS
from handlers.home_view import House, home
from handlers.runs.board import all_stages, impact_board
from handlers.runs.card import card
from handlers.runs.forms import detail, form
from handlers.runs.lists import help_text, pools_list, short_help, status, whoami
from handlers.runs.past import Past, runs_list, sorted_out
from handlers.runs.tell import message_of
from handlers.runs.timeline import ENTRIES, timeline
from storage.notices import Notice, Offer
from tests.unit.blocks.strategies import (
    backups,
    choices,
    entries,
    names,
    persons,
    pools,
    records,
    run_views,
    runs,
    tells,
)

# A run_view is too large to shrink in reasonable time; the first one that fails is shown as it is.
FEW = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=(HealthCheck.too_slow,),
)
NOW = 2e9
_ODD = re.compile(r"<(?!!date\^|@[UW][A-Z0-9]+>|#C[A-Z0-9]+>)")
"""Anything that Slack would take for a link or a mention, other than those that are meant."""


def strings(value: Any) -> list[str]:
    """Every string that Slack would show or parse, at any depth."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in items for text in strings(item)]


def assert_harmless(shown: dict[str, Any]) -> None:
    for text in strings(shown):
        assert "<!channel" not in text and "<https" not in text and "<@U0ANNA0001> &" not in text
        assert text.count("```") in (0, 2)
        assert not _ODD.search(text)
        assert not {"\u202e", "\u202c", "\x00", "\x1b"} & set(text)
    json.dumps(shown)


def assert_good(message: dict[str, Any], surface: str = "message") -> None:
    assert validate(message, surface) == []
    assert_harmless(message)
    assert not any("1234-5678" in text for text in strings(message))


@FEW
@given(run_views(), st.sampled_from(("", "C0GENERAL1")))
def test_every_card_is_accepted_whatever_names_are_in_it(run_view: RunView, belongs_in: str) -> None:
    message = card(run_view, belongs_in=belongs_in)
    assert_good(message)
    assert len(json.dumps(message["blocks"], ensure_ascii=False)) < 16_000
    assert message == card(run_view, belongs_in=belongs_in)


@FEW
@given(run_views(), st.lists(entries, max_size=ENTRIES + 5))
def test_every_timeline_is_accepted_whatever_names_are_in_it(run_view: RunView, log: list[Entry]) -> None:
    assert_good(timeline(run_view, log), "modal")


@FEW
@given(run_views())
def test_every_button_of_a_card_says_what_was_asked_when_it_was_drawn(run_view: RunView) -> None:
    message = card(run_view)
    elements = [element for block in message["blocks"] for element in block.get("elements", [])]
    elements += [option for block in message["blocks"] for option in block.get("accessory", {}).get("options", [])]
    values = [
        element["value"]
        for element in elements
        if element.get("action_id") not in (actions.DETAIL, actions.TIMELINE) and "value" in element
    ]
    found = {actions.decode(value) for value in values}
    run = run_view.run
    offered = [choice for choice in run_view.buttons if choice.key != "abandon"][:23]
    keys = {choice.key for choice in offered} | {choice.key for choice in run_view.buttons if choice.key == "abandon"}
    assert found == {actions.Pressed(run.id, run.step, key, run.question) for key in keys}


@FEW
@given(run_views())
def test_a_row_of_buttons_has_one_primary_and_at_most_two_coloured_ones(run_view: RunView) -> None:
    for block in card(run_view)["blocks"]:
        styles = [element["style"] for element in block.get("elements", []) if "style" in element]
        assert len(styles) <= 2 and styles.count("primary") <= 1


@FEW
@given(names)
def test_every_sentence_is_accepted(text: str) -> None:
    assert_good(blocks.sentence(text))


def test_numbers_that_could_be_dialled_are_masked_and_ids_of_runs_are_not() -> None:
    said = "The run failover-pool-a-1121-0240-9f3c holds a pool; call +49 30 5550-1234 or backup-030123456."
    text = blocks.sentence(said)["text"]
    assert text == "The run failover-pool-a-1121-0240-9f3c holds a pool; call …34 or backup-…56."


@FEW
@given(tells, runs(), st.sampled_from(("", "U0NOBODY01")))
def test_every_message_of_the_outbox_is_accepted(tell: Tell, run: Run, missed: str) -> None:
    assert_good(message_of(tell, run, missed))


@FEW
@given(choices, run_views(), names)
def test_every_form_is_accepted(choice: Choice, run_view: RunView, filled: str) -> None:
    value = actions.button_value(run_view.run.id, run_view.run.step, choice.key, run_view.run.question)
    view = form(choice, run_view, value, {field.key: filled for field in choice.fields})
    assert validate(view, "modal") == []
    assert view["private_metadata"] == value
    inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    assert inputs == [actions.field_block(field.key) for field in choice.fields]


@FEW
@given(run_views())
def test_the_servers_own_answer_is_shown_to_the_letter_in_its_form(run_view: RunView) -> None:
    view = detail(run_view)
    assert validate(view, "modal") == []
    assert_harmless(view)
    if "+49 (30)" in run_view.run.detail:
        assert "+49 (30) 1234-5678" in str(view)


@FEW
@given(
    st.lists(run_views(most_rows=5), max_size=4),
    st.lists(records, max_size=12),
    st.lists(st.tuples(names, st.lists(names, max_size=5)), max_size=8),
    st.sampled_from([None, *Part]),
)
def test_every_status_is_accepted(
    found: Sequence[RunView],
    standing: Sequence[PoolRecord],
    said: Sequence[tuple[str, Sequence[str]]],
    silent: Part | None,
) -> None:
    unread = [Notice("key", sentence, tuple(details), NOW, NOW, 1) for sentence, details in said]
    by_name = {record.fqdn: record for record in standing}
    answers = {record.fqdn: PoolAnswer(NOW, silent, "admin-1.contoso.com") for record in standing}
    addresses = {view.run.id: "https://example.slack.com/archives/C1/p1" for view in found}
    assert_good(status(found, by_name, answers, NOW, unread, addresses))


@FEW
@given(st.lists(pools, max_size=60), st.lists(backups, max_size=3), names)
def test_every_list_of_pools_is_accepted(found: Sequence[Pool], kept: Sequence[Backup], reason: str) -> None:
    by_name = {pool.fqdn: pool for pool in found}
    newest: Mapping[str, Backup | None] = {fqdn: kept[0] if kept else None for fqdn in by_name}
    assert_good(pools_list(by_name, {}, newest, {}, dict.fromkeys(by_name, reason), now=NOW, lost={}, covered={}))


@FEW
@given(st.lists(runs(), max_size=10), st.lists(runs(), max_size=60))
def test_every_list_of_runs_is_accepted(moving: Sequence[Run], recent: Sequence[Run]) -> None:
    assert_good(runs_list(sorted_out(moving, recent, RUNBOOKS), NOW))


@FEW
@given(persons)
def test_every_person_is_told_who_they_are(person: Person) -> None:
    assert_good(whoami(person))


@FEW
@given(
    persons,
    st.lists(run_views(most_rows=3), max_size=25),
    st.lists(runs(), max_size=30),
    st.lists(pools, max_size=25),
    st.integers(-5, 500),
    st.lists(st.tuples(names, st.lists(names, max_size=3)), max_size=8),
)
def test_every_home_is_accepted(
    person: Person,
    found: Sequence[RunView],
    recent: Sequence[Run],
    named: Sequence[Pool],
    entries: int,
    said: Sequence[tuple[str, Sequence[str]]],
) -> None:
    unread = [
        Notice("key", sentence, (), NOW, NOW, 1, offers=tuple(Offer(label, "failover pool-a") for label in labels))
        for sentence, labels in said
    ]
    by_name = {pool.fqdn: pool for pool in named}
    links = {run_view.run.id: "https://example.slack.com/archives/C1/p1" for run_view in found}
    house = House(found, sorted_out(recent[:5], recent, RUNBOOKS), by_name, {}, {}, {}, {}, NOW, links, unread)
    assert_good(home(house, person, entries), "home")


def test_help_and_empty_lists_are_accepted() -> None:
    for message in (
        help_text(COMMANDS),
        short_help(COMMANDS),
        runs_list(Past(), NOW),
        backups_list(Pool("pool-a.contoso.com"), (), older=False, now=NOW),
        pools_list({}, {}, {}, {}, {}, now=NOW, lost={}, covered={}),
        status((), {}, {}, NOW),
    ):
        assert_good(message)


def test_behind_its_button_the_board_shows_every_bullet_of_all_thirty_cells() -> None:
    everything = all_stages()
    assert_good(everything, "modal")
    for stage in Stage:
        for line in board(stage, None):
            assert all(bullet.text in str(everything["blocks"]) for bullet in line.bullets)


def test_a_stage_in_short_says_for_callers_and_agents_what_holds_for_each_answer() -> None:
    for stage, imported in product(Stage, (True, False, None)):
        said = impact_board(stage, imported)
        assert_good(said)
        assert "*Callers*" in said["text"] and "*Agents*" in said["text"]
        for bullet in (one for bullets in in_short(stage, imported).values() for one in bullets):
            assert bullet.text in said["text"] and bullet.text in str(said["blocks"])
        depends = [one for bullets in IN_SHORT[stage].values() for one in bullets if one.depends]
        for bullet in depends:
            assert (bullet.text in said["text"]) is (imported is bullet.imported)
            assert (bullet.with_condition().text in said["text"]) is (imported is None)


def test_in_the_thread_a_stage_is_short_and_its_button_leads_to_all() -> None:
    for stage in Stage:
        told = board_tell(stage, True)
        said = message_of(told, None)
        assert_good(said)
        assert len(told.details) <= 9 and said["text"].startswith(f"What callers and agents notice {stage}:")
        assert "Callers: " in said["text"] and "All stages" in str(said["blocks"])
