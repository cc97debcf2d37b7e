"""Web API: messages."""

from dataclasses import replace
from typing import Any

from bot.sandbox.blocks import with_ids
from bot.sandbox.refusals import SlackRefusal
from bot.sandbox.shapes import message_json
from bot.sandbox.slack import LONGEST_TEXT, Slack
from bot.sandbox.values import Channel, Message
from bot.sandbox.wire import Args, text

UPDATE_TEXT = 4_000
SPLIT_ABOVE = 4_040
SPLIT_AT = 4_000
USER_IDS = ("U", "W")


def post_message(slack: Slack, args: Args) -> dict[str, Any]:
    """chat.postMessage: to a channel the bot is in, or to a user id, which opens their direct messages."""
    channel = writable(slack, channel_or_direct(slack, text(args, "channel")))
    draft = drafted(slack, channel, args)
    pieces = [draft.text] if draft.blocks or len(draft.text) <= SPLIT_ABOVE else split(draft.text)
    posted = [slack.post(replace(draft, text=piece)) for piece in pieces]
    return {"channel": channel.id, "ts": posted[0].ts, "message": message_json(posted[0], slack)}


def post_ephemeral(slack: Slack, args: Args) -> dict[str, Any]:
    """chat.postEphemeral: shown to one member of the channel, kept nowhere."""
    channel = writable(slack, find(slack, text(args, "channel")))
    user = text(args, "user")
    if user not in channel.members:
        raise SlackRefusal("user_not_in_channel")
    shown = slack.post(replace(drafted(slack, channel, args), only=user))
    return {"message_ts": shown.ts}


def update(slack: Slack, args: Args) -> dict[str, Any]:
    """chat.update: own messages only; text alone takes the blocks away, neither keeps them."""
    channel = find(slack, text(args, "channel"))
    if channel.archived:
        raise SlackRefusal("is_inactive")
    message = own_message(slack, channel, text(args, "ts"), "cant_update_message")
    words, blocks = text(args, "text"), args.get("blocks")
    if len(words) > UPDATE_TEXT:
        raise SlackRefusal("msg_too_long")
    if not words and not blocks:
        raise SlackRefusal("no_text")
    slack.check_message(_checked(args))
    changed = replace(
        message,
        text=words or message.text,
        blocks=with_ids(blocks or (), slack.mint),
        edited=slack.workspace.next_ts(slack.clock()),
        metadata=args.get("metadata") or message.metadata,
    )
    slack.workspace.put(changed)
    answer = message_json(changed, slack)
    return {"channel": channel.id, "ts": changed.ts, "text": changed.text, "message": answer}


def delete(slack: Slack, args: Args) -> dict[str, Any]:
    """chat.delete: own messages only."""
    channel = find(slack, text(args, "channel"))
    message = own_message(slack, channel, text(args, "ts"), "cant_delete_message")
    slack.workspace.drop(message)
    return {"channel": channel.id, "ts": message.ts}


def permalink(slack: Slack, args: Args) -> dict[str, Any]:
    """chat.getPermalink: an address on the page of this stand-in."""
    channel = find(slack, text(args, "channel"))
    message = slack.workspace.message(channel.id, text(args, "message_ts"))
    if message is None:
        raise SlackRefusal("message_not_found")
    link = f"{slack.address}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts else ""
    return {"channel": channel.id, "permalink": link + thread}


def drafted(slack: Slack, channel: Channel, args: Args) -> Message:
    """A message of the bot as its arguments describe it, refused where Slack would refuse it."""
    words, blocks = text(args, "text"), args.get("blocks") or []
    if not words and not blocks:
        raise SlackRefusal("no_text")
    slack.check_message(_checked(args))
    return Message(
        channel.id,
        "",
        slack.workspace.bot_user,
        words,
        tuple(blocks),
        slack.thread_root(channel, text(args, "thread_ts")),
        metadata=args.get("metadata") or None,
    )


def find(slack: Slack, id_or_name: str) -> Channel:
    """A channel the bot may know of: private ones and direct messages only when it is in them."""
    channel = slack.workspace.channel(id_or_name)
    hidden = channel and channel.prefix != "channels" and slack.workspace.bot_user not in channel.members
    if channel is None or hidden:
        raise SlackRefusal("channel_not_found")
    return channel


def channel_or_direct(slack: Slack, id_or_name: str) -> Channel:
    """A channel by id or name, or the direct messages of a person named by id."""
    if not id_or_name.startswith(USER_IDS):
        return find(slack, id_or_name)
    person = slack.workspace.person(id_or_name)
    if person is None or person.team != slack.workspace.team:
        raise SlackRefusal("channel_not_found")
    return slack.workspace.direct(person.id)


def writable(slack: Slack, channel: Channel) -> Channel:
    """The same channel, when the bot may post there."""
    if channel.archived:
        raise SlackRefusal("is_archived")
    if channel.direct_with and not slack.manifest.messages_tab:
        raise SlackRefusal("messages_tab_disabled")
    if slack.workspace.bot_user not in channel.members:
        raise SlackRefusal("not_in_channel")
    return channel


def own_message(slack: Slack, channel: Channel, ts: str, otherwise: str) -> Message:
    """A message of the bot itself; other people's are refused with the given error."""
    message = slack.workspace.message(channel.id, ts)
    if message is None:
        raise SlackRefusal("message_not_found")
    if message.user != slack.workspace.bot_user:
        raise SlackRefusal(otherwise)
    return message


def split(words: str) -> list[str]:
    """A long text as the several messages Slack makes of it."""
    words = words[:LONGEST_TEXT]
    return [words[start : start + SPLIT_AT] for start in range(0, len(words), SPLIT_AT)]


def _checked(args: Args) -> dict[str, Any]:
    return {key: args[key] for key in ("blocks", "attachments") if args.get(key)}
