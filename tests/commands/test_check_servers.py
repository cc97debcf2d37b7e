"""`python -m bot check` asks every configured server, and says in a sentence each what works and what does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.commands.endpoint import SENT
from bot.commands.servers import servers
from bot.domain.deployment.abilities import Folder
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.endpoints import Access, Endpoint
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Row
from bot.domain.model import Pool
from bot.drivers.simulated import SimulatedDriver
from bot.drivers.winrm.constrained.files import edition, written
from bot.drivers.winrm.constrained.setup import Setup
from bot.drivers.winrm.pace import Pace
from bot.settings.settings import Settings
from storage.worlds.worlds import RedisWorlds
from tests.commands.test_command_line import python_m_bot
from tests.drivers.wsman import troubles
from tests.drivers.wsman.constrained import constrained
from tests.drivers.wsman.deployment import deployed
from tests.drivers.wsman.server import ACCOUNT, PASSWORD, WSMan, wsman
from tests.drivers.wsman.shells import Asked, Voice
from tests.drivers.wsman.troubles import Trouble
from tests.unit.deployment.deployments import WORLD, B, P

PACE = Pace(connect_s=2, open_s=10, operation_s=5, silence_s=5, poll_s=1, read_s=20, change_s=20, mercy_s=1)
SPARED = (
    "a server refused the account; so that it is not locked, it is next tried in 15 minutes. "
    "A new password, or a restart, is tried at once."
)
ALL_OF_IT = frozenset({"all of it"})
STORE = "\\\\fs1.contoso.com\\share\\rgs"


@dataclass
class Limited(SimulatedDriver):
    """The simulated one, less what a test takes from it."""

    store: RedisWorlds
    lacks: dict[str, frozenset[str]] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)
    disk: Folder | None = None
    listed: CmdletFailed | None = None

    def __post_init__(self) -> None:
        super().__init__(self.store, clock=lambda: 1_795_000_000.0)

    async def parameters(self, pool: str) -> Mapping[str, frozenset[str]]:
        known = await super().parameters(pool)
        return {
            name: keys - self.lacks.get(name, frozenset())
            for name, keys in known.items()
            if self.lacks.get(name) != ALL_OF_IT
        }

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        if error_id := self.refuses.get(command.name):
            raise CmdletFailed("Anmeldung fehlgeschlagen.", error_id=error_id)
        return await super().invoke(pool, command)

    async def folder(self, pool: str, path: str, make: bool = False) -> Folder:
        if self.disk is None:
            raise CmdletFailed("Es gibt ihn nicht.", error_id="PathNotFound")
        return self.disk

    async def files(self, pool: str, folder: str) -> tuple[tuple[str, int], ...]:
        if self.listed:
            raise self.listed
        return (("a.wav", 4),)


@dataclass
class Site:
    """A server of P, and what `check` is told of it; `more` are further endpoints of P, and `other` those of B."""

    driver: Limited
    server: WSMan
    endpoint: Endpoint
    more: tuple[Endpoint, ...] = ()
    other: tuple[Endpoint, ...] = ()
    well: list[str] = field(default_factory=list)
    pool: Pool = field(default_factory=lambda: Pool(P, backup_pool=B))

    @property
    def name(self) -> str:
        return f"pool-p ({self.endpoint})"

    def constrain(self, files: Mapping[str, bytes]) -> None:
        """From now on there is only the endpoint that these files make."""
        self.server.answers = constrained(files, self.server.answers)
        self.server.configurations = ("Switchback",)
        self.endpoint = replace(self.endpoint, access=Access.CONSTRAINED, configuration="Switchback", module="")

    async def check(self) -> list[str]:
        pools = (self.pool, Pool(B, backup_pool=P))
        where = {P: (self.endpoint, *self.more), B: self.other}
        return await servers(Settings(driver="winrm", pools=pools, servers=where), self.well.append, PACE)


@pytest.fixture
async def site(redis: Redis, tmp_path: Path) -> AsyncIterator[Site]:
    worlds = RedisWorlds(redis)
    await worlds.save(WORLD, 0)
    driver = Limited(worlds, disk=Folder(True, 40_000_000_000))
    async with wsman(deployed(driver, P), tmp_path) as server:
        yield Site(driver, server, server.endpoint(module="SkypeForBusiness"))


async def test_what_works_is_said(site: Site) -> None:
    site.pool = replace(site.pool, file_store=STORE)
    assert await site.check() == []
    assert site.well == [
        f"{site.name} answers: its name, port, certificate and way to sign in are right.",
        f"{site.name} is Skype for Business Server 2015.",
        f"{site.name} reads its Response Groups from SQL on our behalf.",
        f"{site.name} reaches its file share on our behalf: 1 file.",
        f"{site.name} lets files be written into C:\\Switchback, 40.0 GB free.",
        f"{site.name} has the right time, and every cmdlet and parameter that runs need.",
    ]
    assert not site.server.shells, "every session is closed"
    assert (await site.driver.store.load())[0].effects == (), "nothing is changed"


async def test_a_simulated_deployment_is_not_asked() -> None:
    well = list[str]()
    assert await servers(Settings(pools=(Pool(P),)), well.append) == []
    assert well == ["The driver is “simulated”: no real server is asked, and none is ever touched."]


async def test_a_wrong_password_is_named_and_tried_once(site: Site) -> None:
    site.endpoint = replace(site.endpoint, password="wrong-horse")
    site.more, site.other = (replace(site.endpoint, path="other"),), (replace(site.endpoint, path="third"),)
    told = await site.check()
    assert told == [
        f"{site.name} cannot be used: it refuses the account or its password. "
        "Check the account and its password: has it expired, or is the account locked?",
        f"{site.name} cannot be used: {SPARED}",
        f"pool-b ({site.endpoint}) cannot be used: {SPARED}",
    ]
    assert site.server.visitors.refused == 1
    assert site.well == [] and "horse" not in "".join(told)


async def test_every_server_of_the_list_is_tried_though_the_first_one_answers(site: Site, unused_tcp_port: int) -> None:
    away = replace(site.endpoint, port=unused_tcp_port)
    unknown = replace(site.endpoint, host="fe9.invalid")
    site.more = (away, unknown)
    assert await site.check() == [
        f"pool-p ({away}) cannot be used: it does not answer, or a firewall is in between. "
        "See that WinRM listens there for https, and that the firewall lets the bot through.",
        f"pool-p ({unknown}) cannot be used: its name is not known to the network. "
        "Check its name under [[servers]], and in DNS.",
    ]
    assert site.well


@pytest.mark.parametrize(
    ("names", "days", "words"),
    [
        (("localhost",), -2, "its certificate is not to be trusted (it has expired)"),
        (("other.contoso.com",), 30, "its certificate is not to be trusted (it is for another name)"),
    ],
)
async def test_a_certificate_is_told_apart(
    site: Site, tmp_path: Path, names: tuple[str, ...], days: int, words: str
) -> None:
    async with wsman(deployed(site.driver, P), tmp_path / "second", names, days) as server:
        site.endpoint = replace(site.endpoint, port=server.port, ca_file=server.ca_file)
        (told,) = await site.check()
    assert f"cannot be used: {words}. Give it a certificate for its full name" in told


async def test_an_authority_that_nobody_believes_is_told(site: Site, tmp_path: Path) -> None:
    async with wsman(deployed(site.driver, P), tmp_path / "second") as server:
        site.endpoint = replace(site.endpoint, ca_file=server.ca_file)
        (told,) = await site.check()
    assert "its certificate is not to be trusted" in told


@pytest.mark.parametrize(("ahead_s", "words"), [(420.0, "7 min ahead of"), (-7200.0, "2 h behind")])
async def test_a_clock_that_is_off_is_told(site: Site, ahead_s: float, words: str) -> None:
    site.server.ahead_s = ahead_s
    (told,) = await site.check()
    assert told.startswith(f"The clock of {site.name} is {words} this machine's. Kerberos takes 5 min at most")


async def test_a_clock_that_is_off_is_told_of_a_server_that_refuses_for_it(site: Site) -> None:
    site.server.ahead_s = 600.0
    site.endpoint = replace(site.endpoint, password="wrong-horse")
    refused, clock = await site.check()
    assert "refuses the account" in refused and "10 min ahead of this machine's" in clock


async def test_a_module_that_is_not_there_is_told(site: Site) -> None:
    site.endpoint = replace(site.endpoint, module="LyncOnline")
    (told,) = await site.check()
    assert "it has not the PowerShell module that is configured. Name the module of its version" in told


async def test_a_cmdlet_and_a_parameter_that_are_missing_are_named(site: Site) -> None:
    site.driver.lacks = {
        "Import-CsRgsConfiguration": frozenset({"OverwriteOwner"}),
        "Invoke-CsPoolFailOver": ALL_OF_IT,
        "Get-CsServerVersion": ALL_OF_IT,
    }
    why = "its server is of another version, or the account may not use it"
    assert await site.check() == [
        f"{site.name} lacks Get-CsServerVersion: {why}.",
        f"{site.name} lacks Invoke-CsPoolFailOver: {why}.",
        f"{site.name} lacks -OverwriteOwner of Import-CsRgsConfiguration: {why}.",
    ]
    site.constrain(written(Setup("2015", "CONTOSO\\gmsa", ACCOUNT), SENT))
    assert await site.check() == [
        f"{site.name} lacks Get-CsServerVersion: {why}.",
        f"{site.name} lacks Invoke-CsPoolFailOver: {why}.",
        f"{site.name} lacks -OverwriteOwner of Import-CsRgsConfiguration: {why}.",
    ], "behind functions of ours as well"


async def test_what_works_at_a_constrained_endpoint_is_said(site: Site) -> None:
    site.constrain(written(Setup("2015", "CONTOSO\\gmsa", ACCOUNT), SENT))
    assert await site.check() == []
    assert f"{site.name} has the right time, and every cmdlet and parameter that runs need." in site.well


@pytest.mark.parametrize("old", [True, False], ids=["an older one", "one for another version"])
async def test_an_endpoint_of_another_edition_is_told_and_what_to_do(site: Site, old: bool) -> None:
    files = dict(written(Setup("2015" if old else "2019", "CONTOSO\\gmsa", ACCOUNT), SENT))
    has = f"{edition('2019', SENT)} for 2019"
    if old:
        ours = edition("2015", SENT).encode()
        files["Switchback.psm1"] = files["Switchback.psm1"].replace(ours, b"0123456789ab")
        has = "0123456789ab for 2015"
    site.constrain(files)
    assert await site.check() == [
        f"{site.name} has an endpoint of edition {has}; this Switchback needs {edition('2015', SENT)} for 2015. "
        "Write it anew with `python -m bot endpoint`, and register it there."
    ]


async def test_another_version_than_configured_is_told(site: Site) -> None:
    site.pool = replace(site.pool, version="2013")
    (told,) = await site.check()
    assert told == (
        "pool-p is configured as version 2013, but its server is “Skype for Business Server 2015 (6.0.9319.0)”. "
        "Set `version` under [[pools]]."
    )


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        (None, "that the bot's account can see: make it there, or register its endpoint again (PathNotFound)."),
        (Folder(False, 0), "does not let a file be written into C:\\Switchback: its disk is full."),
        (Folder(False, 9**12), "into C:\\Switchback: the bot's account may not."),
        (Folder(True, 5_000_000), "has little room in C:\\Switchback: only 5.0 MB free, and 1.1 GB should be."),
    ],
)
async def test_a_folder_that_takes_no_export_is_told(site: Site, disk: Folder | None, words: str) -> None:
    site.driver.disk = disk
    (told,) = await site.check()
    assert told.startswith(site.name) and told.endswith(words)


async def test_an_account_without_the_second_hop_is_sent_to_the_page_that_helps(site: Site) -> None:
    site.pool = replace(site.pool, file_store=STORE)
    site.driver.refuses = {"Get-CsRgsConfiguration": "System.Data.SqlClient.SqlException,Rgs.Get"}
    site.driver.listed = CmdletFailed("Zugriff verweigert", error_id="PathNotFound")
    sql, share = await site.check()
    page = "on our behalf; `docs/real-servers.md` §3"
    assert sql.startswith(f"{site.name} cannot read its Response Groups from SQL {page}")
    assert share.startswith(f"{site.name} cannot reach its file share {page}")


async def test_an_account_that_is_no_administrator_is_told(site: Site) -> None:
    site.driver.refuses = {"Get-CsBackupServiceStatus": "AccessDenied,Hadr"}
    (told,) = await site.check()
    assert "has to be in RTCUniversalServerAdmins" in told


async def test_a_host_of_several_pools_has_room_for_the_sessions_of_all_of_them(site: Site) -> None:
    site.other = (site.endpoint,)
    site.server.most_shells = 4
    assert await site.check() == []
    site.server.most_shells = 3
    (told,) = await site.check()
    assert told.startswith(f"pool-b ({site.endpoint}) cannot be used: this account has too many sessions")
    assert "Raise MaxShellsPerUser there" in told


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (troubles.fault(5), "it does not let this account use the session configuration. Let the account use it"),
        (troubles.fault(2150858811), "it has no session configuration of this name. Register it there"),
        (troubles.status(404), "it has nothing at the configured path. Check the path"),
        (troubles.status(503), "it answers with HTTP status 503."),
        (troubles.cut, "the connection broke."),
    ],
)
async def test_whatever_else_is_in_the_way_has_its_sentence(site: Site, trouble: troubles.Does, words: str) -> None:
    site.server.troubles.append(Trouble("Create", trouble, times=9))
    (told,) = await site.check()
    assert told.startswith(f"{site.name} cannot be used: {words}")


async def test_one_that_lets_no_script_in_is_told_once_what_it_is(site: Site) -> None:
    inner = site.server.answers

    async def strict(asked: Asked, voice: Voice) -> None:
        if asked.is_script:
            voice.fails("ScriptsNotAllowed", "Keine Skripts.")
        else:
            await inner(asked, voice)

    site.server.answers = strict
    (told,) = await site.check()
    assert "takes no scripts: it is a constrained endpoint, configured here as an ordinary one" in told


async def test_the_command_itself_says_so_and_ends_with_1(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "switchback.toml"
    file.write_text(
        f'[driver]\nkind = "winrm"\n[remoting]\naccount = \'{ACCOUNT}\'\nmethod = "ntlm"\n'
        f'ca_file = "{site.server.ca_file}"\n[[pools]]\nfqdn = "{P}"\n'
        f'[[servers]]\nurl = "https://localhost:{site.server.port}/wsman"\npools = ["{P}"]\n',
        "utf-8",
    )
    environ = {"SWITCHBACK_CONFIG": str(file), "SWITCHBACK_DATA": str(tmp_path / "data")}
    environ["SWITCHBACK_REMOTING_PASSWORD"] = PASSWORD
    ended = await asyncio.to_thread(lambda: python_m_bot("check", **environ))
    assert ended.returncode == 1 and ended.stderr == "" and PASSWORD not in ended.stdout
    assert f"{site.name} is Skype for Business Server 2015." in ended.stdout.splitlines()
