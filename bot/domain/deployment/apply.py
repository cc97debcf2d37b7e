"""What every cmdlet does to a deployment, once, as a pure function of its value (facts: lync §1, §3, §11, §12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from bot.domain.deployment.cmdlets import Cmdlet, check, refuse
from bot.domain.deployment.imports import Switches, barred_owners, claim_contacts, land, plan_import, release_contacts
from bot.domain.deployment.neighbours import Answer, export_locations, read_call_park
from bot.domain.deployment.topology import read_registrars, read_services, read_store, read_version
from bot.domain.deployment.world import LivePool, ServerFile, World
from bot.domain.errors import BadInput
from bot.domain.groups.groups import Inventory, Kind, Ref, RgsObject, ServiceSettings, checked_fqdn, service

NAMES_SHOWN = 5
GRACE_S = range(30, 601)


def apply(world: World, on: str, command: Cmdlet) -> Answer:
    """The deployment after this command has run on a server of the pool `on`, and the rows it returned.

    Files are those of that server. Raises CmdletFailed, with the world unchanged, when the server says no.
    """
    server = _server(world, on, command)
    return CMDLETS_DO[command.name](world, server, command)


def apply_half(world: World, on: str, command: Cmdlet) -> World:
    """The deployment after an import that broke off half-way: the first half of the objects is written.

    No document says what a broken import leaves behind (facts: lync §3.2, "may be partial, verify"), so the simulated
    deployment can do this at the turn of a switch. Raises CmdletFailed when the import would not even have begun.
    """
    return _import(world, _server(world, on, command), command, portion=0.5)[0]


def _server(world: World, on: str, command: Cmdlet) -> LivePool:
    pool = world.pools.get(on)
    check(command, pool.version if pool else "2019")
    return _reachable(pool, on, command)


def _reachable(pool: LivePool | None, fqdn: str, command: Cmdlet) -> LivePool:
    if pool is None:
        raise refuse(command, "ObjectNotFound", f'No pool "{fqdn[:253]}" was found in the topology.')
    if not pool.up:
        raise refuse(command, "OperationTimeout", f'Cannot connect to pool "{fqdn}". It does not respond.')
    return pool


def _identity(command: Cmdlet, key: str) -> Ref | None:
    """An RgsIdentity in any spelling: with or without `service:`, and for -Owner the bare FQDN (facts: lync §1.1)."""
    value = command.get(key)
    try:
        match value:
            case None | Ref():
                return value
            case str() if key == "Owner" and ":" not in value:
                return Ref(checked_fqdn(value))
            case str():
                return Ref.parse(value)
    except BadInput:
        pass
    text = f'Cannot bind parameter \'{key}\'. Cannot convert value "{str(value)[:120]}" to type "RgsIdentity".'
    raise refuse(command, "CannotConvertArgumentNoMessage", text)


def _service(world: World, command: Cmdlet, key: str) -> LivePool:
    """The reachable pool whose service a mandatory parameter names."""
    identity = _identity(command, key)
    if identity is None or identity.guid:
        raise refuse(command, "InvalidArgument", f"Parameter '{key}' must name a service, not an object on it.")
    return _reachable(world.pools.get(identity.pool), identity.pool, command)


def _pool(world: World, command: Cmdlet) -> LivePool:
    """The pool that -PoolFqdn names, reachable or not."""
    fqdn = str(command.get("PoolFqdn")).lower()
    pool = world.pools.get(fqdn)
    return pool if pool else _reachable(None, fqdn, command)


def _backup_of(world: World, pool: LivePool, command: Cmdlet) -> LivePool:
    backup = world.pools.get(world.pairs.get(pool.fqdn, ""))
    if backup is None:
        text = f'Pool "{pool.fqdn}" has no backup pool. Assign one in Topology Builder first.'
        raise refuse(command, "BackupPoolNotFound", text)
    return backup


def _writable(pool: LivePool, command: Cmdlet) -> LivePool:
    """Documented choice: what lies on a pool that is failed over can be viewed but not modified (seed 002)."""
    if pool.failed_over:
        text = f'Pool "{pool.fqdn}" is failed over. Its response groups can be viewed but not modified until failback.'
        raise refuse(command, "InvalidOperation", text)
    return pool


def _read_objects(kind: Kind, world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsRgs<Kind>`: copies are hidden unless -ShowAll or -Owner is given (facts: lync §1.3, §3.5).

    Documented choices: -Owner wins when both are given; an identity or a name that nothing has returns nothing; reading
    the whole organisation fails when one of its pools does not respond, as half an answer would pass for a whole one.
    """
    identity, owner, name = _identity(command, "Identity"), _identity(command, "Owner"), command.get("Name")
    asked = world.pools if identity is None else (identity.pool,)
    pools = [_reachable(world.pools.get(fqdn), fqdn, command) for fqdn in asked]
    everything = command.get("ShowAll") is True

    def shown(item: RgsObject) -> bool:
        visible = item.owner == owner.pool if owner else everything or not item.is_copy
        named = name is None or item.name.casefold() == str(name).casefold()
        return visible and named and (identity is None or identity.guid in ("", item.guid))

    return world, tuple(item.row() for pool in pools for item in pool.of(kind) if shown(item))


