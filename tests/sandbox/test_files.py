"""Files in the stand-in: sent by the unmodified client, picked in a form, fetched with a token, and every refusal."""

import asyncio
import os

import aiohttp
import pytest

from bot.sandbox import Channel, MemoryJournal, NotPossible, RedisJournal
from bot.sandbox.api_files import LARGEST_FILE
from bot.sandbox.doors import CHUNK
from tests.patience import PATIENCE_S
from tests.sandbox.parts import (
    ANNA,
    BACKUPS,
    BORIS,
    EMIL,
    FINN,
    GENERAL,
    INCIDENT,
    alone,
    field,
    joined,
    modal,
    refused,
    section,
)
from tests.sandbox.test_keeps import redis_on
from tests.sandbox.test_refusals import without

ZIP = b"PK\x03\x04" + os.urandom(300_000)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
BEARER = {"Authorization": "Bearer xoxb-sandbox"}
DIRECT = "D0ANNA0001"


async def offered(client, name="a.zip", data=ZIP, **more):
    """The id of a file whose bytes are there but which is not completed yet."""
    answer = await client.files_getUploadURLExternal(filename=name, length=len(data), **more)
    async with client.session.post(answer["upload_url"], data=data) as response:
        assert (response.status, await response.text()) == (200, f"OK - {len(data)}")
    return answer["file_id"]


async def sent(client, channel=DIRECT, **more):
    await client.conversations_open(users=ANNA)
    args = {"filename": "a.zip", "file": ZIP, **more}
    return (await client.files_upload_v2(channel=channel, **args))["file"]


async def fetched(client, url, headers=BEARER):
    async with client.session.get(url, headers=headers) as response:
        return response.status, response.content_type, await response.read()


async def test_a_zip_goes_to_one_person_as_a_direct_message_byte_for_byte():
    async with alone() as (sandbox, client):
        direct = (await client.conversations_open(users=ANNA))["channel"]["id"]
        said = {"initial_comment": "The export you asked for.", "title": "Export of pool-a"}
        answer = await client.files_upload_v2(channel=direct, filename="Pool A.zip", file=ZIP, **said)
        file = answer["file"]
        # As from Slack: what it is and where it went is found out later.
        assert (file["mimetype"], file["shares"], file["ims"]) == ("", {}, [])
        (message,) = sandbox.messages(direct)
        assert (message.text, message.files) == ("The export you asked for.", (file["id"],))
        told = (await client.files_info(file=file["id"]))["file"]
        assert (told["name"], told["title"], told["size"]) == ("Pool A.zip", "Export of pool-a", len(ZIP))
        assert (told["mimetype"], told["filetype"], told["mode"]) == ("application/zip", "zip", "hosted")
        assert told["ims"] == [direct]
        assert told["shares"] == {"private": {direct: [{"ts": message.ts, "team_id": "T0SWITCH01"}]}}
        assert sandbox.download(ANNA, file["id"]) == ZIP
        assert await fetched(client, told["url_private_download"]) == (200, "application/zip", ZIP)
        assert await fetched(client, told["url_private"]) == (200, "application/zip", ZIP)


async def test_several_files_are_one_message_in_a_thread_and_a_picture_has_its_words():
    async with alone() as (sandbox, client):
        root = await client.chat_postMessage(channel=INCIDENT, text="Card")
        uploads = [
            {"file": PNG, "filename": "size.png", "alt_txt": "Size over time: steady"},
            {"content": "a,b", "filename": "size.csv", "snippet_type": "csv"},
        ]
        await client.files_upload_v2(channel=INCIDENT, thread_ts=root["ts"], file_uploads=uploads)
        _, message = sandbox.messages(INCIDENT)
        picture, table = (sandbox.workspace.file(one) for one in message.files)
        assert (message.text, message.thread_ts) == ("", root["ts"])
        assert (picture.alt_txt, sandbox.download(FINN, table.id)) == ("Size over time: steady", b"a,b")
        shown = (await client.files_info(file=table.id))["file"]
        assert (shown["mode"], shown["filetype"], shown["channels"]) == ("snippet", "csv", [INCIDENT])
        assert shown["is_public"] is True


