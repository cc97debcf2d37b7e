"""A subcommand of `/rgs` as a row, and what somebody asked of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.access import Need, allow
from bot.domain.errors import BadInput, NotAllowed
from bot.domain.model import Person, Pool, Who, short
from bot.domain.runs.opening import called, likely, several
from bot.domain.runs.run import Entry
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Message, section
from handlers.blocks.wording import exact
from handlers.desk import Desk
from handlers.slack.replies import Reply

HERE = "here"
"""Behind a command whose answer only its asker sees: to be shown to everybody in the channel."""

NO_ARGUMENT, ONE_ARGUMENT, MAYBE_ONE = range(0, 1), range(1, 2), range(0, 2)
"""How many words may stand behind a subcommand."""

COUNT = 10
"""Entries of a list that are shown at once."""

CHOICES = 20
"""Buttons that are offered at once."""

POOL = "pool"
_WANTED = re.compile("<([^<>]+)>")
WHICH = {
    POOL: "Which pool?",
    "runbook": "Which runbook? `/rgs runbooks` lists them.",
    "run": "Which run? `/rgs status` shows those that are open.",
    "reason": "Why? Give a reason.",
    "person": "Who? Name one person with @.",
}
"""What is asked for when it is missing, by how usages call it."""

_LONGEST = 1900
"""Characters of a line that a button can stand for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A subcommand that somebody asked for in `channel`; `before` is the last entry of a list they saw already."""

    desk: Desk
    person: Person
    channel: str
    row: Command
    words: tuple[str, ...] = ()
    before: str = ""


class Part(StrEnum):
    """The parts of the first screen of help, in their order."""

    OUTAGE = "When a pool is down"
    LOOK = "Where things stand"
    KEEP = "Backups"


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand: how it is written, what to type for instance, what it does, how many words it takes.

    `need` says who may use it; None is anybody at all. One that only `reads` is answered while nothing can be saved.
    One that says who somebody is (`vouches`) is typed by whoever vouches: nobody is asked to press it for another one.
    One with a `part` is on the first screen of help, with what it does in a few words (`brief`).
    """

    name: str
    usage: str
    example: str
    meaning: str
    run: Callable[[Asked], Awaitable[Reply]]
    takes: range = NO_ARGUMENT
    need: Need | None = Need.ANYONE
    reads: bool = False
    vouches: bool = False
    part: Part | None = None
    brief: str = ""


def usage(row: Command) -> str:
    return f"Usage: `/rgs {row.usage}`, for example `{row.example}`."


def misses(row: Command, words: Sequence[str]) -> str:
    """What is missing behind these words, as its usage calls it; empty where nothing is."""
    wanted = _WANTED.findall(row.usage.partition("|")[0])
    return wanted[len(words)] if len(words) < min(row.takes.start, len(wanted)) else ""


def too_many(row: Command, words: Sequence[str], most: int) -> BadInput:
    """Which of these words are more than the subcommand takes."""
    return BadInput(f"Leave out “{' '.join(words[most:])[:60]}”: nothing more belongs there. {usage(row)}")


def unfit(asked: Asked) -> Message:
    """What is missing, with the pools as buttons where it is one. Raises BadInput for a word too many."""
    row, words = asked.row, asked.words
    if len(words) >= row.takes.stop:
        raise too_many(row, words, row.takes.stop - 1)
    what = misses(row, words)
    said = f"{WHICH.get(what, f'Which {what}?')} {exact(usage(row))}"
    pools = asked.desk.estate.pools if what == POOL and len(words) + 1 in row.takes else {}
    return offered(said, _each(asked, pools))


def _each(asked: Asked, pools: Iterable[str]) -> list[tuple[str, str]]:
    """A button for each pool, with whatever else was typed before it."""
    names = {fqdn: short(fqdn) for fqdn in pools}
    alone = Counter(names.values())
    return [(name if alone[name] == 1 else fqdn, line(asked.row, (*asked.words, fqdn))) for fqdn, name in names.items()]


def named_pool(asked: Asked, place: int = 0, *, guess: bool = True) -> Pool:
    """The pool that was named there, in full or in short.

    Raises BadInput with the usage and, where it may `guess`, the whole line as it may have been meant.
    """
    pools, word = asked.desk.estate.pools, asked.words[place]
    found = called(word, pools)
    if len(found) == 1:
        return pools[found[0]]
    if found:
        raise BadInput(f"{several(word, found)} Name one in full. {usage(asked.row)}")
    near = likely(word, pools) if guess else ""
    meant = line(asked.row, (*asked.words[:place], near, *asked.words[place + 1 :]))
    hint = f" Did you mean `{meant}`?" if near else ""
    raise BadInput(f"There is no pool “{word[:60]}”.{hint} `/rgs pools` lists them. {usage(asked.row)}")


def line(row: Command, words: Iterable[str]) -> str:
    """As it is typed."""
    return " ".join(("/rgs", row.name, *words))


def offered(said: str, choices: Iterable[tuple[str, str]]) -> Message:
    """A sentence or two, already escaped, and a button for each choice: what it is called, and the line it stands for.

    Pressing it does what typing the line does.
    """
    lines = [(label, words.removeprefix("/rgs ")) for label, words in choices if len(words) < _LONGEST]
    drawn = [
        blocks.button(label, f"{actions.DO}{number}", words, reads=words)
        for number, (label, words) in enumerate(lines[:CHOICES])
    ]
    rest = f" Or type it, as in `{exact(f'/rgs {lines[0][1]}', 200)}`." if len(lines) > CHOICES else ""
    shown = section(f"{said}{rest}")
    return {"text": f"{said}{rest}", "blocks": [shown, *([blocks.actions(drawn)] if drawn else [])]}


def may(person: Person, need: Need) -> bool:
    """Whether this person may do what needs this, for what is drawn; pressing asks once more."""
    try:
        allow(person, need)
    except NotAllowed:
        return False
    return True


async def permit(desk: Desk, person: Person, need: Need, what: str, run: str = "", delivery: str = "") -> None:
    """Raises NotAllowed, and the log of the run (its id) says so, or without one the log of refusals.

    `what` is the row or subcommand that was asked for. What the engine refuses, it notes itself. The refusal ends the
    `delivery`, if one is given: Replayed when something has already.
    """
    try:
        allow(person, need)
    except NotAllowed as refusal:
        entry = Entry(desk.now(), Who.person(person), "refused", what, refusal.told(person.name))
        await desk.runs.note(entry, run, delivery)
        raise
