"""What rows of cmdlets say, as values: where a pool stands, who has Central Management, which modules are at rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.deployment.properties import NAMES, Names
from bot.domain.groups.groups import Row

_MODULES: Mapping[str, str] = {
    "UserServices.PresenceFocus": "Users and their meetings",
    "ConfServices.DataConf": "Contents of conferences",
    "CentralMgmt.CMSMaster": "Central Management",
    "ApplicationServer.RGSDataStore": "Response Groups",
    "ApplicationServer.RGSFileStore": "Recordings of Response Groups",
}
_EXPORTS: Mapping[str, str] = {
    "FinalState": "all of it has arrived",
    "SteadyState": "it keeps up",
    "NonSteadyState": "it falls behind, and what waits is growing",
    "NotInitialized": "off",
    "ErrorState": "it fails",
}
_MAY_BE_OFF = ("CentralMgmt.", "ApplicationServer.")
"""Off where Central Management is elsewhere, and where Response Groups are not replicated."""

_OFF: Mapping[str, str] = {
    "CentralMgmt.CMSMaster": "not copied from here, which is usual while it is active elsewhere",
    "ApplicationServer.RGSDataStore": "not copied by the Backup Service, which is usual",
    "ApplicationServer.RGSFileStore": "not copied by the Backup Service, which is usual",
}


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the Backup Service, in the direction that was asked (facts: lync §1.6)."""

    identity: str
    export: str
    imports: str

    @property
    def at_rest(self) -> bool:
        """Whether everything has arrived, or arrives with the next batch."""
        return self.export in ("FinalState", "SteadyState") and self.imports == "NormalState"

    @property
    def is_on(self) -> bool:
        return self.export != "NotInitialized"

    @property
    def is_well(self) -> bool:
        """Whether nobody has to look: at rest, or off where that is usual."""
        return self.at_rest or (not self.is_on and self.identity.startswith(_MAY_BE_OFF))

    @property
    def words(self) -> str:
        """In words for people; a state that no page names is told as it is."""
        state = _OFF.get(self.identity) if not self.is_on else None
        state = state or _EXPORTS.get(self.export, f"“{self.export}”")
        refused = "" if self.imports == "NormalState" else ", and the backup pool cannot take it in"
        return f"{_MODULES.get(self.identity, self.identity)}: {state}{refused}"


@dataclass(frozen=True, slots=True)
class Store:
    """Where Central Management is active, and whose agent sends it to the replicas; empty: nowhere."""

    master: str
    agent: str

    @property
    def works(self) -> bool:
        return bool(self.master) and self.master == self.agent


def value(row: Row, name: str) -> str:
    """A property as text, however its name is spelled; empty where the row has none."""
    return str(next((kept for key, kept in row.items() if key.casefold() == name.casefold()), None) or "")


def machines(rows: Iterable[Row]) -> tuple[str, ...]:
    """Get-CsPool: the servers of a pool."""
    return tuple(str(one).lower() for row in rows for one in _listed(row.get("Computers")))


def backup_pool(rows: Iterable[Row], names: Names = NAMES) -> str:
    """Get-CsPoolBackupRelationship; empty where nothing was said."""
    return next((value(row, names.backup_pool).lower() for row in rows), "")


def store_of(rows: Iterable[Row]) -> Store | None:
    """Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus; None where nothing was said."""
    found = ((value(row, "ActiveMasterFqdn"), value(row, "ActiveFileTransferAgents")) for row in rows)
    return next((Store(master.lower(), agent.lower()) for master, agent in found), None)


def active_stores(rows: Iterable[Row], names: Names = NAMES) -> tuple[str, ...]:
    """Get-CsService -CentralManagement: each pool on which it is active; more than one should never be (§0.20)."""
    return tuple(value(row, "PoolFqdn").lower() for row in rows if value(row, names.active) == "True")


def replicas_behind(rows: Iterable[Row]) -> tuple[str, ...]:
    """Get-CsManagementStoreReplicationStatus: the machines whose replica is not up to date."""
    return tuple(value(row, "ReplicaFqdn").lower() for row in rows if value(row, "UpToDate") != "True")


def edges_with_hop(rows: Iterable[Row], fqdn: str, names: Names = NAMES) -> tuple[str, ...]:
    """Get-CsService -EdgeServer: the Edge pools whose next hop is this pool, in order."""
    hops = ((value(row, names.edge_pool).lower(), _host(value(row, names.next_hop))) for row in rows)
    return tuple(sorted(edge for edge, hop in hops if hop == fqdn.lower()))


def edge_pools(rows: Iterable[Row]) -> tuple[str, ...]:
    """Get-CsService -EdgeServer: every Edge pool, by its identity, in order."""
    return tuple(sorted({_host(value(row, "Identity")) for row in rows} - {""}))


def tells_hops(rows: Iterable[Row], names: Names = NAMES) -> bool:
    """Get-CsService -EdgeServer: whether it shows the next hop of each under the name that is known of it."""
    return all(value(row, names.next_hop) for row in rows)


def sql_server(rows: Iterable[Row], names: Names = NAMES) -> str:
    """Get-CsManagementConnection: the SQL Server on which Central Management lies; empty where it is not shown."""
    return next((value(row, names.sql_server).lower() for row in rows), "")


def routes(rows: Iterable[Row], *, xmpp: bool = False) -> Mapping[str, str]:
    """Get-CsSite: the Edge pool of each site's federation route, by the bare name of the site; empty: there is none."""
    return {value(row, "Identity").rpartition(":")[2]: route((row,), xmpp=xmpp) for row in rows}


def modules(rows: Iterable[Row]) -> tuple[Module, ...]:
    """Get-CsBackupServiceStatus."""
    return tuple(
        Module(value(one, "Identity"), value(one, "ExportStatus"), value(one, "ImportStatus"))
        for row in rows
        for one in _listed(row.get("BackupModules"))
    )


def services_stopped(rows: Iterable[Row], names: Names = NAMES) -> tuple[str, ...]:
    """Get-CsWindowsService: those that do not run, by name."""
    return tuple(value(row, names.service) for row in rows if value(row, names.service_status) != "Running")


def route(rows: Iterable[Row], *, xmpp: bool = False) -> str:
    """Get-CsSite: the Edge pool of the site's federation route; empty where there is none."""
    return next((_host(value(row, "XmppFederationRoute" if xmpp else "FederationRoute")) for row in rows), "")


def principals(rows: Iterable[Row]) -> Mapping[str, str]:
    """Get-CsDatabaseMirrorState: which server is principal, by database: Primary, Mirror, or empty without a mirror."""
    return {value(row, "DatabaseName"): _principal(row) for row in rows}


def living_on(rows: Iterable[Row], name: str, fqdn: str) -> tuple[str, ...]:
    """Identities of the rows whose property (one of `Names`) leads to this pool: a bare FQDN, or a service on it."""
    return tuple(value(row, "Identity") for row in rows if _host(value(row, name)) == fqdn.lower())


def is_online(rows: Iterable[Row], names: Names = NAMES) -> bool:
    """Get-CsUserDatabaseState: every row says so, and there is one."""
    said = [value(row, names.is_online) for row in rows]
    return bool(said) and set(said) == {"True"}


def _principal(row: Row) -> str:
    for server in ("Primary", "Mirror"):
        if value(row, f"StateOn{server}").casefold() == "principal":
            return server
    return ""


def _host(identity: str) -> str:
    """The FQDN at the end of an identity such as `Registrar:pool.contoso.com`."""
    return identity.rpartition(":")[2].lower()


def _listed(value: object) -> Iterable[Any]:
    return value if isinstance(value, tuple | list) else ()
