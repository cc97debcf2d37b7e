"""Reads the text of the configuration file: rows say what each key may hold, and every fault is named with its line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from bot.domain import forest
from bot.domain.backups import offsite
from bot.domain.backups.schedule import DAILY, LONGEST_OBJECTIVE_H, OBJECTIVE_H, TIME, crowded
from bot.domain.companions import coverage
from bot.domain.companions.kinds import COMPANIONS
from bot.domain.deployment import endpoints
from bot.domain.deployment.abilities import NOT_COVERED
from bot.domain.deployment.properties import NAMES, SHOWN_BY
from bot.domain.model import INSTANCE, Edition, Role
from bot.domain.runs.runbook import APPROVED_S
from bot.settings.lines import Path, locate
from bot.settings.readers import (
    Key,
    Report,
    flag,
    folder,
    fqdn,
    many,
    matching,
    meant,
    number,
    one_of,
    table,
    text,
    time_zone,
)

DRIVERS = ("simulated", "winrm")
VERSIONS = ("2013", "2015", "2019")

_GROUP = matching(r"S[A-Z0-9]{2,}", "the id of a Slack user group such as “S0123ABCD”")
_USER = matching(r"[TE][A-Z0-9]{2,}:[UW][A-Z0-9]{2,}", "workspace and user, by id, such as “T0123ABCD:U0456EFGH”")
_CHANNEL = matching(r"[CG][A-Z0-9]{2,}", "the id of a channel such as “C0123ABCD”")
_CONTROLLER = matching(forest.CONTROLLER, "a domain controller such as “dc1.contoso.com” or “dc1.contoso.com:636”")
_BASE = matching(f"{forest.DN}|", "a place in the directory such as “DC=contoso,DC=com”")
_URL = matching(endpoints.URL, "the https address of WinRM on a server such as “https://fe1.contoso.com:5986/wsman”")
_CONFIGURATION = matching(endpoints.CONFIGURATION, "the name of a session configuration such as “Switchback”")
_PROXY = matching(endpoints.PROXY, "the address of a proxy such as “http://proxy.contoso.com:3128”")
_DIRECTORY_GROUP = matching(forest.GROUP, "the name of a group as Windows knows it (sAMAccountName)")
_MAIL_DOMAIN = matching(forest.MAIL_DOMAIN, "the end of e-mail addresses such as “contoso.com”")
_INSTANCE = matching(INSTANCE, "the name of an instance of SQL Server such as “RTC”")
_PROPERTY = matching("[A-Za-z]{1,60}", "the name of a property such as “Registrar”")
_TIME = matching(TIME, "a time such as “02:30” (every day) or “Sun 02:30”")
_WALL_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS = matching(f"{_WALL_TIME}-{_WALL_TIME}", "two times such as “22:00-07:00”")
_OBJECTIVE = number(1, LONGEST_OBJECTIVE_H, "hours, a number")

POOL = (
    Key("fqdn", fqdn, meaning="The pool.", required=True),
    Key("backup_pool", fqdn, meaning="The pool it fails over to. Without one: backups only."),
    Key("edition", one_of(*Edition), Edition.ENTERPRISE, "`Enterprise` or `Standard`."),
    Key("version", one_of(*VERSIONS, why=NOT_COVERED), "2015", "`2013`, `2015` or `2019`."),
    Key("site", text, "", "Where it stands, for people."),
    Key("time_zone", time_zone, "UTC", "IANA name; the times of its schedule are local to it."),
    Key("folder", folder, "C:\\Switchback", "Where its server puts and finds exports."),
    Key(
        "file_store",
        folder,
        "",
        "Folder of its application server in its file store, `…\\AppServerFiles`: Call Park music and announcements.",
    ),
    Key("sql_server", fqdn, "", "Its SQL Server: where Central Management goes over to. Without it: people are asked."),
    Key("sql_instance", _INSTANCE, "", "The instance there. Without it: the default one."),
    Key("sql_mirror_server", fqdn, "", "The mirror of that, where there is one (2013 and 2015)."),
    Key("sql_mirror_instance", _INSTANCE, "", "The instance there. Without it: the default one."),
)
DRIVER = (
    Key(
        "kind",
        one_of(*DRIVERS),
        DRIVERS[0],
        "How pools are reached: `winrm` is PowerShell remoting; `simulated` touches no server.",
    ),
)
REMOTING = (
    Key(
        "account",
        text,
        "",
        "The bot's own account on servers: `CONTOSO\\svc-switchback`, `svc-switchback@contoso.com`.",
    ),
    Key(
        "method",
        one_of(*endpoints.METHODS),
        endpoints.METHODS[0],
        "How it signs in: `kerberos`, `ntlm`, `certificate`, or `negotiate` (Kerberos if it can, else NTLM).",
    ),
    Key("password_file", text, "", f"File with its password. Without it: the variable `{endpoints.PASSWORD}`."),
    Key("keytab", text, "", "File with its Kerberos keys, in place of a password."),
    Key("certificate", text, "", "For `certificate`: the client's certificate, in PEM."),
    Key("key", text, "", "For `certificate`: its key, in PEM."),
    Key(
        "ca_file",
        text,
        "",
        "Authorities that servers are to be certified by, in PEM. Without it: the usual public ones.",
    ),
    Key(
        "proxy",
        _PROXY,
        "",
        "Proxy on the way to servers, `http://host:port`. Without it: none, whatever the environment says.",
    ),
)
PROPERTIES = tuple(
    Key(key, _PROPERTY, "", f"What {' and '.join(shown)} calls it there. Without it: `{getattr(NAMES, key)}`.")
    for key, shown in SHOWN_BY.items()
)
SERVERS = (
    Key("url", _URL, meaning="WinRM of one server. Without a port: 5986; without a path: `/wsman`.", required=True),
    Key(
        "pools",
        many(fqdn),
        (),
        "Pools that are asked through it, in turn with their other servers. Without it: `front_end_of`.",
    ),
    Key("front_end_of", fqdn, "", "The pool whose Front End it is. Without it: an administration host."),
    Key(
        "access",
        one_of(*endpoints.Access),
        endpoints.Access.ORDINARY.value,
        "`ordinary`, or `constrained`: it lets in only what Switchback needs.",
    ),
    Key(
        "configuration",
        _CONFIGURATION,
        "",
        "Session configuration. Without it: `Microsoft.PowerShell`, or `Switchback` where constrained.",
    ),
    Key(
        "module",
        matching(endpoints.CONFIGURATION, "the name of a PowerShell module"),
        "",
        "Module of an ordinary endpoint. Without it: `Lync` on 2013, else `SkypeForBusiness`.",
    ),
)
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
    Key("runbook", text, meaning="A runbook, as `/rgs runbooks` lists them.", required=True),
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
WAITING = (
    Key(
        "approval_minutes",
        number(1, 24 * 60, "minutes, a number"),
        APPROVED_S / 60,
        "An approval counts for so long: until then a second person has to approve, where two are needed.",
    ),
    Key(
        "quiet_hours",
        _HOURS,
        "",
        "Nobody is called then, in a pool's own time: `22:00-07:00`. Runs that move pools always call.",
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
        "When the newest backup of a pool is older than that, people are warned. Of several rows, the shortest holds.",
    ),
)
COMPANION = (
    Key("pool", fqdn, meaning="The pool.", required=True),
    Key("kind", one_of(*COMPANIONS), meaning=f"One of {', '.join(f'`{key}`' for key in COMPANIONS)}.", required=True),
    Key("at", many(_TIME, least=1), (), "When a copy is taken by itself. Without it: `Sun 03:30`."),
    Key("stale_days", number(1, 3660, "days, a number"), meaning="After so many days a copy is stale. Without it: 14."),
    Key("used", flag, True, "`false`: this pool has none of it, so nobody is asked for it."),
)
SLACK = (Key("call_list", many(text), (), "Who to call in an outage, a line each."),)
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
    "[remoting]": REMOTING,
    "[properties]": PROPERTIES,
    "[[servers]]": SERVERS,
    **{f"[roles.{role}]": ROLE for role in Role},
    "[directory]": DIRECTORY,
    "[directory.groups]": GROUPS,
    "[[needs]]": NEEDS,
    "[break_glass]": BREAK_GLASS,
    "[channels]": CHANNELS,
    "[waiting]": WAITING,
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
    Key("remoting", table(*REMOTING), None),
    Key("properties", table(*PROPERTIES), {}),
    Key("servers", many(table(*SERVERS)), ()),
    Key("roles", table(*(Key(role, table(*ROLE), {}) for role in Role)), {}),
    Key("directory", table(*DIRECTORY, Key("groups", table(*GROUPS), {})), None),
    Key("needs", many(table(*NEEDS)), ()),
    Key("break_glass", table(*BREAK_GLASS), {}),
    Key("channels", table(*CHANNELS), {}),
    Key("waiting", table(*WAITING), {key.name: key.default for key in WAITING}),
    Key("schedules", many(table(*SCHEDULE)), ()),
    Key("companions", many(table(*COMPANION)), ()),
    Key("slack", table(*SLACK, gone=("plan_block",)), {}),
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
    pools = [pool.get("fqdn") or "" for pool in values.get("pools") or ()]
    driver = (values.get("driver") or {}).get("kind")
    for path, sentence in endpoints.faults(driver, values.get("remoting"), values.get("servers") or (), pools):
        report(path, sentence)
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
