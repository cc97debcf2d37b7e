"""Which account an address means, and until when it counts: decided without trusting how a directory compares."""

from __future__ import annotations

import pytest

from bot.directory.accounts import AccountRefused, Entry, account_of, counted, domain_of, only
from bot.directory.base import DirectoryAway
from bot.directory.questions import escaped

SID = bytes.fromhex("010500000000000515000000") + b"\x01" * 12 + (1105).to_bytes(4, "little")
IDENTITY = Entry(
    "CN=mike,DC=contoso,DC=test",
    {
        "objectguid": (bytes(range(16)),),
        "objectsid": (SID,),
        "samaccountname": (b"mike",),
        "mail": (b"Mike@contoso.test",),
        "primarygroupid": (b"513",),
    },
)
STATE = {
    "useraccountcontrol": (b"512",),
    "msds-user-account-control-computed": (b"0",),
    "accountexpires": (b"0",),
}


@pytest.mark.parametrize("address", ["mike@contoso.test", "MIKE@CONTOSO.TEST"])
def test_an_address_is_compared_without_regard_to_capitals(address: str) -> None:
    assert only([IDENTITY], address) is IDENTITY


@pytest.mark.parametrize("address", ["mi\u212ae@contoso.test", "m\u0131ke@contoso.test", "míke@contoso.test", "mike"])
def test_an_address_that_a_directory_takes_for_another_does_not_count(address: str) -> None:
    """Some directories pass over accents; the sign for kelvin becomes a k when it is made small."""
    with pytest.raises(AccountRefused, match="only similar"):
        only([IDENTITY], address)


@pytest.mark.parametrize("name", list(STATE))
@pytest.mark.parametrize("value", [(), (b"",), (b"x",), (b"0", b"0")])
def test_what_the_directory_does_not_show_is_no_reason_to_believe(name: str, value: tuple[bytes, ...]) -> None:
    with pytest.raises(DirectoryAway, match="Give it the right to read accounts"):
        account_of(IDENTITY, Entry(IDENTITY.dn, {**STATE, name: value}))


@pytest.mark.parametrize(("name", "value"), [("objectguid", b"short"), ("objectsid", b""), ("primarygroupid", b"x")])
def test_an_account_that_nobody_can_tell_from_others_is_none(name: str, value: bytes) -> None:
    with pytest.raises(DirectoryAway, match="Give it the right to read accounts"):
        account_of(Entry(IDENTITY.dn, {**IDENTITY.values, name: (value,)}), Entry(IDENTITY.dn, STATE))


@pytest.mark.parametrize("never", [b"0", b"9223372036854775807"])
def test_an_account_without_an_end_never_expires(never: bytes) -> None:
    counted(account_of(IDENTITY, Entry(IDENTITY.dn, {**STATE, "accountexpires": (never,)})), 1e12)


def test_an_account_ends_at_the_moment_that_windows_counts_from_1601() -> None:
    account = account_of(IDENTITY, Entry(IDENTITY.dn, {**STATE, "accountexpires": (b"133485408000000000",)}))
    assert account.expires == 1_704_067_200.0, "2024-01-01 00:00 UTC"
    counted(account, account.expires - 0.5)
    with pytest.raises(AccountRefused, match="has expired"):
        counted(account, account.expires)


def test_the_primary_group_is_of_the_accounts_own_domain() -> None:
    account = account_of(IDENTITY, Entry(IDENTITY.dn, STATE))
    assert account.primary_group == SID[:-4] + (513).to_bytes(4, "little")
    assert account.guid == "03020100-0504-0706-0809-0a0b0c0d0e0f"


@pytest.mark.parametrize(
    ("dn", "domain"),
    [
        ("CN=Meyer\\, Anna,OU=DC=odd,DC=emea,DC=contoso,DC=com", "dc=emea,dc=contoso,dc=com"),
        ("DC=contoso,DC=com", "dc=contoso,dc=com"),
        ("", ""),
    ],
)
def test_the_domain_is_the_end_of_a_name(dn: str, domain: str) -> None:
    assert domain_of(dn) == domain


def test_a_filter_never_means_more_than_its_value() -> None:
    assert escaped("a1*)(|\\\0\né") == "a1\\2a\\29\\28\\7c\\5c\\00\\0a\\c3\\a9"
