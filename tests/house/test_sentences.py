"""Whatever the bot says is listed, short and easy to read: `make sentences` shows it all."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache

import pytest

from handlers.runs.timeline import timeline
from tests.sentences.ease import EASE, LONGEST, ease, hardest, too_long, words
from tests.sentences.heard import heard, unlisted
from tests.sentences.spoken import HOLE, ROOT, SILENT, Sentence, parts, spoken, texts_of
from tests.unit.runbooks.cards import SERVER_SAID, WENT_WRONG, every_card

OTHERS = ("pool-p", "pool-b", "pool-c", "Anna", '"one"', "a drill", "today", WENT_WRONG.split(". ")[0], SERVER_SAID)
"""What the cards of the tests are filled with."""

_COMMAND = re.compile(r"\W*[A-Z]\w+-Cs\w+ |\W*Import-Csv |\W*Fetched again: ")
"""Such lines are commands, or name the pieces of a backup."""


@cache
def on_cards() -> tuple[str, ...]:
    """Each sentence of every card of every row, and of all that stands behind it."""
    drawn = (said for one in every_card() for said in (one.message, timeline(one.view, ())))
    return tuple(sorted({one for said in drawn for one in heard(said) if not _COMMAND.match(one)}))


def test_no_sentence_is_longer_than_25_words() -> None:
    found = too_long(spoken())
    assert not found, "Say it in two sentences:\n" + "\n".join(found)


def test_no_sentence_is_longer_when_its_parts_are_put_together_on_a_card() -> None:
    found = [f"{one} [{count} words]" for one in on_cards() if (count := words(one)) > LONGEST]
    assert not found, "Say it in two sentences:\n" + "\n".join(found)


def test_all_sentences_together_are_easy_to_read() -> None:
    whole = [one for one in spoken() if one.is_whole]
    easy = ease(one.text for one in whole)
    worst = "\n".join(map(str, hardest(whole)[:20]))
    assert len(whole) > 2000 and easy >= EASE, f"Their reading ease is {easy:.1f}. The hardest:\n{worst}"


def test_every_sentence_of_every_card_is_in_the_list() -> None:
    assert len(on_cards()) > 3000
    assert {one: left for one in on_cards() if (left := unlisted(one, OTHERS))} == {}


def test_the_command_lists_them_and_the_hardest_and_fetches_nothing() -> None:
    alone = "import runpy, socket; socket.socket = None; runpy.run_module('tests.sentences', run_name='__main__')"
    ended = subprocess.run([sys.executable, "-c", alone], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    listed, _, summary = ended.stdout.partition("\n\n")
    assert listed.splitlines() == [line for one in spoken() for line in str(one).splitlines()]
    assert "Reading ease of all sentences together (Flesch): " in summary
    assert len(summary.partition("hardest to read:\n")[2].splitlines()) == 20


def test_each_silent_room_is_there() -> None:
    assert [name for name in SILENT if not (ROOT / name).exists()] == []


SAYING = '''
"""A room that is read by nobody."""
log.info("a line of the log for nobody")
LONG = "Nobody can ever read " + f"{pool} is down: {'one and' if one else 'all the'} groups are gone. Call {who}."
PATTERN = re.compile("two words")
KEY = {"key": "a-word", "sentence": "Done."}["no key"]
ASKED = "Did it {work}? \\nYes, it did."
'''


def test_the_rules_themselves_are_awake() -> None:
    said = [part for _, text in texts_of(ast.parse(SAYING)) for part in parts(text)]
    assert [one.replace(HOLE, "…") for one in said] == [
        "Nobody can ever read",
        "… is down: … groups are gone.",
        "Call ….",
        "one and",
        "all the",
        "key",
        "sentence",
        "a-word",
        "Done.",
        "Did it …?",
        "Yes, it did.",
    ]
    assert unlisted("pool-p was sprinkled with sugar.", OTHERS)
    (line,) = too_long([Sentence("bot/a.py", 7, "so " * 25 + "long."), Sentence("bot/a.py", 8, "so " * 24 + "long.")])
    assert line.startswith("bot/a.py:7: so so ") and line.endswith(" long. [26 words]")


@pytest.mark.parametrize(
    ("sentence", "count"),
    [
        ("Run `Get-CsPool -Identity x` on “Front End 1”.", 4),
        ("<!date^1^{time}|2026-11-18 11:06 UTC> · *pool-a.contoso.com* has -Force and PoolState.", 5),
        (f"{HOLE}'s 12 well-kept queues don't ring: C:\\Switchback\\a.zip", 7),
    ],
)
def test_a_name_and_a_command_are_one_word_each(sentence: str, count: int) -> None:
    assert words(sentence) == count


def test_reading_ease_is_that_of_flesch() -> None:
    assert ease(["The cat sat on the mat."]) == pytest.approx(206.835 - 1.015 * 6 - 84.6)
    assert ease(["The cat sat.", "`Get-CsPool` again."]) == pytest.approx(206.835 - 1.015 * 2 - 84.6 * 5 / 4)
