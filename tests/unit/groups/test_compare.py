"""Verification finds every single change, reports none where there is none, and says what it found in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.groups.compare import (
    Change,
    Comparison,
    Item,
    Renamed,
    compare,
    compare_audio,
    compare_settings,
    contents,
    differing,
    fingerprints,
    in_words,
    masked,
    settings_print,
    unchanged,
)
from bot.domain.groups.difference import change_in_words, sentences
from bot.domain.groups.fingerprint import canonical
from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, ServiceSettings, Value
from bot.exports.export_zip import read_inventory, write_export
from tests.unit.groups.mutations import Mutation, audio_mutations, mutations, renumbered, shuffled
from tests.worlds import POOL_A, POOL_B, sample

SAMPLE = sample(7)
EXPECTED = SAMPLE.inventory
PRINTS = fingerprints(EXPECTED)
QUEUE = EXPECTED.of(Kind.QUEUE)[1]
Finder = Callable[[Inventory, Inventory], Comparison]


def missed(made: Iterable[Mutation], finder: Finder) -> Counter[str]:
    """What was done in the mutations that this way of comparing does not see, or blames on another object."""
    gone: Counter[str] = Counter()
    for mutation in made:
        found = finder(EXPECTED, mutation.actual)
        named = {item.name for item in (*found.missing, *found.extra, *found.changed, *(found.audio or ()))}
        named |= {item.before for item in found.renamed}
        if found.is_clean or (mutation.name and mutation.name not in named):
            gone[mutation.what] += 1
    return gone


def compared(one: Inventory, other: Inventory) -> Comparison:
    return compare(one, other, known=(PRINTS, fingerprints(other)))


def test_every_single_change_is_found_and_there_are_more_than_a_thousand() -> None:
    made = list(mutations(EXPECTED))
    assert len(made) > 1_000
    assert len({mutation.what for mutation in made}) == 9
    assert missed(made, compared) == Counter()


def test_every_change_also_changes_the_fingerprint_and_the_contents() -> None:
    digest = contents(EXPECTED)
    for mutation in list(mutations(EXPECTED))[::3]:
        assert differing(PRINTS, fingerprints(mutation.actual)), mutation.what
        assert contents(mutation.actual) != digest, mutation.what


def test_an_edit_is_reported_at_its_own_path_and_nowhere_else() -> None:
    for mutation in mutations(EXPECTED):
        if mutation.what == "edited":
            found = compared(EXPECTED, mutation.actual)
            assert len(found.changed) == 1
            assert mutation.path.startswith(found.changed[0].path), (mutation.path, found.changed)


def test_every_lost_or_changed_recording_is_found() -> None:
    made = list(audio_mutations(EXPECTED))
    assert len(made) == 2 * len(EXPECTED.audio) > 10
    assert missed(made, lambda one, other: compare(one, other, audio=True)) == Counter()


def test_the_checker_itself_can_fail() -> None:
    made = list(mutations(EXPECTED))
    assert sum(missed(made, lambda *_: Comparison()).values()) == len(made)
    few = made[::4]
    by_name = missed(few, lambda one, other: replace(compared(one, other), changed=()))
    assert by_name == Counter(m.what for m in few if m.what not in ("dropped", "extra", "renamed"))
    assert missed(audio_mutations(EXPECTED), compare) == Counter(
        {"audio changed": len(EXPECTED.audio), "audio dropped": len(EXPECTED.audio)}
    )


@pytest.mark.parametrize("seed", range(5))
def test_another_order_is_no_difference(seed: int) -> None:
    other = shuffled(EXPECTED, seed)
    assert other.objects != EXPECTED.objects
    assert compare(EXPECTED, other, audio=True) == Comparison((), (), (), (), (), 26, 26)
    assert contents(other) == contents(EXPECTED)


def test_lying_on_another_pool_is_no_difference() -> None:
    moved = replace(EXPECTED, objects=tuple(item.moved(POOL_B, POOL_A) for item in EXPECTED.objects))
    assert {item.parent for item in moved.objects} == {POOL_B}
    assert compare(EXPECTED, moved, audio=True).is_clean
    assert contents(moved) == contents(EXPECTED)


def test_other_numbers_are_no_difference() -> None:
    assert compare(EXPECTED, renumbered(EXPECTED), audio=True).is_clean
    assert contents(renumbered(EXPECTED)) == contents(EXPECTED)


def test_written_and_read_back_is_no_difference() -> None:
    again = read_inventory(write_export(shuffled(EXPECTED, 1), SAMPLE.blobs.__getitem__, 0.0))
    assert compare(EXPECTED, again, audio=True).is_clean
    assert contents(again) == contents(EXPECTED)
    assert settings_print(again.settings, again.audio) == settings_print(EXPECTED.settings, EXPECTED.audio) != ""


def test_another_spelling_of_a_name_is_no_difference() -> None:
    shouted = tuple(replace(item, name=item.name.upper()) for item in EXPECTED.objects)
    assert compare(EXPECTED, replace(EXPECTED, objects=shouted)).is_clean


def test_stored_fingerprints_stand_for_the_objects() -> None:
    stored, now = fingerprints(EXPECTED), fingerprints(shuffled(EXPECTED, 3))
    assert unchanged(stored, now)
    assert compare(EXPECTED, EXPECTED, known=(stored, now)).is_clean
    lost = {key: digest for key, digest in now.items() if key != QUEUE.key}
    assert differing(stored, lost) == (QUEUE.key,) == differing(lost, stored)
    assert compare(EXPECTED, _without(QUEUE), known=(stored, fingerprints(_without(QUEUE)))).missing == (_item(QUEUE),)


def test_an_empty_answer_is_called_what_it_is() -> None:
    found = compare(EXPECTED, Inventory())
    assert found.nothing_arrived and not found.is_clean
    assert in_words(found) == (
        "Nothing came back, and 26 objects should have: either nothing was imported, "
        "or the list was asked for without the owner.",
    )
    assert not compare(Inventory(), Inventory()).nothing_arrived
    assert not compare(EXPECTED, _without(QUEUE)).nothing_arrived


def test_a_rename_by_number_is_recognised_with_all_that_refers_to_it() -> None:
    names = {item.key: f"{item.name} (2)" for item in (QUEUE, EXPECTED.of(Kind.AGENT_GROUP)[0])}
    renamed = renumbered(
        replace(EXPECTED, objects=tuple(replace(i, name=names.get(i.key, i.name)) for i in EXPECTED.objects))
    )
    found = compare(EXPECTED, renamed)
    assert {(item.before, item.after) for item in found.renamed} == {
        (name.removesuffix(" (2)"), name) for name in names.values()
    }
    assert (found.missing, found.extra, found.changed) == ((), (), ())
    assert not found.is_clean


def test_a_number_behind_other_contents_is_another_object() -> None:
    other = replace(QUEUE, name=f"{QUEUE.name} (2)", properties={**QUEUE.properties, "TimeoutThreshold": 11})
    found = compare(EXPECTED, renumbered(_with(QUEUE, other)))
    assert found.renamed == ()
    assert (found.missing, found.extra) == ((_item(QUEUE),), (Item(Kind.QUEUE, other.name),))


def test_the_same_number_of_identity_makes_it_a_rename_though_it_changed() -> None:
    other = replace(QUEUE, name="Renamed by hand", properties={**QUEUE.properties, "TimeoutThreshold": 11})
    found = compare(EXPECTED, _with(QUEUE, other))
    assert found.renamed == (Renamed(Kind.QUEUE, QUEUE.name, "Renamed by hand"),)
    assert found.changed == (
        Change(Kind.QUEUE, QUEUE.name, "TimeoutThreshold", QUEUE.properties["TimeoutThreshold"], 11),
    )


def test_two_objects_of_one_name_do_not_hide_a_change() -> None:
    twin = replace(QUEUE, identity=Ref(POOL_B, "11111111-1111-4111-8111-111111111111"))
    both = replace(EXPECTED, objects=(*EXPECTED.objects, twin))
    assert compare(both, replace(both, objects=both.objects[::-1])).is_clean
    assert compare(both, EXPECTED).missing == (_item(QUEUE),)
    changed = replace(twin, properties={**twin.properties, "TimeoutThreshold": 11})
    found = compare(both, replace(EXPECTED, objects=(*EXPECTED.objects, changed)))
    assert [change.path for change in found.changed] == ["TimeoutThreshold"]


def test_a_reference_that_leads_elsewhere_is_found_though_both_are_there() -> None:
    first, second = EXPECTED.of(Kind.AGENT_GROUP)[:2]
    one = _with(QUEUE, replace(QUEUE, properties={**QUEUE.properties, "AgentGroupIDList": (first.identity,)}))
    other = _with(QUEUE, replace(QUEUE, properties={**QUEUE.properties, "AgentGroupIDList": (second.identity,)}))
    assert in_words(compare(one, other)) == (
        f"Queue “{QUEUE.name}”: agent groups lost agent group “{first.name}” and gained agent group “{second.name}”.",
    )


def test_missing_bytes_on_both_sides_are_a_finding() -> None:
    silent = replace(EXPECTED, audio={})
    found = compare_audio(silent, silent)
    assert {change.name for change in found} <= {"", *(item.name for item in EXPECTED.objects)}
    assert len(found) == len(EXPECTED.audio)
    assert {(change.before, change.after) for change in found} == {("a recording without its bytes",) * 2}


def test_settings_are_compared_apart() -> None:
    other = replace(EXPECTED, settings=ServiceSettings(30, None, True))
    assert compare(EXPECTED, other).is_clean
    assert [change.path for change in compare_settings(EXPECTED.settings, other.settings)] == [
        "AgentRingbackGracePeriod",
        "DefaultMusicOnHoldFile",
        "DisableCallContext",
    ]
    assert compare_settings(EXPECTED.settings, EXPECTED.settings) == ()
    assert len(compare_settings(EXPECTED.settings, None)) == 1
    assert compare_settings(None, None) == ()


def test_a_changed_number_of_seconds_is_said_in_one_sentence() -> None:
    before = _with(QUEUE, replace(QUEUE, name="Ward 3", properties={"TimeoutThreshold": 30}))
    after = _with(QUEUE, replace(QUEUE, name="Ward 3", properties={"TimeoutThreshold": 45}))
    assert "Queue “Ward 3”: TimeoutThreshold was 30, is 45." in in_words(compare(before, after))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Ward", "Ward ", "Queue “Ward” is now called “Ward␣”."),
        (" Ward", "Ward", "Queue “␣Ward” is now called “Ward”."),
        ("Ward 3", "Ward  3", "Queue “Ward 3” is now called “Ward␣␣3”."),
        ("Ward", "Wa\u00adrd", "Queue “Ward” is now called “Wa[U+00AD]rd”."),
        ("x" * 90 + "a", "x" * 90 + "b", f"Queue “{'x' * 30}a” is now called “{'x' * 30}b”."),
        ("Ward 4930111", "Ward 4930211", "Queue “Ward …11” is now called “Ward …11” with another number in it."),
        ("Ward", "Station", "Queue “Ward” is now called “Station”."),
    ],
)
def test_two_names_never_look_alike(before: str, after: str, said: str) -> None:
    assert tuple(sentences(Comparison(renamed=(Renamed(Kind.QUEUE, before, after),)))) == (said,)


def test_two_values_of_a_property_never_look_alike() -> None:
    change = Change(Kind.QUEUE, "Ward", "Description", "by day", "by day ")
    assert change_in_words(change) == "Queue “Ward”: Description was by day, is by day␣."


def test_a_lost_recording_is_said_once_and_a_lost_list_item_by_name() -> None:
    line = EXPECTED.of(Kind.WORKFLOW)[0]
    silent = _with(line, replace(line, properties={**line.properties, "CustomMusicOnHoldFile": None}))
    said = in_words(compare(EXPECTED, silent, audio=True))
    assert said == (f"Workflow “{line.name}”: CustomMusicOnHoldFile was recording “hold.wma”, is not set.",)
    assert in_words(compare(EXPECTED, _without(line), audio=True)) == (f"Workflow “{line.name}” is missing.",)


def test_an_object_that_only_was_put_in_another_order_says_so() -> None:
    groups = QUEUE.properties["AgentGroupIDList"]
    assert isinstance(groups, tuple)
    other = _with(QUEUE, replace(QUEUE, properties={**QUEUE.properties, "AgentGroupIDList": groups[::-1]}))
    assert "agent groups are in another order: were agent group “" in in_words(compare(EXPECTED, other))[0]


def test_no_sentence_moves_a_cursor_or_turns_the_text() -> None:
    nasty = "\x1b[2J\u202eevil\u200d\x00"
    properties = {nasty: nasty, "AgentsByUri": (nasty,)}
    after = _with(QUEUE, replace(QUEUE, name=nasty, properties={**QUEUE.properties, **properties}))
    for sentence in in_words(compare(EXPECTED, after)):
        assert sentence.replace("\u200d", "").isprintable()


def test_no_sentence_carries_a_phone_number_or_a_line_break_or_runs_long() -> None:
    properties = {
        "LineUri": "tel:+49301234567",
        "DisplayNumber": "+49 (30) 123-45 67",
        "Description": "call\n0301234567",
    }
    hostile = replace(QUEUE, name=f"<!channel>\n+4930 7654321 {'x' * 3_000}")
    before = _with(QUEUE, replace(hostile, properties=dict.fromkeys(properties)))
    after = _with(QUEUE, replace(hostile, properties=properties))
    said = in_words(compare(before, after))
    assert len(said) == 3
    for sentence in said:
        assert sum(sign.isdigit() for sign in sentence) <= 4
        assert "\n" not in sentence and len(sentence) < 300
    assert any("tel:…67" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tel:+4930123456", "tel:…56"),
        ("+49 (30) 123-45 67;ext=5678901", "…67;ext=…01"),
        ("sip:+49301234567@contoso.com", "sip:…67@contoso.com"),
        ("Ward 3", "Ward 3"),
        ("030_123_456", "…56"),
        ("2026-12-25T00:00:00", "2026-12-25T00:00:00"),
        ("2026-12-25T00:00:00.500-05:00", "2026-12-25T00:00:00.500-05:00"),
        ("deadbeef-1234-4234-8234-123456789012", "deadbeef-1234-4234-8234-123456789012"),
        ("٠١٢٣٤٥٦٧", "…٦٧"),
        ("0301234567 until 2026-12-24", "…67 until 2026-12-24"),
    ],
)
def test_only_the_last_two_digits_of_a_number_show(text: str, shown: str) -> None:
    assert masked(text) == shown


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.text(max_size=3),
    st.builds(Ref, st.just(POOL_A), st.sampled_from(["", "a", "b"])),
    st.builds(Audio, st.sampled_from("xy"), st.sampled_from("st")),
)
KEYS = st.sampled_from(["Prompt", "HolidaySetIDList", "s1:", "AnswerList"])
VALUES = st.recursive(
    LEAVES, lambda below: st.one_of(st.lists(below, max_size=3).map(tuple), st.dictionaries(KEYS, below, max_size=3))
)


def means_the_same(one: Value, other: Value, name: str = "") -> bool:
    """What `canonical` promises, said a second time without any text."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        left, right = ({key: value for key, value in bag.items() if value not in (None, ())} for bag in (one, other))
        return left.keys() == right.keys() and all(means_the_same(left[key], right[key], key) for key in left)
    if isinstance(one, tuple) and isinstance(other, tuple):
        orders = permutations(other) if name == "HolidaySetIDList" else [other]
        return len(one) == len(other) and any(all(map(means_the_same, one, order)) for order in orders)
    if isinstance(one, Audio) and isinstance(other, Audio):
        return one.original_name == other.original_name
    return type(one) is type(other) and repr(one) == repr(other)


