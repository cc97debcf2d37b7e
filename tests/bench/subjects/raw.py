"""The floor: aiohttp and redis-py alone: check the signature, parse in C, write one transition, acknowledge."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
from aiohttp import web
from yarl import query_to_pairs

import storage
from storage import keys
from storage.connect import connect
from tests.bench.subjects.control import listening, options, until_closed

RUN = "floor"
KEYS = (keys.run(RUN), keys.audit(RUN), keys.DUE, keys.OUTBOX, keys.TOLD, keys.RUNS, keys.OPEN, keys.MOVING, "")
ENTRY = '{"at":1795000000.0,"who":{"id":"T0SWITCH01:U0ANNA0001","name":"Anna Berg"},"what":"approved","step":"import"}'
REST = (RUN, 1_795_000_000.0, "", "1", "", "", 1, ENTRY)


async def main(environ: Mapping[str, str], like: str) -> None:
    """`like` is the id of a run that is about as large as what is written."""
    secret, version = environ["SLACK_SIGNING_SECRET"].encode(), 0
    client = connect(environ["REDIS_URL"])
    run = await client.hget(keys.run(like), "run")
    commit = client.register_script((Path(storage.__file__).with_name("lua") / "commit.lua").read_text("utf-8"))
    await client.delete(*KEYS[:2])

    async def take(request: web.Request) -> web.Response:
        nonlocal version
        raw, stamp = await request.read(), request.headers["X-Slack-Request-Timestamp"]
        if abs(time.time() - int(stamp)) > 300:
            return web.Response(status=401)
        digest = hmac.new(secret, f"v0:{stamp}:".encode() + raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"v0={digest}", request.headers["X-Slack-Signature"]):
            return web.Response(status=401)
        payload = msgspec.json.decode(dict(query_to_pairs(raw.decode()))["payload"])
        answer = await commit(keys=KEYS, args=[version, "", RUN, run, *REST])
        version += 1
        return web.Response(status=200 if payload["actions"] and answer == [b"OK"] else 500)

    application = web.Application()
    application.router.add_post("/slack/events", take)
    async with listening(application) as port:
        await until_closed(port)
    await client.aclose()


if __name__ == "__main__":
    asyncio.run(main(**options()))
