"""Whether the pool is well and at home, which comes first where its copies are not to be needed meanwhile."""

from __future__ import annotations

from bot.domain.errors import BotError
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, ReadSettings, ReadState, Seen
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Step
from bot.runbooks.rows.moving import told


def _reads(run: Run) -> Acts:
    primary, backup = run.primary.fqdn, partner(run).fqdn
    return {
        "settings": Attempt(ReadSettings(primary, primary)),
        "state": Attempt(ReadState(primary, primary)),
        "there": Attempt(ReadState(backup, backup)),
    }


def _judge(run: Run, seen: Seen) -> Verdict:
    """A pool whose copies are in use, or may be at any moment, is left alone; so is a backup pool that is away."""
    primary, backup, settings = run.primary.short, partner(run).short, seen["settings"]
    if isinstance(settings, BotError):
        sentence = (
            f"{primary} does not answer, so its copies on {backup} may be needed, and they stay as they are. If it is "
            f"down, abandon this run and start `/rgs failover {primary}`."
        )
        return Verdict(Mark.STOP, sentence, (settings.sentence,))
    state, there = told(seen["state"]), told(seen["there"])
    said = state.said(primary)
    if state.known and not state.is_home:
        sentence = (
            f"{said}, so its copies on {backup} are in use. Nothing was changed. If others moved it, abandon this run "
            f"and start `/rgs start adopt {primary}`."
        )
        return Verdict(Mark.STOP, sentence)
    if there.known and not there.is_home:
        sentence = (
            f"{there.said(backup)}, so what lies on it can be seen, but not changed. Nothing was changed. Abandon this "
            f"run, and bring {backup} home first: `/rgs failback {backup}`."
        )
        return Verdict(Mark.STOP, sentence)
    if not state.known:
        return Verdict(Mark.WARN, f"{primary} answers. {said}; by what is remembered here, it is at home.")
    return Verdict(Mark.PASS, f"{primary} answers. {said}.")


def home_row(**rest: str) -> Step:
    """The pool answers with its Response Group data, and its servers say that it is at home."""
    return Step(key="home", title="See that the pool is well", reads=_reads, judge=_judge, **rest)
