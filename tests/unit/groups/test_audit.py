"""What would go wrong in an outage is said before it: dead references, clashing names, missing audio, other owners."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.errors import BadInput, Damaged
from bot.domain.groups.audit import LARGEST_WAV, Findings, audit, report
from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject
from bot.exports.export_zip import write_export
from bot.exports.look import diff_exports, inspect_export
from tests.worlds import POOL_A, POOL_B, sample

SAMPLE = sample(11)
WORLD = SAMPLE.inventory
OTHER = sample(12, pool=POOL_B).inventory
QUEUE = WORLD.of(Kind.QUEUE)[0]
LINE = WORLD.of(Kind.WORKFLOW)[0]
POOL_C = "pool-c.contoso.com"


def with_queue(**properties: object) -> Inventory:
    changed = replace(QUEUE, properties={**QUEUE.properties, **properties})
    return replace(WORLD, objects=tuple(changed if item is QUEUE else item for item in WORLD.objects))


def test_a_sound_pool_has_no_findings() -> None:
    assert audit(WORLD, elsewhere=OTHER.objects, owner=POOL_A) == Findings()
    assert audit(WORLD).sentences == ()


def test_a_reference_that_leads_nowhere_is_named_with_its_path() -> None:
    gone = Ref(POOL_A, "11111111-1111-4111-8111-111111111111")
    found = audit(with_queue(TimeoutAction={"Action": "TransferToQueue", "QueueID": gone}))
    assert found.sentences == (
        f"Queue “{QUEUE.name}”: TimeoutAction.QueueID leads to no queue in this file ({gone.guid}).",
    )


def test_a_reference_to_another_type_leads_nowhere() -> None:
    found = audit(with_queue(AgentGroupIDList=(LINE.identity,)))
    assert [sentence.split(" leads")[0] for sentence in found.unresolved] == [
        f"Queue “{QUEUE.name}”: AgentGroupIDList[0]"
    ]
    dropped = replace(WORLD, objects=tuple(item for item in WORLD.objects if item.kind is not Kind.HOURS_OF_BUSINESS))
    assert len(audit(dropped).unresolved) == len(WORLD.of(Kind.WORKFLOW))


def test_a_name_that_another_pool_has_too_is_a_clash_whatever_its_case() -> None:
    twin = RgsObject(Kind.QUEUE, Ref(POOL_B, "22222222-2222-4222-8222-222222222222"), QUEUE.name.upper(), POOL_B)
    found = audit(WORLD, elsewhere=[*OTHER.objects, twin])
    assert found.sentences == (
        f"Queue “{QUEUE.name}” is there more than once "
        f"(on {POOL_A}, owned by {POOL_A} and on {POOL_B}, owned by {POOL_B}): "
        "an import where both meet fails, or renames one.",
    )
    group = replace(twin, kind=Kind.AGENT_GROUP)
    assert audit(WORLD, elsewhere=[group]).clashes == ()


def test_a_copy_is_no_duplicate_of_its_original_nor_is_the_same_object_seen_twice() -> None:
    copies = [item.moved(POOL_B, POOL_A) for item in WORLD.objects]
    assert audit(WORLD, elsewhere=[*copies, *WORLD.objects]).clashes == ()
    third = QUEUE.moved(POOL_C, POOL_A)
    assert audit(WORLD, elsewhere=[*copies, third]).clashes == ()
    foreign = QUEUE.moved(POOL_B, POOL_C)
    assert len(audit(WORLD, elsewhere=[foreign]).clashes) == 1


def test_two_objects_of_one_name_in_one_pool_clash() -> None:
    twin = replace(QUEUE, identity=Ref(POOL_A, "22222222-2222-4222-8222-222222222222"))
    assert len(audit(replace(WORLD, objects=(*WORLD.objects, twin))).clashes) == 1


def test_a_recording_without_bytes_is_named_by_the_file_it_was() -> None:
    silent = replace(WORLD, audio={})
    found = audit(silent)
    assert len(found.silent) == len(WORLD.audio)
    assert (
        f"Workflow “{LINE.name}”: the recording “hold.wma” of CustomMusicOnHoldFile is not in this file."
        in found.silent
    )
    assert found.silent[-1].startswith("Application-level settings: the recording “house-music.wav”")


def test_only_a_recording_over_four_megabytes_is_too_large() -> None:
    music = LINE.properties["CustomMusicOnHoldFile"]
    assert isinstance(music, Audio)
    assert audit(WORLD, sizes={music.unique_name: LARGEST_WAV}).oversized == ()
    assert len(audit(WORLD, sizes={music.unique_name: LARGEST_WAV + 1}).oversized) == 1


def test_an_object_of_another_owner_is_named() -> None:
    stray = QUEUE.moved(POOL_A, POOL_B)
    found = audit(replace(WORLD, objects=(LINE, stray)), owner=POOL_A)
    assert found.foreign == (f"Queue “{QUEUE.name}” is owned by {POOL_B}, not by {POOL_A}.",)


def test_no_finding_shows_a_number_or_hostile_text() -> None:
    nasty = replace(QUEUE, name=f"Call\x1b[2J\n+49301234567 {'<!channel>' * 300}")
    music = Audio("u", "hotline 0301234567.wav")
    line = replace(LINE, properties={"CustomMusicOnHoldFile": music, "BusinessHoursID": Ref(POOL_A, "x")})
    twin = replace(nasty, identity=Ref(POOL_B, "y"), owner=POOL_B)
    found = audit(Inventory((nasty, line)), elsewhere=[twin], owner=POOL_C)
    assert len(found.sentences) >= 5
    for sentence in found.sentences:
        assert sentence.isprintable() and len(sentence) < 400 and "1234567" not in sentence


def test_a_report_is_plain_json_and_lines() -> None:
    facts, lines = report(WORLD)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["objects"]["Queue"] == sorted(item.name for item in WORLD.of(Kind.QUEUE))
    assert facts["owners"] == {POOL_A: 26}
    assert facts["audio"] == {"used": 10, "present": 10}
    assert lines[:4] == [
        "6 workflows, 6 queues, 8 agent groups, 3 hours of business, 3 holiday sets.",
        f"Owned by {POOL_A} (26).",
        "Application-level settings: ringback grace 90 s, default music “house-music.wav”, call context on.",
        "Audio: 10 of 10 recordings are in the file.",
    ]
    assert lines[-1] == "References resolve, names are unique, and no recording is missing."


def test_a_report_of_nothing_is_calm() -> None:
    facts, lines = report(Inventory(others=("readme.txt",)))
    assert facts["settings"] is None
    assert lines[1:] == [
        "Owned by nobody.",
        "Application-level settings: none were found in this file.",
        "Audio: 0 of 0 recordings are in the file.",
        "1 other file, kept as it is: “readme.txt”.",
        "References resolve, names are unique, and no recording is missing.",
    ]


def saved(folder: Path, name: str, inventory: Inventory) -> Path:
    file = folder / name
    file.write_bytes(write_export(inventory, SAMPLE.blobs.__getitem__, 0.0))
    return file


def test_an_export_is_inspected_from_its_file(tmp_path: Path) -> None:
    facts, lines = inspect_export(saved(tmp_path, "a.zip", WORLD))
    assert (facts, lines) == report(WORLD)
    _, dead = inspect_export(saved(tmp_path, "b.zip", replace(WORLD, audio={})))
    assert sum("is not in this file" in line for line in dead) == 10


def test_two_exports_are_compared_in_words(tmp_path: Path) -> None:
    old = saved(tmp_path, "old.zip", WORLD)
    facts, lines = diff_exports(old, saved(tmp_path, "same.zip", WORLD))
    assert facts["equal"] is True
    assert lines == ["Both exports hold the same 26 objects, with the same recordings and settings."]
    assert WORLD.settings is not None
    changed = replace(with_queue(TimeoutThreshold=601), settings=replace(WORLD.settings, ringback_grace_s=30))
    facts, lines = diff_exports(old, saved(tmp_path, "new.zip", changed))
    assert facts["equal"] is False and json.loads(json.dumps(facts))["changed"][0]["path"] == "TimeoutThreshold"
    assert lines == [
        f"Queue “{QUEUE.name}”: TimeoutThreshold was {QUEUE.properties['TimeoutThreshold']}, is 601.",
        "Application-level settings: AgentRingbackGracePeriod was 90, is 30.",
    ]
    facts, lines = diff_exports(old, saved(tmp_path, "empty.zip", Inventory()))
    assert len(lines) == 27 and lines[0].endswith("is missing.")


def test_a_recording_that_changed_makes_exports_unequal(tmp_path: Path) -> None:
    first, second = sorted(WORLD.audio)[:2]
    swapped = {**WORLD.audio, first: WORLD.audio[second]}
    facts, lines = diff_exports(
        saved(tmp_path, "a.zip", WORLD), saved(tmp_path, "b.zip", replace(WORLD, audio=swapped))
    )
    assert facts["equal"] is False
    assert len(lines) == 1 and "was a recording (" in lines[0]


def test_a_file_that_is_missing_or_damaged_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        inspect_export(tmp_path / "none.zip")
    (tmp_path / "half.zip").write_bytes(b"PK")
    with pytest.raises(Damaged):
        diff_exports(tmp_path / "half.zip", tmp_path / "half.zip")
    with pytest.raises(BadInput):
        inspect_export(tmp_path)
