"""The few blocks that the product draws, as functions (facts: slack limits)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from handlers.blocks.wording import bounded, fitting, plain, shown

Block = dict[str, Any]
Message = dict[str, Any]
"""What chat.postMessage and chat.update take: `text`, which alone tells all that matters, and `blocks`."""

View = dict[str, Any]
"""A modal or an App Home."""

OPTIONS = 100
"""Entries of a menu, at most."""

_TEXT = 3900
_APART = 30
_SECTION = 2900


def words(text: str) -> Block:
    """Mrkdwn whose author has escaped it; verbatim, so that no name or address in it becomes a link."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def label(text: str, most: int) -> Block:
    return {"type": "plain_text", "text": plain(text, most)}


def header(text: str) -> Block:
    return {"type": "header", "text": label(text, 150)}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": words(text)}
    return {**block, "accessory": accessory} if accessory else block


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [words(text) for text in texts]}


def packed(lines: Sequence[str], most: int = 11_000, *, apart: bool = False) -> list[Block]:
    """Lines in as few sections as hold them, or each in its own when they stand `apart`.

    `most` characters in all: a message takes some 13,000 (facts: slack).
    """
    pages: list[list[str]] = [[]]
    for line in fitting(lines, len(lines), most):
        if apart or sum(map(len, pages[-1])) + len(pages[-1]) + len(line) > _SECTION:
            pages.append([])
        pages[-1].append(line)
    return [section("\n".join(page)) for page in pages if page]


def size(drawn: Sequence[Block]) -> int:
    """Characters of the blocks as they are sent."""
    return len(json.dumps(drawn, ensure_ascii=False))


def divider() -> Block:
    return {"type": "divider"}


def actions(elements: Sequence[Block], block_id: str = "") -> Block:
    block: Block = {"type": "actions", "elements": list(elements)}
    return {**block, "block_id": block_id} if block_id else block


def button(
    text: str, action_id: str, value: str, *, style: str = "", reads: str = "", confirm: Block | None = None
) -> Block:
    """`reads` is what a screen reader says where several buttons are called the same."""
    block: Block = {"type": "button", "text": label(text, 75), "action_id": action_id, "value": value}
    extra = {"style": style, "accessibility_label": plain(reads, 75, ""), "confirm": confirm}
    return {**block, **{key: item for key, item in extra.items() if item}}


def confirm(title: str, text: str, yes: str, style: str) -> Block:
    block: Block = {"title": label(title, 100), "text": label(text, 300), "confirm": label(yes, 30)}
    return {**block, "deny": label("Not yet", 30), "style": style or "primary"}


def overflow(action_id: str, options: Sequence[tuple[str, str]]) -> Block:
    """A menu of (text, value) for what is seldom wanted."""
    rows = [{"text": label(text, 75), "value": value} for text, value in options]
    return {"type": "overflow", "action_id": action_id, "options": rows}


def modal(heading: str, drawn: Sequence[Block], close: str) -> View:
    return {"type": "modal", "title": label(heading, 24), "close": label(close, 24), "blocks": list(drawn)}


def sentence(text: str) -> Message:
    """A short answer for one person."""
    said = shown(text, 2900) or "Nothing to say."
    return {"text": said, "blocks": [section(said)]}


def listing(heading: str, lines: Sequence[str], *foot: str, more: Sequence[Block] = ()) -> Message:
    """Lines under a heading, as many as a message has room for; the text alone says the same.

    A few long ones stand apart from each other.
    """
    text = bounded("\n".join([f"{heading}:", *lines, *foot]), _TEXT)
    feet = [context(words) for words in foot if words]
    return {"text": text, "blocks": [header(heading), *packed(lines, apart=_stand_apart(lines)), *feet, *more]}


def _stand_apart(lines: Sequence[str]) -> bool:
    return len(lines) <= _APART and any("\n" in line for line in lines)
