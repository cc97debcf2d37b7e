"""What the rows of failback leave for later rows."""

from __future__ import annotations

from bot.domain.runs.facts import Fact, declared
from bot.runbooks.rows import facts

REBUILT = Fact("rebuilt", str, "")
"""What the look at the pool came to ("no", "likely", "unclear"), then what people said ("no", "yes")."""
EXPORTED = Fact("export", str, "")
"""The id under which what comes home is kept."""
ONLY_ON_PRIMARY = Fact("only_on_primary", list, ())
CLEAN = Fact("clean", bool, False)

FACTS = (*facts.FACTS, *declared(vars()))
