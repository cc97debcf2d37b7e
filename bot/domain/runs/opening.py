"""Whether a run can be opened, and as what: pools and pairs, their states, and a sentence when it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from bot.domain.errors import BadInput, Newer
from bot.domain.model import Pool, PoolRecord, PoolState, Who
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Runbook

NOTHING: Mapping[str, Any] = MappingProxyType({})
_AWAY = frozenset({PoolState.FAILING_OVER, PoolState.FAILED_OVER, PoolState.FAILING_BACK})


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
        """By FQDN or short name, in any case. Raises BadInput with the nearest match."""
        wanted = name.strip().casefold().rstrip(".")
        found = [pool for pool in self.pools.values() if wanted in (pool.fqdn, pool.short)]
        if len(found) == 1:
            return found[0]
        if found:
            names = " or ".join(pool.fqdn for pool in found)
            raise BadInput(f"“{name[:60]}” could be {names}. Give the whole name.")
        known = [name for pool in self.pools.values() for name in (pool.short, pool.fqdn)]
        near = get_close_matches(wanted, known, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise BadInput(f"There is no pool “{name[:60]}”.{hint} `/rgs pools` lists them.")

    def partner(self, pool: Pool) -> Pool | None:
        other = self.pairs.get(pool.fqdn)
        return self.pools[other] if other else None


def source_of(record: PoolRecord, pool: Pool, partner: Pool | None) -> Pool:
    """Where the living copies of the pool's groups are: on the backup pool from failover until failback is done."""
    return partner if partner and record.state in _AWAY else pool


def refuse_unknown(record: PoolRecord, pool: Pool) -> None:
    """Raises Newer for a pool of which nobody here knows where it stands."""
    if record.state is PoolState.UNKNOWN:
        raise Newer(
            f"Where {pool.short} stands was written by a newer Switchback than this process. Use the newer one. "
            "Nothing was started."
        )


def _refuse_elsewhere(record: PoolRecord, pool: Pool, runbook: Runbook) -> None:
    refuse_unknown(record, pool)
    if record.state not in runbook.opens:
        wanted = " or ".join(sorted(runbook.opens))
        raise BadInput(
            f"{pool.short} is {record.state}. {runbook.title} starts from {wanted} only. Nothing was started. "
            "`/rgs status` shows every pool."
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
) -> Run:
    """The run before its first commit; `facts` are what it knows from the start.

    Raises BadInput when the pool has no pair, or stands where this cannot start; Newer as `refuse_unknown`.
    """
    partner = estate.partner(pool)
    if runbook.moves_pools and partner is None:
        why = estate.unpaired.get(
            pool.fqdn, f"{pool.fqdn} has no backup pool, so it gets backups only and cannot be failed over."
        )
        raise BadInput(f"{why} Nothing was started.")
    _refuse_elsewhere(record, pool, runbook)
    moves = (
        {"pool_state": record.state, "since": record.since or now, "carry": record.carry} if runbook.moves_pools else {}
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
            "source": source.fqdn,
            "stood": record.state,
            "before": dict(record.carry),
            "call_list": list(estate.call_list),
            "mirrored": estate.mirrored,
            **facts,
        },
        channel=channel,
        **moves,
    )
