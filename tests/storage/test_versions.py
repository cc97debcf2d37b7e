"""Records of every kind: what 0.1 wrote is read, ours say who wrote them, and a newer one's are left as they are."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec
import pytest
from redis.asyncio import Redis

from bot.domain.backups.backup import Stamp
from bot.domain.backups.offsite import RestoreState
from bot.domain.backups.schedule import Override
from bot.domain.companions.kinds import ORGANISATION, Failure
from bot.domain.errors import BadInput, Newer, Stale
from bot.domain.model import PoolRecord, PoolState, Who
from bot.domain.runs.run import Change, Entry, Phase, Tell
from bot.hands.hands import read_in
from storage import keys, versions
from storage.backups import restore_state
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.backups.off_site import OffSiteCopies, OffSitePlace
from storage.backups.restore_state import RestoreStates
from storage.cards import Cards
from storage.cards import Place as Card
from storage.companions import Companions
from storage.notices import Notices
from storage.runs import Runs
from storage.schedules import Schedules
from storage.vault.sealing import PLAIN
from storage.worlds.worlds import RedisWorlds
from tests import records
from tests.records import key_of

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
RUN = key_of("run:failover").removeprefix("run:")
BACKUP = key_of("backup:backup-pool-b").removeprefix("backup:")
COPY = key_of("companion:companion-call").removeprefix("companion:")
NOTICE = f"fresh:{B}"
ANNA = Who("T0SWITCH01:U0ANNA0001", "Anna Berg")
LATER = 1_900_000_000.0


class Old:
    """All stores over what 0.1 left."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.runs, self.cards = redis, Runs(redis), Cards(redis)
        self.notices, self.schedules = Notices(redis), Schedules(redis)
        self.backups, self.keepings, self.off_site = Backups(redis), Keepings(redis), OffSiteCopies(redis)
        self.companions, self.worlds = Companions(redis, self.backups.pieces), RedisWorlds(redis)
        self.states = RestoreStates(self.runs, self.schedules, self.backups, self.keepings)


@pytest.fixture
async def old(redis: Redis) -> Old:
    await records.put(redis)
    return Old(redis)


async def test_runs_with_their_log_pools_and_messages(old: Old) -> None:
    run = await old.runs.load(RUN)
    assert (run.runbook, run.phase, run.step, run.primary.fqdn) == ("failover", Phase.WAITING, "import", A)
    # 0.1 called it the backup.
    assert run.partner is not None and run.partner.fqdn == B and run.pools == (run.primary, run.partner)
    assert run.proposal is not None and run.record_of("failover") is not None
    assert [one.id for one in await old.runs.open()] == [RUN] and len(await old.runs.page()) == 3
    assert "approved" in {entry.what for entry in await old.runs.audit(RUN)}
    assert (await old.runs.audit())[0].sentence == "pool-b may be 30 h old."
    stands = await old.runs.records([A, B])
    assert (stands[A].state, stands[A].held_by, stands[B].held_by) == (PoolState.FAILING_OVER, RUN, RUN)
    (tell,) = [item.tell for item in await old.runs.outbox(LATER) if item.tell]
    assert tell == Tell("notifications", "Anna Berg changed the schedule of pool-b.", ("Usual: 26 h.",))


async def test_what_0_1_kept_of_its_exports_is_what_is_kept_of_them_now(old: Old) -> None:
    """Else every object would look changed in the first backup after an upgrade."""
    for pool in (A, B):
        for backup in await old.backups.page(pool):
            _, prints, _, contents = read_in(await old.backups.load(backup.id))
            assert prints and await old.backups.fingerprints(backup.id) == prints and backup.contents == contents


async def test_cards_notices_and_schedules(old: Old) -> None:
    place = await old.cards.place(RUN)
    assert place is not None and (place.channel, len(place.digest)) == ("C0INCIDENT", 32)
    notice = await old.notices.find(NOTICE)
    assert notice is not None and notice.place is not None and notice.details == ("/rgs backup pool-b makes one now.",)
    assert notice in await old.notices.standing()
    said = await old.schedules.overrides()
    assert (said[A].at, said[B].objective_h, said[B].by.name) == (("Sun 03:15",), 30.0, "Anna Berg")


