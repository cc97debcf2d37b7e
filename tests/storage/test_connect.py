"""The way to Redis on real servers: every kind of address, no second sending, sentences for what goes wrong."""

from __future__ import annotations

import asyncio
import datetime
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeout

from bot.domain.errors import BadInput, StoreAway, Unreadable
from storage.connect import connect, guard
from storage.embedded import Embedded, start
from tests.patience import PATIENCE_S, until

HASTY_S = 0.5
"""Short, and still long enough for what is quick on a bad day."""


@asynccontextmanager
async def frozen(client: Redis) -> AsyncIterator[None]:
    """The server of this client stands still, and then goes on with whatever was sent to it meanwhile."""
    pid = (await client.info("server"))["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def certificate(folder: Path) -> Path:
    """Writes `cert.pem` and `key.pem` of a server at 127.0.0.1 that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis of a test")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem"


async def sentence(client: Redis) -> str:
    """What people are told when a write is tried now."""
    with pytest.raises(StoreAway) as told:
        async with client, guard():
            await client.set("a", "1")
    return told.value.sentence


@pytest.fixture
async def tcp(server: Embedded, client: Redis) -> AsyncIterator[int]:
    """The port of a server that listens on 127.0.0.1 and wants the password `top secret`."""
    port = free_port()
    await client.execute_command("CONFIG", "SET", "bind", "127.0.0.1", "port", port, "requirepass", "top secret")
    yield port


async def test_a_unix_socket_is_an_address(redis: Redis) -> None:
    await redis.set("a", "1")
    assert await redis.get("a") == b"1"


async def test_tcp_with_a_password_is_an_address(tcp: int) -> None:
    async with connect(f"redis://:top%20secret@127.0.0.1:{tcp}/2") as client:
        await client.set("a", "1")
        assert (await client.info("keyspace"))["db2"]["keys"] == 1


@pytest.mark.parametrize("password", ["", ":wrong@"])
async def test_a_missing_or_wrong_password_is_named_and_not_shown(tcp: int, password: str) -> None:
    said = await sentence(connect(f"redis://{password}127.0.0.1:{tcp}"))
    assert "does not accept the password in REDIS_URL. Nothing was saved" in said and "wrong" not in said


async def test_tls_is_an_address_when_the_authority_is_named_and_only_then(folder: Path, debian_redis: str) -> None:
    cert, port = certificate(folder), free_port()
    server = await start(folder, binary=debian_redis)
    async with connect(server.url) as plain:
        files = {"tls-cert-file": cert, "tls-key-file": folder / "key.pem", "tls-ca-cert-file": cert}
        settings = [str(part) for item in files.items() for part in item]
        await plain.execute_command(
            "CONFIG", "SET", *settings, "tls-auth-clients", "no", "bind", "127.0.0.1", "tls-port", port
        )
    async with connect(f"rediss://127.0.0.1:{port}?ssl_ca_certs={cert}") as client:
        await client.set("a", "1")
        assert await client.get("a") == b"1"
    assert "Redis cannot be reached" in await sentence(connect(f"rediss://127.0.0.1:{port}"))
    assert "Redis cannot be reached" in await sentence(connect(f"rediss://localhost:{port}?ssl_ca_certs={cert}"))
    await server.close()


@pytest.mark.parametrize(
    "url", ["", "localhost:6379", "redis+sentinel://a/0", "redis://a,b:1/0", "redis://a?nonsense=1", "redis://a:port"]
)
def test_an_address_that_cannot_be_used_is_refused_with_one_sentence(url: str) -> None:
    with pytest.raises(BadInput, match="REDIS_URL cannot be used"):
        connect(url)


def test_a_missing_authority_is_named_before_anything_is_sent() -> None:
    with pytest.raises(BadInput, match=r"the CA file /nowhere/ca.pem, which is not there"):
        connect("rediss://127.0.0.1?ssl_ca_certs=/nowhere/ca.pem")


@asynccontextmanager
async def slow_to_count(url: str, way: Path) -> AsyncIterator[asyncio.Event]:
    """A way to the server on which what was counted is answered only when the event is set."""
    answer = asyncio.Event()

    async def relayed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(url.removeprefix("unix://"))
        while data := await reader.read(1 << 16):
            back.write(data)
            said = await there.read(1 << 16)
            if b"INCR" in data:
                await answer.wait()
            writer.write(said)
        back.close()
        writer.close()

    async with await asyncio.start_unix_server(relayed, way):
        yield answer


async def test_a_command_that_takes_too_long_is_sent_once_and_never_more(server: Embedded, client: Redis) -> None:
    way = server.folder / "way"
    async with slow_to_count(server.url, way) as answer, connect(f"unix://{way}", timeout_s=HASTY_S) as hasty:
        await hasty.ping()
        with pytest.raises(StoreAway) as told:
            async with guard():
                await hasty.incr("n")
        answer.set()
        await until(lambda: client.get("n"))
        assert await hasty.get("n") == b"1", "it was sent again, or the late answer went to the next question"
    said = told.value.sentence
    assert "did not answer in time. Whether the last step was saved is not known" in said


async def test_a_server_that_takes_connections_and_never_answers_is_given_up(folder: Path) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(mute, folder / "mute") as listener:
        async with asyncio.timeout(PATIENCE_S):
            said = await sentence(connect(f"unix://{folder}/mute", timeout_s=0.1))
        listener.close()
    assert "Redis did not answer in time" in said


async def test_a_batch_ends_in_time_as_well(server: Embedded, client: Redis) -> None:
    async with connect(server.url, timeout_s=HASTY_S) as hasty:
        batch = hasty.pipeline(transaction=False).incr("n").get("n")
        with pytest.raises(StoreAway, match="did not answer in time"):
            async with frozen(client), guard():
                await batch.execute()


async def test_whoever_waits_for_a_turn_waits_no_longer_than_for_an_answer(redis_url: str, redis: Redis) -> None:
    async with connect(redis_url, timeout_s=HASTY_S) as hasty:
        asked = [asyncio.create_task(hasty.blpop("nothing")) for _ in range(100)]
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(one) for one in told} == {RedisTimeout}
        assert await hasty.get("n") is None


async def test_work_goes_on_when_the_server_is_back(folder: Path) -> None:
    first = await start(folder)
    client = connect(first.url)

    @guard()
    async def count() -> int:
        return await client.incr("n")

    assert await count() == 1
    await first.close()
    with pytest.raises(StoreAway, match="Redis cannot be reached"):
        await count()
    second = await start(folder)
    assert [await count(), await count()] == [2, 3]
    await client.aclose()
    await second.close()


async def test_more_callers_than_connections_wait_their_turn(redis: Redis) -> None:
    assert sorted(await asyncio.gather(*(redis.incr("n") for _ in range(500)))) == list(range(1, 501))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"maxmemory": "1"}, "Redis is full. Nothing was saved"),
        ({"min-replicas-to-write": "1"}, "misses its replicas and takes nothing new. Nothing was saved"),
        ({"replicaof": "127.0.0.1 1"}, "read-only replica. Nothing was saved"),
    ],
)
async def test_what_the_server_refuses_is_said_in_its_own_sentence(
    server: Embedded, client: Redis, settings: dict[str, str], said: str
) -> None:
    for name, value in settings.items():
        await (client.replicaof(*value.split()) if name == "replicaof" else client.config_set(name, value))
    assert said in await sentence(connect(server.url))


async def test_a_user_without_the_right_is_told_so(server: Embedded, client: Redis) -> None:
    await client.execute_command("ACL", "SETUSER", "guest", "on", ">secret", "~*", "+@read")
    said = await sentence(connect(server.url.replace("unix://", "unix://guest:secret@")))
    assert "does not allow this user what the bot needs" in said


async def test_what_is_of_another_kind_is_unreadable_and_named(redis: Redis) -> None:
    await redis.set("a", "text")
    for asked in (redis.lpush("a", "b"), redis.pipeline().lpush("a", "b").execute()):
        with pytest.raises(Unreadable, match="What Redis keeps under a is not what Switchback writes there"):
            async with guard():
                await asked


async def test_a_mistake_of_our_own_does_not_look_like_an_outage(redis: Redis) -> None:
    with pytest.raises(ResponseError, match="unknown command"):
        async with guard():
            await redis.execute_command("NONSENSE")
