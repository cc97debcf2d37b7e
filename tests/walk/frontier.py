"""The states that a walk has found and not walked yet, in the order in which they are."""

from __future__ import annotations

from collections import Counter, defaultdict, deque

from tests.walk.memory import State

_Found = tuple[int, bytes, State]
"""How much bad luck it took, its key, and the state."""


class Shortest:
    """Less bad luck first, then fewer steps, so that the story of whatever is found is a shortest one."""

    def __init__(self) -> None:
        self._layers: dict[int, deque[_Found]] = defaultdict(deque)

    def put(self, cost: int, key: bytes, state: State) -> None:
        self._layers[cost].append((cost, key, state))

    def take(self) -> _Found | None:
        cost = min((cost for cost, layer in self._layers.items() if layer), default=None)
        return None if cost is None else self._layers[cost].popleft()


class Rarest:
    """Whatever stands at a row that was walked least often, so that a few states come to every row.

    Of each row the nearest and the farthest take turns.
    """

    def __init__(self) -> None:
        self._rows: dict[object, deque[_Found]] = defaultdict(deque)
        self._walked: Counter[object] = Counter()

    def put(self, cost: int, key: bytes, state: State) -> None:
        run = state.run
        self._rows[run and (run.runbook, run.step, run.phase, cost)].append((cost, key, state))

    def take(self) -> _Found | None:
        row = min((row for row, there in self._rows.items() if there), key=self._walked.__getitem__, default="none")
        if row == "none":
            return None
        self._walked[row] += 1
        return self._rows[row].pop() if self._walked[row] % 2 else self._rows[row].popleft()
