"""Every process has another wrong clock, on one Redis: the whole story goes as if all clocks were right."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from bot.app import Switchback
from bot.domain.backups.backup import Backup
from bot.domain.backups.offsite import OffSite
from bot.domain.errors import MirrorAway
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import APPROVED_S
from bot.sandbox import SOCKET
from handlers import commands
from storage import keys
from storage.backups.backups import Backups
from tests.patience import until
from tests.sandbox.parts import ANNA, BACKUPS, INCIDENT
from tests.scenarios.beats import FAILBACK, FAILOVER, played
from tests.scenarios.house import House, everything, house
from tests.scenarios.stage import A, C

HOUR, DAY = 3600.0, 86_400.0
RIGHT = time.time
PYTHON = 200 * DAY
"""How far ahead is what Python says of itself, for whoever asks it instead of Redis."""

MACHINES = (-DAY, -HOUR, 95 * 60.0, 400 * DAY)
WRONG = (*MACHINES, PYTHON)
"""How far ahead each is. None is an hour ahead: a notice counts next, and an approval expires, rightly so late."""

OLD = (2, 9, 40, 1000)
"""Days. No window keeps the last one."""

SECOND = re.compile(r"(?<![\d.])1[5-9]\d{8}(?:\.\d+)?(?!\d)")
NEAR_S = 600.0
ONCE = ("Import-CsRgsConfiguration", "Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack")


async def keep(redis: Redis, days: float) -> str:
    id, data = f"old{days}", f"{days}".encode() * 100
    digest = hashlib.sha256(data).hexdigest()
    await Backups(redis).save(Backup(id, A, A, RIGHT() - days * DAY, digest, len(data), {}, "", "gone"), data, {})
    return id


@asynccontextmanager
async def leases_watched(redis: Redis) -> AsyncIterator[list[float]]:
    """Meanwhile, how far from Redis' now each run was due that lay outside of any lease, and is no approval's end."""
    outside: list[float] = []

    async def look() -> None:
        while True:
            for _, at in await redis.zrange(keys.DUE, 0, -1, withscores=True):
                ahead = at - RIGHT()
                if not (-10.0 <= ahead <= 130.0 or -130.0 <= ahead - APPROVED_S <= 10.0):
                    outside.append(ahead)
            await asyncio.sleep(0.01)

    looking = asyncio.create_task(look())
    yield outside
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


def wrong_seconds(words: str) -> Iterator[str]:
    """Every second in it that one of the wrong clocks would have said."""
    for said in SECOND.findall(words):
        if any(abs(float(said) - RIGHT() - ahead) < NEAR_S for ahead in WRONG):
            yield said


async def written(redis: Redis) -> AsyncIterator[tuple[str, str]]:
    """All that lies in Redis as text, by key. The pools' own servers have clocks of their own."""
    readers = {
        "zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        "hash": redis.hgetall,
        "string": redis.get,
        "stream": lambda key: redis.xrange(key),
        "set": redis.smembers,
    }
    async for key in redis.scan_iter():
        if not key.startswith((b"world:", b"piece:")):
            yield key.decode(), repr(await readers[(await redis.type(key)).decode()](key))


async def says(home: House, bot: Switchback, typed: str) -> str:
    """What this very process answers."""
    assert bot.identity is not None and bot._people is not None
    desk = bot._desk(bot.identity, bot._people)
    return (await commands.run(desk, await bot._people.person(ANNA), INCIDENT, typed)).message["text"]


async def ended(home: House, run: Run) -> Run:
    async def over() -> bool:
        return not (await home.bot.runs.load(run.id)).is_open

    await until(over, f"{run.id} never ends")
    return await home.bot.runs.load(run.id)


async def test_a_process_that_slept_knows_what_time_it_is_at_its_next_look(redis: Redis) -> None:
    """What counts on between two questions stands still while a machine sleeps."""
    async with house(redis, SOCKET) as home:
        clock = home.bot.stores.time

        async def knows() -> bool:
            return abs(clock() - RIGHT()) < 5.0

        for _ in range(5):  # More often than the chores ask as well at their first turns.
            clock._ahead -= 2 * HOUR
            await until(knows)


