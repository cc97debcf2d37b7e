"""Forms that buttons open: what a choice asks for, and the server's own answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.runs.runbook import Choice, Field
from bot.domain.runs.view import RunView
from handlers.blocks import actions
from handlers.blocks.blocks import OPTIONS, Block, View, context, header, label, modal, section
from handlers.blocks.wording import code, joined, plain, shown
from handlers.runs.card import title
from handlers.runs.rows import name

FIELDS = 90
_LONGEST_INPUT = 3000
_LONGEST_VALUE = 150
_ANSWER_PIECES = 20


def form(choice: Choice, run_view: RunView, value: str, filled: Mapping[str, str] | None = None) -> View:
    """The form of a choice. `value` is that of the button that opened it, `filled` what was typed before, by field."""
    where = f"*{shown(title(run_view), 200)}*"
    row = f"\n{name(run_view.now)}" if run_view.now else ""
    caution = [section(f"⚠️ {shown(choice.confirm, 1500)}")] if choice.confirm else []
    inputs = [_input(field, (filled or {}).get(field.key, "")) for field in choice.fields[:FIELDS]]
    view = modal(choice.label, [section(f"{where}{row}"), *caution, *inputs], "Cancel")
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


def _input(field: Field, filled: str) -> Block:
    element = _menu(field, filled) if any(_options(field)) else _typed(field, filled)
    block: Block = {"type": "input", "block_id": actions.field_block(field.key), "element": element}
    block |= {"label": label(field.label, 200), "optional": not field.required}
    hint = plain(field.hint, 300, "")
    return {**block, "hint": label(hint, 300)} if hint else block


def _typed(field: Field, filled: str) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": actions.ANSWER, "multiline": field.multiline}
    most = max(1, min(field.max_length, _LONGEST_INPUT))
    element |= {"max_length": most}
    return {**element, "initial_value": filled[:most]} if filled else element


def _menu(field: Field, filled: str) -> dict[str, Any]:
    options = list(_options(field))[:OPTIONS]
    element = {"type": "static_select", "action_id": actions.ANSWER, "options": options}
    chosen = [option for option in options if option["value"] == filled]
    return {**element, "initial_option": chosen[0]} if chosen else element


def _options(field: Field) -> Iterator[dict[str, Any]]:
    """What Slack can offer: an option's value is sent back to the letter, so one that is too long cannot be offered."""
    seen: set[str] = set()
    for value, text in field.options:
        if 0 < len(value) <= _LONGEST_VALUE and value not in seen:
            seen.add(value)
            yield {"text": label(text, 75), "value": value}
