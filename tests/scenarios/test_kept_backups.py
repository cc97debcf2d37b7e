"""What people see of kept backups and do with them, through Slack: list, details, difference, zip, pins, chart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.domain.backups.backup import Backup, Stamp
from bot.domain.groups.compare import contents
from bot.domain.groups.groups import Inventory
from bot.domain.groups.groups import Kind as ObjectKind
from bot.exports.export_zip import write_export
from bot.sandbox import Kind, Message, Trouble, View
from handlers.backups import charts
from handlers.backups.views import WHY
from handlers.blocks import actions
from handlers.slack import errands
from handlers.slack.errands import Errands
from tests.sandbox.parts import ANNA, CLARA, EMIL, FINN, GRETA, INCIDENT, PARTNER
from tests.scenarios.front import Front, opened
from tests.scenarios.house import house, words_of
from tests.scenarios.stage import A, B
from tests.worlds import sample

DAY = 86_400.0
SAMPLE = sample()
EVERY_CHANNEL = (INCIDENT, PARTNER, "C0BACKUPS1", "C0GENERAL1")


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front
        await front.desk.errands.close(5.0)


async def keep(front: Front, days_ago: float, inventory: Inventory = SAMPLE.inventory, pool: str = A) -> Backup:
    """Keeps an export of this inventory, taken so long ago."""
    data = write_export(inventory, lambda digest: SAMPLE.blobs[digest], 1e9)
    backup = Backup(
        id=f"backup-{pool}-{days_ago}-1",
        pool=pool,
        source=pool,
        taken_at=front.stage.clock() - days_ago * DAY,
        sha256=sha256(data).hexdigest(),
        size=len(data),
        counts={str(kind): count for kind, count in inventory.counts().items()},
        contents=contents(inventory),
        run=f"backup-{pool}-{days_ago}",
    )
    await front.stage.backups.save(backup, data, {})
    return backup


async def bytes_of(front: Front, backup: Backup) -> bytes:
    return await front.stage.backups.load(backup.id)


def edited() -> Inventory:
    """The same with the first queue's time-out changed and the last one gone."""
    queues = SAMPLE.inventory.of(ObjectKind.QUEUE)
    properties = MappingProxyType({**queues[0].properties, "TimeoutThreshold": 77})
    objects = (one for one in SAMPLE.inventory.objects if one is not queues[-1])
    changed = (replace(one, properties=properties) if one is queues[0] else one for one in objects)
    return replace(SAMPLE.inventory, objects=tuple(changed))


async def listed(front: Front, user: str = ANNA, typed: str = "/rgs backups pool-a") -> Message:
    outcome = await front.slack.command(user, INCIDENT, typed)
    assert outcome.ok
    return front.slack.ephemerals(user)[-1]


async def details(front: Front, backup: Backup, user: str = ANNA) -> View:
    """The details of this backup, opened from the list."""
    message = await listed(front, user)
    blocks = [block for block in message.blocks if block.get("accessory", {}).get("value") == backup.id]
    await front.slack.click(user, message, actions.BACKUP_DETAILS, block_id=blocks[0]["block_id"])
    view = front.slack.modal(user)
    assert view
    return view


async def comparison(front: Front, user: str = ANNA) -> str:
    await front.desk.errands.settled()
    view = front.slack.modal(user)
    assert view
    return words(view)


def words(view: View) -> str:
    return json.dumps(view.body, ensure_ascii=False)


def held(front: Front, count: int) -> asyncio.Event:
    """So many errands are under way until this is set."""
    hold = asyncio.Event()
    for _ in range(count):
        front.desk.errands.send("hold", hold.wait, lambda sentence: asyncio.sleep(0))
    return hold


def sent(front: Front, user: str) -> list[Message]:
    """Messages with files in this person's conversation with the bot."""
    return [one for one in front.slack.messages(front.slack.workspace.direct(user).id) if one.files]


def direct(front: Front, user: str) -> list[str]:
    return [one.text for one in front.slack.messages(front.slack.workspace.direct(user).id)]


