"""The off-site copy on a real S3 server, in a folder, and with peers that do all that a peer should not."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from dataclasses import replace
from urllib.error import HTTPError

import pytest

from bot.domain.backups.offsite import OffSite
from bot.domain.errors import MirrorAway
from storage.vault.mirror import Mirror, piece_path
from tests.patience import PATIENCE_S
from tests.peers import S3, Answer, bucket_at, dripping, gate, lock_door, mute, peer, says

RAW = b"a piece of an export" * 50
NAME = hashlib.sha256(RAW).hexdigest()
SLOW = "does not answer in time."
HASTY = {"patience_s": 0.6}
"""Only with those who are slow on purpose: whoever answers may take his time on a bad day."""


def whole(name: str, raw: bytes) -> bool:
    return hashlib.sha256(raw).hexdigest() == name


@pytest.fixture
def mirror(place: OffSite) -> Mirror:
    return Mirror(place, whole)


async def all_of(mirror: Mirror, under: str) -> set[str]:
    return {path async for path in mirror.paths(under)}


async def test_a_copied_piece_comes_back_and_lies_in_the_folder_of_its_last_two_letters(mirror: Mirror) -> None:
    assert await mirror.fetch(NAME) is None
    assert await mirror.give(NAME, RAW) == ""
    assert await mirror.fetch(NAME) == RAW
    assert await all_of(mirror, "pieces") == {piece_path(NAME)} == {f"pieces/{NAME[-2:]}/{NAME}"}
    assert await all_of(mirror, "backups") == set()


async def test_the_same_piece_may_be_copied_again(mirror: Mirror) -> None:
    assert [await mirror.give(NAME, RAW) for _ in range(3)] == ["", "", ""]
    assert await mirror.fetch(NAME) == RAW


async def test_a_damaged_object_is_never_written_over_and_a_sound_one_goes_beside_it(mirror: Mirror) -> None:
    await mirror.put(piece_path(NAME), b"damaged", lambda raw: True)
    assert await mirror.fetch(NAME) is None

    said = await mirror.give(NAME, RAW)
    assert said == f"{piece_path(NAME)} on the off-site copy is damaged; a sound one lies beside it."
    assert await mirror.fetch(NAME) == RAW
    assert await mirror.get(piece_path(NAME), lambda raw: True) == b"damaged"
    assert await all_of(mirror, "pieces") == {piece_path(NAME)}


async def test_when_even_the_places_beside_it_are_damaged_it_says_so(mirror: Mirror) -> None:
    for suffix in ("", "~2", "~3", "~4", "~5"):
        await mirror.put(piece_path(NAME) + suffix, b"damaged", lambda raw: True)
    with pytest.raises(MirrorAway, match="does not give back what it was given"):
        await mirror.give(NAME, RAW)
    assert await mirror.fetch(NAME) is None


async def test_of_many_who_give_at_once_all_are_content_and_one_object_is_there(place: OffSite) -> None:
    mirrors = [Mirror(place, whole) for _ in range(8)]
    assert await asyncio.gather(*(mirror.give(NAME, RAW) for mirror in mirrors)) == [""] * 8
    assert await mirrors[0].get(f"{piece_path(NAME)}~2", lambda raw: True) is None


async def test_a_place_keeps_the_identity_that_it_was_given_first(place: OffSite) -> None:
    assert await Mirror(place, whole).identity() is None
    assert await Mirror(place, whole).identify(b"one") == b"one"
    assert await Mirror(place, whole).identify(b"two") == b"one"
    assert await Mirror(place, whole).identity() == b"one"


async def test_a_good_place_stands_the_trial(mirror: Mirror) -> None:
    assert await mirror.trial("checks/1", b"try") is None
    assert await mirror.trial("checks/2", b"try") is None


async def test_more_objects_than_one_answer_holds_are_all_listed(mirror: Mirror) -> None:
    given = {f"backups/pool/{n}" for n in range(120)}
    for path in given:
        await mirror._objects.create(path, b"x")
    assert await all_of(mirror, "backups") == given


LIAR = says("200 OK", b"wrong")
PEERS: dict[str, tuple[Answer, str]] = {
    "mute": (mute, SLOW),
    "dripping": (dripping, SLOW),
    "cut short": (says("200 OK", b"half", said=5_000), SLOW),
    "500": (says("500 Oh"), "answers with an error (500)."),
    "503": (says("503 Slow Down"), "answers with an error (503)."),
    "403": (says("403 Forbidden"), "does not allow this (403)"),
    "401": (says("401 No"), "does not accept the credentials (401)"),
    "skewed clock": (
        says("403 Forbidden", b"<Error><Code>RequestTimeTooSkewed</Code></Error>"),
        "refuses this machine's clock, which is wrong by minutes",
    ),
    "wrong secret": (says("403 Forbidden", b"<Error><Code>SignatureDoesNotMatch</Code></Error>"), "does not accept"),
    "501": (
        says("501 Not Implemented", b"<Error><Code>NotImplemented</Code></Error>"),
        "use storage that honours If-None-Match, such as Amazon S3 or MinIO, or a folder.",
    ),
    "wrong bytes": (LIAR, "does not give back what it was given"),
}


CONFLICT = says("409 Conflict", b"<Error><Code>ConditionalRequestConflict</Code></Error>")


async def test_a_bucket_with_object_lock_gets_a_checksum_with_each_put(s3: S3) -> None:
    kept = s3.locked()
    async with lock_door(s3.port) as way:
        mirror = Mirror(replace(way, bucket=kept.bucket), whole)
        assert await mirror.trial("checks/1", b"try") is None
        assert await mirror.give(NAME, RAW) == "" and await mirror.fetch(NAME) == RAW
    versions = re.findall(b"<VersionId>(.*?)<", s3.ask("GET", f"{kept.bucket}?versions"))
    with pytest.raises(HTTPError, match="403"):
        s3.ask("DELETE", f"{kept.bucket}/copies/{piece_path(NAME)}?versionId={versions[-1].decode()}")


@pytest.mark.parametrize("busy", [1, 3])
async def test_a_put_that_meets_a_busy_object_is_tried_again_at_the_same_path(s3: S3, busy: int) -> None:
    kept, refused = s3.bucket(), []

    def refuse(head: bytes, taken: bytes) -> Answer | None:
        if not head.startswith(b"PUT") or len(refused) == busy:
            return None
        refused.append(head)
        return CONFLICT

    async with gate(s3.port, refuse) as way:
        assert await Mirror(replace(way, bucket=kept.bucket), whole).give(NAME, RAW) == ""
    assert len(refused) == busy and await all_of(Mirror(kept, whole), "pieces") == {piece_path(NAME)}
    assert await Mirror(kept, whole).fetch(NAME) == RAW


async def test_an_object_that_stays_busy_is_no_damage_and_nothing_lies_beside_it(s3: S3) -> None:
    """Only the first path is busy: what went beside it, nobody would ever find."""
    kept, first = s3.bucket(), f"{NAME} HTTP".encode()
    async with gate(
        s3.port, lambda head, taken: CONFLICT if head.startswith(b"PUT") and first in head else None
    ) as way:
        mirror = Mirror(replace(way, bucket=kept.bucket), whole)
        with pytest.raises(MirrorAway, match=r"is busy with .* \(409\): it is tried again later"):
            await mirror.give(NAME, RAW)
        assert await mirror.fetch(NAME) is None
    assert b"<Key>" not in s3.ask("GET", kept.bucket)
    assert await Mirror(kept, whole).give(NAME, RAW) == "" and await Mirror(kept, whole).fetch(NAME) == RAW


async def test_a_place_that_forgets_what_it_took_is_told_and_nothing_lies_beside_it(s3: S3) -> None:
    kept, first = s3.bucket(), f"{NAME} HTTP".encode()
    taken = says("200 OK")
    async with gate(s3.port, lambda head, raw: taken if head.startswith(b"PUT") and first in head else None) as way:
        with pytest.raises(MirrorAway, match="does not give back what it was given"):
            await Mirror(replace(way, bucket=kept.bucket), whole).give(NAME, RAW)
    assert b"<Key>" not in s3.ask("GET", kept.bucket)


async def test_a_place_that_forgets_its_identity_is_no_mirror() -> None:
    async with peer(
        lambda head, raw, writer: says("200 OK" if head.startswith(b"PUT") else "404 No")(head, raw, writer)
    ) as way:
        with pytest.raises(MirrorAway, match="does not give back what it was given"):
            await Mirror(way, whole).identify(b"one")


@pytest.mark.parametrize("kind", PEERS)
async def test_a_peer_that_misbehaves_is_told_apart_within_seconds_and_harms_nothing(kind: str) -> None:
    answer, sentence = PEERS[kind]
    started = time.monotonic()
    async with peer(answer) as place:
        mirror = Mirror(place, whole, **(HASTY if sentence == SLOW else {}))
        with pytest.raises(MirrorAway) as caught:
            await mirror.give(NAME, RAW)
        assert await mirror.fetch(NAME) is None
        assert await mirror.trial("checks/1", RAW) is not None
    assert sentence in caught.value.sentence
    assert time.monotonic() - started < PATIENCE_S
    assert "secret" not in caught.value.sentence.lower().replace("aws_secret_access_key", "")


async def test_a_closed_port_and_a_missing_bucket_and_a_missing_folder_are_told(s3: S3) -> None:
    told = []
    for place in (bucket_at(1), bucket_at(s3.port, "never-made"), OffSite(folder="/nowhere/at/all")):
        with pytest.raises(MirrorAway) as caught:
            await Mirror(place, whole).give(NAME, RAW)
        told.append(caught.value.sentence)
        assert await Mirror(place, whole).fetch(NAME) is None
    assert "cannot be reached" in told[0] and "has no such bucket" in told[1] and "is not there" in told[2]


async def test_listing_ends_in_time_as_well() -> None:
    async with peer(mute) as place:
        with pytest.raises(MirrorAway, match="in time"):
            await all_of(Mirror(place, whole, **HASTY), "backups")


async def test_a_place_that_writes_over_what_is_there_fails_the_trial() -> None:
    """Some S3-compatible storage ignores If-None-Match."""
    kept: dict[bytes, bytes] = {}

    async def careless(head: bytes, taken: bytes, writer: asyncio.StreamWriter) -> None:
        method, path, _ = head.split(b" ", 2)
        if method == b"PUT":
            kept[path] = taken
        found = b"" if method == b"PUT" else kept.get(path, b"")
        writer.write(f'HTTP/1.1 200 OK\r\ncontent-length: {len(found)}\r\netag: "x"\r\n\r\n'.encode() + found)

    async with peer(careless) as place:
        said = await Mirror(place, whole).trial("checks/1", RAW)
    assert said is not None and "writes over what is there" in said


def test_credentials_never_show() -> None:
    place = OffSite("", "bucket", "p", "https://s3.contoso.com", "us-east-1", "hush-1", "hush-2", "hush-3")
    assert "hush" not in repr(place) + str(place) + place.where
    assert place.where == "s3://bucket/p at https://s3.contoso.com"
