"""People of other organisations read a channel: one notice stands for that, and nothing of ours stays there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Iterable
from contextlib import suppress

from bot.domain.errors import Damaged
from handlers.desk import Desk
from storage.runs import OutboxItem

KEY = "shared-channels"
_ALL_OPEN = 10_000
_AGAIN_S = 5.0
_HELP = (
    "End the sharing of the channel in Slack, or name another one in Switchback's configuration and start it again. "
    "Until then App Home shows every run, with its buttons."
)
_OVER = "Only this workspace reads the configured channels again, so Switchback speaks there again."


class Strangers:
    """What was told of it by this process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told: frozenset[str] | None = None
        self._cleared: frozenset[str] = frozenset()
        """Channels that strangers read and that nothing of ours stands in any more."""
        self._again: dict[str, float] = {}
        """From when on what still stands there is tried again."""

    async def tell(self, now: float) -> None:
        """Says it, or that it is over, when that has changed; nothing before Slack has said anything."""
        desk = self._desk
        known = {one: desk.readers.shared(one) for one in (desk.incidents, desk.notifications) if one}
        shared = frozenset(channel for channel, strangers in known.items() if strangers)
        if shared == self._told or (not shared and None in known.values()):
            return
        if shared:
            await desk.notices.say(KEY, _sentence(shared), now, (_HELP,))
        else:
            await desk.notices.end(KEY, _OVER, now)
        self._told = shared

    async def exposed(self, now: float) -> list[OutboxItem]:
        """The cards of open runs and the notices that strangers can read, as if they were due: drawn, they move."""
        shared = self._desk.readers.strangers
        self._cleared &= shared
        if shared == self._cleared:
            return []
        found = [item async for item in self._standing_in(shared, now)]
        if not found:
            self._cleared = shared
        ready = [item for item in found if self._again.get(item.key, now) <= now]
        self._again = {item.key: self._again.get(item.key, now) for item in found}
        self._again |= {item.key: now + _AGAIN_S for item in ready}
        return ready

    async def _standing_in(self, channels: Container[str], now: float) -> AsyncIterator[OutboxItem]:
        for run in await self._desk.runs.open(_ALL_OPEN):
            with suppress(Damaged):
                place = await self._desk.cards.place(run.id)
                if place and place.channel in channels:
                    yield OutboxItem(f"card:{run.id}", "card", run.id, now)
        for notice in await self._desk.notices.standing():
            if notice.place and notice.place.channel in channels:
                yield OutboxItem(f"notice:{notice.key}", "notice", notice.key, now)


def _sentence(shared: Iterable[str]) -> str:
    named = " and ".join(sorted(shared))
    return (
        f"People of another organisation read {named} now, so Switchback says nothing there. "
        "Cards and messages go to another channel, or directly to those who hold a role."
    )
