"""What people do by typing: commands, messages, opening App Home; and what Slack shows them in return."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.sandbox.blocks import with_ids
from bot.sandbox.delivery import AWAY, Delivery
from bot.sandbox.payloads import slash_command
from bot.sandbox.refusals import NotPossible, SlackRefusal
from bot.sandbox.shapes import view_json
from bot.sandbox.slack import Slack
from bot.sandbox.tickets import ResponseUrl
from bot.sandbox.transports import Answer
from bot.sandbox.values import Channel, Kind, Message, Person
from bot.sandbox.wire import flag
from bot.sandbox.workspace import Workspace

SLACKBOT = "USLACKBOT"
SHOWN_FAILURE = {"http_timeout": "operation_timeout"}
LONGEST_MESSAGE = 12_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the person sees besides messages: a notice when something went wrong, errors under form fields."""

    notice: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.notice and not self.errors


def actor(slack: Slack, user: str) -> Person:
    """Somebody who can act at all."""
    person = slack.workspace.person(user)
    if person is None or person.kind in (Kind.DELETED, Kind.BOT):
        raise NotPossible(f"{person.name if person else user} cannot sign in here.")
    if slack.faults.away:
        raise NotPossible(AWAY)
    return person


def place(slack: Slack, person: Person, channel_id: str) -> Channel:
    """A conversation this person is in."""
    channel = slack.workspace.channel(channel_id)
    if channel is None or not slack.workspace.sees(person.id, channel):
        raise NotPossible(f"{person.name} is not in this conversation.")
    return channel


async def command(
    slack: Slack, delivery: Delivery, user: str, channel_id: str, typed: str, thread_ts: str = ""
) -> Outcome:
    """Type a slash command. Unknown commands, threads and external people are answered by Slack itself."""
    person = actor(slack, user)
    channel = place(slack, person, channel_id)
    name, _, words = typed.strip().partition(" ")
    row = slack.manifest.commands.get(name)
    if row is None or person.kind is Kind.EXTERNAL:
        return slackbot(slack, person, channel, f"{name} is not a valid command.", thread_ts)
    if thread_ts:
        return slackbot(slack, person, channel, f"{name} is not supported in threads. Sorry!", thread_ts)
    words = escaped(words.strip(), slack.workspace) if row.escapes else words.strip()
    url = slack.tickets.response_url(channel.id, person.id)
    trigger = slack.tickets.trigger(person.id)
    payload = slash_command(slack, person, channel, name, words, address_of(slack, url), trigger.id)
    answer = await delivery.interact("slash_commands", payload)
    outcome = _shown(slack, person, channel, name, url, answer)
    await slack.write_down()
    return outcome


async def say(slack: Slack, delivery: Delivery, user: str, channel_id: str, words: str, thread_ts: str = "") -> Message:
    """Post an ordinary message; the app hears of it only if its manifest subscribes to such messages."""
    person = actor(slack, user)
    channel = place(slack, person, channel_id)
    if not words.strip():
        raise NotPossible("There is nothing to send.")
    if channel.direct_with and not slack.manifest.writable_messages:
        raise NotPossible("Sending messages to this app has been turned off.")
    words = escaped(words.strip()[:LONGEST_MESSAGE], slack.workspace)
    root = slack.thread_root(channel, thread_ts)
    message = slack.post(Message(channel.id, "", person.id, words, thread_ts=root))
    await slack.write_down()
    event = {"type": "message", "channel": channel.id, "user": person.id, "text": words, "ts": message.ts}
    kind = {"channels": "channel", "groups": "group", "im": "im"}[channel.prefix]
    await delivery.announce(f"message.{channel.prefix}", {**event, "channel_type": kind, "event_ts": message.ts})
    return message