async def test_the_bytes_may_come_as_a_form_too():
    async with alone() as (sandbox, client):
        answer = await client.files_getUploadURLExternal(filename="a.zip", length=len(ZIP))
        form = aiohttp.FormData()
        form.add_field("filename", ZIP, filename="a.zip")
        async with client.session.post(answer["upload_url"], data=form) as response:
            assert response.status == 200
        await client.files_completeUploadExternal(files=[{"id": answer["file_id"]}], channels=[INCIDENT, ANNA])
        assert sandbox.download(EMIL, answer["file_id"]) == ZIP
        assert [one.files for one in sandbox.messages(DIRECT)] == [(answer["file_id"],)]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"filename": ""}, "invalid_arguments"),
        ({"length": 0}, "missing_argument"),
        ({"length": -1}, "missing_argument"),
        ({"length": LARGEST_FILE + 1}, "file_upload_size_restricted"),
        ({"length": 1024**2 + 1, "snippet_type": "csv"}, "snippet_too_large"),
        ({"alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
async def test_an_upload_that_slack_would_not_take_gets_no_address(args, error):
    async with alone() as (_, client):
        answer = await refused(client.files_getUploadURLExternal(**{"filename": "a.zip", "length": 3, **args}))
        assert answer["error"] == error
        for length in (1, 1024**2 + 1, LARGEST_FILE):
            assert (await client.files_getUploadURLExternal(filename="a.zip", length=length))["upload_url"]


@pytest.mark.parametrize(
    ("length", "data"), [(3, b"four"), (3, b"2"), (3, b""), (CHUNK, bytes(CHUNK + 1)), (2 * CHUNK, bytes(CHUNK))]
)
async def test_other_bytes_than_announced_are_not_taken(length, data):
    async with alone() as (_, client):
        answer = await client.files_getUploadURLExternal(filename="a.zip", length=length)
        async with client.session.post(answer["upload_url"], data=data) as response:
            assert response.status == 400
        missing = await refused(client.files_completeUploadExternal(files=[{"id": answer["file_id"]}]))
        assert missing["error"] == "file_not_found"


async def test_an_address_is_made_up_by_nobody_and_over_once_the_file_is_complete():
    async with alone() as (sandbox, client):
        file_id = await offered(client)
        for url in (f"{sandbox.address}/upload/v1/{file_id}", f"{sandbox.address}/upload/v1/ABC"):
            async with client.session.post(url, data=ZIP) as response:
                assert response.status == 404
        await client.files_completeUploadExternal(files=[{"id": file_id}])
        again = await refused(client.files_completeUploadExternal(files=[{"id": file_id}]))
        assert again["error"] == "file_not_found"


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ({"channel_id": ANNA}, "invalid_arguments"),
        ({"channel_id": "#incident-lync"}, "invalid_arguments"),
        ({"channel_id": "D0NOBODY01"}, "channel_not_found"),
        ({"channel_id": GENERAL}, "not_in_channel"),
        ({"channel_id": "C0OLD00001"}, "is_archived"),
        ({"channel_id": INCIDENT, "thread_ts": "1.2"}, "thread_not_found"),
        ({"channel_id": INCIDENT, "blocks": [{"type": "nothing"}]}, "invalid_blocks"),
        ({"channels": [INCIDENT, "U0NOBODY01"]}, "channel_not_found"),
        ({"channels": [INCIDENT] * 101}, "channels_limit_exceeded"),
        ({"files": []}, "invalid_arguments"),
        ({"files": [{"title": "x"}]}, "invalid_arguments"),
        ({"files": [{"id": "F0NOTHERE01"}]}, "file_not_found"),
    ],
)
async def test_a_file_is_shared_only_where_the_bot_may_and_nothing_happens_otherwise(where, error):
    async with alone() as (sandbox, client):
        sandbox.workspace.put(Channel("C0OLD00001", "old", frozenset({ANNA, "U0BOT00001"}), archived=True))
        file_id = await offered(client)
        args = {"files": [{"id": file_id}], **where}
        if "blocks" in args:
            args["blocks"] = '[{"type": "nothing"}]'
        assert (await refused(client.files_completeUploadExternal(**args)))["error"] == error
        assert sandbox.workspace.files() == [] and sandbox.messages(INCIDENT) == []
        assert (await refused(client.files_info(file=file_id)))["error"] == "file_not_found"
        await client.files_completeUploadExternal(files=[{"id": file_id}], channel_id=BACKUPS)
        assert sandbox.download(ANNA, file_id) == ZIP


