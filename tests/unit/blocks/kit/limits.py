"""The documented limits of Block Kit: what still passes, and what is one too many (facts: slack limits)."""

import json

from tests.unit.blocks.kit import bases as on
from tests.unit.blocks.kit import payloads as p
from tests.unit.blocks.kit.bases import B, E, F
from tests.unit.blocks.kit.cases import Case, changed, longest, most, wrong
from tests.unit.blocks.kit.payloads import message, modal, plain

LENGTHS = [
    *longest("message", {"text": "x"}, {"/text": 4000}),
    *longest("message", on.SECTION, {f"{B}/text/text": 3000, f"{B}/block_id": 255}),
    *longest("message", on.FIELDS, {f"{B}/fields/0/text": 2000}),
    *longest("message", on.HEADER, {f"{B}/text/text": 150}),
    *longest("message", on.CONTEXT, {f"{E}/text": 3000, f"{B}/elements/1/alt_text": 2000}),
    *longest("message", on.CONTEXT, {f"{B}/elements/1/image_url": 3000}),
    *longest("message", on.PICTURE, {f"{B}/alt_text": 2000, f"{B}/image_url": 3000, f"{B}/title/text": 2000}),
    *longest("modal", on.ASK, {f"{B}/label/text": 2000, f"{B}/hint/text": 2000, f"{F}/action_id": 255}),
    *(
        case
        for form in (on.ASK, on.EMAIL, on.DIGITS, on.FORMATTED, on.DATE, on.TIME)
        for case in longest("modal", form, {f"{F}/placeholder/text": 150})
    ),
    *(
        case
        for menu in p.MENUS
        for case in longest("modal", modal(p.input_block(menu)), {f"{F}/placeholder/text": 150, f"{F}/action_id": 255})
    ),
    *longest("message", on.PRESS, {f"{E}/text/text": 75, f"{E}/action_id": 255, f"{E}/value": 2000, f"{E}/url": 3000}),
    *longest("message", on.PRESS, {f"{E}/accessibility_label": 75, f"{E}/agent_prompt": 4000}),
    *longest("message", on.PRESS, {f"{E}/confirm/title/text": 100, f"{E}/confirm/text/text": 300}),
    *longest("message", on.PRESS, {f"{E}/confirm/confirm/text": 30, f"{E}/confirm/deny/text": 30}),
    *longest("message", on.WORKFLOW, {f"{E}/text/text": 75, f"{E}/accessibility_label": 75}),
    *longest("message", on.CHOOSE, {f"{E}/options/1/text/text": 75, f"{E}/options/1/value": 150}),
    *longest("message", on.GROUPS, {f"{E}/option_groups/0/label/text": 75}),
    *longest("message", on.MORE, {f"{E}/options/0/value": 150, f"{E}/options/0/description/text": 75}),
    *longest("message", on.TICKS, {f"{E}/options/0/description/text": 75}),
    *longest("message", on.CHOOSE, {f"{E}/options/2/description/text": 75}),
    *longest("message", on.WORKFLOW, {f"{E}/workflow/trigger/url": 3000}),
    *longest("message", on.FILE_URL, {f"{B}/slack_file/url": 3000}),
    *longest("message", on.CONTROLS, {f"{B}/elements/1/text/text": 3000}),
    *longest("message", on.FORM, {f"{B}/label/text": 2000, f"{B}/hint/text": 2000}),
    *longest("modal", on.ASK_FOR_TEXT, {f"{F}/initial_value": 3000}),
    *longest("message", on.MORE, {f"{E}/options/0/url": 3000, f"{E}/options/0/text/text": 75}),
    *longest("message", on.TICKS, {f"{E}/options/0/text/text": 75, f"{E}/options/0/value": 150}),
    *longest("message", on.MARKDOWN, {f"{B}/text": 12_000}),
    *longest("modal", on.ALERT, {f"{B}/text/text": 200}),
    *longest("message", on.CARD, {f"{B}/title/text": 150, f"{B}/subtitle/text": 150}),
    *longest("message", on.CARD, {f"{B}/body/text": 200, f"{B}/subtext/text": 200}),
    *longest("message", on.FOLDED, {f"{B}/title/text": 150, f"{B}/subtitle/text": 150}),
    *longest("message", on.VIDEO, {f"{B}/title/text": 199, f"{B}/author_name": 49, f"{B}/alt_text": 2000}),
    *longest("message", on.VIDEO, {f"{B}/description/text": 200, f"{B}/provider_name": 50, f"{B}/title_url": 2000}),
    *longest("message", on.VIDEO, {f"{B}/thumbnail_url": 3000, f"{B}/video_url": 3000, f"{B}/provider_icon_url": 2000}),
    *longest("message", on.CONTROLS, {f"{E}/positive_button/text/text": 75, f"{E}/negative_button/value": 2000}),
    *longest("message", on.CONTROLS, {f"{E}/positive_button/accessibility_label": 75}),
    *longest("message", on.CONTROLS, {f"{B}/elements/1/value": 2000, f"{B}/elements/1/accessibility_label": 75}),
    *longest("modal", {**on.ASK, "close": plain()}, {"/title/text": 24, "/submit/text": 24, "/close/text": 24}),
    *longest("modal", on.ASK, {"/private_metadata": 3000, "/callback_id": 255, "/external_id": 255}),
    *longest("home", on.HOME, {"/private_metadata": 3000, "/callback_id": 255, "/external_id": 255}),
]


