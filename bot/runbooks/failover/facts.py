"""What the rows of failover leave for later rows."""

from __future__ import annotations

from bot.domain.runs.facts import Fact, declared
from bot.runbooks.rows import facts

SEEN = Fact("seen", str, "")
MODE = Fact("mode", str, "")
"""Which move people said it is: "planned", or "disaster", which is sent with -DisasterMode."""
ANSWERED = Fact("answered", str, "")
"""What the pool itself came to when it was read beside that: "yes", "no", or "half" with its database down."""
OFFERS = Fact("offers", list, ())
OFFERED = Fact("offered", str, "")
COPIES_FOUND = Fact("copies_found", int, 0)
COPIES_EQUAL = Fact("copies_equal", bool, False)
CHOSEN = Fact("chosen", str, "")
COPIES = Fact("copies", str, "")
"""What becomes of copies on B: "kept", "clear", "none" that matter, or "without": nothing is imported at all."""
OVER_COPIES = Fact("over_copies", int, 0)
"""So many objects of P lie on B when an import is rehearsed that goes over them."""
CONFLICTS = Fact("conflicts", int, 0)
RESOLVE = Fact("resolve", bool, False)
RENAMED = Fact("renamed", list, ())
REPLACEABLE = Fact("replaceable", bool, True)
REPLACE = Fact("replace", bool, False)
SETTINGS_SAID = Fact("settings_said", bool, False)
"""Whether it was said with the backup that B keeps its settings."""
OWN = Fact("own", str, "")

FACTS = (*facts.FACTS, *declared(vars()))
