"""What callers and agents see at each stage of a recovery: three tables, thirty cells, every bullet (seed 002)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.model import PoolState


class Stage(StrEnum):
    """The five columns of the three tables, in the order in which they come."""

    OUTAGE = "during the outage, before failover"
    FAILING_OVER = "during failover"
    FAILED_OVER = "after failover completes"
    FAILING_BACK = "during failback"
    FAILED_BACK = "after failback completes"


STAGE_OF: Mapping[PoolState, Stage] = {
    PoolState.OUTAGE: Stage.OUTAGE,
    PoolState.FAILING_OVER: Stage.FAILING_OVER,
    PoolState.FAILED_OVER: Stage.FAILED_OVER,
    PoolState.FAILING_BACK: Stage.FAILING_BACK,
    PoolState.REPLACING: Stage.FAILED_OVER,
    PoolState.ACTIVE: Stage.FAILED_BACK,
    PoolState.RETIRED: Stage.FAILED_BACK,
}
"""The stage a pool's state stands for; an active pool is as it is after failback, and so is one that was replaced."""


class Subject(StrEnum):
    """The six rows that every table has."""

    CONNECTED = "Calls connected to an agent"
    WAITING = "Calls in progress, not yet connected to an agent"
    NEW = "New calls"
    ON_BEHALF = "Agent calls on behalf of a response group"
    SIGN_IN = "Agent sign-in and agent information"
    CONFIGURATION = "Response group configuration"


class Side(StrEnum):
    """Who notices something."""

    CALLERS = "Callers"
    AGENTS = "Agents"


class Doubt(StrEnum):
    """What is known against new calls being answered: nothing, of some groups that they ring nobody, or of all."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Bullet:
    """One sentence. `imported` says for which answer to "were response groups imported?" it holds; None: for both.

    `others` is how one that says that calls are answered reads while some groups ring nobody.
    """

    text: str
    imported: bool | None = None
    others: str = ""

    @property
    def depends(self) -> bool:
        return self.imported is not None

    def with_condition(self) -> Bullet:
        """As it reads for somebody who does not know the answer."""
        if not self.depends:
            return self
        condition = "If response groups were imported" if self.imported else "If response groups were not imported"
        return replace(self, text=f"{condition}, {self.text[0].lower()}{self.text[1:]}")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the board."""

    subject: Subject
    bullets: tuple[Bullet, ...]


NOTES = (
    "Imported response groups are those of the primary pool that were imported into the backup pool for this outage.",
    "“On the primary pool” means the copy that lies there. Imported copies are owned by the primary pool too, "
    "but they lie on the backup pool: for them, read what is said of imported groups.",
    "Anonymous calls are those of workflows that hide who their agents are.",
)
"""What the words of the board mean."""


def _if_imported(text: str) -> Bullet:
    return Bullet(text, imported=True)


def _if_not_imported(text: str) -> Bullet:
    return Bullet(text, imported=False)


_REGULAR_STAY = Bullet("Regular calls remain connected.")
_ANONYMOUS_DROP = Bullet("Anonymous calls are disconnected.")
_ALL_DROP = Bullet("Calls are disconnected.")
_NONE_WAITING = _if_not_imported("No calls are in this status.")
_NEW_DROP = _if_not_imported("Calls are disconnected.")
_NEW_WITHOUT_AGENTS = _if_imported(
    "Calls connect to the backup pool, but agents homed in the primary pool are unreachable."
)
_DISABLED = Bullet("The feature is disabled during this stage.")

_VIEW_ONLY = Bullet(
    "Agent groups on the primary pool can be viewed on the agent console, but agents cannot sign in to them."
)
_BACKUP_AGENTS = Bullet(
    "The backup pool's own agent groups can be viewed on the agent console, and agents can sign in to them."
)
_NOT_SHOWN = _if_imported("The imported agent groups are not displayed on the agent console.")
_SHOWN = _if_imported("The imported agent groups are displayed on the agent console, and agents can sign in to them.")

