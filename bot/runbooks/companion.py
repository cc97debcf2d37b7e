"""One copy of one companion, taken by itself or by people, checked, and kept (seed 001; runbooks, "backup")."""

from __future__ import annotations

from bot.domain.companions.kinds import COMPANIONS, Attestation, Companion, How
from bot.domain.companions.serving import serving
from bot.domain.errors import BotError
from bot.domain.model import SCHEDULE, Mark, PoolState, Verdict, short
from bot.domain.runs.acts import Acts, Seen, Supersede, Take
from bot.domain.runs.facts import KIND, STOOD, Fact, declared
from bot.domain.runs.run import Run, Tell
from bot.domain.runs.runbook import Left, Runbook, Step
from bot.runbooks import uses

TRIES = 3
"""So often is a pool that does not answer asked again before the run ends; the next slot tries anew."""

FILES = Fact("files", list, ())
WORD = Fact("word", dict | None, None)
FAILED = Fact("failed", str, "")
COPY = Fact("copy", str, "")


def of(run: Run) -> Companion:
    return COMPANIONS[KIND.of(run)]


def _skip_take(run: Run) -> str | None:
    """An outage is no time to ask a lost pool for its music; people may do so all the same."""
    stood = PoolState(STOOD.of(run))
    if run.opened_by != SCHEDULE or stood is PoolState.ACTIVE or of(run).way(run.primary) is not How.FILES:
        return None
    return f"{run.primary.short} is {stood}: nothing is taken from it until it is active again."


def _asked(run: Run) -> tuple[str, ...]:
    """Settings come from the pool that serves now, what belongs to the organisation from whichever answers."""
    serves = serving(run.primary, run.partner, PoolState(STOOD.of(run))).pool
    pools = (serves, *run.pools) if of(run).everywhere else (serves,)
    return tuple(dict.fromkeys(pool.fqdn for pool in pools))


def _do_take(run: Run, seen: Seen) -> Acts:
    one, sent, word = of(run), FILES.of(run), WORD.of(run)
    take = Take(
        run.id,
        one.key,
        run.primary.fqdn,
        run.opened_by.name,
        How.UPLOAD if sent else one.way(run.primary),
        asked=_asked(run),
        store=run.primary.file_store.rstrip("\\"),
        files=tuple((each["id"], each["name"]) for each in sent),
        word=Attestation(word["at"], word["about"], word["note"]) if word else None,
        patient=run.tries < TRIES,
    )
    because = f"A newer copy was begun ({run.id}), so this one, which had stopped, ended."
    ended = Supersede(run.primary.fqdn, because, but=run.id, only_stuck=True, runbook=run.runbook, kind=one.key)
    return {"ended": ended, "kept": take}


def _judge_take(run: Run, seen: Seen) -> Verdict:
    one, kept = of(run), seen["kept"]
    if isinstance(kept, BotError):
        sentence = f"{one.title} of {run.primary.short}: {kept.sentence}"
        return Verdict(Mark.WARN, sentence, facts=FAILED.to(kept.sentence))
    source = "" if kept.source == run.primary.fqdn else f" It came from {short(kept.source)}."
    sentence = f"{one.title} of {run.primary.short}: {kept.in_words}.{source}"
    return Verdict(Mark.WARN if kept.warnings else Mark.PASS, sentence, kept.warnings, COPY.to(kept.id))


TAKE = Step(key="take", stretch="take", title="Take a copy", skip=_skip_take, does=_do_take, judge=_judge_take)


def _judge_told(run: Run, seen: Seen) -> Verdict:
    last = run.record_of("take")
    mark = Mark.PASS if last and last.mark == Mark.PASS else Mark.WARN
    return Verdict(mark, last.sentence if last else "Nothing was taken.")


def _tell_told(run: Run) -> tuple[Tell, ...]:
    """Whoever asked is told directly; what was to come by itself and did not, is told by the pool's standing notice."""
    last = run.record_of("take")
    if run.opened_by == SCHEDULE or last is None:
        return ()
    return (Tell(run.opened_by.id, last.sentence, last.details),)


TOLD = Step(key="told", stretch="told", title="Report the result", judge=_judge_told, tells=_tell_told)

COMPANION = Runbook(
    key="companion",
    title="Copy of other data",
    about="Takes one copy of what a pool needs beside its groups.",
    quiet=True,
    carded=False,
    scheduled=True,
    routine=True,
    left=lambda run: Left("Nothing was changed on the pool, and older copies stay as they are."),
    facts=declared(vars()),
    uses=uses.COMPANION,
    steps=(TAKE, TOLD),
)
