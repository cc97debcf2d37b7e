"""Every key the product has in Redis: one line each, and what kind of value lies there."""

from __future__ import annotations

DUE = "due"
"""Sorted set of run ids by the second from which somebody should look at them: queue, lease and reminder at once."""

OUTBOX = "outbox"
"""Sorted set of what Slack has yet to be told or shown, by the second from which it may be sent."""

RUNS = "runs"
"""Sorted set of all run ids by the second they were created."""

MOVING = "runs:moving"
"""Sorted set of the ids of runs that hold pools to move them, by the second they were created."""

MOVES_LISTED = "runs:moving:listed"
"""String that is there once those of earlier versions are among them."""

OPEN = "runs:open"
"""Sorted set of the ids of open runs by the second they were created."""

TOLD = "outbox:tells"
"""Hash: the messages that wait in the outbox, by their entry there."""

PROBE = "probe"
"""String that expires: this Redis took a write just now."""

REFUSED = "refused"
"""Stream: who was refused a run and why, who changed a schedule, and who freed a pool; read from its end."""

FORGOTTEN = "forgotten"
"""Stream: people and user groups of whom Slack said that something has changed; every process reads it as it grows."""

LINKS = "accounts"
"""Hash: which account of the directory a person in Slack has, by person."""

LINKED = "accounts:people"
"""Hash: whose an account of the directory is, by its GUID."""

SCHEDULES = "schedules"
"""Hash: what people said of a pool's schedule in place of the configuration, by pool."""

HOMES = "homes"
"""Sorted set of people by the second they last opened their App Home."""

NOTICES = "notices"
"""Sorted set of the notices that stand, by the second since when."""

BACKED_UP = "backups"
"""Sorted set of pools that have or had a backup, all at score 0: read in the order of their names."""

UNLISTED = "backups:unlisted"
"""Sorted set of backups that are kept but not listed yet, by the second they were taken."""

SEALS = "seals"
"""Hash: how many records are sealed with a key, by its fingerprint."""

BASIS = "basis"
"""Hash: what a pool held when it was last read, as a digest with the second, by pool."""

ACCOMPANIED = "companions"
"""Sorted set of the scopes and kinds that have a kept copy, all at score 0."""

UNTAKEN = "companions:failed"
"""Hash: why the last try to take a copy by itself failed, by pool and kind; gone once one was taken."""

PIECES = "pieces"
"""Sorted set of the names of all pieces that a record needs, by the second they were last checked."""

NEEDED = "pieces:refs"
"""Hash: how many records need a piece, by its name."""

LOOSE = "pieces:loose"
"""Sorted set of pieces that no record needs, or none yet, by the second since when."""

HURT = "pieces:damaged"
"""Set of pieces that were not sound when they were last checked; who stores the same bytes again mends them."""

SERVED = "served"
"""String: a counter of an embedded server, of which a file beside its data knows as well."""

COUNTED = "pieces:counted"
"""String that is there once all backups of earlier versions are counted: only then is anything swept."""

MIRROR = "mirror"
"""Hash: the place off-site that copies go to, by what it is recognised, and what was remembered there last."""

BESIDE = "mirror:companions"
"""Set of copies of companions that are off-site, by id."""

TO_COPY = "mirror:due"
"""Sorted set of listed backups without an off-site copy, by the second they were taken."""


def run(id: str) -> str:
    """Hash: one run, its version and what it was frozen to."""
    return f"run:{id}"


def audit(id: str) -> str:
    """Stream: who decided what in this run, and when; read from its end."""
    return f"run:{id}:audit"


def pool(fqdn: str) -> str:
    """Hash: where this pool stands, and the run that holds it."""
    return f"pool:{fqdn}"


def alone(runbook: str) -> str:
    """Hash: the open run of this runbook, of which there is only one at a time."""
    return f"alone:{runbook}"


def agents(run_id: str) -> str:
    """Hash that expires: who is asked to sign in to which formal groups, by address."""
    return f"agents:{run_id}"


def agents_reached(run_id: str) -> str:
    """Hash that expires: how far the message to each of them got, and who in Slack has it, by address."""
    return f"agents:{run_id}:reached"


def agents_signed(run_id: str) -> str:
    """Hash that expires: when each of them said that they are signed in, by address."""
    return f"agents:{run_id}:signed"


def card(run_id: str) -> str:
    """String: where in Slack the living card of this run is, and what was drawn there last."""
    return f"card:{run_id}"


def trouble(series: str) -> str:
    """String: the run whose card shows that the scheduled runs of this series fail."""
    return f"card:trouble:{series}"


def reached(about: str) -> str:
    """Set that expires: who heard directly of this card or notice, because no channel takes it."""
    return f"reached:{about}"


def wait(run_id: str) -> str:
    """Hash: who is called for the question that this run waits with, by which messages, and who asked for that."""
    return f"wait:{run_id}"


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


def keeping(id: str) -> str:
    """Hash: what is known of a kept export beside what it holds: stamp, pins, mirror, damage."""
    return f"keeping:{id}"


def companions(scope: str, kind: str) -> str:
    """Sorted set: the kept copies of one companion of a pool, or of the organisation, by the second they are of."""
    return f"companions:{scope}:{kind}"


def companion(id: str) -> str:
    """String: one kept copy of a companion and the pieces of its files."""
    return f"companion:{id}"


def piece(name: str) -> str:
    """String: at most 1 MiB that all records share which hold the same bytes.

    The name is the SHA-256 (hex) of plain bytes; of sealed ones it is the fingerprint of their key and a keyed digest.
    """
    return f"piece:{name}"


DATES = "dates"
"""Hash: when somebody looked at the ages of backups last, and when time leapt before such a look."""

ABILITIES = "abilities"
"""Hash: what the servers of a pool said last of what they can do, by pool."""

READINGS = "readings"
"""Hash: where the servers of a pool said last that it stands, by pool."""

ANSWERS = "answers"
"""Hash: how a pool answered last when it was asked, and since when it does not, by pool."""

SIGN_INS = "sign-ins"
"""Hash: that a server refused the bot's account, by server; an empty name is for all of them."""

SIGN_INS_AGAIN = "sign-ins:again"
"""Hash: who said that it may be tried there once more, by server; gone as soon as one process tries."""

WATCHED = "watched"
"""Hash: since when each pool is watched for backups that are too old."""


def notice(key: str) -> str:
    """Hash: one notice, what it says, since when, how often, and where its message is."""
    return f"notice:{key}"


def turn(chore: str) -> str:
    """Hash: whose turn this chore is, until when, when it began and ended last; by Redis' own time."""
    return f"turn:{chore}"


def replay(digest: str) -> str:
    """String that expires: this very request from Slack was taken already."""
    return f"replay:{digest}"


def world(name: str) -> str:
    """Hash: the simulated deployment of this name, and its version."""
    return f"world:{name}"


def recording(name: str, sha256: str) -> str:
    """Hash: the bytes of a recording of that deployment, in chunks."""
    return f"world:{name}:blob:{sha256}"
