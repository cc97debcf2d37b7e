"""Block Kit payloads that Slack takes, and one change to each that it refuses: the corpus of the validator's tests."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

DROP = object()


def plain(text: str = "Pool") -> dict:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "*Pool*") -> dict:
    return {"type": "mrkdwn", "text": text}


def option(number: int = 0, **more: Any) -> dict:
    return {"text": plain(f"pool {number}"), "value": f"pool-{number}", **more}


def button(number: int = 0, **more: Any) -> dict:
    return {"type": "button", "text": plain("Approve"), "action_id": f"press-{number}", **more}


def section(**more: Any) -> dict:
    return {"type": "section", "text": mrkdwn(), **more}


def actions(*elements: dict) -> dict:
    return {"type": "actions", "elements": list(elements)}


def input_block(element: dict, **more: Any) -> dict:
    return {"type": "input", "label": plain("Reason"), "element": element, **more}


def text_input(**more: Any) -> dict:
    return {"type": "plain_text_input", "action_id": "reason", **more}


def rich(*leaves: dict) -> dict:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(leaves)}]}


def leaf(text: str = "done") -> dict:
    return {"type": "text", "text": text}


def raw(text: str = "pool-a") -> dict:
    return {"type": "raw_text", "text": text}


def number(value: float = 7, text: str = "7") -> dict:
    return {"type": "raw_number", "value": value, "text": text}


def task(number: int = 0, **more: Any) -> dict:
    return {"task_id": f"row-{number}", "title": "Export", "status": "complete", **more}


def card(number: int = 0, **more: Any) -> dict:
    return {"type": "card", "title": mrkdwn(f"pool-{number}"), **more}


def image(**more: Any) -> dict:
    return {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a pool", **more}


def message(*blocks: dict, **more: Any) -> dict:
    return {"text": "Failover of pool-a", "blocks": list(blocks), **more}


def modal(*blocks: dict, **more: Any) -> dict:
    return {"type": "modal", "title": plain("Abandon"), "submit": plain("Abandon"), "blocks": list(blocks), **more}


def home(*blocks: dict, **more: Any) -> dict:
    return {"type": "home", "blocks": list(blocks), **more}


CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("It overwrites."), "confirm": plain("Yes"), "deny": plain("No")}
TABLE = {"type": "table", "rows": [[raw("pool"), raw("state")], [raw("pool-a"), rich(leaf())]]}
DATA_TABLE = {
    "type": "data_table",
    "caption": "Backups",
    "rows": [[raw("pool"), raw("size")], [raw("pool-a"), number()], [rich(leaf()), number()]],
}
VIDEO = {
    "type": "video",
    "alt_text": "how to fail over",
    "title": plain("Failover"),
    "thumbnail_url": "https://example.com/a.png",
    "video_url": "https://example.com/embed",
    "title_url": "https://example.com",
    "author_name": "Ann",
    "description": plain("How to"),
    "provider_name": "Site",
    "provider_icon_url": "https://example.com/i.png",
}
CONTAINER = {"type": "container", "title": plain("Log"), "child_blocks": [section()]}
RICH_LIST = {"type": "rich_text_list", "style": "bullet", "elements": [rich(leaf())["elements"][0]]}
MENU = {"action_id": "menu", "placeholder": plain("Choose"), "confirm": CONFIRM, "focus_on_load": True}
SELECTS = {
    "static_select": {"options": [option(1), option(2)], "initial_option": option(2)},
    "external_select": {"min_query_length": 0, "initial_option": option(1)},
    "users_select": {"initial_user": "U1"},
    "channels_select": {"initial_channel": "C1", "response_url_enabled": True},
    "conversations_select": {"default_to_current_conversation": True, "filter": {"include": ["im", "public"]}},
}
MULTI_SELECTS = {
    "multi_static_select": {
        "option_groups": [{"label": plain("West"), "options": [option(1), option(2)]}],
        "initial_options": [option(2)],
        "max_selected_items": 1,
    },
    "multi_external_select": {"min_query_length": 3, "initial_options": [option(1)]},
    "multi_users_select": {"initial_users": ["U1"], "max_selected_items": 2},
    "multi_channels_select": {"initial_channels": ["C1"]},
    "multi_conversations_select": {"initial_conversations": ["C1"], "filter": {"exclude_bot_users": True}},
}
MENUS = [{"type": kind, **MENU, **more} for kind, more in {**SELECTS, **MULTI_SELECTS}.items()]
STATIC = {"type": "static_select", "options": [option(1), option(2)]}
GROUPED = {"type": "static_select", "option_groups": [{"label": plain("West"), "options": [option(1)]}]}
OVERFLOW = {"type": "overflow", "action_id": "more", "options": [option(1, url="https://example.com")]}
TICKS = {"type": "checkboxes", "options": [{**option(1), "text": mrkdwn()}, option(2)], "initial_options": [option(2)]}
RADIO = {"type": "radio_buttons", "options": [option(1), option(2)], "initial_option": option(1)}
DATE = {"type": "datepicker", "initial_date": "2026-11-21", "placeholder": plain()}
TIME = {"type": "timepicker", "initial_time": "23:59", "timezone": "Europe/Zurich", "placeholder": plain()}
MOMENT = {"type": "datetimepicker", "initial_date_time": 1_795_000_000, "confirm": CONFIRM}
DIGITS = {"type": "number_input", "is_decimal_allowed": True, "min_value": "-1.5", "max_value": "10"}
EMAIL = {"type": "email_text_input", "placeholder": plain(), "initial_value": "a@example.com"}
URL = {"type": "url_text_input", "placeholder": plain()}
FORMATTED = {"type": "rich_text_input", "action_id": "note", "initial_value": rich(leaf()), "placeholder": plain()}
FILES = {"type": "file_input", "action_id": "export", "filetypes": ["zip"], "max_files": 1}
TYPED = [text_input(placeholder=plain(), min_length=1, max_length=3000), DIGITS, EMAIL, URL, FORMATTED]
WORKFLOW = {
    "type": "workflow_button",
    "text": plain("Run"),
    "action_id": "run",
    "workflow": {
        "trigger": {
            "url": "https://slack.com/shortcuts/Ft0",
            "customizable_input_parameters": [{"name": "pool", "value": "a"}],
        }
    },
}
FEEDBACK = {
    "type": "feedback_buttons",
    "action_id": "helped",
    "positive_button": {"text": plain("Good"), "value": "good", "accessibility_label": "It helped"},
    "negative_button": {"text": plain("Bad"), "value": "bad"},
}
TRASH = {"type": "icon_button", "icon": "trash", "text": plain("Delete"), "action_id": "delete"}
LEAVES = [
    {"type": "text", "text": "x", "style": {"bold": True, "italic": True, "strike": True, "underline": True}},
    {"type": "link", "url": "https://example.com", "text": "x", "unsafe": False, "style": {"code": True}},
    {"type": "user", "user_id": "U1", "style": {"highlight": True}},
    {"type": "usergroup", "usergroup_id": "S1"},
    {"type": "channel", "channel_id": "C1"},
    {"type": "team", "team_id": "T1"},
    {"type": "emoji", "name": "wave", "skin_tone": 2, "unicode": "1f44b"},
    {"type": "broadcast", "range": "here"},
    {"type": "color", "value": "#ff0000"},
    {"type": "date", "timestamp": 1_795_000_000, "format": "{date_short}", "fallback": "today"},
]
RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": LEAVES},
        {"type": "rich_text_section", "elements": []},
        {**RICH_LIST, "indent": 8, "offset": 3, "border": 1},
        {"type": "rich_text_preformatted", "elements": [leaf("Get-CsPool")], "border": 0},
        {"type": "rich_text_quote", "elements": [leaf()], "border": 1},
    ],
}
CARD = card(
    icon=image(),
    hero_image=image(),
    subtitle=plain(),
    body=mrkdwn(),
    subtext=plain(),
    actions=[button(1), button(2), button(3)],
)
PLAN = {"type": "plan", "title": "Failover", "tasks": [task(1), task(2, type="task_card", status="pending")]}
TASK_CARD = {
    "type": "task_card",
    **task(1, details=rich(leaf()), output=rich(leaf())),
    "sources": [{"type": "url", "url": "https://example.com", "text": "Runbook"}],
}
FULL_BUTTON = button(
    url="https://example.com",
    value="run-1",
    style="danger",
    confirm={**CONFIRM, "style": "danger"},
    accessibility_label="Approve row 3",
    agent_prompt="Help",
    agent_prompt_display="Help me",
)
EVERYWHERE = [
    {"type": "divider", "block_id": "line"},
    {"type": "header", "text": {**plain(":wave:"), "emoji": True}, "level": 1},
    section(block_id="state", expand=True),
    {"type": "section", "fields": [mrkdwn(), plain()], "accessory": OVERFLOW},
    section(accessory=image()),
    {"type": "context", "elements": [mrkdwn(), plain(), image()]},
    image(title=plain(), block_id="picture"),
    {"type": "image", "slack_file": {"id": "F0123456789"}, "alt_text": "a pool"},
    actions(FULL_BUTTON, WORKFLOW, OVERFLOW, TICKS, RADIO, DATE, TIME, MOMENT),
    RICH,
    VIDEO,
    CARD,
    card(2, slack_icon={"type": "icon", "name": "rocket"}),
    *(input_block(element, optional=True, hint=plain()) for element in TYPED),
]
TABLES = [TABLE, DATA_TABLE]
FOLDED = {
    **CONTAINER,
    "is_collapsible": True,
    "default_collapsed": True,
    "width": "full",
    "subtitle": mrkdwn(),
    "icon": image(),
    "child_blocks": [section(), {"type": "divider"}, actions(button())],
}
HEADED = {
    "type": "container",
    "rich_text_title": rich(leaf()),
    "has_header_divider": True,
    "child_blocks": [section()],
}
WIDE = [{"type": "carousel", "elements": [card(1), card(2)]}, FOLDED, HEADED, *TABLES]
GOOD: dict[str, tuple[str, dict]] = {
    "text alone": ("message", {"text": "pool-a is over on pool-b"}),
    "no blocks any more": ("message", {"text": "done", "blocks": []}),
    "everything in a message": ("message", message(*EVERYWHERE, *WIDE)),
    "an attachment": ("message", message(attachments=[{"color": "#1d3c34", "blocks": [section()], "fallback": "x"}])),
    "a plan": ("message", message(PLAN, {"type": "markdown", "text": "**done**"})),
    "a task card": ("message", message(TASK_CARD, {"type": "context_actions", "elements": [FEEDBACK, TRASH]})),
    "a remote file": ("message", message({"type": "file", "external_id": "F1", "source": "remote"})),
    "everything in a modal": (
        "modal",
        modal(
            *EVERYWHERE,
            {"type": "alert", "text": mrkdwn(), "level": "warning"},
            input_block(FILES),
            close=plain("Back"),
            private_metadata="",
            callback_id="abandon",
            external_id="run-1",
            clear_on_close=True,
            notify_on_close=False,
            submit_disabled=False,
        ),
    ),
    "a modal that only tells": ("modal", {k: v for k, v in modal(section()).items() if k != "submit"}),
    "everything in a home": ("home", home(*EVERYWHERE, *WIDE, private_metadata="m", callback_id="home")),
    **{f"a {menu['type']} in an input": ("modal", modal(input_block(menu))) for menu in MENUS},
    **{f"a {menu['type']} beside a section": ("message", message(section(accessory=menu))) for menu in MENUS},
    **{f"a {menu['type']} among actions": ("home", home(actions(menu))) for menu in MENUS},
}


@dataclass(frozen=True, slots=True)
class Case:
    """A payload that passes, and the same with one change, which must be refused at `pointer` for `code`."""

    name: str
    surface: str
    good: dict
    bad: dict
    pointer: str
    code: str


def changed(payload: dict, pointer: str, value: Any) -> dict:
    """A copy with the value at a JSON pointer set, added or (DROP) taken out."""
    result = copy.deepcopy(payload)
    *parents, last = [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]
    holder = result
    for step in parents:
        holder = holder[step]
    if value is DROP:
        del holder[last]
    else:
        holder[last] = value
    return result


def longest(surface: str, base: dict, limits: dict[str, int]) -> Iterator[Case]:
    """So many characters pass, one more does not."""
    for at, high in limits.items():
        good, bad = changed(base, at, "x" * high), changed(base, at, "x" * (high + 1))
        yield Case(f"{surface}{at} of {high + 1} characters", surface, good, bad, at, "too_long")


def most(surface: str, base: dict, at: str, item: Callable[[int], Any], high: int) -> Case:
    """So many items pass, one more does not."""
    good = changed(base, at, [item(i) for i in range(high)])
    bad = changed(base, at, [item(i) for i in range(high + 1)])
    return Case(f"{surface}{at} of {high + 1} items", surface, good, bad, at, "too_many")


def wrong(surface: str, base: dict, code: str, values: dict[str, Any], pointer: str | None = None) -> Iterator[Case]:
    """Each value alone is refused, where it stands unless a pointer says otherwise."""
    for at, value in values.items():
        name = f"{surface}{at} {code}: {str(value)[:40]}"
        yield Case(name, surface, base, changed(base, at, value), at if pointer is None else pointer, code)


def lacking(surface: str, base: dict, *needed: str) -> Iterator[Case]:
    for at in needed:
        yield Case(f"{surface}{at} lacking", surface, base, changed(base, at, DROP), at.rpartition("/")[0], "missing")


def unknown(surface: str, base: dict, *extra: str) -> Iterator[Case]:
    for at in extra:
        yield Case(
            f"{surface}{at} unknown", surface, base, changed(base, at, "x"), at.rpartition("/")[0], "unknown_key"
        )
