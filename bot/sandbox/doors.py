"""The doors that bytes go through: uploads of the bot, downloads with its token, and the same for the page."""

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import quote

import msgspec
from aiohttp import web

from bot.sandbox import files
from bot.sandbox.api import hang_up
from bot.sandbox.filetypes import type_of
from bot.sandbox.refusals import NotPossible
from bot.sandbox.slack import Slack
from bot.sandbox.values import File

CHUNK = 64 * 1024
SIGN_IN = "<!doctype html><title>Sign in</title><h1>Sign in to this workspace</h1>"


def routes(slack: Slack) -> list[web.AbstractRouteDef]:
    """The addresses, each beside what it does."""
    return [
        web.post("/upload/v1/{ticket}", partial(_upload, slack)),
        web.get("/files-pri/{file}/{name}", partial(_download, slack)),
        web.get("/files-pri/{file}/download/{name}", partial(_download, slack)),
        web.get("/sign-in", _sign_in),
        web.post("/page/file", partial(_pick, slack)),
        web.get("/page/file/{file}", partial(_take, slack)),
    ]


async def _upload(slack: Slack, request: web.Request) -> web.Response:
    """Take the bytes of an upload, raw or as the first part of a form; as many as were announced, or none."""
    if slack.faults.away:
        return hang_up(request)
    upload = slack.tickets.expected(request.match_info["ticket"])
    if upload is None:
        return web.Response(status=404, text="No upload is expected here.")
    data = await _read(await _source(request), upload.length)
    if len(data) != upload.length:
        return web.Response(status=400, text=f"{upload.length} bytes were announced, and other bytes came.")
    slack.tickets.receive(upload, data)
    return web.Response(text=f"OK - {len(data)}")


async def _download(slack: Slack, request: web.Request) -> web.Response:
    """Hand a file to the bot. Whoever shows no token that may read files is sent to sign in, as a browser would be."""
    if slack.faults.away:
        return hang_up(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = scheme.lower() == "bearer" and token.strip() == slack.bot_token
    if not known or not slack.manifest.has_any(("files:read",)):
        raise web.HTTPFound(f"/sign-in?redir={quote(request.path)}")
    team, _, file_id = request.match_info["file"].partition("-")
    file = slack.workspace.file(file_id)
    if file is None or team != slack.workspace.team or not slack.workspace.sees_file(slack.workspace.bot_user, file):
        raise web.HTTPNotFound(text="There is no such file.")
    return _handed(file, slack.workspace.contents(file.id))


async def _sign_in(request: web.Request) -> web.Response:
    return web.Response(text=SIGN_IN, content_type="text/html")


async def _pick(slack: Slack, request: web.Request) -> web.Response:
    """A file picked on the page; one byte too many is enough to refuse it."""
    data = await _read(request.content.read, files.LARGEST_IN_FORM)
    try:
        file = await files.pick(slack, request.query.get("as", ""), request.query.get("name", ""), data)
    except NotPossible as refusal:
        return web.json_response({"ok": False, "notice": str(refusal)})
    body = msgspec.json.encode({"ok": True, "notice": "", "file": file})
    return web.Response(body=body, content_type="application/json")


async def _take(slack: Slack, request: web.Request) -> web.Response:
    try:
        return _handed(*files.taken(slack, request.query.get("as", ""), request.match_info["file"]))
    except NotPossible as refusal:
        raise web.HTTPForbidden(text=str(refusal)) from None


def _handed(file: File, data: bytes) -> web.Response:
    """Always as an attachment: what somebody uploaded is never a page of this address."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
    return web.Response(body=data, content_type=type_of(file.name).mimetype, headers=headers)


async def _source(request: web.Request) -> Callable[[int], Awaitable[bytes]]:
    if not request.content_type.startswith("multipart/"):
        return request.content.read
    part = await (await request.multipart()).next()
    return part.read_chunk if hasattr(part, "read_chunk") else request.content.read


async def _read(read: Callable[[int], Awaitable[bytes]], length: int) -> bytes:
    """Everything there is, but not much more than `length` bytes."""
    data = bytearray()
    while len(data) <= length and (chunk := await read(CHUNK)):
        data += chunk
    return bytes(data)