async def test_a_user_id_is_refused_in_slacks_own_words():
    async with alone() as (_, client):
        answer = await refused(client.files_upload_v2(channel=ANNA, filename="a.zip", file=ZIP))
        pattern = "input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$ [json-pointer:/channel_id]"
        assert answer["response_metadata"]["messages"] == [f"[ERROR] {pattern}"]


@pytest.mark.parametrize(
    ("scope", "call"),
    [
        ("files:write", lambda client: client.files_getUploadURLExternal(filename="a", length=1)),
        ("files:write", lambda client: client.files_completeUploadExternal(files=[{"id": "F0"}])),
        ("files:read", lambda client: client.files_info(file="F0")),
    ],
)
async def test_files_need_their_scopes(scope, call):
    async with alone(manifest=without(scope)) as (_, client):
        answer = await refused(call(client))
        assert (answer["error"], answer["needed"]) == ("missing_scope", scope)


async def test_without_the_bots_token_or_its_scope_there_is_a_page_to_sign_in_instead_of_the_file():
    async with alone() as (sandbox, client):
        url = (await sent(client))["url_private_download"]
        other = {"Authorization": "Bearer xoxb-other"}
        for headers in ({}, other, {"Authorization": "xoxb-sandbox"}, {"Authorization": "Basic xoxb-sandbox"}):
            assert (await fetched(client, url, headers))[:2] == (200, "text/html")
        async with client.session.get(url, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"][:9]) == (302, "/sign-in?")
        for wrong in (url.replace("T0SWITCH01", "T0OTHER001"), f"{sandbox.address}/files-pri/T0SWITCH01-F0/a.zip"):
            assert (await fetched(client, wrong))[0] == 404
    async with alone(manifest=without("files:read")) as (_, client):
        url = (await sent(client))["url_private_download"]
        assert (await fetched(client, url))[:2] == (200, "text/html")


async def test_a_file_is_seen_where_it_was_shared_and_nowhere_else():
    async with alone() as (sandbox, client):
        file = await sent(client)
        for user in (BORIS, FINN, "U0GRETA001"):
            with pytest.raises(NotPossible, match="does not see this file"):
                sandbox.download(user, file["id"])
            address = f"{sandbox.address}/page/file/{file['id']}?as={user}"
            assert (await fetched(client, address))[0] == 403
        assert await fetched(client, f"{sandbox.address}/page/file/{file['id']}?as={ANNA}") == (
            200, "application/zip", ZIP,
        )  # fmt: skip
        (message,) = sandbox.messages(DIRECT)
        await client.chat_delete(channel=DIRECT, ts=message.ts)
        with pytest.raises(NotPossible):
            sandbox.download(ANNA, file["id"])


async def test_what_was_uploaded_is_never_a_page_of_this_address():
    async with alone() as (sandbox, client):
        file = await sent(client, filename='<b>".html', file=b"<script>alert(1)</script>")
        address = f"{sandbox.address}/page/file/{file['id']}?as={ANNA}"
        async with client.session.get(address) as response:
            assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%3Cb%3E%22.html"
            assert (response.content_type, response.headers["X-Content-Type-Options"]) == (
                "application/octet-stream", "nosniff",
            )  # fmt: skip


async def test_an_image_block_shows_a_shared_picture_and_nothing_else():
    async with alone() as (sandbox, client):
        shared = (await sent(client, filename="a.png", file=PNG))["id"]
        private = (await client.files_upload_v2(filename="b.png", file=PNG))["file"]["id"]
        archive = (await sent(client))["id"]

        def shown(file_id):
            return [section("Size"), {"type": "image", "alt_text": "Size", "slack_file": {"id": file_id}}]

        for file_id in (private, archive, "F0NOTHERE01"):
            answer = await refused(client.chat_postMessage(channel=INCIDENT, text="Size", blocks=shown(file_id)))
            assert answer["errors"] == ["invalid slack file [json-pointer:/blocks/1/slack_file]"]
            trigger = sandbox.slack.tickets.trigger(ANNA).id
            form = await refused(client.views_open(trigger_id=trigger, view=modal("Size", *shown(file_id))))
            assert form["error"] == "invalid_arguments"
        assert (await client.chat_postMessage(channel=INCIDENT, text="Size", blocks=shown(shared)))["ok"]
        url = (await client.files_info(file=shared))["file"]["url_private"]
        by_url = [{"type": "image", "alt_text": "Size", "slack_file": {"url": url}}]
        assert (await client.chat_postMessage(channel=INCIDENT, text="Size", blocks=by_url))["ok"]


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_files_are_there_after_a_restart(kind, tmp_path):
    async with redis_on(tmp_path) as redis:
        journal = MemoryJournal() if kind == "memory" else RedisJournal(redis)
        async with alone(journal=journal) as (_, client):
            file = await sent(client)
        async with alone(journal=journal) as (sandbox, client):
            (message,) = sandbox.messages(DIRECT)
            assert (message.files, sandbox.download(ANNA, file["id"])) == ((file["id"],), ZIP)
            url = (await client.files_info(file=file["id"]))["file"]["url_private_download"]
            assert (url.startswith(sandbox.address), (await fetched(client, url))[2]) == (True, ZIP)


async def test_a_message_kept_before_there_were_files_is_still_read():
    journal = MemoryJournal()
    raw = b'{"channel":"C0INCIDENT","ts":"1.000001","user":"U0ANNA0001","text":"Old"}'
    journal.entries["message:C0INCIDENT:1.000001"] = raw
    async with alone(journal=journal) as (sandbox, _):
        assert [(one.text, one.files) for one in sandbox.messages(INCIDENT)] == [("Old", ())]


async def test_while_slack_is_away_no_byte_passes():
    async with alone() as (sandbox, client):
        url = (await sent(client))["url_private_download"]
        answer = await client.files_getUploadURLExternal(filename="a.zip", length=3)
        await sandbox.go_away()
        for call in (client.session.get(url, headers=BEARER), client.session.post(answer["upload_url"], data=b"abc")):
            with pytest.raises(aiohttp.ClientConnectionError):
                await call
        await sandbox.go_away(False)
        assert (await fetched(client, url))[2] == ZIP


FORM = modal(
    "Audio",
    field("audio", {"type": "file_input", "action_id": "file", "filetypes": ["wav", "zip"], "max_files": 1}),
    submit={"type": "plain_text", "text": "Send"},
)


def asking(got):
    """A small app: it opens the form, and fetches what was picked as any app would."""

    def setup(app):
        @app.command("/rgs")
        async def rgs(ack, body, client):
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=FORM)

        @app.view("")
        async def filled(ack, view, client):
            await ack()
            field = view["state"]["values"]["audio"]["file"]
            (file,) = field["files"]
            got.put_nowait((field["type"], file, (await fetched(client, file["url_private_download"]))[2]))

    return setup


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_a_form_brings_the_app_what_a_person_picked(transport):
    got = asyncio.Queue()
    async with joined(transport, asking(got)) as room:
        box = room.sandbox
        await box.command(ANNA, INCIDENT, "/rgs form")
        view = await box.until(lambda: box.modal(ANNA))
        picked = await box.pick(ANNA, "Music on hold.WAV", ZIP)
        assert (await refused(room.client.files_info(file=picked.id)))["error"] == "file_not_found"
        assert (await box.submit(ANNA, view.id, {"audio": [picked.id]})).ok
        kind, file, data = await asyncio.wait_for(got.get(), PATIENCE_S)
        assert (kind, file["id"], file["name"], file["user"]) == ("file_input", picked.id, "Music on hold.WAV", ANNA)
        assert (file["mimetype"], file["filetype"], file["size"]) == ("audio/wav", "wav", len(ZIP))
        assert (data, box.modal(ANNA)) == (ZIP, None)
        assert (await room.client.files_info(file=picked.id))["ok"]
        with pytest.raises(NotPossible):
            box.download(BORIS, picked.id)


