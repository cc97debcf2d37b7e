"""While a command runs, its card says since when, and what the server said of it last; the log keeps its warnings."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from redis.asyncio import Redis

from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.model import Who
from bot.domain.runs.run import AtWork, Change, Phase, Run, Stay
from bot.drivers.simulated import SimulatedDriver
from bot.drivers.winrm.driver import WinRM
from handlers.blocks.wording import utc
from tests.drivers.wsman.deployment import WARNING
from tests.drivers.wsman.site import served
from tests.patience import until
from tests.scenarios.slack_stage import SlackStage, slack_stage
from tests.scenarios.stage import CLARA, POOLS, A

SAYS = f"The server says: {WARNING}"


async def test_a_card_says_since_when_a_command_runs_and_what_its_server_said_last(
    redis: Redis, tmp_path: Path
) -> None:
    held = asyncio.Event()

    async def hold(seconds: float) -> None:
        await held.wait()

    async with slack_stage(redis) as rooms:
        story = rooms.story
        simulated = SimulatedDriver(story.worlds, clock=story.clock, sleep=hold)
        async with served(simulated, story.worlds, (A,), tmp_path) as site:
            story.driver = WinRM(site.endpoints)
            story.rebuilt(lease_s=0.3)
            await story.strike(Fault(FaultKind.SLOW, A, "Export-CsRgsConfiguration", seconds=60))
            run = await story.engine.start("backup", A, CLARA)
            working = asyncio.create_task(story.engine.tick())
            await until(lambda: _says(rooms, run.id, SAYS))
            sent = await story.runs.load(run.id)
            assert sent.phase is Phase.RUNNING
            assert f"Running since {utc(sent.sent_at)}:" in await _text(rooms, run.id)
            held.set()
            await working
            await until(lambda: _says(rooms, run.id, "Finished"))
            assert SAYS not in await _text(rooms, run.id)
            (warned,) = [one for one in await story.runs.audit(run.id, 50) if one.what == "warned"]
            assert (warned.step, warned.sentence) == ("export", "The server warned 1 time(s); it went on.")
            assert warned.data["details"] == [WARNING]
            await story.driver.close()


async def _text(rooms: SlackStage, run: str) -> str:
    place = await rooms.desk.cards.place(run)
    message = place and rooms.sandbox.workspace.message(place.channel, place.ts)
    return message.text if message else ""


async def _says(rooms: SlackStage, run: str, words: str) -> bool:
    await rooms.drain()
    return words in await _text(rooms, run)


async def test_a_card_says_how_long_the_same_command_took_in_earlier_runs(redis: Redis) -> None:
    async with slack_stage(redis) as rooms:
        runs, now = rooms.story.runs, rooms.story.clock.now
        for number, (book, seconds) in enumerate((("backup", 45), ("backup", 720), ("verify", 9), ("backup", 600))):
            earlier = Run(f"{book}-pool-a-{number}", book, POOLS[A], None, Who.person(CLARA), now + number, "export")
            stays = (Stay("export", AtWork.SERVER, now + number), Stay("export", AtWork.BOT, now + number + seconds))
            ended = replace(earlier, phase=Phase.DONE, stays=stays, closed_at=now + number + seconds + 5)
            await runs.commit(Change(ended), now)
        run = replace(
            earlier, id="backup-pool-a-9", opened_at=now + 9, phase=Phase.RUNNING, sent_at=now + 9, due=now + 99
        )
        await runs.commit(Change(run), now)
        for _ in range(8):  # Runs of one series take turns.
            await rooms.drain()
        assert "It took 10 min, 12 min before." in await _text(rooms, run.id)
