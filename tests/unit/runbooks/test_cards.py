"""A card fits on one screen of a telephone, whatever its row has to say (tests/browser measures its height)."""

from __future__ import annotations

import json
import re

from bot.domain.runs.run import Phase
from bot.runbooks import RUNBOOKS
from handlers.blocks.wording import exact, is_command, shown
from handlers.runs import room
from handlers.runs.room import ENDED, OPEN
from tests.unit.runbooks.cards import Drawn, every_card

_SHELL = re.compile(r"\w-Cs[A-Z]|\$[a-z]|robocopy")


def drawn(one: Drawn) -> str:
    return json.dumps(one.message["blocks"], ensure_ascii=False)


def test_every_card_of_every_row_has_at_most_the_words_of_one_screen() -> None:
    long = {}
    for one in every_card():
        beside = [block for block in one.message["blocks"] if "Still open" not in str(block)]
        words, most = room.words(beside), OPEN if one.view.run.is_open else ENDED
        long |= {one.name: words} if words > most else {}
    assert long == {}
    assert {one.view.run.runbook for one in every_card()} == set(RUNBOOKS)


def test_what_was_found_and_what_is_asked_is_on_the_card_and_every_command_to_the_letter() -> None:
    missing = set()
    for one in every_card():
        if not one.view.waits_for_people:
            continue
        # What explains a command matters before it is sent; then what was found does.
        explains = one.view.explain if one.view.run.phase is not Phase.LOST else ""
        firsts = [text.split(". ")[0].rstrip(".") for text in (one.view.run.sentence, explains)]
        wanted = [json.dumps(shown(text), ensure_ascii=False)[1:-1] for text in firsts]
        wanted += [json.dumps(exact(line, 2000), ensure_ascii=False)[1:-1] for line in one.view.commands]
        missing |= {(one.name, text) for text in wanted if text not in drawn(one)}
    assert missing == set()


def test_a_prediction_is_shown_while_the_command_is_ahead_or_under_way_and_never_afterwards() -> None:
    predicted = [one for one in every_card() if one.view.run.proposal and one.view.run.proposal.effect]
    assert {one.view.run.phase for one in predicted if one.view.effect} == {Phase.WAITING, Phase.RUNNING}
    assert {one.view.run.phase for one in predicted if not one.view.effect} == {Phase.LOOKING, Phase.LOST}


def test_refused_and_unanswered_have_a_sentence_each_for_whatever_the_look_came_to() -> None:
    states = {
        (one.view.run.finding.found, bool(one.view.run.detail)): one.view.state
        for one in every_card()
        if one.view.run.phase is Phase.LOST and one.view.run.finding
    }
    assert len(states) == len(set(states.values())) == 8
    assert all(("refused" in state) is refused for (_, refused), state in states.items())


def test_what_waits_says_so_to_whom_it_waits_for_and_to_others_that_it_waits() -> None:
    asking = [one.view for one in every_card() if one.view.run.phase is Phase.ASKING]
    approving = [one.view for one in every_card() if one.view.run.phase is Phase.WAITING]
    assert asking and all(view.state.startswith("Waiting for you: ") for view in asking)
    assert approving and all(view.state.startswith("Waiting for your approval: ") for view in approving)
    assert {view.stands.partition(": ")[0] for view in (*asking, *approving)} == {
        "Waiting for an answer",
        "Waiting for approval",
    }
    said = {view.state for view in (*asking, *approving)}
    assert {"Waiting for you: declare the outage.", "Waiting for you: go on without an off-site copy?"} <= said
    assert not [one.view.state for one in every_card() if "?." in one.view.state]


def test_every_line_that_people_run_is_known_as_a_command_so_that_it_stands_to_the_letter() -> None:
    lines = {line for one in every_card() for line in one.view.details if _SHELL.search(line)}
    assert len(lines) > 30 and not [line for line in lines if not is_command(line)]


def test_whatever_runs_is_asked_about_once_more_but_an_import_by_one_person() -> None:
    found = {
        (one.view.run.step, one.view.run.proposal.needed > 1, bool(one.view.run.approvals), bool(approve.confirm))
        for one in every_card()
        if one.view.run.phase is Phase.WAITING and one.view.run.proposal
        for approve in one.view.buttons
        if approve.key == "approve"
    }
    for step, takes_two, is_second, asks in found:
        is_first = takes_two and not is_second
        assert asks is not (is_first or (step == "import" and not takes_two)), (step, takes_two, is_second)
    assert {("import", False, False, False), ("import", True, True, True), ("failover", False, False, True)} <= found
