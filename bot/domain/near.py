"""What somebody may have meant who wrote a name that there is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain

_SLIPS = 2
"""So many letters may be wrong, left out, too many or swapped; of a short word fewer than a third of it."""

_BEGUN = 3
"""So many letters of a name say which it is, where no other begins so."""

_LONGEST = 255
"""Characters: nobody means a name with something longer."""

_MOST_WORDS = 3
"""So many words make the longest name: `edge-of-pool`."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The one known name that is a slip or two away from the word, or the one that begins so; "" where none is.

    Of two that are as near, nobody knows which was meant: that is none.
    """
    if len(word) > _LONGEST:
        return ""
    names = list(dict.fromkeys(known))
    slips = {name: _slips(word, name) for name in names if abs(len(name) - len(word)) <= _SLIPS}
    fewest = min(slips.values(), default=_SLIPS + 1)
    if fewest <= _SLIPS and fewest * 3 < len(word):
        return _only(name for name, count in slips.items() if count == fewest)
    return _only(name for name in names if len(word) >= _BEGUN and name.startswith(word))


def first_name(words: Sequence[str], known: Collection[str]) -> tuple[str, list[str]]:
    """The known name that these words begin with, written apart or with a slip, and the words behind it.

    ("", all of them) where they begin with none.
    """
    counts = range(min(_MOST_WORDS, len(words)), 0, -1)
    begun = [(glue.join(words[:count]).casefold(), count) for count in counts for glue in ("", "-")]
    exact = ((name, count) for name, count in begun if name in known)
    near = ((nearest(name, known), count) for name, count in reversed(begun))
    name, count = next((one for one in chain(exact, near) if one[0]), ("", 0))
    return name, list(words[count:])


def _only(found: Iterable[str]) -> str:
    first, *more = [*found, ""]
    return "" if len(more) > 1 else first


def _slips(word: str, name: str) -> int:
    """How many letters lie between them; two that changed places count as one."""
    before: list[int] = []
    row = list(range(len(name) + 1))
    for at, letter in enumerate(word):
        above, before, row = before, row, [at + 1]
        for place, other in enumerate(name):
            cost = min(before[place] + (letter != other), before[place + 1] + 1, row[place] + 1)
            if at and place and letter == name[place - 1] and word[at - 1] == other:
                cost = min(cost, above[place - 1] + 1)
            row.append(cost)
    return row[-1]