async def test_backups_with_what_is_known_beside_them_and_copies_of_companions(old: Old) -> None:
    backup = await old.backups.get(BACKUP)
    assert backup.pool == B and backup.settings is not None
    assert hashlib.sha256(await old.backups.load(BACKUP)).hexdigest() == backup.sha256
    first, second = await old.keepings.read([key_of("backup:backup-pool-a").removeprefix("backup:"), BACKUP])
    assert first.stamp is not None and first.stamp.restorable and first.pins["U0ANNA0001"] == "before the cut-over"
    assert second.mirrored_at is not None
    assert all((await old.keepings.basis([A, B])).values())
    assert (await old.companions.load(COPY, "Waiting Room.wma")).startswith(b"not really")
    (word,) = await old.companions.page(ORGANISATION, "lis")
    assert word.rows == ({"City": "Berlin", "PSAP": ("112",)},) and word.attestation is not None
    assert (await old.companions.failures())[B, "call-park-music"].sentence.startswith("The file store")


async def test_the_deployment_and_what_is_known_of_the_place_off_site(old: Old) -> None:
    world, version = await old.worlds.load()
    assert set(world.pools) >= {A, B} and version > 1
    place = await old.off_site.place()
    assert place is not None and place.identity.startswith(b"Switchback has copied here")
    ((path, raw),) = records.kept()["state"].items()
    name = restore_state.name_of(path)
    state = restore_state.unpacked(name, records.raw(raw), PLAIN)
    assert state.schedules[A].at == ("Sun 03:15",) and await old.off_site.remembered() == name


NEWEST = versions.VERSION + 7

Read = Callable[[Old], Awaitable[object]]


async def _rewrite(old: Old) -> None:
    """Everything that has a record is written once by this version."""
    run, at = await old.runs.load(RUN), LATER
    await old.runs.commit(Change(run, (Entry(at, ANNA, "said", "", "Hm."),), (Tell("thread", "Hm."),)), at)
    await old.cards.put(RUN, Card("C1", "1.2", "d"))
    await old.notices.say(NOTICE, "Still none.", at)
    await old.notices.placed(NOTICE, Card("C1", "1.3", "d"))
    said = await old.schedules.overrides()
    await old.schedules.change(Override(A, ANNA, at), said[A], Entry(at, ANNA, "x", "", "."), Tell("thread", "."))
    await old.keepings.stamp(BACKUP, Stamp(at, True, A, "basis"))
    await old.keepings.set_basis(A, "digest", at)
    await old.backups.enlist(BACKUP)
    copy = await old.companions.get(COPY)
    await old.companions.keep(replace(copy, id="fresh", taken_at=at), {}, like=COPY)
    await old.companions.failed(B, "call-park-music", Failure(at, "No."))
    await old.off_site.settle(OffSitePlace("/mnt", b"identity"))
    await old.worlds.save(*await old.worlds.load())


async def _values(redis: Redis) -> dict[tuple[str, bytes], bytes]:
    """Every value in strings, hashes and streams, by key and field."""
    found: dict[tuple[str, bytes], bytes] = {}
    async for key in redis.scan_iter():
        name, kind = key.decode(), await redis.type(key)
        if kind == b"string" and not name.startswith("piece:"):
            found[name, b""] = await redis.get(key)
        elif kind == b"hash":
            found |= {(name, field): value for field, value in (await redis.hgetall(key)).items()}
        elif kind == b"stream":
            found |= {(name, id): fields[b"entry"] for id, fields in await redis.xrange(key)}
    return found


