"""Nobody is waited for in silence: who may answer is called once and reminded, until somebody has answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from bot.clock.quiet import quiet_until
from bot.domain.runs.run import FOR_PEOPLE, QUESTION, Entry, Run
from bot.domain.runs.streak import streak
from bot.domain.runs.view import RunView, view_of
from handlers.blocks.wording import is_person
from handlers.desk import Desk
from handlers.runs import places, whom
from handlers.runs.call import REMIND_S, answered, call, replaced
from handlers.slack.presence import Here
from handlers.slack.speech import NoPlace, Speech
from storage.cards import Place
from storage.waits import Called, Wait

_AGAIN_S = 5.0
_LOG = 100
_BEFORE = -1
"""The turn of what stands when somebody asks for a call."""

_WATCHES_S = 180.0
"""So long after a press people still have the card in front of them."""

_LOOKED_AT = 20
"""Of so many people Slack is asked whether they are at work."""


async def turn(desk: Desk, speech: Speech, run: Run) -> float | None:
    """The next thing to do for this run, one message at most; from which second on there is more, if there is.

    Who is called is written down before anybody is, and each message as soon as it stands: after a crash, one of them
    may come twice. Raises what speech raises.
    """
    wait, asker = await desk.waits.find(run.id, run.question)
    waits = run.phase in FOR_PEOPLE
    if wait and wait.called and not (waits and wait.question == run.question):
        return await _take_back(desk, speech, run, wait)
    if not waits:
        return await desk.waits.end(run.id)
    if wait is None or wait.question != run.question:
        return await _begin(desk, speech, run, asker)
    if asker and not wait.asker:
        return await _begin(desk, speech, run, asker, tuple(replace(one, turn=_BEFORE) for one in wait.called))
    return await _go_on(desk, speech, run, wait)


async def _begin(desk: Desk, speech: Speech, run: Run, asker: str, before: tuple[Called, ...] = ()) -> float | None:
    """The first call, or the first one that an `asker` asked for, which takes the place of those `before`."""
    if not asker and (quiet := _quiet_until(desk, run)):
        return quiet
    if not asker and streak(run):
        return None  # Somebody was called when the first of them failed, and that stands.
    place = await desk.cards.place(run.id)
    if place is None:
        return desk.now() + _AGAIN_S
    may = await _answerers(desk, run)
    last = "" if asker else actor(await desk.runs.audit(run.id, _LOG), run, desk.now())
    if may and not may.keys() - {last}:
        return None  # Whoever pressed last has the card in front of them, and a call that names nobody calls nobody.
    first = sorted(may.keys() - {last}, key=lambda user: (may[user], list(may).index(user)))[: whom.MOST]
    wait = Wait(run.question, desk.now(), called=before, asker=asker)
    wait = await _sorted(desk, run, wait, place, first)
    await desk.waits.put(run.id, wait)
    return await _go_on(desk, speech, run, wait)


async def _sorted(desk: Desk, run: Run, wait: Wait, place: Place, users: Sequence[str]) -> Wait:
    """The wait, with each of these people called where they are: in the channel of the card, or directly."""
    if place.is_direct:
        is_first = not wait.turn and not wait.asker
        heard = await desk.cards.reached(whom.about(run)) if is_first else frozenset()
        return replace(wait, direct=tuple(user for user in users if user not in heard))
    # While nobody knows who is in the channel, what is said directly surely reaches them.
    members = await desk.presence.members(place.channel) or frozenset() if users else frozenset()
    named = tuple(user for user in users if user in members)
    direct = tuple(user for user in users if user not in members)
    card = wait.card or await places.address(desk, place)
    return replace(wait, channel=place.channel, named=named, direct=direct, card=card)


async def _go_on(desk: Desk, speech: Speech, run: Run, wait: Wait) -> float | None:
    if old := next(filter(wait.is_replaced, wait.called), None):
        await _removed(desk, speech, run, old)
        return await _noted(desk, run, replace(wait, called=tuple(one for one in wait.called if one != old)))
    if read := next((one for one in wait.called if one.ts and desk.readers.shared(one.channel)), None):
        await _removed(desk, speech, run, read)
        return await _noted(
            desk, run, _directly(replace(wait, called=tuple(one for one in wait.called if one != read)))
        )
    if to := next(iter(wait.owed), ""):
        return await _noted(desk, run, await _called(desk, speech, run, wait, to))
    passed = sum(wait.at + after <= desk.now() for after in REMIND_S[wait.turn :])
    if not passed:
        return _next(desk, wait)
    return _quiet_until(desk, run) or await _noted(desk, run, await _reminding(desk, run, wait, wait.turn + passed))


async def _called(desk: Desk, speech: Speech, run: Run, wait: Wait, to: str) -> Wait:
    try:
        channel, ts = await speech.post(to, call(_view(desk, run), wait, to))
    except NoPlace:
        # Whom nobody can write to is passed by.
        return _directly(wait) if to == wait.channel else replace(wait, called=(*wait.called, Called(to, wait.turn)))
    return replace(wait, called=(*wait.called, Called(to, wait.turn, channel, ts)))


def _directly(wait: Wait) -> Wait:
    """Whom the channel cannot call, since it takes nothing or strangers read it, is told directly."""
    told = (*wait.called, Called(wait.channel, wait.turn))
    return replace(wait, named=(), direct=(*wait.direct, *wait.named), called=told, card="")


async def _reminding(desk: Desk, run: Run, wait: Wait, turn: int) -> Wait:
    """The wait in its next turn: of those who may answer, it calls those who are at work now."""
    later, place = replace(wait, turn=turn, named=(), direct=()), await desk.cards.place(run.id)
    may, last = await _answerers(desk, run), actor(await desk.runs.audit(run.id, _LOG), run, wait.at)
    active = [user for user, here in may.items() if here is Here.ACTIVE and user != last][: whom.MOST]
    return await _sorted(desk, run, later, place, active) if place and active else later


async def _answerers(desk: Desk, run: Run) -> Mapping[str, Here]:
    """Who may answer what the run asks now (U…), in the order of `whom.people`, and whether they are at work."""
    view = _view(desk, run)
    may = [person.slack_id for person in await whom.people(desk, run) if whom.waits_for(view, person)]
    present = await desk.presence.of(may[:_LOOKED_AT])
    return {user: present.get(user, Here.AWAY) for user in may}


async def _take_back(desk: Desk, speech: Speech, run: Run, wait: Wait) -> float | None:
    """The question is answered: the messages about it say so, one after the other."""
    one = wait.called[0]
    if wait.is_replaced(one):
        await _removed(desk, speech, run, one)
    elif one.ts:
        said = answered(_view(desk, run), wait, answer(await desk.runs.audit(run.id, _LOG), wait.question))
        try:
            await speech.edit(one.channel, one.ts, said, "call")
        except NoPlace:
            await _removed(desk, speech, run, one)
    await desk.waits.put(run.id, replace(wait, called=wait.called[1:]))
    return desk.now()


async def _removed(desk: Desk, speech: Speech, run: Run, old: Called) -> None:
    """A message that another one replaces; where Slack lets nobody delete it, it calls nobody any more."""
    with suppress(NoPlace):
        try:
            await speech.remove(old.channel, old.ts)
        except NoPlace:
            await speech.edit(old.channel, old.ts, replaced(_view(desk, run)), "call")


async def _noted(desk: Desk, run: Run, wait: Wait) -> float | None:
    await desk.waits.put(run.id, wait)
    return _next(desk, wait)


def _next(desk: Desk, wait: Wait) -> float | None:
    """When there is more to do while the question stands."""
    if any(map(wait.is_replaced, wait.called)) or any(wait.owed):
        return desk.now()
    return next((wait.at + after for after in REMIND_S[wait.turn :]), None)


def _quiet_until(desk: Desk, run: Run) -> float:
    """When it may call people again; 0.0 when it may, as what moves pools always does."""
    return 0.0 if run.pool_state is not None else quiet_until(desk.quiet, run.primary.time_zone, desk.now())


def _view(desk: Desk, run: Run) -> RunView:
    return view_of(run, desk.engine.runbooks[run.runbook])


def actor(log: Iterable[Entry], run: Run, at: float) -> str:
    """The user id of whoever's press led to what is asked since `at`, or who opened the run; empty where nobody did.

    Whoever pressed long before, as of a move that took its time, may have gone, and is called like the others.
    """
    pressed = ((entry.who, entry.at) for entry in log if QUESTION in entry.data)
    last, when = next(pressed, (run.opened_by, run.opened_at))
    return last.id.rpartition(":")[2] if is_person(last) and at - when <= _WATCHES_S else ""


def answer(log: Iterable[Entry], question: int) -> Entry | None:
    """The line of the log in which this question ended, if one says so."""
    return next((entry for entry in log if entry.data.get(QUESTION) == question), None)
