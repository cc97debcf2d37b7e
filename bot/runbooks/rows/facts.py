"""What the rows of several runbooks leave for later rows, and what a failover carries over to whatever comes next."""

from __future__ import annotations

from bot.domain.runs.facts import BEFORE, Fact, T, declared
from bot.domain.runs.run import Run

MOVED = Fact("moved", str | None, None)
"""How the pool was moved: "here", "done" by somebody before us, or "elsewhere". Whether it has moved, is read."""
SERVER_SAID = Fact("server_said", str, "")
"""The PoolState that was read when it was looked whether the pool has moved; empty where no server said."""
SPARED = Fact("spared", str, "")
"""The id under which is kept what an import goes over."""
REPLICATION = Fact("replication", str, "")
"""Whether servers replicate groups by themselves: "on", "off", or empty while nobody knows."""
REPLICATION_ENDED = Fact("replication_ended", bool, False)
"""Somebody said that it was switched off since; where servers say it, that counts."""
OWN_GROUPS = Fact("own_groups", str, "")
"""What the backup pool's own groups were by name, right before something was removed there: a digest."""
NOTE = Fact("note", str, "")
"""What would prove what people say could not be read just now."""
EDGES = Fact("edges", int | None, None)
"""How many Edge pools there are; None where nobody could read it."""
"""Those (FQDN) whose next hop is the backup pool."""
SETTINGS_FROM = Fact("settings_from", str, "")
"""Whose application-level settings a rebuilt or new pool gets: "backup", "record" or "defaults"."""
FORMAL, UNLISTED = Fact("formal", list, ()), Fact("unlisted", list, ())
"""Names of the formal groups whose agents have to sign in, and of those of them that list no agents one by one."""
CALLED, UNCALLED = Fact("called", list, ()), Fact("uncalled", list, ())
"""Names of covered formal groups that were called, and of those that nobody has called yet."""
SILENT = Fact("silent", list, ())
ACCEPTED = Fact("accepted", str, "")
ARRIVED = Fact("arrived", str, "")
NOTHING_ARRIVED = Fact("nothing_arrived", bool, False)
"""Whether nothing at all came back where something was to be: nobody may call that right."""
"""The id under which is kept what an import brought, exported again."""
INSIDE_HEARD, OUTSIDE_HEARD = Fact("inside_heard", str, ""), Fact("outside_heard", str, "")
LIS_COPY, LIS_IMPORT = Fact("lis_copy", str, ""), Fact("lis_import", bool, False)
LIS_STAYS = Fact("lis_stays", str, "")
"""Why no emergency locations are put back; empty where some were lost, or nobody can say."""
COMPANIONS_DONE, COMPANIONS_OPEN = Fact("companions_done", str, ""), Fact("companions_open", str, "")

UNREAD = Fact("unread", bool, False)
"""What would prove what people say could not be read just now."""
CMS_NEED = Fact("cms_need", str, "")
"""How Central Management has to go over: "planned", "disaster", "doubt" while nobody knows; empty: it stays."""
CMS_BY_HAND = Fact("cms_by_hand", bool, False)
SQL_SERVER, SQL_INSTANCE = Fact("sql_server", str, ""), Fact("sql_instance", str, "")
SQL_MIRROR, MIRROR_INSTANCE = Fact("sql_mirror_server", str, ""), Fact("sql_mirror_instance", str, "")
"""The SQL Server that takes it, and its mirror, as people named them."""
CMS_BEHIND = Fact("cms_behind", list, ())
CMS_PUSHED = Fact("cms_pushed", bool, False)
"""Replicas that are not up to date, and whether people have it sent to these."""
HOPS = Fact("hops", list, ())
HOP_WAY = Fact("hop_way", str, "")
"""Edge pools whose next hop it is, and how that changes: "command", "hand", "left", "unknown"; empty: none has it."""

FACTS = declared(vars())

IMPORTED_BACKUP = Fact("backup", str, "")
REPLACED = Fact("replaced", bool, False)
RESOLVED = Fact("resolved", bool, False)
FAILOVER_RUN = Fact("failover", str, "")
WAS_IMPORTED = Fact("imported", bool | None, False)
"""Whether copies of the groups lie on the backup pool, as far as it was verified; None while nobody knows."""
OWN_SETTINGS = Fact("own", str, "")
"""The kept export of the backup pool's own settings, from when they were replaced until that is undone."""
PRESTAGED = Fact("prestaged", dict, {})
"""The backup of which the copies on the backup pool are while the pool is well: its id, its time, its contents."""

TAKES_PLACE = Fact("takes_place", str, "")
"""The pool (FQDN) to which users of the primary one have been moved for good; empty while none has."""
STARTED = Fact("started", bool, False)
"""Whether that pool was started: what had to be done while its services were stopped is done."""
ASKED_IN = Fact("asked_in", str, "")
"""The run that was the last to ask agents of the pool's formal groups to sign in."""

CARRIED = (
    IMPORTED_BACKUP,
    REPLACED,
    RESOLVED,
    FAILOVER_RUN,
    WAS_IMPORTED,
    OWN_SETTINGS,
    PRESTAGED,
    TAKES_PLACE,
    STARTED,
    ASKED_IN,
)
"""Not facts of the run itself: they stand with the pool, and the next run finds them in what was before."""


def before(run: Run, fact: Fact[T]) -> T:
    """What the last runbook that moved the pool carried over to this one."""
    return fact.among(BEFORE.of(run))
