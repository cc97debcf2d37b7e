"""What an import goes over is kept first, and nothing is imported over what was edited since (seed 000)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.groups.compare import compare
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Load, Seen
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.rows.exporting import export_row, kept
from bot.runbooks.rows.facts import SPARED
from bot.runbooks.rows.verifying import tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """The groups of the primary pool on the pool `where`, unless `skip` says why nothing is imported over them."""

    where: Callable[[Run], Pool]
    stretch: str
    skip: Callable[[Run], str | None]

    def row(self) -> Step:
        """Exports them, without listing them among the backups: they are older than what goes over them."""
        return export_row(
            key="spare",
            stretch=self.stretch,
            title="Keep what the import goes over",
            skip=self.skip,
            source=self.where,
            owner=lambda run: run.primary,
            because=lambda run: f"what lay on {self.where(run).short} before an import went over it",
            listed=False,
            judge=self._judge,
        )

    def _judge(self, run: Run, seen: Seen) -> Verdict:
        id = kept(seen).id
        return Verdict(Mark.PASS, f"What {self.where(run).short} holds is kept as {id}.", facts=SPARED.to(id))

    def reads(self, run: Run) -> Acts:
        """For the row of the import: what was kept."""
        return {"spared": Load(SPARED.of(run))} if SPARED.of(run) and not self.skip(run) else {}

    def edited(self, run: Run, seen: Seen) -> str:
        """Why nothing may be imported now, if so: `held` is not what was kept any more."""
        if "spared" not in seen:
            return ""
        found = compare(seen["spared"], seen["held"].owned_by(run.primary.fqdn))
        if found.is_clean:
            return ""
        return (
            f"{self.where(run).short} was edited since its groups were kept ({tally(found)}). An import would "
            "overwrite that. Nothing was sent. Press Keep them again."
        )

    def choices(self, run: Run) -> tuple[Choice, ...]:
        """For the row of the import, where it was stopped by that."""
        if run.phase is not Phase.STOPPED or not SPARED.of(run) or self.skip(run):
            return ()
        return (Choice("spare-again", "Keep them again", "asked to keep them again.", then=Then.BACK, to="spare"),)
