"""Starts, presses and moves runs: load, decide, commit, act. The only writer of runs."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot.clock.pulse import PassedOver, Pulse, reason, turning
from bot.directory.holders import Holders
from bot.domain.access import allow
from bot.domain.backups.schedule import Slot
from bot.domain.deployment.abilities import Abilities
from bot.domain.deployment.pool_reading import PoolReading
from bot.domain.errors import (
    BadInput,
    NotAllowed,
    Stale,
    StoreAway,
)
from bot.domain.model import SCHEDULE, Person, Pool, Who
from bot.domain.runs.acts import NewestWhole
from bot.domain.runs.facts import KIND
from bot.domain.runs.glass import NEVER, BreakGlass, ended, starting, strike
from bot.domain.runs.moves import (
    claim,
    expired,
    open_run,
    stayed,
)
from bot.domain.runs.opening import NOTHING, Estate, Stand, Stands, begin, stand
from bot.domain.runs.press import KEPT, Press, already, press, too_late
from bot.domain.runs.run import Change, Entry, Phase, Run
from bot.domain.runs.runbook import Runbook
from bot.domain.runs.streak import after, failing
from bot.domain.runs.view import RunView, view_of
from bot.hands.hands import Performer
from bot.hands.thinking import Think
from bot.work import WAITS_S, Work
from storage.runs import Runs

log = logging.getLogger(__name__)

_ALL_OPEN = 10_000
_AT_HAND = 2
_AT_ONCE = 50
_DECISIONS = 2


Known = Callable[[Iterable[str]], Awaitable[Mapping[str, Abilities]]]
"""By pool, as it was said last; servers are not asked for it."""


Seen = Callable[[Iterable[str]], Awaitable[Mapping[str, PoolReading]]]
"""The same of where they stand."""


async def unseen(fqdns: Iterable[str]) -> Mapping[str, PoolReading]:
    """Nobody was asked."""
    return {}


async def nothing() -> None:
    """A clock that is always right."""


async def unheard(run: Run) -> None:
    """Nobody was told anything of its pools."""


class Engine:
    """Moves every open run forward; any number of processes may do so at once, since each commit carries the version.

    `lease_s` is how long a worker holds a run without renewing; `poll_s` how often the due-set is asked;
    `clock` has to be the same for all processes, since leases rest on it; `synced` sets it right before each look.
    `committed` is called after every commit, since there is something new to draw. `hands` makes the performer of a
    run; `holders` is asked about the people whom a command rests on, right before it is sent. `think`
    works out what rows say; `glass` tells whom break-glass is for. `known` has what pools said that they can do, `seen`
    where they said that they stand. `opened` is called with each run that a person has started.
    """

    def __init__(
        self,
        runs: Runs,
        hands: Callable[[Run], Performer],
        runbooks: Mapping[str, Runbook],
        pools: Estate,
        *,
        clock: Callable[[], float],
        holders: Holders,
        lease_s: float = 60.0,
        poll_s: float = 0.5,
        committed: Callable[[], None] = lambda: None,
        think: Think = asyncio.to_thread,
        synced: Callable[[], Awaitable[object]] = nothing,
        glass: BreakGlass = NEVER,
        known: Known | None = None,
        seen: Seen = unseen,
        opened: Callable[[Run], Awaitable[None]] = unheard,
    ) -> None:
        self._runs, self._make_hands, self.runbooks, self._pools = runs, hands, runbooks, pools
        self._performers: dict[str, Performer] = {}
        self._glass, self._known, self._seen, self._opened = glass, known, seen, opened
        self._clock, self._lease_s, self._poll_s, self._committed = clock, lease_s, poll_s, committed
        self._longest_s, self._synced = 2 * max(lease_s, *WAITS_S), synced
        self._work = Work(runs, runbooks, self._hands, self._commit, clock, lease_s, holders, think)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._passed = PassedOver(clock)
        self._wake = asyncio.Event()

    async def start(
        self,
        runbook: str,
        fqdn: str,
        by: Person,
        *,
        channel: str = "",
        facts: Mapping[str, Any] = NOTHING,
        replacement: Pool | None = None,
    ) -> Run:
        """A run that a person asked for. Raises NotAllowed, BadInput, Held or StoreAway, and then there is none."""
        book, pool, now = self.runbooks[runbook], self._pools.pool(fqdn), self._clock()
        try:
            allow(starting(by, runbook, self._glass), book.need)
        except NotAllowed as refusal:
            said = f"{by.name} could not start {book.title} of {pool.short}: {refusal.reason}"
            await self._runs.note(Entry(now, Who.person(by), "refused", runbook, said))
            raise
        concerned = (*self._pools.pair_of(pool), *((replacement.fqdn,) if replacement else ()))
        stands, who = await self.stands(concerned), Who.person(by)
        known = await self._known(concerned) if self._known and book.holds_pools else None
        while True:
            name = f"{runbook}-{pool.short}-{datetime.fromtimestamp(now, UTC):%m%d-%H%M}-{secrets.token_hex(2)}"
            run = begin(name, book, pool, self._pools, stands, who, now, channel, facts, known, replacement=replacement)
            # Another run of this minute may have drawn the same name.
            with suppress(Stale):
                return await self._told(await self._commit(open_run(run, book, now)))

    async def _told(self, run: Run) -> Run:
        """The run has begun, whether or not that can be told: the next look at its pools makes up for it."""
        with suppress(StoreAway):
            await self._opened(run)
            self._committed()
        return run

    async def start_slot(self, slot: Slot) -> Run:
        """What a pool's schedule has for that local wall time: its id is the slot's, so there is only ever one.

        Raises BadInput for what no schedule may start.
        """
        pool, book = self._pools.pool(slot.pool), self.runbooks.get(slot.runbook)
        if book is None or not book.scheduled:
            raise BadInput(
                f"The schedule of {pool.short} asks for “{slot.runbook}”, which only people start. Nothing was started."
            )
        if known := await self._runs.find(slot.id):
            return known
        records, facts = await self._runs.records([pool.fqdn]), KIND.to(slot.kind) if slot.kind else NOTHING
        stands = {fqdn: Stand(record) for fqdn, record in records.items()}
        run = begin(slot.id, book, pool, self._pools, stands, SCHEDULE, self._clock(), facts=facts)
        run = await self._after_failures(run)
        try:
            return await self._commit(open_run(run, book, self._clock()))
        except Stale:
            # The slot's run is there already: another process was first, or this one before it died.
            return await self._runs.load(run.id)

    async def _after_failures(self, run: Run) -> Run:
        """The run, with what it has to know when the one before failed and nobody has seen to that."""
        before = failing(run, await self._runs.open(_ALL_OPEN))
        if before is None:
            return run
        newest = await self._hands(run).perform(NewestWhole(run.primary.fqdn))
        return replace(run, facts={**run.facts, **after(before, newest.taken_at if newest else None).facts})

    def _hands(self, run: Run) -> Performer:
        """The run's own, from row to row, with what they have read for it."""
        if run.id not in self._performers:
            self._performers[run.id] = self._make_hands(run)
        return self._performers[run.id]

    async def stands(self, fqdns: Iterable[str]) -> Stands:
        """Where these pools stand, as every start is judged by it."""
        names, now = tuple(fqdns), self._clock()
        records, seen = await self._runs.records(names), await self._seen(names)
        return {fqdn: stand(records[fqdn], seen.get(fqdn), now) for fqdn in names}

    async def press(self, run_id: str, pressed: Press, person: Person, delivery: str = "") -> Run:
        """Raises NotAllowed, Stale, BadInput or StoreAway, and then nothing changed; a refusal is in the audit log.

        Raises Replayed when the delivery that brought the press has ended already: by a change, or by a refusal.
        """
        if (known := self._runs.remembered(run_id)) is not None:
            # It may be behind, so what it refuses is decided again below; what it accepts wrongly, the commit refuses.
            with suppress(NotAllowed, Stale, BadInput):
                return await self._commit(self._pressed(known, pressed, person), delivery)
        decide = partial(self._pressed, pressed=pressed, person=person)
        with suppress(Stale):
            if made := await self._decided(run_id, decide, person, pressed.step, delivery):
                return made
        run = await self._runs.load(run_id, delivery)
        raise Stale(await self._late(run, pressed, person, delivery))

    async def _late(self, run: Run, pressed: Press, person: Person, delivery: str) -> str:
        """What somebody is told whose press came too late; what they wrote is not lost."""
        said = already(run, pressed.step)
        late = too_late(run, self.runbooks[run.runbook], pressed, person, self._clock())
        if late is None:
            return said
        await self._runs.note(late, run.id, delivery)
        return f"{said} {KEPT}"

    async def _decided(
        self, run_id: str, decide: Callable[[Run], Change], person: Person, what: str, delivery: str = ""
    ) -> Run | None:
        """What somebody asked for, decided on the run as it is; None when it moved each time. A refusal is noted."""
        for _ in range(_DECISIONS):
            run = await self._runs.load(run_id, delivery)
            try:
                change = decide(run)
            except NotAllowed as refusal:
                entry = Entry(self._clock(), Who.person(person), "refused", what, refusal.told(person.name))
                await self._runs.note(entry, run_id, delivery)
                raise
            with suppress(Stale):
                return await self._commit(change, delivery)
        return None

    async def strike(self, run_id: str, person: Person, reason: str) -> Run:
        """Asks for break-glass in this run, or opens it as the second person. Raises like `press`."""
        decide = partial(strike, person=person, rules=self._glass, reason=reason, now=self._clock())
        made = await self._decided(run_id, decide, person, "break-glass")
        if made is None:
            raise Stale("The run has moved on meanwhile; look at its card, then try again. Nothing was changed.")
        return made

    async def end_glasses(self, why: str = "") -> None:
        """Ends each break-glass that is over by its time, and with a reason every one."""
        for run in await self._runs.open(_ALL_OPEN):
            if change := ended(run, why, self._clock()):
                with suppress(Stale):
                    await self._commit(change)

    def _pressed(self, run: Run, pressed: Press, person: Person) -> Change:
        return press(run, self.runbooks[run.runbook], pressed, person, self._clock())

    async def view(self, run_id: str) -> RunView:
        """Raises BadInput when there is no such run."""
        run = await self._runs.load(run_id)
        return view_of(run, self.runbooks[run.runbook])

    async def tick(self) -> int:
        """Moves everything that is due as far as it goes; returns how many runs were touched."""
        tasks = [self._begin(name) for name in await self._due()]
        await asyncio.gather(*tasks)
        return len(tasks)

    async def run_forever(self, stopped: asyncio.Event, pulse: Pulse | None = None) -> None:
        """Until `stopped`: begins what is due without waiting for it; what is under way then comes to rest."""
        await turning(pulse or Pulse("engine"), self._turn, stopped, self._wake)
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _turn(self) -> float:
        for name in await self._due():
            self._begin(name)
        return self._poll_s

    async def _due(self) -> list[str]:
        """What nobody here is at; what cannot be moved stays due, and is no hindrance to others."""
        await self._synced()
        now = self._clock()
        names = await self._runs.due(now, now + self._longest_s, _AT_ONCE + len(self._passed))
        return [name for name in names if name not in self._busy and name not in self._passed]

    def _begin(self, run_id: str) -> asyncio.Task[None]:
        task = asyncio.create_task(self._advance(run_id), name=f"run {run_id}")
        self._busy[run_id] = task
        task.add_done_callback(lambda _: self._rest(run_id))
        return task

    def _rest(self, run_id: str) -> None:
        """Of the runs that wait for people, only the last few keep their hands: what they have read is large."""
        self._busy.pop(run_id, None)
        if run_id in self._performers:
            self._performers[run_id] = self._performers.pop(run_id)
        resting = [name for name in self._performers if name not in self._busy]
        for name in resting[:-_AT_HAND]:
            del self._performers[name]

    async def _commit(self, change: Change, delivery: str = "") -> Run:
        now = self._clock()
        run = await self._runs.commit(replace(change, run=stayed(change.run, now)), now, delivery)
        self._committed()
        if not run.is_open:
            self._performers.pop(run.id, None)
        if run.due is not None and run.due <= self._clock():
            self._wake.set()
        return run

    async def _rests(self, run: Run, now: float) -> None:
        """What was approved is looked at when it is too old, and before that: a second far away is not believed."""
        if run.phase is Phase.WAITING and run.due is not None:
            await self._runs.renew(run, now, min(self._lease_s, max(run.due - now, 0.0)))

    async def _advance(self, run_id: str) -> None:
        """One worker's hold on one run, row after row, until it waits for people, for later, or has ended."""
        try:
            run: Run | None = await self._runs.load(run_id)
            while run is not None:
                book, now = self.runbooks[run.runbook], self._clock()
                if late := expired(run, book, now):
                    await self._commit(late)
                    break
                claimed = claim(run, book, now, self._lease_s, self._longest_s)
                if claimed is None:
                    await self._rests(run, now)
                    break
                run = await self._work.on(await self._commit(Change(claimed)))
            self._passed.over(run_id)
        except Stale:
            log.info("Run %s was moved by somebody else.", run_id)
        except StoreAway as away:
            self._passed.met(run_id, away.sentence, soon=True)
        except Exception as fault:
            self._passed.met(run_id, reason(fault))
