"""Formal groups that ring nobody: those of the run that asked agents of a pool last, until an agent signs in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.domain.errors import Damaged
from bot.domain.groups.agents import coverage
from bot.domain.model import PoolRecord
from bot.runbooks.rows.facts import ASKED_IN, FORMAL
from handlers.desk import Desk


@dataclass(frozen=True, slots=True)
class Unheard:
    """So many groups of a pool ring nobody; `run` asked their agents."""

    run: str
    groups: int


async def unheard(desk: Desk, records: Iterable[PoolRecord]) -> Mapping[str, Unheard]:
    """By pool (FQDN), in this order; one whose groups all have an agent who signed in is not in it."""
    asked = {one.fqdn: run for one in records if (run := ASKED_IN.among(one.carry) or one.run)}
    found = await asyncio.gather(*(_silent(desk, run) for run in asked.values()))
    each = zip(asked.items(), found, strict=True)
    return {fqdn: Unheard(run, groups) for (fqdn, run), groups in each if groups}


async def _silent(desk: Desk, run_id: str) -> int:
    """How many formal groups have agents who can be asked one by one, of whom nobody has signed in."""
    if not (known := await desk.agents.known(run_id)):
        return 0
    with suppress(Damaged):
        if run := await desk.runs.find(run_id):
            return sum(bool(one.agents) and not one.is_covered for one in coverage(FORMAL.of(run), known))
    return 0
