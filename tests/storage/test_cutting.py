"""Cutting is exact for whatever file comes, and keeps apart what changes every day from what does not."""

from __future__ import annotations

import io
import random
import struct
import zipfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage.vault.cutting import PIECE_BYTES, cut, member_spans

names = st.sampled_from(["Workflows.xml", "RGS\\Instances\\a.wav", "é/ü.wav", "same.wav", "d/"])
sizes = st.one_of(st.integers(0, 600), st.sampled_from([PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2_500_000]))
stamps = st.sampled_from([(1980, 1, 1, 0, 0, 0), (2026, 11, 21, 3, 0, 0)])


class Unseekable(io.BytesIO):
    """Makes zipfile write sizes behind the data, as producers do that stream."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation


@st.composite
def zips(draw: st.DrawFn) -> bytes:
    """Zips as different producers write them: stored or deflated, streamed, commented, with bytes before and after."""
    file = draw(st.sampled_from([io.BytesIO, Unseekable]))()
    with zipfile.ZipFile(file, "w", draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))) as archive:
        archive.comment = draw(st.binary(max_size=20))
        for name in draw(st.lists(names, max_size=5, unique=True)):
            data = random.Random(draw(st.integers(0, 3))).randbytes(draw(sizes))
            archive.writestr(zipfile.ZipInfo(name, draw(stamps)), data)
    return draw(st.binary(max_size=9)) + file.getvalue() + draw(st.binary(max_size=9))


@st.composite
def broken_zips(draw: st.DrawFn) -> bytes:
    """The same with a stretch torn out or overwritten."""
    data = draw(zips())
    start = draw(st.integers(0, len(data)))
    stop = draw(st.integers(start, min(len(data), start + 100)))
    return data[:start] + draw(st.binary(max_size=40)) + data[stop:]


files = st.one_of(zips(), broken_zips(), st.binary(max_size=3000))


@settings(deadline=None)
@given(files)
@example(b"")
@example(b"PK\x05\x06" + b"\0" * 18)
def test_headers_and_slices_together_are_the_file_again(data: bytes) -> None:
    headers, slices = cut(data)
    again, at = io.BytesIO(), 0
    for piece in slices:
        assert 0 < piece.stop - piece.start <= PIECE_BYTES
        again.write(headers[at : at + piece.before] + data[piece.start : piece.stop])
        at += piece.before
    assert again.getvalue() + headers[at:] == data


def archive_of(*members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, data in enumerate(members):
            info = zipfile.ZipInfo(f"{number}.wav")
            info.extra = b"\xfe\xca\x04\0extr"
            archive.writestr(info, data)
    return file.getvalue()


def test_the_data_of_every_member_is_found_and_nothing_else() -> None:
    contents = [random.Random(n).randbytes(5_000 + n) for n in range(20)]
    whole = archive_of(*contents)
    assert [whole[start:stop] for start, stop in member_spans(whole) or ()] == contents


def with_directory(whole: bytes, *, at: int, was: int, now: int) -> bytes:
    """The zip with a number in the last entry of its directory changed; `at` counts from that entry."""
    place = whole.rindex(b"PK\x01\x02") + at
    assert whole[place : place + 4] == struct.pack("<I", was)
    return whole[:place] + struct.pack("<I", now) + whole[place + 4 :]


TWINS = archive_of(b"a" * 1000, b"a" * 1000)
SECOND = TWINS.index(b"PK\x03\x04", 4)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"no zip at all" * 100, id="no zip"),
        pytest.param(TWINS[:-30], id="truncated"),
        pytest.param(TWINS.replace(b"PK\x03\x04", b"XX\x03\x04"), id="no members"),
        pytest.param(with_directory(TWINS, at=42, was=SECOND, now=0), id="two entries share a member"),
        pytest.param(with_directory(TWINS, at=20, was=1000, now=1001), id="a member reaches into the directory"),
    ],
)
def test_a_file_that_is_no_clean_zip_is_one_run_without_headers(data: bytes) -> None:
    headers, slices = cut(data)
    assert headers == b"" and [(piece.start, piece.stop) for piece in slices] == [(0, len(data))]
