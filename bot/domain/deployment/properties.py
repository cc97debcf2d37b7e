"""The names of properties that the cmdlets' pages do not show, in one place, so that real ones can take their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.groups.groups import Row


@dataclass(frozen=True, slots=True)
class Names:
    """Each is read without regard to case. Of none is it known for certain what a real server calls it.

    `backup_pool` of Get-CsPoolBackupRelationship; `edge_pool` and `next_hop` of Get-CsService -EdgeServer; `active` of
    Get-CsService -CentralManagement; `sql_server` and `sql_instance` of Get-CsManagementConnection; `service` and
    `service_status` of Get-CsWindowsService; `is_online` of Get-CsUserDatabaseState; `users_pool` of Get-CsUser and
    Get-CsApplicationEndpoint; `directory_service` of Get-CsConferenceDirectory; `orbit_service` of Get-CsCallParkOrbit;
    `range_service` and `range_announcement` of Get-CsUnassignedNumber; `primary` and `backup` of Get-CsUserPoolInfo.
    """

    backup_pool: str = "BackupPoolFqdn"
    edge_pool: str = "PoolFqdn"
    next_hop: str = "Registrar"
    active: str = "Active"
    sql_server: str = "SqlServer"
    sql_instance: str = "SqlInstance"
    service: str = "Name"
    service_status: str = "Status"
    is_online: str = "Online"
    users_pool: str = "RegistrarPool"
    directory_service: str = "ServiceId"
    orbit_service: str = "CallParkServiceId"
    range_service: str = "AnnouncementServiceId"
    range_announcement: str = "AnnouncementName"
    primary: str = "PrimaryPoolFqdn"
    backup: str = "BackupPoolFqdn"


NAMES = Names()

SHOWN_BY: Mapping[str, tuple[str, ...]] = {
    "backup_pool": ("Get-CsPoolBackupRelationship",),
    "edge_pool": ("Get-CsService",),
    "next_hop": ("Get-CsService",),
    "active": ("Get-CsService",),
    "sql_server": ("Get-CsManagementConnection",),
    "sql_instance": ("Get-CsManagementConnection",),
    "service": ("Get-CsWindowsService",),
    "service_status": ("Get-CsWindowsService",),
    "is_online": ("Get-CsUserDatabaseState",),
    "users_pool": ("Get-CsUser", "Get-CsApplicationEndpoint"),
    "directory_service": ("Get-CsConferenceDirectory",),
    "orbit_service": ("Get-CsCallParkOrbit",),
    "range_service": ("Get-CsUnassignedNumber",),
    "range_announcement": ("Get-CsUnassignedNumber",),
    "primary": ("Get-CsUserPoolInfo",),
    "backup": ("Get-CsUserPoolInfo",),
}
"""The cmdlets whose answers have it."""


_ONLY_WITH = {"edge_pool": "EdgeServer", "next_hop": "EdgeServer", "active": "CentralManagement"}
"""The switch without which a cmdlet shows something else."""


def not_shown(rows: Sequence[Row], command: Cmdlet) -> Iterator[str]:
    """The fields of `Names` that an answer should have, and has not: nothing can be read from it then."""
    for key, cmdlets in SHOWN_BY.items():
        switch = _ONLY_WITH.get(key)
        if rows and command.name in cmdlets and (switch is None or command.get(switch)):
            name = getattr(NAMES, key).casefold()
            if not any(name == shown.casefold() for row in rows for shown in row):
                yield key


def as_we_name_them(rows: Iterable[Row], command: str, theirs: Mapping[str, str]) -> Iterator[Row]:
    """The rows under our names, where `theirs` has, by the fields of `Names`, what a real server calls a property."""
    ours = {name.casefold(): getattr(NAMES, key) for key, name in theirs.items() if command in SHOWN_BY[key]}
    for row in rows:
        yield {ours.get(key.casefold(), key): value for key, value in row.items()} if ours else row
