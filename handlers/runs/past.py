"""Runs of the past: those that move pools first, each with its timeline; what is done again and again is folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import BadInput
from bot.domain.measures import lasted
from bot.domain.near import nearest
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Runbook
from bot.domain.runs.view import still_open
from handlers.asked import COUNT, Asked, usage
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Block, Message, header, section
from handlers.blocks.wording import bounded, exact, shown, when
from handlers.desk import Desk
from handlers.runs.card import SIGNS, mark
from handlers.slack.replies import Reply

RECENT = 50
"""Runs of all kinds that are looked through at once."""

MOVES, ALL = "moves", "all"
"""What may stand behind `/rgs runs`, beside the key of a runbook."""

_MOVES = 5
_TEXT = 3900
_ENDS = {Phase.DONE: "done", Phase.ABANDONED: "abandoned", Phase.SUPERSEDED: "ended by an outage"}
_NONE = "No run yet. Declare an outage with `/rgs failover pool-a`, or make a backup with `/rgs backup pool-a`."


@dataclass(frozen=True, slots=True)
class Fold:
    """Runs of one runbook, newest first."""

    book: Runbook
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """What there was: runs that are shown one by one, those that move pools first, and routine ones."""

    single: tuple[Run, ...] = ()
    folded: tuple[Fold, ...] = ()


async def past(desk: Desk) -> Past:
    """The newest runs that move pools, however old, and what else is among the newest of all."""
    moving, recent = await desk.runs.page(count=_MOVES, moving=True), await desk.runs.page(count=RECENT)
    return sorted_out(moving, recent, desk.engine.runbooks)


def sorted_out(moving: Sequence[Run], recent: Sequence[Run], books: Mapping[str, Runbook]) -> Past:
    """Both newest first. A routine run that is the only one of its runbook is not folded."""
    of_book = {book.key: tuple(run for run in recent if run.runbook == book.key) for book in books.values()}
    folded = tuple(Fold(books[key], found) for key, found in of_book.items() if books[key].routine and len(found) > 1)
    shown_already = {run.id for run in (*moving, *(run for fold in folded for run in fold.runs))}
    return Past((*moving, *(run for run in recent if run.id not in shown_already)), folded)


async def runs(asked: Asked) -> Reply:
    """`/rgs runs`, or page by page all of them, those that move pools, or those of one runbook."""
    if not asked.words:
        return Reply(runs_list(await past(asked.desk), asked.desk.now()))
    return Reply(await _page(asked, _kind(asked)))


async def _page(asked: Asked, kind: str) -> Message:
    """A runbook's are looked for among the next of all; there may be none among them, and more behind."""
    page = await asked.desk.runs.page(_instant(asked), RECENT, moving=kind == MOVES)
    found = [run for run in page if kind in (MOVES, ALL, run.runbook)]
    shows, last = found[:COUNT], found[COUNT - 1 :] or page[RECENT - 1 :]
    drawn = [_single(run, asked.desk.now()) for run in shows]
    older = [blocks.button("Show older", actions.PAGE, _older(kind, one)) for one in last[:1]]
    return _message(f"Runs · {kind}", drawn or [section("None here." if last else _NONE)], older)


def _older(kind: str, last: Run) -> str:
    return actions.page_value("runs", kind, str(last.opened_at))


def _kind(asked: Asked) -> str:
    """Raises BadInput with the nearest one."""
    word, known = asked.words[0].casefold(), (MOVES, ALL, *asked.desk.engine.runbooks)
    if word in known:
        return word
    near = nearest(word, known)
    hint = f" Did you mean `/rgs runs {near}`?" if near else ""
    raise BadInput(f"There are no runs “{word[:40]}”.{hint} {usage(asked.row)}")


def _instant(asked: Asked) -> float | None:
    try:
        return float(asked.before) if asked.before else None
    except ValueError:
        raise BadInput(f"This page does not exist any more. {usage(asked.row)}") from None


def runs_list(found: Past, now: float) -> Message:
    """One by one, then what is folded; nothing is lost: two buttons lead to all that moved pools, and to every run."""
    drawn = rows(found, now)
    more = [
        blocks.button("All that move pools", f"{actions.DO}runs-{MOVES}", f"runs {MOVES}"),
        blocks.button("All runs", f"{actions.DO}runs-{ALL}", f"runs {ALL}"),
    ]
    return _message("Runs", drawn or [section(_NONE)], more if drawn else [])


def rows(found: Past, now: float, most: int = COUNT) -> list[Block]:
    """A block for each run with its timeline, and one for each runbook that is folded, with a button that opens it."""
    single = [_single(run, now) for run in found.single[:most]]
    return [*single, *map(_folded, found.folded)]


def _single(run: Run, now: float) -> Block:
    reads = f"Timeline, {run.runbook} of {run.primary.short}"
    return section(run_line(run, now), blocks.button("Timeline", actions.TIMELINE, run.id, reads=reads))


def _folded(fold: Fold) -> Block:
    """ "12 runs, all done"; never green while one of them is not."""
    book, runs = fold.book, fold.runs
    ends = Counter(_ENDS.get(run.phase, "open") for run in runs)
    said = "all done" if set(ends) == {"done"} else ", ".join(f"{count} {end}" for end, count in ends.items())
    marks = [mark(run, still_open(run)) for run in runs]
    worst = next((one for one in marks if one != SIGNS[Phase.DONE]), SIGNS[Phase.DONE])
    line = f"{worst} *{shown(book.title, 80)}* · {len(runs)} runs, {said} · newest {when(runs[0].opened_at)}"
    reads = f"Show each {book.title}"
    return section(line, blocks.button("Show each", f"{actions.DO}runs-{book.key}", f"runs {book.key}", reads=reads))


def run_line(run: Run, now: float) -> str:
    """One run in a line: what, how it stands or ended, who opened it."""
    what = f"*{run.runbook.capitalize()} of {shown(run.primary.short, 80)}*"
    end = _ENDS.get(run.phase)
    took = f" after {lasted(run.closed_at - run.opened_at)}" if run.closed_at is not None else ""
    state = f"{end}{took}" if end else f"open for {lasted(now - run.opened_at)}"
    said = f" — {shown(run.sentence, 200)}" if run.sentence else ""
    who, sign = shown(run.opened_by.name, 80), mark(run, still_open(run))
    return f"{sign} {what} · {state}{said}\n      {when(run.opened_at)} by {who} · `{exact(run.id, 120)}`"


def _message(heading: str, drawn: Sequence[Block], more: Sequence[Block]) -> Message:
    text = bounded("\n".join([f"{heading}:", *(block["text"]["text"] for block in drawn)]), _TEXT)
    return {"text": text, "blocks": [header(heading), *drawn, *([blocks.actions(more)] if more else [])]}
