"""Everything that is kept, over one Redis: opened as the settings say, made once, handed to whoever needs a part."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time as now_here
from typing import Protocol

from redis.asyncio import Redis

from bot.domain.errors import BadInput
from bot.domain.runs.run import Run
from bot.runbooks import knows
from storage import embedded
from storage.abilities import KnownAbilities
from storage.account_links import AccountLinks
from storage.agents import Agents
from storage.answers import KnownAnswers
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.backups.off_site import OffSiteCopies
from storage.backups.restore_state import RestoreStates
from storage.cards import Cards
from storage.companions import Companions
from storage.connect import connect
from storage.dates import Dates
from storage.forgotten import Forgotten
from storage.moves import Moves
from storage.notices import Notices
from storage.readings import KnownReadings
from storage.redis_time import RedisTime
from storage.runs import Runs
from storage.schedules import Schedules, Watches
from storage.served import Served
from storage.server import refuse_unfit, refuse_unwritable
from storage.sign_ins import SignIns
from storage.turns import Turns
from storage.vault.records import Room, sealed_with
from storage.vault.sealing import PLAIN, Keyring, parse
from storage.waits import Waits


class StorePlace(Protocol):
    """Where all of it lies, as the settings say: `redis_url`, or else the embedded server's folder `data`."""

    @property
    def redis_url(self) -> str: ...
    @property
    def redis_server_bin(self) -> str: ...
    @property
    def data(self) -> str: ...
    @property
    def backup_keys(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Stores:
    """One of each, over the same client."""

    client: Redis
    runs: Runs
    moves: Moves
    backups: Backups
    keepings: Keepings
    companions: Companions
    off_site: OffSiteCopies
    states: RestoreStates
    cards: Cards
    notices: Notices
    schedules: Schedules
    turns: Turns
    watches: Watches
    time: RedisTime
    dates: Dates
    served: Served
    forgotten: Forgotten
    links: AccountLinks
    abilities: KnownAbilities
    readings: KnownReadings
    answers: KnownAnswers
    sign_ins: SignIns
    agents: Agents
    waits: Waits

    async def takes_writes(self) -> bool:
        """Raises StoreAway while it does not."""
        await refuse_unwritable(self.client)
        return True


def stores_of(place: StorePlace, client: Redis, clock: Callable[[], float] = now_here) -> Stores:
    """`clock` is this machine's own (seconds since the epoch)."""
    folder = None if place.redis_url else Path(place.data)
    room = embedded.room(folder) if folder else None
    return stores_over(client, parse(place.backup_keys), room, clock, by_redis=True, folder=folder)


def stores_over(
    client: Redis,
    keyring: Keyring = PLAIN,
    room: Room | None = None,
    clock: Callable[[], float] = now_here,
    knows: Callable[[Run], bool] = knows,
    by_redis: bool = False,
    folder: Path | None = None,
) -> Stores:
    """What is kept is sealed with the keyring; `room` tells how many bytes are free on the disk of this Redis.

    `knows` says whether this version can go on with a run. `by_redis`: pieces are dated by Redis' clock, whatever
    `clock` says. `folder` is that of the embedded server, if it is one.
    """
    time = RedisTime(client, clock)
    backups = Backups(client, keyring, room, time if by_redis else clock)
    runs, keepings, schedules = Runs(client, knows), Keepings(client), Schedules(client)
    return Stores(
        client=client,
        runs=runs,
        moves=Moves(client, runs),
        backups=backups,
        keepings=keepings,
        companions=Companions(client, backups.pieces, room),
        off_site=OffSiteCopies(client),
        states=RestoreStates(runs, schedules, backups, keepings),
        cards=Cards(client),
        notices=Notices(client),
        schedules=schedules,
        turns=Turns(client),
        watches=Watches(client),
        time=time,
        dates=Dates(client),
        served=Served(client, folder),
        forgotten=Forgotten(client),
        links=AccountLinks(client),
        abilities=KnownAbilities(client),
        readings=KnownReadings(client),
        answers=KnownAnswers(client),
        sign_ins=SignIns(client),
        agents=Agents(client),
        waits=Waits(client),
    )


@asynccontextmanager
async def store(place: StorePlace) -> AsyncIterator[Redis]:
    """A client of the configured Redis, or of the embedded one, which then ends with this process.

    Raises BadInput for a server that nothing can be kept in, and when the configured keys cannot open what is there.
    """
    server, keyring = None, parse(place.backup_keys)
    if not place.redis_url:
        server = await embedded.start(Path(place.data), binary=place.redis_server_bin or None)
    client = connect(place.redis_url or (server.url if server else ""))
    try:
        await refuse_unfit(client)
        if sentence := keyring.lacks(await sealed_with(client)):
            raise BadInput(sentence)
        yield client
    finally:
        await client.aclose()
        if server:
            await server.close()