_READ_ONLY = Bullet(
    "Response groups on the primary pool can be viewed, depending on the availability of the primary pool's back-end "
    "database. They cannot be modified."
)
_BACKUP_CONFIGURATION = Bullet("The backup pool's own response groups can be viewed and modified.")
_SHELL_ONLY = _if_imported(
    "The imported response groups cannot be viewed with Lync Server Control Panel or the Response Group Configuration "
    "Tool. They can be configured with Lync Server Management Shell cmdlets."
)

_CALLS_DROP = (_REGULAR_STAY, _ANONYMOUS_DROP)
_CALLS_STAY = (
    _REGULAR_STAY,
    _if_not_imported("No anonymous calls are in this status."),
    _if_imported("Anonymous calls remain connected."),
)
_WAITING_DROP = (_NONE_WAITING, _if_imported("Calls will be disconnected."))
_AGENTS_DURING = (_VIEW_ONLY, _BACKUP_AGENTS, _SHOWN)
_CONFIGURATION_DURING = (_READ_ONLY, _BACKUP_CONFIGURATION, _SHELL_ONLY)

CELLS: Mapping[Stage, Mapping[Subject, tuple[Bullet, ...]]] = {
    Stage.OUTAGE: {
        Subject.CONNECTED: _CALLS_DROP,
        Subject.WAITING: (_ALL_DROP,),
        Subject.NEW: (_NEW_DROP, _NEW_WITHOUT_AGENTS),
        Subject.ON_BEHALF: (_DISABLED,),
        Subject.SIGN_IN: (_VIEW_ONLY, _BACKUP_AGENTS, _NOT_SHOWN),
        Subject.CONFIGURATION: _CONFIGURATION_DURING,
    },
    Stage.FAILING_OVER: {
        Subject.CONNECTED: _CALLS_DROP,
        Subject.WAITING: (_ALL_DROP,),
        Subject.NEW: (_NEW_DROP, _NEW_WITHOUT_AGENTS),
        Subject.ON_BEHALF: (_DISABLED,),
        Subject.SIGN_IN: _AGENTS_DURING,
        Subject.CONFIGURATION: _CONFIGURATION_DURING,
    },
    Stage.FAILED_OVER: {
        Subject.CONNECTED: (
            _REGULAR_STAY,
            _if_imported("Anonymous calls that have reached the backup pool remain connected."),
        ),
        Subject.WAITING: (_NONE_WAITING, _if_imported("Calls that have reached the backup pool remain connected.")),
        Subject.NEW: (_NEW_DROP, _if_imported("Calls connect to the backup pool.")),
        Subject.ON_BEHALF: (_if_not_imported("Calls fail."), _if_imported("Calls succeed.")),
        Subject.SIGN_IN: _AGENTS_DURING,
        Subject.CONFIGURATION: _CONFIGURATION_DURING,
    },
    Stage.FAILING_BACK: {
        Subject.CONNECTED: _CALLS_STAY,
        Subject.WAITING: _WAITING_DROP,
        Subject.NEW: (
            Bullet("Calls connect to the primary pool, but agents homed in the primary pool are unreachable."),
        ),
        Subject.ON_BEHALF: (_DISABLED,),
        Subject.SIGN_IN: _AGENTS_DURING,
        Subject.CONFIGURATION: _CONFIGURATION_DURING,
    },
    Stage.FAILED_BACK: {
        Subject.CONNECTED: _CALLS_STAY,
        Subject.WAITING: _WAITING_DROP,
        Subject.NEW: (Bullet("Calls connect to the primary pool."),),
        Subject.ON_BEHALF: (Bullet("Calls succeed."),),
        Subject.SIGN_IN: (
            Bullet(
                "Agent groups on the primary pool can be viewed on the agent console, and agents can sign in to them."
            ),
            _BACKUP_AGENTS,
            _NOT_SHOWN,
        ),
        Subject.CONFIGURATION: (
            Bullet("Response groups on the primary pool can be viewed and modified."),
            _BACKUP_CONFIGURATION,
            _SHELL_ONLY,
        ),
    },
}


