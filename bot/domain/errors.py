"""Everything that can go wrong, as one tree whose messages are sentences for the person who reads them at 3 a.m.

BotError
├── BadInput            what somebody typed or sent cannot be used; nothing was changed
├── NotAllowed          this person may not do this; names the missing role
├── Stale               the run has moved on since the button was drawn, or since it was read
├── Replayed            Slack delivered the same once more; whatever it asked for has been done or refused
├── Held                another run holds a pool that this one needs
├── Damaged             a file is not an export that can be trusted; names the part
│   ├── Newer           a newer Switchback wrote it, so it is passed over and left as it is
│   └── Unreadable      a record that nobody here can read; it is passed over and left as it is
├── StoreAway           Redis does not answer; nothing was written
├── NoRoom              Redis or its disk is full; nothing was kept, older backups stay
├── NotDelivered        a file or an answer did not get to whoever asked for it
├── MirrorAway          the off-site copy cannot be reached, or refused; backups go on without it
└── DriverError         the deployment, in three kinds that must never be mixed up
    ├── NeverSent       the command did not leave; nothing happened
    │   └── SignInRefused   a server refused the bot's account, or it rests since one did, lest it is locked
    ├── CmdletFailed    the server received it and said no
    └── OutcomeUnknown  it was sent and no answer came; nobody knows
"""

from __future__ import annotations


class BotError(Exception):
    """The root: `str(error)` is one sentence (or a few) for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadInput(BotError):
    """What was typed or sent cannot be used; the sentence says what to do instead."""


class NotAllowed(BotError):
    """The person may not do this; the sentence is for them and names the missing role.

    `reason` is why, told about them in the third person, for others to read; whoever holds one of `roles` may.
    """

    def __init__(self, sentence: str, reason: str = "", roles: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.reason = reason or sentence
        self.roles = roles

    def told(self, name: str) -> str:
        """For the log: who was refused, and why."""
        return f"{name} was refused: {self.reason}"


class Stale(BotError):
    """Somebody or something else moved the run first; the sentence says what already happened."""


class Replayed(BotError):
    """The same delivery has ended already: whoever made it was answered then, and nobody is told again."""

    def __init__(self) -> None:
        super().__init__("Slack delivered this once more. What it asked for was done or refused before.")


class Held(BotError):
    """A pool is held by another run; the sentence names that run."""


class Damaged(BotError):
    """A file or a stored piece is damaged; the sentence names the part."""


class Newer(Damaged):
    """A record of a newer version: sound, but nothing for this process to read, mend, change or take away."""


class Unreadable(Damaged):
    """A record that is there and cannot be read, or says what this version does not know; the sentence names it."""


class StoreAway(BotError):
    """Redis did not answer in time; nothing was written."""


class MirrorAway(BotError):
    """The off-site copy did not answer in time, refused, or answered nonsense; backups go on without it."""


class NotDelivered(BotError):
    """What somebody asked for could not be made or sent; the sentence says that they do not have it."""


class NoRoom(BotError):
    """There is no room for what was to be kept; nothing of it stays, and what was kept before is as it was."""


class DriverError(BotError):
    """The deployment did not do what was asked."""


class NeverSent(DriverError):
    """The server could not be reached, so the command never left; nothing happened."""


class SignInRefused(NeverSent):
    """A server refused the bot's account, or nothing is sent with it since one did; nothing happened."""


class CmdletFailed(DriverError):
    """The server refused. `error_id` is PowerShell's FullyQualifiedErrorId, `detail` the server's own text.

    `detail` may hold names and numbers of the deployment: only holders of the role may read it.
    """

    def __init__(self, sentence: str, *, error_id: str = "", detail: str = "") -> None:
        super().__init__(sentence)
        self.error_id = error_id
        self.detail = detail or sentence


class OutcomeUnknown(DriverError):
    """The command was sent and no answer came back: it may have run wholly, partly or not at all."""
