"""One session on one server: the only room that knows pypsrp. It blocks, so a thread of its own calls it.

Whatever the client raises is judged here and becomes a `Cut`, made where no exception is at hand: those of the client
hold whole messages, with the values of parameters and whatever signed in.
"""

from __future__ import annotations

import base64
import logging
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from ssl import SSLCertVerificationError as Untrusted
from threading import Event
from typing import Any, TypeVar
from xml.etree.ElementTree import Element

import requests
from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import NAMESPACES, WSMan, WSManAction
from spnego import KerberosKeytab
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import MaxRetryError, NameResolutionError

from bot.domain.deployment.endpoints import Access, Endpoint
from bot.drivers.winrm.calls import QUIET, Call, Script, greeting, said_at
from bot.drivers.winrm.clock import Clock
from bot.drivers.winrm.cuts import CERTIFICATES, NOTHING_YET, Cut, Fault, Kind, Step, causes
from bot.drivers.winrm.pace import Pace
from bot.drivers.winrm.proofs import Proof
from bot.drivers.winrm.refusals import UNKNOWN, Said
from bot.drivers.winrm.threads import ended_after

Given = TypeVar("Given")
_PAUSE_S = 0.5
_STEPS = {WSManAction.RECEIVE: Step.WAITING, WSManAction.SIGNAL: Step.WAITING}
_ANSWERS = {
    WSManAction.COMMAND: "rsp:CommandResponse/rsp:CommandId",
    WSManAction.SEND: "rsp:SendResponse",
    WSManAction.RECEIVE: "rsp:ReceiveResponse",
    WSManAction.SIGNAL: "rsp:SignalResponse",
}
_LAST_WORDS = (WSManAction.SIGNAL, WSManAction.DELETE)
_BY_CERTIFICATE = {Kind.SIGN_IN: Kind.UNMAPPED, Kind.TLS: Kind.UNWANTED, Kind.BROKEN: Kind.UNWANTED}
"""What it means of a session that opens by a certificate."""

_NOT_OFFERED = re.compile("one of the following authentication methods|responded with the auth protocol")
"""By what the client says only these are told from a refusal, and from an answer that is none."""

_KERBEROS = -1765328384
"""Where the numbers of its library begin."""

