"""Controllers that are silent, end, lie or limit: each is left behind or is a no, in time, with its sentence."""

from __future__ import annotations

import asyncio
import gc
import logging
import traceback
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import ldap3
import pytest

from bot.directory.active_directory import THREADS, TIMES, AccountRefused, ActiveDirectory, DirectoryAway, Times
from bot.directory.controllers import Controllers
from bot.domain.forest import Controller
from bot.domain.model import Role
from tests.directory import contents, impostors
from tests.directory.contents import address
from tests.directory.forests import asking, at, forest_of
from tests.directory.impostors import BIND, SEARCH, deaf, done, dripping, entry, impostor, mute_after, relay, result
from tests.directory.samba import Domain, issue
from tests.patience import PATIENCE_S, until

ANNA = address("anna")
BOTH = {Role.SERVER_ADMIN, Role.RG_ADMIN}
SLOW = Times(silence_s=1.5, question_s=10.0)
"""Where a good controller has to be found behind a silent one, on a busy machine as well."""

COMMAND_LINE = Path("/proc/self/cmdline")


async def no(directory: ActiveDirectory) -> str:
    """The sentence with which it says that it cannot tell."""
    with pytest.raises(DirectoryAway) as away:
        await directory.holding(ANNA)
    return away.value.sentence


async def test_a_silent_controller_is_left_behind_and_the_last_good_one_is_asked_first(
    domain: Domain, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        deaf() as port,
        relay(domain) as way,
        asking(forest_of(domain, controllers=at(port, way.port)), times=SLOW) as directory,
    ):
        for _ in range(2):
            assert (await directory.holding(ANNA)).roles == BOTH
    assert caplog.messages == [f"a domain controller is left behind: 127.0.0.1:{port} did not answer within 1.5 s."]


async def test_a_good_controller_that_becomes_silent_costs_its_silence_once(
    domain: Domain, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        relay(domain) as good,
        relay(domain) as other,
        asking(forest_of(domain, controllers=at(good.port, other.port)), times=SLOW) as directory,
    ):
        await directory.holding(ANNA)
        good.flows.clear()
        good.cut()
        for _ in range(2):
            assert (await directory.holding(ANNA)).roles == BOTH
    (line,) = caplog.messages
    assert f"127.0.0.1:{good.port} did not answer" in line


@pytest.mark.parametrize("answered", [(), (BIND,)], ids=["after TLS", "after signing in"])
async def test_silence_counts_wherever_it_begins(domain: Domain, answered: tuple[int, ...]) -> None:
    async with impostor(domain, mute_after(*answered)) as port, relay(domain) as way:
        async with asking(forest_of(domain, controllers=at(port, way.port)), times=SLOW) as directory:
            assert (await directory.holding(ANNA)).roles == BOTH
        async with asking(forest_of(domain, controllers=at(port)), times=TIMES) as directory:
            assert f"127.0.0.1:{port} did not answer within 0.4 s." in await no(directory)


async def test_many_silent_controllers_are_a_no_in_time_that_names_them(domain: Domain) -> None:
    async with AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(deaf()) for _ in range(6)]
        directory = await stack.enter_async_context(asking(forest_of(domain, controllers=at(*ports)), times=TIMES))
        async with asyncio.timeout(PATIENCE_S):
            sentence = await no(directory)
    assert sentence.startswith("No domain controller answers, so nobody can tell who holds a role.")
    assert f"127.0.0.1:{ports[0]} did not answer within 0.4 s." in sentence
    assert f"There was no time left to ask 127.0.0.1:{ports[-1]}." in sentence
    assert all(f"127.0.0.1:{port}" in sentence for port in ports)


async def test_whoever_was_silent_is_asked_last_so_that_a_good_one_is_found(domain: Domain) -> None:
    async with AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(deaf()) for _ in range(5)]
        good = await stack.enter_async_context(relay(domain))
        forest = forest_of(domain, controllers=at(*ports, good.port))
        times = Times(silence_s=1.5, question_s=5.0)
        directory = await stack.enter_async_context(asking(forest, times=times))
        await no(directory)
        assert (await directory.holding(ANNA)).roles == BOTH


async def test_one_that_is_never_quite_silent_is_left_behind_as_well(domain: Domain) -> None:
    async with (
        dripping() as port,
        relay(domain) as way,
        asking(forest_of(domain, controllers=at(port, way.port)), times=SLOW) as directory,
    ):
        assert (await directory.holding(ANNA)).roles == BOTH


