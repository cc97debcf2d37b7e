"""What Slack's deliveries look like where this bot or Bolt looks: whatever does not is refused before either does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, convert

Body = Mapping[str, Any]
Named = Annotated[str, Meta(min_length=1)]
Id = Annotated[str, Meta(pattern="^[A-Z0-9]{2,40}$")]
"""Such as U0ANNA0001: it may be shown and logged as it is."""

NONSENSE = "A request was refused that comes from Slack, but has not the form of anything that Slack sends."
"""For the log, where nothing of what was sent may stand."""


class One(Struct):
    """A person, a channel, a group."""

    id: Id
    team_id: Id | None = None


class Team(Struct):
    id: Id | None = None
    enterprise_id: Id | None = None


class Where(Struct):
    """Where a click was."""

    is_ephemeral: bool | None = None


class Option(Struct):
    value: str | None = None


class Action(Struct):
    """What was pressed."""

    action_id: str
    value: str | None = None
    selected_option: Option | None = None


class File(Struct):
    id: Named
    name: str | None = None
    size: int | None = None


class Field(Struct):
    """What was filled in."""

    value: str | None = None
    selected_date: str | None = None
    selected_date_time: int | None = None
    selected_option: Option | None = None
    files: list[File] | None = None


class State(Struct):
    values: dict[str, dict[str, Field]] | None = None


class View(Struct):
    id: Named
    type: Literal["home", "modal"]
    callback_id: str
    private_metadata: str
    state: State | None = None
    previous_view_id: str | None = None
    app_installed_team_id: str | None = None
    team_id: str | None = None


class Authorization(Struct):
    """For whom an event came."""

    team_id: str | None = None
    enterprise_id: str | None = None
    is_enterprise_install: bool | str | None = None


class Link(Struct):
    response_url: str | None = None


class Delivery(Struct):
    """What Bolt looks for in all of them; forms have texts only."""

    team_id: str | None = None
    user_id: str | None = None
    channel_id: str | None = None
    trigger_id: str | None = None
    response_url: str | None = None
    enterprise: Team | str | None = None
    is_enterprise_install: bool | str | None = None
    is_ext_shared_channel: bool | str | None = None
    authorizations: list[Authorization] | None = None
    response_urls: list[Link] = []


class Command(Delivery, kw_only=True):
    command: Named
    text: str | None = None
    user_id: Id


class Interaction(Delivery, kw_only=True):
    user: One
    team: Team | None = None
    channel: One | None = None
    container: Where | None = None


class Click(Interaction, kw_only=True):
    actions: Annotated[list[Action], Meta(min_length=1)]
    trigger_id: Named
    view: View | None = None


class Form(Interaction, kw_only=True):
    view: View


class Event(Struct):
    type: Named
    user: One | str | None = None
    channel: One | str | None = None


class Opened(Event, kw_only=True):
    user: Id
    tab: str = ""


class Changed(Event, kw_only=True):
    user: One


class Members(Event, kw_only=True):
    subteam_id: Named | None = None
    subteam: One | None = None

    def __post_init__(self) -> None:
        if self.subteam_id is None and self.subteam is None:
            raise ValueError("the event is about no group")


class Happened(Delivery, kw_only=True):
    event: Event


class Verification(Struct):
    challenge: Named


_KINDS: Mapping[str, type[Struct]] = {
    "block_actions": Click,
    "view_submission": Form,
    "event_callback": Happened,
    "url_verification": Verification,
}
_EVENTS: Mapping[str, type[Event]] = {
    "app_home_opened": Opened,
    "user_change": Changed,
    "subteam_created": Members,
    "subteam_updated": Members,
    "subteam_members_changed": Members,
    "subteam_self_added": Members,
    "subteam_self_removed": Members,
}


def sound(body: Body) -> Body:
    """The same body. Raises ValueError when something in it is missing, or is of another type than Slack sends.

    What is of a kind that this bot does not know is left to Bolt, which knows no listener for it either.
    """
    kind = body.get("type")
    if "command" in body:
        convert(body, Command)
    elif isinstance(kind, str):
        convert(body, _KINDS.get(kind, Delivery))
    elif "ssl_check" not in body:
        raise ValueError("it is of no kind")
    if kind == "event_callback" and "command" not in body:
        event = body["event"]
        convert(event, _EVENTS.get(event["type"], Event))
    return body
