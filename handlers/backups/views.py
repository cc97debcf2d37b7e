"""Kept backups as people see them: the list of a pool, everything about one, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.domain.backups.backup import Backup
from bot.domain.groups.groups import counted
from bot.domain.measures import sized
from bot.domain.model import Pool
from bot.domain.runs.runbook import Field
from handlers.backups.words import (
    ShownBackup,
    changes,
    entry,
    flags,
    is_by_person,
    mirror,
    pins,
    settings,
    stamp,
    taken,
)
from handlers.blocks import actions, blocks, inputs
from handlers.blocks.blocks import OPTIONS, Block, Message, View, context, header, label, modal, packed, section
from handlers.blocks.wording import bounded, bullets, exact, shown, utc, when

OTHERS = 50
"""So many other backups of a pool can be picked to compare with."""

_TEXT = 3900
_ABOUT = 800
_DIFFERENCE = 20_000
_LONGEST_VALUE = 150
WHY = Field("why", "Why is it to be kept?", hint="Your colleagues read this in a year.", max_length=200)
"""The one field of the form that keeps a backup for ever."""

COMPARING = "Comparing the two, object by object. That may take a minute."
HANGING = "If nothing else has appeared here in two minutes, close this and pick the backup once more."
FOR_EVER = "It is never pruned, until somebody presses “No longer keep”."


def backups_list(
    pool: Pool,
    page: Sequence[ShownBackup],
    told: Sequence[str] = (),
    offered: Sequence[Block] = (),
    *,
    older: bool,
    now: float,
) -> Message:
    """Kept backups, newest first, each with a button; `older`: there are more.

    `told` are sentences about the pool, `offered` are buttons that go with them.
    """
    heading = f"Backups of {pool.short}"
    none = f"{shown(pool.short, 80)} has no backup yet. `/rgs backup {shown(pool.short, 80)}` makes one now."
    lines = [entry(kept, now) for kept in page] or [none]
    about = [words for sentence in told if (words := shown(sentence, 300))]
    text = bounded("\n".join([f"{heading}:", *about, *lines]), _TEXT)
    top = [section(bounded("\n".join(about), _ABOUT))] if about else []
    rows = [section(line, _details(kept.backup)) for kept, line in zip(page, lines, strict=False)] or [section(none)]
    return {"text": text, "blocks": [header(heading), *top, *offered, *rows, *_foot(pool, page, older)]}


def detail(kept: ShownBackup, others: Sequence[Backup], now: float, because: str = "") -> View:
    """Everything about one backup; `others` can be compared with it, `because` is why it would be pruned or not."""
    backup, keeping = kept.backup, kept.keeping
    source = (
        ""
        if backup.source == backup.pool
        else f"\nExported from {shown(backup.source, 260)}, which had its groups then."
    )
    what = f"{taken(backup, now)} · {sized(backup.size)} · {changes(kept)}"
    known = keeping.stamp.sentences if keeping.stamp else ()
    parts = [
        section(f"{what}\n{counted(backup.counts, 'empty')}{source}"),
        *([section("\n".join(flags(kept)))] if flags(kept) else []),
        *_part("Can it be restored?", [stamp(kept, now)], known),
        *_part("Copies", [f"Kept in Redis · {mirror(kept, now)}"]),
        *_part("Kept for ever", pins(keeping)[:10]),
        *_part("Retention", [shown(because, 500)] if because and not keeping.pins else []),
        *_part("Warnings when it was taken", (), backup.warnings),
        *_part("Settings of the pool", settings(backup.settings)),
        context(
            f"`{exact(backup.id, 400)}` of run `{exact(backup.run, 300)}`", f"SHA-256 `{exact(backup.sha256, 80)}`"
        ),
    ]
    top = header(f"Backup of {backup.pool.partition('.')[0]}")
    view = modal("A backup", [top, *parts, *_doing(kept, others)], "Close")
    return {**view, "private_metadata": backup.id}


def keeping_form(backup: Backup) -> View:
    """Asks why a backup is to be kept for ever."""
    view = modal("Keep for ever", [section(f"*{_named(backup)}*\n{FOR_EVER}"), inputs.drawn(WHY)], "Cancel")
    return {**view, "callback_id": actions.BACKUP_KEEP, "private_metadata": backup.id, "submit": label("Keep it", 24)}


def comparing(older: Backup, newer: Backup) -> View:
    """What stands there until the difference is known."""
    return modal("Difference", [*_pair(older, newer), section(f"⏳ {COMPARING}"), context(HANGING)], "Close")


def difference(older: Backup, newer: Backup, lines: Sequence[str]) -> View:
    """What changed from one to the other, a line for each property of each object; numbers are masked."""
    found = packed([f"•  {shown(line, 600)}" for line in lines], _DIFFERENCE)
    return modal("Difference", [*_pair(older, newer), *found], "Close")


def undecided(older: Backup, newer: Backup, sentence: str) -> View:
    """Why the two could not be compared."""
    return modal("Difference", [*_pair(older, newer), section(f"🛑 {shown(sentence, 2000)}")], "Close")


def _pair(older: Backup, newer: Backup) -> list[Block]:
    said = f"From *{_named(older)}*\nto *{_named(newer)}*"
    return [header(f"Difference in {newer.pool.partition('.')[0]}"), section(said)]


def _named(backup: Backup) -> str:
    return f"{when(backup.taken_at)} · {counted(backup.counts, 'empty')}"


def _part(heading: str, lines: Sequence[str], details: Sequence[str] = ()) -> list[Block]:
    """A heading with lines that are escaped already, and details that are not; nothing without any."""
    said = [*lines, *([bullets(details, 2400, each=600)] if details else [])]
    return [section(bounded("\n".join([f"*{heading}*", *said]), 2900))] if said else []


def _details(backup: Backup) -> Block:
    return blocks.button("Details", actions.BACKUP_DETAILS, backup.id, reads=f"Details of {utc(backup.taken_at)}")


def _foot(pool: Pool, page: Sequence[ShownBackup], older: bool) -> list[Block]:
    last = page[-1].backup.id if page else ""
    more = [blocks.button("Show older", actions.PAGE, actions.page_value("backups", pool.fqdn, last))] if older else []
    chart = blocks.button("Chart", actions.BACKUP_CHART, pool.fqdn, reads=f"Chart of the backups of {pool.short}")
    return [blocks.actions([*more, chart])] if page else []


def _doing(kept: ShownBackup, others: Sequence[Backup]) -> Iterable[Block]:
    backup = kept.backup
    held = any(is_by_person(by) for by in kept.keeping.pins)
    free = blocks.confirm("No longer keep it?", "It may be pruned once it is old enough.", "No longer keep", "danger")
    buttons = [
        blocks.button("Send me the zip", actions.BACKUP_SEND, backup.id),
        blocks.button("No longer keep", actions.BACKUP_FREE, backup.id, confirm=free)
        if held
        else blocks.button("Keep for ever", actions.BACKUP_PIN, backup.id),
        blocks.button("Chart", actions.BACKUP_CHART, backup.pool),
    ]
    rows = [_option(one) for one in others if one.id != backup.id and len(one.id) <= _LONGEST_VALUE][:OPTIONS]
    menu = {"type": "static_select", "action_id": actions.BACKUP_COMPARE, "placeholder": label("Compare with …", 150)}
    choices = [{**menu, "options": rows}] if rows else []
    return [blocks.actions([*choices, *buttons])]


def _option(backup: Backup) -> Block:
    text = f"{utc(backup.taken_at)}, {sized(backup.size)}"
    return {"text": label(text, 75), "value": backup.id}
