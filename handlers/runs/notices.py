"""The message of a notice: loud while it stands, one and the same for as long, and calm when it is over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from bot.domain.access import Need
from bot.domain.deployment.answers import stands
from bot.domain.errors import BadInput
from handlers.blocks.actions import OFFER, decode_offer, offer_value
from handlers.blocks.blocks import Block, Message, actions, button, context, header, section
from handlers.blocks.wording import bounded, bullets, exact, shown, utc, when
from handlers.desk import Desk
from handlers.runs import routes, whom
from handlers.runs.links import link
from handlers.slack.speech import NoPlace, Speech, digest
from storage.cards import Place
from storage.notices import Notice

MAY = Need.ADMIN
"""Whoever may do what a notice offers: start a run, or let the account be tried again."""


async def draw(desk: Desk, speech: Speech, key: str) -> bool:
    """Shows the notice as it is now; whether anything had to be shown."""
    notice = await desk.notices.find(key)
    if notice is None:
        return False
    said = await _ended(desk, notice) if notice.over else _standing(notice)
    place = await _shown(desk, speech, notice, said)
    if notice.over:
        await desk.notices.forget(key)
    elif place is not None and place.is_direct:
        await whom.tell(desk, speech, _about(notice), await whom.people(desk), _once(said))
    return place != notice.place


async def _shown(desk: Desk, speech: Speech, notice: Notice, said: Message) -> Place | None:
    place = notice.place
    if place is not None and place.digest == digest(said) and not desk.readers.shared(place.channel):
        return place
    if place is not None:
        with suppress(NoPlace):
            await speech.edit(place.channel, place.ts, said, "notice")
            return await _placed(desk, notice, replace(place, digest=digest(said)))
    if notice.over:
        return place  # What nobody was told of, or can read any more, need not be called off.
    landed = await routes.deliver(desk, speech, routes.of_notice(desk), lambda _: said, afresh=True)
    place = await _placed(desk, notice, Place(landed.channel, landed.ts, digest(said)))
    if place.is_direct:
        await desk.cards.reach(_about(notice), landed.to)
    return place


async def _placed(desk: Desk, notice: Notice, place: Place) -> Place:
    await desk.notices.placed(notice.key, place)
    return place


def _about(notice: Notice) -> str:
    """Each time that it begins to stand, it is told anew."""
    return f"notice:{notice.key}:{notice.since!r}"


def _standing(notice: Notice) -> Message:
    said, lines = shown(notice.sentence, 1500), bullets(notice.details, 2900, rows=20)
    since, latest = (f"Since {at(notice.since)}" for at in (utc, when)), (utc(notice.at), when(notice.at))
    often = [f", {notice.count} times, last {at}." if notice.count > 1 else "." for at in latest]
    plain, drawn = (f"{start}{rest}" for start, rest in zip(since, often, strict=True))
    text = bounded("\n".join(part for part in (f"⚠️ {said}", lines, plain) if part), 3900)
    top = [header("⚠️ Needs attention"), section(f"*{said}*")]
    return {"text": text, "blocks": [*top, *([section(lines)] if lines else []), context(drawn), *offers(notice)]}


def offers(notice: Notice) -> list[Block]:
    """Its buttons, wherever it is shown; pressing one asks `offered`."""
    made = [
        button(one.label, f"{OFFER}{place}", offer_value(notice.key, notice.since, one.does))
        for place, one in enumerate(notice.offers)
    ]
    return [actions(made)] if made else []


async def offered(desk: Desk, value: str) -> str:
    """What a notice's button does. Raises BadInput with what is so now when the notice does not offer it any more."""
    key, since, does = decode_offer(value)
    notice = await desk.notices.find(key)
    is_same = notice is not None and not notice.over and repr(notice.since) == since
    if notice is not None and is_same and does in (one.does for one in notice.offers):
        return does
    now = await _now(desk, key)
    over = notice.over or notice.sentence if notice is not None else "This notice is over."
    raise BadInput(" ".join(filter(None, (over, now, "Nothing was started."))))


async def _now(desk: Desk, key: str) -> str:
    """How the pool stands that the notice is about, if it is about one."""
    pool = desk.estate.pools.get(key.partition(":")[2])
    if pool is None:
        return ""
    record = (await desk.runs.records([pool.fqdn]))[pool.fqdn]
    answer = (await desk.answers.of([pool.fqdn])).get(pool.fqdn)
    held = f" · held by run {record.held_by}" if record.held_by else ""
    return f"{pool.short}: {stands(record, answer, desk.now(), utc)}{held}."


def _once(said: Message) -> Message:
    """As it is told to others than whoever has the one that is kept current."""
    return {"text": f"{said['text']}\n{_ONCE}", "blocks": [*said["blocks"], context(_ONCE)]}


_ONCE = "No channel takes this, so you are told directly, and once. The Home tab of Switchback shows what stands now."


async def _ended(desk: Desk, notice: Notice) -> Message:
    return _taken(notice, await _run(desk, notice)) if notice.taken else _over(notice)


async def _run(desk: Desk, notice: Notice) -> str:
    """The run that has the pool in hand, with the way to its card, as mrkdwn; empty where none has."""
    pool = desk.estate.pools.get(notice.key.partition(":")[2])
    held = (await desk.runs.records([pool.fqdn]))[pool.fqdn].held_by if pool else ""
    if not held:
        return ""
    found = await link(desk, held)
    return f"<{found}|Open its card>" if found else f"Run `{exact(held, 120)}`"


def _over(notice: Notice) -> Message:
    said = shown(notice.over, 1500)
    plain, drawn = (f"Over since {at(notice.ended)}. {_stood(notice, at)}" for at in (utc, when))
    return {"text": bounded(f"✅ {said}\n{plain}", 3900), "blocks": [section(f"✅ {said}"), context(drawn)]}


def _taken(notice: Notice, run: str) -> Message:
    """Nothing is well yet, so it is not green; and somebody sees to it, so it is not loud."""
    said = " ".join(filter(None, (f"⏳ {shown(notice.over, 1500)}", run)))
    plain, drawn = (f"In hand since {at(notice.ended)}. {_stood(notice, at)}" for at in (utc, when))
    return {"text": bounded(f"{said}\n{plain}", 3900), "blocks": [section(said), context(drawn)]}


def _stood(notice: Notice, at: Callable[[float], str]) -> str:
    often = f", {notice.count} times" if notice.count > 1 else ""
    return f"It stood since {at(notice.since)}{often}: {shown(notice.sentence, 1200)}"
