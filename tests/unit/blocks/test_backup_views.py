"""Whatever backups, names and reasons there are, the list, the details and the difference are accepted and harmless."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.backups.backup import Backup, Keeping, Stamp
from bot.domain.model import Pool
from handlers.backups import views as backup_views
from handlers.backups.words import ShownBackup, entry, mirror, stamp
from tests.unit.blocks.strategies import backups, fqdns, ids, moments, names, pools
from tests.unit.blocks.test_views import FEW, NOW, assert_good, strings

POOL_B = "pool-b.contoso.com"
BACKUP = Backup(
    id="backup-pool-a-1121-0230-4f2a-1",
    pool="pool-a.contoso.com",
    source="pool-a.contoso.com",
    taken_at=NOW - 7200,
    sha256="ab" * 32,
    size=1_234_567,
    counts={"Workflow": 2, "Queue": 1},
    contents="digest",
    run="backup-pool-a-1121-0230-4f2a",
    settings={"AgentRingbackGracePeriod": 90, "DefaultMusicOnHoldFile": "x.wav", "DisableCallContext": 0},
    changed=4,
)
RESTORABLE = Stamp(NOW - 3600, True, POOL_B, "today")
MAYBE = st.just("") | names

keepings = st.builds(
    Keeping,
    st.none() | st.builds(Stamp, moments, st.booleans(), fqdns, names, st.lists(names, max_size=30).map(tuple)),
    st.dictionaries(ids | st.sampled_from(("T0SWITCH01:U0ANNA0001", "<!channel>")), names, max_size=12),
    st.none() | moments,
    MAYBE,
    MAYBE,
)
all_kept = st.builds(
    ShownBackup,
    st.builds(replace, backups, changed=st.none() | st.integers(0, 10**6), sha256=st.just("ab" * 32), run=ids),
    keepings,
    MAYBE,
    st.booleans(),
    MAYBE,
    st.booleans(),
)


@FEW
@given(pools, st.lists(all_kept, max_size=10), st.lists(names, max_size=8), st.booleans())
def test_every_list_is_accepted(pool: Pool, page: Sequence[ShownBackup], told: Sequence[str], older: bool) -> None:
    message = backup_views.backups_list(pool, page, told, older=older, now=NOW)

    assert_good(message)
    assert len(json.dumps(message["blocks"], ensure_ascii=False)) < 14_000


@FEW
@given(all_kept, st.lists(backups, max_size=60), MAYBE)
def test_every_detail_is_accepted(kept: ShownBackup, others: Sequence[Backup], because: str) -> None:
    distinct = [replace(one, id=f"{one.id}-{number}") for number, one in enumerate(others)]
    assert_good(backup_views.detail(kept, distinct, NOW, because), "modal")


@FEW
@given(backups, backups, st.lists(names, max_size=400), names)
def test_every_difference_is_accepted(older: Backup, newer: Backup, lines: Sequence[str], sentence: str) -> None:
    for view in (
        backup_views.comparing(older, newer),
        backup_views.difference(older, newer, lines),
        backup_views.undecided(older, newer, sentence),
        backup_views.keeping_form(older),
    ):
        assert_good(view, "modal")


def test_a_difference_without_end_says_how_much_is_left_out() -> None:
    view = backup_views.difference(BACKUP, BACKUP, [f"Queue “{number}”: changed." for number in range(5000)])

    assert "more" in strings(view)[-1] and len(json.dumps(view)) < 250_000


def test_a_line_of_the_list_tells_all_that_is_known() -> None:
    keeping = Keeping(RESTORABLE, {"failover-1": "it was imported"}, NOW - 60, "", "")

    line = entry(ShownBackup(replace(BACKUP, warnings=("x",)), keeping, "today", mirrored=True), NOW)

    for words in ("2 h ago", "1.2 MB", "2 workflows, 1 queue", "4 changes", "✅ restorable, rehearsed 1 h ago"):
        assert words in line
    assert "off-site copy <!date^" in line and "· kept for ever" in line and "1 warning" in line


def test_a_stamp_is_never_said_to_hold_when_that_is_not_known() -> None:
    def says(keeping: Keeping, basis: str = "today", lone: str = "") -> str:
        return stamp(ShownBackup(BACKUP, keeping, basis, lone=lone), NOW)

    refused = replace(RESTORABLE, restorable=False, sentences=("Two workflows are called alike.", "More."))
    assert says(Keeping(RESTORABLE)) == "✅ restorable, rehearsed 1 h ago"
    assert says(Keeping(RESTORABLE), "") == (
        "❔ was restorable, rehearsed 1 h ago; what pool-b holds today is not known"
    )
    assert says(Keeping(RESTORABLE), "x") == "⚠️ was restorable, rehearsed 1 h ago; pool-b has changed since"
    assert says(Keeping(refused)) == "❌ not restorable: Two workflows are called alike."
    assert says(Keeping(RESTORABLE, damage="Piece 3 is missing.")) == "❌ not restorable: it is damaged"
    assert says(Keeping()) == "❔ not rehearsed: its rehearsal is still to come"
    assert says(Keeping(), lone="pool-c gets backups only.") == "❔ not rehearsed: pool-c gets backups only."


def test_a_backup_says_whether_it_is_off_site_not_yet_or_never() -> None:
    assert mirror(ShownBackup(BACKUP), NOW) == "no off-site copy configured"
    assert mirror(ShownBackup(BACKUP, mirrored=True), NOW) == "not yet off-site"


def test_what_must_not_be_overlooked_stands_in_the_list() -> None:
    line = entry(
        ShownBackup(BACKUP, Keeping(damage="Piece 3 is missing.", shrunk="3 objects, where there were 12.")), NOW
    )

    assert "🛑 Damaged: Piece 3 is missing." in line and "⚠️ Shrunk: 3 objects, where there were 12." in line


def test_changes_that_nobody_counted_are_not_said_to_be_none() -> None:
    old = replace(BACKUP, changed=None)

    assert "changes not counted" in entry(ShownBackup(old), NOW)
    assert "· first" in entry(ShownBackup(old, is_first=True), NOW)
    assert "no changes" in entry(ShownBackup(replace(BACKUP, changed=0)), NOW)


def test_the_details_tell_sentences_pins_hash_and_settings() -> None:
    pins = {"T0SWITCH01:U0ANNA0001": "before the migration", "failover-1": "it was imported"}
    keeping = Keeping(replace(RESTORABLE, sentences=("12 objects come home as they were.",)), pins)

    said = "\n".join(
        strings(backup_views.detail(ShownBackup(BACKUP, keeping, "today"), [BACKUP], NOW, "It is pinned."))
    )

    for words in ("12 objects come home as they were.", "<@U0ANNA0001>: before the migration", "Run `failover-1`"):
        assert words in said
    assert BACKUP.sha256 in said and "x.wav" in said and "90 s" in said
    assert "No longer keep" in said and "Keep for ever" not in said.replace("Kept for ever", "")
    assert "Compare with" not in said, "there is nothing to compare with"
    assert "It is pinned." not in said, "who pinned it and why stands there already"


def test_the_details_tell_why_it_stays_or_goes() -> None:
    said = strings(backup_views.detail(ShownBackup(BACKUP), [BACKUP], NOW, "It would go: an older one of its day."))

    assert any("It would go: an older one of its day." in text for text in said)
