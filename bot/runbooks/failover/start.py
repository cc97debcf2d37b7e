"""What has to come first, and whether the pair is fit; the outage will not wait for it (runbooks: failover 2, 3)."""

from __future__ import annotations

from typing import Any

from bot.domain.backups.backup import Backup
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import modules
from bot.domain.deployment.server_state import ServerState
from bot.domain.errors import BotError, DriverError
from bot.domain.groups.capacity import capacity, slow
from bot.domain.groups.groups import Inventory, Kind
from bot.domain.measures import numbered
from bot.domain.model import Mark, Pool, PoolState, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Newest, ReadState, Records, Seen, Survey
from bot.domain.runs.facts import ABLE
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Step
from bot.runbooks.failover.facts import ANSWERED
from bot.runbooks.rows.moving import told

_AWAY = (PoolState.FAILING_OVER, PoolState.FAILED_OVER, PoolState.FAILING_BACK)


def _read_order(run: Run) -> Acts:
    where = partner(run).fqdn
    states = {f"state {pool.fqdn}": Attempt(ReadState(where, pool.fqdn)) for pool in run.pools}
    return {"records": Records(tuple(pool.fqdn for pool in run.pools)), **states}


def barred(primary: Pool, backup: Pool, state: PoolState, said: ServerState) -> str:
    """Refused while B is itself failed over onto P, by what servers say before what is remembered (seed 004)."""
    if said.is_home if said.known else state not in _AWAY:
        return ""
    first = "failback" if state is not PoolState.FAILING_OVER else "failover"
    way = f"`/rgs {first} {backup.short}`" if state in _AWAY else f"`/rgs start adopt {backup.short}`"
    return (
        f"{backup.short} is itself {state if state in _AWAY else 'failed over'}, onto {primary.short}, so "
        f"{primary.short} cannot fail over to it. Finish that first: {way}. Then start this again."
    )


def _judge_order(run: Run, seen: Seen) -> Verdict:
    backup, primary = partner(run), run.primary
    said = told(seen[f"state {backup.fqdn}"])
    if why := barred(primary, backup, seen["records"][backup.fqdn].state, said):
        return Verdict(Mark.STOP, why, (said.said(backup.short),))
    own = told(seen[f"state {primary.fqdn}"])
    details = (said.said(backup.short), own.said(primary.short))
    before = " The pool itself was failed over by somebody else already." if own.is_away else ""
    mark = Mark.WARN if own.is_away or not said.known else Mark.PASS
    return Verdict(mark, f"{backup.short} is not failed over to {primary.short}.{before}", details)


ORDER = Step(key="order", stretch="order", title="Check what has to come first", reads=_read_order, judge=_judge_order)


def _read_pair(run: Run) -> Acts:
    primary, backup = run.primary.fqdn, partner(run).fqdn
    relation = cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=primary)
    local = cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=primary, LocalStore=True)
    acts: Acts = {
        "relation": Attempt(Invoke(backup, relation)),
        "replica": Attempt(Invoke(backup, local)),
        "held": Survey(backup),
        "newest": Newest(primary, 1),
    }
    if ANSWERED.of(run) == "yes":
        status = cmdlet("Get-CsBackupServiceStatus", PoolFqdn=primary)
        return {**acts, "service": Attempt(Invoke(backup, status))}
    return acts


def _judge_pair(run: Run, seen: Seen) -> Verdict:
    """What would make the pair unfit is said, and the run goes on: the outage will not wait (facts: lync §5.9)."""
    warnings = tuple(_pair_warnings(run, seen))
    backup = partner(run).short
    if warnings:
        return Verdict(Mark.WARN, f"{numbered(len(warnings), 'thing')} to know about the pair.", warnings)
    return Verdict(Mark.PASS, f"{backup} answers, is the paired pool, of the same edition, and has room for both.")


def _pair_warnings(run: Run, seen: Seen):
    primary, backup = run.primary, partner(run)
    relation = seen["replica"] if isinstance(seen["relation"], DriverError) else seen["relation"]
    if isinstance(relation, DriverError):
        yield f"The pairing could not be read from {backup.short}. Look at it in Topology Builder."
    elif not any(_names(row, backup.fqdn) for row in relation):
        yield f"The server does not name {backup.short} as the backup pool of {primary.short}. Look at the topology."
    if primary.edition is not backup.edition:
        yield f"{primary.short} is {primary.edition}, {backup.short} is {backup.edition} Edition: not a supported pair."
    if primary.site and primary.site == backup.site:
        yield f"Both pools are in the site {primary.site}: what took one may take the other."
    yield from ABLE.of(run)
    held = seen["held"]
    if isinstance(held, BotError):
        yield f"What {backup.short} holds could not be read: {held.sentence}"
    else:
        yield from _capacity(backup, held, next(iter(seen["newest"]), None))
    yield from _replicated(seen.get("service"))


def _names(row: Any, fqdn: str) -> bool:
    return any(str(value).casefold() == fqdn for value in row.values())


def _capacity(backup: Pool, held: Inventory, newest: Backup | None):
    """Each pool of a pair must carry both pools' groups (seed 000); a backup's counts do not tell menus apart."""
    most = capacity(backup).workflows
    counts = newest.counts if newest else {}
    workflows = len(held.of(Kind.WORKFLOW)) + int(counts.get(Kind.WORKFLOW, 0))
    if workflows > most:
        carried = numbered(workflows, "workflow")
        yield f"{backup.short} would carry {carried}; {most:,} are supported in an Enterprise pool."
    yield from slow(backup)


def _replicated(service: Any):
    """A green Backup Service is never counted as protection of Response Groups (runbooks, "Guards")."""
    if service is None:
        return
    if isinstance(service, DriverError):
        yield "The state of the Backup Service could not be read."
        return
    behind = [one.words for one in modules(service) if not one.is_well]
    if behind:
        yield f"The Backup Service has not caught up. {'; '.join(behind)}. Users' latest data may be missing."


PAIR = Step(key="pair", stretch="pair", title="Check the pair", reads=_read_pair, judge=_judge_pair)
