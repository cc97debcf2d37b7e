"""The way from a list to the card of a run: its address in Slack, where Slack tells it in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress

from bot.domain.runs.view import RunView
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Block
from handlers.desk import Desk
from handlers.runs import places
from handlers.runs.card import title

LINKED = 10
"""Cards whose addresses are asked for at once."""

_ANSWER_S = 0.8
"""Whoever typed something waits for it."""


async def links(desk: Desk, views: Iterable[RunView]) -> dict[str, str]:
    """Addresses of the first cards, by run: without one, the run is named all the same."""
    runs = [view.run.id for view in views][:LINKED]
    found = await asyncio.gather(*(link(desk, run) for run in runs))
    return {run: address for run, address in zip(runs, found, strict=True) if address}


async def link(desk: Desk, run: str) -> str:
    """The address of the card of this run; empty without one."""
    place = await desk.cards.place(run)
    # What one person has directly, nobody else can open.
    if place is None or place.is_direct:
        return ""
    with suppress(TimeoutError):
        async with asyncio.timeout(_ANSWER_S):
            return await places.address(desk, place)
    return ""


def opening(view: RunView, addresses: Mapping[str, str]) -> list[Block]:
    """The button that opens the card, where it can be opened; and the one for its timeline."""
    run, called = view.run, title(view)
    timeline = blocks.button("Timeline", actions.TIMELINE, run.id, reads=f"Timeline, {called}")
    if not (address := addresses.get(run.id, "")):
        return [timeline]
    card = blocks.button("Open the card", f"{actions.LINK}card", run.id, reads=f"Open the card, {called}")
    return [{**card, "url": address}, timeline]
