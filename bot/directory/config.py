"""Role holders as the configuration file names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.model import Role


@dataclass(frozen=True, slots=True)
class ConfiguredRoles:
    """A RoleSource that always answers; `users` has the `T…:U…` ids of each role's holders, compared exactly."""

    users: Mapping[Role, frozenset[str]]

    async def roles(self, person_id: str) -> frozenset[Role]:
        return self.recalled(person_id)

    def recalled(self, person_id: str) -> frozenset[Role]:
        return frozenset(role for role, holders in self.users.items() if person_id in holders)
