"""Starts, presses and moves runs: load, decide, commit, act. The only writer of runs."""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.clock.lease import held
from bot.clock.pulse import PassedOver, Pulse, reason, turning
from bot.directory.holders import Holders
from bot.domain.access import allow
from bot.domain.backups.schedule import Slot
from bot.domain.errors import (
    BadInput,
    BotError,
    CmdletFailed,
    NeverSent,
    NotAllowed,
    OutcomeUnknown,
    Stale,
    StoreAway,
)
from bot.domain.model import SCHEDULE, Mark, Person, Pool, PoolRecord, Verdict, Who
from bot.domain.runs.acts import Invoke, NewestWhole
from bot.domain.runs.facts import KIND
from bot.domain.runs.moves import (
    approved,
    claim,
    found,
    is_approved,
    launch,
    lose,
    open_run,
    outdated,
    propose,
    retry,
    settle,
    stop,
)
from bot.domain.runs.opening import NOTHING, Estate, begin
from bot.domain.runs.press import Press, already, press
from bot.domain.runs.run import Change, Entry, Finding, Found, Phase, Run
from bot.domain.runs.runbook import Plan, Runbook, Step
from bot.domain.runs.streak import after, failing
from bot.domain.runs.view import RunView, view_of
from bot.hands.hands import Performer, perform_all
from bot.hands.thinking import Think
from storage.runs import Runs

log = logging.getLogger(__name__)

_ALL_OPEN = 10_000
_AT_HAND = 2
_AT_ONCE = 50
_DECISIONS = 2
_WAITS_S = (2.0, 5.0, 15.0, 30.0, 60.0)


async def nothing() -> None:
    """A clock that is always right."""


