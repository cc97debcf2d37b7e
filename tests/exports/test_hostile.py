"""Exports made by somebody who means harm: refused with the part named, before they cost time or memory."""

from __future__ import annotations

import errno
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from bot.__main__ import main
from bot.domain.errors import BadInput, Damaged
from bot.exports.clixml import Allowance, things
from bot.exports.export_zip import read_inventory
from tests.exports.test_clixml import NAMESPACE, document, read
from tests.exports.test_export_zip import EXPORT, PARTS, QUEUES, packed
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
MOST_MB = 300

PEAK = """
import re, sys
from bot.__main__ import main
code = main(sys.argv[1:], {})
peak = re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())
print(int(peak[1]) // 1024, file=sys.stderr)
sys.exit(code)
"""
"""The command line, and then the most memory that its process ever had, in MiB."""


def inspected(file: Path) -> tuple[int, str, int]:
    """Exit code of `inspect`, what it said of a fault, and its peak memory in MiB."""
    argv = [sys.executable, "-c", PEAK, "inspect", str(file)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=10 * PATIENCE_S)
    *said, peak = done.stderr.splitlines()
    return done.returncode, "\n".join(said), int(peak)


def zipped(file: Path, members: dict[str, Iterator[bytes]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=2) as archive:
        for name, chunks in members.items():
            with archive.open(name, "w") as member:
                for chunk in chunks:
                    member.write(chunk)


def part(element: str, count: int) -> Iterator[bytes]:
    """So many elements; `{n}` in one is its number."""
    yield f'<Objs xmlns="{NAMESPACE}">'.encode()
    for start in range(0, count, 10_000):
        yield "".join(element.replace("{n}", str(n)) for n in range(start, min(start + 10_000, count))).encode()
    yield b"</Objs>"


def within(element: str, count: int) -> Iterator[bytes]:
    """The same, all in the properties of one object."""
    yield f'<Objs xmlns="{NAMESPACE}"><Obj><Props>'.encode()
    yield from list(part(element, count))[1:-1]
    yield b"</Props></Obj></Objs>"


ANY = '<Obj><Props><S N="Identity">ApplicationServer:a.b/00000000-0000-4000-8000-000000000000</S></Props></Obj>'
WIDE = "€" + "x" * 200
HOSTILE: dict[str, Callable[[], dict[str, Iterator[bytes]]]] = {
    "1.5 million objects": lambda: {QUEUES: part("<S />", 1_500_000)},
    "objects over all parts": lambda: {
        f"RgsImportExport/{name}.xml": part(ANY, 27_000) for name in ("Queues", "Workflows")
    },
    "references": lambda: {QUEUES: within('<Obj N="a" RefId="{n}"/>', 2_400_000)},
    "wide texts": lambda: {QUEUES: within(f'<S N="n{{n}}">{{n}}{WIDE}</S>', 350_000)},
    "one text": lambda: {QUEUES: iter([b"<Objs><S>", *[b"x" * 2**20] * 90])},
    "one word": lambda: {QUEUES: iter([b'<Objs><S N="', *[b"x" * 2**20] * 90])},
    "another file": lambda: {"RgsImportExport/Any.xml": part("<S>ServiceSettings</S>", 60_000)},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_more_than_any_pool_holds_is_refused_within_300_mb(tmp_path: Path, what: str) -> None:
    file = tmp_path / "hostile.zip"
    sound = {name: iter([data]) for name, data in PARTS.items() if name.endswith(".xml")}
    zipped(file, sound | HOSTILE[what]())

    code, said, peak = inspected(file)

    assert code == 2 and ".xml" in said and "nobody foresaw" not in said, said
    assert peak < MOST_MB, (peak, said)


def test_an_archive_of_a_million_members_is_refused_within_300_mb(tmp_path: Path) -> None:
    """48 MB: nothing but its table of contents."""
    file = tmp_path / "hostile.zip"
    entry = zipfile.ZipInfo("x")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, b"")
    whole = file.read_bytes()
    table, end = whole.index(b"PK\1\2"), whole.index(b"PK\5\6")
    count = 1_000_000
    size = count * (end - table)
    ending = whole[end : end + 12] + size.to_bytes(4, "little") + whole[end + 16 :]
    file.write_bytes(whole[:table] + whole[table:end] * count + ending)

    code, said, peak = inspected(file)

    assert code == 2 and "table of contents is longer" in said, said
    assert peak < MOST_MB, (peak, said)


# --- one part ----------------------------------------------------------------------------------------------------


def test_what_is_more_than_any_pool_can_hold_is_refused_over_all_parts_together() -> None:
    data = document("<S />" * 20).encode()
    enough = {"bytes": len(data), "tags": data.count(b"<"), "objects": 20, "memory": 20 * 200}
    left = Allowance(**enough)
    assert len(list(things([data], "x", left))) == 20
    with pytest.raises(Damaged, match=r"^y .* more than any pool can"):
        list(things([data], "y", left))
    for short in ("bytes", "tags", "objects"):
        with pytest.raises(Damaged, match="more than any pool can"):
            list(things([data], "x", Allowance(**{**enough, short: enough[short] - 1})))
    with pytest.raises(Damaged, match="more than any pool can"):
        list(things([data], "x", Allowance(memory=100)))


@pytest.mark.parametrize(
    ("start", "more"),
    [
        ("<S>", "x"),
        ('<S N="', "x"),
        ("<!--", "<x"),
        ("<?p ", "<x"),
        ("<S", "x"),
        ("<S><![CDATA[", "<x"),
        ("<LST>", "\n"),
    ],
)
def test_a_value_that_never_ends_is_not_waited_for(start: str, more: str) -> None:
    """However the parser keeps what has not ended: as text, or as the beginning of a word."""
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        yield f'<Objs xmlns="{NAMESPACE}"><Obj>{start}'.encode()
        while True:
            taken += 1
            yield more.encode() * (256 * 1024 // len(more))

    with pytest.raises(Damaged, match="longer than any can be"):
        list(things(chunks(), "x", Allowance(bytes=2**40, tags=2**40)))
    assert taken < 20


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "hex", "utf-16", "utf-32", "shift_jis", "idna", "\u00e9", ""])
def test_an_encoding_that_nobody_knows_is_damage(encoding: str) -> None:
    with pytest.raises(Damaged, match=r"^x is"):
        read(f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + document("<S />").encode(), "x")


