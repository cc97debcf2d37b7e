"""What only people can do: lead calls elsewhere, call in to test, and sign in to their groups again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.domain.access import Need
from bot.domain.deployment.impact import Stage, board
from bot.domain.groups.groups import Inventory, Kind
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.facts import Fact
from bot.domain.runs.run import Run, Tell
from bot.domain.runs.runbook import Choice, Field, Step, Then
from bot.runbooks.rows.facts import FORMAL, INSIDE_HEARD, INSIDE_NUMBER, OUTSIDE_HEARD, OUTSIDE_NUMBER


def formal_groups(inventory: Inventory) -> list[str]:
    """Names of the agent groups whose agents have to sign in again (seed 000; seed 003 step 6)."""
    groups = inventory.of(Kind.AGENT_GROUP)
    return [item.name for item in groups if item.properties.get("ParticipationPolicy") == "Formal"]


def agents_row(
    *, pool: Callable[[Run], Pool], groups: Callable[[Run, Seen], Sequence[str]], stretch: str, **rest: Any
) -> Step:
    """Agents of formal `groups` have to sign in again on `pool`: the list goes into the thread of the card."""

    def judge(run: Run, seen: Seen) -> Verdict:
        names = list(groups(run, seen))
        if not names:
            return Verdict(
                Mark.PASS, "There are no formal groups, so nobody has to sign in again.", facts=FORMAL.to(names)
            )
        sentence = f"{len(names)} formal groups: their agents were asked, in the thread, to sign in again."
        return Verdict(Mark.PASS, sentence, facts=FORMAL.to(names))

    def tells(run: Run) -> tuple[Tell, ...]:
        names = tuple(str(name) for name in FORMAL.of(run))
        if not names:
            return ()
        sentence = (
            f"Agents of the formal groups below have to sign in to their groups again, on {pool(run).short}. "
            "Until they do, their groups ring nobody."
        )
        return (Tell("thread", sentence, names, loud=True),)

    return Step(key="agents", stretch=stretch, title="Ask formal agents to sign in", judge=judge, tells=tells, **rest)


def board_tell(stage: Stage, imported: bool | None) -> Tell:
    """What callers and agents see at this stage (seed 002), for the thread of the card."""
    lines = tuple(f"{line.subject}: {bullet.text}" for line in board(stage, imported) for bullet in line.bullets)
    return Tell("thread", f"What callers and agents see {stage}:", lines)


def routes_row(*, stretch: str, title: str, explain: Callable[[Run], str], said: Callable[[Run], str]) -> Step:
    """What leads calls to a pool is none of ours: somebody says that it is done."""
    return Step(
        key="routes",
        stretch=stretch,
        title=title,
        asks=True,
        need=Need.ANYONE,
        explain=explain,
        choices=lambda run: (Choice("routed", "All of this is so", said(run), style="primary"),),
    )


def _call_row(key: str, where: str, number: Fact[str], heard: Fact[str], *, stretch: str, back_to: str = "") -> Step:
    """A test call recorded apart: number, who, when, heard what (runbooks: failover 13, failback 9)."""
    fields = (
        Field(number.key, "Which number or group did you call?", max_length=120),
        Field(heard.key, "What did you hear?", multiline=True, max_length=300),
    )
    worked = f"called {{{number.key}}} {where} and heard: {{{heard.key}}}"
    failed = f"called {{{number.key}}} {where} without success: {{{heard.key}}}"
    failing = Then.BACK if back_to else Then.AGAIN

    def choices(run: Run) -> tuple[Choice, ...]:
        return (
            Choice("worked", "The call worked", worked, fields=fields, style="primary"),
            Choice("failed", "The call failed", failed, fields=fields, then=failing, to=back_to),
        )

    return Step(
        key=key,
        stretch=stretch,
        title=f"Test call {where}",
        asks=True,
        need=Need.ANYONE,
        explain=lambda run: "Call an informal group first: its agents need not have signed in again.",
        choices=choices,
    )


def call_rows(stretch: str) -> tuple[Step, Step]:
    """Both test calls; what fails from outside is looked for in what leads calls here."""
    return (
        _call_row("inside", "from inside", INSIDE_NUMBER, INSIDE_HEARD, stretch=stretch),
        _call_row(
            "outside", "from the telephone network", OUTSIDE_NUMBER, OUTSIDE_HEARD, stretch=stretch, back_to="routes"
        ),
    )
