"""What goes wrong around a directory grants nothing, has its sentence, and shows nobody the bot's own password."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.domain.errors import BotError
from bot.domain.forest import PASSWORD, Forest
from bot.domain.model import Person, Role
from bot.sandbox import Kind, Sandbox
from bot.sandbox import Person as Profile
from bot.settings.settings import Settings, settings
from handlers.slack.people import People
from storage import keys
from tests.directory import contents, impostors
from tests.directory.contents import address
from tests.directory.forests import at
from tests.directory.impostors import SEARCH, Said, done, impostor, relay, result
from tests.directory.samba import Domain
from tests.directory.test_linked import HASTY, Office, office
from tests.patience import PATIENCE_S
from tests.sandbox.parts import alone
from tests.scenarios.house import free_port

TEAM, WHO = "T0SWITCH01", "U0WHOEVER1"
SECRET = contents.PASSWORD
ELSEWHERE = "ldap://dc.fabrikam.test/DC=x"


@dataclass(slots=True)
class Desk:
    """A process, and somebody whom Slack shows with an address."""

    here: Office
    slack: Sandbox
    people: People
    log: pytest.LogCaptureFixture

    async def person(self, email: str) -> Person:
        """Them, with this address; nothing that anybody could read of it has the password."""
        self.slack.workspace.put(Profile(WHO, "Whoever", "whoever", TEAM, Kind.MEMBER, email=email))
        self.people.forget(WHO)
        person = await self.people.person(WHO, TEAM)
        try:
            await self.here.linked._source.members()
        except BotError as fault:
            assert SECRET not in "".join(traceback.format_exception(fault)) + repr(fault) + fault.sentence
        for words in (repr(person), self.log.text, repr(self.here.linked), repr(self.here.directory)):
            assert SECRET not in words
        return person


@asynccontextmanager
async def desk(domain: Domain, redis: Redis, log: pytest.LogCaptureFixture, **forest: Any) -> AsyncIterator[Desk]:
    async with alone() as (slack, client), office(domain, redis, **forest) as here:
        yield Desk(here, slack, People(client, here.linked, TEAM, answer_s=PATIENCE_S), log)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.parametrize(
    ("email", "word"),
    [
        ("*", "Slack shows no e-mail address"),
        ("*@contoso.test", "No account in the directory"),
        ("anna@contoso.test)(objectClass=*", "No account in the directory"),
        ("x@x)(|(mail=anna@contoso.test)", "No account in the directory"),
        ("anna@contoso.test\x00", "only similar"),
        ("anna@contoso.test\n", ""),
        ("anna@contoso.test\\", "No account in the directory"),
        ("twins@contoso.test", "More than one account"),
        ("karl@contoso.test", "More than one account"),
        (address("fred"), "is disabled"),
        (address("hugo"), "has expired"),
        ("stranger@contoso.test", "No account in the directory"),
        ("", "Slack shows no e-mail address"),
    ],
)
async def test_an_address_that_is_nobodys_grants_nothing_and_links_nobody(
    domain: Domain, redis: Redis, log: pytest.LogCaptureFixture, email: str, word: str
) -> None:
    async with desk(domain, redis, log) as there:
        person = await there.person(email)
        assert person.roles == frozenset() and word in person.doubt and person.doubt.endswith(".")
        assert not await redis.exists(keys.LINKS, keys.LINKED)


async def test_an_address_that_was_changed_in_slack_yesterday_grants_nothing_until_it_is_accepted(
    domain: Domain, redis: Redis, log: pytest.LogCaptureFixture
) -> None:
    async with desk(domain, redis, log) as there:
        assert (await there.person(address("nobody"))).roles == frozenset()
        changed = await there.person(address("anna"))
        assert changed.roles == frozenset() and "has changed since they were known here" in changed.doubt
        await there.people.accept(changed)
        assert (await there.person(address("anna"))).roles == frozenset(Role)
        assert "/rgs accept" in (await there.person(address("nobody"))).doubt, "nor does the old one any more"


def refers(number: int, tag: int) -> bytes:
    return (impostors.reference(number, "ldap://dc.fabrikam.test/DC=x") if tag == SEARCH else b"") + done(
        number, tag, 0
    )


@pytest.mark.parametrize(
    ("said", "roles", "word"),
    [
        (result(3), None, "because of its limit of time, so it counts as no"),
        (result(4), None, "because of its limit of size, so it counts as no"),
        (result(11), None, "because of a limit that its administrator has set"),
        (result(10, referrals=(ELSEWHERE,)), None, "ldap://dc.fabrikam.test/"),
        (
            refers,
            frozenset(),
            f"Part of the directory lies elsewhere ({ELSEWHERE}) and was not searched",
        ),
        (lambda number, tag: b"HTTP/1.1 400 Bad Request\r\n", None, "No domain controller answers"),
    ],
)
async def test_an_answer_that_is_none_grants_nothing_and_says_what_it_was(
    domain: Domain, redis: Redis, log: pytest.LogCaptureFixture, said: Said, roles: frozenset[Role] | None, word: str
) -> None:
    async with impostor(domain, said) as port, desk(domain, redis, log, controllers=at(port), times=HASTY) as there:
        person = await there.person(address("anna"))
        assert person.roles == roles and word in person.doubt


@asynccontextmanager
async def expiring(domain: Domain, name: str) -> AsyncIterator[None]:
    """Their account has expired meanwhile."""
    domain.expire(name, 1_000_000_000.0)
    try:
        yield
    finally:
        domain.change(contents.change(contents.person_dn(name), "replace", "accountExpires", 9_223_372_036_854_775_807))


async def test_the_bots_own_account_that_expires_while_it_runs_grants_nothing_and_is_named(
    domain: Domain, redis: Redis, log: pytest.LogCaptureFixture
) -> None:
    async with (
        relay(domain) as way,
        desk(domain, redis, log, controllers=at(way.port), account=address("karl")) as there,
    ):
        assert (await there.person(address("anna"))).roles == frozenset(Role)
        async with expiring(domain, "karl"):
            way.cut()
            person = await there.person(address("anna"))
            assert person.roles is None
            assert person.doubt == f"127.0.0.1:{way.port} does not accept the bot's own account: it has expired."
            assert there.here.linked.silent_s == 0.0, "that is an answer, and no reason for break-glass"
        assert (await there.person(address("anna"))).roles == frozenset(Role)


async def test_a_password_that_was_changed_grants_nothing_and_shows_neither_the_old_nor_the_new_one(
    domain: Domain, redis: Redis, log: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    wrong = "Wrong-horse-8-battery"
    async with (
        relay(domain) as way,
        desk(domain, redis, log, controllers=at(way.port), password="", password_file=str(file)) as there,
    ):
        for text, word in (
            (None, "The file with the password for the directory cannot be read: No such file"),
            ("", "The file with the password for the directory is empty"),
            (wrong, "its name or its password is wrong"),
            (wrong, "It is tried again within 5 minutes"),
        ):
            if text is not None:
                file.write_text(text)
            person = await there.person(address("anna"))
            assert person.roles is None and word in person.doubt and wrong not in person.doubt + log.text
        file.write_text(f"{SECRET}\n")
        assert (await there.person(address("anna"))).roles == frozenset(Role)


async def test_a_controller_that_ends_at_any_byte_or_is_not_there_shows_nothing(
    domain: Domain, redis: Redis, log: pytest.LogCaptureFixture
) -> None:
    async with relay(domain) as way, desk(domain, redis, log, controllers=at(way.port), times=HASTY) as there:
        for bytes_ in (0, 1, 7, 100, 1500):
            way.cut()
            way.ends_after = bytes_
            person = await there.person(address("anna"))
            assert person.roles is None and "No domain controller answers" in person.doubt
    async with desk(domain, redis, log, controllers=at(free_port()), times=HASTY) as there:
        assert "Nobody listens at" in (await there.person(address("anna"))).doubt


CONFIGURED = """[directory]
controllers = ["dc1.contoso.test"]
base = "DC=contoso,DC=test"
account = "switchback@contoso.test"
"""


@pytest.mark.parametrize(
    "told",
    [
        lambda said: repr(said),
        lambda said: str(said),
        lambda said: repr(said.directory),
        lambda said: f"{said!r:.9000}",
        lambda said: repr(replace(said.directory, base="DC=other")),
    ],
)
def test_settings_never_show_the_password(told: Callable[[Settings], str]) -> None:
    said = settings({PASSWORD: SECRET}, CONFIGURED)
    assert isinstance(said.directory, Forest) and said.directory.password == SECRET
    assert SECRET not in told(said) and "switchback@contoso.test" in told(said)


@pytest.mark.parametrize(
    "text", [CONFIGURED + 'password = "x"', CONFIGURED + 'password_file = "/run/x"', "[directory]"]
)
def test_faults_of_the_configuration_never_show_the_password(text: str) -> None:
    environ: Mapping[str, str] = {PASSWORD: SECRET}
    with pytest.raises(BotError) as fault:
        settings(environ, text)
    assert SECRET not in "".join(traceback.format_exception(fault.value))
