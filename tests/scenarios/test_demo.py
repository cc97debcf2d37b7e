"""The demo's own decisions: what it is filled with, and beside what it will not start."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.commands.demo import A, B, configured, demo, furnish
from bot.domain.backups.offsite import OffSite
from bot.domain.errors import BadInput, Damaged
from bot.domain.groups.groups import Kind
from bot.exports.export_zip import write_export
from bot.settings.settings import Settings
from storage.worlds.worlds import RedisWorlds
from tests.worlds import sample


async def test_the_demo_fills_its_pools_once_and_then_leaves_them_as_they_are(redis: Redis) -> None:
    worlds = RedisWorlds(redis)
    await furnish(worlds, None)
    world, version = await worlds.load()
    assert len(world.pools[A].of(Kind.WORKFLOW)) > 20
    await furnish(worlds, None)
    assert (await worlds.load())[1] == version


async def test_an_administrators_export_takes_the_place_of_the_first_pools_groups(redis: Redis, tmp_path: Path) -> None:
    made = sample(7, pool="pool.contoso.com")
    file = tmp_path / "monday.zip"
    file.write_bytes(write_export(made.inventory, made.blobs.__getitem__, 1_795_000_000.0))
    worlds = RedisWorlds(redis)
    await furnish(worlds, None)
    await furnish(worlds, file)
    world, _ = await worlds.load()
    first = world.pools[A]
    assert {item.name for item in first.objects.values()} == {item.name for item in made.inventory.objects}
    assert {item.owner for item in first.objects.values()} == {A}
    assert len(world.pools[B].of(Kind.WORKFLOW)) > 20
    assert first.audio
    for sha256 in first.audio.values():
        assert await worlds.blob(sha256) == made.blobs[sha256]


async def test_a_file_that_is_no_export_is_refused_and_changes_nothing(redis: Redis, tmp_path: Path) -> None:
    worlds = RedisWorlds(redis)
    await furnish(worlds, None)
    before = await worlds.load()
    (tmp_path / "no.zip").write_bytes(b"no zip at all")
    with pytest.raises(Damaged):
        await furnish(worlds, tmp_path / "no.zip")
    with pytest.raises(BadInput, match="cannot be read"):
        await furnish(worlds, tmp_path / "absent.zip")
    assert await worlds.load() == before


async def test_it_does_not_start_beside_a_real_token(tmp_path: Path) -> None:
    settings = Settings(bot_token="xoxb-1234-real", data=str(tmp_path / "data"))
    with pytest.raises(BadInput, match="SLACK_BOT_TOKEN") as refused:
        await demo(settings)
    assert "1234" not in refused.value.sentence
    assert not (tmp_path / "data").exists()


def test_the_demo_copies_off_site_beside_its_data_and_never_where_the_configuration_says(tmp_path: Path) -> None:
    real = Settings(data=str(tmp_path), mirror=OffSite(bucket="contoso-switchback"))
    assert configured(real).mirror == OffSite(folder=str(tmp_path / "off-site"))
