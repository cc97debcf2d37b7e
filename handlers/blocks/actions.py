"""The only room that knows what action ids, block ids and values of buttons look like."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import BadInput

RUN = "run:"
"""Prefix of the action ids of a run's buttons: one per choice, so they are unique within their block."""

NOW = "now:"
"""The same for choices without fields: nothing has to be read to know that they open no form."""

MORE = "run:*"
"""Action id of the overflow menu of a card; every option carries a `button_value` as any other button does."""

DETAIL = "detail"
"""Action id of "Show the server's answer"; its value is the run's id."""

REPORT = "report"
"""Action id of "Report"; its value is the run's id."""

TIMELINE = "timeline"
"""Action id of "Timeline"; its value is the run's id."""

HOW = "how:"
"""Prefix of the action ids of "How", by the key of the prerequisite; the value is a `how_value`."""

IMPACT = "impact"
"""Action id of "All stages"."""

WHO = "who"
"""Action id of "Who"; its value is the run's id in which agents were asked."""

PAGE = "page"
"""Action id of "Older"; its value is a `page_value`."""

DO = "do:"
"""Prefix of the action ids of buttons that do what a subcommand does; the value is its words: "backup pool-a"."""

OFFER = "offer:"
"""Prefix of the action ids of a notice's buttons, by their place; the value is an `offer_value`."""

HOME_REFRESH = "home:refresh"
HOME_MORE = "home:more"
"""Action id of "Show more" on App Home; its value is how many entries to show."""

LINK = "link:"
"""Prefix of the action ids of buttons that only open an address; Slack reports their clicks too."""

BACKUP_DETAILS, BACKUP_SEND, BACKUP_PIN, BACKUP_FREE = "backup-details", "backup-send", "backup-pin", "backup-free"
"""Action ids of the buttons of a kept backup; their value is its id."""

BACKUP_COMPARE = "backup-compare"
"""Action id of "Compare with …"; its value is the other backup's id, this one's is the form's `private_metadata`."""

BACKUP_CHART = "backup-chart"
"""Action id of "Chart"; its value is the pool's FQDN."""

BACKUP_KEEP = "backup-keep"
"""The `callback_id` of the form that asks why a backup is to be kept; its `private_metadata` is the backup's id."""

COMPANION_TAKE, COMPANION_UPLOAD, COMPANION_ATTEST, COMPANION_DETAILS, COMPANION_SEND = (
    "companion-take:",
    "companion-upload:",
    "companion-attest:",
    "companion-details:",
    "companion-send:",
)
"""Prefixes of the action ids of the buttons of a companion, one per kind; their value is a `companion_value`."""

AGENT_SIGNED_IN = "agent-signed-in"
"""Action id of the button in the message to an agent; its value is an `agent_value`."""

ASK = "ask"
"""Action id of "Ask them" on the refusal of a press; its value is an `ask_value`."""

ASK_FOR = "ask-for"
"""Action id of "Ask them" on the refusal of a line that was typed; its value is an `ask_for_value`."""

COMPANION_FILES, COMPANION_WORD = "companion-files", "companion-word"
"""The `callback_id` of the forms that take files and attestations; `private_metadata` is a `companion_value`."""

FORM = "form"
"""The `callback_id` of the forms of runs; their `private_metadata` is the value of the button that opened it."""

ANSWER = "answer"
"""Action id of the input element of every field of a form."""

OVERFLOW_LIMIT = 150
"""An option's value may have so many characters (facts: slack limits); what is longer has to be a button of its own."""

_LIMIT = 2000
_FIELD = "field:"
FOREIGN = "This button was not made by this version of Switchback. Nothing was changed. Use the newest card of the run."


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a button of a run stands for: the row, choice and question that it was drawn for."""

    run_id: str
    step: str
    choice: str
    question: int


@dataclass(frozen=True, slots=True)
class How:
    """Which prerequisite of which row "How" asks about."""

    run_id: str
    step: str
    key: str


@dataclass(frozen=True, slots=True)
class Page:
    """What "Older" asks for: the page of a list (`runs`, `backups` …) after `before`, the last entry already shown.

    For runs that is the instant when it was opened (`repr` of the seconds), for backups its id.
    """

    command: str
    argument: str
    before: str


def word(action_id: str) -> str:
    """What an action id begins with, up to the colon: it says which kind of button was pressed."""
    return action_id.partition(":")[0]


def button_value(run_id: str, step: str, choice: str, question: int) -> str:
    """The value of a run's button and the `private_metadata` of its form."""
    return "|".join((run_id, step, choice, str(question)))


