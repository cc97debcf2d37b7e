"""Edge pools whose next hop is the pool are led to another one before it moves (runbooks: failover 5; R2 step 7)."""

from __future__ import annotations

import json
from collections.abc import Callable

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import edges_with_hop, tells_hops
from bot.domain.errors import BotError
from bot.domain.groups.groups import Row, checked_fqdn
from bot.domain.measures import numbered
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.run import Finding, Found, Phase, Run
from bot.domain.runs.runbook import Choice, Plan, Step, Then
from bot.runbooks.rows.attesting import attested
from bot.runbooks.rows.facts import HOP_WAY, HOPS, UNREAD

READ = cmdlet("Get-CsService", EdgeServer=True)
_NONE = "Not needed: it is the next hop of no Edge pool."
_APPLIANCES = "Branch appliances of {pool} are not covered: their users follow the pool, their own next hop stays."
_HOW = (
    "An Edge pool in another site than {source} is changed by a command. In the same site use Topology Builder on a "
    "Front End: Edge pool, Edit Properties, Next Hop, {target}; then publish. One that is down itself can be left."
)

Where = Callable[[Run], Pool]


def hop_rows(
    *, stretch: str, source: Where, target: Where, skip: Callable[[Run], str | None] = lambda run: None
) -> tuple[Step, ...]:
    """They lead from `source` to `target`: which they are, how each is changed, and what the servers say then.

    Central Management has to work before (facts: recovery §0.7). Both are asked and commanded on a server of the pool
    that lives: of `target`.
    """

    def needed(run: Run) -> str | None:
        return skip(run) or (None if HOP_WAY.of(run) else _NONE)

    return (
        _read_row(source, target, stretch, skip),
        _way_row(source, target, stretch, needed),
        _sent_row(source, target, stretch, needed),
        _after_row(source, target, stretch, needed),
    )


def _reads(target: Where) -> Callable[[Run], Acts]:
    return lambda run: {"edges": Attempt(Invoke(target(run).fqdn, READ))}


def _read_row(source: Where, target: Where, stretch: str, skip: Callable[[Run], str | None]) -> Step:
    def judge(run: Run, seen: Seen) -> Verdict:
        short, edges = source(run).short, seen["edges"]
        beside = (_APPLIANCES.format(pool=short),)
        if isinstance(edges, BotError) or not tells_hops(edges):
            why = edges.sentence if isinstance(edges, BotError) else "No server shows the next hop."
            said = f"Whether an Edge pool leads to {short} is not known: {why}"
            return Verdict(Mark.WARN, said, beside, HOP_WAY.to("unknown") | HOPS.to([]))
        hops = list(edges_with_hop(edges, source(run).fqdn))
        if not hops:
            return Verdict(Mark.PASS, f"No Edge pool leads to {short}.", beside, HOP_WAY.to("") | HOPS.to([]))
        said = f"{numbered(len(hops), 'Edge pool')} with {short} as next hop: {', '.join(hops)}."
        return Verdict(Mark.WARN, said, beside, HOP_WAY.to("command") | HOPS.to(hops))

    return Step(
        key="hop-read",
        stretch=stretch,
        title="See which Edge pools lead to the pool",
        skip=skip,
        reads=_reads(target),
        judge=judge,
    )


def _way_row(source: Where, target: Where, stretch: str, skip: Callable[[Run], str | None]) -> Step:
    by_hand = attested(
        "hop-hand",
        "Changed in Topology Builder",
        "says it was changed in Topology Builder",
        "Switchback sends nothing. It reads the next hops before it goes on.",
        HOP_WAY.to("hand"),
    )
    command = Choice("hop-command", "Another site: by command", "has it changed by command.", HOP_WAY.to("command"))
    return Step(
        key="hop-way",
        stretch=stretch,
        title="Say how the next hop is changed",
        asks=True,
        need=Need.SERVER_ADMIN,
        skip=skip,
        explain=lambda run: _HOW.format(source=source(run).short, target=target(run).short),
        choices=lambda run: (*((command,) if HOPS.of(run) else ()), by_hand, _LEFT),
    )


