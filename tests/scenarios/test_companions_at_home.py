"""Companions in the bot as it is shipped: taken by the clock at start, and by people, who alone are told."""

from __future__ import annotations

import time

from redis.asyncio import Redis

from bot.commands import demo
from bot.domain.companions.coverage import Rule, coverage, slots
from bot.domain.companions.kinds import COMPANIONS, How
from bot.sandbox import Message
from bot.sandbox.pools.file_store import tone
from handlers.blocks import actions
from handlers.companions import views as companion_views
from tests.patience import until
from tests.sandbox.parts import ANNA, BACKUPS, INCIDENT
from tests.scenarios.house import House, house, words_of

BY_THEMSELVES = [one.key for one in COMPANIONS.values() if one.how in (How.COMMAND, How.FILES)]


def direct(house: House, user: str) -> list[str]:
    return [message.text for message in house.slack.messages(house.slack.workspace.direct(user).id)]


def notices(house: House) -> list[Message]:
    """What stands in the notification channel about companions."""
    return [one for one in house.slack.messages(BACKUPS) if "other data of pool-" in one.text]


async def test_what_was_missed_is_taken_at_start_without_a_word_and_what_needs_people_is_one_notice(
    redis: Redis,
) -> None:
    async with house(redis, companions={}) as home:

        async def taken() -> bool:
            runs = await home.bot.runs.page(count=99)
            return len(runs) >= len(slots(demo.POOLS, {})) and not any(run.is_open for run in runs)

        await until(taken, "the companions are not taken at start")
        found = await home.bot.stores.companions.newest([pool.fqdn for pool in demo.POOLS], time.time())
        for pool in demo.POOLS[:2]:
            covered = coverage(pool, found[pool.fqdn], {}, home.bot.backups.pieces.clock())
            fresh = [cover.companion.key for cover in covered.covers if cover.kept]
            assert fresh == BY_THEMSELVES
        assert not home.slack.messages(INCIDENT)

        async def asked() -> bool:
            return len(notices(home)) == len(demo.POOLS)

        await until(asked, "nobody is asked for what only people have", home.slack.messages(BACKUPS))
        said = words_of(notices(home)[0])
        assert "Response Group audio: not protected. Somebody has to send the files." in said


async def test_whoever_sends_files_is_told_directly_and_no_channel_hears_of_it(redis: Redis) -> None:
    unused = {(pool.fqdn, kind): Rule(used=False) for pool in demo.POOLS for kind in COMPANIONS}
    del unused[demo.A, "rgs-audio"]
    async with house(redis, companions=unused) as home:
        await home.slack.command(ANNA, INCIDENT, "/rgs companions pool-a")
        message = home.slack.ephemerals(ANNA)[-1]
        action = f"{actions.COMPANION_UPLOAD}rgs-audio"
        block = next(
            one for one in message.blocks if any(e.get("action_id") == action for e in one.get("elements", ()))
        )
        value = actions.companion_value(demo.A, "rgs-audio")
        await home.slack.click(ANNA, message, action, value, block_id=block["block_id"])
        file = await home.slack.pick(ANNA, "welcome.wav", tone("welcome"))
        sent = await home.slack.submit(
            ANNA, home.slack.modal(ANNA).id, {actions.field_block(companion_views.FILES.key): [file.id]}
        )
        assert sent.ok

        async def told() -> bool:
            return "Response Group audio of pool-a: 1 file, 4.1 kB, kept." in direct(home, ANNA)

        await until(told, "nobody is told", direct(home, ANNA))
        assert not home.slack.messages(INCIDENT)
        assert not [one for one in home.slack.messages(BACKUPS) if "kept" in one.text]
