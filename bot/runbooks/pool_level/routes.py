"""Which Edge pools and sites there are, and the route by which a site reaches others (facts: recovery §0.1, §0.2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import edge_pools, routes
from bot.domain.errors import BotError
from bot.domain.groups.groups import checked_fqdn
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.facts import Fact
from bot.domain.runs.prerequisites import How, Prerequisite
from bot.domain.runs.run import Finding, Found, Phase, Run
from bot.domain.runs.runbook import Choice, Field, Plan, Step, Then
from bot.runbooks.pool_level.facts import EDGE_FROM, EDGE_TO, LISTED, SITES, WAY
from bot.runbooks.rows.by_command import After, ByCommand, Lost
from bot.runbooks.rows.by_hand import ByHand
from bot.runbooks.rows.hops import READ
from bot.runbooks.rows.prerequisites import central_works

ROUTES = cmdlet("Get-CsSite")


def choose_row(
    *,
    stretch: str,
    title: str,
    choices: Callable[[Run], tuple[Choice, ...]],
    explain: Callable[[Run], str] = lambda run: f"Commands are sent to a server of {run.primary.short}.",
    least: int = 1,
) -> Step:
    """People choose among what the servers list, so that nothing else gets into a command; `least` Edge pools."""

    def judge(run: Run, seen: Seen) -> Verdict:
        if failed := next((one for one in seen.values() if isinstance(one, BotError)), None):
            said = f"{failed.sentence} Without Central Management this cannot be done: see `/rgs start cms` first."
            return Verdict(Mark.STOP, said)
        found, sites = edge_pools(seen["edges"]), sorted(routes(seen["sites"]))
        facts = LISTED.to(list(found)) | SITES.to(sites)
        if not found:
            said = "The servers list no Edge pool. Define it in Topology Builder and publish, then try again."
            return Verdict(Mark.STOP, said, facts=facts)
        if len(found) < least:
            said = f"The servers list one Edge pool only, {found[0]}: there is none that could take over."
            return Verdict(Mark.STOP, said, facts=facts)
        return Verdict(Mark.PASS, f"The servers list {', '.join(found[:5])}.", facts=facts)

    return Step(
        key="choose",
        stretch=stretch,
        title=title,
        asks=True,
        need=Need.SERVER_ADMIN,
        explain=explain,
        reads=lambda run: {
            "edges": Attempt(Invoke(run.primary.fqdn, READ)),
            **read_routes(run),
        },
        judge=judge,
        choices=lambda run: () if run.phase is Phase.STOPPED else choices(run),
    )


def over_or_back(said: str, *fields: Field) -> tuple[Choice, ...]:
    """To another Edge pool while one is down, or to the restored one."""
    return (
        Choice("over", "Fail over", said, WAY.to("over"), fields=fields, style="primary"),
        Choice("back", "Fail back", said, WAY.to("back"), fields=fields),
    )


def menu(fact: Fact[str], label: str, entries: list[str]) -> Field:
    return Field(fact.key, label, options=tuple((one, one) for one in entries))


def services_rows(
    key: str, verb: str, title: str, skip: Callable[[Run], str | None] = lambda run: None
) -> tuple[Step, ...]:
    """The services of the Edge pool that takes over are started or stopped, on each of its servers."""
    return ByHand(
        key=key,
        stretch=key,
        title=title,
        explain=lambda run: f"On each Edge Server of {EDGE_TO.of(run)}: `{verb}-CsWindowsService`",
        skip=skip,
    ).rows()


def read_routes(run: Run) -> Acts:
    return {"sites": Attempt(Invoke(run.primary.fqdn, ROUTES))}


def before_row(*, stretch: str, xmpp: bool) -> Step:
    """What it rests on is read before anything is changed; and an Edge pool is not led to itself."""

    def judge(run: Run, seen: Seen) -> Verdict:
        to = EDGE_TO.of(run)
        if to == EDGE_FROM.of(run):
            return Verdict(Mark.STOP, f"{to} was chosen twice. Choose two different Edge pools.")
        if isinstance(seen["sites"], BotError):
            return Verdict(Mark.STOP, f"The sites could not be read: {seen['sites'].sentence}")
        lead = {site: edge for site, edge in routes(seen["sites"], xmpp=xmpp).items() if edge}
        details = tuple(f"{site}: {edge}" for site, edge in sorted(lead.items()))
        if to in lead.values():
            return Verdict(Mark.WARN, f"A site uses {to} already. Somebody may have changed it.", details)
        return Verdict(Mark.PASS, f"No site uses {to} so far.", details)

    return Step(
        key="before",
        stretch=stretch,
        title="See which Edge pools sites use now",
        need=Need.SERVER_ADMIN,
        reads=read_routes,
        judge=judge,
        choices=lambda run: (_CHOOSE,) if run.phase is Phase.STOPPED else (),
    )


_CHOOSE = Choice("choose-again", "Choose again", "chooses again.", then=Then.BACK, to="choose")


def route_rows(
    *, stretch: str, xmpp: bool, sites: Callable[[Run], list[str]], skip: Callable[[Run], str | None]
) -> tuple[Step, ...]:
    """The route of these sites is set to the chosen Edge pool, and read (never by its published name: §0.1)."""
    route = _Route(xmpp, sites)
    return ByCommand(
        key="route",
        stretch=stretch,
        title="Set the route of the site",
        plan=route.plan,
        prerequisites=_before,
        after=After("See which Edge pool the site uses", read_routes, route.judge, lambda run: (_AGAIN,)),
        lost=Lost(
            lambda run: {"sites": Invoke(run.primary.fqdn, ROUTES)},
            lambda run, seen: json.dumps(route.lead(run, seen), sort_keys=True),
            route.found,
        ),
        skip=skip,
    ).rows()


def _before(run: Run) -> tuple[Prerequisite, ...]:
    to = EDGE_TO.of(run)
    runs = How(f"On each Edge Server of {to}, see its services:", ("Get-CsWindowsService",))
    edge = Prerequisite("edge", f"The Edge pool {to} works", (runs, How("Start what does not run.")))
    return edge, replace(central_works(run.primary, run.primary), shown_by=())


@dataclass(frozen=True, slots=True)
class _Route:
    """One of the two routes that a site has."""

    xmpp: bool
    sites: Callable[[Run], list[str]]

    def lead(self, run: Run, seen: Seen) -> dict[str, str]:
        """Where each of the sites leads; empty: nowhere."""
        found = routes(seen["sites"], xmpp=self.xmpp)
        return {site: found.get(site, "") for site in self.sites(run)}

    def _behind(self, run: Run, seen: Seen) -> str:
        return ", ".join(site for site, edge in self.lead(run, seen).items() if edge != EDGE_TO.of(run))

    def plan(self, run: Run, seen: Seen) -> Plan:
        to, key = checked_fqdn(EDGE_TO.of(run)), "XmppFederationRoute" if self.xmpp else "FederationRoute"
        was = self.lead(run, seen)
        acts: Acts = {
            site: Invoke(run.primary.fqdn, cmdlet("Set-CsSite", Identity=site, **{key: f"EdgeServer:{to}"}))
            for site in was
        }
        return Plan(
            acts, tuple(f"{site} uses {to} from then on; before: {edge or 'nowhere'}." for site, edge in was.items())
        )

    def found(self, run: Run, seen: Seen) -> Finding:
        if behind := self._behind(run, seen):
            return Finding(Found.PARTLY, f"{behind}: not set. Running it again does no harm.")
        return Finding(Found.DONE, f"{', '.join(self.sites(run))}: uses {EDGE_TO.of(run)}. It was set.")

    def judge(self, run: Run, seen: Seen) -> Verdict:
        if isinstance(seen["sites"], BotError):
            return Verdict(Mark.STOP, f"The sites could not be read: {seen['sites'].sentence}")
        if behind := self._behind(run, seen):
            return Verdict(Mark.STOP, f"{behind}: the route does not go to {EDGE_TO.of(run)}.")
        return Verdict(Mark.PASS, f"{', '.join(self.sites(run))}: the route goes to {EDGE_TO.of(run)}.")


_AGAIN = Choice("route-again", "Set it again", "asked to set it again.", then=Then.BACK, to="route")
