"""The values a workspace is made of: people, user groups, channels, messages, views, files."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Block = dict[str, Any]


class Kind(StrEnum):
    """How Slack sees an account (facts: guests and external people are never role holders)."""

    MEMBER = "member"
    GUEST = "guest"
    SINGLE_CHANNEL_GUEST = "single_channel_guest"
    EXTERNAL = "external"
    DELETED = "deleted"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    handle: str
    team: str
    kind: Kind = Kind.MEMBER
    about: str = ""
    tz: str = "Europe/Berlin"
    updated: int = 0
    email: str = ""

    @property
    def key(self) -> str:
        return f"person:{self.id}"


@dataclass(frozen=True, slots=True)
class Group:
    """A user group; `handle` is what people type after @."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...] = ()
    enabled: bool = True
    updated: int = 0

    @property
    def key(self) -> str:
        return f"group:{self.id}"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, or the direct messages of one person with the bot (`direct_with`)."""

    id: str
    name: str
    members: frozenset[str] = frozenset()
    private: bool = False
    ext_shared: bool = False
    pending_shared: bool = False
    archived: bool = False
    direct_with: str | None = None
    purpose: str = ""

    @property
    def key(self) -> str:
        return f"channel:{self.id}"

    @property
    def prefix(self) -> str:
        """The word that Slack's scopes use for this type of conversation."""
        if self.direct_with:
            return "im"
        return "groups" if self.private else "channels"


@dataclass(frozen=True, slots=True)
class Message:
    """One message; with `only`, an ephemeral one that nobody but that user sees and that is never kept."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: tuple[Block, ...] = ()
    thread_ts: str | None = None
    edited: str | None = None
    only: str | None = None
    metadata: dict[str, Any] | None = None
    files: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"message:{self.channel}:{self.ts}"


@dataclass(frozen=True, slots=True)
class View:
    """A modal on somebody's stack or somebody's App Home; `body` is what the bot sent, block ids filled in."""

    id: str
    user: str
    type: str
    body: dict[str, Any]
    hash: str
    root_id: str
    previous_id: str | None = None

    @property
    def key(self) -> str:
        return f"home:{self.user}"

    @property
    def blocks(self) -> list[Block]:
        return self.body.get("blocks", [])


@dataclass(frozen=True, slots=True)
class File:
    """A file somebody uploaded: `size` in bytes, `created` in seconds; with `for_app` a form brought it to the app.

    Whom it was shared with is told by the messages that carry its id.
    """

    id: str
    name: str
    user: str
    size: int
    created: int
    title: str = ""
    alt_txt: str = ""
    snippet_type: str = ""
    for_app: bool = False

    @property
    def key(self) -> str:
        return f"file:{self.id}"


@dataclass(frozen=True, slots=True)
class Contents:
    """The bytes of a file, which no page is sent unasked."""

    file: str
    data: bytes

    @property
    def key(self) -> str:
        return f"contents:{self.file}"


Durable = Person | Group | Channel | Message | View | File | Contents
KINDS: dict[str, type] = {
    "person": Person,
    "group": Group,
    "channel": Channel,
    "message": Message,
    "home": View,
    "file": File,
    "contents": Contents,
}
