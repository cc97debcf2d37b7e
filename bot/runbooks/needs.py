"""Which role may do which row: what the rows themselves say (seeds 000, 004), unless the configuration says else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from bot.domain.access import Need
from bot.domain.errors import BadInput
from bot.domain.model import Asks, Role
from bot.domain.runs.runbook import APPROVED_S, Runbook, Step
from bot.runbooks.table import untouched

_RECOVERY = ("failover", "failback", "rebuild", "replace")
ANYBODY = "anybody"
WORDS: Mapping[str, Need] = {
    Role.RG_ADMIN: Need.ADMIN,
    Role.SERVER_ADMIN: Need.SERVER_ADMIN,
    ANYBODY: Need.ANYONE,
}
"""What the configuration calls it; a holder of RTCUniversalServerAdmins may do what the other role may."""


def asking(
    runbooks: Mapping[str, Runbook], table: Iterable[Asks], approved_s: float = APPROVED_S
) -> Mapping[str, Runbook]:
    """The runbooks as the table wants them, in which an approval counts for so many seconds.

    Raises BadInput for a row that there is not, or that needs a role.
    """
    changed = {key: replace(book, approved_s=approved_s) for key, book in runbooks.items()}
    for row in table:
        changed[row.runbook] = _asking(changed.get(row.runbook), row)
    return changed


def unfinishable(runbooks: Mapping[str, Runbook], holders: Mapping[Role, Collection[str] | None]) -> Iterator[str]:
    """Why nobody could finish a failover or failback, a sentence for each row that takes more people than there are.

    `holders` has the people who hold a role; None where nobody knows how many there are.
    """
    for book in (runbooks[key] for key in _RECOVERY):
        for step in book.steps:
            known = [holders.get(role, ()) for role in step.need.roles]
            people = {one for held in known for one in held or ()}
            asked = max(step.approvals(untouched(book, step)), 1)
            if step.need.roles and None not in known and len(people) < asked:
                yield (
                    f"Nobody could finish a {book.key}: its row {step.key} takes {asked} of those who hold "
                    f"{step.need.words}, and only {len(people)} of them {'is' if len(people) == 1 else 'are'} known."
                )


def _asking(book: Runbook | None, asks: Asks) -> Runbook:
    if book is None:
        raise BadInput(f"[[needs]] names the runbook “{asks.runbook}”, which there is not.")
    need = WORDS[asks.role]
    if not asks.row:
        if need is Need.ANYONE:
            raise BadInput(f"[[needs]] lets anybody start {asks.runbook}: it takes one of the two roles.")
        return replace(book, need=need)
    if asks.row not in {step.key for step in book.steps}:
        raise BadInput(
            f"[[needs]] names the row “{asks.row}”, which {asks.runbook} has not. Its rows: "
            f"{', '.join(step.key for step in book.steps)}."
        )
    return replace(book, steps=tuple(_needing(step, need) if step.key == asks.row else step for step in book.steps))


def _needing(step: Step, need: Need) -> Step:
    if need is Need.ANYONE and step.plan is not None:
        raise BadInput(
            f"[[needs]] lets anybody run the command of the row “{step.key}”: it takes one of the two roles."
        )
    return replace(step, need=need)
