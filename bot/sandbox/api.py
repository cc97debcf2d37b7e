"""The Web API: one row per method, with the scope it needs and how often it may be called."""

import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox import api_chat, api_files, api_lookup, api_views
from bot.sandbox.faults import Fault, Trouble
from bot.sandbox.refusals import SlackRefusal
from bot.sandbox.slack import Slack
from bot.sandbox.wire import Args, read_call, text

TIER_2, TIER_3, TIER_4, SPECIAL = 20, 50, 100, 300
DIRECT = ("im:write",)


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Web API. `scopes`: any one of them is enough; `per_minute`: facts, slack rate tiers."""

    name: str
    run: Callable[[Slack, Args], dict[str, Any]]
    per_minute: int = TIER_3
    scopes: tuple[str, ...] = ()
    app_token: bool = False


def auth_test(slack: Slack, args: Args) -> dict[str, Any]:
    """auth.test: which workspace and which bot this token belongs to."""
    return {
        "url": f"https://{slack.workspace.domain}.slack.com/",
        "team": slack.workspace.domain,
        "user": slack.manifest.bot_name,
        "team_id": slack.workspace.team,
        "user_id": slack.workspace.bot_user,
        "bot_id": slack.workspace.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(slack: Slack, args: Args) -> dict[str, Any]:
    """apps.connections.open: the address of one web socket, good for one connection."""
    ticket = slack.mint("T").lower()
    slack.socket_tickets.add(ticket)
    base = slack.address.replace("http://", "ws://", 1)
    return {"url": f"{base}/link/?ticket={ticket}&app_id={slack.workspace.app_id}"}


METHODS = {
    method.name: method
    for method in (
        Method("apps.connections.open", open_connection, app_token=True),
        Method("auth.test", auth_test, SPECIAL),
        Method("chat.delete", api_chat.delete, scopes=("chat:write",)),
        Method("chat.getPermalink", api_chat.permalink, SPECIAL),
        Method("chat.postEphemeral", api_chat.post_ephemeral, TIER_4, ("chat:write",)),
        Method("chat.postMessage", api_chat.post_message, SPECIAL, ("chat:write",)),
        Method("chat.update", api_chat.update, scopes=("chat:write",)),
        Method("conversations.history", api_lookup.conversation_history),
        Method("conversations.info", api_lookup.conversation_info),
        Method("conversations.list", api_lookup.conversation_list, TIER_2),
        Method("conversations.members", api_lookup.conversation_members, TIER_4),
        Method("conversations.open", api_lookup.conversation_open, scopes=DIRECT),
        Method("conversations.replies", api_lookup.conversation_replies),
        Method("files.completeUploadExternal", api_files.complete_upload, TIER_4, ("files:write",)),
        Method("files.getUploadURLExternal", api_files.get_upload_url, TIER_4, ("files:write",)),
        Method("files.info", api_files.file_info, TIER_4, ("files:read",)),
        Method("usergroups.list", api_lookup.group_list, TIER_2, ("usergroups:read",)),
        Method("usergroups.users.list", api_lookup.group_users, TIER_2, ("usergroups:read",)),
        Method("users.getPresence", api_lookup.presence, scopes=("users:read",)),
        Method("users.info", api_lookup.user_info, TIER_4, ("users:read",)),
        Method("users.list", api_lookup.user_list, TIER_2, ("users:read",)),
        Method("views.open", api_views.open_view, TIER_4),
        Method("views.publish", api_views.publish_view, TIER_4),
        Method("views.push", api_views.push_view, TIER_4),
        Method("views.update", api_views.update_view, TIER_4),
    )
}


async def call(slack: Slack, request: web.Request) -> web.StreamResponse:
    """Answer one call as Slack would: 200 with ok or an error, 429 with Retry-After, or nothing at all."""
    method = METHODS.get(request.match_info["method"])
    try:
        token, args = await read_call(request)
    except ValueError:
        return answered(slack, SlackRefusal("invalid_json").answer())
    if method is None:
        return answered(slack, SlackRefusal("unknown_method").answer())
    fault = slack.faults.meet(method.name, method.per_minute, text(args, "channel"))
    if fault and fault.trouble is not Trouble.DROPPED_AFTER:
        troubled = await stumble(request, fault)
        if troubled is not None:
            return troubled
    try:
        _authorise(slack, method, token)
        if code := slack.faults.refusal(method.name, text(args, "channel")):
            raise SlackRefusal(code, {"needed": ",".join(method.scopes)} if method.scopes else None)
        answer = {"ok": True, **method.run(slack, args)}
    except SlackRefusal as refusal:
        answer = refusal.answer()
    await slack.write_down()
    return hang_up(request) if fault and fault.trouble is Trouble.DROPPED_AFTER else answered(slack, answer)


async def stumble(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    """What a call runs into before it has any effect; None when it was only slow."""
    if fault.trouble is Trouble.RATELIMITED:
        wait = max(1, math.ceil(fault.seconds))
        body = {"ok": False, "error": "ratelimited"}
        return web.json_response(body, status=429, headers={"Retry-After": str(wait)})
    if fault.trouble is Trouble.SERVER_ERROR:
        return web.Response(status=500, text="Internal Server Error")
    if fault.trouble is Trouble.DROPPED:
        return hang_up(request)
    await asyncio.sleep(fault.seconds)
    return None


def hang_up(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def answered(slack: Slack, answer: dict[str, Any]) -> web.Response:
    """An answer with the headers Bolt reads the granted scopes from."""
    scopes = ",".join(slack.manifest.scopes)
    return web.Response(text=json.dumps(answer), content_type="application/json", headers={"x-oauth-scopes": scopes})


def _authorise(slack: Slack, method: Method, token: str) -> None:
    if not token:
        raise SlackRefusal("not_authed")
    if token not in (slack.bot_token, slack.app_token):
        raise SlackRefusal("invalid_auth")
    if (token == slack.app_token) is not method.app_token:
        raise SlackRefusal("not_allowed_token_type")
    slack.require(*method.scopes)
