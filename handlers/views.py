"""Everything a person can be shown, as pure functions of values: messages, forms and App Home."""

from __future__ import annotations

from bot.domain.run import Run
from bot.domain.runbook import Tell
from handlers.blocks import Message, context, header, section
from handlers.card import card
from handlers.wording import bounded, bullets, shown

__all__ = ["card", "sentence", "tell"]


def sentence(text: str) -> Message:
    """A short answer for one person."""
    said = shown(text, 2900) or "Nothing to say."
    return {"text": said, "blocks": [section(said)]}


def tell(told: Tell, run: Run) -> Message:
    """A message of the outbox: one compact line, or, when it is loud, one that is not overlooked."""
    said = shown(told.sentence, 1500) or "Something happened in this run."
    lines = bullets(told.details, 2900, rows=20)
    text = bounded("\n".join(part for part in (f"⚠️ {said}" if told.loud else said, lines) if part), 3900)
    top = [header(f"⚠️ Needs attention: {run.primary.short}"), section(f"*{said}*")] if told.loud else [section(said)]
    foot = [context(f"Run `{shown(run.id, 150)}`")] if told.loud or lines else []
    return {"text": text, "blocks": [*top, *([section(lines)] if lines else []), *foot]}
