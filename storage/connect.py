"""The way to Redis: one client for every kind of address, its errors as sentences, and what a power cut would cost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from redis import exceptions as failures
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript

from bot.domain.errors import BadInput, StoreAway

_CONNECTIONS = 64

_UNKNOWN = "Whether the last step was saved is not known; trying again is safe, nothing is done twice."
_REFUSALS: tuple[tuple[type[Exception], str], ...] = (
    (failures.AuthenticationError, "Redis does not accept the password in REDIS_URL. Nothing was saved."),
    (failures.AuthorizationError, "Redis does not allow this user what the bot needs. Nothing was saved."),
    (failures.NoPermissionError, "Redis does not allow this user what the bot needs. Nothing was saved."),
    (failures.BusyLoadingError, "Redis is still loading its data. Nothing was saved; try again in a minute."),
    (failures.OutOfMemoryError, "Redis is full. Nothing was saved; give it more memory, then try again."),
    (failures.ReadOnlyError, "This Redis is a read-only replica. Nothing was saved; REDIS_URL must name the primary."),
    (failures.TimeoutError, f"Redis did not answer in time. {_UNKNOWN}"),
    (failures.ConnectionError, f"Redis cannot be reached. {_UNKNOWN}"),
    (OSError, f"Redis cannot be reached. {_UNKNOWN}"),
)
_CODES = {
    "MISCONF": "Redis cannot write to its disk and takes nothing new. Nothing was saved; make room on its disk.",
    "NOREPLICAS": "Redis misses its replicas and takes nothing new. Nothing was saved; try again when they are back.",
    "MASTERDOWN": "This Redis has lost its primary. Nothing was saved; try again when it is back.",
    "BUSY": f"Redis is busy with a long script. {_UNKNOWN}",
}


def connect(url: str, *, timeout_s: float = 5.0) -> Redis:
    """A client for redis://, rediss:// or unix://, with options in the query as redis-py takes them.

    No command is ever sent twice: redis-py would retry ten times, and a slow script would then run eleven times. Every
    wait is bounded by `timeout_s` seconds. Nothing is sent before the first command. Raises BadInput for an address
    that cannot be used; the sentence never repeats the address, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        if "," in (parts.hostname or ""):
            raise ValueError("several hosts")
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
        )
        pool.make_connection()
        authority = parse_qs(parts.query).get("ssl_ca_certs")
    except (ValueError, TypeError) as error:
        text = "REDIS_URL cannot be used: write redis://HOST:PORT/DB, rediss://… (TLS) or unix:///PATH, one host only."
        raise BadInput(text) from error
    if authority and not Path(authority[0]).is_file():
        raise BadInput(f"REDIS_URL names the CA file {authority[0]}, which is not there.")
    return Redis.from_pool(pool)


@asynccontextmanager
async def guard() -> AsyncIterator[None]:
    """Turns what Redis and the way to it refuse into StoreAway: `async with guard():`, or `@guard()` on a coroutine.

    A mistake of our own (a wrong type, a faulty script) passes unchanged: it must not look like an outage.
    """
    try:
        yield
    except (failures.RedisError, OSError) as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise StoreAway(sentence) from error


def script(client: Redis, name: str) -> AsyncScript:
    """The Lua script `name`.lua of this folder, loaded into the server when it does not know it yet."""
    return client.register_script(Path(__file__).with_name(f"{name}.lua").read_text("utf-8"))


def _sentence(error: Exception) -> str | None:
    for kind, sentence in _REFUSALS:
        if isinstance(error, kind):
            return sentence
    return _CODES.get(str(error).partition(" ")[0]) if isinstance(error, failures.ResponseError) else None
