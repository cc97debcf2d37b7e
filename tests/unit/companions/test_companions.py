"""Companions as values: how fresh each is, what the configuration may say, what people may send, how it is restored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.companions.coverage import DAY_S, Rule, State, coverage, faults, rule, rules_of, slots
from bot.domain.companions.kinds import COMPANIONS, Attestation, CompanionCopy, How, KeptFile, companion
from bot.domain.companions.uploads import LARGEST_FILE, MOST_FILES, complaint, unlike, warnings
from bot.domain.companions.way_back import commands
from bot.domain.errors import BadInput
from bot.domain.model import Pool

NOW = 1_795_000_000.0
STORE = "\\\\fs\\share\\1-ApplicationServer-1\\AppServerFiles"
A = Pool("pool-a.contoso.com", file_store=STORE)
B = Pool("pool-b.contoso.com")
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")


def kept(kind: str, days: float = 0.0, **what: object) -> CompanionCopy:
    return CompanionCopy(f"{kind}-1", A.fqdn, kind, A.fqdn, NOW - days * DAY_S, "the schedule", "digest", **what)


def states(newest: dict[str, CompanionCopy], rules: dict[tuple[str, str], Rule] | None = None) -> dict[str, State]:
    found = coverage(A, newest, rules or {}, NOW)
    return {cover.companion.key: cover.state for cover in found.covers}


def test_every_companion_of_the_seed_is_there_with_what_is_lost_and_how_it_comes_back() -> None:
    assert list(COMPANIONS) == [
        "lis",
        "call-park-settings",
        "call-park-music",
        "announcements",
        "rgs-audio",
        "monitoring",
        "archiving",
    ]
    for one in COMPANIONS.values():
        assert one.lost and one.note and commands(one.key, A, None, of=A), one.key
        assert (one.command is not None, bool(one.folder)) == (one.how is How.COMMAND, one.how is How.FILES)
        assert bool(one.at) == (one.how in (How.COMMAND, How.FILES))
    with pytest.raises(BadInput, match="No other data is called “lys”"):
        companion("lys")


def test_a_copy_is_fresh_to_its_last_day_and_stale_after_it() -> None:
    assert states({"lis": kept("lis", 14)})["lis"] is State.FRESH
    assert states({"lis": kept("lis", 14.01)})["lis"] is State.STALE
    ruled = {(A.fqdn, "lis"): Rule(stale_d=30)}
    assert states({"lis": kept("lis", 29)}, ruled)["lis"] is State.FRESH
    assert states({})["lis"] is State.UNPROTECTED
    assert states({}, {(A.fqdn, "lis"): Rule(used=False)})["lis"] is State.UNUSED


def test_what_somebody_attests_is_as_old_as_the_backup_that_they_speak_of() -> None:
    word = Attestation(NOW - 20 * DAY_S, "tape")
    assert states({"archiving": kept("archiving", 0, attestation=word)})["archiving"] is State.STALE


def test_a_clock_that_went_back_makes_nothing_stale() -> None:
    assert states({"lis": kept("lis", -3)})["lis"] is State.FRESH


def test_the_line_of_a_pool_tells_what_needs_somebody_first() -> None:
    newest = {"lis": kept("lis", 2.5), "call-park-settings": kept("call-park-settings", 0.2)}
    newest["call-park-music"] = kept("call-park-music", 40)
    found = coverage(A, newest, {(A.fqdn, "archiving"): Rule(used=False)}, NOW)
    assert found.line == (
        "Other data: not protected: Announcements, Response Group audio, Monitoring · stale: "
        "Call Park music (40 days) · fresh: LIS (2 days), Call Park settings (5 h) · not applicable: Archiving"
    )
    needing = [cover.companion.key for cover in found.needing]
    assert needing == ["call-park-music", "rgs-audio", "monitoring"]


def test_files_of_a_store_that_nobody_named_have_to_come_from_people() -> None:
    assert COMPANIONS["announcements"].way(A) is How.FILES
    assert COMPANIONS["announcements"].way(B) is How.UPLOAD
    found = coverage(B, {}, {}, NOW)
    assert "announcements" in [cover.companion.key for cover in found.needing]


def test_what_comes_by_itself_has_slots_and_the_organisation_s_own_comes_once() -> None:
    usual = [(pool.short, one.key, at) for pool, one, at in slots([A, B], {})]
    week = ("Sun 03:30",)
    assert usual == [
        ("pool-a", "lis", week),
        ("pool-a", "call-park-settings", week),
        ("pool-b", "call-park-settings", week),
        ("pool-a", "call-park-music", week),
        ("pool-a", "announcements", week),
    ]
    assert slots([A, B], {(A.fqdn, "lis"): Rule(week, used=False)})[0][:2] == (B, COMPANIONS["lis"])
    rules = {
        (B.fqdn, "lis"): Rule(("Mon 01:00",)),
        (A.fqdn, "announcements"): Rule(week, used=False),
        (B.fqdn, "call-park-settings"): Rule(week, used=False),
    }
    ruled = [(pool.short, one.key, at) for pool, one, at in slots([A, B], rules)]
    assert ruled == [
        ("pool-b", "lis", ("Mon 01:00",)),
        ("pool-a", "call-park-settings", week),
        ("pool-a", "call-park-music", week),
    ]


def test_a_row_of_the_configuration_changes_what_it_says_and_no_more() -> None:
    rows = [{"pool": A.fqdn, "kind": "lis", "at": ("Mon 01:00",), "stale_days": None, "used": True}]
    rules = rules_of(rows)
    assert rule(rules, A.fqdn, "lis") == Rule(("Mon 01:00",), 14)
    assert rule(rules, B.fqdn, "lis") == Rule(("Sun 03:30",), 14)
    assert rule(rules, A.fqdn, "rgs-audio") == Rule((), COMPANIONS["rgs-audio"].stale_d)


@pytest.mark.parametrize(
    ("row", "key", "sentence"),
    [
        ({"pool": "pool-x.contoso.com", "kind": "lis"}, "pool", "pool-x.contoso.com is not among the pools."),
        (
            {"pool": A.fqdn, "kind": "archiving", "at": ("02:00",)},
            "at",
            "archiving comes from people, so it has no times",
        ),
        ({"pool": B.fqdn, "kind": "announcements", "at": ("02:00",)}, "at", "name its file_store under"),
        ({"pool": A.fqdn, "kind": "lis"}, "kind", "lis of pool-a.contoso.com has a row already."),
    ],
)
def test_rows_that_cannot_be_meant_are_named(row: dict, key: str, sentence: str) -> None:
    rows = [{"pool": A.fqdn, "kind": "lis", "at": ("02:00",)}, row]
    ((place, named, said),) = faults(rows, {A.fqdn: STORE, B.fqdn: ""})
    assert (place, named) == (1, key) and sentence in said


AUDIO = COMPANIONS["rgs-audio"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../../etc/passwd.wav", "cannot be kept under the name"),
        ("C:\\Windows\\a.wav", "cannot be kept under the name"),
        ("a\u202egpj.wav", "cannot be kept under the name “agpj.wav”"),
        ("He\u3164lp\u034f.wav", "cannot be kept under the name “Help.wav”"),
        ("a\n<!channel>.wav", "cannot be kept under the name"),
        (" a.wav", "cannot be kept under the name"),
        ("a.wav.", "cannot be kept under the name"),
        (f"{'a' * 400}.wav", "cannot be kept under the name"),
        (".wav", ""),
        ("Grüße & Co.WAV", ""),
        ("music.mp3", "“music.mp3” is not a .wav or .wma file"),
        ("wav", "is not a .wav or .wma file"),
    ],
)
def test_a_stranger_s_file_name_is_one_that_windows_can_take_back(name: str, sentence: str) -> None:
    said = complaint(AUDIO, [(name, 10)])
    assert sentence in said if sentence else said == ""


@given(st.text(max_size=300))
def test_whatever_the_name_is_a_complaint_shows_no_hidden_sign_of_it(name: str) -> None:
    said = complaint(AUDIO, [(name, 1)])
    assert len(said) < 400 and all(sign.isprintable() for sign in said)
    if not said:
        assert not set(name) & set('<>:"/\\|?*') and name.lower().endswith((".wav", ".wma"))


def test_too_many_too_much_and_the_same_name_twice_are_refused() -> None:
    assert complaint(AUDIO, []) == "No file was chosen. Choose at least one."
    many = [(f"{number}.wav", 1) for number in range(MOST_FILES + 1)]
    assert complaint(AUDIO, many) == "These are 11 files; 10 at once are the most."
    assert complaint(AUDIO, many[1:]) == ""
    most = [(f"{number}.wav", LARGEST_FILE) for number in range(MOST_FILES)]
    assert complaint(AUDIO, most) == "", "what Slack takes in one form is never too much"
    assert "has more than 10 MB" in complaint(AUDIO, [("a.wav", LARGEST_FILE + 1)])
    assert "Two of these files are called “a.wav”" in complaint(AUDIO, [("a.wav", 1), ("A.WAV", 1)])


def test_a_file_has_to_be_inside_what_its_name_says() -> None:
    wav = b"RIFF\x10\0\0\0WAVEfmt "
    assert unlike("a.wav", wav) == "" and unlike("a.WMA", ASF + b"x") == ""
    assert unlike("a.wav", ASF) == "“a.wav” is no wav file inside, whatever its name says."
    assert unlike("a.wma", wav) == "“a.wma” is no wma file inside, whatever its name says."
    assert unlike("a.wav", b"") == "“a.wav” is empty."


def test_a_wav_that_no_server_takes_is_kept_and_warned_of_lync_2_8() -> None:
    most = 4 * 1024 * 1024
    assert warnings([("a.wav", most), ("b.wma", most * 2)]) == ()
    assert warnings([("a.wav", most + 1)]) == ("“a.wav” is larger than 4 MB: no server takes such a wav file.",)


def test_what_a_copy_holds_is_said_in_a_few_words() -> None:
    assert kept("x", rows=({},)).in_words == "1 set of settings kept"
    assert kept("x", files=(KeptFile("a", 2048, ""),) * 2).in_words == "2 files, 4.1 kB, kept"
    assert kept("x", attestation=Attestation(NOW, "tape")).in_words == "recorded by hand"
    assert replace(kept("x")).size == 0
