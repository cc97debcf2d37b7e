"""What every handler is given: the one value that joins engine, storage and Slack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.model import Pool
from bot.engine import Engine
from handlers.people import People
from storage.backups import Backups
from storage.cards import Cards
from storage.notices import Notices
from storage.runs import Runs


@dataclass(frozen=True, slots=True)
class Desk:
    """`pools` are all configured ones by FQDN, `pairs` primary to backup, `unpaired` why others get backups only.

    `incidents` and `notifications` are channel ids, `team` our workspace.
    `next_backup` says when a pool (FQDN) is due next, `now` what time it is; both in seconds since the epoch.
    """

    engine: Engine
    runs: Runs
    backups: Backups
    cards: Cards
    notices: Notices
    people: People
    slack: AsyncWebClient
    pools: Mapping[str, Pool]
    pairs: Mapping[str, str]
    unpaired: Mapping[str, str]
    incidents: str
    notifications: str
    plan_block: bool
    team: str
    next_backup: Callable[[str], float | None]
    now: Callable[[], float]
