"""Every subcommand: what it answers, to whom, and what a slip of the finger gets."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.answers import PoolAnswer
from bot.domain.errors import BadInput, Held, NotAllowed
from bot.domain.model import Pool, PoolState, Who
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Change, Phase, Run
from bot.sandbox import Sandbox, Trouble
from handlers import commands
from handlers.asked import COUNT, WHICH, misses
from handlers.blocks import actions
from handlers.blocks.actions import Page, decode_page
from handlers.blocks.kit import validate
from handlers.commands import COMMANDS
from handlers.desk import Desk
from handlers.slack.replies import Reply
from storage.backups.off_site import OffSiteCopies
from tests.sandbox.parts import ANNA, BACKUPS, CLARA, EMIL, FINN, GENERAL, GRETA, INCIDENT, PARTNER, alone
from tests.scenarios.front import desk_of
from tests.scenarios.stage import POOLS, A, B, Stage, stage_of


@dataclass(slots=True)
class Office:
    desk: Desk
    stage: Stage
    slack: Sandbox

    async def type(self, text: str, user: str = ANNA, channel: str = INCIDENT) -> Reply:
        reply = await commands.run(self.desk, await self.desk.people.person(user), channel, text)
        assert validate(reply.message, "message") == []
        return reply

    async def says(self, text: str, user: str = ANNA, channel: str = INCIDENT) -> str:
        return (await self.type(text, user, channel)).message["text"]

    async def refuses(self, text: str, user: str = ANNA) -> str:
        with pytest.raises(BadInput) as refusal:
            await self.type(text, user)
        assert not await self.desk.runs.page()
        return refusal.value.sentence


@pytest.fixture
async def office(redis: Redis) -> AsyncIterator[Office]:
    async with alone() as (slack, client):
        stage = await stage_of(redis)
        yield Office(desk_of(stage, client), stage, slack)


async def test_help_begins_with_the_outage_and_leads_to_everything(office: Office) -> None:
    reply = await office.type("HELP")

    lines = reply.message["text"].split("\n")
    assert lines[1:3] == ["*When a pool is down*", "`/rgs failover pool-a` moves it to its backup pool"]
    assert offered(reply) == {"Every command": "help all"} and not reply.public
    for row in COMMANDS:
        assert (f"`{row.example}` {row.brief}" in lines) is (row.part is not None)


async def test_all_of_help_shows_every_subcommand_with_an_example(office: Office) -> None:
    shown = html.unescape(await office.says("help all"))

    for row in COMMANDS:
        assert f"/rgs {row.usage}" in shown and row.example in shown


async def test_help_tells_one_subcommand_whole_and_keeps_a_slip_behind_a_button(office: Office) -> None:
    assert "`/rgs failover [pool]`" in await office.says("help Failover")
    assert offered(await office.type("help failovr")) == {"/rgs failover": "failover"}
    assert "lists what there is" in await office.refuses("help xyzzy")


async def test_every_example_does_what_its_row_does(office: Office) -> None:
    for row in COMMANDS:
        name, *words = commands.plain(row.example.removeprefix("/rgs "))
        assert name == row.name and len(words) in row.takes


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("stauts", "status"),
        ("failovr pool-a", "failover pool-a"),
        ("Backup-s pool-b chart", "backups pool-b chart"),
        ("who", "whoami"),
        ("fail over pool-a", "failover pool-a"),
        ("break glass r-1 why", "break-glass r-1 why"),
        ("undo pool-a", "start undo pool-a"),
        ("rebuild pool-a", "start rebuild pool-a"),
        ("cms pool-a", "start cms pool-a"),
        ("clean up pool-a", "start clean-up pool-a"),
        ("edge of pool pool-a", "start edge-of-pool pool-a"),
    ],
)
async def test_a_slip_in_a_subcommand_keeps_what_else_was_typed_behind_a_button(
    office: Office, typed: str, meant: str
) -> None:
    reply = await office.type(typed)

    assert f"Did you mean `/rgs {meant}`? Usage: `/rgs {meant.split()[0]}" in html.unescape(reply.message["text"])
    assert offered(reply) == {f"/rgs {meant}": meant} and not reply.public
    assert not await office.desk.runs.page()


def offered(reply: Reply) -> dict[str, str]:
    """What the buttons are called, and what pressing each of them types."""
    rows = [block["elements"] for block in reply.message["blocks"] if block["type"] == "actions"]
    return {button["text"]["text"]: button["value"] for row in rows for button in row}


@pytest.mark.parametrize("typed", ["failovr " + "x" * 5000, "stauts pool-a now", "break-glas run " + "y" * 2500])
async def test_what_no_button_can_stand_for_is_said_without_one(office: Office, typed: str) -> None:
    assert offered(await office.type(typed)) == {}


@pytest.mark.parametrize("typed", ["report", "fail pool-a", "back pool-a", "state", "pool-a"])
async def test_what_is_near_nothing_or_two_things_is_not_guessed(office: Office, typed: str) -> None:
    assert await office.refuses(typed) == (
        f"There is no subcommand “{typed.split()[0]}”. `/rgs help` lists what there is."
    )


async def test_something_else_altogether_gets_help(office: Office) -> None:
    assert await office.refuses("xyzzy " + "x" * 5000) == (
        "There is no subcommand “xyzzy”. `/rgs help` lists what there is."
    )


@pytest.mark.parametrize(("command", "rest"), [("backup", ""), ("backups", " chart"), ("impact", "")])
async def test_a_slip_in_a_pool_gets_the_line_that_was_meant_and_the_usage(
    office: Office, command: str, rest: str
) -> None:
    sentence = await office.refuses(f"{command} pool-aa{rest}")

    assert f"Did you mean `/rgs {command} pool-a{rest}`?" in sentence and f"Usage: `/rgs {command}" in sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("failover pool-a pool-b", "Leave out “pool-b”: nothing more belongs there."),
        ("backups a b c", "Leave out “c”: nothing more belongs there."),
        ("help me please", "Leave out “please”: nothing more belongs there."),
        ("whoami now", "Leave out “now”: nothing more belongs there."),
        ("status now", "`/rgs status` does not know “now”."),
        ("backup pool-a pool-b", "`/rgs backup` takes one pool, or `verify` and a pool."),
    ],
)
async def test_words_that_are_too_many_are_named_and_get_the_usage(office: Office, text: str, sentence: str) -> None:
    assert (await office.refuses(text)).startswith(f"{sentence} Usage: `/rgs {text.split()[0]}")


@pytest.mark.parametrize("command", ["backup", "backups"])
async def test_a_pool_that_is_missing_is_asked_for_with_the_pools_as_buttons(office: Office, command: str) -> None:
    reply = await office.type(command)

    assert reply.message["text"].startswith(f"Which pool? Usage: `/rgs {command} &lt;pool&gt;") and not reply.public
    assert offered(reply) == {fqdn.partition(".")[0]: f"{command} {fqdn}" for fqdn in office.desk.estate.pools}
    assert not await office.desk.runs.page()


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("start", "Which runbook? `/rgs runbooks` lists them."),
        ("free", "Which run? `/rgs status` shows those that are open."),
        ("free failover-pool-a", "Why? Give a reason."),
        ("break-glass", "Which run? `/rgs status` shows those that are open."),
        ("accept", "Who? Name one person with @."),
    ],
)
async def test_whatever_else_is_missing_is_asked_for(office: Office, text: str, asked: str) -> None:
    reply = await office.type(text)

    assert reply.message["text"].startswith(f"{asked} Usage: `/rgs {text.split()[0]} ") and offered(reply) == {}


def test_every_word_that_a_subcommand_needs_has_a_question_of_its_own() -> None:
    missing = {misses(row, ("x",) * count) for row in COMMANDS for count in range(row.takes.start)}
    assert missing == {"pool", "runbook", "run", "reason", "person"} == set(WHICH)


async def test_pools_that_are_called_alike_are_offered_in_full(office: Office) -> None:
    pools = {f"pool-a.{site}.com": Pool(f"pool-a.{site}.com") for site in ("one", "two")}
    office.desk = replace(office.desk, estate=replace(office.desk.estate, pools=pools))

    assert offered(await office.type("backups")) == {fqdn: f"backups {fqdn}" for fqdn in pools}


@pytest.mark.parametrize(
    "text",
    [
        "backup pool-a",
        f"backup {A}",
        f"BACKUP {A.upper()}",
        f"  backup   {A}. ",
        f"backup <http://{A}|{A}>",
        f"backup <https://{A}>",
        f"backup “{A}”",
        "backup `pool-a`",
        "backup &lt;pool-a&gt;",
    ],
)
async def test_a_pool_is_known_however_it_is_written(office: Office, text: str) -> None:
    await office.says(text)

    assert [run.primary.fqdn for run in await office.desk.runs.page()] == [A]


async def test_a_short_name_that_two_pools_share_is_not_guessed(office: Office) -> None:
    twins = {fqdn: Pool(fqdn) for fqdn in ("pool1.a.example", "pool1.b.example")}
    office.desk = replace(office.desk, estate=Estate(twins, {}, {}))

    sentence = await office.refuses("backup pool1")

    assert "pool1.a.example, pool1.b.example" in sentence and "in full" in sentence


@pytest.mark.parametrize("runbook", ["failover", "failback"])
async def test_a_pool_without_a_pair_is_told_why_not(office: Office, runbook: str) -> None:
    sentence = await office.refuses(f"{runbook} pool-c")

    assert "gets backups only" in sentence and "no backup pool" in sentence


async def test_a_run_starts_and_whoever_asked_is_told_where_its_card_appears(office: Office) -> None:
    reply = await office.type("failover pool-a")

    (run,) = await office.desk.runs.page()
    assert (run.runbook, run.primary.fqdn, run.channel, run.opened_by.name) == ("failover", A, INCIDENT, "Anna Berg")
    assert not reply.public
    assert reply.message["text"] == f"Starting: Failover of pool-a, run {run.id}. Its card appears here in a moment."


@pytest.mark.parametrize(
    ("channel", "goes_to", "because"),
    [
        (INCIDENT, INCIDENT, "appears here"),
        (BACKUPS, BACKUPS, "appears here"),
        (GENERAL, GENERAL, "in the incident channel, since Switchback is not a member here"),
        ("C0UNKNOWN1", "C0UNKNOWN1", "in the incident channel, since Switchback is not a member here"),
        (PARTNER, "", "in the incident channel, since people of other organisations read along"),
        ("", "", "in the incident channel, since nobody else reads along here"),
    ],
)
async def test_a_card_goes_where_it_was_asked_for_unless_that_does_no_good(
    office: Office, channel: str, goes_to: str, because: str
) -> None:
    assert because in await office.says("backup pool-a", channel=channel)

    assert [run.channel for run in await office.desk.runs.page()] == [goes_to]


async def test_a_card_does_not_go_where_slack_does_not_say_who_reads_along(office: Office) -> None:
    await office.desk.people.person(ANNA)
    office.slack.faults.next_calls(1, Trouble.SERVER_ERROR)

    assert "Slack did not tell" in await office.says("backup pool-a", channel=BACKUPS)
    assert [run.channel for run in await office.desk.runs.page()] == [""]


async def test_a_card_does_not_go_to_a_conversation_of_two(office: Office) -> None:
    direct = office.slack.workspace.direct(ANNA)

    assert "in the incident channel, since nobody else reads along here" in await office.says(
        "backup pool-a", channel=direct.id
    )
    assert [run.channel for run in await office.desk.runs.page()] == [""]


@pytest.mark.parametrize(
    ("channel", "because"),
    [
        (PARTNER, "people of other organisations read along here"),
        (GENERAL, "Switchback is not a member here"),
        ("C0UNKNOWN1", "Switchback is not a member here"),
        ("", "nobody else reads along here"),
    ],
)
async def test_without_an_incident_channel_nothing_starts_where_a_card_cannot_go(
    office: Office, channel: str, because: str
) -> None:
    office.desk = replace(office.desk, incidents="")

    with pytest.raises(BadInput) as refusal:
        await office.type("failover pool-a", channel=channel)

    assert refusal.value.sentence == (
        f"Nothing was started: {because}, and no incident channel is configured that its card could go to. "
        "Type `/rgs failover pool-a` in a channel that only this workspace reads and that Switchback is a member of."
    )
    assert not await office.desk.runs.page()


async def test_without_an_incident_channel_a_card_goes_where_only_colleagues_read(office: Office) -> None:
    office.desk = replace(office.desk, incidents="")

    assert "appears here" in await office.says("failover pool-a", channel=BACKUPS)
    assert [run.channel for run in await office.desk.runs.page()] == [BACKUPS]


async def test_whoever_lacks_the_role_starts_nothing(office: Office) -> None:
    for text in ("backup pool-a", "failover pool-a", "failback pool-a"):
        with pytest.raises(NotAllowed, match="RTCUniversalServerAdmins or CsResponseGroupAdministrator"):
            await office.type(text, EMIL)

    assert not await office.desk.runs.page()


async def test_a_guest_learns_nothing_but_help_and_who_they_are(office: Office) -> None:
    for row in COMMANDS:
        text = row.example.removeprefix("/rgs ")
        if row.name in ("help", "whoami"):
            assert await office.says(text, FINN)
        else:
            with pytest.raises(NotAllowed, match="Guests"):
                await office.type(text, FINN)


@pytest.mark.parametrize(
    ("user", "text", "reason"),
    [
        (FINN, "failover pool-a", "Finn (guest) was refused: guests cannot do this."),
        (FINN, "status", "Finn (guest) was refused: guests cannot do this."),
        (GRETA, "runs", "Greta (Partner Ltd) was refused: people of other organisations cannot do this."),
        (EMIL, "backup pool-a", "Emil Hansen could not start Backup of pool-a: this needs RTCUniversalServerAdmins"),
    ],
)
async def test_whoever_is_refused_a_subcommand_is_in_the_log_once(
    office: Office, user: str, text: str, reason: str
) -> None:
    with pytest.raises(NotAllowed):
        await office.type(text, user)

    (entry,) = await office.desk.runs.audit()
    assert (entry.what, entry.step, entry.who.id.rpartition(":")[2]) == ("refused", text.split()[0], user)
    assert entry.sentence.startswith(reason)


async def test_two_failovers_of_a_pair_are_one_too_many(office: Office) -> None:
    run = await office.desk.engine.start("failover", A, await office.desk.people.person(ANNA))

    with pytest.raises((Held, BadInput)):
        await office.type("failover pool-b", CLARA)

    assert await office.desk.runs.page() == (run,)


async def test_whoami_names_the_roles(office: Office) -> None:
    assert "RTCUniversalServerAdmins" in await office.says("whoami")
    assert "Roles: none" in await office.says("whoami", EMIL)


async def test_status_tells_every_pool_and_every_open_run_to_all(office: Office) -> None:
    assert "No run is open" in await office.says("status")
    await office.says("failover pool-a")
    (run,) = await office.desk.runs.page()
    await office.stage.settle(run.id)

    reply = await office.type("status", EMIL)

    assert not reply.public and "Failover of pool-a" in reply.message["text"]
    shown = await office.type("status HERE", EMIL)
    assert shown.public and shown.message == reply.message
    assert "Waits for RTCUniversalServerAdmins" in reply.message["text"]


async def test_pools_tells_pairs_backups_and_who_has_none(office: Office) -> None:
    shown = await office.says("pools", EMIL)

    assert A in shown and B in shown and "no backup yet" in shown and "backup pool" in shown
    assert "Off-site copy: complete, at /mnt/offsite." in shown
    await OffSiteCopies(office.stage.redis).add({"b1": office.stage.clock.now - 7 * 3_600})
    assert "1 backup waits for it at /mnt/offsite, the oldest for 7 h." in await office.says("pools", EMIL)


def older(reply: Reply) -> dict[str, Any] | None:
    """The button for the next page."""
    rows = [block["elements"] for block in reply.message["blocks"] if block["type"] == "actions"]
    return next((button for row in rows for button in row if button["action_id"] == actions.PAGE), None)


async def test_backups_and_runs_are_read_page_by_page_from_the_newest(office: Office) -> None:
    for _ in range(COUNT + 2):
        office.stage.clock.now += 60
        await office.says("backup pool-a")
        (run,) = await office.desk.runs.page(count=1)
        await office.stage.settle(run.id)

    for text in ("runs all", "runs backup", "backups pool-a"):
        seen: list[str] = []
        reply = await office.type(text)
        for _ in range(2):
            button = older(reply)
            assert button
            seen.append(reply.message["text"])
            person = await office.desk.people.person(EMIL)
            reply = await commands.older(office.desk, person, decode_page(button["value"]))
            assert reply.replaces and not reply.public
            if not older(reply):
                break
        assert len(seen) == 1 and reply.message["text"] not in seen
        assert reply.message["text"].count("\n") < seen[0].count("\n")


@pytest.mark.parametrize("dash", "\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
async def test_a_dash_that_a_telephone_made_of_a_hyphen_is_a_hyphen(office: Office, dash: str) -> None:
    assert "pool-a" in await office.says(f"backups pool{dash}a")


async def test_a_guest_cannot_page_either(office: Office) -> None:
    with pytest.raises(NotAllowed):
        await commands.older(office.desk, await office.desk.people.person(FINN), Page("runs", "", "1.0"))

    assert [(entry.what, entry.step) for entry in await office.desk.runs.audit()] == [("refused", "runs")]


async def test_a_page_of_nothing_is_refused_in_a_sentence(office: Office) -> None:
    anna = await office.desk.people.person(ANNA)
    for page in (
        Page("runs", "all", "yesterday"),
        Page("backups", A, "gone"),
        Page("backups", "", "x"),
        Page("x", "", "1"),
    ):
        with pytest.raises(BadInput):
            await commands.older(office.desk, anna, page)


async def test_impact_is_of_a_stage_of_a_pool_or_of_what_is_not_well_now(office: Office) -> None:
    unsure = await office.type("impact")
    assert unsure.message["text"].startswith("Whether 3 pools answer is not known.")
    for fqdn in office.desk.estate.pools:
        await office.desk.answers.note(fqdn, PoolAnswer(office.stage.clock.now))
    calm = await office.type("impact")
    stage, pool = await office.type("impact failing-over"), await office.type("impact pool-a")

    assert not calm.public and not stage.public and not pool.public
    assert (await office.type("impact failing-over here")).public and (await office.type("impact here pool-a")).public
    assert calm.message["text"] == "No pool is in outage or failed over, so callers and agents notice nothing."
    assert "during failover" in stage.message["text"]
    assert pool.message["text"] == "pool-a was never moved, so callers and agents notice nothing."
    assert all(offered(reply) == {"All stages": "all"} for reply in (calm, stage, pool))
    await stands(office, PoolState.FAILED_OVER)
    now = await office.type("impact")
    assert "after failover completes" in now.message["text"] and not now.public


async def stands(office: Office, state: PoolState) -> None:
    """A run left pool-a there."""
    now = office.stage.clock.now
    run = Run("r-a", "failover", POOLS[A], POOLS[B], Who("T1:U1", "Anna"), now, "declare", phase=Phase.DONE)
    await office.desk.runs.commit(Change(replace(run, pool_state=state, since=now)), now)
