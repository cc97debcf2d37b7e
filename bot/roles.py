"""Where roles come from, as the settings say: the file with its Slack user groups, or the directory; never both."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.base import AnyOf, Directory
from bot.directory.config import ConfiguredRoles
from bot.directory.linked import Linked
from bot.domain.runs.glass import NEVER, BreakGlass
from bot.domain.runs.run import FOR_PEOPLE, Run
from bot.settings.settings import Settings
from handlers.slack.joining import Identity
from handlers.slack.people import ANSWER_S, People, SlackGroups
from storage.account_links import AccountLinks

REREAD_S = 30.0
"""While a run waits for people, all who hold a role are read this often."""

_ANSWERS = "The directory answers again."


class Roles:
    """One source, opened once. `linked` is the directory, None where the file names people.

    `now` is a monotonic clock, `clock` the time of day; a person has to be known in `answer_s`, all members are read
    again after `reread_s`, and `asking` is what else the way to the directory is given.
    """

    def __init__(
        self,
        settings: Settings,
        links: AccountLinks,
        clock: Callable[[], float],
        *,
        now: Callable[[], float] = time.monotonic,
        answer_s: float = ANSWER_S,
        reread_s: float = REREAD_S,
        **asking: Any,
    ) -> None:
        self._settings, self._forest = settings, None
        self._now, self._answer_s, self._reread_s = now, answer_s, reread_s
        self.linked: Linked | None = None
        if settings.directory is not None:
            # Loaded late: whoever names people in the file has no need of it.
            from bot.directory.active_directory import ActiveDirectory

            self._forest = ActiveDirectory(settings.directory, now=clock, **asking)
            self.linked = Linked(self._forest, links, domains=settings.directory.domains, now=now, clock=clock)

    @property
    def break_glass(self) -> BreakGlass:
        """Whom it is for; nobody where no directory can be down."""
        linked = self.linked
        return NEVER if linked is None else BreakGlass(self._settings.break_glass, lambda: linked.silent_s)

    def people(self, slack: AsyncWebClient, who: Identity, doubt: Callable[[], str]) -> People:
        """Whoever acts in our workspace, with the roles that they hold; `doubt` says why Slack can tell nothing."""
        return People(
            slack,
            self._directory(slack),
            who.team,
            enterprise=who.enterprise,
            doubt=doubt,
            now=self._now,
            answer_s=self._answer_s,
        )

    def _directory(self, slack: AsyncWebClient) -> Directory:
        settings = self._settings
        if self.linked is not None:
            return self.linked
        groups = {role: tuple(sorted(ids)) for role, ids in settings.user_groups.items()}
        return AnyOf([ConfiguredRoles(settings.users), SlackGroups(slack, groups, self._now)], self._answer_s)

    async def reread(
        self, open_runs: Callable[[], Awaitable[tuple[Run, ...]]], end_glasses: Callable[[str], Awaitable[None]]
    ) -> float:
        """Reads who holds a role while a run waits for somebody, and ends break-glass when that was answered."""
        waits = self.linked and any(run.phase in FOR_PEOPLE for run in await open_runs())
        answered = self.linked is not None and waits and await self.linked.read()
        await end_glasses(_ANSWERS if answered else "")
        return self._reread_s

    def close(self) -> None:
        if self._forest is not None:
            self._forest.close()
