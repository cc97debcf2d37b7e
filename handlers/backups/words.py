"""What is known of a kept backup, in words: what it holds, whether it can be restored, where its copies are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.backups.backup import Backup, Keeping, is_ahead, is_restorable
from bot.domain.groups.groups import ServiceSettings, counted
from bot.domain.measures import aged, sized
from bot.domain.model import Who, short
from handlers.blocks.wording import bounded, exact, mention, shown, when

NO_MIRROR = "no off-site copy configured"
_SHORT = 140
_ENTRY = 800


@dataclass(frozen=True, slots=True)
class ShownBackup:
    """A backup and what is known of it today; `basis` is the digest of what its backup pool holds, empty if unknown.

    `is_first`: there is none before it. `lone` says why its pool has no backup pool, if it has none. `mirrored`: an
    off-site copy is configured.
    """

    backup: Backup
    keeping: Keeping = field(default_factory=Keeping)
    basis: str = ""
    is_first: bool = False
    lone: str = ""
    mirrored: bool = False


def changes(kept: ShownBackup) -> str:
    """How many objects changed since the backup before."""
    changed = kept.backup.changed
    if changed is None:
        return "first" if kept.is_first else "changes not counted"
    return f"{changed or 'no'} change{'' if changed == 1 else 's'}"


def stamp(kept: ShownBackup, now: float) -> str:
    """Whether it can be restored, in one line; what is not known is said to be unknown."""
    known, pool = kept.keeping.stamp, _short(kept.keeping.stamp.pool) if kept.keeping.stamp else ""
    if kept.keeping.damage:
        return "❌ not restorable: it is damaged"
    if known is None:
        return f"❔ not rehearsed: {shown(kept.lone, _SHORT) or 'its rehearsal is still to come'}"
    ago = f"rehearsed {aged(now - known.at)} ago"
    if not known.restorable:
        return f"❌ not restorable: {shown(next(iter(known.sentences), 'see the details'), _SHORT)}"
    if is_restorable(kept.keeping, kept.basis):
        return f"✅ restorable, {ago}"
    if not kept.basis:
        return f"❔ was restorable, {ago}; what {pool} holds today is not known"
    return f"⚠️ was restorable, {ago}; {pool} has changed since"


def mirror(kept: ShownBackup, now: float) -> str:
    """Where its off-site copy is."""
    at = kept.keeping.mirrored_at
    if at is not None:
        return f"off-site copy {when(at, now)}" if now >= at else f"off-site copy {when(at)}"
    return "not yet off-site" if kept.mirrored else NO_MIRROR


def flags(kept: ShownBackup) -> list[str]:
    """What must not be overlooked, a line each."""
    keeping = kept.keeping
    said = (("🛑 Damaged: ", keeping.damage), ("⚠️ Shrunk: ", keeping.shrunk))
    return [f"{sign}{shown(sentence, _SHORT)}" for sign, sentence in said if sentence]


def pins(keeping: Keeping) -> list[str]:
    """Who or what keeps it for ever, and why; people as mentions."""
    return [f"{pinner(by)}: {shown(because, _SHORT) or 'no reason given'}" for by, because in keeping.pins.items()]


def pinner(by: str) -> str:
    """Whoever pinned: a person by id, or a run."""
    return mention(Who(by, "somebody")) if is_by_person(by) else f"Run `{exact(by, 120)}`"


def is_by_person(by: str) -> bool:
    """Whether a person pinned it (`T…:U…`), rather than a run."""
    return mention(Who(by, "")).startswith("<@")


def entry(kept: ShownBackup, now: float) -> str:
    """One backup of a list, in two lines and one for each thing that must not be overlooked."""
    backup = kept.backup
    source = "" if backup.source == backup.pool else f" · exported from {shown(backup.source, 120)}"
    first = f"{taken(backup, now)} · {sized(backup.size)} · {counted(backup.counts, 'empty')} · {changes(kept)}{source}"
    pinned = " · kept for ever" if kept.keeping.pins else ""
    warned = len(backup.warnings)
    more = f" · ⚠️ {warned} warning{'s' if warned > 1 else ''}" if warned else ""
    second = f"{stamp(kept, now)} · {mirror(kept, now)}{pinned}{more}"
    return bounded("\n      ".join([first, second, *flags(kept)]), _ENTRY)


def taken(backup: Backup, now: float) -> str:
    """When it was taken; an age only where the date can be right."""
    age = "⚠️ wrongly dated: in the future" if is_ahead(backup, now) else f"{aged(now - backup.taken_at)} ago"
    return f"*{when(backup.taken_at)}*, {age}"


def settings(row: Mapping[str, Any] | None) -> list[str]:
    """The application-level settings that were read beside the export, a line each."""
    if row is None:
        return ["They were not read when it was taken."]
    known, music = ServiceSettings.from_row(row), row.get("DefaultMusicOnHoldFile")
    return [
        f"Music on hold: {shown(str(music), _SHORT) if music else 'what the server comes with'}",
        f"Ring-back grace period of agents: {known.ringback_grace_s} s",
        f"Call context: {'not shown' if known.call_context_disabled else 'shown'} to agents",
    ]


def _short(pool: str) -> str:
    return shown(short(pool), 80) or "the backup pool"
