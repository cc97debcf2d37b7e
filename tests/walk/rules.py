"""The rules of the seeds as rows: a name, the sentence, where it stands, and what would break it.

What people accepted with a reason, after the bot had shown them the difference, is no claim of the bot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.domain.deployment.world import World
from bot.domain.groups.groups import Ref, ServiceSettings
from bot.domain.model import PoolState
from bot.domain.runs.facts import CAME_FROM, STOOD
from bot.domain.runs.run import Phase, Run, partner, replacement
from bot.runbooks.rows.facts import ACCEPTED
from tests.walk.by_hand import lodgers_of
from tests.walk.key import is_word, version_of
from tests.walk.memory import State
from tests.walk.scene import Sent
from tests.walk.world import C

FAIL_OVER, FAIL_BACK = "Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack"
IMPORT, EXPORT = "Import-CsRgsConfiguration", "Export-CsRgsConfiguration"


@dataclass(frozen=True, slots=True)
class Moment:
    """One transition: before and after it, what was sent in it, what was read, and the run as it ended if it did."""

    before: State
    after: State
    sent: tuple[Sent, ...]
    read: tuple[tuple[str, object], ...]
    ended: Run | None


@dataclass(frozen=True, slots=True)
class Rule:
    """`broken` says whether this moment breaks it; `source` is the seed and the place in it."""

    name: str
    sentence: str
    source: str
    broken: Callable[[Moment], bool]


def _named(sent: Iterable[Sent], *names: str) -> list[Sent]:
    return [one for one in sent if one.command.name in names]


def _pool_of(sent: Sent, parameter: str) -> str:
    value = sent.command.get(parameter)
    return value.pool if isinstance(value, Ref) else str(value)


def _away(world: World, fqdn: str) -> bool:
    return fqdn in world.pools and world.pools[fqdn].failed_over


def _order(moment: Moment) -> bool:
    return any(_away(one.before, one.before.pairs[_pool_of(one, "PoolFqdn")]) for one in _named(moment.sent, FAIL_OVER))


def _both_away(moment: Moment) -> bool:
    return all(pool.failed_over for pool in moment.after.world.pools.values() if pool.fqdn in moment.after.world.pairs)


def _affected(moment: Moment) -> bool:
    return any(_pool_of(one, "PoolFqdn") != one.run.primary.fqdn for one in _named(moment.sent, FAIL_OVER, FAIL_BACK))


def _manual(moment: Moment) -> bool:
    """The plan that runs is the one that was approved, by as many people as its row takes."""
    for one in _named(moment.sent, FAIL_OVER, FAIL_BACK, IMPORT) + _removals(moment):
        shown = one.run.proposal
        people = {approval.who.id for approval in one.run.approvals if shown and approval.hash == shown.hash}
        if shown is None or len(people) < max(1, shown.needed):
            return True
    return False


def _removals(moment: Moment) -> list[Sent]:
    return [one for one in _named(moment.sent, EXPORT) if one.command.get("RemoveExportedConfiguration")]


def _ownership(moment: Moment) -> bool:
    """In a pair every object keeps the pool in its name as its owner; what a new pool took over is its own."""
    for pool in moment.after.world.pools.values():
        for item in pool.objects.values():
            if not (pool.fqdn == item.owner == C) and item.name.rpartition(" ")[2] != item.owner.partition(".")[0]:
                return True
    return False


def _overwrite_home(moment: Moment) -> bool:
    """At home or on the pool that takes its place, and never on the backup pool."""
    return any(
        (one.command.get("OverwriteOwner") is True) is not (_pool_of(one, "Destination") != partner(one.run).fqdn)
        for one in _named(moment.sent, IMPORT)
    )


def _owner_named(moment: Moment) -> bool:
    return any(
        _pool_of(one, "Source") != one.run.primary.fqdn and one.command.get("Owner") is None
        for one in _named(moment.sent, EXPORT)
    )


def _shown(moment: Moment) -> bool:
    """What lies on another pool is read with -ShowAll or -Owner; what that pool owns itself, only beside this."""
    asked: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for _, command in moment.read:
        where = command.get("Identity") if command.name.startswith("Get-CsRgs") else None
        if isinstance(where, Ref) and command.name != "Get-CsRgsConfiguration":
            asked[bool(command.get("ShowAll") or command.get("Owner"))].add((where.pool, command.name))
    run = moment.before.run
    return run is not None and any(pool != run.primary.fqdn for pool, _ in asked[False] - asked[True])


def _fresh(moment: Moment) -> bool:
    return any(
        (file := one.before.pools[one.on].file(str(one.command.get("FileName")))) is not None
        and file.inventory is not None
        for one in _named(moment.sent, EXPORT)
    )


def _viewed_only(moment: Moment) -> bool:
    return any(_away(one.before, _pool_of(one, "Destination")) for one in _named(moment.sent, IMPORT)) or any(
        _away(one.before, _pool_of(one, "Source")) for one in _removals(moment)
    )


def versions(world: World) -> set[str]:
    return {version_of(item) for pool in world.pools.values() for item in pool.objects.values()}


def settings(world: World) -> set[str]:
    return {f"settings {pool.settings!r}" for pool in world.pools.values()}


_DEFAULTS = {f"settings {ServiceSettings()!r}"}


def _lost(moment: Moment) -> bool:
    """A command of ours took the last copy of something away: no pool, no file and no kept export has it."""
    for one in moment.sent:
        files = {
            version_of(item)
            for pool in moment.after.world.pools.values()
            for file in pool.files.values()
            if file.inventory
            for item in file.inventory.objects
        }
        gone = (versions(one.before) | settings(one.before)) - versions(one.after) - settings(one.after) - _DEFAULTS
        if gone - moment.after.safe - files:
            return True
    return False


def _says(moment: Moment, *states: PoolState) -> Iterable[tuple[str, Run]]:
    """The pools of which the end of a run said that they stand so, as far as others did not move them unseen since.

    A run that was abandoned before it sent a move says nothing: what was remembered before it is remembered still. Nor
    is it the bot's claim where no server said anything, and somebody's word was recorded as a word.
    """
    run = moment.ended
    if run is None or run.pool_state is None:
        return ()
    if run.phase is Phase.ABANDONED and str(run.pool_state) == STOOD.of(run) and CAME_FROM.key not in run.facts:
        return ()
    if is_word(run):
        return ()
    fqdn = run.primary.fqdn
    told = moment.after.records[fqdn].state in states and fqdn not in moment.after.unseen
    return ((fqdn, run),) if told else ()


def _not_away(moment: Moment) -> bool:
    return any(not _away(moment.after.world, fqdn) for fqdn, _ in _says(moment, PoolState.FAILED_OVER))


def _not_home(moment: Moment) -> bool:
    return any(_away(moment.after.world, fqdn) for fqdn, _ in _says(moment, PoolState.ACTIVE, PoolState.OUTAGE))


def _names(world: World, on: str, owner: str) -> dict[str, str]:
    return {item.name: version_of(item) for item in world.pools[on].objects.values() if item.owner == owner}


def _not_imported(moment: Moment) -> bool:
    """The record carries that the groups were imported, and the run that says so went to its end."""
    for fqdn, run in _says(moment, PoolState.FAILED_OVER):
        if run.phase is not Phase.DONE or ACCEPTED.of(run) or not moment.after.records[fqdn].carry.get("imported"):
            continue
        world = moment.after.world
        if len(_names(world, world.pairs[fqdn], fqdn)) < len(_names(world, fqdn, fqdn)):
            return True
    return False


def _edits_left_behind(moment: Moment) -> bool:
    for fqdn, run in _says(moment, PoolState.ACTIVE):
        world = moment.after.world
        stood = moment.before.run.pool_state if moment.before.run else None
        if run.phase is not Phase.DONE or ACCEPTED.of(run) or moment.before.late or stood is PoolState.ACTIVE:
            continue
        there, home = _names(world, world.pairs[fqdn], fqdn), _names(world, fqdn, fqdn)
        if any(home.get(name) != version for name, version in there.items()) or not home:
            return True
    return False


def _early_removal(moment: Moment) -> bool:
    """Once the pool serves its users again, its copies go only when everything in them is at home."""
    for one in _removals(moment):
        fqdn, on = _pool_of(one, "Owner"), _pool_of(one, "Source")
        taken = replacement(one.run).fqdn if one.run.runbook == "replace" else fqdn
        home, there = _names(one.before, taken, taken), _names(one.before, on, fqdn)
        serves = (taken != fqdn or not _away(one.before, fqdn)) and one.run.runbook != "failover"
        if serves and not moment.before.late and any(home.get(name) != version for name, version in there.items()):
            return True
    return False


def _empty_backup(moment: Moment) -> bool:
    """A backup of nothing is listed as the pool's newest, in front of those that hold its groups."""
    new = [kept for id, kept in moment.after.kept.items() if kept.listed and id not in moment.before.kept]
    return any(not kept.backup.objects for kept in new)


