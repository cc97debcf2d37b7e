"""The same values as Slack spells them in JSON."""

import re
from collections.abc import Collection
from typing import Any

from bot.sandbox.filetypes import type_of
from bot.sandbox.slack import Slack
from bot.sandbox.values import Channel, File, Group, Kind, Message, Person, View
from bot.sandbox.workspace import Workspace

GUESTS = (Kind.GUEST, Kind.SINGLE_CHANNEL_GUEST)


def user_json(person: Person, workspace: Workspace, scopes: Collection[str] = ()) -> dict[str, Any]:
    """A user as users.info tells it; the mail address of members only, and only with the scope for it."""
    said = {"real_name": person.name, "display_name": person.handle, "team": person.team}
    if person.email and "users:read.email" in scopes and not workspace.is_stranger(person):
        said["email"] = person.email
    return {
        "id": person.id,
        "team_id": person.team,
        "name": person.handle,
        "deleted": person.kind is Kind.DELETED,
        "real_name": person.name,
        "tz": person.tz,
        "profile": said,
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
        "is_pending_ext_shared": channel.pending_shared,
        "num_members": len(channel.members),
        "topic": {"value": ""},
        "purpose": {"value": channel.purpose},
    }


def message_json(message: Message, slack: Slack) -> dict[str, Any]:
    """A message as it comes back from chat.postMessage and inside a click."""
    workspace = slack.workspace
    files = [file_json(file, slack) for one in message.files if (file := workspace.file(one))]
    from_bot = message.user == workspace.bot_user
    return {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": workspace.team,
        **({"bot_id": workspace.bot_id, "app_id": workspace.app_id} if from_bot else {}),
        **({"blocks": list(message.blocks)} if message.blocks else {}),
        **({"files": files, "upload": True} if files else {}),
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        **({"edited": {"user": message.user, "ts": message.edited}} if message.edited else {}),
        **({"metadata": message.metadata} if message.metadata else {}),
    }


def file_json(file: File, slack: Slack) -> dict[str, Any]:
    """A file as files.info tells it, inside a message, and in the state of a form that asked for it."""
    kind, team = type_of(file.name), slack.workspace.team
    slug = re.sub(r"[^a-z0-9.]+", "_", file.name.lower())
    private = f"{slack.address}/files-pri/{team}-{file.id}"
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": kind.mimetype,
        "filetype": file.snippet_type or kind.name,
        "pretty_type": kind.pretty,
        "user": file.user,
        "user_team": team,
        "editable": bool(file.snippet_type),
        "size": file.size,
        "mode": "snippet" if file.snippet_type else "hosted",
        "is_external": False,
        "external_type": "",
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{private}/{slug}",
        "url_private_download": f"{private}/download/{slug}",
        "permalink": f"{slack.address}/files/{file.user}/{file.id}/{slug}",
        "has_rich_preview": False,
        "media_display_type": "unknown",
        "file_access": "visible",
        **({"alt_txt": file.alt_txt} if file.alt_txt else {}),
        **_shared(file, slack.workspace),
    }


def _shared(file: File, workspace: Workspace) -> dict[str, Any]:
    """Where a file was shared to, twice over as Slack tells it: by kind of conversation, and message by message."""
    places: dict[str, list[str]] = {"channels": [], "groups": [], "im": []}
    shares: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for message in workspace.shares(file.id):
        channel = workspace.channel(message.channel)
        if channel is None:
            continue
        places[channel.prefix].append(channel.id)
        kind = shares.setdefault("public" if channel.prefix == "channels" else "private", {})
        thread = {"thread_ts": message.thread_ts} if message.thread_ts else {}
        kind.setdefault(channel.id, []).append({"ts": message.ts, "team_id": workspace.team, **thread})
    unique = {name: list(dict.fromkeys(found)) for name, found in places.items()}
    return {
        "channels": unique["channels"],
        "groups": unique["groups"],
        "ims": unique["im"],
        "is_public": bool(unique["channels"]),
        "shares": shares,
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
