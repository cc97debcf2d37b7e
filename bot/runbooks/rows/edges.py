"""The Edge pool of a site comes back before its pool (facts: recovery, procedure 7, step 5)."""

from __future__ import annotations

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.errors import BotError
from bot.domain.measures import numbered
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Choice, Step
from bot.runbooks.rows.attesting import attested
from bot.runbooks.rows.facts import EDGES


def _read(run: Run) -> Acts:
    return {"edges": Attempt(Invoke(run.primary.fqdn, cmdlet("Get-CsService", EdgeServer=True)))}


def _judge(run: Run, seen: Seen) -> Verdict:
    if isinstance(seen["edges"], BotError):
        return Verdict(Mark.WARN, "Which Edge pools there are could not be read.", facts=EDGES.to(None))
    count = len(seen["edges"])
    there = numbered(count, "Edge pool") if count else "no Edge pool"
    return Verdict(Mark.PASS, f"There is {there}." if count < 2 else f"There are {there}.", facts=EDGES.to(count))


_FIRST_EXPLAINED = (
    "If the Edge pool of {primary}'s site failed over too, bring it back before {primary}. Start its services, and "
    "give it back federation, XMPP and its pools. Only then go on with the pool itself."
)


def edge_first_rows(stretch: str) -> tuple[Step, ...]:
    """The Edge pool of the site comes back before the pool (facts: recovery, procedure 7, step 5)."""
    look = Step(key="edges", stretch=stretch, title="Find the Edge pools", reads=_read, judge=_judge)
    first = Step(
        key="edge-first",
        stretch=stretch,
        title="Bring the Edge pool back first",
        asks=True,
        need=Need.SERVER_ADMIN,
        skip=lambda run: None if EDGES.of(run) != 0 else "Skipped: there are no Edge pools.",
        explain=lambda run: _FIRST_EXPLAINED.format(primary=run.primary.short),
        choices=lambda run: (
            Choice("edge-ran", "It never failed over", "says the Edge pool of the site never failed over."),
            attested("edge-back", "It is back", "says the Edge pool is back", "It is recorded as your word only."),
        ),
    )
    return look, first
