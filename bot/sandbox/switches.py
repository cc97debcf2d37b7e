"""Buttons on the page that change the weather of the demo."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Switch:
    """One thing that can be made to go wrong, or right again.

    `press` does it and answers a sentence for whoever pressed (or nothing). With `is_on` it is drawn as a switch that
    shows its state, without as a button.
    """

    label: str
    press: Callable[[], Awaitable[str | None]]
    hint: str = ""
    is_on: Callable[[], bool] | None = None

    def shown(self) -> dict[str, Any]:
        """What the page needs to draw it."""
        return {"label": self.label, "hint": self.hint, "on": self.is_on() if self.is_on else None}
