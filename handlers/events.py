"""What Slack tells by itself: App Home was opened, an account or a user group has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers import home

if TYPE_CHECKING:
    from handlers.desk import Desk


async def home_opened(desk: Desk, args: AsyncArgs) -> None:
    event = _event(args)
    if event.get("tab") == "home":
        await home.opened(desk, event["user"])


async def user_changed(desk: Desk, args: AsyncArgs) -> None:
    desk.people.changed(_event(args)["user"]["id"])


async def group_changed(desk: Desk, args: AsyncArgs) -> None:
    event = _event(args)
    desk.people.group_changed(event.get("subteam_id") or event["subteam"]["id"])


def _event(args: AsyncArgs) -> Mapping[str, Any]:
    return args.event or {}
