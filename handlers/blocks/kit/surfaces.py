"""The blocks of Block Kit, and the messages, modals and App Homes that hold them, as rows (facts: slack limits)."""

from collections.abc import Mapping

from handlers.blocks.kit import relations as rel
from handlers.blocks.kit.elements import ELEMENTS, FLAG, IMAGE, IMAGE_ROWS, LEAF, RICH_TEXT, RICH_TEXTS, SLACK_ICON
from handlers.blocks.kit.kinds import Choice, Fields, Items, Number, OneOf, Rule, Str, block, fields, pick, plain, text

MARKDOWN_TOTAL, TABLE_TOTAL, DATA_TABLE_TOTAL, VIEW_BYTES = 12_000, 10_000, 20_000, 250_000
SELECTS = (
    "static_select external_select users_select channels_select conversations_select multi_static_select "
    "multi_external_select multi_users_select multi_channels_select multi_conversations_select"
)
CHOOSERS = f"checkboxes radio_buttons datepicker timepicker {SELECTS}"
BUTTONS = "button workflow_button overflow"
ACTIONS = f"{BUTTONS} {CHOOSERS} datetimepicker rich_text_input"
INPUTS = f"{CHOOSERS} datetimepicker plain_text_input email_text_input url_text_input number_input rich_text_input"
IMAGE_ELEMENT = pick(ELEMENTS, "image")
RAW_TEXT = fields("text", text=Str())
RAW_NUMBER = fields("value text", value=Number(whole=False), text=Str())
CELL = OneOf({"raw_text": RAW_TEXT, **RICH_TEXT.kinds})
DATA_CELL = OneOf({"raw_text": RAW_TEXT, "raw_number": RAW_NUMBER, **RICH_TEXT.kinds})
COLUMN = fields("", align=Choice(("left", "center", "right")), is_wrapped=FLAG)
SOURCE = OneOf({"url": fields("url text", url=Str(), text=Str())})
TASK: Mapping[str, Rule] = {
    "task_id": Str(),
    "title": Str(),
    "details": RICH_TEXT,
    "output": RICH_TEXT,
    "sources": Items(SOURCE),
}


def input_of(elements: str, *relations: rel.Relation) -> Fields:
    return block(
        "label element",
        *relations,
        label=plain(2000),
        hint=plain(2000),
        element=pick(ELEMENTS, elements),
        dispatch_action=FLAG,
        optional=FLAG,
    )


