"""Forms that buttons open: what a choice asks for, and the server's own answer."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Choice
from bot.domain.runs.view import RunView
from handlers.blocks import actions, inputs
from handlers.blocks.blocks import View, context, header, label, modal, section
from handlers.blocks.wording import code, joined, shown
from handlers.desk import Desk
from handlers.runs.card import title
from handlers.runs.progress import name

FIELDS = 90
_ANSWER_PIECES = 20


async def begun(desk: Desk, choice: Choice, run: Run) -> dict[str, str]:
    """What fields begin with that hold what is known of the pool: whoever presses only confirms it."""
    rows = {field.key: field.begins for field in choice.fields if field.begins}
    if not rows:
        return {}
    answer = (await desk.answers.of([run.primary.fqdn])).get(run.primary.fqdn)
    return {key: begins(answer, desk.now()) for key, begins in rows.items()}


def form(choice: Choice, run_view: RunView, value: str, filled: Mapping[str, str] | None = None) -> View:
    """The form of a choice. `value` is that of the button that opened it, `filled` what fields begin with."""
    where = f"*{shown(title(run_view), 200)}*"
    row = f"\n{name(run_view.now)}" if run_view.now else ""
    caution = [section(f"⚠️ {shown(choice.confirm, 1500)}")] if choice.confirm else []
    asked = [inputs.drawn(field, (filled or {}).get(field.key, "")) for field in choice.fields[:FIELDS]]
    view = modal(choice.label, [section(f"{where}{row}"), *caution, *asked], "Cancel")
    return {**view, "callback_id": actions.FORM, "private_metadata": value, "submit": label(choice.label, 24)}


def detail(run_view: RunView) -> View:
    """The server's own text, unmasked: only for holders of the row's role."""
    pieces = code([run_view.run.detail])
    shown_pieces = [section(piece) for piece in pieces[:_ANSWER_PIECES]]
    left = sum(len(piece) for piece in pieces[_ANSWER_PIECES:])
    cut = [context(f"{left} more characters are not shown.")] if left else []
    none = [] if pieces else [section("The server said nothing more.")]
    said = joined((shown(run_view.state, 400), shown(run_view.run.sentence, 1000)))
    top = [header(title(run_view)), *([section(said)] if said else [])]
    warning = context("Names and numbers are shown as the server wrote them. Do not paste them into a channel.")
    return modal("The server's answer", [*top, *shown_pieces, *none, *cut, warning], "Close")
