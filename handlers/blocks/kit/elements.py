"""The objects and elements of Block Kit as rows of fields and limits (facts: slack limits)."""

from handlers.blocks.kit import relations as rel
from handlers.blocks.kit.kinds import Choice, Flag, Items, Number, OneOf, Str, block, fields, plain, text

# --- objects ---------------------------------------------------------------------------------------------------------
FLAG = Flag()
IDS = Items(Str())
STYLE = Choice(("primary", "danger"))
ACTION_ID = Str(255)
CONFIRM = fields(
    "title text confirm deny", title=plain(100), text=text(300), confirm=plain(30), deny=plain(30), style=STYLE
)
OPTION = fields("text value", text=plain(75), value=Str(150), description=plain(75))
MRKDWN_OPTION = fields("text value", text=text(75), value=Str(150), description=text(75))
LINK_OPTION = fields("text value", text=plain(75), value=Str(150), description=plain(75), url=Str(3000))
OPTION_GROUP = fields("label options", rel.unique("options", "value"), label=plain(75), options=Items(OPTION, high=100))
DISPATCH = fields(
    "trigger_actions_on",
    rel.distinct("trigger_actions_on"),
    trigger_actions_on=Items(Choice(("on_enter_pressed", "on_character_entered")), high=2),
)
FILTER = fields(
    "",
    rel.at_least_one("include", "exclude_external_shared_channels", "exclude_bot_users"),
    include=Items(Choice(("im", "mpim", "private", "public"))),
    exclude_external_shared_channels=FLAG,
    exclude_bot_users=FLAG,
)
SLACK_FILE = fields(
    "", rel.at_least_one("id", "url"), rel.at_most_one("id", "url"), id=Str(pattern="F[A-Z0-9]{8,}"), url=Str(3000)
)
ICON_NAMES = (
    "archive book bookmark bot bug calendar call caret-left caret-right check clipboard code comment compass copy cube "
    "download edit email eye-closed eye-open file flag folder gear globe heart help image info key lightbulb link map "
    "mobile new-window pin plus refine refresh rocket save screen share sparkle star star-filled tag thumbs-down "
    "thumbs-up trash upload user warning"
)
SLACK_ICON = OneOf({"icon": fields("name", name=Choice(tuple(ICON_NAMES.split())))})
INPUT_PARAMETER = fields("name value", name=Str(), value=Str())
TRIGGER = fields("url", url=Str(3000), customizable_input_parameters=Items(INPUT_PARAMETER))
FEEDBACK = fields("text value", text=plain(75), value=Str(2000), accessibility_label=Str(75))
IMAGE = (rel.at_least_one("image_url", "slack_file"), rel.at_most_one("image_url", "slack_file"))
IMAGE_ROWS = {"alt_text": Str(2000), "image_url": Str(3000), "slack_file": SLACK_FILE}

# --- rich text -------------------------------------------------------------------------------------------------------
TEXT_STYLE = fields("", bold=FLAG, italic=FLAG, strike=FLAG, underline=FLAG, code=FLAG)
MENTION_STYLE = fields("", **TEXT_STYLE.rows, highlight=FLAG, client_highlight=FLAG, unlink=FLAG)
LEAF = OneOf(
    {
        "text": fields("text", text=Str(), style=TEXT_STYLE),
        "link": fields("url", url=Str(), text=Str(), unsafe=FLAG, style=TEXT_STYLE),
        "user": fields("user_id", user_id=Str(), style=MENTION_STYLE),
        "usergroup": fields("usergroup_id", usergroup_id=Str(), style=MENTION_STYLE),
        "channel": fields("channel_id", channel_id=Str(), style=MENTION_STYLE),
        "team": fields("team_id", team_id=Str(), style=MENTION_STYLE),
        "emoji": fields("name", name=Str(), unicode=Str(), skin_tone=Number(1, 6), style=TEXT_STYLE),
        "broadcast": fields("range", range=Choice(("here", "channel", "everyone")), style=TEXT_STYLE),
        "color": fields("value", value=Str(), style=TEXT_STYLE),
        "date": fields("timestamp format", timestamp=Number(0), format=Str(), url=Str(), fallback=Str()),
    }
)
BORDER = Number(0, 1)
RICH_SECTION = fields("elements", elements=Items(LEAF, low=0))
RICH_TEXTS = {
    "rich_text_section": RICH_SECTION,
    "rich_text_list": fields(
        "style elements",
        style=Choice(("bullet", "ordered")),
        elements=Items(OneOf({"rich_text_section": RICH_SECTION})),
        indent=Number(0, 8),
        offset=Number(0),
        border=BORDER,
    ),
    "rich_text_preformatted": fields("elements", elements=Items(LEAF, low=0), border=BORDER),
    "rich_text_quote": fields("elements", elements=Items(LEAF, low=0), border=BORDER),
}
RICH_TEXT = OneOf({"rich_text": block("elements", elements=Items(OneOf(RICH_TEXTS)))})

