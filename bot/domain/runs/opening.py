"""Whether a run can be opened, and as what: pools and pairs, their states, and a sentence when it cannot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.domain.deployment.abilities import Abilities, doubts, missing
from bot.domain.deployment.pool_reading import PoolReading
from bot.domain.deployment.server_state import UNKNOWN, ServerState
from bot.domain.errors import BadInput, Damaged
from bot.domain.model import Pool, PoolRecord, PoolState, Who, short
from bot.domain.near import nearest
from bot.domain.runs.facts import ABLE, BEFORE, CALL_LIST, MIRRORED, SOURCE, STOOD
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Runbook

NOTHING: Mapping[str, Any] = MappingProxyType({})
_AWAY = frozenset({PoolState.FAILING_OVER, PoolState.FAILED_OVER, PoolState.FAILING_BACK, PoolState.REPLACING})


@dataclass(frozen=True, slots=True)
class Estate:
    """The configured pools: by FQDN, their one-to-one pairs, why others have none, and whom to call in an outage.

    `mirrored`: every backup is also copied to a place of its own.
    """

    pools: Mapping[str, Pool]
    pairs: Mapping[str, str]
    unpaired: Mapping[str, str]
    call_list: tuple[str, ...] = ()
    mirrored: bool = False

    def pool(self, name: str) -> Pool:
        """By FQDN or short name, as `meant` finds it."""
        return self.pools[meant(name, self.pools, "`/rgs pools` lists them.")]

    def partner(self, pool: Pool) -> Pool | None:
        other = self.pairs.get(pool.fqdn)
        return self.pools[other] if other else None

    def pair_of(self, pool: Pool) -> tuple[str, ...]:
        """The FQDN of the pool, and of its partner if it has one."""
        other = self.pairs.get(pool.fqdn)
        return (pool.fqdn, other) if other else (pool.fqdn,)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a pool stands: as it is remembered, and as its servers `said` last, where that can be believed."""

    record: PoolRecord
    said: ServerState = UNKNOWN


Stands = Mapping[str, Stand]
"""By FQDN, of all pools that are concerned."""

BELIEVED_S = 300.0
"""What servers said longer ago says nothing of now."""


def stand(record: PoolRecord, seen: PoolReading | None, now: float) -> Stand:
    """What was read long ago, or before a run left the pool where it is, counts for nothing."""
    counts = seen is not None and seen.at > record.since and now - seen.at < BELIEVED_S
    return Stand(record, seen.state if seen and counts else UNKNOWN)


def called(typed: str, fqdns: Collection[str]) -> list[str]:
    """All of these pools that may have been typed, in full or in short, in any case."""
    wanted = typed.strip().casefold().rstrip(".")
    return [fqdn for fqdn in fqdns if wanted in (fqdn, short(fqdn))]


def likely(typed: str, fqdns: Collection[str]) -> str:
    """The name that is most like what was typed, as short as that; empty where none is."""
    return nearest(typed.strip().casefold().rstrip("."), (name for fqdn in fqdns for name in (short(fqdn), fqdn)))


def several(typed: str, found: Collection[str]) -> str:
    return f"Several pools are called “{typed[:60]}”: {', '.join(found)}."


def meant(typed: str, fqdns: Collection[str], known: str) -> str:
    """The one of these pools that was typed.

    Raises BadInput with all that it could be, or with the likely one and `known`, which says where all of them are.
    """
    found = called(typed, fqdns)
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f"{several(typed, found)} Name one in full.")
    hint = f" Did you mean {near}?" if (near := likely(typed, fqdns)) else ""
    raise BadInput(f"There is no pool “{typed[:60]}”.{hint} {known}")


def source_of(record: PoolRecord, pool: Pool, partner: Pool | None) -> Pool:
    """Where the living copies of the pool's groups are: on the backup pool from failover until failback is done."""
    return partner if partner and record.state in _AWAY else pool


def refuse_unknown(record: PoolRecord, pool: Pool) -> None:
    """Raises Damaged for a pool of which nobody here knows where it stands."""
    if record.state is PoolState.UNKNOWN:
        raise Damaged(
            f"Where {pool.short} stands was written by a newer Switchback than this process, or it is damaged. The "
            "notice in the notification channel says which. Nothing was started."
        )


def begin(
    run_id: str,
    runbook: Runbook,
    pool: Pool,
    estate: Estate,
    stands: Stands,
    by: Who,
    now: float,
    channel: str = "",
    facts: Mapping[str, Any] = NOTHING,
    known: Mapping[str, Abilities] | None = None,
    replacement: Pool | None = None,
) -> Run:
    """The run before its first commit; `facts` are what it knows from the start, `known` what its pools can do.

    `stands` has the pool, and of the others what is known.

    Raises BadInput when the pool has no pair, or it or its backup pool stands where this cannot start; when a pool
    lacks what the run cannot do without; or when the `replacement` is no pool that can take its place. Damaged as
    `refuse_unknown`. What nobody knows (`known` has it not) refuses nothing; None asks for nothing.
    """
    partner, record = estate.partner(pool), stands[pool.fqdn].record
    _refuse(runbook, pool, estate, stands, replacement)
    able = ABLE.to(_able(runbook, (pool, partner, replacement), known, now)) if known is not None else {}
    holds = (
        {"pool_state": record.state, "since": record.since or now, "carry": record.carry} if runbook.holds_pools else {}
    )
    source = source_of(record, pool, partner)
    return Run(
        id=run_id,
        runbook=runbook.key,
        primary=pool,
        partner=partner,
        opened_by=by,
        opened_at=now,
        step=runbook.steps[0].key,
        facts={
            **SOURCE.to(source.fqdn),
            **STOOD.to(record.state),
            **BEFORE.to(dict(record.carry)),
            **CALL_LIST.to(list(estate.call_list)),
            **MIRRORED.to(estate.mirrored),
            **able,
            **facts,
        },
        channel=channel,
        replacement=replacement,
        alone=runbook.alone,
        **holds,
    )


