"""What the rows of failback leave for later rows."""

from __future__ import annotations

from bot.domain.runs.facts import Fact, declared
from bot.runbooks.rows import facts

REBUILT = Fact("rebuilt", str, "")
"""What the look at the pool came to ("no", "likely", "unclear"), then what people said ("no", "yes")."""
LOST = Fact("lost", bool, False)
"""The backup pool is dead, and people chose the disaster way."""
BARE = Fact("bare", bool, False)
"""The backup pool answers, and holds no groups of the pool: none were imported there, or somebody removed them."""
NOTHING_THERE = Fact("nothing_there", bool, False)
"""Whether the export of the backup pool was empty."""
COMES = Fact("comes", bool, True)
"""Whether anything is imported at home; in the disaster way people may leave the pool as it is."""
NAMES_STAY = Fact("names_stay", bool, False)
EXPORTED = Fact("export", str, "")
"""The id under which what comes home is kept."""
CAME_HOME = Fact("came_home", dict, {})
"""The same backup as it is carried on, should its copies stay as a pre-stage."""
EDITED = Fact("edited", bool, False)
ONLY_ON_PRIMARY = Fact("only_on_primary", list, ())
CLEAN = Fact("clean", bool, False)

FACTS = (*facts.FACTS, *declared(vars()))
