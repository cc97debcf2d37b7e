"""A Front End pool gets another Edge pool while its own is down (facts: recovery, procedure 8)."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import replicas_behind
from bot.domain.measures import numbered
from bot.domain.model import Mark, Undone, Verdict
from bot.domain.runs.acts import Attempt, Invoke, Seen
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Choice, Runbook
from bot.runbooks import uses
from bot.runbooks.pool_level.ends import left, trial_row
from bot.runbooks.pool_level.facts import EDGE_TO, FACTS, LISTED
from bot.runbooks.pool_level.routes import choose_row, menu
from bot.runbooks.rows.by_hand import ByHand, Proof

_BUILDER = (
    "1) In Topology Builder, on a Front End, open {pool}, “Edit Properties”, “Associations”. 2) Choose {edge} under "
    "“Associate Edge pool (for media components)”. 3) “Action”, “Topology”, “Publish”: until then, nothing changes."
)
_STATUS = cmdlet("Get-CsManagementStoreReplicationStatus")
_BEHIND = Choice("behind", "Go on without them", "goes on while replicas are behind.", undone=Undone.NOT_DONE)


def _choices(run: Run) -> tuple[Choice, ...]:
    fields = (menu(EDGE_TO, f"The Edge pool that {run.primary.short} is to use", LISTED.of(run)),)
    said = f"chose {{edge_to}} for {run.primary.short}."
    return (Choice("chosen", "Use this Edge pool", said, fields=fields, style="primary"),)


def _proves(run: Run, seen: Seen) -> Verdict:
    """No page names a property that shows the association: that it was replicated is all that can be read."""
    behind = replicas_behind(seen["replicas"])
    if behind:
        said = f"{numbered(len(behind), 'replica')} not up to date: it is not everywhere yet. Wait, then try again."
        return Verdict(Mark.STOP, said, behind)
    said = "Every replica is up to date. That the pool uses this Edge pool is your word, until the call proves it."
    return Verdict(Mark.PASS, said)


ASSOCIATION = Runbook(
    key="edge-of-pool",
    title="Change of a pool's Edge pool",
    about="Gives a Front End pool another Edge pool while its own is down.",
    alone=True,
    left=left,
    facts=FACTS,
    uses=uses.EDGE_OF_POOL,
    steps=(
        choose_row(
            stretch="choose",
            title="Choose the Edge pool",
            explain=lambda run: (
                f"{run.primary.short} runs, and its Edge pool is down: calls with people outside have no sound. "
                "Going back is the same with its own Edge pool."
            ),
            choices=_choices,
        ),
        *ByHand(
            key="builder",
            stretch="builder",
            title="Change the Edge pool in Topology Builder",
            explain=lambda run: _BUILDER.format(pool=run.primary.short, edge=EDGE_TO.of(run)),
            proof=Proof(lambda run: {"replicas": Attempt(Invoke(run.primary.fqdn, _STATUS))}, _proves),
            ways=lambda run: (_BEHIND,),
        ).rows(),
        trial_row(
            stretch="trial",
            title="Call somebody outside",
            explain=lambda run: f"Somebody of {run.primary.short} calls somebody outside.",
            back_to="builder",
        ),
    ),
)
