"""Goal 6: a megabyte that Slack did not sign costs little more than finding that out."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.sandbox import SIGNING_SECRET
from tests.bench.clicks import Line, request, signed
from tests.bench.findings import Finding, alternated
from tests.bench.house import House
from tests.bench.servers import Server, served

ROUNDS, REQUESTS = 15, 10
BODY = b"payload=" + b"%7B" * ((1024 * 1024 - 8) // 3)


def measured(house: House) -> Iterator[Finding]:
    headers = signed(BODY, int(time.time()))
    without = {name: value for name, value in headers.items() if name == "Content-Type"}
    forged = {**headers, "X-Slack-Signature": "v0=" + "0" * 64}
    with served("switchback", environ=house.environ) as server:
        costs: dict[str, Callable[[], float]] = {
            "hmac": hmac_cpu,
            "without": Refused(server, request(BODY, without)).cpu,
            "forged": Refused(server, request(BODY, forged)).cpu,
        }
        cpu = alternated(ROUNDS, costs)
    yield Finding("6.1", cpu["without"] / cpu["hmac"], 3)
    yield Finding("6.2", cpu["forged"] / cpu["hmac"], 3)


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that the server has to refuse."""

    server: Server
    data: bytes

    def cpu(self) -> float:
        """Seconds of CPU that the server spends on it, from the connection on."""
        before = self.server.usage().cpu_s
        for _ in range(REQUESTS):
            with Line(self.server.port) as line:
                if (status := line.send(self.data)) != 401:
                    raise RuntimeError(f"what Slack did not sign was answered with {status}")
        return (self.server.usage().cpu_s - before) / REQUESTS


def hmac_cpu() -> float:
    """Seconds of CPU for the signature of the same bytes."""
    before = time.process_time()
    for _ in range(REQUESTS):
        hmac.new(SIGNING_SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    return (time.process_time() - before) / REQUESTS