def cells(count: int) -> list[dict]:
    return [p.raw(str(i)) for i in range(count)]


def data_columns(count: int) -> dict:
    return message({"type": "data_table", "caption": "c", "rows": [cells(count)] * 2})


COUNTS = [
    most("message", message(), "/blocks", lambda i: p.section(), 50),
    most("modal", on.ASK, "/blocks", lambda i: p.section(), 100),
    most("home", on.HOME, "/blocks", lambda i: p.section(), 100),
    most("message", on.ATTACHED, "/attachments", lambda i: {"blocks": [p.section()]}, 100),
    most("message", on.ATTACHED, "/attachments/0/blocks", lambda i: p.section(), 50),
    most("message", on.FIELDS, f"{B}/fields", lambda i: p.mrkdwn(), 10),
    most("message", on.CONTEXT, f"{B}/elements", lambda i: p.mrkdwn(), 10),
    most("message", on.PRESS, f"{B}/elements", p.button, 25),
    most("message", on.CONTROLS, f"{B}/elements", lambda i: {**p.TRASH, "action_id": str(i)}, 5),
    most("message", on.CONTROLS, f"{B}/elements/1/visible_to_user_ids", lambda i: f"U{i}", 10),
    most("message", on.CHOOSE, f"{E}/options", p.option, 100),
    most("message", on.GROUPS, f"{E}/option_groups/0/options", p.option, 100),
    most("message", on.GROUPS, f"{E}/option_groups", lambda i: {"label": plain(), "options": [p.option()]}, 100),
    most("message", on.MORE, f"{E}/options", p.option, 5),
    most("message", on.TICKS, f"{E}/options", lambda i: p.option(2 + i), 10),
    most("message", on.RADIO, f"{E}/options", lambda i: p.option(1 + i), 10),
    most("message", on.CARD, f"{B}/actions", p.button, 3),
    most("message", on.CAROUSEL, f"{B}/elements", p.card, 10),
    most("message", on.CONTAINER, f"{B}/child_blocks", lambda i: p.section(), 10),
    most("message", on.PLAN, f"{B}/tasks", p.task, 50),
    most("message", on.TABLE, f"{B}/rows", lambda i: cells(2), 100),
    most("message", on.TABLE, f"{B}/rows/0", lambda i: p.raw(), 20),
    most("message", on.TABLE, f"{B}/column_settings", lambda i: {"is_wrapped": True}, 20),
    most("message", on.TICKS_ALONE, f"{E}/initial_options", lambda i: p.option(), 10),
    most("message", on.MANY, f"{E}/initial_options", lambda i: p.option(1), 100),
    most("message", on.MANY_FOUND, f"{E}/initial_options", p.option, 100),
    most("message", on.MANY_NEW, f"{E}/options", p.option, 100),
    most("message", on.MANY_GROUPED, f"{E}/option_groups", lambda i: {"label": plain(), "options": [p.option(2)]}, 100),
    Case("21 columns", "message", data_columns(20), data_columns(21), f"{B}/rows/0", "too_many"),
    most("message", on.DATA_TABLE, f"{B}/rows", lambda i: cells(2), 201),
]

