"""Tells what is missing before the bot can do its work in a real workspace, one sentence each."""

from __future__ import annotations

import copy
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.accounts import Roster
from bot.directory.base import DirectoryAway
from bot.domain.errors import BadInput, BotError
from bot.domain.model import Role
from bot.runbooks import RUNBOOKS
from bot.runbooks.needs import asking, unfinishable
from bot.settings.settings import Settings
from handlers.slack.addresses import Addresses
from storage import embedded
from storage.connect import connect
from storage.server import persistence, refuse_unfit
from storage.vault.mirror import Mirror
from storage.vault.records import sealed_with
from storage.vault.sealing import Keyring, parse

ENDPOINT = "/slack/events"
_PUBLIC = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?(/[\w./-]*)?")
_TIMEOUT_S = 10
_ADDRESSES = "users:read.email"
"""The scope that only a directory needs."""

_WRONG_TOKEN = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
}


_MISSING: tuple[tuple[Callable[[Settings], bool], str], ...] = (
    (
        lambda said: not said.bot_token,
        "SLACK_BOT_TOKEN is not set: copy the Bot User OAuth Token (xoxb-…) from the app's OAuth & Permissions.",
    ),
    (
        lambda said: bool(said.bot_token) and not said.bot_token.startswith("xoxb-"),
        "SLACK_BOT_TOKEN does not begin with xoxb-, so it is another kind of token.",
    ),
    (
        lambda said: not said.app_token and not said.signing_secret,
        "Slack cannot reach the bot: set SLACK_APP_TOKEN (xapp-…) for Socket Mode, or SLACK_SIGNING_SECRET for HTTP.",
    ),
    (
        lambda said: bool(said.app_token) and not said.app_token.startswith("xapp-"),
        "SLACK_APP_TOKEN does not begin with xapp-, so it is another kind of token.",
    ),
    (
        lambda said: not said.config,
        "SWITCHBACK_CONFIG is not set: copy switchback.example.toml, change it, and name its path there.",
    ),
    (
        lambda said: bool(said.config) and not said.pools,
        "The configuration file names no pools: add a [[pools]] table for each.",
    ),
)


class SlackSaidNo(BotError):
    """Slack refused, or did not answer; `code` is Slack's own word, or empty."""

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code


def _unheard(sentence: str) -> None:
    """Nobody wants to hear what is well."""


async def check(settings: Settings, well: Callable[[str], None] = _unheard) -> list[str]:
    """Everything that is missing, a sentence each; an empty list when nothing is.

    What an administrator has to see for themselves, such as how many people hold a role, is said to `well`.
    """
    return [
        *configured(settings),
        *await _slack(settings),
        *await _directory(settings, well),
        *await _redis(settings),
        *await _mirror(settings),
        *await _servers(settings, well),
    ]


def configured(settings: Settings) -> Iterator[str]:
    """What can be seen without asking anybody."""
    yield from (sentence for missing, sentence in _MISSING if missing(settings))
    yield from settings.unpaired.values()
    holders = _holders(settings)
    for role in Role:
        if holders[role] == frozenset():
            yield f"Nobody holds {role}: name user groups or people under [roles.{role}]."
    try:
        yield from _finishing(settings, holders)
    except BadInput as fault:
        yield fault.sentence
    for name, channel in _channels(settings).items():
        if not channel:
            yield f"No channel for {name} is configured: set {name} under [channels]."


def _finishing(settings: Settings, holders: Mapping[Role, frozenset[str] | None]) -> Iterator[str]:
    """Why nobody could finish a failover or failback; of a role that nobody holds at all, others tell."""
    runbooks = asking(RUNBOOKS, settings.needs)
    if frozenset() not in holders.values():
        yield from unfinishable(runbooks, holders)


def _holders(settings: Settings) -> Mapping[Role, frozenset[str] | None]:
    """Who holds each role as far as the file tells; None where a group does, whose members it does not know."""
    elsewhere = settings.directory is not None
    return {
        role: None if elsewhere or settings.user_groups.get(role) else settings.users.get(role, frozenset())
        for role in Role
    }