@given(VALUES, VALUES)
def test_two_values_have_one_text_exactly_when_they_mean_the_same(one: Value, other: Value) -> None:
    def nowhere(_: Ref) -> None:
        return None

    assert (canonical(one, nowhere) == canonical(other, nowhere)) == means_the_same(one, other)
    assert canonical(one, nowhere) == canonical(one, nowhere)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (1, 1.0),
        ("1", 1),
        (None, ""),
        (("as", "b"), ("a", "sb")),
        ({"a": "s1:b"}, {"as": "1:b"}),
        (Ref(POOL_A, "11111111"), Ref(POOL_A, "22222222")),
        (Ref(POOL_A), Ref(POOL_B)),
        (Ref(POOL_A), POOL_A),
        (Audio("u", "a.wav"), "a.wav"),
        (("a", "b"), ("b", "a")),
        ({}, None),
    ],
)
def test_values_that_look_alike_are_told_apart(one: Value, other: Value) -> None:
    before, after = (_with(QUEUE, replace(QUEUE, properties={"It": value})) for value in (one, other))
    assert {change.path.partition(".")[0] for change in compare(before, after).changed} == {"It"}


def _item(item: RgsObject) -> Item:
    return Item(item.kind, item.name)


def _without(gone: RgsObject) -> Inventory:
    return replace(EXPECTED, objects=tuple(item for item in EXPECTED.objects if item is not gone))


def _with(old: RgsObject, new: RgsObject) -> Inventory:
    return replace(EXPECTED, objects=tuple(new if item is old else item for item in EXPECTED.objects))
