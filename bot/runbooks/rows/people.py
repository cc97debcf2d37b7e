"""What only people can do: test calls, and agents who have to sign in."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.access import Need
from bot.domain.deployment.impact import Stage, board
from bot.domain.groups.groups import Inventory, Kind
from bot.domain.model import Pool
from bot.domain.runs.run import Run, Tell
from bot.domain.runs.runbook import Choice, Field, Step, StepKind, Then


def formal_groups(inventory: Inventory) -> tuple[str, ...]:
    """Names of the agent groups whose agents have to sign in again (seed 000; seed 003 step 6)."""
    groups = inventory.of(Kind.AGENT_GROUP)
    return tuple(item.name for item in groups if item.properties.get("ParticipationPolicy") == "Formal")


def tell_agents(pool: Callable[[Run], Pool]) -> Callable[[Run], tuple[Tell, ...]]:
    """The message with the list of formal groups, for the thread of the card."""

    def tells(run: Run) -> tuple[Tell, ...]:
        names = tuple(str(name) for name in run.fact("formal", ()))
        if not names:
            return ()
        sentence = (
            f"Agents of the formal groups below have to sign in to their groups again, on {pool(run).short}. "
            "Until they do, their groups ring nobody."
        )
        return (Tell("thread", sentence, names, loud=True),)

    return tells


def board_tell(stage: Stage, imported: bool | None) -> Tell:
    """What callers and agents see at this stage (seed 002), for the thread of the card."""
    lines = tuple(f"{line.subject}: {bullet.text}" for line in board(stage, imported) for bullet in line.bullets)
    return Tell("thread", f"What callers and agents see {stage}:", lines)


def test_call(key: str, number: str, title: str, where: str, back_to: str = "") -> Step:
    """A test call recorded apart: number, who, when, heard what (runbooks: failover 13, failback 9)."""
    fields = (
        Field(f"{key}_number", "Which number or group did you call?", max_length=120),
        Field(f"{key}_heard", "What did you hear?", multiline=True, max_length=300),
    )
    worked = f"called {{{key}_number}} {where} and heard: {{{key}_heard}}"
    failed = f"called {{{key}_number}} {where} without success: {{{key}_heard}}"
    failing = Then.BACK if back_to else Then.AGAIN

    def choices(run: Run) -> tuple[Choice, ...]:
        return (
            Choice("worked", "The call worked", worked, fields=fields, style="primary"),
            Choice("failed", "The call failed", failed, fields=fields, then=failing, to=back_to),
        )

    return Step(
        key=key,
        number=number,
        title=title,
        kind=StepKind.ASK,
        need=Need.ANYONE,
        explain=lambda run: "Call an informal group first: its agents need not have signed in again.",
        choices=choices,
    )
