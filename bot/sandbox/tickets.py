"""What Slack hands out for a short time: trigger ids (3 s, once), response URLs (30 minutes, five times), uploads."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.sandbox.refusals import SlackRefusal

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60
RESPONSE_USES = 5
REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class Trigger:
    """The right to open one modal before `user`; `view_id` names the modal it was pressed in."""

    id: str
    user: str
    until: float
    view_id: str | None = None
    used: bool = False


@dataclass(frozen=True, slots=True)
class ResponseUrl:
    """Where a bot may answer one command or click: the channel, the person, the message it came from."""

    id: str
    channel: str
    user: str
    until: float
    message_ts: str | None = None
    left: int = RESPONSE_USES


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way: `length` bytes are posted to the address that ends with `ticket`, then it is completed."""

    file: str
    ticket: str
    name: str
    length: int
    alt_txt: str = ""
    snippet_type: str = ""
    data: bytes | None = None


class Tickets:
    """The tickets in circulation; time and ids come in from outside."""

    def __init__(self, clock: Callable[[], float], mint: Callable[[str], str]) -> None:
        self._clock, self._mint = clock, mint
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}
        self._uploads: dict[str, Upload] = {}

    def trigger(self, user: str, view_id: str | None = None) -> Trigger:
        """A fresh trigger id of Slack's shape, 123.456.abc."""
        now = self._clock()
        trigger = Trigger(
            f"{int(now * 1000)}.{len(self._triggers)}.{self._mint('').lower()}", user, now + TRIGGER_SECONDS, view_id
        )
        _remember(self._triggers, trigger.id, trigger)
        return trigger

    def exchange(self, trigger_id: str) -> Trigger:
        """Use a trigger id up, or be refused with Slack's word for why not."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackRefusal("invalid_trigger_id")
        if trigger.used:
            raise SlackRefusal("exchanged_trigger_id")
        if self._clock() > trigger.until:
            raise SlackRefusal("expired_trigger_id")
        self._triggers[trigger_id] = replace(trigger, used=True)
        return trigger

    def response_url(self, channel: str, user: str, message_ts: str | None = None) -> ResponseUrl:
        """A fresh response URL."""
        url = ResponseUrl(self._mint("R"), channel, user, self._clock() + RESPONSE_SECONDS, message_ts)
        _remember(self._urls, url.id, url)
        return url

    def answer(self, url_id: str) -> ResponseUrl:
        """Use a response URL once."""
        url = self._urls.get(url_id)
        if url is None or self._clock() > url.until:
            raise SlackRefusal("expired_url")
        if url.left == 0:
            raise SlackRefusal("used_url")
        self._urls[url_id] = replace(url, left=url.left - 1)
        return url

    def upload(self, name: str, length: int, alt_txt: str, snippet_type: str) -> Upload:
        """A fresh id for a file, and the address its bytes are expected at."""
        upload = Upload(self._mint("F"), self._mint(""), name, length, alt_txt, snippet_type)
        _remember(self._uploads, upload.file, upload)
        return upload

    def expected(self, ticket: str) -> Upload | None:
        """The upload that this address belongs to, until it is completed."""
        return next((one for one in self._uploads.values() if one.ticket == ticket), None)

    def receive(self, upload: Upload, data: bytes) -> None:
        """Keep the bytes of an upload until it is completed."""
        self._uploads[upload.file] = replace(upload, data=data)

    def received(self, file_id: str) -> Upload:
        """An upload whose bytes have arrived."""
        upload = self._uploads.get(file_id)
        if upload is None or upload.data is None:
            raise SlackRefusal("file_not_found")
        return upload

    def complete(self, upload: Upload) -> None:
        """An upload is completed once."""
        self._uploads.pop(upload.file, None)


def _remember(kept: dict, key: str, value: object) -> None:
    kept[key] = value
    while len(kept) > REMEMBERED:
        del kept[next(iter(kept))]
