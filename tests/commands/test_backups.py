"""A backup can be had when Slack is away: listed, and written back to a file that was not there."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.__main__ import main
from bot.domain.backups.backup import Backup, Stamp
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings

A = "pool-a.contoso.com"
DATA = b"PK\x03\x04" + bytes(range(256)) * 40
KEPT = Backup(
    id="backup-pool-a-1121-0230-4f2a-1",
    pool=A,
    source=A,
    taken_at=1_795_000_000.0,
    sha256=sha256(DATA).hexdigest(),
    size=len(DATA),
    counts={"Workflow": 2},
    contents="digest",
    run="backup-pool-a-1121-0230-4f2a",
    changed=3,
)


class Terminal:
    """The command line over one Redis."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._url, self._capsys = url, capsys

    async def types(self, *argv: str) -> tuple[int, str, str]:
        """Exit code, what was printed, and what was complained of."""
        code = await asyncio.to_thread(main, ["backups", *argv], {"REDIS_URL": self._url})
        said = self._capsys.readouterr()
        return code, said.out, said.err


@pytest.fixture
async def terminal(redis: Redis, redis_url: str, capsys: pytest.CaptureFixture[str]) -> Terminal:
    await Backups(redis).save(KEPT, DATA, {})
    return Terminal(redis_url, capsys)


async def test_every_backup_of_a_pool_is_listed_newest_first_with_whether_it_can_be_restored(
    terminal: Terminal, redis: Redis
) -> None:
    backups, keepings, day = Backups(redis), Keepings(redis), 86_400
    for days, id in enumerate(("newer", "last", "hurt"), start=1):
        await backups.save(replace(KEPT, id=id, taken_at=KEPT.taken_at + days * day, changed=None), DATA, {})
    await keepings.stamp("newer", Stamp(KEPT.taken_at, True, "pool-b.contoso.com", "basis"))
    await keepings.stamp("last", Stamp(KEPT.taken_at, False, "pool-b.contoso.com", "basis"))
    await keepings.damage("hurt", "A piece is missing.")

    code, said, _ = await terminal.types("pool-a")

    assert code == 0
    assert said.splitlines() == [
        "2026-11-21 11:06 UTC  hurt  damaged  10.2 kB, 2 workflows",
        "2026-11-20 11:06 UTC  last  not restorable  10.2 kB, 2 workflows",
        "2026-11-19 11:06 UTC  newer  restorable  10.2 kB, 2 workflows",
        f"2026-11-18 11:06 UTC  {KEPT.id}  not rehearsed  10.2 kB, 2 workflows, 3 changed",
    ]


async def test_a_backup_is_written_back_byte_for_byte(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "pool-a.zip"

    code, said, _ = await terminal.types(A, "--save", KEPT.id, str(file))

    assert (code, file.read_bytes()) == (0, DATA)
    assert KEPT.sha256 in said and "10,244 bytes" in said


async def test_a_file_that_is_there_stays_as_it_is(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "precious.zip"
    file.write_bytes(b"precious")

    code, said, fault = await terminal.types(A, "--save", KEPT.id, str(file))

    assert (code, said, file.read_bytes()) == (2, "", b"precious")
    assert "is there already. Name another file; nothing was written." in fault


@pytest.mark.parametrize(
    ("pool", "id", "file", "fault"),
    [
        ("pool-a", "gone", "x.zip", "There is no backup gone."),
        ("pool-aa", KEPT.id, "x.zip", "There is no pool “pool-aa”. Did you mean pool-a?"),
        ("xyzzy", KEPT.id, "x.zip", "There are backups of: pool-a.contoso.com."),
        ("pool-a", KEPT.id, "no/such/folder.zip", "cannot be written: No such file or directory. Nothing was written."),
    ],
)
async def test_what_cannot_be_had_is_a_sentence_and_no_file(
    terminal: Terminal, tmp_path: Path, pool: str, id: str, file: str, fault: str
) -> None:
    code, _, said = await terminal.types(pool, "--save", id, str(tmp_path / file))

    assert code == 2 and fault in said and not os.listdir(tmp_path)


async def test_a_backup_of_another_pool_is_not_taken_for_one_of_this(
    terminal: Terminal, redis: Redis, tmp_path: Path
) -> None:
    await Backups(redis).save(replace(KEPT, id="b-1", pool="pool-b.contoso.com"), DATA, {})

    code, _, said = await terminal.types("pool-a", "--save", "b-1", str(tmp_path / "x.zip"))

    assert code == 2 and "is not of pool-a.contoso.com but of pool-b.contoso.com" in said
    assert not os.listdir(tmp_path)


async def test_a_damaged_backup_is_not_written(terminal: Terminal, redis: Redis, tmp_path: Path) -> None:
    await redis.delete(*[key async for key in redis.scan_iter("piece:*")])

    code, _, said = await terminal.types("pool-a", "--save", KEPT.id, str(tmp_path / "x.zip"))

    assert code == 2 and "damaged" in said and not os.listdir(tmp_path)
