"""What agents say is kept on a real server: once each, for whoever was asked only, and the card follows."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.domain.groups.agents import Agent, Reach
from storage import keys
from storage.agents import Agents, Word

RUN, CARD, T = "failover-pool-a-2026-1129-2200-0001", "card:failover-pool-a-2026-1129-2200-0001", 1_795_000_000.25
EMIL, ANNA = "emil@contoso.com", "anna@contoso.com"
GROUPS = {EMIL: ("Help Desk", "Billing"), ANNA: ("Help Desk",)}


async def asked(redis: Redis) -> Agents:
    agents = Agents(redis)
    await agents.invite(RUN, GROUPS)
    await agents.reach(RUN, [EMIL], Reach.ASKED, T - 60, "U0EMIL0001")
    return agents


async def test_whoever_was_asked_does_not_wait_and_is_never_asked_again(redis: Redis) -> None:
    agents = Agents(redis)
    await agents.invite(RUN, GROUPS)
    assert await agents.waiting(RUN) == (ANNA, EMIL)
    assert await agents.groups(RUN, EMIL) == ("Help Desk", "Billing")

    await agents.reach(RUN, [EMIL], Reach.ASKED, T - 60, "U0EMIL0001")
    await agents.invite(RUN, GROUPS)
    assert await agents.waiting(RUN) == (ANNA,)
    await agents.reach(RUN, [ANNA], Reach.NOT_HERE, T)
    assert await agents.waiting(RUN) == ()


async def test_a_word_is_noted_once_with_the_second_of_the_first(redis: Redis) -> None:
    agents = await asked(redis)
    assert await agents.sign_in(RUN, EMIL, "U0EMIL0001", T) == Word(T, is_new=True, is_open=False)
    assert await agents.sign_in(RUN, EMIL, "U0EMIL0001", T + 60) == Word(T, is_new=False, is_open=False)

    known = await agents.known(RUN)
    assert set(known) == {Agent(GROUPS[EMIL], Reach.ASKED, T), Agent(GROUPS[ANNA])}


async def test_it_says_whether_the_run_is_open(redis: Redis) -> None:
    agents = await asked(redis)
    await redis.zadd(keys.OPEN, {RUN: T})
    word = await agents.sign_in(RUN, EMIL, "U0EMIL0001", T)
    assert word is not None and word.is_open


async def test_nobody_speaks_for_somebody_else_or_unasked(redis: Redis) -> None:
    agents = await asked(redis)
    assert await agents.sign_in(RUN, EMIL, "U0ANNA0001", T) is None
    assert await agents.sign_in(RUN, ANNA, "U0ANNA0001", T) is None
    assert await agents.sign_in(RUN, ANNA, "", T) is None
    assert await agents.sign_in("another", EMIL, "U0EMIL0001", T) is None
    assert not await redis.exists(keys.agents_signed(RUN)) and await redis.zscore(keys.OUTBOX, CARD) == T - 57


async def test_a_record_that_nobody_can_read_is_nobodys_word(redis: Redis) -> None:
    agents = await asked(redis)
    for garbage in (b"", b"\0", b"[]", b"7", b'"U0EMIL0001"'):
        await redis.hset(keys.agents_reached(RUN), EMIL, garbage)
        assert await agents.sign_in(RUN, EMIL, "U0EMIL0001", T) is None
    assert {one.reach for one in await agents.known(RUN)} == {Reach.UNREACHED, Reach.WAITS}


async def test_the_card_follows_a_moment_later_and_words_that_keep_coming_do_not_put_it_off(redis: Redis) -> None:
    agents = Agents(redis)
    many = [f"agent{number}@contoso.com" for number in range(4)]
    await agents.invite(RUN, dict.fromkeys(many, ("Help Desk",)))
    await agents.reach(RUN, many, Reach.ASKED, T - 60, "U1")
    assert await redis.zscore(keys.OUTBOX, CARD) == T - 57
    await redis.zrem(keys.OUTBOX, CARD)

    await agents.sign_in(RUN, many[0], "U1", T)
    assert await redis.zscore(keys.OUTBOX, CARD) == T + 3
    await agents.sign_in(RUN, many[1], "U1", T + 2)
    assert await redis.zscore(keys.OUTBOX, CARD) == T + 3
    # Due, so it may be drawn at this moment: it is marked anew, and stays due.
    await agents.sign_in(RUN, many[2], "U1", T + 5)
    assert await redis.zscore(keys.OUTBOX, CARD) == T + 5
    # The same word once more shows nothing new.
    await redis.zrem(keys.OUTBOX, CARD)
    await agents.sign_in(RUN, many[2], "U1", T + 9)
    assert await redis.zscore(keys.OUTBOX, CARD) is None


async def test_what_is_known_of_agents_goes_after_ninety_days(redis: Redis) -> None:
    agents = await asked(redis)
    await agents.sign_in(RUN, EMIL, "U0EMIL0001", T)
    for key in (keys.agents(RUN), keys.agents_reached(RUN), keys.agents_signed(RUN)):
        assert 89 * 86_400 < await redis.ttl(key) <= 90 * 86_400