async def test_the_list_tells_what_is_known_of_every_backup_and_opens_its_details(front: Front) -> None:
    old, new = await keep(front, 2), await keep(front, 1)
    keepings = front.desk.keepings
    await keepings.set_basis(B, "today", 1.0)
    await keepings.stamp(new.id, Stamp(front.stage.clock() - 7200, True, B, "today", ("It comes home whole.",)))
    await keepings.mirrored(new.id, front.stage.clock() - 60)
    await keepings.stamp(old.id, Stamp(front.stage.clock() - 7200, True, B, "yesterday"))
    await keepings.damage(old.id, "Piece 3 of 9 is missing.")

    said = words_of(await listed(front, EMIL))

    assert "restorable, rehearsed 2 h ago" in said and "off-site copy" in said and "not yet off-site" in said
    assert "Damaged: Piece 3 of 9 is missing." in said and "· first" in said
    view = await details(front, new, EMIL)
    assert "It comes home whole." in words(view) and new.sha256 in words(view)
    assert "It stays: " in words(view), "retention says why"


async def test_a_page_costs_the_same_number_of_trips_whatever_number_is_kept(front: Front) -> None:
    async def cost() -> tuple[int, int]:
        """Commands, and bytes that were answered; greetings of new connections are none of the page's."""
        before = await front.stage.redis.info("all")
        assert "Show older" in words_of(await listed(front))
        after = await front.stage.redis.info("all")
        answered = after["total_net_output_bytes"] - before["total_net_output_bytes"]
        return asked(after) - asked(before), answered

    def asked(told: Mapping[str, Any]) -> int:
        names = {name for name in told if name.startswith("cmdstat_")} - {"cmdstat_hello", "cmdstat_client|setinfo"}
        return sum(told[name]["calls"] for name in names)

    for number in range(80):
        await keep(front, 1 + number / 10)
    await cost()
    few = await cost()
    older = {f"older-{number}": number for number in range(9_920)}
    await front.stage.redis.zadd(f"backups:{A}", older)
    assert await front.stage.redis.zcard(f"backups:{A}") == 10_000
    many = await cost()
    assert many[0] == few[0] and abs(many[1] - few[1]) < 2000


async def test_two_backups_are_compared_in_words_behind_a_form_that_is_there_at_once(front: Front) -> None:
    old, new = await keep(front, 2), await keep(front, 1, edited())
    view = await details(front, new)

    outcome = await front.slack.click(ANNA, view, actions.BACKUP_COMPARE, old.id)

    assert outcome.ok
    said = await comparison(front)
    queue, gone = SAMPLE.inventory.of(ObjectKind.QUEUE)[0], SAMPLE.inventory.of(ObjectKind.QUEUE)[-1]
    assert f"Queue “{queue.name}”: TimeoutThreshold was" in said and "is 77." in said
    assert f"Queue “{gone.name}” is missing." in said
    assert "Comparing" not in said


@pytest.mark.parametrize(("user", "holds"), [(ANNA, True), (CLARA, True), (EMIL, False)])
async def test_addresses_of_people_are_in_a_difference_for_holders_of_a_role_only(
    front: Front, user: str, holds: bool
) -> None:
    group, *_ = SAMPLE.inventory.of(ObjectKind.AGENT_GROUP)
    joined = replace(group, properties=MappingProxyType({**group.properties, "AgentsByUri": ("sip:nina@contoso.com",)}))
    objects = tuple(joined if one is group else one for one in SAMPLE.inventory.objects)
    old, new = await keep(front, 2), await keep(front, 1, replace(SAMPLE.inventory, objects=objects))

    await front.slack.click(user, await details(front, new, user), actions.BACKUP_COMPARE, old.id)

    said = await comparison(front, user)
    assert f"Agent group “{group.name}”: agents" in said
    assert ("nina@contoso.com" in said) is holds and ("(address)" in said) is not holds


