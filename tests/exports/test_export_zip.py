"""Exports are written and read back whole, and a hostile or damaged one is refused with the part named."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import BadInput, Damaged
from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, ServiceSettings
from bot.exports.clixml_write import write
from bot.exports.export_zip import Limits, file_names, read_audio, read_inventory, write_export
from tests.worlds import POOL_A, POOL_B, sample

SAMPLE = sample(5, workflows=3, queues=2, groups=2, hours=1, holidays=1)
EXPORT = write_export(SAMPLE.inventory, SAMPLE.blobs.__getitem__, 1_800_000_000.0)
PARTS = {name: data for name, data in ((i.filename, zipfile.ZipFile(io.BytesIO(EXPORT)).read(i)) for i in
         zipfile.ZipFile(io.BytesIO(EXPORT)).infolist())}  # fmt: skip
WORKFLOWS, QUEUES = "RgsImportExport/Workflows.xml", "RgsImportExport/Queues.xml"


def packed(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


# --- there and back ----------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back_whole() -> None:
    assert read_inventory(EXPORT) == SAMPLE.inventory
    assert {sha256(data).hexdigest(): data for _, data in read_audio(EXPORT)} == SAMPLE.blobs


def test_the_layout_is_the_servers_own() -> None:
    with zipfile.ZipFile(io.BytesIO(EXPORT)) as archive:
        names = archive.namelist()
    assert names[:5] == [f"RgsImportExport/{kind.stem}.xml" for kind in Kind]
    line = SAMPLE.inventory.of(Kind.WORKFLOW)[0]
    music = line.properties["CustomMusicOnHoldFile"]
    assert isinstance(music, Audio)
    assert f"RgsImportExport/RGS/Instances/{line.guid}/{music.unique_name}.wma" in names


def test_equal_inventories_make_equal_bytes() -> None:
    again = write_export(read_inventory(EXPORT), SAMPLE.blobs.__getitem__, 1_800_000_000.0)
    assert again == EXPORT
    assert write_export(SAMPLE.inventory, SAMPLE.blobs.__getitem__, 1_900_000_000.0) != EXPORT
    assert read_inventory(write_export(SAMPLE.inventory, SAMPLE.blobs.__getitem__, 0.0)) == SAMPLE.inventory


def test_a_copy_on_another_pool_is_written_as_it_lies() -> None:
    copies = replace(SAMPLE.inventory, objects=tuple(item.moved(POOL_B, POOL_A) for item in SAMPLE.inventory.objects))
    again = read_inventory(write_export(copies, SAMPLE.blobs.__getitem__, 0.0))
    assert again == copies
    assert {(item.parent, item.owner) for item in again.objects} == {(POOL_B, POOL_A)}


def test_a_path_is_read_as_its_bytes_are(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    file.write_bytes(EXPORT)
    assert read_inventory(file) == SAMPLE.inventory
    with pytest.raises(BadInput, match="There is no file"):
        read_inventory(tmp_path / "nothing.zip")


NAMES = st.text(max_size=8)
GUIDS = st.uuids().map(str)
AUDIO = st.builds(
    Audio, GUIDS, st.sampled_from(["hello.wav", "music.WMA", "none", "odd.name.wav", "bad/../name.wav", ""])
)
PROPERTIES = st.dictionaries(
    NAMES.filter(lambda name: name not in ("Identity", "Name", "OwnerPool")),
    st.one_of(NAMES, st.integers(-9, 9), st.none(), st.booleans(), AUDIO, st.lists(st.one_of(AUDIO, NAMES)).map(tuple)),
    max_size=4,
)
OBJECTS = st.builds(
    RgsObject,
    st.sampled_from(list(Kind)),
    st.builds(Ref, st.sampled_from([POOL_A, POOL_B]), GUIDS),
    NAMES,
    st.sampled_from([POOL_A, POOL_B]),
    PROPERTIES,
)
SETTINGS = st.builds(ServiceSettings, st.integers(30, 600), st.none() | AUDIO, st.booleans())


@settings(max_examples=100, deadline=None)
@given(st.lists(OBJECTS, max_size=6), st.none() | SETTINGS, st.binary(min_size=1, max_size=9))
def test_any_inventory_survives_the_way_there_and_back(
    objects: list[RgsObject], found: ServiceSettings | None, noise: bytes
) -> None:
    in_order = tuple(item for kind in Kind for item in objects if item.kind is kind)
    plain = Inventory(in_order, found)
    names = {name for name, _ in read_audio(write_export(plain, lambda _: b"", 0.0))}
    assert names == set()
    used = [value for item in in_order for below in item.properties.values()
            for value in (below if isinstance(below, tuple) else (below,)) if isinstance(value, Audio)]  # fmt: skip
    used += [found.default_music] if found and found.default_music else []
    blobs = {item.unique_name: noise + item.unique_name.encode() for item in used}
    audio = {name: sha256(data).hexdigest() for name, data in blobs.items()}
    whole = replace(plain, audio=audio)
    data = write_export(whole, {sha256(blob).hexdigest(): blob for blob in blobs.values()}.__getitem__, 0.0)
    assert read_inventory(data) == whole
    assert dict(read_audio(data)) == blobs


# --- what may differ ---------------------------------------------------------------------------------------------


def test_both_separators_any_case_and_folders_are_read() -> None:
    other = {
        name.replace("/", "\\").replace("RgsImportExport", "RGSIMPORTEXPORT"): data for name, data in PARTS.items()
    }
    assert read_inventory(packed({"RGSIMPORTEXPORT\\": b"", **other})) == SAMPLE.inventory


def test_unknown_files_are_listed_and_do_no_harm() -> None:
    strange = {
        "RgsImportExport/Notes.xml": b"<half",
        "readme.txt": b"hello",
        "RgsImportExport/RGS/Instances/x/y.wav": b"?",
    }
    found = read_inventory(packed({**PARTS, **strange}))
    assert found.others == tuple(sorted(strange))
    assert replace(found, others=()) == SAMPLE.inventory


def test_settings_are_found_in_a_file_of_any_name() -> None:
    members = dict(PARTS)
    kept = members.pop("RgsImportExport/ServiceSettings.xml")
    assert read_inventory(packed(members)).settings is None
    for encoding in ("utf-16", "utf-16-be", "utf-8"):
        text = kept.decode("utf-16")
        data = b"\xfe\xff" + text.encode(encoding) if encoding == "utf-16-be" else text.encode(encoding)
        assert read_inventory(packed({**members, "RgsImportExport/Whatever.xml": data})) == SAMPLE.inventory
    with pytest.raises(Damaged, match="more than one set"):
        read_inventory(packed({**PARTS, "RgsImportExport/Whatever.xml": kept}))
    with pytest.raises(Damaged, match=r"Whatever\.xml"):
        read_inventory(packed({**members, "RgsImportExport/Whatever.xml": kept[:-20]}))


def test_a_file_with_one_object_or_none_is_read() -> None:
    rows = [SAMPLE.inventory.of(Kind.QUEUE)[0].row()]
    for data, count in (
        (write("Queue", rows), 1),
        (write("Queue", rows, encoding="utf-8"), 1),
        (write("Queue", []), 0),
    ):
        assert len(read_inventory(packed({**PARTS, QUEUES: data})).of(Kind.QUEUE)) == count


@pytest.mark.parametrize(
    ("original", "stored"),
    [
        ("a.wav", "u1.wav"),
        ("a.wma", "u1.wma"),
        ("a.wma", "u1.wav"),
        ("a.WMA", "U1.wma"),
        ("none", "u1.wav"),
        ("none", "u1"),
    ],
)
def test_audio_is_found_by_its_unique_name(original: str, stored: str) -> None:
    line = replace(SAMPLE.inventory.of(Kind.WORKFLOW)[0], properties={"CustomMusicOnHoldFile": Audio("u1", original)})
    members = {
        **{name: data for name, data in PARTS.items() if name.endswith(".xml")},
        WORKFLOWS: write("Workflow", [line.row()]),
    }
    where = f"RgsImportExport/RGS/Instances/{line.guid}/deeper/{stored}"
    assert read_inventory(packed({**members, where: b"sound"})).audio["u1"] == sha256(b"sound").hexdigest()
    assert "u1" not in read_inventory(packed({**members, f"elsewhere/{stored}": b"sound"})).audio
    twice = {**members, where: b"sound", f"RgsImportExport/RGS/Instances/other/{stored}": b"sound"}
    assert read_inventory(packed(twice)).audio["u1"] == sha256(b"sound").hexdigest()
    with pytest.raises(Damaged, match="Two different recordings"):
        read_inventory(packed({**twice, f"RgsImportExport/RGS/Instances/third/{stored}": b"other"}))


def test_audio_of_no_known_bytes_is_left_out_and_not_invented() -> None:
    silent = {name: data for name, data in PARTS.items() if "/RGS/" not in name}
    assert read_inventory(packed(silent)) == replace(SAMPLE.inventory, audio={})


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\\b", "", "x\0y", "x" * 300, "CON:1"])
def test_a_recording_whose_name_is_no_file_name_has_no_file(name: str) -> None:
    assert file_names(Audio(name, "hello.wav")) == ()
    line = replace(SAMPLE.inventory.of(Kind.WORKFLOW)[0], properties={"CustomMusicOnHoldFile": Audio(name, "a.wav")})
    silent = Inventory((line,))
    assert read_inventory(write_export(silent, lambda _: b"", 0.0)) == silent
    with pytest.raises(BadInput, match="cannot be a file name"):
        write_export(replace(silent, audio={name: "0" * 64}), lambda _: b"", 0.0)


# --- what is refused ---------------------------------------------------------------------------------------------


def refused(data: bytes, about: str, limits: Limits | None = None) -> None:
    for read in (read_inventory, lambda *given: dict(read_audio(*given))):
        with pytest.raises(Damaged) as refusal:
            read(data, *([limits] if limits else []))
        assert about in refusal.value.sentence, refusal.value.sentence
        assert len(refusal.value.sentence) < 400


@pytest.mark.parametrize("data", [b"", b"not a zip", EXPORT[: len(EXPORT) // 2], EXPORT[:-30], EXPORT[500:700]])
def test_what_is_no_zip_or_cut_short_is_refused(data: bytes) -> None:
    refused(data, "not a zip archive, or it is cut short")


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_of_which_there_is_nothing_needs_no_file(kind: Kind) -> None:
    """Unless something else refers to one: then the file was lost."""
    part = f"RgsImportExport/{kind.stem}.xml"
    without = {name: data for name, data in PARTS.items() if name != part}
    if kind is Kind.WORKFLOW:
        assert read_inventory(packed(without)).counts() == {**SAMPLE.inventory.counts(), kind: 0}
    else:
        refused(packed(without), f"{part} is not in the archive, though ")
    refused(packed({**PARTS, part: b""}), part)


def test_an_archive_with_none_of_the_five_parts_is_no_export() -> None:
    refused(
        packed({"RgsImportExport/ServiceSettings.xml": PARTS["RgsImportExport/ServiceSettings.xml"]}), "none of the"
    )
    alone = {QUEUES: write("Queue", [])}
    assert read_inventory(packed(alone)).objects == ()


@pytest.mark.parametrize(
    "path",
    [
        "../evil.xml",
        "RgsImportExport/../../evil.wav",
        "RgsImportExport\\..\\evil.wav",
        "/etc/passwd",
        "\\\\server\\share\\evil.wav",
        "C:\\Windows\\evil.dll",
        "c:evil.dll",
        "..",
    ],
)
def test_a_path_that_leaves_the_archive_is_refused(path: str) -> None:
    refused(packed({**PARTS, path: b"x"}), "leaves the archive")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused() -> None:
    for second in (QUEUES, QUEUES.upper(), QUEUES.replace("/", "\\"), QUEUES.replace("/", "/./")):
        out = io.BytesIO(EXPORT)
        with zipfile.ZipFile(out, "a") as archive:
            archive.writestr(second, b"x")
        refused(out.getvalue(), "twice")


def test_one_changed_byte_anywhere_in_a_member_is_noticed() -> None:
    stored = packed(PARTS, zipfile.ZIP_STORED)
    infos = {info.filename: info for info in zipfile.ZipFile(io.BytesIO(stored)).infolist()}
    for name, info in infos.items():
        at = info.header_offset + 30 + len(name) + info.file_size // 2
        damaged = stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :]
        with pytest.raises(Damaged):
            read_inventory(damaged)
    strange = packed({**PARTS, "readme.txt": b"hello"}, zipfile.ZIP_STORED)
    with pytest.raises(Damaged, match=r"readme\.txt"):
        read_inventory(strange.replace(b"hello", b"hallo"))


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    refused(
        packed({**PARTS, "RgsImportExport/RGS/Instances/x/bomb.wav": bytes(8 * 1024**2)}), "bomb.wav” unfolds too far"
    )
    refused(EXPORT, "zip bomb", Limits(total=20_000))
    refused(EXPORT, "Workflows.xml” is too large", Limits(member=10_000))
    refused(EXPORT, "members", Limits(members=5))


def test_a_table_of_contents_that_lies_about_sizes_is_refused() -> None:
    at = EXPORT.index(b"PK\x01\x02")
    size = struct.unpack_from("<I", EXPORT, at + 24)[0]
    for claimed in (size - 10, size + 10, 10):
        data = bytearray(EXPORT)
        struct.pack_into("<I", data, at + 24, claimed)
        refused(bytes(data), "Workflows.xml")


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(EXPORT)
    at = EXPORT.index(b"PK\x01\x02")
    data[at + 8] |= 1
    refused(bytes(data), "Workflows.xml” is encrypted")


def test_another_compression_is_refused() -> None:
    refused(packed(PARTS, zipfile.ZIP_LZMA), "compressed in a way that no export uses")


def test_entities_in_a_part_are_refused() -> None:
    bomb = b'<!DOCTYPE Objs [<!ENTITY a "aaaa">]><Objs><S>&a;</S></Objs>'
    for kind in Kind:
        refused(packed({**PARTS, f"RgsImportExport/{kind.stem}.xml": bomb}), "declares a document type")


@pytest.mark.parametrize(
    ("data", "about"),
    [
        (write("Workflow", [{"Name": "W"}]), "not a queue: Workflow"),
        (b"<Objs><S>x</S></Objs>", "not a queue: a bare value"),
        (write("Queue", [{"Name": "without identity"}]), "no identity"),
        (write("Queue", [{"Name": "q", "Identity": Ref(POOL_A)}]), "no identity"),
        (b"<html />", "not what Export-Clixml writes"),
    ],
)
def test_a_part_that_holds_something_else_is_refused(data: bytes, about: str) -> None:
    refused(packed({**PARTS, QUEUES: data}), about)
    refused(packed({**PARTS, QUEUES: data}), QUEUES)


@given(st.integers(0, len(EXPORT) - 1), st.integers(1, 255), st.integers(0, len(EXPORT)))
def test_no_damage_raises_anything_but_damaged(at: int, flip: int, end: int) -> None:
    data = (EXPORT[:at] + bytes([EXPORT[at] ^ flip]) + EXPORT[at + 1 :])[: max(end, at)]
    try:
        found = read_inventory(data)
    except Damaged as refusal:
        assert refusal.sentence
    else:
        assert found.objects == SAMPLE.inventory.objects
