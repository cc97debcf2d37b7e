"""Which walks there are: where each begins, what people start in it, and how much bad luck it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from bot.domain.deployment.world import World
from bot.domain.model import PoolState
from bot.runbooks import RUNBOOKS
from tests.walk.by_hand import lodged
from tests.walk.key import Living
from tests.walk.memory import State
from tests.walk.walk import Start, Walk, beginning
from tests.walk.world import A, B, C, clashing, replicating

HOLD = ("failover", "failback", "rebuild", "adopt", "clean-up", "import-again", "undo", "prestage")
"""The runbooks that hold a pair, all of which people may start wherever they can be."""

LIVING = Living()
"""What one walk has learnt of facts that matter is right for the next."""


def _usual(world: World) -> World:
    return world


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which runbooks are `started`, the `last` of a story with `luck` after those before it without.

    `wrong` is what a wrong word costs of the luck; `pools` are three where one takes the place of another. `after` are
    the runbooks of a run without bad luck that comes before, of which those ends count that left the groups on the
    backup pool, or did not (`groups`), the nearest of them and no more than `most`. `like` and `backups` say in what
    the world is not the usual one.
    """

    started: tuple[str, ...]
    luck: int = 0
    wrong: int = 0
    runs: int = 1
    after: tuple[str, ...] = ()
    groups: bool = True
    most: int = 9
    settings: bool = False
    pools: tuple[str, ...] = (A, B)
    like: Callable[[World], World] = _usual
    backups: str = "sound"


FAILOVER = Bounds(("failover",))
FAILBACK = Bounds(("failback",), luck=1, wrong=1, runs=2, after=("failover",))
REPLACING = Bounds(("replace",), luck=1, wrong=1, runs=2, after=("failover",), pools=(A, B, C), like=lodged)

WALKS = {
    "one run, bad luck": Bounds(HOLD, luck=1, wrong=1),
    "failback, bad luck": FAILBACK,
    "failback without groups, bad luck": replace(FAILBACK, groups=False, wrong=2, most=1),
    "replacement, bad luck": REPLACING,
    "two runs, settings": Bounds(HOLD, runs=2, settings=True),
    "two runs, no bad luck": Bounds(HOLD, runs=2),
    "names that clash": Bounds(("failover", "prestage"), like=clashing),
    "names that clash, pre-staging, bad luck": Bounds(("prestage",), luck=1, wrong=1, like=clashing),
    "names that clash, failback": Bounds(("failback",), runs=2, after=("failover",), like=clashing),
    "no backup, bad luck": Bounds(("failover",), luck=1, wrong=1, backups="none"),
    "no backup, failback": Bounds(("failback",), runs=2, after=("failover",), groups=False, backups="none"),
    "a damaged backup": Bounds(("failover", "prestage"), backups="damaged"),
    "replication, bad luck": Bounds(("failover", "prestage", "clean-up"), luck=1, wrong=1, like=replicating),
    "replication, failback, bad luck": replace(FAILBACK, like=replicating),
}
"""The small ones come first: what they learn of facts, the large ones know."""


def begun(it: Bounds) -> list[Start]:
    """Where the story begins, or what the run before it leaves."""
    first = replace(it, started=it.after, luck=0, wrong=0, runs=1, after=(), groups=True, most=9)
    if not it.after:
        return [Start(_first(it))]
    there = [one for one in _ends(first) if one.state.records[A].state is PoolState.FAILED_OVER]
    carried = ((one, one.state.records[A].carry) for one in there if one.state.world.pools[A].up)
    so = [one for one, carry in carried if bool(carry.get("imported")) is it.groups and not carry.get("replaced")]
    return so[: it.most]


def _first(it: Bounds) -> State:
    return beginning(*it.pools, settings=it.settings, like=it.like, backups=it.backups)


@cache
def _ends(it: Bounds) -> tuple[Start, ...]:
    return tuple(Walk(RUNBOOKS, _first(it), started=it.started, runs=1, bad_luck=0, living=LIVING).walked().ends)
