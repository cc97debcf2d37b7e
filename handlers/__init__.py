"""Everything that speaks to Slack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slack_bolt.async_app import AsyncApp

from handlers import buttons, commands, events, modals
from handlers.listeners import listener

if TYPE_CHECKING:
    from handlers.desk import Desk

_ANY = re.compile(".*", re.DOTALL)


def register(app: AsyncApp, desk: Desk) -> None:
    """Gives the app its listeners: one for each kind of thing that Slack sends. Once per app."""
    app.command("/rgs")(listener(desk, commands.typed))
    app.action(_ANY)(listener(desk, buttons.pressed))
    app.view(_ANY)(listener(desk, modals.submitted))
    app.event("app_home_opened")(listener(desk, events.home_opened))
    app.event("user_change")(listener(desk, events.user_changed))
    app.event(re.compile("subteam_.+"))(listener(desk, events.group_changed))
