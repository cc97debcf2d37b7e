"""The Backup Service: how its modules stand, in one direction, and what it does when it is told to (lync §1.6, §7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from bot.domain.deployment.cmdlets import Cmdlet, refuse
from bot.domain.deployment.machines import BACKUP
from bot.domain.deployment.named import backup_of, pool_of, reachable
from bot.domain.deployment.neighbours import Answer
from bot.domain.deployment.replicas import replicates
from bot.domain.deployment.world import CONFERENCES, LivePool, World

GROUPS = ("ApplicationServer.RGSDataStore", "ApplicationServer.RGSFileStore")
_MODULES = (
    ("UserData", "UserServices.PresenceFocus"),
    ("UserData", CONFERENCES),
    ("CMS", "CentralMgmt.CMSMaster"),
    *(("RGS", module) for module in GROUPS),
)
_IDLE = "NotInitialized"


def read_modules(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsBackupServiceStatus`: one direction, from this pool to its backup (facts: lync §1.6, §5.1).

    Documented choices: a pool that is failed over is read-only, so everything has arrived; an unreachable backup pool
    is an error, and so is a LYNCBACKUP that runs nowhere in the pool. Modules of groups are told of when they are asked
    for, or replicate (§7).
    """
    pool = reachable(pool_of(world, command), str(command.get("PoolFqdn")), command)
    backup_of(world, pool, command)
    asked = str(command.get("Category") or "")
    if asked not in ("", *(category for category, _ in _MODULES)):
        text = f'Cannot bind parameter \'Category\'. Cannot convert value "{asked[:40]}" to type "BackupCategory".'
        raise refuse(command, "CannotConvertArgumentNoMessage", text)
    rows = tuple(
        {"Identity": module, "ExportStatus": states[0], "ImportStatus": states[1]}
        for category, module, states in _states(world, pool, command)
        if (category == asked if asked else category != "RGS" or replicates(world, pool))
    )
    return world, ({"PoolFqdn": pool.fqdn, "BackupModules": rows},)


def _states(world: World, pool: LivePool, command: Cmdlet) -> Iterator[tuple[str, str, tuple[str, str]]]:
    backup = backup_of(world, pool, command)
    works = backup.up and pool.runs(BACKUP)
    state = "ErrorState" if not works else "FinalState" if pool.failed_over else "SteadyState"
    idle = {"CMS": world.store != pool.fqdn, "RGS": not replicates(world, pool)}
    for category, module in _MODULES:
        usual = (_IDLE if idle.get(category) else state, "NormalState")
        yield category, module, pool.modules.get(module, usual)


def sync(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Invoke-CsBackupServiceSync`: this pool's data go to its backup pool (facts: recovery, procedures 1 and 9).

    Documented choices: the modules that it names are at rest at once; it is refused while the backup pool does not
    respond or LYNCBACKUP runs nowhere. A module is named by its identity, by what follows the dot, or by `All`.
    """
    pool = reachable(pool_of(world, command), str(command.get("PoolFqdn")), command)
    backup = backup_of(world, pool, command)
    reachable(backup, backup.fqdn, command)
    asked = str(command.get("BackupModule") or "All").casefold()
    named = [one for _, one in _MODULES if asked in ("all", one.casefold(), one.rpartition(".")[2].casefold())]
    if not named:
        raise refuse(command, "InvalidArgument", f'There is no backup module "{asked[:80]}".')
    if not pool.runs(BACKUP):
        raise refuse(command, "ServiceNotRunning", f'The Backup Service of pool "{pool.fqdn}" is not running.')
    kept = {module: states for module, states in pool.modules.items() if module not in named}
    if len(kept) == len(pool.modules):
        return world, ()
    return world.with_pool(replace(pool, modules=MappingProxyType(kept))), ()