def decode(value: str) -> Pressed:
    """The inverse of `button_value`. Raises BadInput for anything else."""
    run_id, step, choice, question = _parts(value, 4)
    if not (run_id and step and choice and _is_count(question)):
        raise BadInput(FOREIGN)
    return Pressed(run_id, step, choice, int(question))


def how_value(run_id: str, step: str, key: str) -> str:
    return "|".join((run_id, step, key))


def decode_how(value: str) -> How:
    """The inverse of `how_value`. Raises BadInput for anything else."""
    return How(*_parts(value, 3))


def page_value(command: str, argument: str, before: str) -> str:
    return "|".join((command, argument, before))


def decode_page(value: str) -> Page:
    """The inverse of `page_value`. Raises BadInput for anything else."""
    command, argument, before = _parts(value, 3)
    if not (command and before):
        raise BadInput(FOREIGN)
    return Page(command, argument, before)


def companion_value(pool: str, kind: str) -> str:
    return "|".join((pool, kind))


def decode_companion(value: str) -> tuple[str, str]:
    """The inverse of `companion_value`: the pool's FQDN and the kind. Raises BadInput for anything else."""
    pool, kind = _parts(value, 2)
    return pool, kind


def agent_value(run_id: str, address: str) -> str:
    """Their own address: nobody else has this message."""
    return "|".join((run_id, address))


def decode_agent(value: str) -> tuple[str, str]:
    """The inverse of `agent_value`: the run and the address. Raises BadInput for anything else."""
    run_id, address = _parts(value, 2)
    return run_id, address


def offer_value(notice: str, since: float, does: str) -> str:
    """Of a notice by its key, which stands since that second, and what its button does."""
    return "|".join((notice, repr(since), does))


def decode_offer(value: str) -> tuple[str, str, str]:
    """The inverse of `offer_value`, the second as it was written. Raises BadInput for anything else."""
    notice, since, does = _parts(value, 3)
    return notice, since, does


def action_id(choice: str, asks: bool = True) -> str:
    """The action id of the button of this choice; `asks` unless it is certain that it has no fields."""
    return f"{RUN if asks else NOW}{choice}"


def block_id(run_id: str, question: int, part: str = "buttons") -> str:
    """The id of a block of a run's card: new with every question, so that Slack redraws it, and never too long."""
    digest = hashlib.blake2s(run_id.encode(), digest_size=8).hexdigest()
    return f"{digest}:{question}:{part}"


def field_block(key: str) -> str:
    """The id of the input block of a form's field."""
    return f"{_FIELD}{key}"


def value_of(action: Mapping[str, Any]) -> str:
    """The value of what was pressed: of a button, or of the option chosen in a menu."""
    return str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")


def answers(state: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in, by field key, from the `state` of a form; an empty field is an empty text."""
    blocks: Mapping[str, Mapping[str, Any]] = state.get("values") or {}
    return {
        name.removeprefix(_FIELD): _answer(elements.get(ANSWER) or {})
        for name, elements in blocks.items()
        if name.startswith(_FIELD)
    }


def files(state: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], ...]:
    """What a form's field for files brought, as Slack tells of each: its id, its name, its size and more."""
    field = (state.get("values") or {}).get(field_block(key)) or {}
    return tuple((field.get(ANSWER) or {}).get("files") or ())


def ask_value(run_id: str, question: int) -> str:
    return "|".join((run_id, str(question)))


def decode_ask(value: str) -> tuple[str, int]:
    """The inverse of `ask_value`: the run and its question. Raises BadInput for anything else."""
    run_id, question = _parts(value, 2)
    if not (run_id and _is_count(question)):
        raise BadInput(FOREIGN)
    return run_id, int(question)


def ask_for_value(roles: Iterable[str], line: str) -> str:
    return "|".join((",".join(roles), line))


def decode_ask_for(value: str) -> tuple[tuple[str, ...], str]:
    """The inverse of `ask_for_value`: the roles of which one is enough, and the line. Raises BadInput as others do."""
    roles, _, line = value.partition("|")
    if not (roles and line) or len(value) > _LIMIT:
        raise BadInput(FOREIGN)
    return tuple(roles.split(",")), line


def _answer(element: Mapping[str, Any]) -> str:
    chosen = element.get("selected_option") or {}
    picked = element.get("selected_date") or element.get("selected_date_time")
    return str(element.get("value") or picked or chosen.get("value") or "")


def _parts(value: str, count: int) -> list[str]:
    parts = value.split("|")
    if len(value) > _LIMIT or len(parts) != count:
        raise BadInput(FOREIGN)
    return parts


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 20
