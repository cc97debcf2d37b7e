"""How whoever did something is answered: in the acknowledgement, beside the message, or in a form of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.errors import BadInput, NotDelivered
from handlers.blocks.blocks import Message, View, label
from handlers.slack import payloads
from handlers.slack.payloads import Kind
from handlers.slack.proxies import proxy_for

_HOOKS = "hooks.slack.com"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. It is for that person alone unless `public`; `replaces` puts it where the list was that they paged.

    `again`: the same may be sent once more, so a form stays open behind the answer, with what was filled in.
    `settles`: it takes the place of the message that was pressed, which is for that person alone as well.
    """

    message: Message
    public: bool = False
    replaces: bool = False
    again: bool = False
    settles: bool = False


async def send(args: AsyncArgs, reply: Reply) -> None:
    """Gives the answer, which acknowledges what was done where there is no other way.

    Raises NotDelivered when Slack does not take it, and what calls to Slack raise.
    """
    await WAYS[payloads.kind(args.body)](args, reply)


async def open_view(args: AsyncArgs, view: View) -> str:
    """Opens the form, on top of the one that was pressed in, if any; gives its id."""
    trigger = args.body.get("trigger_id")
    if not trigger:
        raise BadInput("Slack sent nothing that a form could be opened with. Press the button again.")
    on_top = payloads.kind(args.body) is Kind.CLICK_ON_FORM
    answer = await (args.client.views_push if on_top else args.client.views_open)(trigger_id=trigger, view=view)
    return str(answer["view"]["id"])


async def complain(args: AsyncArgs, faults: Mapping[str, str]) -> None:
    """The form stays open with these sentences, by the id of the block that is wrong."""
    await args.ack(response_action="errors", errors=dict(faults))


def notice(message: Message) -> View:
    """A message as a form without fields, for where no message can be shown."""
    shown = {"type": "modal", "title": label("Switchback", 24), "close": label("Close", 24)}
    return {**shown, "blocks": message["blocks"]}


async def _acknowledged(args: AsyncArgs, reply: Reply) -> None:
    await args.ack({**reply.message, "response_type": "in_channel" if reply.public else "ephemeral"})


async def _beside(args: AsyncArgs, reply: Reply) -> None:
    if not is_slack(str(args.body.get("response_url") or ""), args.client.base_url):
        raise NotDelivered("An answer to a click was not posted: its response_url is not at Slack.")
    replaces = reply.settles or (reply.replaces and payloads.is_ephemeral(args.body))
    # What takes the place of a message is seen by whoever saw that.
    seen = {} if reply.settles else {"response_type": "ephemeral"}
    said, url = {**reply.message, **seen, "replace_original": replaces}, args.body["response_url"]
    # Bolt's own `respond` would go by a proxy of its own, and leave a connection behind with every answer.
    async with args.client.session.post(url, json=said, proxy=proxy_for(url)) as answer:
        if answer.status != 200:
            raise NotDelivered(f"Slack did not take an answer to a click (status {answer.status}).")


def is_slack(address: str, api: str) -> bool:
    """Whether Slack takes answers there: at its host for that, which GovSlack has of its own, or at the Web API's."""
    there, ours = urlsplit(address), urlsplit(api)
    hosts = {("https", _HOOKS), ("https", f"hooks.{ours.netloc}"), (ours.scheme, ours.netloc)}
    return (there.scheme, there.netloc) in hosts


async def _opened(args: AsyncArgs, reply: Reply) -> None:
    await args.client.views_open(trigger_id=args.body["trigger_id"], view=notice(reply.message))


async def _pushed(args: AsyncArgs, reply: Reply) -> None:
    await args.client.views_push(trigger_id=args.body["trigger_id"], view=notice(reply.message))


async def _instead(args: AsyncArgs, reply: Reply) -> None:
    await args.ack(response_action="push" if reply.again else "update", view=notice(reply.message))


async def _unheard(args: AsyncArgs, reply: Reply) -> None:
    raise NotDelivered(f"An event was not handled: {reply.message['text']}")


WAYS: Mapping[Kind, Callable[[AsyncArgs, Reply], Awaitable[None]]] = {
    Kind.COMMAND: _acknowledged,
    Kind.CLICK: _beside,
    Kind.CLICK_ON_HOME: _opened,
    Kind.CLICK_ON_FORM: _pushed,
    Kind.FORM: _instead,
    Kind.EVENT: _unheard,
}
