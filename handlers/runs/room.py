"""What fits on one screen of a telephone: whole sentences and whole lines, the most important first."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any

from handlers.blocks.blocks import Block, section

OPEN = 120
"""Words of a card while its run is open: with its buttons, they fill a telephone's screen."""

ENDED = 40
"""Words of the card of a run that has ended, beside the list of what is still open."""

LINES = 3
"""Lines of a list, at most."""

HIGH, _WIDE = 770, 313
"""Of a screen, in CSS pixels, with 30 to spare, since what follows is an estimate."""
_GAP = 8
_HEADER, _TEXT, _SMALL, _CODE = (30, 23), (38, 22), (45, 19), (38, 20)
"""Characters of a line, and how high it is."""
_BESIDE = 12
"""Characters that a menu beside the text takes from each of its lines."""
_FRAME, _LETTER, _BUTTON = 30, 9.5, 36
"""Of a button: what is around its label, how wide a letter is, how high it is."""

_FENCE = "```"
_PRE = 30
"""Around a block of code."""

_WORD = re.compile(r"\S*\w\S*")
_DATE = re.compile(r"<!date\^\d+\^([^|>]*)\|[^>]*>")
_TOKENS = {"{ago}": "35 minutes ago", "{time}": "12:40 AM", "{date_short_pretty}": "Nov 21, 2026"}
_LINK = re.compile(r"<[^>|]*\|?([^>]*)>")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\s.!?])")
_TEXTS = frozenset({"mrkdwn", "plain_text"})


class Room:
    """So many words and pixels are left; whatever did not fit, `is_cut` remembers."""

    def __init__(self, words: int) -> None:
        self.words = words
        self.high = HIGH
        self.is_cut = False

    def take(self, drawn: Sequence[Block]) -> None:
        """What has to be there takes its part, whether it fits or not."""
        self.words -= words(drawn)
        self.high -= high(drawn)

    def sentences(self, *texts: str) -> list[str]:
        """The first sentence of each text, and as many of the others as there is room for."""
        split = [SENTENCE.split(text) for text in texts]
        self.take([section(first) for first, *_ in split if first])
        return [self._more(first, rest) for first, *rest in split]

    def _more(self, said: str, rest: Sequence[str]) -> str:
        for sentence in rest:
            longer = f"{said} {sentence}"
            tall = _rows(longer, _TEXT) - _rows(said, _TEXT)
            if not self._fits(counted(sentence), tall):
                break
            said = longer
        return said

    def lines(self, lines: Sequence[str], most: int = LINES) -> list[str]:
        """As many of them, from the first, as there is room for."""
        kept = list(takewhile(lambda line: self._fits(counted(line), _rows(f"•  {line}", _TEXT)), lines[:most]))
        self.is_cut = self.is_cut or len(lines) > len(kept)
        return kept

    def counted_lines(self, lines: Sequence[str]) -> list[str]:
        """The same, and how many more there are; where that has no room itself, it takes the last one's."""
        words, tall = self.words, self.high
        kept = self.lines(lines)
        if not kept or len(kept) == len(lines):
            return kept
        more = _more(len(lines) - len(kept))
        if self._fits(counted(more), _rows(f"•  {more}", _TEXT)):
            return [*kept, more]
        self.words, self.high = words, tall
        kept = self.lines(kept[:-1])
        more = _more(len(lines) - len(kept))
        return [*kept, more] if self._fits(counted(more), _rows(f"•  {more}", _TEXT)) else kept

    def _fits(self, size: int, tall: int) -> bool:
        if size > self.words or tall > self.high:
            self.is_cut = True
            return False
        self.words -= size
        self.high -= tall
        return True


def _more(number: int) -> str:
    return f"… and {number} more"


def counted(text: str) -> int:
    """Words as people read them: a date is as long as Slack makes it, a mark alone is none."""
    return len(_WORD.findall(_read(text)))


def words(drawn: Iterable[Block]) -> int:
    """Words of blocks, their buttons' included; not of what opens only when one is pressed."""
    return sum(counted(text) for block in drawn for text in _texts(block))


def high(drawn: Iterable[Block]) -> int:
    """Pixels that blocks take on a telephone, with the gap after each."""
    return sum(_high(block) + _GAP for block in drawn)


def _high(block: Block) -> int:
    match block["type"]:
        case "actions":
            return _buttons([text for one in block["elements"] for text in _texts(one)])
        case "header":
            return _rows(block["text"]["text"], _HEADER)
        case "context":
            return sum(_rows(text, _SMALL) for text in _texts(block))
    text: str = block["text"]["text"]
    if text.startswith(_FENCE):
        return _rows(text.strip("`\n"), _CODE) + _PRE
    characters, line = _TEXT
    return max(_rows(text, (characters - _BESIDE * ("accessory" in block), line)), _BUTTON * ("accessory" in block))


def _rows(text: str, line: tuple[int, int]) -> int:
    characters, tall = line
    return tall * sum(len(textwrap.wrap(part, characters)) or 1 for part in _read(text).split("\n"))


def _buttons(labels: Sequence[str]) -> int:
    rows, left = 0, 0.0
    for label in labels:
        wide = _FRAME + _LETTER * len(label) + _GAP
        if wide > left:
            rows, left = rows + 1, _WIDE + _GAP
        left -= wide
    return rows * (_BUTTON + _GAP) - _GAP


def _read(text: str) -> str:
    return _LINK.sub(r"\1", _DATE.sub(_dated, text))


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
