"""The stand-in refuses what Slack refuses: one case per refusal (facts: slack, "the sandbox must refuse")."""

from dataclasses import replace

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Channel, Kind, Person
from bot.sandbox.api import METHODS
from tests.sandbox.parts import (
    ANNA,
    BORIS,
    EMIL,
    GENERAL,
    GRETA,
    INCIDENT,
    MANIFEST,
    actions,
    alone,
    button,
    refused,
    section,
)


def without(scope: str) -> dict:
    scopes = [one for one in MANIFEST["oauth_config"]["scopes"]["bot"] if one != scope]
    return {**MANIFEST, "oauth_config": {"scopes": {"bot": scopes}}}


async def test_tokens_are_checked_and_the_kind_of_token_too():
    async with alone() as (sandbox, client):
        calls = {
            "not_authed": AsyncWebClient(base_url=sandbox.api_url),
            "invalid_auth": AsyncWebClient("xoxb-other", base_url=sandbox.api_url),
            "not_allowed_token_type": AsyncWebClient("xapp-sandbox", base_url=sandbox.api_url),
        }
        for error, other in calls.items():
            assert (await refused(other.auth_test()))["error"] == error
        wrong = await refused(client.apps_connections_open(app_token="xoxb-sandbox"))
        assert wrong["error"] == "not_allowed_token_type"
        answer = await client.auth_test()
        assert (answer["user_id"], answer["team_id"]) == ("U0BOT00001", "T0SWITCH01")


async def test_an_unknown_method_is_named_as_such():
    async with alone() as (_, client):
        assert (await refused(client.api_call("chat.postMassage")))["error"] == "unknown_method"


async def test_arguments_arrive_by_query_form_json_and_multipart_alike():
    async with alone() as (sandbox, client):
        url = f"{sandbox.api_url}chat.postMessage"
        args = {"channel": INCIDENT, "text": "Hello", "blocks": '[{"type":"divider"}]', "token": "xoxb-sandbox"}
        parts = aiohttp.FormData(quote_fields=False)
        for name, value in args.items():
            parts.add_field(name, value, content_type="text/plain")
        for way in ({"params": args}, {"data": args}, {"json": args}, {"data": parts}):
            async with client.session.post(url, **way) as response:
                assert (await response.json())["ok"] is True
        async with client.session.get(url, params=args) as response:
            assert (await response.json())["ok"] is True
        assert [one.blocks[0]["type"] for one in sandbox.messages(INCIDENT)] == ["divider"] * 5


async def test_broken_json_is_refused_and_does_not_end_the_stand_in():
    async with alone() as (sandbox, client):
        headers = {"Authorization": "Bearer xoxb-sandbox", "Content-Type": "application/json"}
        async with client.session.post(f"{sandbox.api_url}auth.test", data="{", headers=headers) as response:
            assert (await response.json())["error"] == "invalid_json"
        assert (await client.auth_test())["ok"]


@pytest.mark.parametrize(
    ("scope", "call"),
    [
        ("chat:write", lambda client: client.chat_postMessage(channel=INCIDENT, text="Hello")),
        ("channels:read", lambda client: client.conversations_info(channel=INCIDENT)),
        ("channels:read", lambda client: client.conversations_members(channel=INCIDENT)),
        ("channels:read", lambda client: client.conversations_list()),
        ("im:write", lambda client: client.conversations_open(users=ANNA)),
        ("users:read", lambda client: client.users_info(user=ANNA)),
        ("users:read", lambda client: client.users_list()),
        ("usergroups:read", lambda client: client.usergroups_list()),
        ("usergroups:read", lambda client: client.usergroups_users_list(usergroup="S0SERVER01")),
    ],
)
async def test_a_method_needs_its_scope_in_the_manifest(scope, call):
    async with alone(manifest=without(scope)) as (_, client):
        answer = await refused(call(client))
        assert answer["error"] == "missing_scope"
        assert scope in answer["needed"].split(",")
        assert scope not in answer["provided"].split(",")
    async with alone() as (_, client):
        assert (await call(client))["ok"]


async def test_history_needs_a_scope_the_manifest_does_not_ask_for():
    async with alone() as (_, client):
        for call in (
            client.conversations_history(channel=INCIDENT),
            client.conversations_replies(channel=INCIDENT, ts="1.2"),
        ):
            assert (await refused(call))["error"] == "missing_scope"


async def test_every_scope_of_the_manifest_is_used_by_some_method():
    used = {scope for method in METHODS.values() for scope in method.scopes}
    asked = set(MANIFEST["oauth_config"]["scopes"]["bot"])
    assert asked - used == {"commands", "channels:read", "groups:read", "users:read.email"}


