"""No loop of a running bot ends: whatever Redis says, it waits, says so, and goes on; and `/readyz` knows."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis import exceptions
from redis.asyncio import Redis

from bot.app import running
from bot.clock.pulse import Pulse
from bot.clock.timetable import Timetable
from bot.domain.backups.schedule import Schedule, Slot
from bot.domain.deployment.world import World
from bot.domain.errors import StoreAway
from bot.domain.runs.run import Phase
from bot.drivers.simulated import SimulatedDriver
from storage import keys
from storage.connect import connect
from storage.embedded import start
from storage.worlds.worlds import RedisWorlds
from tests.patience import until
from tests.sandbox.parts import ANNA, INCIDENT
from tests.scenarios.house import House, house, settings_for
from tests.scenarios.limits import hurried
from tests.scenarios.slack_stage import slack_stage
from tests.storage.test_refused import CLASSES, SPECIAL

LOOPS = {"engine", "chores", "timetable", "drawer", "question to Slack", "changes of people"}


@pytest.fixture
async def own() -> AsyncIterator[Redis]:
    """A client of a server of this test alone."""
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        server = await start(Path(folder))
        async with connect(server.url) as client:
            yield client
        await server.close()


async def ready(rooms: House) -> tuple[int, Any]:
    async with rooms.bot.slack.session.get(f"{rooms.url}/readyz") as answer:
        return answer.status, await answer.json()


async def status(rooms: House, wanted: int) -> None:
    async def is_so() -> bool:
        return (await ready(rooms))[0] == wanted

    await until(is_so, f"it is never {wanted}")


async def turned_on(rooms: House, name: str, more: int = 3) -> None:
    """Until the loop has turned so many times more; it is woken, since it may be in a pause."""
    enough = rooms.bot.pulses.of(name).beats + more

    async def turned() -> bool:
        rooms.bot.engine._wake.set()
        rooms.bot._told.set()
        return rooms.bot.pulses.of(name).beats >= enough

    await until(turned, f"the loop of the {name} does not turn")


async def test_a_backup_goes_through_after_redis_had_lost_its_primary(own: Redis, redis: Redis) -> None:
    async with house(own, worlds=RedisWorlds(redis)) as rooms:
        code, said = await ready(rooms)
        assert code == 200 and (said["redis"], said["slack"], set(said["loops"])) == (True, True, LOOPS)
        await own.config_set("replica-serve-stale-data", "no")
        await own.replicaof("127.0.0.1", "1")
        await status(rooms, 503)
        await turned_on(rooms, "engine")
        await turned_on(rooms, "drawer")
        await own.replicaof("NO", "ONE")
        await status(rooms, 200)
        run = await rooms.started(ANNA, "/rgs backup pool-a")
        await rooms.card(run, "✅ *Done.*")


@pytest.mark.parametrize("key", [keys.DUE, keys.OUTBOX, keys.TOLD, keys.OPEN, keys.NOTICES, keys.SCHEDULES, keys.HOMES])
async def test_no_loop_ends_while_what_it_rests_on_is_garbage(redis: Redis, key: str) -> None:
    async with house(redis) as rooms:
        await redis.delete(key)
        await redis.set(key, b"\xff\xfe")
        await asyncio.gather(turned_on(rooms, "engine"), turned_on(rooms, "drawer"))
        await redis.delete(key)
        run = await rooms.started(ANNA, "/rgs backup pool-a")
        await rooms.card(run, "✅ *Done.*")
        assert set((await ready(rooms))[1]["loops"]) == LOOPS
        assert not any(task.done() for task in rooms.bot._tasks)


class Refusing:
    """The way to Redis, on which one call in so many is answered with an error."""

    def __init__(self, real: Any, error: Callable[[], Exception]) -> None:
        self._real, self._error = real, error
        self.every, self._calls = 2, 0

    async def take(self, work: Callable[..., Awaitable[Any]], *args: Any, **options: Any) -> Any:
        self._calls += 1
        if self.every and self._calls % self.every == 0:
            raise self._error()
        return await self._real.take(work, *args, **options)


ERRORS = {kind.__name__: (lambda kind=kind: kind(SPECIAL.get(kind, "words"))) for kind in CLASSES}
ERRORS["unknown"] = lambda: exceptions.ResponseError("NOBODYKNOWS words")
ERRORS["not of redis-py"] = lambda: RuntimeError("words")


@pytest.mark.parametrize("name", sorted(ERRORS))
async def test_no_class_of_error_ends_a_loop_wherever_it_comes(
    redis: Redis, redis_url: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with hurried():
        async with connect(redis_url) as flaky, house(flaky, worlds=RedisWorlds(redis)) as rooms:
            real, refusing = flaky.turns, Refusing(flaky.turns, ERRORS[name])
            await rooms.started(ANNA, "/rgs backup pool-b")
            flaky.turns = refusing
            for refusing.every in (5, 3, 2, 1):
                await asyncio.gather(turned_on(rooms, "engine", 6), turned_on(rooms, "drawer", 6), chores_done(rooms))
                await rooms.bot._timetable.wake()
            flaky.turns = real
            run = await rooms.started(ANNA, "/rgs backup pool-a")
            await rooms.card(run, "✅ *Done.*")
            assert not any(task.done() for task in rooms.bot._tasks)
    gc.collect()
    assert not [record.getMessage() for record in caplog.records if record.name == "asyncio"], "nobody caught it"


async def chores_done(rooms: House) -> None:
    """Once, now, whatever becomes of them. Raises what any of them lets out."""
    chores = rooms.bot._chores
    await chores._look(rooms.bot._stop)
    await asyncio.gather(*chores._busy.values())


async def test_whoever_waits_for_slack_or_redis_again_and_again_within_one_turn_turns_all_the_while(
    redis: Redis,
) -> None:
    async with slack_stage(redis) as stage:
        for number in range(5):
            await stage.desk.notices.say(f"notice{number}", "Something stands.", stage.story.clock())
        before = stage.drawer._pulse.beats
        await stage.drain()
        assert stage.drawer._pulse.beats >= before + 5

    async def away(slot: Slot) -> None:
        raise StoreAway("Redis cannot be reached.")

    async def five() -> list[Schedule]:
        return [Schedule(f"pool-{number}.contoso.com", "Europe/Paris", ("02:30",)) for number in range(5)]

    timetable, stopped, pulse = Timetable(five, away), asyncio.Event(), Pulse("timetable")
    stopped.set()
    await timetable.run_forever(stopped, pulse)
    await timetable.wake()
    assert pulse.beats >= 5


async def test_what_only_reads_is_answered_while_nothing_can_be_saved(own: Redis, redis: Redis) -> None:
    async with house(own, worlds=RedisWorlds(redis)) as rooms:
        await own.config_set("min-replicas-to-write", 1)
        assert (await rooms.slack.command(ANNA, INCIDENT, "/rgs status")).ok
        told = rooms.told(ANNA)
        assert any("No run is open." in text for text in told), told
        await rooms.slack.command(ANNA, INCIDENT, "/rgs backup pool-a")
        assert "takes nothing new. Nothing was saved" in rooms.told(ANNA)[-1]
        await own.config_set("min-replicas-to-write", 0)


LATENCY_S = 0.3
"""What each command takes, so that a backup goes on for longer than any bot waits between two looks."""


@pytest.mark.parametrize("hours", [-24, -1, 1, 24, 400 * 24])
async def test_a_second_bot_with_a_wrong_clock_takes_no_run_from_the_living_one(redis: Redis, hours: int) -> None:
    worlds = RedisWorlds(redis)
    async with house(redis, worlds=worlds, latency_s=LATENCY_S) as rooms:

        def wrong() -> float:
            return time.time() + hours * 3600

        driver = SimulatedDriver(worlds, clock=wrong, latency_s=LATENCY_S)
        async with running(settings_for("http", rooms.slack), redis, driver, clock=wrong):
            run = await rooms.started(ANNA, "/rgs backup pool-a")
            await rooms.card(run, "✅ *Done.*")
        world: World = await rooms.world()
        assert sum(effect.cmdlet == "Export-CsRgsConfiguration" for effect in world.effects) == 1
        entries = await rooms.bot.runs.audit(run.id, 100)
        assert {"lost", "retry", "looked"}.isdisjoint(entry.what for entry in entries)
        assert (await rooms.bot.runs.load(run.id)).phase is Phase.DONE
