"""`/rgs schedule`: anybody looks, holders of the role change it; bad input changes nothing; changes are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from bot.clock.timetable import Timetable
from bot.domain.backups.backup import Backup
from bot.domain.backups.schedule import Override, Timing, schedule_of, timing
from bot.domain.errors import NotAllowed, Stale
from bot.domain.model import PoolRecord, PoolState, Who
from bot.domain.runs.run import Entry, Tell
from handlers import commands
from handlers.backups.schedule import loss_lines
from handlers.blocks import actions
from handlers.drawer import Drawer
from storage import keys
from storage.backups.backups import Backups
from storage.schedules import Schedules
from tests.handlers.test_commands import Office
from tests.sandbox.parts import ANNA, BACKUPS, CLARA, EMIL, INCIDENT, alone
from tests.scenarios.front import desk_of
from tests.scenarios.stage import A, B, C, stage_of


@pytest.fixture
async def office(redis: Redis) -> AsyncIterator[Office]:
    async with alone() as (slack, client):
        stage = await stage_of(redis)
        yield Office(desk_of(stage, client), stage, slack)


async def said(office: Office) -> dict[str, Override]:
    return dict(await Schedules(office.stage.redis).overrides())


async def held(office: Office, fqdn: str = A) -> Timing:
    return timing(office.desk.timings[fqdn], (await said(office)).get(fqdn))


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]


async def test_anybody_sees_every_schedule(office: Office) -> None:
    text = await office.says("schedule", EMIL)
    assert "*pool-a.contoso.com* · 02:30 (Europe/Berlin) · next <!date^" in text
    assert "alert after 26 h without a backup (set in the file)" in text
    assert text.count("(set in the file)") == 3


async def test_a_change_holds_and_tells_who_made_it_and_what_is_configured(office: Office) -> None:
    office.stage.clock.now += 60
    text = await office.says("schedule pool-a 14:30 Sun 08:30 02:30")
    assert text == (
        "pool-a is exported at 02:30, 14:30, Sun 08:30 (Europe/Berlin). You are warned when the newest backup "
        "is older than 26 h. Every Switchback follows within 30 s."
    )
    assert await held(office) == Timing(("02:30", "14:30", "Sun 08:30"), 26.0)
    assert (await said(office))[A].since == office.stage.clock.now
    seen = await office.says("schedule pool-a", EMIL)
    assert "02:30, 14:30, Sun 08:30 (Europe/Berlin)" in seen
    assert "changed by <@U0ANNA0001>" in seen and "set in the file: 02:30, 26 h" in seen


async def test_an_interval_becomes_even_times_from_the_first_one(office: Office) -> None:
    await office.says("schedule pool-a 05:10 13:00")
    office.stage.clock.now += 60
    await office.says("schedule pool-a every 6h")
    assert (await held(office)).at == ("05:10", "11:10", "17:10", "23:10")


async def test_an_objective_is_changed_by_itself_and_misses_no_slot(office: Office) -> None:
    office.stage.clock.now += 60
    text = await office.says("schedule pool-a objective 12h")
    assert (
        "You are warned when the newest backup is older than 12 h. Backups are up to 24 h apart by these times" in text
    )
    assert await held(office) == Timing(("02:30",), 12.0)
    assert "⚠️ Backups are up to 24 h apart" in await office.says("schedule pool-a")
    assert (await said(office))[A].since == 0.0


async def test_times_that_keep_the_objective_are_not_called_late(office: Office) -> None:
    await office.says("schedule pool-a objective 12h")
    assert "apart" not in await office.says("schedule pool-a every 12h")


async def test_default_goes_back_to_the_configuration_and_catches_nothing_up(office: Office) -> None:
    for text in ("schedule pool-a 14:30", "schedule pool-a objective 3h", "schedule pool-a default"):
        office.stage.clock.now += 60
        await office.says(text)
    assert await held(office) == office.desk.timings[A]
    assert (await said(office))[A].since == office.stage.clock.now
    seen = await office.says("schedule pool-a")
    assert "changed by <@U0ANNA0001>" in seen and "back to what is set in the file" in seen


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("schedule pool-a 2:30", "“2:30” is not a time such as 02:30 or Sun 02:30. Usage:"),
        ("schedule pool-a 02:30 02:31", "That has 02:30 and 02:31 closer together than 10 minutes;"),
        ("schedule pool-a every 10m", "That has more than 96 times on one day;"),
        ("schedule pool-a every 5h", "A day does not divide evenly so: give hours such as 12h"),
        ("schedule pool-a every", "“every” takes one length of time, such as “every 6h”."),
        ("schedule pool-a every 6 hours", "“every” takes one length of time, such as “every 6h”."),
        ("schedule pool-a objective soon", "“soon” is not a length of time such as 6h, 90m or 2d."),
        ("schedule pool-a objective 30m", "An objective is from 1h to 366d."),
        ("schedule pool-a objective 400d", "An objective is from 1h to 366d."),
        ("schedule pool-a default 02:30", "Nothing stands behind “default”."),
        ("schedule pool-x 02:30", "There is no pool “pool-x”."),
        (f"schedule pool-a {'02:30 ' * 130}", "Leave out “02:30 "),
    ],
)
async def test_bad_input_gets_one_sentence_and_changes_nothing(office: Office, text: str, sentence: str) -> None:
    answer = await office.refuses(text)
    assert answer.startswith(sentence) and "for example `/rgs schedule pool-a 02:30 Sun 14:30`" in answer
    assert await said(office) == {} and await office.desk.runs.outbox(float("inf")) == ()


async def test_what_holds_already_is_neither_logged_nor_told(office: Office) -> None:
    assert "nothing was changed" in await office.says("schedule pool-a default")
    office.stage.clock.now += 60
    await office.says("schedule pool-a 02:30 14:30")
    office.stage.clock.now += 60
    assert "nothing was changed" in await office.says("schedule pool-a 14:30 02:30")
    assert len(await office.desk.runs.audit()) == 1


async def test_whoever_lacks_the_role_looks_and_changes_nothing(office: Office) -> None:
    await office.says("schedule pool-a", EMIL)
    with pytest.raises(NotAllowed):
        await office.type("schedule pool-a 14:30", EMIL)
    assert await said(office) == {}
    assert [(entry.what, entry.step) for entry in await office.desk.runs.audit()] == [("refused", "schedule")]


async def test_a_change_is_logged_and_told_once_in_the_notification_channel(office: Office) -> None:
    office.stage.clock.now += 60
    await office.says("schedule pool-a 14:30", CLARA)
    sentence = (
        "Clara Nowak changed the schedule: pool-a is exported at 14:30 (Europe/Berlin). You are warned when the newest "
        "backup is older than 26 h."
    )
    (entry,) = await office.desk.runs.audit()
    assert (entry.what, entry.step, entry.sentence) == ("changed", "schedule", sentence)

    drawer = Drawer(office.desk)
    for _ in range(3):
        office.stage.clock.now += 60
        await drawer.drain(office.stage.clock.now)

    (told,) = office.slack.messages(BACKUPS)
    assert told.text.startswith(sentence) and "Before: pool-a is exported at 02:30" in told.text
    assert await office.desk.runs.outbox(float("inf")) == ()


async def test_without_a_notification_channel_a_change_is_told_where_incidents_are(office: Office) -> None:
    office.stage.clock.now += 60
    await office.says("schedule pool-a 14:30")
    await Drawer(replace(office.desk, notifications="")).drain(office.stage.clock.now)
    assert len(office.slack.messages(INCIDENT)) == 1


async def test_of_two_people_at_the_same_moment_one_is_told_to_look_again(office: Office) -> None:
    schedules, entry, tell = office.desk.schedules, Entry(1.0, Who("x", "X"), "changed", "s", "s"), Tell("n", "s")
    first, second = (Override(A, Who("x", "X"), at, (f"0{number}:30",)) for number, at in ((1, 1.5), (2, 2.5)))
    outcomes = await asyncio.gather(
        *(schedules.change(new, None, entry, tell) for new in (first, second)), return_exceptions=True
    )
    assert sorted(type(one) for one in outcomes if one) == [Stale]
    assert len(await said(office)) == 1 and len(await office.desk.runs.audit()) == 1
    assert len(await office.desk.runs.outbox(float("inf"))) == 1


async def test_every_process_follows_a_change_and_catches_up_nothing_that_was_before_it(office: Office) -> None:
    started: list[str] = []
    clock = office.stage.clock

    async def read() -> list[Any]:
        overrides = await Schedules(office.stage.redis).overrides()
        pools, timings = office.desk.estate.pools, office.desk.timings
        return [schedule_of(pools[fqdn], timings[fqdn], overrides.get(fqdn)) for fqdn in (A,)]

    async def start(slot: Any) -> None:
        started.append(slot.local)

    timetable = Timetable(read, start, lambda: datetime.fromtimestamp(clock.now, UTC))
    await timetable.wake()
    started.clear()
    await office.says("schedule pool-a 10:00 14:30")
    await timetable.wake()
    assert started == []
    clock.now += 86_400
    await timetable.wake()
    assert len(started) == 1 and started[0].endswith(("T10:00", "T14:30"))


def kept(number: int, now: float, changed: int | None) -> Backup:
    before = f"b{number - 1}" if number else ""
    taken = now - (9 + 24 * (3 - number)) * 3600
    return Backup(f"b{number}", A, A, taken, "0" * 64, 1, {}, "c", "run", changed=changed, before=before)


class Shelf(Backups):
    """Backups that changed a lot from one to the next."""

    now = 0.0

    async def dated(self, pool: str, now: float, count: int) -> tuple[Backup, ...]:
        busy = tuple(kept(number, self.now, 20 if number else None) for number in (3, 2, 1, 0))
        return busy if pool == A else ()


async def test_a_tighter_schedule_is_proposed_and_one_button_accepts_it(office: Office) -> None:
    shelf = Shelf(office.stage.redis)
    shelf.now = office.stage.clock.now
    office.desk = replace(office.desk, backups=shelf)
    reply = await office.type("schedule pool-a", EMIL)
    (button,) = buttons(reply.message)
    assert "Not yet in a backup of pool-a: about 8 edits of the last 9 h" in reply.message["text"]
    assert button["text"]["text"] == "Back up every 6 hours" and button["action_id"].startswith(actions.DO)
    assert button["value"] == f"schedule {A} 02:30 08:30 14:30 20:30"

    assert button in buttons((await office.type("backups pool-a", EMIL)).message)

    with pytest.raises(NotAllowed):
        await commands.run(office.desk, await office.desk.people.person(EMIL), INCIDENT, button["value"])
    office.stage.clock.now += 60
    await commands.run(office.desk, await office.desk.people.person(ANNA), INCIDENT, button["value"])

    assert (await held(office)).at == ("02:30", "08:30", "14:30", "20:30")
    assert buttons((await office.type("schedule pool-a")).message) == []
    assert len(await loss_lines(office.desk, office.desk.estate.pools[A])) == 1


async def test_pools_tell_what_the_death_of_each_would_cost(office: Office) -> None:
    text = await office.says("pools")
    for fqdn in (A, B, C):
        assert f"There is no sound backup of {office.desk.estate.pools[fqdn].short}: if it died now" in text


async def test_damaged_backups_and_outages_change_what_would_be_lost(office: Office) -> None:
    shelf = Shelf(office.stage.redis)
    shelf.now = now = office.stage.clock.now
    office.desk = replace(office.desk, backups=shelf)
    await office.stage.redis.hset(keys.keeping("b3"), "damage", "A piece is missing.")
    pool = office.desk.estate.pools[A]
    assert (await loss_lines(office.desk, pool))[0].startswith(
        "Not yet in a backup of pool-a: about 28 edits of the last 33 h"
    )
    await office.stage.redis.hset(keys.keeping("b2"), "shrunk", "It holds 2 objects; 100 before.")
    assert " of the last 33 h" not in (await loss_lines(office.desk, pool))[0]
    await office.stage.redis.delete(keys.keeping("b2"))

    record = PoolRecord(A, PoolState.OUTAGE, since=now - 30 * 3600)
    await office.stage.redis.hset(keys.pool(A), "record", msgspec.json.encode(record))
    assert await loss_lines(office.desk, pool) == (
        "pool-a is down: about 2 edits of the 3 h before that would come back only with it.",
    )
