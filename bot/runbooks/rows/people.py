"""What only people can do: lead calls elsewhere, call in to test, and sign in to their groups again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.domain.access import Need
from bot.domain.deployment.impact import Stage, board
from bot.domain.groups.agents import coverage, formal, in_all, invited, unlisted
from bot.domain.groups.groups import Inventory
from bot.domain.measures import numbered
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Answers, Invite, Seen
from bot.domain.runs.facts import Fact
from bot.domain.runs.run import AGENTS, Run, Tell, partner
from bot.domain.runs.runbook import Choice, Field, Step, Then
from bot.runbooks.rows.facts import (
    CALLED,
    FORMAL,
    INSIDE_HEARD,
    INSIDE_NUMBER,
    OUTSIDE_HEARD,
    OUTSIDE_NUMBER,
    UNCALLED,
    UNLISTED,
)

_NAMED = 10


SIGNED_IN = "agents"
"""The key of the row that judges how far formal groups are covered; its card follows what agents say."""


def ask_agents_row(
    *,
    stretch: str,
    groups: Callable[[Seen], Inventory],
    why: Callable[[Run], str],
    does: Callable[[Run, Seen], Acts] = lambda run, seen: {},
    **rest: Any,
) -> Step:
    """Agents of formal `groups` are asked to sign in, each directly; nobody waits for their answers here.

    `why` is what they read of what happened. They have to once copies stand on a pool (seed 000; seed 003 step 6).
    """

    def invites(run: Run, seen: Seen) -> Acts:
        return {**does(run, seen), "invited": Invite(run.id, tuple(invited(formal(groups(seen))).items()))}

    def judge(run: Run, seen: Seen) -> Verdict:
        found = formal(groups(seen))
        facts = FORMAL.to([item.name for item in found]) | UNLISTED.to(list(unlisted(found)))
        if not found:
            return Verdict(Mark.PASS, "There are no formal groups, so nobody has to sign in again.", facts=facts)
        asked, many = len(invited(found)), numbered(len(found), "formal group")
        return Verdict(
            Mark.PASS, f"{numbered(asked, 'agent')} of {many} are asked directly, one after the other.", facts=facts
        )

    def tells(run: Run) -> tuple[Tell, ...]:
        sentence = (
            "Agents of these formal groups come from a distribution group, so nobody was asked one by one. "
            "Ask them to sign in again. Until they do, these groups ring nobody."
        )
        groups = tuple(UNLISTED.of(run))
        listed = (Tell("thread", sentence, groups, loud=True),) if groups else ()
        return (Tell(AGENTS, why(run)), *listed) if FORMAL.of(run) else ()

    return Step(
        key="ask-agents",
        stretch=stretch,
        title="Ask formal agents to sign in",
        does=invites,
        judge=judge,
        tells=tells,
        **rest,
    )


def signed_out(run: Run) -> str:
    """What agents of a pool that is failed over read."""
    return (
        f"{run.primary.short} is failed over, so {partner(run).short} answers its Response Groups now. "
        "You were signed out of yours, and they do not ring you until you sign in again."
    )


def agents_row(*, stretch: str, pool: Callable[[Run], Pool]) -> Step:
    """How far formal groups are covered on `pool`, by their agents' own word; people decide when that is enough."""

    def judge(run: Run, seen: Seen) -> Verdict:
        found = coverage(FORMAL.of(run), seen["agents"])
        covered = [one.group for one in found if one.is_covered]
        uncalled = [name for name in covered if name not in CALLED.of(run)]
        calls = f"Covered and not called yet: {', '.join(uncalled)}." if uncalled else ""
        sentence = " ".join(filter(None, (in_all(found), calls)))
        return Verdict(Mark.PASS, sentence, tuple(map(str, found)), UNCALLED.to(uncalled))

    def choices(run: Run) -> tuple[Choice, ...]:
        uncalled, called = UNCALLED.of(run), CALLED.of(run)
        said = f"called {numbered(len(uncalled), 'covered formal group')}, and agents answered."
        call = Choice(
            "called", "Calls to them worked", said, CALLED.to([*called, *uncalled]), then=Then.AGAIN, style="primary"
        )
        go_on = Choice("go-on", "Go on", "goes on.", style="primary")
        look = Choice("look-again", "Look again", "looks again.", then=Then.AGAIN)
        return (*((call,) if uncalled else ()), go_on, look)

    return Step(
        key=SIGNED_IN,
        stretch=stretch,
        title="See that formal agents are signed in",
        asks=True,
        need=Need.ANYONE,
        skip=lambda run: None if FORMAL.of(run) else "Not needed: no formal group was brought here.",
        explain=lambda run: (
            f"Formal groups ring nobody on {pool(run).short} until an agent signs in. No server tells who has: this is "
            "their own word. Call each group that is covered."
        ),
        reads=read_answers,
        judge=judge,
        choices=choices,
    )


def read_answers(run: Run) -> Acts:
    return {"agents": Answers(run.id)}


def silent(run: Run, seen: Seen) -> tuple[str, ...]:
    """The formal groups in which nobody says that they are signed in."""
    return tuple(one.group for one in coverage(FORMAL.of(run), seen["agents"]) if not one.is_covered)


def said_silent(groups: Sequence[str]) -> str:
    """As a sentence for the end of a run; nothing when every group is covered."""
    if not groups:
        return ""
    named = ", ".join(groups[:_NAMED]) + (", …" if len(groups) > _NAMED else "")
    return f"{numbered(len(groups), 'formal group')} silent, since no agent said that they signed in: {named}."


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


def call_row(
    key: str,
    where: str,
    number: Fact[str],
    heard: Fact[str],
    *,
    stretch: str,
    back_to: str = "",
    explain: Callable[[Run], str] = lambda run: (
        "Call an informal group first: its agents need not have signed in again."
    ),
) -> Step:
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
        explain=explain,
        choices=choices,
    )


def call_rows(stretch: str) -> tuple[Step, Step]:
    """Both test calls; what fails from outside is looked for in what leads calls here."""
    return (
        call_row("inside", "from inside", INSIDE_NUMBER, INSIDE_HEARD, stretch=stretch),
        call_row(
            "outside", "from the telephone network", OUTSIDE_NUMBER, OUTSIDE_HEARD, stretch=stretch, back_to="routes"
        ),
    )