async def test_the_older_one_is_the_one_that_it_was_whichever_was_picked(front: Front) -> None:
    old, new = await keep(front, 2), await keep(front, 1, edited())

    await front.slack.click(ANNA, await details(front, old), actions.BACKUP_COMPARE, new.id)

    assert "is 77." in await comparison(front)


async def test_a_comparison_that_fails_says_why_in_its_form(front: Front) -> None:
    old, new = await keep(front, 2), await keep(front, 1, edited())
    view = await details(front, new)
    pieces = [key async for key in front.stage.redis.scan_iter("piece:*")]
    await front.stage.redis.delete(*pieces)

    await front.slack.click(ANNA, view, actions.BACKUP_COMPARE, old.id)

    said = await comparison(front)
    assert "is damaged" in said and "Comparing" not in said


async def test_a_comparison_that_the_bot_is_stopped_in_says_so(front: Front) -> None:
    older, newer = await keep(front, 2), await keep(front, 1)
    view = await details(front, newer)
    held(front, errands.AT_ONCE)
    await front.slack.click(ANNA, view, actions.BACKUP_COMPARE, older.id)
    assert "Comparing" in words(front.slack.modal(ANNA))

    await front.desk.errands.close(0.01)

    assert "Switchback was stopped before this was done." in await comparison(front)


async def test_too_much_at_once_is_refused_before_anything_is_opened(front: Front) -> None:
    older, newer = await keep(front, 2), await keep(front, 1)
    view = await details(front, newer)
    hold = held(front, errands.MOST)

    await front.slack.click(ANNA, view, actions.BACKUP_COMPARE, older.id)

    assert "hands full" in words(front.slack.modal(ANNA))
    hold.set()


async def test_the_zip_goes_to_whoever_asked_and_nowhere_else_byte_for_byte(front: Front) -> None:
    backup = await keep(front, 1)

    await front.slack.click(ANNA, await details(front, backup), actions.BACKUP_SEND)
    await front.desk.errands.settled()

    (message,) = sent(front, ANNA)
    file = front.slack.workspace.file(message.files[0])
    assert front.slack.download(ANNA, file.id) == await bytes_of(front, backup)
    assert file.name == f"pool-a-2026-11-17-{backup.sha256[:8]}.zip"
    assert backup.sha256 in message.text and "byte for byte" in message.text
    assert not [one for channel in EVERY_CHANNEL for one in front.slack.messages(channel) if one.files]
    (entry,) = await front.desk.runs.audit(backup.run)
    assert (entry.what, entry.who.name) == ("sent", "Anna Berg") and backup.id in entry.sentence
    assert "on its way to you" in words(front.slack.modal(ANNA))


async def test_whoever_lacks_the_role_gets_no_zip_and_pins_nothing(front: Front) -> None:
    backup = await keep(front, 1)
    view = await details(front, backup, EMIL)

    for action in (actions.BACKUP_SEND, actions.BACKUP_PIN):
        await front.slack.click(EMIL, view, action)
        assert "This needs RTCUniversalServerAdmins or CsResponseGroupAdministrator" in words(front.slack.modal(EMIL))
    await front.desk.errands.settled()

    assert not sent(front, EMIL) and not sent(front, ANNA)
    assert [(entry.what, entry.step) for entry in await front.desk.runs.audit()] == [("refused", "backups")] * 2
    assert not (await front.desk.keepings.read([backup.id]))[0].pins


