"""Calms what was told of a pool while nobody had it in hand, as soon as a run has it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.domain.model import Pool
from storage.notices import Notices


def silent(pool: Pool) -> str:
    """The key of the notice that it does not answer."""
    return f"silent:{pool.fqdn}"


def stands(pool: Pool) -> str:
    """The key of the notice that others moved it."""
    return f"stands:{pool.fqdn}"


async def taken(notices: Notices, pools: Iterable[Pool], now: float) -> None:
    """Whoever is at them knows, reads where they stand, and says so on the card. It may be done twice."""
    each = [(key(pool), said.format(pool=pool.short)) for pool in pools for key, said in _TAKEN.items()]
    await asyncio.gather(*(notices.end(key, sentence, now, taken=True) for key, sentence in each))


_TAKEN = {
    silent: "{pool} is still down. A run has taken it.",
    stands: "A run has {pool} in hand now.",
}