FEWEST = [
    *wrong("message", on.SECTION, "empty", {"/text": "", f"{B}/text/text": "", f"{B}/block_id": ""}),
    *wrong("message", on.FIELDS, "too_few", {f"{B}/fields": []}),
    *wrong("message", on.CONTEXT, "too_few", {f"{B}/elements": []}),
    *wrong("message", on.PRESS, "too_few", {f"{B}/elements": []}),
    *wrong("message", on.PRESS, "empty", {f"{E}/text/text": "", f"{E}/action_id": ""}),
    *wrong("message", on.CONTROLS, "too_few", {f"{B}/elements": []}),
    *wrong("message", on.RICH, "too_few", {f"{B}/elements": []}),
    *wrong("message", on.RICH, "empty", {f"{E}/elements/0/text": ""}),
    *wrong("message", on.MORE, "too_few", {f"{E}/options": []}),
    *wrong("message", on.TICKS, "too_few", {f"{E}/options": []}),
    *wrong("message", on.RADIO, "too_few", {f"{E}/options": []}),
    *wrong("message", on.CHOOSE, "too_few", {f"{E}/options": []}),
    *wrong("message", on.GROUPS, "too_few", {f"{E}/option_groups": [], f"{E}/option_groups/0/options": []}),
    *wrong("message", on.CAROUSEL, "too_few", {f"{B}/elements": []}),
    *wrong("message", on.CONTAINER, "too_few", {f"{B}/child_blocks": []}),
    *wrong("message", on.PLAN, "too_few", {f"{B}/tasks": []}),
    *wrong("message", on.TABLE, "too_few", {f"{B}/rows": [], f"{B}/rows/0": []}),
    *wrong("message", on.TABLE, "empty", {f"{B}/rows/0/0/text": ""}),
    *wrong("message", on.DATA_TABLE, "too_few", {f"{B}/rows": [cells(2)]}),
    *wrong("message", on.DATA_TABLE, "empty", {f"{B}/rows/0/0/text": "", f"{B}/rows/1/1/text": "", f"{B}/caption": ""}),
    *wrong("modal", on.ASK, "too_few", {"/blocks": []}),
    *wrong("modal", on.ASK, "empty", {"/title/text": "", "/submit/text": "", "/callback_id": ""}),
    *wrong("modal", on.DISPATCHING, "too_few", {f"{F}/dispatch_action_config/trigger_actions_on": []}),
    *wrong(
        "modal",
        on.DISPATCHING,
        "too_many",
        {f"{F}/dispatch_action_config/trigger_actions_on": ["on_enter_pressed"] * 3},
    ),
    *wrong("message", on.ATTACHED, "too_few", {"/attachments/0/blocks": []}),
    *wrong("message", on.ATTACHED, "empty", {"/attachments/0/color": "", "/attachments/0/fallback": ""}),
    *wrong("message", on.WORKFLOW, "empty", {f"{E}/accessibility_label": ""}),
    *wrong("modal", on.FILTERED, "too_few", {f"{F}/filter/include": []}),
    *wrong("modal", on.PEOPLE, "too_few", {f"{F}/initial_users": []}),
    *wrong("home", on.HOME, "too_few", {"/blocks": []}),
]