async def test_an_answer_that_comes_drop_by_drop_ends_in_time(domain: Domain) -> None:
    async with relay(domain) as way:
        way.drip_s = 0.3
        async with asking(forest_of(domain, controllers=at(way.port)), times=TIMES) as directory:
            async with asyncio.timeout(PATIENCE_S):
                assert "did not answer within" in await no(directory)


async def test_the_loop_never_waits_for_a_silent_controller(domain: Domain) -> None:
    async with deaf() as port, asking(forest_of(domain, controllers=at(port)), times=SLOW) as directory:
        asked, beats = asyncio.create_task(no(directory)), 0
        while not asked.done():
            await asyncio.sleep(0.001)
            beats += 1
        await asked
    assert beats > 50


async def test_one_that_ends_in_the_middle_of_an_answer_is_left_behind(domain: Domain) -> None:
    async with relay(domain) as broken, relay(domain) as way:
        forest = forest_of(domain, controllers=at(broken.port, way.port))
        for ends_after in range(0, 9000, 450):
            broken.ends_after = ends_after
            async with asking(forest) as directory:
                assert (await directory.holding(ANNA)).roles == BOTH, ends_after
        broken.ends_after = 0
        async with asking(forest_of(domain, controllers=at(broken.port))) as directory:
            assert f"127.0.0.1:{broken.port} ended the connection before it had answered." in await no(directory)


async def test_a_connection_that_ended_while_it_lay_idle_says_nothing_of_its_controller(domain: Domain) -> None:
    async with relay(domain) as way, asking(forest_of(domain, controllers=at(way.port))) as directory:
        await directory.holding(ANNA)
        way.cut()
        assert (await directory.holding(ANNA)).roles == BOTH
        assert way.taken == 2


async def test_connections_are_kept_for_the_next_question(domain: Domain) -> None:
    async with relay(domain) as way, asking(forest_of(domain, controllers=at(way.port))) as directory:
        for _ in range(3):
            await directory.holding(ANNA)
        assert way.taken == 1
        await asyncio.gather(*(directory.holding(ANNA) for _ in range(40)))
        assert way.taken <= 4


async def test_a_connection_that_lay_idle_for_long_is_not_used_again(domain: Domain) -> None:
    async with (
        relay(domain) as way,
        asking(
            forest_of(domain, controllers=at(way.port)), times=Times(silence_s=10, question_s=30, idle_s=0)
        ) as directory,
    ):
        assert (await directory.holding(ANNA)).roles == BOTH
        assert way.taken == 2, "each holding takes two questions"


async def test_without_a_free_thread_the_answer_is_no(domain: Domain) -> None:
    async with relay(domain) as way, asking(forest_of(domain, controllers=at(way.port)), times=SLOW) as directory:
        await directory.holding(ANNA)
        way.flows.clear()
        said = await asyncio.gather(*(directory.holding(ANNA) for _ in range(12)), return_exceptions=True)
        assert all(isinstance(one, DirectoryAway) for one in said)
        assert way.taken <= 1 + THREADS * 2
        way.flows.set()

        async def answers() -> bool:
            with suppress(DirectoryAway):
                return bool((await directory.holding(ANNA)).roles)
            return False

        await until(answers, "the threads are never free again")


async def test_a_question_that_nobody_waits_for_counts_until_it_ends(domain: Domain) -> None:
    async with AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(deaf()) for _ in range(8)]
        forest, times = forest_of(domain, controllers=at(*ports)), Times(silence_s=0.2, question_s=1.3)
        directory = await stack.enter_async_context(asking(forest, times=times))
        for _ in range(THREADS):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await directory.holding(ANNA)
        assert "are still waiting for their answers, so this one was not asked" in await no(directory)


@pytest.mark.parametrize(
    ("names", "addresses", "days", "why"),
    [
        (("dc1.contoso.test",), ("127.0.0.1",), 30, "unable to get local issuer certificate"),
        (("dc1.contoso.test",), ("127.0.0.1",), -1, "certificate has expired"),
        (("dc2.contoso.test",), ("127.0.0.2",), 30, "IP address mismatch"),
    ],
    ids=["another authority", "over", "another name"],
)
async def test_a_controller_without_the_right_certificate_is_told_nothing(
    domain: Domain, tmp_path: Path, names: tuple[str, ...], addresses: tuple[str, ...], days: int, why: str
) -> None:
    heard: list[int] = []
    files = [tmp_path / name for name in ("ca.pem", "certificate.pem", "key.pem")]
    for file, text in zip(files, issue(names, addresses, days), strict=True):
        file.write_bytes(text)
    ca_file = domain.ca_file if "issuer" in why else str(files[0])

    def listens(number: int, tag: int) -> bytes:
        heard.append(tag)
        return done(number, tag, 0)

    async with (
        impostor(domain, listens, (files[1], files[2])) as port,
        asking(forest_of(domain, controllers=at(port), ca_file=ca_file)) as directory,
    ):
        sentence = await no(directory)
    assert f"The certificate of 127.0.0.1:{port} is not to be trusted: " in sentence and why in sentence
    assert heard == []


