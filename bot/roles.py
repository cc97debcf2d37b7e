"""Where roles come from, as the settings say: the file with its Slack user groups, or the directory; never both."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.base import AnyOf, Directory
from bot.directory.config import ConfiguredRoles
from bot.directory.linked import Linked
from bot.domain.runs.glass import NEVER, BreakGlass
from bot.domain.runs.run import FOR_PEOPLE, Run
from bot.settings.settings import Settings
from handlers.slack.people import SlackGroups
from storage.account_links import AccountLinks

REREAD_S = 30.0
"""While a run waits for people, all who hold a role are read this often."""

_ANSWERS = "The directory answers again."


class Roles:
    """One source, opened once. `linked` is the directory, None where the file names people."""

    def __init__(
        self,
        settings: Settings,
        links: AccountLinks,
        clock: Callable[[], float],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._forest = settings, None
        self.linked: Linked | None = None
        if settings.directory is not None:
            # Loaded late: whoever names people in the file has no need of it.
            from bot.directory.active_directory import ActiveDirectory

            self._forest = ActiveDirectory(settings.directory)
            self.linked = Linked(self._forest, links, domains=settings.directory.domains, now=now, clock=clock)

    @property
    def break_glass(self) -> BreakGlass:
        """Whom it is for; nobody where no directory can be down."""
        linked = self.linked
        return NEVER if linked is None else BreakGlass(self._settings.break_glass, lambda: linked.silent_s)

    def directory(self, slack: AsyncWebClient) -> Directory:
        settings = self._settings
        if self.linked is not None:
            return self.linked
        groups = SlackGroups(slack, {role: tuple(sorted(ids)) for role, ids in settings.user_groups.items()})
        return AnyOf([ConfiguredRoles(settings.users), groups])

    async def reread(
        self, open_runs: Callable[[], Awaitable[tuple[Run, ...]]], end_glasses: Callable[[str], Awaitable[None]]
    ) -> float:
        """Reads who holds a role while a run waits for somebody, and ends break-glass when that was answered."""
        waits = self.linked and any(run.phase in FOR_PEOPLE for run in await open_runs())
        answered = self.linked is not None and waits and await self.linked.read()
        await end_glasses(_ANSWERS if answered else "")
        return REREAD_S

    def close(self) -> None:
        if self._forest is not None:
            self._forest.close()
