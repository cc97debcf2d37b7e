"""One state at a time, moved by the bot's own decisions: real presses, real work, real hands over stores in memory."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bot.directory.holders import EVERYBODY
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.errors import CmdletFailed, DriverError
from bot.domain.groups.groups import Inventory, Row
from bot.domain.model import Person, Who
from bot.domain.runs.moves import claim, open_run
from bot.domain.runs.opening import Estate, Stand, begin
from bot.domain.runs.press import Press, press
from bot.domain.runs.run import FOR_PEOPLE, Change, Run
from bot.domain.runs.runbook import Runbook
from bot.drivers.simulated import SimulatedDriver
from bot.exports.export_zip import read_inventory
from bot.hands.hands import Hands, read_in
from bot.work import Work
from tests.walk.memory import Memory, State

T = TypeVar("T")

NOW = 1_795_000_000.0
LEASE_S = 60.0
REFUSED, DIED_BEFORE, DIED_AFTER = "refused", "the bot died before it was sent", "the bot died after it was sent"
STRIKING = (
    REFUSED,
    DIED_BEFORE,
    DIED_AFTER,
    *(kind for kind in FaultKind if kind not in ("pool down", "slow command")),
)
"""What may become of a command beside its work, every fault that the simulated deployment knows among it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A command that can change the deployment, as it went out: from which run, and the deployment around it."""

    run: Run
    on: str
    command: Cmdlet
    before: World
    after: World


class Died(BaseException):
    """The process of the bot ends here."""


class Scene:
    """Does one thing to one state and gives the next. `sent` and `read` are the commands of the last one."""

    def __init__(self, runbooks: Mapping[str, Runbook], estate: Estate, start: State) -> None:
        self.runbooks, self.estate = runbooks, estate
        self._memory, self._loop, self._now = Memory(start), _Loop(), NOW
        self._driver, self.ended = _Struck(self._memory), None
        self._work = Work(
            self._memory.runs,
            runbooks,
            lambda run: self._hands,
            self._commit,
            lambda: self._now,
            LEASE_S,
            EVERYBODY,
            thought,
        )

    @property
    def sent(self) -> tuple[Sent, ...]:
        return tuple(self._driver.sent)

    @property
    def read(self) -> tuple[tuple[str, Cmdlet], ...]:
        return tuple(self._driver.read)

    def close(self) -> None:
        self._loop.close()

    def started(self, state: State, runbook: str, pool: str, person: Person) -> State:
        """Raises BadInput where the run cannot be opened, Held while another one holds its pools."""
        stands = {fqdn: Stand(record) for fqdn, record in state.records.items()}
        name = f"run{state.started + 1}"
        book, pools = self.runbooks[runbook], self.estate.pools
        alone = next((one for fqdn, one in pools.items() if fqdn not in self.estate.pairs), None)
        by, third = Who.person(person), alone if book.replaces else None
        run = begin(name, book, pools[pool], self.estate, stands, by, NOW, replacement=third)
        change = open_run(run, self.runbooks[runbook], NOW)
        return replace(self._written(state, change), started=state.started + 1)

    def pressed(self, state: State, choice: str, form: Mapping[str, str], person: Person) -> State:
        """Raises NotAllowed, Stale or BadInput, as a press does."""
        run = state.run
        assert run is not None
        change = press(run, self.runbooks[run.runbook], Press(run.step, choice, run.question, form), person, NOW)
        return self._written(state, change)

    def worked(self, state: State, luck: str = "", turn: int = 0) -> State:
        """The row at which the run stands, until it is left or waits; with `luck` for the command of that turn."""
        self._driver.armed = (luck, turn)
        try:
            return self._done(state, self._row())
        except Died:
            return self._memory.state
        finally:
            self._driver.armed = ("", 0)

    async def _row(self) -> None:
        run, self._hands = self._memory.state.run, self._new_hands()
        while run is not None and run.due is not None and run.phase not in FOR_PEOPLE:
            self._now = max(NOW, run.due)
            claimed = claim(run, self.runbooks[run.runbook], self._now, LEASE_S)
            assert claimed is not None, "a run that is due is claimed"
            run = await self._work.on(await self._commit(Change(claimed)))
            if run.due is None or run.due <= self._now:
                return

    def _new_hands(self) -> Hands:
        return Hands(self._driver, self._memory, None, None, lambda: NOW, thought)  # type: ignore[arg-type]

    async def _commit(self, change: Change) -> Run:
        run = await self._memory.runs.commit(change, self._now)
        self.ended = None if run.is_open else run
        return run

    def _done(self, state: State, work: Coroutine[Any, Any, object]) -> State:
        self._memory.state, self._now = state, NOW
        self._driver.sent, self._driver.read, self.ended = [], [], None
        self._loop.run_until_complete(work)
        return self._memory.state

    def _written(self, state: State, change: Change) -> State:
        """Without a loop: nothing is waited for."""
        self._memory.state, self._now = state, NOW
        self._driver.sent, self._driver.read, self.ended = [], [], None
        with suppress(StopIteration):
            self._commit(change).send(None)
        return self._memory.state


class _Struck(SimulatedDriver):
    """The simulated deployment, which writes down what is sent, and does to one command what luck has in store."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory.worlds, clock=lambda: NOW)
        self._memory = memory
        self.armed = ("", 0)
        self.sent: list[Sent] = []
        self.read: list[tuple[str, Cmdlet]] = []

    async def fetch(self, pool: str, file: str) -> bytes:
        """The same bytes for the same contents: packed once."""
        live = self._memory.state.world.pools[pool]
        there = live.file(file) if live.up else None
        if there is None or there.inventory is None or there.raw:
            return await super().fetch(pool, file)
        contents = (tuple(map(id, there.inventory.objects)), repr(there.inventory.settings))
        if contents not in _PACKED:
            _PACKED[contents] = (there.inventory, await super().fetch(pool, file))
        return _PACKED[contents][1]

    async def _told(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        """What a world tells it always tells, so it is asked once."""
        world = self._memory.state.world
        asked = (id(world), pool, command)
        if asked not in _TOLD:
            try:
                _TOLD[asked] = (world, await super().invoke(pool, command))
            except DriverError as error:
                _TOLD[asked] = (world, error)
        answer = _TOLD[asked][1]
        if isinstance(answer, DriverError):
            raise answer
        return answer

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        if not command.writes:
            self.read.append((pool, command))
            return await self._told(pool, command)
        luck, turn = self.armed
        luck = luck if turn == len(self.sent) else ""
        run, before = self._memory.state.run, self._memory.state.world
        assert run is not None
        self.sent.append(Sent(run, pool, command, before, before))
        if luck == REFUSED:
            raise CmdletFailed(f"{command.name} : Access denied.", error_id=f"AccessDenied,{command.name}")
        if luck == DIED_BEFORE:
            raise Died
        if luck in tuple(FaultKind):
            self._memory.change(world=before.with_fault(Fault(FaultKind(luck), pool, command.name)))
        try:
            rows = await super().invoke(pool, command)
        finally:
            after = replace(self._memory.state.world, faults=(), effects=(), effect_count=0)
            self._memory.change(world=after)
            self.sent[-1] = replace(self.sent[-1], after=after)
        if luck == DIED_AFTER:
            raise Died
        return rows


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose time passes as soon as there is nothing else to do, and which waits for no thread."""

    def __init__(self) -> None:
        self._nothing = _Nothing()
        super().__init__(self._nothing)

    def time(self) -> float:
        return self._nothing.passed

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """At once. What is made of bytes alone is remembered: they say all."""
        done = self.create_future()
        work, *given = getattr(func, "args", (func,))
        try:
            if len(given) == 1 and isinstance(given[0], bytes):
                if (work, given[0]) not in _READ:
                    _READ[work, given[0]] = func(*args)
                done.set_result(_READ[work, given[0]])
            else:
                done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


class _Nothing(selectors.SelectSelector):
    passed = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.passed += max(0.0, timeout or 0.0)
        return []


_READ: dict[tuple[Callable[..., Any], bytes], Any] = {}
_TOLD: dict[tuple[int, str, Cmdlet], tuple[World, tuple[Row, ...] | DriverError]] = {}
_PACKED: dict[tuple[tuple[int, ...], str], tuple[Inventory, bytes]] = {}


async def thought(work: Callable[..., T], /, *args: Any) -> T:
    """Worked out at once; an export that was read before is remembered, since its bytes say all."""
    if work not in (read_in, read_inventory):
        return work(*args)
    if (work, args[0]) not in _READ:
        _READ[work, args[0]] = work(*args)
    return _READ[work, args[0]]
