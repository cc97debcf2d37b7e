"""What people choose and fill in, turned into the state and the actions that Slack sends."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.blocks import elements
from bot.sandbox.filetypes import ending_of
from bot.sandbox.refusals import NotPossible
from bot.sandbox.values import Block

REQUIRED = "Please complete this required field."
State = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Input:
    """One kind of element: under which key its value travels, which key holds its first value, how it is read."""

    field: str
    initial: str
    read: Callable[[Block, Any], Any]


def _typed(element: Block, given: Any) -> Any:
    return str(given) if given not in (None, "") else None


def _picked(element: Block, given: Any) -> Any:
    return given or None


def _moment(element: Block, given: Any) -> Any:
    if given and not str(given).isdecimal():
        raise NotPossible(f"“{given}” is no date and time that “{element['action_id']}” could pick.")
    return int(given) if given else None


def _several(element: Block, given: Any) -> Any:
    return list(given or ())


def _option(element: Block, given: Any) -> Any:
    if given in (None, ""):
        return None
    value = given.get("value") if isinstance(given, Mapping) else given
    for option in options(element):
        if option["value"] == value:
            return option
    raise NotPossible(f"“{element['action_id']}” has no option “{value}”.")


def _options(element: Block, given: Any) -> Any:
    return [_option(element, one) for one in given or ()]


def options(element: Block) -> list[Block]:
    """All options of an element, grouped or not."""
    grouped = [option for group in element.get("option_groups", ()) for option in group["options"]]
    return [*element.get("options", ()), *grouped]


INPUTS = {
    "plain_text_input": Input("value", "initial_value", _typed),
    "email_text_input": Input("value", "initial_value", _typed),
    "url_text_input": Input("value", "initial_value", _typed),
    "number_input": Input("value", "initial_value", _typed),
    "static_select": Input("selected_option", "initial_option", _option),
    "radio_buttons": Input("selected_option", "initial_option", _option),
    "overflow": Input("selected_option", "initial_option", _option),
    "multi_static_select": Input("selected_options", "initial_options", _options),
    "checkboxes": Input("selected_options", "initial_options", _options),
    "users_select": Input("selected_user", "initial_user", _picked),
    "multi_users_select": Input("selected_users", "initial_users", _several),
    "conversations_select": Input("selected_conversation", "initial_conversation", _picked),
    "channels_select": Input("selected_channel", "initial_channel", _picked),
    "datepicker": Input("selected_date", "initial_date", _picked),
    "timepicker": Input("selected_time", "initial_time", _picked),
    "file_input": Input("files", "", _several),
    "datetimepicker": Input("selected_date_time", "initial_date_time", _moment),
}
STATELESS = frozenset({"button", "overflow"})


def filled_in(blocks: Iterable[Block], values: Mapping[str, Any]) -> State:
    """The `state.values` of a form: what was given per block, else what the element started with.

    `values` maps block ids to a value, or to values by action id where a block has several elements.
    """
    blocks = list(blocks)
    unknown = set(values) - {block["block_id"] for block in blocks}
    if unknown:
        raise NotPossible(f"There is no field “{min(unknown)}” here.")
    return {block["block_id"]: state for block in blocks if (state := _block_state(block, values))}


def _block_state(block: Block, values: Mapping[str, Any]) -> dict[str, Any]:
    given = values.get(block["block_id"], {})
    state = {}
    for element in elements(block):
        kind, action = element["type"], element["action_id"]
        if kind in STATELESS:
            continue
        row = INPUTS[kind]
        chosen = given.get(action, element.get(row.initial)) if isinstance(given, Mapping) else given
        state[action] = {"type": kind, row.field: row.read(element, chosen)}
    return state


def complaints(blocks: Iterable[Block], state: State) -> dict[str, str]:
    """What Slack's own client says about a form before it sends it, by block id."""
    found = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        filled = state[block["block_id"]][element["action_id"]][INPUTS[element["type"]].field]
        sentence = _complaint(element, filled, bool(block.get("optional")))
        if sentence:
            found[block["block_id"]] = sentence
    return found


def _complaint(element: Block, filled: Any, optional: bool) -> str:
    if filled in (None, [], ""):
        return "" if optional else REQUIRED
    if element["type"] == "plain_text_input":
        return _length_complaint(len(filled), element.get("min_length", 0), element.get("max_length", 3000))
    if element["type"] == "number_input":
        return _number_complaint(element, filled)
    if element["type"] == "file_input":
        return _files_complaint(element, [file["name"] for file in filled])
    return ""


def _length_complaint(length: int, low: int, high: int) -> str:
    if length < low:
        return f"This must be at least {low} characters."
    return f"This must be at most {high} characters." if length > high else ""


def _number_complaint(element: Block, filled: str) -> str:
    try:
        value = float(filled) if element.get("is_decimal_allowed") else int(filled)
    except ValueError:
        return "This must be a number."
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and value < float(low):
        return f"This must be at least {low}."
    return f"This must be at most {high}." if high is not None and value > float(high) else ""


def _files_complaint(element: Block, names: list[str]) -> str:
    most, endings = element.get("max_files", 10), [one.lower().lstrip(".") for one in element.get("filetypes", ())]
    if len(names) > most:
        return f"This takes at most {most} file{'' if most == 1 else 's'}."
    wrong = next((name for name in names if endings and ending_of(name) not in endings), None)
    return f"“{wrong}” cannot be taken here: choose {' or '.join(endings)}." if wrong else ""


def action(block: Block, element: Block, given: Any, ts: str) -> dict[str, Any]:
    """The entry of `actions` for one press or choice."""
    common = {
        "type": element["type"],
        "block_id": block["block_id"],
        "action_id": element["action_id"],
        "action_ts": ts,
    }
    if element["type"] == "button":
        return {**common, **{key: element[key] for key in ("text", "value", "style") if key in element}}
    row = INPUTS[element["type"]]
    return {**common, row.field: row.read(element, given)}
