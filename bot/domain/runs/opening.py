"""Whether a run can be opened, and as what: pools and pairs, their states, and a sentence when it cannot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.domain.deployment.abilities import Abilities, doubts, missing
from bot.domain.errors import BadInput, BotError, Damaged
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


def meant(typed: str, fqdns: Collection[str], known: str) -> str:
    """The one of these pools that was typed, in full or in short, in any case.

    Raises BadInput with all that it could be, or with the nearest one and `known`, which says where all of them are.
    """
    wanted = typed.strip().casefold().rstrip(".")
    found = [fqdn for fqdn in fqdns if wanted in (fqdn, short(fqdn))]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f"Several pools are called “{wanted[:60]}”: {', '.join(found)}. Name one in full.")
    near = nearest(wanted, (name for fqdn in fqdns for name in (short(fqdn), fqdn)))
    hint = f" Did you mean {near}?" if near else ""
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
    record: PoolRecord,
    by: Who,
    now: float,
    channel: str = "",
    facts: Mapping[str, Any] = NOTHING,
    known: Mapping[str, Abilities] | None = None,
    replacement: Pool | None = None,
) -> Run:
    """The run before its first commit; `facts` are what it knows from the start, `known` what its pools can do.

    Raises BadInput when the pool has no pair, stands where this cannot start, or lacks what the run cannot do without,
    or when the `replacement` is no pool that can take its place; Damaged as `refuse_unknown`. What nobody knows
    (`known` has it not) refuses nothing; None asks for nothing.
    """
    partner = estate.partner(pool)
    _refuse(runbook, pool, partner, estate, record)
    _refuse_replacement(runbook, pool, estate, replacement)
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


def startable(runbook: Runbook, pool: Pool, estate: Estate, record: PoolRecord) -> bool:
    """Whether it could be started for this pool as it stands now."""
    try:
        _refuse(runbook, pool, estate.partner(pool), estate, record)
    except BotError:
        return False
    return True


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


def _refuse(runbook: Runbook, pool: Pool, partner: Pool | None, estate: Estate, record: PoolRecord) -> None:
    if (runbook.holds_pools or runbook.paired) and partner is None:
        why = estate.unpaired.get(
            pool.fqdn, f"{pool.fqdn} has no backup pool, so it gets backups only and cannot be failed over."
        )
        raise BadInput(f"{why} Nothing was started.")
    refuse_unknown(record, pool)
    if record.state is PoolState.RETIRED:
        raise BadInput(
            f"{pool.short} was replaced by another pool. Take it out of [[pools]] in the configuration. "
            "Nothing was started."
        )
    if why := runbook.unfit(pool):
        raise BadInput(f"{why} Nothing was started.")
    if record.state not in runbook.opens:
        wanted = " or ".join(sorted(runbook.opens))
        raise BadInput(
            f"{pool.short} is {record.state}. {runbook.title} is only for a pool that is {wanted}. "
            "Nothing was started. `/rgs status` shows every pool."
        )


def _refuse_replacement(runbook: Runbook, pool: Pool, estate: Estate, replacement: Pool | None) -> None:
    if not runbook.replaces and replacement is None:
        return
    if not runbook.replaces:
        raise BadInput(f"{runbook.title} takes one pool only. Nothing was started.")
    if replacement is None:
        raise BadInput(
            f"Name the pool that takes the place of {pool.short} as well: `/rgs start {runbook.key} {pool.short} "
            "<new pool>`. It has to be configured under [[pools]], without a backup pool. Nothing was started."
        )
    if replacement.fqdn in estate.pair_of(pool) or estate.partner(replacement):
        raise BadInput(
            f"{replacement.short} belongs to a pair already, so it cannot take the place of {pool.short}. "
            "Nothing was started."
        )
