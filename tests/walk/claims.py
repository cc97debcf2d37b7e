"""What the bot says, held beside what the deployment holds: at once after each row that it passed by what it read.

What people accepted with a reason, after the bot had shown them the difference, is no claim of the bot. Nor is anything
of a pool that others moved since, or edits that somebody made although nobody should.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from bot.domain.groups.groups import ServiceSettings
from bot.domain.model import BOT, PoolState
from bot.domain.runs.facts import BEFORE, Fact
from bot.domain.runs.run import Phase, RowRecord, Run, home, partner
from bot.exports.export_zip import read_inventory
from bot.runbooks.adopt.facts import NEWEST
from bot.runbooks.failback.facts import BARE, EXPORTED, LOST
from bot.runbooks.failover.facts import CHOSEN, REPLACE
from bot.runbooks.rows.facts import ACCEPTED, OWN_SETTINGS
from tests.walk.by_hand import LODGERS, lodgers_of
from tests.walk.key import is_silent, is_word, objects_in
from tests.walk.moment import Moment, away, names

T = TypeVar("T")

HOMEWARD = frozenset({"failback", "rebuild", "replace"})
"""The runbooks that verify what came home; the others verify what lies on the backup pool."""


def _fact(run: Run, fact: Fact[T]) -> T:
    """A fact, without its being noted as read: rules move nothing."""
    return run.facts.get(fact.key, fact.default)


def passed(moment: Moment, *rows: str) -> Iterator[tuple[RowRecord, Run]]:
    """Those of these rows that the bot passed just now by what it read, with the run as they left it."""
    before, run = moment.before.run, moment.after.run or moment.ended
    if before is not None and run is not None:
        new = run.records[len(before.records) :]
        yield from ((one, run) for one in new if one.step in rows and one.who == BOT and one.mark in ("pass", "warn"))


def _ends(moment: Moment, *states: PoolState) -> Iterable[tuple[str, Run]]:
    """The pools of which the end of a run said that they stand so, as far as others did not move them unseen since.

    A run that was abandoned before it sent a move says nothing: what was remembered before it is remembered still. Nor
    is it the bot's claim where no server said anything, and somebody's word was recorded as a word.
    """
    run = moment.ended
    if run is None or run.pool_state is None or is_silent(run) or is_word(run):
        return ()
    fqdn = run.primary.fqdn
    told = moment.after.records[fqdn].state in states and fqdn not in moment.after.unseen
    return ((fqdn, run),) if told else ()


def _stands(moment: Moment, row: str, state: PoolState, is_away: bool) -> bool:
    """Whether this row was passed, and the pool does not stand so, or is not remembered so."""
    return any(
        one.mark == "pass"
        and (
            away(moment.after.world, run.primary.fqdn) is not is_away
            or moment.after.records[run.primary.fqdn].state is not state
        )
        for one, run in passed(moment, row)
    )


def not_away(moment: Moment) -> bool:
    return _stands(moment, "failover-after", PoolState.FAILED_OVER, True) or any(
        not away(moment.after.world, fqdn) for fqdn, _ in _ends(moment, PoolState.FAILED_OVER)
    )


_AT_HOME = (
    ("failback-after", PoolState.FAILING_BACK),
    ("reread", PoolState.FAILING_BACK),
    ("home", PoolState.ACTIVE),
)


def not_home(moment: Moment) -> bool:
    return any(_stands(moment, row, state, False) for row, state in _AT_HOME) or any(
        away(moment.after.world, fqdn) for fqdn, _ in _ends(moment, PoolState.ACTIVE, PoolState.OUTAGE)
    )


def _kept(moment: Moment, id: str) -> frozenset[str]:
    """The versions of the objects in a kept export."""
    return objects_in((moment.after.kept.get(id) or moment.before.kept[id]).data)


def not_imported(moment: Moment) -> bool:
    """The copies are those of the backup that they are compared with, and the record carries it."""
    world = moment.after.world
    for one, run in passed(moment, "verify"):
        fqdn, adopts = run.primary.fqdn, run.runbook == "adopt"
        if run.runbook in HOMEWARD or (adopts and one.mark == "warn"):
            continue
        copies = set(names(world, partner(run).fqdn, fqdn).values())
        known = _fact(run, NEWEST)["id"] if adopts else _fact(run, CHOSEN)
        carried = adopts or moment.after.records[fqdn].carry.get("imported")
        if not copies or not carried or (one.mark == "pass" and copies != _kept(moment, known)):
            return True
    return any(
        len(names(world, world.pairs[fqdn], fqdn)) < len(names(world, fqdn, fqdn))
        for fqdn, run in _ends(moment, PoolState.FAILED_OVER)
        if run.phase is Phase.DONE and not _fact(run, ACCEPTED) and moment.after.records[fqdn].carry.get("imported")
    )


def edits_left_behind(moment: Moment) -> bool:
    """Everything that was exported is at home; before the import, the export is what lies there."""
    world = moment.after.world
    for one, run in passed(moment, "verify", "reread"):
        if run.runbook not in HOMEWARD or (one.step == "reread" and (_fact(run, LOST) or _fact(run, BARE))):
            continue
        where = home(run).fqdn if one.step == "verify" else partner(run).fqdn
        owner = home(run).fqdn if one.step == "verify" else run.primary.fqdn
        there = set(names(world, where, owner).values())
        if _kept(moment, _fact(run, EXPORTED)) - there and (one.mark == "pass" or one.step == "verify"):
            return True
    return any(_left_behind(moment, fqdn, run) for fqdn, run in _ends(moment, PoolState.ACTIVE))


def _left_behind(moment: Moment, fqdn: str, run: Run) -> bool:
    world = moment.after.world
    stood = moment.before.run.pool_state if moment.before.run else None
    if run.phase is not Phase.DONE or _fact(run, ACCEPTED) or moment.before.late or stood is PoolState.ACTIVE:
        return False
    there, here = names(world, world.pairs[fqdn], fqdn), names(world, fqdn, fqdn)
    return any(here.get(name) != version for name, version in there.items()) or not here


_REMOVED = frozenset({"failover", "import-again", "prestage", "clean-up"})
"""The runbooks that carry on at once what lies on the backup pool; a failback says it at its end."""


def still_there(moment: Moment) -> bool:
    """What was removed is gone, and nobody is told that it lies there."""
    for _, run in passed(moment, "clear", "clean"):
        fqdn = run.primary.fqdn
        said = run.runbook in _REMOVED and moment.after.records[fqdn].carry.get("imported")
        if said or names(moment.after.world, partner(run).fqdn, fqdn):
            return True
    return False


_KEPT_FROM: Mapping[str, Callable[[Run], str]] = {
    "planned": lambda run: run.primary.fqdn,
    "export": lambda run: partner(run).fqdn,
    "compare": lambda run: partner(run).fqdn,
    "spare": lambda run: (home(run) if run.runbook in HOMEWARD else partner(run)).fqdn,
}
"""The rows that say that the groups of a pool are kept, and where these lie."""


def not_kept(moment: Moment) -> bool:
    return any(
        set(names(moment.after.world, _KEPT_FROM[one.step](run), run.primary.fqdn).values()) - moment.after.safe
        for one, run in passed(moment, *_KEPT_FROM)
        if one.mark == "pass" or one.step != "compare"
    )


def _heard(settings: ServiceSettings, audio: Mapping[str, str]) -> tuple[object, ...]:
    """Application-level settings as callers notice them: the music by its bytes."""
    music = settings.default_music
    return settings.ringback_grace_s, settings.call_context_disabled, music and audio[music.unique_name]


def not_set(moment: Moment) -> bool:
    """What a failover replaced is the primary pool's, and what an undo put back is the backup pool's own."""
    for one, run in passed(moment, "audio", "check"):
        put_back = one.step == "check"
        if one.mark != "pass" or run.runbook in HOMEWARD or not (put_back or _fact(run, REPLACE)):
            continue
        id = _fact(run, BEFORE)[OWN_SETTINGS.key] if put_back else _fact(run, CHOSEN)
        there, wanted = moment.after.world.pools[partner(run).fqdn], read_inventory(moment.before.kept[id].data)
        if wanted.settings and _heard(there.settings, there.audio) != _heard(wanted.settings, wanted.audio):
            return True
    return False


def still_lived_in(moment: Moment) -> bool:
    """Each row that reads it, and the end: nothing that can be read lives on a pool that is replaced."""
    world = moment.after.world
    for one, run in passed(moment, *(f"{row}-seen" for row in LODGERS)):
        if LODGERS[one.step.removesuffix("-seen")][0] in lodgers_of(world, run.primary.fqdn):
            return True
    for fqdn, run in _ends(moment, PoolState.RETIRED):
        copies = [item for pool in world.pools.values() for item in pool.objects.values() if item.owner == fqdn]
        if run.phase is Phase.DONE and (lodgers_of(world, fqdn) or any(item.is_copy for item in copies)):
            return True
    return False
