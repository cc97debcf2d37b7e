"""What the rows of an undo leave for later rows."""

from __future__ import annotations

from bot.domain.runs.facts import Fact, declared
from bot.runbooks.rows import facts

DIFFERS = Fact("differs", bool, True)
"""Whether ring-back grace or call context are not as they were."""
MUSIC_DIFFERS = Fact("music_differs", bool, True)
OWN_MUSIC = Fact("own_music", list, ())
"""The default music as it was: the name it was imported under, and what its file is called in the export."""

FACTS = (*facts.FACTS, *declared(vars()))
