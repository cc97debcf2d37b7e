"""For which server an endpoint is made, in which folder, under whose account, and for whom, as one checked value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.deployment.cmdlets import ALL_VERSIONS
from bot.domain.deployment.endpoints import module_of
from bot.domain.errors import BadInput

FOLDER = "C:\\Switchback"
"""Where exports are exchanged when nobody says otherwise."""

_PART = r"[0-9A-Za-z](?:[0-9A-Za-z ._-]{0,62}[0-9A-Za-z_-])?"
_FOLDER = re.compile(rf"[A-Z]:(?:\\{_PART}){{1,8}}")
_STORE = re.compile(rf"(?:\\\\{_PART}\\{_PART}\$?|[A-Z]:)(?:\\{_PART}){{1,8}}")
_ACCOUNT = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,62}\\[0-9A-Za-z](?:[0-9A-Za-z ._-]{0,62}[0-9A-Za-z_-])?")


@dataclass(frozen=True, slots=True)
class Setup:
    """`account` is the group managed service account that does the work, `caller` the account or group that may ask.

    `folder` is where exports are exchanged, `stores` are the folders of application servers in their file stores.
    Raises BadInput for whatever could not stand in a script as it is.
    """

    version: str
    account: str
    caller: str
    folder: str = FOLDER
    stores: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if faults := list(self._faults()):
            raise BadInput(" ".join(faults))

    @property
    def module(self) -> str:
        """Which has the cmdlets."""
        return module_of(self.version)

    @property
    def account_name(self) -> str:
        """As a session configuration wants it, and without its domain: neither has the `$` at the end."""
        return self.account.rpartition("\\")[2]

    def _faults(self) -> Iterator[str]:
        if self.version not in ALL_VERSIONS:
            known = f"{', '.join(ALL_VERSIONS[:-1])} or {ALL_VERSIONS[-1]}"
            yield f"Say with --server which servers it is for: {known} (that for Subscription Edition, too)."
        for option, value, what in (
            ("--account", self.account, "under which group managed service account it works"),
            ("--caller", self.caller, "which account or group may use it"),
        ):
            if not _ACCOUNT.fullmatch(value):
                yield f"Say with {option} {what}, such as 'CONTOSO\\name'."
        if not _FOLDER.fullmatch(self.folder):
            yield "--exchange must be a folder on a disk of the server, such as 'C:\\Switchback'."
        for store in self.stores:
            if not _STORE.fullmatch(store):
                yield "--store must be a folder in a file store, such as '\\\\fs\\share\\1-ApplicationServer-1'."
            elif _is_in(store, self.folder) or _is_in(self.folder, store):
                yield f"--store {store} and the folder {self.folder} lie within each other: name two folders apart."


def _is_in(one: str, other: str) -> bool:
    return f"{one}\\".casefold().startswith(f"{other}\\".casefold())
