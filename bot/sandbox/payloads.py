"""What Slack sends to an app, as JSON values: commands, clicks, forms, events."""

from typing import Any

from bot.sandbox.shapes import message_json, view_json
from bot.sandbox.slack import Slack
from bot.sandbox.values import Channel, Message, Person, View

LEGACY_TOKEN = "sandbox-verification"


def slash_command(
    slack: Slack, person: Person, channel: Channel, name: str, words: str, url: str, trigger: str
) -> dict[str, str]:
    """The form fields of a slash command."""
    special = {"im": "directmessage", "groups": "privategroup"}
    return {
        "token": LEGACY_TOKEN,
        "team_id": slack.workspace.team,
        "team_domain": slack.workspace.domain,
        "channel_id": channel.id,
        "channel_name": special.get(channel.prefix, channel.name),
        "user_id": person.id,
        "user_name": person.handle,
        "command": name,
        "text": words,
        "api_app_id": slack.workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": url,
        "trigger_id": trigger,
    }


def message_click(
    slack: Slack, person: Person, message: Message, action: dict[str, Any], state: dict[str, Any], url: str
) -> dict[str, Any]:
    """A click in a message. Of an ephemeral one, Slack tells where it was but not what it said."""
    channel = slack.workspace.channel(message.channel)
    name = channel.name if channel and channel.name else "directmessage"
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.only is not None,
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
    }
    return {
        **_click(slack, person, action),
        "container": container,
        "channel": {"id": message.channel, "name": name},
        **({} if message.only else {"message": message_json(message, slack)}),
        "state": {"values": state},
        "response_url": url,
    }


def view_click(
    slack: Slack, person: Person, view: View, action: dict[str, Any], state: dict[str, Any]
) -> dict[str, Any]:
    """A click in a modal or in App Home."""
    return {
        **_click(slack, person, action),
        "container": {"type": "view", "view_id": view.id},
        "view": view_json(view, slack.workspace, state),
    }


def view_submission(slack: Slack, person: Person, view: View, state: dict[str, Any]) -> dict[str, Any]:
    """A form sent off."""
    return {
        **_interaction(slack, person, "view_submission"),
        "trigger_id": slack.tickets.trigger(person.id, view.id).id,
        "view": view_json(view, slack.workspace, state),
        "response_urls": [],
    }


def view_closed(slack: Slack, person: Person, view: View, cleared: bool) -> dict[str, Any]:
    """A form put away without sending it."""
    shown = view_json(view, slack.workspace)
    return {**_interaction(slack, person, "view_closed"), "view": shown, "is_cleared": cleared}


def event_callback(slack: Slack, event: dict[str, Any]) -> dict[str, Any]:
    """The envelope of one event."""
    return {
        "token": LEGACY_TOKEN,
        "team_id": slack.workspace.team,
        "context_team_id": slack.workspace.team,
        "api_app_id": slack.workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": slack.mint("Ev"),
        "event_time": int(slack.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": slack.workspace.team,
                "user_id": slack.workspace.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def _click(slack: Slack, person: Person, action: dict[str, Any]) -> dict[str, Any]:
    return {**_interaction(slack, person, "block_actions"), "actions": [action]}


def _interaction(slack: Slack, person: Person, kind: str) -> dict[str, Any]:
    """`team` is always ours, even when an external person acts: only `user.team_id` tells (facts: slack security)."""
    return {
        "type": kind,
        "token": LEGACY_TOKEN,
        "api_app_id": slack.workspace.app_id,
        "team": {"id": slack.workspace.team, "domain": slack.workspace.domain},
        "user": {"id": person.id, "username": person.handle, "name": person.handle, "team_id": person.team},
        "enterprise": None,
        "is_enterprise_install": False,
    }
