"""Signed clicks as Slack sends them, made before they are timed, and one kept connection to send them over."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterable, Mapping
from itertools import count
from statistics import median, quantiles
from time import perf_counter
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from bot.sandbox import SIGNING_SECRET
from handlers.blocks.actions import action_id

TEAM, ANNA, CHANNEL, TS = "T0SWITCH01", "U0ANNA0001", "C0INCIDENT", "1795000000.000100"
ACTION = action_id("approve", asks=False)

_numbers = count()


def click(value: str, card: Mapping[str, Any]) -> bytes:
    """The body of a click on the button of this value on this card; no two are the same."""
    payload = {
        "type": "block_actions",
        "user": {"id": ANNA, "username": "anna", "name": "anna", "team_id": TEAM},
        "api_app_id": "A0SWITCH01",
        "token": "verification",
        "container": {"type": "message", "message_ts": TS, "channel_id": CHANNEL, "is_ephemeral": False},
        "trigger_id": f"{next(_numbers)}.1795000000.0123456789abcdef",
        "team": {"id": TEAM, "domain": "switchback"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": CHANNEL, "name": "incident-lync"},
        "message": {"type": "message", "user": "U0BOT00001", "bot_id": "B0BOT00001", "ts": TS, "team": TEAM, **card},
        "state": {"values": {}},
        "response_url": "http://127.0.0.1:9/response/none",
        "actions": [{"type": "button", "action_id": ACTION, "block_id": "b", "value": value, "action_ts": TS}],
    }
    return urlencode({"payload": json.dumps(payload, separators=(",", ":"))}).encode()


def signed(body: bytes, stamp: int) -> dict[str, str]:
    """The headers of this body, as Slack signs it."""
    digest = hmac.new(SIGNING_SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(stamp),
        "X-Slack-Signature": f"v0={digest}",
    }


def request(body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole HTTP request, signed just now unless other headers are given."""
    headers = signed(body, int(time.time())) if headers is None else headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Line:
    """One kept connection to a server, as thin as can be: what is slow here is not the client."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")

    def __enter__(self) -> Line:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._answers.close()
        self._socket.close()

    def send(self, data: bytes) -> int:
        """The status that the request is answered with, once the whole answer is here."""
        self._socket.sendall(data)
        status, length = int(self._answers.readline().split()[1]), 0
        while line := self._answers.readline().strip().lower():
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self._answers.read(length)
        return status

    def acknowledged(self, data: bytes) -> float:
        """Seconds from the click to its acknowledgement."""
        begun = perf_counter()
        status = self.send(data)
        taken = perf_counter() - begun
        if status != 200:
            raise RuntimeError(f"a click was answered with {status}")
        return taken

    def p50(self, requests: Iterable[bytes]) -> float:
        """The median of the seconds that these take, one after the other."""
        return median(self.acknowledged(data) for data in requests)

    def p99(self, requests: Iterable[bytes]) -> float:
        """The seconds that one in a hundred of these takes at least, one after the other."""
        return quantiles((self.acknowledged(data) for data in requests), n=100)[98]
