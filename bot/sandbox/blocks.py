"""Block Kit on its way in: refused when Slack would refuse it, completed with the ids Slack adds."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from bot.sandbox.filetypes import is_known
from bot.sandbox.refusals import SlackRefusal, bad_arguments
from bot.sandbox.values import Block
from handlers.blocks.kit import Problem, validate

VIEW_BYTES = 250_000
FILE_ID = re.compile("F[A-Z0-9]{8,}")
ACTED_ON = frozenset(
    {
        "button",
        "channels_select",
        "checkboxes",
        "conversations_select",
        "datepicker",
        "datetimepicker",
        "email_text_input",
        "file_input",
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


def asks_for_files(blocks: Any) -> bool:
    """Whether a form has a field for files."""
    return any(one["type"] == "file_input" for one in elements(blocks))


def unknown_types(blocks: Any) -> list[str]:
    """What fields for files are limited to and Slack does not know: it refuses the whole form."""
    fields = [one for one in elements(blocks) if one["type"] == "file_input"]
    return [ending for one in fields for ending in one.get("filetypes", ()) if not is_known(ending)]


def pictures(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every image that is a file in Slack, however deep: the JSON pointer of its `slack_file`, and the file's id."""
    if isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from pictures(one, f"{at}/{index}")
    elif isinstance(value, Mapping):
        shown = value.get("slack_file") if value.get("type") == "image" else None
        if isinstance(shown, Mapping):
            found = FILE_ID.search(str(shown.get("id") or shown.get("url")))
            yield f"{at}/slack_file", found[0] if found else ""
        for key, one in value.items():
            yield from pictures(one, f"{at}/{key}")


def no_such_picture(where: str) -> dict[str, Any]:
    """What Slack's answer says of an image that is no file it may show."""
    return _told([f"invalid slack file [json-pointer:{where}]"])


def _acted_on(value: Any, mint: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_acted_on(one, mint) for one in value]
    if not isinstance(value, Mapping):
        return value
    inner = {key: _acted_on(one, mint) for key, one in value.items()}
    return {"action_id": mint("")[:5], **inner} if value.get("type") in ACTED_ON else inner


def _said(problems: list[Problem], where: str) -> dict[str, Any]:
    return _told([f"{problem.message} [json-pointer:{where}{problem.pointer}]" for problem in problems])


def _told(said: list[str]) -> dict[str, Any]:
    return {"errors": said, "response_metadata": {"messages": [f"[ERROR] {one}" for one in said]}}
