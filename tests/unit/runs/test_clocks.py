"""How a recovery's time is told: parts that add up, from the outage on, for runs of every version."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import Pool, Who
from bot.domain.runs.clocks import Part, clocks, unsaved_minutes
from bot.domain.runs.facts import OUTAGE_SINCE, outage_since
from bot.domain.runs.moves import stayed
from bot.domain.runs.run import AT_WORK, AtWork, Phase, Run, Stay

OPENED = 1_795_000_000.0
RUN = Run(
    "failover-1",
    "failover",
    Pool("pool-a.contoso.com"),
    Pool("pool-b.contoso.com"),
    Who("T:U", "Anna"),
    OPENED,
    "declare",
)
KNOWN = replace(RUN, facts=OUTAGE_SINCE.to(str(int(OPENED) - 600)))

seconds = st.floats(0, 4e9)
stays = st.lists(
    st.builds(Stay, st.sampled_from(("declare", "order", "import", "agents")), st.sampled_from(AtWork), seconds)
)
runs = st.builds(
    lambda opened, closed, since, held: replace(
        RUN, opened_at=opened, closed_at=closed, facts=OUTAGE_SINCE.to(since), stays=tuple(held)
    ),
    seconds,
    st.none() | seconds,
    st.sampled_from(("", "02:40", "0240", "yesterday")) | st.integers(10**8, 9_999_999_999).map(str),
    stays,
)


@given(runs, seconds)
def test_the_parts_of_any_run_add_up_to_the_whole_to_the_second(run: Run, now: float) -> None:
    found = clocks(run, now)

    assert sum(spent for _, spent in found.parts) == found.total_s >= 0
    assert all(leg.seconds > 0 for leg in found.legs)
    assert [leg.begin for leg in found.legs[:1]] == [found.begin] * bool(found.legs)
    assert all(one.end == other.begin for one, other in pairwise(found.legs))
    assert [leg.end for leg in found.legs[-1:]] == [found.end] * bool(found.legs)


def test_each_second_goes_to_whoever_the_run_waited_for() -> None:
    noted = (
        Stay("declare", AtWork.PEOPLE, OPENED),
        Stay("answers", AtWork.BOT, OPENED + 60),
        Stay("failover", AtWork.PEOPLE, OPENED + 70),
        Stay("failover", AtWork.SERVER, OPENED + 190),
        Stay("verify", AtWork.BOT, OPENED + 1090),
        Stay("agents", AtWork.PEOPLE, OPENED + 1120),
    )
    found = clocks(replace(KNOWN, stays=noted, closed_at=OPENED + 1300, phase=Phase.DONE), 0.0)

    assert found.parts == (
        (Part.DECLARE, 660),
        (Part.PEOPLE, 120),
        (Part.COMMANDS, 900),
        (Part.CHECKS, 40),
        (Part.AGENTS, 180),
    )
    assert (found.total_s, found.from_outage, found.is_over) == (1900, True, True)
    assert [part for part in Part if part.is_people] == [Part.DECLARE, Part.PEOPLE, Part.AGENTS]


def test_a_run_that_a_version_before_kept_is_told_from_when_it_was_opened_and_by_no_part() -> None:
    old = replace(RUN, facts=OUTAGE_SINCE.to("02:40"), closed_at=OPENED + 90, phase=Phase.DONE)

    assert outage_since(old) is None
    assert clocks(old, 0.0).parts == ((Part.UNKNOWN, 90),)
    assert not clocks(old, 0.0).from_outage
    gone_on = replace(old, stays=(Stay("import", AtWork.PEOPLE, OPENED + 50),))
    assert clocks(gone_on, 0.0).parts == ((Part.PEOPLE, 40), (Part.UNKNOWN, 50))


def test_an_open_run_is_told_up_to_now() -> None:
    run = replace(RUN, stays=(Stay("declare", AtWork.PEOPLE, OPENED),))

    assert clocks(run, OPENED + 30.9).parts == ((Part.DECLARE, 30),)


@pytest.mark.parametrize(("taken_at", "minutes"), [(OPENED - 3600, 60), (OPENED - 59, 0), (OPENED + 120, 0)])
def test_the_recovery_point_is_the_age_of_what_came_back_and_never_less_than_nothing(
    taken_at: float, minutes: int
) -> None:
    assert unsaved_minutes(taken_at, OPENED) == minutes


def test_a_stay_is_noted_where_the_row_or_whoever_is_at_work_changes_and_never_of_a_run_that_ended() -> None:
    run = stayed(RUN, 1.0)
    run = stayed(replace(run, phase=Phase.READING), 2.0)
    run = stayed(replace(run, phase=Phase.ASKING), 3.0)
    run = stayed(replace(run, phase=Phase.READY, step="answers"), 4.0)
    run = stayed(replace(run, phase=Phase.DONE), 5.0)

    assert [(stay.step, stay.who, stay.at) for stay in run.stays] == [
        ("declare", AtWork.BOT, 1.0),
        ("declare", AtWork.PEOPLE, 3.0),
        ("answers", AtWork.BOT, 4.0),
    ]


steps = st.lists(
    st.tuples(st.sampled_from(("order", "import", "verify")), st.sampled_from(tuple(AT_WORK)), st.floats(0, 3)),
    min_size=1,
    max_size=20,
)


@given(steps)
def test_rows_that_pass_within_a_second_leave_one_stay_and_every_second_where_it_went(moves: list) -> None:
    at, run, every = OPENED, RUN, []
    for row, phase, took in moves:
        run = stayed(replace(run, step=row, phase=phase), at)
        every.append(Stay(row, AT_WORK[phase], at))
        at += took
    now = at + 1
    assert len({int(one.at) for one in run.stays}) == len(run.stays)
    assert clocks(run, now).parts == clocks(replace(run, stays=tuple(every)), now).parts


def test_every_phase_of_an_open_run_says_who_is_at_work() -> None:
    assert {phase for phase in Phase if replace(RUN, phase=phase).is_open} == set(AT_WORK)
