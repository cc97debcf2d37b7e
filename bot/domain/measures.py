"""How long and how much, as people read them."""

from __future__ import annotations

_MINUTE_S, _HOUR_S = 60, 3600
_ONE = {"under a minute": "minute", "1 min": "minute", "1 h": "hour"}


def aged(seconds: float) -> str:
    """How old something is, or how long it has been waiting: "under a minute", "40 min", "9 h", "3 days"."""
    minutes, hours = round(seconds / _MINUTE_S), round(seconds / _HOUR_S)
    if minutes < 60:
        return f"{minutes} min" if minutes > 0 else "under a minute"
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def span(seconds: float) -> str:
    """The same behind "the last": "minute", "40 min", "hour", "9 h", "3 days"."""
    words = aged(seconds)
    return _ONE.get(words, words)


def lasted(seconds: float) -> str:
    """A duration in the two units that matter: "under a second", "12 s", "23 min", "2 h 5 min", "2 h", "3 days"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s" if whole else "under a second"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days"


def to_the_second(seconds: int) -> str:
    """A duration of which nothing is left out, so that several add up: "0 s", "40 s", "1 h 40 s", "2 h 5 min"."""
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def numbered(number: int, what: str, many: str = "") -> str:
    """“1 backup”, “1,200 backups”; `many` is for words that take more than an s."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def sized(size: int) -> str:
    """Bytes as people read them: "2.3 GB", "1.2 MB", "14.1 kB", "325 bytes"."""
    if size < 1000:
        return numbered(size, "byte")
    if size >= 1e9:
        return f"{size / 1e9:,.1f} GB"
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
