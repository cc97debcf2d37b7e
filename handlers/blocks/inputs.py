"""Fields of forms: how each is drawn, and what is wrong with what somebody typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.domain.runs.press import fault_of
from bot.domain.runs.runbook import Field
from handlers.blocks import actions
from handlers.blocks.blocks import OPTIONS, Block, label
from handlers.blocks.wording import plain

_LONGEST_INPUT = 3000
_LONGEST_VALUE = 150


def drawn(field: Field, filled: str = "", element: Block | None = None) -> Block:
    """A field with what was filled in before; `element`: what no field says by itself (a day, files)."""
    held = element or _element(field, filled)
    block: Block = {"type": "input", "block_id": actions.field_block(field.key), "element": held}
    block |= {"label": label(field.label, 200), "optional": not field.required}
    hint = plain(field.hint, 300, "")
    return {**block, "hint": label(hint, 300)} if hint else block


def complaints(fields: Iterable[Field], form: Mapping[str, str], now: float) -> dict[str, str]:
    """What is wrong with each field, by the id of its block; empty when the form can be taken as it is."""
    faults = ((field, fault_of(field, form.get(field.key, "").strip(), now)) for field in fields)
    return {actions.field_block(field.key): f"This {fault}" for field, fault in faults if fault}


def _element(field: Field, filled: str) -> Block:
    if field.last_s:
        return _picked(filled)
    return _menu(field, filled) if any(_options(field)) else _typed(field, filled)


def _picked(filled: str) -> Block:
    """A date and a time, which Slack sends back in seconds since the epoch."""
    element: Block = {"type": "datetimepicker", "action_id": actions.ANSWER}
    return {**element, "initial_date_time": int(filled)} if filled else element


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
