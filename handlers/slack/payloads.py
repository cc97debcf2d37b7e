"""Reads what Slack sends: which kind it is, from which workspace, who acted and where."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

Body = Mapping[str, Any]


class Kind(StrEnum):
    """What was done, and with it how whoever did it can be answered."""

    COMMAND = "a command"
    CLICK = "a click in a message"
    CLICK_ON_HOME = "a click on App Home"
    CLICK_ON_FORM = "a click in a form"
    FORM = "a form"
    EVENT = "an event"


_SURFACES = {"home": Kind.CLICK_ON_HOME, "modal": Kind.CLICK_ON_FORM}


def kind(body: Body) -> Kind:
    """Whatever nobody did is an event."""
    if "command" in body:
        return Kind.COMMAND
    if body.get("type") == "view_submission":
        return Kind.FORM
    if body.get("type") == "block_actions":
        return _SURFACES.get(_mapping(body, "view").get("type", ""), Kind.CLICK)
    return Kind.EVENT


def team(body: Body) -> str:
    """The workspace that the request is from. Of an external person's click it is ours (facts: slack security)."""
    return str(_mapping(body, "team").get("id") or body.get("team_id") or "")


def actor(body: Body) -> tuple[str, str]:
    """User id of whoever acted, and the workspace that Slack says they belong to, where it says so."""
    user = _mapping(body, "user")
    return str(user.get("id") or body.get("user_id") or ""), str(user.get("team_id") or "")


def channel(body: Body) -> str:
    """The channel where it was done, or nothing."""
    return str(_mapping(body, "channel").get("id") or body.get("channel_id") or "")


def delivery(body: Body, signature: str) -> str:
    """What tells this delivery from every other: over HTTP its signature, which is of the very bytes; or nothing."""
    return signature or str(body.get("trigger_id") or "")


def is_ephemeral(body: Body) -> bool:
    """Whether the message that was clicked is one that only this person sees."""
    return _mapping(body, "container").get("is_ephemeral") is True


def _mapping(body: Body, key: str) -> Body:
    value = body.get(key)
    return value if isinstance(value, Mapping) else {}
