"""On which server of its pool a file lies: what one of them wrote, the others do not have."""

from __future__ import annotations

from bot.domain.deployment.endpoints import Endpoint

_REMEMBERED = 500


class Places:
    """What this process has seen itself; after a restart nobody knows, and the servers are asked in turn."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Endpoint] = {}

    def of(self, pool: str, path: str) -> tuple[Endpoint, ...]:
        """The one server, or nothing."""
        known = self._known.get((pool, path.casefold()))
        return (known,) if known else ()

    def note(self, pool: str, path: str, at: Endpoint) -> None:
        self._known.pop((pool, path.casefold()), None)
        self._known[pool, path.casefold()] = at
        while len(self._known) > _REMEMBERED:
            self._known.pop(next(iter(self._known)))
