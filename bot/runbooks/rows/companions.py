"""What is put back beside Response Groups: the copies, and the commands for the pool that serves now."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.domain.access import Need
from bot.domain.companions.kinds import COMPANIONS, Shelf
from bot.domain.companions.places import kept, lost, read
from bot.domain.companions.way_back import FILES_SHOWN, commands, folder
from bot.domain.errors import DriverError
from bot.domain.measures import numbered
from bot.domain.model import Mark, Pool, Undone, Verdict
from bot.domain.runs.acts import Attempt, FindCopies, Invoke, Seen
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Choice, Field, Step
from bot.runbooks.rows.facts import COMPANIONS_DONE, COMPANIONS_OPEN, LIS_STAYS
from bot.runbooks.rows.locations import location_rows

KINDS = ("call-park-settings", "call-park-music", "announcements", "rgs-audio")
"""Those that people put back while a pool is served by another (runbooks: failover 14)."""

_LIS = COMPANIONS["lis"]
_FILES_SHOWN = 2
_NOTE = Field(COMPANIONS_DONE.key, "What was put back, and how was it seen?", multiline=True, max_length=300)


def companions_row(*, serving: Callable[[Run], Pool], of: Callable[[Run], Pool], stretch: str) -> Step:
    """Shows for each kind the newest copy of the pool `of`, and the commands that put it on the pool `serving`."""

    def judge(run: Run, seen: Seen) -> Verdict:
        shelves = seen["copies"]
        missing = [COMPANIONS[kind].title for kind in KINDS if shelves[kind].newest is None]
        # What there is comes first: a card has no room for all of the commands.
        copies = tuple(shelves[kind].in_words(COMPANIONS[kind]) for kind in KINDS)
        lines = (line for kind in KINDS for line in _lines(kind, serving(run), of(run), shelves[kind]))
        sentence = f"No copy is kept of: {', '.join(missing)}." if missing else "A copy of each is kept."
        return Verdict(Mark.WARN if missing else Mark.PASS, sentence, (*copies, *lines))

    return Step(
        key="companions",
        stretch=stretch,
        title="Put Call Park and announcements back",
        asks=True,
        explain=lambda run: _explain(serving(run), of(run)),
        reads=lambda run: {"copies": FindCopies(of(run).fqdn, KINDS)},
        judge=judge,
        choices=_offer,
    )


def _explain(on: Pool, of: Pool) -> str:
    return (
        f"Run the commands on a Front End Server of {on.short}: they put back there what {of.short} had. Put their "
        f"files into {folder(on)} of that server first. "
        f"`/rgs companions {of.short}` sends you the files, and shows each command whole."
    )


def _lines(kind: str, on: Pool, of: Pool, shelf: Shelf) -> Iterator[str]:
    """The commands for the first files, and what follows them; of the others, how many there are."""
    if (kept := shelf.newest) is None:
        return
    lines, files = commands(kind, on, kept, of=of), min(len(kept.files), FILES_SHOWN)
    yield from lines[: min(files, _FILES_SHOWN)]
    if files > _FILES_SHOWN:
        yield f"… and the same for {numbered(len(kept.files) - _FILES_SHOWN, 'more file')}."
    yield from lines[files:]


def _offer(run: Run) -> tuple[Choice, ...]:
    return (
        Choice(
            "put-back",
            "It is put back",
            f"says that it is put back by hand: {{{COMPANIONS_DONE.key}}}",
            COMPANIONS_OPEN.to(""),
            fields=(_NOTE,),
            style="primary",
        ),
        Choice(
            "later",
            "Put it off",
            "put this off: it is not done.",
            COMPANIONS_OPEN.to("put off") | COMPANIONS_DONE.to(""),
            undone=Undone.PUT_OFF,
        ),
    )


def still_open(run: Run, of: Pool) -> str:
    """What the last sentence of a run has to say of it; empty when nothing was put off."""
    return f"Call Park and announcements of {of.short} are not put back." if COMPANIONS_OPEN.of(run) else ""


def lost_location_rows(
    *, serving: Callable[[Run], Pool], stretch: str, skip: Callable[[Run], str | None] = lambda run: None
) -> tuple[Step, ...]:
    """Emergency locations, where the pool `serving` was built anew: put back only where some of the copy are gone.

    An import moves what was moved since the copy back to its old place, so it is not offered for nothing (R0.6).
    """
    rows = location_rows(serving=serving, stretch=stretch, skip=lambda run: skip(run) or LIS_STAYS.of(run) or None)
    return (_lost_row(serving, stretch, skip), *rows)


def unpublished(run: Run, on: Pool) -> str:
    """What a run leaves behind that is abandoned between the import and the publication: nobody can read it later."""
    if run.step != "lis-publish":
        return ""
    return f" No call carries the emergency locations yet: run `Publish-CsLisConfiguration` on {on.short}."


def _lost_row(serving: Callable[[Run], Pool], stretch: str, skip: Callable[[Run], str | None]) -> Step:
    return Step(
        key="lis-lost",
        stretch=stretch,
        title="See whether emergency locations are lost",
        need=Need.SERVER_ADMIN,
        skip=skip,
        reads=lambda run: {
            "copies": FindCopies(run.primary.fqdn, (_LIS.key,)),
            "places": Attempt(Invoke(serving(run).fqdn, _LIS.beside[0])),
            "subnets": Attempt(Invoke(serving(run).fqdn, _LIS.beside[1])),
        },
        judge=lambda run, seen: _judge_lost(serving(run).short, seen),
    )


def _judge_lost(where: str, seen: Seen) -> Verdict:
    """Whatever nobody can compare is left to people, who are asked next."""
    shelf: Shelf = seen["copies"][_LIS.key]
    if shelf.newest is None:
        sentence = f"{shelf.in_words(_LIS)} So nothing can be put back. Look on {where} whether any are missing."
        return Verdict(Mark.WARN, sentence, facts=LIS_STAYS.to("Skipped: no copy of the locations is kept."))
    if unread := [one for one in (seen["places"], seen["subnets"]) if isinstance(one, DriverError)]:
        sentence = f"What is on {where} cannot be read, so nobody can say whether any are lost."
        return Verdict(Mark.WARN, sentence, (unread[0].sentence,), LIS_STAYS.to(""))
    copy, there = kept(shelf.newest.rows), read(seen["places"], seen["subnets"])
    if copy is None:
        sentence = f"The newest copy holds no list. Nobody can say whether any are lost. {where} has {there.in_words}."
        return Verdict(Mark.WARN, sentence, facts=LIS_STAYS.to(""))
    if gone := lost(copy, there):
        sentence = f"{len(gone)} of the newest copy are not on {where}. It has {there.in_words}."
        return Verdict(Mark.WARN, sentence, gone, LIS_STAYS.to(""))
    sentence = f"Everything in the newest copy is on {where}: {copy.in_words}."
    return Verdict(Mark.PASS, sentence, facts=LIS_STAYS.to("Skipped: no emergency location was lost."))
