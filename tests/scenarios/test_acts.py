"""What an act says of itself is so: one that reads changes nothing, one that is done twice ends as when done once."""

from __future__ import annotations

from typing import get_args

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.errors import NeverSent
from bot.domain.runs.acts import (
    Act,
    Answers,
    Attempt,
    Clock,
    Collect,
    FindCopies,
    Invoke,
    Load,
    Newest,
    NewestKept,
    NewestWhole,
    Pin,
    ReadGroups,
    ReadSettings,
    ReadState,
    Records,
    Survey,
)
from bot.domain.runs.facts import FILE, KEPT_AS, source
from bot.runbooks.backup.export import EXPORT
from tests.rules import writes
from tests.scenarios.stage import ANNA, A, B, Stage, stage_of

SAID_TO_READ = {
    *(Answers, Clock, FindCopies, Load, Newest, NewestKept, NewestWhole, ReadGroups, ReadSettings, ReadState, Records),
    *(Survey, Invoke),
}


async def everything(redis: Redis) -> dict[bytes, bytes]:
    return {key: await redis.dump(key) for key in sorted(await redis.keys())}


async def test_acts_that_read_change_nothing_in_redis_nor_on_any_server(redis: Redis) -> None:
    stage = await stage_of(redis)
    id = (await stage.settle((await stage.engine.start("backup", A, ANNA)).id)).facts["backup"]
    acts: tuple[Act, ...] = (
        Answers("failover-pool-a-1"),
        Clock(),
        FindCopies(A, ("lis",)),
        Load(id),
        Newest(A),
        NewestKept(A),
        NewestWhole(A),
        ReadGroups(A, None, show_all=True),
        ReadSettings(A, A),
        ReadState(B, A),
        Records((A,)),
        Survey(A),
        Invoke(A, cmdlet("Get-CsRgsQueue")),
    )
    assert {type(act) for act in acts} == SAID_TO_READ
    before = await everything(redis)
    for act in acts:
        assert not writes(act) and not writes(Attempt(act))
        await stage.hands.perform(act)
    assert await everything(redis) == before


def test_every_other_act_counts_as_writing() -> None:
    """Also one that somebody adds, until it is said to read."""
    others = [one for one in get_args(Act) if one not in SAID_TO_READ and one is not Attempt]
    assert len(others) > 10 and all(writes(object.__new__(one)) for one in others)
    assert writes(NewestKept(A, proven=True)) and writes(Invoke(A, cmdlet("Import-CsRgsConfiguration")))
    assert writes(Attempt(Pin("b-1", "run", "because")))


async def test_a_file_that_was_kept_before_somebody_died_is_removed_by_whoever_comes_next(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.engine.start("backup", A, ANNA)
    plan = EXPORT.plan(run, {})
    (export,), file = plan.acts.values(), FILE.among(plan.facts)
    act = Collect(source(run).fqdn, file, KEPT_AS.among(plan.facts), A, run.id)
    await stage.hands.perform(export)
    delete, stage.driver.delete = stage.driver.delete, _away

    with pytest.raises(NeverSent):
        await stage.hands.perform(act)
    assert await there(stage, file)
    stage.driver.delete = delete
    first, _ = await stage.hands.perform(act)
    assert not await there(stage, file)
    again, _ = await stage.hands.perform(act)
    assert first == again == await stage.backups.get(act.backup)

    await stage.strike(Fault(FaultKind.POOL_DOWN, A))
    assert (await stage.hands.perform(act))[0] == first, "what is here needs no server"


async def _away(pool: str, file: str) -> None:
    raise NeverSent(f"{pool} does not answer.")


async def there(stage: Stage, file: str) -> bool:
    world, _ = await stage.worlds.load()
    return world.pools[A].file(file) is not None
