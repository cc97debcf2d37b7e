"""Role holders as the configuration file names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from bot.domain.model import Account, Role


@dataclass(frozen=True, slots=True)
class ConfiguredRoles:
    """A RoleSource that always answers; `users` has the `T…:U…` ids of each role's holders, compared exactly."""

    users: Mapping[Role, frozenset[str]]

    async def roles(self, account: Account, since: float = -inf) -> frozenset[Role]:
        return self.recalled(account)

    def recalled(self, account: Account, since: float = -inf) -> frozenset[Role]:
        return frozenset(role for role, holders in self.users.items() if account.id in holders)

    async def holders(self, role: Role) -> frozenset[str]:
        return self.users.get(role, frozenset())

    def forget(self, id: str = "") -> None:
        """The file is what it was when this process began."""
