"""Performs the acts that rows plan: the only place that reaches for the deployment on a run's behalf."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

from bot.domain.backups.backup import Backup
from bot.domain.backups.checkup import Checkup
from bot.domain.errors import BadInput, CmdletFailed, Damaged, DriverError, Stale
from bot.domain.groups.agents import Agent
from bot.domain.groups.compare import contents, fingerprints
from bot.domain.groups.groups import Inventory
from bot.domain.runs.acts import (
    Act,
    Acts,
    Answers,
    Attempt,
    CheckBackups,
    Clock,
    Collect,
    Delete,
    Invite,
    ListBackup,
    Load,
    Pin,
    Put,
    Records,
    Stand,
    Supersede,
)
from bot.domain.runs.facts import KIND
from bot.domain.runs.moves import close
from bot.domain.runs.run import FOR_PEOPLE, Phase
from bot.drivers.base import Driver
from bot.exports.export_zip import read_inventory
from bot.hands.backups import Custody
from bot.hands.companions import Gathering, Uploads
from bot.hands.reading import Reading
from bot.hands.thinking import Think
from bot.stores import Stores

_GONE = "PathNotFound"
_REMEMBERED = 2
_ALL_OPEN = 10_000


class Performer(Protocol):
    """What the engine needs of whoever performs acts."""

    async def perform(self, act: Act) -> Any: ...

    def said(self) -> str:
        """What a server said last of the act that is performed now, in its own language; "" for nothing."""
        ...


class Checks(Protocol):
    """Whoever reads kept backups again; `bot.chores.checking` does."""

    async def pool(self, fqdn: str, now: float) -> Checkup: ...


class Hands:
    """Acts of one run against one deployment. Raises what the driver and the stores raise.

    They remember what was read of the newest exports, so they are let go with their run. `think` reads exports, `pools`
    (FQDNs) are all that are configured.
    """

    def __init__(
        self,
        driver: Driver,
        kept: Stores,
        uploads: Uploads,
        checks: Checks,
        clock: Callable[[], float],
        think: Think = asyncio.to_thread,
        pools: Iterable[str] = (),
    ) -> None:
        self._driver, self._checks, self._clock, self._think = driver, checks, clock, think
        self._backups, self._runs, self._notices = kept.backups, kept.runs, kept.notices
        self._agents = kept.agents
        self._inventories: dict[str, Inventory] = {}
        self._on = ""
        self._performers: Mapping[type, Callable[[Any], Awaitable[Any]]] = {
            Answers: self._answers,
            Attempt: self._attempt,
            CheckBackups: self._check_backups,
            Clock: self._time,
            Delete: self._delete,
            Invite: self._invite,
            Put: self._put,
            Collect: self._collect,
            Load: self._load,
            Records: self._records,
            Stand: self._stand,
            Supersede: self._supersede,
            **Reading(driver).performers,
            **Custody(kept.backups, kept.keepings, clock).performers,
            **Gathering(driver, kept.companions, uploads, clock, pools).performers,
        }

    async def perform(self, act: Act) -> Any:
        """The result that the act's docstring promises."""
        self._on = getattr(act, "on", "")
        return await self._performers[type(act)](act)

    def said(self) -> str:
        return self._driver.said(self._on)

    async def _attempt(self, act: Attempt) -> Any:
        try:
            return await self.perform(act.act)
        except DriverError as error:
            return error
        except (Damaged, BadInput) as error:
            if not act.kept:
                raise
            return error

    async def _check_backups(self, act: CheckBackups) -> Checkup:
        return await self._checks.pool(act.pool, self._clock())

    async def _time(self, act: Clock) -> float:
        return self._clock()

    async def _delete(self, act: Delete) -> None:
        await self._driver.delete(act.on, act.file)

    async def _put(self, act: Put) -> None:
        await self._driver.put(act.on, act.file, await self._backups.load(act.backup))

    async def _collect(self, act: Collect) -> tuple[Backup, Inventory]:
        kept, inventory = await self._brought(act)
        if act.because:
            await self.perform(Pin(act.backup, act.run, act.because))
        if act.listed and inventory.objects and all(item.owner == act.pool for item in inventory.objects):
            kept = await self.perform(ListBackup(act.backup))
        return kept, inventory

    async def _brought(self, act: Collect) -> tuple[Backup, Inventory]:
        known = await self._backups.find(act.backup)
        if known is not None:
            # Whoever kept it may have died before this.
            await self._attempt(Attempt(Delete(act.on, act.file)))
            return known, await self._load(Load(act.backup))
        try:
            data = await self._driver.fetch(act.on, act.file)
            digest, size = await self._driver.digest(act.on, act.file)
        except CmdletFailed:
            # A worker that stood still, and was taken for dead, may have kept it and deleted the file since.
            if (known := await self._backups.find(act.backup)) is None:
                raise
            return known, await self._load(Load(act.backup))
        try:
            inventory, prints, counts, digested = await self._think(read_in, data)
        except Damaged:
            if await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest()) == digest:
                raise
            raise Damaged(f"The export was damaged on its way from {act.on}. Nothing was kept.") from None
        backup = Backup(
            id=act.backup,
            pool=act.pool,
            source=act.on,
            taken_at=self._clock(),
            sha256=digest,
            size=size,
            counts=counts,
            contents=digested,
            run=act.run,
            settings=act.settings,
        )
        # It hashes what it keeps: that both ends agree is seen there, once, and before anything counts.
        await self._backups.save(backup, data, prints, listed=False)
        try:
            await self._driver.delete(act.on, act.file)
        except CmdletFailed as error:
            # The other one may have been here as well; what stays there for another reason is told.
            if error.error_id != _GONE:
                raise
        return backup, inventory

    async def _load(self, act: Load) -> Inventory:
        # Each time, since what a removal rests on must still be there; what it holds cannot change and is remembered.
        data = await self._backups.load(act.backup)
        if act.backup not in self._inventories:
            inventory = await self._think(read_inventory, data)
            while len(self._inventories) >= _REMEMBERED:
                self._inventories.pop(next(iter(self._inventories)))
            self._inventories[act.backup] = inventory
        return self._inventories[act.backup]

    async def _records(self, act: Records) -> Mapping[str, Any]:
        return await self._runs.records(act.pools)

    async def _stand(self, act: Stand) -> None:
        if act.sentence:
            await self._notices.say(act.key, act.sentence, self._clock())
        else:
            await self._notices.end(act.key, act.over, self._clock())

    async def _invite(self, act: Invite) -> None:
        await self._agents.invite(act.run, dict(act.agents))

    async def _answers(self, act: Answers) -> tuple[Agent, ...]:
        return await self._agents.known(act.run)

    async def _supersede(self, act: Supersede) -> tuple[str, ...]:
        ended = []
        for run in await self._runs.open(_ALL_OPEN):
            if (run.runbook, run.primary.fqdn, KIND.of(run)) != (act.runbook, act.pool, act.kind):
                continue
            if run.id == act.but:
                continue
            if act.only_stuck and run.phase not in FOR_PEOPLE:
                continue
            try:
                await self._runs.commit(close(run, Phase.SUPERSEDED, act.because, self._clock()), self._clock())
            except Stale:
                return await self._supersede(act)
            ended.append(run.id)
        return tuple(ended)


async def perform_all(performer: Performer, acts: Acts) -> dict[str, Any]:
    """Each act in order; results under the acts' names."""
    return {name: await performer.perform(act) for name, act in acts.items()}


def read_in(data: bytes) -> tuple[Inventory, dict[str, str], dict[str, int], str]:
    """What an export holds, the fingerprints of its objects, how many of each kind, and the digest of its contents."""
    inventory = read_inventory(data)
    prints = {f"{kind}/{name}": print_ for (kind, name), print_ in fingerprints(inventory).items()}
    counts = {str(kind): count for kind, count in inventory.counts().items()}
    return inventory, prints, counts, contents(inventory)
