"""What servers say of a pool beside what is remembered of it; a person says that it is so (runbooks: adopt)."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.deployment.server_state import HOME, UNKNOWN, ServerState
from bot.domain.errors import BotError
from bot.domain.groups.compare import compare
from bot.domain.measures import numbered
from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Acts, Attempt, NewestWhole, ReadGroups, ReadState, Seen
from bot.domain.runs.run import Phase, Run, partner
from bot.domain.runs.runbook import Choice, Step
from bot.runbooks.adopt.facts import LIES_THERE, NEWEST, STANDS_AS
from bot.runbooks.rows.attesting import attested
from bot.runbooks.rows.copies import stage_of
from bot.runbooks.rows.facts import SERVER_SAID
from bot.runbooks.rows.removing import read_copies


def _reads(run: Run) -> Acts:
    """Both pools are asked of both: either may be away."""
    pools = (run.primary.fqdn, partner(run).fqdn)
    states = {f"{pool} by {on}": Attempt(ReadState(on, pool)) for pool in pools for on in pools}
    groups = {
        "copies": Attempt(read_copies(run)["copies"]),
        "held": Attempt(ReadGroups(run.primary.fqdn, run.primary.fqdn)),
    }
    return {**states, **groups, "newest": NewestWhole(run.primary.fqdn)}


def _believed(run: Run, seen: Seen, fqdn: str) -> ServerState:
    """What is known comes before what may be old."""
    said = [seen[f"{fqdn} by {pool.fqdn}"] for pool in run.pools]
    heard = [state for state in said if not isinstance(state, BotError) and state.word]
    return min(heard, key=lambda state: state.old, default=UNKNOWN)


def stands(remembered: PoolState | None, state: ServerState, answers: bool) -> PoolState | None:
    """Where the pool stands by its servers; None where none of them says it.

    They know nothing of a failback that is not over, nor of an outage: in these, what is remembered tells more.
    """
    if not state.known:
        return None
    if state.is_away:
        return PoolState.FAILED_OVER
    if state.is_between:
        return PoolState.FAILING_BACK if remembered is PoolState.FAILING_BACK else PoolState.FAILING_OVER
    return PoolState.OUTAGE if remembered is PoolState.OUTAGE and not answers else PoolState.ACTIVE


def _left_behind(run: Run, seen: Seen) -> bool:
    """Whether it came home without what was edited away: then its failback is not over, whoever moved it."""
    was_away = run.pool_state in (PoolState.FAILED_OVER, PoolState.FAILING_BACK)
    unread = isinstance(seen["copies"], BotError) or isinstance(seen["held"], BotError)
    if not was_away or unread or not seen["copies"].objects:
        return False
    return not compare(seen["copies"], seen["held"].owned_by(run.primary.fqdn)).is_clean


def _judge(run: Run, seen: Seen) -> Verdict:
    primary, newest = run.primary, seen["newest"]
    state = _believed(run, seen, primary.fqdn)
    found = stands(run.pool_state, state, not isinstance(seen["held"], BotError))
    if found is PoolState.ACTIVE and _left_behind(run, seen):
        found = PoolState.FAILING_BACK
    copies = None if isinstance(seen["copies"], BotError) else len(seen["copies"].objects)
    facts = STANDS_AS.to(str(found or "")) | LIES_THERE.to(copies) | NEWEST.to(stage_of(newest) if newest else {})
    facts |= SERVER_SAID.to(state.known)
    sentence = f"Remembered here: {primary.short} is {run.pool_state}. {state.said(primary.short)}."
    mark = Mark.PASS if found is run.pool_state else Mark.WARN
    return Verdict(mark, sentence, tuple(_lines(run, seen, copies)), facts)


def _lines(run: Run, seen: Seen, copies: int | None) -> Iterator[str]:
    primary, backup, held = run.primary.short, partner(run), seen["held"]
    there = "Nothing could be read" if copies is None else numbered(copies, "object")
    if _left_behind(run, seen):
        yield f"They differ, so edits on {backup.short} may not be home. `/rgs failback {primary}` brings them."
    elif run.pool_state is PoolState.FAILING_BACK and copies:
        yield f"Its failback may not be over. If edits on {backup.short} are not home, start `/rgs failback {primary}`."
    yield f"On {backup.short}, owned by {primary}: {there}."
    own = "nothing could be read, so it may be down" if isinstance(held, BotError) else f"{len(held.objects)} objects"
    yield f"On {primary} itself: {own}."
    other = _believed(run, seen, backup.fqdn)
    yield f"{other.said(backup.short)}."
    if other.known and not other.is_home:
        yield f"{backup.short} is itself failed over, onto {primary}: `/rgs start adopt {backup.short}`."


def _offer(run: Run) -> tuple[Choice, ...]:
    if run.phase is Phase.STOPPED:
        return ()
    if known := STANDS_AS.of(run):
        adopt = Choice("adopt", f"It is {known}", f"takes it over: it is {known}.", style="primary")
        is_home = known == PoolState.FAILING_BACK and SERVER_SAID.of(run) in HOME
        return (adopt, _ALL_HOME) if is_home else (adopt,)
    means = "No server says so. It is recorded as your word only, and the next run reads where it stands again."
    return tuple(
        attested(key, f"It is {state}", f"says that it is {state}", means, STANDS_AS.to(str(state)))
        for key, state in (("is-away", PoolState.FAILED_OVER), ("is-home", PoolState.ACTIVE))
    )


_ALL_HOME = attested(
    "all-home",
    "It is active, all is home",
    "says that all is home, and what lies on the backup pool is old",
    "It differs from what the pool holds. It stays where it is, and no failback brings it home any more.",
    STANDS_AS.to(str(PoolState.ACTIVE)),
)

TAKE = Step(
    key="take",
    stretch="take",
    title="Say that it stands so",
    asks=True,
    explain=lambda run: "Nothing is changed on any server. Only what is remembered here becomes what servers say.",
    reads=_reads,
    judge=_judge,
    choices=_offer,
)