async def open_home(slack: Slack, delivery: Delivery, user: str, tab: str = "home") -> None:
    """Open the app's Home or Messages tab; the app is told, and may publish what it wants to show."""
    person = actor(slack, user)
    if person.kind is Kind.EXTERNAL:
        raise NotPossible("People from other companies do not see this app's Home.")
    home = slack.workspace.home(person.id)
    channel = slack.workspace.direct(person.id)
    shown = {"view": view_json(home, slack.workspace)} if home and tab == "home" else {}
    event = {"type": "app_home_opened", "user": person.id, "channel": channel.id, "tab": tab, **shown}
    await delivery.announce("app_home_opened", {**event, "event_ts": slack.workspace.next_ts(slack.clock())})
    await slack.write_down()


def respond(slack: Slack, url: ResponseUrl, body: Mapping[str, Any]) -> None:
    """Do what a response URL or an acknowledgement says: delete, replace, or post a new message."""
    original = _original(slack, url)
    if flag(body, "delete_original"):
        _replace(slack, original, None)
        return
    words, blocks = str(body.get("text") or ""), body.get("blocks") or []
    if not words and not blocks:
        raise SlackRefusal("no_text")
    slack.check_message({"blocks": blocks})
    if flag(body, "replace_original") and original:
        _replace(slack, original, replace(original, text=words, blocks=with_ids(blocks, slack.mint)))
        return
    only = None if body.get("response_type") == "in_channel" else url.user
    draft = Message(url.channel, "", slack.workspace.bot_user, words, tuple(blocks), body.get("thread_ts"), only=only)
    slack.post(draft)


def address_of(slack: Slack, url: ResponseUrl) -> str:
    """Where the app posts to use a response URL."""
    return f"{slack.address}/response/{url.id}"


def slackbot(slack: Slack, person: Person, channel: Channel, words: str, thread_ts: str = "") -> Outcome:
    """Let Slack itself say something that only this person sees."""
    slack.post(Message(channel.id, "", SLACKBOT, words, thread_ts=thread_ts or None, only=person.id))
    return Outcome(notice=words)


def escaped(words: str, workspace: Workspace) -> str:
    """Typed text as Slack escapes it: & < > as entities, @name and #channel as references."""
    people = {person.handle: f"<@{person.id}|{person.handle}>" for person in workspace.people()}
    groups = {group.handle: f"<!subteam^{group.id}|@{group.handle}>" for group in workspace.groups()}
    channels = {one.name: f"<#{one.id}|{one.name}>" for one in workspace.channels() if one.name}
    words = html.escape(words, quote=False)
    words = re.sub(r"(?<!\S)@([\w.-]+)", lambda found: {**people, **groups}.get(found[1], found[0]), words)
    return re.sub(r"(?<!\S)#([\w-]+)", lambda found: channels.get(found[1], found[0]), words)


def _shown(slack: Slack, person: Person, channel: Channel, name: str, url: ResponseUrl, answer: Answer) -> Outcome:
    if answer.failure:
        code = SHOWN_FAILURE.get(answer.failure, "dispatch_failed")
        return slackbot(slack, person, channel, f"{name} failed with the error “{code}”")
    if not answer.body:
        return Outcome()
    body = answer.body if isinstance(answer.body, Mapping) else {"text": answer.body}
    try:
        respond(slack, url, body)
    except SlackRefusal as refusal:
        return slackbot(slack, person, channel, f"{name} failed with the error “{refusal.error}”")
    return Outcome()


def _original(slack: Slack, url: ResponseUrl) -> Message | None:
    ts = url.message_ts or ""
    kept = slack.workspace.message(url.channel, ts)
    shown = (one for one in slack.workspace.ephemerals(url.user) if one.ts == ts)
    return kept or next(shown, None)


def _replace(slack: Slack, original: Message | None, new: Message | None) -> None:
    if original is None:
        return
    if original.only:
        slack.workspace.replace_ephemeral(original, new)
    elif new is None:
        slack.workspace.drop(original)
    else:
        slack.workspace.put(new)
