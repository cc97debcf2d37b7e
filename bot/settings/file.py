"""Reads the text of the configuration file: rows say what each key may hold, and every fault is named with its line."""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any

from bot.domain import forest
from bot.domain.backups import offsite
from bot.domain.backups.schedule import DAILY, LONGEST_OBJECTIVE_H, OBJECTIVE_H, TIME, crowded
from bot.domain.companions import coverage
from bot.domain.companions.kinds import COMPANIONS
from bot.domain.errors import BadInput
from bot.domain.groups.groups import checked_fqdn
from bot.domain.model import Edition, Role
from bot.domain.near import nearest
from bot.settings.lines import Path, locate

Report = Callable[[Path, str], None]
Reader = Callable[[Any, Path, Report], Any]
"""Gives the checked value, or reports why there is none and gives None."""

DRIVERS = ("simulated",)
VERSIONS = ("2013", "2015", "2019")
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Key:
    """What a table may hold under `name`; a `required` one has no default. `meaning` is for the documents."""

    name: str
    read: Reader
    default: Any = None
    meaning: str = ""
    required: bool = False


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean “…”?` or nothing, for a word that is not among the known ones."""
    near = nearest(word, known, 0.6)
    return f"; did you mean “{near}”?" if near else "."


def text(value: Any, path: Path, report: Report) -> str | None:
    if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_TEXT and value.isprintable():
        return value.strip()
    return report(path, f"must be text in quotes, on one line, of 1 to {_LONGEST_TEXT} characters.")


def flag(value: Any, path: Path, report: Report) -> bool | None:
    return value if isinstance(value, bool) else report(path, "must be true or false, without quotes.")


def number(least: float, most: float, meaning: str) -> Reader:
    """A number from `least` to `most`; `meaning` says what it counts."""

    def read(value: Any, path: Path, report: Report) -> float | None:
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return float(value)
        return report(path, f"must be {meaning} from {least:g} to {most:g}, not {_shown(value)}.")

    return read


def one_of(*choices: str) -> Reader:
    def read(value: Any, path: Path, report: Report) -> str | None:
        if value in choices and isinstance(value, str):
            return value
        listed = " or ".join(f"“{choice}”" for choice in choices)
        return report(path, f"must be {listed}, not {_shown(value)}.")

    return read


def matching(pattern: str, meaning: str) -> Reader:
    """Text of one shape; `meaning` says what it is and gives an example."""
    shape = re.compile(pattern)

    def read(value: Any, path: Path, report: Report) -> str | None:
        if isinstance(value, str) and shape.fullmatch(value):
            return value
        return report(path, f"must be {meaning}, not {_shown(value)}.")

    return read


def fqdn(value: Any, path: Path, report: Report) -> str | None:
    try:
        return checked_fqdn(value if isinstance(value, str) else str(value))
    except BadInput as fault:
        return report(path, fault.sentence)


def time_zone(value: Any, path: Path, report: Report) -> str | None:
    try:
        return zoneinfo.ZoneInfo(value).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        near = meant(str(value), zoneinfo.available_timezones())
        return report(path, f"{_shown(value)} is not a time zone such as “Europe/Paris”{near}")


def folder(value: Any, path: Path, report: Report) -> str | None:
    if isinstance(value, str) and value.isprintable() and PureWindowsPath(value).is_absolute():
        return value
    return report(path, f"must be a full Windows path such as 'C:\\Switchback' in single quotes, not {_shown(value)}.")


def many(item: Reader, least: int = 0) -> Reader:
    """A list of at least `least` items, each read by `item`."""

    def read(value: Any, path: Path, report: Report) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < least:
            report(path, "must be a list in square brackets" + (", with something in it." if least else "."))
            return ()
        return tuple(item(entry, (*path, place), report) for place, entry in enumerate(value))

    return read


def table(*keys: Key) -> Reader:
    """A table of these keys and no others; keys that are left out get their defaults."""
    known = {key.name: key for key in keys}

    def read(value: Any, path: Path, report: Report) -> dict[str, Any]:
        if not isinstance(value, dict):
            report(path, "must be a table.")
            return {}
        for name in value:
            if name not in known:
                report((*path, name), f"is not known here{meant(name, known)}")
        for key in keys:
            if key.required and key.name not in value:
                report(path, f"{key.name} is missing.")
        return {
            key.name: key.read(value[key.name], (*path, key.name), report) if key.name in value else key.default
            for key in keys
        }

    return read


_GROUP = matching(r"S[A-Z0-9]{2,}", "the id of a Slack user group such as “S0123ABCD”")
_USER = matching(r"[TE][A-Z0-9]{2,}:[UW][A-Z0-9]{2,}", "workspace and user, by id, such as “T0123ABCD:U0456EFGH”")
_CHANNEL = matching(r"[CG][A-Z0-9]{2,}", "the id of a channel such as “C0123ABCD”")
_CONTROLLER = matching(forest.CONTROLLER, "a domain controller such as “dc1.contoso.com” or “dc1.contoso.com:636”")
_BASE = matching(f"{forest.DN}|", "a place in the directory such as “DC=contoso,DC=com”")
_DIRECTORY_GROUP = matching(forest.GROUP, "the name of a group as Windows knows it (sAMAccountName)")
_MAIL_DOMAIN = matching(forest.MAIL_DOMAIN, "the end of e-mail addresses such as “contoso.com”")
_TIME = matching(TIME, "a time such as “02:30” (every day) or “Sun 02:30”")
_OBJECTIVE = number(1, LONGEST_OBJECTIVE_H, "hours, a number")

POOL = (
    Key("fqdn", fqdn, meaning="The pool.", required=True),
    Key("backup_pool", fqdn, meaning="The pool it fails over to. Without one: backups only."),
    Key("edition", one_of(*Edition), Edition.ENTERPRISE, "`Enterprise` or `Standard`."),
    Key("version", one_of(*VERSIONS), "2015", "`2013`, `2015` or `2019`."),
    Key("site", text, "", "Where it stands, for people."),
    Key("time_zone", time_zone, "UTC", "IANA name; the times of its schedule are local to it."),
    Key("folder", folder, "C:\\Switchback", "Where its server puts and finds exports."),
    Key(
        "file_store",
        folder,
        "",
        "Folder of its application server in its file store, `…\\AppServerFiles`: Call Park music and announcements.",
    ),
)
DRIVER = (Key("kind", one_of(*DRIVERS), DRIVERS[0], "How pools are reached: `simulated` touches no server."),)
ROLE = (
    Key("user_groups", many(_GROUP), (), "Slack user groups whose members hold the role, `S…`."),
    Key("users", many(_USER), (), "People who hold it, `T…:U…`."),
)
DIRECTORY = (
    Key(
        "controllers",
        many(_CONTROLLER, least=1),
        meaning="Domain controllers, in the order in which they are asked: `dc1.contoso.com`, by the names in their "
        "certificates. In a forest, at least one of every domain in which accounts lie.",
        required=True,
    ),
    Key("base", _BASE, "", "Where accounts lie: `DC=contoso,DC=com`. With a global catalog, nothing: everywhere."),
    Key("group_base", _BASE, "", "Where groups lie. Without it: under `base`."),
    Key("global_catalog", flag, False, "`true`: accounts and groups lie in several domains of one forest."),
    Key("ca_file", text, "", "Authorities that controllers are to be certified by, in PEM. Without it: the system's."),
    Key("account", text, meaning="The bot's own account: `switchback@contoso.com`, or its full name.", required=True),
    Key("password_file", text, "", f"File with its password. Without it: the variable `{forest.PASSWORD}`."),
    Key("domains", many(_MAIL_DOMAIN), (), "What e-mail addresses have to end in. Without it: anything."),
)
GROUPS = tuple(
    Key(
        role,
        many(_DIRECTORY_GROUP, least=1),
        (role.value,),
        "Groups of the directory (sAMAccountName) whose members hold the role, through other groups as well.",
    )
    for role in Role
)
NEEDS = (
    Key("runbook", text, meaning="`backup`, `failover`, `failback`, `verify` or `companion`.", required=True),
    Key(
        "row",
        text,
        "",
        "The key of one of its rows. Without it: who may start it.",
    ),
    Key(
        "role",
        one_of(*Role, "anybody"),
        meaning="Who may do it. `CsResponseGroupAdministrator`: holders of either role. "
        "`anybody`: full members, where no command runs.",
        required=True,
    ),
)
BREAK_GLASS = (
    Key(
        "people",
        many(_USER, least=2),
        (),
        "Two of these, `T…:U…`, may open one run for both of them while the directory is silent. Without it: nobody.",
    ),
)
CHANNELS = (
    Key(
        "incidents",
        _CHANNEL,
        "",
        "Cards of runs that were started where the bot is not a member, `C…`. Without it, such a run is not started.",
    ),
    Key("notifications", _CHANNEL, "", "One line after every backup, `C…`."),
)
SCHEDULE = (
    Key("pool", fqdn, meaning="The pool to export.", required=True),
    Key(
        "at",
        many(_TIME, least=1),
        DAILY,
        "Times of day, or of one weekday: `Sun 02:30`. A pool without a row is exported at 02:30.",
    ),
    Key(
        "objective_hours",
        _OBJECTIVE,
        OBJECTIVE_H,
        "A pool without a backup younger than that is told loudly. Of several rows, the shortest holds.",
    ),
)
COMPANION = (
    Key("pool", fqdn, meaning="The pool.", required=True),
    Key("kind", one_of(*COMPANIONS), meaning=f"One of {', '.join(f'`{key}`' for key in COMPANIONS)}.", required=True),
    Key("at", many(_TIME, least=1), (), "When a copy is taken by itself. Without it: `Sun 03:30`."),
    Key("stale_days", number(1, 3660, "days, a number"), meaning="After so many days a copy is stale. Without it: 14."),
    Key("used", flag, True, "`false`: this pool has none of it, so nobody is asked for it."),
)
SLACK = (
    Key("plan_block", flag, False, "Show the steps of a card as Slack's plan block."),
    Key("call_list", many(text), (), "Who to call in an outage, a line each."),
)
MIRROR = (
    Key("folder", text, meaning="Folder for off-site copies, on another machine's disk. Without one, name a `url`."),
    Key("url", text, meaning="Bucket for off-site copies, `s3://bucket/prefix`, with credentials in the environment."),
    Key("endpoint", text, meaning="Address of S3-compatible storage. Without one: Amazon's."),
    Key("region", text, meaning="Region of the bucket. Without one: `us-east-1`."),
)
RETENTION = (
    Key("keep_all_days", number(1, 3660, "days, a number"), 7.0, "For so many days every backup stays."),
    Key("daily_days", number(1, 3660, "days, a number"), 30.0, "For so many days the last one of each day stays."),
    Key("weekly_weeks", number(1, 520, "weeks, a number"), 26.0, "For so many weeks the last one of each week."),
    Key("monthly_months", number(1, 120, "months, a number"), 24.0, "For so many months the last one of each month."),
)
TABLES: Mapping[str, tuple[Key, ...]] = {
    "[[pools]]": POOL,
    "[driver]": DRIVER,
    **{f"[roles.{role}]": ROLE for role in Role},
    "[directory]": DIRECTORY,
    "[directory.groups]": GROUPS,
    "[[needs]]": NEEDS,
    "[break_glass]": BREAK_GLASS,
    "[channels]": CHANNELS,
    "[[schedules]]": SCHEDULE,
    "[[companions]]": COMPANION,
    "[slack]": SLACK,
    "[mirror]": MIRROR,
    "[retention]": RETENTION,
}
"""Every table of the file with its keys."""

