"""A constrained endpoint: takes what the generated text takes, refuses as a real PowerShell did, runs what it calls.

What lies behind is an ordinary server's `Answers`: the functions' own lines say which cmdlet or script they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.drivers.winrm.scripts import Script
from tests.drivers.wsman.powershell import Function, Parameter, commands, functions, literals
from tests.drivers.wsman.shells import Answers, Asked, Voice
from tests.drivers.wsman.table import say_commands

_SCRIPTS = {script.line.split()[0]: script for script in Script if script is not Script.WHOLE}
_COMMON = {"erroraction", "warningaction", "verbose", "debug"}
_OF_SESSION = ("Get-Command",)
_MISSING = "MissingMandatoryParameter"


class Refused(Exception):
    """What the binder says: the id before the comma, and a text."""

    def __init__(self, id: str, text: str) -> None:
        super().__init__(f"{id}: {text}")
        self.id, self.text = id, text


def decoded(name: str, data: bytes) -> str:
    """A file of an endpoint as Windows reads it."""
    return data.decode("utf-16" if name.endswith(("pssc", "psrc")) else "utf-8-sig").replace("\r\n", "\n")


def visible(files: Mapping[str, bytes]) -> Mapping[str, Function]:
    """What its role makes visible, as its module defines it; both have to name the same."""
    texts = {name: decoded(name, data) for name, data in files.items()}
    named = literals(texts["Switchback.psrc"].partition("VisibleFunctions = ")[2])
    module = texts["Switchback.psm1"]
    (exported,) = (one for one in commands(module) if one[0] == "Export-ModuleMember")
    assert literals(" ".join(exported)) == named and len(set(named)) == len(named)
    assert "SessionType = 'RestrictedRemoteServer'" in texts["Switchback.pssc"]
    every = functions(module)
    return {name: every[name] for name in named}


def bound(function: Function, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the function gets them. Raises Refused as the binder does: an abbreviation is none of ours."""
    known = {name.casefold(): one for name, one in function.parameters.items()}
    taken: dict[str, Any] = {}
    for key, value in given.items():
        parameter = known.get(key.casefold())
        if parameter is not None:
            taken[parameter.name] = _checked(parameter, _converted(parameter, value))
        elif key.casefold() not in _COMMON:
            raise Refused("NamedParameterNotFound", f"A parameter cannot be found that matches parameter name '{key}'.")
    if missing := [name for name, one in function.parameters.items() if one.mandatory and name not in taken]:
        raise Refused(_MISSING, f"One or more mandatory parameters are missing: {' '.join(missing)}.")
    return taken


def constrained(files: Mapping[str, bytes], behind: Answers) -> Answers:
    """The endpoint that these files make."""
    names, module = visible(files), decoded("Switchback.psm1", files["Switchback.psm1"])

    async def answer(asked: Asked, voice: Voice) -> None:
        if asked.is_script:
            voice.fails("ScriptsNotAllowed", "The syntax is not supported by this runspace.")
            return
        function = {name.casefold(): one for name, one in names.items()}.get(asked.text.casefold())
        if function is None and asked.text not in _OF_SESSION:
            text = f"The term '{asked.text}' is not recognized as a name of a cmdlet, function, script file"
            voice.fails("CommandNotFoundException", text, target=asked.text)
        elif function is None and isinstance(asked.arguments["Name"], list):
            say_commands(voice, asked.arguments["Name"], {name: one.parameters for name, one in names.items()})
        elif function is None:
            await behind(asked, voice)
        else:
            try:
                taken = bound(function, asked.arguments)
            except Refused as no:
                voice.fails(f"{no.id},{function.name}", no.text, function.name)
                return
            await _run(function, taken, module, behind, voice)

    return answer


