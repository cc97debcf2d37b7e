"""What the rows of replace leave for later rows."""

from __future__ import annotations

from bot.domain.runs.facts import Fact, declared
from bot.runbooks.failback import facts

USERS = Fact("users", int, 0)
"""How many users have to be on the new pool in the end; 0 where nobody could count them."""

FACTS = (*facts.FACTS, *declared(vars()))