async def _slack(settings: Settings) -> list[str]:
    if not settings.bot_token:
        return []
    client = AsyncWebClient(settings.bot_token, base_url=settings.slack_api_url, timeout=_TIMEOUT_S)
    try:
        who = await _ask(client.auth_test(), settings, "SLACK_BOT_TOKEN")
    except SlackSaidNo as fault:
        return [fault.sentence]
    found = [*_scopes(who.headers, settings), *_workspace(settings, who["team_id"])]
    for name, channel in _channels(settings).items():
        if channel:
            found += await _channel(client, settings, name, channel, who["user"])
    found += await _groups(client, settings)
    if settings.app_token:
        found += await _socket(client, settings)
    return found


def _scopes(headers: Mapping[str, str], settings: Settings) -> Iterator[str]:
    said = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
    granted = {scope.strip() for scope in said.split(",")}
    asked = manifest()["oauth_config"]["scopes"]["bot"]
    needed = (scope for scope in asked if settings.directory or scope != _ADDRESSES)
    if missing := [scope for scope in needed if scope not in granted]:
        yield f"The app lacks {', '.join(missing)}: add these scopes under OAuth & Permissions and reinstall it."


def _workspace(settings: Settings, team: str) -> Iterator[str]:
    others = {person for people in settings.users.values() for person in people if not person.startswith(f"{team}:")}
    if others:
        yield f"{', '.join(sorted(others))} cannot hold a role: the bot's token belongs to workspace {team}."


async def _channel(client: AsyncWebClient, settings: Settings, name: str, channel: str, bot: str) -> list[str]:
    where = f"the channel for {name} ({channel})"
    invite = f"type “/invite @{bot}” there."
    try:
        answer = await _ask(client.conversations_info(channel=channel), settings)
    except SlackSaidNo as fault:
        if fault.code == "channel_not_found":
            return [f"The bot does not see {where}: check its id, and {invite}"]
        return [f"It could not be looked up whether the bot is in {where}. {fault.sentence}"]
    faults = (
        ("is_archived", True, f"Nothing can be said in {where}, since it is archived: choose another."),
        ("is_member", False, f"The bot is not in {where}: {invite}"),
        ("is_ext_shared", True, f"People of another organisation read {where}: choose one that is not shared."),
    )
    return [sentence for key, bad, sentence in faults if bool(answer["channel"].get(key)) is bad]


async def _groups(client: AsyncWebClient, settings: Settings) -> list[str]:
    wanted = frozenset[str]().union(*settings.user_groups.values())
    if not wanted:
        return []
    try:
        answer = await _ask(client.usergroups_list(), settings)
    except SlackSaidNo as fault:
        if fault.code == "plan_upgrade_required":
            return ["This workspace's plan has no user groups: name the holders of the roles by `users` instead."]
        return [f"The user groups could not be looked up. {fault.sentence}"]
    known = {group["id"] for group in answer["usergroups"]}
    return [
        f"There is no user group {group} in this workspace, so it grants nothing." for group in sorted(wanted - known)
    ]


async def _socket(client: AsyncWebClient, settings: Settings) -> list[str]:
    try:
        await _ask(client.apps_connections_open(app_token=settings.app_token), settings, "SLACK_APP_TOKEN")
    except SlackSaidNo as fault:
        return [fault.sentence]
    return []


async def _directory(settings: Settings, well: Callable[[str], None]) -> list[str]:
    if settings.directory is None:
        return []
    # Loaded late: whoever names people in the file has no need of it.
    from bot.directory.active_directory import ActiveDirectory
    from bot.directory.asking import usable

    directory, here, missing = ActiveDirectory(settings.directory), list[str](), list[str]()
    try:
        findings = await directory.survey()
        with suppress(DirectoryAway, BadInput):  # Both have been said by now.
            read = await directory.members()
            here, missing = await _in_slack(settings, read)
            holding = {role: [one.account.guid for one in usable(read) if role in one.roles] for role in Role}
            missing += _finishing(settings, {role: frozenset(guids) for role, guids in holding.items()})
    finally:
        directory.close()
    for sentence in (*(one.sentence for one in findings if one.well), *here):
        well(sentence)
    return [*(one.sentence for one in findings if not one.well), *missing]


