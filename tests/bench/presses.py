"""A server under clicks: how long one takes, and what it costs the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench.clicks import Line, request
from tests.bench.house import House
from tests.bench.servers import Server, served

WARMING = 20


@dataclass(frozen=True, slots=True)
class Pressed:
    """Before each click the run is put back, which is not counted. One measure takes `clicks` of them.

    They are many, since the card is drawn once a second however fast people click.
    """

    house: House
    server: Server
    line: Line
    clicks: int
    put_back: Callable[[], None]

    def p50(self) -> float:
        """Seconds from a click to its acknowledgement."""
        return self.line.p50(self._requests(self.clicks))

    def p99(self) -> float:
        """The same for the slowest one in a hundred."""
        return self.line.p99(self._requests(self.clicks))

    def cpu(self) -> float:
        """Seconds of CPU that the server spends on a click, with all that the click sets off in it."""
        begun = self.server.usage().cpu_s
        for _ in range(self.clicks):
            self.put_back()
        between = self.server.usage().cpu_s
        self.p50()
        return (self.server.usage().cpu_s - between - (between - begun)) / self.clicks

    def warm(self) -> None:
        self.line.p50(self._requests(WARMING))

    def _requests(self, count: int) -> Iterator[bytes]:
        for body in [self.house.click() for _ in range(count)]:
            self.put_back()
            yield request(body)


@contextmanager
def pressed(house: House, clicks: int, subject: str, **options: object) -> Iterator[Pressed]:
    """The subject of this name, served and warm.

    Of a bot it is the bot that puts the run back: whoever waits for a press was put there by an engine.
    """
    house.put_back()
    own = {"waits": house.run.id} if subject == "switchback" else {}
    with served(subject, environ=house.environ, **own, **options) as server, Line(server.port) as line:
        one = Pressed(house, server, line, clicks, server.put_back if own else house.put_back)
        one.warm()
        yield one
