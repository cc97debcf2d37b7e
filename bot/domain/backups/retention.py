"""Which backups stay and which may go, and why: by windows of time, never by count, which newer copies could use up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.domain.backups.backup import Backup, Keeping, is_restorable


@dataclass(frozen=True, slots=True)
class Windows:
    """Everything stays for `keep_all_days`; then the last one of each local day, ISO week and month, for so long."""

    keep_all_days: int = 7
    daily_days: int = 30
    weekly_weeks: int = 26
    monthly_months: int = 24


@dataclass(frozen=True, slots=True)
class KeptBackup:
    """A backup with what is known of it."""

    backup: Backup
    keeping: Keeping

    @property
    def is_sound(self) -> bool:
        """Neither damaged nor suspiciously small: only such a one may stand for others."""
        return not self.keeping.damage and not self.keeping.shrunk


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one backup; `because` is a sentence."""

    backup: Backup
    stays: bool
    because: str


@dataclass(frozen=True, slots=True)
class _View:
    """The moment from which it is looked back."""

    windows: Windows
    now: float
    zone: tzinfo

    @property
    def today(self) -> datetime:
        return datetime.fromtimestamp(self.now, self.zone)

    def local(self, one: KeptBackup) -> datetime:
        return datetime.fromtimestamp(one.backup.taken_at, self.zone)

    def days(self, one: KeptBackup) -> float:
        """How old it is."""
        return (self.now - one.backup.taken_at) / 86_400

    def months(self, one: KeptBackup) -> int:
        """How many ends of a month lie in between."""
        now, then = self.today, self.local(one)
        return (now.year - then.year) * 12 + now.month - then.month


@dataclass(frozen=True, slots=True)
class _Span:
    """One window: what it is called, which backups it reaches, and which of them belong together."""

    one: str
    lasts: Callable[[Windows], str]
    reaches: Callable[[_View, KeptBackup], bool]
    together: Callable[[datetime], tuple[int, ...]]


_SPANS = (
    _Span(
        "day",
        lambda windows: f"{windows.daily_days} days",
        lambda view, one: view.days(one) <= view.windows.daily_days,
        lambda at: (at.year, at.month, at.day),
    ),
    _Span(
        "week",
        lambda windows: f"{windows.weekly_weeks} weeks",
        lambda view, one: view.days(one) <= view.windows.weekly_weeks * 7,
        lambda at: tuple(at.isocalendar())[:2],
    ),
    _Span(
        "month",
        lambda windows: f"{windows.monthly_months} months",
        lambda view, one: view.months(one) <= view.windows.monthly_months,
        lambda at: (at.year, at.month),
    ),
)


def plan(kept: Sequence[KeptBackup], basis: str, windows: Windows, now: float, zone: tzinfo) -> tuple[Decision, ...]:
    """One decision for each backup of a pool, the oldest first. `basis` is a digest of what its backup pool holds now.

    A backup from the future (a clock that was wrong) stays, and stands for nothing. One that is damaged or shrunk makes
    no other go: the last sound one of its day, week or month stays as well.
    """
    view = _View(windows, now, zone)
    rows = sorted(kept, key=lambda one: (one.backup.taken_at, one.backup.id))
    reasons: dict[str, str] = {}
    for one, because in _reasons(rows, basis, view):
        reasons.setdefault(one.backup.id, because)
    return tuple(
        Decision(one.backup, one.backup.id in reasons, reasons.get(one.backup.id) or _gone(one, view)) for one in rows
    )


def _reasons(rows: Sequence[KeptBackup], basis: str, view: _View) -> Iterator[tuple[KeptBackup, str]]:
    """Who stays and why, the strongest reasons first."""
    past = [one for one in rows if one.backup.taken_at <= view.now]
    for one in rows:
        if one.keeping.pins:
            yield one, f"Pinned: {'; '.join(one.keeping.pins.values())}"
        if one.backup.taken_at > view.now:
            yield one, "It is dated in the future, so its age is not known."
    yield from _dearest(past, basis)
    for one in past:
        if view.days(one) <= view.windows.keep_all_days:
            yield one, f"Not older than {view.windows.keep_all_days} days."
    for span in _SPANS:
        for one in _standing(span, past, view):
            yield one, f"The last one of its {span.one} stays for {span.lasts(view.windows)}."


def _dearest(past: Sequence[KeptBackup], basis: str) -> Iterator[tuple[KeptBackup, str]]:
    """The newest that can be restored, as far as anybody knows, and the newest sound one."""
    ranks: tuple[tuple[str, Callable[[KeptBackup], bool]], ...] = (
        ("The newest one that can be restored today.", lambda one: is_restorable(one.keeping, basis)),
        ("The newest one that could be restored when it was rehearsed.", _was_restorable),
    )
    found = (
        (one, because)
        for because, is_so in ranks
        for flagged in (False, True)
        for one in reversed(past)
        if is_so(one) and (flagged or one.is_sound)
    )
    if (best := next(found, None)) is not None:
        yield best
    if (sound := next((one for one in reversed(past) if one.is_sound), None)) is not None:
        yield sound, "The newest sound one."


def _was_restorable(one: KeptBackup) -> bool:
    return bool(one.keeping.stamp and one.keeping.stamp.restorable and not one.keeping.damage)


def _standing(span: _Span, past: Sequence[KeptBackup], view: _View) -> Iterable[KeptBackup]:
    """The last sound one of each day (week, month) that the window reaches; where none is sound, the last one."""
    last: dict[tuple[int, ...], KeptBackup] = {}
    for one in past:
        key = span.together(view.local(one))
        if span.reaches(view, one) and (one.is_sound or key not in last or not last[key].is_sound):
            last[key] = one
    return last.values()


def _gone(one: KeptBackup, view: _View) -> str:
    span = next((span for span in _SPANS if span.reaches(view, one)), None)
    return f"Another one of its {span.one} stays." if span else f"Older than {_SPANS[-1].lasts(view.windows)}."
