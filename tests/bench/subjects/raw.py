"""The floor: aiohttp alone, which checks the signature, parses in C and acknowledges."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping

import msgspec
from aiohttp import web
from yarl import query_to_pairs

from tests.bench.subjects.control import listening, options, until_closed


async def main(environ: Mapping[str, str]) -> None:
    secret = environ["SLACK_SIGNING_SECRET"].encode()

    async def take(request: web.Request) -> web.Response:
        raw, stamp = await request.read(), request.headers["X-Slack-Request-Timestamp"]
        if abs(time.time() - int(stamp)) > 300:
            return web.Response(status=401)
        digest = hmac.new(secret, f"v0:{stamp}:".encode() + raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"v0={digest}", request.headers["X-Slack-Signature"]):
            return web.Response(status=401)
        payload = msgspec.json.decode(dict(query_to_pairs(raw.decode()))["payload"])
        return web.Response(text="" if payload["actions"] else "nothing was pressed")

    application = web.Application()
    application.router.add_post("/slack/events", take)
    async with listening(application) as port:
        await until_closed(port)


if __name__ == "__main__":
    asyncio.run(main(**options()))
