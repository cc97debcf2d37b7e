"""What the machines of a pool run, and how its databases stand: Windows services, mirrors, the state of users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.domain.deployment.cmdlets import Cmdlet, refuse
from bot.domain.deployment.named import only_asked, pool_of, reachable
from bot.domain.deployment.neighbours import Answer
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.told import rows_of
from bot.domain.deployment.world import LivePool, World

REPLICA, FILE_TRANSFER, BACKUP = "REPLICA", "FTA", "LYNCBACKUP"

SERVICES = ("RTCSRV", "RTCRGS", "RTCCPS", "RTCDATAMCU", REPLICA, "MASTER", FILE_TRANSFER, BACKUP)
"""Documented choice: the Windows services that a simulated Front End has, by the names that they have there."""

TYPES: Mapping[str, tuple[str, ...]] = {
    "2013": ("App", "Archiving", "CMS", "Monitoring", "Provision", "User"),
    "2015": ("Application", "Archiving", "CentralMgmt", "Monitoring", "User"),
}
"""What -DatabaseType of Get-CsDatabaseMirrorState takes, by version (facts: recovery §0.13: the pages disagree)."""

_LONG = {"app": "Application", "cms": "CentralMgmt"}
NOT_MIRRORED = "DatabaseInaccessibleOrMirroringNotEnabled"
_GROUPS = "Application"
_OTHER = {"Primary": "Mirror", "Mirror": "Primary"}


def _machine(world: World, server: LivePool, command: Cmdlet) -> tuple[LivePool, str]:
    """The machine that -ComputerName names, or the server itself.

    Documented choice: Edge Servers lie outside the domain, and are not found (facts: recovery, procedure 6).
    """
    asked = str(command.get("ComputerName") or server.machines[0]).lower()
    for pool in world.pools.values():
        if asked in pool.machines:
            return reachable(pool, pool.fqdn, command), asked
    raise refuse(command, "ComputerNotFound", f'Cannot connect to the computer "{asked[:253]}".')


def _services(command: Cmdlet) -> tuple[str, ...]:
    asked = command.get("Name")
    named = tuple(one for one in SERVICES if asked is None or one.casefold() == str(asked).casefold())
    if not named:
        raise refuse(command, "ServiceNotFound", f'Cannot find the service "{str(asked)[:80]}".')
    return named


def read_windows_services(world: World, server: LivePool, command: Cmdlet) -> Answer:
    pool, machine = _machine(world, server, command)
    stopped = pool.stopped.get(machine, ())
    return world, tuple(
        {NAMES.service: one, NAMES.service_status: "Stopped" if one in stopped else "Running"}
        for one in _services(command)
    )


def turn_windows_services(on: bool, world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Start-` and `Stop-CsWindowsService`: one of a machine, or all of them. Documented choice: at once."""
    pool, machine = _machine(world, server, command)
    asked, stopped = _services(command), pool.stopped.get(machine, ())
    after = tuple(one for one in SERVICES if (not on if one in asked else one in stopped))
    if only_asked(command) or after == stopped:
        return world, ()
    return world.with_pool(replace(pool, stopped=MappingProxyType({**pool.stopped, machine: after}))), ()


def _database(command: Cmdlet, known: tuple[str, ...]) -> tuple[str, ...]:
    """The types that it names, by their long names; all, where it names none."""
    asked = command.get("DatabaseType")
    found = [one for one in known if asked is None or one.casefold() == str(asked).casefold()]
    if not found:
        text = f"Cannot bind parameter 'DatabaseType'. Cannot convert value \"{str(asked)[:40]}\"."
        raise refuse(command, "CannotConvertArgumentNoMessage", text)
    return tuple(_LONG.get(one.casefold(), one) for one in found)


def read_mirrors(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsDatabaseMirrorState`: Lync 2013 takes the short names, 2015 the long ones (facts: recovery §0.13).

    Documented choices: one row for a type; a back end that is down is told of as one without a mirror, as the word
    for both is the same (procedure 4, row 1).
    """
    pool = pool_of(world, command)
    return world, tuple(_mirror(pool, one) for one in _database(command, TYPES[server.version]))


def _mirror(pool: LivePool, type: str) -> Mapping[str, str]:
    principal = pool.principals.get(type, "")
    answers = bool(principal) and pool.back_end
    roles = ("Principal", "Mirror") if principal == "Primary" else ("Mirror", "Principal")
    states = roles if answers else (NOT_MIRRORED, NOT_MIRRORED)
    status = "Synchronized" if answers else NOT_MIRRORED
    return {
        "DatabaseName": type,
        "StateOnPrimary": states[0],
        "StateOnMirror": states[1],
        "MirroringStatusOnPrimary": status,
        "MirroringStatusOnMirror": status,
    }


def move_database(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Invoke-CsDatabaseFailover`: one type by itself (facts: recovery, procedure 4); -Force when it does not answer.

    Documented choice: a back end that was down answers again once the databases of Response Groups have moved.
    """
    pool = pool_of(world, command)
    (type,) = _database(command, TYPES["2015"])
    if type not in pool.principals:
        raise refuse(command, "MirroringNotEnabled", f'Databases of type "{type}" of "{pool.fqdn}" have no mirror.')
    wanted = str(command.get("NewPrincipal")).capitalize()
    if pool.principals[type] == wanted:
        raise refuse(command, "InvalidOperation", f"{wanted} is the principal of these databases already.")
    if not pool.back_end and command.get("Force") is not True:
        raise refuse(command, "SqlConnectionError", "The principal does not respond. Use -Force.")
    after = MappingProxyType({**pool.principals, type: wanted})
    moved = replace(pool, principals=after, back_end=pool.back_end or type == _GROUPS)
    return (world if only_asked(command) else world.with_pool(moved)), ()


def read_user_pools(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsUserPoolInfo`: where a user is at home, and where else (facts: recovery, procedure 2, row 8)."""
    wanted = str(command.get("Identity")).casefold()
    for row in rows_of(world, "CsUser"):
        if wanted in (str(row["Identity"]).casefold(), str(row.get("SipAddress")).casefold()):
            home = str(row.get(NAMES.users_pool) or "").lower()
            away = world.pairs.get(home, "")
            row = {"Identity": row["Identity"], NAMES.primary: home, NAMES.backup: away}
            return world, ({**row, **_first("Primary", world, home), **_first("Backup", world, away)},)
    raise refuse(command, "ManagementObjectNotFound", f'Cannot find the user "{wanted[:120]}".')


def _first(which: str, world: World, fqdn: str) -> Mapping[str, str]:
    pool = world.pools.get(fqdn)
    return {f"{which}PoolPrimaryRegistrar": pool.machines[0] if pool else ""}


def read_user_database(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsUserDatabaseState`: online while Front Ends and back end are (facts: recovery, procedure 3, row 1)."""
    asked = str(command.get("RegistrarPool") or command.get("Identity") or "").rpartition(":")[2].lower()
    pools = [world.pools[asked]] if asked in world.pools else list(world.pools.values())
    if asked and asked not in world.pools:
        raise refuse(command, "ManagementObjectNotFound", f'Cannot find the pool "{asked[:120]}".')
    return world, tuple(
        {"Identity": f"UserServer:{pool.fqdn}", NAMES.is_online: pool.up and pool.back_end} for pool in pools
    )


def read_fabric(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsPoolFabricState`. Documented choice: a row for each machine of a pool, and nothing of its services."""
    pool = reachable(pool_of(world, command), str(command.get("PoolFqdn")), command)
    return world, tuple({"Node": machine, "NodeStatus": "Up"} for machine in pool.machines)
