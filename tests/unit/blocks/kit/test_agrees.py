"""The Block Kit validator beside two others: the official client's models and the limits that slackblocks keeps."""

import logging
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import slackblocks._limits as theirs
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slackblocks._surfaces import _BLOCK_TYPES_BY_SURFACE

from handlers.blocks.kit import elements, surfaces, validate
from handlers.blocks.kit.kinds import Fields, Str
from tests.unit.blocks.kit.cases import DROP, changed, places
from tests.unit.blocks.kit.good import alone


def twisted(value: Any) -> list[Any]:
    """What could stand there instead: missing, longer than some limit, more than some limit, of another shape."""
    if isinstance(value, str):
        return [DROP, None, "", 7, *("x" * length for length in (31, 76, 151, 256, 3001, 12_001))]
    if isinstance(value, list):
        return [DROP, None, [], *(value * times for times in (6, 26, 101))]
    return [DROP, None, {}, -1, "x"]


def refused_by_the_official_client(payload: dict) -> bool:
    try:
        if "type" in payload:
            View(**payload).to_dict()
            return False
        return any(block is None or not block.to_dict() for block in Block.parse_all(payload.get("blocks")))
    except (
        Exception
    ):  # its parser stumbles over wrong shapes with whatever Python raises; to a caller that is a refusal
        return True


def known_to_the_official_client() -> list[tuple[str, dict]]:
    return [(surface, good) for surface, good in alone() if good["blocks"][0]["type"] != "data_table"]


def twists() -> Iterator[tuple[str, dict, str, Any]]:
    for surface, good in known_to_the_official_client():
        for at, value in places(good):
            yield from ((surface, good, at, other) for other in twisted(value))


def test_what_the_official_client_refuses_is_refused(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.CRITICAL)
    assert not any(refused_by_the_official_client(good) for _, good in known_to_the_official_client())
    refused = 0
    for surface, good, at, other in random.Random(2013).sample(list(twists()), 1000):
        bad = changed(good, at, other)
        if refused_by_the_official_client(bad):
            refused += 1
            assert validate(bad, surface), (at, str(other)[:40])
    assert refused > 200


def longest(rule: Any) -> int:
    """The longest text of a string, or of a text object of any kind."""
    if isinstance(rule, Str):
        return rule.high
    (high,) = {kind.rows["text"].high for kind in rule.kinds.values()}
    return high


ELEMENTS, BLOCKS = elements.ELEMENTS, surfaces.BLOCKS
THEIR_NAMES: Mapping[str, Fields] = {
    **{name.upper(): rows for name, rows in {**ELEMENTS, **elements.RICH_TEXTS, **BLOCKS}.items()},
    "CONFIRMATION": elements.CONFIRM,
    "OPTION": elements.LINK_OPTION,
    "OPTION_GROUP": elements.OPTION_GROUP,
    "SELECT": Fields({**ELEMENTS["static_select"].rows, **ELEMENTS["external_select"].rows}, (), ()),
    "MULTI_SELECT": ELEMENTS["multi_static_select"],
    "EMAIL_INPUT": ELEMENTS["email_text_input"],
    "URL_INPUT": ELEMENTS["url_text_input"],
    "DATE_PICKER": ELEMENTS["datepicker"],
    "TIME_PICKER": ELEMENTS["timepicker"],
    "IMAGE_ELEMENT": ELEMENTS["image"],
    "CONVERSATION_FILTER": elements.FILTER,
    "DISPATCH_ACTION_CONFIGURATION": elements.DISPATCH,
    "FEEDBACK_BUTTON": elements.FEEDBACK,
    "VIEW": surfaces.SURFACES["modal"],
    "MESSAGE": surfaces.SURFACES["message"],
}
READ = {
    "ITEM_MAX_LENGTH": lambda rule: longest(rule.of),
    "MAX_LENGTH": lambda rule: longest(rule),
    "MAX_ITEMS": lambda rule: rule.high,
    "MIN_ITEMS": lambda rule: rule.low,
    "MAX": lambda rule: rule.high,
    "MIN": lambda rule: rule.low,
}
CELLS = {name: BLOCKS[name].rows["rows"].of for name in ("table", "data_table")}
NAMED_OTHERWISE = {
    "ACTION_ID_MAX_LENGTH": elements.ACTION_ID.high,
    "BLOCK_ID_MAX_LENGTH": BLOCKS["divider"].rows["block_id"].high,
    "TEXT_MAX_LENGTH": longest(BLOCKS["context"].rows["elements"].of.kinds["mrkdwn"].rows["text"]),
    "TEXT_MIN_LENGTH": BLOCKS["header"].rows["text"].kinds["plain_text"].rows["text"].low,
    "TABLE_COLUMNS_MAX_ITEMS": CELLS["table"].high,
    "DATA_TABLE_COLUMNS_MIN_ITEMS": CELLS["data_table"].low,
    "DATA_TABLE_COLUMNS_MAX_ITEMS": CELLS["data_table"].high,
    "DATA_TABLE_CELL_TEXT_MIN_LENGTH": surfaces.RAW_TEXT.rows["text"].low,
    "DATA_TABLE_CONTENT_MAX_LENGTH": surfaces.DATA_TABLE_TOTAL,
    "DATA_TABLE_TOTAL_CONTENT_MAX_LENGTH": surfaces.DATA_TABLE_TOTAL,
    "MARKDOWN_TOTAL_TEXT_MAX_LENGTH": surfaces.MARKDOWN_TOTAL,
}
# Charts are refused as unknown here; the channel is no part of the payload.
NOT_OURS = ("DATA_VISUALIZATION_", "MESSAGE_DATA_VISUALIZATIONS_", "MESSAGE_CHANNEL_")
# Slack's page says "less than 200" and "less than 50", and the official client holds it to that.
STRICTER = {"VIDEO_TITLE_MAX_LENGTH": 199, "VIDEO_AUTHOR_NAME_MAX_LENGTH": 49}
THEIRS = {name: value for name, value in vars(theirs).items() if name.isupper() and not name.startswith(NOT_OURS)}


def ours(name: str) -> int | None:
    if name in NAMED_OTHERWISE:
        return NAMED_OTHERWISE[name]
    kind = max((kind for kind in READ if name.endswith(f"_{kind}")), key=len)
    stem = name.removesuffix(f"_{kind}")
    owner = max((owner for owner in THEIR_NAMES if stem.startswith(f"{owner}_")), key=len)
    return READ[kind](THEIR_NAMES[owner].rows[stem.removeprefix(f"{owner}_").lower()])


def test_every_limit_that_slackblocks_knows_is_ours():
    assert len(THEIRS) > 120
    assert {name: ours(name) for name in THEIRS} == {**THEIRS, **STRICTER}


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
def test_every_surface_holds_the_blocks_that_slackblocks_knows_for_it(surface: str):
    blocks = surfaces.SURFACES[surface].rows["blocks"].of.kinds
    assert set(blocks) == _BLOCK_TYPES_BY_SURFACE[surface] - {"data_visualization"}
