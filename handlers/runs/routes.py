"""Where a message may go, best first; the next place is tried whenever one takes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.domain.errors import BotError
from bot.domain.runs.run import Run
from handlers.blocks.blocks import Message
from handlers.desk import Desk
from handlers.slack.speech import NoPlace, Speech
from storage.cards import Place

Aim = tuple[str, str]
"""A channel or user id, and the ts of the thread there, or nothing."""


class Nowhere(BotError):
    """No place takes this message."""


def of_card(desk: Desk, run: Run, quiet: bool) -> list[Aim]:
    """Where it was asked for, the configured channels, then those who have to act, directly."""
    first = desk.notifications if quiet else run.channel
    return _aims([(first, ""), *_configured(desk, notices_first=quiet), *_direct(run)])


def of_tell(desk: Desk, to: str, run: Run | None, place: Place | None, quiet: bool) -> list[Aim]:
    """`to` is the thread of the run's card, "notifications", or a person; whatever it is, somebody shall read it."""
    thread = [(place.channel, place.ts)] if place else []
    first = {"thread": thread, "notifications": [(desk.notifications, "")]}
    wanted = first.get(to, [(to.rpartition(":")[2], ""), *thread])
    rest = of_card(desk, run, quiet) if run else _configured(desk, notices_first=True)
    return _aims([*wanted, *rest])


def of_notice(desk: Desk) -> list[Aim]:
    return _aims(_configured(desk, notices_first=True))


async def deliver(speech: Speech, aims: Iterable[Aim], message: Callable[[str], Message]) -> tuple[str, str]:
    """Posts to the first place that takes it; gives the channel it landed in and its ts.

    `message` gives it as it looks there. Raises Nowhere, and what speech raises.
    """
    refused = []
    for channel, thread in aims:
        try:
            return await speech.post(channel, message(channel), thread)
        except NoPlace as no:
            refused.append(f"{channel}: {no.sentence}")
    raise Nowhere(" ".join(refused) or "No channel is configured.")


def _configured(desk: Desk, *, notices_first: bool) -> list[Aim]:
    both = (desk.notifications, desk.incidents) if notices_first else (desk.incidents, desk.notifications)
    return [(channel, "") for channel in both]


def _direct(run: Run) -> list[Aim]:
    """Whoever opened the run, and whoever pressed something in it, the latest first."""
    latest = [who for record in reversed(run.records) for who in (record.who, *record.approved)]
    everybody = [run.opened_by, *(approval.who for approval in run.approvals), *latest]
    return [(who.id.rpartition(":")[2], "") for who in everybody if ":" in who.id]


def _aims(found: Iterable[Aim]) -> list[Aim]:
    return list(dict.fromkeys(aim for aim in found if aim[0]))
