"""The main job as people live it in Slack: which row asks, what it shows, who presses what."""

from __future__ import annotations

import time
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
EXACTLY = "Runs when approved, exactly so:"


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

    @property
    def at(self) -> tuple[str, str]:
        """What the card says of where the run stands."""
        number, title = self.now.split(" · ")
        return f"Step {number} of", f": {title[0].lower()}{title[1:]}."


def import_line(pool: str) -> str:
    return f'Import-CsRgsConfiguration -Destination "service:ApplicationServer:{pool}.contoso.com" -FileName "C:\\'


DECLARED = {"seen": "Nobody reaches any Front End.", "outage_since": str(int(time.time()) - 600), "mode": "disaster"}
FAIL_OVER = 'Invoke-CsPoolFailOver -PoolFqdn "pool-a.contoso.com" -DisasterMode -Confirm:$false'
FAIL_BACK = 'Invoke-CsPoolFailBack -PoolFqdn "pool-a.contoso.com" -Confirm:$false'
CONFERENCES = 'Invoke-CsBackupServiceSync -PoolFqdn "pool-b.contoso.com" -BackupModule "ConfServices.DataConf"'
REMOVE = 'Export-CsRgsConfiguration -Source "service:ApplicationServer:pool-b.contoso.com" -Owner '

FAILOVER = (
    Beat("1 · Declare the outage", ANNA, "Declare the outage", ADMIN, filled=DECLARED),
    Beat("6 · Fail the pool over", BORIS, "Fail the pool over now", SERVER_ADMIN, FAIL_OVER),
    Beat("7 · Choose the backup", ANNA, "Use this backup", ADMIN),
    Beat("10 · Choose the application-level settings", CLARA, "Keep pool-b's", ADMIN),
    Beat("12 · Import the groups", CLARA, "Import the groups now", ADMIN, import_line("pool-b")),
    Beat("14 · Put Call Park and announcements back", CLARA, "Put it off", ADMIN),
    Beat("15 · Route calls to the backup pool", EMIL, "Checked, and both calls worked", ANYONE),
    Beat("17 · See that formal agents are signed in", EMIL, "Go on", ANYONE),
)
FAILBACK = (
    Beat("1 · See that the pool is back", ANNA, "No", ADMIN),
    Beat("8 · Fail the pool back", BORIS, "Fail the pool back now", SERVER_ADMIN, FAIL_BACK),
    Beat("10 · Import the groups", ANNA, "Ask for a second person", ADMIN, import_line("pool-a")),
    Beat("10 · Import the groups", CLARA, "Approve as second person", ADMIN, import_line("pool-a"), second=True),
    Beat(
        "12 · Bring the contents of conferences home",
        BORIS,
        "Bring the contents of conferences home now",
        SERVER_ADMIN,
        CONFERENCES,
    ),
    Beat("15 · Route calls back to the pool", EMIL, "I have checked all of it", ANYONE),
    Beat("15 · Test call from inside", EMIL, "It worked", ANYONE),
    Beat("15 · Test call from the telephone network", EMIL, "It worked", ANYONE),
    Beat("15 · See that formal agents are signed in", EMIL, "Go on", ANYONE),
    Beat("17 · Choose: clean up or keep", DAVID, "Clean up", ADMIN),
    Beat("17 · Remove the copies", CLARA, "Ask for a second person", ADMIN, REMOVE),
    Beat("17 · Remove the copies", BORIS, "Approve as second person", ADMIN, REMOVE, second=True),
)


async def awaited(house: House, run: Run, beat: Beat) -> Message:
    """The card as it asks for this press; it says what is next, who may press, and the command to the letter."""
    second = ("somebody else has to approve",) if beat.second else ()
    card = await house.card(run, *beat.at, f"May press: {beat.may}.", *second)
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
    card = await house.card(run, "*Done.*")
    assert not buttons(card)
    return card
