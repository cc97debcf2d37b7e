"""What Redis refuses: every class of redis-py and an unknown one, servers that keep nothing, and one that took over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis import exceptions
from redis.asyncio import Redis

from bot.commands import check, status
from bot.domain.errors import BotError, StoreAway
from bot.settings.settings import Settings
from bot.stores import store
from storage.connect import connect, guard, script
from storage.embedded import Embedded, start
from storage.server import persistence, refuse_unfit
from tests.patience import until
from tests.storage.test_connect import free_port

CLASSES = sorted(
    (kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, exceptions.RedisError)),
    key=lambda kind: kind.__name__,
)
SPECIAL = {exceptions.MovedError: "3999 127.0.0.1:6381", exceptions.AskError: "3999 127.0.0.1:6381"}


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind is not exceptions.DataError])
async def test_every_class_of_error_is_a_sentence(kind: type[Exception]) -> None:
    with pytest.raises(StoreAway) as told:
        async with guard():
            raise kind(SPECIAL.get(kind, "words of a server"))
    assert told.value.sentence.endswith((".", "minute.")) and "words of a server" not in told.value.sentence


@pytest.mark.parametrize("code", ["UNBLOCKED", "MISCONF", "NOREPLICAS", "BUSY", "NOBODYKNOWS"])
async def test_so_is_every_code_that_has_no_class_an_unknown_one_by_its_name(code: str) -> None:
    with pytest.raises(StoreAway) as told:
        async with guard():
            raise exceptions.ResponseError(f"{code} words of a server")
    assert ("(NOBODYKNOWS)" in told.value.sentence) is (code == "NOBODYKNOWS")


async def test_a_replica_that_serves_nothing_says_so(client: Redis) -> None:
    await client.config_set("replica-serve-stale-data", "no")
    await client.replicaof("127.0.0.1", "1")
    for asked in (client.get("a"), client.pipeline(transaction=False).get("a").execute(), script(client, "sent")()):
        with pytest.raises(StoreAway, match=r"has lost its primary|read-only replica"):
            async with guard():
                await asked


@asynccontextmanager
async def one_name(*urls: str) -> AsyncIterator[tuple[str, list[str]]]:
    """An address that leads to the first of the servers in the list; connections that are open stay where they are."""
    leads_to = list(urls)

    async def relayed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(leads_to[0].removeprefix("unix://"))
        await asyncio.gather(_pumped(reader, back), _pumped(there, writer))

    server = await asyncio.start_server(relayed, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", leads_to
    finally:
        server.close()


async def _pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
    writer.close()


@pytest.mark.parametrize("why", ["read-only replica", "misses its replicas"])
@pytest.mark.parametrize("way", ["command", "batch", "script"])
async def test_when_another_server_takes_over_behind_one_name_the_next_press_goes_through(
    way: str, why: str, server: Embedded, folder: Path
) -> None:
    (folder / "other").mkdir()
    other = await start(folder / "other")

    async def press(client: Redis) -> None:
        async with guard():
            match way:
                case "command":
                    await client.set("a", "1")
                case "batch":
                    await client.pipeline(transaction=False).set("a", "1").execute()
                case "script":
                    await script(client, "note")(keys=["log", "mark"], args=["line", 60])

    async with one_name(server.url, other.url) as (url, leads_to), connect(url) as client, connect(server.url) as old:
        await press(client)
        # Several connections are open, and each stays with the old primary.
        await asyncio.gather(*(client.ping() for _ in range(20)))
        busy = await client.connection_pool.get_connection()
        await (old.replicaof("127.0.0.1", "1") if "only" in why else old.config_set("min-replicas-to-write", 1))
        leads_to.pop(0)
        with pytest.raises(StoreAway, match=f"{why}.* Nothing was saved"):
            await press(client)
        await client.connection_pool.release(busy)
        if way == "script":
            await client.delete("mark")
        await press(client)
        await asyncio.gather(*(client.set(f"b{number}", "1") for number in range(20)))
    await other.close()


async def told(url: str) -> str:
    """What the start says, and `status` and `check` say the same, in one sentence each."""
    settings = Settings(redis_url=url)
    with pytest.raises(BotError) as fault:
        async with store(settings):
            pass
    said = fault.value.sentence
    with pytest.raises(BotError) as again:
        await status.status(settings)
    lines = [line for line in await check.check(settings) if "Redis" in line or "REDIS" in line]
    assert lines == [said] == [again.value.sentence]
    return said


async def test_a_read_only_replica_is_refused(server: Embedded, client: Redis) -> None:
    await client.replicaof("127.0.0.1", "1")
    assert await told(server.url) == "REDIS_URL names a read-only replica. Name its primary."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--cluster-enabled", "yes"), "names a Redis Cluster"),
        (("--sentinel",), "names a Sentinel, which keeps nothing"),
    ],
)
async def test_a_cluster_and_a_sentinel_are_refused(
    folder: Path, debian_redis: str, options: tuple[str, ...], said: str
) -> None:
    port = free_port()
    config = folder / "one.conf"
    config.write_text(f"port {port}\ndir {folder}\nbind 127.0.0.1\n")
    process = await asyncio.create_subprocess_exec(debian_redis, str(config), *options, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    while b"eady to accept" not in (line := await process.stdout.readline()) and b"Sentinel ID" not in line:
        assert line, "the server did not start"
    try:
        assert said in await told(f"redis://127.0.0.1:{port}")
    finally:
        process.terminate()
        await process.wait()


async def test_a_database_that_is_not_there_is_named_as_what_it_is(server: Embedded, client: Redis) -> None:
    port = free_port()
    await client.execute_command("CONFIG", "SET", "bind", "127.0.0.1", "port", port)
    assert "names a database that this Redis does not have" in await told(f"redis://127.0.0.1:{port}/99")
    assert (await told(f"redis://127.0.0.1:{port}/x")).startswith("REDIS_URL cannot be used")


async def test_what_a_switch_to_a_replica_may_cost_is_said(server: Embedded, client: Redis, folder: Path) -> None:
    port = free_port()
    await client.execute_command("CONFIG", "SET", "bind", "127.0.0.1", "port", port)
    (folder / "replica").mkdir()
    replica = await start(folder / "replica")
    async with connect(replica.url) as follower:
        await follower.replicaof("127.0.0.1", str(port))

        async def follows() -> bool:
            return bool((await client.info("replication"))["connected_slaves"])

        await until(follows)
        (said,) = [one for one in await persistence(client) if "replica" in one]
        assert "everything since it last heard may be lost. Set `min-replicas-to-write 1`" in said
        assert said in await check.check(Settings(redis_url=f"redis://127.0.0.1:{port}"))
        await client.execute_command("CONFIG", "SET", "min-replicas-to-write", "1", "min-replicas-max-lag", "10")
        (said,) = [one for one in await persistence(client) if "replica" in one]
        assert "the last 10 seconds may be lost" in said
        await refuse_unfit(client)
    await replica.close()