_CUT_OFF = Bullet("Calls that wait for an agent are cut off. Calls with an agent go on, unless they are anonymous.")
_NO_NEW_CALLS = _if_not_imported("New calls are cut off.")
_RING_FEW = _if_imported("New calls reach the backup pool, but agents of the lost pool cannot be reached.")
_OWN_WORK = Bullet("The backup pool's own groups work as always.")
_NO_SIGN_IN = Bullet("Agents cannot sign in to the groups on the lost pool.")
_SIGN_IN = _if_imported("They can sign in to the imported groups on the backup pool.")
_OFF = Bullet("Calls on behalf of a group are off.")
_STAY = Bullet("Calls with an agent go on.")

IN_SHORT: Mapping[Stage, Mapping[Side, tuple[Bullet, ...]]] = {
    Stage.OUTAGE: {
        Side.CALLERS: (_NO_NEW_CALLS, _RING_FEW, _CUT_OFF),
        Side.AGENTS: (_NO_SIGN_IN, _OWN_WORK, _OFF),
    },
    Stage.FAILING_OVER: {
        Side.CALLERS: (_NO_NEW_CALLS, _RING_FEW, _CUT_OFF),
        Side.AGENTS: (_NO_SIGN_IN, _SIGN_IN, _OWN_WORK, _OFF),
    },
    Stage.FAILED_OVER: {
        Side.CALLERS: (
            _NO_NEW_CALLS,
            Bullet(
                "New calls are answered on the backup pool.",
                imported=True,
                others="New calls to other groups are answered on the backup pool.",
            ),
            Bullet("Regular calls with an agent go on."),
            _if_imported(
                "Anonymous calls, and those that wait for an agent, go on if they have reached the backup pool."
            ),
        ),
        Side.AGENTS: (
            _NO_SIGN_IN,
            _if_imported("They can sign in to the imported groups, and call on behalf of them."),
            _if_not_imported("Calls on behalf of a group fail."),
            _OWN_WORK,
        ),
    },
    Stage.FAILING_BACK: {
        Side.CALLERS: (
            Bullet("New calls reach the pool again, but its agents cannot be reached yet."),
            _if_imported("Calls that wait for an agent are cut off."),
            _STAY,
        ),
        Side.AGENTS: (
            Bullet("Agents cannot sign in to the groups on the pool yet."),
            _SIGN_IN,
            _OWN_WORK,
            _OFF,
        ),
    },
    Stage.FAILED_BACK: {
        Side.CALLERS: (
            Bullet("New calls reach the pool as always.", others="New calls to other groups are answered as always."),
            _if_imported("Calls that still wait on the backup pool are cut off."),
            _STAY,
        ),
        Side.AGENTS: (
            Bullet("Agents can sign in to the groups on the pool, and call on behalf of them."),
            _OWN_WORK,
        ),
    },
}
"""What matters most of the cells of a stage, in plain words."""


def in_short(stage: Stage, imported: bool | None, doubt: Doubt = Doubt.NONE) -> Mapping[Side, tuple[Bullet, ...]]:
    """For callers and for agents, what holds; `imported` as in `board`. What is in doubt is not said."""
    return {side: _holding(_believed(bullets, doubt), imported) for side, bullets in IN_SHORT[stage].items()}


def _believed(bullets: tuple[Bullet, ...], doubt: Doubt) -> tuple[Bullet, ...]:
    if doubt is Doubt.ALL:
        return tuple(bullet for bullet in bullets if not bullet.others)
    some = doubt is Doubt.SOME
    return tuple(replace(bullet, text=bullet.others) if some and bullet.others else bullet for bullet in bullets)


def board(stage: Stage, imported: bool | None) -> tuple[Line, ...]:
    """The six rows of one stage with the bullets that hold.

    `imported` says whether the primary pool's response groups were imported into the backup pool; None, when nobody
    knows, gives every bullet, and those that depend on it say so.
    """
    return tuple(Line(subject, _holding(bullets, imported)) for subject, bullets in CELLS[stage].items())


def _holding(bullets: tuple[Bullet, ...], imported: bool | None) -> tuple[Bullet, ...]:
    if imported is None:
        return tuple(bullet.with_condition() for bullet in bullets)
    return tuple(bullet for bullet in bullets if bullet.imported in (None, imported))
