"""Whom a run waits for, and who hears of something directly when no channel takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from bot.domain.access import Need
from bot.domain.model import Person, Standing
from bot.domain.runs.press import leaves
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.view import RunView, view_of
from handlers.asked import may
from handlers.blocks.blocks import Message
from handlers.desk import Desk
from handlers.slack.speech import NoPlace, Speech

MOST = 5
"""So many hear of one thing directly: enough that somebody is awake, and not everybody is woken."""


def waits_for(view: RunView, person: Person) -> bool:
    """Whether this person may press one of the buttons that the run waits with; nobody is their own second."""
    run = view.run
    if not view.waits_for_people:
        return False
    if run.phase is Phase.WAITING and any(approval.who.id == person.id for approval in run.approvals):
        return False
    needs = {choice.need or view.need for choice in view.buttons if not leaves(choice)}
    return any(may(person, need) for need in needs)


def waits_words(view: RunView) -> str:
    """Who has to do something that the run goes on, as a sentence: whoever brings a pool up presses nothing."""
    run = view.run
    if view.waits_for_people:
        return f"Waits for {view.need.words}."
    if not run.tries:
        return "Nobody has to do anything."
    mute = next((pool.short for pool in run.pools if pool.fqdn in run.sentence), "")
    return f"Somebody has to bring {mute} up. The run tries again by itself." if mute else _SEE


_SEE = "The run tries again by itself. Somebody has to see why it does not get on."


async def people(desk: Desk, run: Run | None = None) -> list[Person]:
    """Who may be written to, best first; without a run, whoever holds a role.

    Whom the run waits for comes first, and of them whoever opened it, approved or pressed something in it.
    """
    users = dict.fromkeys((*(_took_part(run) if run else ()), *await desk.people.holders()))
    found = await asyncio.gather(*map(desk.people.person, users))
    ours = [person for person in found if person.standing is not Standing.EXTERNAL]
    view = view_of(run, desk.engine.runbooks[run.runbook]) if run else None
    return sorted(ours, key=lambda one: not (waits_for(view, one) if view else may(one, Need.ANYONE)))


def about(run: Run) -> str:
    """What somebody has heard of who got the card directly while the run waited with this question."""
    return f"{run.id}:{run.question}"


async def tell(desk: Desk, speech: Speech, about: str, whom: Iterable[Person], message: Message) -> None:
    """Directly to the first of these people, at most MOST, and to nobody twice `about` the same.

    Raises what speech raises, and then goes on from there the next time.
    """
    reached = await desk.cards.reached(about)
    for person in list(whom)[:MOST]:
        if person.slack_id not in reached:
            with suppress(NoPlace):
                await speech.post(person.slack_id, message)
            await desk.cards.reach(about, person.slack_id)


def _took_part(run: Run) -> list[str]:
    latest = [who for record in reversed(run.records) for who in (record.who, *record.approved)]
    everybody = [run.opened_by, *(approval.who for approval in run.approvals), *latest]
    return [who.id.rpartition(":")[2] for who in everybody if ":" in who.id]
