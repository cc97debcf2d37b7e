"""How long anything may take on the way to a server, and how much goes at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds, except `renewed_after`: commands of one session (a server has a limit for them; facts: winrm §1).

    `silence_s` is how long a server may be quite silent within one answer, `poll_s` how long it may take to say that it
    has nothing to say yet. A read and a change may take `read_s` and `change_s` from when they are asked, the way there
    included, and `mercy_s` more to end when they are told to stop. What was refused is not tried again for `refused_s`.
    """

    connect_s: float = 10.0
    open_s: float = 60.0
    operation_s: float = 20.0
    silence_s: float = 60.0
    poll_s: float = 2.0
    read_s: float = 120.0
    change_s: float = 1800.0
    mercy_s: float = 5.0
    refused_s: float = 900.0
    renewed_after: int = 200
    batch: int = 100
    envelope: int = 512_000