FLAT: Mapping[str, Fields] = {
    "actions": block("elements", rel.unique("elements", "action_id"), elements=Items(pick(ELEMENTS, ACTIONS), high=25)),
    "alert": block("text", text=text(200), level=Choice(("default", "info", "warning", "error", "success"))),
    "card": block(
        "",
        rel.at_least_one("hero_image", "title", "actions", "body"),
        rel.at_most_one("icon", "slack_icon"),
        rel.unique("actions", "action_id"),
        hero_image=IMAGE_ELEMENT,
        icon=IMAGE_ELEMENT,
        slack_icon=SLACK_ICON,
        title=text(150),
        subtitle=text(150),
        body=text(200),
        subtext=text(200),
        actions=Items(pick(ELEMENTS, "button"), high=3),
    ),
    "context": block("elements", elements=Items(OneOf({**IMAGE_ELEMENT.kinds, **text().kinds}), high=10)),
    "context_actions": block(
        "elements",
        rel.unique("elements", "action_id"),
        elements=Items(pick(ELEMENTS, "feedback_buttons icon_button"), high=5),
    ),
    "data_table": block(
        "caption rows",
        rel.rows_of_one_width,
        rel.plain_header_row,
        rel.row_header_is_a_column,
        caption=Str(),
        rows=Items(Items(DATA_CELL, high=20), low=2, high=201),
        page_size=Number(1, 100),
        row_header_column_index=Number(0),
    ),
    "divider": block(""),
    "file": block("external_id source", external_id=Str(), source=Choice(("remote",))),
    "header": block("text", text=plain(150), level=Number(1, 4)),
    "image": block("alt_text", *IMAGE, title=plain(2000), **IMAGE_ROWS),
    "input": input_of(INPUTS),
    "markdown": block("text", text=Str(MARKDOWN_TOTAL)),
    "plan": block(
        "title tasks",
        rel.unique("tasks", "task_id"),
        title=Str(),
        tasks=Items(
            fields(
                "task_id title status",
                # One client of Slack's writes the type into the tasks of a plan, another leaves it out.
                type=Choice(("task_card",)),
                status=Choice(("pending", "in_progress", "complete", "error")),
                **TASK,
            ),
            high=50,
        ),
    ),
    **RICH_TEXT.kinds,
    "section": block(
        "",
        rel.at_least_one("text", "fields"),
        text=text(3000),
        fields=Items(text(2000), high=10),
        accessory=pick(ELEMENTS, f"{BUTTONS} {CHOOSERS} image"),
        expand=FLAG,
    ),
    "table": block("rows", rows=Items(Items(CELL, high=20), high=100), column_settings=Items(COLUMN, high=20)),
    "task_card": block("task_id title status", status=Choice(("in_progress", "complete", "error")), **TASK),
    # "less than 200" and "less than 50" in Slack's own page; the official client refuses exactly 200 and 50 as well.
    "video": block(
        "alt_text title thumbnail_url video_url",
        alt_text=Str(2000),
        title=plain(199),
        thumbnail_url=Str(3000),
        video_url=Str(3000),
        title_url=Str(2000),
        author_name=Str(49),
        description=plain(200),
        provider_name=Str(50),
        provider_icon_url=Str(2000),
    ),
}
BLOCKS: Mapping[str, Fields] = {
    **FLAT,
    "carousel": block("elements", elements=Items(pick(FLAT, "card"), high=10)),
    "container": block(
        "child_blocks",
        rel.at_least_one("title", "rich_text_title"),
        rel.only_with("default_collapsed", "is_collapsible"),
        rel.never_with("has_header_divider", "is_collapsible"),
        title=plain(150),
        rich_text_title=RICH_TEXT,
        subtitle=text(150),
        icon=IMAGE_ELEMENT,
        width=Choice(("narrow", "standard", "wide", "full")),
        is_collapsible=FLAG,
        default_collapsed=FLAG,
        has_header_divider=FLAG,
        child_blocks=Items(
            pick(FLAT, "actions context divider file header image input rich_text section table video"), high=10
        ),
    ),
}
EVERYWHERE = "actions card context divider header image input rich_text section video"
HOME = pick(BLOCKS, f"{EVERYWHERE} carousel container data_table table")
MESSAGE = OneOf({name: rows for name, rows in BLOCKS.items() if name != "alert"})
# Only a modal may ask for files.
MODAL = OneOf(
    {**pick(BLOCKS, f"{EVERYWHERE} alert").kinds, "input": input_of(f"{INPUTS} file_input", rel.no_file_input_dispatch)}
)

COLOUR = "good|warning|danger|#[0-9A-Fa-f]{6}"
# The rest of an attachment's fields are Slack's legacy; nothing new should use them.
ATTACHMENT = fields("blocks", blocks=Items(MESSAGE, high=50), color=Str(pattern=COLOUR), fallback=Str())
VIEW: Mapping[str, Rule] = {"private_metadata": Str(3000, low=0), "callback_id": Str(255), "external_id": Str(255)}

SURFACES: Mapping[str, Fields] = {
    "message": fields(
        "text",
        rel.unique_block_ids,
        rel.plan_or_task_cards,
        rel.at_most_one_table,
        rel.text_within("markdown", "text", MARKDOWN_TOTAL),
        rel.text_within("table", "rows", TABLE_TOTAL),
        rel.text_within("data_table", "rows", DATA_TABLE_TOTAL),
        # Slack does not ask for text beside blocks; screen readers and notifications do.
        text=Str(4000, pattern=r"[\s\S]*\S[\s\S]*"),
        blocks=Items(MESSAGE, low=0, high=50),
        attachments=Items(ATTACHMENT, low=0, high=100),
    ),
    "modal": fields(
        "type title blocks",
        rel.unique_block_ids,
        rel.one_focus,
        rel.submit_with_inputs,
        rel.bytes_within(VIEW_BYTES),
        type=Choice(("modal",)),
        title=plain(24),
        submit=plain(24),
        close=plain(24),
        blocks=Items(MODAL, high=100),
        clear_on_close=FLAG,
        notify_on_close=FLAG,
        submit_disabled=FLAG,
        **VIEW,
    ),
    "home": fields(
        "type blocks",
        rel.unique_block_ids,
        rel.one_focus,
        rel.text_within("table", "rows", TABLE_TOTAL),
        rel.text_within("data_table", "rows", DATA_TABLE_TOTAL),
        rel.bytes_within(VIEW_BYTES),
        type=Choice(("home",)),
        blocks=Items(HOME, high=100),
        **VIEW,
    ),
}
KNOWN_TYPES = frozenset(
    name for table in (BLOCKS, ELEMENTS, RICH_TEXTS, LEAF.kinds, text().kinds, DATA_CELL.kinds) for name in table
)
