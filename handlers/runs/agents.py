"""Agents of formal groups are asked to sign in, one after the other and nobody but them, and what they say is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.access import Need
from bot.domain.errors import NotAllowed, Unreadable
from bot.domain.groups.agents import Reach, coverage
from bot.domain.model import Person, Standing, Who
from bot.domain.runs.run import Entry, Phase, Run
from bot.runbooks.rows.facts import FORMAL
from bot.runbooks.rows.people import SIGNED_IN
from handlers.asked import may, permit
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Message, View, context, modal, section
from handlers.blocks.wording import bounded, bullets, exact, shown, utc, when
from handlers.desk import Desk
from handlers.slack.replies import Reply, open_view
from handlers.slack.speech import NoPlace, Speech
from storage.agents import Word

ASK_S = 1.0
"""Between two agents: Slack takes several hundred messages a minute of a workspace, and tells of as many people."""

_DOUBT_S = 15.0
_LABEL = "I am signed in"
_HOW = "Sign in, in your client under Tools, Response Group Settings. Then press the button. Your groups:"
_NOT_YOURS = (
    "Only whoever got this message from Switchback can say that they are signed in. Nothing was noted. "
    "If it is yours, press again in a minute."
)
_NOT_THEIRS = "only whoever got this message can say that they are signed in. Nothing was noted."
_LATE = " That run has ended meanwhile, and your word is noted all the same."
_REACHES = {Standing.MEMBER: Reach.ASKED, Standing.UNKNOWN: Reach.UNREACHED}


async def ask_next(desk: Desk, speech: Speech, run: Run, why: str) -> float | None:
    """Asks one of those who are still to be asked; the seconds until the next one, or None when nobody is left.

    Whoever is no full member of our workspace is never written to. Raises what speech raises.
    """
    waiting = await desk.agents.waiting(run.id)
    if not waiting or run.phase in (Phase.ABANDONED, Phase.SUPERSEDED):
        return None
    here = await desk.people.at(waiting)
    if here is None:
        return _DOUBT_S if run.is_open else None
    if absent := [address for address in waiting if address not in here]:
        await desk.agents.reach(run.id, absent, Reach.NOT_HERE, desk.now())
    if not here:
        return None
    # Not always the first one: somebody of whom Slack tells nothing must not keep it from all others.
    address = sorted(here)[int(desk.now()) % len(here)]
    return await _ask(desk, speech, run, why, address, here[address])


async def _ask(desk: Desk, speech: Speech, run: Run, why: str, address: str, user: str) -> float:
    standing = await desk.people.standing(user)
    if standing is Standing.UNKNOWN and run.is_open:
        return _DOUBT_S
    reach = _REACHES.get(standing, Reach.NO_MEMBER)
    if reach is Reach.ASKED:
        try:
            groups = await desk.agents.groups(run.id, address)
            await speech.post(user, message(run, why, groups, address))
        except (NoPlace, Unreadable):
            reach = Reach.UNREACHED
    await desk.agents.reach(run.id, [address], reach, desk.now(), user if reach is Reach.ASKED else "")
    return ASK_S


def message(run: Run, why: str, groups: Sequence[str], address: str) -> Message:
    """What happened, what to do, and one button."""
    said, listed = shown(why, 900), bullets(groups, 1800, rows=30)
    press = blocks.button(_LABEL, actions.AGENT_SIGNED_IN, actions.agent_value(run.id, address), style="primary")
    foot = context(f"Only you have this message. Run `{exact(run.id, 150)}`")
    drawn = [section(said), section(f"{_HOW}\n{listed}"), blocks.actions([press]), foot]
    return {"text": bounded("\n".join((said, _HOW, listed)), 3900), "blocks": drawn}


async def signed_in(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply:
    """An agent's own word; it moves no run, and takes the place of the question."""
    run_id, address = actions.decode_agent(value)
    await permit(desk, person, Need.ANYONE, SIGNED_IN, run_id)
    word = await desk.agents.sign_in(run_id, address, person.slack_id, desk.now())
    if word is None:
        refusal = NotAllowed(_NOT_YOURS, _NOT_THEIRS)
        told = refusal.told(person.name)
        await desk.runs.note(Entry(desk.now(), Who.person(person), "refused", SIGNED_IN, told), run_id)
        raise refusal
    return Reply(_thanks(word), settles=True)


def _thanks(word: Word) -> Message:
    begins = "Thank you: you said" if word.is_new else "You have said so already:"
    late = "" if word.is_open or not word.is_new else _LATE
    said = "{begins} {at} that you are signed in to your groups.{late}"
    text, drawn = (said.format(begins=begins, at=at(word.at), late=late) for at in (utc, when))
    return {"text": text, "blocks": [section(drawn)]}


async def who(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    """Which groups ring nobody; who their agents are, only holders of a role see."""
    await permit(desk, person, Need.ANYONE, "who", value)
    run = await desk.runs.load(value)
    found = coverage(FORMAL.of(run), await desk.agents.known(value))
    unsigned = await desk.agents.unsigned(value) if may(person, Need.ADMIN) else {}
    await open_view(args, _who([str(one) for one in found if not one.is_covered], unsigned))


def _who(groups: Sequence[str], unsigned: Mapping[str, Sequence[str]]) -> View:
    agents = [f"{address}: {', '.join(named)}" for address, named in unsigned.items()]
    drawn = [
        section(f"*Ring nobody*\n{bullets(groups, 2500, rows=30) or 'No group: each has an agent who signed in.'}"),
        *([section(f"*Have not said that they signed in*\n{bullets(agents, 2500, rows=30)}")] if agents else []),
        context("They sign in in their client: Tools, Response Group Settings. Their own word is all that is known."),
    ]
    return modal("Who has to sign in", drawn, "Close")
