"""What it means that a connection failed at some step: whether the command can have begun (facts: winrm, "Rule")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import DriverError, NeverSent, OutcomeUnknown, SignInRefused


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
    PROXY = "proxy"
    TLS = "tls"
    CERTIFICATE = "certificate"
    CA_FILE = "ca-file"
    PASSWORD_FILE = "password-file"
    KEYTAB = "keytab"
    OWN_CERTIFICATE = "own-certificate"
    UNWANTED = "unwanted"
    SIGN_IN = "sign-in"
    UNMAPPED = "unmapped"
    SPARED = "spared"
    UNSURE = "unsure"
    METHOD = "method"
    TICKET = "ticket"
    LACKING = "lacking"
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
_WRONG_KEY = 24
_TICKETS: Mapping[int, str] = {
    6: "the domain knows no such account",
    7: "the domain knows no server by this name (no service principal name, or not its full name)",
    12: "the domain does not let the account sign in from here, or now",
    14: "the domain and this machine have no kind of encryption in common",
    18: "the domain has disabled or locked the account",
    23: "the password of the account has expired",
    _WRONG_KEY: "the domain refuses the password of the account, or its keytab is out of date",
    37: "the clocks of this machine and of the domain differ by more than Kerberos allows",
    141: "there is neither a password nor a keytab for the account, nor a ticket",
    154: "this machine knows no domain controller for the domain of the account (krb5.conf)",
    156: "no domain controller answers for Kerberos",
    181: "the keytab has no key for the account",
}
"""Why there is no ticket, by the number of Kerberos (below 128: RFC 4120) or of its library, from which on both count.