def _sent_row(source: Where, target: Where, stretch: str, skip: Callable[[Run], str | None]) -> Step:
    def gone(run: Run) -> str | None:
        return skip(run) or (None if HOP_WAY.of(run) == "command" else "Not needed: nothing is sent for it.")

    def plan(run: Run, seen: Seen) -> Plan:
        to = target(run)
        edges = [checked_fqdn(edge) for edge in HOPS.of(run)]
        acts: Acts = {
            edge: Invoke(
                to.fqdn, cmdlet("Set-CsEdgeServer", Identity=f"EdgeServer:{edge}", Registrar=f"Registrar:{to.fqdn}")
            )
            for edge in edges
        }
        return Plan(acts, tuple(f"{edge} leads calls from outside to {to.short}." for edge in edges))

    def found(run: Run, seen: Seen) -> Finding:
        behind = _behind(run, seen["edges"], target(run).fqdn)
        if not behind:
            return Finding(Found.DONE, f"Every one of them leads to {target(run).short}: it was changed.")
        return Finding(Found.PARTLY, f"{', '.join(behind)}: not changed. Running it again does no harm.")

    return Step(
        key="hop",
        stretch=stretch,
        title="Change the next hop of Edge pools",
        need=Need.SERVER_ADMIN,
        skip=gone,
        plan=plan,
        judge=lambda run, seen: Verdict(Mark.PASS, "The commands ended. What they did is read next."),
        choices=lambda run: (_BACK, _LEFT) if run.phase in (Phase.WAITING, Phase.STOPPED) else (),
        approvals=lambda run: 1,
        look=lambda run: {"edges": Invoke(target(run).fqdn, READ)},
        stands=lambda run, seen: json.dumps(_behind(run, seen["edges"], target(run).fqdn)),
        found=found,
    )


def _after_row(source: Where, target: Where, stretch: str, skip: Callable[[Run], str | None]) -> Step:
    def judge(run: Run, seen: Seen) -> Verdict:
        """Nobody's word replaces a reading, where there is one (runbooks, "Rules for every cmd row")."""
        edges = seen["edges"]
        if isinstance(edges, BotError) or not tells_hops(edges):
            why = edges.sentence if isinstance(edges, BotError) else "No server shows the next hop."
            return Verdict(Mark.STOP, f"{why} Look in Topology Builder.", facts=UNREAD.to(True))
        behind = edges_with_hop(edges, source(run).fqdn)
        if behind:
            said = f"{', '.join(behind)}: the next hop is still {source(run).short}."
            return Verdict(Mark.STOP, said, facts=UNREAD.to(False) | HOPS.to(list(behind)))
        return Verdict(Mark.PASS, f"No Edge pool leads to {source(run).short} any more.", facts=UNREAD.to(False))

    def choices(run: Run) -> tuple[Choice, ...]:
        if run.phase is not Phase.STOPPED:
            return ()
        return (_BACK, _LEFT, *((_SEEN,) if UNREAD.of(run) else ()))

    return Step(
        key="hop-after",
        stretch=stretch,
        title="See where Edge pools lead",
        need=Need.SERVER_ADMIN,
        skip=lambda run: skip(run) or ("Left as it is." if HOP_WAY.of(run) == "left" else None),
        reads=_reads(target),
        judge=judge,
        choices=choices,
    )


def _behind(run: Run, rows: tuple[Row, ...], to: str) -> list[str]:
    there = edges_with_hop(rows, to)
    return [edge for edge in HOPS.of(run) if edge not in there]


_LEFT = Choice(
    "hop-left",
    "Leave it as it is",
    "leaves the next hop as it is.",
    HOP_WAY.to("left"),
    confirm="Nobody outside is reached through these Edge pools until it is changed.",
)
_BACK = Choice("hop-back", "Change it another way", "wants another way.", then=Then.BACK, to="hop-way")
_SEEN = attested(
    "hop-seen",
    "I have seen that it changed",
    "has seen that the next hop has changed",
    "No server says so. It is recorded as your word only.",
)
