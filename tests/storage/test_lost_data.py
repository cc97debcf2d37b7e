"""What a power cut left behind the log is cut off and kept; what is missing is refused, with the way on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.domain.errors import BadInput, StoreAway
from storage import aof, keys
from storage.connect import connect
from storage.embedded import Embedded, start
from storage.served import WAY_ON, Served

ENTRIES = [
    b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\n*1\r\n$\r\n",
    b"#TS:1795000000\r\n",
    b"*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n*1\r\n$4\r\nEXEC\r\n",
    b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n",
]
RUBBISH = b"\x07*3\r\n$9\r\n\xff$*$*\r\n\x00*" * 50
TAILS = {"zero bytes": b"\0" * 4096, "one zero byte": b"\0", "rubbish": RUBBISH, "half an entry": ENTRIES[0][:-3]}


async def filled(folder: Path) -> Path:
    """A folder that was served and closed in order, with two writes and one transaction; gives its log."""
    server = await start(folder)
    async with connect(server.url) as client:
        await client.set("a", "1")
        pipe = client.pipeline()
        pipe.set("b", "2").set("c", "3")
        await pipe.execute()
    await server.close()
    (log,) = (folder / "appendonlydir").glob("*.incr.aof")
    return log


def cut_off(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.glob("cut-off.*")]


async def values(server: Embedded) -> list[bytes | None]:
    async with connect(server.url) as client:
        return await client.mget("a", "b", "c")


def test_of_a_log_that_ends_at_any_byte_the_last_whole_entry_is_found() -> None:
    whole, ends = b"".join(ENTRIES), [0]
    for entry in ENTRIES:
        ends.append(ends[-1] + len(entry))
    for size in range(len(whole) + 1):
        expected = max(end for end in ends if end <= size)
        assert aof.whole_until(whole[:size])[0] == expected, size
        for tail in TAILS.values():
            assert aof.whole_until(whole[:expected] + tail)[0] == expected


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
async def test_it_starts_without_what_lies_behind_the_last_whole_entry_and_keeps_that(
    folder: Path, tail: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    log = await filled(folder)
    for _ in range(2):
        log.write_bytes(log.read_bytes() + tail)
        server = await start(folder)
        assert await values(server) == [b"1", b"2", b"3"]
        await server.close()
    (said,) = server.told
    assert f"ended in {len(tail):,} bytes that are no whole entry" in said and said in caplog.messages
    assert cut_off(folder) == [tail, tail]

    again = await start(folder)
    assert again.told == () and await values(again) == [b"1", b"2", b"3"]
    await again.close()


async def test_a_torn_end_of_which_no_copy_can_be_kept_stays_where_it_is_and_is_told(folder: Path) -> None:
    log = await filled(folder)
    torn = log.read_bytes() + b"\0" * 9
    log.write_bytes(torn)
    in_the_way = folder / f"cut-off.{log.name}.{len(torn) - 9}.new"
    in_the_way.mkdir()
    with pytest.raises(StoreAway, match=r"cannot be written to \(Is a directory\). Nothing is lost; make room"):
        await start(folder)
    assert log.read_bytes() == torn

    in_the_way.rmdir()
    server = await start(folder)
    assert await values(server) == [b"1", b"2", b"3"] and cut_off(folder) == [b"\0" * 9]
    await server.close()


async def test_of_a_transaction_that_was_torn_nothing_counts(folder: Path) -> None:
    log = await filled(folder)
    os.truncate(log, log.read_bytes().rindex(b"*1\r\n$4\r\nEXEC"))
    server = await start(folder)
    assert await values(server) == [b"1", None, None] and server.told
    await server.close()


async def test_damage_with_whole_entries_behind_it_is_refused_until_somebody_accepts_it(folder: Path) -> None:
    log = await filled(folder)
    data = log.read_bytes()
    at = data.index(b"*3\r\n$3\r\nSET\r\n$1\r\na")
    hurt = data[:at] + b"\0\0\0" + data[at + 3 :]
    log.write_bytes(hurt)
    with pytest.raises(BadInput, match="damaged in its midst") as caught:
        await start(folder)
    assert caught.value.sentence.endswith(WAY_ON) and log.read_bytes() == hurt

    server = await start(folder, knowingly=True)
    assert await values(server) == [None, None, None] and len(server.told) == 1
    await server.close()
    assert cut_off(folder) == [hurt[at:]]
    await (await start(folder)).close()


MISSING: dict[str, tuple[Callable[[Path], object], str]] = {
    "the manifest": (lambda log: (log / "appendonly.aof.manifest").unlink(), "the manifest of its log is gone"),
    "all in the manifest": (
        lambda log: (log / "appendonly.aof.manifest").write_bytes(b"\0" * 90),
        "says nothing that can be understood",
    ),
    "an empty manifest": (
        lambda log: os.truncate(log / "appendonly.aof.manifest", 0),
        "says nothing that can be unders",
    ),
    "the log": (lambda log: next(log.glob("*.incr.aof")).unlink(), ".incr.aof is gone"),
    "the base": (lambda log: next(log.glob("*.base.rdb")).unlink(), ".base.rdb is gone"),
    "the folder": (shutil.rmtree, "its log is gone"),
}


@pytest.mark.parametrize("what", MISSING)
async def test_what_is_missing_is_refused_and_nothing_is_changed_until_somebody_accepts_it(
    folder: Path, what: str
) -> None:
    log = (await filled(folder)).parent
    lose, sentence = MISSING[what]
    lose(log)
    before = {path: path.read_bytes() for path in log.rglob("*")}
    for _ in range(2):
        with pytest.raises(BadInput) as caught:
            await start(folder)
        assert sentence in caught.value.sentence and caught.value.sentence.endswith(WAY_ON)
        assert {path: path.read_bytes() for path in log.rglob("*")} == before

    server = await start(folder, knowingly=True)
    assert sentence in server.told[0]
    assert await values(server) == ([None] * 3 if what in ("the log", "the folder") else [b"1", b"2", b"3"])
    await server.close()
    again = await start(folder)
    assert again.told == ()
    await again.close()


async def test_data_that_is_older_than_what_was_served_last_is_refused_until_somebody_accepts_it(folder: Path) -> None:
    log = (await filled(folder)).parent
    shutil.copytree(log, folder / "older")
    server = await start(folder)
    async with connect(server.url) as client:
        await client.set("a", "9")
    await server.close()
    shutil.rmtree(log)
    (folder / "older").rename(log)
    for _ in range(2):
        with pytest.raises(BadInput, match="is older than what was last served from it") as caught:
            await start(folder)
        assert caught.value.sentence.endswith(WAY_ON)

    older = await start(folder, knowingly=True)
    assert "is older than what was last served" in older.told[0] and await values(older) == [b"1", b"2", b"3"]
    await older.close()
    again = await start(folder)
    assert again.told == ()
    await again.close()


async def test_who_comes_second_is_not_served_from_older_data_either(folder: Path) -> None:
    await filled(folder)
    server = await start(folder)
    async with connect(server.url) as client:
        await client.delete(keys.SERVED)
    with pytest.raises(BadInput, match="is older"):
        await start(folder)
    await server.close()


async def test_the_counter_is_raised_at_every_start_and_turn_and_never_over_data_that_went_back(folder: Path) -> None:
    for number in (1, 2):
        server = await start(folder)
        assert (folder / "served").read_text() == f"{number}\n"
        if number == 1:
            await server.close()
    async with connect(server.url) as client:
        served = Served(client, folder)
        for number in (3, 4):
            await served.work(0.0)
            assert (await client.get(keys.SERVED), (folder / "served").read_text()) == (b"%d" % number, f"{number}\n")
        await client.flushall()
        for _ in range(9):
            with pytest.raises(BadInput, match="is older"):
                await served.work(0.0)
        assert (folder / "served").read_text() == "4\n"
    await server.close()


async def test_a_file_that_says_nothing_is_no_proof_that_nothing_is_missing(folder: Path) -> None:
    await filled(folder)
    (folder / "served").write_bytes(b"\0\0")
    with pytest.raises(BadInput, match="is older"):
        await start(folder)
    server = await start(folder, knowingly=True)
    assert await values(server) == [b"1", b"2", b"3"]
    await server.close()


async def test_what_an_earlier_version_left_has_no_counter_and_starts(folder: Path) -> None:
    await filled(folder)
    (folder / "served").unlink()
    server = await start(folder)
    async with connect(server.url) as client:
        await client.delete(keys.SERVED)
    await server.close()
    (folder / "served").unlink()
    later = await start(folder)
    assert later.told == () and await values(later) == [b"1", b"2", b"3"]
    await later.close()


async def test_a_disk_on_which_nothing_can_be_counted_keeps_nobody_from_what_lies_there(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(folder)
    (folder / "served.new").mkdir()
    server = await start(folder)
    assert await values(server) == [b"1", b"2", b"3"]
    assert any("could not be counted" in line and "cannot be written to" in line for line in caplog.messages)
    await server.close()
