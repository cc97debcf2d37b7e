"""What it means that a connection failed at some step: whether the command can have begun (facts: winrm, "Rule")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import DriverError, NeverSent, OutcomeUnknown


class Step(StrEnum):
    """How far a command had come: `PART` is any piece of a large one but the last, with which it begins."""

    OPENING = "opening"
    PART = "part"
    BEGINNING = "beginning"
    WAITING = "waiting"


class Kind(StrEnum):
    """What went wrong, by what can be done about it."""

    NAME = "name"
    AWAY = "away"
    CERTIFICATE = "certificate"
    CA_FILE = "ca-file"
    SIGN_IN = "sign-in"
    METHOD = "method"
    STATUS = "status"
    FAULT = "fault"
    ELSEWHERE = "elsewhere"
    SILENT = "silent"
    BROKEN = "broken"
    NONSENSE = "nonsense"
    LATE = "late"
    MODULE = "module"
    CONSTRAINED = "constrained"
    ORDINARY = "ordinary"


NO_SHELL, NOTHING_YET = 2150858843, 2150858793
TOO_LARGE = 413

_FAULTS: Mapping[int, str] = {
    5: "it does not let this account use the session configuration",
    2150858811: "it has no session configuration of this name",
    NO_SHELL: "the session has ended there",
    2150859173: "this account has too many sessions open there",
    2150859174: "this account has too many commands running there",
    NOTHING_YET: "it did not get ready in time",
    995: "it broke off, as when it restarts",
}
_BEFORE_IT_BEGAN = frozenset({5, 2150858811, NO_SHELL, 2150859173, 2150859174})
_NEVER_THERE = frozenset({Kind.NAME, Kind.AWAY, Kind.CERTIFICATE, Kind.CA_FILE, Kind.SIGN_IN})

_SAID: Mapping[Kind, str] = {
    Kind.NAME: "its name is not known to the network",
    Kind.AWAY: "it does not answer, or a firewall is in between",
    Kind.CERTIFICATE: "its certificate is not to be trusted",
    Kind.CA_FILE: "the file with the authority for its certificate cannot be read",
    Kind.SIGN_IN: "it refuses the account or its password",
    Kind.METHOD: "it does not offer the configured way to sign in, or this machine lacks what that needs",
    Kind.ELSEWHERE: "it sends the bot to another address, and Switchback does not follow",
    Kind.SILENT: "it fell silent",
    Kind.BROKEN: "the connection broke",
    Kind.NONSENSE: "it answers, but not as PowerShell remoting does",
    Kind.LATE: "it took longer than it may",
    Kind.MODULE: "it has not the PowerShell module that is configured",
    Kind.CONSTRAINED: "it is a constrained endpoint, configured here as an ordinary one",
    Kind.ORDINARY: "it has no functions of Switchback: an ordinary endpoint, configured here as a constrained one",
}
_STATUSES: Mapping[int, str] = {
    404: "it has nothing at the configured path",
    TOO_LARGE: "the request is too large for it",
    407: "a proxy is in between and asks for a password",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`code` is HTTP's (Kind.STATUS) or WSMan's (Kind.FAULT), None where there is none."""

    kind: Kind
    code: int | None = None

    @property
    def words(self) -> str:
        """Half a sentence about "it", the server."""
        match self.kind:
            case Kind.STATUS:
                return _STATUSES.get(self.code or 0, f"it answers with HTTP status {self.code}")
            case Kind.FAULT:
                return _FAULTS.get(self.code or 0, f"it refuses with code {self.code}")
        return _SAID[self.kind]


class Cut(Exception):
    """The way to a server failed at this step. It carries nothing of what was sent, so that it may be logged."""

    def __init__(self, step: Step, fault: Fault) -> None:
        super().__init__(f"{step}: {fault.words}")
        self.step, self.fault = step, fault

    @property
    def never_ran(self) -> bool:
        """Whether the command certainly did not begin; whatever else the client believes."""
        if self.step in (Step.OPENING, Step.PART):
            return True
        if self.step is Step.WAITING:
            return False
        return (
            self.fault.kind in _NEVER_THERE
            or self.fault == Fault(Kind.STATUS, TOO_LARGE)
            or (self.fault.kind is Kind.FAULT and self.fault.code in _BEFORE_IT_BEGAN)
        )


def meaning(cut: Cut, server: str, name: str, *, reads: bool = False, has_ended: bool = False) -> DriverError:
    """What people are told of a command `name` that was cut; `has_ended`: it was seen that nothing runs any more."""
    if cut.never_ran:
        return NeverSent(f"{name} was not run on {server}: {cut.fault.words}. Nothing happened.")
    if reads:
        return OutcomeUnknown(f"{server} did not answer {name}: {cut.fault.words}. It only reads: nothing was changed.")
    now = "It is not running any more." if has_ended else "It may still be running."
    return OutcomeUnknown(f"Nobody knows what {name} did on {server}: {cut.fault.words}. {now}")
