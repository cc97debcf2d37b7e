"""Taking over what others did by hand: where the pool stands, by its servers (runbooks, "undo and adopt")."""

from __future__ import annotations

from bot.domain.runs.runbook import Runbook
from bot.runbooks import uses
from bot.runbooks.adopt import end, truth
from bot.runbooks.adopt.facts import FACTS

ADOPT = Runbook(
    key="adopt",
    title="Take-over",
    about="Takes over a move that others made by hand, as the servers tell it.",
    holds_pools=True,
    carry=end.carry,
    left=end.left,
    facts=FACTS,
    uses=uses.ADOPT,
    steps=(truth.TAKE, end.VERIFY, end.REMEMBER, end.ASK_AGENTS, end.AGENTS, end.DONE),
)
