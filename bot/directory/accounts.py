"""Accounts of the directory as values, and why one does not count: disabled, locked, expired, not exactly the one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.directory.base import AccountRefused, DirectoryAway
from bot.directory.entries import Entry
from bot.domain.model import Role

IDENTITY = ("objectGUID", "objectSid", "sAMAccountName", "userPrincipalName", "mail", "primaryGroupID")
STATE = ("userAccountControl", "msDS-User-Account-Control-Computed", "accountExpires")
"""A global catalog does not hold the last two of these: a controller of the account's own domain does."""

_DISABLED, _LOCKED = 0x2, 0x10
_NEVER = (0, 0x7FFF_FFFF_FFFF_FFFF)
_WINDOWS_EPOCH_S = 11_644_473_600
_TICKS_PER_S = 10_000_000
_GUID_BYTES, _LEAST_SID_BYTES = 16, 12
_UNSIGNED = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class DirectoryAccount:
    """Somebody's account: `guid` never changes, `dn` and `addresses` may. `expires` is in seconds since 1970, or None.

    `sid` and `primary_group` (a SID as well) are as Windows stores them.
    """

    guid: str
    dn: str
    name: str
    addresses: frozenset[str]
    sid: bytes
    primary_group: bytes
    disabled: bool
    locked: bool
    expires: float | None


@dataclass(frozen=True, slots=True)
class Holding:
    """What somebody holds: for each role the configured groups through which they do, by their names.

    `doubts` are sentences about what was asked and could not be used, such as a group that is not there.
    """

    account: DirectoryAccount
    through: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(self.through)


@dataclass(frozen=True, slots=True)
class Roster:
    """All who held a role through the configured groups at the moment `read_at`, when the reading began.

    By the guid of their accounts, which alone tells them apart for certain: of two accounts with one address, only
    one may be in a group. Those whose account does not count are among them; `holding` says so.
    """

    read_at: float
    holdings: Mapping[str, Holding]
    doubts: tuple[str, ...] = ()

    def holding(self, guid: str, now: float) -> Holding | None:
        """What this account held, or None when it was in none of the groups.

        Raises AccountRefused when it was disabled or locked, or has expired by `now`.
        """
        if (holding := self.holdings.get(guid)) is not None:
            counted(holding.account, now)
        return holding


def counted(account: DirectoryAccount, now: float) -> None:
    """Returns when the account counts at `now`. Raises AccountRefused when it is disabled, locked or expired."""
    reasons = (
        (account.disabled, "is disabled"),
        (account.locked, "is locked, after wrong passwords"),
        (account.expires is not None and account.expires <= now, "has expired"),
    )
    if reason := next((words for holds, words in reasons if holds), ""):
        raise AccountRefused(f"The account of this person in the directory {reason}, so it holds no role.")


def allowed(address: str, domains: Sequence[str]) -> None:
    """Raises AccountRefused for an e-mail address that is empty, or of none of these domains (no domains: of any)."""
    if "@" not in address:
        raise AccountRefused("Slack shows no e-mail address of this person, so the directory cannot tell who they are.")
    if domains and _plain(address.rpartition("@")[2]) not in domains:
        raise AccountRefused(
            "The e-mail address of this person is not of a domain that counts here, so it gives no role."
        )


def only(entries: Sequence[Entry], address: str) -> Entry:
    """The one account that carries exactly this address. Raises AccountRefused when it is not exactly one.

    Directories find more than that: they pass over spaces, a NUL and, in some, accents.
    """
    if not entries:
        raise AccountRefused("No account in the directory has the e-mail address of this person.")
    if len(entries) > 1:
        raise AccountRefused(
            "More than one account in the directory has the e-mail address of this person, so nobody can tell which "
            "one is theirs."
        )
    if _plain(address) not in map(_plain, addresses(entries[0])):
        raise AccountRefused(
            "The directory has an account whose address is only similar to the e-mail address of this person, so it "
            "does not count."
        )
    return entries[0]


def addresses(entry: Entry) -> frozenset[str]:
    named = (entry.values.get(name, ()) for name in ("userprincipalname", "mail"))
    return frozenset(value.decode("utf-8", "replace") for values in named for value in values)


def account_of(identity: Entry, state: Entry) -> DirectoryAccount:
    """The account that both entries are of. Raises DirectoryAway when the directory does not show all that decides."""
    guid, sid = identity.one("objectGUID") or b"", identity.one("objectSid") or b""
    said = [*(_number(state, name) for name in STATE), _number(identity, "primaryGroupID")]
    numbers = [number for number in said if number is not None]
    if len(numbers) < len(said) or len(guid) != _GUID_BYTES or len(sid) < _LEAST_SID_BYTES:
        raise DirectoryAway(
            "The directory does not show the bot's own account whether the account of this person is disabled, locked "
            "or expired. Give it the right to read accounts."
        )
    flags, computed, expires, primary = numbers
    return DirectoryAccount(
        guid=str(uuid.UUID(bytes_le=guid)),
        dn=identity.dn,
        name=identity.text("sAMAccountName"),
        addresses=addresses(identity),
        sid=sid,
        primary_group=sid[:-4] + (primary & _UNSIGNED).to_bytes(4, "little"),
        disabled=bool(flags & _DISABLED),
        locked=bool(computed & _LOCKED),
        expires=None if expires in _NEVER else expires / _TICKS_PER_S - _WINDOWS_EPOCH_S,
    )


def domain_of(dn: str) -> str:
    """The naming context of the domain in which this lies: `DC=emea,DC=contoso,DC=com`, in lower case."""
    parts = dn.lower().split(",")
    first = next((place for place in range(len(parts)) if all(part.startswith("dc=") for part in parts[place:])), 0)
    return ",".join(parts[first:])


def _number(entry: Entry, name: str) -> int | None:
    text = entry.text(name)
    return int(text) if text.removeprefix("-").isdecimal() else None


def _plain(address: str) -> str:
    """Small letters are the same as capitals; of other alphabets, nothing is the same as anything else."""
    return address.lower() if address.isascii() else address
