"""One standing notice while people of other organisations read a configured channel."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from handlers.blocks import blocks
from handlers.desk import Desk
from handlers.slack.speech import HeldBack, NoPlace, Speech

KEY = "shared-channels"
_HELP = (
    "End the sharing of the channel in Slack, or name another one in Switchback's configuration and start it again. "
    "Until then App Home shows every run, with its buttons."
)
_OVER = "Only this workspace reads the configured channels again, so Switchback speaks there again."


class Strangers:
    """What was told of it by this process."""

    def __init__(self, desk: Desk, speech: Speech) -> None:
        self._desk, self._speech = desk, speech
        self._told: frozenset[str] | None = None
        self._owed: list[str] = []
        """Whom it has to be said to directly, since no channel is left."""

    async def tell(self, now: float) -> None:
        """Says it, or that it is over, when that has changed; nothing before Slack has said anything."""
        desk = self._desk
        known = {one: desk.readers.shared(one) for one in (desk.incidents, desk.notifications) if one}
        shared = frozenset(channel for channel, strangers in known.items() if strangers)
        if shared == self._told or (not shared and None in known.values()):
            return await self._to_holders()
        if shared:
            await desk.notices.say(KEY, _sentence(shared), now, (_HELP,))
        else:
            await desk.notices.end(KEY, _OVER, now)
        self._told = shared
        self._owed = await desk.people.holders() if shared and shared == known.keys() else []

    async def _to_holders(self) -> None:
        while self._owed:
            with suppress(NoPlace):
                try:
                    await self._speech.post(self._owed[0], blocks.sentence(f"{_sentence(self._told or ())} {_HELP}"))
                except HeldBack:
                    return
            self._owed.pop(0)


def _sentence(shared: Iterable[str]) -> str:
    named = " and ".join(sorted(shared))
    return (
        f"People of another organisation read {named} now, so Switchback says nothing there. "
        "Cards and messages go to another channel, or directly to those who hold a role."
    )
