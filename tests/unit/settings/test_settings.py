"""The environment and the configuration file become one value, or every fault at once with its line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.backups.offsite import OffSite
from bot.domain.model import Edition, Role
from bot.settings.file import TABLES
from bot.settings.settings import SETTINGS, Settings, SettingsFault, file_table, load, settings, table

EXAMPLE = Path(__file__).parents[3] / "switchback.example.toml"


def faults(text: str = "", **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsFault) as caught:
        settings(environ, text)
    return caught.value.faults


def pools(*pairs: tuple[str, str | None]) -> Settings:
    """Settings of pools `a`, `b` … that name these backup pools."""
    return settings(
        {},
        "\n".join(
            f'[[pools]]\nfqdn = "{name}.contoso.com"\n' + (f'backup_pool = "{backup}.contoso.com"\n' if backup else "")
            for name, backup in pairs
        ),
    )


def test_the_example_is_valid_and_says_what_it_seems_to_say() -> None:
    said = load({"SWITCHBACK_CONFIG": str(EXAMPLE)})
    assert [pool.fqdn for pool in said.pools] == ["pool-a.contoso.com", "pool-b.contoso.com"]
    assert said.pools[0].edition is Edition.ENTERPRISE
    assert said.pools[0].folder == "C:\\Switchback"
    assert said.pairs() == {"pool-a.contoso.com": "pool-b.contoso.com", "pool-b.contoso.com": "pool-a.contoso.com"}
    assert said.unpaired == {}
    assert said.users[Role.SERVER_ADMIN] == {"T0CONTOSO:U0ALICE"}
    assert said.user_groups[Role.RG_ADMIN] == {"S0RGSADMINS"}
    assert (said.incidents_channel, said.notifications_channel) == ("C0INCIDENTS", "C0BACKUPS")
    assert said.schedules == {"pool-a.contoso.com": ("02:30", "13:00"), "pool-b.contoso.com": ("02:30",)}
    assert len(said.call_list) == 2


def test_the_example_shows_every_key_that_there_is() -> None:
    # A folder and a bucket exclude each other, as do roles and the directory: the others' lines are there behind a #.
    document = tomllib.loads(re.sub(r"^#(\w+ = |\[)", r"\1", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE))
    tables = {
        "[[pools]]": document["pools"][0],
        "[[needs]]": document["needs"][0],
        "[[schedules]]": document["schedules"][0],
    }
    for name in ("companions", "servers"):
        tables[f"[[{name}]]"] = {key: value for row in document[name] for key, value in row.items()}
    tables |= {f"[roles.{role}]": keys for role, keys in document["roles"].items()}
    tables["[directory.groups]"] = document["directory"].pop("groups")
    tables["[directory]"] = document["directory"]
    names = ("driver", "remoting", "properties", "break_glass", "channels", "waiting", "slack", "mirror", "retention")
    tables |= {f"[{name}]": document[name] for name in names}
    assert {name: set(keys) for name, keys in tables.items()} == {
        name: {key.name for key in keys} for name, keys in TABLES.items()
    }


def test_an_empty_environment_gives_the_defaults() -> None:
    said = load({})
    assert (said.slack_api_url, said.port, said.data, said.redis_url) == ("https://slack.com/api/", 3000, ".data", "")
    assert said.pools == () and said.users == {role: frozenset() for role in Role}


def test_the_environment_is_read() -> None:
    said = settings({"PORT": " 8080 ", "SLACK_API_URL": "http://127.0.0.1:9/api", "REDIS_URL": "unix:///run/r.sock"})
    assert (said.port, said.slack_api_url, said.redis_url) == (8080, "http://127.0.0.1:9/api/", "unix:///run/r.sock")


def test_no_secret_shows_in_repr_or_str() -> None:
    secrets = {row.name: f"hush-{row.name}" for row in SETTINGS if row.secret} | {
        "REDIS_URL": "redis://:hush@localhost"
    }
    said = settings(secrets)
    assert said.bot_token == "hush-SLACK_BOT_TOKEN" and said.redis_url == "redis://:hush@localhost"
    assert "hush" not in repr(said) + str(said)
    assert not any("hush" in fault for fault in faults(REDIS_URL="http://:hush@localhost"))


def test_the_table_has_a_row_for_every_variable_with_its_default() -> None:
    for row, line in zip(SETTINGS, table().splitlines()[2:], strict=True):
        assert line.startswith(f"| `{row.name}` |") and row.meaning in line and row.default in line


def test_the_table_of_the_file_has_a_row_for_every_key_with_its_meaning() -> None:
    lines = file_table().splitlines()[2:]
    keys = [(name, key) for name, keys in TABLES.items() for key in keys]
    for (name, key), line in zip(keys, lines, strict=True):
        assert line.startswith(f"| `{name}` `{key.name}` |") and key.meaning and key.meaning in line
    assert '| `[[schedules]]` `at` | `["02:30"]` |' in file_table()
    assert "| `[[companions]]` `used` | `true` |" in file_table()


def test_a_key_that_a_version_before_knew_stops_nobody_and_means_nothing() -> None:
    assert settings({}, "[slack]\nplan_block = true\n") == settings({}, "[slack]\n")


def test_every_fault_is_named_at_once_with_its_line() -> None:
    text = """[[pools]]