async def test_a_controller_without_tls_is_told_nothing(domain: Domain) -> None:
    async with asking(forest_of(domain, controllers=(Controller(domain.address, 389),))) as directory:
        assert f"{domain.address}:389 " in await no(directory)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (result(3), "because of its limit of time"),
        (result(4), "because of its limit of size"),
        (result(11), "because of a limit that its administrator has set"),
        (result(10, referrals=("ldap://dc.fabrikam.test/DC=fabrikam,DC=test",)), "(ldap://dc.fabrikam.test/"),
        (result(50), "refuses to answer (insufficientAccessRights)"),
        (result(51), "is busy"),
        (result(52), "is not available"),
    ],
    ids=["time limit", "size limit", "admin limit", "referral", "rights", "busy", "unavailable"],
)
async def test_a_directory_that_does_not_answer_in_full_grants_nothing(
    domain: Domain, said: impostors.Said, why: str
) -> None:
    async with impostor(domain, said) as port, asking(forest_of(domain, controllers=at(port))) as directory:
        assert why in await no(directory)


@pytest.mark.parametrize("code", [3, 4, 11])
async def test_the_part_that_came_before_a_limit_grants_nothing(domain: Domain, code: int) -> None:
    """One account came, and the second with the same address may be in the part that did not."""

    def cut_short(number: int, tag: int) -> bytes:
        found = entry(number, contents.person_dn("anna"), userPrincipalName=ANNA.encode())
        return done(number, tag, 0) if tag == BIND else found + done(number, tag, code)

    async with impostor(domain, cut_short) as port, asking(forest_of(domain, controllers=at(port))) as directory:
        assert "did not answer in full" in await no(directory)


@pytest.mark.parametrize("code", [51, 52])
async def test_a_busy_controller_is_left_behind(domain: Domain, code: int) -> None:
    async with (
        impostor(domain, result(code)) as port,
        relay(domain) as way,
        asking(forest_of(domain, controllers=at(port, way.port))) as directory,
    ):
        assert (await directory.holding(ANNA)).roles == BOTH


@pytest.mark.parametrize("whole", [True, False], ids=["instead of an answer", "beside the answer"])
async def test_another_directory_that_is_pointed_at_is_told_and_never_asked(domain: Domain, whole: bool) -> None:
    taken = 0

    def refers(number: int, tag: int) -> bytes:
        url = f"ldaps://127.0.0.1:{other}/DC=fabrikam,DC=test"
        if tag == SEARCH and whole:
            return done(number, tag, 10, referrals=(url,))
        return (impostors.reference(number, url) if tag == SEARCH else b"") + done(number, tag, 0)

    def counts(number: int, tag: int) -> bytes:
        nonlocal taken
        taken += 1
        return done(number, tag, 0)

    async with (
        impostor(domain, counts) as other,
        impostor(domain, refers) as port,
        asking(forest_of(domain, controllers=at(port))) as directory,
    ):
        with pytest.raises((AccountRefused, DirectoryAway)) as refused:
            await directory.holding(ANNA)
    place = f"(ldaps://127.0.0.1:{other}/DC=fabrikam,DC=test)"
    told = f"points to another directory {place}" if whole else f"lies elsewhere {place} and was not searched"
    assert told in str(refused.value)
    assert taken == 0


async def test_what_is_no_ldap_is_left_behind(domain: Domain) -> None:
    for nonsense in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x30\x03\x02\x01", b"\x30\x84\xff\xff\xff\xff" + b"x" * 99):
        async with (
            impostor(domain, lambda number, tag, said=nonsense: said) as port,
            relay(domain) as way,
            asking(forest_of(domain, controllers=at(port, way.port)), times=SLOW) as directory,
        ):
            assert (await directory.holding(ANNA)).roles == BOTH


