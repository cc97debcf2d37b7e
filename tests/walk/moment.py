"""One transition of a walk, and what is asked of it: what was sent, where a pool stands, what lies there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.deployment.world import World
from bot.domain.groups.groups import Ref
from bot.domain.runs.run import Run
from tests.walk.key import version_of
from tests.walk.memory import State
from tests.walk.scene import Sent

FAIL_OVER, FAIL_BACK = "Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack"
IMPORT, EXPORT = "Import-CsRgsConfiguration", "Export-CsRgsConfiguration"


@dataclass(frozen=True, slots=True)
class Moment:
    """One transition: before and after it, what was sent in it, what was read, and the run as it ended if it did."""

    before: State
    after: State
    sent: tuple[Sent, ...]
    read: tuple[tuple[str, object], ...]
    ended: Run | None


def named(sent: Iterable[Sent], *names: str) -> list[Sent]:
    return [one for one in sent if one.command.name in names]


def pool_of(sent: Sent, parameter: str) -> str:
    value = sent.command.get(parameter)
    return value.pool if isinstance(value, Ref) else str(value)


def away(world: World, fqdn: str) -> bool:
    return fqdn in world.pools and world.pools[fqdn].failed_over


def names(world: World, on: str, owner: str) -> dict[str, str]:
    """What `owner` has on a pool: the version of each object by its name."""
    return {item.name: version_of(item) for item in world.pools[on].objects.values() if item.owner == owner}