_FILE = table(
    Key("pools", many(table(*POOL)), ()),
    Key("driver", table(*DRIVER), {"kind": DRIVERS[0]}),
    Key("roles", table(*(Key(role, table(*ROLE), {}) for role in Role)), {}),
    Key("directory", table(*DIRECTORY, Key("groups", table(*GROUPS), {})), None),
    Key("needs", many(table(*NEEDS)), ()),
    Key("break_glass", table(*BREAK_GLASS), {}),
    Key("channels", table(*CHANNELS), {}),
    Key("schedules", many(table(*SCHEDULE)), ()),
    Key("companions", many(table(*COMPANION)), ()),
    Key("slack", table(*SLACK), {}),
    Key("mirror", table(*MIRROR), {}),
    Key("retention", table(*RETENTION), {}),
)


def read(source: str, name: str) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """What the text of the file `name` says, and every fault as a sentence; with faults, the values are not for use."""
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as fault:
        return {}, (_syntax(name, str(fault)),)
    lines, faults = locate(source), []

    def report(path: Path, sentence: str) -> None:
        line = next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)
        place = ".".join(str(part) for part in path if not isinstance(part, int))
        faults.append((line or 0, f"{name}, " + (f"line {line}, " if line else "") + f"{place}: {sentence}"))

    values = _FILE(document, (), report)
    _check_pools(values, report)
    stores = {pool.get("fqdn") or "": pool.get("file_store") or "" for pool in values.get("pools") or ()}
    for place, key, sentence in coverage.faults(values.get("companions") or (), stores):
        report(("companions", place, key), sentence)
    for key, sentence in offsite.faults(values.get("mirror") or {}):
        report(("mirror", key), sentence)
    _check_source(values, report)
    return values, tuple(sentence for _, sentence in sorted(faults, key=lambda fault: fault[0]))


