"""How arguments arrive at the Web API and how answers leave it."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

JSON_ARGUMENTS = frozenset({"attachments", "blocks", "files", "metadata", "view"})
TRUE = frozenset({"1", "true", "True"})

Args = dict[str, Any]


async def read_call(request: web.Request) -> tuple[str, Args]:
    """Token and arguments of a call, wherever the client put them: query, form, JSON, multipart, header.

    JSON inside a form or query field (`blocks`, `view` …) is decoded; what does not decode stays text, so that the
    method can refuse it by name.
    """
    args: Args = dict(request.query)
    if request.content_type == "application/json":
        raw = await request.text()
        body = json.loads(raw) if raw else {}
        args |= body if isinstance(body, dict) else {}
    elif request.can_read_body:
        args |= dict(await request.post())
    args = {key: _decoded(key, value) for key, value in args.items()}
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    token = args.pop("token", "")
    return (bearer.strip() if scheme.lower() == "bearer" else str(token)), args


def _decoded(key: str, value: Any) -> Any:
    if key not in JSON_ARGUMENTS or not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def text(args: Mapping[str, Any], name: str) -> str:
    """An argument as text, empty when it was not given."""
    value = args.get(name)
    return "" if value is None else str(value)


def flag(args: Mapping[str, Any], name: str, otherwise: bool = False) -> bool:
    """An argument as yes or no, however the client spelt it."""
    value = args.get(name)
    return otherwise if value is None else value is True or str(value) in TRUE


def number(args: Mapping[str, Any], name: str, otherwise: int) -> int:
    """An argument as a whole number, or the default when it is none."""
    try:
        return int(args.get(name) or otherwise)
    except ValueError:
        return otherwise
