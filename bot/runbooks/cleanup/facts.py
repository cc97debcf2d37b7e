"""What the rows of a clean-up leave for later rows."""

from __future__ import annotations

from bot.domain.runs.facts import Fact, declared
from bot.runbooks.rows import facts

COMPARED = Fact("compared", str, "")
"""What lay on the backup pool when it was compared: a digest, empty where there was nothing."""

FACTS = (*facts.FACTS, *declared(vars()))
