"""Runs in Redis: one script writes a transition whole, everything else only reads."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from redis.asyncio import Redis

from bot.domain.errors import BadInput, BotError, Damaged, Held, Newer, Replayed, Stale, Unreadable
from bot.domain.model import PoolRecord, PoolState
from bot.domain.runs.run import Change, Entry, Run, Tell
from storage import keys
from storage.cards import REPLAY_S
from storage.connect import GARBAGE, guard, script
from storage.versions import Codec


def _upgraded(run: dict[str, Any]) -> dict[str, Any]:
    """0.1 called the partner of a pool its backup."""
    return {"partner" if name == "backup" else name: value for name, value in run.items()}


RUN, ENTRY, TELL, RECORD = Codec(Run, _upgraded), Codec(Entry), Codec(Tell), Codec(PoolRecord)

_REMEMBERED = 128
"""So many open runs are remembered, those that moved last."""

_NOTHING = (None, b"")


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """Something Slack has yet to be shown ("card", "notice", "home", "wait") or told ("tell"), due at `score` seconds.

    `run` is the run's id; of a notice, its key; of an App Home, whose it is. `body` is the message as it is stored.
    """

    key: str
    kind: str
    run: str
    score: float
    body: bytes | None = None

    @property
    def tell(self) -> Tell | None:
        """The message. Raises Newer or Unreadable."""
        return TELL.decode(self.body, f"The message {self.key[:120]}") if self.body else None

    @property
    def fault(self) -> Damaged | None:
        """Why the message cannot be read, if it cannot."""
        try:
            _ = self.tell
        except Damaged as fault:
            return fault
        return None


class Runs:
    """All methods raise StoreAway when Redis does not answer.

    The open runs that this process moved last are remembered as they were written. Somebody else may have moved one
    since, so nothing is true because it is remembered; but what is committed onto it is Stale then.
    """

    def __init__(self, client: Redis, knows: Callable[[Run], bool] = lambda run: True) -> None:
        """`knows` says whether this version has the row at which a run stands; without it, it cannot be read."""
        self._client, self._knows = client, knows
        self._commit, self._renew, self._sent, self._note = (
            script(client, name) for name in ("commit", "renew", "sent", "note")
        )
        self._free = script(client, "free")
        self._writer = secrets.token_hex(4)
        self._last: OrderedDict[str, tuple[Run, bytes]] = OrderedDict()

    @guard()
    async def commit(self, change: Change, at: float, delivery: str = "") -> Run:
        """Writes the change onto the version that was read and returns the run as it now is.

        Raises Stale when the run moved on meanwhile (or exists already, for a new one), Held when another run holds one
        of its pools, Replayed when the delivery that made the change has ended already; then nothing is written.
        """
        read = change.run.version
        run = replace(change.run, version=read + 1)
        record, holds = _held(run)
        written = RUN.encode(run)
        ours, _ = self._last.pop(run.id, _NOTHING)
        answer = await self._commit(
            keys=[
                *(keys.run(run.id), keys.audit(run.id), keys.DUE, keys.OUTBOX, keys.TOLD, keys.RUNS, keys.OPEN),
                *(keys.MOVING, keys.replay(delivery), *holds),
            ],
            args=[
                # A version says less than who wrote it: a Redis that lost its last writes counts them a second time.
                *(read, self._writer if ours and ours.version == read else "", self._writer, written, run.id, at),
                *("" if run.due is None else run.due, "1" if run.is_open else "", record),
                *(REPLAY_S if delivery else "", len(change.entries), *map(ENTRY.encode, change.entries)),
                *_told(run, change.tells),
            ],
        )
        if answer[0] != b"OK":
            raise _REFUSALS[answer[0]](*answer[1:])
        if run.is_open:
            self._remember(run, written)
        return run

    def remembered(self, run_id: str) -> Run | None:
        """The open run as this process wrote it last, without asking Redis."""
        return self._last.get(run_id, _NOTHING)[0]

    def _remember(self, run: Run, written: bytes) -> None:
        self._last[run.id] = run, written
        self._last.move_to_end(run.id)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    @guard()
    async def load(self, run_id: str, delivery: str = "") -> Run:
        """Raises BadInput when there is no such run, Newer for one of a newer version.

        Raises Replayed when this delivery has ended already.
        """
        if not delivery:
            run = await self.find(run_id)
        else:
            pipe = self._client.pipeline(transaction=False)
            pipe.hget(keys.run(run_id), "run")
            # After the run: whoever ends the same delivery in between must not be told as somebody else.
            pipe.exists(keys.replay(delivery))
            data, ended = await pipe.execute()
            if ended:
                raise Replayed
            run = self._read(run_id, data)
        if run is None:
            raise _missing(run_id)
        return run

    @guard()
    async def find(self, run_id: str) -> Run | None:
        """Like `load`, but None for an unknown id."""
        return self._read(run_id, await self._client.hget(keys.run(run_id), "run"))

    def _read(self, run_id: str, data: bytes | None) -> Run | None:
        if data != self._last.get(run_id, _NOTHING)[1]:
            self._last.pop(run_id, None)
        return self._decoded(run_id, data) if data else None

    def _decoded(self, run_id: str, data: bytes) -> Run:
        run = RUN.decode(data, f"The run {run_id[:80]}")
        if run.is_open and not self._knows(run):
            row = f"{run.runbook[:40]}, {run.step[:40]}"
            raise Unreadable(
                f"The run {run_id[:80]} stands at a row that this version does not have ({row}). It was left as it is."
            )
        return run

    @guard()
    async def renew(self, run: Run, now: float, lease_s: float, said: str = "") -> bool:
        """`lease_s` more seconds for the worker that holds this version; False when it does not hold it any longer.

        What a server `said` of its command meanwhile is noted for the card, which is drawn anew when that is new.
        """
        args = [run.version, now + lease_s, run.id, said and f"{run.version} {said}", now]
        return bool(await self._renew(keys=[keys.run(run.id), keys.DUE, keys.OUTBOX], args=args))

    @guard()
    async def said(self, run: Run) -> str:
        """What a server said last of the command that this version of the run has sent."""
        version, _, said = _text(await self._client.hget(keys.run(run.id), "said") or b"").partition(" ")
        return said if version == str(run.version) else ""

    @guard()
    async def due(self, now: float, latest: float = inf, count: int = 50) -> tuple[str, ...]:
        """Ids that may be due; a hint: the loaded run is the truth. What lies behind `latest` is not believed."""
        pipe = self._client.pipeline(transaction=False)
        for first, last in (("-inf", now), (f"({latest!r}", "+inf")):
            pipe.zrange(keys.DUE, first, last, byscore=True, offset=0, num=count)
        return tuple(_text(name) for found in await pipe.execute() for name in found)

    @guard()
    async def note(self, entry: Entry, run_id: str = "", delivery: str = "") -> None:
        """A line in the audit log that changes nothing, such as a refusal; without a run, in the log of refusals.

        Raises Replayed when the delivery that it ends has ended already; then nothing is written.
        """
        log, line = keys.audit(run_id) if run_id else keys.REFUSED, ENTRY.encode(entry)
        if not delivery:
            await self._client.xadd(log, {"entry": line})
        elif await self._note(keys=[log, keys.replay(delivery)], args=[line, REPLAY_S]) != [b"OK"]:
            raise Replayed

    @guard()
    async def audit(self, run_id: str = "", count: int = 20) -> tuple[Entry, ...]:
        """The newest lines of the run's audit log, newest first; without a run, of refusals that never became one."""
        rows = await self._client.xrevrange(keys.audit(run_id) if run_id else keys.REFUSED, count=count)
        return tuple(ENTRY.those(fields[b"entry"] for _, fields in rows))

    @guard()
    async def open(self, count: int = 100) -> tuple[Run, ...]:
        """Open runs, oldest first."""
        return await self._all(await self._client.zrange(keys.OPEN, 0, count - 1))

    @guard()
    async def page(self, before: float | None = None, count: int = 10, *, moving: bool = False) -> tuple[Run, ...]:
        """Runs that were opened before that second, newest first; `moving`: those only that hold pools to move them."""
        top, among = "+inf" if before is None else f"({before}", keys.MOVING if moving else keys.RUNS
        names = await self._client.zrange(among, top, "-inf", byscore=True, desc=True, offset=0, num=count)
        return await self._all(names)

    @guard()
    async def records(self, fqdns: Iterable[str]) -> dict[str, PoolRecord]:
        """Where pools stand; a pool nobody moved yet is active; of a newer or unreadable record nothing is known."""
        names = tuple(fqdns)
        pipe = self._client.pipeline(transaction=False)
        for fqdn in names:
            pipe.hmget(keys.pool(fqdn), "record", "held_by")
        return {fqdn: _standing(fqdn, row) for fqdn, row in zip(names, await pipe.readable(), strict=True)}

    @guard()
    async def unknown(self, fqdns: Iterable[str]) -> dict[str, Damaged]:
        """Why nobody here knows where these pools stand, of those for which that is so."""
        names = tuple(fqdns)
        pipe = self._client.pipeline(transaction=False)
        for fqdn in names:
            pipe.hget(keys.pool(fqdn), "record")
        faults = ((fqdn, _fault(fqdn, record)) for fqdn, record in zip(names, await pipe.readable(), strict=True))
        return {fqdn: fault for fqdn, fault in faults if fault}

    @guard()
    async def alone(self, runbooks: Iterable[str]) -> dict[str, str]:
        """The open run of each of these runbooks of which there is only one at a time, where there is one."""
        found = {name: await self._client.hget(keys.alone(name), "held_by") for name in runbooks}
        return {name: _text(holder) for name, holder in found.items() if holder}

    @guard()
    async def free(
        self, run_id: str, pools: Iterable[str], entry: Entry, tell: Tell, alone: Iterable[str] = ()
    ) -> None:
        """What a run holds which nobody can read is free: of these pools (FQDNs), and of these runbooks that run alone.

        It never moves again.

        Raises BadInput for one that can be read, Newer for one that a newer version can, Stale when it changed.
        """
        (data,) = await self._stored([run_id])
        fault = self._fault(run_id, data)
        if fault is None:
            raise BadInput(f"The run {run_id[:80]} can be read: finish or abandon it on its card. Nothing was changed.")
        if isinstance(fault, Newer):
            raise fault
        judged, told = data if data and data != GARBAGE else b"", f"tell::free:{run_id}:{entry.at!r}"
        fixed = [keys.run(run_id), keys.DUE, keys.OPEN, keys.REFUSED, keys.OUTBOX, keys.TOLD]
        args = [run_id, judged, ENTRY.encode(entry), told, TELL.encode(tell), entry.at]
        held = [*map(keys.pool, pools), *map(keys.alone, alone)]
        if await self._free(keys=[*fixed, *held], args=args) < 0:
            raise _stale()

    @guard()
    async def put_back(self, record: PoolRecord) -> None:
        """Where a pool stood before this Redis was emptied; nothing changes where that is known."""
        await self._client.hsetnx(keys.pool(record.fqdn), "record", RECORD.encode(replace(record, held_by="")))

    @guard()
    async def outbox(self, now: float, count: int = 20) -> tuple[OutboxItem, ...]:
        """What may be sent by now, oldest first."""
        rows = await self._client.zrange(keys.OUTBOX, "-inf", now, byscore=True, offset=0, num=count, withscores=True)
        tells = [name for name, _ in rows if name.startswith(b"tell:")]
        bodies = dict(zip(tells, await self._told(tells), strict=True))
        return tuple(_item(name, score, bodies.get(name)) for name, score in rows)

    async def _told(self, tells: list[bytes]) -> list[bytes | None]:
        if not tells:
            return []
        pipe = self._client.pipeline(transaction=False)
        pipe.hmget(keys.TOLD, tells)
        (bodies,) = await pipe.readable()
        return [GARBAGE] * len(tells) if bodies == GARBAGE else bodies

    @guard()
    async def sent(self, item: OutboxItem) -> None:
        """The entry is done with, unless it was marked again since it was read."""
        await self._sent(keys=[keys.OUTBOX, keys.TOLD], args=[item.key, repr(item.score), ""])

    @guard()
    async def later(self, item: OutboxItem, at: float) -> None:
        """The entry is tried again at that second, unless it was marked again since it was read."""
        await self._sent(keys=[keys.OUTBOX, keys.TOLD], args=[item.key, repr(item.score), at])

    @guard()
    async def owe_home(self, user: str, at: float) -> None:
        """The App Home of this person (U…) is not as it should be, and is drawn at that second."""
        await self._client.zadd(keys.OUTBOX, {f"home:{user}": at})

    async def newer(self, count: int = 100) -> tuple[str, ...]:
        """The ids of open runs that a newer version wrote, the oldest first."""
        return tuple(name for name, fault in await self._faults(count) if isinstance(fault, Newer))

    async def unreadable(self, count: int = 100) -> tuple[str, ...]:
        """What cannot be read of open runs, of what is due, and of the outbox, a sentence each; the oldest first."""
        runs = [fault for _, fault in await self._faults(count)]
        tells = [item.fault for item in await self.outbox(float("inf"), count)]
        return tuple(fault.sentence for fault in (*runs, *tells) if fault and not isinstance(fault, Newer))

    @guard()
    async def _faults(self, count: int) -> list[tuple[str, BotError]]:
        """Why runs that are open or due cannot be moved, by their ids."""
        found = [name for key in (keys.OPEN, keys.DUE) for name in await self._client.zrange(key, 0, count - 1)]
        names = [_text(name) for name in dict.fromkeys(found)]
        faults = ((name, self._fault(name, data)) for name, data in zip(names, await self._stored(names), strict=True))
        return [(name, fault) for name, fault in faults if fault]

    def _fault(self, run_id: str, data: bytes | None) -> BotError | None:
        try:
            self._decoded(run_id, data or GARBAGE)
        except Damaged as fault:
            return fault if data else _missing(run_id)
        return None

    async def _all(self, found: Iterable[bytes]) -> tuple[Run, ...]:
        """Those that can be read."""
        names, runs = [_text(name) for name in found], []
        for name, data in zip(names, await self._stored(names), strict=True):
            with suppress(Damaged):
                runs += [self._decoded(name, data)] if data else []
        return tuple(runs)

    async def _stored(self, names: Iterable[str]) -> list[bytes | None]:
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.hget(keys.run(name), "run")
        return await pipe.readable()


