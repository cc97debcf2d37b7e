"""Drains the outbox: draws the living cards, sends messages, and keeps open App Homes current."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.clock.pulse import PassedOver, Pulse, Spell, reason, turning
from bot.domain.errors import BadInput, Damaged, StoreAway, Unreadable
from bot.domain.runs.run import AGENTS, BOARD, FOR_PEOPLE, REPORT, Run, Tell
from bot.domain.runs.runbook import Runbook
from bot.domain.runs.streak import is_scheduled, series
from bot.domain.runs.view import RunView
from handlers import home
from handlers.blocks.blocks import Message
from handlers.desk import Desk
from handlers.runs import agents, notices, report, routes, trouble, waits, whom
from handlers.runs.card import card
from handlers.runs.routes import Nowhere
from handlers.runs.seen import seen
from handlers.runs.strangers import Strangers
from handlers.runs.tell import message_of
from handlers.slack.pace import POST_S
from handlers.slack.speech import ANSWER_S, HeldBack, NoPlace, SlackAway, Speech, digest
from storage.cards import Place
from storage.runs import OutboxItem

log = logging.getLogger(__name__)

BATCH = 100
EDIT_S = 1.0
"""One card changes at most this often; what happens in between is drawn once."""

# A drawing is an edit and two posts at most, each of them perhaps twice: with its blocks and as words alone.
_LEASE_S = 6 * ANSWER_S
_GATHER_S = 0.05
"""Whoever pressed is answered before anything is drawn, and what several presses changed is drawn once."""

_AT_CARD = frozenset({"thread", "channel", REPORT, BOARD})
"""What goes where the run's card is, once it is somewhere."""

_HOMES_S = 5.0
_HOMES = 20
_LOOKING = 1000
_REFUSED_S = 60.0
_LONGEST_S = 60.0

NOWHERE = "slack-places"
"""The notice that there is something which no place in Slack takes."""