async def test_what_was_opened_in_time_is_worth_nothing_once_the_role_or_the_account_is_gone(front: Front) -> None:
    older, newer = await keep(front, 2), await keep(front, 1)
    await front.desk.keepings.pin(newer.id, f"T0SWITCH01:{ANNA}", "before the migration")
    await front.slack.click(CLARA, await details(front, older, CLARA), actions.BACKUP_PIN)
    form = front.slack.modal(CLARA)
    assert form

    await front.slack.change_group("S0RGADMIN1", [])
    await front.slack.submit(CLARA, form.id, {actions.field_block(WHY.key): "because"})
    assert "which you do not hold" in words(front.slack.modal(CLARA))
    view = await details(front, newer, CLARA)
    await front.slack.click(CLARA, view, actions.BACKUP_FREE)
    assert "which you do not hold" in words(front.slack.modal(CLARA))
    view = await details(front, newer, CLARA)
    await front.slack.change_person(replace(front.slack.workspace.person(CLARA), kind=Kind.GUEST))
    await front.slack.click(CLARA, view, actions.BACKUP_COMPARE, older.id)
    assert "Guests cannot do this" in words(front.slack.modal(CLARA))

    kept = await front.desk.keepings.read([older.id, newer.id])
    assert [list(keeping.pins) for keeping in kept] == [[], [f"T0SWITCH01:{ANNA}"]]


@pytest.mark.parametrize("user", [FINN, GRETA])
@pytest.mark.parametrize("action", ["details", "chart", "send"])
async def test_guests_and_strangers_get_nothing_of_a_backup(front: Front, user: str, action: str) -> None:
    backup = await keep(front, 1)
    channel = PARTNER if user == GRETA else INCIDENT
    value = A if action == "chart" else backup.id
    pressed = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "action_id": f"backup-{action}"}
    blocks = [{"type": "actions", "elements": [{**pressed, "value": value}]}]
    await front.desk.slack.chat_postMessage(channel=channel, text="x", blocks=blocks)

    await front.slack.click(user, front.slack.messages(channel)[-1], f"backup-{action}")
    await front.desk.errands.settled()

    assert "cannot do this" in front.told(user)[-1]
    assert front.slack.modal(user) is None and not sent(front, user)


async def test_a_zip_that_cannot_be_had_is_told_to_whoever_asked(front: Front) -> None:
    backup = await keep(front, 1)
    view = await details(front, backup)
    await front.stage.redis.delete(*[key async for key in front.stage.redis.scan_iter("piece:*")])

    await front.slack.click(ANNA, view, actions.BACKUP_SEND)
    await front.desk.errands.settled()

    assert not sent(front, ANNA)
    (told,) = direct(front, ANNA)
    assert told.startswith("The zip of pool-a's backup of 2026-11-17 11:06 UTC did not get to you.")
    assert "damaged" in told


async def test_a_zip_that_slack_does_not_take_is_told_to_whoever_asked(front: Front) -> None:
    backup = await keep(front, 1)
    view = await details(front, backup)
    hold = held(front, errands.AT_ONCE)
    await front.slack.click(ANNA, view, actions.BACKUP_SEND)
    front.slack.faults.next_calls(1, Trouble.SERVER_ERROR)
    hold.set()
    await front.desk.errands.settled()

    assert "Slack did not take the file" in direct(front, ANNA)[-1]


async def test_a_person_keeps_a_backup_for_ever_with_a_reason_and_lets_it_go_again(front: Front) -> None:
    backup = await keep(front, 1)
    await front.desk.keepings.pin(backup.id, "failover-1", "it was imported")
    view = await details(front, backup, CLARA)
    await front.slack.click(CLARA, view, actions.BACKUP_PIN)
    form = front.slack.modal(CLARA)
    assert form

    field = actions.field_block(WHY.key)
    assert (await front.slack.submit(CLARA, form.id, {field: "   "})).errors
    assert not (await front.slack.submit(CLARA, form.id, {field: "before <!channel> moves"})).errors

    (keeping,) = await front.desk.keepings.read([backup.id])
    assert keeping.pins[f"T0SWITCH01:{CLARA}"] == "before <!channel> moves"
    below = front.slack.modal(CLARA)
    assert "before &lt;!channel&gt; moves" in words(below) and "No longer keep" in words(below)
    assert "kept for ever" in words_of(await listed(front))

    await front.slack.click(CLARA, below, actions.BACKUP_FREE)

    (keeping,) = await front.desk.keepings.read([backup.id])
    assert list(keeping.pins) == ["failover-1"], "what a run pinned stays"
    assert "Keep for ever" in words(front.slack.modal(CLARA))
    kinds = [entry.what for entry in await front.desk.runs.audit(backup.run)]
    assert kinds == ["freed", "kept"]


