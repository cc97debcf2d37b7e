"""What people say that they did: with a note, recorded as a word, and never as a command (runbooks, "Rules")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.runs.opening import NOTHING
from bot.domain.runs.runbook import Choice, Field
from bot.runbooks.rows.facts import NOTE

WORD = Field(NOTE.key, "How do you know?", hint="For example: run by Boris, on a Front End", max_length=200)


def attested(key: str, label: str, said: str, means: str, facts: Mapping[str, Any] = NOTHING, **rest: Any) -> Choice:
    """A button for something that was done by hand or elsewhere; `means` is what its form says of it first."""
    return Choice(key, label, f"{said}: {{{NOTE.key}}}", facts, fields=(WORD,), confirm=means, **rest)


def witnessed(key: str, label: str, said: str) -> Choice:
    """A button for what somebody has seen, where no server says it."""
    return attested(key, label, said, "No server says so. It is recorded as your word only.")
