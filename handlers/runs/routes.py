"""Where a message may go, best first; the next place is tried whenever one takes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

from bot.domain.errors import BotError
from bot.domain.runs.run import BOARD, Run
from handlers.blocks.blocks import Message
from handlers.desk import Desk
from handlers.runs import whom
from handlers.slack.speech import NoPlace, Speech
from storage.cards import Place

Aim = tuple[str, str]
"""A channel or user id, and the ts of the thread there, or nothing."""


class Nowhere(BotError):
    """No place takes this message."""


@dataclass(frozen=True, slots=True)
class Landed:
    """Where a message is; `to` is the channel or the user id that it was sent to."""

    channel: str
    ts: str
    to: str


def of_card(desk: Desk, run: Run, quiet: bool) -> list[Aim]:
    """Where it was asked for, then the configured channels."""
    first = desk.notifications if quiet else run.channel
    return _aims([(first, ""), *_configured(desk, notices_first=quiet)])


def of_tell(desk: Desk, to: str, run: Run | None, place: Place | None, quiet: bool) -> list[Aim]:
    """`to` is what a Tell says; whatever it is, somebody shall read it."""
    thread = [(place.channel, place.ts)] if place else []
    beside = [(place.channel, "")] if place else []
    first = {"thread": thread, BOARD: thread, "channel": beside, "notifications": [(desk.notifications, "")]}
    wanted = first.get(to, [(to.rpartition(":")[2], ""), *thread])
    rest = of_card(desk, run, quiet) if run else _configured(desk, notices_first=True)
    return _aims([*wanted, *rest])


def of_notice(desk: Desk) -> list[Aim]:
    return _aims(_configured(desk, notices_first=True))


async def deliver(
    desk: Desk,
    speech: Speech,
    aims: Iterable[Aim],
    message: Callable[[str], Message],
    *,
    run: Run | None = None,
    afresh: bool = False,
) -> Landed:
    """Posts to the first place that takes it: where no channel does, to one of those who have to act, directly.

    `run` is what they have to act in, if anything. `afresh`: who reads a channel is asked now. `message` gives it as it
    looks there. Raises Nowhere, and what speech raises.
    """
    refused: dict[str, NoPlace] = {}
    async for to, thread in _places(desk, aims, run):
        try:
            return Landed(*await speech.post(to, message(to), thread, afresh=afresh), to)
        except NoPlace as no:
            refused[to] = no
    raise Nowhere(
        " ".join(f"{at}: {no.sentence}" for at, no in refused.items())
        or "No channel is configured, and nobody holds a role."
    )


async def _places(desk: Desk, aims: Iterable[Aim], run: Run | None) -> AsyncIterator[Aim]:
    for aim in aims:
        yield aim
    for person in (await whom.people(desk, run))[: whom.MOST]:
        yield person.slack_id, ""


def _configured(desk: Desk, *, notices_first: bool) -> list[Aim]:
    both = (desk.notifications, desk.incidents) if notices_first else (desk.incidents, desk.notifications)
    return [(channel, "") for channel in both]


def _aims(found: Iterable[Aim]) -> list[Aim]:
    return list(dict.fromkeys(aim for aim in found if aim[0]))
