"""Sealing: a ring of keys, the first writes and all read; what was touched, or sealed with another key, never opens."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import BadInput, Damaged
from storage.vault.sealing import OVERHEAD, PLAIN, Keyring, fingerprint, fresh, parse, stored_size

OLD, NEW, OTHER = (bytes([n]) * 32 for n in range(3))


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@given(data=st.binary(max_size=300), keys=st.sampled_from([(), (OLD,), (NEW, OLD)]))
def test_what_is_sealed_opens_under_its_name(data: bytes, keys: tuple[bytes, ...]) -> None:
    ring = Keyring(keys)
    name = ring.name(digest(data), ring.writes)
    sealed = ring.seal(name, data)
    assert ring.open(name, sealed) == data and len(sealed) == stored_size(name, len(data))
    assert name.startswith(f"{fingerprint(keys[0])}-" if keys else digest(data).hex())


@given(data=st.binary(min_size=1, max_size=60), key=st.booleans())
def test_a_sealed_piece_with_a_changed_bit_or_a_missing_byte_does_not_open(data: bytes, key: bool) -> None:
    ring = Keyring((OLD,)) if key else PLAIN
    name = ring.name(digest(data), ring.writes)
    sealed = bytes(ring.seal(name, data))
    flips = [
        sealed[:at] + bytes([sealed[at] ^ bit]) + sealed[at + 1 :] for at in range(len(sealed)) for bit in (1, 128)
    ]
    for wrong in (*flips, sealed[:-1], sealed + b"\0", b""):
        with pytest.raises(Damaged, match="is not what was stored"):
            ring.open(name, wrong)


def test_a_sealed_piece_opens_under_no_other_name() -> None:
    ring = Keyring((OLD,))
    name, other = (ring.name(digest(data), ring.writes) for data in (b"a", b"b"))
    with pytest.raises(Damaged):
        ring.open(other, ring.seal(name, b"a"))


def test_the_first_key_writes_and_all_read() -> None:
    before, after = Keyring((OLD,)), Keyring((NEW, OLD))
    name = before.name(digest(b"x"), before.writes)
    assert after.open(name, before.seal(name, b"x")) == b"x"
    assert after.writes == fingerprint(NEW) and after.fingerprints == (fingerprint(NEW), fingerprint(OLD))
    with pytest.raises(Damaged, match=f"sealed with key {fingerprint(OLD)}, which"):
        Keyring((NEW,)).open(name, before.seal(name, b"x"))


def test_two_sealings_of_the_same_bytes_look_different_and_have_one_name() -> None:
    ring = Keyring((OLD,))
    name = ring.name(digest(b"x" * 99), ring.writes)
    assert ring.seal(name, b"x" * 99) != ring.seal(name, b"x" * 99)
    assert name == ring.name(digest(b"x" * 99), ring.writes)


def test_a_name_says_nothing_about_the_bytes_to_whoever_lacks_the_key() -> None:
    names = {Keyring((key,)).name(digest(b"x"), fingerprint(key)) for key in (OLD, NEW)}
    assert len({name[9:] for name in names}) == 2 and digest(b"x").hex() not in "".join(names)


def test_neither_a_ring_nor_a_refusal_shows_a_key() -> None:
    text = fresh()
    ring = parse(text)
    assert text not in repr(ring) + str(ring) and repr(ring.keys[0]) not in repr(ring)
    assert fingerprint(ring.keys[0]) not in ring.keys[0].hex()


def test_a_ring_is_read_from_the_environment() -> None:
    one, two = fresh(), fresh()
    assert parse("") == parse("  ") == PLAIN and PLAIN.writes == ""
    assert parse(f" {one} ,{two}").fingerprints == (*parse(one).fingerprints, *parse(two).fingerprints)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("geheim!", "Key 1 in SWITCHBACK_BACKUP_KEYS is not base64."),
        ("ü" * 44, "Key 1 in SWITCHBACK_BACKUP_KEYS is not base64."),
        ("QUJD", "Key 1 in SWITCHBACK_BACKUP_KEYS is 3 bytes long, not 32."),
        (f"{'A' * 43}=,", "Key 2 in SWITCHBACK_BACKUP_KEYS is 0 bytes long, not 32."),
        (f"{'A' * 43}=,{'A' * 43}=", "Key 2 in SWITCHBACK_BACKUP_KEYS is there twice"),
    ],
)
def test_a_faulty_ring_gets_a_sentence_that_does_not_repeat_it(text: str, sentence: str) -> None:
    with pytest.raises(BadInput) as told:
        parse(text)
    assert told.value.sentence.startswith(sentence) and "AAAA" not in told.value.sentence


def test_a_ring_says_which_key_it_lacks_and_which_it_has() -> None:
    ring = Keyring((NEW, OTHER))
    assert ring.lacks([]) == ring.lacks([fingerprint(NEW)]) == PLAIN.lacks([]) == ""
    sentence = ring.lacks([fingerprint(OLD), fingerprint(NEW)])
    assert f"sealed with key {fingerprint(OLD)}, which SWITCHBACK_BACKUP_KEYS does not hold" in sentence
    assert f"it holds keys {fingerprint(NEW)}, {fingerprint(OTHER)}" in sentence
    assert "it is not set" in PLAIN.lacks([fingerprint(OLD)])


def test_a_sealed_piece_is_only_a_little_longer() -> None:
    assert OVERHEAD == 28
