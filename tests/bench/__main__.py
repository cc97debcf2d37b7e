"""`python -m tests.bench`: every goal in turn; it ends with 0 whatever it finds."""

from __future__ import annotations

import re
import sys

from tests.bench import (
    goal_1,
    goal_2,
    goal_3,
    goal_4,
    goal_5,
    goal_6,
    goal_7,
    goal_8,
    goal_9,
    goal_10,
    goal_11,
    goal_12,
    goal_13,
    hostile,
    listing,
)
from tests.bench.house import furnished

GOALS = (
    goal_1,
    goal_2,
    goal_3,
    goal_4,
    goal_5,
    goal_6,
    goal_7,
    goal_8,
    goal_9,
    goal_10,
    goal_11,
    goal_12,
    goal_13,
    listing,
    hostile,
)


def main(wanted: list[str]) -> None:
    """All goals, or those of these numbers and names."""
    chosen = [goal for goal in GOALS if not wanted or re.split(r"[._]", goal.__name__)[-1] in wanted]
    with furnished() as house:
        for goal in chosen:
            for finding in goal.measured(house):
                sys.stdout.write(f"{finding}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
