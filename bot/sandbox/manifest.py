"""The app's manifest as far as Slack enforces it: scopes, commands, events, what is switched on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SlashCommand:
    name: str
    description: str
    usage_hint: str
    escapes: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What this app asked for when it was created; everything else is refused."""

    name: str
    bot_name: str
    scopes: tuple[str, ...]
    commands: Mapping[str, SlashCommand]
    events: frozenset[str]
    home_tab: bool
    messages_tab: bool
    writable_messages: bool
    interactive: bool
    socket_mode: bool

    def has_any(self, scopes: tuple[str, ...]) -> bool:
        """Whether one of these scopes is granted; a method that needs none always may be called."""
        return not scopes or any(scope in self.scopes for scope in scopes)


def read_manifest(raw: Mapping[str, Any]) -> Manifest:
    """The parts of a manifest (facts: slack manifest) that decide what Slack allows."""
    features, settings = raw.get("features", {}), raw.get("settings", {})
    home, bot = features.get("app_home", {}), features.get("bot_user", {})
    name = raw["display_information"]["name"]
    return Manifest(
        name=name,
        bot_name=bot.get("display_name", name),
        scopes=tuple(raw.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
        commands={row["command"]: _command(row) for row in features.get("slash_commands", ())},
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
        home_tab=bool(home.get("home_tab_enabled")),
        messages_tab=bool(home.get("messages_tab_enabled")),
        writable_messages=not home.get("messages_tab_read_only_enabled"),
        interactive=bool(settings.get("interactivity", {}).get("is_enabled")),
        socket_mode=bool(settings.get("socket_mode_enabled")),
    )


def _command(row: Mapping[str, Any]) -> SlashCommand:
    return SlashCommand(
        row["command"], row.get("description", ""), row.get("usage_hint", ""), bool(row.get("should_escape"))
    )