def _held(run: Run) -> tuple[bytes, list[str]]:
    """Where the run says that its pool stands, and the keys of what it holds; nothing of a run that holds none."""
    if run.pool_state is None:
        return b"", [keys.alone(run.runbook)] if run.alone else []
    record = PoolRecord(run.primary.fqdn, run.pool_state, run.since, run.id, "", run.carry)
    return RECORD.encode(record), [keys.pool(pool.fqdn) for pool in run.pools]


def _told(run: Run, tells: tuple[Tell, ...]) -> Iterable[str | bytes]:
    for index, tell in enumerate(tells):
        yield f"tell:{run.id}:{run.version}:{index}"
        yield TELL.encode(tell)


def _stale() -> Stale:
    return Stale("The run has moved on meanwhile; look at its card. Nothing was changed.")


def _kept(holder: bytes) -> Held:
    return Held(
        f"The run {_text(holder)} is in the way: it holds a pool of this pair, or is of the same kind. Finish or "
        f"abandon it first. If it cannot be read, `/rgs free {_text(holder)} <reason>` frees what it holds."
    )


_REFUSALS = {b"STALE": _stale, b"HELD": _kept, b"AGAIN": Replayed}


def _missing(run_id: str) -> BadInput:
    return BadInput(f"There is no run {run_id[:80]}. `/rgs runs` lists them.")


def _standing(fqdn: str, row: list[bytes | None] | bytes) -> PoolRecord:
    record, held_by = (row, None) if isinstance(row, bytes) else row
    try:
        known = RECORD.decode(record, fqdn) if record else PoolRecord(fqdn)
    except Damaged:
        known = PoolRecord(fqdn, PoolState.UNKNOWN)
    return replace(known, held_by=_text(held_by or b""))


def _fault(fqdn: str, record: bytes | None) -> Damaged | None:
    try:
        _ = RECORD.decode(record, f"Where {fqdn} stands") if record else None
    except Damaged as fault:
        return fault
    return None


def _item(name: bytes, score: float, body: bytes | None) -> OutboxItem:
    key = _text(name)
    kind, _, rest = key.partition(":")
    run = rest.rsplit(":", 2)[0] if kind == "tell" else rest
    return OutboxItem(key, kind, run, score, body)


def _text(name: bytes) -> str:
    """A name that is no text is nobody's name; what it may be taken for is not there."""
    return name.decode(errors="backslashreplace")
