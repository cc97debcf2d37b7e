"""What fits on one screen of a telephone: whole sentences and whole lines, the most important first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from handlers.blocks.blocks import Block

OPEN = 120
"""Words of a card while its run is open: with its buttons, they fill a telephone's screen."""

ENDED = 40
"""Words of the card of a run that has ended, beside the list of what is still open."""

LINES = 3
"""Lines of a list, at most."""

_FENCE = "```"
_LONG = 6
"""Characters of a word, with what follows it: longer ones fill the screen as several would."""
_BUTTON = 5
"""So many words, at least, have room where a button is."""

_WORD = re.compile(r"\S*\w\S*")
_DATE = re.compile(r"<!date\^\d+\^([^|>]*)\|[^>]*>")
_TOKENS = {"{ago}": "35 minutes ago", "{time}": "2:40 AM", "{date_short_pretty}": "Nov 21, 2026"}
_LINK = re.compile(r"<[^>|]*\|?([^>]*)>")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\s.!?])")
_TEXTS = frozenset({"mrkdwn", "plain_text"})


class Room:
    """So many words are left; whatever did not fit, `is_cut` remembers."""

    def __init__(self, words: int) -> None:
        self.left = words
        self.is_cut = False

    def sentences(self, text: str) -> str:
        """Its first sentence, and as many of the others as there is room for."""
        if not text:
            return ""
        first, *rest = _SENTENCE.split(text)
        self.left -= _size(first)
        return " ".join([first, *self._whole(rest)])

    def lines(self, lines: Sequence[str], most: int = LINES) -> list[str]:
        """As many of them, from the first, as there is room for."""
        kept = list(self._whole(lines[:most]))
        self.is_cut = self.is_cut or len(lines) > len(kept)
        return kept

    def _whole(self, parts: Iterable[str]) -> Iterator[str]:
        for part in parts:
            if (size := _size(part)) > self.left:
                self.is_cut = True
                return
            self.left -= size
            yield part


def counted(text: str) -> int:
    """Words as people read them: a date is as long as Slack makes it, a mark alone is none."""
    read = _LINK.sub(r"\1", _DATE.sub(_dated, text))
    return len(_WORD.findall(read))


def words(drawn: Iterable[Block]) -> int:
    """Words of blocks, their buttons' included; not of what opens only when one is pressed."""
    return sum(counted(text) for block in drawn for text in _texts(block))


def wide(drawn: Iterable[Block]) -> int:
    """As `words`, for how much of a screen they fill: those of a command are long, and a button has a frame."""
    return sum(_filled(block, text) for block in drawn for text in _texts(block))


def _size(text: str) -> int:
    return max(counted(text), len(text) // _LONG)


def _filled(block: Block, text: str) -> int:
    least = len(text) // _LONG if _FENCE in text else _BUTTON if block["type"] == "actions" else 0
    return max(counted(text), least)


def _dated(found: re.Match[str]) -> str:
    pattern = found[1]
    for token, example in _TOKENS.items():
        pattern = pattern.replace(token, example)
    return pattern


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if part.get("type") in _TEXTS:
            yield part["text"]
            return
        part = [value for key, value in part.items() if key not in ("confirm", "options")]
    if isinstance(part, list):
        for one in part:
            yield from _texts(one)
