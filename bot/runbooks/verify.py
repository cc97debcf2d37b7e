"""Reads every byte of a pool's kept backups again, on demand: what is damaged is named, and mended where it can be."""

from __future__ import annotations

from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, CheckBackups, Seen
from bot.domain.runs.run import Run, Tell
from bot.domain.runs.runbook import Left, Runbook, Step, StepKind

_WAY_ON = (
    "Make a new backup now with `/rgs backup {pool}`. If the off-site copy was away, press Try again when it is back: "
    "what is whole there is fetched from it."
)


def _read(run: Run) -> Acts:
    return {"checkup": CheckBackups(run.primary.fqdn)}


def _judge(run: Run, seen: Seen) -> Verdict:
    checkup = seen["checkup"]
    facts = {"said": checkup.sentence}
    if checkup.faults:
        return Verdict(Mark.STOP, checkup.sentence, checkup.details, facts)
    return Verdict(Mark.WARN if checkup.mended else Mark.PASS, checkup.sentence, checkup.details, facts)


def _told(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, run.fact("said", ""))


def _explain(run: Run) -> str:
    return _WAY_ON.format(pool=run.primary.short) if run.fact("said") else ""


def _tell(run: Run) -> tuple[Tell, ...]:
    return (Tell("notifications", f"Backups of {run.primary.short} were read again. {run.fact('said')}"),)


VERIFY = Runbook(
    key="verify",
    title="Check of the backups",
    left=lambda run: Left("Nothing was changed; the backups stay as they are."),
    steps=(
        Step("check", "1", "Read every byte again", StepKind.WORK, reads=_read, judge=_judge, explain=_explain),
        Step("told", "2", "Told", StepKind.TELL, judge=_told, tells=_tell),
    ),
)
