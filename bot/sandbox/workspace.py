"""The state of one workspace, held in memory: pure, without clock, network or storage."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from bot.sandbox.values import KINDS, Channel, Contents, Durable, File, Group, Kind, Message, Person, View

EPHEMERALS_KEPT = 50
STACK_LIMIT = 3

T = TypeVar("T")
Watcher = Callable[[str, object], None]


class Workspace:
    """Everything people see; whatever is durable is also noted as a change for whoever keeps the journal.

    Watchers are called with a word and a value: "put" and "drop" for durable values and ephemeral messages,
    "modals" with (user, stack).
    """

    def __init__(self, team: str, domain: str, bot_user: str, bot_id: str, app_id: str) -> None:
        self.team, self.domain, self.bot_user, self.bot_id, self.app_id = team, domain, bot_user, bot_id, app_id
        self.paid = True
        self.away: set[str] = set()
        """Who is not at work; everybody else is."""
        self._values: dict[str, Durable] = {}
        self._messages: dict[str, dict[str, Message]] = defaultdict(dict)
        self._ephemerals: dict[str, list[Message]] = defaultdict(list)
        self._stacks: dict[str, list[View]] = defaultdict(list)
        self._changed: dict[str, None] = {}
        self._last_ts = 0
        self.watchers: list[Watcher] = []

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take back what a journal kept; messages come back in the order of their ts."""
        found = [msgspec.json.decode(raw, type=KINDS[key.partition(":")[0]]) for key, raw in entries.items()]
        for value in sorted(found, key=lambda value: value.ts if isinstance(value, Message) else ""):
            self.put(value)
        self._changed.clear()

    def put(self, value: Durable) -> None:
        """Add or replace a durable value."""
        self._values[value.key] = value
        if isinstance(value, Message):
            self._messages[value.channel][value.ts] = value
            self._last_ts = max(self._last_ts, micros(value.ts))
        self._changed[value.key] = None
        self._tell("put", value)

    def drop(self, value: Durable) -> None:
        """Remove a durable value."""
        self._values.pop(value.key, None)
        if isinstance(value, Message):
            self._messages[value.channel].pop(value.ts, None)
        self._changed[value.key] = None
        self._tell("drop", value)

    def take_changes(self) -> dict[str, bytes | None]:
        """What changed since the last call, as a journal wants it: None means gone."""
        keys, self._changed = self._changed, {}
        return {key: msgspec.json.encode(self._values[key]) if key in self._values else None for key in keys}

    def note_changes(self, keys: Iterable[str]) -> None:
        """Changes that could not be written down after all, and are still to do."""
        self._changed = {**dict.fromkeys(keys), **self._changed}

    def next_ts(self, now: float) -> str:
        """Slack's own kind of message id: seconds with six decimals, never the same twice."""
        self._last_ts = max(int(now * 1_000_000), self._last_ts + 1)
        seconds, rest = divmod(self._last_ts, 1_000_000)
        return f"{seconds}.{rest:06d}"

    def person(self, user: str) -> Person | None:
        return self._get(f"person:{user}", Person)

    def channel(self, id_or_name: str) -> Channel | None:
        """A channel by id, or by name with or without #."""
        by_id = self._get(f"channel:{id_or_name}", Channel)
        name = id_or_name.removeprefix("#")
        return by_id or next((one for one in self.channels() if one.name == name and not one.direct_with), None)

    def group(self, group: str) -> Group | None:
        return self._get(f"group:{group}", Group)

    def message(self, channel: str, ts: str) -> Message | None:
        return self._messages[channel].get(ts) if channel in self._messages else None

    def home(self, user: str) -> View | None:
        return self._get(f"home:{user}", View)

    def file(self, file_id: str) -> File | None:
        return self._get(f"file:{file_id}", File)

    def contents(self, file_id: str) -> bytes:
        """The bytes of a file; empty when there is no such file."""
        found = self._get(f"contents:{file_id}", Contents)
        return found.data if found else b""

    def files(self) -> list[File]:
        return list(self._all(File))

    def shares(self, file_id: str) -> list[Message]:
        """The messages that carry a file, channel by channel."""
        return [one for kept in self._messages.values() for one in kept.values() if file_id in one.files]

    def people(self) -> list[Person]:
        return list(self._all(Person))

    def groups(self) -> list[Group]:
        return list(self._all(Group))

    def channels(self) -> list[Channel]:
        return list(self._all(Channel))

    def homes(self) -> list[View]:
        return list(self._all(View))

    def messages(self, channel: str) -> list[Message]:
        """Every message of a channel, replies included, oldest first."""
        return list(self._messages[channel].values()) if channel in self._messages else []

    def show_ephemeral(self, message: Message) -> None:
        """Show a message to one person; it is in no history, and the oldest are forgotten."""
        shown = self._ephemerals[message.only or ""]
        shown.append(message)
        del shown[:-EPHEMERALS_KEPT]
        self._tell("put", message)

    def replace_ephemeral(self, old: Message, new: Message | None) -> None:
        """What a response_url may do to the ephemeral message it came with: replace it or take it away."""
        shown = self._ephemerals[old.only or ""]
        kept = [new if one.ts == old.ts else one for one in shown]
        shown[:] = [one for one in kept if one is not None]
        self._tell("put" if new else "drop", new or old)

    def ephemerals(self, user: str) -> list[Message]:
        return list(self._ephemerals.get(user, ()))

    def stack(self, user: str) -> tuple[View, ...]:
        """The modals open before somebody, the one on top last."""
        return tuple(self._stacks.get(user, ()))

    def stacks(self) -> dict[str, tuple[View, ...]]:
        return {user: tuple(views) for user, views in self._stacks.items() if views}

    def set_stack(self, user: str, views: Iterable[View]) -> None:
        """Change what modals are open before somebody; never more than three."""
        self._stacks[user] = list(views)[:STACK_LIMIT]
        self._tell("modals", (user, self.stack(user)))

    def open_view(self, view_id: str = "", external_id: str = "") -> View | None:
        """A view that is on somebody's screen, by its id or by the id the bot gave it."""
        shown = [view for stack in self._stacks.values() for view in stack] + self.homes()
        matches = (
            view
            for view in shown
            if (view_id and view.id == view_id) or (external_id and view.body.get("external_id") == external_id)
        )
        return next(matches, None)

    def direct(self, user: str) -> Channel:
        """The direct messages of the bot with one person, opened when first needed."""
        found = self.channel(direct_id(user))
        if found is None:
            found = Channel(direct_id(user), "", frozenset((user, self.bot_user)), direct_with=user)
            self.put(found)
        return found

    def sees(self, user: str, channel: Channel) -> bool:
        return user in channel.members

    def sees_file(self, user: str, file: File) -> bool:
        """A file is for who uploaded it, for the app when a form brought it, and for whom it was shared with."""
        if user == file.user or (file.for_app and user == self.bot_user):
            return True
        places = {one.channel for one in self.shares(file.id)}
        return any(self.sees(user, channel) for channel in self.channels() if channel.id in places)

    def is_stranger(self, person: Person) -> bool:
        """Slack's own meaning: an external person who shares no channel with the bot."""
        shared = (channel for channel in self.channels() if self.bot_user in channel.members)
        return person.kind is Kind.EXTERNAL and not any(person.id in channel.members for channel in shared)

    def _get(self, key: str, kind: type[T]) -> T | None:
        value = self._values.get(key)
        return value if isinstance(value, kind) else None

    def _all(self, kind: type[T]) -> Iterator[T]:
        return (value for value in self._values.values() if isinstance(value, kind))

    def _tell(self, word: str, value: object) -> None:
        for watcher in list(self.watchers):
            watcher(word, value)


def direct_id(user: str) -> str:
    """The id of a person's direct messages with the bot."""
    return f"D{user[1:]}"


def micros(ts: str) -> int:
    """A message ts as a whole number of microseconds."""
    seconds, _, rest = ts.partition(".")
    return int(seconds) * 1_000_000 + int(rest or 0)