fqdn = "pool a"
backup_pol = "pool-b.contoso.com"
time_zone = "Europe/Pari"

[[pools]]
fqdn = "pool-b.contoso.com"
version = "2010"
site = 7
folder = "exports"

[roles.RTCUniversalServerAdmin]
users = []

[[schedules]]
pool = "pool-b.contoso.com"
at = ["2:30"]

[slack]
call_list = "Alice"
"""
    wanted = (
        "switchback.toml, line 2, pools.fqdn: “pool a” is not a fully qualified domain name",
        "switchback.toml, line 3, pools.backup_pol: is not known here; did you mean “backup_pool”?",
        "switchback.toml, line 4, pools.time_zone: “Europe/Pari” is not a time zone such as “Europe/Paris”; did you",
        "switchback.toml, line 8, pools.version: must be “2013” or “2015” or “2019”, not “2010”. "
        "Response Groups on pools older than Lync Server 2013 are not covered.",
        "switchback.toml, line 9, pools.site: must be text in quotes",
        "switchback.toml, line 10, pools.folder: must be a full Windows path",
        "switchback.toml, line 12, roles.RTCUniversalServerAdmin: is not known here; did you mean “RTCUniversal",
        "switchback.toml, line 17, schedules.at: must be a time such as “02:30” (every day) or “Sun 02:30”, "
        "not “2:30”.",
        "switchback.toml, line 20, slack.call_list: must be a list in square brackets.",
    )
    found = faults(text, PORT="http", SLACK_API_URL="http://slack.example/api/")
    assert len(found) == len(wanted) + 2
    assert found[0].startswith("SLACK_API_URL") and found[1].startswith("PORT")
    for fault, start in zip(found[2:], wanted, strict=True):
        assert fault.startswith(start)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[pools]]\nfqdn = "a.b"\n[[pools]]\nfqdn = "A.B"', "line 4, pools.fqdn: a.b is listed twice."),
        ('[[pools]]\nfqdn = "a.b"\nbackup_pool = "a.b"', "line 3, pools.backup_pool: a.b is paired with itself."),
        ('[[pools]]\nfqdn = "a.b"\nbackup_pool = "c.d"', "line 3, pools.backup_pool: c.d is not among the pools."),
        ('[[pools]]\nfqdn = "a.b"\nsql_server = "sql"', "line 3, pools.sql_server: “sql” is not a fully qualified"),
        ('[[pools]]\nfqdn = "a.b"\nsql_instance = "R;"', "line 3, pools.sql_instance: must be the name of an instance"),
        ("[[pools]]\nsite = 'Paris'", "line 1, pools: fqdn is missing."),
        ('[[schedules]]\npool = "a.b"', "line 2, schedules.pool: a.b is not among the pools."),
        ('[[pools]]\nfqdn = "a.b"\n[[schedules]]\npool = "a.b"\nat = []', "line 5, schedules.at: must be a list"),
        ('[driver]\nkind = "ssh"', "line 2, driver.kind: must be “simulated” or “winrm”, not “ssh”."),
        ('[channels]\nincidents = "#incidents"', "line 2, channels.incidents: must be the id of a channel"),
        ('roles.CsResponseGroupAdministrator.users = ["U1"]', "line 1, roles.CsResponseGroupAdministrator.users: must"),
        (
            "[roles.CsResponseGroupAdministrator]\nuser_groups = ['@rgs']",
            "line 2, roles.CsResponseGroupAdministrator.u",
        ),
        ("[slack]\ncall_list = ['a\\tb', 'c\td']", "line 2, slack.call_list: must be text in quotes, on one line"),
        ("pools = 3", "line 1, pools: must be a list"),
        ("[[pools]]\nfqdn = 'a.b'\nfolder = 'C:\\a\tb'", "line 3, pools.folder: must be a full Windows path"),
        ("[channels]\nnotifications = 3", "line 2, channels.notifications: must be the id of a channel"),
        ("driver = 3", "line 1, driver: must be a table."),
        ("[[pools]\n", "line 1, column 8: this is not valid TOML:"),
        (
            '[[pools]]\nfolder = "C:\\Switchback"',
            "line 2, column 15: this is not valid TOML: Unescaped '\\' in a string.",
        ),
    ],
)
def test_each_kind_of_fault_has_its_sentence(text: str, sentence: str) -> None:
    (found,) = faults(text)
    assert found.startswith(f"switchback.toml, {sentence}")


@pytest.mark.parametrize(
    "url", ["redis://localhost", "rediss://:p%40ss@redis.contoso.com:6380/1", "unix:///run/r.sock"]
)
def test_every_way_to_redis_is_taken_as_it_stands(url: str) -> None:
    assert settings({"REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize("port", ["", "0", "65535"])
def test_a_port_that_can_be_used_is_taken(port: str) -> None:
    assert settings({"PORT": port}).port == int(port or 3000)


@pytest.mark.parametrize("port", ["65536", "-1", "٣", "3000 3001", "99999999999999999999"])
def test_a_port_that_cannot_be_used_is_a_fault(port: str) -> None:
    assert len(faults(PORT=port)) == 1


@pytest.mark.parametrize(
    "url", ["slack.com/api", "http://slack.com/api/", "http://127.0.0.1.evil.example/", "https://"]
)
def test_the_token_travels_only_over_tls_or_inside_this_machine(url: str) -> None:
    assert len(faults(SLACK_API_URL=url)) == 1


def test_pools_that_are_not_paired_one_to_one_get_backups_only_and_the_reason() -> None:
    said = pools(("a", "b"), ("b", "c"), ("c", None), ("d", "e"), ("e", "d"), ("f", "g"), ("g", None), ("h", None))
    full = {f"{one}.contoso.com": f"{other}.contoso.com" for one, other in [("d", "e"), ("e", "d"), ("f", "g")]}
    assert said.pairs() == full
    assert set(said.unpaired) == {f"{name}.contoso.com" for name in "abcgh"}
    assert "b.contoso.com is paired with a.contoso.com and c.contoso.com" in said.unpaired["a.contoso.com"]
    assert "b.contoso.com is paired with a.contoso.com and c.contoso.com" in said.unpaired["b.contoso.com"]
    assert said.unpaired["h.contoso.com"].startswith("h.contoso.com names no backup pool")


def test_two_pools_with_the_same_backup_pool_are_not_pairs() -> None:
    said = pools(("a", "c"), ("b", "c"), ("c", None))
    assert said.pairs() == {} and set(said.unpaired) == {"a.contoso.com", "b.contoso.com", "c.contoso.com"}


def test_names_of_pools_are_compared_in_lower_case() -> None:
    assert pools(("A", "B"), ("b", "a")).pairs()["a.contoso.com"] == "b.contoso.com"


def test_rows_of_the_same_pool_add_their_times() -> None:
    row = '[[schedules]]\npool = "a.b"\nat = ["%s", "02:30"]\n'
    assert settings({}, '[[pools]]\nfqdn = "a.b"\n' + row % "13:00" + row % "01:00").schedules["a.b"] == (
        "01:00",
        "02:30",
        "13:00",
    )


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault) as caught:
        load({"SWITCHBACK_CONFIG": str(tmp_path / "none.toml"), "PORT": "x"})
    assert len(caught.value.faults) == 2
    assert "none.toml, which cannot be read: No such file or directory." in caught.value.faults[1]


def test_a_byte_order_mark_is_no_fault_but_utf_16_is_one(tmp_path: Path) -> None:
    file = tmp_path / "switchback.toml"
    file.write_bytes('[[pools]]\nfqdn = "a.b"'.encode("utf-8-sig"))
    assert load({"SWITCHBACK_CONFIG": str(file)}).pools[0].fqdn == "a.b"
    file.write_bytes('[[pools]]\nfqdn = "a.b"'.encode("utf-16"))
    with pytest.raises(SettingsFault, match="is not UTF-8 text"):
        load({"SWITCHBACK_CONFIG": str(file)})


BUCKET = '[mirror]\nurl = "s3://copies/2026"\n'
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hush", "AWS_SESSION_TOKEN": "hush"}


def test_a_mirror_is_a_folder_or_a_bucket_whose_credentials_never_show() -> None:
    assert settings({}).mirror is None
    assert settings({}, '[mirror]\nfolder = "/mnt/offsite"').mirror == OffSite(folder="/mnt/offsite")
    said = settings(CREDENTIALS, BUCKET + 'endpoint = "http://127.0.0.1:9000/"').mirror
    assert said == OffSite("", "copies", "2026", "http://127.0.0.1:9000", "us-east-1", "id", "hush", "hush")
    assert "hush" not in repr(settings(CREDENTIALS, BUCKET))


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("", "folder: name a folder or a url, or leave [mirror] out."),
        ('folder = "/mnt"\nurl = "s3://copies/a"', "url: name a folder or a url, not both."),
        ('folder = "copies"', "folder: must be a full path such as “/mnt/offsite”, not “copies”."),
        ('folder = "/mnt"\nregion = "eu"', "region: belongs to a url, not to a folder."),
        ('url = "https://copies"', "url: must be a bucket such as “s3://bucket/prefix”, not “https://copies”."),
        ('url = "s3://C"', "url: must be a bucket such as “s3://bucket/prefix”, not “s3://C”."),
        (
            'url = "s3://copies"\nendpoint = "http://s3.contoso.com"',
            "endpoint: must begin with https:// (or http://127.0.0.1): backups travel there.",
        ),
        (
            'url = "s3://copies"\nendpoint = "s3.contoso.com"',
            "endpoint: must be an address such as “https://s3.contoso.com”, not “s3.contoso.com”.",
        ),
    ],
)
def test_a_mirror_that_cannot_be_is_one_sentence_with_its_line(keys: str, sentence: str) -> None:
    (fault,) = faults(f"[mirror]\n{keys}", **CREDENTIALS)
    assert fault.startswith("switchback.toml, line ") and fault.endswith(f"mirror.{sentence}")


def test_a_bucket_without_credentials_is_a_fault() -> None:
    assert faults(BUCKET, AWS_ACCESS_KEY_ID="id") == (
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set: the bucket under [mirror] needs both.",
    )


KEYS = st.sampled_from(
    [
        "mirror",
        "url",
        "folder",
        "pools",
        "fqdn",
        "roles",
        "channels",
        "slack",
        "schedules",
        "at",
        "pool",
        "driver",
        "kind",
        "x",
    ]
)
SCALARS = st.sampled_from(["3", "1.5", "true", '""', '"a.b"', "1979-05-27", "02:30:00", '"ab\\u0000"', "inf"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(KEYS, inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key} = {value}" for key, value in items.items()) + "}"
        ),
    ),
    max_leaves=8,
)


@given(st.one_of(st.text(), st.dictionaries(KEYS, VALUES, max_size=4)))
def test_whatever_the_file_holds_it_is_read_or_every_fault_is_a_sentence(file: str | dict[str, str]) -> None:
    text = file if isinstance(file, str) else "\n".join(f"{key} = {value}" for key, value in file.items())
    try:
        settings({}, text)
    except SettingsFault as fault:
        assert fault.faults and all(sentence.startswith("switchback.toml") for sentence in fault.faults)
