"""An export is brought from its server, and kept only when both ends agree on every byte of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from bot.chores.rows import checking_of
from bot.domain.errors import CmdletFailed, Damaged
from bot.domain.runs.acts import Collect, Invoke
from bot.drivers.simulated import SimulatedDriver
from bot.hands.hands import Hands
from bot.runbooks.rows.exporting import export_command
from storage import keys
from tests.scenarios.stage import CARE, ESTATE, POOLS, A, Stage, stage_of

FILE = "C:\\Switchback\\export.zip"


def cut_short(data: bytes) -> bytes:
    return data[: len(data) // 2]


def dated_otherwise(data: bytes) -> bytes:
    """The first member's time, which no reading of an export looks at."""
    return data[:10] + bytes([data[10] ^ 0xFF]) + data[11:]


@dataclass
class Damaging:
    """A way from the server on which something happens to the bytes."""

    driver: SimulatedDriver
    damage: Callable[[bytes], bytes]
    at_its_source: bool = False

    async def fetch(self, pool: str, file: str) -> bytes:
        return self.damage(await self.driver.fetch(pool, file))

    async def digest(self, pool: str, file: str) -> tuple[str, int]:
        data = await self.driver.fetch(pool, file)
        data = self.damage(data) if self.at_its_source else data
        return hashlib.sha256(data).hexdigest(), len(data)

    async def invoke(self, pool: str, command: object) -> object:
        return await self.driver.invoke(pool, command)

    async def delete(self, pool: str, file: str) -> None:
        await self.driver.delete(pool, file)


async def collected(stage: Stage, driver: object) -> None:
    hands = Hands(driver, stage.kept, stage.uploads, checking_of(CARE, stage.kept, ESTATE), stage.clock)
    await hands.perform(Invoke(A, export_command(POOLS[A], FILE)))
    await hands.perform(Collect(A, FILE, "b1", A, "run"))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [(cut_short, "was damaged on its way from"), (dated_otherwise, "changed while it was carried")],
)
async def test_what_was_damaged_on_its_way_is_not_kept(
    redis: Redis, damage: Callable[[bytes], bytes], sentence: str
) -> None:
    stage = await stage_of(redis)
    with pytest.raises(Damaged, match=sentence):
        await collected(stage, Damaging(stage.driver, damage))

    assert await stage.backups.find("b1") is None
    assert not await redis.keys(keys.piece("*"))
    assert await stage.driver.fetch(A, FILE)


async def test_what_was_no_export_at_its_source_is_not_blamed_on_the_way(redis: Redis) -> None:
    stage = await stage_of(redis)
    with pytest.raises(Damaged, match="not a zip archive"):
        await collected(stage, Damaging(stage.driver, cut_short, at_its_source=True))


async def test_what_both_ends_agree_on_is_kept_byte_for_byte_and_leaves_the_server(redis: Redis) -> None:
    stage = await stage_of(redis)
    await collected(stage, Damaging(stage.driver, bytes))

    kept = await stage.backups.load("b1")
    assert (await stage.backups.get("b1")).sha256 == hashlib.sha256(kept).hexdigest()


@dataclass
class Overtaken:
    """Whoever fetches stands still first, until another worker has kept the export and deleted the file."""

    driver: SimulatedDriver
    other: Hands

    async def fetch(self, pool: str, file: str) -> bytes:
        await self.other.perform(Collect(A, FILE, "b1", A, "run"))
        return await self.driver.fetch(pool, file)

    async def invoke(self, pool: str, command: object) -> object:
        return await self.driver.invoke(pool, command)


async def test_what_another_worker_kept_meanwhile_is_there_though_the_file_is_gone(redis: Redis) -> None:
    stage = await stage_of(redis)
    await collected(stage, Overtaken(stage.driver, stage.hands))

    assert (await stage.backups.get("b1")).run == "run"
    with pytest.raises(CmdletFailed):
        await stage.driver.fetch(A, FILE)


@dataclass
class Keeping(Damaging):
    """A server that does not let the file go."""

    error_id: str = "UnauthorizedAccess"

    async def delete(self, pool: str, file: str) -> None:
        raise CmdletFailed("It stays.", error_id=self.error_id)


async def test_a_file_that_the_server_does_not_let_go_is_told_and_one_that_is_gone_is_not(redis: Redis) -> None:
    stage = await stage_of(redis)
    with pytest.raises(CmdletFailed):
        await collected(stage, Keeping(stage.driver, bytes))
    await stage.driver.delete(A, FILE)
    await redis.delete(keys.backup("b1"))
    await collected(stage, Keeping(stage.driver, bytes, error_id="PathNotFound"))
    assert await stage.backups.find("b1") is not None
