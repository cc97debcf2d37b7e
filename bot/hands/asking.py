"""Asks a server of a pool what it can do, and whether it tells how it stands; nothing that a pool would feel."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.deployment.abilities import Abilities, Use
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.properties import not_shown
from bot.domain.deployment.readings import backup_pool, value
from bot.domain.deployment.topology import TEXT
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Row, service
from bot.domain.measures import numbered, sized
from bot.domain.model import Pool
from bot.drivers.base import Driver
from bot.hands.sight import SIGHT, look

ROOM = 1024**3
"""Bytes that have to be free where files are exchanged: some twenty large exports."""

HOP = "on our behalf; `docs/real-servers.md` §3"
"""Where it says how a server may act on the bot's behalf at another one."""

SURVEY = (
    Use("Get-CsServerVersion", must=False),
    Use("Get-CsRgsConfiguration", frozenset({"Identity"}), must=False),
    Use("Get-CsPoolBackupRelationship", frozenset({"PoolFqdn", "LocalStore"}), must=False),
    *SIGHT,
)
"""What `Asking` sends; a test compares."""


@dataclass(slots=True)
class Asking:
    """What one server was asked, which people know by this `name`.

    It `makes` the folder of exports where that is missing. `well` and `refused` have a sentence for each thing that it
    can do, or cannot.
    """

    driver: Driver
    pool: Pool
    name: str
    makes: bool = False
    well: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    known: dict[str, frozenset[str]] = field(default_factory=dict)

    async def ask(self, now: float) -> Abilities:
        """Raises DriverError when it does not answer: NeverSent, OutcomeUnknown, or a CmdletFailed of the first."""
        fqdn = self.pool.fqdn
        self.known = dict(await self.driver.parameters(fqdn))
        version = await self._version()
        await self._reads_groups()
        await self._file_store()
        await self._folder()
        async for seen in look(self._read, self.pool, fqdn, now):
            local = None if seen.store is None or seen.store.master else True
        paired = await self._paired(local) if self.pool.backup_pool else ""
        return Abilities(now, version, self.known, partner=paired, refused=tuple(self.refused))

    async def _version(self) -> str:
        rows = await self._rows(cmdlet("Get-CsServerVersion"), "does not say its version")
        return value(rows[0], TEXT) if rows else ""

    async def _paired(self, local: bool | None) -> str:
        """Its backup pool by its own word."""
        relation = cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=self.pool.fqdn, LocalStore=local)
        return backup_pool(await self._rows(relation, ""))

    async def _reads_groups(self) -> None:
        """Settings lie in SQL: the harmless read that needs the second hop."""
        command = cmdlet("Get-CsRgsConfiguration", Identity=service(self.pool.fqdn))
        if await self._rows(command, f"cannot read its Response Groups from SQL {HOP}"):
            self.well.append(f"{self.name} reads its Response Groups from SQL on our behalf.")

    async def _file_store(self) -> None:
        if not self.pool.file_store:
            return
        try:
            count = len(await self.driver.files(self.pool.fqdn, self.pool.file_store))
        except CmdletFailed as no:
            self._no("cannot reach its file share on our behalf; `docs/real-servers.md` §3", no)
        else:
            self.well.append(f"{self.name} reaches its file share on our behalf: {numbered(count, 'file')}.")

    async def _folder(self) -> None:
        path = self.pool.folder
        try:
            folder = await self.driver.folder(self.pool.fqdn, path, self.makes)
        except CmdletFailed as no:
            self._no(
                f"has no folder {path} that the bot's account can see: make it there, or register its endpoint again",
                no,
            )
            return
        if not folder.is_writable:
            full = "its disk is full" if folder.free == 0 else "the bot's account may not"
            self.refused.append(f"{self.name} does not let a file be written into {path}: {full}.")
        elif folder.free < ROOM:
            left = f"only {sized(folder.free)} free, and {sized(ROOM)} should be"
            self.refused.append(f"{self.name} has little room in {path}: {left}.")
        else:
            self.well.append(f"{self.name} lets files be written into {path}, {sized(folder.free)} free.")

    async def _rows(self, command: Cmdlet, otherwise: str) -> tuple[Row, ...]:
        """Nothing where the cmdlet is not there, which is told as such; `otherwise` is said when it is refused."""
        return await self._read(command, otherwise) or ()

    async def _read(self, command: Cmdlet, otherwise: str = "") -> tuple[Row, ...] | None:
        if command.name not in self.known:
            return None
        try:
            rows = await self.driver.invoke(self.pool.fqdn, command)
            missing = not_shown(rows, command)
            self.refused += [_NOT_SHOWN.format(name=self.name, key=key, command=command.name) for key in missing]
            return rows
        except CmdletFailed as no:
            self._no(otherwise or _REFUSED.get(command.name, f"does not answer {command.name}"), no)
            return None

    def _no(self, what: str, no: CmdletFailed) -> None:
        """What is no endpoint of the kind that is configured would say so of everything."""
        if no.error_id.startswith(_NO_SCRIPTS):
            raise no
        self.refused.append(f"{self.name} {what} ({no.error_id[:120]}).")


_NOT_SHOWN = (
    "{name}: {command} does not show what Switchback reads as `{key}`, so people are asked instead. Look what it is "
    "called there, and name it under [properties]."
)
_NO_SCRIPTS = "ScriptsNotAllowed"
_REFUSED = {
    "Get-CsBackupServiceStatus": (
        "does not tell of its Backup Service: the bot's account has to be in RTCUniversalServerAdmins"
    )
}
