"""What the rows of a backup say of it before it is listed."""

from __future__ import annotations

from bot.domain.groups.groups import Inventory
from bot.domain.model import SCHEDULE, Mark, Pool
from bot.domain.runs.run import Run
from bot.runbooks.backup.keeping import judge_rehearsal
from tests.unit.deployment.deployments import B, P

RUN = Run("backup-1", "backup", Pool(P, backup_pool=B), Pool(B, backup_pool=P), SCHEDULE, 0.0, "rehearse")


def test_a_rehearsal_that_fails_over_odd_data_costs_no_backup_and_is_unknown() -> None:
    odd = Inventory(("not an object",))
    verdict = judge_rehearsal(RUN, {"held": Inventory(()), "zip": odd, "now": 0.0})
    assert verdict.mark is Mark.WARN and verdict.facts["stamp"] is None
    assert "whether this can be restored on pool-b is not known" in verdict.sentence
    assert verdict.details == ("It met AttributeError: please report it.",)
