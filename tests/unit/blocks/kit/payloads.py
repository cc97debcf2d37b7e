"""The parts of Block Kit payloads that Slack takes: builders, and every element and block with all its fields."""

from typing import Any


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


def identified(name: str, *parts: dict) -> list[dict]:
    """The same parts, each with an id of its own under `name`."""
    return [{**part, name: f"{part['type']}-{number}"} for number, part in enumerate(parts)]


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
TABLE = {
    "type": "table",
    "rows": [[raw("pool"), raw("state")], [raw("pool-a"), rich(leaf())]],
    "column_settings": [{"align": "right", "is_wrapped": True}],
}
DATA_TABLE = {
    "type": "data_table",
    "caption": "Backups",
    "rows": [[raw("pool"), raw("size")], [raw("pool-a"), number()], [rich(leaf()), number()]],
    "page_size": 5,
    "row_header_column_index": 0,
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
PICK = {"action_id": "pick", "confirm": CONFIRM, "focus_on_load": False}
MENU = {**PICK, "placeholder": plain("Choose")}
TYPE = {
    "action_id": "type",
    "placeholder": plain("Type"),
    "focus_on_load": False,
    "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]},
}
SELECTS = {
    "static_select": {"options": [option(1), option(2)], "initial_option": option(2)},
    "external_select": {"min_query_length": 0, "initial_option": option(1)},
    "users_select": {"initial_user": "U1"},
    "channels_select": {"initial_channel": "C1", "response_url_enabled": True},
    "conversations_select": {
        "initial_conversation": "C1",
        "default_to_current_conversation": True,
        "response_url_enabled": False,
        "filter": {"include": ["im", "mpim", "private", "public"], "exclude_external_shared_channels": True},
    },
}
MULTI_SELECTS = {
    "multi_static_select": {
        "option_groups": [{"label": plain("West"), "options": [option(1), option(2)]}],
        "initial_options": [option(2)],
        "max_selected_items": 1,
    },
    "multi_external_select": {"min_query_length": 3, "initial_options": [option(1)], "max_selected_items": 1},
    "multi_users_select": {"initial_users": ["U1"], "max_selected_items": 2},
    "multi_channels_select": {"initial_channels": ["C1"], "max_selected_items": 1},
    "multi_conversations_select": {
        "initial_conversations": ["C1"],
        "max_selected_items": 1,
        "default_to_current_conversation": False,
        "filter": {"exclude_bot_users": True},
    },
}
MENUS = [{"type": kind, **MENU, **more} for kind, more in {**SELECTS, **MULTI_SELECTS}.items()]
STATIC = {"type": "static_select", "options": [option(0), option(1), option(2, description=plain())]}
GROUPED = {"type": "static_select", "option_groups": [{"label": plain("West"), "options": [option(1)]}]}
LINK = option(1, url="https://example.com", description=plain())
OVERFLOW = {"type": "overflow", "action_id": "more", "options": [LINK], "confirm": CONFIRM}
TICK = {**option(1), "text": mrkdwn(), "description": mrkdwn()}
TICKS = {"type": "checkboxes", "options": [TICK, option(2)], "initial_options": [option(2)], **PICK}
RADIO = {"type": "radio_buttons", "options": [option(1, description=plain()), option(2)], **PICK}
RADIO = {**RADIO, "initial_option": option(2)}
DATE = {"type": "datepicker", "initial_date": "2026-11-21", **MENU}
TIME = {"type": "timepicker", "initial_time": "23:59", "timezone": "Europe/Zurich", **MENU}
MOMENT = {"type": "datetimepicker", "initial_date_time": 1_795_000_000, **PICK}
LINES = {**TYPE, "multiline": True, "initial_value": "because", "min_length": 1, "max_length": 3000}
DIGITS = {"type": "number_input", "is_decimal_allowed": True, "min_value": "-1.5", "max_value": "10", **TYPE}
EMAIL = {"type": "email_text_input", "initial_value": "a@example.com", **TYPE}
URL = {"type": "url_text_input", "initial_value": "", **TYPE}
FORMATTED = {"type": "rich_text_input", "initial_value": rich(leaf()), "min_lines": 1, "max_lines": 100, **TYPE}
FILES = {"type": "file_input", "action_id": "export", "filetypes": ["zip"], "max_files": 1}
TYPED = [text_input(**LINES), {**DIGITS, "initial_value": "7"}, EMAIL, URL, FORMATTED]
WORKFLOW = {
    "type": "workflow_button",
    "text": plain("Run"),
    "action_id": "run",
    "style": "primary",
    "confirm": CONFIRM,
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
TRASH = {
    "type": "icon_button",
    "value": "run-1",
    "accessibility_label": "Delete the draft",
    "icon": "trash",
    "text": plain("Delete"),
    "action_id": "delete",
    "confirm": CONFIRM,
    "visible_to_user_ids": ["U1"],
}
BOLD = {"bold": True, "italic": True, "strike": True, "underline": True, "code": False}
LEAVES = [
    {"type": "text", "text": "x", "style": BOLD},
    {"type": "link", "url": "https://example.com", "text": "x", "unsafe": False, "style": {"code": True}},
    {"type": "user", "user_id": "U1", "style": {**BOLD, "highlight": True, "client_highlight": True, "unlink": True}},
    {"type": "usergroup", "usergroup_id": "S1", "style": {"bold": True}},
    {"type": "channel", "channel_id": "C1", "style": {"bold": True}},
    {"type": "team", "team_id": "T1", "style": {"bold": True}},
    {"type": "emoji", "name": "wave", "skin_tone": 2, "unicode": "1f44b", "style": {"bold": True}},
    {"type": "broadcast", "range": "here", "style": {"bold": True}},
    {"type": "color", "value": "#ff0000", "style": {"bold": True}},
    {"type": "date", "timestamp": 1_795_000_000, "format": "{date}", "url": "https://example.com", "fallback": "today"},
]
RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": LEAVES},
        {"type": "rich_text_section", "elements": []},
        {**RICH_LIST, "indent": 8, "offset": 3, "border": 1},
        {"type": "rich_text_preformatted", "elements": LEAVES, "border": 0},
        {"type": "rich_text_quote", "elements": LEAVES, "border": 1},
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
SOURCE = {"type": "url", "url": "https://example.com", "text": "Runbook"}
TOLD = {"details": rich(leaf()), "output": rich(leaf()), "sources": [SOURCE]}
PLAN = {"type": "plan", "title": "Failover", "tasks": [task(1, **TOLD), task(2, type="task_card", status="pending")]}
TASK_CARD = {"type": "task_card", **task(1, **TOLD)}
FULL_BUTTON = button(
    url="https://example.com",
    value="run-1",
    style="danger",
    confirm={**CONFIRM, "style": "danger"},
    accessibility_label="Approve row 3",
    agent_prompt="Help",
    agent_prompt_display="Help me",
)
ALERT = {"type": "alert", "text": mrkdwn(), "level": "warning"}
MARKDOWN = {"type": "markdown", "text": "**done**"}
CONTROLS = {"type": "context_actions", "elements": [FEEDBACK, TRASH]}
FILE = {"type": "file", "external_id": "F1", "source": "remote"}
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
WIDE = [{"type": "carousel", "elements": [card(1), card(2)]}, FOLDED, HEADED, TABLE, DATA_TABLE]
BUTTONS = [button(), WORKFLOW, OVERFLOW]
CHOOSERS = [TICKS, RADIO, DATE, TIME, *MENUS]
INPUTS = [*CHOOSERS, MOMENT, *TYPED]
HEADER = {"type": "header", "text": plain()}
CONTEXT = {"type": "context", "elements": [mrkdwn(), image()]}
CHILDREN = [actions(button()), CONTEXT, {"type": "divider"}, FILE, HEADER, image(), input_block(text_input())]
CHILDREN = [*CHILDREN, RICH, section(), TABLE, VIDEO]
ONLY_IN_A_MESSAGE = [PLAN, TASK_CARD, MARKDOWN, CONTROLS, FILE]
ICON = {"type": "icon", "name": "key"}