# --- what is said of it ------------------------------------------------------------------------------------------

STEERING = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m.xml"


STEERING_TYPE = STEERING.replace("\x1b", "_x001B_").replace("\x07", "_x0007_")


@pytest.mark.parametrize(
    "members",
    [
        {f"../{STEERING}": b"x"},
        {f"RgsImportExport/{STEERING}": b"<Objs><S>ServiceSettings"},
        {f"RgsImportExport/{STEERING}": b"<Objs><Obj><TN><T>ServiceSettings</T></TN><S>x</S></Obj></Objs>"},
        {f"RgsImportExport/{STEERING}": b"<Objs />"},
        {QUEUES: f"<Objs><Obj><TN><T>{STEERING_TYPE}</T></TN></Obj></Objs>".encode()},
        {QUEUES: "<Objs><x\x9b31m /></Objs>".encode()},
    ],
)
def test_no_name_in_an_export_steers_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], members: dict[str, bytes]
) -> None:
    file = tmp_path / "hostile.zip"
    file.write_bytes(packed({**PARTS, **members}))

    for argv in (["inspect", str(file)], ["inspect", str(file), "--json"], ["diff", str(file), str(file)]):
        main(argv, {})

    said = capsys.readouterr()
    assert all(letter.isprintable() or letter == "\n" for letter in said.out + said.err)


def test_no_name_of_a_file_that_is_asked_for_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", STEERING], {}) == 2
    assert "\x1b" not in capsys.readouterr().err


# --- what is no damage -------------------------------------------------------------------------------------------


class FailingDisk(io.BytesIO):
    """Gives so many bytes and then no more."""

    def __init__(self, data: bytes, good: int) -> None:
        super().__init__(data)
        self.good = good

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.good -= len(found)
        if self.good < 0:
            raise OSError(errno.EIO, "Input/output error")
        return found


class OnIt(type(Path())):
    """A file on a disk that fails after `good` bytes."""

    good = 0

    def open(self, *args: Any, **more: Any) -> BinaryIO:
        return FailingDisk(EXPORT, self.good)


@pytest.mark.parametrize("good", [0, 100, len(EXPORT) // 2, len(EXPORT)])
def test_a_disk_that_cannot_be_read_is_no_damage_of_the_export(good: int) -> None:
    file = OnIt("export.zip")
    OnIt.good = good

    with pytest.raises(BadInput, match=r"export\.zip cannot be read: Input/output error") as refusal:
        read_inventory(file)
    assert not isinstance(refusal.value, Damaged)
