"""The contents of the demonstration hold together, and an administrator's own export can stand in for them."""

from __future__ import annotations

import hashlib

import pytest

from bot.domain.groups.groups import Kind, Ref, Value, walk
from bot.sandbox.pools.contents import tone, with_export, world
from bot.sandbox.pools.sites import POOL_A, POOL_B, POOL_C


def test_names_are_unique_across_the_deployment_seed_000() -> None:
    deployment, _ = world()
    keys = [item.key for pool in deployment.pools.values() for item in pool.objects.values()]
    assert len(keys) == len(set(keys))


def test_every_reference_and_every_recording_of_the_contents_resolves() -> None:
    deployment, blobs = world()
    for pool in deployment.pools.values():
        guids = {item.guid for item in pool.objects.values()}
        for item in pool.objects.values():
            assert {ref.guid for ref in references(item.properties)} <= guids
        assert set(pool.audio.values()) <= set(blobs)
    assert all(hashlib.sha256(data).hexdigest() == digest for digest, data in blobs.items())


def references(value: Value) -> list[Ref]:
    return [leaf for _, leaf in walk(value) if isinstance(leaf, Ref)]


def test_the_contents_are_the_same_every_time() -> None:
    assert world() == world()
    assert tone("a") == tone("a") != tone("b")


@pytest.mark.parametrize("pool", [POOL_A, POOL_B])
def test_both_pools_of_the_pair_hold_tens_of_groups_of_every_sort(pool: str) -> None:
    groups = world()[0].pools[pool]
    actions = [item.properties["DefaultAction"]["Action"] for item in groups.of(Kind.WORKFLOW)]
    assert len(actions) >= 20
    assert {"TransferToQueue", "TransferToQuestion"} == set(actions)
    policies = {item.properties["ParticipationPolicy"] for item in groups.of(Kind.AGENT_GROUP)}
    assert policies == {"Formal", "Informal"}
    assert all(groups.of(kind) for kind in Kind)
    assert groups.audio


def test_an_administrator_s_own_export_fills_the_first_pool() -> None:
    deployment, _ = world()
    export = deployment.pools[POOL_C].inventory()
    mine = with_export(deployment, export).pools[POOL_A]
    assert [item.name for item in mine.objects.values()] == [item.name for item in export.objects]
    assert {(item.owner, item.parent) for item in mine.objects.values()} == {(POOL_A, POOL_A)}
    assert mine.audio == export.audio
    assert with_export(deployment, export).pools[POOL_B] == deployment.pools[POOL_B]
