"""What people put back beside Response Groups: the copies, and the commands for the pool that serves now."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.domain.companions.kinds import COMPANIONS, Shelf
from bot.domain.companions.way_back import FILES_SHOWN, commands, folder
from bot.domain.measures import numbered
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import FindCopies, Seen
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Choice, Field, Step
from bot.runbooks.rows.facts import COMPANIONS_DONE, COMPANIONS_OPEN

KINDS = ("call-park-settings", "call-park-music", "announcements", "rgs-audio")
"""Those that people put back while a pool is served by another (runbooks: failover 14)."""

_FILES_SHOWN = 2
_NOTE = Field(COMPANIONS_DONE.key, "What was put back, and how was it seen?", multiline=True, max_length=300)
_LATER = Field(COMPANIONS_OPEN.key, "Who does it, and until when?", max_length=200)


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
        f"The commands put back on {on.short} what {of.short} had, and people run them there. Their files have to be "
        f"in {folder(on)} on the Front End Server of {on.short} on which they are run. "
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
            f"puts it off: {{{COMPANIONS_OPEN.key}}}",
            COMPANIONS_DONE.to(""),
            fields=(_LATER,),
        ),
    )


def still_open(run: Run, of: Pool) -> str:
    """What the last sentence of a run has to say of it; empty when nothing was put off."""
    why = COMPANIONS_OPEN.of(run)
    return f"Call Park and announcements of {of.short} were put off ({why})." if why else ""