async def test_bad_blocks_are_refused_with_a_pointer_and_post_nothing():
    async with alone() as (sandbox, client):
        blocks = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
        answer = await refused(client.chat_postMessage(channel=INCIDENT, text="Card", blocks=blocks))
        assert answer["error"] == "invalid_blocks"
        assert answer["errors"] == ["must be less than 151 characters [json-pointer:/blocks/0/text/text]"]
        assert answer["response_metadata"]["messages"] == [f"[ERROR] {answer['errors'][0]}"]
        assert sandbox.messages(INCIDENT) == []


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        (GENERAL, "not_in_channel"),
        ("C0NOWHERE1", "channel_not_found"),
        ("C0OLD00001", "is_archived"),
        (GRETA, "channel_not_found"),
    ],
)
async def test_the_bot_posts_only_where_it_may(channel, error):
    async with alone() as (sandbox, client):
        sandbox.workspace.put(Channel("C0OLD00001", "old", frozenset({ANNA, "U0BOT00001"}), archived=True))
        assert (await refused(client.chat_postMessage(channel=channel, text="Hello")))["error"] == error


async def test_a_private_channel_without_the_bot_does_not_exist_for_it():
    async with alone() as (sandbox, client):
        secret = Channel("C0SECRET01", "secret", frozenset({ANNA}), private=True)
        sandbox.workspace.put(secret)
        assert (await refused(client.conversations_info(channel=secret.id)))["error"] == "channel_not_found"
        listed = await client.conversations_list(types="public_channel,private_channel")
        assert secret.id not in [row["id"] for row in listed["channels"]]
        sandbox.workspace.put(replace(secret, members=secret.members | {"U0BOT00001"}))
        assert (await client.conversations_info(channel=secret.id))["channel"]["is_private"] is True


async def test_only_own_messages_can_be_changed_or_deleted():
    async with alone() as (sandbox, client):
        theirs = await sandbox.say(ANNA, INCIDENT, "Mine")
        for ts, errors in (
            (theirs.ts, ("cant_update_message", "cant_delete_message")),
            ("1.2", ("message_not_found",) * 2),
        ):
            updated = await refused(client.chat_update(channel=INCIDENT, ts=ts, text="Yours"))
            deleted = await refused(client.chat_delete(channel=INCIDENT, ts=ts))
            assert (updated["error"], deleted["error"]) == errors
        ours = await client.chat_postMessage(channel=INCIDENT, text="Ours")
        await client.chat_delete(channel=INCIDENT, ts=ours["ts"])
        assert [one.text for one in sandbox.messages(INCIDENT)] == ["Mine"]


async def test_an_update_has_its_own_limits_and_text_alone_takes_the_blocks_away():
    async with alone() as (sandbox, client):
        posted = await client.chat_postMessage(channel=INCIDENT, text="Card", blocks=[section("Card")])
        at = {"channel": INCIDENT, "ts": posted["ts"]}
        assert (await refused(client.chat_update(**at, text="x" * 4001)))["error"] == "msg_too_long"
        assert (await refused(client.chat_update(**at)))["error"] == "no_text"
        assert (await refused(client.chat_update(**at, text="Card", blocks=[{"type": "nothing"}])))[
            "error"
        ] == "invalid_blocks"
        assert sandbox.messages(INCIDENT)[0].edited is None
        await client.chat_update(**at, text="x" * 4000)
        (message,) = sandbox.messages(INCIDENT)
        assert (len(message.text), message.blocks, message.ts) == (4000, (), posted["ts"])


async def test_a_direct_message_is_changed_by_the_id_of_the_conversation_only():
    async with alone() as (sandbox, client):
        posted = await client.chat_postMessage(channel=ANNA, text="For you")
        assert posted["channel"] == "D0ANNA0001"
        assert (await refused(client.chat_update(channel=ANNA, ts=posted["ts"], text="New")))[
            "error"
        ] == "channel_not_found"
        assert (await client.chat_update(channel="D0ANNA0001", ts=posted["ts"], text="New"))["ok"]
        assert (await client.conversations_open(users=ANNA))["channel"]["id"] == "D0ANNA0001"
        assert [one.text for one in sandbox.messages("D0ANNA0001")] == ["New"]


async def test_direct_messages_are_for_active_people_of_this_workspace():
    async with alone() as (sandbox, client):
        sandbox.workspace.put(Person("U0GONE0001", "Gone", "gone", "T0SWITCH01", Kind.DELETED))
        errors = {"U0NOBODY01": "user_not_found", "U0GONE0001": "user_disabled", GRETA: "user_not_visible"}
        for user, error in errors.items():
            assert (await refused(client.conversations_open(users=user)))["error"] == error
        assert (await refused(client.conversations_open(users=f"{ANNA},{BORIS}")))["error"] == "missing_scope"


