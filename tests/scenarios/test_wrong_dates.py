"""A backup that a wrong clock dated in the future is kept, shown as that, and never the newest nor the one before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.commands import status
from bot.domain.backups.backup import Backup
from bot.domain.runs.acts import NewestKept
from bot.domain.runs.run import Phase
from handlers.home import gather
from handlers.home_view import home
from tests.handlers.test_commands import Office
from tests.sandbox.parts import ANNA as SEEN_BY
from tests.sandbox.parts import alone
from tests.scenarios.front import desk_of
from tests.scenarios.stage import ANNA, A, Stage, stage_of

HOUR, DAY = 3600.0, 86_400.0
SHIFTS = {"an hour": HOUR, "a day": DAY, "400 days": 400 * DAY}
shifted = pytest.mark.parametrize("shift", SHIFTS.values(), ids=SHIFTS)
WRONG = "1 backup is wrongly dated: in the future"


@pytest.fixture
async def office(redis: Redis) -> AsyncIterator[Office]:
    async with alone() as (slack, client):
        stage = await stage_of(redis)
        yield Office(desk_of(stage, client), stage, slack)


async def back_up(stage: Stage) -> Backup:
    run = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    assert run.phase is Phase.DONE, "nobody is asked"
    stage.clock.now += 600.0
    return await stage.backups.get(str(run.fact("backup")))


async def from_ahead(stage: Stage, like: Backup, shift: float, id: str = "ahead") -> Backup:
    """One that a process with a wrong clock kept: five times as many objects, all of them others."""
    counts = {kind: 5 * count for kind, count in like.counts.items()}
    wrong = replace(like, id=id, taken_at=stage.clock() + shift, counts=counts)
    await stage.backups.save(wrong, await stage.backups.load(like.id), {"Queue/other": "another"})
    return wrong


@shifted
async def test_the_next_backup_is_compared_with_the_newest_that_is_rightly_dated(redis: Redis, shift: float) -> None:
    stage = await stage_of(redis)
    first = await back_up(stage)
    await from_ahead(stage, first, shift)
    for _ in range(2):
        second = await back_up(stage)
        assert (second.before, second.changed) == (first.id, 0)
        first = second


@shifted
async def test_any_number_of_them_hide_no_other_from_whoever_chooses_one(redis: Redis, shift: float) -> None:
    stage = await stage_of(redis)
    first = await back_up(stage)
    for number in range(12):
        await from_ahead(stage, first, shift + number, f"ahead{number}")
    for proven in (False, True):
        kept = await stage.hands.perform(NewestKept(A, 10, proven=proven))
        assert [one.id for one, _ in kept] == [first.id, *(f"ahead{number}" for number in range(11, 2, -1))]


@shifted
async def test_it_is_shown_as_wrongly_dated_and_is_not_the_last_backup(office: Office, shift: float) -> None:
    right = await back_up(office.stage)
    for said in (await office.says("pools"), await homes(office)):
        assert "last backup 10 min ago" in said and "wrongly dated" not in said
    await from_ahead(office.stage, right, shift)

    for said in (await office.says("pools"), await homes(office)):
        assert "last backup 10 min ago" in said and WRONG in said
    (line,) = [line for line in (await office.says("backups pool-a")).splitlines() if "wrongly dated" in line]
    assert " ago" not in line
    newest = await office.stage.backups.newest(A, office.stage.clock())
    assert newest is not None and newest.id == right.id


async def test_where_every_backup_is_wrongly_dated_none_is_said_to_be_the_last(office: Office) -> None:
    right = await back_up(office.stage)
    await from_ahead(office.stage, right, DAY)
    await office.stage.backups.remove(right.id)
    for said in (await office.says("pools"), await homes(office)):
        assert "no backup with a right date" in said and WRONG in said


async def test_status_tells_it_apart(redis: Redis) -> None:
    stage = await stage_of(redis)
    stage.clock.now = await stage.kept.time.ask() - DAY
    right = await back_up(stage)
    stage.clock.now += DAY
    await from_ahead(stage, right, DAY)
    said = await status._last(stage.kept, A, stage.clock())
    assert said.startswith("last backup ") and said.endswith(f" UTC, {WRONG}")


async def homes(office: Office) -> str:
    person = await office.desk.people.person(SEEN_BY)
    return str(home(await gather(office.desk), person))
