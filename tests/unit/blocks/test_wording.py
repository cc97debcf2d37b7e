"""Words of strangers do no harm, words of our own arrive whole."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.measures import lasted
from bot.domain.model import BOT, Who
from bot.runbooks import RUNBOOKS
from handlers.blocks.wording import (
    bounded,
    bullets,
    code,
    exact,
    is_command,
    plain,
    shown,
    signed,
    told,
    utc,
    when,
    written,
)

ANNA = Who("T0SWITCH01:U0ANNA0001", "Anna & co")


def test_a_mention_or_link_of_a_stranger_becomes_letters() -> None:
    assert shown("<!channel> & <https://evil.example|x>") == "&lt;!channel&gt; &amp; &lt;https://evil.example|x&gt;"
    assert plain("<!channel> & x") == "‹!channel› & x"


def test_no_fence_of_a_stranger_ends_a_code_block() -> None:
    assert shown("a ``` b") == plain("a ``` b") == "a ''' b"
    assert code(["Get-It ``` x"]) == ["```\nGet-It ''' x\n```"]


@given(st.text(alphabet="a&<> ", max_size=60), st.integers(2, 30))
def test_a_bound_never_cuts_an_entity_in_two(text: str, most: int) -> None:
    cut = bounded(exact(text), most)
    assert len(cut) <= most
    assert exact(html.unescape(cut)) == cut


@given(st.lists(st.text(alphabet="ab&<>\n ", max_size=300), max_size=20), st.integers(20, 200))
def test_code_blocks_hold_every_sign_of_the_commands(lines: list[str], most: int) -> None:
    pieces = code(lines, most)
    assert all(len(piece) <= most for piece in pieces)
    held = "".join(html.unescape(piece.removeprefix("```\n").removesuffix("\n```")) for piece in pieces)
    assert held.replace("\n", "") == "".join(lines).replace("\n", "")


def test_bullets_that_do_not_fit_are_counted() -> None:
    lines = [f"line {number}" for number in range(30)]
    assert bullets(lines, 2000, rows=3).splitlines()[-1] == "•  … and 27 more"
    assert bullets(lines[:3], 2000, rows=3).splitlines()[-1] == "•  line 2"
    assert len(bullets(["x" * 200] * 30, 500, rows=30)) <= 500


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under a second"),
        (0.9, "1 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (2e5, "2 days"),
    ],
)
def test_a_duration_is_told_in_the_units_that_matter(seconds: float, words: str) -> None:
    assert lasted(seconds) == words


@pytest.mark.parametrize("runbook", RUNBOOKS)
def test_the_id_of_a_run_of_any_runbook_is_no_phone_number(runbook: str) -> None:
    said = f"See {runbook}-pool-a-1122-0330-12ab, or call +49 30 555 1234."
    assert f"{runbook}-pool-a-1122-0330-12ab" in shown(said) and "555" not in shown(said)


def test_a_decision_is_signed_once_with_a_mention() -> None:
    assert signed("Anna & co approved it.", ANNA) == "<@U0ANNA0001> approved it."
    assert signed("It was approved.", ANNA) == "It was approved. · <@U0ANNA0001>"
    assert signed("It ran.", BOT) == "It ran."
    assert signed("It ran.", Who("T0SWITCH01:<!here>", "x <y>")) == "It ran. · x &lt;y&gt;"


def test_the_day_is_told_unless_it_goes_without_saying() -> None:
    assert utc(0) == "1970-01-01 00:00 UTC"
    assert when(1e9) == "<!date^1000000000^{date_short_pretty} {time}|2001-09-09 01:46 UTC>"
    assert "{date_short_pretty}" not in when(1e9, 1e9 - 3600) and "{date_short_pretty}" in when(1e9, 1e9 - 86400)


def test_nothing_in_angle_brackets_is_cut_in_two() -> None:
    text = "stored <!date^1795000000^{date_short_pretty} {time}|2026-11-18 11:06 UTC>, all of it"
    assert [bounded(text, most) for most in (12, 60)] == ["stored…", "stored…"]
    assert bounded(text, len(text) - 4) == f"{text.partition('>')[0]}>, all…"


RENAME = "$one = Get-CsRgsQueue -Identity \"service:ApplicationServer:pool-b.contoso.com\" -Name 'Station 12345'"
COMMANDS = (
    f'{RENAME}; $one.Name = "Station 12345 (pool-b)"; Set-CsRgsQueue -Instance $one',
    'Get-CsRgsQueue -Name "Station 12345" | Remove-CsRgsQueue',
    "Set-CsCallParkOrbit -Identity 'Peter''s +49 30 5550123' -CallParkService \"service:a.contoso.com\"",
    '$bytes = [IO.File]::ReadAllBytes("C:\\Switchback\\Station 12345.wma")',
    'Get-CsUser -Filter {RegistrarPool -eq "a.contoso.com"} | Move-CsUser -Target "b12345.contoso.com" -Force',
    'robocopy (Read-Host "File store 12345") (Read-Host "File store") /E /XF Meeting.Active',
)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_that_somebody_runs_keeps_every_number_as_a_line_and_as_code_within_a_sentence(line: str) -> None:
    assert is_command(line)
    assert told(line) == bullets([line], 2000).removeprefix("•  ") == exact(line) and written(line) == line
    said = told(f"Ask +49 30 5550123, then run: `{line}` on a server.")
    assert f"`{exact(line)}`" in said and said.startswith("Ask …23, then run: `") and said.endswith("` on a server.")


@pytest.mark.parametrize(
    "line",
    [
        "Queue “Get-CsUser -Identity 4930555012345”: Name was “x”, is “y”.",
        "Help Desk 12345: 2 of 3 signed in.",
        "Call-Center 12345 -A is not there.",
        "Call-CsCenter 12345 -A is not there.",
        "Get-CsUser 12345 says “-Identity”.",
        "Get-CsUser -Identity 'Anna 4930555012345",
        'Get-CsUser -Identity "a"\nAnna 4930555012345',
        "The row `4930555012345` is not there, nor `Help 12345`.",
    ],
)
def test_whatever_is_no_whole_command_keeps_the_numbers_of_people_to_itself(line: str) -> None:
    assert "12345" not in told(line) and "12345" not in bullets([line], 2000) and "12345" not in written(line)


def test_a_command_without_room_is_counted_and_never_cut() -> None:
    long = f'Get-CsRgsQueue -Name "{"Station 12345 " * 40}" | Remove-CsRgsQueue'
    assert bullets([long], 2000, each=300).endswith("| Remove-CsRgsQueue")
    assert bullets([long, long], 700, each=300).splitlines()[1] == "•  … and 1 more"


@given(st.text(max_size=200))
def test_a_text_without_commands_is_told_as_it_is_shown(text: str) -> None:
    if not is_command(text) and "`" not in text:
        assert told(text) == shown(text)
