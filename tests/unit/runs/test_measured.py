"""The report of a run in words, as Markdown and for programs: it adds up, and names and numbers of people stay out."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.domain.backups.backup import Backup
from bot.domain.groups.groups import Kind
from bot.domain.model import BOT, Pool, Who
from bot.domain.runs.clocks import clocks
from bot.domain.runs.facts import OUTAGE_SINCE
from bot.domain.runs.run import AtWork, Entry, Phase, RowRecord, Run, Stay
from bot.runbooks import RUNBOOKS
from handlers.runs.drawing import Bar, Count, draw
from handlers.runs.measured import NAMED, Report, drawn, lines, log_lines, markdown

OPENED = 1_795_000_000.0
ANNA = Who("T0SWITCH01:U0ANNA0001", "Anna")
A = "pool-a.contoso.com"
HOSTILE = "[click](https://evil.example) | <b> sip:anna@contoso.com +49 30 5550 1234"
COMMAND = 'Import-CsRgsConfiguration -FileName "C:\\Switchback\\import-2-pool-a-123456789012.zip"'
RUN = Run(
    "failover-pool-a-1118-1106-4f2a",
    "failover",
    Pool(A, time_zone="Europe/Berlin"),
    Pool("pool-b.contoso.com"),
    ANNA,
    OPENED,
    "done",
    phase=Phase.DONE,
    closed_at=OPENED + 300,
    sentence="pool-a is failed over to pool-b.",
    facts=OUTAGE_SINCE.to(str(int(OPENED) - 600)),
    records=(
        RowRecord("declare", "pass", f"Anna declared an outage: {HOSTILE}", ANNA, OPENED + 60),
        RowRecord("doubt", "skipped", "Not needed.", ANNA, OPENED + 60),
        RowRecord("import", "warn", "Imported.", ANNA, OPENED + 240, (HOSTILE,), (COMMAND,), (ANNA,)),
        RowRecord("of-another-version", "pass", "Done.", ANNA, OPENED + 300),
    ),
    stays=(
        Stay("declare", AtWork.PEOPLE, OPENED),
        Stay("import", AtWork.PEOPLE, OPENED + 60),
        Stay("import", AtWork.SERVER, OPENED + 200),
        Stay("verify", AtWork.BOT, OPENED + 240),
    ),
)
BACKUP = Backup("b-1", A, A, OPENED - 3_300, "", 1, {Kind.WORKFLOW: 24, Kind.QUEUE: 22}, "", "")


def report(run: Run = RUN, **known: object) -> Report:
    return Report(run, RUNBOOKS[run.runbook], clocks(run, OPENED + 400), **known)


def test_the_words_give_every_part_what_came_back_and_how_old_that_was() -> None:
    whole = report(brought=BACKUP, arrived=replace(BACKUP, counts={Kind.WORKFLOW: 24}), edits=("Queue “billing”",))

    assert lines(whole) == (
        "Failover of pool-a → pool-b: 15 min from the outage to the end.",
        "Until the outage was declared: 11 min.",
        "Waiting for people: 2 min 20 s.",
        "Commands under way: 40 s.",
        "Switchback read and checked: 1 min.",
        "Recovery point: 45 min. The backup is of 18 Nov 2026, 11:11 Europe/Berlin.",
        "Missing, because edited after it: Queue “billing”.",
        "In the backup: 24 workflows, 22 queues.",
        "Arrived: 24 workflows.",
    )


def test_what_is_not_known_is_said_as_not_known() -> None:
    assert "Recovery point: not known, because no backup was imported here." in lines(report())
    unknown = lines(report(brought=BACKUP))
    assert "Edits between that backup and the outage: not known." in unknown and unknown[-1] == "Arrived: not counted."
    same = lines(report(brought=BACKUP, edits=()))
    assert "The last backup before the outage held the same, so no edit is known to be missing." in same
    later = lines(report(brought=replace(BACKUP, taken_at=OPENED)))
    assert "It was made after the outage began, so no edit from before is missing." in later


def test_many_edits_are_named_up_to_a_bound_and_counted_from_there() -> None:
    many = lines(report(brought=BACKUP, edits=tuple(f"Queue “{one}”" for one in range(NAMED + 3))))

    assert any(line.endswith("Queue “19” and 3 more.") for line in many)


def test_a_run_without_an_outage_is_told_from_its_start_and_an_open_one_until_now() -> None:
    back = replace(RUN, facts={}, runbook="failback", step="back", phase=Phase.ASKING, closed_at=None)

    assert lines(report(back))[0] == "Failback of pool-a ← pool-b: 6 min 40 s from its start until now."
    assert not any("Recovery point" in line for line in lines(report(back, brought=BACKUP)))


def test_the_picture_shows_what_the_words_say() -> None:
    shown = drawn(report(brought=BACKUP))

    assert shown.bars == (
        Bar("Until the outage was declared", 660, True),
        Bar("Waiting for people", 140, True),
        Bar("Commands under way", 40, False),
        Bar("Switchback read and checked", 60, False),
    )
    assert shown.counts[:2] == (Count("workflows", 24, None), Count("queues", 22, None))
    assert draw(shown) != draw(replace(shown, bars=shown.bars[:1])) != draw(replace(shown, counts=()))


def test_the_markdown_has_every_row_that_was_done_with_its_commands_and_nobodys_number_or_address() -> None:
    said = markdown(report(brought=BACKUP))

    assert "| Waiting for people | 2 min 20 s |" in said and "| **Total** | **15 min** |" in said
    assert "| workflows | 24 | not counted |" in said
    rows = [line for line in said.splitlines() if line.startswith("- **")]
    assert [row.partition(" · ")[2].partition("**")[0] for row in rows] == [
        "Declare the outage",
        "Import the groups",
        "",
    ]
    assert (
        "(done, with a warning, 18 Nov 2026, 12:10 Europe/Berlin, after 3 min, approved by Anna): Imported." in rows[1]
    )
    assert f"  - `{COMMAND}`" in said, "what was approved is there to the letter"
    for stranger in ("5550", "anna@", "[click]", "<b>", "of-another-version |"):
        assert stranger not in said


def test_the_log_for_programs_is_a_json_object_a_line_with_commands_to_the_letter_and_people_masked() -> None:
    data = {"commands": [COMMAND], "plan": "0123456789abcdef", "details": [HOSTILE], "found": {"deep": HOSTILE}}
    (line,) = log_lines([Entry(OPENED, ANNA, "sent", "import", f"Runs: {HOSTILE}", data)])

    read = json.loads(line)
    assert (read["at"], read["who"]["name"], read["what"], read["row"]) == (OPENED, "Anna", "sent", "import")
    assert (read["data"]["commands"], read["data"]["plan"]) == ([COMMAND], "0123456789abcdef")
    assert "5550" not in line and "anna@" not in line


def test_a_row_that_was_done_twice_has_its_own_time_each_and_all_times_add_up() -> None:
    twice = replace(
        RUN,
        records=(
            RowRecord("declare", "pass", "Declared.", ANNA, OPENED + 60),
            RowRecord("settings", "pass", "They are the same.", ANNA, OPENED + 100),
            RowRecord("import", "stop", "Back to the backup.", ANNA, OPENED + 150.7),
            RowRecord("settings", "pass", "They are the same still.", ANNA, OPENED + 155),
            RowRecord("import", "pass", "Imported.", ANNA, OPENED + 290),
        ),
        stays=(
            Stay("declare", AtWork.PEOPLE, OPENED),
            Stay("settings", AtWork.BOT, OPENED + 60),
            Stay("import", AtWork.PEOPLE, OPENED + 100),
            Stay("settings", AtWork.BOT, OPENED + 150.7),
            Stay("import", AtWork.SERVER, OPENED + 155),
            Stay("done", AtWork.BOT, OPENED + 290),
        ),
    )
    said = markdown(report(twice)).splitlines()

    took = [line.partition("after ")[2].partition(")")[0] for line in said if line.startswith("- **")]
    assert took == ["1 min", "40 s", "50 s", "5 s", "2 min 15 s"], "290 s together"
    assert (
        "These rows took 4 min 50 s together. 10 min 10 s went by before the run, or at rows that are not done." in said
    )
    assert "| **Total** | **15 min** |" in said


def test_a_lost_answer_a_refusal_the_finding_and_who_decided_stand_at_their_row() -> None:
    log = (
        Entry(OPENED + 130, BOT, "sent", "import", "Runs: it"),
        Entry(OPENED + 140, BOT, "lost", "import", "pool-b did not answer to the import."),
        Entry(OPENED + 150, BOT, "looked", "import", "pool-b has 73 of 73 now."),
        Entry(OPENED + 160, Who("T1:U1", "Emil"), "refused", "import", "Emil was refused: no."),
        Entry(OPENED + 240, ANNA, "accepted", "import", f"Anna went on: the import worked. {HOSTILE}"),
        Entry(OPENED + 250, ANNA, "chosen", "verify", "Anna asked."),
        Entry(OPENED + 290, BOT, "stopped", "import", "After the row was done."),
    )
    said = markdown(replace(report(), log=log)).splitlines()

    (at,) = (number for number, line in enumerate(said) if "Import the groups" in line)
    assert said[at + 1 : at + 3] == [
        "  - 18 Nov 2026, 12:09 Europe/Berlin: pool-b did not answer to the import.",
        "  - 18 Nov 2026, 12:09 Europe/Berlin: pool-b has 73 of 73 now.",
    ]
    assert said[at + 3].startswith("  - 18 Nov 2026, 12:10 Europe/Berlin: Anna went on: the import worked.")
    assert not any(word in "\n".join(said) for word in ("Emil", "Runs: it", "Anna asked", "After the row", "anna@"))
