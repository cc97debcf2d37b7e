"""What the commands print, where they print it, and with which exit code they end."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.__main__ import COMMANDS, Command, main, parser
from bot.commands.check import check, configured, http_manifest, manifest
from bot.domain.backups.offsite import OffSite
from bot.domain.errors import BadInput, StoreAway
from bot.domain.model import Pool, Role
from bot.exports.export_zip import write_export
from bot.sandbox import APP_TOKEN, BOT_TOKEN, SOCKET, MemoryJournal, Sandbox
from bot.settings.settings import Settings
from tests.patience import PATIENCE_S
from tests.peers import S3
from tests.worlds import sample

ROOT = Path(__file__).parents[2]
TEAM = "T0SWITCH01"
READY = Settings(
    bot_token=BOT_TOKEN,
    app_token=APP_TOKEN,
    config="switchback.toml",
    pools=(Pool("a.contoso.com", backup_pool="b.contoso.com"), Pool("b.contoso.com", backup_pool="a.contoso.com")),
    users={Role.SERVER_ADMIN: frozenset({f"{TEAM}:U0ANNA0001"}), Role.RG_ADMIN: frozenset()},
    user_groups={Role.SERVER_ADMIN: frozenset({"S0SERVER01"}), Role.RG_ADMIN: frozenset({"S0RGADMIN1"})},
    incidents_channel="C0INCIDENT",
    notifications_channel="C0BACKUPS1",
)


def python_m_bot(*argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *argv],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE_S,
    )


def ending_with(fault: BaseException) -> list[Command]:
    def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
        raise fault

    return [Command("go", "goes wrong", run)]


def test_a_faulty_configuration_is_named_whole_on_stderr_and_ends_with_2(tmp_path: Path) -> None:
    file = tmp_path / "switchback.toml"
    file.write_text('[[pools]]\nfqdn = "a"\nedition = "Big"\n')
    for command in ("serve", "demo", "check", "status"):
        code_before_any_work = python_m_bot(command, SWITCHBACK_CONFIG=str(file), PORT="x")
        assert (code_before_any_work.returncode, code_before_any_work.stdout) == (2, "")
        port, fqdn, edition = code_before_any_work.stderr.splitlines()
        assert port.startswith("PORT ") and "line 2, pools.fqdn" in fqdn and "line 3, pools.edition" in edition


def test_check_says_what_is_missing_and_ends_with_1() -> None:
    ended = python_m_bot("check")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.splitlines()[0].startswith("SLACK_BOT_TOKEN is not set")


def test_without_a_command_or_with_an_unknown_one_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in ([], ["srve"], ["inspect"], ["diff", "one.zip"], ["serve", "--what"]):
        with pytest.raises(SystemExit) as ended:
            main(argv, {})
        assert ended.value.code == 2
        assert capsys.readouterr().err.startswith("usage: python -m bot")


def test_every_command_is_in_the_help_with_what_it_does() -> None:
    told = " ".join(parser(COMMANDS).format_help().split())
    for command in COMMANDS:
        assert command.name in told and command.help in told


def test_a_refusal_is_its_sentence_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["go"], {}, ending_with(StoreAway("Redis cannot be reached."))) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Redis cannot be reached.\n")


def test_an_unforeseen_error_shows_neither_a_stack_trace_nor_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["go"], {}, ending_with(KeyError("xoxb-hush"))) == 2
    said = capsys.readouterr()
    assert "KeyError in test_command_line.py, line " in said.err
    assert "Traceback" not in said.err and "hush" not in said.err and said.out == ""


def test_ctrl_c_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["go"], {}, ending_with(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_goes_away_is_no_error() -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "bot", "check", "--manifest", "https://switchback.contoso.com"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    running.stdout.close()
    with running.stderr:
        assert (running.stderr.read(), running.wait(60)) == (b"", 141)


def test_the_manifest_for_http_is_the_same_app_at_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--manifest", "https://switchback.contoso.com/"], {}) == 0
    over_http, by_socket = json.loads(capsys.readouterr().out), manifest()
    address = "https://switchback.contoso.com/slack/events"
    assert over_http["settings"].pop("socket_mode_enabled") is False and by_socket["settings"].pop(
        "socket_mode_enabled"
    )
    assert over_http["settings"]["event_subscriptions"].pop("request_url") == address
    assert over_http["settings"]["interactivity"].pop("request_url") == address
    assert {command.pop("url") for command in over_http["features"]["slash_commands"]} == {address}
    assert over_http == by_socket


def test_an_address_that_already_has_the_path_gets_it_once_and_the_original_stays_as_it_was() -> None:
    original = manifest()
    whole = http_manifest(original, "https://contoso.com:8443/bots/slack/events")
    assert original == manifest()
    assert whole["settings"]["interactivity"]["request_url"] == "https://contoso.com:8443/bots/slack/events"


@pytest.mark.parametrize(
    "url", ["switchback.contoso.com", "http://contoso.com", "https://", "https://[", "https://a?b", ""]
)
def test_an_address_that_slack_would_refuse_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="over TLS"):
        http_manifest(manifest(), url)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """An export, one that lacks a workflow, one with a name that would steer a terminal, and no export."""
    made = sample(1)
    first, *rest = made.inventory.objects
    for name, objects in (("old", (first, *rest)), ("new", rest), ("sly", (replace(first, name="\x1b[2Jsly"), *rest))):
        inventory = replace(made.inventory, objects=tuple(objects))
        (tmp_path / f"{name}.zip").write_bytes(write_export(inventory, made.blobs.__getitem__, 1_800_000_000.0))
    (tmp_path / "none.zip").write_bytes(b"no export")
    return tmp_path


def test_inspect_says_what_an_export_holds(exports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(exports / "old.zip")], {}) == 0
    assert capsys.readouterr().out.startswith("6 workflows, 6 queues, 8 agent groups, 3 hours of business, 3 holiday")
    assert main(["inspect", str(exports / "old.zip"), "--json"], {}) == 0
    assert len(json.loads(capsys.readouterr().out)["objects"]["Workflow"]) == 6


def test_diff_ends_as_diff_does(exports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = str(exports / "old.zip"), str(exports / "new.zip")
    assert main(["diff", old, old], {}) == 0
    assert capsys.readouterr().out.startswith("Both exports hold the same 26 objects")
    assert main(["diff", old, new], {}) == 1
    assert capsys.readouterr().out.endswith("is missing.\n")
    assert main(["diff", old, new, "--json"], {}) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["equal"] is False and len(told["missing"]) == 1


@pytest.mark.parametrize("argv", [["inspect", "none.zip"], ["inspect", "gone.zip"], ["diff", "old.zip", "none.zip"]])
def test_what_is_no_export_is_refused_in_a_sentence(
    exports: Path, argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(exports)
    assert main(argv, {}) == 2
    said = capsys.readouterr()
    assert said.out == "" and "zip" in said.err and said.err.endswith(".\n") and "nobody foresaw" not in said.err


def test_a_name_in_an_export_cannot_steer_the_terminal(exports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["inspect", str(exports / "sly.zip")], {})
    main(["diff", str(exports / "old.zip"), str(exports / "sly.zip")], {})
    main(["inspect", str(exports / "sly.zip"), "--json"], {})
    said = capsys.readouterr().out
    assert "[2Jsly" in said and "\x1b" not in said


def test_looking_into_exports_needs_neither_redis_nor_slack(exports: Path) -> None:
    script = (
        "import sys; from bot.__main__ import main; main(sys.argv[1:], {});"
        "sys.exit(bool({'redis', 'slack_sdk', 'aiohttp', 'apscheduler'} & set(sys.modules)))"
    )
    argv = [sys.executable, "-c", script, "inspect", str(exports / "old.zip")]
    assert subprocess.run(argv, cwd=ROOT, capture_output=True, timeout=4 * PATIENCE_S).returncode == 0


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(manifest(), MemoryJournal(), deliver=SOCKET)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


def at(sandbox: Sandbox, **changes: object) -> Settings:
    return replace(READY, slack_api_url=sandbox.api_url, **changes)


async def test_nothing_is_missing_where_everything_is_there(slack: Sandbox) -> None:
    assert await check(at(slack)) == []


async def test_a_token_that_slack_does_not_accept_is_named_and_not_shown(slack: Sandbox) -> None:
    (bot,) = await check(at(slack, bot_token="xoxb-hush"))
    (app,) = await check(at(slack, app_token="xapp-hush"))
    assert bot.startswith("Slack does not accept SLACK_BOT_TOKEN (invalid_auth)") and "hush" not in bot
    assert app.startswith("Slack does not accept SLACK_APP_TOKEN (invalid_auth)") and "hush" not in app


async def test_scopes_that_the_app_was_not_given_are_named() -> None:
    poorer = manifest()
    poorer["oauth_config"]["scopes"]["bot"].remove("users:read")
    sandbox = Sandbox(poorer, MemoryJournal(), deliver=SOCKET)
    await sandbox.start()
    try:
        (missing,) = await check(at(sandbox))
    finally:
        await sandbox.stop()
    assert missing.startswith("The app lacks users:read: ")


@pytest.mark.parametrize(
    ("channel", "sentence"),
    [
        ("C0GENERAL1", "The bot is not in the channel for incidents (C0GENERAL1): type “/invite @switchback” there."),
        ("C0NOWHERE1", "The bot does not see the channel for incidents (C0NOWHERE1): check its id, and type"),
        ("C0PARTNER1", "People of another organisation read the channel for incidents (C0PARTNER1): choose one"),
        ("", "No channel for incidents is configured: set incidents under [channels]."),
    ],
)
async def test_a_channel_that_will_not_do_is_named(slack: Sandbox, channel: str, sentence: str) -> None:
    (missing,) = await check(at(slack, incidents_channel=channel))
    assert missing.startswith(sentence)


async def test_roles_that_nobody_can_hold_are_named(slack: Sandbox) -> None:
    strangers = {Role.SERVER_ADMIN: frozenset({"T0OTHER:U0ANNA0001"})}
    groups = {Role.RG_ADMIN: frozenset({"S0GONE0001", "S0RGADMIN1"})}
    people, group = await check(at(slack, users=strangers, user_groups=groups))
    assert people == f"T0OTHER:U0ANNA0001 cannot hold a role: the bot's token belongs to workspace {TEAM}."
    assert group == "There is no user group S0GONE0001 in this workspace, so it grants nothing."
    slack.workspace.paid = False
    assert "plan has no user groups" in (await check(at(slack)))[0]


async def test_slack_out_of_reach_is_one_sentence(slack: Sandbox) -> None:
    settings = at(slack)
    await slack.stop()
    (missing,) = await check(settings)
    assert missing.startswith(f"Slack does not answer at {settings.slack_api_url}")


async def test_redis_out_of_reach_is_one_sentence_without_its_password(slack: Sandbox, tmp_path: Path) -> None:
    (missing,) = await check(at(slack, redis_url=f"unix://:hush@{tmp_path}/none.sock"))
    assert missing.startswith("Redis cannot be reached.") and "hush" not in missing


async def test_the_off_site_copy_is_tried_and_what_is_wrong_with_it_is_one_sentence(
    slack: Sandbox, s3: S3, tmp_path: Path
) -> None:
    good = s3.bucket()
    assert [await check(at(slack, mirror=place)) for place in (good, good, OffSite(folder=str(tmp_path)))] == [[]] * 3
    (no_bucket,) = await check(at(slack, mirror=replace(good, bucket="never-made")))
    (no_folder,) = await check(at(slack, mirror=OffSite(folder="/nowhere")))
    assert "has no such bucket: create it" in no_bucket and "is not there: create it, or mount it" in no_folder


async def test_what_a_power_cut_would_cost_is_said(slack: Sandbox, redis: Redis, redis_url: str) -> None:
    assert await check(at(slack, redis_url=redis_url)) == []
    await redis.config_set("appendfsync", "everysec")
    try:
        (cost,) = await check(at(slack, redis_url=redis_url))
    finally:
        await redis.config_set("appendfsync", "always")
    assert "power cut" in cost


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"bot_token": ""}, "SLACK_BOT_TOKEN is not set"),
        ({"bot_token": "xapp-1"}, "SLACK_BOT_TOKEN does not begin with xoxb-"),
        ({"app_token": ""}, "Slack cannot reach the bot"),
        ({"app_token": "xoxb-1"}, "SLACK_APP_TOKEN does not begin with xapp-"),
        ({"config": ""}, "SWITCHBACK_CONFIG is not set"),
        ({"pools": ()}, "The configuration file names no pools"),
        ({"pools": (Pool("a.contoso.com"),)}, "a.contoso.com names no backup pool"),
        ({"users": {}, "user_groups": {Role.RG_ADMIN: frozenset({"S0RGADMIN1"})}}, "Nobody holds RTCUniversalServerAd"),
        ({"notifications_channel": ""}, "No channel for notifications"),
    ],
)
def test_what_is_missing_is_seen_without_asking_anybody(changes: dict[str, object], sentence: str) -> None:
    (missing,) = configured(replace(READY, **changes))
    assert missing.startswith(sentence)