_FRAGMENTS = {WSManAction.COMMAND: ".//{*}Arguments", WSManAction.SEND: ".//{*}Stream"}


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended: what its streams have, and whether it went to its end. Its output went to the sink."""

    errors: tuple[Said, ...]
    is_whole: bool
    warnings: tuple[str, ...] = ()


class _Nonsense(Exception):
    """An answer that is none, such as a fault in what says that all is well."""


class Wire:
    """Open it, run commands one after the other, close it. Methods raise Cut, and nothing else of the network's.

    `cut` may be called from any thread, and does not wait. The session ends by itself when it is idle for `idle_s`.
    """

    def __init__(self, endpoint: Endpoint, pace: Pace, proof: Proof, idle_s: float) -> None:
        _hush()
        self.endpoint, self.pace, self.proof = endpoint, pace, proof
        self.count, self.dialled, self._idle_s = 0, 0, int(idle_s)
        self._step, self._ends, self._is_cut, self._is_refused = Step.OPENING, 0.0, False, False
        self._sockets: list[socket.socket] = []
        self._pool: RunspacePool | None = None
        self.clock = Clock()

    @property
    def step(self) -> Step:
        return self._step

    @property
    def is_worn(self) -> bool:
        return self.count >= self.pace.renewed_after

    def open(self, ends: float) -> None:
        """By this second of `time.monotonic`."""
        self._step, self._ends = Step.OPENING, ends
        # A server that drips, or challenges without end, would use up what is there for the others (facts: winrm §3).
        with ended_after(ends - time.monotonic() + 2 * self.pace.mercy_s, self.cut):
            self._judged(self._open)
        if self._is_cut:
            raise Cut(Step.OPENING, Fault(Kind.LATE))
        if call := greeting(self.endpoint):
            answer = self.run(call, ends)
            if answer.errors or not answer.is_whole:
                raise Cut(Step.OPENING, Fault(_unfit(self.endpoint, answer)))

    def run(
        self,
        call: Call,
        ends: float,
        sink: Callable[[Any], None] = lambda _: None,
        told: Callable[[str], None] = lambda _: None,
        gone: Event | None = None,
    ) -> Answer:
        """Runs it to its end; `sink` is given what it puts out, `told` what the server says of its progress.

        Once whoever asked is `gone`, it is not sent any more, or told to stop. What the sink raises comes through, and
        the command is stopped.
        """
        gone = gone or Event()
        if gone.is_set() or time.monotonic() >= ends:
            raise Cut(Step.OPENING, Fault(Kind.LATE))
        self._step, self._ends, self.count = Step.BEGINNING, ends, self.count + 1
        shell = self._judged(lambda: self._begin(call))
        seen = 0
        while shell.state == PSInvocationState.RUNNING:
            if gone.is_set() or time.monotonic() >= ends:
                self._ends = time.monotonic() + self.pace.mercy_s
                with suppress(Cut):
                    self._judged(shell.stop)
                raise Cut(Step.WAITING, Fault(Kind.LATE))
            self._judged(shell.poll_invoke)
            seen = self._tell(shell, seen, told)
            try:
                while shell.output:
                    sink(shell.output.pop(0))
            except BaseException:
                with suppress(Cut):
                    self._judged(shell.stop)
                raise
        self._pool.pipelines.pop(shell.id, None)
        errors = tuple(_said(record) for record in shell.streams.error)
        if shell.state != PSInvocationState.COMPLETED and not errors:
            raise Cut(Step.WAITING, Fault(Kind.NONSENSE if shell.state == PSInvocationState.FAILED else Kind.BROKEN))
        warnings = tuple(str(one.message) for one in shell.streams.warning)
        return Answer(errors, shell.state == PSInvocationState.COMPLETED, warnings)

    def is_quiet(self, ends: float) -> bool:
        """Waits until nothing runs in this session any more: it takes one command at a time, over any connection."""
        self._is_cut = False
        try:
            return not self._is_refused and self.run(QUIET, ends).is_whole
        except Cut:
            return False

    def cut(self) -> None:
        """Ends whatever is on its way at once."""
        self._is_cut = True
        for one in tuple(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Ends the session there, if the server hears of it; else it goes when it was idle for long."""
        self._ends = time.monotonic() + self.pace.mercy_s
        with suppress(Cut):
            # Whoever says goodbye signs in for it, and one refusal more may lock the account.
            if self._pool is not None and not self._is_cut and not self._is_refused:
                self._judged(self._pool.close)
        if self._pool is not None:
            self._pool.connection.close()
        while self._sockets:
            self._sockets.pop().close()

    def _open(self) -> None:
        wsman = _Asking(self)
        named = self.endpoint.configuration
        self._pool = RunspacePool(wsman, host=None, configuration_name=named, idle_timeout=self._idle_s)
        self._pool.open()
        if self._pool.state != RunspacePoolState.OPENED:
            raise _Nonsense

    def _begin(self, call: Call) -> PowerShell:
        shell, call = PowerShell(self._pool), said_at(self.endpoint, call)
        match call.what:
            case Script():
                shell.add_script(call.what.value)
            case name:
                shell.add_cmdlet(name)
        for key, value in call.given:
            shell.add_parameter(key, value)
        shell.begin_invoke()
        return shell

    def _tell(self, shell: PowerShell, seen: int, told: Callable[[str], None]) -> int:
        """`seen` counts what was told already."""
        streams = shell.streams
        said = [f"{one.activity}: {one.description}" for one in streams.progress]
        said += [str(one.message) for one in streams.warning]
        if len(said) > seen:
            told(said[-1])
        return len(said)

    def _judged(self, act: Callable[[], Given]) -> Given:
        fault = None
        try:
            return act()
        except Exception as error:
            fault = _fault(error)
        if self._step is Step.OPENING and self.endpoint.method == "certificate":
            fault = replace(fault, kind=_BY_CERTIFICATE.get(fault.kind, fault.kind))
        self._is_refused |= fault.is_refusal
        raise Cut(self._step, Fault(Kind.LATE) if self._is_cut else fault)

    def _entering(self, action: str, resource: Element | None) -> None:
        """Notes which step the next request is, and lets none begin that is too late."""
        if self._is_cut or time.monotonic() > self._ends + self.pace.mercy_s:
            raise TimeoutError
        if self._step is Step.OPENING:
            return
        self._step = _STEPS.get(action, Step.BEGINNING)
        if action in _FRAGMENTS and resource is not None and not _is_last(resource.findtext(_FRAGMENTS[action]) or ""):
            self._step = Step.PART

    def _dialled(self, found: socket.socket) -> None:
        """Keeps hold of a new connection; there is one at a time, so that those before it are over."""
        self.dialled += 1
        while self._sockets:
            self._sockets.pop().close()
        self._sockets.append(found.dup())
        if self._is_cut:
            self.cut()


