"""What Slack tells one process, all know: whoever lost a role, or is a guest by now, presses in vain at any of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.runs.run import Run
from bot.sandbox import Kind, Sandbox
from handlers.slack import people
from tests.patience import until
from tests.sandbox.parts import ANNA, BORIS, CLARA
from tests.scenarios.beats import FAILOVER, awaited, played
from tests.scenarios.house import House, house

HEARS, ELSEWHERE = 0, 1
IMPORTED = next(index for index, beat in enumerate(FAILOVER) if "Import" in beat.now)


async def leaves_the_group(slack: Sandbox, user: str) -> None:
    for id in ("S0SERVER01", "S0RGADMIN1"):
        group = slack.workspace.group(id)
        assert group is not None
        if user in group.members:
            await slack.change_group(id, [member for member in group.members if member != user])


def becomes(kind: Kind) -> Callable[[Sandbox, str], Awaitable[None]]:
    async def change(slack: Sandbox, user: str) -> None:
        account = slack.workspace.person(user)
        assert account is not None
        await slack.change_person(replace(account, kind=kind))

    return change


async def known_everywhere(home: House, user: str) -> None:
    """Remembered as a holder by processes that listen already: before that they forget everybody once."""

    async def listening() -> bool:
        return all(bot.pulses.of("changes of people").beats >= 2 for bot in home.bots)

    await until(listening)
    for bot in home.bots:
        assert bot._people is not None and (await bot._people.person(user)).roles


async def asking(home: House) -> Run:
    """A failover that asks for a backup to be chosen."""
    await played(home, await home.started(ANNA, "/rgs backup pool-a"), ())
    await home.take_down("pool-a.contoso.com")
    return await home.started(ANNA, "/rgs failover pool-a")


@pytest.mark.parametrize(
    ("happens", "word"),
    [
        (leaves_the_group, "which you do not hold"),
        (becomes(Kind.GUEST), "Guests cannot do this"),
    ],
)
async def test_whoever_lost_what_it_takes_presses_in_vain_at_a_process_that_did_not_hear_of_it(
    redis: Redis, happens: Callable[[Sandbox, str], Awaitable[None]], word: str
) -> None:
    async with house(redis, bots=2) as home:
        run = await asking(home)
        await known_everywhere(home, ANNA)
        assert home.balancer is not None
        home.balancer.only = HEARS
        await happens(home.slack, ANNA)
        home.balancer.only = ELSEWHERE

        await home.press(ANNA, await awaited(home, run, FAILOVER[0]), FAILOVER[0].label, **FAILOVER[0].filled)

        assert word in home.told(ANNA)[-1] and (await home.bot.runs.load(run.id)).step == "declare"
        newest = (await home.bot.runs.audit(run.id, 1))[0]
        assert (newest.what, newest.step) == ("refused", "declare")


async def test_whoever_approves_is_asked_for_afresh_even_if_no_process_heard(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "AFRESH_S", 0.0)
    async with house(redis, bots=2) as home:
        run = await asking(home)
        for beat in FAILOVER[:IMPORTED]:
            await home.press(beat.who, await awaited(home, run, beat), beat.label, **beat.filled)
        await known_everywhere(home, CLARA)
        group = home.slack.workspace.group("S0RGADMIN1")
        assert group is not None
        home.slack.workspace.put(replace(group, members=()))

        await home.press(CLARA, await awaited(home, run, FAILOVER[IMPORTED]), FAILOVER[IMPORTED].label)

        assert "which you do not hold" in home.told(CLARA)[-1]
        assert (await home.bot.runs.load(run.id)).approvals == ()


async def test_what_a_process_could_not_tell_the_others_it_tells_them_as_soon_as_it_can(redis: Redis) -> None:
    async with house(redis, bots=2) as home:
        await known_everywhere(home, BORIS)
        other = home.bots[ELSEWHERE]._people
        assert home.balancer is not None and other is not None
        home.balancer.only = HEARS
        try:
            await redis.config_set("maxmemory", 1)
            await leaves_the_group(home.slack, BORIS)
            assert (await other.person(BORIS)).roles
        finally:
            await redis.config_set("maxmemory", 0)

        async def forgot() -> bool:
            return not (await other.person(BORIS)).roles

        await until(forgot)


async def test_a_process_that_lost_its_way_to_redis_believes_nothing_that_it_remembers(redis: Redis) -> None:
    async with house(redis, bots=2) as home:
        await known_everywhere(home, BORIS)
        for id in ("S0SERVER01", "S0RGADMIN1"):
            group = home.slack.workspace.group(id)
            assert group is not None
            home.slack.workspace.put(replace(group, members=()))
        await known_everywhere(home, BORIS)

        await redis.client_kill_filter(_type="normal", skipme=True)

        async def forgot() -> bool:
            return not any([(await bot._people.person(BORIS)).roles for bot in home.bots if bot._people])

        await until(forgot)
