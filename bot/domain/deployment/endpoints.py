"""Where the servers of a pool are reached, as whom, and what kind of session they give, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Access(StrEnum):
    """What a session configuration lets in: everything its account may do, or only functions of Switchback's own."""

    ORDINARY = "ordinary"
    CONSTRAINED = "constrained"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One session configuration on one server, over https.

    `method` is kerberos, negotiate, ntlm or certificate; for the last, `certificate` and `key` are PEM files. `ca_file`
    has the authorities that are believed, in PEM (empty: those that come with Python's `certifi`). `password_file`
    holds the password in place of `password`, and is read when a session opens. `module` is imported when an ordinary
    session opens (empty: none). `front_end_of` is the pool whose Front End the server is, empty for an administration
    host. `proxy` is a URL, empty for none. Servers of one pool are tried in the order in which they are given.
    """

    host: str
    account: str = ""
    password: str = field(default="", repr=False)
    port: int = 5986
    path: str = "wsman"
    configuration: str = "Microsoft.PowerShell"
    method: str = "negotiate"
    ca_file: str = ""
    certificate: str = ""
    key: str = ""
    module: str = ""
    access: Access = Access.ORDINARY
    front_end_of: str = ""
    password_file: str = ""
    proxy: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