class Engine:
    """Moves every open run forward; any number of processes may do so at once, since each commit carries the version.

    `lease_s` is how long a worker holds a run without renewing; `poll_s` how often the due-set is asked;
    `clock` has to be the same for all processes, since leases rest on it; `synced` sets it right before each look.
    `committed` is called after every commit, since there is something new to draw. `hands` makes the performer of a
    run; `holders` is asked about the people whom a command rests on, right before it is sent. `think`
    works out what rows say.
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
    ) -> None:
        self._runs, self._make_hands, self.runbooks, self._pools = runs, hands, runbooks, pools
        self._performers: dict[str, Performer] = {}
        self._holders = holders
        self._clock, self._lease_s, self._poll_s, self._committed = clock, lease_s, poll_s, committed
        self._longest_s = 2 * max(lease_s, *_WAITS_S)
        self._think, self._synced = think, synced
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._passed = PassedOver(clock)
        self._wake = asyncio.Event()

    async def start(
        self, runbook: str, fqdn: str, by: Person, *, channel: str = "", facts: Mapping[str, Any] = NOTHING
    ) -> Run:
        """A run that a person asked for. Raises NotAllowed, BadInput, Held or StoreAway, and then there is none."""
        book, pool, now = self.runbooks[runbook], self._pools.pool(fqdn), self._clock()
        try:
            allow(by, book.need)
        except NotAllowed as refusal:
            said = f"{book.title} of {pool.short}: {refusal.sentence}"
            await self._runs.note(Entry(now, Who.person(by), "refused", runbook, said))
            raise
        record, who = await self._record(pool), Who.person(by)
        while True:
            name = f"{runbook}-{pool.short}-{datetime.fromtimestamp(now, UTC):%m%d-%H%M}-{secrets.token_hex(2)}"
            run = begin(name, book, pool, self._pools, record, who, now, channel, facts)
            # Another run of this minute may have drawn the same name.
            with suppress(Stale):
                return await self._commit(open_run(run, book, now))

    async def start_slot(self, slot: Slot) -> Run:
        """What a pool's schedule has for that local wall time: its id is the slot's, so there is only ever one."""
        pool, book = self._pools.pool(slot.pool), self.runbooks[slot.runbook]
        if known := await self._runs.find(slot.id):
            return known
        record, facts = await self._record(pool), KIND.to(slot.kind) if slot.kind else NOTHING
        run = begin(slot.id, book, pool, self._pools, record, SCHEDULE, self._clock(), facts=facts)
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

    async def _record(self, pool: Pool) -> PoolRecord:
        return (await self._runs.records([pool.fqdn]))[pool.fqdn]

    async def press(self, run_id: str, pressed: Press, person: Person, delivery: str = "") -> Run:
        """Raises NotAllowed, Stale, BadInput or StoreAway, and then nothing changed; a refusal is in the audit log.

        Raises Replayed when the delivery that brought the press has ended already: by a change, or by a refusal.
        """
        if (known := self._runs.remembered(run_id)) is not None:
            # It may be behind, so what it refuses is decided again below; what it accepts wrongly, the commit refuses.
            with suppress(NotAllowed, Stale, BadInput):
                return await self._commit(self._pressed(known, pressed, person), delivery)
        for _ in range(_DECISIONS):
            run = await self._runs.load(run_id, delivery)
            try:
                change = self._pressed(run, pressed, person)
            except NotAllowed as refusal:
                entry = Entry(self._clock(), Who.person(person), "refused", pressed.step, refusal.sentence)
                await self._runs.note(entry, run_id, delivery)
                raise
            with suppress(Stale):
                return await self._commit(change, delivery)
        newer = await self._runs.load(run_id, delivery)
        raise Stale(already(newer, pressed.step))

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
        run = await self._runs.commit(change, self._clock(), delivery)
        self._committed()
        if not run.is_open:
            self._performers.pop(run.id, None)
        if run.due is not None and run.due <= self._clock():
            self._wake.set()
        return run

    async def _advance(self, run_id: str) -> None:
        """One worker's hold on one run, row after row, until it waits for people, for later, or has ended."""
        try:
            run: Run | None = await self._runs.load(run_id)
            while run is not None:
                claimed = claim(run, self.runbooks[run.runbook], self._clock(), self._lease_s, self._longest_s)
                if claimed is None:
                    break
                run = await self._work(await self._commit(Change(claimed)))
            self._passed.over(run_id)
        except Stale:
            log.info("Run %s was moved by somebody else.", run_id)
        except StoreAway as away:
            self._passed.met(run_id, away.sentence, soon=True)
        except Exception as fault:
            self._passed.met(run_id, reason(fault))

    async def _work(self, run: Run) -> Run:
        runbook = self.runbooks[run.runbook]
        step = runbook.step(run.step)
        async with held(self._runs, run, self._lease_s, self._clock):
            work = self._look if run.phase is Phase.LOOKING else self._read
            change = await self._guarded(run, runbook, lambda: work(run, runbook, step))
            if isinstance(change, Plan):
                # Written before anything is sent: whoever finds this run after a death knows that a command may be out.
                run = await self._commit(launch(run, step, change, self._clock(), self._lease_s))
        if not isinstance(change, Plan):
            return await self._commit(change)
        async with held(self._runs, run, self._lease_s, self._clock):
            change = await self._send(run, runbook, step, change)
        return await self._commit(change)

    async def _read(self, run: Run, runbook: Runbook, step: Step) -> Change | Plan:
        """What the row comes to without a command, or the plan that is now to be carried out."""
        seen = await perform_all(self._hands(run), step.reads(run))
        seen |= await perform_all(self._hands(run), step.does(run, seen))
        if step.plan is None:
            return settle(run, runbook, await self._judged(run, step, seen), self._clock())
        plan = await self._think(step.plan, run, seen)
        approvals = approved(run, plan)
        lost = outdated(approvals, self._clock())
        if not lost and is_approved(run, step, plan):
            lost = await self._holders.lost(approvals, step.need) if approvals else ""
            if not lost:
                return plan
        return propose(run, step, plan, self._clock(), lost)

    async def _look(self, run: Run, runbook: Runbook, step: Step) -> Change:
        """A lost command is looked at: the pool is read and compared with what the command would have done."""
        if step.found is None:
            finding = Finding(Found.UNKNOWN, "Nothing can be read that would tell. Look at the server yourself.")
        else:
            seen = await perform_all(self._hands(run), step.look(run))
            seen |= await perform_all(self._hands(run), step.saves(run, seen))
            finding = await self._think(step.found, run, seen)
        return found(run, runbook, finding, self._clock())

    async def _send(self, run: Run, runbook: Runbook, step: Step, plan: Plan) -> Change:
        """Carries out a launched plan. Once a command has changed something, no failure is a harmless one any more."""
        results: dict[str, Any] = {}
        written = False
        try:
            for name, act in plan.acts.items():
                # Before each act: somebody may have abandoned the run during the one before.
                await self._still_ours(run)
                results[name] = await self._hands(run).perform(act)
                written = written or (isinstance(act, Invoke) and act.command.writes)
            return settle(run, runbook, await self._judged(run, step, results), self._clock())
        except NeverSent as error:
            if not written:
                # No command was sent, so the attempt does not count.
                return self._retried(replace(run, attempt=run.attempt - 1), runbook, error)
            return self._doubtful(run, step, error.sentence)
        except CmdletFailed as error:
            if step.again or step.found is None:
                return stop(run, runbook, f"{_refused(error)} {step.half_way}".rstrip(), self._clock(), error.detail)
            return lose(run, f"{_refused(error)} It may have done a part.", self._clock(), error.detail)
        except OutcomeUnknown as error:
            return self._doubtful(run, step, error.sentence)
        except Stale:
            raise
        except BotError as error:
            if written:
                return self._doubtful(run, step, error.sentence)
            return stop(run, runbook, error.sentence, self._clock())
        except Exception as error:
            return self._doubtful(run, step, _fault(run, error))

    async def _judged(self, run: Run, step: Step, seen: Mapping[str, Any]) -> Verdict:
        """What the row says of what was seen; a question that needs no reading says nothing before it is answered."""
        if step.judge:
            return await self._think(step.judge, run, seen)
        return Verdict(Mark.PASS, "" if step.asks else f"{step.title}.")

    async def _still_ours(self, run: Run) -> None:
        """Nothing is sent for a run that was abandoned, or taken over, while this worker was busy. Raises Stale."""
        if not await self._runs.renew(run, self._clock() + self._lease_s):
            raise Stale(f"{run.id} was taken out of this worker's hands.")

    def _doubtful(self, run: Run, step: Step, sentence: str) -> Change:
        if step.again and run.tries < len(_WAITS_S):
            return retry(run, f"{sentence} It runs again by itself.", self._clock(), _WAITS_S[run.tries])
        return lose(run, sentence, self._clock())

    def _retried(self, run: Run, runbook: Runbook, error: BotError) -> Change:
        if run.tries >= len(_WAITS_S):
            return self._given_up(run, runbook, f"{error.sentence} It was tried {run.tries + 1} times.")
        return retry(run, f"{error.sentence} It is tried again by itself.", self._clock(), _WAITS_S[run.tries])

    async def _guarded(self, run: Run, runbook: Runbook, work: Callable[[], Any]) -> Any:
        """Failures here are harmless, so the row is tried again for a while, and then put to people.

        What it reads changes nothing, and what it does may be done twice.
        """
        try:
            return await work()
        except StoreAway:
            raise
        except (NeverSent, OutcomeUnknown) as error:
            return self._retried(run, runbook, error)
        except CmdletFailed as error:
            return self._given_up(run, runbook, _refused(error), error.detail)
        except BotError as error:
            return self._given_up(run, runbook, error.sentence)
        except Exception as error:
            return self._given_up(run, runbook, _fault(run, error))

    def _given_up(self, run: Run, runbook: Runbook, sentence: str, detail: str = "") -> Change:
        """The row is put to people; while nobody could look at a lost command, what it has done stays unknown."""
        if run.phase is Phase.LOOKING:
            return found(run, runbook, Finding(Found.UNKNOWN, sentence), self._clock())
        return stop(run, runbook, sentence, self._clock(), detail)


def _refused(error: CmdletFailed) -> str:
    """Without the server's own text, which may hold numbers: that opens in a form, for holders of the role."""
    return f"The server refused the command ({error.error_id or 'no error id'})."


def _fault(run: Run, error: Exception) -> str:
    """Told by kind and place only: the text of an unforeseen error may hold numbers of the deployment."""
    mark = secrets.token_hex(2)
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} in {place.name}, line {place.lineno} of {Path(place.filename).name}"
    log.error("Fault %s in run %s at %s: %s", mark, run.id, run.step, what)
    return f"Switchback itself failed here (fault {mark} in its log)."