async def test_a_form_complains_of_files_before_the_app_hears_of_them():
    got = asyncio.Queue()
    async with joined("socket", asking(got)) as room:
        box = room.sandbox
        await box.command(ANNA, INCIDENT, "/rgs form")
        view = await box.until(lambda: box.modal(ANNA))
        sound, other, text = [await box.pick(ANNA, name, b"x") for name in ("a.wav", "b.zip", "notes.txt")]
        said = {
            (): "Please complete this required field.",
            (sound.id, other.id): "This takes at most 1 file.",
            (text.id,): "“notes.txt” cannot be taken here: choose wav or zip.",
        }
        for chosen, sentence in said.items():
            assert (await box.submit(ANNA, view.id, {"audio": list(chosen)})).errors == {"audio": sentence}
        theirs = await box.pick(BORIS, "c.wav", b"x")
        for stranger in (theirs.id, "F0NOTHERE01"):
            with pytest.raises(NotPossible, match="Anna Berg does not see this file"):
                await box.submit(ANNA, view.id, {"audio": [stranger]})
        assert got.empty() and box.modal(ANNA) == view


async def test_a_form_that_asks_for_files_needs_the_scope_to_read_them_and_is_a_form():
    async with alone(manifest=without("files:read")) as (sandbox, client):
        trigger = sandbox.slack.tickets.trigger(ANNA).id
        answer = await refused(client.views_open(trigger_id=trigger, view=FORM))
        assert (answer["error"], answer["needed"]) == ("missing_scope", "files:read")
    async with alone() as (sandbox, client):
        home = {"type": "home", "blocks": FORM["blocks"]}
        assert (await refused(client.views_publish(user_id=ANNA, view=home)))["error"] == "invalid_arguments"
        posted = await refused(client.chat_postMessage(channel=INCIDENT, text="x", blocks=FORM["blocks"]))
        assert posted["error"] == "invalid_blocks"


