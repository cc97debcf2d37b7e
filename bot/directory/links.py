"""One connection to one domain controller: LDAP over TLS, verified and bound, which never waits longer than it may.

Nothing outside this module knows ldap3. It rests since 2021, and opens sockets that may wait for ever (facts: platform
§6), so it is given one that is open already, and whose every read and write has an end.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import ldap3
from ldap3.core.exceptions import LDAPExceptionError

from bot.directory.base import DirectoryAway
from bot.directory.entries import Answer, Entry
from bot.domain.forest import Controller

Answered = TypeVar("Answered")

PAGE = 500
_PAGED = "1.2.840.113556.1.4.319"
_OWN_PARTS = ("cn=configuration,", "dc=forestdnszones,", "dc=domaindnszones,")
"""Parts of every forest in which no people are: a controller points at them in each answer."""

_BIND_FAULTS: Mapping[str, str] = {
    "52e": "its name or its password is wrong",
    "525": "there is no such account",
    "530": "it may not sign in at this time of day",
    "532": "its password has expired",
    "533": "it is disabled",
    "701": "it has expired",
    "773": "its password has to be changed first",
    "775": "it is locked",
}
"""What Active Directory says of a refused bind, by its own number (`data 52e`)."""

_RIGHT_PASSWORD = frozenset({"530", "532", "533", "701", "773", "775"})
_LIMITS = {3: "its limit of time", 4: "its limit of size", 11: "a limit that its administrator has set"}
_BUSY = {51: "is busy", 52: "is not available"}
_NO_SUCH_OBJECT, _REFERRAL, _INVALID_CREDENTIALS = 32, 10, 49


class ControllerAway(DirectoryAway):
    """This domain controller cannot tell, and the next one may."""


class Ended(ControllerAway):
    """The connection has ended: by itself when it lay idle, or in the middle of an answer."""


class BindRefused(DirectoryAway):
    """The bot's own account may not sign in, at any controller; it `counts` when each attempt brings a lock nearer."""

    def __init__(self, sentence: str, *, counts: bool = True) -> None:
        super().__init__(sentence)
        self.counts = counts


class NoSuchPlace(DirectoryAway):
    """What was to be looked in is not there."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: so many seconds for each sign of life, and in all until `ends` (of `time.monotonic`)."""

    silence_s: float
    ends: float

    @classmethod
    def of(cls, silence_s: float, all_s: float) -> Patience:
        return cls(silence_s, time.monotonic() + all_s)

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.ends

    def left(self) -> float:
        """How long the next sign of life may take. Raises TimeoutError when the time is over."""
        if (left := min(self.silence_s, self.ends - time.monotonic())) <= 0:
            raise TimeoutError
        return left


