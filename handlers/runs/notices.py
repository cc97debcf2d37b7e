"""The message of a notice: loud while it stands, one and the same for as long, and calm when it is over."""

from __future__ import annotations

from contextlib import suppress

from handlers.blocks.blocks import Message, context, header, section
from handlers.blocks.wording import bounded, bullets, shown, utc, when
from handlers.desk import Desk
from handlers.runs import routes
from handlers.slack.speech import NoPlace, Speech, digest
from storage.cards import Place
from storage.notices import Notice


async def draw(desk: Desk, speech: Speech, key: str) -> bool:
    """Shows the notice as it is now; whether anything had to be shown."""
    notice = await desk.notices.find(key)
    if notice is None:
        return False
    said = _over(notice) if notice.over else _standing(notice)
    drawn = await _shown(desk, speech, notice, said)
    if notice.over:
        await desk.notices.forget(key)
    return drawn


async def _shown(desk: Desk, speech: Speech, notice: Notice, said: Message) -> bool:
    place = notice.place
    if place is not None and place.digest == digest(said):
        return False
    if place is not None:
        with suppress(NoPlace):
            await speech.edit(place.channel, place.ts, said)
            await desk.notices.placed(notice.key, Place(place.channel, place.ts, digest(said)))
            return True
    if notice.over:
        return False  # What nobody was told of, or can read any more, need not be called off.
    where, ts = await routes.deliver(desk, speech, routes.of_notice(desk), lambda _: said, afresh=True)
    await desk.notices.placed(notice.key, Place(where, ts, digest(said)))
    return True


def _standing(notice: Notice) -> Message:
    said, lines = shown(notice.sentence, 1500), bullets(notice.details, 2900, rows=20)
    since, latest = (f"Since {at(notice.since)}" for at in (utc, when)), (utc(notice.at), when(notice.at))
    often = [f", {notice.count} times, last {at}." if notice.count > 1 else "." for at in latest]
    plain, drawn = (f"{start}{rest}" for start, rest in zip(since, often, strict=True))
    text = bounded("\n".join(part for part in (f"⚠️ {said}", lines, plain) if part), 3900)
    top = [header("⚠️ Needs attention"), section(f"*{said}*")]
    return {"text": text, "blocks": [*top, *([section(lines)] if lines else []), context(drawn)]}


def _over(notice: Notice) -> Message:
    said, was = shown(notice.over, 1500), shown(notice.sentence, 1200)
    often = f", {notice.count} times" if notice.count > 1 else ""
    plain, drawn = (
        f"Over since {at(notice.ended)}. It stood since {at(notice.since)}{often}: {was}" for at in (utc, when)
    )
    return {"text": bounded(f"✅ {said}\n{plain}", 3900), "blocks": [section(f"✅ {said}"), context(drawn)]}
