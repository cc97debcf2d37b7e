"""Strangers' words made harmless and bounded, and people, instants and commands as Slack shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from bot.domain.groups.difference import masked, seen
from bot.domain.model import Who

_RUNBOOKS = (
    "backup|companion|failover|failback|verify|prestage|clean-up|import-again|undo|adopt|cms|edge|xmpp|edge-of-pool|"
    "mirror|conferences|backup-service|rebuild|replace"
)
_OWN = re.compile(rf"((?<![\w-])(?:{_RUNBOOKS})-[a-z0-9.-]+?-\d{{4}}-\d{{4}}-[0-9a-f]{{4}}(?![0-9a-f]))")
"""Ids of runs, as the engine makes them: their digits are a date and no phone number."""

_STRING = r"\"[^\"“”]*\"|'(?:[^']|'')*'"
_COMMAND = re.compile(rf"(?:[A-Z][a-z]+-Cs[A-Z]\w+ -[A-Z]|Import-Csv |robocopy \(|\$[a-z]+ = )(?:{_STRING}|[^\"'“”])+")
"""A line of PowerShell, whole: what it starts with, and every quote closed again."""

_CODE = re.compile(r"(`[^`]+`)")

_ADDRESS = re.compile(
    r"\b(?:sips?|tel|mailto):[^\s,;“”\"'<>()\[\]]+|[^\s,;:“”\"'<>()\[\]]+@[^\s,;“”\"'<>()\[\]]+", re.I
)
_CUT_ENTITY = re.compile(r"&[a-z]{0,3}$")
_CUT_SHORT = re.compile(r"&[a-z]{0,3}$|<[^<>]*$")
_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_HALF_A_DAY_S = 12 * 3600
_FENCE = "```"
_FENCE_ROOM = 2 * len(_FENCE) + 2


def plain(text: str, most: int = 150, otherwise: str = "(no name)") -> str:
    """One line for a plain_text object, which Slack does not parse: no mention, no hidden sign, `most` characters."""
    line = without_numbers(_line(text[: 4 * most])).replace("<", "‹").replace(">", "›").replace(_FENCE, "'''")
    return bounded(line, most) or otherwise


def shown(text: str, most: int = 600) -> str:
    """One line for mrkdwn: numbers masked, `& < >` escaped, no code fence; `most` characters after escaping."""
    return exact(without_numbers(_line(text[: 2 * most])), most)


def exact(text: str, most: int = 600) -> str:
    """As `shown`, with every number: for our own ids, and for commands, which people approve to the letter."""
    return bounded(escaped(_line(text)), most)


def is_command(line: str) -> bool:
    """Whether somebody is to run this line, so that it stands to the letter: no sentence reads so, and no name."""
    return "\n" not in line and bool(_COMMAND.fullmatch(line))


def told(text: str, most: int = 600) -> str:
    """As `shown`, but a command keeps every number: one that is the whole line, or stands in the text as code."""
    return bounded(escaped(_but_commands(text if is_command(text) else text[: 2 * most], without_numbers)), most)


def without_numbers(text: str) -> str:
    """The text without anything that could be a phone number; the ids of runs stay what they are."""
    return "".join(part if _OWN.fullmatch(part) else masked(part) for part in _OWN.split(text))


def without_people(text: str) -> str:
    """One line without SIP addresses, mail addresses and numbers, for whoever holds no role."""
    return _nobody(_line(text))


def written(text: str) -> str:
    """The same for a terminal, but a command keeps every number and address."""
    return _but_commands(text, _nobody)


def escaped(text: str) -> str:
    """Slack's three signs as entities, and no code fence to break out of."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace(_FENCE, "'''")


def bounded(text: str, most: int) -> str:
    """At most `most` characters of escaped text, no entity and nothing in angle brackets cut in two."""
    return text if len(text) <= most else _CUT_SHORT.sub("", text[: most - 1]).rstrip() + "…"


def _nobody(text: str) -> str:
    return without_numbers(_ADDRESS.sub("(address)", text))


def _but_commands(text: str, hidden: Callable[[str], str]) -> str:
    if is_command(text):
        return seen(text)
    return "".join(part if _is_code(part) else hidden(part) for part in _CODE.split(_line(text)))


def _is_code(part: str) -> bool:
    return part[:1] == "`" and (part.startswith("`/rgs ") or is_command(part.strip("`")))


def joined(parts: Iterable[str]) -> str:
    return " ".join(part for part in parts if part)


def bullets(lines: Sequence[str], most: int, rows: int = 10, each: int = 300) -> str:
    """One line each, as many as fit into `most` characters and `rows`; how many are left out is said.

    Sentences are cut to `each` characters; half of a command is none, so it stands whole or is counted.
    """
    return "\n".join(
        fitting([f"•  {told(line, most if is_command(line) else each)}" for line in lines[:rows]], len(lines), most)
    )


def fitting(lines: Sequence[str], total: int, most: int) -> list[str]:
    """The first lines that fit into `most` characters together, and a last one that counts the rest of `total`."""
    kept: list[str] = []
    room = most - 40
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return [*kept, f"•  … and {total - len(kept)} more"] if total > len(kept) else kept


def code(lines: Iterable[str], most: int = 2900) -> list[str]:
    """Code blocks that hold every character of the lines, each block at most `most` characters."""
    text = escaped(seen("\n".join(lines)))
    pieces: list[str] = []
    while text:
        end = _whole(text, most - _FENCE_ROOM)
        pieces.append(f"{_FENCE}\n{text[:end].strip(chr(10))}\n{_FENCE}")
        text = text[end:]
    return pieces


def when(at: float, since: float | None = None) -> str:
    """An instant (seconds since the epoch) in the reader's own time zone, UTC where it cannot be shown so.

    Within half a day of `since`, the day goes without saying.
    """
    day = "" if since is not None and 0 <= at - since < _HALF_A_DAY_S else "{date_short_pretty} "
    return f"<!date^{int(at)}^{day}{{time}}|{utc(at)}>"


def ago(at: float) -> str:
    """How long ago that was, which Slack keeps current by itself."""
    return f"<!date^{int(at)}^{{ago}}|{utc(at)}>"


def utc(at: float) -> str:
    return datetime.fromtimestamp(max(0, int(at)), UTC).strftime("%Y-%m-%d %H:%M UTC")


def is_person(who: Who) -> bool:
    return ":" in who.id


def mention(who: Who) -> str:
    """Somebody as Slack links them; the bot itself, and whoever has no Slack id, by name."""
    user = who.id.rpartition(":")[2]
    return f"<@{user}>" if is_person(who) and _SLACK_USER.fullmatch(user) else shown(who.name, 80)


def signed(sentence: str, who: Who | None, most: int = 300) -> str:
    """The sentence with whoever it speaks of as a mention; their name is in it already, or it is put behind.

    What the bot did by itself is not signed.
    """
    if who is None or not is_person(who):
        return shown(sentence, most)
    sentence = without_numbers(sentence[: 4 * most])
    rest = sentence.removeprefix(who.name) if who.name else sentence
    if rest != sentence:
        return f"{mention(who)}{' ' if rest[:1].isspace() else ''}{shown(rest, most)}"
    return f"{shown(sentence, most)} · {mention(who)}"


def _line(text: str) -> str:
    return " ".join(seen(text).split())


def _whole(text: str, most: int) -> int:
    """Where to cut escaped text so that no entity is cut in two, at the end of a line if there is one."""
    if len(text) <= most:
        return len(text)
    line = text.rfind("\n", most // 2, most)
    return line + 1 if line > 0 else most - len((_CUT_ENTITY.search(text[:most]) or [""])[0])
