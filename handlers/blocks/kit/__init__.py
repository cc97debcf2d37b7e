"""The one offline Block Kit validator: what Slack would refuse in a message, a modal or an App Home, and where."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from handlers.blocks.kit.kinds import Choice, Fields, Flag, Items, Number, OneOf, Rule, Str
from handlers.blocks.kit.surfaces import KNOWN_TYPES, SURFACES

SHOWN = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, worded as Slack words it.

    `pointer` is a JSON pointer into the payload. As in Slack's answers, a missing and an unknown key are reported at
    the object that lacks or has it.
    """

    pointer: str
    code: str
    message: str


def validate(payload: Mapping[str, Any], surface: Literal["message", "modal", "home"]) -> list[Problem]:
    """Everything Slack would refuse, in reading order; empty when it would accept (facts: slack limits).

    A message is `{"text", "blocks"?, "attachments"?}` of chat.postMessage and needs its text; a modal or home is the
    whole view. Lengths are characters, the view's size is bytes. Any payload is answered, none raises. Unknown keys
    and types are problems, so a misspelling never reaches Slack.
    """
    try:
        return list(_walk(payload, SURFACES[surface], ""))
    except RecursionError:
        return [Problem("", "too_deep", "must not be nested this deeply")]


def _walk(value: Any, rule: Rule, at: str) -> Iterator[Problem]:
    return _WALKERS[type(rule)](value, rule, at)


def _string(value: Any, rule: Str, at: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(at, "wrong_type", "must provide a string")
    elif len(value) < rule.low:
        yield Problem(at, "empty", f"must be more than {rule.low - 1} characters")
    elif rule.high is not None and len(value) > rule.high:
        yield Problem(at, "too_long", f"must be less than {rule.high + 1} characters")
    elif rule.pattern is not None and not re.fullmatch(rule.pattern, value):
        yield Problem(at, "bad_format", f"must match the pattern: {rule.pattern}")


def _choice(value: Any, rule: Choice, at: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(at, "wrong_type", "must provide a string")
    elif value not in rule.values:
        yield Problem(at, "unknown_value", "must be a valid enum value")


def _flag(value: Any, rule: Flag, at: str) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield Problem(at, "wrong_type", "must provide a boolean")


def _number(value: Any, rule: Number, at: str) -> Iterator[Problem]:
    number = isinstance(value, int) or (not rule.whole and isinstance(value, float) and math.isfinite(value))
    if isinstance(value, bool) or not number:
        yield Problem(at, "wrong_type", "must provide an integer" if rule.whole else "must provide a number")
    elif value < rule.low:
        yield Problem(at, "out_of_range", f"must be at least {rule.low}")
    elif value > rule.high:
        yield Problem(at, "out_of_range", f"must be at most {rule.high}")


def _items(value: Any, rule: Items, at: str) -> Iterator[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem(at, "wrong_type", "must provide an array")
        return
    if len(value) < rule.low:
        yield Problem(at, "too_few", f"must provide at least {rule.low} items")
    if rule.high is not None and len(value) > rule.high:
        yield Problem(at, "too_many", f"no more than {rule.high} items allowed")
    for index, item in enumerate(value[: rule.high]):
        yield from _walk(item, rule.of, f"{at}/{index}")


def _fields(value: Any, rule: Fields, at: str, implied: tuple[str, ...] = ()) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(at, "wrong_type", "must provide an object")
        return
    for name in rule.needs:
        if name not in value:
            yield Problem(at, "missing", f"missing required field: {name}")
    for name in value:
        if name not in rule.rows and name not in implied:
            yield Problem(at, "unknown_key", f"invalid additional property: {str(name)[:SHOWN]}")
    for name, row in rule.rows.items():
        if name in value:
            yield from _walk(value[name], row, f"{at}/{name}")
    for relation in rule.relations:
        for where, code, message in relation(value):
            yield Problem(at + where, code, message)


def _one_of(value: Any, rule: OneOf, at: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(at, "wrong_type", "must provide an object")
    elif "type" not in value:
        yield Problem(at, "missing", "missing required field: type")
    elif not isinstance(kind := value["type"], str):
        yield Problem(f"{at}/type", "wrong_type", "must provide a string")
    elif kind not in rule.kinds:
        code = "not_allowed_here" if kind in KNOWN_TYPES else "unknown_type"
        yield Problem(f"{at}/type", code, f"unsupported type: {kind[:SHOWN]}")
    else:
        yield from _fields(value, rule.kinds[kind], at, implied=("type",))


_WALKERS: Mapping[type, Callable[[Any, Any, str], Iterator[Problem]]] = {
    Str: _string,
    Choice: _choice,
    Flag: _flag,
    Number: _number,
    Items: _items,
    Fields: _fields,
    OneOf: _one_of,
}