def _second_person(moment: Moment) -> bool:
    """For every removal, and every import that takes groups over: two people, whatever the row says."""
    grave = [one for one in _named(moment.sent, IMPORT) if _pool_of(one, "Destination") != partner(one.run).fqdn]
    return any(len({each.who.id for each in one.run.approvals}) < 2 for one in grave + _removals(moment))


_GROUPS = frozenset({"find", "backup", "mode", "rehearse", "settings", "keep", "clear", "spare", "import", "verify"})


def _groups_first(moment: Moment) -> bool:
    run = moment.after.run
    return (
        run is not None
        and run.runbook == "failover"
        and run.step in _GROUPS
        and run.record_of("failover-after") is None
    )


_NO_RETURN = frozenset({"users", "directories", "topology", "backupdata"})


def _unread_return(moment: Moment) -> bool:
    """Beyond it is only who was shown a reading that it may be, or recorded a word that it is so."""
    run = moment.after.run
    if run is None or run.runbook != "replace" or run.step not in _NO_RETURN or run.phase is not Phase.ASKING:
        return False
    first = run.record_of(f"{run.step}-first")
    return first is None or first.mark not in ("pass", "warn")


def _services_run(moment: Moment) -> bool:
    """Who is shown how to import user data has been read to have the services stopped, or said so."""
    before, run = moment.before.run, moment.after.run
    if before is None or run is None or (before.step, run.step) != ("userdata-first", "userdata") or not moment.read:
        return False
    new = moment.after.world.pools.get(C)
    return new is None or new.runs("RTCSRV")


