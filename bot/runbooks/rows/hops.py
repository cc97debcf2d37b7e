"""Edge pools whose next hop is the pool are led to another one before it moves (runbooks: failover 5; R2 step 7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import edges_with_hop, tells_hops
from bot.domain.errors import BotError
from bot.domain.groups.groups import checked_fqdn
from bot.domain.measures import numbered
from bot.domain.model import Mark, Pool, Undone, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.run import Finding, Found, Run
from bot.domain.runs.runbook import Choice, Plan, Step, Then, unless
from bot.runbooks.rows.attesting import attested, witnessed
from bot.runbooks.rows.by_command import After, ByCommand, Lost
from bot.runbooks.rows.facts import HOP_WAY, HOPS, UNREAD
from bot.runbooks.rows.prerequisites import central_works

READ = cmdlet("Get-CsService", EdgeServer=True)
_NONE = "Skipped: the pool is the next hop of no Edge pool."
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
    return _Hops(stretch, source, target, skip).rows()


@dataclass(frozen=True, slots=True)
class _Hops:
    stretch: str
    source: Where
    target: Where
    skip: Callable[[Run], str | None]

    def rows(self) -> tuple[Step, ...]:
        sent, after = self._changed()
        return self._read(), self._way(), sent, unless(_left, after)

    def _needed(self, run: Run) -> str | None:
        return self.skip(run) or (None if HOP_WAY.of(run) else _NONE)

    def _reads(self, run: Run) -> Acts:
        return {"edges": Attempt(self._edges(run))}

    def _edges(self, run: Run) -> Invoke:
        return Invoke(self.target(run).fqdn, READ)

    def _read(self) -> Step:
        return Step(
            key="hop-read",
            stretch=self.stretch,
            title="See which Edge pools have the pool as next hop",
            skip=self.skip,
            reads=self._reads,
            judge=self._judge_read,
        )

    def _judge_read(self, run: Run, seen: Seen) -> Verdict:
        short = self.source(run).short
        beside = (_APPLIANCES.format(pool=short),)
        if why := _untold(seen):
            said = f"Whether {short} is the next hop of an Edge pool is not known. {why}"
            return Verdict(Mark.WARN, said, beside, HOP_WAY.to("unknown") | HOPS.to([]))
        hops = list(edges_with_hop(seen["edges"], self.source(run).fqdn))
        if not hops:
            return Verdict(Mark.PASS, f"No Edge pool has {short} as next hop.", beside, HOP_WAY.to("") | HOPS.to([]))
        said = f"{numbered(len(hops), 'Edge pool')} with {short} as next hop: {', '.join(hops)}."
        return Verdict(Mark.WARN, said, beside, HOP_WAY.to("command") | HOPS.to(hops))

    def _way(self) -> Step:
        return Step(
            key="hop-way",
            stretch=self.stretch,
            title="Say how the next hop is changed",
            asks=True,
            need=Need.SERVER_ADMIN,
            skip=self._needed,
            explain=lambda run: _HOW.format(source=self.source(run).short, target=self.target(run).short),
            choices=lambda run: (*((_COMMAND,) if HOPS.of(run) else ()), _BY_HAND, _LEFT),
        )

    def _changed(self) -> tuple[Step, ...]:
        return ByCommand(
            key="hop",
            stretch=self.stretch,
            title="Change the next hop of Edge pools",
            plan=self._plan,
            after=After(
                "See the next hops of Edge pools",
                self._reads,
                self._judge_after,
                lambda run: (_BACK, _LEFT, *((_SEEN,) if UNREAD.of(run) else ())),
            ),
            lost=Lost(
                lambda run: {"edges": self._edges(run)},
                lambda run, seen: json.dumps(self._behind(run, seen)),
                self._found,
            ),
            said=lambda run: "The commands ended. What they did is read next.",
            prerequisites=lambda run: (central_works(self.target(run), self.source(run)),),
            skip=self._needed,
            unsent=lambda run: (
                None if HOP_WAY.of(run) == "command" else "Skipped: the next hop is not changed by a command."
            ),
            ways=lambda run: (_BACK, _LEFT),
        ).rows()

    def _plan(self, run: Run, seen: Seen) -> Plan:
        to = self.target(run)
        edges = [checked_fqdn(edge) for edge in HOPS.of(run)]
        acts: Acts = {
            edge: Invoke(
                to.fqdn, cmdlet("Set-CsEdgeServer", Identity=f"EdgeServer:{edge}", Registrar=f"Registrar:{to.fqdn}")
            )
            for edge in edges
        }
        return Plan(acts, tuple(f"{edge} sends calls from outside to {to.short}." for edge in edges))

    def _behind(self, run: Run, seen: Seen) -> list[str]:
        there = edges_with_hop(seen["edges"], self.target(run).fqdn)
        return [edge for edge in HOPS.of(run) if edge not in there]

    def _found(self, run: Run, seen: Seen) -> Finding:
        behind = self._behind(run, seen)
        if not behind:
            return Finding(Found.DONE, f"All of them have {self.target(run).short} as next hop: it was changed.")
        return Finding(Found.PARTLY, f"{', '.join(behind)}: not changed. Running it again does no harm.")

    def _judge_after(self, run: Run, seen: Seen) -> Verdict:
        """Nobody's word replaces a reading, where there is one (runbooks, "Rules for every cmd row")."""
        short = self.source(run).short
        if why := _untold(seen):
            return Verdict(Mark.STOP, f"{why} Look in Topology Builder.", facts=UNREAD.to(True))
        behind = edges_with_hop(seen["edges"], self.source(run).fqdn)
        if behind:
            said = f"{', '.join(behind)}: the next hop is still {short}."
            return Verdict(Mark.STOP, said, facts=UNREAD.to(False) | HOPS.to(list(behind)))
        return Verdict(Mark.PASS, f"No Edge pool has {short} as next hop any more.", facts=UNREAD.to(False))


def _untold(seen: Seen) -> str:
    """Why nobody can tell the next hops, if so."""
    edges = seen["edges"]
    if isinstance(edges, BotError):
        return edges.sentence
    return "" if tells_hops(edges) else "No server shows the next hop."


def _left(run: Run) -> str | None:
    return "Left as it is." if HOP_WAY.of(run) == "left" else None


_LEFT = Choice(
    "hop-left",
    "Leave it as it is",
    "leaves the next hop as it is.",
    HOP_WAY.to("left"),
    confirm="Nobody outside is reached through these Edge pools until it is changed.",
    undone=Undone.NOT_DONE,
)
_COMMAND = Choice("hop-command", "Another site: by command", "asked to change it by command.", HOP_WAY.to("command"))
_BY_HAND = attested(
    "hop-hand",
    "Changed in Topology Builder",
    "says it was changed in Topology Builder",
    "Switchback sends nothing. It reads the next hops before it goes on.",
    HOP_WAY.to("hand"),
)
_BACK = Choice("hop-back", "Change it another way", "wants another way.", then=Then.BACK, to="hop-way")
_SEEN = witnessed("hop-seen", "I have seen that it changed", "has seen that the next hop has changed")
