"""Turns the environment and the configuration file into one frozen value, or into every fault at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from bot.domain.backups.offsite import OffSite, off_site
from bot.domain.backups.retention import Windows
from bot.domain.backups.schedule import DAILY, OBJECTIVE_H, Timing, ordered
from bot.domain.companions.coverage import Rules, rules_of
from bot.domain.deployment import endpoints
from bot.domain.deployment.endpoints import Endpoint
from bot.domain.errors import BadInput
from bot.domain.forest import PASSWORD, Forest, forest, passwords
from bot.domain.model import Asks, Edition, Pool, Role
from bot.domain.runs.runbook import APPROVED_S
from bot.settings import file as configuration


@dataclass(frozen=True, slots=True)
class Setting:
    """An environment variable; `default` is "" where leaving it out means that there is none."""

    name: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS = (
    Setting("SLACK_BOT_TOKEN", "", "The bot's own token, `xoxb-…`.", secret=True),
    Setting("SLACK_SIGNING_SECRET", "", "Proves that a request over HTTP comes from Slack.", secret=True),
    Setting("SLACK_APP_TOKEN", "", "App-level token, `xapp-…`; with it the bot uses Socket Mode.", secret=True),
    Setting("SLACK_API_URL", "https://slack.com/api/", "Base of Slack's Web API."),
    Setting("REDIS_URL", "", "`redis://`, `rediss://` (TLS) or `unix://`. Absent: an embedded server.", secret=True),
    Setting("REDIS_SERVER_BIN", "", "Another program for the embedded server: any Redis 7 or Valkey."),
    Setting("SWITCHBACK_DATA", ".data", "Folder of the embedded server."),
    Setting("SWITCHBACK_BACKUP_KEYS", "", "Keys (a,b,…) that seal backups: the first writes, all read.", secret=True),
    Setting(PASSWORD, "", "Password of the bot's own account under `[directory]`, unless a file has it.", secret=True),
    Setting(endpoints.PASSWORD, "", "Password of its account under `[remoting]`, unless a file has it.", secret=True),
    Setting("SWITCHBACK_CONFIG", "", "Path of the configuration file; see `switchback.example.toml`."),
    Setting("PORT", "3000", "Where the bot listens for HTTP."),
    Setting("AWS_ACCESS_KEY_ID", "", "For the bucket under `[mirror]`: who writes there.", secret=True),
    Setting("AWS_SECRET_ACCESS_KEY", "", "For that bucket: the secret.", secret=True),
    Setting("AWS_SESSION_TOKEN", "", "For that bucket: the session, with credentials for a while.", secret=True),
)

_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class SettingsFault(BadInput):
    """The environment or the configuration file is faulty; `faults` has one sentence for each fault."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is set from outside; what is secret shows neither in `repr` nor in `str`.

    `users` and `user_groups` say who holds a role: `T…:U…` and `S…` ids. `schedules` has every pool's local wall times
    ("02:30" or "Sun 02:30", in the pool's time zone), `objectives` how old (hours) its newest backup may get before it
    is told loudly, `companions` what is said of single companions. `servers` has where each pool is asked over
    PowerShell remoting, in turn, `properties` what they call those that no page shows. `directory` is where roles come
    from in place of `users` and `user_groups`, `break_glass` who may go on while it is silent (`T…:U…`), `needs` which
    rows take another role than they say themselves. `approved_s` is for how many seconds an approval counts,
    `quiet_hours` when nobody is called ("22:00-07:00").
    Empty text means that something is not set.
    """

    bot_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    slack_api_url: str = "https://slack.com/api/"
    redis_url: str = field(default="", repr=False)
    redis_server_bin: str = ""
    data: str = ".data"
    backup_keys: str = field(default="", repr=False)
    config: str = ""
    port: int = 3000
    pools: tuple[Pool, ...] = ()
    driver: str = "simulated"
    servers: Mapping[str, tuple[Endpoint, ...]] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    user_groups: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    directory: Forest | None = None
    needs: tuple[Asks, ...] = ()
    break_glass: frozenset[str] = frozenset()
    incidents_channel: str = ""
    notifications_channel: str = ""
    schedules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    objectives: Mapping[str, float] = field(default_factory=dict)
    approved_s: float = APPROVED_S
    quiet_hours: str = ""
    companions: Rules = field(default_factory=dict)
    call_list: tuple[str, ...] = ()
    mirror: OffSite | None = None
    retention: Windows = field(default_factory=Windows)

    def pairs(self) -> Mapping[str, str]:
        """Primary pool to backup pool, of those that are paired one to one: only these can be failed over."""
        return {pool.fqdn: pool.backup_pool for pool in self.pools if pool.backup_pool and not self._why_not(pool)}

    @property
    def timings(self) -> Mapping[str, Timing]:
        """How often every pool is exported, as configured."""
        fqdns = (pool.fqdn for pool in self.pools)
        return {fqdn: Timing(self.schedules.get(fqdn, ()), self.objectives.get(fqdn, OBJECTIVE_H)) for fqdn in fqdns}

    @property
    def unpaired(self) -> Mapping[str, str]:
        """The other pools, each with the sentence that says why it gets backups only."""
        return {pool.fqdn: reason for pool in self.pools if (reason := self._why_not(pool))}

    def _partners(self, fqdn: str) -> set[str]:
        named = {pool.backup_pool for pool in self.pools if pool.fqdn == fqdn and pool.backup_pool}
        return named | {pool.fqdn for pool in self.pools if pool.backup_pool == fqdn}

    def _why_not(self, pool: Pool) -> str:
        if not pool.backup_pool:
            return f"{pool.fqdn} names no backup pool, so it gets backups only and cannot be failed over."
        for one in (pool.fqdn, pool.backup_pool):
            if len(partners := self._partners(one)) > 1:
                return (
                    f"{pool.fqdn} is not paired one to one: {one} is paired with {' and '.join(sorted(partners))}. "
                    "It gets backups only and cannot be failed over."
                )
        return ""


def load(environ: Mapping[str, str]) -> Settings:
    """The settings of this process. Raises SettingsFault with every fault of environment and file at once."""
    name = _environment(environ)["SWITCHBACK_CONFIG"]
    try:
        # Windows editors put a byte order mark in front, which TOML does not allow.
        text = Path(name).read_text("utf-8-sig") if name else ""
    except UnicodeDecodeError:
        return settings(environ, faults=(f"{name} is not UTF-8 text; save it as UTF-8.",))
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or "not a path"
        return settings(environ, faults=(f"SWITCHBACK_CONFIG names {name}, which cannot be read: {reason}.",))
    return settings(environ, text)


def settings(environ: Mapping[str, str], text: str = "", faults: tuple[str, ...] = ()) -> Settings:
    """The settings that `environ` and the text of the configuration file make. Raises SettingsFault."""
    said = _environment(environ)
    values, in_file = configuration.read(text, said["SWITCHBACK_CONFIG"] or "switchback.toml")
    outside = (sentence for fits, sentence in _rules(said) if not fits)
    mirror = off_site(values.get("mirror") or {}, *(said[name] for name in _CREDENTIALS))
    keyless = (
        *passwords(values.get("directory"), said[PASSWORD]),
        *endpoints.passwords(values.get("remoting"), said[endpoints.PASSWORD]),
    )
    if all_faults := (*outside, *faults, *in_file, *_unknown_to(mirror), *keyless):
        raise SettingsFault(all_faults)
    servers = endpoints.endpoints(
        values["remoting"],
        values["servers"],
        {row["fqdn"]: row["version"] for row in values["pools"]},
        said[endpoints.PASSWORD],
    )
    pools = tuple(_pool(row, values["driver"]["kind"], servers) for row in values["pools"])
    return Settings(
        bot_token=said["SLACK_BOT_TOKEN"],
        signing_secret=said["SLACK_SIGNING_SECRET"],
        app_token=said["SLACK_APP_TOKEN"],
        slack_api_url=said["SLACK_API_URL"].rstrip("/") + "/",
        redis_url=said["REDIS_URL"],
        redis_server_bin=said["REDIS_SERVER_BIN"],
        data=said["SWITCHBACK_DATA"],
        backup_keys=said["SWITCHBACK_BACKUP_KEYS"],
        config=said["SWITCHBACK_CONFIG"],
        port=int(said["PORT"]),
        pools=pools,
        driver=values["driver"]["kind"],
        servers=servers,
        properties={key: name for key, name in values["properties"].items() if name},
        users=_holders(values["roles"], "users"),
        user_groups=_holders(values["roles"], "user_groups"),
        directory=forest(values["directory"], said[PASSWORD]),
        needs=tuple(Asks(**row) for row in values["needs"]),
        break_glass=frozenset(values["break_glass"].get("people", ())),
        incidents_channel=values["channels"].get("incidents", ""),
        notifications_channel=values["channels"].get("notifications", ""),
        schedules=_schedules(pools, values["schedules"]),
        objectives=_objectives(values["schedules"]),
        approved_s=60 * values["waiting"]["approval_minutes"],
        quiet_hours=values["waiting"]["quiet_hours"],
        companions=rules_of(values["companions"]),
        call_list=values["slack"].get("call_list", ()),
        mirror=mirror,
        retention=Windows(**values["retention"]),
    )


def _pool(row: Mapping[str, Any], driver: str, servers: Mapping[str, tuple[Endpoint, ...]]) -> Pool:
    fqdn = row["fqdn"]
    front_end = driver != "winrm" or any(server.front_end_of == fqdn for server in servers[fqdn])
    return Pool(**{**row, "edition": Edition(row["edition"])}, front_end=front_end)


def _unknown_to(mirror: OffSite | None) -> Iterator[str]:
    """A bucket without credentials would be asked for by whatever the machine finds, and refuse it late."""
    if mirror and mirror.bucket and not (mirror.key_id and mirror.secret):
        yield "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set: the bucket under [mirror] needs both."


def table() -> str:
    """The table in docs/configuration.md of the environment, in Markdown."""
    return _markdown("variable", ((f"`{row.name}`", row.default, row.meaning) for row in SETTINGS))


def file_table() -> str:
    """The table in docs/configuration.md of the configuration file, in Markdown."""
    tables = configuration.TABLES.items()
    keys = ((f"`{name}` `{key.name}`", _toml(key.default), key.meaning) for name, keys in tables for key in keys)
    return _markdown("key", keys)


def _markdown(head: str, rows: Iterable[tuple[str, str, str]]) -> str:
    lines = (f"| {name} | {f'`{default}`' if default else ''} | {meaning} |" for name, default, meaning in rows)
    return "\n".join((f"| {head} | default | meaning |", "|---|---|---|", *lines))


def _toml(default: object) -> str:
    """A default as it would be written in the file; nothing where there is none."""
    match default:
        case bool():
            return str(default).lower()
        case tuple():
            return json.dumps(default) if default else ""
        case str():
            return f"'{default}'" if default else ""
        case float():
            return f"{default:g}"
    return ""


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {row.name: environ.get(row.name, "").strip() or row.default for row in SETTINGS}


def _rules(said: Mapping[str, str]) -> tuple[tuple[bool, str], ...]:
    """What the environment must keep to, each with the sentence that says so without showing a secret."""
    api, redis, port = _url(said["SLACK_API_URL"]), _url(said["REDIS_URL"]), said["PORT"]
    here = api in {("http", "127.0.0.1"), ("http", "localhost")}
    return (
        (
            here or (api[0] == "https" and bool(api[1])),
            "SLACK_API_URL must begin with https:// (or http://127.0.0.1): the bot's token travels there.",
        ),
        (
            not said["REDIS_URL"] or redis[0] in {"redis", "rediss", "unix"},
            "REDIS_URL must begin with redis://, rediss:// (TLS) or unix://.",
        ),
        (
            port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535,
            f"PORT must be a number from 0 to 65535, not “{port[:40]}”.",
        ),
    )


def _url(text: str) -> tuple[str, str]:
    try:
        parts = urlsplit(text)
        return parts.scheme, parts.hostname or ""
    except ValueError:
        return "", ""


def _holders(roles: Mapping[str, Mapping[str, tuple[str, ...]]], key: str) -> Mapping[Role, frozenset[str]]:
    return MappingProxyType({role: frozenset(roles.get(role, {}).get(key, ())) for role in Role})


def _schedules(pools: tuple[Pool, ...], rows: tuple[Mapping, ...]) -> Mapping[str, tuple[str, ...]]:
    """Every pool's times in order; a pool that no row names is exported daily (seed 000)."""
    times: dict[str, list[str]] = {}
    for row in rows:
        times.setdefault(row["pool"], []).extend(row["at"])
    return MappingProxyType({pool.fqdn: ordered(times.get(pool.fqdn, DAILY)) for pool in pools})


def _objectives(rows: tuple[Mapping, ...]) -> Mapping[str, float]:
    """Of several rows of a pool, the shortest holds."""
    shortest: dict[str, float] = {}
    for row in rows:
        shortest[row["pool"]] = min(row["objective_hours"], shortest.get(row["pool"], row["objective_hours"]))
    return MappingProxyType(shortest)