class Link:
    """A bound connection; one thread at a time may use it. `patience` holds for whatever is asked next."""

    def __init__(self, where: str, tls: ssl.SSLSocket, patience: Patience) -> None:
        self.where, self._line, self._domain = where, _Line(tls, patience), ""
        self._used = time.monotonic()
        self._ldap = ldap3.Connection(
            ldap3.Server(where, get_info=ldap3.NONE),
            authentication=ldap3.SIMPLE,
            auto_referrals=False,
            auto_range=False,
            check_names=False,
            auto_escape=False,
            return_empty_attributes=False,
        )
        self._ldap.socket, self._ldap.closed, self._ldap.listening = self._line, False, True
        self._ldap.strategy._outstanding = {}

    @property
    def patience(self) -> Patience:
        return self._line.patience

    @patience.setter
    def patience(self, patience: Patience) -> None:
        self._line.patience = patience

    @property
    def idle_s(self) -> float:
        """For how many seconds nothing has been asked."""
        return time.monotonic() - self._used

    @property
    def domain(self) -> str:
        """The naming context of the controller's own domain, `dc=contoso,dc=com`, in lower case."""
        if not self._domain:
            roots = self.search("", "(objectClass=*)", ("defaultNamingContext",), below=False).entries
            self._domain = roots[0].text("defaultNamingContext").lower() if roots else ""
        if not self._domain:
            raise ControllerAway(f"{self.where} does not say of which domain it is.")
        return self._domain

    @property
    def certified_until(self) -> float:
        """Until when the controller's certificate is good, in seconds since 1970."""
        return ssl.cert_time_to_seconds(str((self._line.tls.getpeercert() or {}).get("notAfter")))

    def bind(self, account: str, password: str) -> None:
        """Signs in. Raises BindRefused, or ControllerAway."""
        self._ldap.user, self._ldap.password = account, password
        try:
            self._guarded(lambda: self._ldap.bind(read_server_info=False))
        finally:
            self._ldap.password = self._ldap.request = None
        result = self._ldap.result
        if result["result"] == _INVALID_CREDENTIALS:
            number = re.search(r"\bdata ([0-9a-f]+)", str(result.get("message")))
            code = number[1] if number else ""
            why = _BIND_FAULTS.get(code, "no reason is given")
            counts = code not in _RIGHT_PASSWORD
            raise BindRefused(f"{self.where} does not accept the bot's own account: {why}.", counts=counts)
        self._succeeded(result)

    def search(
        self, base: str, filter: str, attributes: tuple[str, ...] = ("objectGUID",), *, below: bool = True
    ) -> Answer:
        """Every entry under `base` (or just that one entry, unless `below`) that the filter fits.

        Raises DirectoryAway: NoSuchPlace without such a base, ControllerAway where the next one may know more. An
        answer that was cut short by a limit is none at all.
        """
        return self._asked(base, filter, attributes, below)[0]

    def pages(self, base: str, filter: str, attributes: tuple[str, ...]) -> Iterator[Answer]:
        """The same page by page, for many entries."""
        cookie = b""
        while True:
            answer, cookie = self._asked(base, filter, attributes, True, PAGE, cookie)
            yield answer
            if not cookie:
                return

    def close(self) -> None:
        self._line.close()

    def _asked(
        self,
        base: str,
        filter: str,
        attributes: tuple[str, ...],
        below: bool,
        size: int | None = None,
        cookie: bytes = b"",
    ) -> tuple[Answer, bytes]:
        scope = ldap3.SUBTREE if below else ldap3.BASE
        more = {"paged_size": size, "paged_criticality": True, "paged_cookie": cookie or None} if size else {}
        self._guarded(lambda: self._ldap.search(base, filter, scope, attributes=list(attributes), **more))
        self._succeeded(self._ldap.result, base)
        control = (self._ldap.result.get("controls") or {}).get(_PAGED) or {}
        said = self._ldap.response or ()
        entries = tuple(_entry(one) for one in said if one["type"] == "searchResEntry")
        named = (url for one in said if one["type"] == "searchResRef" for url in one["uri"])
        elsewhere = tuple(shown(url) for url in named if not _is_own(url))
        return Answer(entries, elsewhere), (control.get("value") or {}).get("cookie") or b""

    def _guarded(self, ask: Callable[[], object]) -> None:
        """Asks, and turns whatever is in the way into ControllerAway."""
        self._used = time.monotonic()
        try:
            ask()
        except LDAPExceptionError as fault:
            reason = self._line.fault or fault
        except (ValueError, TypeError, KeyError, IndexError) as fault:
            # What is not LDAP makes the decoder stumble, in any of these ways.
            reason = fault
        else:
            return
        raise lost(self.where, reason, self.patience) from None

    def _succeeded(self, result: Mapping[str, Any], base: str = "") -> None:
        code = result["result"]
        if code == 0:
            return
        if code in _LIMITS:
            raise DirectoryAway(f"{self.where} did not answer in full, because of {_LIMITS[code]}, so it counts as no.")
        if code in _BUSY:
            raise ControllerAway(f"{self.where} {_BUSY[code]}.")
        if code == _REFERRAL:
            places = ", ".join(shown(url) for url in result.get("referrals") or ()) or "no place"
            raise DirectoryAway(
                f"{self.where} points to another directory ({places}) and does not answer. Switchback does not follow."
            )
        if code == _NO_SUCH_OBJECT:
            raise NoSuchPlace(f"There is no “{base}” in the directory, says {self.where}.")
        raise DirectoryAway(f"{self.where} refuses to answer ({shown(str(result.get('description')))}).")


class _Line:
    """A TLS socket as ldap3 uses one; the fault that ended it is kept, since ldap3 only tells of it in words."""

    def __init__(self, tls: ssl.SSLSocket, patience: Patience) -> None:
        self.tls, self.patience = tls, patience
        self.fault: OSError | None = None

    def recv(self, size: int) -> bytes:
        return self._timed(lambda: self.tls.recv(size))

    def sendall(self, data: bytes) -> None:
        self._timed(lambda: self.tls.sendall(data))

    def shutdown(self, how: int) -> None:
        self.tls.shutdown(how)

    def close(self) -> None:
        self.tls.close()

    def _timed(self, act: Callable[[], Answered]) -> Answered:
        try:
            self.tls.settimeout(self.patience.left())
            return act()
        except OSError as fault:
            self.fault = fault
            raise


def dial(controller: Controller, port: int, address: str, context: ssl.SSLContext, patience: Patience) -> ssl.SSLSocket:
    """An open TLS connection to the controller at this IP address. Raises OSError, which `lost` puts into words."""
    plain = socket.create_connection((address, port), timeout=patience.left())
    try:
        plain.settimeout(patience.left())
        return context.wrap_socket(plain, server_hostname=controller.host)
    except BaseException:
        plain.close()
        raise


def lost(where: str, fault: BaseException, patience: Patience) -> ControllerAway:
    """What it means for people that this went wrong on the way to, or while asking, a controller."""
    match fault:
        case ssl.SSLCertVerificationError():
            return ControllerAway(
                f"The certificate of {where} is not to be trusted: {shown(fault.verify_message).rstrip('.')}."
            )
        case TimeoutError():
            return ControllerAway(f"{where} did not answer within {patience.silence_s:g} s.")
        case ssl.SSLError() if not isinstance(fault, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return Ended(f"{where} does not speak TLS as it should.")
        case socket.gaierror():
            return ControllerAway(f"The name of {where} is not known to the network.")
        case ConnectionRefusedError():
            return ControllerAway(f"Nobody listens at {where}.")
        case OSError() | LDAPExceptionError():
            return Ended(f"{where} ended the connection before it had answered.")
    return Ended(f"{where} answers, but not as a directory does.")


def shown(words: str) -> str:
    """A stranger's words, on one line and not too long."""
    return "".join(letter if letter.isprintable() else " " for letter in words)[:200]


def _entry(said: Mapping[str, Any]) -> Entry:
    values = {name.lower(): tuple(values) for name, values in said["raw_attributes"].items()}
    return Entry(str(said["dn"]), values)


def _is_own(url: str) -> bool:
    return url.rpartition("/")[2].lower().startswith(_OWN_PARTS)
