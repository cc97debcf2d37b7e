"""Events of the stand-in: who hears of them, how often they are sent again, and how they are signed."""

import asyncio
from dataclasses import replace

from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.sandbox import SIGNING_SECRET, Kind
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BORIS, CLARA, EMIL, INCIDENT, MANIFEST, alone, joined


class Listener:
    """A bot that answers with the statuses it is told to, then with 200."""

    def __init__(self, *statuses: int, no_retry: bool = False) -> None:
        self.requests: list[tuple[dict[str, str], str]] = []
        self.enough = asyncio.Event()
        self._statuses = list(statuses)
        self._headers = {"X-Slack-No-Retry": "1"} if no_retry else {}

    async def receive(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.text()))
        status = self._statuses.pop(0) if self._statuses else 200
        if status == 200:
            self.enough.set()
        return web.Response(status=status, headers=self._headers)

    async def __aenter__(self) -> str:
        app = web.Application()
        app.router.add_post("/", self.receive)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def test_an_event_that_is_not_acknowledged_comes_again_with_its_number_and_reason():
    listener = Listener(500, 500, 503)
    async with listener as url, alone(deliver=url, retry_after=(0, 0.01, 0.01)) as (sandbox, _):
        await sandbox.open_home(ANNA)
        await asyncio.wait_for(listener.enough.wait(), PATIENCE_S)
        headers = [row for row, _ in listener.requests]
        assert [row.get("X-Slack-Retry-Num") for row in headers] == [None, "1", "2", "3"]
        assert {row["X-Slack-Retry-Reason"] for row in headers[1:]} == {"http_error"}
        assert len({body for _, body in listener.requests}) == 1


async def test_there_is_no_fourth_retry():
    listener = Listener(*[500] * 9)
    async with listener as url, alone(deliver=url, retry_after=(0, 0, 0)) as (sandbox, _):
        await sandbox.open_home(ANNA)
        await asyncio.gather(*sandbox.delivery._retries)
        assert len(listener.requests) == 4


async def test_an_app_can_ask_not_to_be_sent_an_event_again():
    listener = Listener(500, no_retry=True)
    async with listener as url, alone(deliver=url, retry_after=(0, 0, 0)) as (sandbox, _):
        await sandbox.open_home(ANNA)
        assert not sandbox.delivery._retries
        assert len(listener.requests) == 1


async def test_every_delivery_is_signed_over_its_exact_bytes():
    listener = Listener()
    async with listener as url, alone(deliver=url) as (sandbox, _):
        await sandbox.command(ANNA, INCIDENT, "/rgs help")
        await sandbox.open_home(ANNA)
        verifier = SignatureVerifier(SIGNING_SECRET)
        for headers, body in listener.requests:
            assert verifier.is_valid_request(body, headers)
            assert not verifier.is_valid_request(body + " ", headers)
        assert len(listener.requests) == 2


async def test_a_socket_that_closes_before_the_ack_gets_the_event_again_elsewhere():
    heard = []

    def setup(app):
        @app.event("app_home_opened")
        async def opened(request):
            heard.append(request.headers.get("x-slack-retry-num"))

    async with joined("socket", setup, retry_after=(0.05, 0, 0)) as room:
        await room.sandbox.sockets.close()
        await room.sandbox.open_home(ANNA)
        await room.sandbox.sockets.until_connected()
        await asyncio.wait_for(asyncio.gather(*room.sandbox.delivery._retries), PATIENCE_S)
        assert room.sandbox.sockets.connections == 1


async def test_a_socket_client_comes_back_when_it_is_asked_to_refresh():
    heard = []

    def setup(app):
        @app.command("/rgs")
        async def rgs(ack, command):
            await ack("Here")
            heard.append(command["text"])

    async with joined("socket", setup) as room:
        await room.sandbox.sockets.disconnect("refresh_requested")
        await room.sandbox.sockets.until_connected()
        assert (await room.sandbox.command(ANNA, INCIDENT, "/rgs help")).ok
        assert heard == ["help"]


async def test_after_a_warning_a_connection_goes_on_and_its_envelopes_are_acknowledged_by_id():
    async with alone() as (sandbox, client):
        opened = await client.apps_connections_open(app_token="xapp-sandbox")
        async with client.session.ws_connect(opened["url"]) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            await sandbox.sockets.disconnect("warning")
            assert (await socket.receive_json())["reason"] == "warning"
            typed = asyncio.create_task(sandbox.command(ANNA, INCIDENT, "/rgs help"))
            envelope = await socket.receive_json()
            assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
            await socket.send_json({"envelope_id": "another", "payload": {"text": "Not this"}})
            await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "Help is here"}})
            assert (await typed).ok
        assert [one.text for one in sandbox.ephemerals(ANNA)] == ["Help is here"]


async def test_an_eleventh_connection_is_one_too_many():
    async with alone() as (sandbox, client):
        sockets = []
        for _ in range(11):
            opened = await client.apps_connections_open(app_token="xapp-sandbox")
            sockets.append(await client.session.ws_connect(opened["url"]))
        first = [await socket.receive_json() for socket in sockets]
        assert [frame["type"] for frame in first] == ["hello"] * 10 + ["disconnect"]
        assert first[-1]["reason"] == "too_many_websockets"
        assert sandbox.sockets.connections == 10


async def test_with_socket_mode_off_the_link_is_disabled_at_once():
    manifest = {**MANIFEST, "settings": {**MANIFEST["settings"], "socket_mode_enabled": False}}
    async with alone(manifest=manifest) as (_, client):
        opened = await client.apps_connections_open(app_token="xapp-sandbox")
        async with client.session.ws_connect(opened["url"]) as socket:
            assert (await socket.receive_json())["reason"] == "link_disabled"
        async with client.session.get(opened["url"].replace("ws", "http", 1)) as again:
            assert again.status == 403


async def test_an_app_hears_of_changed_groups_and_people_if_it_asked_to():
    heard = []

    def setup(app):
        @app.event("subteam_members_changed")
        async def members(event):
            heard.append((event["subteam_id"], event["added_users"], event["removed_users"]))

        @app.event("subteam_updated")
        async def updated(event):
            heard.append(event["subteam"]["users"])

        @app.event("user_change")
        async def user(event):
            heard.append((event["user"]["id"], event["user"]["deleted"]))

    async with joined("http", setup) as room:
        await room.sandbox.change_group("S0SERVER01", [ANNA, CLARA])
        await room.sandbox.change_person(replace(room.sandbox.workspace.person(EMIL), kind=Kind.DELETED))
        assert heard == [("S0SERVER01", [CLARA], [BORIS]), [ANNA, CLARA], (EMIL, True)]
        members = await room.client.usergroups_users_list(usergroup="S0SERVER01")
        assert members["users"] == [ANNA, CLARA]


async def test_an_event_the_manifest_does_not_ask_for_is_never_sent():
    listener = Listener()
    async with listener as url, alone(deliver=url) as (sandbox, _):
        await sandbox.say(ANNA, INCIDENT, "Is anybody here?")
        await sandbox.open_home(ANNA)
        assert [("app_home_opened" in body, "Is anybody" in body) for _, body in listener.requests] == [(True, False)]