class Drawer:
    """Takes what is due out of the outbox. Any number may run at once: each card has one writer at a time.

    Nothing is lost: an entry stays until Slack has taken it, so after a crash a message may come twice.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._speech = desk, Speech(desk.slack, desk.now, desk.readers)
        self._strangers = Strangers(desk)
        self._stuck: set[str] = set()
        self._may_stand = True
        self._quiet_until = 0.0
        self._strikes = 0
        self._homes_stale = False
        self._homes_from = 0.0
        self._held: dict[str, float] = {}
        self._passed = PassedOver(desk.now)
        self._waiting = Spell("The outbox")
        self._pulse = Pulse("drawer")
        self._kinds: dict[str, Callable[[OutboxItem, float], Awaitable[float | None]]] = {
            "card": self._card,
            "tell": self._tell,
            "notice": self._notice,
            "home": self._home,
            "wait": self._wait,
        }

    async def run_forever(
        self, stop: asyncio.Event, wake: asyncio.Event, poll_s: float = 1.0, pulse: Pulse | None = None
    ) -> None:
        """Drains until `stop`, soon after `wake` is set and every `poll_s` seconds otherwise."""
        self._pulse = pulse or self._pulse

        async def turn() -> float:
            await asyncio.sleep(_GATHER_S)
            return 0.0 if await self.drain(self._desk.now()) >= BATCH else poll_s

        await turning(self._pulse, turn, stop, wake)

    async def drain(self, now: float) -> int:
        """Sends what is due at `now`; gives how many entries are done with. Never raises."""
        if now < self._quiet_until:
            return 0
        done = 0
        try:
            await self._give_back(now)
            # Cards first: what people act on must not wait for what they may read later.
            due = await self._desk.runs.outbox(now, BATCH + len(self._passed))
            for item in sorted(due, key=lambda item: item.kind != "card"):
                if item.key not in self._passed:
                    done += await self._take(item, now)
                # Each of them may wait for Slack as long as it may.
                self._pulse.beat()
            await self._strangers.tell(now)
            for item in await self._strangers.exposed(now):
                if item.key not in self._passed:
                    await self._take(item, now)
                self._pulse.beat()
            await self._refresh_homes(now)
            self._strikes = 0
            self._waiting.over()
        except SlackAway as away:
            self._rest(now, away)
        except Exception as fault:
            self._waiting.met(reason(fault))
        return done

    def _rest(self, now: float, away: SlackAway) -> None:
        self._strikes += 1
        pause = min(_LONGEST_S, 2.0 ** min(self._strikes, 10))
        self._quiet_until = now + pause
        self._waiting.met(away.sentence)

    async def _take(self, item: OutboxItem, now: float) -> bool:
        """Whether the entry is done with; one that fails by itself waits, and the others go on.

        What cannot be read, or is newer, stays as it is and is passed over here.
        """
        try:
            again = await self._drawn(item, now)
        except (SlackAway, StoreAway):
            raise
        except HeldBack as held:
            # What is only paced keeps its turn; what is held for longer makes room for others.
            again = held.until if held.until > now + 2 * POST_S else None
            if again is None:
                return False
        except Nowhere as no:
            await self._nowhere(item, no, now)
            again = now + _REFUSED_S
        except Damaged as unread:
            self._passed.met(item.key, unread.sentence)
            return False
        except Exception as fault:
            self._passed.met(item.key, reason(fault), soon=True)
            again = now + _REFUSED_S
        else:
            self._passed.over(item.key)
        if again is not None:
            await self._desk.runs.later(item, again)
            return False
        await self._desk.runs.sent(item)
        await self._somewhere(item, now)
        return True

    async def _drawn(self, item: OutboxItem, now: float) -> float | None:
        """When it is to be tried again, if it is."""
        kind = self._kinds.get(item.kind)
        if kind is None:
            raise Unreadable(f"The entry {item.key} of the outbox is of a kind that this version does not know.")
        return await kind(item, now)

    async def _nowhere(self, item: OutboxItem, no: Nowhere, now: float) -> None:
        """It stands as a notice, which App Home shows as long as no channel takes it either."""
        if item.key not in self._stuck:
            log.error(
                "no place in Slack takes %s; it is tried again every %.0f s: %s", item.key, _REFUSED_S, no.sentence
            )
        self._stuck.add(item.key)
        if item.kind == "card":
            self._homes_stale = True
            await self._desk.cards.lost(item.run)
        if item.kind == "notice":
            await self._desk.notices.lost(item.run)
            return
        said = "Slack takes cards or messages of Switchback in no channel, and not directly either. They wait."
        help_ = "Invite Switchback to the incident and the notification channel, and look that both may be written in."
        self._may_stand = True
        await self._desk.notices.say(NOWHERE, said, now, (help_,))

    async def _somewhere(self, item: OutboxItem, now: float) -> None:
        self._stuck.discard(item.key)
        if self._may_stand and item.kind in ("card", "tell") and not self._stuck - {f"notice:{NOWHERE}"}:
            self._may_stand = False
            await self._desk.notices.end(NOWHERE, "Slack takes cards and messages again.", now)

    async def _home(self, item: OutboxItem, now: float) -> float | None:
        """An App Home that Slack did not take stays owed while its owner may be looking at it."""
        if item.run not in await self._desk.cards.homes(now, _LOOKING):
            return None
        (no,) = await home.refresh(self._desk, [item.run])
        return None if no is None else now + (no.seconds or _REFUSED_S)

    async def _card(self, item: OutboxItem, now: float) -> float | None:
        run = await self._load(item.run)
        if run is None:
            return None
        self._homes_stale = True
        # The cards of quiet runs can be one and the same message.
        message = series(run) if self._runbook(run).quiet else run.id
        again = await self._alone(message, now, lambda: self._draw(item.run))
        if again is None:
            await self._desk.waits.owe(run.id, now, run.phase in FOR_PEOPLE)
        return again

    async def _wait(self, item: OutboxItem, now: float) -> float | None:
        async def call() -> float | None:
            run = await self._load(item.run)
            return await waits.turn(self._desk, self._speech, run) if run else None

        return await self._in_turns(item.key, now, call)

    async def _notice(self, item: OutboxItem, now: float) -> float | None:
        self._homes_stale = True  # They show it while no channel does.
        return await self._alone(item.key, now, lambda: notices.draw(self._desk, self._speech, item.run))

    async def _alone(self, message: str, now: float, draw: Callable[[], Awaitable[bool]]) -> float | None:
        """Draws unless somebody else draws the same message now; then, when to try again."""
        cards = self._desk.cards
        self._held[message] = now + _LEASE_S
        if not await cards.lease(message, _LEASE_S):
            del self._held[message]
            return now + EDIT_S
        drawn = False
        try:
            drawn = await draw()
        finally:
            await cards.release(message)
            del self._held[message]
            if drawn:
                # Given back, and barred for a while: a card changes at most so often, whichever process draws it.
                await cards.lease(message, EDIT_S)
        return None

    async def _give_back(self, now: float) -> None:
        """What is still ours because Redis went away while it was drawn: nobody else can draw it before."""
        for message, until in tuple(self._held.items()):
            if until > now:
                await self._desk.cards.release(message)
            del self._held[message]

    async def _draw(self, run_id: str) -> bool:
        """Whether anything had to be drawn."""
        run = await self._load(run_id)
        if run is None:
            return False
        shown = await seen(self._desk, run)
        before = await self._desk.cards.place(run_id)
        if before is None and shown.waits_for_people:
            before = await trouble.inherited(self._desk, run)
        await trouble.ended(self._desk, self._speech, run)
        if before is None and self._goes_unseen(run, shown):
            return False
        place = await self._edited(shown, before) if before else await self._post(run, shown)
        return place != before

    async def _edited(self, shown: RunView, place: Place) -> Place:
        run, message = shown.run, self._message(shown, place.channel)
        if digest(message) == place.digest and not self._desk.readers.shared(place.channel):
            return place
        try:
            await self._speech.edit(place.channel, place.ts, message)
        except NoPlace as no:
            log.info("the card of %s is posted anew: %s", run.id, no.sentence)
            return await self._post(run, shown)
        return await self._placed(run, replace(place, digest=digest(message)))

    async def _post(self, run: Run, shown: RunView) -> Place:
        aims = routes.of_card(self._desk, run, self._is_quiet(run))
        landed = await routes.deliver(
            self._desk, self._speech, aims, lambda channel: self._message(shown, channel), run=run, afresh=True
        )
        drawn = digest(self._message(shown, landed.channel))
        place = await self._placed(run, Place(landed.channel, landed.ts, drawn))
        if self._is_quiet(run) and run.is_open:
            await self._desk.cards.trouble(series(run), run.id)
        if place.is_direct:
            await self._desk.cards.reach(whom.about(run), landed.to)
        return place

    async def _placed(self, run: Run, place: Place) -> Place:
        await self._desk.cards.put(run.id, place)
        return place

    def _message(self, shown: RunView, channel: str) -> Message:
        """The card as it looks in this channel: elsewhere than it belongs, it says so."""
        (first, _), *_ = [*routes.of_card(self._desk, shown.run, self._is_quiet(shown.run)), (channel, "")]
        return card(shown, belongs_in=first if first != channel else "")

    def _goes_unseen(self, run: Run, shown: RunView) -> bool:
        return self._is_quiet(run) and not shown.waits_for_people

    def _is_quiet(self, run: Run) -> bool:
        book = self._runbook(run)
        return book.quiet and (is_scheduled(run) or not book.carded)

    def _runbook(self, run: Run) -> Runbook:
        return self._desk.engine.runbooks[run.runbook]

    async def _tell(self, item: OutboxItem, now: float) -> float | None:
        run, tell = await self._load(item.run) if item.run else None, item.tell
        if tell is None or (item.run and run is None):
            return None
        if run and tell.to == AGENTS:
            return await self._ask_agent(run, tell, now)
        place, quiet = await self._desk.cards.place(run.id) if run else None, run is None or self._is_quiet(run)
        if tell.to in _AT_CARD and place is None and not quiet:
            return now + EDIT_S
        if run and tell.to == REPORT:
            return await report.tell(self._desk, self._speech, run, place)
        aims = routes.of_tell(self._desk, tell.to, run, place, quiet)
        await routes.deliver(
            self._desk,
            self._speech,
            aims,
            lambda channel: message_of(tell, run, missed=_missed(tell.to, channel)),
            run=run,
            afresh=place is None,
        )
        return None

    async def _ask_agent(self, run: Run, tell: Tell, now: float) -> float | None:
        """One of them at a time; the entry stays until nobody is left."""

        async def ask() -> float | None:
            pause = await agents.ask_next(self._desk, self._speech, run, tell.sentence)
            return None if pause is None else now + pause

        return await self._in_turns(f"{tell.to}:{run.id}", now, ask)

    async def _in_turns(self, message: str, now: float, take: Callable[[], Awaitable[float | None]]) -> float | None:
        """One turn, whichever process takes it; when the next one is, if there is one."""
        then: float | None = None

        async def draw() -> bool:
            nonlocal then
            then = await take()
            return then is not None

        again = await self._alone(message, now, draw)
        return then if again is None else again

    async def _load(self, run_id: str) -> Run | None:
        try:
            return await self._desk.runs.load(run_id)
        except BadInput:
            log.warning("there is no run %s any more, so nothing is drawn for it", run_id)
            return None

    async def _refresh_homes(self, now: float) -> None:
        """App Homes that were looked at lately follow what happens, all of them together and not too often."""
        if not self._homes_stale or now < self._homes_from:
            return
        self._homes_stale, self._homes_from = False, now + _HOMES_S
        users = await self._desk.cards.homes(now, _HOMES)
        for user, no in zip(users, await home.refresh(self._desk, users), strict=True):
            if no is not None:
                await self._desk.runs.owe_home(user, now + (no.seconds or EDIT_S))


def _missed(to: str, channel: str) -> str:
    """The user id of somebody who was to be told directly and is told in a channel instead."""
    user = to.rpartition(":")[2]
    return user if ":" in to and user != channel else ""
