"""The rules of the seeds as rows: a name, the sentence, where it stands, and what would break it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.deployment.world import World
from bot.domain.groups.groups import Ref, ServiceSettings
from bot.domain.model import BOT
from bot.domain.runs.run import Phase, partner, replacement
from tests.walk.claims import (
    edits_left_behind,
    not_away,
    not_home,
    not_imported,
    not_kept,
    not_set,
    still_lived_in,
    still_there,
)
from tests.walk.key import version_of
from tests.walk.moment import EXPORT, FAIL_BACK, FAIL_OVER, IMPORT, Moment, away, named, names, pool_of
from tests.walk.scene import Sent
from tests.walk.world import C


@dataclass(frozen=True, slots=True)
class Rule:
    """`broken` says whether this moment breaks it; `source` is the seed and the place in it."""

    name: str
    sentence: str
    source: str
    broken: Callable[[Moment], bool]


def _order(moment: Moment) -> bool:
    return any(away(one.before, one.before.pairs[pool_of(one, "PoolFqdn")]) for one in named(moment.sent, FAIL_OVER))


def _both_away(moment: Moment) -> bool:
    return all(pool.failed_over for pool in moment.after.world.pools.values() if pool.fqdn in moment.after.world.pairs)


def _affected(moment: Moment) -> bool:
    return any(pool_of(one, "PoolFqdn") != one.run.primary.fqdn for one in named(moment.sent, FAIL_OVER, FAIL_BACK))


def _manual(moment: Moment) -> bool:
    """The plan that runs is the one that was approved, by as many people as its row takes."""
    for one in named(moment.sent, FAIL_OVER, FAIL_BACK, IMPORT) + _removals(moment):
        shown = one.run.proposal
        people = {approval.who.id for approval in one.run.approvals if shown and approval.hash == shown.hash}
        if shown is None or len(people) < max(1, shown.needed):
            return True
    return False


def _removals(moment: Moment) -> list[Sent]:
    return [one for one in named(moment.sent, EXPORT) if one.command.get("RemoveExportedConfiguration")]


def _ownership(moment: Moment) -> bool:
    """In a pair every object keeps the pool that made it as its owner; what a new pool took over is its own."""
    for pool in moment.after.world.pools.values():
        for item in pool.objects.values():
            if not (pool.fqdn == item.owner == C) and item.guid[-1] != item.owner.partition(".")[0][-1]:
                return True
    return False


def _overwrite_home(moment: Moment) -> bool:
    """At home or on the pool that takes its place, and never on the backup pool."""
    return any(
        (one.command.get("OverwriteOwner") is True) is not (pool_of(one, "Destination") != partner(one.run).fqdn)
        for one in named(moment.sent, IMPORT)
    )


def _owner_named(moment: Moment) -> bool:
    return any(
        pool_of(one, "Source") != one.run.primary.fqdn and one.command.get("Owner") is None
        for one in named(moment.sent, EXPORT)
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
    """No name is used twice: a file may lie there still, after a command whose answer was lost."""
    return any(str(one.command.get("FileName")) in moment.before.files for one in named(moment.sent, EXPORT))


def _viewed_only(moment: Moment) -> bool:
    return any(away(one.before, pool_of(one, "Destination")) for one in named(moment.sent, IMPORT)) or any(
        away(one.before, pool_of(one, "Source")) for one in _removals(moment)
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


def _early_removal(moment: Moment) -> bool:
    """Once the pool serves its users again, its copies go only when everything in them is at home."""
    for one in _removals(moment):
        fqdn, on = pool_of(one, "Owner"), pool_of(one, "Source")
        taken = replacement(one.run).fqdn if one.run.runbook == "replace" else fqdn
        home, there = names(one.before, taken, taken), names(one.before, on, fqdn)
        serves = (taken != fqdn or not away(one.before, fqdn)) and one.run.runbook != "failover"
        if serves and not moment.before.late and any(home.get(name) != version for name, version in there.items()):
            return True
    return False


def _empty_backup(moment: Moment) -> bool:
    """A backup of nothing is listed as the pool's newest, in front of those that hold its groups."""
    new = [kept for id, kept in moment.after.kept.items() if kept.listed and id not in moment.before.kept]
    return any(not kept.backup.objects for kept in new)


def _second_person(moment: Moment) -> bool:
    """For every removal, and every import that takes groups over: two people, whatever the row says."""
    grave = [one for one in named(moment.sent, IMPORT) if pool_of(one, "Destination") != partner(one.run).fqdn]
    return any(len({each.who.id for each in one.run.approvals}) < 2 for one in grave + _removals(moment))


_GROUPS = frozenset({"find", "backup", "mode", "rehearse", "settings", "keep", "clear", "spare", "import", "verify"})


def _over_replicas(moment: Moment) -> bool:
    """What servers copy by themselves is left to them, unless people said that they do not."""
    return any(one.before.replicates and not _doubted(one) for one in named(moment.sent, IMPORT) + _removals(moment))


def _doubted(sent: Sent) -> bool:
    said = sent.run.record_of("mode-doubt")
    return said is not None and said.who != BOT


def _groups_first(moment: Moment) -> bool:
    run = moment.after.run
    if run is None or run.runbook != "failover" or run.step not in _GROUPS:
        return False
    moved = run.record_of("failover-after")
    return moved is None or moved.mark not in ("pass", "warn")


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
        not_away,
    ),
    Rule(
        "home is true",
        "What the bot says of a pool is what the deployment holds: active.",
        "003 step 8; 004",
        not_home,
    ),
    Rule(
        "imported is true",
        "Verify that all configurations were imported to the backup pool.",
        "000, table, after importing; 003 step 4",
        not_imported,
    ),
    Rule(
        "edits come home",
        "What was modified during the outage is imported back to the primary pool.",
        "000, table, after failback; 003 steps 8 to 10",
        edits_left_behind,
    ),
    Rule(
        "removed last",
        "Copies are removed after the import back to the primary pool was verified.",
        "000, table, after failback; 003 step 12",
        _early_removal,
    ),
    Rule(
        "removed is true",
        "After the removal, what is owned by the primary pool is gone from the backup pool.",
        "003 step 12; 000, table, after failback",
        still_there,
    ),
    Rule(
        "kept is true",
        "What the bot says it has exported and kept, it keeps.",
        "000, Preparing, backups; 003 step 2",
        not_kept,
    ),
    Rule(
        "settings are true",
        "Settings that are replaced or put back are what the bot says they are.",
        "000, Important (settings)",
        not_set,
    ),
    Rule(
        "second person",
        "Who removes groups, or has them taken over, cannot do it alone.",
        "003 step 12, Note; 000, Note",
        _second_person,
    ),
    Rule(
        "replicas stay",
        "Where servers replicate the groups, nothing is imported over the replicas, and nothing removed.",
        "facts: lync §7; 000",
        _over_replicas,
    ),
    Rule("users first", "Nothing about groups stands between an outage and the move.", "004, step 2", _groups_first),
    Rule(
        "no way back",
        "Nobody is led beyond a point of no return before it is read whether it may be.",
        "001, replacing a pool; 004",
        _unread_return,
    ),
    Rule("services stopped", "User data is imported while services are stopped.", "001; 004", _services_run),
    Rule(
        "replaced is true", "A pool is deleted only when nothing lives on it.", "001, replacing a pool", still_lived_in
    ),
    Rule(
        "backups hold something",
        "The amount of information you can lose depends on the backups: one of nothing is none.",
        "000, Preparing, backups; 003 step 2",
        _empty_backup,
    ),
)
