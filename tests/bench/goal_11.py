"""Goal 11: roles from the directory cost a press nothing while the answer is at hand, and a mute one stops nobody."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bot.directory.active_directory import ActiveDirectory
from bot.directory.linked import Linked
from bot.domain.model import Account
from storage.account_links import AccountLinks
from storage.connect import connect
from tests.bench.findings import Finding, Unmeasured, in_turn, paired
from tests.bench.house import House
from tests.bench.pauses import Longest, watched
from tests.bench.presses import pressed
from tests.directory import contents
from tests.directory.forests import FOREST, at
from tests.directory.impostors import deaf
from tests.directory.samba import Domain, domain_controller, why_not

ROUNDS, CLICKS = 7, 600
ASKING, TURNS = 8, 5
"""So many people press at the same time, so often."""

ANNAS = "anna@contoso.com"
"""As the stand-in for Slack shows her."""


def measured(house: House) -> Iterator[Finding | Unmeasured]:
    if reason := why_not():
        yield Unmeasured("11.1", reason)
    else:
        with tempfile.TemporaryDirectory(prefix="sb-dc-") as folder, domain_controller(Path(folder)) as domain:
            yield Finding("11.1", _at_hand(house, domain), 1.05)
    yield Finding("11.2", asyncio.run(_mute(house.environ["REDIS_URL"])), 0.010)


def _at_hand(house: House, domain: Domain) -> float:
    """A press with roles from the directory against one with roles from the file; who holds them is known to both."""
    domain.change(contents.change(contents.person_dn("anna"), "replace", "mail", ANNAS))
    named = {"file": {}, "directory": {"domain": (domain.address, str(domain.folder))}}
    with ExitStack() as stack:
        subjects = {
            name: stack.enter_context(pressed(house, CLICKS, "switchback", **options))
            for name, options in named.items()
        }
        before = house.approvals()
        p50 = in_turn(ROUNDS, {name: subject.p50 for name, subject in subjects.items()})
        if house.approvals() - before != 2 * ROUNDS * CLICKS:
            raise RuntimeError("not every click was carried out, so nothing can be said of them")
    return paired(p50["directory"], p50["file"])


async def _mute(url: str) -> float:
    """The longest pause (seconds) of the event loop while people press and the only controller says nothing."""
    # What it says of being left behind would stand between the figures.
    logging.disable()
    client, longest = connect(url), Longest()
    async with deaf() as port:
        directory = ActiveDirectory(replace(FOREST, controllers=at(port)))
        linked = Linked(directory, AccountLinks(client))
        try:
            await _asked(linked)
            async with watched(longest):
                for _ in range(TURNS):
                    await _asked(linked)
        finally:
            logging.disable(logging.NOTSET)
            directory.close()
            await client.aclose()
    return longest.seconds


async def _asked(linked: Linked) -> None:
    accounts = (Account(f"T0SWITCH01:U0PERSON{i}", f"person{i}@contoso.test") for i in range(ASKING))
    if any([held.roles is not None for held in await asyncio.gather(*map(linked.held, accounts))]):
        raise RuntimeError("a mute controller has answered")
