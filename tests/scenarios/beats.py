"""The main job as people live it in Slack: which row asks, what it shows, who presses what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.runs.run import Run
from bot.sandbox import Message
from tests.sandbox.parts import ANNA, BORIS, CLARA, EMIL
from tests.scenarios.house import House, button_of, buttons, words_of

DAVID = "U0DAVID001"
SERVER_ADMIN = "RTCUniversalServerAdmins"
ADMIN = f"{SERVER_ADMIN} or CsResponseGroupAdministrator"
ANYONE = "any full member of the workspace"
NUMBER = "+49 30 5550 1234"
EXACTLY = "Runs when it is approved, exactly so:"


@dataclass(frozen=True, slots=True)
class Beat:
    """One press: `now` is the row that asks, `may` who may press, `command` how the line begins that it would run."""

    now: str
    who: str
    label: str
    may: str
    command: str = ""
    filled: Mapping[str, str] = field(default_factory=dict)
    second: bool = False


def called(where: str) -> dict[str, str]:
    return {f"{where}_number": NUMBER, f"{where}_heard": "the greeting of the Help Desk"}


def import_line(pool: str) -> str:
    return f'Import-CsRgsConfiguration -Destination "service:ApplicationServer:{pool}.contoso.com" -FileName "C:\\'


DECLARED = {"seen": "Nobody reaches any Front End.", "outage_since": "02:40", "reachable": "no"}
FAIL_OVER = 'Invoke-CsPoolFailOver -PoolFqdn "pool-a.contoso.com" -DisasterMode -Confirm:$false'
FAIL_BACK = 'Invoke-CsPoolFailBack -PoolFqdn "pool-a.contoso.com" -Confirm:$false'
REMOVE = 'Export-CsRgsConfiguration -Source "service:ApplicationServer:pool-b.contoso.com" -Owner '

FAILOVER = (
    Beat("1 · Declare the outage", ANNA, "Declare the outage", ADMIN, filled=DECLARED),
    Beat("5 · Choose the backup", ANNA, "Use this backup", ADMIN),
    Beat("7 · Fail the pool over", BORIS, "Run this command", SERVER_ADMIN, FAIL_OVER),
    Beat("8 · Choose the application-level settings", CLARA, "Keep pool-b's", ADMIN),
    Beat("9 · Import the groups", CLARA, "Run this command", ADMIN, import_line("pool-b")),
    Beat("12 · Lead calls to the backup pool", EMIL, "All of this is so", ANYONE),
    Beat("13 · Test call from inside", EMIL, "The call worked", ANYONE, filled=called("inside")),
    Beat("13 · Test call from the telephone network", EMIL, "The call worked", ANYONE, filled=called("outside")),
)
FAILBACK = (
    Beat("1 · See that the pool is back", ANNA, "It was not rebuilt", ADMIN),
    Beat("5 · Fail the pool back", BORIS, "Run this command", SERVER_ADMIN, FAIL_BACK),
    Beat("7 · Import the groups", ANNA, "Ask for a second person", ADMIN, import_line("pool-a")),
    Beat("7 · Import the groups", CLARA, "Approve as second person", ADMIN, import_line("pool-a"), second=True),
    Beat("9 · Lead calls back to the pool", EMIL, "All of this is so", ANYONE),
    Beat("9 · Test call from inside", EMIL, "The call worked", ANYONE, filled=called("inside")),
    Beat("9 · Test call from the telephone network", EMIL, "The call worked", ANYONE, filled=called("outside")),
    Beat("10 · Choose: clean up or keep", DAVID, "Clean up", ADMIN),
    Beat("10 · Remove the copies", CLARA, "Ask for a second person", ADMIN, REMOVE),
    Beat("10 · Remove the copies", BORIS, "Approve as second person", ADMIN, REMOVE, second=True),
)


async def awaited(house: House, run: Run, beat: Beat) -> Message:
    """The card as it asks for this press; it says what is next, who may press, and the command to the letter."""
    second = ("somebody else has to approve",) if beat.second else ()
    card = await house.card(run, f"Now: {beat.now}", f"May press: {beat.may}.", *second)
    assert button_of(card, beat.label)
    assert beat.may in card.text and beat.label in card.text
    if beat.command:
        assert EXACTLY in words_of(card) and beat.command in words_of(card)
        assert beat.command in card.text
    return card


async def played(house: House, run: Run, beats: tuple[Beat, ...]) -> Message:
    """Presses through a run; gives its card at the end."""
    for beat in beats:
        card = await awaited(house, run, beat)
        outcome = await house.press(beat.who, card, beat.label, **beat.filled)
        assert outcome.ok, (beat, outcome)
        assert house.slack.modal(beat.who) is None, house.slack.modal(beat.who)
    card = await house.card(run, "✅ *Done.*")
    assert not buttons(card)
    return card
