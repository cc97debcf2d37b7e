"""The outage is declared, beside what the pool itself says; running backups end (runbooks: failover 1)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.backups.backup import Backup, Keeping, is_ahead
from bot.domain.deployment.answers import PoolAnswer
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.impact import Stage
from bot.domain.errors import BotError
from bot.domain.model import Mark, Pool, PoolState, Verdict
from bot.domain.runs.acts import (
    Acts,
    Attempt,
    Clock,
    Invoke,
    NewestKept,
    PinNewest,
    ReadSettings,
    Seen,
    Supersede,
)
from bot.domain.runs.facts import CALL_LIST, OUTAGE_SINCE
from bot.domain.runs.run import Run, Tell
from bot.domain.runs.runbook import Choice, Field, Step
from bot.runbooks.failover.facts import ANSWERED, MODE, SEEN
from bot.runbooks.rows.facts import WAS_IMPORTED, before
from bot.runbooks.rows.moments import moment
from bot.runbooks.rows.people import board_tell

_LATEST = 10
_LONGEST_OUTAGE_S = 30 * 86_400.0


def _read_declare(run: Run) -> Acts:
    """Of the groups only what is kept here: nothing about them may hold up the move of the pool."""
    return {"kept": NewestKept(run.primary.fqdn, _LATEST), "now": Clock()}


def _judge_declare(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, _newest(seen["kept"], run.primary, seen["now"]))


def _newest(kept: Sequence[tuple[Backup, Keeping]], pool: Pool, now: float) -> str:
    """When it was taken, and not how long ago: the question may stand for a while."""
    whole = [pair for pair in kept if not pair[1].shrunk and not is_ahead(pair[0], now)]
    if not whole:
        return "There is no backup of its Response Groups."
    one, known = whole[0]
    taken, stamp = f"Its newest backup was taken at {moment(one.taken_at, pool)}", known.stamp
    if stamp is None:
        return f"{taken}. Its import was never rehearsed."
    found = "restorable when it was rehearsed" if stamp.restorable else stamp.sentences[0]
    return f"{taken}: {found}."


def _since(answer: PoolAnswer | None, now: float) -> str:
    """When the pool answered last, or was first seen silent, if it does not answer; else now."""
    at = (answer.last or answer.since) if answer and answer.is_silent else now
    return str(int(at))


def _mode(answer: PoolAnswer | None, now: float) -> str:
    """Nothing where nobody knows: only the way to the pool is silent, or nobody has asked lately."""
    if answer is None or not answer.is_fresh(now):
        return ""
    return "disaster" if answer.is_silent else "planned" if answer.is_well(now) else ""


def _offer_declare(run: Run) -> tuple[Choice, ...]:
    hint = "For example: all Front Ends unreachable"
    fields = (
        Field(SEEN.key, "What is seen?", hint=hint, multiline=True, max_length=300),
        Field(
            OUTAGE_SINCE.key,
            "Since when?",
            hint="When it stopped working, in your own time zone. The recovery is timed from here.",
            last_s=_LONGEST_OUTAGE_S,
            says=lambda second: moment(float(second), run.primary),
            begins=_since,
        ),
        Field(
            MODE.key,
            "A disaster, or a planned move?",
            hint="Filled in by how the pool answered last, where that is known. Change it if it is wrong.",
            options=(
                ("disaster", "Disaster: it is down, or its database is"),
                ("planned", "Planned move: it runs, with its database"),
            ),
            begins=_mode,
        ),
    )
    said = "declared an outage since {outage_since}: {seen}"
    return (Choice("declare", "Declare the outage", said, fields=fields, style="primary"),)


def _tell_declared(run: Run) -> tuple[Tell, ...]:
    names = tuple(CALL_LIST.of(run))
    calls = (Tell("thread", "Whom to call:", names),) if names else ()
    return board_tell(Stage.OUTAGE, before(run, WAS_IMPORTED)), *calls


DECLARE = Step(
    key="declare",
    stretch="outage",
    title="Declare the outage",
    asks=True,
    explain=lambda run: f"{run.primary.short} is then marked in outage. Nothing is changed on any server yet.",
    reads=_read_declare,
    judge=_judge_declare,
    choices=_offer_declare,
    tells=_tell_declared,
    leaves=PoolState.OUTAGE,
)


def _read_answers(run: Run) -> Acts:
    """A Front End that answers, and behind it the database: -DisasterMode is for either (facts: recovery §0.5)."""
    primary = run.primary.fqdn
    return {
        "front": Attempt(Invoke(primary, cmdlet("Get-CsServerVersion"))),
        "back": Attempt(ReadSettings(primary, primary)),
    }


def _judge_answers(run: Run, seen: Seen) -> Verdict:
    """What the pool itself comes to stands beside what people said of it."""
    front, back = (not isinstance(seen[name], BotError) for name in ("front", "back"))
    answered = "yes" if back else "half" if front else "no"
    fits = (MODE.of(run) == "planned") == back
    sentence = _ANSWERS[answered].format(pool=run.primary.short)
    return Verdict(Mark.PASS if fits else Mark.WARN, sentence, facts=ANSWERED.to(answered))


_ANSWERS = {
    "yes": "{pool} answers, with its Response Group data.",
    "half": "A server of {pool} answers, but its Response Group data does not. Its database may be down.",
    "no": "{pool} does not answer.",
}
ANSWERS = Step(key="answers", stretch="outage", title="Ask the pool itself", reads=_read_answers, judge=_judge_answers)


def _skip_doubt(run: Run) -> str | None:
    fits = (MODE.of(run) == "planned") == (ANSWERED.of(run) == "yes")
    return "Skipped: what was declared fits what the pool says." if fits else None


def _explain_doubt(run: Run) -> str:
    said = "a planned move" if MODE.of(run) == "planned" else "a disaster"
    return (
        f"{_ANSWERS[ANSWERED.of(run) or 'no'].format(pool=run.primary.short)} It was declared as {said}. "
        f"If {run.primary.short} is well, abandon this run: nothing was changed."
    )


DOUBT = Step(
    key="doubt",
    stretch="outage",
    title="Say which it is",
    asks=True,
    skip=_skip_doubt,
    explain=_explain_doubt,
    choices=lambda run: (
        Choice("disaster", "It is a disaster", "says it is a disaster.", MODE.to("disaster")),
        Choice("planned", "It is a planned move", "says it is a planned move.", MODE.to("planned")),
    ),
)


def _do_quiet(run: Run, seen: Seen) -> Acts:
    """The backup from before the outage is never lost, whatever is imported in the end."""
    because = "An outage of this pool was declared, so this backup ended. Older backups stay as they are."
    last = f"the last one before the outage of {moment(run.opened_at, run.primary)}"
    return {
        "superseded": Supersede(run.primary.fqdn, because),
        "pinned": PinNewest(run.primary.fqdn, f"{run.id}:outage", last),
    }


def _judge_quiet(run: Run, seen: Seen) -> Verdict:
    ended = seen["superseded"]
    if not ended:
        return Verdict(Mark.PASS, "No backup of this pool was running.")
    return Verdict(
        Mark.PASS, f"Ended {len(ended)} backup that was still running; older backups stay as they are.", ended
    )


QUIET = Step(key="quiet", stretch="outage", title="End running backups", does=_do_quiet, judge=_judge_quiet)
