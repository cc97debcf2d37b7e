"""Every runbook to its end: how it is begun, who presses what, and how everything has to stand then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bot.domain.deployment.locations import Locations, packed, parsed
from bot.domain.deployment.world import FAILED_OVER, HOME, World
from bot.domain.groups.groups import Inventory
from bot.domain.model import PoolState
from bot.domain.runs.facts import KIND
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Phase
from bot.sandbox.pools import contents
from bot.sandbox.pools.file_store import LOCATIONS
from tests.scenarios import books
from tests.scenarios.pool_level import E1, E2, ENDINGS, everything_there, pool_becomes
from tests.scenarios.recovery import Script, changed, emptied, with_pool
from tests.scenarios.stage import ANNA, BORIS, CLARA, EMIL, FAILBACK, FAILOVER, WITH_NEW, A, B, N, Stage
from tests.scenarios.test_adopt import imported_by_hand
from tests.scenarios.test_clean_up import CLEANUP
from tests.scenarios.test_import_again import AGAIN
from tests.scenarios.test_rebuilding import REBUILD
from tests.scenarios.test_rehearsed import backed_up
from tests.scenarios.test_replacing import BY_HAND, REPLACE, settled
from tests.scenarios.test_undo import replaced
from tests.scenarios.test_ways_home import DISASTER
from tests.scenarios.walking import Hands

FAIL_OVER, FAIL_BACK = "Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack"
IMPORT, REMOVE = books.IMPORT, "-RemoveExportedConfiguration"
LOCATED = "Import-CsLisConfiguration", "Publish-CsLisConfiguration"
SYNC = "Invoke-CsBackupServiceSync"


@dataclass(frozen=True, slots=True)
class Release:
    """What the servers of a pair run: as the configuration says it, and as they say it themselves."""

    version: str
    build: str = ""
    replicates: bool = False

    @property
    def estate(self) -> Estate:
        """That of the stage at this release, and a pool that can take another's place."""
        pools = {fqdn: replace(pool, version=self.version) for fqdn, pool in WITH_NEW.pools.items()}
        return replace(WITH_NEW, pools=pools)

    def servers(self, world: World) -> World:
        pools = {fqdn: replace(pool, version=self.version, build=self.build) for fqdn, pool in world.pools.items()}
        return replace(world, pools=MappingProxyType(pools), replicates=self.replicates)


RELEASES = {
    "2013": Release("2013"),
    "2015": Release("2015"),
    "2019 without CU1": Release("2019", "7.0.2046.0"),
    "2019 CU1": Release("2019", "7.0.2046.123"),
    "Subscription Edition": Release("2019", "7.0.2046.820"),
}
REPLICATING = {f"{name}, replicating": replace(RELEASES[name], replicates=True) for name in list(RELEASES)[-2:]}


async def nothing(stage: Stage) -> None:
    """It starts from a pool that is well."""


Holds = Callable[[World, World], bool]


@dataclass(frozen=True, slots=True)
class Way:
    """A runbook from what starts it to its end.

    `begun` is how its beginning is reached, `hands` what people do at a row before they press. `sent` are the cmdlets
    that changed something, in order; `synced` is how often a Backup Service was told to copy at once. `holds` judges
    the deployment before and after; `says` stands on the card at the end, `known` in the pool's record.
    """

    typed: str
    script: Script = field(default_factory=dict)
    begun: Callable[[Stage], Awaitable[object]] = nothing
    hands: Hands = field(default_factory=dict)
    sent: tuple[str, ...] = ()
    synced: int = 0
    holds: Holds = lambda before, after: True
    state: PoolState = PoolState.ACTIVE
    says: str = ""
    known: Mapping[str, object] = field(default_factory=dict)
    phase: Phase = Phase.DONE


def changes(world: World) -> tuple[str, ...]:
    """What has changed the deployment, in order; a removal is an export that takes away, copying at once is none."""
    names = ((REMOVE if REMOVE in one.line else one.cmdlet) for one in world.effects)
    return tuple(name for name in names if name != SYNC and not name.startswith("Export-"))


def copied(before: World, after: World) -> bool:
    """The groups of A lie on B as they lie on A."""
    return bool(_of(after, B)) and _of(after, B) == _of(after, A)


