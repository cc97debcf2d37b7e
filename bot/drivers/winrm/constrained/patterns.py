"""What a value must look like before a function takes it, by what the value means (facts: endpoint, "File names").

Every pattern holds from the first character to the last, tells small letters from capitals, and is written so that .NET
and Python read it alike, but for `(?-i)` and `\\z`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.domain.deployment.cmdlets import WHOLE
from bot.domain.deployment.tables import Parameter
from bot.drivers.winrm.constrained.setup import Setup

_LABEL = "[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL}){{1,8}}"
_GUID = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_DEVICE = r"(?!(?i:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])[ .\\])"
_NONE_OF = r"\x00-\x1f\x7f-\x9f\u2028\u2029\\/:*?\x22<>|"
_ENTRY = rf"{_DEVICE}[^{_NONE_OF}. ](?:[^{_NONE_OF}]{{0,200}}[^{_NONE_OF}. ])?"

SOUND = r"\.(?:[wW][aA][vV]|[wW][mM][aA])"
"""How the name of a recording in a file store ends."""

_RECORDING = rf"{_DEVICE}[^{_NONE_OF}. ][^{_NONE_OF}]{{0,200}}{SOUND}"

EXCHANGED = rf"{_DEVICE}[0-9A-Za-z][0-9A-Za-z-]{{0,59}}\.(?:zip|xml|tmp)"
"""A file's name in the folder of exports."""

_NAME = "[0-9A-Za-z](?:[0-9A-Za-z ._-]{0,62}[0-9A-Za-z])?"
_ROLE = "[A-Za-z]{1,64}"
_BY_KEY: Mapping[str, str] = {
    "Filter": f'service:{_ROLE}:{_HOST}|RegistrarPool -eq "{_HOST}"',
    "Registrar": f"Registrar:{_HOST}",
    "FederationRoute": f"EdgeServer:{_HOST}",
    "XmppFederationRoute": f"EdgeServer:{_HOST}",
    "PoolFqdn": _HOST,
    "ReplicaFqdn": _HOST,
    "ComputerName": _HOST,
    "BackupModule": rf"{_ROLE}(?:\.{_ROLE})?",
}
_BY_TYPE: Mapping[str, str] = {
    "Fqdn": _HOST,
    "RgsIdentity": rf"service:ApplicationServer:{_HOST}(?:/{_GUID})?",
    "XdsIdentity": f"[Gg]lobal|site:{_NAME}|service:{_ROLE}:{_HOST}",
    "XdsGlobalRelativeIdentity": f"{_NAME}|{_ROLE}:{_HOST}",
    "UserIdParameter": rf"sip:[0-9A-Za-z](?:[0-9A-Za-z._+-]{{0,62}}[0-9A-Za-z])?@{_HOST}",
    "TimeSpan": r"(?:[0-9]{1,4}\.)?(?:[01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
    "Guid": _GUID,
}
_WORD = "[0-9A-Za-z]{1,64}"
_NUMBERS = frozenset({"Int16", "UInt16", "Int32"})


def kind_of(parameter: Parameter) -> str:
    """The PowerShell type under which a function takes it: a cmdlet takes no text for a truth value."""
    if parameter.type in _NUMBERS:
        return "int"
    return {"SwitchParameter": "switch", "Boolean": "bool"}.get(parameter.type, "string")


def check_of(key: str, parameter: Parameter, setup: Setup) -> str:
    """The attribute that checks its value. What nobody knows more of is a word, as of a server's own enumerations."""
    if parameter.type in _NUMBERS:
        numbers = WHOLE[parameter.type]
        return f"[ValidateRange({numbers.start}, {numbers.stop - 1})]"
    if kind_of(parameter) != "string":
        return ""
    if key == "FileName":
        return matching(in_folder(setup))
    return matching(_BY_KEY.get(key) or _BY_TYPE.get(parameter.type, _WORD))


def matching(pattern: str) -> str:
    literal = rf"(?-i)\A(?:{pattern})\z".replace("'", "''")
    return f"[ValidatePattern('{literal}')]"


def the_folder(setup: Setup) -> str:
    return re.escape(setup.folder)


def in_folder(setup: Setup) -> str:
    """A file directly in the folder of exports."""
    return rf"{re.escape(setup.folder)}\\{EXCHANGED}"


def readable(setup: Setup) -> str:
    """A file there, or a recording in a file store, however deep."""
    return "|".join([in_folder(setup), *(rf"{_below(store)}\\{_RECORDING}" for store in setup.stores)])


def listable(setup: Setup) -> str:
    """The folder of exports itself, a file store's folder, or any below that."""
    return "|".join([re.escape(setup.folder), *map(_below, setup.stores)])


def _below(store: str) -> str:
    return rf"{re.escape(store)}(?:\\{_ENTRY}){{0,8}}"
