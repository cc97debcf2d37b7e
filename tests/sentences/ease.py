"""How long a sentence is, and how easy to read: each name and each command is one word, and none that is easy or hard.

Names are what is filled in, quoted, linked, in brackets or written as code, and whatever has a digit, a dot, a slash or
a capital letter within. Other words of the field, such as Central Management, count like all words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import syllapy

from tests.sentences.spoken import HOLE, Sentence

LONGEST, EASE = 25, 60.0
"""So many words a sentence may have, and so easy all of them together have to be: plain English begins there."""

FEWEST = 5
"""With fewer words, one long word makes a sentence the hardest of all."""

_NAME = re.compile(
    r"```.*?```|`[^`]*(?:`|$)|“[^”]*”|<[^>]*>|\[+[^\s\]]+\]+"
    rf"|[^\s(]*[\d_/\\@=][^\s),;]*|[^\s(.,;:?!]*{HOLE}[^\s),;:.]*"
    r"|[\w-]+(?:\.[\w-]+)+"
    r"|(?<!\w)-[A-Z]\w*|[A-Z][a-z]+-[A-Z]\w*|[A-Za-z]*[a-z][A-Z]\w*",
    re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_EMPHASIS = re.compile(r"[*~]|(?<!\w)_|_(?!\w)")


def words(sentence: str) -> int:
    """So many words it has; items between dots are no sentence, and counted one by one."""
    return max(len(_WORD.findall(item)) for item in unnamed(sentence, " name ").split(" · "))


def counted(sentence: str) -> list[str]:
    """The words by which it is easy or hard."""
    return _WORD.findall(unnamed(sentence, " "))


def ease(sentences: Iterable[str]) -> float:
    """Flesch's reading ease of these together: from 100, for very easy, down to 0 and below."""
    read = [found for found in map(counted, sentences) if found]
    total = sum(map(len, read))
    syllables = sum(syllapy.count(word) for found in read for word in found)
    return 206.835 - 1.015 * total / len(read) - 84.6 * syllables / total


def too_long(sentences: Iterable[Sentence]) -> list[str]:
    """A line for each that is, with its place and how many words it has."""
    return [f"{one} [{count} words]" for one in sentences if (count := words(one.text)) > LONGEST]


def hardest(sentences: Iterable[Sentence]) -> list[Sentence]:
    """The hardest to read first; of those with `FEWEST` words."""
    return sorted((one for one in sentences if len(counted(one.text)) >= FEWEST), key=lambda one: ease([one.text]))


def unnamed(sentence: str, instead: str) -> str:
    """The sentence without emphasis, and with this `instead` of each name."""
    return _NAME.sub(instead, _EMPHASIS.sub("", sentence))
