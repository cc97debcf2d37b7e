"""Which number people read before each row: rows of one stretch share theirs."""

from __future__ import annotations

import pytest

from bot.runbooks import RUNBOOKS

HOME = (
    "back 1, backup-answers 1, freeze 2, mode 3, mode-doubt 3, names 4, names-seen 4, export 4, last 4, changes 5, "
    "decide 5, edges 6, edge-first 6, failback-before 7, hand 7, failback 7, failback-after 7, reread 8, settings 9, "
    "spare 9, import 9, replicas 9, verify 10, ask-agents 10, extras 10, audio 10, recorded 10, recorded-seen 10, "
    "plain 10, conferences 11, conferences-arrived 11, companions 12, hop-read 13, hop-way 13, hop 13, hop-after 13, "
    "routes 14, inside 14, outside 14, agents 14, sync-home 15, sync-home-arrived 15, sync-back 15, "
    "sync-back-arrived 15, cleanup 16, clean 16, done 17"
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
    "replace": "ready 1, freeze 2, mode 3, mode-doubt 3, built 4, built-seen 4, users-first 5, users 5, users-seen 5, "
    "directories-first 6, directories 6, directories-seen 6, endpoints 6, endpoints-seen 6, contents 6, "
    "userdata-first 6, userdata 6, park 6, park-seen 6, chat 6, start 7, start-seen 7, names 8, names-seen 8, "
    "export 8, settings 9, import 9, verify 10, ask-agents 10, audio 10, recorded 10, recorded-seen 10, plain 10, "
    "routes 11, inside 11, outside 11, agents 11, clean 12, companions 13, announcements 13, announcements-seen 13, "
    "topology-first 14, topology 14, topology-seen 14, boot 14, boot-seen 14, restart 14, restart-seen 14, store 14, "
    "backupdata-first 14, backupdata 14, sync-new 15, sync-new-arrived 15, sync-backup 15, sync-backup-arrived 15, "
    "branches 16, done 17",
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
