"""Scheduled runs that fail night after night are one card: the newest takes the place of the one before."""

from __future__ import annotations

from contextlib import suppress

from bot.domain.runs.facts import KIND
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.streak import failures, series, streak
from handlers.blocks.blocks import Message, context, section
from handlers.blocks.wording import shown, utc, when
from handlers.desk import Desk
from handlers.slack.speech import NoPlace, Speech
from storage.cards import Place

_OVER = frozenset({Phase.DONE, Phase.ABANDONED})


async def inherited(desk: Desk, run: Run) -> Place | None:
    """The place of the card of the run that failed before; that one has none from now on."""
    return await desk.cards.inherit(series(run), run.id) if streak(run) else None


async def ended(desk: Desk, speech: Speech, run: Run) -> None:
    """A run that ended well says on the card of those that failed before it that it works again."""
    if run.phase not in _OVER:
        return
    failed = await desk.cards.troubled(series(run))
    if not failed or (failed != run.id and run.phase is not Phase.DONE):
        return
    place = await desk.cards.place(failed) if failed != run.id else None
    if place is not None:
        with suppress(NoPlace):
            await speech.edit(place.channel, place.ts, _again(desk, run, await desk.runs.load(failed)))
    await desk.cards.calm(series(run), failed if failed != run.id else "")


def _again(desk: Desk, run: Run, failed: Run) -> Message:
    count, earlier = failures(failed), streak(failed)
    since, until = earlier.since if earlier else failed.opened_at, run.closed_at or run.opened_at
    kind = f" ({KIND.of(run)})" if KIND.of(run) else ""
    what = shown(f"{desk.engine.runbooks[run.runbook].title}{kind} of {run.primary.short}", 200)
    times = "once" if count == 1 else f"{count} times in a row"
    plain, drawn = (
        (f"{what} works again since {at(until)}.", f"By schedule it had failed {times}, since {at(since)}.")
        for at in (utc, when)
    )
    blocks = [section(f"✅ *{drawn[0]}*"), context(drawn[1])]
    return {"text": f"✅ {' '.join(plain)}", "blocks": blocks}