async def test_the_story_goes_as_if_all_clocks_were_right(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: RIGHT() + PYTHON)
    old = {await keep(redis, days) for days in OLD}
    due = datetime.now(ZoneInfo("Europe/Vienna")) - timedelta(minutes=2)
    changes = {"schedules": {C: (f"{due:%H:%M}",)}, "mirror": OffSite(folder=str(tmp_path / "not there"))}
    async with (
        house(redis, SOCKET, ahead_s=MACHINES, **changes) as home,
        leases_watched(redis) as outside,
    ):
        first = await ended(home, await home.started(ANNA, "/rgs backup pool-a"))
        assert first.phase is Phase.DONE
        await home.take_down(A)
        failover = await home.started(ANNA, "/rgs failover pool-a")
        await played(home, failover, FAILOVER)
        await home.bring_up(A)
        failback = await home.started(ANNA, "/rgs failback pool-a")
        await played(home, failback, FAILBACK)
        last = await ended(home, await home.started(ANNA, "/rgs backup pool-a"))
        assert last.phase is Phase.DONE
        for _ in range(2):
            for bot in home.bots:
                for chore in bot._chores._chores:
                    with suppress(MirrorAway):
                        await chore.work(bot._chores._clock())

        await once(home, f"{due:%Y-%m-%dT%H%M}", failover, failback)
        await nothing_went(home, old, first, last)
        await as_it_is_shown(home)
        assert outside == []
        wrong = [f"{key}: {said}" async for key, words in written(redis) for said in wrong_seconds(words)]
        assert wrong == []
        for channel in (INCIDENT, BACKUPS):
            assert list(wrong_seconds(everything(home.slack.messages(channel)))) == []


async def once(home: House, due: str, *runs: Run) -> None:
    """No command ran twice, no row was lost or taken over, and of each slot there is one run."""
    lines = Counter(effect.line for effect in (await home.world()).effects)
    assert [line for line, count in lines.items() if count > 1] == []
    assert all(any(line.startswith(name) for line in lines) for name in ONCE)
    for run in runs:
        whats = [entry.what for entry in await home.bot.runs.audit(run.id, 500)]
        assert not {"lost", "looked", "retry", "stopped"} & set(whats), whats
    slots = [run for run in await home.bot.runs.page(count=100) if run.opened_by.id == "schedule"]
    (slot,) = slots
    assert (slot.primary.fqdn, slot.phase) == (C, Phase.DONE) and abs(slot.opened_at - RIGHT()) < NEAR_S
    assert slot.id.endswith(due)


async def nothing_went(home: House, old: set[str], first: Run, last: Run) -> None:
    taken = {str(run.fact("backup")) for run in (first, last)}
    backups = home.bot.backups
    assert old | taken <= set(await backups.ids(A, 0, 100))
    newest = await backups.newest(A, RIGHT())
    assert newest is not None and newest.id == last.fact("backup") and abs(newest.taken_at - RIGHT()) < NEAR_S
    for id in old | taken:
        assert await backups.load(id)


async def as_it_is_shown(home: House) -> None:
    """Every process shows the same ages, and each tells of its own clock."""
    for bot in home.bots:
        pools = await says(home, bot, "pools")
        assert re.search(rf"{A}.*?last backup (under a minute|\d min) ago", pools, re.DOTALL), pools
        assert "the oldest for 1000 days" in pools, pools
        assert "wrongly dated" not in pools and "wrongly dated" not in await says(home, bot, "backups pool-a")
        assert list(wrong_seconds(await says(home, bot, "runs"))) == []
    standing = {notice.sentence for notice in await home.bot.stores.notices.standing()}
    of_clocks = {re.sub(r"^The clock of \d+ is ", "", sentence) for sentence in standing if "clock" in sentence}
    told = ("24 h behind", "1 h behind", "2 h ahead of", "400 days ahead of")
    assert of_clocks == {f"{words} the clock of Redis." for words in told}
    assert all("off-site" in sentence for sentence in standing if "clock" not in sentence), standing
