"""What a server's errors mean, by their ids, since their texts are in the server's language (facts: powershell §3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import CmdletFailed


@dataclass(frozen=True, slots=True)
class Said:
    """An error record: its FullyQualifiedErrorId, its text, and the command that it names (may be empty).

    That is the record's activity; of a command that was not found, its target.
    """

    id: str
    text: str = ""
    command: str = ""

    @property
    def short(self) -> str:
        """What stands before the comma; behind it is a class, or the name of a generated function."""
        return self.id.partition(",")[0]


_ID = re.compile(r"[A-Za-z][\w.,+`-]*", re.ASCII)
UNKNOWN = "CommandNotFoundException"
_BINDING: Mapping[str, str] = {
    UNKNOWN: "does not know this command, or does not let this account use it",
    "NamedParameterNotFound": "does not know one of its parameters: another version, or an older endpoint",
    "AmbiguousParameter": "cannot tell which parameter an abbreviated one is",
    "AmbiguousParameterSet": "does not take these parameters together",
    "MissingMandatoryParameter": "misses a parameter that has to be there",
    "ParameterArgumentValidationErrorNullNotAllowed": "misses the value of a parameter",
    "ParameterArgumentValidationErrorEmptyStringNotAllowed": "does not take an empty text for one of its parameters",
    "ParameterArgumentValidationError": "does not allow the value of one of its parameters",
    "CannotConvertArgumentNoMessage": "takes another kind of value for one of its parameters",
    "CannotConvertArgument": "takes another kind of value for one of its parameters",
    "ParameterNameAlreadyExistsForCommand": "has an endpoint that is set up wrongly: a common parameter is in its list",
    "ScriptsNotAllowed": "takes no scripts: it is a constrained endpoint, configured here as an ordinary one",
}
_LACKING = frozenset({UNKNOWN, "NamedParameterNotFound"})
_ASKED = "HostFunctionNotImplemented"
_RUNNING: Mapping[str, str] = {
    _ASKED: "asked a question that nobody can answer here, and stopped",
    "PathNotFound": "found no such file or folder",
    "PathRefused": "may not touch that file or folder: it lies elsewhere, or there is a link on the way to it",
    "IOException": "could not read or write a file (the disk may be full, or the file in use)",
    "UnauthorizedAccessException": "may not read or write that file for the bot's account",
    "PipelineStopped": "was stopped",
    "System.TimeoutException": "waited too long for something",
    "System.UnauthorizedAccessException": "may not do this for the bot's account, here or on a server behind it",
    "System.OutOfMemoryException": "ran out of memory",
}


def refusal(
    server: str, name: str, errors: Sequence[Said], *, reads: bool, is_whole: bool = True, sent: str = ""
) -> CmdletFailed:
    """What people are told of a command that ended with these errors, of which there is one at least.

    The last one ended a command that failed (`is_whole` False); in one that went to its end, the first came first.
    `sent` is what the server knows it by, where that is not its `name`.
    """
    told = errors[0] if is_whole else errors[-1]
    detail = f"{name} on {server}: {told.text.strip()[:2000]} ({told.id})"
    if _never_ran(sent or name, errors):
        more = " `python -m bot check` says what is missing there." if told.short in _LACKING else ""
        sentence = f"{server} {_BINDING[told.short]}. {name} did not run: nothing was changed.{more}"
    else:
        words = _RUNNING.get(told.short) or f"ended with {_named(told.short)}"
        more = f" There were {len(errors)} errors in all." if len(errors) > 1 else ""
        after = "" if reads else " A part of its work may be done."
        sentence = f"{name} {words} on {server}.{more}{after}"
    return CmdletFailed(sentence, error_id=_shown(told.id), detail=detail)


def _never_ran(name: str, errors: Sequence[Said]) -> bool:
    """A binding error is about the command that was sent only when it names that: within it, others are called."""
    only = errors[0]
    if len(errors) != 1 or only.short not in _BINDING:
        return False
    return only.short == "ScriptsNotAllowed" or only.command.casefold() == name.casefold()


def _shown(id: str) -> str:
    """What is thrown as a text has it as its id (facts: powershell §3), with names and numbers of the deployment."""
    return id[:200] if _ID.fullmatch(id) else ""


def _named(id: str) -> str:
    return f"the error {shown}" if (shown := _shown(id)) else "an error without an id"
