"""Behind a card stands everything: the step at hand in full, what happened and when, what is left out or to come."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.domain.model import BOT
from bot.domain.runs.moves import SENT
from bot.domain.runs.run import Entry, Phase
from bot.domain.runs.view import RunView
from handlers.runs.timeline import ENTRIES, timeline
from handlers.runs.timeline import words as timeline_words
from tests.unit.blocks.test_card import ANNA, COMMAND, EVERY_MARK, LONG, seen, words


def said(view: RunView, *log: Entry) -> str:
    """`log` is oldest first, as it was written."""
    return words(timeline(view, tuple(reversed(log))))


def entry(what: str, sentence: str, at: float = 1e9, who=BOT) -> Entry:
    return Entry(at, who, what, "s5", sentence)


def test_what_had_no_room_on_the_card_is_here_to_its_last_line() -> None:
    lines = tuple(f"Queue {number} differs." for number in range(40))
    shown = said(seen(explain=LONG, details=lines, effect=("62 objects are created.", "None is deleted.")))
    assert shown.count("Four words are here.") == 60 and "Queue 39 differs." in shown
    assert f"```\n{COMMAND}\n```" in shown and "None is deleted." in shown


def test_everything_that_happened_is_told_in_its_order_with_its_date() -> None:
    shown = said(seen(), entry("opened", "Anna started it.", who=ANNA), entry("pass", "It answers.", 1e9 + 60))
    assert re.findall(r"^<!date\^(\d+)\^{date_short_pretty} {time}\|[^>]*> · (.*)$", shown, re.M)[:2] == [
        ("1000000000", "<@U0ANNA0001> started it."),
        ("1000000060", "It answers."),
    ]


def test_what_was_tried_again_and_again_is_one_line_with_the_last_time() -> None:
    shown = said(seen(), *(entry("retry", "It does not answer.", 1e9 + 30 * turn) for turn in range(9)))
    assert shown.count("It does not answer.") == 1 and "· 9 times, last <!date^1000000240^" in shown


def test_what_was_sent_stands_to_the_letter_and_nobody_is_named_by_an_address() -> None:
    line = f"Runs: {COMMAND} -Number 4930555012345"
    shown = said(seen(), entry(SENT, line), entry("chose", "Anna wrote to sip:emil@contoso.com, +49 30 555012345."))
    assert line in shown and "(address)" in shown and "emil@" not in shown and "+49 30 555012345" not in shown
    by_hand = said(seen(), entry(SENT, "Sent to sip:emil@contoso.com.", who=ANNA))
    assert "emil@" not in by_hand, "only what the bot sent to a server is a command"


def test_a_terminal_is_told_the_same_and_names_nobody_by_an_address_either() -> None:
    line = f"Runs: {COMMAND} -Number 4930555012345"
    log = (entry("chose", "Wrote to sip:emil@contoso.com.", 1e9 + 60, ANNA), entry(SENT, line))
    shown = timeline_words(seen(details=("Ask sip:emil@contoso.com.",)), log)
    assert f"2001-09-09 01:46 UTC · {line}" in shown
    assert f"2001-09-09 01:47 UTC · Wrote to (address) · {ANNA.name}" in shown
    assert "- Ask (address)" in shown and "emil@" not in str(shown)


def test_lines_that_people_run_stand_to_the_letter_in_the_window_and_in_a_terminal() -> None:
    line = 'Get-CsRgsQueue -Name "Station 12345" | Remove-CsRgsQueue'
    one = seen(details=(line, "Station 12345 is the target of a queue."), explain=f"On pool-b: `{line}`")
    for shown in (said(one), "\n".join(timeline_words(one, ()))):
        assert shown.count(line) == 2 and "Station …45 is the target" in shown


def test_what_fell_away_has_its_reason_and_what_is_to_come_stands_last() -> None:
    shown = said(seen(marks=EVERY_MARK))
    assert "*Skipped*\n•  2 · Row 2: Sentence 2." in shown and "*Next*\n•  6 · Row 6\n•  7 · Row 7" in shown
    ended = seen(Phase.ABANDONED, marks=(*EVERY_MARK[:6], "", ""), run={"closed_at": 1e9 + 60})
    assert "*Not done*\n•  6 · Row 6\n•  7 · Row 7" in said(ended)


def test_under_its_heading_a_reason_does_not_say_again_that_the_row_was_skipped() -> None:
    one = seen(marks=EVERY_MARK)
    told = replace(one, lines=tuple(replace(line, sentence="Skipped: no music.") for line in one.lines))
    told = replace(told, now=next(line for line in told.lines if line.mark == "now"))
    assert "*Skipped*\n•  2 · Row 2: no music." in said(told)
    assert "Skipped\n- 2 · Row 2: no music." in "\n".join(timeline_words(told, ()))


def test_all_that_is_still_open_is_listed() -> None:
    left = tuple(f"Group {number} rings nobody." for number in range(12))
    shown = said(replace(seen(Phase.DONE, run={"closed_at": 1e9 + 60}), still_open=left))
    assert "*Still open*" in shown and "Group 11 rings nobody." in shown


def test_of_a_long_log_the_end_is_shown_and_that_is_said() -> None:
    log = [entry("pass", f"Entry {number}.", 1e9 + number) for number in range(ENTRIES + 1)]
    shown = said(seen(), *log)
    assert "The log is longer: this is the end of it." in shown
    assert "Entry 0." not in shown and "Entry 1." in shown and f"Entry {ENTRIES}." in shown
    assert "The log is longer" not in said(seen(), *log[1:])


def test_while_a_command_runs_the_server_is_heard_here_too_and_in_a_terminal() -> None:
    running = replace(seen(Phase.RUNNING), said="Moving users: 40 of 62", lasted=(900.0,))
    for shown in (said(running), "\n".join(timeline_words(running, ()))):
        assert "The server says: Moving users: 40 of 62" in shown and "It took 15 min before." in shown
