"""One standing notice while people of other organisations read a configured channel."""

from __future__ import annotations

from collections.abc import Iterable

from handlers.desk import Desk

KEY = "shared-channels"
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


def _sentence(shared: Iterable[str]) -> str:
    named = " and ".join(sorted(shared))
    return (
        f"People of another organisation read {named} now, so Switchback says nothing there. "
        "Cards and messages go to another channel, or directly to those who hold a role."
    )
