"""What the rows of a take-over leave for later rows."""

from __future__ import annotations

from bot.domain.runs.facts import Fact, declared
from bot.runbooks.rows import facts

STANDS_AS = Fact("stands_as", str, "")
"""Where the pool stands: what its servers came to, else what people said; empty while neither is known."""
NEWEST = Fact("newest", dict, {})
"""The newest backup, with which its copies are compared, as it is carried on; empty where there is none."""
LIES_THERE = Fact("lies_there", int | None, None)
"""How many of its objects lie on the backup pool; None where that could not be read."""
VERIFIED = Fact("verified", bool | None, False)
EQUAL = Fact("equal", bool, False)
NAMED_ANEW = Fact("named_anew", bool, False)

FACTS = (*facts.FACTS, *declared(vars()))
