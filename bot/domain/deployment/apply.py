"""What every cmdlet does to a deployment, once, as a pure function of its value (facts: lync §1, §3, §11, §12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from bot.domain.deployment.abilities import REPLICATION
from bot.domain.deployment.backup_service import read_modules, sync
from bot.domain.deployment.central import move_store, read_connection, read_store, replicate_store
from bot.domain.deployment.cmdlets import ALL_VERSIONS, CMDLETS, Cmdlet, check, refuse
from bot.domain.deployment.imports import (
    ImportPlan,
    Switches,
    barred_owners,
    claim_contacts,
    land,
    plan_import,
    release_contacts,
)
from bot.domain.deployment.locations import import_locations, publish_locations, read_locations, read_subnets
from bot.domain.deployment.machines import (
    move_database,
    read_fabric,
    read_mirrors,
    read_user_database,
    read_user_pools,
    read_windows_services,
    turn_windows_services,
)
from bot.domain.deployment.named import identity_of, only_asked, reachable, service_of, with_database
from bot.domain.deployment.neighbours import Answer, export_locations
from bot.domain.deployment.pool_moves import break_failback, break_failover, fail_back, fail_over, read_relationship
from bot.domain.deployment.replicas import has_cu1, replicates
from bot.domain.deployment.told import NOUNS, read, rows_of, write
from bot.domain.deployment.topology import read_services, read_version
from bot.domain.deployment.world import HOME, LivePool, ServerFile, World, contact_of
from bot.domain.groups.groups import Inventory, Kind, RgsObject, ServiceSettings, service

NAMES_SHOWN = 5
GRACE_S = range(30, 601)


def apply(world: World, on: str, command: Cmdlet) -> Answer:
    """The deployment after this command has run on a server of the pool `on`, and the rows it returned.

    Files are those of that server. Raises CmdletFailed, with the world unchanged, when the server says no.
    """
    server = _server(world, on, command)
    return CMDLETS_DO[command.name](world, server, command)


def apply_half(world: World, on: str, command: Cmdlet) -> World:
    """The deployment after an import or a pool move that broke off half-way.

    No document says what a broken import leaves behind (facts: lync §3.2, "may be partial, verify"): here the first
    half of the objects is written. Raises CmdletFailed when it would not even have begun.
    """
    return HALVES[command.name](world, _server(world, on, command), command)


def _server(world: World, on: str, command: Cmdlet) -> LivePool:
    pool = world.pools.get(on)
    check(command, pool.version if pool else ALL_VERSIONS[-1])
    if pool and command.name == REPLICATION[0] and command.get(REPLICATION[1]) is not None and not has_cu1(pool):
        text = f"A parameter cannot be found that matches parameter name '{REPLICATION[1]}'."
        raise refuse(command, "NamedParameterNotFound", text)
    return reachable(pool, on, command)


def _writable(pool: LivePool, command: Cmdlet) -> LivePool:
    """Documented choice: what lies on a pool that is failed over, or half-way, can be seen, not modified (seed 002)."""
    if pool.registrar not in HOME:
        text = f'Pool "{pool.fqdn}" is failed over. Its response groups can be viewed but not modified until failback.'
        raise refuse(command, "InvalidOperation", text)
    return pool


def _read_objects(kind: Kind, world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsRgs<Kind>`: copies are hidden unless -ShowAll or -Owner is given (facts: lync §1.3, §3.5).

    Documented choices: -Owner wins when both are given; an identity or a name that nothing has returns nothing; reading
    the whole organisation fails when one of its pools does not respond, as half an answer would pass for a whole one.
    """
    identity, owner, name = identity_of(command, "Identity"), identity_of(command, "Owner"), command.get("Name")
    asked = world.pools if identity is None else (identity.pool,)
    pools = [with_database(world.pools.get(fqdn), fqdn, command) for fqdn in asked]
    everything = command.get("ShowAll") is True

    def shown(item: RgsObject) -> bool:
        visible = item.owner == owner.pool if owner else everything or not item.is_copy
        named = name is None or item.name.casefold() == str(name).casefold()
        return visible and named and (identity is None or identity.guid in ("", item.guid))

    return world, tuple(item.row() for pool in pools for item in pool.of(kind) if shown(item))


def _read_settings(world: World, server: LivePool, command: Cmdlet) -> Answer:
    pool = service_of(world, command, "Identity")
    return world, ({"Identity": service(pool.fqdn), **pool.settings.row()},)


def _write_settings(world: World, server: LivePool, command: Cmdlet) -> Answer:
    pool = _writable(service_of(world, command, "Identity"), command)
    grace, context = command.get("AgentRingbackGracePeriod"), command.get("DisableCallContext")
    if grace is not None and (not isinstance(grace, int) or grace not in GRACE_S):
        text = f"Cannot validate argument on parameter 'AgentRingbackGracePeriod'. It must be 30 to 600, not {grace}."
        raise refuse(command, "ParameterArgumentValidationError", text)
    settings = ServiceSettings(
        pool.settings.ringback_grace_s if grace is None else grace,
        pool.settings.default_music,
        pool.settings.call_context_disabled if context is None else bool(context),
    )
    return (world if only_asked(command) else world.with_pool(replace(pool, settings=settings))), ()


