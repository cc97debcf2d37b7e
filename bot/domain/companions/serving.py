"""Which pool serves now: the one that every restore command names (runbooks, "Guards that hold everywhere")."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.model import Pool, PoolState

_NOBODY_KNOWS = "<FQDN of the pool that serves>"
"""No server takes it, so a command with it cannot be run before somebody has looked."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The pool that commands name, and why that one, as a sentence."""

    pool: Pool
    sentence: str


def serving(pool: Pool, partner: Pool | None, state: PoolState) -> Serving:
    """Who serves the users of `pool` while it stands so; where that is not known, commands name no pool at all."""
    if state is PoolState.ACTIVE:
        return Serving(pool, f"{pool.short} is active, so the commands name it.")
    if state is PoolState.UNKNOWN:
        sentence = (
            f"Where {pool.short} stands is not known, so the commands name no pool. See which one serves its users, "
            "and put its name there."
        )
        return Serving(replace(pool, fqdn=_NOBODY_KNOWS), sentence)
    stands = "in an outage" if state is PoolState.OUTAGE else str(state)
    if partner is None:
        sentence = f"{pool.short} is {stands} and has no backup pool. The commands are for when it is back."
        return Serving(pool, sentence)
    return Serving(partner, f"{pool.short} is {stands}, so the commands name {partner.short}, which serves its users.")
