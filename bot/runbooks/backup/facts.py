"""What the rows of a backup leave for later rows."""

from __future__ import annotations

from bot.domain.runs.facts import Fact, declared

SILENT = Fact("silent", bool, False)
NOTHING = Fact("nothing", str, "")
SETTINGS = Fact("settings", dict | None, None)
WITH_OWNER = Fact("with_owner", bool, False)
EMPTY = Fact("empty", bool, False)
SHA256 = Fact("sha256", str, "")
SIZE = Fact("size", int, 0)
COUNTS = Fact("counts", dict, {})
EXPORTED_TWICE = Fact("exported_twice", bool, False)
EDITED = Fact("edited", str, "")
WARNINGS = Fact("warnings", list, ())
STAMP = Fact("stamp", dict | None, None)
UNSTAMPED = Fact("unstamped", str, "nobody knows yet whether it can be restored.")
SHRUNK = Fact("shrunk", str, "")
BACKUP = Fact("backup", str, "")
CHANGED = Fact("changed", int | None, None)
MEANT = Fact("meant", bool, False)

FACTS = declared(vars())
