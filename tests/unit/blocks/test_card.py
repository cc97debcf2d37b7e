"""A card says at every moment what was done and by whom, what is next, who may press, and the exact command."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.access import Need
from bot.domain.model import BOT, Person, Pool, PoolState, Role, Standing, Who
from bot.domain.runs.run import (
    FOR_PEOPLE,
    Approval,
    AtWork,
    Finding,
    Found,
    Phase,
    Proposal,
    RowRecord,
    Run,
    Stay,
    Tell,
)
from bot.domain.runs.runbook import Choice, Field
from bot.domain.runs.view import Line, RunView
from handlers.blocks import actions
from handlers.home_view import House, home
from handlers.runs import progress, room
from handlers.runs.card import card
from handlers.runs.forms import form
from handlers.runs.past import Past
from handlers.runs.tell import message_of
from handlers.runs.whom import waits_for
from tests.unit.blocks.strategies import ABANDON

ANNA, CLARA = Who("T0SWITCH01:U0ANNA0001", "Anna"), Who("T0SWITCH01:U0CLARA001", "Clara")
APPROVE = Choice("approve", "Approve as second", "approved it.", style="primary", confirm="It runs at once.")
EVERY_MARK = ("pass", "warn", "skipped", "pass", "pass", "pass", "pass", "pass")
COMMAND = 'Import-CsRgsConfiguration -FileName "C:\\Switchback\\failover-pool-a-1121-0240-9f3c-import-12345.zip"'
RUN = Run(
    id="failover-pool-a-1121-0240-9f3c",
    runbook="failover",
    primary=Pool("pool-a.contoso.com"),
    partner=Pool("pool-b.contoso.com"),
    opened_by=ANNA,
    opened_at=1e9,
    step="s5",
    phase=Phase.WAITING,
    question=7,
    proposal=Proposal("cafe", (COMMAND,), ("62 objects are created.",), 2),
    approvals=(Approval(ANNA, "cafe", 1e9 + 60),),
)


def seen(phase: Phase = Phase.WAITING, at: int = 5, marks: tuple[str, ...] = ("pass",) * 8, **changes: Any) -> RunView:
    run = replace(RUN, phase=phase, **changes.pop("run", {}))
    lines = tuple(
        Line(f"s{index}", str(index), f"Row {index}", mark, f"Sentence {index}.", BOT, 1e9 + index)
        if index < at or not run.is_open
        else Line(f"s{index}", str(index), f"Row {index}", "now" if index == at else mark)
        for index, mark in enumerate(marks)
    )
    waits = phase in FOR_PEOPLE
    standard = RunView(
        run=run,
        title="Failover of pool-a",
        state=f"{phase.capitalize()}: Row {at}.",
        stands=f"{phase.capitalize()}: Row {at}.",
        lines=lines,
        now=lines[at] if run.is_open else None,
        explain="Until this is done, nobody answers.",
        details=(),
        commands=(COMMAND,) if waits else (),
        effect=("62 objects are created.",) if waits else (),
        need=Need.ADMIN,
        buttons=(*((APPROVE,) if waits else ()), *((ABANDON,) if run.is_open else ())),
        waits_for_people=waits,
        has_detail=False,
    )
    return replace(standard, **changes)


def words(message: dict[str, Any]) -> str:
    """All that the blocks show, from top to bottom."""
    texts = []
    for block in message["blocks"]:
        parts = [block, *block.get("elements", [])]
        texts += [
            part["text"]["text"] if isinstance(part["text"], dict) else part["text"] for part in parts if "text" in part
        ]
    return "\n".join(texts)


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for block in message["blocks"] if block["type"] == "actions" for item in block["elements"]]


def test_the_header_says_what_and_where() -> None:
    assert card(seen())["blocks"][0]["text"]["text"] == "Failover of pool-a → pool-b"
    home_again = card(seen(run={"runbook": "failback"}, title="Failback of pool-a"))
    assert home_again["blocks"][0]["text"]["text"] == "Failback of pool-a ← pool-b"
    backup = card(seen(run={"runbook": "backup"}, title="Backup of pool-a"))
    assert backup["blocks"][0]["text"]["text"] == "Backup of pool-a"


def test_the_command_is_shown_to_the_letter_in_code_and_in_the_text() -> None:
    message = card(seen())
    assert f"```\n{COMMAND}\n```" in words(message)
    assert COMMAND in message["text"]


def test_the_text_alone_tells_state_command_who_may_press_and_what_is_next() -> None:
    lines = card(seen())["text"].splitlines()
    assert lines[0] == "Failover of pool-a → pool-b: Waiting: Row 5."
    assert lines[1] == "Started 2001-09-09 01:46 UTC. Step 5 of 7"
    assert lines[4] == "Predicted: 62 objects are created."
    assert lines[5].startswith(
        "May press: RTCUniversalServerAdmins or CsResponseGroupAdministrator. Asked for by Anna,"
    )
    assert lines[6] == "Offered on the card: “Approve as second”, “Abandon the run”."
    assert lines[7] == "Next: 6 · Row 6, and 1 more."
    assert lines[8].startswith("Run failover-pool-a-1121-0240-9f3c, opened by Anna on 2001-09-09 01:46 UTC.")


def test_two_people_are_asked_for_before_anybody_has_asked() -> None:
    said = words(card(seen(run={"approvals": ()})))
    assert "Two people have to: one asks, somebody else approves." in said
    assert "somebody else" not in words(card(seen(run={"proposal": replace(RUN.proposal, needed=1)})))


def test_who_asked_and_that_somebody_else_has_to_approve_is_said_once() -> None:
    sentence = "Anna asked for this command. A second person who holds the role has to approve it."
    message = card(seen(run={"sentence": sentence}))
    for said in (words(message), message["text"]):
        assert said.count("Asked for by Anna") == said.count("somebody else has to approve") == 1
        assert "asked for this command" not in said
    alone = card(seen(run={"sentence": "It asks again.", "approvals": ()}))
    assert "\nIt asks again." in words(alone) and "It asks again." in alone["text"]


def test_a_choice_for_other_people_says_for_whom() -> None:
    other = Choice("elsewhere", "Done elsewhere", "said so.", need=Need.ANYONE)
    said = words(card(seen(buttons=(APPROVE, other, ABANDON))))
    assert "“Done elsewhere”: any full member of the workspace." in said


def test_the_last_three_events_are_told_newest_first() -> None:
    records = tuple(RowRecord(f"s{at}", mark, "Said.", BOT, 1e9 + at) for at, mark in enumerate(EVERY_MARK[:5]))
    said = words(card(seen(run={"records": records}, explain="")))
    assert re.findall(r"^(\S+ \w+): (\d) · Row \d · ", said, re.M) == [
        ("✅ Done", "4"),
        ("✅ Done", "3"),
        ("⚠️ Warning", "1"),
    ]


def test_what_failed_by_somebody_s_word_stands_first_until_it_is_done_again() -> None:
    failed = RowRecord("s6", "stop", "Anna called: it failed. Heard: “silence”.", ANNA, 1e9 + 9)
    done = tuple(RowRecord(f"s{at}", "pass", "Read.", BOT, 1e9 + at) for at in range(5))
    last = words(card(seen(run={"records": (*done, failed)}, explain=""))).splitlines()
    at = next(index for index, line in enumerate(last) if line.startswith("🛑 Failed: 6 · Row 6 — "))
    assert "called: it failed. Heard: “silence”." in last[at] and last[at + 1].startswith("✅ Done: 4")
    again = replace(failed, mark="pass", sentence="Anna called: it worked.")
    assert "🛑" not in words(card(seen(run={"records": (*done, failed, again)}, explain="")))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (PoolState.OUTAGE, "pool-a down since <!date^1795000000^"),
        (PoolState.FAILING_OVER, "pool-a down since <!date^1795000000^"),
        (PoolState.FAILED_OVER, "pool-a down since <!date^1795000000^"),
        (PoolState.FAILING_BACK, "pool-a failing back since <!date^1795003600^"),
        (PoolState.ACTIVE, "Started <!date^1000000000^"),
        (None, "Started <!date^1000000000^"),
    ],
)
def test_the_clock_is_that_of_the_outage_until_the_run_ends(state: PoolState | None, said: str) -> None:
    run = {"pool_state": state, "since": 1795003600.0, "facts": {"outage_since": "1795000000"}}
    assert said in words(card(seen(run=run)))
    unsaid = {**run, "facts": {}}
    assert ("failing over since" in words(card(seen(run=unsaid)))) is (state is PoolState.FAILING_OVER)


def test_the_parts_of_the_time_until_here_and_the_recovery_point_stand_on_the_card() -> None:
    began = 1_795_000_000
    stays = [("declare", AtWork.PEOPLE), ("pair", AtWork.BOT), ("failover", AtWork.SERVER), ("import", AtWork.PEOPLE)]
    run = {
        "pool_state": PoolState.FAILED_OVER,
        "opened_at": began + 120.0,
        "since": began + 900.0,
        "stays": tuple(Stay(step, who, began + 120.0 + 300 * number) for number, (step, who) in enumerate(stays)),
        "facts": {
            "outage_since": str(began),
            "chosen": "b-1",
            "offers": [{"id": "b-2", "taken_at": began}, {"id": "b-1", "taken_at": began - 1500.0}],
        },
    }
    line = "Declared after 7 min · commands 5 min · checks 5 min · recovery point 25 min"
    message = card(seen(run=run))
    assert line in words(message) and f"Until here: {line}." in message["text"]
    unsaid = card(seen(run={**run, "facts": {}}))
    assert "recovery point" not in str(unsaid) and "Until here" not in unsaid["text"]
    earlier = {**run["facts"], "offers": [{"id": "b-1", "label": "of a version before"}]}
    assert "recovery point" not in str(card(seen(run={**run, "facts": earlier})))


def test_a_command_that_did_a_part_says_so_first() -> None:
    half = card(seen(Phase.LOST, run={"finding": Finding(Found.PARTLY, "60 of 73 are there.")}))
    assert half["blocks"][0]["text"]["text"].startswith("HALF DONE · ") and half["text"].startswith("HALF DONE · ")


def test_what_somebody_answered_is_no_green_mark() -> None:
    records = (RowRecord("s0", "pass", "Anna said so.", ANNA, 1e9), RowRecord("s1", "pass", "Read.", BOT, 1e9))
    said = words(card(seen(run={"records": records})))
    assert "☑️ Said: 0 · Row 0" in said and "✅ Done: 1 · Row 1" in said


def test_what_people_passed_undone_is_called_that_and_never_ticked() -> None:
    records = (RowRecord("s0", "warn", "Anna put this off: it is not done.", ANNA, 1e9, undone="Put off"),)
    said = words(card(seen(run={"records": records})))
    assert "⚠️ Put off: 0 · Row 0" in said and "Said" not in said and "Warning" not in said


def test_there_is_one_mark_for_each_number_and_none_is_green() -> None:
    shown = seen(marks=EVERY_MARK)
    assert progress.marks(shown) == "●▲·●●◉○○" and progress.marks(shown) in words(card(shown))
    twice = tuple(replace(line, number=str(int(line.number) // 2)) for line in shown.lines)
    assert progress.marks(seen(lines=twice, now=twice[5])) == "▲●◉○"


def test_rows_behind_the_one_where_the_run_stands_are_to_be_done_again() -> None:
    assert "Next: 3 · Row 3, and 4 more." in card(seen(at=2))["text"]
    assert progress.marks(seen(at=2)) == "●●◉○○○○○"


@pytest.mark.parametrize(
    ("phase", "word"),
    [(Phase.STOPPED, "STOPPED"), (Phase.LOST, "NO ANSWER"), (Phase.LOOKING, "NO ANSWER")],
)
def test_what_needs_care_is_told_in_words_in_header_and_text(phase: Phase, word: str) -> None:
    message = card(seen(phase))
    assert message["blocks"][0]["text"]["text"].startswith(f"{word} · ")
    assert message["text"].startswith(f"{word} · ")


def test_a_lost_command_is_not_said_to_run_next() -> None:
    said = words(card(seen(Phase.LOST, run={"sent_at": 1e9})))
    assert "Sent <!date^1000000000^" in said and ", without an answer:" in said and "Runs when" not in said


def test_what_a_version_before_sent_has_no_time_that_nobody_wrote_down() -> None:
    said = words(card(seen(Phase.LOST)))
    assert "The command:" in said and "Sent <!date" not in said


def test_the_server_s_words_are_shown_while_its_command_runs_without_its_numbers() -> None:
    view = seen(Phase.RUNNING, said="Import-CsRgsConfiguration: Help Desk +49 30 5550 1234", run={"sent_at": 1e9})
    for said in (words(card(view)), card(view)["text"]):
        assert "The server says: Import-CsRgsConfiguration: Help Desk" in said and "1234" not in said


def test_how_long_the_command_took_before_is_said_while_it_runs() -> None:
    view = seen(Phase.RUNNING, lasted=(720, 45), run={"sent_at": 1e9})
    for said in (words(card(view)), card(view)["text"]):
        assert "It took 12 min, 45 s before." in said
    assert "before." not in words(card(seen(Phase.RUNNING, run={"sent_at": 1e9})))


def test_what_is_begun_again_by_itself_says_how_often_it_was_tried_and_when_it_is_next() -> None:
    waits = {"tries": 3, "due": 1e9 + 90, "tried_at": 1e9 + 30, "sentence": "pool-a does not answer yet."}
    said = words(card(seen(Phase.READY, run=waits)))
    tried = (
        r"pool-a does not answer yet\.\nTried 3 times, last at <!date\^1000000030\^[^>]*>, next at <!date\^1000000090\^"
    )
    assert re.search(tried, said)
    assert "Tried 3 times, last at" in words(card(seen(Phase.LOOKING, run=waits)))
    assert "Tried" not in words(card(seen(Phase.READY, run={"due": 1e9})))
    assert "Tried" not in words(card(seen(Phase.STOPPED, run=waits)))


def test_a_list_that_is_cut_says_how_many_more_there_are() -> None:
    groups = tuple(f"Group {number} rings nobody." for number in range(6))
    said = words(card(seen(Phase.ASKING, details=groups)))
    assert "Group 2" in said and "Group 3" not in said and "•  … and 3 more" in said
    assert "more" not in words(card(seen(Phase.ASKING, details=groups[:3])))


def test_only_a_run_that_moved_a_pool_has_a_report_and_only_once_it_has_ended() -> None:
    over = {"closed_at": 1e9 + 60, "pool_state": PoolState.FAILED_OVER}
    assert [one["action_id"] for one in buttons(card(seen(Phase.DONE, run=over)))] == [actions.TIMELINE, actions.REPORT]
    assert actions.REPORT not in str(card(seen(run={"pool_state": PoolState.FAILED_OVER})))
    assert actions.REPORT not in str(card(seen(Phase.DONE, run={"closed_at": 1e9 + 60})))


@pytest.mark.parametrize(
    ("phase", "word"), [(Phase.DONE, "Finished"), (Phase.ABANDONED, "Ended"), (Phase.SUPERSEDED, "Ended")]
)
def test_an_ended_run_says_what_it_came_to_when_and_how_long_it_took(phase: Phase, word: str) -> None:
    ended = seen(phase, run={"closed_at": 1e9 + 1380, "sentence": "pool-a is failed over."})
    message = card(ended)
    assert [button["action_id"] for button in buttons(message)] == [actions.TIMELINE]
    assert not any("accessory" in block for block in message["blocks"])
    said = words(message)
    assert re.search(rf"\* {word} <!date[^>]*> \(23 min\)\.\npool-a is failed over\.", said) and "Sentence" not in said


def test_a_run_that_left_something_open_is_not_green_and_lists_five() -> None:
    ended = seen(Phase.DONE, run={"closed_at": 1e9 + 60, "sentence": "pool-a is failed over."})
    assert words(card(ended)).splitlines()[1].startswith("✅ ")
    left = card(replace(ended, still_open=tuple(f"Group {number} rings nobody." for number in range(7))))
    assert words(left).splitlines()[1].startswith("⚠️ ") and "✅" not in words(left)
    for said in (words(left), left["text"]):
        assert "Still open:" in said.replace("*", "") and "Group 4" in said and "Group 5" not in said
        assert "… and 2 more" in said


LONG = "Four words are here. " * 60


@pytest.mark.parametrize("phase", Phase)
def test_no_card_has_more_words_than_a_screen_and_what_is_cut_is_whole_sentences(phase: Phase) -> None:
    many = tuple(f"Line {number} says something of its own." for number in range(20))
    run = {"sentence": LONG, "closed_at": None if phase in FOR_PEOPLE else 1e9 + 60}
    shown = seen(phase, run=run, explain=LONG, details=many, effect=many, still_open=many)
    message = card(shown)
    beside = [block for block in message["blocks"] if "Still open" not in str(block)]
    most, used, tall = 120 if shown.run.is_open else 40, room.words(beside), room.high(beside)
    assert used <= most and tall <= room.HIGH and (used >= most - 8 or tall >= room.HIGH - 60)
    assert "are…" not in words(message)
    if shown.run.is_open:
        assert "More behind *Timeline*." in words(message)


def test_nothing_is_said_to_be_left_out_where_everything_has_room() -> None:
    assert "More behind" not in words(card(seen()))


def test_a_short_line_behind_a_long_one_is_not_shown_in_its_place() -> None:
    most = room.Room(4)
    assert most.lines(["One two three.", "Five words do not fit.", "One."]) == ["One two three."] and most.is_cut


def test_abandoning_stands_apart_from_the_buttons() -> None:
    message = card(seen())
    assert [item["action_id"] for item in buttons(message)] == ["now:approve", actions.TIMELINE]
    menu = message["blocks"][1]["accessory"]
    assert menu["action_id"] == actions.MORE and menu["options"][0]["text"]["text"] == "Abandon the run …"


def test_abandoning_is_a_button_where_no_menu_can_carry_it() -> None:
    message = card(seen(run={"id": f"backup-{'p' * 150}-1121-0240-9f3c"}))
    assert [item["action_id"] for item in buttons(message)] == ["now:approve", "run:abandon", actions.TIMELINE]
    assert "accessory" not in message["blocks"][1]


def test_a_button_that_cannot_be_undone_asks_once_more_and_tells_a_screen_reader_what_it_is_for() -> None:
    button, _ = buttons(card(seen()))
    assert button["confirm"]["text"]["text"] == "It runs at once."
    assert button["accessibility_label"] == "Approve as second, Failover of pool-a → pool-b"


def test_the_servers_own_answer_is_a_button_and_never_on_the_card() -> None:
    message = card(seen(Phase.STOPPED, has_detail=True, run={"detail": "secret text"}))
    button = buttons(message)[-2]
    assert button["action_id"] == actions.DETAIL and button["value"] == RUN.id
    assert "secret text" not in str(message)


def test_commands_that_have_no_room_are_never_cut_in_silence() -> None:
    said = words(card(seen(commands=("x" * 9000,))))
    assert "more characters of commands have no room here" in said


def test_rows_that_will_not_be_needed_are_not_next() -> None:
    lines = seen().lines
    shown = seen(lines=(*lines[:6], replace(lines[6], falls_away=True), lines[7]))
    assert "Next: 7 · Row 7." in card(shown)["text"] and progress.marks(shown) == "●●●●●◉·○"


@pytest.mark.parametrize("loud", [True, False])
def test_only_a_loud_message_says_that_something_needs_attention(loud: bool) -> None:
    message = message_of(Tell("thread", "pool-a is failed over.", loud=loud), RUN)
    assert ("Needs attention: pool-a" in words(message)) is message["text"].startswith("⚠️") is loud


def test_a_form_offers_what_slack_can_carry() -> None:
    options = tuple((f"value-{number}", f"Backup {number}") for number in range(120))
    field = Field("backup", "Which one?", (("", "none"), ("v" * 151, "long"), *options, ("value-0", "again")))
    view = form(Choice("pick", "Pick a backup", "picked", fields=(field,)), seen(), "value", {"backup": "value-3"})
    menu = view["blocks"][-1]["element"]
    assert [option["value"] for option in menu["options"]] == [f"value-{number}" for number in range(100)]
    assert menu["initial_option"]["value"] == "value-3"


def person(who: Who, *roles: Role, standing: Standing = Standing.MEMBER) -> Person:
    return Person(who.id, who.name, standing, frozenset(roles))


def test_a_run_waits_for_holders_of_the_role_and_never_for_whoever_asked() -> None:
    assert waits_for(seen(), person(CLARA, Role.RG_ADMIN))
    assert not waits_for(seen(), person(CLARA))
    assert not waits_for(seen(), person(ANNA, Role.SERVER_ADMIN))
    assert not waits_for(seen(), person(CLARA, Role.RG_ADMIN, standing=Standing.GUEST))
    assert not waits_for(seen(Phase.RUNNING), person(CLARA, Role.RG_ADMIN))
    assert waits_for(seen(Phase.STOPPED), person(ANNA, Role.SERVER_ADMIN))


def test_home_says_what_waits_and_without_anything_how_to_begin() -> None:
    full = House((seen(), seen(Phase.RUNNING)), Past(), {}, {}, {}, {}, {}, 1e9)
    said = words(home(full, person(CLARA, Role.RG_ADMIN)))
    assert "Waits for you (1)" in said and "Running (1)" in said
    said = words(home(House((), Past(), {}, {}, {}, {}, {}, 1e9), person(CLARA, Role.RG_ADMIN)))
    assert "/rgs failover pool-a" in said


def test_home_shows_nothing_to_those_who_may_not_press() -> None:
    house = House((seen(),), Past(), {}, {}, {}, {}, {}, 1e9)
    guest = home(house, person(CLARA, Role.RG_ADMIN, standing=Standing.GUEST))
    assert "Guests cannot" in words(guest) and "pool-a" not in words(guest)


def test_only_role_holders_are_offered_a_backup_from_home() -> None:
    house = House((), Past(), {"pool-a.contoso.com": RUN.primary}, {}, {}, {}, {}, 1e9)
    assert "Back up now" in str(home(house, person(CLARA, Role.RG_ADMIN)))
    assert "Back up now" not in str(home(house, person(CLARA)))