def _lived_in(moment: Moment) -> bool:
    """The bot says that a pool is replaced, and something that can be read still lives on it."""
    for fqdn, run in _says(moment, PoolState.RETIRED):
        world = moment.after.world
        copies = [item for pool in world.pools.values() for item in pool.objects.values() if item.owner == fqdn]
        if run.phase is Phase.DONE and (lodgers_of(world, fqdn) or any(item.is_copy for item in copies)):
            return True
    return False


RULES = (
    Rule(
        "order",
        "Step 1 must be performed before step 2 to preserve pool integrity.",
        "004, Important, after step 3",
        _order,
    ),
    Rule("integrity", "Two pools of a pair are never failed over onto each other.", "004, Important", _both_away),
    Rule(
        "affected pool",
        "PoolFqdn is the pool that first homed the users, in failover and in failback.",
        "004, Important",
        _affected,
    ),
    Rule("by people", "The administrator must manually invoke the procedures.", "004, third paragraph", _manual),
    Rule(
        "owner stays",
        "Ownership remains with the original pool unless it is explicitly reassigned.",
        "000, Recovery Process",
        _ownership,
    ),
    Rule(
        "overwrite at home",
        "-OverwriteOwner when groups are imported back to the primary pool.",
        "000, Note; 003 step 9",
        _overwrite_home,
    ),
    Rule(
        "owner named",
        "Export with -Source the backup pool and -Owner the primary pool.",
        "000, table, before failback; 003 step 8",
        _owner_named,
    ),
    Rule(
        "show all",
        "Without -ShowAll or -Owner, imported groups are not listed.",
        "000, table, Important; 003 step 4",
        _shown,
    ),
    Rule("fresh file", "An export never meets a file of its name.", "003 steps 2 and 8", _fresh),
    Rule(
        "view only",
        "Groups of a pool that is failed over can be viewed, but cannot be modified.",
        "002, Response group configuration",
        _viewed_only,
    ),
    Rule(
        "nothing is lost",
        "What is removed or replaced is exported and kept before.",
        "003 step 12, Note; 000, Important (settings)",
        _lost,
    ),
    Rule(
        "failed over is true",
        "What the bot says of a pool is what the deployment holds: failed over.",
        "003 step 3; 004",
        _not_away,
    ),
    Rule(
        "home is true",
        "What the bot says of a pool is what the deployment holds: active.",
        "003 step 8; 004",
        _not_home,
    ),
    Rule(
        "imported is true",
        "Verify that all configurations were imported to the backup pool.",
        "000, table, after importing; 003 step 4",
        _not_imported,
    ),
    Rule(
        "edits come home",
        "What was modified during the outage is imported back to the primary pool.",
        "000, table, after failback; 003 steps 8 to 10",
        _edits_left_behind,
    ),
    Rule(
        "removed last",
        "Copies are removed after the import back to the primary pool was verified.",
        "000, table, after failback; 003 step 12",
        _early_removal,
    ),
    Rule(
        "second person",
        "Who removes groups, or has them taken over, cannot do it alone.",
        "003 step 12, Note; 000, Note",
        _second_person,
    ),
    Rule("users first", "Nothing about groups stands between an outage and the move.", "004, step 2", _groups_first),
    Rule(
        "no way back",
        "Nobody is led beyond a point of no return before it is read whether it may be.",
        "001, replacing a pool; 004",
        _unread_return,
    ),
    Rule("services stopped", "User data is imported while services are stopped.", "001; 004", _services_run),
    Rule("replaced is true", "A pool is deleted only when nothing lives on it.", "001, replacing a pool", _lived_in),
    Rule(
        "backups hold something",
        "The amount of information you can lose depends on the backups: one of nothing is none.",
        "000, Preparing, backups; 003 step 2",
        _empty_backup,
    ),
)