async def test_an_ephemeral_message_is_for_a_member_and_is_in_no_history_and_cannot_be_changed():
    async with alone() as (sandbox, client):
        outsider = await refused(client.chat_postEphemeral(channel=INCIDENT, user=GRETA, text="Psst"))
        assert outsider["error"] == "user_not_in_channel"
        nowhere = await refused(client.chat_postEphemeral(channel=GENERAL, user=ANNA, text="Psst"))
        assert nowhere["error"] == "not_in_channel"
        shown = await client.chat_postEphemeral(channel=INCIDENT, user=ANNA, text="Psst")
        change = await refused(client.chat_update(channel=INCIDENT, ts=shown["message_ts"], text="Louder"))
        assert change["error"] == "message_not_found"
        assert sandbox.messages(INCIDENT) == []
        assert [one.text for one in sandbox.ephemerals(ANNA)] == ["Psst"]
        assert sandbox.ephemerals(BORIS) == []


async def test_a_message_needs_text_or_blocks_and_a_long_text_is_split():
    async with alone() as (sandbox, client):
        assert (await refused(client.chat_postMessage(channel=INCIDENT, text="")))["error"] == "no_text"
        await client.chat_postMessage(channel=INCIDENT, text="x" * 4040)
        assert len(sandbox.messages(INCIDENT)) == 1
        await client.chat_postMessage(channel=INCIDENT, text="x" * 4041)
        assert [len(one.text) for one in sandbox.messages(INCIDENT)] == [4040, 4000, 41]


async def test_replies_go_under_a_message_that_is_there_and_is_no_reply_itself():
    async with alone() as (sandbox, client):
        root = await client.chat_postMessage(channel=INCIDENT, text="Root")
        reply = await client.chat_postMessage(channel=INCIDENT, text="Reply", thread_ts=root["ts"])
        for ts, error in (("1.2", "thread_not_found"), (reply["ts"], "cannot_reply_to_message")):
            answer = await refused(client.chat_postMessage(channel=INCIDENT, text="No", thread_ts=ts))
            assert answer["error"] == error
        assert [one.thread_ts for one in sandbox.messages(INCIDENT)] == [None, root["ts"]]
        link = (await client.chat_getPermalink(channel=INCIDENT, message_ts=reply["ts"]))["permalink"]
        assert link.startswith(f"{sandbox.address}/archives/{INCIDENT}/p") and root["ts"] in link
        assert (await refused(client.chat_getPermalink(channel=INCIDENT, message_ts="1.2")))[
            "error"
        ] == "message_not_found"


async def test_user_groups_need_a_paid_plan_and_a_group_that_is_there():
    async with alone() as (sandbox, client):
        assert (await refused(client.usergroups_users_list(usergroup="S0OTHER001")))["error"] == "no_such_subteam"
        handles = {row["handle"]: row["id"] for row in (await client.usergroups_list())["usergroups"]}
        assert handles["cs-response-group-administrator"] == "S0RGADMIN1"
        sandbox.workspace.paid = False
        assert (await refused(client.usergroups_list()))["error"] == "plan_upgrade_required"


async def test_people_are_told_apart_by_users_info():
    async with alone() as (sandbox, client):
        told = {row["id"]: row for row in (await client.users_list(limit=1000))["members"]}
        assert GRETA not in told
        assert (told["U0FINN0001"]["is_restricted"], told[EMIL]["is_restricted"]) == (True, False)
        assert told["U0BOT00001"]["is_bot"] is True
        assert (await refused(client.users_info(user="U0NOBODY01")))["error"] == "user_not_found"
        assert (await client.users_info(user=GRETA))["user"]["is_stranger"] is False
        sandbox.workspace.put(replace(sandbox.workspace.channel("partner-support"), members=frozenset({GRETA})))
        assert (await client.users_info(user=GRETA))["user"]["is_stranger"] is True


async def test_long_lists_come_page_by_page():
    async with alone() as (_, client):
        pages, cursor = [], ""
        while not pages or cursor:
            answer = await client.users_list(limit=3, cursor=cursor)
            pages.append(len(answer["members"]))
            cursor = answer["response_metadata"]["next_cursor"]
        assert pages == [3, 3, 1]
        assert (await refused(client.users_list(cursor="?")))["error"] == "invalid_cursor"


async def test_a_press_is_refused_when_the_manifest_has_no_interactivity():
    manifest = {**MANIFEST, "settings": {**MANIFEST["settings"], "interactivity": {"is_enabled": False}}}
    async with alone(manifest=manifest) as (sandbox, client):
        posted = await client.chat_postMessage(channel=INCIDENT, text="Card", blocks=[actions(button("go"))])
        outcome = await sandbox.click(ANNA, posted["ts"], "go")
        assert outcome.notice == "This app is not configured to handle interactive responses."
