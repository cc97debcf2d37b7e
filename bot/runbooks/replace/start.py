"""Whether a pool may be replaced now, and the new one built: rows 1 to 8 of the procedure (facts: recovery §10)."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import store_of
from bot.domain.deployment.server_state import ServerState
from bot.domain.errors import BotError
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, ReadGroups, ReadState, Records, Seen
from bot.domain.runs.opening import taken
from bot.domain.runs.run import Phase, Run, partner, replacement
from bot.domain.runs.runbook import Choice, Step
from bot.runbooks.rows.attesting import witnessed
from bot.runbooks.rows.by_hand import ByHand
from bot.runbooks.rows.facts import SERVER_SAID, TAKES_PLACE, WAS_IMPORTED, before
from bot.runbooks.rows.machines import none_runs

_DONE_BEFORE = (
    "Rows 1 to 7 of the procedure were the failover's: Central Management, emergency locations, Response Groups and "
    "announcements on {backup}, then the pool."
)


def _read(run: Run) -> Acts:
    where, primary, new = partner(run).fqdn, run.primary.fqdn, replacement(run).fqdn
    store = cmdlet("Get-CsManagementStoreReplicationStatus", CentralManagementStoreStatus=True)
    return {
        "state": ReadState(where, primary),
        "store": Attempt(Invoke(where, store)),
        "copies": ReadGroups(where, where, primary),
        "records": Records((new,)),
    }


def _judge(run: Run, seen: Seen) -> Verdict:
    state: ServerState = seen["state"]
    facts = SERVER_SAID.to(state.known)
    if why := next(_refused(run, seen), ""):
        return Verdict(Mark.STOP, why, facts=facts)
    backup = partner(run).short
    said = f"{state.said(run.primary.short)}. {_DONE_BEFORE.format(backup=backup)}"
    if not state.known:
        return Verdict(Mark.STOP, f"{said} See that {run.primary.short} is failed over.", facts=facts)
    return Verdict(Mark.PASS, said, facts=facts)


def _refused(run: Run, seen: Seen) -> Iterator[str]:
    primary, backup, new = run.primary, partner(run), replacement(run)
    state: ServerState = seen["state"]
    if state.known and not state.is_away:
        yield f"{state.said(primary.short)}: it is not failed over, so it cannot be replaced. Start a failover first."
    if why := taken(primary, new, seen["records"][new.fqdn].state):
        yield why
    if (begun := before(run, TAKES_PLACE)) and begun != new.fqdn:
        yield f"Users of {primary.short} have been moved to {begun} already, so only that one can take its place."
    if not seen["copies"].objects and not (begun and before(run, WAS_IMPORTED) is False):
        yield (
            f"{backup.short} holds no groups of {primary.short}, so {new.short} would get none. Bring them there "
            f"first: `/rgs start import-again {primary.short}`."
        )
    if isinstance(seen["store"], BotError):
        return
    store = store_of(seen["store"])
    if store is not None and (not store.works or store.master == primary.fqdn):
        yield "Central Management does not work on a living pool. Fail it over first: `/rgs start cms`."


def _offer(run: Run) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED or SERVER_SAID.of(run):
        return ()
    said = "has seen that the pool is failed over, and Response Groups are on the backup pool"
    return (witnessed("seen", "It is failed over", said),)


READY = Step(
    key="ready",
    stretch="ready",
    title="Check that the pool can be replaced",
    need=Need.SERVER_ADMIN,
    reads=_read,
    judge=_judge,
    choices=_offer,
)

BUILT = ByHand(
    key="built",
    stretch="built",
    title="Build the new pool",
    explain=lambda run: (
        f"{replacement(run).short} in Topology Builder, published; then set up on every machine, with the update that "
        f"{run.primary.short} had. Do not start its services: user data can be imported only while they are stopped."
    ),
    proof=none_runs(replacement),
).rows()
