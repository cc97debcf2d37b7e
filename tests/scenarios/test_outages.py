"""Redis or Slack away for a while: people get a sentence in time, nothing is half-done, and then all goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.domain.backups.schedule import Slot
from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.runs.run import Phase, Run
from bot.engine import Engine
from bot.sandbox import SOCKET, NotPossible
from handlers.slack.failures import LATE
from storage.connect import connect
from storage.embedded import Embedded, start
from storage.worlds.worlds import RedisWorlds
from tests.patience import until
from tests.sandbox.parts import ANNA, BACKUPS, BORIS, CLARA, EMIL, INCIDENT
from tests.scenarios.beats import FAILOVER, Beat, awaited
from tests.scenarios.house import House, buttons, house, words_of
from tests.scenarios.limits import in_time
from tests.scenarios.stage import A, B

LEASE_S = 2.0


@dataclass(slots=True)
class Power:
    """The embedded server of a folder, which can be stopped, killed and started again."""

    folder: Path
    server: Embedded | None = None
    client: Redis = field(init=False)
    pid: int = 0

    async def on(self) -> None:
        self.server = await start(self.folder)
        self.client = connect(self.server.url)
        self.pid = int((await self.client.info("server"))["process_id"])

    async def killed(self) -> None:
        """As in a crash: nothing is said to anybody."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.server
        await self.server.close()

    async def again(self) -> None:
        """The same folder, so the same address: the bot's own client finds it."""
        self.server = await start(self.folder)
        async with connect(self.server.url) as client:
            self.pid = int((await client.info("server"))["process_id"])

    def frozen(self, stop: bool) -> None:
        os.kill(self.pid, signal.SIGSTOP if stop else signal.SIGCONT)

    async def off(self) -> None:
        await self.client.aclose()
        if self.server:
            await self.server.close()


@pytest.fixture
async def power(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Power]:
    """A server of its own; a worker that lost its run is followed by another after two seconds, not a minute."""
    monkeypatch.setattr("bot.app.Engine", partial(Engine, lease_s=LEASE_S))
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        power = Power(Path(folder))
        await power.on()
        yield power
        await power.off()


async def at(rooms: House, beats: tuple[Beat, ...]) -> Run:
    """A failover in which these presses were made."""
    backup = await rooms.started(ANNA, "/rgs backup pool-a")
    await rooms.card(backup, "✅ *Done.*")
    await rooms.take_down(A)
    run = await rooms.started(ANNA, "/rgs failover pool-a")
    for beat in beats:
        await rooms.press(beat.who, await awaited(rooms, run, beat), beat.label, **beat.filled)
    return run


async def imports(worlds: RedisWorlds) -> int:
    world, _ = await worlds.load()
    return sum(effect.cmdlet == "Import-CsRgsConfiguration" for effect in world.effects)


async def moves(worlds: RedisWorlds) -> int:
    world, _ = await worlds.load()
    return sum(effect.cmdlet == "Invoke-CsPoolFailOver" for effect in world.effects)


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_redis_goes_and_comes_back_and_the_failover_goes_on(power: Power, how: str) -> None:
    async with house(power.client) as rooms:
        run = await at(rooms, FAILOVER[:1])
        card = await awaited(rooms, run, FAILOVER[1])
        before = await rooms.bot.runs.load(run.id)
        await (power.killed() if how == "killed" else frozen(power))

        async with in_time():
            assert (await rooms.press(BORIS, card, "Fail the pool over now")).notice == ""
        async with in_time():
            assert (await rooms.slack.command(ANNA, INCIDENT, "/rgs backup pool-b")).notice == ""
        for user in (BORIS, ANNA):
            assert rooms.told(user)[-1].startswith(("Redis cannot be reached.", LATE))

        await (power.again() if how == "killed" else thawed(power))
        await until(lambda: ready(rooms))
        assert [one.runbook for one in await rooms.bot.runs.page()] == ["failover", "backup"]
        if await rooms.bot.runs.load(run.id) == before:
            await rooms.press(BORIS, card, "Fail the pool over now")
        else:
            # It was on its way when the server froze, and nobody was told that it was not saved.
            assert how == "frozen"
        await awaited(rooms, run, FAILOVER[2])
        assert await moves(rooms.worlds) == 1


