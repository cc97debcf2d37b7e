"""People and companions in Slack: what they see, press, send, attest and get back, and what they are refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.companions.coverage import DAY_S
from bot.domain.companions.kinds import COMPANIONS, CompanionCopy
from bot.domain.errors import BadInput, NeverSent
from bot.domain.runs.run import Run
from bot.sandbox import Message, Outcome, Trouble
from bot.sandbox.pools.file_store import music, tone
from handlers.blocks import actions
from handlers.companions import views as companion_views
from handlers.companions.companions import coverage_line, coverage_lines
from handlers.slack.uploads import SlackUploads
from storage import keys
from tests.sandbox.parts import ANNA, CLARA, EMIL, INCIDENT
from tests.scenarios.front import Front, opened
from tests.scenarios.stage import ANNA as STAGED
from tests.scenarios.stage import FAILOVER, POOLS, A, B

FILES = actions.field_block(companion_views.FILES.key)
WHEN, WHERE = actions.field_block(companion_views.WHEN.key), actions.field_block(companion_views.WHERE.key)
GREETING = tone("welcome")


@pytest.fixture(params=["http", "socket"])
async def front(redis: Redis, request: pytest.FixtureRequest) -> AsyncIterator[Front]:
    async with opened(redis, request.param) as front:
        yield front


async def shown(front: Front, user: str = ANNA, typed: str = "/rgs companions pool-a") -> Message:
    assert (await front.slack.command(user, INCIDENT, typed)).ok
    return front.slack.ephemerals(user)[-1]


def rows(message: Message) -> dict[str, tuple[str, dict[str, dict[str, Any]]]]:
    """What is said of each companion, and its buttons by their words."""
    found, said = {}, ""
    for block in message.blocks:
        if block["type"] == "section":
            said = block["text"]["text"]
            found[said.split("*")[1]] = (said, {})
        elif block["type"] == "actions":
            found[said.split("*")[1]][1].update(
                {one["text"]["text"]: one | {"block": block["block_id"]} for one in block["elements"]}
            )
    return found


async def press(front: Front, title: str, label: str, user: str = ANNA, message: Message | None = None) -> Outcome:
    message = message or await shown(front, user)
    button = rows(message)[title][1][label]
    return await front.slack.click(user, message, button["action_id"], button["value"], block_id=button["block"])


async def upload(
    front: Front, files: dict[str, bytes], title: str = "Response Group audio", user: str = ANNA
) -> Outcome:
    await press(front, title, "Upload…", user)
    view = front.slack.modal(user)
    assert view
    picked = [await front.slack.pick(user, name, data) for name, data in files.items()]
    return await front.slack.submit(user, view.id, {FILES: [file.id for file in picked]})


async def attest(front: Front, day: str, where: str = "tape library", title: str = "Monitoring") -> Outcome:
    await press(front, title, "Record a backup…")
    view = front.slack.modal(ANNA)
    assert view
    return await front.slack.submit(ANNA, view.id, {WHEN: day, WHERE: where})


async def newest(front: Front, kind: str, pool: str = A) -> CompanionCopy | None:
    return (await front.desk.companions.newest([pool], front.desk.now()))[pool][kind]


async def settled(front: Front) -> Run:
    """The newest run, when it has come to rest."""
    (run,) = await front.stage.runs.page(count=1)
    return await front.stage.settle(run.id)


async def told_directly(front: Front) -> list[str]:
    items = await front.stage.runs.outbox(front.stage.clock.now + 1, 99)
    return [item.tell.sentence for item in items if item.tell and item.tell.to.endswith(ANNA)]


def today(front: Front, days: int = 0) -> str:
    return str((datetime.fromtimestamp(front.stage.clock.now, UTC) + timedelta(days=days)).date())


async def test_every_companion_is_told_with_its_state_and_what_is_lost_without_it(front: Front) -> None:
    found = rows(await shown(front))
    assert [title.casefold() for title in found] == [one.title.casefold() for one in COMPANIONS.values()]
    for said, buttons in found.values():
        assert "not protected" in said and "Lost without it: " in said
        assert "How to restore" in buttons
    labels = {title: list(buttons) for title, (_, buttons) in found.items()}
    assert labels["LIS"] == ["Back up now", "How to restore"]
    assert labels["Announcements"] == ["Back up now", "Upload…", "How to restore"]
    assert labels["Response Group audio"] == ["Upload…", "How to restore"]
    assert labels["Archiving"] == ["Record a backup…", "How to restore"]


async def test_whoever_holds_no_role_sees_and_presses_nothing(front: Front) -> None:
    theirs = await shown(front, EMIL)
    assert (
        not any(buttons for _, buttons in rows(theirs).values()) and "Holders of an administrator's role" in theirs.text
    )
    annas = await shown(front, ANNA)
    await front.desk.slack.chat_postMessage(channel=INCIDENT, text="shown around", blocks=list(annas.blocks))
    around = front.slack.messages(INCIDENT)[-1]
    for label in ("Back up now", "Upload…", "How to restore"):
        button = rows(around)["Announcements"][1][label]
        await front.slack.click(EMIL, around, button["action_id"], button["value"], block_id=button["block"])
        assert front.slack.modal(EMIL) is None and "RTCUniversalServerAdmins" in front.told(EMIL)[-1]
    assert not await front.stage.runs.page()


async def test_a_press_takes_a_copy_and_tells_whoever_pressed(front: Front) -> None:
    await press(front, "Call Park music", "Back up now", CLARA)
    run = await settled(front)
    assert run.opened_by.name == "Clara Nowak"
    assert (await newest(front, "call-park-music")).by == "Clara Nowak"
    said, buttons = rows(await shown(front))["Call Park music"]
    assert (
        "🟢" in said
        and "fresh (under a minute)" in said
        and "1 file, 8.2 kB" in said
        and "Send me the files" in buttons
    )


async def test_files_that_people_send_are_fetched_checked_and_kept_after_the_answer(front: Front) -> None:
    outcome = await upload(front, {"Welcome & Grüße.wav": GREETING, "hold.wma": music("hold")})
    assert outcome.ok and "Fetching Response Group audio" in str(front.slack.modal(ANNA).body)
    assert await newest(front, "rgs-audio") is None

    run = await settled(front)

    kept = await newest(front, "rgs-audio")
    assert [file.name for file in kept.files] == ["Welcome & Grüße.wav", "hold.wma"] and kept.by == "Anna Berg"
    assert await front.desk.companions.load(run.id, "Welcome & Grüße.wav") == GREETING
    assert await told_directly(front) == ["Response Group audio of pool-a: 2 files, 12.3 kB, kept."]


@pytest.mark.parametrize("trouble", [Trouble.RATELIMITED, Trouble.SERVER_ERROR, Trouble.DROPPED])
async def test_slack_that_is_away_for_a_while_is_asked_again(redis: Redis, trouble: Trouble) -> None:
    async with opened(redis) as front:
        await upload(front, {"a.wav": GREETING})
        front.slack.faults.next_calls(2, trouble)
        assert "failed" not in (await settled(front)).facts
        assert (await newest(front, "rgs-audio")).files[0].name == "a.wav"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"..\\..\\evil.wav": GREETING}, "cannot be kept under the name"),
        ({"a/../b.wav": GREETING}, "cannot be kept under the name"),
        ({"safe\u202evaw.wav": GREETING}, "cannot be kept under the name"),
        ({"a.wav": GREETING, "A.WAV": GREETING}, "Two of these files"),
    ],
)
async def test_a_stranger_s_file_names_stay_in_the_form(redis: Redis, files: dict[str, bytes], sentence: str) -> None:
    async with opened(redis) as front:
        outcome = await upload(front, files)
        assert sentence in outcome.errors[FILES]
        assert front.slack.modal(ANNA) and not await front.stage.runs.page()


async def test_a_file_that_is_not_what_its_name_says_changes_nothing_and_is_told(front: Front) -> None:
    await upload(front, {"good.wav": GREETING})
    await settled(front)
    before = await newest(front, "rgs-audio")
    front.stage.clock.now += 60

    await upload(front, {"fine.wav": GREETING, "not.wav": b"MZ this is a program"})
    run = await settled(front)

    assert run.fact("failed") == "“not.wav” is no wav file inside, whatever its name says. Nothing was kept."
    assert await newest(front, "rgs-audio") == before
    assert any("“not.wav” is no wav file inside" in said for said in await told_directly(front))
    assert await front.desk.companions.failures() == {}


async def test_a_word_about_a_database_is_kept_with_its_day_and_place(front: Front) -> None:
    assert (await attest(front, today(front, -3), "tape <!channel> library")).ok
    await settled(front)
    kept = await newest(front, "monitoring")
    assert kept.attestation.about == "tape <!channel> library" and kept.by == "Anna Berg"
    assert 3 * DAY_S <= front.stage.clock.now - kept.as_of < 4 * DAY_S
    said, _ = rows(await shown(front))["Monitoring"]
    assert "fresh (3 days)" in said and "tape &lt;!channel&gt; library" in said


@pytest.mark.parametrize(
    ("days", "where", "field", "sentence"),
    [
        (2, "tape", WHEN, "That day is still to come"),
        (-61, "tape", WHEN, "older than 60 days is none to rely on"),
        (-3, "   ", WHERE, "This is empty."),
    ],
)
async def test_a_word_that_nobody_can_rely_on_is_refused_in_the_form(
    redis: Redis, days: int, where: str, field: str, sentence: str
) -> None:
    async with opened(redis) as front:
        outcome = await attest(front, today(front, days), where)
        assert sentence in outcome.errors[field] and not await front.stage.runs.page()
        assert (await attest(front, today(front, -60))).ok


async def test_what_went_stale_becomes_fresh_again(front: Front) -> None:
    await attest(front, today(front))
    await settled(front)
    front.stage.clock.now += 15 * DAY_S
    assert (
        "🟠" in rows(await shown(front))["Monitoring"][0]
        and "stale (15 days)" in rows(await shown(front))["Monitoring"][0]
    )
    assert "stale: Monitoring (15 days)" in await coverage_line(front.desk, POOLS[A])

    await attest(front, today(front))
    await settled(front)

    assert "🟢" in rows(await shown(front))["Monitoring"][0]
    lines = await coverage_lines(front.desk)
    assert set(lines) == set(POOLS) and "fresh: Monitoring (" in lines[A] and "fresh" not in lines[B]


async def test_the_way_back_is_shown_with_the_exact_commands_to_holders_of_the_role(front: Front) -> None:
    await press(front, "Call Park settings", "Back up now")
    await settled(front)
    await press(front, "Call Park settings", "How to restore")
    said = json.dumps(front.slack.modal(ANNA).body, ensure_ascii=False)
    assert 'Set-CsCpsConfiguration -Identity \\"Site:Berlin\\" -CallPickupTimeoutThreshold \\"00:02:00\\"' in said
    assert "Lost without it" in said and "no server backs this up" in said


async def test_kept_files_come_back_as_one_zip_to_whoever_asks_and_to_nobody_else(front: Front) -> None:
    await press(front, "Announcements", "Back up now")
    await settled(front)
    await press(front, "Announcements", "Send me the files")
    await front.desk.errands.settled()
    (message,) = [one for one in front.slack.messages(front.slack.workspace.direct(ANNA).id) if one.files]
    with zipfile.ZipFile(io.BytesIO(front.slack.download(ANNA, message.files[0]))) as archive:
        assert sorted(archive.namelist()) == ["Former Staff.wav", "Number Not In Use.wav"]
        assert archive.read("Former Staff.wav") == tone("RGS\\AS\\Former Staff.wav")
    assert not [one for one in front.slack.messages(INCIDENT) if one.files]


async def test_the_list_of_pools_says_in_a_line_how_their_companions_are_covered(front: Front) -> None:
    await press(front, "LIS", "Back up now")
    await settled(front)
    text = (await shown(front, EMIL, "/rgs pools")).text
    assert text.count("Other data: not protected: Call Park settings, Call Park music, Announcements") == len(POOLS)
    assert text.count("fresh: LIS (under a minute)") == len(POOLS)


async def test_every_pool_is_a_line_when_none_is_named(front: Front) -> None:
    message = await shown(front, EMIL, "/rgs companions")
    assert all(f"*{fqdn}*" in message.text for fqdn in POOLS)
    assert message.text.count("Other data: not protected: LIS, Call Park settings") == len(POOLS)


@pytest.mark.parametrize("value", ["", "pool-x.contoso.com|lis", f"{A}|lys", f"{A}|lis|more", "x" * 3000])
async def test_a_button_of_another_make_changes_nothing(front: Front, value: str) -> None:
    message = await shown(front)
    button = {"type": "button", "text": {"type": "plain_text", "text": "Press"}, "action_id": "companion-take:lis"}
    blocks = [{"type": "actions", "elements": [{**button, "value": value[:2000] or "x"}]}]
    await front.desk.slack.chat_postMessage(channel=INCIDENT, text="Press", blocks=blocks)
    posted = front.slack.messages(INCIDENT)[-1]
    await front.slack.click(
        ANNA, posted, "companion-take:lis", value[:2000] or "x", block_id=posted.blocks[0]["block_id"]
    )
    assert message and not await front.stage.runs.page()
    assert "Nothing was changed" in front.told(ANNA)[-1] or "No other data is called" in front.told(ANNA)[-1]


async def test_the_bot_s_token_goes_to_slack_alone(redis: Redis) -> None:
    async with opened(redis) as front:
        uploads = SlackUploads(front.desk.slack)
        for address in (
            "https://files.slack.com.evil.example/a",
            "http://127.0.0.1:1/a",
            "http://files.slack.com/a",
            "",
        ):
            with pytest.raises(BadInput, match="outside of Slack"):
                await uploads.download(address)
        with pytest.raises(BadInput, match="file_not_found"):
            await uploads.fetch("F0NOWHERE1")
        front.slack.faults.next_calls(1, Trouble.SERVER_ERROR)
        with pytest.raises(NeverSent):
            await uploads.fetch("F0NOWHERE1")


async def test_a_file_that_a_form_did_not_bring_is_not_fetched(redis: Redis) -> None:
    """Whatever id somebody has put into a run, Slack hands over what it lets the bot see, and nothing else."""
    async with opened(redis) as front:
        file = await front.slack.pick(EMIL, "secret.wav", GREETING)
        with pytest.raises(BadInput, match="Nothing was kept"):
            await SlackUploads(front.desk.slack).fetch(file.id)


async def test_without_the_scope_slack_s_page_to_sign_in_on_is_no_recording(redis: Redis) -> None:
    async with opened(redis) as front:
        await upload(front, {"a.wav": GREETING})
        (run,) = await front.stage.runs.page(count=1)
        client = front.desk.slack
        stranger = SlackUploads(AsyncWebClient("xoxb-other", base_url=client.base_url, session=client.session))
        with pytest.raises(BadInput, match="lacks the scope files:read"):
            file = (await client.files_info(file=run.facts["files"][0]["id"]))["file"]
            await stranger.download(file["url_private_download"])


async def commands_shown(front: Front, title: str) -> str:
    await press(front, title, "How to restore")
    return json.dumps(front.slack.modal(ANNA).body, ensure_ascii=False)


async def test_in_an_outage_the_commands_name_the_pool_that_serves_and_where_the_files_have_to_be(front: Front) -> None:
    await press(front, "Call Park music", "Back up now")
    await settled(front)
    said = await commands_shown(front, "Call Park music")
    assert "pool-a is active, so the commands name it." in said and "service:ApplicationServer:pool-a" in said

    failover = await front.stage.settle((await front.stage.engine.start("failover", A, STAGED)).id)
    await front.stage.press(failover, *FAILOVER["declare"][0])
    said = await commands_shown(front, "Call Park music")
    assert "pool-a is in an outage, so the commands name pool-b, which serves its users." in said
    assert "on the Front End Server of pool-b on which you run them." in said
    assert "service:ApplicationServer:pool-b.contoso.com" in said and "ApplicationServer:pool-a" not in said


async def test_where_a_pool_stands_may_be_unknown_and_the_commands_say_so(front: Front) -> None:
    await front.stage.redis.set(keys.pool(A), b"\xff\xfe{")
    said = await commands_shown(front, "Announcements")
    assert "Where pool-a stands is not known, so the commands name no pool." in said
    assert "&lt;FQDN of the pool that serves&gt;" in said and "ApplicationServer:pool-" not in said


async def test_a_copy_that_another_pool_gave_says_from_which(front: Front) -> None:
    await front.stage.take_down(A)
    await press(front, "LIS", "Back up now")
    await settled(front)
    assert "by Anna Berg, from pool-b" in rows(await shown(front))["LIS"][0]
    said = await commands_shown(front, "LIS")
    assert "lis.zip" in said and "Global: " not in said, "what was read beside it is no setting"
