"""What lies in Central Management or Active Directory and is only read and set, all nouns alike: each is a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from types import MappingProxyType

from bot.domain.deployment.cmdlets import Cmdlet, refuse
from bot.domain.deployment.named import central, only_asked
from bot.domain.deployment.neighbours import Answer, call_park
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.replicas import has_cu1
from bot.domain.deployment.world import ACTIVE, FAILED_BACK, FAILED_OVER, FAILING_OVER, LivePool, World
from bot.domain.groups.groups import Ref, Row

REGISTRAR = "Service:Registrar:"
_STATES = {state.casefold(): state for state in (ACTIVE, FAILING_OVER, FAILED_OVER, FAILED_BACK)}
_NO_PROPERTY = frozenset({"Identity", "Confirm", "Force", "WhatIf"})
_EQUALS = re.compile(r'(\w+) -eq "([^"]*)"')

Lands = Callable[[World, Cmdlet, Row], World]


@dataclass(frozen=True, slots=True)
class Noun:
    """`rows` are there before anybody sets anything; `prefix` is what an Identity is shown with and asked without.

    `by` are parameters that ask for a property; `keys` the properties that -Identity may name. In the directory
    (`in_central` False) a filter compares a property; in Central Management it is a wildcard of identities. `lands`
    puts where it belongs what is set; where there is none, it is kept as it is. An old replica `ages`: it lacks what
    lies at the scope of a service.
    """

    rows: Callable[[World], Iterable[Row]] = lambda world: ()
    prefix: str = ""
    by: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ("Identity",)
    in_central: bool = True
    lands: Lands | None = None
    ages: bool = False


def rows_of(world: World, noun: str) -> tuple[Row, ...]:
    """All rows of a noun: what was set of one goes over what it had."""
    every: dict[str, Row] = {}
    for row in (*NOUNS[noun].rows(world), *world.told.get(noun, ())):
        key = str(row["Identity"]).casefold()
        every[key] = {**every.get(key, {}), **row}
    return tuple(every.values())


def read(noun: str, world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-` of this noun.

    Documented choices: without -LocalStore it is refused while Central Management does not answer; an identity that
    nothing has is an error, a filter that nothing fits gives nothing.
    """
    kind, local = NOUNS[noun], command.get("LocalStore") is True
    if kind.in_central and not local:
        central(world, command)
    old = local and kind.ages and server.replica_behind
    rows = [row for row in rows_of(world, noun) if not old or ":" not in str(row["Identity"])]
    for key, name in kind.by.items():
        if (asked := command.get(key)) is not None:
            rows = [row for row in rows if _same(row.get(name), asked)]
    if (wanted := command.get("Identity")) is not None:
        return world, _identified(noun, rows, wanted, command)
    return world, tuple(row for row in rows if _fits(kind, row, command))


