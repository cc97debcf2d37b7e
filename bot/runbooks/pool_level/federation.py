"""Federation goes over to another Edge pool, and back (facts: recovery, procedures 5 and 7)."""

from __future__ import annotations

from bot.domain.deployment.readings import routes
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Choice, Runbook
from bot.runbooks import uses
from bot.runbooks.pool_level.ends import left, trial_row
from bot.runbooks.pool_level.facts import BEHIND, EDGE_FROM, EDGE_TO, FACTS, LISTED, WAY
from bot.runbooks.pool_level.routes import (
    before_row,
    choose_row,
    menu,
    over_or_back,
    read_routes,
    route_rows,
    services_rows,
)
from bot.runbooks.rows.by_hand import ByHand, Proof
from bot.runbooks.rows.facts import UNREAD

_BUILDER = (
    "1) In Topology Builder, on a Front End, open {old}, “Edit Properties”, “General”: clear “Enable federation for "
    "this Edge pool (Port 5061)”. 2) Select it at {new}; only one Edge pool may have it. "
    "3) “Action”, “Topology”, “Publish”."
)
_WIZARD = (
    "On each Edge Server of both pools: Deployment Wizard, “Install or Update System”, “Setup or Remove Components”, "
    "“Run Again”. Its log says whether it worked."
)
_TRIAL = (
    'Exchange a message with a federated partner. On a Front End: `Test-CsFederatedPartner -TargetFqdn "{edge}" '
    "-Domain <partner>`. Front End pools of the Edge pool that is down need another one: `/rgs start edge-of-pool`."
)


def _choices(run: Run) -> tuple[Choice, ...]:
    return over_or_back(
        "moves federation from {edge_from} to {edge_to}.",
        menu(EDGE_FROM, "The Edge pool that federation leaves", LISTED.of(run)),
        menu(EDGE_TO, "The Edge pool that takes it", LISTED.of(run)),
    )


def _proves(run: Run, seen: Seen) -> Verdict:
    """A site that still leads to the old one is not done; where no site led to it, nothing tells."""
    old, new, lead = EDGE_FROM.of(run), EDGE_TO.of(run), routes(seen["sites"])
    behind = sorted(site for site, edge in lead.items() if edge == old)
    if behind:
        said = f"{', '.join(behind)}: the route still goes to {old}. Publish it, or set the route by a command."
        return Verdict(Mark.STOP, said, facts=BEHIND.to(behind))
    there = sorted(site for site, edge in lead.items() if edge == new)
    if not there:
        return Verdict(Mark.STOP, f"No site uses {old} or {new}, so no server shows it.", facts=UNREAD.to(True))
    return Verdict(Mark.PASS, f"{', '.join(there)}: the route goes to {new}.", facts=BEHIND.to([]))


def _only_back(run: Run) -> str | None:
    return None if WAY.of(run) == "back" else "Skipped: federation goes over, not back."


EDGE = Runbook(
    key="edge",
    title="Move of federation",
    about="Moves federation to another Edge pool, or back to the restored one.",
    alone=True,
    left=left,
    facts=FACTS,
    uses=uses.EDGE,
    steps=(
        choose_row(
            stretch="choose",
            title="Choose the Edge pools",
            choices=_choices,
            least=2,
        ),
        before_row(stretch="choose", xmpp=False),
        *services_rows("started", "Start", "Start the services of the restored Edge pool", _only_back),
        *ByHand(
            key="builder",
            stretch="builder",
            title="Change federation in Topology Builder",
            explain=lambda run: _BUILDER.format(old=EDGE_FROM.of(run), new=EDGE_TO.of(run)),
            proof=Proof(read_routes, _proves),
            ways=lambda run: (
                (Choice("by-command", "Set the route by a command", "asked to set the route."),)
                if BEHIND.of(run)
                else ()
            ),
        ).rows(),
        *route_rows(
            stretch="builder",
            xmpp=False,
            sites=BEHIND.of,
            skip=lambda run: None if BEHIND.of(run) else "Skipped: no site uses the old one.",
        ),
        *ByHand(
            key="wizard",
            stretch="wizard",
            title="Run the Deployment Wizard on the Edge Servers",
            explain=lambda run: _WIZARD,
        ).rows(),
        trial_row(
            stretch="trial",
            title="Try it with a federated partner",
            explain=lambda run: _TRIAL.format(edge=EDGE_TO.of(run)),
            back_to="builder",
        ),
    ),
)
