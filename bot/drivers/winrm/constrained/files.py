"""The files of an endpoint: a session configuration, its role, its functions, what registers it, and its page."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from bot.domain.deployment.abilities import Use
from bot.drivers.winrm.constrained.functions import Function, functions
from bot.drivers.winrm.constrained.setup import Setup
from bot.drivers.winrm.scripts import PARTS

HOME = "C:\\Program Files\\Switchback"
"""Where the functions lie on a server: not on the path on which PowerShell looks for what somebody types."""

REGISTER, PAGE = "Register-Switchback.ps1", "Switchback.md"
_PLACES = {
    "Switchback.pssc": "what WinRM is told",
    "Switchback.psrc": "`…\\WindowsPowerShell\\Modules\\Switchback\\RoleCapabilities`",
    "Switchback.psm1": f"`{HOME}`",
    REGISTER: "nowhere; it is run",
}
_TEMPLATES = {
    "Switchback.pssc": "session.pssc",
    "Switchback.psrc": "role.psrc",
    "Switchback.psm1": "module.psm1",
    REGISTER: "register.ps1",
}
_UTF_16, _UTF_8 = "utf-16", "utf-8-sig"
_ENCODINGS = {".pssc": _UTF_16, ".psrc": _UTF_16}
_NAMESPACE = uuid.UUID("1f0f3a4e-6a0c-4b52-9d0e-5b8f6d6a7c11")


def written(setup: Setup, uses: tuple[Use, ...]) -> Mapping[str, bytes]:
    """Every file by its name, as Windows reads it: with a mark of its encoding, and lines that end as they do there.

    `uses` is all that is ever sent there: what is not in it cannot be called.
    """
    every, named = functions(setup, uses), edition(setup.version, uses)
    texts = {name: _filled(template, setup, every, named) for name, template in _TEMPLATES.items()}
    files = {name: _encoded(name, text) for name, text in texts.items()}
    return {**files, PAGE: _encoded(PAGE, _page(setup, every, named, files))}


@cache
def edition(version: str, uses: tuple[Use, ...]) -> str:
    """Which functions these are, for servers of this version: the same for every folder, store and account."""
    anywhere = Setup(version, "DOMAIN\\account", "DOMAIN\\caller", stores=("\\\\server\\share\\store",))
    every, read = functions(anywhere, uses), ("Switchback.psm1", "Switchback.psrc", "Switchback.pssc")
    texts = [_filled(_TEMPLATES[name], anywhere, every, "") for name in read]
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:12]


def _filled(template: str, setup: Setup, every: Sequence[Function], named: str) -> str:
    return _with(
        template,
        {
            "edition": named,
            "version": setup.version,
            "guid": str(uuid.uuid5(_NAMESPACE, f"{template} {named} {setup}")) if named else "",
            "account": setup.account,
            "account_name": setup.account_name,
            "caller": setup.caller,
            "folder": setup.folder,
            "module": setup.module,
            "home": HOME,
            "stores": ", ".join(f"'{store}'" for store in setup.stores),
            "parts": "\n".join(PARTS),
            "functions": "\n\n".join(map(str, every)) + "\n",
            "names": ",\n".join(f"        '{one.name}'" for one in every),
        },
    )


def _page(setup: Setup, every: Sequence[Function], named: str, files: Mapping[str, bytes]) -> str:
    stores = " and ".join(f"`{store}`" for store in setup.stores)
    return _with(
        "page.md",
        {
            "edition": named,
            "servers": _SERVERS[setup.version],
            "account": setup.account,
            "caller": setup.caller,
            "folder": setup.folder,
            "module": setup.module,
            "count": str(len(every)),
            "files": _rows((f"`{name}`", f"`{_sha256(data)}`", _PLACES[name]) for name, data in files.items()),
            "functions": _rows((f"`{one.name}`", one.does, _parameters(one)) for one in every),
            "patterns": _rows(_checks(every)),
            "stores": f"In {stores} and below: `.wav` and `.wma`. They are read only."
            if stores
            else "In no file store: none was named.",
        },
    )


_SERVERS = {
    "2013": "Lync Server 2013",
    "2015": "Skype for Business Server 2015",
    "2019": "Skype for Business Server 2019",
}


def _parameters(function: Function) -> str:
    return ", ".join(f"`{one.name}`{'*' if one.mandatory else ''}" for one in function.given) or "none"


def _checks(every: Sequence[Function]) -> Iterable[tuple[str, str]]:
    """Every check once, with the parameters that have it; a bar would end a cell of the table."""
    named: dict[str, list[str]] = {}
    for one in every:
        for given in one.given:
            check = given.check or "on or off"
            named.setdefault(check, []).append(given.name if given.name != "Path" else f"Path of {one.name}")
    for check, names in named.items():
        shown = check.replace("|", "\\|") if check == "on or off" else "`" + check.replace("|", "\\|") + "`"
        yield ", ".join(f"`{name}`" for name in dict.fromkeys(names)), shown


def _rows(cells: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _with(template: str, values: Mapping[str, str]) -> str:
    text = Path(__file__).with_name(template).read_text("utf-8")
    return re.sub("«([a-z_]+)»", lambda mark: values[mark[1]], text)


def _encoded(name: str, text: str) -> bytes:
    return text.replace("\n", "\r\n").encode(_ENCODINGS.get(Path(name).suffix, _UTF_8))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
