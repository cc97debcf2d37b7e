"""An export of which PowerShell left only words, and one of which any part or any object is broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.errors import Damaged
from bot.domain.groups.groups import Kind
from bot.exports.export_zip import read_inventory
from tests.exports.test_export_zip import packed

DATA = Path(__file__).parents[1] / "data" / "exports"
FOLDER = "RgsImportExport"
REAL = {f"{FOLDER}/{kind.stem}.xml": (DATA / f"{kind.stem}.xml").read_bytes() for kind in Kind}
"""Written by a real `Export-Clixml -Depth 40`."""

OBJECTS = {
    "Workflows": ("DefaultAction", "NonBusinessHoursAction", "HolidayAction", "Prompt", "Question", "AnswerList"),
    "Queues": ("OverflowAction", "TimeoutAction"),
    "HoursOfBusiness": ("MondayHours1",),
    "HolidaySets": ("HolidayList",),
}


def damage(members: dict[str, bytes]) -> str:
    with pytest.raises(Damaged) as refusal:
        read_inventory(packed(members))
    return refusal.value.sentence


def test_what_was_written_whole_is_read() -> None:
    assert all(read_inventory(packed(REAL)).counts().values())


@pytest.mark.parametrize(
    ("file", "lost"),
    [
        ("Workflows-default-depth.xml", "DefaultAction.Prompt, DefaultAction.Question"),
        ("Workflows-depth-1.xml", "DefaultAction"),
    ],
)
def test_a_workflow_of_which_only_words_are_left_is_damage(file: str, lost: str) -> None:
    sentence = damage({**REAL, f"{FOLDER}/Workflows.xml": (DATA / file).read_bytes()})

    assert f"Workflow “Workflow 7”, property {lost}" in sentence
    assert "written with too small a depth" in sentence


def flattenings(text: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The file with one of these objects in turn replaced by its text, as PowerShell does it, and which one it was."""
    types = dict(re.findall(r'<TN RefId="(\d+)">(.*?)</TN>', text, re.DOTALL))
    text = re.sub(r'<TNRef RefId="(\d+)" ?/>', lambda match: f"<TN>{types[match[1]]}</TN>", text)
    for match in re.finditer(r'<Obj N="([^"]+)" RefId="\d+">', text):
        if match[1] in names:
            depth, at = 1, match.end()
            for tag in re.compile(r"<Obj\b[^>]*?(/?)>|</Obj>").finditer(text, match.end()):
                depth += -1 if tag[0] == "</Obj>" else 0 if tag[1] else 1
                at = tag.end()
                if depth == 0:
                    break
            yield match[1], f'{text[: match.start()]}<S N="{match[1]}">System.Object</S>{text[at:]}'


@pytest.mark.parametrize("stem", OBJECTS)
def test_every_object_within_an_object_replaced_by_a_word_in_turn_is_damage(stem: str) -> None:
    text = REAL[f"{FOLDER}/{stem}.xml"].decode()
    seen = set()
    for name, flat in flattenings(text, OBJECTS[stem]):
        sentence = damage({**REAL, f"{FOLDER}/{stem}.xml": flat.encode()})
        assert "written with too small a depth" in sentence and name in sentence, sentence
        seen.add(name)
    assert seen == {name for name in OBJECTS[stem] if f'N="{name}" RefId' in text} != set()


# --- every part and every kind of object -------------------------------------------------------------------------


def breakings(text: str) -> Iterator[str]:
    """The file cut off, and each of its kinds of tags in turn left out, doubled, misspelt, or beside the point."""
    yield from (text[: len(text) * part // 5] for part in range(5))
    for tag in sorted(set(re.findall(r"</?\w+", text))):
        for other in ("", tag + tag, f"{tag}x", "<Obj", "</S", "<!DOCTYPE"):
            yield text.replace(tag, other, 1)
            yield other.join(text.rsplit(tag, 1))
    yield text.replace("<Obj ", '<?xml version="1.0" encoding="klingon"?><Obj ', 1)
    yield f'<?xml version="1.0" encoding="klingon"?>{text}'


@pytest.mark.parametrize("kind", list(Kind))
def test_every_part_broken_in_turn_is_damage_with_its_name_or_reads_as_it_did(kind: Kind) -> None:
    part = f"{FOLDER}/{kind.stem}.xml"
    whole = read_inventory(packed(REAL))
    refused = 0
    for broken in breakings(REAL[part].decode()):
        try:
            found = read_inventory(packed({**REAL, part: broken.encode()}))
        except Damaged as refusal:
            assert kind.stem in refusal.sentence and len(refusal.sentence) < 400, refusal.sentence
            assert refusal.sentence.isprintable()
            refused += 1
        else:
            # A tag that nobody looks at, or one value less: what is there is there, and of the same kinds.
            assert found.counts() == whole.counts()
    assert refused > 30


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_object_without_its_identity_or_with_another_type_is_damage(kind: Kind) -> None:
    part = f"{FOLDER}/{kind.stem}.xml"
    text = REAL[part].decode()
    other = "Queue" if kind is not Kind.QUEUE else "Workflow"
    retyped = re.sub(r"WritableSettings\.\w+</T>", f"WritableSettings.{other}</T>", text, count=1)

    assert part in damage({**REAL, part: text.replace('N="Identity"', 'N="Idendity"').encode()})
    assert part in damage({**REAL, part: retyped.encode()})
