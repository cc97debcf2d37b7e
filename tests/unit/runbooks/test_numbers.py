"""Which number people read before each row: rows of one stretch share theirs."""

from __future__ import annotations

import pytest

from bot.runbooks import RUNBOOKS

HOME = (
    "back 1, backup-answers 1, freeze 2, mode 3, mode-doubt 3, names 4, names-seen 4, export 4, last 4, changes 5, "
    "decide 5, edges 6, edge-first 6, lis-lost 7, lis 7, lis-import 7, lis-publish 7, lis-compare 7, failback-before "
    "8, hand 8, failback 8, failback-after 8, reread 9, settings 10, spare 10, import 10, replicas 10, verify 11, "
    "ask-agents 11, extras 11, audio 11, recorded 11, recorded-seen 11, plain 11, conferences 12, "
    "conferences-arrived 12, companions 13, hop-read 14, hop-way 14, hop 14, hop-after 14, routes 15, inside 15, "
    "outside 15, agents 15, sync-home 16, sync-home-arrived 16, sync-back 16, sync-back-arrived 16, cleanup 17, "
    "clean 17, done 18"
)
"""A pool that turns out to be rebuilt goes through the same rows."""

NUMBERS = {
    "backup": "answers 1, export 2, fetch 3, owners 4, live 5, audit 6, rehearse 7, "
    "size 8, store 8, shrunk 8, whole 8, told 9",
    "failover": "declare 1, answers 1, doubt 1, quiet 1, order 2, pair 3, planned 3, caught-up 3, "
    "cms-where 4, cms-doubt 4, cms-names 4, cms-hand 4, cms 4, cms-after 4, cms-push 4, cms-replicas 4, "
    "lis 4, lis-import 4, lis-publish 4, lis-compare 4, hop-read 5, hop-way 5, hop 5, hop-after 5, "
    "failover-before 6, hand 6, failover 6, failover-after 6, find 7, backup 7, mode 8, mode-doubt 8, rehearse 9, "
    "settings 10, keep 10, clear 11, spare 11, import 12, verify 12, ask-agents 12, audio 13, companions 14, "
    "routes 15, inside 16, outside 16, agents 17, done 18",
    "prestage": "home 1, mode 2, mode-doubt 2, mode-refused 2, find 3, backup 3, off-site 4, no-place 4, rehearse 5, "
    "clear 6, spare 6, import 7, verify 7, audio 8, call 9, done 10",
    "clean-up": "home 1, mode 2, mode-doubt 2, mode-refused 2, compare 3, clean 4, done 5",
    "import-again": "find 1, backup 1, mode 2, mode-doubt 2, rehearse 3, settings 4, keep 4, clear 5, spare 5, "
    "import 6, verify 6, ask-agents 6, audio 7, agents 8, done 9",
    "undo": "kept 1, set 2, music 3, check 4, done 5",
    "adopt": "take 1, verify 2, remember 3, ask-agents 4, agents 4, done 5",
    "failback": HOME,
    "rebuild": HOME,
    "replace": "ready 1, freeze 2, mode 3, mode-doubt 3, built 4, built-seen 4, lis-lost 5, lis 5, lis-import 5, "
    "lis-publish 5, lis-compare 5, users-first 6, users 6, users-seen 6, directories-first 7, directories 7, "
    "directories-seen 7, endpoints 7, endpoints-seen 7, contents 7, userdata-first 7, userdata 7, park 7, "
    "park-seen 7, chat 7, start 8, start-seen 8, names 9, names-seen 9, export 9, settings 10, import 10, "
    "verify 11, ask-agents 11, audio 11, recorded 11, recorded-seen 11, plain 11, routes 12, inside 12, "
    "outside 12, agents 12, clean 13, companions 14, announcements 14, announcements-seen 14, topology-first "
    "15, topology 15, topology-seen 15, boot 15, boot-seen 15, restart 15, restart-seen 15, store 15, "
    "backupdata-first 15, backupdata 15, sync-new 16, sync-new-arrived 16, sync-backup 16, "
    "sync-backup-arrived 16, branches 17, done 18",
    "verify": "check 1, told 2",
    "companion": "take 1, told 2",
    "cms": "cms-where 1, cms-doubt 1, cms-names 1, cms-hand 1, cms 1, cms-after 1, cms-push 1, cms-replicas 1, "
    "lis 2, lis-import 2, lis-publish 2, lis-compare 2, done 3",
    "edge": "choose 1, before 1, started 2, builder 3, builder-seen 3, route 3, route-after 3, wizard 4, trial 5",
    "xmpp": "choose 1, before 1, stopped 2, route 3, route-after 3, dns 4, firewall 5, started 6, trial 7",
    "edge-of-pool": "choose 1, builder 2, builder-seen 2, trial 3",
    "mirror": "user-choose 1, user 1, user-after 1, centralmgmt-choose 2, centralmgmt 2, centralmgmt-after 2, "
    "application-choose 3, application 3, application-after 3",
    "conferences": "conferences 1, conferences-arrived 1",
    "backup-service": "runs 1, runs-there 1, start 1, started 1, modules 2, change 3, interval 3, interval-after 3, "
    "sync 3, sync-arrived 3, sync-back 3, sync-back-arrived 3",
}


@pytest.mark.parametrize("key", RUNBOOKS)
def test_rows_have_the_numbers_that_the_written_procedure_gives_them(key: str) -> None:
    assert ", ".join(f"{row} {number}" for row, number in RUNBOOKS[key].numbers.items()) == NUMBERS[key]


@pytest.mark.parametrize("key", RUNBOOKS)
def test_a_stretch_is_walked_through_once(key: str) -> None:
    """Else its rows would have two numbers, and a sentence that names one would be taken for the other."""
    steps = RUNBOOKS[key].steps
    assert len({step.stretch for step in steps}) == len(set(RUNBOOKS[key].numbers.values()))