class _Asking(WSMan):
    """The client's own, asking as this house does: no proxy, no redirect, nothing twice, and no answer that is none."""

    def __init__(self, wire: Wire) -> None:
        to, pace = wire.endpoint, wire.pace
        # By its name the file is taken for one whatever stands in its path. Each sign-in gets a ticket of its own.
        keys = KerberosKeytab(f"FILE:{to.keytab}", to.account or None) if to.keytab else None
        super().__init__(
            to.host,
            port=to.port,
            path=to.path,
            username=keys or to.account or None,
            password=wire.proof.password or None,
            auth="kerberos" if keys else to.method,
            cert_validation=to.ca_file or True,
            proxy=to.proxy or None,
            no_proxy=True,
            certificate_pem=to.certificate or None,
            certificate_key_pem=to.key or None,
            connection_timeout=pace.connect_s,
            read_timeout=pace.silence_s,
            operation_timeout=pace.operation_s,
            max_envelope_size=pace.envelope,
        )
        self._wire = wire
        session = self.transport.session = self.transport._build_session()
        session.max_redirects, session.trust_env = 0, False
        session.hooks["response"].append(wire.clock.heard)
        session.verify = to.ca_file or True
        for adapter in session.adapters.values():
            _watch(adapter.proxy_manager_for(to.proxy) if to.proxy else adapter.poolmanager, wire._dialled)

    def invoke(
        self,
        action: str,
        resource_uri: str,
        resource: Element | None = None,
        option_set: Any = None,
        selector_set: Any = None,
        timeout: int | None = None,
        **_: Any,
    ) -> Element:
        """A lost answer is lost: asked again, a Receive would go on behind what was in it, without a word."""
        self._wire._entering(action, resource)
        pace = self._wire.pace
        self.operation_timeout = pace.poll_s if action == WSManAction.RECEIVE else pace.operation_s
        left = max(self._wire._ends - time.monotonic(), 0.0) + pace.mercy_s
        self.transport.read_timeout = pace.mercy_s if action in _LAST_WORDS else min(pace.silence_s, left)
        while True:
            begun = time.monotonic()
            try:
                answer = super().invoke(action, resource_uri, resource, option_set, selector_set, timeout)
            except WSManFaultError as fault:
                if fault.code != NOTHING_YET or action != WSManAction.RECEIVE:
                    raise
                if time.monotonic() - begun < min(_PAUSE_S, pace.poll_s):
                    time.sleep(_PAUSE_S)
                if self._wire._step is not Step.OPENING or time.monotonic() > self._wire._ends:
                    raise
                continue
            _checked(action, answer)
            return answer


