"""What only people can do: lead calls elsewhere, call in to test, and sign in to their groups again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.domain.access import Need
from bot.domain.deployment.impact import Stage, board
from bot.domain.groups.agents import coverage, formal, in_all, invited, unlisted
from bot.domain.groups.compare import masked
from bot.domain.groups.groups import Inventory
from bot.domain.measures import numbered
from bot.domain.model import Mark, Pool, Undone, Verdict
from bot.domain.runs.acts import Acts, Answers, Invite, Seen
from bot.domain.runs.facts import Fact
from bot.domain.runs.run import AGENTS, Run, Tell, partner
from bot.domain.runs.runbook import Choice, Field, Step, Then
from bot.runbooks.rows.facts import (
    CALLED,
    FORMAL,
    INSIDE_HEARD,
    OUTSIDE_HEARD,
    SILENT,
    UNCALLED,
    UNLISTED,
)
from bot.runbooks.rows.moments import moment
from bot.runbooks.rows.prerequisites import gateways_lead, names_lead

_NAMED = 3


CALLS = ("inside", "outside", "call")
"""The keys of the rows that are test calls."""

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
            Mark.PASS,
            f"Not done yet: agents of {many} have to sign in again. "
            f"Switchback asks {numbered(asked, 'agent')} directly, one after the other.",
            facts=facts,
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
        facts = UNCALLED.to(uncalled) | SILENT.to(list(silent(run, seen)))
        return Verdict(Mark.PASS, sentence, tuple(map(str, found)), facts)

    def choices(run: Run) -> tuple[Choice, ...]:
        uncalled, called = UNCALLED.of(run), CALLED.of(run)
        said = f"called {numbered(len(uncalled), 'covered formal group')}, and agents answered."
        call = Choice(
            "called", "Calls to them worked", said, CALLED.to([*called, *uncalled]), then=Then.AGAIN, style="primary"
        )
        quiet = SILENT.of(run)
        left = f"goes on with {numbered(len(quiet), 'formal group')} of {pool(run).short} silent." if quiet else ""
        go_on = Choice(
            "go-on",
            "Go on",
            left or "goes on: agents of each formal group are signed in.",
            style="primary",
            undone=Undone.NOT_DONE if quiet else None,
        )
        look = Choice("look-again", "Look again", "looks again.", then=Then.AGAIN)
        return (*((call,) if uncalled else ()), go_on, look)

    return Step(
        key=SIGNED_IN,
        stretch=stretch,
        title="See that formal agents are signed in",
        asks=True,
        need=Need.ANYONE,
        skip=lambda run: None if FORMAL.of(run) else "Skipped: no formal group was brought here.",
        explain=lambda run: f"Formal groups ring nobody on {pool(run).short} until an agent signs in.",
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
    """As a line for the end of a run; nothing when every group is covered."""
    if not groups:
        return ""
    named = ", ".join(groups[:_NAMED]) + (f" and {len(groups) - _NAMED} more" if len(groups) > _NAMED else "")
    return f"{numbered(len(groups), 'formal group')} silent, since no agent said that they signed in: {named}."


def board_tell(stage: Stage, imported: bool | None) -> Tell:
    """What callers and agents see at this stage (seed 002), for the thread of the card."""
    lines = tuple(f"{line.subject}: {bullet.text}" for line in board(stage, imported) for bullet in line.bullets)
    return Tell("thread", f"What callers and agents see {stage}:", lines)


_BY_HAND = "Both by hand: no server can tell Switchback."
_CHECK = {
    "inside": "The call from inside failed: see to 2 first, DNS and the agent console.",
    "outside": "The call from outside failed: see to 1 first, the gateways and their trunks.",
}
"""What is looked at first after a test call that failed, in the numbers of the checklist."""


def routes_row(
    *, stretch: str, title: str, said: Callable[[Run], str], to: Callable[[Run], Pool], away: Callable[[Run], Pool]
) -> Step:
    """What leads calls to a pool is none of ours: somebody says that it is done, and whether calls arrive.

    Both test calls are the rows right behind it, and whoever has made them by now need not press for each.
    """

    def choices(run: Run) -> tuple[Choice, ...]:
        done = Choice("routed", "I have checked all of it", said(run), style="primary")
        return done, replace(
            done, key="all-worked", label="Checked, and both calls worked", style="", also=("worked", "worked")
        )

    return Step(
        key="routes",
        stretch=stretch,
        title=title,
        asks=True,
        need=Need.ANYONE,
        explain=lambda run: " ".join(filter(None, (to_check(run, _CHECK), _BY_HAND))),
        prerequisites=lambda run: (gateways_lead(to(run), away(run)), names_lead(to(run), away(run))),
        choices=choices,
    )


def call_row(
    key: str,
    where: str,
    heard: Fact[str],
    *,
    stretch: str,
    reopens: Sequence[Step],
    explain: Callable[[Run], str] = lambda run: (
        "Call an informal group first: its agents need not have signed in again."
    ),
) -> Step:
    """A test call: who and when from the press; of one that failed also what was heard (runbooks: failover 16).

    Where it failed, the first of `reopens` that does not fall away is opened again.
    """
    fields = (Field(heard.key, "Which group did you call, and what did you hear?", multiline=True, max_length=300),)

    # What was put off, or done by hand and said, does not depend on what is opened again.
    afresh = frozenset({*CALLS, "audio", *(step.key for step in reopens)})

    def choices(run: Run) -> tuple[Choice, ...]:
        opened, before = _reopened(run, reopens), _literal(failed_calls(run, key))
        worked = f"called {where}: it worked.{f' Before that: {before}' if before else ''}"
        failed = f"called {where}: it failed. Heard: “{{{heard.key}}}”. “{opened.title}” is opened again."
        back = {"then": Then.BACK, "to": opened.key, "recorded": Mark.STOP, "afresh": afresh}
        return (
            Choice("worked", "It worked", worked, style="primary"),
            Choice("failed", "It failed", failed, fields=fields, **back),
        )

    def explained(run: Run) -> str:
        back = f"If the call fails, “{_reopened(run, reopens).title}” is opened again."
        once_more = "It failed before: call the same group again." if to_check(run, {key: key}) else explain(run)
        return f"{once_more} {back}"

    return Step(
        key=key,
        stretch=stretch,
        title=f"Test call {where}",
        asks=True,
        need=Need.ANYONE,
        explain=explained,
        choices=choices,
    )


def call_rows(stretch: str, verify: Step, routes: Step) -> tuple[Step, Step]:
    """Both test calls: one that fails inside is looked for in what was imported, outside in what leads calls here."""
    outside = ("outside", "from the telephone network", OUTSIDE_HEARD)
    return (
        call_row("inside", "from inside", INSIDE_HEARD, stretch=stretch, reopens=(verify, routes)),
        call_row(*outside, stretch=stretch, reopens=(routes,)),
    )


def failed_calls(run: Run, *keys: str) -> str:
    """The last test call of these rows (without any: of all) that failed: when, who, what was heard; else nothing."""
    failed = [one for one in run.records if one.mark == Mark.STOP and one.step in (keys or CALLS)]
    return " ".join(f"{moment(one.at, run.primary)}: {one.sentence}" for one in failed[-1:])


def unworked(run: Run) -> tuple[str, ...]:
    """The test calls that failed and were not made again, with what was heard, a line each."""
    last = {key: run.record_of(key) for key in CALLS}
    return tuple(
        f"The test call {_FROM[key]} failed. Heard: “{masked(_HEARD[key].of(run))}”."
        for key, one in last.items()
        if one is not None and one.mark == Mark.STOP
    )


def unsigned(run: Run) -> str:
    """The formal groups in which nobody is known to be signed in, as a line; nothing where there are none."""
    formal_groups = FORMAL.of(run)
    if run.step == SIGNED_IN or run.record_of(SIGNED_IN) is not None:
        return said_silent(SILENT.of(run))
    if not formal_groups:
        return ""
    return f"{numbered(len(formal_groups), 'formal group')}: nobody looked whether agents have signed in."


_FROM = {"inside": "from inside", "outside": "from outside", "call": "to the pool itself"}
_HEARD = {"inside": INSIDE_HEARD, "outside": OUTSIDE_HEARD, "call": INSIDE_HEARD}


def to_check(run: Run, says: Mapping[str, str]) -> str:
    """What is said by the test call that failed and was not made again; nothing without one."""
    last = (run.record_of(key) for key in says)
    failed = [one for one in last if one is not None and one.mark == Mark.STOP]
    return says[max(failed, key=lambda one: one.at).step] if failed else ""


def _reopened(run: Run, reopens: Sequence[Step]) -> Step:
    return next(step for step in reopens if step.skip(run) is None)


def _literal(text: str) -> str:
    """What people wrote, as a choice says it: it has no places to be filled in."""
    return text.replace("{", "{{").replace("}", "}}")
