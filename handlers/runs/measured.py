"""What a run came to: how long each part took, what came back and how old that was, in words and for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.domain.backups.backup import Backup
from bot.domain.errors import Damaged
from bot.domain.groups.compare import differing
from bot.domain.groups.difference import seen, titled
from bot.domain.groups.groups import Kind, counted
from bot.domain.measures import to_the_second
from bot.domain.runs.clocks import RunClocks, clocks, unsaved_minutes
from bot.domain.runs.facts import outage_since
from bot.domain.runs.run import Entry, RowRecord, Run
from bot.domain.runs.runbook import Runbook
from bot.domain.runs.view import view_of
from bot.runbooks.failback.facts import EXPORTED
from bot.runbooks.failover.facts import CHOSEN, COPIES_EQUAL
from bot.runbooks.rows.facts import ARRIVED
from bot.runbooks.rows.moments import moment
from handlers.blocks.wording import is_person, utc, without_people
from handlers.runs.card import title
from handlers.runs.drawing import Bar, Count, Drawn
from storage.backups.backups import Backups
from storage.runs import Runs

NAMED = 20
"""So many edits are named one by one."""

ALL = 100_000
"""Lines of a log: more than any has."""

_STEERS = re.compile(r"[\\\[\]<>|]")
_EXACT = frozenset({"commands", "plan"})
"""What people approved to the letter, and its digest."""

_DOUBTS = frozenset({"lost", "looked", "stopped"})
"""Lines of the log on what did not simply work: no answer or a refusal, what a look found, and why it stopped."""

_MARKS = {"pass": "done", "warn": "done, with a warning", "stop": "stopped"}


@dataclass(frozen=True, slots=True)
class Report:
    """`brought` is the backup that the import was of, `arrived` what it brought, exported again.

    `edits` are the objects that were edited after that backup and before the outage, where a later backup knows them.
    `log` is the run's, oldest first.
    """

    run: Run
    runbook: Runbook
    clocks: RunClocks
    brought: Backup | None = None
    arrived: Backup | None = None
    edits: tuple[str, ...] | None = None
    log: tuple[Entry, ...] = ()

    @property
    def title(self) -> str:
        return title(view_of(self.run, self.runbook))


@dataclass(frozen=True, slots=True)
class Visit:
    """One time at a row: what it came to, and when it was done the time before (seconds since the epoch)."""

    record: RowRecord
    since: float


async def report_of(backups: Backups, runs: Runs, run: Run, runbook: Runbook, now: float) -> Report:
    """Of any run, up to `now` while it is open; of what is no longer kept, or cannot be read, nothing is said."""
    brought = await _found(backups, (CHOSEN.of(run) or EXPORTED.of(run)) if _is_imported(run) else "")
    arrived = await _found(backups, ARRIVED.of(run))
    edits, log = await _edits(backups, run, brought), tuple(reversed(await runs.audit(run.id, ALL)))
    return Report(run, runbook, clocks(run, now), brought, arrived, edits, log)


async def _found(backups: Backups, id: str) -> Backup | None:
    with suppress(Damaged):
        return await backups.find(id) if id else None
    return None


def _is_imported(run: Run) -> bool:
    """Also where copies were there already that are equal to the backup."""
    done = run.record_of("import")
    return (done is not None and done.mark in ("pass", "warn")) or COPIES_EQUAL.of(run)


async def _edits(backups: Backups, run: Run, brought: Backup | None) -> tuple[str, ...] | None:
    """The names of what differs in the newest backup from before the outage; None where there is no later one."""
    outage = outage_since(run)
    if brought is None or outage is None:
        return None
    newest = next((one for one in await backups.dated(run.primary.fqdn, outage, 1) if one.taken_at <= outage), None)
    if newest is None or newest.taken_at <= brought.taken_at:
        return None
    with suppress(Damaged):
        prints = [_keyed(await backups.fingerprints(one.id)) for one in (brought, newest)]
        return tuple(titled(kind, name) for kind, name in differing(*prints))
    return None


def _keyed(prints: Mapping[str, str]) -> dict[tuple[Kind, str], str]:
    """By type and name, as they were before they were kept."""
    parts = ((*key.partition("/"), digest) for key, digest in prints.items())
    return {(Kind(kind), name): digest for kind, _, name, digest in parts}


def lines(report: Report) -> tuple[str, ...]:
    """All that the picture shows, and how old what came back is; not escaped."""
    measured = report.clocks
    since = "from the outage" if measured.from_outage else "from its start"
    until = "to the end" if measured.is_over else "until now"
    parts = (f"{part}: {to_the_second(seconds)}." for part, seconds in measured.parts)
    return (f"{report.title}: {to_the_second(measured.total_s)} {since} {until}.", *parts, *_recovered(report))


def _recovered(report: Report) -> Iterator[str]:
    """What came back, and of an outage how old that was when it began."""
    brought, arrived, outage = report.brought, report.arrived, outage_since(report.run)
    if brought is None:
        if outage is not None:
            yield "Recovery point: not known, because no backup was imported here."
        return
    if outage is not None:
        minutes = unsaved_minutes(brought.taken_at, outage)
        yield f"Recovery point: {minutes} min. The backup is of {moment(brought.taken_at, report.run.primary)}."
        yield _edited(report, brought.taken_at >= outage)
    yield f"In the backup: {counted(brought.counts)}."
    yield f"Arrived: {counted(arrived.counts)}." if arrived else "Arrived: not counted."


def _edited(report: Report, is_later: bool) -> str:
    """What was edited before the outage and is not in the backup; nothing, where that `is_later`."""
    if is_later:
        return "It was made after the outage began, so no edit from before is missing."
    if report.edits is None:
        return "Edits between that backup and the outage: not known."
    if not report.edits:
        return "The last backup before the outage held the same, so no edit is known to be missing."
    more = f" and {len(report.edits) - NAMED} more" if len(report.edits) > NAMED else ""
    return f"Missing, because edited after it: {', '.join(report.edits[:NAMED])}{more}."


def drawn(report: Report) -> Drawn:
    """The same as values that can be drawn."""
    bars = tuple(Bar(str(part), seconds, part.is_people) for part, seconds in report.clocks.parts)
    return Drawn(report.title, bars, tuple(_counts(report)))


def _counts(report: Report) -> Iterator[Count]:
    if report.brought is None:
        return
    for kind in Kind:
        after = report.arrived.counts.get(kind, 0) if report.arrived else None
        yield Count(kind.plural, int(report.brought.counts.get(kind, 0)), after)


def markdown(report: Report) -> str:
    """The whole report as a file: times, counts, and every row that was done, with its exact commands."""
    run, pool = report.run, report.run.primary
    ended = f"ended {moment(run.closed_at, pool)}" if run.closed_at is not None else "not ended yet"
    opened = f"Run `{run.id}`, opened by {_safe(run.opened_by.name)} on {moment(run.opened_at, pool)}, {ended}."
    parts = (f"| {part} | {to_the_second(seconds)} |" for part, seconds in report.clocks.parts)
    total = f"| **Total** | **{to_the_second(report.clocks.total_s)}** |"
    counts = (f"| {one.kind} | {one.before} | {_number(one.after)} |" for one in _counts(report))
    return "\n".join(
        [
            *(f"# {_safe(report.title)}", "", opened, _safe(run.sentence), ""),
            *(f"- {_safe(line)}" for line in _recovered(report)),
            *("", "## How long it took", "", "| part | time |", "|---|---|", *parts, total),
            *_table("Objects", "| kind | in the backup | arrived |", counts),
            *("", "## What was done", ""),
            *(line for visit in visits(report) for line in _row(report, visit)),
            *("", _beside(report), ""),
        ]
    )


def _table(heading: str, head: str, rows: Iterable[str]) -> list[str]:
    found = list(rows)
    return ["", f"## {heading}", "", head, "|---" * (head.count("|") - 1) + "|", *found] if found else []


def _number(count: int | None) -> str:
    return "not counted" if count is None else str(count)


def visits(report: Report) -> Iterator[Visit]:
    """Every row that was done, as often as it was."""
    since: dict[str, float] = {}
    for record in report.run.records:
        if record.mark != "skipped":
            yield Visit(record, since.get(record.step, 0.0))
        since[record.step] = record.at


def _seconds(report: Report, visit: Visit) -> int:
    """For how long the run stood at that row this time; a second counts for one time only."""
    legs = (leg for leg in report.clocks.legs if leg.step == visit.record.step)
    return sum(max(0, min(leg.end, int(visit.record.at)) - max(leg.begin, int(visit.since))) for leg in legs)


def _beside(report: Report) -> str:
    """What makes the times of the rows add up to the total."""
    rows = sum(_seconds(report, visit) for visit in visits(report))
    rest = to_the_second(report.clocks.total_s - rows)
    return (
        f"These rows took {to_the_second(rows)} together. {rest} went by before the run, or at rows that are not done."
    )


def _doubts(report: Report, visit: Visit) -> Iterator[Entry]:
    """What was in doubt at this row this time, and the answer of whoever decided what to do about it."""
    is_open = False
    for entry in report.log:
        if entry.step != visit.record.step or not visit.since < entry.at <= visit.record.at:
            continue
        decides = is_open and is_person(entry.who) and entry.what != "refused"
        is_open = (is_open or entry.what in _DOUBTS) and not decides
        if decides or entry.what in _DOUBTS:
            yield entry


def _row(report: Report, visit: Visit) -> Iterator[str]:
    runbook, record = report.runbook, visit.record
    step = next((one for one in runbook.steps if one.key == record.step), None)
    name = f"{runbook.numbers[step.key]} · {step.title}" if step else record.step
    took = _seconds(report, visit)
    by = f", approved by {', '.join(_safe(who.name) for who in record.approved)}" if record.approved else ""
    when = f"{moment(record.at, report.run.primary)}, after {to_the_second(took)}"
    became = record.undone.lower() or _MARKS.get(record.mark, record.mark)
    yield f"- **{_safe(name)}** ({became}, {when}{by}): {_safe(record.sentence)}"
    yield from (f"  - {_told(report, entry)}" for entry in _doubts(report, visit))
    yield from (f"  - {_safe(line)}" for line in record.details)
    yield from (f"  - `{seen(command).replace('`', chr(39))}`" for command in record.commands)


def _told(report: Report, entry: Entry) -> str:
    by = f" ({entry.who.name})" if is_person(entry.who) and not entry.sentence.startswith(entry.who.name) else ""
    return f"{moment(entry.at, report.run.primary)}: {_safe(f'{entry.sentence}{by}')}"


def _safe(text: str) -> str:
    """Others' words without addresses and numbers, and without what would make a link or a table in Markdown."""
    return _STEERS.sub(lambda found: f"\\{found[0]}", without_people(text))


def log_lines(entries: Iterable[Entry]) -> list[str]:
    """The audit log for programs, a JSON object a line, without addresses and numbers of people; commands as sent."""
    return [msgspec.json.encode(_entry(one)).decode() for one in entries]


async def log_of(runs: Runs, run_id: str) -> list[str]:
    """All of this run's, oldest first."""
    return log_lines(reversed(await runs.audit(run_id, ALL)))


def _entry(one: Entry) -> dict[str, Any]:
    who = {"id": one.who.id, "name": without_people(one.who.name)}
    said = {"what": one.what, "row": one.step, "sentence": without_people(one.sentence)}
    return {"at": one.at, "utc": utc(one.at), "who": who, **said, "data": _harmless(one.data)}


def _harmless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: one if key in _EXACT else _harmless(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_harmless(one) for one in value]
    return without_people(value) if isinstance(value, str) else value
