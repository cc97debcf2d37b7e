"""What the rows of these runbooks leave for later rows."""

from __future__ import annotations

from bot.domain.runs.facts import Fact, declared
from bot.runbooks.rows import facts

LISTED = Fact("edge_pools", list, ())
SITES = Fact("sites", list, ())
"""What the servers list: Edge pools, and sites by their bare names."""
EDGE_FROM, EDGE_TO, SITE = Fact("edge_from", str, ""), Fact("edge_to", str, ""), Fact("site", str, "")
WAY = Fact("way", str, "")
"""Whether it goes "over" to another Edge pool, or "back" to the restored one."""
BEHIND = Fact("sites_behind", list, ())
"""Sites whose route has to be set by a command."""
TRIED = Fact("tried", str, "")
PRINCIPALS = Fact("principals", dict, {})
"""Which server is principal by type of database, as it was read: "Primary", "Mirror", or empty without a mirror."""
WANTED = Fact("wanted", dict, {})
FORCED = Fact("forced", dict, {})
"""Which server is to be principal by type of database, and of which it is sent with -Force."""
INTERVAL_WAS, INTERVAL = Fact("interval_was", str, ""), Fact("interval", str, "")
STOPPED = Fact("stopped", list, ())
"""The servers on which LYNCBACKUP does not run, as pairs of pool and server."""
SYNC = Fact("sync", bool, False)

FACTS = (*facts.FACTS, *declared(vars()))