def bare(before: World, after: World) -> bool:
    """B holds its own groups, and nothing of A's, which are all at home."""
    return not _of(after, B) and _of(after, A) == _of(before, A) and _own(after) == _own(before)


def home_again(before: World, after: World) -> bool:
    return after.pools[A].registrar in HOME and bare(before, after)


def _of(world: World, fqdn: str) -> frozenset[object]:
    """What of A lies there."""
    return _named(world.pools[fqdn].inventory().owned_by(A))


def _own(world: World) -> frozenset[object]:
    return _named(world.pools[B].inventory().owned_by(B))


def _named(found: Inventory) -> frozenset[object]:
    return frozenset(item.key for item in found.objects)


async def surrounded(stage: Stage) -> None:
    """A is lost with Central Management, and an Edge pool leads to it; there is a copy of the emergency locations."""
    await changed(stage, lambda world: replace(world, store=A, edges=MappingProxyType({E1: A, E2: B})))
    await changed(stage, with_pool(B, lambda pool: replace(pool, sql="sql-b.contoso.com")))
    await backed_up(stage)
    await located(stage)
    await stage.take_down(A)


async def located(stage: Stage) -> None:
    """There is a copy of the emergency locations."""
    await stage.settle((await stage.engine.start("companion", A, ANNA, facts=KIND.to("lis"))).id)


def unlocated(world: World) -> World:
    """Nothing is left of the emergency locations."""
    return replace(world, locations=packed(Locations()))


def located_again(world: World) -> bool:
    """Emergency calls carry all of them."""
    return parsed(world.published) == parsed(LOCATIONS)


async def failed_over(stage: Stage) -> None:
    """Replicas on B are kept, where there are any."""
    world = (await stage.worlds.load())[0]
    keeps = {"backup": (("keep", ANNA),)} if world.replicates else {}
    await books.failed_over(stage, **keeps)


async def away(stage: Stage) -> None:
    """A is failed over with its groups, and answers again."""
    await failed_over(stage)
    await stage.bring_up(A)


async def rebuilt(stage: Stage) -> None:
    await located(stage)
    await away(stage)
    await changed(stage, with_pool(A, emptied))
    await changed(stage, unlocated)


async def lost(stage: Stage) -> None:
    await located(stage)
    await changed(stage, settled)
    await failed_over(stage)
    await changed(stage, unlocated)


async def without_groups(stage: Stage) -> None:
    """A failover that was abandoned behind the move."""
    await backed_up(stage)
    await stage.take_down(A)
    run = await books.until(stage, await books.started(stage, "failover"), "backup", FAILOVER)
    await stage.press(run, "abandon", ANNA)


async def moved_by_others(stage: Stage) -> None:
    backup = (await backed_up(stage)).fact("backup")
    await stage.take_down(A)
    await books.moved_by_hand(stage, FAILED_OVER)
    await imported_by_hand(stage, backup)


def own_settings(world: World) -> World:
    """Somebody gives B its own music back."""
    had = contents.world()[0].pools[B]
    live = world.pools[B]
    return world.with_pool(live.holding(live.objects.values(), had.settings, had.audio))


def led_to(edge: str) -> Holds:
    return lambda before, after: after.told["CsSite"][0]["FederationRoute"] == f"EdgeServer:{edge}"


def xmpp_led_to(edge: str) -> Holds:
    return lambda before, after: after.told["CsSite"][0]["XmppFederationRoute"] == f"EdgeServer:{edge}"


LOCATE = {
    "lis": (("lis-import", ANNA),),
    "lis-import": (("approve", BORIS),),
    "lis-publish": (("approve", ANNA),),
}
OUT = {
    **FAILOVER,
    **LOCATE,
    "cms-names": (("cms-named", ANNA),),
    "cms": (("approve", BORIS),),
    "hop-way": (("hop-command", ANNA),),
    "hop": (("approve", ANNA),),
}
IMPORTED = {"imported": True}
HANDS: Hands = {row: change for row, change in BY_HAND.items() if change}
REPLACED = {**REPLACE, **LOCATE, **dict.fromkeys(BY_HAND, (("done", ANNA),))}


def surrounding(key: str, *sent: str, holds: Holds = lambda before, after: True, synced: int = 0) -> Way:
    return Way(f"/rgs start {key} pool-a", ENDINGS[key], everything_there, {}, sent, synced, holds)


