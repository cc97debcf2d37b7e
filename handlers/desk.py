"""What every handler is given: the one value that joins engine, storage and Slack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.chores.pruning import Pruning
from bot.domain.backups.schedule import Timing
from bot.domain.companions.coverage import Rules
from bot.domain.runs.opening import Estate
from bot.engine import Engine
from handlers.slack.errands import Errands
from handlers.slack.forgetting import Forgetting
from handlers.slack.people import People
from handlers.slack.presence import Presence
from handlers.slack.readers import Readers
from storage.agents import Agents
from storage.answers import KnownAnswers
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.cards import Cards
from storage.companions import Companions
from storage.notices import Notices
from storage.readings import KnownReadings
from storage.runs import Runs
from storage.schedules import Schedules
from storage.sign_ins import SignIns
from storage.waits import Waits


@dataclass(frozen=True, slots=True)
class Desk:
    """`estate` has all configured pools and their pairs.

    `incidents` and `notifications` are channel ids, `team` our workspace. `off_site` tells how the off-site
    copy stands.
    `timings` are the configured times of every pool, `schedules` what people said in place of them; `now` says what
    time it is, in seconds since the epoch. `rules` are what is configured of single companions,
    `quiet` the hours in which nobody is called ("22:00-07:00").
    """

    engine: Engine
    runs: Runs
    backups: Backups
    pruning: Pruning
    keepings: Keepings
    cards: Cards
    notices: Notices
    agents: Agents
    waits: Waits
    quiet: str
    errands: Errands
    people: People
    forgetting: Forgetting
    readers: Readers
    presence: Presence
    slack: AsyncWebClient
    estate: Estate
    incidents: str
    notifications: str
    team: str
    off_site: Callable[[], Awaitable[str]]
    schedules: Schedules
    timings: Mapping[str, Timing]
    companions: Companions
    rules: Rules
    readings: KnownReadings
    answers: KnownAnswers
    sign_ins: SignIns
    now: Callable[[], float]
