"""The way to Redis: one client for every kind of address, its errors as sentences, and what a power cut would cost."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncContextDecorator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from redis import exceptions as failures
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot.domain.errors import BadInput, StoreAway
from storage.strides import stride
from storage.trips import Trips

T = TypeVar("T")

_CONNECTIONS = 64
_SCRIPTS = Path(__file__).with_name("lua")

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


def connect(url: str, *, timeout_s: float = 5.0) -> Client:
    """A client for redis://, rediss:// or unix://, with options in the query as redis-py takes them.

    No command is ever sent twice: redis-py would retry ten times, and a slow script would then run eleven times. Every
    command and every batch ends within `timeout_s` seconds. Nothing is sent before the first command. Raises BadInput
    for an address that cannot be used; the sentence never repeats the address, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        if "," in (parts.hostname or ""):
            raise ValueError("several hosts")
        pool = ConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            # No timeouts of redis-py 8: `_Turns` ends every command, see `Client`.
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
        )
        # Connects to nothing yet: only now does redis-py look at the options of the address.
        pool.make_connection()
        authority = parse_qs(parts.query).get("ssl_ca_certs")
    except (ValueError, TypeError) as error:
        text = "REDIS_URL cannot be used: write redis://HOST:PORT/DB, rediss://… (TLS) or unix:///PATH, one host only."
        raise BadInput(text) from error
    if authority and not Path(authority[0]).is_file():
        raise BadInput(f"REDIS_URL names the CA file {authority[0]}, which is not there.")
    return client_of(pool, timeout_s=timeout_s)


def client_of(pool: ConnectionPool, *, timeout_s: float = 5.0) -> Client:
    """A client over these connections."""
    client = Client.from_pool(pool)
    client.turns = _Turns(pool.max_connections - 1, timeout_s)
    client.trips = Trips(pool)
    return client


class _Turns:
    """Lets `many` through at once, each for `patience_s` seconds at most, waiting for its turn included."""

    def __init__(self, many: int, patience_s: float) -> None:
        self._patience_s, self._free = patience_s, asyncio.Semaphore(many)

    async def take(self, work: Callable[..., Awaitable[T]], *args: Any, **options: Any) -> T:
        try:
            async with asyncio.timeout(self._patience_s), self._free:
                return await work(*args, **options)
        except TimeoutError:
            # It may have been done all the same. redis-py 8 closes the connection: no late answer meets a new question.
            raise failures.TimeoutError("no answer in time") from None


class Client(Redis):
    """A client with one deadline around each command.

    redis-py's own (a task, three timers and a lock for each command) take as long as all the rest of it.
    """

    turns: _Turns
    trips: Trips

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        return await self.turns.take(super().execute_command, *args, **options)

    async def trip(self, *command: Any) -> Any:
        """A command that people wait for."""
        return await self.turns.take(self.trips.go, *command)

    async def stride(self, commands: Sequence[tuple[Any, ...]]) -> None:
        """A batch whose values are large, sent so that nobody else in this process waits for it."""
        await self.turns.take(stride, self.connection_pool, commands)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        batch = _TimelyBatch(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        batch.turns = self.turns
        return batch


class _TimelyBatch(Pipeline):
    """The same around a whole batch."""

    turns: _Turns

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        return await self.turns.take(super().execute, raise_on_error)


class guard(AsyncContextDecorator):
    """Turns what Redis and the way to it refuse into StoreAway: `async with guard():`, or `@guard()` on a coroutine.

    A mistake of our own (a wrong type, a faulty script) passes unchanged: it must not look like an outage.
    """

    async def __aenter__(self) -> None:
        """Nothing is held, so one guard may stand before any number of calls at once."""

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        sentence = _sentence(error) if isinstance(error, failures.RedisError | OSError) else None
        if sentence is not None:
            raise StoreAway(sentence) from error


class Script:
    """A Lua script, loaded into the server when it does not know it yet."""

    def __init__(self, client: Client, text: str) -> None:
        self._client, self._text = client, text
        self._sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, *, keys: Sequence[str] = (), args: Iterable[str | bytes | float] = ()) -> Any:
        rest = (len(keys), *keys, *args)
        try:
            return await self._client.trip("EVALSHA", self._sha, *rest)
        except failures.NoScriptError:
            return await self._client.trip("EVAL", self._text, *rest)


def script(client: Client, name: str) -> Script:
    """The Lua script `name`.lua of this folder."""
    return Script(client, (_SCRIPTS / f"{name}.lua").read_text("utf-8"))


