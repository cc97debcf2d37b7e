"""Where a message may go, best first; the next place is tried whenever one takes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping

from bot.domain.errors import BotError
from bot.domain.runs.run import Run
from handlers.blocks.blocks import Message
from handlers.desk import Desk
from handlers.slack.speech import NoPlace, Overheard, Speech
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


async def deliver(
    desk: Desk, speech: Speech, aims: Iterable[Aim], message: Callable[[str], Message], *, afresh: bool = False
) -> tuple[str, str]:
    """Posts to the first place that takes it; gives the channel it landed in and its ts.

    Where strangers read a channel, holders of a role are the last places. `afresh`: who reads there is asked now.
    `message` gives it as it looks there. Raises Nowhere, and what speech raises.
    """
    refused: dict[str, NoPlace] = {}
    async for channel, thread in _places(desk, aims, refused):
        try:
            return await speech.post(channel, message(channel), thread, afresh=afresh)
        except NoPlace as no:
            refused[channel] = no
    raise Nowhere(" ".join(f"{at}: {no.sentence}" for at, no in refused.items()) or "No channel is configured.")


async def _places(desk: Desk, aims: Iterable[Aim], refused: Mapping[str, NoPlace]) -> AsyncIterator[Aim]:
    for aim in aims:
        yield aim
    if any(isinstance(no, Overheard) for no in refused.values()):
        for user in await desk.people.holders():
            yield user, ""


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
