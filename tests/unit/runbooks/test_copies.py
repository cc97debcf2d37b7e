"""What is said of copies on a backup pool: whether they lie there, as of when, and how far they are behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.backups.backup import Backup
from bot.domain.model import BOT, Pool, PoolRecord, PoolState, Who
from bot.domain.runs.run import Finding, Found, Phase, RowRecord, Run
from bot.runbooks.rows.copies import imported, pre_stage, stage_of, staged
from bot.runbooks.rows.facts import PRESTAGED, WAS_IMPORTED
from tests.unit.deployment.deployments import B, P

NOW = 1_795_000_000.0
POOL = Pool(P, backup_pool=B)
OLD = Backup("b-1", P, P, NOW, "aa" * 32, 1, {}, "same", "run-1")
KNOWN = PRESTAGED.to(stage_of(OLD))
RECORD = PoolRecord(P, carry=KNOWN)
RUN = Run(
    "r", "prestage", POOL, Pool(B), Who("T:U", "Anna"), NOW, "clear", facts={"before": KNOWN | WAS_IMPORTED.to(True)}
)


def after(*rows: str) -> Run:
    return replace(RUN, step="call", records=tuple(RowRecord(row, "pass", "", BOT, NOW) for row in rows))


def test_how_far_a_pre_stage_is_behind_is_one_sentence() -> None:
    when = "Copies are ready on pool-b, as of 18 Nov 2026, 11:06 UTC"
    newer = replace(OLD, id="b-2", taken_at=NOW + 3 * 86_400)
    assert pre_stage(RECORD, POOL, newer) == f"{when}: nothing has changed since in the newest backup."
    assert pre_stage(RECORD, POOL, replace(newer, contents="other")) == (
        f"{when}. The newest backup is 3 days newer and differs: refresh with `/rgs start prestage pool-p`."
    )


def test_nothing_is_said_of_a_pool_that_is_away_or_has_no_pre_stage() -> None:
    assert pre_stage(PoolRecord(P), POOL, OLD) == ""
    assert pre_stage(replace(RECORD, state=PoolState.FAILED_OVER), POOL, OLD) == ""


@pytest.mark.parametrize(
    ("rows", "there"),
    [
        ((), True),
        (("clear",), False),
        (("clean",), False),
        (("clear", "import"), None),
        (("clear", "import", "verify"), True),
        (("import", "verify", "clear"), False),
    ],
)
def test_the_last_row_that_touched_the_copies_says_whether_they_are_there(
    rows: tuple[str, ...], there: bool | None
) -> None:
    assert imported(after(*rows)) is there
    assert staged(after(*rows)) == (PRESTAGED.to({}) if rows else KNOWN)


def test_a_lost_command_leaves_it_open_unless_a_look_found_that_it_did_nothing() -> None:
    lost = replace(RUN, phase=Phase.LOST, finding=Finding(Found.PARTLY, ""))
    assert imported(lost) is None and staged(lost) == PRESTAGED.to({})
    harmless = replace(lost, finding=Finding(Found.NOT_DONE, ""))
    assert imported(harmless) is True and staged(harmless) == KNOWN