async def test_a_person_picks_files_that_slack_takes_in_a_form():
    journal = MemoryJournal()
    async with alone(journal=journal) as (sandbox, client):
        with pytest.raises(NotPossible, match="more than 10 MB"):
            await sandbox.pick(ANNA, "a.zip", bytes(10 * 1024 * 1024 + 1))
        with pytest.raises(NotPossible, match="is empty"):
            await sandbox.pick(ANNA, "a.zip", b"")
        address = f"{sandbox.address}/page/file"
        for user, data, notice in ((ANNA, b"", "is empty"), ("U0NOBODY01", b"x", "cannot sign in")):
            query = {"as": user, "name": "a.zip"}
            async with client.session.post(address, params=query, data=data) as response:
                answer = await response.json()
                assert (answer["ok"], notice in answer["notice"]) == (False, True)
        async with client.session.post(address, params={"as": ANNA, "name": "a.zip"}, data=ZIP) as response:
            file = (await response.json())["file"]
        assert (file["name"], file["size"], sandbox.download(ANNA, file["id"])) == ("a.zip", len(ZIP), ZIP)
        assert {f"file:{file['id']}", f"contents:{file['id']}"} <= set(journal.entries)


async def test_pages_hear_of_a_file_but_are_not_sent_its_bytes():
    async with alone() as (sandbox, client), client.session.ws_connect(f"{sandbox.address}/page/live") as feed:
        assert (await feed.receive_json())["files"] == []
        await client.conversations_open(users=ANNA)
        assert (await feed.receive_json())["kind"] == "channel"
        file = await sent(client)
        frames = [await feed.receive_json() for _ in range(2)]
        assert [(one["do"], one["kind"]) for one in frames] == [("put", "file"), ("put", "message")]
        assert (frames[0]["value"]["id"], frames[1]["value"]["files"]) == (file["id"], [file["id"]])
        assert "data" not in frames[0]["value"]
