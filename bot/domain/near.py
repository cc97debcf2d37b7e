"""What somebody may have meant who wrote a name that there is not."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], likeness: float = 0.5) -> str:
    """The known name that is most like the word, "" when none is; `likeness` is from 0 (anything) to 1 (the same)."""
    # Loaded late: only a slip needs it.
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=likeness)), "")
