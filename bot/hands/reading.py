"""Performs the acts that send commands to a pool, and makes of its answers what they mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.server_state import ServerState
from bot.domain.errors import BadInput, BotError, Damaged, DriverError
from bot.domain.groups.groups import Inventory, Kind, RgsObject, Row, ServiceSettings, service
from bot.domain.runs.acts import Invoke, ReadGroups, ReadSettings, ReadState, Survey
from bot.drivers.base import Driver
from bot.hands.parting import SLICE
from bot.hands.sight import asker, stands
from bot.hands.thinking import paced


class Reading:
    """What a deployment tells. `performers` are its acts, each with what performs it."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.performers: Mapping[type, Callable[[Any], Awaitable[Any]]] = {
            Invoke: self._invoke,
            ReadGroups: self._read_groups,
            ReadSettings: self._read_settings,
            ReadState: self._read_state,
            Survey: self._survey,
        }

    async def _invoke(self, act: Invoke) -> tuple[Row, ...]:
        return await self._driver.invoke(act.on, act.command)

    async def _read_groups(self, act: ReadGroups) -> Inventory:
        where = service(act.pool) if act.pool else None
        owner = service(act.owner) if act.owner else None
        found: list[RgsObject] = []
        for kind in Kind:
            command = cmdlet(f"Get-CsRgs{kind}", Identity=where, Owner=owner, ShowAll=act.show_all or None)
            slices, _ = await paced(_objects(kind, await self._driver.invoke(act.on, command)))
            found += chain.from_iterable(slices)
        return Inventory(tuple(found))

    async def _read_settings(self, act: ReadSettings) -> ServiceSettings:
        rows = await self._driver.invoke(act.on, cmdlet("Get-CsRgsConfiguration", Identity=service(act.pool)))
        if not rows:
            raise Damaged(f"{act.pool} gave no Response Group settings. The account may not be allowed to read them.")
        return ServiceSettings.from_row(rows[0])

    async def _read_state(self, act: ReadState) -> ServerState:
        """A server that refuses both has not said anything; one that does not answer raises as ever."""
        return await stands(asker(self._driver, act.on), act.pool)

    async def _survey(self, act: Survey) -> Inventory | BotError:
        try:
            held = await self._read_groups(ReadGroups(act.pool, act.pool, show_all=True))
            return replace(held, settings=await self._read_settings(ReadSettings(act.pool, act.pool)))
        except (DriverError, Damaged, BadInput) as error:
            return error


def _objects(kind: Kind, rows: Sequence[Row]) -> Generator[list[RgsObject], None, None]:
    for at in range(0, len(rows), SLICE):
        yield [RgsObject.from_row(kind, row) for row in rows[at : at + SLICE]]
