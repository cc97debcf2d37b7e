"""Web API: who and what is there (conversations, users, user groups)."""

import base64
from typing import Any

from bot.sandbox.api_chat import find
from bot.sandbox.refusals import SlackRefusal
from bot.sandbox.shapes import channel_json, group_json, message_json, user_json
from bot.sandbox.slack import Slack
from bot.sandbox.values import Channel, Group, Kind, Person
from bot.sandbox.wire import Args, flag, number, text

TYPES = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
PAGE = 100


def conversation_info(slack: Slack, args: Args) -> dict[str, Any]:
    """conversations.info: needs the read scope of this type of conversation."""
    return {"channel": channel_json(_scoped(slack, args, "read"), slack.workspace)}


def conversation_list(slack: Slack, args: Args) -> dict[str, Any]:
    """conversations.list: the types asked for, each with its scope; private ones only where the bot is in."""
    wanted = [TYPES.get(name.strip()) for name in (text(args, "types") or "public_channel").split(",")]
    if None in wanted:
        raise SlackRefusal("invalid_types")
    for prefix in wanted:
        slack.require(f"{prefix}:read")
    seen = [
        channel_json(channel, slack.workspace)
        for channel in slack.workspace.channels()
        if channel.prefix in wanted and (channel.prefix == "channels" or slack.workspace.bot_user in channel.members)
    ]
    shown = [row for row in seen if not (row["is_archived"] and flag(args, "exclude_archived"))]
    return paged(args, "channels", shown)


def conversation_members(slack: Slack, args: Args) -> dict[str, Any]:
    """conversations.members: ids only, page by page."""
    return paged(args, "members", sorted(_scoped(slack, args, "read").members))


def conversation_open(slack: Slack, args: Args) -> dict[str, Any]:
    """conversations.open: the direct messages with one person of this workspace."""
    users = [user.strip() for user in text(args, "users").split(",") if user.strip()]
    if not users:
        raise SlackRefusal("users_list_not_supplied")
    if len(users) > 1:
        raise SlackRefusal("missing_scope", {"needed": "mpim:write", "provided": ",".join(slack.manifest.scopes)})
    person = _person(slack, users[0])
    if person.kind is Kind.DELETED:
        raise SlackRefusal("user_disabled")
    if person.team != slack.workspace.team:
        raise SlackRefusal("user_not_visible")
    known = slack.workspace.channel(f"D{person.id[1:]}") is not None
    channel = slack.workspace.direct(person.id)
    shown = channel_json(channel, slack.workspace) if flag(args, "return_im") else {"id": channel.id}
    return {"channel": shown, "no_op": known, "already_open": known}


def conversation_history(slack: Slack, args: Args) -> dict[str, Any]:
    """conversations.history: newest first, without the replies; needs a history scope."""
    channel = _scoped(slack, args, "history")
    _in_channel(slack, channel)
    roots = [one for one in slack.workspace.messages(channel.id) if one.thread_ts in (None, one.ts)]
    return paged(args, "messages", [message_json(one, slack) for one in reversed(roots)])


def conversation_replies(slack: Slack, args: Args) -> dict[str, Any]:
    """conversations.replies: one thread, oldest first; needs a history scope."""
    channel = _scoped(slack, args, "history")
    _in_channel(slack, channel)
    root = slack.workspace.message(channel.id, text(args, "ts"))
    if root is None:
        raise SlackRefusal("thread_not_found")
    replies = [one for one in slack.workspace.messages(channel.id) if root.ts in (one.ts, one.thread_ts)]
    return paged(args, "messages", [message_json(one, slack) for one in replies])


def user_info(slack: Slack, args: Args) -> dict[str, Any]:
    """users.info: the only place that tells the truth about guests and external people."""
    return {"user": user_json(_person(slack, text(args, "user")), slack.workspace, slack.manifest.scopes)}


def presence(slack: Slack, args: Args) -> dict[str, Any]:
    """users.getPresence: of others, this word and nothing more."""
    person = _person(slack, text(args, "user"))
    return {"presence": "away" if person.id in slack.workspace.away else "active"}


def user_list(slack: Slack, args: Args) -> dict[str, Any]:
    """users.list: everybody of this workspace, deleted people and bots included."""
    ours = [person for person in slack.workspace.people() if person.team == slack.workspace.team]
    return paged(args, "members", [user_json(person, slack.workspace, slack.manifest.scopes) for person in ours])


def group_list(slack: Slack, args: Args) -> dict[str, Any]:
    """usergroups.list: paid plans only, as in Slack."""
    _paid(slack)
    groups = [group for group in slack.workspace.groups() if group.enabled or flag(args, "include_disabled")]
    return {"usergroups": [group_json(group, slack.workspace, flag(args, "include_users")) for group in groups]}


def group_users(slack: Slack, args: Args) -> dict[str, Any]:
    """usergroups.users.list: the members of one group, guests among them."""
    _paid(slack)
    group: Group | None = slack.workspace.group(text(args, "usergroup"))
    if group is None or not (group.enabled or flag(args, "include_disabled")):
        raise SlackRefusal("no_such_subteam")
    return {"users": list(group.members)}


def paged(args: Args, name: str, rows: list[Any]) -> dict[str, Any]:
    """One page of rows, and the cursor of the next as Slack writes it (empty at the end)."""
    limit = max(1, min(number(args, "limit", PAGE), 1000))
    start = _offset(text(args, "cursor"))
    more = start + limit < len(rows)
    cursor = base64.b64encode(f"next:{start + limit}".encode()).decode() if more else ""
    return {name: rows[start : start + limit], "response_metadata": {"next_cursor": cursor}}


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("next:"))
    except ValueError:
        raise SlackRefusal("invalid_cursor") from None


def _scoped(slack: Slack, args: Args, right: str) -> Channel:
    slack.require(*(f"{prefix}:{right}" for prefix in TYPES.values()))
    channel = find(slack, text(args, "channel"))
    slack.require(f"{channel.prefix}:{right}")
    return channel


def _in_channel(slack: Slack, channel: Channel) -> None:
    if slack.workspace.bot_user not in channel.members:
        raise SlackRefusal("not_in_channel")


def _person(slack: Slack, user: str) -> Person:
    person = slack.workspace.person(user)
    if person is None:
        raise SlackRefusal("user_not_found")
    return person


def _paid(slack: Slack) -> None:
    if not slack.workspace.paid:
        raise SlackRefusal("plan_upgrade_required")