WAYS: Mapping[str, Way] = {
    "backup": Way("/rgs backup pool-a"),
    "verify": Way("/rgs backup verify pool-a", begun=backed_up),
    "companion": Way("/rgs companions pool-a: call-park-settings"),
    "failover": Way(
        "/rgs failover pool-a",
        OUT,
        surrounded,
        sent=("Invoke-CsManagementServerFailover", *LOCATED, "Set-CsEdgeServer", FAIL_OVER, IMPORT),
        holds=lambda before, after: (
            copied(before, after) and after.store == B and after.edges[E1] == B and after.pools[A].failed_over
        ),
        state=PoolState.FAILED_OVER,
        says="pool-a is failed over to pool-b",
        known=IMPORTED,
    ),
    "failback": Way(
        "/rgs failback pool-a",
        FAILBACK,
        away,
        sent=(FAIL_BACK, IMPORT, REMOVE),
        synced=1,
        holds=home_again,
        says="pool-a is active again.",
        known={"imported": False},
    ),
    "rebuild": Way(
        "/rgs start rebuild pool-a",
        {**REBUILD, **LOCATE},
        rebuilt,
        sent=(*LOCATED, FAIL_BACK, IMPORT),
        synced=3,
        holds=lambda before, after: (
            copied(before, after) and after.pools[A].settings == after.pools[B].settings and located_again(after)
        ),
        says="pool-a is active again.",
        known=IMPORTED,
    ),
    "replace": Way(
        "/rgs start replace pool-a pool-n",
        REPLACED,
        lost,
        HANDS,
        sent=(*LOCATED, IMPORT, REMOVE),
        synced=2,
        holds=lambda before, after: (
            {item.key for item in after.pools[N].inventory().owned_by(N).objects} == _of(before, B)
            and not _of(after, B)
            and A not in after.pools
            and located_again(after)
        ),
        state=PoolState.RETIRED,
    ),
    "prestage": Way(
        "/rgs start prestage pool-a", books.PRESTAGE, backed_up, sent=(IMPORT,), holds=copied, known=IMPORTED
    ),
    "clean-up": Way(
        "/rgs start clean-up pool-a",
        CLEANUP,
        books.prestaged,
        sent=(REMOVE,),
        holds=bare,
        known={"imported": False, "prestaged": {}},
    ),
    "import-again": Way(
        "/rgs start import-again pool-a",
        AGAIN,
        without_groups,
        sent=(IMPORT,),
        holds=copied,
        state=PoolState.FAILED_OVER,
        known=IMPORTED,
    ),
    "undo": Way(
        "/rgs start undo pool-a",
        {"set": (("approve", ANNA),), "music": (("music-set", BORIS),)},
        replaced,
        {"music": own_settings},
        sent=("Set-CsRgsConfiguration",),
        holds=lambda before, after: after.pools[B].settings == contents.world()[0].pools[B].settings,
        known={"own": ""},
    ),
    "adopt": Way(
        "/rgs start adopt pool-a",
        {"take": (("adopt", ANNA),), "agents": (("go-on", EMIL),)},
        moved_by_others,
        holds=lambda before, after: copied(before, after) and after.pools[A].failed_over,
        state=PoolState.FAILED_OVER,
        known=IMPORTED,
    ),
    "cms": surrounding("cms", "Invoke-CsManagementServerFailover", holds=lambda before, after: after.store == B),
    "edge": surrounding("edge", "Set-CsSite", holds=led_to(E2)),
    "xmpp": surrounding("xmpp", "Set-CsSite", holds=xmpp_led_to(E2)),
    "edge-of-pool": surrounding("edge-of-pool"),
    "mirror": surrounding(
        "mirror",
        "Invoke-CsDatabaseFailover",
        holds=lambda before, after: after.pools[A].principals["User"] == "Mirror",
    ),
    "conferences": surrounding("conferences", synced=1),
    "backup-service": surrounding("backup-service", synced=2),
}


def unreplicated(world: World) -> World:
    """Somebody switches replication off, for all pools."""
    return replace(world, replicates=False)


