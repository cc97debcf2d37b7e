"""PowerShell text as its grammar has it: functions, what they take and check, and which commands they call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

_GRAMMAR = Parser(Language(tree_sitter_powershell.language()))


@dataclass(frozen=True, slots=True)
class Parameter:
    """`checks` are its attributes as they are written, without brackets, but for its type."""

    name: str
    type: str
    checks: tuple[str, ...]

    @property
    def mandatory(self) -> bool:
        return "Parameter(Mandatory = $true)" in self.checks

    def argument(self, attribute: str) -> str | None:
        """What stands in the brackets of this attribute."""
        found = (re.fullmatch(rf"{attribute}\((.*)\)", check, re.DOTALL) for check in self.checks)
        return next((one[1] for one in found if one), None)


@dataclass(frozen=True, slots=True)
class Function:
    """`attributes` are those above `param()`; `commands` are all that it calls, each with its arguments as written."""

    name: str
    attributes: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    commands: tuple[tuple[str, ...], ...]
    text: str


class NotPowerShell(AssertionError):
    """The text does not parse; the message says where."""


def parsed(text: str) -> Node:
    root = _GRAMMAR.parse(text.encode()).root_node
    if faults := [f"line {node.start_point[0] + 1}: {_text(node)[:80]}" for node in _all(root) if _is_fault(node)]:
        raise NotPowerShell("; ".join(faults))
    return root


@cache
def functions(text: str) -> Mapping[str, Function]:
    """Every function at the top, by its name."""
    found = (node for node in _all(parsed(text)) if node.type == "function_statement")
    return {one.name: one for one in map(_function, found)}


def commands(text: str) -> tuple[tuple[str, ...], ...]:
    """Every command that is called anywhere in it, each with its arguments as written."""
    return tuple(_commands(parsed(text)))


def literals(text: str) -> tuple[str, ...]:
    """What stands in single quotes, as PowerShell reads it."""
    return tuple(one[1:-1].replace("''", "'") for one in re.findall(r"'(?:[^']|'')*'", text))


def _function(node: Node) -> Function:
    (name,) = (child for child in node.children if child.type == "function_name")
    blocks = [one for one in _all(node) if one.type == "param_block"]
    parameters = [_parameter(one) for block in blocks for one in _all(block) if one.type == "script_parameter"]
    attributes = [_text(one) for block in blocks[:1] for one in _attributes(block)]
    named = {one.name: one for one in parameters}
    return Function(_text(name), tuple(attributes), named, tuple(_commands(node)), _text(node))


def _parameter(node: Node) -> Parameter:
    (variable,) = (child for child in node.children if child.type == "variable")
    *checks, kind = [_text(one)[1:-1] for one in _attributes(node)]
    return Parameter(_text(variable).removeprefix("$"), kind, tuple(checks))


def _attributes(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.type == "attribute_list":
            yield from (one for one in child.children if one.type == "attribute")


def _commands(node: Node) -> Iterator[tuple[str, ...]]:
    for one in _all(node):
        if one.type == "command":
            words = [child for child in one.children if child.type not in ("command_elements", "comment")]
            elements = [child for part in one.children if part.type == "command_elements" for child in part.children]
            yield (*map(_text, words), *(_text(each) for each in elements if each.type != "command_argument_sep"))


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)


def _is_fault(node: Node) -> bool:
    return node.type == "ERROR" or node.is_missing


def _text(node: Node) -> str:
    return (node.text or b"").decode()
