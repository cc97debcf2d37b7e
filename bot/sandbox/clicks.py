"""What people do by hand: press, choose, send a form, put it away."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox import payloads
from bot.sandbox.acts import Outcome, actor, address_of
from bot.sandbox.api_views import place_changed
from bot.sandbox.blocks import elements, with_ids
from bot.sandbox.delivery import Delivery
from bot.sandbox.files import hand_over, with_files
from bot.sandbox.forms import action, complaints, filled_in
from bot.sandbox.refusals import NotPossible, SlackRefusal
from bot.sandbox.slack import Slack
from bot.sandbox.transports import Answer
from bot.sandbox.values import Block, Message, Person, View
from bot.sandbox.workspace import STACK_LIMIT

TROUBLE = "We had some trouble connecting. Try again?"
NO_ANSWER = {
    "http_timeout": "The app did not answer within 3 seconds.",
    "http_error": "The app answered with an error.",
}
UNREACHABLE = "The app could not be reached."

Where = str | Message | View


@dataclass(frozen=True, slots=True)
class Press:
    """What was pressed: which element, what was chosen in it, and the blocks as they were shown."""

    action_id: str
    value: Any = None
    block_id: str = ""
    shown: tuple[Block, ...] | None = None


async def click(
    slack: Slack, delivery: Delivery, user: str, where: Where, press: Press, values: Mapping[str, Any]
) -> Outcome:
    """Press or choose something in a message, a modal or App Home.

    `where` is a message's ts, a view's id, "home", or a message or view as it was when the person looked at it.
    """
    person = actor(slack, user)
    if not slack.manifest.interactive:
        return Outcome("This app is not configured to handle interactive responses.")
    source = _as_shown(slack, _source(slack, person, where), press.shown)
    block, element = _pressed(source, press)
    state = with_files(slack, user, filled_in(source.blocks, values))
    done = action(block, element, press.value, slack.workspace.next_ts(slack.clock()))
    if isinstance(source, Message):
        url = slack.tickets.response_url(source.channel, person.id, source.ts)
        payload = payloads.message_click(slack, person, source, done, state, address_of(slack, url))
    else:
        payload = payloads.view_click(slack, person, source, done, state)
    view_id = source.id if isinstance(source, View) else None
    payload["trigger_id"] = slack.tickets.trigger(person.id, view_id).id
    answer = await delivery.interact("interactive", payload)
    await slack.write_down()
    return Outcome(_failure(answer))


async def submit(slack: Slack, delivery: Delivery, user: str, view_id: str, values: Mapping[str, Any]) -> Outcome:
    """Send the form on top; what is missing is said before the app hears of it, as Slack's client does."""
    person = actor(slack, user)
    view = _on_top(slack, person, view_id)
    state = with_files(slack, user, filled_in(view.blocks, values))
    missing = complaints(view.blocks, state)
    if missing:
        return Outcome(errors=missing)
    hand_over(slack, state)
    payload = payloads.view_submission(slack, person, view, state)
    answer = await delivery.interact("interactive", payload)
    if answer.failure:
        return Outcome(_failure(answer))
    try:
        outcome = _apply(slack, view, answer.body)
    except SlackRefusal as refusal:
        return Outcome(f"{TROUBLE} ({refusal.error})")
    await slack.write_down()
    return outcome


async def close(slack: Slack, delivery: Delivery, user: str, view_id: str, clear: bool = False) -> Outcome:
    """Put a form away, with `clear` the whole stack; the app is told when the form asks for that."""
    person = actor(slack, user)
    view = _on_top(slack, person, view_id)
    stack = slack.workspace.stack(person.id)
    clear = clear or bool(view.body.get("clear_on_close"))
    slack.workspace.set_stack(person.id, () if clear else stack[:-1])
    for gone in reversed(stack) if clear else (view,):
        if gone.body.get("notify_on_close"):
            await delivery.interact("interactive", payloads.view_closed(slack, person, gone, clear))
    return Outcome()


def _source(slack: Slack, person: Person, where: Where) -> Message | View:
    if isinstance(where, View):
        return where
    if isinstance(where, Message):
        return _seen(slack, person, where)
    if where == "home":
        home = slack.workspace.home(person.id)
        if home is None:
            raise NotPossible(f"{person.name} has no App Home yet.")
        return home
    if where.startswith("V"):
        view = slack.workspace.open_view(where)
        if view is None or view.user != person.id:
            raise NotPossible(f"{person.name} does not have this form open.")
        return view
    shown = [one for one in slack.workspace.ephemerals(person.id) if one.ts == where]
    found = [one for channel in slack.workspace.channels() if (one := slack.workspace.message(channel.id, where))]
    if not shown and not found:
        raise NotPossible("This message is gone.")
    return _seen(slack, person, (shown or found)[0])


def _seen(slack: Slack, person: Person, message: Message) -> Message:
    channel = slack.workspace.channel(message.channel)
    if channel is None or not slack.workspace.sees(person.id, channel) or message.only not in (None, person.id):
        raise NotPossible(f"{person.name} does not see this message.")
    return message


def _as_shown(slack: Slack, source: Message | View, shown: tuple[Block, ...] | None) -> Message | View:
    """What was pressed is sent though the app has changed it meanwhile: what to say of that is the app's business."""
    if shown is None:
        return source
    blocks = list(with_ids(shown, slack.mint))
    if isinstance(source, Message):
        slack.check_message({"blocks": blocks})
        return replace(source, blocks=tuple(blocks))
    body = {**source.body, "blocks": blocks}
    slack.check_view(body, source.type)
    return replace(source, body=body)


def _pressed(source: Message | View, press: Press) -> tuple[Block, Block]:
    for block in source.blocks:
        if press.block_id and block["block_id"] != press.block_id:
            continue
        for element in elements(block):
            silent = block["type"] == "input" and not block.get("dispatch_action")
            if element["action_id"] == press.action_id and not silent:
                return block, element
    raise NotPossible(f"There is nothing to press called “{press.action_id}” here.")


def _on_top(slack: Slack, person: Person, view_id: str) -> View:
    stack = slack.workspace.stack(person.id)
    if not stack or stack[-1].id != view_id:
        raise NotPossible(f"{person.name} does not have this form open.")
    return stack[-1]


def _failure(answer: Answer) -> str:
    return NO_ANSWER.get(answer.failure, UNREACHABLE) if answer.failure else ""


def _apply(slack: Slack, view: View, body: Any) -> Outcome:
    """What the acknowledgement of a form says: close it, show errors, change it, put another on top, clear all."""
    body = body if isinstance(body, Mapping) else {}
    word = body.get("response_action", "")
    stack = slack.workspace.stack(view.user)
    if word == "errors":
        return _errors(view, body.get("errors") or {})
    if word in ("update", "push"):
        slack.check_view(body.get("view"), "modal")
    if word == "update":
        place_changed(slack, slack.change_view(view, body["view"]))
    elif word == "push":
        if len(stack) >= STACK_LIMIT:
            raise SlackRefusal("push_limit_reached")
        slack.workspace.set_stack(view.user, [*stack, slack.make_view(view.user, body["view"], view)])
    elif word == "clear":
        slack.workspace.set_stack(view.user, ())
    elif word == "":
        slack.workspace.set_stack(view.user, [one for one in stack if one.id != view.id])
    else:
        raise SlackRefusal("invalid_response_action")
    return Outcome()


def _errors(view: View, errors: Mapping[str, str]) -> Outcome:
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not errors or not set(errors) <= inputs:
        return Outcome(f"{TROUBLE} (the answer names a field this form does not have)")
    return Outcome(errors=dict(errors))