def write(noun: str, world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Set-` of this noun: its parameters become properties of the row that -Identity names, the global one if none."""
    central(world, command)
    kind = NOUNS[noun]
    (row,) = _identified(noun, rows_of(world, noun), command.get("Identity") or "Global", command)
    given = {key: value for key, value in command.arguments if key not in _NO_PROPERTY}
    after = kind.lands(world, command, row) if kind.lands else _kept(noun, world, {**row, **given})
    return (world if only_asked(command) else after), ()


def _kept(noun: str, world: World, row: Row) -> World:
    others = (one for one in world.told.get(noun, ()) if not _same(one["Identity"], row["Identity"]))
    return world.with_told(noun, (*others, MappingProxyType(dict(row))))


def _identified(noun: str, rows: Iterable[Row], wanted: object, command: Cmdlet) -> tuple[Row, ...]:
    kind = NOUNS[noun]
    asked = f"{kind.prefix}{wanted}"
    found = tuple(row for row in rows if any(_same(row.get(key), asked) for key in kind.keys))
    if not found:
        raise refuse(command, "ManagementObjectNotFound", f'Cannot find "{str(wanted)[:120]}".')
    return found


def _fits(kind: Noun, row: Row, command: Cmdlet) -> bool:
    wanted = command.get("Filter")
    if wanted is None:
        return True
    if kind.in_central:
        return fnmatchcase(str(row["Identity"]).casefold(), str(wanted).casefold())
    asked = _EQUALS.fullmatch(str(wanted))
    if asked is None:
        raise refuse(command, "InvalidFilter", f'Cannot parse the filter "{str(wanted)[:120]}".')
    return _same(row.get(asked[1]), asked[2])


def _same(one: object, other: object) -> bool:
    return str(one).casefold() == str(other).casefold()


def _registrars(world: World) -> Iterator[Row]:
    """By PoolState one knows where a pool stands, also one that is down (facts: recovery §0.3)."""
    yield {"Identity": "Global", "PoolState": ACTIVE}
    for pool in world.pools.values():
        yield {"Identity": f"{REGISTRAR}{pool.fqdn}", "PoolState": pool.registrar}


def _land_registrar(world: World, command: Cmdlet, row: Row) -> World:
    """`-PoolState` is the way out of a failover that broke off (facts: recovery §0.4).

    Documented choice: it moves nobody, and of all properties this one is kept, of services only.
    """
    pool = world.pools.get(str(row["Identity"]).removeprefix(REGISTRAR))
    state = _STATES.get(str(command.get("PoolState")).casefold())
    return world.with_pool(replace(pool, registrar=state)) if pool and state else world


def _edges(world: World) -> Iterator[Row]:
    for edge, pool in world.edges.items():
        yield {"Identity": f"EdgeServer:{edge}", NAMES.edge_pool: edge, NAMES.next_hop: f"Registrar:{pool}"}


def _land_edge(world: World, command: Cmdlet, row: Row) -> World:
    """The next hop of an Edge pool (facts: recovery §0.7); of its other properties none is kept."""
    hop = str(command.get("Registrar") or row[NAMES.next_hop])
    kind, _, fqdn = hop.rpartition(":")
    if kind.casefold() not in ("registrar", "service:registrar") or fqdn.lower() not in world.pools:
        raise refuse(command, "ManagementObjectNotFound", f'Cannot find the registrar "{hop[:120]}".')
    return replace(world, edges=MappingProxyType({**world.edges, str(row[NAMES.edge_pool]): fqdn.lower()}))


def _sites(world: World) -> Iterator[Row]:
    for site in dict.fromkeys(pool.site for pool in world.pools.values() if pool.site):
        yield {"Identity": f"Site:{site}", "DisplayName": site, "FederationRoute": "", "XmppFederationRoute": ""}


_ROUTES = ("FederationRoute", "XmppFederationRoute")


def _land_site(world: World, command: Cmdlet, row: Row) -> World:
    """A route is the identity of an Edge pool, and never its bare name (facts: recovery §0.1, §0.2)."""
    given = {key: value for key, value in command.arguments if key not in _NO_PROPERTY}
    for route in (str(given[key]) for key in _ROUTES if given.get(key)):
        kind, _, edge = route.partition(":")
        if kind.casefold() != "edgeserver" or edge.lower() not in world.edges:
            raise refuse(command, "ManagementObjectNotFound", f'Cannot find the Edge Server "{route[:120]}".')
    return _kept("CsSite", world, {**row, **given})


def _pools(world: World) -> Iterator[Row]:
    for pool in world.pools.values():
        # A bare FQDN as an Identity is read as a reference, over the wire too; by Fqdn it is text.
        yield {
            "Identity": Ref(pool.fqdn),
            "Fqdn": pool.fqdn,
            "Computers": pool.machines,
            "Site": f"Site:{pool.site}",
            "Services": (f"Registrar:{pool.fqdn}", f"ApplicationServer:{pool.fqdn}"),
        }


def _backup_settings(world: World) -> Iterator[Row]:
    """One global set for all pools (facts: recovery, procedure 1); the switch of groups came with CU1 (lync §7)."""
    row: Row = {"Identity": "Global", "SyncInterval": "00:02:00"}
    newer = any(has_cu1(pool) for pool in world.pools.values())
    yield {**row, "EnableRgsBackupService": world.replicates} if newer else row


def _land_backup_settings(world: World, command: Cmdlet, row: Row) -> World:
    given = {key: value for key, value in command.arguments if key not in _NO_PROPERTY}
    replicates = bool(given.pop("EnableRgsBackupService", world.replicates))
    settings = {key: value for key, value in {**row, **given}.items() if key != "EnableRgsBackupService"}
    return replace(_kept("CsBackupServiceConfiguration", world, settings), replicates=replicates)


NOUNS: Mapping[str, Noun] = {
    "CsCpsConfiguration": Noun(call_park),
    "CsRegistrarConfiguration": Noun(_registrars, lands=_land_registrar, ages=True),
    "CsEdgeServer": Noun(_edges, lands=_land_edge),
    "CsSite": Noun(_sites, prefix="Site:", lands=_land_site),
    "CsPool": Noun(_pools, keys=("Fqdn",), by={"Site": "Site"}),
    "CsBackupServiceConfiguration": Noun(_backup_settings, lands=_land_backup_settings),
    "CsConferenceDirectory": Noun(),
    "CsCallParkOrbit": Noun(),
    "CsUnassignedNumber": Noun(),
    "CsAnnouncement": Noun(),
    "CsUser": Noun(keys=("Identity", "SipAddress"), in_central=False),
    "CsApplicationEndpoint": Noun(keys=("Identity", "SipAddress"), by={"PoolFqdn": NAMES.users_pool}, in_central=False),
}