def _check_source(values: Mapping[str, Any], report: Report) -> None:
    """Roles come from the directory or from this file, never from both: each would hide the other's mistakes."""
    if not (directory := values.get("directory")):
        if (values.get("break_glass") or {}).get("people"):
            report(("break_glass",), "is for a directory that is silent, and no [directory] is named. Remove it.")
        return
    for key, sentence in forest.faults(directory):
        report(("directory", key), sentence)
    for role, holders in (values.get("roles") or {}).items():
        for key in ("user_groups", "users"):
            if holders.get(key):
                report(
                    ("roles", role, key),
                    "[directory] says who holds the roles, so nobody may be named here: keep one of the two.",
                )


def _check_pools(values: Mapping[str, Any], report: Report) -> None:
    """What no single key can tell: pools that are named twice, paired with themselves, or named but not there."""
    pools = values.get("pools") or ()
    names = [pool.get("fqdn") for pool in pools]
    known = {name for name in names if name}
    for place, pool in enumerate(pools):
        name, backup = names[place], pool.get("backup_pool")
        if name and name in names[:place]:
            report(("pools", place, "fqdn"), f"{name} is listed twice.")
        if backup and backup == name:
            report(("pools", place, "backup_pool"), f"{name} is paired with itself.")
        elif backup and backup not in known:
            report(("pools", place, "backup_pool"), f"{backup} is not among the pools{meant(backup, known)}")
    for place, schedule in enumerate(values.get("schedules") or ()):
        pool = schedule.get("pool")
        if pool and pool not in known:
            report(("schedules", place, "pool"), f"{pool} is not among the pools{meant(pool, known)}")
        rows = [row for row in values["schedules"][: place + 1] if row.get("pool") == pool]
        times = [time for row in rows for time in row.get("at") or ()]
        if None not in times and (fault := crowded(times)):
            report(("schedules", place, "at"), fault)


def _syntax(name: str, fault: str) -> str:
    said, _, place = fault.partition(" (at ")
    where = f"{name}, {place.rstrip(')')}" if place else name
    hint = " Put Windows paths in single quotes: 'C:\\Switchback'." if "'\\" in said else ""
    return f"{where}: this is not valid TOML: {said}.{hint}"


def _shown(value: Any) -> str:
    return f"“{value[:80]}”" if isinstance(value, str) else f"{value!r}"[:80]
