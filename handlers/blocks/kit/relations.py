"""The rules of Block Kit that span several fields of one object, each a pure function of that object."""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

Fault = tuple[str, str, str]
"""Where (a JSON pointer from the object on), which code, and the sentence."""
Relation = Callable[[Mapping], Iterator[Fault]]

NESTING = {"container": "child_blocks", "carousel": "elements"}


def _sequence(value: Any) -> list | tuple:
    return value if isinstance(value, list | tuple) else ()


def _mappings(holder: Mapping, key: str) -> Iterator[tuple[str, Mapping]]:
    for index, item in enumerate(_sequence(holder.get(key))):
        if isinstance(item, Mapping):
            yield f"/{key}/{index}", item


def _blocks(surface: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Every block of a message or view with its pointer; those of attachments, containers and carousels too."""
    holders = [("", surface), *_mappings(surface, "attachments")]
    for at, holder in holders:
        for where, block in _mappings(holder, "blocks"):
            yield at + where, block
            for name, nested in NESTING.items():
                if block.get("type") == name:
                    yield from ((at + where + inner, child) for inner, child in _mappings(block, nested))


def _quoted(names: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def at_least_one(*names: str) -> Relation:
    def relation(value: Mapping) -> Iterator[Fault]:
        if not any(name in value for name in names):
            yield "", "missing", f"must define {_quoted(names)}"

    return relation


def at_most_one(*names: str) -> Relation:
    def relation(value: Mapping) -> Iterator[Fault]:
        if sum(name in value for name in names) > 1:
            yield "", "conflict", f"must define only one of {_quoted(names)}"

    return relation


def only_with(name: str, other: str) -> Relation:
    def relation(value: Mapping) -> Iterator[Fault]:
        if value.get(name) and not value.get(other):
            yield f"/{name}", "conflict", f"must define `{other}` to use `{name}`"

    return relation


def never_with(name: str, other: str) -> Relation:
    def relation(value: Mapping) -> Iterator[Fault]:
        if value.get(name) and value.get(other):
            yield f"/{name}", "conflict", f"must not define `{name}` together with `{other}`"

    return relation


def ordered(low: str, high: str) -> Relation:
    """`low` may not exceed `high`; both are numbers or decimal strings, and what is neither is not compared."""

    def relation(value: Mapping) -> Iterator[Fault]:
        try:
            wrong = Decimal(str(value[low])) > Decimal(str(value[high]))
        except (KeyError, ValueError, InvalidOperation):
            return
        if wrong:
            yield f"/{low}", "out_of_range", f"must not be more than `{high}`"

    return relation


def unique(items: str, name: str) -> Relation:
    def relation(value: Mapping) -> Iterator[Fault]:
        yield from _repeated(((where, item.get(name)) for where, item in _mappings(value, items)), name)

    return relation


def _repeated(found: Iterator[tuple[str, Any]], name: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for where, value in found:
        if not isinstance(value, str):
            continue
        if value in seen:
            yield f"{where}/{name}", "duplicate", f'`{name}` "{value[:80]}" already exists'
        seen.add(value)


def distinct(name: str) -> Relation:
    """The strings listed under `name` differ."""

    def relation(value: Mapping) -> Iterator[Fault]:
        strings = [item for item in _sequence(value.get(name)) if isinstance(item, str)]
        if len(set(strings)) < len(strings):
            yield f"/{name}", "duplicate", "must provide unique items"

    return relation


def _offered(element: Mapping) -> list[Any]:
    groups = [group for _, group in _mappings(element, "option_groups")]
    return [option for holder in (element, *groups) for option in _sequence(holder.get("options"))]


def initial_option_offered(element: Mapping) -> Iterator[Fault]:
    if "initial_option" in element and element["initial_option"] not in _offered(element):
        yield "/initial_option", "not_offered", "must be one of the provided options"


def initial_options_offered(element: Mapping) -> Iterator[Fault]:
    offered = _offered(element)
    for where, option in _mappings(element, "initial_options"):
        if option not in offered:
            yield where, "not_offered", "must be one of the provided options"


def rows_of_one_width(table: Mapping) -> Iterator[Fault]:
    rows = [_sequence(row) for row in _sequence(table.get("rows"))]
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            yield f"/rows/{index}", "uneven", "must provide as many cells as the first row"


def plain_header_row(table: Mapping) -> Iterator[Fault]:
    for row in _sequence(table.get("rows"))[:1]:
        for index, cell in enumerate(_sequence(row)):
            if isinstance(cell, Mapping) and cell.get("type") == "rich_text":
                yield f"/rows/0/{index}/type", "not_allowed_here", "unsupported type: rich_text"


def row_header_is_a_column(table: Mapping) -> Iterator[Fault]:
    column = table.get("row_header_column_index")
    for row in _sequence(table.get("rows"))[:1]:
        if isinstance(column, int) and column >= max(1, len(_sequence(row))):
            yield "/row_header_column_index", "out_of_range", f"must be less than {len(_sequence(row))}"


def no_file_input_dispatch(block: Mapping) -> Iterator[Fault]:
    element = block.get("element")
    if block.get("dispatch_action") and isinstance(element, Mapping) and element.get("type") == "file_input":
        yield "/dispatch_action", "conflict", "must not dispatch actions from a `file_input`"


def unique_block_ids(surface: Mapping) -> Iterator[Fault]:
    yield from _repeated(((where, block.get("block_id")) for where, block in _blocks(surface)), "block_id")


def one_focus(surface: Mapping) -> Iterator[Fault]:
    focused = [
        where + slot
        for where, block in _blocks(surface)
        for slot, element in [("/element", block.get("element")), *_mappings(block, "elements")]
        if isinstance(element, Mapping) and element.get("focus_on_load") is True
    ]
    for where in focused[1:]:
        yield f"{where}/focus_on_load", "duplicate", "only one element may be focused on load"


def submit_with_inputs(view: Mapping) -> Iterator[Fault]:
    for where, block in _blocks(view):
        if block.get("type") == "input" and "submit" not in view:
            yield where, "missing", "must define `submit` to use an `input` block in modals"


def plan_or_task_cards(message: Mapping) -> Iterator[Fault]:
    plans = [where for where, block in _blocks(message) if block.get("type") == "plan"]
    cards = [where for where, block in _blocks(message) if block.get("type") == "task_card"]
    if plans and cards:
        yield plans[0], "conflict", "must not use `plan` and `task_card` blocks in one message"


def at_most_one_table(message: Mapping) -> Iterator[Fault]:
    tables = [where for where, block in _blocks(message) if block.get("type") == "table"]
    for where in tables[1:]:
        yield f"{where}/type", "too_many", "only one table allowed"


def text_within(kind: str, field: str, high: int) -> Relation:
    """All blocks of one kind together hold at most `high` characters of text under `field`."""

    def relation(message: Mapping) -> Iterator[Fault]:
        total = 0
        for where, block in _blocks(message):
            if block.get("type") == kind:
                total += _characters(block.get(field))
                if total > high:
                    yield (
                        f"{where}/{field}",
                        "too_long",
                        f"must be less than {high + 1} characters in all {kind} blocks",
                    )
                    return

    return relation


def _characters(value: Any) -> int:
    """Characters of a string, or of every `text` below a value; iterative, since strangers choose the depth."""
    if isinstance(value, str):
        return len(value)
    total, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            total += len(item["text"]) if isinstance(item.get("text"), str) else 0
            waiting.extend(item.values())
        else:
            waiting.extend(_sequence(item))
    return total


def bytes_within(high: int) -> Relation:
    def relation(view: Mapping) -> Iterator[Fault]:
        try:
            size = len(json.dumps(view, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass"))
        except (TypeError, ValueError):
            yield "", "wrong_type", "must be JSON"
            return
        if size > high:
            yield "", "too_large", f"must be less than {high + 1} bytes"

    return relation