async def test_nobody_listening_is_told(domain: Domain) -> None:
    async with deaf() as port:
        pass
    async with asking(forest_of(domain, controllers=at(port))) as directory:
        assert f"Nobody listens at 127.0.0.1:{port}." in await no(directory)
    async with asking(forest_of(domain, controllers=(Controller("dc9.invalid"),))) as directory:
        assert "The name of dc9.invalid:636 is not known to the network." in await no(directory)


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (contents.BOT_EXPIRED, "it has expired"),
        (contents.BOT_DISABLED, "it is disabled"),
        (contents.BOT_LOCKED, "it is locked"),
        ("no-such-bot", "its name or its password is wrong"),
    ],
)
async def test_a_bot_whose_own_account_is_refused_says_why(domain: Domain, account: str, why: str) -> None:
    if account == contents.BOT_LOCKED:
        domain.lock_out(address(account))
    async with relay(domain) as one, relay(domain) as two:
        forest = forest_of(domain, account=address(account), controllers=at(one.port, two.port))
        async with asking(forest) as directory:
            assert f"127.0.0.1:{one.port} does not accept the bot's own account: {why}." in await no(directory)
        assert two.taken == 0, "a second controller was asked, which counts as one more attempt"


async def test_a_wrong_password_is_not_tried_until_the_account_is_locked(domain: Domain, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("Wrong-horse\n")
    forest = forest_of(domain, account=address("kim"), password="", password_file=str(secret))
    async with asking(forest) as directory:
        for _ in range(5):
            assert "its name or its password is wrong" in await no(directory)
        secret.write_text(contents.PASSWORD + "\r\n")
        assert (await directory.holding(ANNA)).roles == BOTH


@pytest.mark.parametrize(
    ("text", "why"),
    [(None, "cannot be read: No such file or directory."), (b"", "is empty."), (b"\xff\n", "is not UTF-8 text.")],
)
async def test_a_password_that_cannot_be_read_is_told(
    domain: Domain, tmp_path: Path, text: bytes | None, why: str
) -> None:
    if text is not None:
        (tmp_path / "password").write_bytes(text)
    forest = forest_of(domain, password="", password_file=str(tmp_path / "password"))
    async with asking(forest) as directory:
        assert why in await no(directory)


async def test_authorities_that_cannot_be_read_are_told(domain: Domain, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing\n")
    for file, why in (("none.pem", "No such file or directory"), ("ca.pem", "it holds no certificate")):
        async with asking(forest_of(domain, ca_file=str(tmp_path / file))) as directory:
            assert f"{file} with authorities cannot be read: {why}." in await no(directory)


async def test_the_password_shows_nowhere(domain: Domain, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    secret = "Hush-horse-3-battery"
    (tmp_path / "password").write_text(secret)
    texts: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for said in ({"password": secret}, {"password": "", "password_file": str(tmp_path / "password")}):
            forest = forest_of(domain, account=address("olaf"), **said)
            async with asking(forest) as directory:
                try:
                    await directory.holding(ANNA)
                except DirectoryAway as fault:
                    for one in (fault, fault.__cause__, fault.__context__):
                        if one is not None:
                            walk = traceback.TracebackException.from_exception(one)
                            texts += [*walk.format(), repr(one), str(vars(one))]
                texts += [repr(forest), str(forest), repr(directory), repr(vars(directory))]
    texts += [caplog.text, *map(str, caplog.records)]
    texts.append(await asyncio.to_thread(COMMAND_LINE.read_text))
    assert any("password is wrong" in text for text in texts)
    assert not [text for text in texts if secret in text]


async def test_nothing_that_stays_holds_the_password(domain: Domain) -> None:
    async with asking(forest_of(domain)) as directory:
        await directory.holding(ANNA)
        links = [repr(one) for one in gc.get_objects() if isinstance(one, ldap3.Connection)]
    assert any("bound" in link or "user=" in link for link in links)
    assert not [link for link in links if contents.PASSWORD in link]


async def test_threads_asking_at_once_get_their_own_answers(domain: Domain) -> None:
    wanted = {"anna": BOTH, "ben": {Role.SERVER_ADMIN}, "dora": {Role.RG_ADMIN}, "nobody": set()}
    async with asking(forest_of(domain)) as directory:
        names = list(wanted) * 10
        held = await asyncio.gather(*(directory.holding(address(name)) for name in names))
    assert [one.roles for one in held] == [wanted[name] for name in names]
    assert [one.account.name for one in held] == names


def test_a_controller_of_another_domain_is_not_asked_for_an_account(domain: Domain) -> None:
    forest = forest_of(domain, global_catalog=True, base="", group_base="")
    controllers, times = Controllers(forest), Times()
    try:
        with pytest.raises(
            DirectoryAway, match=r"None of the configured controllers is of the domain dc=emea,dc=contoso,dc=test"
        ):
            controllers.ask(lambda link: link.where, times.question(), domain="dc=emea,dc=contoso,dc=test")
        assert controllers.ask(lambda link: link.where, times.question(), domain="dc=contoso,dc=test")
    finally:
        controllers.close()
