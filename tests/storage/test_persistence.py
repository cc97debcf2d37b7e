"""What a power cut would cost, asked of real servers with real settings."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.domain.errors import StoreAway
from storage.connect import connect, guard
from storage.embedded import Embedded, start
from storage.embedded import program as program_of
from storage.server import persistence
from tests.patience import PATIENCE_S


async def test_the_embedded_server_loses_nothing(client: Redis) -> None:
    assert await persistence(client) == ()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"appendfsync": "everysec"}, "may cost the last two seconds of what was confirmed"),
        ({"appendfsync": "no"}, "may cost the last half minute"),
        ({"appendonly": "no"}, "keeps nothing on disk: a power cut, or a mere restart, costs every run"),
        ({"appendonly": "no", "save": "3600 1"}, "only makes snapshots: a power cut costs everything since the last"),
        ({"no-appendfsync-on-rewrite": "yes"}, "While Redis rewrites its log, a power cut may cost"),
        ({"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"}, "throws things away when its memory is full"),
    ],
)
async def test_every_setting_that_can_lose_something_is_named(
    client: Redis, settings: dict[str, str], sentence: str
) -> None:
    for name, value in settings.items():
        await client.config_set(name, value)
    (said,) = await persistence(client)
    assert sentence in said and "Set `" in said


@pytest.mark.parametrize("settings", [{"save": "60 1"}, {"maxmemory": "1gb"}, {"maxmemory-policy": "allkeys-lru"}])
async def test_a_setting_that_loses_nothing_is_not_complained_about(client: Redis, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        await client.config_set(name, value)
    assert await persistence(client) == ()


@pytest.mark.parametrize(
    ("appendonly", "forbidden", "sentence"),
    [
        ("yes", ["-config"], "It is not known what a power cut would cost"),
        ("yes", ["-config", "-info"], "It is not known what a power cut would cost"),
        ("no", ["-config"], "keeps no log of changes, and whether it makes snapshots is not known"),
    ],
)
async def test_settings_that_may_not_be_read_are_unknown_and_not_good(
    server: Embedded, client: Redis, appendonly: str, forbidden: list[str], sentence: str
) -> None:
    await client.config_set("appendonly", appendonly)
    await client.execute_command("ACL", "SETUSER", "guest", "on", ">secret", "~*", "+@all", *forbidden)
    async with connect(server.url.replace("unix://", "unix://guest:secret@")) as guest:
        (said,) = await persistence(guest)
    assert sentence in said


async def test_a_renamed_config_command_is_unknown_and_not_good(folder: Path) -> None:
    program = folder / "renamed"
    program.write_text(f'#!/bin/sh\nexec "{program_of(None)}" "$@" --rename-command CONFIG ""\n')
    program.chmod(0o700)
    server = await start(folder, binary=str(program))
    async with connect(server.url) as client:
        (said,) = await persistence(client)
    await server.close()
    assert "It is not known what a power cut would cost" in said


async def test_a_full_disk_is_named_and_refuses_new_work_with_a_sentence(folder: Path) -> None:
    program = folder / "narrow"
    program.write_text(f'#!/bin/sh\ntrap \'\' XFSZ\nulimit -f 64\nexec "{program_of(None)}" "$@"\n')
    program.chmod(0o700)
    server = await start(folder, binary=str(program))
    async with connect(server.url) as client:
        await client.config_set("appendfsync", "everysec")
        with pytest.raises(StoreAway, match="cannot write to its disk and takes nothing new"):
            async with asyncio.timeout(PATIENCE_S), guard():
                while True:
                    await client.set("a", os.urandom(100_000))
        said = await persistence(client)
    await server.close()
    assert "could not write to its disk" in said[-1]