# --- elements --------------------------------------------------------------------------------------------------------
CONFIRMED = {"action_id": ACTION_ID, "confirm": CONFIRM}
PICKED = {**CONFIRMED, "focus_on_load": FLAG}
SELECT = {**PICKED, "placeholder": plain(150)}
MULTI = {**SELECT, "max_selected_items": Number(1)}
TYPED = {"action_id": ACTION_ID, "focus_on_load": FLAG, "placeholder": plain(150), "dispatch_action_config": DISPATCH}
STATIC = (
    rel.at_least_one("options", "option_groups"),
    rel.at_most_one("options", "option_groups"),
    rel.unique("options", "value"),
)
OFFERS = {"options": Items(OPTION, high=100), "option_groups": Items(OPTION_GROUP, high=100)}
TICKS = Items(MRKDWN_OPTION, high=10)
QUERY = Number(0)
DECIMAL = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
LINES = Number(1, 100)
ELEMENTS = {
    "button": fields(
        "text",
        rel.only_with("agent_prompt_display", "agent_prompt"),
        text=plain(75),
        url=Str(3000),
        value=Str(2000),
        style=STYLE,
        accessibility_label=Str(75),
        agent_prompt=Str(4000),
        agent_prompt_display=Str(),
        **CONFIRMED,
    ),
    "workflow_button": fields(
        "text workflow action_id",
        text=plain(75),
        workflow=fields("trigger", trigger=TRIGGER),
        style=STYLE,
        accessibility_label=Str(75),
        **CONFIRMED,
    ),
    "icon_button": fields(
        "icon text",
        icon=Choice(("trash",)),
        text=plain(),
        value=Str(2000),
        accessibility_label=Str(75),
        visible_to_user_ids=Items(Str(), high=10),
        **CONFIRMED,
    ),
    "feedback_buttons": fields(
        "positive_button negative_button", action_id=ACTION_ID, positive_button=FEEDBACK, negative_button=FEEDBACK
    ),
    "overflow": fields("options", rel.unique("options", "value"), options=Items(LINK_OPTION, high=5), **CONFIRMED),
    "image": fields("alt_text", *IMAGE, **IMAGE_ROWS),
    "checkboxes": fields(
        "options",
        rel.unique("options", "value"),
        rel.initial_options_offered,
        options=TICKS,
        initial_options=TICKS,
        **PICKED,
    ),
    "radio_buttons": fields(
        "options",
        rel.unique("options", "value"),
        rel.initial_option_offered,
        options=TICKS,
        initial_option=MRKDWN_OPTION,
        **PICKED,
    ),
    "datepicker": fields("", initial_date=Str(pattern=r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"), **SELECT),
    "timepicker": fields("", initial_time=Str(pattern=r"([01][0-9]|2[0-3]):[0-5][0-9]"), timezone=Str(), **SELECT),
    "datetimepicker": fields("", initial_date_time=Number(0, 9_999_999_999), **PICKED),
    "static_select": fields("", *STATIC, rel.initial_option_offered, initial_option=OPTION, **OFFERS, **SELECT),
    "external_select": fields("", initial_option=OPTION, min_query_length=QUERY, **SELECT),
    "users_select": fields("", initial_user=Str(), **SELECT),
    "channels_select": fields("", initial_channel=Str(), response_url_enabled=FLAG, **SELECT),
    "conversations_select": fields(
        "",
        initial_conversation=Str(),
        default_to_current_conversation=FLAG,
        response_url_enabled=FLAG,
        filter=FILTER,
        **SELECT,
    ),
    "multi_static_select": fields(
        "", *STATIC, rel.initial_options_offered, initial_options=Items(OPTION, high=100), **OFFERS, **MULTI
    ),
    "multi_external_select": fields("", initial_options=Items(OPTION, high=100), min_query_length=QUERY, **MULTI),
    "multi_users_select": fields("", initial_users=IDS, **MULTI),
    "multi_channels_select": fields("", initial_channels=IDS, **MULTI),
    "multi_conversations_select": fields(
        "", initial_conversations=IDS, default_to_current_conversation=FLAG, filter=FILTER, **MULTI
    ),
    "plain_text_input": fields(
        "",
        rel.ordered("min_length", "max_length"),
        multiline=FLAG,
        initial_value=Str(3000, low=0),
        min_length=Number(0, 3000),
        max_length=Number(1, 3000),
        **TYPED,
    ),
    "email_text_input": fields("", initial_value=Str(low=0), **TYPED),
    "url_text_input": fields("", initial_value=Str(low=0), **TYPED),
    "number_input": fields(
        "is_decimal_allowed",
        rel.ordered("min_value", "max_value"),
        is_decimal_allowed=FLAG,
        initial_value=Str(pattern=DECIMAL),
        min_value=Str(pattern=DECIMAL),
        max_value=Str(pattern=DECIMAL),
        **TYPED,
    ),
    "rich_text_input": fields("action_id", initial_value=RICH_TEXT, min_lines=LINES, max_lines=LINES, **TYPED),
    "file_input": fields("", action_id=ACTION_ID, filetypes=IDS, max_files=Number(1, 10)),
}
