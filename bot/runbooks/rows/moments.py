"""Instants as a pool's own clocks show them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.domain.model import Pool


def moment(at: float, pool: Pool) -> str:
    """“21 Nov 2026, 02:30 Europe/Berlin”: the pool's own wall clock."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(pool.time_zone)):%d %b %Y, %H:%M} {pool.time_zone}"