async def frozen(power: Power) -> None:
    power.frozen(True)


async def thawed(power: Power) -> None:
    power.frozen(False)


async def ready(rooms: House) -> bool:
    session = rooms.bot.slack.session
    async with session.get(f"{rooms.url}/readyz") as answer:
        return answer.status == 200


async def test_a_backup_that_is_under_way_is_finished_when_redis_is_back(power: Power, redis: Redis) -> None:
    async with house(power.client, worlds=RedisWorlds(redis), latency_s=0.1) as rooms:
        run = await rooms.started(ANNA, "/rgs backup pool-a")
        await rooms.card(run, "Step ")
        await power.killed()
        await power.again()
        card = await rooms.card(run, "✅ *Done.*")
        assert not buttons(card)
        assert [backup.run for backup in await rooms.bot.backups.page(A)] == [run.id]
        await rooms.slack.until(lambda: stored(rooms) == ["Backup of pool-a"])


async def test_a_command_that_ran_while_redis_was_away_is_looked_at_and_not_run_again(
    power: Power, redis: Redis
) -> None:
    worlds, running = RedisWorlds(redis), asyncio.Event()

    async def slowly(seconds: float) -> None:
        running.set()
        await asyncio.sleep(seconds)

    async with house(power.client, worlds=worlds, sleep=slowly) as rooms:
        run = await at(rooms, FAILOVER[:3])
        card = await awaited(rooms, run, FAILOVER[3])
        world, version = await worlds.load()
        slow = Fault(FaultKind.SLOW, B, "Import-CsRgsConfiguration", seconds=1.0)
        await worlds.save(world.with_fault(slow), version)
        await rooms.press(CLARA, card, "Import the groups now")
        await running.wait()
        await power.killed()
        await until(lambda: imports(worlds))
        await power.again()

        card = await rooms.card(run, "NO ANSWER", "nothing is left to import")
        assert "Run it again" not in [button.label for button in buttons(card)]
        await rooms.press(CLARA, card, "Go on: it worked")
        await awaited(rooms, run, FAILOVER[4])
        assert await imports(worlds) == 1


@pytest.mark.parametrize("road", ["http", SOCKET])
async def test_slack_goes_and_comes_back_and_the_cards_catch_up(redis: Redis, road: str) -> None:
    async with house(redis, road, latency_s=0.05) as rooms:
        run = await rooms.started(ANNA, "/rgs backup pool-a")
        card = await rooms.card(run, "Step ")
        await rooms.slack.go_away()
        with pytest.raises(NotPossible):
            await rooms.press(ANNA, card, "Abandon the run", reason="nobody hears it")
        slot = await rooms.bot.engine.start_slot(Slot(B, "2026-11-21T02:30"))
        for one in (run, slot):
            await until(lambda one=one: done(rooms, one))
        assert "Step " in words_of(rooms.slack.messages(INCIDENT)[0]) and not stored(rooms)

        await rooms.slack.go_away(False)
        caught_up = await rooms.card(run, "✅ *Done.*")
        assert caught_up.ts == card.ts and not buttons(caught_up)
        await rooms.slack.until(lambda: len(stored(rooms)) == 2)
        assert set(stored(rooms)) == {"Backup of pool-a", "Backup of pool-b"}
        if road == SOCKET:
            await rooms.slack.sockets.until_connected()
        assert (await rooms.slack.command(EMIL, INCIDENT, "/rgs help")).ok and rooms.told(EMIL)


def stored(rooms: House) -> list[str]:
    """Which backups the notification channel was told of, among the notices that stand there."""
    said = (message.text.partition(" is stored") for message in rooms.slack.messages(BACKUPS))
    return [which for which, stored, _ in said if stored]


async def done(rooms: House, run: Run) -> bool:
    return (await rooms.bot.runs.load(run.id)).phase is Phase.DONE