async def test_the_chart_is_a_picture_for_one_person_with_words_that_say_the_same(front: Front) -> None:
    for days in (1, 2, 5):
        await keep(front, days)

    await front.slack.command(EMIL, INCIDENT, "/rgs backups pool-a chart")
    await front.desk.errands.settled()

    (message,) = sent(front, EMIL)
    file = front.slack.workspace.file(message.files[0])
    assert front.slack.download(EMIL, file.id).startswith(b"\x89PNG")
    assert file.name == "pool-a-backups.png" and file.alt_txt == message.text
    assert "3 backups of pool-a from 13 to 18 Nov" in file.alt_txt and "no backup from 14 to 15 Nov" in file.alt_txt
    assert not [one for channel in EVERY_CHANNEL for one in front.slack.messages(channel) if one.files]


@pytest.mark.parametrize(
    ("kept", "said"), [(False, "pool-a has no backup of the last 30 days."), (True, "1 backup of pool-a on 18 Nov;")]
)
async def test_what_makes_no_picture_is_one_plain_private_answer_and_no_fault(
    front: Front, caplog: pytest.LogCaptureFixture, kept: bool, said: str
) -> None:
    if kept:
        await keep(front, 0)
    await front.slack.command(EMIL, INCIDENT, "/rgs backups pool-a chart")
    await front.desk.errands.settled()

    assert not sent(front, EMIL) and not direct(front, EMIL) and not caplog.records
    (answer,) = front.told(EMIL)
    assert answer.startswith(said)
    assert answer.endswith("There is nothing to draw yet: a picture begins with two days.")


async def test_what_is_found_too_late_to_make_no_picture_is_no_fault_either(
    front: Front, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "_LOOK_S", 0.0)
    await front.slack.command(EMIL, INCIDENT, "/rgs backups pool-a chart")
    await front.desk.errands.settled()

    (late,) = direct(front, EMIL)
    assert late.startswith("pool-a has no backup of the last 30 days.") and not caplog.records


async def test_a_word_behind_the_pool_that_is_none_gets_the_usage(front: Front) -> None:
    said = words_of(await listed(front, EMIL, "/rgs backups pool-a graph"))

    assert "Usage: `/rgs backups <pool> [chart]`" in said


async def test_nobody_is_held_up_by_somebody_who_cannot_be_told() -> None:
    async def fails() -> None:
        raise OSError("no")

    async def deaf(sentence: str) -> None:
        raise OSError("deaf")

    done: list[str] = []

    async def works() -> None:
        done.append("the other one's file")

    work = Errands()
    work.send("one", fails, deaf)
    work.send("another", works, deaf)
    await work.settled()
    await work.close(0.1)
    assert done == ["the other one's file"]


async def test_what_is_under_way_is_finished_before_the_bot_ends(redis: Redis) -> None:
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.2)
        done.append("the file was sent")

    async with house(redis) as inside:
        inside.bot.errands.send("work", work, lambda sentence: asyncio.sleep(0))
        assert not done

    assert done == ["the file was sent"]


async def test_app_home_says_what_protects_each_pool(front: Front) -> None:
    backup = await keep(front, 1)
    await front.desk.keepings.set_basis(B, "today", 1.0)
    await front.desk.keepings.stamp(backup.id, Stamp(front.stage.clock() - 7200, True, B, "today"))
    await front.desk.keepings.shrunk(backup.id, "It holds 3 objects, where the one before held 26.")

    await front.slack.open_home(EMIL)

    home = front.slack.home(EMIL)
    assert home
    said = words(home)
    assert "✅ restorable, rehearsed 2 h ago · not yet off-site" in said and "Shrunk: It holds 3 objects" in said
    assert all(f"There is no sound backup of {pool}: if it died now" in said for pool in ("pool-a", "pool-b"))
    assert "not protected: LIS" in said
