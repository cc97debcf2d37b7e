"""Block Kit on its way in: refused when Slack would refuse it, completed with the ids Slack adds."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec

from bot.sandbox.refusals import SlackRefusal, bad_arguments
from bot.sandbox.values import Block
from handlers.blockkit import Problem, validate

VIEW_BYTES = 250_000
ACTED_ON = frozenset(
    {
        "button",
        "channels_select",
        "checkboxes",
        "conversations_select",
        "datepicker",
        "datetimepicker",
        "email_text_input",
        "multi_static_select",
        "multi_users_select",
        "number_input",
        "overflow",
        "plain_text_input",
        "radio_buttons",
        "static_select",
        "timepicker",
        "url_text_input",
        "users_select",
    }
)


def check_message(payload: Mapping[str, Any]) -> None:
    """Refuse a message whose blocks Slack would not take: `invalid_blocks` with a JSON pointer for each.

    The text is judged by the methods, since posting and updating allow different lengths.
    """
    if not isinstance(payload.get("blocks", []), list):
        raise SlackRefusal("invalid_blocks_format")
    problems = validate({**payload, "text": "-"}, "message")
    if problems:
        raise SlackRefusal("invalid_blocks", _said(problems, ""))


def check_view(body: Any, surface: Literal["modal", "home"]) -> None:
    """Refuse a view Slack would not take: `view_too_large`, or `invalid_arguments` with a JSON pointer for each."""
    if not isinstance(body, Mapping):
        raise bad_arguments("must provide an object [json-pointer:/view]")
    if len(msgspec.json.encode(body)) > VIEW_BYTES:
        raise SlackRefusal("view_too_large")
    if body.get("type") != surface:
        raise bad_arguments(f"must be a {surface} [json-pointer:/view/type]")
    problems = validate(body, surface)
    if problems:
        raise SlackRefusal("invalid_arguments", _said(problems, "/view"))


def with_ids(blocks: Iterable[Block], mint: Callable[[str], str]) -> tuple[Block, ...]:
    """The same blocks, with the block and action ids that Slack invents where the bot gave none."""
    return tuple({"block_id": mint("")[:5], **_acted_on(block, mint)} for block in blocks)


def elements(value: Any) -> list[Block]:
    """What can be pressed, chosen or filled in inside a block, however deep."""
    if isinstance(value, list | tuple):
        return [found for one in value for found in elements(one)]
    if not isinstance(value, Mapping):
        return []
    if value.get("type") in ACTED_ON:
        return [dict(value)]
    return [found for one in value.values() for found in elements(one)]


def _acted_on(value: Any, mint: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_acted_on(one, mint) for one in value]
    if not isinstance(value, Mapping):
        return value
    inner = {key: _acted_on(one, mint) for key, one in value.items()}
    return {"action_id": mint("")[:5], **inner} if value.get("type") in ACTED_ON else inner


def _said(problems: list[Problem], where: str) -> dict[str, Any]:
    said = [f"{problem.message} [json-pointer:{where}{problem.pointer}]" for problem in problems]
    return {"errors": said, "response_metadata": {"messages": [f"[ERROR] {one}" for one in said]}}
