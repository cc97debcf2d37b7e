"""What was heard from the bot, held against the list: it names the words that stand in no text of the bot."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from handlers.runs.timeline import SKIPPED
from tests.sentences.ease import unnamed
from tests.sentences.spoken import HOLE, parts, texts

_SMALL = re.compile(r"(?<!\w)[a-z]+(?:['’-][a-z]+)*")
_WORD = re.compile(r"[a-z]+(?:['’-][a-z]+)*")

Pieces = tuple[str, ...]


def heard(said: Any) -> Iterator[str]:
    """Each sentence of a message or a form, however deep, as people read it."""
    if isinstance(said, Mapping):
        for key, value in said.items():
            yield from heard(value) if key != "text" or not isinstance(value, str) else parts(html.unescape(value))
    elif isinstance(said, list | tuple):
        for part in said:
            yield from heard(part)


def unlisted(sentence: str, others: Iterable[str] = ()) -> list[str]:
    """The small words of a sentence that no text of the bot accounts for; `others` are what others said or named.

    What was cut to fit counts as listed: too little is left of it.
    """
    if sentence.endswith("…"):
        return []
    for one in sorted(others, key=len, reverse=True):
        sentence = re.sub(rf"(?<!\w){re.escape(one)}(?:'s)?(?!\w)", HOLE, sentence)
    read = _read(sentence)
    lower, found = read.casefold(), [False] * len(read)
    for pieces in {pieces for word in _WORD.findall(lower) for pieces in _listed().get(word, ())}:
        for begin, end in _places(lower, pieces):
            found[begin:end] = [True] * (end - begin)
    return [word[0] for word in _SMALL.finditer(read) if not all(found[word.start() : word.end()])]


def _read(text: str) -> str:
    return " ".join(unnamed(text, f" {HOLE} ").split())


@cache
def _listed() -> Mapping[str, frozenset[Pieces]]:
    """The pieces between the holes of each text, by their longest word."""
    found: dict[str, set[Pieces]] = defaultdict(set)
    said = {part for _, _, text in texts() for part in parts(text)}
    for text in {_read(one).casefold() for part in said for one in (part, part.removeprefix(SKIPPED))}:
        if words := _WORD.findall(text.replace(HOLE, " ")):
            pieces = (piece.strip(" ,;:.()“”") for piece in text.split(HOLE))
            found[max(words, key=len)].add(tuple(filter(_WORD.search, pieces)))
    return {word: frozenset(pieces) for word, pieces in found.items()}


def _places(sentence: str, pieces: Pieces) -> list[tuple[int, int]]:
    """Where all the pieces stand in their order, again and again."""
    at, whole = 0, []
    while True:
        found = []
        for piece in pieces:
            if (begin := sentence.find(piece, at)) < 0:
                return whole
            at = begin + len(piece)
            found.append((begin, at))
        whole += found
