"""Several domain controllers, of which one that is silent is left behind, and the last good one is asked first."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from bot.credentials import Unusable, password_in, trusting
from bot.directory.base import DirectoryAway, Silent
from bot.directory.links import BindRefused, ControllerAway, Ended, Link, Patience, dial, lost, shown
from bot.domain.forest import Controller, Forest

log = logging.getLogger(__name__)

CATALOG = 3269
"""Where a domain controller answers for the whole forest."""

REFUSED_S = 300.0
"""So long a password that was refused is not tried again: a bot that goes on trying locks its own account."""

Answered = TypeVar("Answered")


class Controllers:
    """Asks by threads: each question holds one connection, which is kept for the next one for `idle_s` seconds.

    Not for longer, since some firewalls forget idle connections without a word.
    """

    def __init__(self, forest: Forest, idle_s: float = 60.0) -> None:
        self._forest, self._idle_s = forest, idle_s
        self._lock = threading.Lock()
        self._order = list(forest.controllers)
        self._idle: dict[tuple[Controller, int], list[Link]] = {}
        self._domains: dict[Controller, str] = {}
        self._addresses: dict[Controller, tuple[str, ...]] = {}
        self._context: ssl.SSLContext | None = None
        self._refused: tuple[str, float, str] | None = None

    def ask(
        self, question: Callable[[Link], Answered], patience: Patience, *, catalog: bool = False, domain: str = ""
    ) -> Answered:
        """What the first controller answers that answers at all; of the domain (`dc=…`), where one is named.

        `catalog` asks for the whole forest. Raises DirectoryAway with a sentence for each that did not answer, or
        whatever the first that answered said no with.
        """
        reasons: list[str] = []
        known = tuple(one for one in self._order if not domain or self._domains.get(one, domain) == domain)
        for controller in known:
            if patience.over:
                reasons.append(f"There was no time left to ask {controller.host}:{_port(controller, catalog)}.")
                continue
            try:
                if domain and self._domain(controller, catalog, patience) != domain:
                    continue
                return self._answer(controller, catalog, question, patience)
            except ControllerAway as fault:
                log.warning("a domain controller is left behind: %s", fault.sentence)
                reasons.append(fault.sentence)
                self._leave_behind(controller)
        if not reasons:
            raise DirectoryAway(f"None of the configured controllers is of the domain {shown(domain)}.")
        raise Silent(f"No domain controller answers, so nobody can tell who holds a role. {' '.join(reasons)}")

    def each(
        self, question: Callable[[Link], Answered], patience: Callable[[], Patience], *, catalog: bool = False
    ) -> Iterator[Answered | DirectoryAway]:
        """What every controller answers on a new connection, or why it does not, in the order of the configuration."""
        for controller in self._forest.controllers:
            try:
                yield self._answer(controller, catalog, question, patience(), afresh=True)
            except DirectoryAway as fault:
                yield fault

    def domains(self, patience: Patience) -> tuple[str, ...]:
        """The domains of all controllers. Raises DirectoryAway while one has never said which is its own."""
        catalog = self._forest.global_catalog
        return tuple(dict.fromkeys(self._domain(one, catalog, patience) for one in self._forest.controllers))

    def close(self) -> None:
        with self._lock:
            links = [link for idle in self._idle.values() for link in idle]
            self._idle = {}
        for link in links:
            link.close()

    def _domain(self, controller: Controller, catalog: bool, patience: Patience) -> str:
        if controller not in self._domains:
            self._domains[controller] = self._answer(controller, catalog, lambda link: link.domain, patience)
        return self._domains[controller]

    def _answer(
        self,
        controller: Controller,
        catalog: bool,
        question: Callable[[Link], Answered],
        patience: Patience,
        *,
        afresh: bool = False,
    ) -> Answered:
        """One that ended while it lay idle says nothing of its controller: that is asked once more on a new one."""
        idle = None if afresh else self._idle_link(controller, catalog)
        link = idle or self._open(controller, catalog, patience)
        link.patience = patience
        try:
            answer = question(link)
        except Ended:
            link.close()
            if not idle:
                raise
            return self._answer(controller, catalog, question, patience, afresh=True)
        except BaseException:
            link.close()
            raise
        self._keep(controller, catalog, link)
        return answer

    def _idle_link(self, controller: Controller, catalog: bool) -> Link | None:
        with self._lock:
            idle = self._idle.pop((controller, _port(controller, catalog)), [])
            fresh = [link for link in idle if link.idle_s < self._idle_s]
            link = fresh.pop() if fresh else None
            self._idle[(controller, _port(controller, catalog))] = fresh
        for old in idle:
            if old is not link and old not in fresh:
                old.close()
        return link

    def _keep(self, controller: Controller, catalog: bool, link: Link) -> None:
        with self._lock:
            self._idle.setdefault((controller, _port(controller, catalog)), []).append(link)

    def _open(self, controller: Controller, catalog: bool, patience: Patience) -> Link:
        """A new connection, signed in. Raises ControllerAway, or DirectoryAway where no controller could be asked."""
        port = _port(controller, catalog)
        where = f"{controller.host}:{port}"
        password = self._password()
        self._respect(password)
        context = self._trusting()
        try:
            tls = self._dial(controller, port, context, patience)
        except OSError as fault:
            self._context = None  # The file with authorities may be a new one by now.
            raise lost(where, fault, patience) from None
        link = Link(where, tls, patience)
        try:
            link.bind(self._forest.account, password)
        except BindRefused as fault:
            link.close()
            if fault.counts:
                self._refused = (password, time.monotonic() + REFUSED_S, fault.sentence)
            raise
        except BaseException:
            link.close()
            raise
        return link

    def _dial(self, controller: Controller, port: int, context: ssl.SSLContext, patience: Patience) -> ssl.SSLSocket:
        """At the address that worked last: with a domain's controllers its name service may be away, too."""
        addresses = self._addresses.pop(controller, ()) or _addresses(controller.host, port)
        fault: OSError = socket.gaierror()
        for address in addresses:
            try:
                tls = dial(controller, port, address, context, patience)
            except OSError as reason:
                fault = reason
            else:
                self._addresses[controller] = (address,)
                return tls
        raise fault

    def _password(self) -> str:
        """Read anew each time, so that a changed password needs no restart."""
        if not (file := self._forest.password_file):
            return self._forest.password
        try:
            return password_in(file)
        except Unusable as fault:
            raise DirectoryAway(f"The file with the password for the directory {fault.reason}.") from None

    def _respect(self, password: str) -> None:
        refused = self._refused
        if refused and refused[0] == password and time.monotonic() < refused[1]:
            raise BindRefused(f"{refused[2]} It is tried again within {REFUSED_S / 60:.0f} minutes.")

    def _trusting(self) -> ssl.SSLContext:
        if self._context is None:
            try:
                self._context = trusting(self._forest.ca_file)
            except Unusable as fault:
                raise DirectoryAway(f"The file {self._forest.ca_file} with authorities {fault.reason}.") from None
        return self._context

    def _leave_behind(self, controller: Controller) -> None:
        """Whoever does not answer is asked last, so the last that did is asked first."""
        with self._lock:
            self._order = [*(one for one in self._order if one is not controller), controller]


def _port(controller: Controller, catalog: bool) -> int:
    return CATALOG if catalog else controller.port


def _addresses(host: str, port: int) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))
