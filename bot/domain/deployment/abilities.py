"""What servers of a pool can do, as they said themselves, and what of it rows use (facts: lync §7, powershell §8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeGuard

from bot.domain.deployment.cmdlets import CMDLETS, Parameter
from bot.domain.deployment.tables import is_had
from bot.domain.measures import aged
from bot.domain.model import Pool

REPLICATION = ("Set-CsBackupServiceConfiguration", "EnableRgsBackupService")
"""The parameter that came with the first cumulative update of 2019: by it servers that have that are known."""

ASKED = tuple(CMDLETS)
"""The cmdlets whose parameters a server is asked for."""

LASTS_S = 2 * 86_400.0
"""For so long what a server said of itself is believed: two of the daily turns."""

REMEDY = "Update its servers or renew their endpoint; `python -m bot check` tells where."
NOT_COVERED = "Response Groups on pools older than Lync Server 2013 are not covered."
"""In a coexistence, only the groups of newer pools are supported for these procedures (seed 000)."""

_SHOWN = 5
_NUMBER = re.compile(r"\((\d{1,9})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9})\b")
_SUBSCRIPTION = (7, 0, 2046, 820)


class Product(StrEnum):
    """What runs there. An update does not change what a server calls itself, so CU1 is seen by its parameters."""

    OLDER = "a version older than Lync Server 2013"
    LYNC_2013 = "Lync Server 2013"
    S4B_2015 = "Skype for Business Server 2015"
    S4B_2019 = "Skype for Business Server 2019"
    S4B_2019_CU1 = "Skype for Business Server 2019 with CU1 or later"
    SUBSCRIPTION = "Skype for Business Server Subscription Edition"
    UNKNOWN = "a version that Switchback does not know"

    @property
    def version(self) -> str:
        """As the configuration names it, empty when that is not known; Subscription Edition is treated as 2019 CU1."""
        return _VERSIONS.get(self, "")


_VERSIONS: Mapping[Product, str] = {
    Product.LYNC_2013: "2013",
    Product.S4B_2015: "2015",
    Product.S4B_2019: "2019",
    Product.S4B_2019_CU1: "2019",
    Product.SUBSCRIPTION: "2019",
}
_BY_NUMBER: Mapping[int, Product] = {4: Product.OLDER, 5: Product.LYNC_2013, 6: Product.S4B_2015, 7: Product.S4B_2019}


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder on a server: whether the bot's account can write there, and the free bytes of its disk."""

    is_writable: bool
    free: int


@dataclass(frozen=True, slots=True)
class Use:
    """A cmdlet, and with what rows send it to a pool; what they can go on without is no `must`."""

    cmdlet: str
    parameters: frozenset[str] = frozenset()
    must: bool = True


@dataclass(frozen=True, slots=True)
class Uses:
    """What a runbook uses of the pool itself, of its partner, and of the pool that takes its place."""

    pool: tuple[Use, ...] = ()
    partner: tuple[Use, ...] = ()
    replacement: tuple[Use, ...] = ()


NO_USES = Uses()


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a server of a pool said of itself at `at` (seconds).

    `cmdlets` are those in ASKED that the bot's account can run there, with their parameters. `refused` has a sentence
    for each thing that it could not do. Empty is what is not known: its own words for its `version`, and the `partner`
    that it is paired with.
    """

    at: float
    version: str = ""
    cmdlets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    partner: str = ""

    @property
    def product(self) -> Product:
        number = _NUMBER.search(self.version)
        parts = tuple(map(int, number.groups())) if number else (0,)
        found = _BY_NUMBER.get(parts[0], Product.UNKNOWN)
        if found is not Product.S4B_2019:
            return found
        if parts >= _SUBSCRIPTION:
            return Product.SUBSCRIPTION
        cmdlet, parameter = REPLICATION
        return Product.S4B_2019_CU1 if parameter in self.cmdlets.get(cmdlet, ()) else found

    def lacks(self, uses: Iterable[Use], version: str) -> Iterator[str]:
        """What of it is not there, in a few words each; nothing that servers of this version never had."""
        for use in (use for use in uses if is_had(use.cmdlet, version)):
            known = self.cmdlets.get(use.cmdlet)
            if known is None:
                yield use.cmdlet
                continue
            spelled = {name.casefold() for name in known}
            for parameter in sorted(use.parameters):
                if parameter.casefold() not in spelled and version in CMDLETS[use.cmdlet][parameter].versions:
                    yield f"-{parameter} of {use.cmdlet}"


def missing(pool: Pool, uses: Iterable[Use], known: Abilities | None, now: float) -> str:
    """What a run cannot do without and the pool was without when it was asked, as a sentence; empty if nothing."""
    lacking = tuple(known.lacks((use for use in uses if use.must), pool.version)) if is_fresh(known, now) else ()
    if not lacking:
        return ""
    return (
        f"{pool.short} lacks {_listed(lacking)} (asked {aged(now - known.at)} ago). {REMEDY} "
        "Servers that lack something are asked again every 15 minutes."
    )


def is_fresh(known: Abilities | None, now: float) -> TypeGuard[Abilities]:
    """Whether it can still be believed."""
    return known is not None and abs(now - known.at) <= LASTS_S


def doubts(pool: Pool, uses: Iterable[Use], known: Abilities | None, now: float) -> Iterator[str]:
    """What is to be known of the pool before a run that uses this of it; not to be known is one of them.

    Nothing of one that a run can go on without altogether, such as a pool that is dead.
    """
    uses = tuple(uses)
    if not any(use.must for use in uses):
        return
    if not is_fresh(known, now):
        since = f"its servers were asked last {aged(now - known.at)} ago" if known else "its servers were never asked"
        yield f"What {pool.short} can do is not known: {since}."
        return
    if lacking := tuple(known.lacks(uses, pool.version)):
        yield f"{pool.short} lacks {_listed(lacking)}."
    yield from known.refused


def remarks(pool: Pool, partner: Pool | None, known: Abilities) -> Iterator[str]:
    """Where one thing of the pool is configured, and its server says another."""
    product = known.product
    if product is Product.OLDER:
        yield f"The server of {pool.short} is “{known.version}”. {NOT_COVERED}"
    elif known.version and product.version != pool.version:
        yield (
            f"{pool.short} is configured as version {pool.version}, but its server is “{known.version}”. "
            "Set `version` under [[pools]]."
        )
    if known.partner and partner and known.partner != partner.fqdn:
        yield f"{pool.short} is configured as paired with {partner.short}, but its server says {known.partner}."


def _listed(lacking: tuple[str, ...]) -> str:
    more = len(lacking) - _SHOWN
    return ", ".join(lacking[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def parameters_of(version: str, cu1: bool) -> Mapping[str, frozenset[str]]:
    """The cmdlets in ASKED as servers of this version have them, by the tables."""

    def known(name: str, table: Mapping[str, Parameter]) -> frozenset[str]:
        lacking = {REPLICATION[1]} if name == REPLICATION[0] and not cu1 else ()
        return frozenset(key for key, parameter in table.items() if version in parameter.versions).difference(lacking)

    return {cmdlet: known(cmdlet, table) for cmdlet, table in CMDLETS.items() if is_had(cmdlet, version)}
