"""Every key the product has in Redis: one line each, and what kind of value lies there."""

from __future__ import annotations

DUE = "due"
"""Sorted set of run ids by the second from which somebody should look at them: queue, lease and reminder at once."""

OUTBOX = "outbox"
"""Sorted set of what Slack has yet to be told or shown, by the second from which it may be sent."""

RUNS = "runs"
"""Sorted set of all run ids by the second they were created."""

OPEN = "runs:open"
"""Sorted set of the ids of open runs by the second they were created."""

TOLD = "outbox:tells"
"""Hash: the messages that wait in the outbox, by their entry there."""

REFUSED = "refused"
"""Stream: who was refused a run that they asked for, and why; read from its end."""

HOMES = "homes"
"""Sorted set of people by the second they last opened their App Home."""

BACKED_UP = "backups"
"""Sorted set of pools that have a backup, all at score 0: read in the order of their names."""


def run(id: str) -> str:
    """Hash: one run, its version and what it was frozen to."""
    return f"run:{id}"


def audit(id: str) -> str:
    """Stream: who decided what in this run, and when; read from its end."""
    return f"run:{id}:audit"


def pool(fqdn: str) -> str:
    """Hash: where this pool stands, and the run that holds it."""
    return f"pool:{fqdn}"


def card(run_id: str) -> str:
    """String: where in Slack the living card of this run is, and what was drawn there last."""
    return f"card:{run_id}"


def drawing(run_id: str) -> str:
    """String that expires: somebody is drawing this card right now."""
    return f"card:{run_id}:drawing"


def backups(pool_fqdn: str) -> str:
    """Sorted set: the backups of this pool by the second they were taken."""
    return f"backups:{pool_fqdn}"


def index(pool_fqdn: str) -> tuple[str, str]:
    """Where a listed backup of this pool is found: among its pool's, and its pool among all that have one."""
    return backups(pool_fqdn), BACKED_UP


def backup(id: str) -> str:
    """String: one kept export and the pieces it is made of."""
    return f"backup:{id}"


def piece(sha256: str) -> str:
    """String: at most 1 MiB of some export, under the SHA-256 (hex) of its bytes; shared by all that contain it."""
    return f"piece:{sha256}"


def replay(digest: str) -> str:
    """String that expires: this very request from Slack was taken already."""
    return f"replay:{digest}"


def world(name: str) -> str:
    """The simulated deployment of this name."""
    return f"world:{name}"