def _read_settings(world: World, server: LivePool, command: Cmdlet) -> Answer:
    pool = _service(world, command, "Identity")
    return world, ({"Identity": service(pool.fqdn), **pool.settings.row()},)


def _write_settings(world: World, server: LivePool, command: Cmdlet) -> Answer:
    pool = _writable(_service(world, command, "Identity"), command)
    grace, context = command.get("AgentRingbackGracePeriod"), command.get("DisableCallContext")
    if grace is not None and (not isinstance(grace, int) or grace not in GRACE_S):
        text = f"Cannot validate argument on parameter 'AgentRingbackGracePeriod'. It must be 30 to 600, not {grace}."
        raise refuse(command, "ParameterArgumentValidationError", text)
    settings = ServiceSettings(
        pool.settings.ringback_grace_s if grace is None else grace,
        pool.settings.default_music,
        pool.settings.call_context_disabled if context is None else bool(context),
    )
    return (world if _only_asked(command) else world.with_pool(replace(pool, settings=settings))), ()


def _export(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """Writes the file, settings and used audio included, and only then removes what it has exported.

    An existing file is refused, -Force or not (facts: lync §1.1). Documented choice: without -Owner only what the pool
    owns itself is exported, as with Get (§3.1 leaves it open).
    """
    source, owner, path = _service(world, command, "Source"), _identity(command, "Owner"), str(command.get("FileName"))
    remove = command.get("RemoveExportedConfiguration") is True
    if server.file(path):
        raise refuse(command, "IOException", f'The file "{path}" already exists. Choose another file name.')
    if remove:
        _writable(source, command)
    wanted = owner.pool if owner else source.fqdn
    exported = tuple(item for item in source.objects.values() if item.owner == wanted)
    world = world.with_pool(server.with_file(path, ServerFile(source.inventory(exported))))
    if remove:
        source = world.pools[source.fqdn]
        kept = (item for item in source.objects.values() if item.owner != wanted)
        world = release_contacts(world.with_pool(source.holding(kept)), exported)
    return world, ()


def _import(world: World, server: LivePool, command: Cmdlet, portion: float = 1.0) -> Answer:
    """Documented choice: a refused import has imported nothing; half of one is a fault by itself (facts: lync §3.2)."""
    destination = _writable(_service(world, command, "Destination"), command)
    file = _exported(server, command)
    switches = Switches.of(command)
    plan = plan_import(destination, file, switches)
    if plan.clashes and not switches.resolve_names:
        names = _listed(f"{clash.item.kind.singular} “{clash.item.name}”" for clash in plan.clashes)
        text = f'These names are already used on "{destination.fqdn}" by another owner: {names}. Nothing was imported.'
        raise refuse(command, "NameConflict", text)
    barred = () if switches.overwrite_owner else barred_owners(world, destination, file)
    if barred:
        text = f"The contact objects of the response groups of {_listed(barred)} already exist in Active Directory."
        raise refuse(command, "ContactObjectExists", f"{text} Nothing was imported.")
    landings = plan.landings[: int(len(plan.landings) * portion)]
    settings = plan.settings if portion >= 1 else destination.settings
    world = world.with_pool(land(destination, landings, settings, file))
    return claim_contacts(world, landings, overwrite=switches.overwrite_owner), ()


def _exported(server: LivePool, command: Cmdlet) -> Inventory:
    path = str(command.get("FileName"))
    file = server.file(path)
    if file is None:
        raise refuse(command, "FileNotFoundException", f'Could not find file "{path}" on a server of {server.fqdn}.')
    if file.inventory is None:
        raise refuse(command, "InvalidDataException", f'The file "{path}" is not an exported configuration.')
    return file.inventory


def _fail_over(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """-PoolFqdn is always the pool that first homed the users (facts: lync §1.6, §5.0; seed 004)."""
    pool = _pool(world, command)
    backup = _backup_of(world, pool, command)
    if pool.failed_over:
        raise refuse(command, "InvalidOperation", f'Pool "{pool.fqdn}" is already failed over to "{backup.fqdn}".')
    if backup.failed_over:
        text = f'Backup pool "{backup.fqdn}" is itself failed over. Fail back "{backup.fqdn}" first.'
        raise refuse(command, "InvalidOperation", text)
    _reachable(backup, backup.fqdn, command)
    if not pool.up and command.get("DisasterMode") is not True:
        text = f'Pool "{pool.fqdn}" does not respond. Use -DisasterMode when the pool is not available.'
        raise refuse(command, "OperationTimeout", text)
    return (world if _only_asked(command) else world.with_pool(replace(pool, failed_over=True))), ()


def _fail_back(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """The same -PoolFqdn as at failover. An unreachable backup pool needs -DisasterMode (facts: lync §1.6)."""
    pool = _pool(world, command)
    backup = _backup_of(world, pool, command)
    if not pool.failed_over:
        raise refuse(command, "InvalidOperation", f'Pool "{pool.fqdn}" is not failed over.')
    _reachable(pool, pool.fqdn, command)
    if command.get("DisasterMode") is not True:
        _reachable(backup, backup.fqdn, command)
    return (world if _only_asked(command) else world.with_pool(replace(pool, failed_over=False))), ()


def _relationship(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """Documented choice: the names of the two properties; no public page shows them (facts: lync §1.6)."""
    pool = _pool(world, command)
    return world, ({"PoolFqdn": pool.fqdn, "BackupPoolFqdn": _backup_of(world, pool, command).fqdn},)


def _backup_service(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """One direction, from this pool to its backup (facts: lync §1.6, §5.1).

    Documented choices: a pool that is failed over is read-only, so everything has arrived; an unreachable backup pool
    is an error; replication of groups (§7) is off.
    """
    pool = _reachable(_pool(world, command), str(command.get("PoolFqdn")), command)
    backup = _backup_of(world, pool, command)
    state = "ErrorState" if not backup.up else "FinalState" if pool.failed_over else "SteadyState"
    modules = (
        ("UserData", "UserServices.PresenceFocus", state),
        ("UserData", "ConfServices.DataConf", state),
        ("CMS", "CentralMgmt.CMSMaster", state if world.store == pool.fqdn else "NotInitialized"),
        ("RGS", "ApplicationServer.RGSDataStore", "NotInitialized"),
        ("RGS", "ApplicationServer.RGSFileStore", "NotInitialized"),
    )
    asked = str(command.get("Category") or "")
    if asked not in ("", *(category for category, _, _ in modules)):
        text = f'Cannot bind parameter \'Category\'. Cannot convert value "{asked[:40]}" to type "BackupCategory".'
        raise refuse(command, "CannotConvertArgumentNoMessage", text)
    rows = tuple(
        {"Identity": identity, "ExportStatus": exported, "ImportStatus": "NormalState"}
        for category, identity, exported in modules
        if (category == asked if asked else category != "RGS")
    )
    return world, ({"PoolFqdn": pool.fqdn, "BackupModules": rows},)


def _only_asked(command: Cmdlet) -> bool:
    return command.get("WhatIf") is True


def _listed(names: Iterable[str]) -> str:
    every = tuple(names)
    more = len(every) - NAMES_SHOWN
    return ", ".join(every[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


CMDLETS_DO: Mapping[str, Callable[[World, LivePool, Cmdlet], Answer]] = {
    **{f"Get-CsRgs{kind}": partial(_read_objects, kind) for kind in Kind},
    "Get-CsRgsConfiguration": _read_settings,
    "Set-CsRgsConfiguration": _write_settings,
    "Export-CsRgsConfiguration": _export,
    "Import-CsRgsConfiguration": _import,
    "Invoke-CsPoolFailOver": _fail_over,
    "Invoke-CsPoolFailBack": _fail_back,
    "Get-CsPoolBackupRelationship": _relationship,
    "Get-CsBackupServiceStatus": _backup_service,
    "Export-CsLisConfiguration": export_locations,
    "Get-CsCpsConfiguration": read_call_park,
    "Get-CsServerVersion": read_version,
    "Get-CsRegistrarConfiguration": read_registrars,
    "Get-CsManagementStoreReplicationStatus": read_store,
    "Get-CsService": read_services,
}
