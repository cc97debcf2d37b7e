"""Joins what is done again and again for the sake of what is kept: one row for each chore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from bot.chores import checking, clocks, deferring, mirroring, pruning, restamping, seeing, surveying, watching
from bot.chores.accompanying import Accompanying
from bot.chores.checking import Checking
from bot.chores.chores import Chore, each
from bot.chores.clocks import Clocks
from bot.chores.dating import Dating, Objectives
from bot.chores.deferring import Deferring
from bot.chores.mirroring import Mirroring, fault_of
from bot.chores.pruning import Pruning
from bot.chores.seeing import Seeing
from bot.chores.signing import Signing
from bot.chores.surveying import Surveying
from bot.chores.watching import Watching
from bot.domain.backups.offsite import OffSite, told
from bot.domain.backups.retention import Windows
from bot.domain.backups.schedule import Timing, timing
from bot.domain.companions.coverage import Rules
from bot.domain.errors import BadInput
from bot.domain.runs.opening import Estate
from bot.drivers.base import Driver
from bot.hands.hands import Performer
from bot.hands.thinking import Think
from bot.runbooks import RUNBOOKS
from bot.stores import Stores
from storage import moves, served
from storage.vault.mirror import Mirror

_GLANCE_S = 1.0
"""Somebody waits for the answer in Slack."""


@dataclass(frozen=True, slots=True)
class Care:
    """What is configured of it: the off-site copy, how long backups stay, when they are taken, which companions."""

    mirror: OffSite | None
    retention: Windows
    timings: Mapping[str, Timing]
    companions: Rules


def mirror_of(care: Care, kept: Stores) -> Mirror | None:
    """The off-site copy, when one is configured."""
    return Mirror(care.mirror, kept.backups.pieces.sound) if care.mirror else None


async def refuse_while_restoring(mirror: OffSite | None, kept: Stores) -> None:
    """Raises BadInput: pins and where pools stand come back last, and until then everything would seem free to go."""
    if mirror and await kept.off_site.restoring() == mirror.where:
        raise BadInput(
            f"A restore from {mirror.where} has not ended. Let `python -m bot restore-from-mirror` end, or "
            "run it again, before anything else is done. To do without what is still missing, take [mirror] out."
        )


async def off_site(mirror: OffSite | None, kept: Stores, now: float) -> str:
    """How the off-site copy stands, in a sentence: the place itself is asked."""
    fault = await fault_of(Mirror(mirror, kept.backups.pieces.sound, _GLANCE_S), kept.off_site) if mirror else ""
    return told(mirror, *await kept.off_site.waiting(), now, fault)


def pruning_of(care: Care, kept: Stores, estate: Estate) -> Pruning:
    """What lets old backups go, and says beforehand which."""
    dating = dating_of(care, kept)
    return Pruning(kept.backups, kept.keepings, kept.runs, estate.pools, estate.pairs, care.retention, dating)


def dating_of(care: Care, kept: Stores) -> Dating:
    """What says whether ages can be believed."""
    objectives = _objectives(care, kept)
    beside = (kept.companions, kept.notices, kept.dates)
    return Dating(kept.time.apart, kept.backups, kept.keepings, *beside, objectives)


def checking_of(care: Care, kept: Stores, estate: Estate) -> Checking:
    """What reads everything that is kept again, and mends it from the off-site copy."""
    mirror = mirror_of(care, kept)
    copies = (mirror.fetch, mirror.record) if mirror else ()
    return Checking(kept.backups, kept.companions, kept.keepings, kept.notices, list(estate.pools), *copies)


def chores_of(
    care: Care,
    kept: Stores,
    checks: Checking,
    hands: Performer,
    driver: Driver,
    estate: Estate,
    think: Think,
    machine: str,
) -> tuple[Chore, ...]:
    """What has to be done for backups that are kept already, and for those that should be; `machine` is this one."""
    backups, keepings, notices, runs = kept.backups, kept.keepings, kept.notices, kept.runs
    pools = estate.pools
    beside = (kept.companions, kept.off_site, notices, kept.states)
    copying = Mirroring(mirror_of(care, kept), backups, keepings, *beside, tuple(pools))
    retention = pruning_of(care, kept, estate)
    freshness = Watching(backups, keepings, runs, notices, kept.watches, pools, _objectives(care, kept))
    stamps = restamping.Restamping(hands, keepings, notices, estate, think)
    companions = Accompanying(
        kept.companions, runs, notices, tuple(pools.values()), care.companions, dating_of(care, kept)
    )
    others = Deferring(runs, kept.schedules, backups, keepings, kept.companions, notices, pools)
    abilities = Surveying(driver, kept.abilities, runs, notices, estate, RUNBOOKS.values())
    sight = Seeing(driver, kept.readings, kept.answers, runs, notices, estate)
    signing = Signing(kept.sign_ins, notices)

    async def looks(now: float) -> None:
        """What a round found out of the account is told at once."""
        await each([partial(sight.work, now), partial(signing.work, now)])

    clock = Clocks(machine, kept.time.apart, notices)
    return (
        # Each machine's own turn: nobody else can look at its clock.
        Chore(clock.chore, clocks.EVERY_S, clock.work, f"Comparing the clock of {machine} with that of Redis"),
        Chore("newer", deferring.EVERY_S, others.work, "Looking for what a newer Switchback wrote"),
        Chore("mirror", mirroring.EVERY_S, copying.work, "Copying backups off-site"),
        Chore("moves", moves.DAY_S, kept.moves.work, "Listing the runs of an earlier Switchback"),
        Chore("served", served.EVERY_S, kept.served.work, "Counting how far the data has come"),
        Chore("pieces", checking.EVERY_S, checks.work, "Reading kept backups again"),
        Chore("records", checking.DAY_S, checks.records, "Reading the newest backups as a whole"),
        Chore("retention", pruning.EVERY_S, retention.work, "Letting old backups go"),
        Chore("stamps", restamping.EVERY_S, stamps.work, "Rehearsing backups again"),
        Chore("freshness", watching.EVERY_S, freshness.work, "Watching how old the newest backups are"),
        Chore("abilities", surveying.EVERY_S, abilities.work, "Asking servers what they can do"),
        Chore("seeing", seeing.EVERY_S, looks, "Asking pools how they stand"),
        Chore("companions", 900.0, companions.watch, "Watching the other data of the pools"),
        Chore("companions-prune", 86_400.0, companions.prune, "Taking old copies of other data away"),
    )


def _objectives(care: Care, kept: Stores) -> Objectives:
    """How old backups may get by what people said last, else by the configuration."""

    async def ask() -> Mapping[str, float]:
        said = await kept.schedules.overrides()
        return {fqdn: timing(held, said.get(fqdn)).objective_h for fqdn, held in care.timings.items()}

    return ask