def _sentence(error: Exception) -> str | None:
    for kind, sentence in _REFUSALS:
        if isinstance(error, kind):
            return sentence
    return _CODES.get(_code(error)) if isinstance(error, failures.ResponseError) else None


def _code(error: BaseException) -> str:
    """Redis' own word for what is wrong. In a batch, redis-py puts the command before it, with a stranger's bytes."""
    return str(error).rpartition("of pipeline caused error: (")[2].lstrip("'\"").partition(" ")[0]


_FULL = {
    "OOM": "Redis is full. Give it more memory (`maxmemory`), then try again.",
    "MISCONF": "Redis cannot write to its disk and takes nothing new. Make room on its disk, then try again.",
}


def fullness(error: BaseException | None) -> str:
    """What is full, when that is why Redis refused; empty for every other error."""
    if isinstance(error, failures.OutOfMemoryError):
        return _FULL["OOM"]
    return _FULL.get(_code(error), "") if isinstance(error, failures.ResponseError) else ""


async def memory_left(client: Redis) -> int | None:
    """Bytes until Redis reaches the limit that it was given; None when there is none, or it may not be read."""
    async with guard():
        found = await _allowed(client.info("memory"))
    limit, used = found.get("maxmemory"), found.get("used_memory")
    return max(limit - used, 0) if limit and used is not None else None


async def persistence(client: Redis) -> tuple[str, ...]:
    """What a power cut would cost with this server's settings, a sentence each; none when it costs nothing.

    What may not be read is said to be unknown, never taken for good.
    """
    async with guard():
        found: dict[str, Any] = await _allowed(client.info())
        for name in ("appendonly", "appendfsync", "save", "no-appendfsync-on-rewrite"):
            found |= await _allowed(client.config_get(name))
    return tuple(sentence for judge in _JUDGES if (sentence := judge(found)))


async def _allowed(answer: Awaitable[Mapping[str, Any]]) -> dict[str, Any]:
    """Nothing where the command is forbidden or was renamed, as hosted servers do."""
    try:
        return dict(await answer)
    except failures.NoPermissionError:
        return {}
    except failures.ResponseError as error:
        if "unknown command" not in str(error):
            raise
        return {}


_ASK = "Set `appendonly yes` and `appendfsync always`."


def _log(found: Mapping[str, Any]) -> str | None:
    kept = found.get("appendonly") == "yes" or found.get("aof_enabled")
    if kept is None or (kept and "appendfsync" not in found):
        text = "It is not known what a power cut would cost, since this Redis does not let its settings be read."
        return f"{text} Ask whoever runs it for `appendonly yes` and `appendfsync always`."
    if kept:
        return _FSYNC.get(str(found["appendfsync"]))
    match found.get("save"):
        case None:
            text = "Redis keeps no log of changes, and whether it makes snapshots is not known"
            return f"{text}: a power cut may cost every run and every backup. {_ASK}"
        case "":
            return f"Redis keeps nothing on disk: a power cut, or a mere restart, costs every run and backup. {_ASK}"
    return f"Redis only makes snapshots: a power cut costs everything since the last one. {_ASK}"


_FSYNC = {
    "everysec": "A power cut may cost the last two seconds of what was confirmed. Set `appendfsync always`.",
    "no": "A power cut may cost the last half minute of what was confirmed, or more. Set `appendfsync always`.",
}


def _rewrites(found: Mapping[str, Any]) -> str | None:
    if found.get("no-appendfsync-on-rewrite") != "yes" or found.get("appendonly") != "yes":
        return None
    text = "While Redis rewrites its log, a power cut may cost half a minute of what was confirmed."
    return f"{text} Set `no-appendfsync-on-rewrite no`."


def _writes(found: Mapping[str, Any]) -> str | None:
    if found.get("aof_last_write_status", "ok") != "ok":
        return "Redis could not write to its disk just now and takes nothing new. Make room there, or look at its log."
    if not found.get("aof_enabled") and found.get("rdb_last_bgsave_status", "ok") != "ok":
        return "The last snapshot of Redis failed: a power cut costs more than it seems. Look at its log."
    return None


def _eviction(found: Mapping[str, Any]) -> str | None:
    policy = found.get("maxmemory_policy", "noeviction")
    if policy == "noeviction" or not found.get("maxmemory"):
        return None
    text = f"Redis throws things away when its memory is full ({policy}), runs and backups among them, without any cut."
    return f"{text} Set `maxmemory-policy noeviction`."


_JUDGES = (_log, _rewrites, _writes, _eviction)
