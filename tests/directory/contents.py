"""What lies in the domain that tests ask: people, groups in groups, and what must not be believed."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

BASE = "DC=contoso,DC=test"
PEOPLE, GROUPS, ELSEWHERE, CROWD = (f"OU={name},{BASE}" for name in ("People", "Groups", "Elsewhere", "Crowd"))

PASSWORD = "Right-horse-7-battery"
BOT, BOT_EXPIRED, BOT_DISABLED, BOT_LOCKED = "switchback", "oldbot", "offbot", "lockedbot"

ODD = 'o*d(d)\\"é,x@contoso.test'
"""An address of filter characters, which one account really has."""

CROWD_SIZE = 5000

_LONG_AGO, _NEVER = 130_000_000_000_000_000, 9_223_372_036_854_775_807
"""Moments of Windows: tenths of microseconds since 1601."""
_NORMAL, _DISABLED = 544, 546
_UNIVERSAL, _GLOBAL = -2_147_483_640, -2_147_483_646

_PEOPLE: tuple[tuple[str, dict[str, object]], ...] = (
    ("anna", {}),
    ("ben", {}),
    ("carl", {}),
    ("dora", {}),
    ("emil", {}),
    ("fred", {"userAccountControl": _DISABLED}),
    ("gina", {}),
    ("hugo", {"accountExpires": _LONG_AGO}),
    ("ida", {"mail": "ida.tell@contoso.test"}),
    ("jan", {"mail": "twins@contoso.test"}),
    ("jana", {"mail": "twins@contoso.test"}),
    ("kim", {"mail": "karl@contoso.test"}),
    ("karl", {}),
    ("lea", {}),
    ("mike", {"mail": "mike@contoso.test"}),
    ("nils", {"mail": ODD}),
    ("olaf", {}),
    ("nobody", {}),
    (BOT, {}),
    (BOT_EXPIRED, {"accountExpires": _LONG_AGO}),
    (BOT_DISABLED, {"userAccountControl": _DISABLED}),
    (BOT_LOCKED, {}),
)

_GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Tier Three", GROUPS, ("ben",)),
    ("Tier Two", GROUPS, ("Tier Three",)),
    ("Ring C", GROUPS, ("carl",)),
    ("Ring B", GROUPS, ("Ring C",)),
    ("Ring A", GROUPS, ("Ring B",)),
    ("Home Group", GROUPS, ("dora",)),
    ("RTCUniversalServerAdmins", GROUPS, ("anna", "Tier Two", "Ring A", "fred", "hugo", "ida")),
    (
        "CsResponseGroupAdministrator",
        GROUPS,
        ("anna", "emil", "Home Group", "jan", "kim", "mike", "nils"),
    ),
    ("Direct Home", GROUPS, ("olaf",)),
    ("Locked Soon", GROUPS, ("gina",)),
    ("Nobody Here", GROUPS, ()),
    ("Twin Group", GROUPS, ("lea",)),
    ("Twin Group 2", ELSEWHERE, ("lea",)),
)
"""Name, where it lies, and who is in it; each after those that it holds."""


def address(name: str) -> str:
    return f"{name}@contoso.test"


def person_dn(name: str) -> str:
    return f"CN={name},{PEOPLE}"


def group_dn(name: str) -> str:
    return f"CN={name},{next(where for one, where, _ in _GROUPS if one == name)}"


def entries() -> str:
    """Everything but the crowd, as LDIF to be added."""
    return "\n".join((*_units(), *_people(), *_groups()))


def changes(rids: dict[str, int]) -> str:
    """What can be said only once it is there, as LDIF; `rids` has the last number of each group's SID."""
    rows = (
        (group_dn("Ring C"), "add", "member", group_dn("Ring A")),
        (person_dn("dora"), "replace", "primaryGroupID", rids["Home Group"]),
        (person_dn("olaf"), "replace", "primaryGroupID", rids["Direct Home"]),
        (BASE, "replace", "lockoutThreshold", 3),
    )
    return "\n".join(change(*row) for row in rows)


def change(dn: str, how: str, key: str, value: object) -> str:
    """One change of one entry, as LDIF."""
    return f"dn: {dn}\nchangetype: modify\n{how}: {key}\n{_line(key, value)}\n"


def second_name() -> str:
    """Two groups of one sAMAccountName, as in two domains of a forest: past all rules of a single domain."""
    return change(group_dn("Twin Group 2"), "replace", "sAMAccountName", "Twin Group")


def crowd() -> str:
    """Five thousand members of one group, which also has a group within."""
    people = (_entry(f"CN=agent{i:04},{CROWD}", "user", _account(f"agent{i:04}")) for i in range(CROWD_SIZE))
    half = CROWD_SIZE // 2
    inner = _group("Crowd Inner", CROWD, (f"CN=agent{i:04},{CROWD}" for i in range(half)))
    outer = [f"CN=agent{i:04},{CROWD}" for i in range(half, CROWD_SIZE)]
    return "\n".join((*people, inner, _group("Crowd", CROWD, [*outer, f"CN=Crowd Inner,{CROWD}"])))


def _units() -> Iterator[str]:
    for place in (PEOPLE, GROUPS, ELSEWHERE, CROWD):
        yield _entry(place, "organizationalUnit", {})


def _people() -> Iterator[str]:
    for name, more in _PEOPLE:
        yield _entry(person_dn(name), "user", {**_account(name), "clearTextPassword": PASSWORD, **more})


def _account(name: str) -> dict[str, object]:
    said = {"sAMAccountName": name, "userPrincipalName": address(name)}
    return {**said, "userAccountControl": _NORMAL, "accountExpires": _NEVER}


def _groups() -> Iterator[str]:
    people = {name for name, _ in _PEOPLE}
    for name, where, members in _GROUPS:
        yield _group(name, where, (person_dn(one) if one in people else group_dn(one) for one in members))


def _group(name: str, where: str, members: Iterable[str]) -> str:
    kind = _GLOBAL if name == "Home Group" or name == "Direct Home" else _UNIVERSAL
    said = {"sAMAccountName": name, "groupType": kind, "member": list(members)}
    return _entry(f"CN={name},{where}", "group", said)


def _entry(dn: str, kind: str, said: dict[str, object]) -> str:
    lines = [f"dn: {dn}", f"objectClass: {kind}"]
    for key, value in said.items():
        lines += [_line(key, one) for one in (value if isinstance(value, list) else [value])]
    return "\n".join((*lines, ""))


def _line(key: str, value: object) -> str:
    raw = str(value).encode("utf-16-le" if key == "clearTextPassword" else "utf-8")
    return f"{key}:: {base64.b64encode(raw).decode()}"