async def _in_slack(settings: Settings, read: Roster) -> tuple[list[str], list[str]]:
    """Of each group that grants a role: how many have an account in Slack with their address; first what is well."""
    forest, well, missing = settings.directory, [], []
    if forest is None or not settings.bot_token:
        return [], []
    client = AsyncWebClient(settings.bot_token, base_url=settings.slack_api_url, timeout=_TIMEOUT_S)
    addresses, holdings = Addresses(client), read.holdings.values()
    for name in forest.names:
        those = [one.account.addresses for one in holdings if any(name in names for names in one.through.values())]
        found = len(await addresses.of(frozenset[str]().union(*those)))
        if found:
            well.append(f"{found} of {len(those)} in the group {name} have an account in Slack.")
        elif those:
            missing.append(f"Nobody of {len(those)} in the group {name} has an account in Slack with their address.")
    return well, missing


async def _redis(settings: Settings) -> list[str]:
    """What Redis lacks, and whether the keys open what is kept there; an embedded one is not made for this."""
    try:
        keyring = parse(settings.backup_keys)
        if settings.redis_url:
            return await _kept(settings.redis_url, keyring)
        if not embedded.exists(Path(settings.data)):
            return []
        server = await embedded.start(Path(settings.data), binary=settings.redis_server_bin or None)
        try:
            return await _kept(server.url, keyring)
        finally:
            await server.close()
    except BotError as fault:
        return [fault.sentence]


async def _kept(url: str, keyring: Keyring) -> list[str]:
    client = connect(url)
    try:
        await refuse_unfit(client)
        lacking = keyring.lacks(await sealed_with(client))
        return [*await persistence(client), *([lacking] if lacking else [])]
    finally:
        await client.aclose()


async def _mirror(settings: Settings) -> list[str]:
    """Writes a small object there, reads it, and tries to write over it; it stays, since nothing there is deleted."""
    if settings.mirror is None:
        return []
    mirror = Mirror(settings.mirror, lambda name, raw: False)
    sentence = await mirror.trial(f"checks/{secrets.token_hex(8)}", b"Switchback was here.\n")
    return [sentence] if sentence else []


async def _servers(settings: Settings, well: Callable[[str], None]) -> list[str]:
    if not settings.pools:
        return []
    # Loaded late: whoever looks for something else has no need of it.
    from bot.commands.servers import servers

    return await servers(settings, well)


async def _ask(call: Awaitable[Any], settings: Settings, token: str = "") -> Any:
    """Slack's answer. Raises SlackSaidNo with a sentence that never shows a token."""
    try:
        return await call
    except SlackApiError as fault:
        code = str(fault.response.get("error") or fault.response.status_code)
        if token and code in _WRONG_TOKEN:
            raise SlackSaidNo(
                f"Slack does not accept {token} ({code}): copy it again from the app's settings.", code
            ) from None
        raise SlackSaidNo(f"Slack said {code}.", code) from None
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
        raise SlackSaidNo(
            f"Slack does not answer at {settings.slack_api_url}: check the network and SLACK_API_URL."
        ) from None


def _channels(settings: Settings) -> Mapping[str, str]:
    return {"incidents": settings.incidents_channel, "notifications": settings.notifications_channel}


def manifest(folder: Path = Path(__file__).parents[2]) -> dict[str, Any]:
    """The app's manifest for Socket Mode, as it lies at the top of the project."""
    return json.loads((folder / "manifest.json").read_text("utf-8"))


def http_manifest(socket_mode: Mapping[str, Any], url: str) -> dict[str, Any]:
    """The same app, reached over HTTP at `url`, the bot's public address. Raises BadInput unless that is https."""
    if not _PUBLIC.fullmatch(url):
        raise BadInput("The address must be one that Slack can reach over TLS, such as https://switchback.contoso.com.")
    address = url.rstrip("/").removesuffix(ENDPOINT).rstrip("/") + ENDPOINT
    changed = copy.deepcopy(dict(socket_mode))
    settings = changed["settings"]
    settings["socket_mode_enabled"] = False
    _point(address, "request_url", (settings["event_subscriptions"], settings["interactivity"]))
    _point(address, "url", changed["features"]["slash_commands"])
    return changed


def _point(address: str, key: str, places: Iterable[dict[str, Any]]) -> None:
    for place in places:
        place[key] = address