async def test_what_is_written_now_begins_with_our_version(old: Old) -> None:
    await _rewrite(old)
    found = await _values(old.redis)
    loose = [key for key, value in found.items() if value[:1] in (b"{", b"[") and not _is_of(value, versions.VERSION)]
    written = {key for key, value in found.items() if _is_of(value, versions.VERSION)}
    assert {key for key, _ in written} >= {
        f"run:{RUN}",
        f"run:{RUN}:audit",
        f"card:{RUN}",
        "outbox:tells",
        f"pool:{A}",
        f"notice:{NOTICE}",
        "schedules",
        f"keeping:{BACKUP}",
        "basis",
        "companions:failed",
    }
    # What nobody wrote again is as 0.1 left it.
    assert not [key for key in loose if key in written]
    assert found["world:deployment", b"world"][0] == versions.VERSION
    assert found["mirror", b"v"] == b"%d" % versions.VERSION
    for key in (keys.backup(BACKUP), keys.companion("fresh")):
        assert b"\xa1v%c" % versions.VERSION in found[key, b""]
    assert (await old.runs.load(RUN)).version == 29
    assert (await old.notices.find(NOTICE)).sentence == "Still none."
    assert (await old.schedules.overrides())[A] == Override(A, ANNA, LATER)
    assert (await old.keepings.basis([A]))[A] == "digest"
    assert (await old.backups.get(BACKUP)).pool == B and (await old.companions.get("fresh")).taken_at == LATER
    assert set((await RedisWorlds(old.redis).load())[0].pools) >= {A, B}


def _is_of(value: bytes, version: int) -> bool:
    return value.startswith(b'{"v":%d,' % version)


async def _made_newer(old: Old) -> None:
    """The same store, as a version far ahead would have left it: with fields that nobody here can know."""
    await _rewrite(old)
    ours = b'{"v":%d,' % versions.VERSION
    later = b'{"v":%d,"shape":"another",' % NEWEST
    renamed = re.compile(rb'"(id|at|sentence|pool|channel|fqdn|digest|to)":')
    for (key, field), value in (await _values(old.redis)).items():
        if value.startswith(ours):
            body = renamed.sub(rb'"new_\1":', later + value[len(ours) :])
            await _put(old.redis, key, field, body)
    data = await old.redis.hget("world:deployment", "world")
    await old.redis.hset("world:deployment", "world", bytes([NEWEST]) + data[1:])
    await old.redis.hset("mirror", "v", NEWEST)
    for key in (keys.backup(BACKUP), keys.companion("fresh")):
        body = (await old.redis.get(key))[len(b"kept::") + 32 :].replace(
            b"\xa1v%c" % versions.VERSION, b"\xa1v%c" % NEWEST, 1
        )
        await old.redis.set(key, b"kept::" + hashlib.sha256(body).digest() + body)


async def _put(redis: Redis, key: str, field: bytes, body: bytes) -> None:
    kind = await redis.type(key)
    if kind == b"string":
        await redis.set(key, body)
    elif kind == b"hash":
        await redis.hset(key, field, body)
    else:
        await redis.xdel(key, field)
        await redis.xadd(key, {"entry": body})


REFUSED: dict[str, Read] = {
    "a run": lambda old: old.runs.load(RUN),
    "a run that is looked for": lambda old: old.runs.find(RUN),
    "a card": lambda old: old.cards.place(RUN),
    "a notice": lambda old: old.notices.find(NOTICE),
    "a backup": lambda old: old.backups.get(BACKUP),
    "a backup that changes": lambda old: old.backups.enlist(BACKUP),
    "a backup that goes": lambda old: old.backups.remove(BACKUP),
    "a copy": lambda old: old.companions.get("fresh"),
    "the place off-site": lambda old: old.off_site.place(),
    "what a restore needs": lambda old: old.states.standing([A, B], RestoreState()),
    "the deployment": lambda old: RedisWorlds(old.redis).load(),
}


@pytest.mark.parametrize("read", REFUSED.values(), ids=REFUSED.keys())
async def test_what_a_newer_version_wrote_is_told_in_a_sentence_and_stays(old: Old, read: Read) -> None:
    await _made_newer(old)
    before = await _values(old.redis)
    with pytest.raises(Newer, match=r"written by a newer Switchback than this process"):
        await read(old)
    assert await _values(old.redis) == before


