"""A message of the outbox, as people read it."""

from __future__ import annotations

from bot.domain.runs.run import BOARD, Run, Tell
from handlers.blocks.actions import IMPACT
from handlers.blocks.blocks import Block, Message, actions, button, context, header, section
from handlers.blocks.wording import bounded, bullets, exact, shown


def message_of(told: Tell, run: Run | None, missed: str = "") -> Message:
    """A message of the outbox: one compact line, or, when it is loud, one that is not overlooked.

    `missed` is the id of somebody who should have got it directly and cannot be written to; `run` may be missing.
    """
    to = f"For <@{missed}>: " if missed else ""
    said = to + (shown(told.sentence, 1500) or "Something happened in this run.")
    lines = bullets(told.details, 2900, rows=20)
    text = bounded("\n".join(part for part in (f"⚠️ {said}" if told.loud else said, lines) if part), 3900)
    heading = f"⚠️ Needs attention: {run.primary.short}" if run else "⚠️ Needs attention"
    top = [header(heading), section(f"*{said}*")] if told.loud else [section(said)]
    foot = [context(f"Run `{exact(run.id, 150)}`")] if run and (told.loud or lines) else []
    more = [all_stages_button()] if told.to == BOARD else []
    return {"text": text, "blocks": [*top, *([section(lines)] if lines else []), *more, *foot]}


def all_stages_button() -> Block:
    """Leads to what is noticed at every stage."""
    return actions([button("All stages", IMPACT, "all")])
