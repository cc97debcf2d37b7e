"""Asks a server of a pool what it can do and how it stands: reads only, and nothing that a pool would feel."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.deployment.abilities import Abilities, Product, Use
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.topology import TEXT
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Row, service
from bot.domain.measures import numbered, sized
from bot.domain.model import Pool
from bot.drivers.base import Driver

ROOM = 1024**3
"""Bytes that have to be free where files are exchanged: some twenty large exports."""

HOP = "on our behalf; `docs/real-servers.md` §3"
"""Where it says how a server may act on the bot's behalf at another one."""

SURVEY = tuple(
    Use(cmdlet, frozenset(parameters), must=False)
    for cmdlet, parameters in (
        ("Get-CsServerVersion", ()),
        ("Get-CsRgsConfiguration", ("Identity",)),
        ("Get-CsBackupServiceStatus", ("PoolFqdn", "Category")),
        ("Get-CsPoolBackupRelationship", ("PoolFqdn",)),
        ("Get-CsRegistrarConfiguration", ("Filter",)),
        ("Get-CsManagementStoreReplicationStatus", ("CentralManagementStoreStatus",)),
        ("Get-CsService", ("EdgeServer",)),
    )
)
"""What `Asking` sends; a test compares."""

_REPLICATING = (Product.S4B_2019_CU1, Product.SUBSCRIPTION)


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
        found = Abilities(now, await self._version(), self.known)
        await self._reads_groups()
        await self._file_store()
        await self._folder()
        paired, replicates = await self._pair(found.product) if self.pool.backup_pool else ("", False)
        registrars = cmdlet("Get-CsRegistrarConfiguration", Filter=f"service:Registrar:{fqdn}")
        active = cmdlet("Get-CsManagementStoreReplicationStatus", CentralManagementStoreStatus=True)
        return Abilities(
            now,
            found.version,
            self.known,
            partner=paired,
            state=_value(await self._rows(registrars, ""), "PoolState"),
            store=_store(await self._rows(active, "")),
            edges=_edges(await self._rows(cmdlet("Get-CsService", EdgeServer=True), ""), fqdn),
            replicates=replicates,
            refused=tuple(self.refused),
        )

    async def _version(self) -> str:
        return _value(await self._rows(cmdlet("Get-CsServerVersion"), "does not say its version"), TEXT)

    async def _pair(self, product: Product) -> tuple[str, bool]:
        """Its backup pool by its own word, and whether groups are replicated there (facts: lync §7)."""
        status = {"PoolFqdn": self.pool.fqdn}
        backed_up = await self._rows(cmdlet("Get-CsBackupServiceStatus", **status), _NOT_ADMIN)
        if backed_up and product in _REPLICATING:
            backed_up = await self._rows(cmdlet("Get-CsBackupServiceStatus", **status, Category="RGS"), "")
        paired = await self._rows(cmdlet("Get-CsPoolBackupRelationship", **status), "")
        return _value(paired, "BackupPoolFqdn").lower(), _replicates(backed_up)

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
        if command.name not in self.known:
            return ()
        try:
            return await self.driver.invoke(self.pool.fqdn, command)
        except CmdletFailed as no:
            self._no(otherwise or f"does not answer {command.name}", no)
            return ()

    def _no(self, what: str, no: CmdletFailed) -> None:
        """What is no endpoint of the kind that is configured would say so of everything."""
        if no.error_id.startswith(_NO_SCRIPTS):
            raise no
        self.refused.append(f"{self.name} {what} ({no.error_id[:120]}).")


_NO_SCRIPTS = "ScriptsNotAllowed"
_NOT_ADMIN = "does not tell of its Backup Service: the bot's account has to be in RTCUniversalServerAdmins"


def _value(rows: tuple[Row, ...], key: str) -> str:
    return str(rows[0].get(key) or "") if rows else ""


def _store(rows: tuple[Row, ...]) -> str | None:
    """Empty when nobody said anything; None when it was said that it is active nowhere."""
    if not rows:
        return ""
    found = {name.casefold(): value for name, value in rows[0].items()}
    return str(found.get("activemasterfqdn") or "").lower() or None


def _edges(rows: tuple[Row, ...], fqdn: str) -> tuple[str, ...]:
    """The Edge pools whose Registrar is this pool."""
    hops = ((str(row.get("PoolFqdn") or ""), str(row.get("Registrar") or "")) for row in rows)
    return tuple(sorted(edge for edge, hop in hops if hop.rpartition(":")[2].casefold() == fqdn))


def _replicates(rows: tuple[Row, ...]) -> bool:
    modules = [one for row in rows for one in row.get("BackupModules", ()) if "RGS" in str(one.get("Identity"))]
    return any(one.get("ExportStatus") != "NotInitialized" for one in modules)
