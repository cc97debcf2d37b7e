"""What would make two pools unfit as a pair is said before a failover, which it never holds up (seeds 000 and 004)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Inventory, Kind
from bot.domain.model import Edition, Mark, Pool, Verdict
from bot.runbooks import RUNBOOKS
from tests.unit.deployment.deployments import WORLD, B, P
from tests.unit.runbooks.row_walk import backup, run_of

PAIR = RUNBOOKS["failover"].step("pair")
RUN = run_of(RUNBOOKS["failover"], {}, {P: "2015", B: "2015"})
BERLIN, MUNICH = replace(RUN.primary, site="Berlin"), replace(RUN.partner, site="Munich")
FIT: dict[str, Any] = {
    "relation": ({"BackupPoolFQDN": B},),
    "replica": ({"BackupPoolFQDN": B},),
    "held": WORLD.pools[B].inventory(),
    "newest": (backup("b-1"),),
    "service": (
        {
            "BackupModules": (
                {"Identity": "UserServices.PresenceFocus", "ExportStatus": "FinalState", "ImportStatus": "NormalState"},
            )
        },
    ),
}
FULL = replace(backup("b-1"), counts={Kind.WORKFLOW: 1_200})
LATE = (
    {
        "BackupModules": (
            {"Identity": "ConfServices.DataConf", "ExportStatus": "NonSteadyState", "ImportStatus": "NormalState"},
        )
    },
)
AWAY = CmdletFailed("No.", error_id="x")


def judged(*, partner: Pool = MUNICH, **seen: Any) -> Verdict:
    return PAIR.judge(replace(RUN, primary=BERLIN, partner=partner), {**FIT, **seen})


def test_a_pair_that_is_fit_passes_without_a_word() -> None:
    assert (judged().mark, judged().details) == (Mark.PASS, ())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"partner": replace(MUNICH, site="Berlin")}, "Both pools are in the site Berlin"),
        ({"partner": replace(MUNICH, edition=Edition.STANDARD)}, "not a supported pair"),
        ({"relation": (), "replica": ()}, "does not name pool-b as the backup pool"),
        ({"relation": AWAY, "replica": AWAY}, "The pairing could not be read"),
        ({"newest": (FULL,)}, "would carry 1,201 workflows; 1,200 are supported"),
        ({"service": LATE}, "has not caught up. Contents of conferences: it falls behind"),
        ({"service": AWAY}, "The state of the Backup Service could not be read."),
        ({"held": AWAY}, "What pool-b holds could not be read"),
    ],
    ids=["site", "edition", "relation", "unread", "capacity", "service", "service-unread", "held-unread"],
)
def test_what_makes_it_unfit_is_a_warning_and_never_stops_a_failover(changed: dict[str, Any], words: str) -> None:
    verdict = judged(**changed)
    assert verdict.mark is Mark.WARN and any(words in line for line in verdict.details)


def test_while_central_management_is_away_the_replica_tells_the_pair() -> None:
    assert judged(relation=AWAY).mark is Mark.PASS


def test_an_empty_backup_pool_has_room() -> None:
    assert judged(held=Inventory()).mark is Mark.PASS