RANGES = [
    *wrong("message", on.HEADER, "out_of_range", {f"{B}/level": 0}),
    *wrong("message", on.HEADER, "out_of_range", {f"{B}/level": 5}),
    *wrong("message", on.LIST, "out_of_range", {f"{E}/indent": 9, f"{E}/offset": -1, f"{E}/border": 2}),
    *wrong("message", on.RICH, "out_of_range", {f"{B}/elements/3/border": 2, f"{B}/elements/4/border": -1}),
    *wrong("message", on.RICH, "out_of_range", {f"{E}/elements/6/skin_tone": 7}),
    *wrong("message", on.DATA_TABLE, "out_of_range", {f"{B}/page_size": 0, f"{B}/row_header_column_index": 2}),
    *wrong("message", on.DATA_TABLE, "out_of_range", {f"{B}/page_size": 101}),
    *wrong("message", on.DATA_TABLE, "out_of_range", {f"{B}/row_header_column_index": -1}),
    *wrong("modal", on.ASK, "out_of_range", {f"{F}/min_length": -1, f"{F}/max_length": 0}),
    *wrong("modal", on.ASK, "out_of_range", {f"{F}/min_length": 3001, f"{F}/max_length": 3001}),
    *wrong("modal", on.FILES, "out_of_range", {f"{F}/max_files": 0}),
    *wrong("modal", on.FILES, "out_of_range", {f"{F}/max_files": 11}),
    *wrong("modal", on.FORMATTED, "out_of_range", {f"{F}/min_lines": 0, f"{F}/max_lines": 101}),
    *wrong("modal", on.FORMATTED, "out_of_range", {f"{F}/min_lines": 101, f"{F}/max_lines": 0}),
    *(
        case
        for menu in p.MENUS
        if menu["type"].startswith("multi_")
        for case in wrong("modal", modal(p.input_block(menu)), "out_of_range", {f"{F}/max_selected_items": 0})
    ),
    *wrong("message", on.RICH, "out_of_range", {f"{B}/elements/4/border": 2, f"{E}/elements/6/skin_tone": 0}),
    *wrong("modal", on.MOMENT, "out_of_range", {f"{F}/initial_date_time": -1}),
    *wrong("modal", on.MOMENT, "out_of_range", {f"{F}/initial_date_time": 10_000_000_000}),
    *wrong("modal", on.QUERY, "out_of_range", {f"{F}/min_query_length": -1}),
]


def in_total(surface: str, good: dict, at: str, more: str, pointer: str) -> Case:
    """Several blocks fill one allowance to the last character; one character more in the last is refused."""
    name = f"{surface}{at} one character over the total"
    return Case(name, surface, good, changed(good, at, more), pointer, "too_long")


def data_table(characters: int) -> dict:
    return {"type": "data_table", "caption": "c", "rows": [[p.raw("x" * (characters // 2))]] * 2}


def rich_table(characters: int) -> dict:
    return {"type": "table", "rows": [[p.rich(p.leaf("x" * characters))]]}


def view_of(size: int, empty: dict) -> dict:
    """A view of exactly so many bytes, letters of two bytes among them."""
    view = {**empty, "blocks": [p.section(text=plain("é" * 1500))] * 81, "private_metadata": ""}
    missing = size - len(json.dumps(view, ensure_ascii=False, separators=(",", ":")).encode())
    return {**view, "private_metadata": "x" * missing}


CELL = "/blocks/1/rows/0/0"
TOTALS = [
    in_total(
        "message",
        message(*[{"type": "markdown", "text": "x" * 6000}] * 2),
        "/blocks/1/text",
        "x" * 6001,
        "/blocks/1/text",
    ),
    in_total("message", message(*[data_table(10_000)] * 2), f"{CELL}/text", "x" * 5001, "/blocks/1/rows"),
    in_total("home", p.home(*[data_table(10_000)] * 2), f"{CELL}/text", "x" * 5001, "/blocks/1/rows"),
    in_total(
        "home",
        p.home(*[rich_table(5000)] * 2),
        f"{CELL}/elements/0/elements/0/text",
        "x" * 5001,
        "/blocks/1/rows",
    ),
    in_total("message", message(rich_table(10_000)), "/blocks/0/rows/0", [p.raw("x" * 10_001)], "/blocks/0/rows"),
    *(
        Case(
            f"a {view['type']} of 250001 bytes",
            view["type"],
            view_of(250_000, view),
            view_of(250_001, view),
            "",
            "too_large",
        )
        for view in (p.home(), modal())
    ),
]
LIMITS = [*LENGTHS, *COUNTS, *FEWEST, *RANGES, *TOTALS]
