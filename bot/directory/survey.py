"""What an administrator wants to know of the directory before relying on it, a sentence each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.directory import asking, questions
from bot.directory.accounts import Roster
from bot.directory.base import DirectoryAway
from bot.directory.controllers import Controllers
from bot.directory.links import Link, Patience
from bot.domain.forest import Forest
from bot.domain.measures import numbered
from bot.domain.model import Role


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: it is `well`, or something has to be done."""

    sentence: str
    well: bool


def survey(controllers: Controllers, forest: Forest, patience: Callable[[], Patience], now: float) -> Iterator[Finding]:
    """Of every controller whether it answers, is to be trusted and takes the bot's account; then of every group."""
    reachable = False
    for catalog in (False, True) if forest.global_catalog else (False,):
        for said in controllers.each(lambda link: list(_link(link, forest)), patience, catalog=catalog):
            if isinstance(said, DirectoryAway):
                yield Finding(said.sentence, False)
            else:
                reachable = True
                yield from said
    if reachable:
        yield from _groups(controllers, forest, patience, now)


def _link(link: Link, forest: Forest) -> Iterator[Finding]:
    until = datetime.fromtimestamp(link.certified_until, UTC)
    yield Finding(f"{link.where} answers.", True)
    yield Finding(f"The certificate of {link.where} is to be trusted, until {until:%Y-%m-%d}.", True)
    yield Finding(f"{link.where} accepts the bot's own account, {forest.account}.", True)
    for base in dict.fromkeys((forest.base, forest.group_base)):
        if not base:
            continue
        try:
            link.search(base, questions.ANYTHING, below=False)
        except DirectoryAway as fault:
            yield Finding(fault.sentence, False)
        else:
            yield Finding(f"{link.where} knows “{base}”.", True)


def _groups(
    controllers: Controllers, forest: Forest, patience: Callable[[], Patience], now: float
) -> Iterator[Finding]:
    try:
        known = controllers.ask(lambda link: questions.groups(link, forest), patience(), catalog=forest.global_catalog)
        read = asking.members(controllers, forest, patience(), now)
    except DirectoryAway as fault:
        yield Finding(fault.sentence, False)
        return
    counts = asking.counts(read, forest)
    for name in forest.names:
        if group := known.found.get(name.lower()):
            people = numbered(counts[name], "person holds", "people hold")
            yield Finding(f"{people} {_granted(forest, name)} through the group {name} ({group.dn}).", True)
    yield from (Finding(sentence, False) for sentence in read.doubts)
    yield from (Finding(sentence, False) for sentence in _nobody(read))


def _granted(forest: Forest, group: str) -> str:
    """The roles that it grants, in words."""
    rows = forest.groups.items()
    return " and ".join(role for role, names in rows if group.lower() in {name.lower() for name in names})


def _nobody(read: Roster) -> Iterator[str]:
    held = frozenset[Role]().union(*(one.roles for one in asking.usable(read)))
    for role in Role:
        if role not in held:
            yield f"Nobody holds {role}: nobody whose account counts is in any of its groups."
