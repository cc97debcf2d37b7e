"""Web API: modals and App Home."""

from typing import Any

from bot.sandbox.refusals import SlackRefusal, bad_arguments
from bot.sandbox.shapes import view_json
from bot.sandbox.slack import Slack
from bot.sandbox.values import View
from bot.sandbox.wire import Args, text
from bot.sandbox.workspace import STACK_LIMIT


def open_view(slack: Slack, args: Args) -> dict[str, Any]:
    """views.open: a modal before the person whose trigger this is; pressed inside a modal, it goes on top of that."""
    body = args.get("view")
    slack.check_view(body, "modal")
    trigger = slack.tickets.exchange(text(args, "trigger_id"))
    stack = slack.workspace.stack(trigger.user)
    below = stack if any(view.id == trigger.view_id for view in stack) else ()
    return _placed(slack, trigger.user, below, body)


def push_view(slack: Slack, args: Args) -> dict[str, Any]:
    """views.push: on top of the modal the trigger was pressed in."""
    body = args.get("view")
    slack.check_view(body, "modal")
    trigger = slack.tickets.exchange(text(args, "trigger_id"))
    stack = slack.workspace.stack(trigger.user)
    if not any(view.id == trigger.view_id for view in stack):
        raise SlackRefusal("not_found")
    return _placed(slack, trigger.user, stack, body)


def update_view(slack: Slack, args: Args) -> dict[str, Any]:
    """views.update: a view somebody still has open, unless it changed since (`hash`)."""
    body = args.get("view")
    view = slack.workspace.open_view(text(args, "view_id"), text(args, "external_id"))
    if view is None:
        raise SlackRefusal("not_found")
    slack.check_view(body, "home" if view.type == "home" else "modal")
    _fresh(view, text(args, "hash"))
    _unique(slack, body, view)
    changed = slack.change_view(view, body)
    place_changed(slack, changed)
    return {"view": view_json(changed, slack.workspace)}


def publish_view(slack: Slack, args: Args) -> dict[str, Any]:
    """views.publish: somebody's App Home, if the manifest has one."""
    user, body = text(args, "user_id"), args.get("view")
    if not slack.manifest.home_tab:
        raise SlackRefusal("not_enabled")
    if slack.workspace.person(user) is None:
        raise bad_arguments("invalid `user_id` [json-pointer:/user_id]")
    slack.check_view(body, "home")
    old = slack.workspace.home(user)
    if old is not None:
        _fresh(old, text(args, "hash"))
    _unique(slack, body, old)
    view = slack.change_view(old, body) if old else slack.make_view(user, body)
    slack.workspace.put(view)
    return {"view": view_json(view, slack.workspace)}


def place_changed(slack: Slack, changed: View) -> None:
    """Put a changed view where its older self is."""
    if changed.type == "home":
        slack.workspace.put(changed)
        return
    stack = slack.workspace.stack(changed.user)
    slack.workspace.set_stack(changed.user, [changed if view.id == changed.id else view for view in stack])


def _placed(slack: Slack, user: str, below: tuple[View, ...], body: Any) -> dict[str, Any]:
    if len(below) >= STACK_LIMIT:
        raise SlackRefusal("push_limit_reached")
    _unique(slack, body, None)
    view = slack.make_view(user, body, below[-1] if below else None)
    slack.workspace.set_stack(user, [*below, view])
    return {"view": view_json(view, slack.workspace)}


def _fresh(view: View, given_hash: str) -> None:
    if given_hash and given_hash != view.hash:
        raise SlackRefusal("hash_conflict")


def _unique(slack: Slack, body: Any, view: View | None) -> None:
    external_id = body.get("external_id", "")
    other = slack.workspace.open_view(external_id=external_id) if external_id else None
    if other is not None and (view is None or other.id != view.id):
        raise SlackRefusal("duplicate_external_id")
