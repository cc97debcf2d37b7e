"""A full Redis or disk: one sentence, nothing half-kept, older backups as they were, room for everything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.domain.errors import NoRoom, StoreAway
from storage.backups.backups import Backups
from storage.connect import connect
from storage.embedded import Embedded, room, start
from storage.embedded import program as program_of
from storage.vault.pieces import Pieces
from storage.vault.records import MIB, PieceRecords
from tests.storage.test_backups import POOL, backup_of, export
from tests.storage.test_pieces import is_right, stored
from tests.storage.wire import Send, wired

OLD, NEW = export(day=1), export(day=2, members=12, size=1 << 20, changed=12)


async def limit(client: Redis, more: int) -> None:
    """Redis may hold that many bytes more than it does now."""
    await client.config_set("maxmemory", (await client.info("memory"))["used_memory"] + more)


async def fill(client: Redis) -> None:
    """Not a byte more may be written from now on."""
    await client.config_set("maxmemory", 1)


@pytest.fixture
async def backups(client: Redis) -> Backups:
    made = Backups(client)
    await made.save(backup_of(OLD, "old", taken_at=1.0), OLD, {})
    return made


async def nothing_happened(client: Redis, backups: Backups, before: set[str]) -> None:
    assert await stored(client) == before and await backups.find("new") is None
    assert await backups.load("old") == OLD and len(await backups.page(POOL)) == 1
    await is_right(client, backups, ["old"])


async def test_a_backup_that_does_not_fit_is_not_begun(client: Redis, backups: Backups) -> None:
    before = await stored(client)
    await limit(client, 16 * MIB)
    with pytest.raises(NoRoom) as told:
        await backups.save(backup_of(NEW, "new"), NEW, {})
    assert told.value.sentence == (
        "Redis is full: 12 MiB more are to be kept, and 16 MiB are left below its `maxmemory`. Give it more memory, "
        "then try again. Backup new was not kept; older ones stay as they are."
    )
    await nothing_happened(client, backups, before)
    await client.set("a run's stop", "x" * 100_000)
    await limit(client, 32 * MIB)
    await backups.save(backup_of(NEW, "new"), NEW, {})
    assert await backups.load("new") == NEW


async def test_a_redis_that_fills_up_meanwhile_gets_its_room_back(
    server: Embedded, client: Redis, backups: Backups
) -> None:
    """Somebody else takes the room that there was: what this save wrote goes again, so that its run can say so."""
    before, sent, written = await stored(client), 0, set[str]()

    async def hook(packed: bytes, send: Send) -> None:
        nonlocal sent, written
        if b"\r\nSET\r\n" in packed:
            sent += 1
            if sent == 4:
                written = await stored(client) - before
                await limit(client, 2 * MIB)
        await send(packed)

    async with wired(server.url, hook) as narrow:
        with pytest.raises(NoRoom, match=r"Redis is full. Give it more memory .* older ones stay as they are"):
            await Backups(narrow).save(backup_of(NEW, "new"), NEW, {})
    assert len(written) >= 2, "two send, so all but one of the three batches before were there"
    await client.set("a run's stop", "x" * 100_000)
    await nothing_happened(client, backups, before)
    await client.config_set("maxmemory", 0)
    await backups.save(backup_of(NEW, "new"), NEW, {})
    assert await backups.load("new") == NEW


@pytest.mark.parametrize("script", [b"damaged", b"kept:"])
async def test_a_script_that_is_refused_wrote_nothing(
    server: Embedded, client: Redis, backups: Backups, script: bytes
) -> None:
    before = await stored(client)

    async def hook(packed: bytes, send: Send) -> None:
        if script in packed:
            await fill(client)
        await send(packed)

    async with wired(server.url, hook) as narrow:
        with pytest.raises(NoRoom, match="Redis is full"):
            await Backups(narrow).save(backup_of(NEW, "new"), NEW, {})
    await nothing_happened(client, backups, before)
    with pytest.raises(StoreAway, match="Redis is full"):
        await Backups(client).enlist("old")
    await client.config_set("maxmemory", 0)
    await backups.save(backup_of(NEW, "new"), NEW, {})
    assert await backups.load("new") == NEW


async def test_what_another_save_needs_by_now_is_not_taken_back(server: Embedded, client: Redis) -> None:
    """Two save the same bytes; the one that is refused must leave what the other has committed."""
    backups = Backups(client)

    async def hook(packed: bytes, send: Send) -> None:
        if b"kept:" in packed:
            await backups.save(backup_of(NEW, "other"), NEW, {})
            await fill(client)
        await send(packed)

    async with wired(server.url, hook) as narrow:
        with pytest.raises(NoRoom):
            await Backups(narrow).save(backup_of(NEW, "new"), NEW, {})
    assert await backups.load("other") == NEW and await backups.find("new") is None
    await is_right(client, backups, ["other"])


async def test_the_disk_is_asked_before_anything_is_written(client: Redis, backups: Backups) -> None:
    before, free = await stored(client), [87 * MIB]
    narrow = Backups(client, room=lambda: free[0])
    with pytest.raises(NoRoom) as told:
        await narrow.save(backup_of(NEW, "new"), NEW, {})
    assert told.value.sentence == (
        "The disk of Redis is full: 88 MiB are needed, 87 MiB are free. Make room there, then try again. "
        "Backup new was not kept; older ones stay as they are."
    )
    await nothing_happened(client, backups, before)
    free[0] = 89 * MIB
    await narrow.save(backup_of(NEW, "new"), NEW, {})
    assert await narrow.load("new") == NEW


async def test_how_much_is_free_is_told_of_the_folder_of_the_server(folder: Path) -> None:
    free = room(folder)()
    assert free is not None and free > MIB and room(folder / "nowhere")() is None


async def test_a_disk_that_redis_cannot_write_to_is_named(folder: Path) -> None:
    program = folder / "narrow"
    program.write_text(f'#!/bin/sh\ntrap \'\' XFSZ\nulimit -f 4096\nexec "{program_of(None)}" "$@"\n')
    program.chmod(0o700)
    server = await start(folder, binary=str(program))
    async with connect(server.url) as client:
        await client.config_set("appendfsync", "everysec")
        backups = Backups(client)
        await backups.save(backup_of(OLD, "old", taken_at=1.0), OLD, {})
        with pytest.raises(NoRoom, match=r"Redis cannot write to its disk .* older ones stay as they are"):
            await backups.save(backup_of(NEW, "new"), NEW, {})
        assert await backups.load("old") == OLD and await backups.find("new") is None
    await server.close()


async def test_other_errors_stay_what_they_are(client: Redis) -> None:
    records = PieceRecords(client, Pieces(client))
    with pytest.raises(StoreAway, match="Redis cannot be reached"):
        async with records.roomy("Backup new", set()):
            raise StoreAway("Redis cannot be reached.") from ConnectionError()
