"""The main job with roles from a real directory, and what becomes of presses when somebody has left a group."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run
from tests.directory.contents import address
from tests.directory.samba import Domain
from tests.patience import until
from tests.sandbox.parts import ANNA, BORIS, CLARA, EMIL, FINN
from tests.scenarios.beats import FAILOVER, KEEP, awaited, played
from tests.scenarios.directory_house import Guarded, guarded
from tests.scenarios.house import House
from tests.scenarios.stage import A
from tests.scenarios.test_front_door import state

OVER_A_MINUTE_S = 61.0
SERVERS, RG = "RTCUniversalServerAdmins", "CsResponseGroupAdministrator"
WHERE = "Roles come from groups of Active Directory, which Switchback's configuration names."


@asynccontextmanager
async def member(domain: Domain, name: str, group: str = SERVERS) -> AsyncIterator[None]:
    """Meanwhile they are in the group, unless the test takes them out."""
    domain.put_in(name, group)
    try:
        yield
    finally:
        if name in domain.members(group):
            domain.take_out(name, group)


async def failing_over(rooms: House, rows: int) -> Run:
    """A failover that was pressed through so many rows."""
    backup = await rooms.started(CLARA, "/rgs backup pool-a")
    await rooms.card(backup, "✅ *Done.*")
    await rooms.take_down(A)
    run = await rooms.started(ANNA, "/rgs failover pool-a")
    for beat in FAILOVER[:rows]:
        card = await awaited(rooms, run, beat)
        assert (await rooms.press(beat.who, card, beat.label, **beat.filled)).ok
    await awaited(rooms, run, FAILOVER[rows])
    return await rooms.bot.runs.load(run.id)


async def test_a_failover_is_pressed_through_by_members_of_groups_and_by_nobody_else(
    redis: Redis, domain: Domain
) -> None:
    async with guarded(redis, domain, bots=2) as here:
        rooms = here.rooms
        run = await failing_over(rooms, 1)
        card = await rooms.card(run, "Step 6 of")
        for user, reason in (
            (CLARA, f"This needs {SERVERS}, which you do not hold. {WHERE}"),
            (EMIL, f"This needs {SERVERS}, which you do not hold. {WHERE}"),
            (FINN, "Guests cannot do this, whatever groups they are in."),
        ):
            assert (await rooms.press(user, card, "Fail the pool over now")).ok
            assert reason in rooms.told(user)[-1] and "[roles." not in rooms.told(user)[-1]
        assert not (await rooms.world()).pools[A].failed_over
        await played(rooms, run, FAILOVER[1:])
        assert await state(rooms) is PoolState.FAILED_OVER
        moved = (await rooms.bot.runs.load(run.id)).record_of("failover")
        assert moved is not None and [who.name for who in moved.approved] == ["Boris Lind"]


async def test_whoami_tells_the_roles_the_groups_and_since_when_or_why_there_are_none(
    redis: Redis, domain: Domain
) -> None:
    async with guarded(redis, domain) as here:
        anna = await here.says(ANNA, "/rgs whoami")
        assert f"Roles: {RG}, {SERVERS} through {SERVERS} and {RG}, read " in anna
        assert "Roles come from groups of Active Directory" in anna and "[roles." not in anna
        assert f"Roles: none. {WHERE}" in await here.says(EMIL, "/rgs whoami")
        here.has(FINN, "")
        assert "a guest" in await here.says(FINN, "/rgs whoami")


async def test_whoever_left_the_group_presses_in_vain_a_minute_later_at_every_process(
    redis: Redis, domain: Domain
) -> None:
    async with guarded(redis, domain, bots=2) as here, member(domain, "lea", RG):
        rooms = here.rooms
        here.has(EMIL, address("lea"))
        run = await failing_over(rooms, 2)
        for process in (0, 1):
            assert f"Roles: {RG}" in await here.says(EMIL, "/rgs whoami", process)
        await here.read()
        domain.take_out("lea", RG)
        assert f"Roles: {RG}" in await here.says(EMIL, "/rgs whoami", 0), "for a minute what was read is believed"
        here.later.ahead_s += OVER_A_MINUTE_S
        card = await rooms.card(run, "Step 7 of")
        assert rooms.balancer is not None
        for process in (0, 1):
            rooms.balancer.only = process
            assert (await rooms.press(EMIL, card, KEEP)).ok
            assert WHERE in rooms.told(EMIL)[-1]
            entry = (await rooms.bot.runs.audit(run.id, 1))[0]
            assert (entry.what, entry.who.name) == ("refused", "Emil Hansen")
        assert await rooms.bot.runs.load(run.id) == run


async def test_an_approval_of_somebody_who_has_left_the_group_carries_no_command_that_is_sent_after(
    redis: Redis, domain: Domain
) -> None:
    async with guarded(redis, domain, bots=2) as here, member(domain, "lea", RG):
        rooms = here.rooms
        here.has(EMIL, address("lea"))
        run = await failing_over(rooms, 2)
        await rooms.press(CLARA, await rooms.card(run, "Step 7 of"), "Use it, choose settings next")
        await rooms.press(CLARA, await rooms.card(run, "Step 10 of"), "Replace with pool-a's")
        card = await rooms.card(run, "Step 12 of", "Two people have to")
        await here.read()
        await rooms.press(EMIL, card, "Ask for a second person")
        card = await rooms.card(run, "somebody else has to approve")
        domain.take_out("lea", RG)
        await here.read()
        await rooms.press(CLARA, card, "Approve as second person")
        asked = await at_rest(here, run)
        assert asked.sentence.startswith("Emil Hansen no longer holds ") and asked.approvals == ()
        assert (asked.phase, asked.step) == (Phase.WAITING, "import")
        assert not [
            one for one in await rooms.bot.runs.audit(run.id, 100) if (one.what, one.step) == ("sent", "import")
        ]


async def at_rest(here: Guarded, run: Run) -> Run:
    """As soon as it asks again."""
    seen: list[Run] = []

    async def asks() -> bool:
        seen[:] = [await here.rooms.bot.runs.load(run.id)]
        return seen[0].phase is Phase.WAITING and not seen[0].approvals

    await until(asks, "it never asks again", seen)
    return seen[0]


async def test_slack_accounts_are_named_by_the_groups_of_the_directory(redis: Redis, domain: Domain) -> None:
    async with guarded(redis, domain) as here:
        people = here.rooms.bot._people
        assert people is not None
        assert set(await people.holders()) == {ANNA, BORIS, CLARA, "U0DAVID001"}, "neither the guest nor the stranger"
