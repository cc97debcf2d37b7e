"""`/rgs runs`: those that move pools first, each with its timeline; what is done every day is folded, and opens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.model import PoolState, Who
from bot.domain.runs.run import Change, Phase, RowRecord, Run
from bot.runbooks import RUNBOOKS
from handlers import commands
from handlers.blocks import actions
from handlers.blocks.actions import decode_page
from handlers.runs.past import RECENT
from handlers.slack.replies import Reply
from storage import keys
from tests.handlers.test_commands import Office
from tests.sandbox.parts import EMIL, alone
from tests.scenarios.front import desk_of
from tests.scenarios.stage import POOLS, A, B, stage_of

ANNA = Who("T0SWITCH01:U0ANNA0001", "Anna Berg")


@pytest.fixture
async def office(redis: Redis) -> AsyncIterator[Office]:
    async with alone() as (slack, client):
        stage = await stage_of(redis)
        yield Office(desk_of(stage, client), stage, slack)


async def ran(office: Office, runbook: str, ago_s: float, phase: Phase = Phase.DONE, *, moves: bool = False) -> Run:
    """A run that was opened so long ago and ended after a minute."""
    at = office.stage.clock.now - ago_s
    step, closed = RUNBOOKS[runbook].steps[-1].key, at + 60 if phase is Phase.DONE else None
    run = Run(f"{runbook}-pool-a-{ago_s:.0f}", runbook, POOLS[A], POOLS[B], ANNA, at, step, phase, closed_at=closed)
    return await office.desk.runs.commit(
        Change(replace(run, pool_state=PoolState.FAILED_OVER if moves else None, since=at)), at
    )


def lines(reply: Reply) -> list[str]:
    return [block["text"]["text"] for block in reply.message["blocks"] if block["type"] == "section"]


def buttons(reply: Reply) -> dict[str, str]:
    """What is beside each line and below all of them, by action id and value."""
    beside = [block["accessory"] for block in reply.message["blocks"] if "accessory" in block]
    below = [one for block in reply.message["blocks"] if block["type"] == "actions" for one in block["elements"]]
    return {f"{one['action_id']} {one['value']}": one["text"]["text"] for one in (*beside, *below)}


async def test_a_failover_of_long_ago_stands_above_a_week_of_backups_which_are_one_line(office: Office) -> None:
    failover = await ran(office, "failover", 90 * 86_400, moves=True)
    for night in range(RECENT + 5):
        await ran(office, "backup", 3_600 * night)

    reply = await office.type("runs", EMIL)

    first, fold = lines(reply)
    assert first.startswith("✅ *Failover of pool-a* · done after 1 min") and failover.id in first
    assert fold.startswith(f"✅ *Backup* · {RECENT} runs, all done · newest <!date^1795000000^")
    assert buttons(reply)[f"timeline {failover.id}"] == "Timeline"


async def test_a_fold_opens_page_by_page_and_each_run_in_it_has_its_timeline(office: Office) -> None:
    for night in range(14):
        await ran(office, "backup", 3_600 * night)
        await ran(office, "verify", 3_600 * night + 60)
    opens = next(value for value, text in buttons(await office.type("runs")).items() if value.endswith("runs backup"))
    assert opens == "do:runs-backup runs backup"

    page = await office.type("runs backup", EMIL)

    assert len(lines(page)) == 10 and all("*Backup of pool-a*" in line for line in lines(page))
    assert f"timeline backup-pool-a-{3_600 * 9}" in buttons(page)
    (older,) = (value.removeprefix("page ") for value in buttons(page) if value.startswith("page "))
    rest = await commands.older(office.desk, await office.desk.people.person(EMIL), decode_page(older))
    assert len(lines(rest)) == 4 and not [value for value in buttons(rest) if value.startswith("page ")]


async def test_a_fold_is_not_green_while_one_of_its_runs_is_not(office: Office) -> None:
    await ran(office, "backup", 60)
    await ran(office, "backup", 120, Phase.STOPPED)
    await ran(office, "backup", 180, Phase.DONE)

    (fold,) = lines(await office.type("runs"))

    assert fold.startswith("🛑 *Backup* · 3 runs, 2 done, 1 open · newest ")


async def test_a_run_that_is_the_only_one_of_its_kind_is_shown_as_itself(office: Office) -> None:
    await ran(office, "backup", 60)
    await ran(office, "cms", 120)

    reply = await office.type("runs")

    assert [line.split(" ·")[0] for line in lines(reply)] == ["✅ *Backup of pool-a*", "✅ *Cms of pool-a*"]
    assert "timeline backup-pool-a-60" in buttons(reply)


async def test_a_failover_with_silent_agents_is_not_green_in_the_list(office: Office) -> None:
    run = await ran(office, "failover", 600, Phase.ASKING, moves=True)
    await office.desk.runs.commit(Change(replace(run, phase=Phase.DONE, records=(left_open(run),))), run.opened_at)

    (line,) = lines(await office.type("runs"))

    assert line.startswith("⚠️ *Failover of pool-a* · done")


def left_open(run: Run) -> RowRecord:
    return RowRecord("done", "pass", "pool-a is failed over.", ANNA, run.opened_at, ("6 groups ring nobody.",))


async def test_all_and_those_that_move_pools_are_one_press_away(office: Office) -> None:
    for day in range(12):
        await ran(office, "failover", 86_400 * (day + 1), moves=True)
        await ran(office, "backup", 86_400 * day + 60)

    first = await office.type("runs")

    assert [line.split(" of")[0] for line in lines(first)[:-1]] == ["✅ *Failover"] * 10
    assert {"do:runs-moves runs moves", "do:runs-all runs all"} <= buttons(first).keys()
    assert all("*Failover of" in line for line in lines(await office.type("runs moves")))
    assert len({line.split(" of")[0] for line in lines(await office.type("runs all"))}) == 2


@pytest.mark.parametrize(("typed", "hint"), [("bakup", " Did you mean `/rgs runs backup`?"), ("xyzzy", "")])
async def test_a_slip_gets_the_nearest_one_and_the_usage(office: Office, typed: str, hint: str) -> None:
    assert await office.refuses(f"runs {typed}") == (
        f"There are no runs “{typed}”.{hint} Usage: `/rgs runs [moves|all|runbook]`, for example `/rgs runs`."
    )


async def test_a_page_without_any_leads_on_to_the_one_behind_it(office: Office) -> None:
    await ran(office, "verify", 9_000)
    for night in range(RECENT):
        await ran(office, "backup", 60 * night)

    page = await office.type("runs verify")

    assert lines(page) == ["None here."]
    (value,) = (value.removeprefix("page ") for value in buttons(page))
    behind = await commands.older(office.desk, await office.desk.people.person(EMIL), decode_page(value))
    assert len(lines(behind)) == 1


async def test_before_the_first_run_it_says_how_one_begins(office: Office) -> None:
    reply = await office.type("runs")

    assert "No run yet." in reply.message["text"] and not buttons(reply)
    assert actions.TIMELINE not in str(reply.message["blocks"])


async def test_a_failover_of_an_earlier_version_stands_first_as_soon_as_a_bot_of_this_one_is_at_work(
    office: Office, redis: Redis
) -> None:
    over = await ran(office, "failover", 40 * 86_400, moves=True)
    for number in range(RECENT + 1):
        await ran(office, "backup", 60.0 * (number + 1))
    await redis.delete(keys.MOVING)
    assert over.id not in await office.says("runs")

    (chore,) = [one for one in office.stage.works.chores if one.key == "moves"]
    await chore.work(office.stage.clock())
    assert over.id in lines(await office.type("runs"))[0]