All of these come before anything is sent to the server.
"""
_NEVER_THERE = frozenset({Kind.NAME, Kind.AWAY, Kind.PROXY, Kind.CERTIFICATE, Kind.SIGN_IN, Kind.UNMAPPED, Kind.METHOD})

_SAID: Mapping[Kind, str] = {
    Kind.NAME: "its name is not known to the network",
    Kind.AWAY: "it does not answer, or a firewall is in between",
    Kind.PROXY: "the proxy that is configured does not answer, or does not let the bot through",
    Kind.TLS: "the connection broke within TLS, or it does not speak TLS there",
    Kind.CERTIFICATE: "its certificate is not to be trusted",
    Kind.CA_FILE: "the file with the authority for its certificate",
    Kind.PASSWORD_FILE: "the file with the password of the account",
    Kind.KEYTAB: "the keytab of the account",
    Kind.OWN_CERTIFICATE: "the certificate that signs in",
    Kind.UNWANTED: "it ended the connection, perhaps over the certificate that signs in (its authority, or TLS 1.3)",
    Kind.SIGN_IN: "it refuses the account or its password",
    Kind.UNMAPPED: "it lets nobody in by this certificate: it has no account for it, or takes no certificates",
    Kind.SPARED: "a server refused the account; so that it is not locked, it is next tried",
    Kind.UNSURE: "Redis does not answer, so nobody knows whether the account was refused before",
    Kind.METHOD: "it does not offer the configured way to sign in",
    Kind.LACKING: "this machine cannot sign in by Kerberos, since what that needs is not installed",
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


CERTIFICATES: Mapping[int, str] = {10: "(it has expired)", 62: "(it is for another name)"}
"""Why it is not to be trusted, by the number of OpenSSL."""

_REMEDIES: Mapping[Kind, str] = {
    Kind.NAME: "Check its name under [[servers]], and in DNS.",
    Kind.AWAY: "See that WinRM listens there for https, and that the firewall lets the bot through.",
    Kind.CERTIFICATE: "Give it a certificate for its full name, by an authority in `ca_file`.",
    Kind.CA_FILE: "Correct `ca_file` under [remoting], or the file.",
    Kind.PASSWORD_FILE: "Correct `password_file` under [remoting], or the file.",
    Kind.KEYTAB: "Correct `keytab` under [remoting], or the file.",
    Kind.OWN_CERTIFICATE: "Correct `certificate` and `key` under [remoting], or the files.",
    Kind.UNWANTED: "See “Certificates” in `docs/sign-in.md`.",
    Kind.TICKET: "See “Kerberos” in `docs/sign-in.md`.",
    Kind.PROXY: "Correct `proxy` under [remoting].",
    Kind.TLS: "See that its port is the one for https.",
    Kind.SIGN_IN: "Check the account and its password: has it expired, or is the account locked?",
    Kind.UNMAPPED: "Map the certificate to an account there, or choose another `method`.",
    Kind.UNSURE: "See that Redis answers.",
    Kind.METHOD: "Choose another `method` under [remoting], or switch this one on there.",
    Kind.LACKING: "Install Kerberos (`docs/sign-in.md`), or choose another `method` under [remoting].",
    Kind.ELSEWHERE: "Name under [[servers]] the server itself.",
    Kind.NONSENSE: "Check its `url` under [[servers]]: the name, the port and the path.",
    Kind.CONSTRAINED: 'Set `access = "constrained"` for it under [[servers]].',
    Kind.ORDINARY: "Register the endpoint there, or remove `access` for it under [[servers]].",
    Kind.MODULE: "Name the module of its version under [[servers]], or install the administrative tools there.",
}
_REMEDIES_BY_CODE: Mapping[int, str] = {
    5: "Let the account use it: `docs/real-servers.md` has how.",
    2150858811: "Register it there: `docs/real-servers.md` has how.",
    2150859173: "Raise MaxShellsPerUser there: two for each of its pools, for each process, and two for a check.",
    404: "Check the path of its `url` under [[servers]].",
    407: "Set `proxy` under [remoting], or go past it.",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`code` is HTTP's (Kind.STATUS), WSMan's (FAULT) or Kerberos' (TICKET); `why` goes on with what the kind says."""

    kind: Kind
    code: int | None = None
    why: str = ""

    @property
    def words(self) -> str:
        """Half a sentence about "it", the server."""
        match self.kind:
            case Kind.STATUS:
                return _STATUSES.get(self.code or 0, f"it answers with HTTP status {self.code}")
            case Kind.FAULT:
                return _FAULTS.get(self.code or 0, f"it refuses with code {self.code}")
            case Kind.TICKET:
                return _TICKETS.get(self.code or 0, f"Kerberos fails with code {self.code}")
        return f"{_SAID[self.kind]} {self.why}".rstrip()

    @property
    def is_refusal(self) -> bool:
        """Whether it brings the account nearer to being locked: it is not tried again with the same password."""
        return self.kind is Kind.SIGN_IN or self == Fault(Kind.TICKET, _WRONG_KEY)

    @property
    def keeps_out(self) -> bool:
        """Whether the account was refused, or rests since it was."""
        return self.is_refusal or self.kind is Kind.SPARED

    @property
    def remedy(self) -> str:
        """What can be done about it, as a sentence; empty where nobody knows."""
        if self.kind in (Kind.STATUS, Kind.FAULT):
            return _REMEDIES_BY_CODE.get(self.code or 0, "")
        return _REMEDIES.get(self.kind, "")


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
            or (self.fault.kind is Kind.TICKET and self.fault.code in _TICKETS)
        )


def meaning(cut: Cut, server: str, name: str, *, reads: bool = False, has_ended: bool = False) -> DriverError:
    """What people are told of a command `name` that was cut; `has_ended`: it was seen that nothing runs any more."""
    if cut.never_ran:
        kind = SignInRefused if cut.fault.keeps_out else NeverSent
        return kind(f"{name} was not run on {server}: {cut.fault.words}. Nothing was changed.")
    if reads:
        return OutcomeUnknown(f"{server} did not answer {name}: {cut.fault.words}. It only reads: nothing was changed.")
    now = "It is not running any more." if has_ended else "It may still be running."
    return OutcomeUnknown(f"Nobody knows what {name} did on {server}: {cut.fault.words}. {now}")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and whatever is behind it, as requests, urllib3 and spnego hold it."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            held = (getattr(one, name, None) for name in ("__cause__", "__context__", "reason", "base_error"))
            waiting += [*held, *one.args]