def why_not(runbook: Runbook, pool: Pool, estate: Estate, stands: Stands) -> str:
    """Why it cannot be started for this pool as all stand now, with the next thing to do; empty where it can."""
    try:
        why = _refusal(runbook, pool, estate, stands)
    except Damaged as fault:
        why = fault.sentence
    if why:
        return why
    pair = estate.pair_of(pool) if runbook.holds_pools else ()
    holder = next((stands[fqdn].record.held_by for fqdn in pair if stands[fqdn].record.held_by), "")
    return f"{pool.short}: the run `{holder}` is at work on this pair. Next: finish it on its card." if holder else ""


def _able(
    runbook: Runbook, pools: tuple[Pool, Pool | None, Pool | None], known: Mapping[str, Abilities], now: float
) -> list[str]:
    """What is to be known before it starts. A pool that is dead cannot be asked, so that only what is known refuses."""
    uses = (runbook.uses.pool, runbook.uses.partner, runbook.uses.replacement)
    using = tuple((pool, used) for pool, used in zip(pools, uses, strict=True) if pool)
    for one, uses in using:
        if sentence := missing(one, uses, known.get(one.fqdn), now):
            raise BadInput(f"{sentence} Nothing was started.")
    return [sentence for one, uses in using for sentence in doubts(one, uses, known.get(one.fqdn), now)]


def _refuse(runbook: Runbook, pool: Pool, estate: Estate, stands: Stands, replacement: Pool | None) -> None:
    if why := _refusal(runbook, pool, estate, stands):
        raise BadInput(f"{why} Nothing was started.")
    _refuse_replacement(runbook, pool, estate, stands, replacement)


def _refusal(runbook: Runbook, pool: Pool, estate: Estate, stands: Stands) -> str:
    """Why it does not start, if so. Raises Damaged as `refuse_unknown`."""
    record, partner = stands[pool.fqdn].record, estate.partner(pool)
    if (runbook.holds_pools or runbook.paired) and partner is None:
        return estate.unpaired.get(
            pool.fqdn, f"{pool.fqdn} has no backup pool, so it gets backups only and cannot be failed over."
        )
    refuse_unknown(record, pool)
    if record.state is PoolState.RETIRED:
        return f"{pool.short} was replaced by another pool. Take it out of Switchback's configuration."
    if why := runbook.unfit(pool):
        return why
    if record.state not in runbook.opens:
        return _elsewhere(pool, record)
    beside = stands.get(partner.fqdn) if partner else None
    return runbook.barred(pool, partner, beside.record.state, beside.said) if partner and beside else ""


NEXT: Mapping[PoolState, str] = {
    PoolState.OUTAGE: "failover",
    PoolState.FAILING_OVER: "failover",
    PoolState.FAILED_OVER: "failback",
    PoolState.FAILING_BACK: "failback",
    PoolState.REPLACING: "replace",
}
"""The runbook that comes next for a pool that stands so, whoever says it: refusals, and buttons."""

_STANDS: Mapping[PoolState, str] = {
    PoolState.ACTIVE: "is not failed over.",
    PoolState.OUTAGE: "is in outage, and not failed over yet.",
    PoolState.FAILING_OVER: "is being failed over.",
    PoolState.FAILED_OVER: "is already failed over.",
    PoolState.FAILING_BACK: "is being failed back.",
    PoolState.REPLACING: "is being replaced.",
}
"""What is to be said of a pool that stands elsewhere than a run could start from."""

_TYPED: Mapping[str, str] = {
    "failover": "`/rgs failover {pool}`.",
    "failback": "`/rgs failback {pool}`.",
    "replace": "`/rgs start replace {pool} <new pool>`.",
    "": "`/rgs runbooks` shows what can start now.",
}


def _elsewhere(pool: Pool, record: PoolRecord) -> str:
    typed = _TYPED[NEXT.get(record.state, "")].format(pool=pool.short)
    after = f"finish the run `{record.held_by}` on its card." if record.held_by else typed
    return f"{pool.short} {_STANDS[record.state]} Next: {after}"


def _refuse_replacement(runbook: Runbook, pool: Pool, estate: Estate, stands: Stands, replacement: Pool | None) -> None:
    if not runbook.replaces and replacement is None:
        return
    if not runbook.replaces:
        raise BadInput(f"{runbook.title} takes one pool only. Nothing was started.")
    if replacement is None:
        raise BadInput(
            f"Name the pool that takes the place of {pool.short} as well: `/rgs start {runbook.key} {pool.short} "
            "<new pool>`. It has to be in Switchback's configuration, without a backup pool. Nothing was started."
        )
    if replacement.fqdn in estate.pair_of(pool) or estate.partner(replacement):
        raise BadInput(
            f"{replacement.short} belongs to a pair already, so it cannot take the place of {pool.short}. "
            "Nothing was started."
        )
    if (beside := stands.get(replacement.fqdn)) and (why := taken(pool, replacement, beside.record.state)):
        raise BadInput(f"{why} Nothing was started.")


def taken(pool: Pool, replacement: Pool, state: PoolState) -> str:
    """Why the replacement, which stands so, cannot take the place of the pool; empty where it can."""
    if state is PoolState.ACTIVE:
        return ""
    return f"{replacement.short} is {state}, so it cannot take the place of {pool.short}."
