"""How companions are put back: every command binds on every version, and names the pool that serves now."""

from __future__ import annotations

import json
import re
from collections.abc import Set
from itertools import product
from pathlib import Path

import pytest

from bot.domain.companions.kinds import COMPANIONS, CompanionCopy, KeptFile
from bot.domain.companions.serving import serving
from bot.domain.companions.way_back import FILES_SHOWN, commands, place, told
from bot.domain.model import Pool, PoolState

A = Pool("pool-a.contoso.com")
B = Pool("pool-b.contoso.com", folder="D:\\Exchange")
DATA = Path(__file__).parents[2] / "data"
REAL = {
    name.casefold(): table
    for file in ("cmdlets.json", "cmdlets_by_hand.json")
    for name, table in json.loads((DATA / file).read_text("utf-8")).items()
}
PRODUCTS = ("Lync Server 2013", "Skype for Business Server 2015", "Skype for Business Server 2019")
AWAY = (PoolState.OUTAGE, PoolState.FAILING_OVER, PoolState.FAILED_OVER, PoolState.FAILING_BACK)


def kept(kind: str, **what: object) -> CompanionCopy:
    return CompanionCopy(f"{kind}-1", A.fqdn, kind, A.fqdn, 0.0, "the schedule", "digest", **what)


def binds(name: str, given: Set[str], product_: str) -> bool:
    """Whether a server of this product takes these parameters together, by the tables of Microsoft's own pages."""
    table = REAL[name.casefold()]
    known = {
        key: {one.strip() for one in each.get("sets", "").split(",")} - {""}
        for key, each in table["parameters"].items()
        if product_ in each.get("applies_to", table["applies_to"])
    }
    if not given <= known.keys():
        return False
    demanded = {key for key, each in table["parameters"].items() if each["mandatory"] and key in known}
    sets = set[str]().union(*known.values()) or {""}
    return any(
        all(not known[key] or one in known[key] for key in given)
        and all(key in given for key in demanded if not known[key] or one in known[key])
        for one in sets
    )


@pytest.mark.parametrize("product_", PRODUCTS)
def test_every_restore_command_binds_whichever_pool_it_names(product_: str) -> None:
    row = {"Identity": "Site:Berlin", "EnableMusicOnHold": False, "MaxCallPickupAttempts": 2, "OnTimeoutURI": "sip:a@b"}
    one, met = kept("x", files=(KeptFile("a.wav", 1, ""),), rows=(row,)), set()
    nobody = serving(A, B, PoolState.UNKNOWN).pool
    for kind, copy, on in product(COMPANIONS, (None, one), (A, B, nobody)):
        for line in commands(kind, on, copy, of=A):
            if line.startswith("RESTORE"):
                continue
            name = re.search(r"[A-Z][a-z]+-Cs\w+", line)
            assert name, line
            words = re.sub(r"\(Get-Content[^)]*\)|'[^']*'|\"[^\"]*\"", "x", line)
            assert binds(name[0], set(re.findall(r" -([A-Z]\w+)", words)), product_), line
            met.add(name[0])
    assert len(met) == 9


def test_the_tables_refuse_what_a_server_refuses() -> None:
    assert not binds("New-CsAnnouncement", {"Name"}, PRODUCTS[0]), "one of the two sets has to be chosen"
    assert not binds("New-CsAnnouncement", {"Identity", "Parent", "Name"}, PRODUCTS[0])
    assert not binds("Set-CsCallParkOrbit", {"Identity", "Type"}, PRODUCTS[0]), "2013 has no -Type"
    assert not binds("Import-CsLisConfiguration", {"Path"}, PRODUCTS[2])


@pytest.mark.parametrize("state", AWAY)
def test_from_the_outage_to_the_end_of_failback_every_command_names_the_backup_pool(state: PoolState) -> None:
    serves = serving(A, B, state)
    assert serves.pool == B
    stands = {PoolState.OUTAGE: "in an outage"}.get(state, state)
    assert serves.sentence == f"pool-a is {stands}, so the commands name pool-b, which serves its users."
    one = kept("x", files=(KeptFile("a.wav", 1, ""),), rows=({"Identity": "Global"},))
    for kind in COMPANIONS:
        lines = commands(kind, serves.pool, one, of=A)
        assert not [line for line in lines if "pool-a" in line], kind
        assert all("D:\\Exchange\\companions" in line for line in lines if "a.wav" in line and "Content" in line)
    assert place(B, one) == (
        "First put the files into D:\\Exchange\\companions on the Front End Server of pool-b on which you run them."
    )


def test_at_home_the_pool_itself_is_named() -> None:
    serves = serving(A, B, PoolState.ACTIVE)
    assert (serves.pool, serves.sentence) == (A, "pool-a is active, so the commands name it.")


def test_where_a_pool_stands_may_be_unknown_and_then_no_pool_is_named() -> None:
    serves = serving(A, B, PoolState.UNKNOWN)
    assert "is not known, so the commands name no pool" in serves.sentence
    (line,) = commands("call-park-music", serves.pool, None, of=A)
    assert "'service:ApplicationServer:<FQDN of the pool that serves>'" in line and "pool-a" not in line


def test_a_pool_without_a_backup_pool_is_served_by_nobody() -> None:
    serves = serving(A, None, PoolState.OUTAGE)
    assert serves.pool == A and serves.sentence.startswith("pool-a is in an outage and has no backup pool.")


def test_an_announcement_elsewhere_is_a_new_one_since_its_service_is_another_recovery_10() -> None:
    at_home, away = (commands("announcements", on, None, of=A)[1] for on in (A, B))
    assert "-Identity" in at_home and "-Parent" not in at_home
    assert away.startswith('New-CsAnnouncement -Parent "service:ApplicationServer:pool-b.contoso.com" -Name')


def test_nothing_has_to_be_put_anywhere_for_a_copy_without_files() -> None:
    assert place(B, None) == place(B, kept("x", rows=({"Identity": "Global"},))) == ""


def test_the_commands_are_filled_in_with_what_is_kept() -> None:
    row = {"Identity": "Site:Berlin", "EnableMusicOnHold": False, "CallPickupTimeoutThreshold": "00:02:00"}
    first, orbit = commands("call-park-settings", A, kept("x", rows=(row,)), of=A)
    settings = '-Identity "Site:Berlin" -CallPickupTimeoutThreshold "00:02:00" -EnableMusicOnHold $false'
    assert first == f"Set-CsCpsConfiguration {settings}"
    assert orbit.endswith('-CallParkService "service:ApplicationServer:pool-a.contoso.com"')
    assert commands("lis", A, kept("lis", files=(KeptFile("lis.zip", 1, ""),)), of=A) == (
        'Import-CsLisConfiguration -FileName "C:\\Switchback\\companions\\lis.zip"',
        "Publish-CsLisConfiguration",
    )
    assert told((row,)) == ("Site:Berlin: CallPickupTimeoutThreshold 00:02:00, EnableMusicOnHold False",)


def test_a_name_cannot_end_its_quotes_or_run_anything_in_a_restore_command() -> None:
    nasty = kept("x", files=(KeptFile("a'; Remove-Item C:\\ -Recurse; '$(x).wma", 1, ""),))
    (line,) = commands("call-park-music", A, nasty, of=A)
    assert "'C:\\Switchback\\companions\\a''; Remove-Item C:\\ -Recurse; ''$(x).wma'" in line
    many = kept("x", files=tuple(KeptFile(f"{number}.wma", 1, "") for number in range(100)))
    assert len(commands("call-park-music", A, many, of=A)) == FILES_SHOWN
