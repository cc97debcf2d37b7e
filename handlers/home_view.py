"""What App Home shows one person: what waits for them, what runs, the pools, and what was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.access import Need, allow
from bot.domain.backups.backup import Backup
from bot.domain.deployment.answers import PoolAnswer
from bot.domain.errors import NotAllowed
from bot.domain.model import Person, Pool, PoolRecord
from bot.domain.runs.view import RunView
from handlers.asked import COUNT, may
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Block, View, header, section
from handlers.blocks.wording import bounded, shown
from handlers.runs.card import asked, title
from handlers.runs.links import opening
from handlers.runs.lists import pool_line, view_line
from handlers.runs.matters import Matter
from handlers.runs.notices import MAY, offers
from handlers.runs.past import Past, rows
from handlers.runs.room import OPEN, Room
from handlers.runs.unheard import Unheard
from handlers.runs.whom import waits_for
from storage.notices import Notice

ENTRIES = 5
"""Entries of each part at first; "Show more" adds as many."""

MOST = 20
_UNREAD, _CARDLESS = 5, 2
_BLOCKS = 99
"""Beside the last one: Slack takes a hundred, and what was long ago has room last."""

_EMPTY = (
    "Nothing waits for you, and no run is open.\n"
    "When a pool is down, type `/rgs failover pool-a` in a channel. Switchback walks you through it row by row, and "
    "shows every command before anybody approves it. `/rgs help` lists everything else."
)


@dataclass(frozen=True, slots=True)
class House:
    """What there is to show, the same for everybody; `links` leads from run ids to their cards' addresses.

    `unread` are notices that no channel took. `protection` are lines about each pool, escaped, by FQDN; `ahead` is how
    many of its backups are wrongly dated, `answers` how each answered when it was asked last. `matters` are what
    everybody has to know first, `silent` which groups ring nobody.
    """

    views: Sequence[RunView]
    past: Past
    pools: Mapping[str, Pool]
    records: Mapping[str, PoolRecord]
    newest: Mapping[str, Backup | None]
    due: Mapping[str, float | None]
    unpaired: Mapping[str, str]
    now: float
    links: Mapping[str, str] = field(default_factory=dict)
    unread: Sequence[Notice] = ()
    protection: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ahead: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, PoolAnswer] = field(default_factory=dict)
    matters: Sequence[Matter] = ()
    silent: Mapping[str, Unheard] = field(default_factory=dict)


def home(house: House, person: Person, entries: int = ENTRIES) -> View:
    """The view for one person; `entries` of each part are shown, and a button for more."""
    try:
        allow(person, Need.ANYONE)
    except NotAllowed as refusal:
        return {"type": "home", "blocks": [header("Switchback"), section(shown(refusal.sentence, 1000))]}
    most = max(1, min(entries, MOST))
    waiting = [view for view in house.views if waits_for(view, person)]
    others = [view for view in house.views if view not in waiting]
    empty = [] if house.views or house.matters else [section(_EMPTY)]
    drawn = [
        header("Switchback"),
        *(matter.drawn(person) for matter in house.matters),
        *_unread(house, person),
        *empty,
        *_runs("Waits for you", waiting, house, most),
        *_cardless(waiting, house),
        *_runs("Running", others, house, most),
        *_pools(house, person, most),
        *_past(house, most),
    ]
    return {"type": "home", "blocks": [*drawn[:_BLOCKS], _foot(house, most)]}


def _unread(house: House, person: Person) -> list[Block]:
    """Each with the buttons that its message would have."""
    offered = offers if may(person, MAY) else lambda notice: []
    rows = [(section(f"⚠️ {shown(one.sentence, 1000)}"), *offered(one)) for one in house.unread[:_UNREAD]]
    return [block for row in rows for block in row]


def _runs(heading: str, views: Sequence[RunView], house: House, most: int) -> list[Block]:
    if not views:
        return []
    rows = [(section(view_line(view)), blocks.actions(opening(view, house.links))) for view in views[:most]]
    return [header(f"{heading} ({len(views)})"), *(block for row in rows for block in row)]


def _cardless(waiting: Sequence[RunView], house: House) -> list[Block]:
    """What waits for this person and has no card that could be opened: what is asked, and the buttons."""
    without = [view for view in waiting if view.run.id not in house.links][:_CARDLESS]
    return [block for view in without for block in (header(title(view)), *asked(view, Room(OPEN)))]


def _pools(house: House, person: Person, most: int) -> list[Block]:
    offers = may(person, Need.ADMIN)
    rows = []
    for fqdn, pool in list(house.pools.items())[:most]:
        record = house.records.get(fqdn, PoolRecord(fqdn))
        backup, due, lone = house.newest.get(fqdn), house.due.get(fqdn), house.unpaired.get(fqdn, "")
        reads = f"Back up {pool.short} now"
        press = blocks.button("Back up now", f"{actions.DO}backup", f"backup {fqdn}", reads=reads) if offers else None
        lines = [
            pool_line(pool, record, backup, due, lone, house.now, *_known(house, fqdn)),
            *house.protection.get(fqdn, ()),
        ]
        rows.append(section(bounded("\n      ".join(filter(None, lines)), 2900), press))
    return [header("Pools"), *rows] if rows else []


def _known(house: House, fqdn: str) -> tuple[int, PoolAnswer | None, Unheard | None]:
    return house.ahead.get(fqdn, 0), house.answers.get(fqdn), house.silent.get(fqdn)


def _past(house: House, most: int) -> list[Block]:
    ended = replace(house.past, single=tuple(run for run in house.past.single if not run.is_open))
    drawn = rows(ended, house.now, min(most, COUNT))
    return [header("Recent runs"), *drawn] if drawn else []


def _foot(house: House, most: int) -> Block:
    more = max(len(house.views), len(house.pools), len(house.past.single)) > most and most < MOST
    refresh = blocks.button("Refresh", actions.HOME_REFRESH, str(most))
    further = [blocks.button("Show more", actions.HOME_MORE, str(most + ENTRIES))] if more else []
    return blocks.actions([refresh, *further])