async def _run(function: Function, taken: dict[str, Any], module: str, behind: Answers, voice: Voice) -> None:
    called = {one[0]: one for one in function.commands}
    outer = [name for name in called if "\\" in name]
    if outer:
        (name,) = (one.partition("\\")[2] for one in outer)
        handed = literals(called["Select-Given"][-1]) if "Select-Given" in called else ()
        given = {key: value for key, value in taken.items() if key in handed}
        line = called[outer[0]]
        if "Send-Packed" in called:
            whole = {"Command": name, "Given": given, "Batch": taken["Batch"]}
            await behind(Asked(Script.WHOLE.value, True, whole), voice)
        else:
            fixed = {"Confirm": False} if line[-2:] == ("-Confirm", "$false") else {}
            await behind(Asked(name, False, {**given, **fixed}), voice)
        return
    scripts = [_SCRIPTS[name] for name in called if name in _SCRIPTS]
    if not scripts:
        voice.output(_text(function, module))
        return
    (script,) = scripts
    shown = _shown(function, taken, module)
    await behind(Asked(script.value, True, taken), _Filtered(voice, shown) if shown else voice)


def _text(function: Function, module: str) -> str:
    """The one text that a function is, with the module's own values in it."""
    (text,) = re.findall(r'^    "(.*)"$', function.text, re.MULTILINE)
    return re.sub(r"\$script:(\w+)", lambda one: _value(one[1], module), text)


def _value(name: str, module: str) -> str:
    (value,) = re.findall(rf"^\$script:{name} = '(.*)'$", module, re.MULTILINE)
    return value


def _shown(function: Function, taken: Mapping[str, Any], module: str) -> re.Pattern[str] | None:
    """Which lines a list lets through: one pattern for the folder of exports, the next for any other."""
    found = [pattern for pattern in literals(" ".join(re.findall(r"\$shown = ('.*')", function.text)))]
    if not found:
        return None
    return pattern_of(found[0] if taken["Path"] == _value("Folder", module) else found[1], ignores_case=False)


class _Filtered:
    """A voice whose lines have to match."""

    def __init__(self, inner: Voice, shown: re.Pattern[str]) -> None:
        self._inner, self._shown = inner, shown

    def output(self, value: Any) -> None:
        if self._shown.search(str(value)):
            self._inner.output(value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def pattern_of(text: str, *, ignores_case: bool = True) -> re.Pattern[str]:
    """A pattern of .NET's, which a binder matches without regard to case unless it says otherwise itself."""
    exact = text.startswith("(?-i)")
    plain = text.removeprefix("(?-i)").replace("\\z", "\\Z")
    return re.compile(plain, 0 if exact or not ignores_case else re.IGNORECASE)


def _converted(parameter: Parameter, value: Any) -> Any:
    match parameter.type, value:
        case "string", str() | int():
            return str(value)
        case "switch" | "bool", bool():
            return value
        case "int", bool() | float():
            pass
        case "int", int() if -(2**31) <= value < 2**31:
            return int(value)
        case "int", str() if re.fullmatch(r"-?\d{1,9}", value):
            return int(value)
        case "byte[]", bytes() | bytearray():
            return bytes(value)
        case "string" | "switch" | "bool" | "byte[]", _:
            raise Refused("CannotConvertArgument", f"Cannot bind parameter '{parameter.name}'.")
    raise Refused("CannotConvertArgumentNoMessage", f"Cannot bind parameter '{parameter.name}'.")


def _checked(parameter: Parameter, value: Any) -> Any:
    if value == "" and parameter.mandatory:
        raise Refused("ParameterArgumentValidationErrorEmptyStringNotAllowed", f"{parameter.name} is empty.")
    if not all(_holds(parameter, value)):
        raise Refused("ParameterArgumentValidationError", f"Cannot validate argument on parameter '{parameter.name}'.")
    return value


def _holds(parameter: Parameter, value: Any) -> Iterator[bool]:
    if pattern := parameter.argument("ValidatePattern"):
        yield bool(pattern_of(literals(pattern)[0]).search(str(value)))
    if names := parameter.argument("ValidateSet"):
        yield str(value).casefold() in {name.casefold() for name in literals(names)}
    if ends := parameter.argument("ValidateRange"):
        least, most = map(int, ends.split(","))
        yield least <= value <= most
    if counts := parameter.argument("ValidateCount"):
        least, most = map(int, counts.split(","))
        yield least <= len(value) <= most
