"""`make sentences`: lists every sentence that the bot can say, then what is too long and what is hardest to read."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.sentences.ease import LONGEST, ease, hardest, too_long
from tests.sentences.spoken import spoken

WORST = 20


def lines() -> Iterator[str]:
    """All of them first, so that what matters stands at the end."""
    found = spoken()
    whole = [one for one in found if one.is_whole]
    yield from map(str, found)
    yield f"\n{len(whole)} sentences, and {len(found) - len(whole)} labels and parts of sentences."
    yield f"Reading ease of all sentences together (Flesch): {ease(one.text for one in whole):.1f}"
    yield f"\nLonger than {LONGEST} words:"
    yield from too_long(found) or ["none"]
    yield f"\nThe {WORST} hardest to read:"
    yield from (f"{ease([one.text]):.0f}  {one}" for one in hardest(whole)[:WORST])


if __name__ == "__main__":
    sys.stdout.write("\n".join([*lines(), ""]))
