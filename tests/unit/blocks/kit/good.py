"""Whole messages, modals and App Homes that Slack takes, which between them use every field there is."""

import json
from collections.abc import Iterator
from typing import Any

from tests.unit.blocks.kit import payloads as p
from tests.unit.blocks.kit.payloads import home, message, modal, mrkdwn, plain

EVERYWHERE = [
    {"type": "divider"},
    {"type": "header", "text": {**plain(":wave:"), "emoji": True}, "level": 1},
    p.section(expand=True),
    {"type": "section", "fields": [mrkdwn(), plain()], "accessory": p.OVERFLOW},
    p.section(accessory=p.image()),
    {"type": "context", "elements": [mrkdwn(), plain(), p.image()]},
    p.image(title=plain()),
    {"type": "image", "slack_file": {"id": "F0123456789"}, "alt_text": "a pool"},
    p.section(accessory={"type": "image", "slack_file": {"url": "https://example.com/a.png"}, "alt_text": "a pool"}),
    p.actions(
        *p.identified(
            "action_id", p.FULL_BUTTON, p.WORKFLOW, p.OVERFLOW, p.TICKS, p.RADIO, p.DATE, p.TIME, p.MOMENT, p.FORMATTED
        )
    ),
    p.RICH,
    p.VIDEO,
    p.CARD,
    p.card(2, slack_icon={"type": "icon", "name": "rocket"}),
    *(p.input_block(element, optional=True, dispatch_action=True, hint=plain()) for element in p.TYPED),
]
CARD_TEXTS = ("title", "subtitle", "body", "subtext")
ATTACHED = message(attachments=[{"color": "#1d3c34", "blocks": [p.section()], "fallback": "x"}])
GOOD: dict[str, tuple[str, dict]] = {
    "text alone": ("message", {"text": "pool-a is over on pool-b"}),
    "no blocks any more": ("message", {"text": "done", "blocks": []}),
    "everything in a message": ("message", message(*p.identified("block_id", *EVERYWHERE, *p.WIDE))),
    "an attachment": ("message", ATTACHED),
    "a plan": ("message", message(*p.identified("block_id", p.PLAN, p.MARKDOWN))),
    "a task card": ("message", message(*p.identified("block_id", p.TASK_CARD, p.CONTROLS, p.FILE))),
    "everything in a modal": (
        "modal",
        modal(
            *p.identified("block_id", *EVERYWHERE, p.ALERT, p.input_block(p.FILES, dispatch_action=False)),
            close=plain("Back"),
            private_metadata="",
            callback_id="abandon",
            external_id="run-1",
            clear_on_close=True,
            notify_on_close=False,
            submit_disabled=False,
        ),
    ),
    "a modal that only tells": ("modal", {k: v for k, v in modal(p.section()).items() if k != "submit"}),
    "everything in a home": (
        "home",
        home(*p.identified("block_id", *EVERYWHERE, *p.WIDE), private_metadata="m", callback_id="home"),
    ),
    **{f"a {menu['type']} in an input": ("modal", modal(p.input_block(menu))) for menu in p.MENUS},
    **{f"a {menu['type']} beside a section": ("message", message(p.section(accessory=menu))) for menu in p.MENUS},
    **{f"a {menu['type']} among actions": ("home", home(p.actions(menu))) for menu in p.MENUS},
}


def alone() -> list[tuple[str, dict]]:
    """Every different block of them by itself on its surface."""
    found = {
        json.dumps(block): (surface, {**payload, "blocks": [block]})
        for surface, payload in GOOD.values()
        for block in payload.get("blocks", ())
    }
    return list(found.values())


def taken() -> Iterator[tuple[str, dict, str, Any]]:
    """A surface, a payload, a place in it, and what may stand there: every choice that is documented."""
    first, element, inner = "/blocks/0", "/blocks/0/elements/0", "/blocks/0/element"
    press, plan, rich = message(p.actions(p.FULL_BUTTON)), message(p.PLAN), message(p.RICH)
    form, ask, files = (f(p.input_block(p.text_input())) for f in (message, modal, home))
    choices = [
        ("message", press, f"{element}/style", ("primary", "danger")),
        ("message", press, f"{element}/confirm/style", ("primary", "danger")),
        ("message", press, f"{element}/confirm/text", (plain(), mrkdwn())),
        ("message", message(p.actions(p.WORKFLOW)), f"{element}/style", ("primary", "danger")),
        ("message", plan, f"{first}/tasks/0/status", ("pending", "in_progress", "complete", "error")),
        ("message", message(p.TASK_CARD), f"{first}/status", ("in_progress", "complete", "error")),
        ("message", rich, f"{element}/elements/7/range", ("here", "channel", "everyone")),
        ("message", rich, f"{first}/elements/2/style", ("bullet", "ordered")),
        ("message", message(p.TABLE), f"{first}/column_settings/0/align", ("left", "center", "right")),
        ("message", message(p.CONTAINER), f"{first}/width", ("narrow", "standard", "wide", "full")),
        ("message", message(p.FOLDED), f"{first}/subtitle", (plain(), mrkdwn())),
        *(("message", message(p.CARD), f"{first}/{name}", (plain(), mrkdwn())) for name in CARD_TEXTS),
        (
            "message",
            message(p.card(slack_icon=p.ICON)),
            f"{first}/slack_icon/name",
            ("key", "archive", "thumbs-up", "warning"),
        ),
        ("message", message(p.CONTAINER), f"{first}/child_blocks/0", p.CHILDREN),
        ("message", message(p.section()), f"{first}/accessory", [*p.BUTTONS, *p.CHOOSERS, p.image()]),
        ("home", home(p.actions(p.button())), element, [*p.BUTTONS, *p.CHOOSERS, p.MOMENT, p.FORMATTED]),
        ("message", form, inner, p.INPUTS),
        ("modal", ask, inner, [*p.INPUTS, p.FILES]),
        ("home", files, inner, p.INPUTS),
        ("modal", modal(p.ALERT), f"{first}/level", ("default", "info", "warning", "error", "success")),
        ("message", ATTACHED, "/attachments/0/color", ("good", "warning", "danger", "#1d3c34")),
        ("message", ATTACHED, "/attachments/0/blocks/0", [*EVERYWHERE, *p.WIDE, *p.ONLY_IN_A_MESSAGE]),
    ]
    yield from ((surface, base, at, value) for surface, base, at, values in choices for value in values)


TAKEN = list(taken())