def _checked(action: str, answer: Element) -> None:
    body = answer.find("s:Body", NAMESPACES)
    wanted = _ANSWERS.get(action)
    if body is None or body.find("s:Fault", NAMESPACES) is not None:
        raise _Nonsense
    if wanted and body.find(wanted, NAMESPACES) is None:
        raise _Nonsense


def _is_last(fragment: str) -> bool:
    """Whether it is the end of its message (MS-PSRP 2.2.4)."""
    return bool(base64.b64decode(fragment[:24])[16] & 0x2)


def _watch(manager: Any, dialled: Callable[[socket.socket], None]) -> None:
    class Watched(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            found = super()._new_conn()
            dialled(found)
            return found

    inner = manager.pool_classes_by_scheme["https"]

    def pool_of(*args: Any, **options: Any) -> Any:
        pool = inner(*args, **options)
        pool.ConnectionCls = Watched
        return pool

    manager.pool_classes_by_scheme = {"https": pool_of}


def _unfit(endpoint: Endpoint, answer: Answer) -> Kind:
    """What it means that a session cannot begin as it should."""
    if endpoint.access is Access.CONSTRAINED:
        return Kind.ORDINARY
    return Kind.CONSTRAINED if any(one.short == UNKNOWN for one in answer.errors) else Kind.MODULE


def _fault(error: Exception) -> Fault:
    """What the exception says went wrong; nothing else of it is kept."""
    behind = tuple(causes(error))
    match error:
        case AuthenticationError() | ValueError() if _NOT_OFFERED.search(str(error)):
            return Fault(Kind.METHOD)
        case AuthenticationError():
            return Fault(Kind.SIGN_IN)
        case WSManFaultError(code=int() as code):
            return Fault(Kind.FAULT, code)
        case WSManFaultError():
            return Fault(Kind.NONSENSE)
        case WinRMTransportError():
            return Fault(Kind.STATUS, error.code)
        case requests.TooManyRedirects():
            return Fault(Kind.ELSEWHERE)
        case requests.exceptions.ProxyError():
            return Fault(Kind.PROXY)
        case requests.exceptions.SSLError() if found := [one for one in behind if isinstance(one, Untrusted)]:
            return Fault(Kind.CERTIFICATE, why=CERTIFICATES.get(found[0].verify_code, ""))
        case requests.exceptions.SSLError():
            return Fault(Kind.TLS)
        case requests.ConnectionError() if any(isinstance(one, NameResolutionError) for one in behind):
            return Fault(Kind.NAME)
        case requests.ConnectionError() if any(isinstance(one, MaxRetryError) for one in behind):
            return Fault(Kind.AWAY)
        case requests.ReadTimeout():
            return Fault(Kind.SILENT)
        case TimeoutError():
            return Fault(Kind.LATE)
        case OSError():
            return Fault(Kind.BROKEN)
        case ImportError():
            return Fault(Kind.LACKING)
    tickets = [number for one in behind if (number := _kerberos(one)) is not None]
    return Fault(Kind.TICKET, tickets[-1]) if tickets else Fault(Kind.NONSENSE)


def _kerberos(error: BaseException) -> int | None:
    """The number that Kerberos has for it: the library's own, or the minor one of GSSAPI (RFC 2743)."""
    code = getattr(error, "err_code", getattr(error, "min_code", None))
    return (code - _KERBEROS) & 0xFFFF_FFFF if isinstance(code, int) else None


def _said(record: Any) -> Said:
    activity = str(record.activity or "")
    return Said(str(record.fq_error or ""), str(record), activity or str(record.target_name or ""))


def _hush() -> None:
    """What these libraries log holds whole messages, values and all."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("pypsrp", "spnego", "urllib3"):
            one = logging.getLogger(name)
            one.setLevel(logging.CRITICAL + 1)
            one.propagate = False
