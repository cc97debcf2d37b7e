"""The same values as Slack spells them in JSON."""

from typing import Any

from bot.sandbox.values import Channel, Group, Kind, Message, Person, View
from bot.sandbox.workspace import Workspace

GUESTS = (Kind.GUEST, Kind.SINGLE_CHANNEL_GUEST)


def user_json(person: Person, workspace: Workspace) -> dict[str, Any]:
    """A user as users.info tells it; the mail address stays out, since no scope for it is granted."""
    return {
        "id": person.id,
        "team_id": person.team,
        "name": person.handle,
        "deleted": person.kind is Kind.DELETED,
        "real_name": person.name,
        "tz": person.tz,
        "profile": {"real_name": person.name, "display_name": person.handle, "team": person.team},
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.kind in GUESTS,
        "is_ultra_restricted": person.kind is Kind.SINGLE_CHANNEL_GUEST,
        "is_bot": person.kind is Kind.BOT,
        "is_app_user": False,
        "is_stranger": workspace.is_stranger(person),
        "updated": person.updated,
    }


def group_json(group: Group, workspace: Workspace, with_users: bool = False) -> dict[str, Any]:
    """A user group as usergroups.list tells it."""
    return {
        "id": group.id,
        "team_id": workspace.team,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_update": group.updated,
        "date_delete": 0 if group.enabled else group.updated,
        "user_count": len(group.members),
        **({"users": list(group.members)} if with_users else {}),
    }


def channel_json(channel: Channel, workspace: Workspace) -> dict[str, Any]:
    """A conversation as conversations.info tells it."""
    common = {"id": channel.id, "is_archived": channel.archived, "context_team_id": workspace.team}
    if channel.direct_with:
        return {**common, "is_im": True, "user": channel.direct_with, "is_open": True}
    return {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.private,
        "is_member": workspace.bot_user in channel.members,
        "is_general": channel.name == "general",
        "is_shared": channel.ext_shared,
        "is_ext_shared": channel.ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "num_members": len(channel.members),
        "topic": {"value": ""},
        "purpose": {"value": channel.purpose},
    }


def message_json(message: Message, workspace: Workspace) -> dict[str, Any]:
    """A message as it comes back from chat.postMessage and inside a click."""
    from_bot = message.user == workspace.bot_user
    return {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": workspace.team,
        **({"bot_id": workspace.bot_id, "app_id": workspace.app_id} if from_bot else {}),
        **({"blocks": list(message.blocks)} if message.blocks else {}),
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        **({"edited": {"user": message.user, "ts": message.edited}} if message.edited else {}),
        **({"metadata": message.metadata} if message.metadata else {}),
    }


def view_json(view: View, workspace: Workspace, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """A view as views.open answers it and as it comes back when it is submitted."""
    optional = {"close": None, "submit": None, "external_id": "", "private_metadata": "", "callback_id": ""}
    return {
        **optional,
        "clear_on_close": False,
        "notify_on_close": False,
        **view.body,
        "id": view.id,
        "team_id": workspace.team,
        "state": {"values": values or {}},
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "app_id": workspace.app_id,
        "app_installed_team_id": workspace.team,
        "bot_id": workspace.bot_id,
    }
