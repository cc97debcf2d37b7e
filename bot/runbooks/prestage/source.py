"""What is imported ahead: a backup that also lies off-site (runbooks: prestage)."""

from __future__ import annotations

from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, NewestKept, Seen
from bot.domain.runs.facts import MIRRORED
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Choice, Step
from bot.runbooks.failover.backup import choose_another, choose_row, offer_choice
from bot.runbooks.failover.facts import CHOSEN, COPIES_EQUAL

_LOOKED_THROUGH = 100


def _offer(run: Run) -> tuple[Choice, ...]:
    """Copies stay only where they are equal to the backup: others are no pre-stage of it."""
    return tuple(one for one in offer_choice(run) if one.key != "keep" or COPIES_EQUAL.of(run))


CHOOSE = choose_row(_offer)


def _reads(run: Run) -> Acts:
    return {"kept": NewestKept(run.primary.fqdn, _LOOKED_THROUGH)}


def _judge(run: Run, seen: Seen) -> Verdict:
    """What makes the way over shorter is no reason to have one copy only."""
    known = next((keeping for one, keeping in seen["kept"] if one.id == CHOSEN.of(run)), None)
    if known is None or known.mirrored_at is None:
        sentence = (
            "This backup has no off-site copy yet. It follows by itself within minutes: try again then, or choose "
            "another backup. `/rgs backups` shows which have one."
        )
        return Verdict(Mark.STOP, sentence)
    return Verdict(Mark.PASS, "This backup lies off-site as well.")


OFF_SITE = Step(
    key="off-site",
    stretch="off-site",
    title="See that the backup lies off-site",
    skip=lambda run: None if MIRRORED.of(run) else "Not known here: no off-site place is configured.",
    reads=_reads,
    judge=_judge,
    choices=lambda run: (choose_another(),),
)

NO_PLACE = Step(
    key="no-place",
    stretch="off-site",
    title="Go on without an off-site copy?",
    asks=True,
    skip=lambda run: "Skipped: the backup lies off-site." if MIRRORED.of(run) else None,
    explain=lambda run: (
        "No off-site place is configured, so Switchback has the only copy of this backup. Copy it elsewhere first: "
        f"`/rgs backups {run.primary.short}` gives its file."
    ),
    choices=lambda run: (Choice("without-copy", "Go on", "goes on: nobody keeps a second copy here."),),
)
