"""XMPP federation goes over to another Edge pool, and back; gone in 2019 (facts: recovery, procedures 6 and 7)."""

from __future__ import annotations

from bot.domain.deployment.tables import MIRRORED
from bot.domain.model import Pool
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Choice, Runbook
from bot.runbooks import uses
from bot.runbooks.pool_level.ends import left, trial_row
from bot.runbooks.pool_level.facts import EDGE_TO, FACTS, LISTED, SITE, SITES, WAY
from bot.runbooks.pool_level.routes import before_row, choose_row, menu, over_or_back, route_rows, services_rows
from bot.runbooks.rows.by_hand import ByHand

_DNS = (
    "1) In external DNS, point the A record for XMPP at {edge}. 2) Give your domain a record `_xmpp-server._tcp` with "
    "port 5269. 3) Look both up from outside."
)


def unfit(pool: Pool) -> str:
    if pool.version in MIRRORED:
        return ""
    return f"XMPP federation is gone in 2019, and {pool.short} is of that version."


def _choices(run: Run) -> tuple[Choice, ...]:
    return over_or_back(
        "moves XMPP federation of {site} to {edge_to}.",
        menu(EDGE_TO, "The Edge pool that takes XMPP federation", LISTED.of(run)),
        menu(SITE, "Its site", SITES.of(run)),
    )


def _only_over(run: Run) -> str | None:
    return None if WAY.of(run) == "over" else "Skipped: going back, the services keep running."


XMPP = Runbook(
    key="xmpp",
    title="Move of XMPP federation",
    about="Moves XMPP federation to another Edge pool, or back (2013 and 2015).",
    alone=True,
    unfit=unfit,
    left=left,
    facts=FACTS,
    uses=uses.XMPP,
    steps=(
        choose_row(
            stretch="choose",
            title="Choose the Edge pool",
            choices=_choices,
        ),
        before_row(stretch="choose", xmpp=True),
        *services_rows("stopped", "Stop", "Stop the services of the Edge pool that takes it", _only_over),
        *route_rows(stretch="route", xmpp=True, sites=lambda run: [SITE.of(run)], skip=lambda run: None),
        *ByHand(
            key="dns",
            stretch="dns",
            title="Point XMPP there in DNS",
            explain=lambda run: _DNS.format(edge=EDGE_TO.of(run)),
        ).rows(),
        *ByHand(
            key="firewall",
            stretch="firewall",
            title="Open port 5269",
            explain=lambda run: f"In the firewall, let port 5269 from outside through to {EDGE_TO.of(run)}.",
        ).rows(),
        *services_rows("started", "Start", "Start the services of the Edge pool"),
        trial_row(
            stretch="trial",
            title="Try it with an XMPP partner",
            explain=lambda run: (
                "Exchange a message with an XMPP partner. `Get-CsXmppAllowedPartner` lists those that are let in."
            ),
            back_to="route",
        ),
    ),
)
