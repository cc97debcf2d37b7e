"""Everything a person can be shown, as pure functions of values: messages, forms and App Home."""

from __future__ import annotations

from bot.domain.run import Run
from bot.domain.runbook import Tell
from handlers.backup_views import backups_list
from handlers.blocks import Message, context, header, section
from handlers.board import impact_board
from handlers.card import card
from handlers.forms import detail, form
from handlers.lists import help_text, pools_list, runs_list, status, whoami
from handlers.wording import bounded, bullets, exact, shown

__all__ = [
    "Message",
    "backups_list",
    "card",
    "detail",
    "form",
    "help_text",
    "impact_board",
    "pools_list",
    "runs_list",
    "sentence",
    "status",
    "tell",
    "whoami",
]


def sentence(text: str) -> Message:
    """A short answer for one person."""
    said = shown(text, 2900) or "Nothing to say."
    return {"text": said, "blocks": [section(said)]}


def tell(told: Tell, run: Run | None, missed: str = "") -> Message:
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
    return {"text": text, "blocks": [*top, *([section(lines)] if lines else []), *foot]}