REFUSED = {"mode-refused": (("abandon", ANNA),)}
UNTOUCHED: Holds = lambda before, after: _of(after, B) == _of(before, B) and _of(after, A) == _of(before, A)  # noqa: E731
REPLICATED: Mapping[str, Way] = {
    "failover": replace(
        WAYS["failover"],
        script={**OUT, "backup": (("keep", ANNA),)},
        sent=WAYS["failover"].sent[:-1],
    ),
    "failback": replace(
        WAYS["failback"],
        sent=(FAIL_BACK,),
        holds=copied,
        says="The servers keep copying its groups to pool-b.",
        known=IMPORTED | {"prestaged": {}},
    ),
    "rebuild": replace(
        WAYS["rebuild"],
        script={**WAYS["rebuild"].script, "settings": (("defaults", CLARA),)},
        sent=(*LOCATED, FAIL_BACK),
        holds=lambda before, after: copied(before, after) and located_again(after),
        says="The servers keep copying its groups to pool-b.",
        known=IMPORTED | {"prestaged": {}},
    ),
    "replace": replace(
        WAYS["replace"],
        hands={**HANDS, "agents": unreplicated},
        says="Replication of groups was switched off. Switch it on again",
    ),
    "prestage": replace(WAYS["prestage"], script=REFUSED, sent=(), holds=UNTOUCHED, known={}, phase=Phase.ABANDONED),
    "clean-up": replace(
        WAYS["clean-up"],
        script=REFUSED,
        begun=backed_up,
        sent=(),
        holds=UNTOUCHED,
        known={},
        phase=Phase.ABANDONED,
    ),
}
"""Where servers replicate the groups by themselves: nothing is imported over replicas, and none are removed.

They do so between the two pools of a pair. A pool that takes another's place is in none yet, so it gets its groups by
an import; and before the lost one leaves the topology, replication is switched off and the replicas are removed.
"""

GONE = {"xmpp": ("2013", "2015"), "mirror": ("2013", "2015")}
"""Runbooks that only some versions have."""


async def unserved(stage: Stage) -> None:
    """The Backup Service stands still on a server of A."""
    await everything_there(stage)
    machine = (await stage.worlds.load())[0].pools[A].machines[0]
    await pool_becomes(stage, A, stopped=MappingProxyType({machine: ("LYNCBACKUP",)}))


async def alone(stage: Stage) -> None:
    """A answers again, and B is dead now."""
    await away(stage)
    await stage.take_down(B)


def left_behind(world: World) -> World:
    return with_pool(B, lambda pool: replace(pool, replica_behind=True))(world)


OTHER_WAYS: Mapping[str, Way] = {
    "companion: emergency locations": Way("/rgs companions pool-a: lis"),
    "failover: planned, and settings replaced": Way(
        "/rgs failover pool-a",
        {
            **FAILOVER,
            "doubt": (("planned", ANNA),),
            "settings": (("replace-settings", CLARA),),
            "import": books.TWO,
        },
        backed_up,
        sent=(FAIL_OVER, IMPORT),
        holds=lambda before, after: copied(before, after) and after.pools[B].settings == before.pools[A].settings,
        state=PoolState.FAILED_OVER,
        known=IMPORTED,
    ),
    "failback: without the backup pool": Way(
        "/rgs failback pool-a",
        DISASTER,
        alone,
        sent=(FAIL_BACK,),
        holds=lambda before, after: after.pools[A].registrar in HOME and _of(after, A) == _of(before, A),
        known={"imported": None},
    ),
    "cms: a replica is behind": replace(
        WAYS["cms"],
        script={**ENDINGS["cms"], "cms-replicas": (("cms-push-now", ANNA),), "cms-push": (("approve", ANNA),)},
        hands={"cms": left_behind},
        sent=("Invoke-CsManagementServerFailover", "Invoke-CsManagementStoreReplication"),
    ),
    "backup-service: started, at another interval": Way(
        "/rgs start backup-service pool-a",
        {"start": (("approve", ANNA),), "change": (("interval", ANNA),), "interval": (("approve", BORIS),)},
        unserved,
        sent=("Start-CsWindowsService", "Set-CsBackupServiceConfiguration"),
        holds=lambda before, after: after.pools[A].runs("LYNCBACKUP"),
    ),
}
"""What the straight ways do not send."""
