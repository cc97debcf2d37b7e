"""What people read who are called: which run waits, for what, and where to answer; and afterwards what was answered."""

from __future__ import annotations

from bot.domain.measures import lasted
from bot.domain.runs.run import Entry, Phase
from bot.domain.runs.view import RunView
from handlers.blocks.blocks import Message, section
from handlers.blocks.wording import joined, shown
from handlers.runs.card import SIGNS, title
from storage.waits import Wait

REMIND_S = (180.0, 360.0)
"""After so many seconds those are called once more who are at work."""

_ALONE = "Please answer."
_ONE_OF = "Please answer: one of you is enough."
_OTHERS = "Please answer. Others are asked as well, and one is enough."
_HOME = "The Home tab of Switchback has the same buttons."
_NO_CHANNEL = (
    "No channel takes its card, so one person has it directly. "
    "Open the Home tab of Switchback: it shows what is asked, with the buttons."
)
_OVER = "This is not asked any more."


def call(view: RunView, wait: Wait, to: str) -> Message:
    """The message of this turn to a channel, where it names people, or to one person."""
    run = view.run
    names = " ".join(f"<@{user}>" for user in wait.named) if to == wait.channel else ""
    asks = f"{shown(wait.asker, 80)} asks for an answer." if wait.asker and not wait.turn else ""
    late = f"Still waiting after {lasted(REMIND_S[wait.turn - 1])}." if wait.turn else ""
    # Of a command that takes two, the state does not say that somebody has asked for it already.
    asked = run.sentence if run.phase is Phase.WAITING and run.approvals else ""
    waits = f"*{shown(title(view), 200)}*: {shown(joined((view.state, asked)), 500)}"
    return _drawn(joined((SIGNS[run.phase], names, asks or late, waits, _please(view, wait, to), _where(wait, to))))


def answered(view: RunView, wait: Wait, entry: Entry | None) -> Message:
    """What takes the place of the call: who answered what, or that nobody is asked any more."""
    said = entry.sentence if entry else view.run.sentence or _OVER
    link = f"<{wait.card}|Card>" if wait.card else ""
    return _drawn(joined((f"{'Answered' if entry else 'Over'} · {shown(title(view), 200)}:", shown(said, 500), link)))


def replaced(view: RunView) -> Message:
    """What stands in place of a call that was made anew and that nobody may delete."""
    return _drawn(f"Over · {shown(title(view), 200)}: asked anew below.")


def _drawn(said: str) -> Message:
    return {"text": said, "blocks": [section(said)]}


def _please(view: RunView, wait: Wait, to: str) -> str:
    asked = len(wait.named) + len(wait.direct)
    if not asked:
        return f"Nobody is known who may answer: it takes {view.need.words}."
    if asked == 1:
        return _ALONE
    return _ONE_OF if to == wait.channel and not wait.direct else _OTHERS


def _where(wait: Wait, to: str) -> str:
    if not wait.channel:
        return _NO_CHANNEL
    link = f"<{wait.card}|Open the card>" if wait.card else "Its card stands here."
    if to == wait.channel:
        return link
    return joined((link if wait.card else "", _HOME))
