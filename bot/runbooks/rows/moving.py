"""Moving a pool once: here, elsewhere, or by somebody before us."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.groups.groups import Row
from bot.domain.model import Pool
from bot.domain.runs.acts import Invoke, Seen
from bot.domain.runs.run import Finding, Found, Phase, Run
from bot.domain.runs.runbook import Choice, Plan, Step
from bot.runbooks.rows.facts import MOVED

HOME = frozenset({"Active", "FailedBack"})
AWAY = frozenset({"FailedOver"})
"""What the PoolState of its registrar says of a pool that is home, and of one that is failed over (recovery §0.3)."""

_SETTLED = HOME | AWAY
_BY_HAND = (
    "This has to run on a Front End of {pool}, and Switchback reaches none. Sign in to one as a member of "
    "RTCUniversalServerAdmins, open the Management Shell, and run: `{command}`"
)
_WAYS = (
    Choice("elsewhere", "Being done elsewhere", "says it is being done elsewhere.", MOVED.to("elsewhere")),
    Choice("moved", "It is done already", "says it is complete.", MOVED.to("done")),
)
"""Somebody else moves the pool, or has moved it (runbooks: failover 7c, failback 5)."""


def move_rows(
    *,
    where: Callable[[Run], Pool],
    command: Callable[[Run], Cmdlet],
    effect: Callable[[Run], str],
    becomes: frozenset[str],
    stretch: str,
    **rest: Any,
) -> tuple[Step, Step]:
    """Moves the pool by one command on a Front End of `where`, which one person approves.

    Whether a lost or refused one did its work is read from its registrar's PoolState, which `becomes` one of these
    (facts: recovery §0.3, §0.4). Where Switchback reaches no Front End, people run it.
    """

    def plan(run: Run, seen: Seen) -> Plan:
        return Plan({"move": Invoke(where(run).fqdn, command(run))}, (effect(run),))

    told = {key: rest[key] for key in ("tells", "leaves") if key in rest}
    by_hand = Step(
        key="hand",
        stretch=stretch,
        title="Move the pool by hand",
        asks=True,
        need=Need.SERVER_ADMIN,
        skip=lambda run: _not_by_hand(run, where(run)),
        explain=lambda run: _BY_HAND.format(pool=where(run).short, command=command(run)),
        choices=lambda run: _WAYS,
        **told,
    )
    move = Step(
        stretch=stretch,
        need=Need.SERVER_ADMIN,
        skip=lambda run: "Done before." if MOVED.of(run) else None,  # Also when the run comes this way again.
        plan=plan,
        accepted=MOVED.to("here"),
        choices=lambda run: _WAYS if run.phase in (Phase.WAITING, Phase.STOPPED) else (),
        approvals=lambda run: 1,
        look=lambda run: {"registrars": Invoke(where(run).fqdn, _registrar(run.primary))},
        found=lambda run, seen: _found(run.primary, seen["registrars"], becomes),
        **rest,
    )
    return by_hand, move


def _registrar(pool: Pool) -> Cmdlet:
    """By a filter: asked by its identity, a service without settings of its own would be an error."""
    return cmdlet("Get-CsRegistrarConfiguration", Filter=f"service:Registrar:{pool.fqdn}")


def _found(pool: Pool, registrars: Sequence[Row], becomes: frozenset[str]) -> Finding:
    """No settings of its own do not say that it is active: what is not known stays unknown."""
    state = str(registrars[0].get("PoolState") or "") if registrars else ""
    said = f"Its server says that {pool.short} is “{state}”"
    if state in becomes:
        return Finding(Found.DONE, f"{said}: the move is done, by this command or by somebody else.")
    if state in _SETTLED:
        return Finding(Found.NOT_DONE, f"{said}, as before: the command did nothing. It may be run again.")
    if state:
        sentence = f"{said}: it is still being moved, or the move broke off. Wait some minutes, then look again."
        return Finding(Found.PARTLY, sentence)
    return Finding(Found.UNKNOWN, f"No server says where {pool.short} stands. See where its users are signed in.")


def _not_by_hand(run: Run, pool: Pool) -> str | None:
    if MOVED.of(run):
        return "Done before."
    return f"Not needed: Switchback reaches a Front End of {pool.short}." if pool.front_end else None


def completion_row(what: str, explain: str, *, stretch: str) -> Step:
    """The pool is moved elsewhere: the run asks again before it goes on with what needs it complete."""
    return Step(
        key="complete",
        stretch=stretch,
        title=f"Complete the pool {what}",
        asks=True,
        need=Need.SERVER_ADMIN,
        skip=lambda run: None if MOVED.of(run) == "elsewhere" else "Not needed: it is complete.",
        explain=lambda run: explain,
        choices=lambda run: (Choice("complete", "It is complete", f"says the {what} is complete.", style="primary"),),
    )
