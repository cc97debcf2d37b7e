"""What people may send as the files of a companion: names, sizes and contents, before anything is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.companions.kinds import Companion
from bot.domain.groups.audit import LARGEST_WAV
from bot.domain.groups.difference import seen

MOST_FILES = 10
"""As many as Slack lets a form bring at once (facts: slack limits)."""

MOST_BYTES = 100 * 1024 * 1024
"""Of all files of one copy together."""

LARGEST_FILE = 10 * 1024 * 1024
"""Slack lets a form bring no larger ones (facts: slack limits)."""

_LONGEST_NAME = 120
_NOT_IN_NAMES = frozenset('<>:"/\\|?*')
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")


def complaint(one: Companion, files: Sequence[tuple[str, int]]) -> str:
    """What is wrong with files of these names and sizes (bytes), in one sentence; empty when nothing is."""
    return next(_complaints(one, files), "")


def unlike(name: str, data: bytes) -> str:
    """Why these bytes are not what the file's name says, in one sentence; empty when they are."""
    if not data:
        return f"“{bounded(name)}” is empty."
    if name.lower().endswith(".wav") and not (data[:4] == b"RIFF" and data[8:12] == b"WAVE"):
        return f"“{bounded(name)}” is no wav file inside, whatever its name says."
    if name.lower().endswith(".wma") and not data.startswith(_ASF):
        return f"“{bounded(name)}” is no wma file inside, whatever its name says."
    return ""


def warnings(files: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """What a server would not take back as it is (facts: lync §2.8)."""
    large = (name for name, size in files if name.lower().endswith(".wav") and size > LARGEST_WAV)
    return tuple(f"“{bounded(name)}” is larger than 4 MB: no server takes such a wav file." for name in large)


def bounded(name: str) -> str:
    """A stranger's file name for a sentence: on one line, without signs that nobody sees, not too long."""
    said = "".join(filter(str.isprintable, seen(name)))
    return said if len(said) <= _LONGEST_NAME else f"{said[:_LONGEST_NAME]}…"


def _complaints(one: Companion, files: Sequence[tuple[str, int]]) -> Iterator[str]:
    if not files:
        yield "No file was chosen. Choose at least one."
    if len(files) > MOST_FILES:
        yield f"These are {len(files)} files; {MOST_FILES} at once are the most."
    for name, _ in files:
        yield from _of_name(one, name)
    names = [name.casefold() for name, _ in files]
    if twice := next((name for name, _ in files if names.count(name.casefold()) > 1), ""):
        yield f"Two of these files are called “{bounded(twice)}”. Rename one of them."
    if large := next((name for name, size in files if size > LARGEST_FILE), ""):
        yield f"“{bounded(large)}” has more than {LARGEST_FILE // 2**20} MB. Slack takes no larger file in a form."


def _of_name(one: Companion, name: str) -> Iterator[str]:
    """Windows has to be able to take the name back, and no path may hide in it."""
    hidden = seen(name) != name or any(sign in _NOT_IN_NAMES or not sign.isprintable() for sign in name)
    if hidden or not name.strip(" .") or name != name.strip(" ") or name.endswith(".") or len(name) > _LONGEST_NAME:
        yield f"A file cannot be kept under the name “{bounded(name)}”. Rename it and send it again."
    if not name.lower().endswith(one.suffixes):
        wanted = " or ".join(one.suffixes)
        yield f"“{bounded(name)}” is not a {wanted} file, and no server would take it as {one.title}."
