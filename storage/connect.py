"""The way to Redis: one client for every kind of address, and its errors as sentences."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncContextDecorator, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from redis import exceptions as failures
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot.domain.errors import BadInput, StoreAway, Unreadable
from storage.strides import stride
from storage.trips import Trips

T = TypeVar("T")

_CONNECTIONS = 64
GARBAGE = b"\0"
"""Bytes that are no record of any kind."""

_SCRIPTS = Path(__file__).with_name("lua")

_UNKNOWN = "Whether the last step was saved is not known; trying again is safe, nothing is done twice."
_CLUSTER = "REDIS_URL names a Redis Cluster"
_ONE_SERVER = "Nothing was saved; it must name one server that is no part of a cluster."
_REFUSALS: tuple[tuple[type[Exception], str], ...] = (
    (failures.AuthenticationError, "Redis does not accept the password in REDIS_URL. Nothing was saved."),
    (failures.AuthorizationError, "Redis does not allow this user what the bot needs. Nothing was saved."),
    (failures.NoPermissionError, "Redis does not allow this user what the bot needs. Nothing was saved."),
    (failures.BusyLoadingError, "Redis is still loading its data. Nothing was saved; try again in a minute."),
    (failures.OutOfMemoryError, "Redis is full. Nothing was saved; give it more memory, then try again."),
    (
        failures.ReadOnlyError,
        "This Redis is a read-only replica. Nothing was saved. If another server has just taken over, do it again; "
        "else REDIS_URL must name the primary.",
    ),
    (failures.MasterDownError, "This Redis has lost its primary. Nothing was saved; try again when it is back."),
    (failures.ClusterDownError, f"{_CLUSTER} that is down. {_ONE_SERVER}"),
    (failures.AskError, f"{_CLUSTER}. {_ONE_SERVER}"),
    (failures.TryAgainError, f"{_CLUSTER}. {_ONE_SERVER}"),
    (failures.ClusterCrossSlotError, f"{_CLUSTER}. {_ONE_SERVER}"),
    (failures.MaxConnectionsError, "Redis takes no more connections. Nothing was saved; try again in a minute."),
    (failures.TimeoutError, f"Redis did not answer in time. {_UNKNOWN}"),
    (failures.ConnectionError, f"Redis cannot be reached. {_UNKNOWN}"),
    (OSError, f"Redis cannot be reached. {_UNKNOWN}"),
)
_CODES = {
    "MISCONF": "Redis cannot write to its disk and takes nothing new. Nothing was saved; make room on its disk.",
    "NOREPLICAS": "Redis misses its replicas and takes nothing new. Nothing was saved; try again when they are back.",
    "UNBLOCKED": f"This Redis has just become a replica. {_UNKNOWN}",
    "BUSY": f"Redis is busy with a long script. {_UNKNOWN}",
}
"""What redis-py has no class for; for what it has one, it strips the code."""

_NO_NUMBER = re.compile("is not an integer|not a valid float|is not a float")
_UNREAD = (UnicodeDecodeError, msgspec.MsgspecError)

_MOVED = (failures.ReadOnlyError, failures.ClusterError, failures.AskError, failures.BusyLoadingError)
_MOVED_CODES = frozenset({"NOREPLICAS", "UNBLOCKED"})
"""After these, another server may have the name by now, and an open connection would never hear of it."""


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
        if parts.scheme != "unix" and not re.fullmatch(r"/?\d*", parts.path):
            # redis-py takes what is no number for 0.
            raise ValueError("a database is a number")
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
    client.trips = Trips(pool)
    client.turns = _Turns(pool.max_connections - 1, timeout_s, client.trips.forget)
    return client


class _Turns:
    """Lets `many` through at once, each for `patience_s` seconds at most, waiting for its turn included.

    `moved` is called when an answer says that this server is not the one to ask any more.
    """

    def __init__(self, many: int, patience_s: float, moved: Callable[[], Awaitable[None]]) -> None:
        self._patience_s, self._free, self._moved = patience_s, asyncio.Semaphore(many), moved

    async def take(self, work: Callable[..., Awaitable[T]], *args: Any, **options: Any) -> T:
        try:
            async with asyncio.timeout(self._patience_s), self._free:
                return await work(*args, **options)
        except TimeoutError:
            # It may have been done all the same. redis-py 8 closes the connection: no late answer meets a new question.
            raise failures.TimeoutError("no answer in time") from None
        except failures.RedisError as error:
            if isinstance(error, _MOVED) or _code(error) in _MOVED_CODES:
                await self._moved()
            raise


@contextmanager
def _about(*named: Any) -> Iterator[None]:
    """Notes with what Redis refuses which keys it was asked about."""
    try:
        yield
    except failures.ResponseError as error:
        error.add_note(" or ".join(str(key) for key in named[:8]))
        raise


class Client(Redis):
    """A client with one deadline around each command.

    redis-py's own (a task, three timers and a lock for each command) take as long as all the rest of it.
    """

    turns: _Turns
    trips: Trips

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        with _about(*args[1:2]):
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

    async def readable(self) -> list[Any]:
        """The same of what only reads; where a key holds something of another kind, the answer is `GARBAGE`."""
        return await self.turns.take(self._readable)

    async def _readable(self) -> list[Any]:
        answers = await super().execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, Exception) and _code(answer) != "WRONGTYPE":
                raise answer
        return [GARBAGE if isinstance(answer, Exception) else answer for answer in answers]


class guard(AsyncContextDecorator):
    """Turns what Redis and the way to it refuse into StoreAway: `async with guard():`, or `@guard()` on a coroutine.

    What lies there and cannot be read is Unreadable. A mistake of our own (such as a faulty script) passes unchanged:
    it must not look like an outage.
    """

    async def __aenter__(self) -> None:
        """Nothing is held, so one guard may stand before any number of calls at once."""

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        if isinstance(error, _UNREAD):
            raise Unreadable(
                "A record in Redis cannot be read. It was left as it is, and nothing was saved."
            ) from error
        if not isinstance(error, failures.RedisError | OSError):
            return
        if _code(error) == "WRONGTYPE" or _NO_NUMBER.search(str(error)):
            raise Unreadable(
                f"What Redis keeps under {_named(error)} is not what Switchback writes there. It was left as it is, "
                "and nothing was saved."
            ) from error
        if (sentence := _sentence(error)) is not None:
            raise StoreAway(sentence) from error


class Script:
    """A Lua script, loaded into the server when it does not know it yet."""

    def __init__(self, client: Client, text: str) -> None:
        self._client, self._text = client, text
        self._sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, *, keys: Sequence[str] = (), args: Iterable[str | bytes | float] = ()) -> Any:
        rest = (len(keys), *keys, *args)
        with _about(*keys):
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
    if "DB index is out of range" in str(error):
        return "REDIS_URL names a database that this Redis does not have. Nothing was saved; 0 is always there."
    code = _code(error)
    if isinstance(error, failures.DataError) or code == "ERR":
        return None
    return _CODES.get(code, f"Redis said something that Switchback does not know ({code}). {_UNKNOWN}")


def _code(error: BaseException) -> str:
    """Redis' own word for what is wrong, or else the kind of the error.

    In a batch, redis-py puts the command before it, with a stranger's bytes.
    """
    if known := getattr(error, "status_code", None):
        return str(known)
    word = str(error).rpartition("of pipeline caused error: ")[2].lstrip("('\"").partition(" ")[0]
    return word if re.fullmatch("[A-Z]{3,20}", word) else type(error).__name__


def _named(error: BaseException) -> str:
    """The key that an error is about, as far as that is known."""
    said = re.match(r"Command # \d+ \(\S+ (\S+?)[ )]", str(error)) or re.match(r"WRONGTYPE at (\S+)", str(error))
    return said[1] if said else next(iter(getattr(error, "__notes__", ())), "") or "a key"


_FULL = {
    "OOM": "Redis is full. Give it more memory (`maxmemory`), then try again.",
    "MISCONF": "Redis cannot write to its disk and takes nothing new. Make room on its disk, then try again.",
}


def fullness(error: BaseException | None) -> str:
    """What is full, when that is why Redis refused; empty for every other error."""
    if isinstance(error, failures.OutOfMemoryError):
        return _FULL["OOM"]
    return _FULL.get(_code(error), "") if error else ""


async def memory_left(client: Redis) -> int | None:
    """Bytes until Redis reaches the limit that it was given; None when there is none, or it may not be read."""
    async with guard():
        found = await allowed(client.info("memory"))
    limit, used = found.get("maxmemory"), found.get("used_memory")
    return max(limit - used, 0) if limit and used is not None else None


async def allowed(answer: Awaitable[Mapping[str, Any]]) -> dict[str, Any]:
    """Nothing where the command is forbidden or was renamed, as hosted servers do."""
    try:
        return dict(await answer)
    except failures.NoPermissionError:
        return {}
    except failures.ResponseError as error:
        if "unknown command" not in str(error):
            raise
        return {}
