"""How one change to a payload that passes becomes a case that has to be refused."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any


class _Drop(Enum):
    """Takes a value out; unlike object(), it is written the same in every process that collects the tests."""

    DROP = "dropped"


DROP = _Drop.DROP


@dataclass(frozen=True, slots=True)
class Case:
    """A payload that passes, and the same with one change, which must be refused at `pointer` for `code`."""

    name: str
    surface: str
    good: dict
    bad: dict
    pointer: str
    code: str


def changed(payload: dict, pointer: str, value: Any) -> dict:
    """A copy with the value at a JSON pointer set, added or (DROP) taken out."""
    result = copy.copy(payload)
    *parents, last = [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]
    holder = result
    for step in parents:
        holder[step] = copy.copy(holder[step])
        holder = holder[step]
    if value is DROP:
        del holder[last]
    else:
        holder[last] = value
    return result


def places(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every JSON pointer into a value below the value itself, with what is there."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield f"{at}/{key}", inner
        yield from places(inner, f"{at}/{key}")


def longest(surface: str, base: dict, limits: dict[str, int]) -> Iterator[Case]:
    """So many characters pass, one more does not."""
    for at, high in limits.items():
        good, bad = changed(base, at, "x" * high), changed(base, at, "x" * (high + 1))
        yield Case(f"{surface}{at} of {high + 1} characters", surface, good, bad, at, "too_long")


def most(surface: str, base: dict, at: str, item: Callable[[int], Any], high: int) -> Case:
    """So many items pass, one more does not."""
    good = changed(base, at, [item(i) for i in range(high)])
    bad = changed(base, at, [item(i) for i in range(high + 1)])
    return Case(f"{surface}{at} of {high + 1} items", surface, good, bad, at, "too_many")


def wrong(surface: str, base: dict, code: str, values: dict[str, Any], pointer: str | None = None) -> Iterator[Case]:
    """Each value alone is refused, where it stands unless a pointer says otherwise."""
    for at, value in values.items():
        name = f"{surface}{at} {code}: {str(value)[:40]}"
        yield Case(name, surface, base, changed(base, at, value), at if pointer is None else pointer, code)


def lacking(surface: str, base: dict, *needed: str) -> Iterator[Case]:
    for at in needed:
        yield Case(f"{surface}{at} lacking", surface, base, changed(base, at, DROP), at.rpartition("/")[0], "missing")


def unknown(surface: str, base: dict, *extra: str) -> Iterator[Case]:
    for at in extra:
        yield Case(
            f"{surface}{at} unknown", surface, base, changed(base, at, "x"), at.rpartition("/")[0], "unknown_key"
        )
