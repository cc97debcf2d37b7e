"""CliXml is read as psrpcore reads it, written as it is read, and never trusted."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from queue import Queue
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psrpcore.types import PSChar, PSDateTime, PSDuration, PSObject, deserialize_clixml, serialize_clixml

from bot.domain.errors import Damaged
from bot.domain.groups.groups import Audio, Kind, Ref, Value
from bot.exports import clixml_elements
from bot.exports.clixml import Thing, things
from bot.exports.clixml_write import escaped, write
from tests.worlds import sample

NAMESPACE = "http://schemas.microsoft.com/powershell/2004/04"
GUID = "1987d3c2-4544-489d-bbe3-59f79f530a83"
IDENTITY = Ref("pool-a.contoso.com", GUID)


def document(inside: str) -> str:
    return f'<Objs Version="1.1.0.1" xmlns="{NAMESPACE}">{inside}</Objs>'


def read(data: bytes, part: str) -> tuple[Thing, ...]:
    return tuple(things((data,), part))


def values(inside: str) -> list[Value]:
    return [thing.value for thing in read(document(inside).encode(), "Queues.xml")]


def bag(properties: str, type_name: str = "") -> str:
    names = f'<TN RefId="0"><T>{type_name}</T></TN>' if type_name else ""
    return f'<Obj RefId="900">{names}<Props>{properties}</Props></Obj>'


# --- what single elements become ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("<S>Ward &amp; 3</S>", "Ward & 3"),
        ("<S></S>", ""),
        ("<S />", ""),
        ("<S>one_x000A_two_x005F_x000A_</S>", "one\ntwo_x000A_"),
        ("<S>_xD83D__xDE00_</S>", "😀"),
        ("<S>_xD83D_ alone</S>", "\ufffd alone"),
        ("<S><![CDATA[a<b]]></S>", "a<b"),
        ("<URI>sip:line@contoso.com</URI>", "sip:line@contoso.com"),
        ("<I32>-30</I32>", -30),
        ("<I16>20</I16>", 20),
        ("<U64>18446744073709551615</U64>", 2**64 - 1),
        ("<By>255</By>", 255),
        ("<C>65</C>", "A"),
        ("<B>true</B>", True),
        ("<B>false</B>", False),
        ("<Db>INF</Db>", float("inf")),
        ("<D>1.50</D>", "1.50"),
        ("<DT>2026-12-25T00:00:00</DT>", "2026-12-25T00:00:00"),
        ("<TS>PT8H30M</TS>", "PT8H30M"),
        (f"<G>{GUID}</G>", GUID),
        ("<BA>AAEC</BA>", "AAEC"),
    ],
)
def test_plain_elements_become_plain_values(element: str, value: Value) -> None:
    found = values(element)[0]
    assert found == value and type(found) is type(value)


def test_empty_elements_hold_no_object() -> None:
    assert values("<Nil />") == values("") == values('<Obj RefId="0"><LST /></Obj>') == []


def test_an_enum_is_read_as_its_name() -> None:
    names = "<T>Deserialized.Microsoft.Rtc.Rgs.CallActionType</T><T>Deserialized.System.Enum</T>"
    text = f'<Obj N="Action" RefId="1"><TN RefId="7">{names}</TN><ToString>TransferToQueue</ToString><I32>1</I32></Obj>'
    assert values(bag(text)) == [{"Action": "TransferToQueue"}]


def test_properties_of_both_sorts_and_an_extended_value_are_read() -> None:
    text = '<Obj RefId="0"><Props><I32 N="A">1</I32></Props><MS><S N="B_x0020_C">x</S></MS></Obj>'
    assert values(text) == [{"A": 1, "B C": "x"}]
    assert values('<Obj RefId="0"><S>text</S><MS><S N="PSComputerName">fe1</S></MS></Obj>') == ["text"]


@pytest.mark.parametrize("tag", ["LST", "IE", "STK", "QUE"])
def test_every_sort_of_collection_is_a_tuple(tag: str) -> None:
    text = f'<Obj N="List" RefId="1"><{tag}><I32>1</I32><Nil /><S>x</S></{tag}></Obj>'
    assert values(bag(text)) == [{"List": (1, None, "x")}]


def test_a_dictionary_is_a_mapping() -> None:
    entry = '<En><S N="Key">one</S><I32 N="Value">1</I32></En><En><I32 N="Key">2</I32><Nil N="Value" /></En>'
    assert values(bag(f'<Obj N="D" RefId="1"><DCT>{entry}</DCT></Obj>')) == [{"D": {"one": 1, "2": None}}]


# --- identities and recordings -----------------------------------------------------------------------------------

INSTANCE = f'<Obj N="InstanceId" RefId="2"><Props><G N="Guid">{GUID}</G></Props></Obj>'
LONG, SHORT = "service:ApplicationServer:pool-a.contoso.com", "ApplicationServer:Pool-A.contoso.com"


@pytest.mark.parametrize(
    "inside",
    [
        f'<TN RefId="1"><T>Microsoft.Rtc.Rgs.Management.RgsIdentity</T></TN><ToString>{LONG}/{GUID}</ToString>',
        '<TN RefId="1"><T>Deserialized.Microsoft.Rtc.Rgs.Management.RgsIdentity</T></TN>'
        f'<Props><S N="ServiceId">{LONG}</S>{INSTANCE}</Props>',
        f'<Props><S N="ServiceId">{SHORT}</S>{INSTANCE}</Props>',
        f'<ToString>{LONG}</ToString><Props><Nil N="ServiceId" />{INSTANCE}</Props>',
        f'<Props><Obj N="ServiceId" RefId="3"><Props><S N="FullName">{LONG}</S></Props></Obj>{INSTANCE}</Props>',
        f'<Props><S N="ServiceId">{LONG}</S><G N="InstanceId">{GUID.upper()}</G></Props>',
    ],
)
def test_an_identity_is_recognised_in_every_shape(inside: str) -> None:
    assert values(bag(f'<Obj N="QueueID" RefId="1">{inside}</Obj>')) == [{"QueueID": IDENTITY}]


def test_an_identity_left_as_text_is_one_only_where_identities_are() -> None:
    text = (
        f'<S N="QueueID">{LONG}/{GUID}</S><S N="Description">{LONG}/{GUID}</S><S N="OwnerPool">Pool-B.contoso.com</S>'
    )
    assert values(bag(text)) == [
        {"QueueID": IDENTITY, "Description": f"{LONG}/{GUID}", "OwnerPool": Ref("pool-b.contoso.com")}
    ]
    listed = f'<Obj N="AgentGroupIDList" RefId="1"><LST><S>{LONG}/{GUID}</S></LST></Obj>'
    assert values(bag(listed)) == [{"AgentGroupIDList": (IDENTITY,)}]


def test_a_service_has_no_guid() -> None:
    for instance in ('<Nil N="InstanceId" />', f'<G N="InstanceId">{uuid.UUID(int=0)}</G>'):
        text = f'<Obj N="OwnerPool" RefId="1"><Props><S N="ServiceId">{LONG}</S>{instance}</Props></Obj>'
        assert values(bag(text)) == [{"OwnerPool": Ref("pool-a.contoso.com")}]


def test_a_recording_is_known_by_its_type_or_by_its_two_names() -> None:
    names = '<S N="OriginalFileName">hello.wav</S><S N="UniqueName">u1</S>'
    typed = f'<TN RefId="1"><T>Microsoft.Rtc.Rgs.Management.WritableSettings.AudioFile</T></TN><Props>{names}</Props>'
    assert values(f'<Obj RefId="0">{typed}</Obj>') == values(bag(names)) == [Audio("u1", "hello.wav")]


def test_one_object_or_many_piped_or_listed_are_the_same() -> None:
    one, two = bag('<I32 N="A">1</I32>', "X.Queue"), bag('<I32 N="A">2</I32>', "X.Queue")
    both = (Thing("Queue", {"A": 1}), Thing("Queue", {"A": 2}))
    assert read(document(one).encode(), "x") == both[:1]
    assert read(document(one + two).encode(), "x") == both
    wrapped = f'<Obj RefId="99"><TN RefId="9"><T>System.Object[]</T></TN><LST>{one}{two}</LST></Obj>'
    assert read(document(wrapped).encode(), "x") == both


def test_it_is_read_while_it_comes_and_indented_or_not() -> None:
    rows = [item.row() for item in sample(3).inventory.of(Kind.QUEUE)]
    for encoding in ("utf-8", "utf-16"):
        data = write("Queue", rows, encoding=encoding)
        for size in (1, 7, 4096):
            chunks = (data[at : at + size] for at in range(0, len(data), size))
            assert [thing.value for thing in things(chunks, "x")] == rows
    flat = "".join(line.strip() for line in write("Queue", rows, encoding="utf-8").decode().splitlines())
    assert [thing.value for thing in read(flat.encode(), "x")] == rows
    first = next(things(iter([write("Queue", rows)[:-200], b"<broken"]), "x"))
    assert first.value == rows[0]


def test_every_encoding_gives_the_same_objects() -> None:
    text = document(bag('<S N="Name">Schäfer 😀</S>'))
    forms = [
        text.encode(),
        text.encode("utf-8-sig"),
        b"\xff\xfe" + text.encode("utf-16-le"),
        b"\xfe\xff" + text.encode("utf-16-be"),
        ('<?xml version="1.0" encoding="utf-8"?>\r\n' + text).encode(),
    ]
    assert {repr(read(form, "x")) for form in forms} == {"(Thing(type='', value={'Name': 'Schäfer 😀'}),)"}


# --- the same values as psrpcore ---------------------------------------------------------------------------------


def span(*parts: int) -> str:
    days, *rest = (f"{part}{unit}" if part else "" for part, unit in zip(parts, "DHMS", strict=True))
    time = "".join(rest)
    return f"P{days}" + (f"T{time}" if time else "" if days else "T0S")


def plain(value: Any) -> Value:
    """What psrpcore made of an element, in the words of the domain."""
    is_object = isinstance(value, PSObject)
    if is_object and any(name.endswith("System.Enum") for name in value.PSObject.type_names):
        return value.PSObject.to_string
    match value:
        case None | bool():
            return value
        case PSChar():
            return chr(value)
        case PSDateTime():
            return value.strftime("%Y-%m-%dT%H:%M:%S")
        case PSDuration():
            return span(value.days, value.seconds // 3600, value.seconds // 60 % 60, value.seconds % 60)
        case uuid.UUID() | Decimal():
            return str(value)
        case bytes():
            return base64.b64encode(value).decode()
    for base in (int, float, str):
        if isinstance(value, base):
            return base(value)
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(plain(item) for item in value)
    if isinstance(value, Queue):
        return tuple(plain(item) for item in value.queue)
    return _shaped(value)


def _shaped(value: Any) -> Value:
    about = value.PSObject
    found = {item.name: item.get_value(value) for item in (*about.adapted_properties, *about.extended_properties)}
    kind = about.type_names[0].rpartition(".")[2] if about.type_names else ""
    if kind == "RgsIdentity":
        instance = found["InstanceId"]
        guid = str(instance.PSObject.adapted_properties[0].get_value(instance)) if instance is not None else ""
        return Ref(str(found["ServiceId"]).removeprefix("service:ApplicationServer:"), guid)
    if kind == "AudioFile":
        return Audio(str(found["UniqueName"]), str(found["OriginalFileName"]))
    if found or about.adapted_properties or about.extended_properties:
        return {str(name): plain(item) for name, item in found.items()}
    return about.to_string if about.to_string is not None else {}


def same_as_psrpcore(text: str) -> bool:
    mine = [thing.value for thing in read(text.encode(), "x")]
    theirs = [plain(value) for value in deserialize_clixml(text, None)]
    spread = [item for value in theirs for item in (value if isinstance(value, tuple) else (value,))]
    assert repr(mine) == repr([item for item in spread if item is not None])
    return bool(mine)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_written_inventory_is_the_same_to_psrpcore(kind: Kind) -> None:
    rows = [item.row() for item in sample(3).inventory.of(kind)]
    assert same_as_psrpcore(write(kind, rows, encoding="utf-8").decode())


TEXT = st.text(max_size=8)
SPAN = st.tuples(*(st.integers(0, top) for top in (9, 23, 59, 59))).map(lambda parts: span(*parts))
MOMENT = st.datetimes(min_value=datetime(1900, 1, 1)).map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S"))
LEAVES = st.one_of(
    *(st.tuples(st.just(tag), TEXT.map(escaped)) for tag in ("S", "URI", "XD", "SBK")),
    *(
        st.tuples(st.just(tag), st.integers(low, high).map(str))
        for tag, low, high in [("I16", -(2**15), 2**15 - 1), ("I32", -(2**31), 2**31 - 1), ("U64", 0, 2**64 - 1)]
    ),
    st.tuples(st.just("B"), st.sampled_from(["true", "false"])),
    st.tuples(st.just("Db"), st.floats(allow_nan=False, allow_infinity=False).map(repr)),
    st.tuples(st.just("C"), st.integers(32, 0xD7FF).map(str)),
    st.tuples(st.just("D"), st.integers().map(lambda number: f"{number}.50")),
    st.tuples(st.just("G"), st.uuids().map(str)),
    st.tuples(st.just("TS"), SPAN),
    st.tuples(st.just("DT"), MOMENT),
    st.tuples(st.just("BA"), st.binary(max_size=6).map(lambda data: base64.b64encode(data).decode())),
    st.tuples(st.just("Nil"), st.just("")),
    st.tuples(st.just("Enum"), st.sampled_from(["Formal", "Informal"])),
    st.tuples(st.just("Again"), st.integers(0, 50)),
    st.tuples(st.just("Identity"), st.uuids().map(str)),
    st.tuples(st.just("AudioFile"), TEXT),
)
TREES = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.tuples(st.sampled_from(["Props", "MS"]), st.dictionaries(TEXT, below, max_size=3)),
        st.tuples(st.sampled_from(["LST", "IE", "STK", "QUE"]), st.lists(below, max_size=3)),
        st.tuples(st.just("DCT"), st.dictionaries(TEXT, below, max_size=3)),
    ),
    max_leaves=12,
)


class Renderer:
    """Makes CliXml of a tree, as PowerShell would and as our own writer does not: by hand, type by type."""

    def __init__(self) -> None:
        self.count = 0
        self.done: list[int] = []
        self.types: dict[str, int] = {}

    def __call__(self, tree: tuple[str, Any], name: str | None = None) -> str:
        tag, inside = tree
        label = "" if name is None else f" N={quoteattr(escaped(name).replace('&amp;', '&').replace('&lt;', '<'))}"
        if tag == "Again":
            return f'<Ref{label} RefId="{self.done[inside % len(self.done)]}" />' if self.done else f"<Nil{label} />"
        make: Callable[[Any], str] | None = getattr(self, f"_{tag}", None)
        if isinstance(inside, list):
            make = partial(self._list, tag)
        if make is None:
            return f"<{tag}{label}>{inside}</{tag}>"
        number = self.count
        self.count += 1
        text = f'<Obj{label} RefId="{number}">{make(inside)}</Obj>'
        self.done.append(number)
        return text

    def _typed(self, *names: str) -> str:
        if names[0] in self.types:
            return f'<TNRef RefId="{self.types[names[0]]}" />'
        number = self.types[names[0]] = len(self.types)
        return f'<TN RefId="{number}">{"".join(f"<T>{name}</T>" for name in names)}</TN>'

    def _Enum(self, name: str) -> str:
        return f"{self._typed('Rgs.Policy', 'System.Enum')}<ToString>{name}</ToString><I32>1</I32>"

    def _Identity(self, guid: str) -> str:
        self.count += 1
        instance = f'<Obj N="InstanceId" RefId="{self.count - 1}"><Props><G N="Guid">{guid}</G></Props></Obj>'
        props = f'<Props><S N="ServiceId">{LONG}</S>{instance}</Props>'
        return f"{self._typed('X.RgsIdentity')}<ToString>{LONG}/{guid}</ToString>{props}"

    def _AudioFile(self, name: str) -> str:
        props = f'<S N="OriginalFileName">{escaped(name)}</S><S N="UniqueName">u</S>'
        return f"{self._typed('X.AudioFile')}<Props>{props}</Props>"

    def _Props(self, items: dict[str, Any], tag: str = "Props") -> str:
        return f"{self._typed('X.Bag')}<{tag}>{''.join(self(item, name) for name, item in items.items())}</{tag}>"

    def _MS(self, items: dict[str, Any]) -> str:
        return self._Props(items, "MS")

    def _DCT(self, items: dict[str, Any]) -> str:
        entries = (f"<En>{self(('S', escaped(key)), 'Key')}{self(item, 'Value')}</En>" for key, item in items.items())
        return f"<DCT>{''.join(entries)}</DCT>"

    def _list(self, tag: str, items: list[Any]) -> str:
        return f"<{tag}>{''.join(self(item) for item in items)}</{tag}>"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(TEXT, TREES, max_size=4), min_size=1, max_size=3))
def test_any_tree_is_the_same_to_psrpcore(rows: list[dict[str, Any]]) -> None:
    render = Renderer()
    assert same_as_psrpcore(document("".join(render(("Props", row)) for row in rows)))


@given(st.lists(st.dictionaries(TEXT, st.one_of(TEXT, st.integers(0, 9), st.booleans(), st.none())), min_size=1))
def test_what_psrpcore_writes_is_read(rows: list[dict[str, Any]]) -> None:
    assert [thing.value for thing in read(serialize_clixml(rows, None).encode(), "x")] == rows


def test_the_differential_test_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clixml_elements, "PLAIN", {**clixml_elements.PLAIN, "S": str})
    with pytest.raises(AssertionError):
        same_as_psrpcore(document(bag('<S N="A">one_x000A_two</S>')))


# --- written and read back ---------------------------------------------------------------------------------------

SAFE = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
ANY = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False),
        SAFE,
        st.builds(Ref, st.just("pool-a.contoso.com"), st.uuids().map(str)),
        st.builds(Audio, SAFE, SAFE),
    ),
    lambda below: st.one_of(st.lists(below, max_size=3).map(tuple), st.dictionaries(SAFE, below, max_size=3)),
    max_leaves=10,
)
NAMES = st.one_of(
    SAFE, st.sampled_from(["Action", "OpenTime", "StartDate", "PrimaryUri", "AgentAlertTime", "Question"])
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(NAMES, ANY, max_size=4), max_size=3), st.sampled_from(["utf-8", "utf-16"]))
def test_whatever_is_written_is_read_back(rows: list[Mapping[str, Value]], encoding: str) -> None:
    again = read(write("Workflow", rows, encoding=encoding), "x")
    assert [thing.value for thing in again] == rows
    assert {thing.type for thing in again} <= {"Workflow"}


def test_the_writer_spells_properties_as_the_server_does() -> None:
    row: dict[str, Value] = {
        "LineUri": "tel:+1",
        "OpenTime": "PT8H",
        "StartDate": "2026-12-25T00:00:00",
        "AgentAlertTime": 20,
    }
    text = write("X", [row], encoding="utf-8").decode()
    for element in ("<URI N=", "<TS N=", "<DT N=", "<I16 N="):
        assert element in text
    assert write("X", [row]).startswith(b"\xff\xfe<\0O\0b\0j\0s\0")


# --- nothing is trusted ------------------------------------------------------------------------------------------

NESTED = '<Obj RefId="{}"><LST>' * 70 + "</LST></Obj>" * 70
BOMB = '<Obj RefId="0"><Props><S N="A">x</S></Props></Obj>' + "".join(
    f'<Obj RefId="{level}"><Props>'
    + "".join(f'<Ref N="P{n}" RefId="{level - 1}" />' for n in range(10))
    + "</Props></Obj>"
    for level in range(1, 30)
)
CHAIN = '<Obj RefId="0"><Props><S N="A">x</S></Props></Obj>' + "".join(
    f'<Obj RefId="{level}"><Props><Ref N="P" RefId="{level - 1}" /></Props></Obj>' for level in range(1, 500)
)
DTD = '<!DOCTYPE Objs [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (DTD + document("<S>&b;</S>"), "entities"),
        ('<!DOCTYPE Objs SYSTEM "file:///etc/passwd">' + document(""), "entities"),
        (f'<!DOCTYPE Objs [<!ENTITY x SYSTEM "file:///etc/hostname">]>{document("<S>&x;</S>")}', "entities"),
        (document("<S>&unheard;</S>"), "well-formed"),
        (document("<S>x</S>")[:-3], "well-formed"),
        (document("<S>\x01</S>"), "well-formed"),
        ("", "well-formed"),
        ("<html></html>", "not what Export-Clixml writes"),
        ('<Objs xmlns="urn:other"></Objs>', "not what Export-Clixml writes"),
        (document("<Unheard />"), "no element <Unheard>"),
        (document(NESTED), "deep"),
        (document(BOMB), "without end"),
        (document(CHAIN), "without end"),
        (document('<Obj RefId="0"><Props><Ref N="A" RefId="0" /></Props></Obj>'), "leads to nothing"),
        (document('<Obj RefId="0"><TNRef RefId="5" /></Obj>'), "type that was not described"),
        (document('<Obj RefId="0"><Props><S>x</S></Props></Obj>'), "no name"),
        (document('<Obj RefId="0"><DCT><En><S N="Key">x</S></En></DCT></Obj>'), "lacks its key or its value"),
        (
            document(
                bag('<Obj N="Identity" RefId="1"><Props><Nil N="ServiceId" /><Nil N="InstanceId" /></Props></Obj>')
            ),
            "pool",
        ),
    ],
)
def test_what_is_hostile_or_broken_is_refused_by_name(text: str, about: str) -> None:
    with pytest.raises(Damaged, match=r"^Queues\.xml ") as refusal:
        read(text.encode(), "Queues.xml")
    assert about in refusal.value.sentence and len(refusal.value.sentence) < 400


def test_entities_hide_in_no_encoding() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        mark = b"\xff\xfe" if encoding == "utf-16-le" else b"\xfe\xff"
        with pytest.raises(Damaged, match="entities"):
            read(mark + (DTD + document("")).encode(encoding), "x")
    with pytest.raises(Damaged):
        read(('<?xml version="1.0" encoding="utf-7"?>+ADw-!DOCTYPE Objs+AD4-' + document("")).encode(), "x")


def test_bytes_that_are_no_text_are_refused() -> None:
    for data in (b"\xff\xff\xff", document("<S>\xff</S>").encode("latin-1"), b"\xff\xfe<", b"\x89PNG\r\n"):
        with pytest.raises(Damaged, match="well-formed"):
            read(data, "x")


def test_a_number_that_is_none_is_refused_without_showing_it() -> None:
    for element in ("<I32>+4930123456x</I32>", "<Db>+4930123456x</Db>", "<I32></I32>", f"<I32>{'9' * 5_000}</I32>"):
        with pytest.raises(Damaged) as refusal:
            values(element)
        assert "4930" not in refusal.value.sentence and len(refusal.value.sentence) < 200


@given(st.binary(max_size=60))
def test_whatever_the_bytes_are_nothing_but_damaged_is_raised(noise: bytes) -> None:
    whole = write("Queue", [{"Name": "Ward 3", "TimeoutThreshold": 30}], encoding="utf-8")
    for data in (noise, whole[:80] + noise + whole[80:], whole[: len(whole) // 2] + noise):
        try:
            read(data, "x")
        except Damaged as refusal:
            assert refusal.sentence.startswith("x ")


def test_hostile_text_survives_the_way_there_and_back() -> None:
    nasty = "".join(map(chr, (*range(0x20), 0x7F, 0x85, 0xFFFE, 0xFFFF, 0x1F600))) + "]]>&<>'\"_x000A__X000a_"
    assert read(write("X", [{nasty: nasty}]), "x")[0].value == {nasty: nasty}
    assert escape("<") in write("X", [{"a": "<"}], encoding="utf-8").decode()
