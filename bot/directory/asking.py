"""How the questions to the directory add up to what one person holds, and to everybody who holds something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.directory import questions
from bot.directory.accounts import (
    AccountRefused,
    DirectoryAccount,
    Holding,
    Roster,
    account_of,
    allowed,
    counted,
    domain_of,
    only,
)
from bot.directory.controllers import Controllers
from bot.directory.links import Entry, Link, Patience
from bot.domain.forest import Forest


def holding(controllers: Controllers, forest: Forest, address: str, patience: Patience, now: float) -> Holding:
    """What whoever has this e-mail address holds at `now`. Raises AccountRefused, or DirectoryAway."""
    allowed(address, forest.domains)
    catalog = forest.global_catalog
    found = controllers.ask(lambda link: questions.by_address(link, forest, address), patience, catalog=catalog)
    outside = questions.outside(found)
    try:
        identity = only(found.entries, address)
    except AccountRefused as refusal:
        raise AccountRefused(" ".join((refusal.sentence, *outside))) from None
    # Only within its own domain is everything known of an account, and of the global groups in which it is.
    domain = domain_of(identity.dn) if catalog else ""
    state = (
        controllers.ask(lambda link: questions.state_of(link, identity.dn), patience, domain=domain)
        if catalog
        else identity
    )
    account = account_of(identity, state)
    counted(account, now)

    def through(link: Link) -> Holding:
        known = questions.groups(link, forest)
        held = questions.held(link, forest, account, known) if known.found else frozenset()
        return Holding(account, known.through(forest, held), (*outside, *known.doubts))

    return controllers.ask(through, patience, catalog=catalog, domain=domain)


def members(controllers: Controllers, forest: Forest, patience: Patience, now: float) -> Roster:
    """Everybody who holds a role, as read from `now` on. Raises DirectoryAway unless all of it could be read."""
    holdings: dict[str, Holding] = {}
    doubts: dict[str, None] = {}
    for domain, base in _parts(controllers, forest, patience):
        known, people = _read(controllers, forest, patience, domain, base)
        doubts |= dict.fromkeys(known.doubts)
        for account, names in people:
            holdings[account.guid] = Holding(account, known.through(forest, names))
    return Roster(now, holdings, tuple(doubts))


def _read(
    controllers: Controllers, forest: Forest, patience: Patience, domain: str, base: str
) -> tuple[questions.Groups, list[tuple[DirectoryAccount, frozenset[str]]]]:
    """The groups, and everybody of one domain who is in any of them."""

    def read(link: Link) -> tuple[questions.Groups, list[tuple[Entry, frozenset[str]]]]:
        known = questions.groups(link, forest)
        return known, _people(link, forest, known, base)

    def state(link: Link) -> Mapping[bytes, Entry]:
        return questions.states(link, [entry for entry, _ in people])

    known, people = controllers.ask(read, patience, catalog=forest.global_catalog, domain=domain)
    states = controllers.ask(state, patience, domain=domain) if forest.global_catalog else {}
    guids = (entry.one("objectGUID") or b"" for entry, _ in people)
    rows = zip(guids, people, strict=True)
    return known, [(account_of(entry, states.get(guid, entry)), names) for guid, (entry, names) in rows]


def _parts(controllers: Controllers, forest: Forest, patience: Patience) -> Iterable[tuple[str, str]]:
    """Each domain that is to be read, and the part of it in which accounts lie."""
    if not forest.global_catalog:
        return [("", forest.base)]
    within = ((domain, _within(forest.base, domain)) for domain in controllers.domains(patience))
    return [(domain, base) for domain, base in within if base]


def _within(base: str, domain: str) -> str:
    """Of two parts of which one holds the other, the inner one; "" when neither does."""
    outer, inner = sorted((base.lower(), domain), key=len)
    return inner if not outer or inner == outer or inner.endswith(f",{outer}") else ""


def _people(link: Link, forest: Forest, known: questions.Groups, base: str) -> list[tuple[Entry, frozenset[str]]]:
    """Everybody in any of the groups, once, with the names of the groups in which they are."""
    seen: dict[str, tuple[Entry, frozenset[str]]] = {}
    for name, group in known.found.items():
        groups_base = "" if forest.global_catalog else domain_of(group.dn)
        for entry in questions.members(link, group, base, groups_base):
            _, names = seen.get(entry.dn, (entry, frozenset()))
            seen[entry.dn] = entry, names | {name}
    return list(seen.values())


def usable(read: Roster) -> tuple[Holding, ...]:
    """Those whose account counted when it was read."""
    return tuple(one for one in read.holdings.values() if _counts(one, read.read_at))


def counts(read: Roster, forest: Forest) -> Mapping[str, int]:
    """How many of them hold something through each group of `forest.names`."""
    through = [{name.lower() for names in one.through.values() for name in names} for one in usable(read)]
    return {name: sum(name.lower() in names for names in through) for name in forest.names}


def _counts(one: Holding, now: float) -> bool:
    try:
        counted(one.account, now)
    except AccountRefused:
        return False
    return True
