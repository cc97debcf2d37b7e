"""Sealed backups: byte-exact, nothing of them in clear, readable while their key is there, refused without it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from bot.__main__ import main
from bot.commands.check import check
from bot.domain.errors import BadInput, Damaged
from bot.settings.settings import Settings
from bot.stores import store
from storage.backups.backups import Backups
from storage.connect import connect
from storage.embedded import Embedded
from storage.vault.cutting import PIECE_BYTES
from storage.vault.records import sealed_with
from storage.vault.sealing import Keyring, fingerprint, fresh, parse
from tests.storage.test_backups import FINGERPRINTS, POOL, backup_of, export, pieces
from tests.storage.test_cutting import files

OLD, NEW = b"o" * 32, b"n" * 32
RINGS = (Keyring((OLD,)), Keyring((NEW, OLD)), Keyring((NEW,)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(data=files, ring=st.sampled_from(RINGS))
async def test_whatever_was_sealed_comes_back_byte_for_byte(redis: Redis, data: bytes, ring: Keyring) -> None:
    backups = Backups(redis, ring)
    kept = backup_of(data, f"{hashlib.sha256(data).hexdigest()}-{ring.writes}")
    await backups.save(kept, data, {"a": "b"})
    assert await backups.load(kept.id) == data
    assert await backups.get(kept.id) == kept and await backups.fingerprints(kept.id) == {"a": "b"}
    assert max((await pieces(redis)).values()) <= PIECE_BYTES + 28


async def test_nothing_that_is_stored_says_what_was_kept(redis: Redis) -> None:
    ring, data = Keyring((OLD,)), export(members=4, size=900)
    kept = replace(backup_of(data, "b1"), warnings=("Queue Helpdesk has no group.",), settings={"Music": "secret.wav"})
    await Backups(redis, ring).save(kept, data, {"Queue/Helpdesk": "print"})
    stored = b"".join([key + await redis.get(key) for key in await redis.keys("piece:*")])
    record = await redis.get("backup:b1")
    assert record.startswith(b"kept:%s:" % ring.writes.encode()) and b"0.wav" in data
    plain = [data[at : at + 16] for at in range(0, len(data) - 16, 16)]
    for clear in (b"0.wav", b"Helpdesk", b"secret", POOL.encode(), kept.sha256.encode(), *plain):
        assert clear not in stored and clear not in record
    names = re.findall(rb"([0-9a-f]{8})-[0-9a-f]{64}", stored)
    assert set(names) == {ring.writes.encode()} and hashlib.sha256(data).digest() not in stored


async def test_days_that_are_alike_share_their_sealed_pieces(redis: Redis) -> None:
    backups = Backups(redis, Keyring((OLD,)))
    for day in (1, 2):
        data = export(day=day, changed=day - 1)
        await backups.save(backup_of(data, f"b{day}", taken_at=float(day)), data, {})
    assert len(await pieces(redis)) == 12 + 1 + 2 * 2 + 1, "recordings, one more, headers and layouts, fingerprints"


async def test_keys_are_changed_and_the_old_one_retires_with_its_last_backup(redis: Redis) -> None:
    days = {f"b{day}": export(day=day) for day in (1, 2, 3)}
    rings = {"b1": Keyring(), "b2": Keyring((OLD,)), "b3": Keyring((NEW, OLD))}
    for at, (id, data) in enumerate(days.items()):
        await Backups(redis, rings[id]).save(backup_of(data, id, taken_at=float(at)), data, {}, listed=id != "b2")
    both, new = Backups(redis, Keyring((NEW, OLD))), Backups(redis, Keyring((NEW,)))
    await both.enlist("b2", ("A warning.",))
    assert {id: await both.load(id) for id in days} == days
    assert await sealed_with(redis) == tuple(sorted((fingerprint(OLD), fingerprint(NEW))))
    assert f"key {fingerprint(OLD)}" in Keyring((NEW,)).lacks(await sealed_with(redis))
    with pytest.raises(Damaged, match=f"Backup b2 cannot be read. .* key {fingerprint(OLD)}, which"):
        await new.load("b2")
    assert await new.load("b1") == days["b1"] and await new.load("b3") == days["b3"]

    assert await both.remove("b2")
    assert await sealed_with(redis) == (fingerprint(NEW),) and not Keyring((NEW,)).lacks(await sealed_with(redis))
    await both.pieces.sweep(1e12)
    assert not await redis.keys(f"piece:{fingerprint(OLD)}-*")
    assert await new.load("b1") == days["b1"] and await new.load("b3") == days["b3"]
    assert await new.remove("b3") and await sealed_with(redis) == ()


async def test_a_record_that_was_changed_anywhere_is_found(redis: Redis) -> None:
    backups, data = Backups(redis, Keyring((OLD,))), export(members=2)
    await backups.save(backup_of(data, "b1"), data, FINGERPRINTS)
    whole = await redis.get("backup:b1")
    for at in range(len(whole)):
        await redis.set("backup:b1", whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Damaged, match=r"its record is not what was stored|which SWITCHBACK_BACKUP_KEYS does not"):
            await backups.get("b1")
    await redis.set("backup:b2", whole)
    with pytest.raises(Damaged, match="Backup b2 is damaged"):
        await backups.get("b2")


@pytest.mark.parametrize("keys", ["", "wrong"])
async def test_a_start_without_the_right_key_is_refused_with_the_one_it_expects(
    server: Embedded, client: Redis, capsys: pytest.CaptureFixture[str], keys: str
) -> None:
    right, wrong = fresh(), fresh() if keys else ""
    await Backups(client, parse(right)).save(backup_of(b"x", "b1"), b"x", {})
    said = Settings(redis_url=server.url, backup_keys=wrong)
    expected, here = parse(right).writes, parse(wrong).writes
    with pytest.raises(BadInput) as told:
        async with store(said):
            raise AssertionError("it started")
    assert f"sealed with key {expected}, which SWITCHBACK_BACKUP_KEYS does not hold" in told.value.sentence
    assert (f"it holds key {here}" if here else "it is not set") in told.value.sentence
    assert told.value.sentence in await check(said)
    assert told.value.sentence in await check(Settings(data=str(server.folder), backup_keys=wrong))
    environ = {"REDIS_URL": server.url, "SWITCHBACK_BACKUP_KEYS": wrong}
    assert await asyncio.to_thread(main, ["status"], environ) == 2
    assert capsys.readouterr() == ("", f"{told.value.sentence}\n")

    both = ",".join(key for key in (wrong, right) if key)
    assert await asyncio.to_thread(main, ["status"], environ | {"SWITCHBACK_BACKUP_KEYS": both}) == 0
    assert not [line for line in await check(replace(said, backup_keys=both)) if "sealed" in line]


async def test_several_processes_with_several_keys_read_what_each_wrote(redis: Redis, redis_url: str) -> None:
    rings = [Keyring(keys) for keys in ((OLD, NEW), (NEW, OLD))]
    data = export()
    clients = [connect(redis_url) for _ in rings]
    for client, ring in zip(clients, rings, strict=True):
        await Backups(client, ring).save(backup_of(data, f"by-{ring.writes}"), data, {})
    for client, ring in zip(clients, rings, strict=True):
        for writer in rings:
            assert await Backups(client, ring).load(f"by-{writer.writes}") == data
        await client.aclose()


def test_a_faulty_key_is_refused_without_being_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"], {"SWITCHBACK_BACKUP_KEYS": "hush"}) == 2
    said = capsys.readouterr()
    assert said.err.startswith("Key 1 in SWITCHBACK_BACKUP_KEYS is 3 bytes long, not 32.")
    assert "hush" not in said.err + said.out


def test_a_new_key_is_one_that_can_be_used_and_comes_with_its_fingerprint(capsys: pytest.CaptureFixture[str]) -> None:
    keys = set()
    for _ in range(2):
        assert main(["new-key"], {}) == 0
        key, sentence = capsys.readouterr().out.splitlines()
        assert f"Its fingerprint is {parse(key).writes}." in sentence
        keys.add(key)
    assert len(keys) == 2