def _export(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """Writes the file, settings and used audio included, and only then removes what it has exported.

    An existing file is refused, -Force or not (facts: lync §1.1). Documented choice: without -Owner only what the pool
    owns itself is exported, as with Get (§3.1 leaves it open).
    """
    source, owner, path = (
        service_of(world, command, "Source"),
        identity_of(command, "Owner"),
        str(command.get("FileName")),
    )
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
    """Documented choices: a refused import has imported nothing; half of one is a fault by itself (facts: lync §3.2).

    Onto a pool that takes part in replication it is refused: what it would do to replicas nobody knows (lync §7).
    """
    destination = _writable(service_of(world, command, "Destination"), command)
    if replicates(world, destination):
        text = f'The Backup Service replicates the response groups of "{destination.fqdn}". Nothing was imported.'
        raise refuse(command, "ReplicasExist", text)
    file = _exported(server, command)
    switches = Switches.of(command)
    elsewhere = (item for pool in world.pools.values() if pool != destination for item in pool.of(Kind.WORKFLOW))
    plan = plan_import(destination, file, switches, elsewhere)
    if plan.clashes and not switches.resolve_names:
        names = _listed(f"{clash.item.kind.singular} “{clash.item.name}”" for clash in plan.clashes)
        text = f'These names are already used on "{destination.fqdn}" by another owner: {names}. Nothing was imported.'
        raise refuse(command, "NameConflict", text)
    if taken := _taken_addresses(world, plan):
        text = f"A SIP address can exist only once, and another object has it already: {_listed(taken)}."
        raise refuse(command, "SipAddressInUse", f"{text} Nothing was imported.")
    barred = () if switches.overwrite_owner else barred_owners(world, destination, file)
    if barred:
        text = f"The contact objects of the response groups of {_listed(barred)} already exist in Active Directory."
        raise refuse(command, "ContactObjectExists", f"{text} Nothing was imported.")
    landings = plan.landings[: int(len(plan.landings) * portion)]
    settings = plan.settings if portion >= 1 else destination.settings
    world = world.with_pool(land(destination, landings, settings, file))
    return claim_contacts(world, landings, overwrite=switches.overwrite_owner), ()


def _taken_addresses(world: World, plan: ImportPlan) -> tuple[str, ...]:
    """Those of other workflows and of users, with what has them (facts: lync §2.2)."""
    users = {str(row.get("SipAddress")).casefold() for row in rows_of(world, "CsUser")}
    workflows = (f"workflow “{one.item.name}” (of workflow “{one.held.name}”)" for one in plan.addresses)
    people = (each.item for each in plan.landings if contact_of(each.item) in users)
    return (*workflows, *(f"workflow “{item.name}” (of a user)" for item in people))


def _exported(server: LivePool, command: Cmdlet) -> Inventory:
    path = str(command.get("FileName"))
    file = server.file(path)
    if file is None:
        raise refuse(command, "FileNotFoundException", f'Could not find file "{path}" on a server of {server.fqdn}.')
    if file.inventory is None:
        raise refuse(command, "InvalidDataException", f'The file "{path}" is not an exported configuration.')
    return file.inventory


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
    "Invoke-CsPoolFailOver": fail_over,
    "Invoke-CsPoolFailBack": fail_back,
    "Get-CsPoolBackupRelationship": read_relationship,
    "Get-CsBackupServiceStatus": read_modules,
    "Invoke-CsBackupServiceSync": sync,
    "Export-CsLisConfiguration": export_locations,
    "Import-CsLisConfiguration": import_locations,
    "Publish-CsLisConfiguration": publish_locations,
    "Get-CsLisLocation": read_locations,
    "Get-CsLisSubnet": read_subnets,
    "Get-CsServerVersion": read_version,
    "Get-CsService": read_services,
    "Get-CsManagementConnection": read_connection,
    "Get-CsManagementStoreReplicationStatus": read_store,
    "Invoke-CsManagementServerFailover": move_store,
    "Invoke-CsManagementStoreReplication": replicate_store,
    "Get-CsWindowsService": read_windows_services,
    "Start-CsWindowsService": partial(turn_windows_services, True),
    "Stop-CsWindowsService": partial(turn_windows_services, False),
    "Get-CsDatabaseMirrorState": read_mirrors,
    "Invoke-CsDatabaseFailover": move_database,
    "Get-CsUserPoolInfo": read_user_pools,
    "Get-CsUserDatabaseState": read_user_database,
    "Get-CsPoolFabricState": read_fabric,
    **{f"Get-{noun}": partial(read, noun) for noun in NOUNS if f"Get-{noun}" in CMDLETS},
    **{f"Set-{noun}": partial(write, noun) for noun in NOUNS if f"Set-{noun}" in CMDLETS},
}

HALVES: Mapping[str, Callable[[World, LivePool, Cmdlet], World]] = {
    "Import-CsRgsConfiguration": lambda world, server, command: _import(world, server, command, portion=0.5)[0],
    "Invoke-CsPoolFailOver": break_failover,
    "Invoke-CsPoolFailBack": break_failback,
}
