"""What comes in over HTTP: only what Slack signed just now, once, of our workspace; the rest changes nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from aiohttp import ClientSession, web
from redis.asyncio import Redis
from slack_bolt.async_app import AsyncBoltRequest

from bot.clock.pulse import READY_S
from bot.domain.runs.run import Phase, Run
from bot.sandbox.faults import ANY
from handlers.slack import ingress
from handlers.slack.connections import reachable
from handlers.slack.ingress import MOST_BYTES, Probes
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, EMIL, GRETA
from tests.scenarios.front import TEAM, Front, click, form, opened, signature
from tests.scenarios.house import free_port
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import A

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HELP = {"command": "/rgs", "text": "help", "team_id": TEAM, "user_id": EMIL, "channel_id": "C0INCIDENT"}


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


async def asking(front: Front) -> Run:
    """A failover that asks for its outage to be confirmed by anybody who may."""
    run = await front.desk.engine.start("failover", A, OPENER)
    return await front.stage.settle(run.id)


async def test_what_slack_signed_is_answered(front: Front) -> None:
    body, headers = form(HELP)

    status, text = await front.signed(body, headers)

    assert status == 200 and "/rgs failover" in json.loads(text)["text"]


BODY = form(HELP)[0]
REFUSED: dict[str, Callable[[int], tuple[bytes, dict[str, str]]]] = {
    "unsigned": lambda now: (BODY, {}),
    "signed by guess": lambda now: (BODY, {**signature(BODY, now), "X-Slack-Signature": "v0=" + "0" * 64}),
    "stamped only": lambda now: (BODY, {"X-Slack-Request-Timestamp": str(now)}),
    "signed with another secret": lambda now: (BODY, signature(BODY, now, secret="another")),
    "signed without a secret": lambda now: (BODY, signature(BODY, now, secret="")),
    "tampered body": lambda now: (BODY + b"&text=failover+pool-a", signature(BODY, now)),
    "tampered stamp": lambda now: (BODY, {**signature(BODY, now), "X-Slack-Request-Timestamp": str(now - 1)}),
    "stale": lambda now: (BODY, signature(BODY, now - 301)),
    "of the future": lambda now: (BODY, signature(BODY, now + 301)),
    "stamped with a fraction": lambda now: (BODY, signature(BODY, f"{now}.0")),
    "stamped with a word": lambda now: (BODY, signature(BODY, "now")),
    "stamped beyond measure": lambda now: (BODY, signature(BODY, "9" * 400)),
    "signed beyond ASCII": lambda now: (BODY, {**signature(BODY, now), "X-Slack-Signature": "v0=ü"}),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_slack_did_not_sign_just_now_is_refused_and_nothing_changes(front: Front, what: str) -> None:
    before = await front.everything()
    sent, headers = REFUSED[what](int(front.stage.clock()))

    assert await front.post(sent, FORM | headers) == (401, "")
    assert await front.everything() == before and not front.told(EMIL)


@pytest.mark.parametrize("age", [-300, 300])
async def test_a_clock_that_is_five_minutes_off_is_forgiven(front: Front, age: int) -> None:
    assert (await front.signed(BODY, FORM, age))[0] == 200


async def test_a_click_of_another_workspace_is_refused_and_nothing_changes(front: Front) -> None:
    run = await asking(front)
    before = await front.everything()
    body = click(run, "declare", ANNA, team="T0OTHER001")

    assert await front.signed(body, FORM) == (401, "")
    assert await front.everything() == before


async def test_a_command_of_another_workspace_is_refused(front: Front) -> None:
    body, headers = form({**HELP, "team_id": "T0OTHER001"})

    assert await front.signed(body, headers) == (401, "")


async def test_somebody_of_another_organisation_is_refused_although_the_click_is_of_our_workspace(
    front: Front,
) -> None:
    run = await asking(front)
    body = click(run, "abandon", GRETA, user_team="T0PARTNER1")

    status, _ = await front.signed(body, FORM)

    assert status == 200 and await front.desk.runs.load(run.id) == run
    entry = (await front.desk.runs.audit(run.id))[0]
    assert (entry.what, entry.who.id) == ("refused", f"T0PARTNER1:{GRETA}")


async def test_the_workspace_that_a_click_names_for_its_person_counts_even_against_what_slack_knows(
    front: Front,
) -> None:
    run = await asking(front)

    await front.signed(click(run, "abandon", ANNA, user_team="T0PARTNER1"), FORM)

    assert await front.desk.runs.load(run.id) == run
    assert (await front.desk.runs.audit(run.id))[0].what == "refused"


async def test_the_same_bytes_again_are_met_with_silence_and_nothing_changes(front: Front) -> None:
    body, headers = form({**HELP, "text": "backup pool-a", "user_id": ANNA})
    headers |= signature(body, int(front.stage.clock()))
    status, text = await front.post(body, headers)
    assert status == 200 and "Starting" in json.loads(text)["text"]
    before = await front.everything()

    for _ in range(3):
        assert await front.post(body, headers) == (200, "")

    assert await front.everything() == before
    assert len(await front.desk.runs.page()) == 1


async def test_the_same_envelope_again_is_met_with_silence_over_socket_mode_as_well(front: Front) -> None:
    body = {**HELP, "text": "backup pool-a", "user_id": ANNA, "trigger_id": "1.2.abc"}
    asked = [AsyncBoltRequest(mode="socket_mode", body=body) for _ in range(2)]

    first, second = [await front.app.async_dispatch(one) for one in asked]

    assert (first.status, second.status, second.body) == (200, 200, "") and "Starting" in first.body
    assert len(await front.desk.runs.page()) == 1


async def test_fifty_copies_at_once_start_one_run(front: Front) -> None:
    body, headers = form({**HELP, "text": "backup pool-a", "user_id": ANNA})
    headers |= signature(body, int(front.stage.clock()))

    answers = await asyncio.gather(*(front.post(body, headers) for _ in range(50)))

    assert sorted(bool(text) for _, text in answers) == [False] * 49 + [True]
    assert len(await front.desk.runs.page()) == 1


async def test_fifty_copies_of_a_click_at_once_have_one_effect_and_nobody_is_told(front: Front) -> None:
    run = await asking(front)
    for choice in ("declare", "disaster", "approve"):
        run = await front.stage.press(run, choice, OPENER)
    assert run.phase is Phase.STOPPED
    body = click(run, "retry", ANNA)
    headers = FORM | signature(body, int(front.stage.clock()))

    answers = await asyncio.gather(*(front.post(body, headers) for _ in range(50)))

    assert answers == [(200, "")] * 50 and not front.told(ANNA)
    assert (await front.desk.runs.load(run.id)).version == run.version + 1


@pytest.mark.parametrize(("choice", "user"), [("declare", EMIL), ("nothing", ANNA), ("declare", ANNA)])
async def test_what_a_click_came_to_is_said_once(front: Front, choice: str, user: str) -> None:
    """A refusal, what cannot be used, and a form that opens."""
    run = await asking(front)
    body = click(replace(run, step="nothing") if choice == "nothing" else run, choice, user)
    headers = FORM | signature(body, int(front.stage.clock()))
    await front.post(body, headers)
    said = front.told(user), front.slack.modal(user), await front.desk.runs.audit(run.id)
    before = await front.everything()

    assert await front.post(body, headers) == (200, "")

    assert (front.told(user), front.slack.modal(user), await front.desk.runs.audit(run.id)) == said
    assert await front.everything() == before


async def test_an_event_that_slack_sends_again_does_no_harm(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    event = {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1"}
    event |= {"event": {"type": "user_change", "user": {"id": EMIL}}}
    body = json.dumps(event).encode()
    before = await front.everything()

    for age, retry in ((1, {}), (0, {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"})):
        assert await front.signed(body, {"Content-Type": "application/json"} | retry, age) == (200, "")

    assert await front.everything() == before and not caplog.records


async def test_an_event_of_another_workspace_is_refused(front: Front) -> None:
    event = {"type": "event_callback", "team_id": "T0OTHER001", "event_id": "Ev1"}
    body = json.dumps(event | {"event": {"type": "user_change", "user": {"id": EMIL}}}).encode()

    assert await front.signed(body, {"Content-Type": "application/json"}) == (401, "")


async def test_slack_may_verify_the_address_and_the_certificate(front: Front) -> None:
    asked = json.dumps({"type": "url_verification", "token": "x", "challenge": "3eZbrw1aB"}).encode()
    body, headers = form({"ssl_check": "1", "token": "x"})

    status, text = await front.signed(asked, {"Content-Type": "application/json"})
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw1aB"})
    assert await front.signed(body, headers) == (200, "")
    assert (await front.get("/slack/events?ssl_check=1"))[0] == 200
    assert (await front.get("/slack/events"))[0] == 405


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[1]", "application/json"),
        (b"{", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"payload=%5B1%5D", "application/x-www-form-urlencoded"),
        (b"payload=", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
    ],
)
async def test_what_cannot_be_read_is_a_bad_request(front: Front, body: bytes, kind: str) -> None:
    assert await front.signed(body, {"Content-Type": kind}) == (400, "")


async def test_a_body_that_is_too_large_is_refused_before_it_is_read_whole(front: Front) -> None:
    body = b"x" * (MOST_BYTES + 1)

    assert await front.signed(body, FORM) == (413, "")


async def test_a_body_that_never_ends_is_not_waited_for(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingress, "DEADLINE_S", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(front.url.rpartition(":")[2]))
    stamped = signature(BODY, int(front.stage.clock())) | FORM | {"Content-Length": str(len(BODY)), "Host": "x"}
    writer.write(
        "".join(["POST /slack/events HTTP/1.1\r\n", *(f"{k}: {v}\r\n" for k, v in stamped.items()), "\r\n"]).encode()
    )
    writer.write(BODY[:-1])

    assert b"408" in await asyncio.wait_for(reader.readline(), PATIENCE_S)
    writer.close()


async def test_nothing_that_slack_sends_reaches_the_log(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    body, headers = form({**HELP, "text": "help +49 30 5550 1234"})

    await front.post(body, headers)
    await front.signed(body, headers)

    assert "5550" not in caplog.text


async def test_the_bot_says_that_it_lives_and_whether_it_is_ready(front: Front) -> None:
    assert await front.get("/healthz") == (200, {"alive": True, "socket_mode": "off"})
    assert await front.get("/readyz") == (200, {"redis": True, "slack": True, "loops": {}})

    await front.slack.go_away()

    assert await front.get("/readyz") == (503, {"redis": True, "slack": False, "loops": {}})
    assert (await front.get("/healthz"))[0] == 200


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (3600, "1 h ahead of"),
        (-3600, "1 h behind"),
        (86_400, "24 h ahead of"),
        (-86_400, "24 h behind"),
        (400 * 86_400, "400 days ahead of"),
    ],
)
async def test_clocks_that_differ_are_told_once_in_each_spell(
    front: Front, caplog: pytest.LogCaptureFixture, age: int, said: str
) -> None:

    def lines() -> list[str]:
        return [record.getMessage() for record in caplog.records if "clock" in record.getMessage()]

    for _ in range(3):
        assert (await front.signed(BODY, FORM, age))[0] == 401
    assert lines() == [
        f"Slack's requests are refused: this machine's clock is {said} Slack's. Set it, by NTP for example."
    ]
    assert (await front.signed(BODY, FORM))[0] == 200
    assert (await front.signed(BODY, FORM, age))[0] == 401
    assert len(lines()) == 2


async def test_what_slack_did_not_sign_says_nothing_of_clocks(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    stamp = str(int(front.stage.clock()) - 3600)
    wrong = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": "v0=" + 64 * "0"}
    assert (await front.post(BODY, {**FORM, **wrong}))[0] == 401
    assert not [record for record in caplog.records if "clock" in record.getMessage()]


async def test_a_loop_that_has_not_turned_for_a_minute_is_named_and_the_bot_is_not_ready(redis: Redis) -> None:
    ages = {"engine": READY_S, "drawer": 0.5}
    bot, port = web.Application(), free_port()
    bot.router.add_get("/readyz", ingress.ready(Probes(redis.ping, redis.ping, loops=lambda: ages)))
    async with reachable(bot, host="127.0.0.1", port=port), ClientSession(f"http://127.0.0.1:{port}") as session:
        for age, status in ((READY_S, 200), (READY_S + 0.1, 503), (0.0, 200)):
            ages["engine"] = age
            async with session.get("/readyz") as answer:
                assert (answer.status, (await answer.json())["loops"]) == (status, ages)


async def test_probes_that_fail_are_a_line_for_each_reason_however_often_anybody_asks(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = front.slack.faults
    for number in range(6):
        await front.slack.go_away(number % 2 == 0)
        trouble.refused = {} if number % 2 == 0 else {("auth.test", ANY): "fatal_error"}
        assert (await front.get("/readyz"))[0] == 503
    first, second = [record.getMessage() for record in caplog.records if record.name == ingress.log.name]
    assert first.startswith("A probe of Slack failed: ServerDisconnectedError (no connection")
    assert second.startswith("A probe of Slack failed: SlackApiError (fatal_error) at ")
