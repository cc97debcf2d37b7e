"""What servers said of a pool at one moment, and where that is not what is remembered of it (seed 004)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.domain.deployment.backup_service import GROUPS
from bot.domain.deployment.readings import Module, Store
from bot.domain.deployment.server_state import UNKNOWN, ServerState
from bot.domain.model import Pool, PoolState, short


@dataclass(frozen=True, slots=True)
class PoolReading:
    """What was read at `at` (seconds) from a server of the pool `by`; `since` is when its state was first read so.

    None is what could not be read. `store` is where Central Management is active, `edges` are the Edge pools whose next
    hop the pool is. `modules` are those of its Backup Service, `stopped` its Front Ends on which that does not run.
    """

    at: float
    by: str = ""
    state: ServerState = UNKNOWN
    since: float = 0.0
    store: Store | None = None
    edges: tuple[str, ...] | None = None
    modules: tuple[Module, ...] | None = None
    stopped: tuple[str, ...] | None = None

    @property
    def replicates(self) -> bool:
        """Whether the Backup Service copies Response Groups at all (facts: lync §7)."""
        return any(one.identity in GROUPS and one.is_on for one in self.modules or ())

    def ailing(self) -> Iterator[str]:
        """What keeps the Backup Service from copying, a sentence each."""
        for module in self.modules or ():
            if not module.is_well:
                yield f"{module.words}."
        for machine in self.stopped or ():
            yield f"LYNCBACKUP does not run on {machine}. Start it there: `Start-CsWindowsService -Name LYNCBACKUP`."

    def groups_words(self, pool: str, backup: str) -> str:
        """A green Backup Service protects no Response Groups but by its modules for them (runbooks, "Guards")."""
        found = [one for one in self.modules or () if one.identity in GROUPS]
        if len(found) == len(GROUPS) and all(one.is_on and one.at_rest for one in found):
            return f"It copies the Response Groups of {pool} to {backup} as well, and keeps up."
        if self.replicates:
            return f"It should copy the Response Groups of {pool} to {backup} too, but is behind: do not count on it."
        return f"It copies no Response Groups: however well it is, only backups protect those of {pool}."


@dataclass(frozen=True, slots=True)
class _Difference:
    """A state of ours beside one of theirs that the bot did not cause."""

    ours: frozenset[PoolState]
    theirs: Callable[[ServerState], bool]
    words: str


_DIFFERENCES = (
    _Difference(
        frozenset({PoolState.ACTIVE, PoolState.OUTAGE}),
        lambda state: state.is_away,
        "{pool} was failed over by somebody else.",
    ),
    _Difference(
        frozenset({PoolState.FAILED_OVER}), lambda state: state.is_home, "{pool} was failed back by somebody else."
    ),
    _Difference(
        frozenset({PoolState.FAILING_OVER}),
        lambda state: state.is_home,
        "{pool} is home: its failover from here did nothing, or somebody else took it back.",
    ),
    _Difference(
        frozenset(PoolState) - {PoolState.UNKNOWN},
        lambda state: state.is_between,
        "{pool} is being moved by somebody else, or a move broke off.",
    ),
)


def difference(fqdn: str, remembered: PoolState, state: ServerState) -> str:
    """What the servers report and the bot did not cause, with the way on; empty while both agree, or nobody knows."""
    for one in _DIFFERENCES:
        if remembered in one.ours and one.theirs(state):
            pool = short(fqdn)
            return f"{one.words.format(pool=pool)} Take it over: `/rgs start adopt {pool}`."
    return ""


def store_words(store: Store | None) -> str:
    """Where Central Management is, and whether it works; without it no pool can be failed over (facts: lync §5.2)."""
    if store is None:
        return "Central Management: not known."
    if not store.master:
        return "Central Management is active nowhere. Without it, no pool can be failed over."
    where = f"Central Management is active on {short(store.master)}"
    if store.works:
        return f"{where}, and works."
    return f"{where}, but nothing is sent to the other servers: its file transfer agent does not run there."


def edge_words(edges: tuple[str, ...] | None, pool: Pool) -> str:
    """The Edge pools that have to be led elsewhere before the pool is failed over (facts: recovery §0.7)."""
    if edges is None:
        return "Edge pools: not known."
    if not edges:
        return f"No Edge pool has {pool.short} as its next hop."
    return f"Edge pools with {pool.short} as their next hop: {', '.join(edges)}."
