"""One small payload that passes for every place a limit or a rule of Block Kit can be broken."""

from tests.unit import blockkit_payloads as p
from tests.unit.blockkit_payloads import message, modal, plain

B = "/blocks/0"
E = f"{B}/elements/0"
F = f"{B}/element"
HEADER = message({"type": "header", "text": plain()})
SECTION = message(p.section(block_id="a"))
FIELDS = message({"type": "section", "fields": [p.mrkdwn()]})
CONTEXT = message({"type": "context", "elements": [p.mrkdwn(), p.image()]})
PRESS = message(p.actions(p.FULL_BUTTON))
TWO_PRESSES = message(p.actions(p.button(1), p.button(2)))
ASK = modal(p.input_block(p.text_input(placeholder=plain()), hint=plain()), p.section())
PICTURE = message(p.image(title=plain()))
FILED = message({"type": "image", "slack_file": {"id": "F0123456789"}, "alt_text": "a pool"})
CHOOSE = message(p.actions({**p.STATIC, "placeholder": plain(), "initial_option": p.option(0)}))
GROUPS = message(p.actions(p.GROUPED))
MORE = message(p.actions(p.OVERFLOW))
TICKS = message(p.actions(p.TICKS))
RADIO = message(p.actions(p.RADIO))
RICH = message(p.RICH)
LIST = message({"type": "rich_text", "elements": [p.RICH_LIST]})
ALERT = modal({"type": "alert", "text": plain(), "level": "info"})
CAROUSEL = message({"type": "carousel", "elements": [p.card()]})
CARD = message(p.CARD)
CONTROLS = message(p.CONTROLS)
ATTACHED = message(attachments=[{"color": "#1d3c34", "blocks": [p.section()]}])
FILTERED = modal(p.input_block({"type": "conversations_select", "filter": {"include": ["im"]}}))
PEOPLE = modal(p.input_block({"type": "multi_users_select", "initial_users": ["U1"], "max_selected_items": 1}))
DISPATCHING = modal(p.input_block(p.text_input(dispatch_action_config={"trigger_actions_on": ["on_enter_pressed"]})))
EMAIL = modal(p.input_block(p.EMAIL))
DIGITS = modal(p.input_block({**p.DIGITS, "placeholder": plain()}))
FORMATTED = modal(p.input_block(p.FORMATTED))
FILES = modal(p.input_block(p.FILES))
DATE, TIME, MOMENT = (modal(p.input_block(element)) for element in (p.DATE, p.TIME, p.MOMENT))
WORKFLOW = message(p.actions({**p.WORKFLOW, "accessibility_label": "x"}))
MARKDOWN = message(p.MARKDOWN)
TABLE = message({**p.TABLE, "column_settings": [{"align": "left"}]})
DATA_TABLE = message({**p.DATA_TABLE, "row_header_column_index": 1, "page_size": 5})
PLAN, TASK_CARD, VIDEO = message(p.PLAN), message(p.TASK_CARD), message(p.VIDEO)
CONTAINER, FOLDED, HEADED = message(p.CONTAINER), message(p.FOLDED), message(p.HEADED)
HOME = p.home(p.section())
TOLD = {name: value for name, value in modal(p.section()).items() if name != "submit"}
QUERY = modal(p.input_block({"type": "external_select", "min_query_length": 1}))
TICKS_ALONE = message(p.actions({"type": "checkboxes", "options": [p.option()]}))
RADIO_ALONE = message(p.actions({"type": "radio_buttons", "options": [p.option()]}))
MANY = message(p.actions({"type": "multi_static_select", "options": [p.option(1)], "initial_options": [p.option(1)]}))
MORE_AND_MORE = message(p.actions({"type": "overflow", "options": [p.option(0), p.option(1)]}))
TWO_GROUPED = message(p.actions(p.MENUS[5]))
TWO_BLOCKS = message(p.section(block_id="a"), p.section(block_id="b"))
FOLDED_AND_PLAIN = message({**p.CONTAINER, "child_blocks": [p.section(block_id="inner"), p.section(block_id="b")]})
TWO_CARDS = message({"type": "carousel", "elements": [p.card(1, block_id="a"), p.card(2, block_id="b")]})
ATTACHED_TOO = message(p.section(block_id="a"), attachments=[{"blocks": [p.section(block_id="b")]}])
FOCUSED = modal(*[p.input_block(p.text_input(focus_on_load=focus), block_id=str(focus)) for focus in (True, False)])
ASK_FOR_LENGTH = modal(p.input_block(p.text_input(min_length=5, max_length=5)))
FORM = message(p.input_block(p.text_input()))
ICON = message(p.card(slack_icon={"type": "icon", "name": "key"}))
FILE_BLOCK = message(p.FILE)
ONLY_IN_A_MESSAGE = [*(base["blocks"][0] for base in (PLAN, TASK_CARD, MARKDOWN, CONTROLS, FILE_BLOCK))]
NOT_IN_A_MODAL = [*ONLY_IN_A_MESSAGE, *p.WIDE]
NOT_IN_A_HOME = [*ONLY_IN_A_MESSAGE, ALERT["blocks"][0]]