async def test_a_message_of_a_newer_version_is_told_only_when_it_is_to_be_sent(old: Old) -> None:
    await _made_newer(old)
    newer = [item for item in await old.runs.outbox(LATER + 1) if item.kind == "tell" and item.run == RUN]
    with pytest.raises(Newer):
        _ = newer[0].tell


async def test_lists_pass_over_what_a_newer_version_wrote(old: Old) -> None:
    await _made_newer(old)
    assert await old.runs.open() == () and await old.runs.newer() == (RUN,)
    assert [run.id for run in await old.runs.page()] and RUN not in {run.id for run in await old.runs.page()}
    assert "Hm." not in {entry.sentence for entry in await old.runs.audit(RUN)} and await old.runs.audit(RUN)
    stands = await old.runs.records([A, B])
    assert (stands[A].state, stands[A].held_by, stands[B].state) == (PoolState.UNKNOWN, RUN, PoolState.ACTIVE)
    assert NOTICE not in {notice.key for notice in await old.notices.standing()}
    assert await old.notices.newer() == (NOTICE,)
    assert set(await old.schedules.overrides()) == {B} and await old.schedules.newer() == (A,)
    assert await old.backups.page(B) == () and await old.backups.newer(B) == (BACKUP,)
    assert [copy.id for copy in await old.companions.page(A, "call-park-music")] == [COPY]
    assert (await old.companions.newest([A], LATER))[A]["call-park-music"] is None and await old.companions.newer() == (
        "fresh",
    )
    assert await old.companions.needing(["0" * 64]) == () and await old.companions.failures() == {}
    assert (await old.keepings.read([BACKUP]))[0].stamp is None and (await old.keepings.basis([A]))[A] == ""


async def test_nothing_of_a_newer_version_is_written_over(old: Old) -> None:
    run, said, record = await old.runs.load(RUN), (await old.schedules.overrides())[A], await old.backups.record(BACKUP)
    await _made_newer(old)
    before = await _values(old.redis)
    entry, tell = Entry(LATER, ANNA, "x", "", "."), Tell("thread", ".")
    with pytest.raises(Stale):
        await old.runs.commit(Change(run), LATER)
    for was in (said, None, Override(A, ANNA, LATER), Override(A, ANNA, 0.0)):
        with pytest.raises(Stale):
            await old.schedules.change(Override(A, ANNA, LATER + 1), was, entry, tell)
    await old.schedules.put_back(Override(A, ANNA, LATER + 1))
    await old.runs.put_back(PoolRecord(A))
    await old.notices.say(NOTICE, "Ours.", LATER)
    assert not await old.notices.end(NOTICE, "Over.", LATER)
    await old.keepings.stamp(BACKUP, Stamp(LATER, False, A, "ours"))
    await old.keepings.set_basis(A, "ours", LATER + 1)
    assert not await old.backups.mend(BACKUP, record)
    assert await old.companions.prune(LATER * 2) == 0 or await old.redis.exists(keys.companion("fresh"))
    after = await _values(old.redis)
    assert {key: after.get(key) for key in before if key[0] != keys.companion(COPY)} == {
        key: value for key, value in before.items() if key[0] != keys.companion(COPY)
    }


async def test_without_a_backup_nothing_is_newer(redis: Redis) -> None:
    with pytest.raises(BadInput):
        await Backups(redis).get("nothing")
    assert await Backups(redis).newer(A) == () and await Runs(redis).newer() == ()


def test_equal_states_are_equal_bytes() -> None:
    first = RestoreState(pins={"a": {"x": "1", "y": "2"}, "b": {}})
    second = RestoreState(pins={"b": {}, "a": {"y": "2", "x": "1"}})
    assert restore_state.packed(first, PLAIN) == restore_state.packed(second, PLAIN)
    assert json.loads(restore_state.packed(first, PLAIN)[1])["v"] == versions.VERSION


def test_a_packed_record_says_who_wrote_it_and_is_otherwise_the_same() -> None:
    body = versions.packed(msgspec.msgpack.encode({"a": 1}))
    assert msgspec.msgpack.decode(versions.readable(body, "It")) == {"v": versions.VERSION, "a": 1}
