"""What Slack's answers mean: one table leads from its word for no to what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

AWAY = (SlackClientError, ClientError, OSError, TimeoutError)
"""What calls to Slack raise when it refuses, cannot be reached, or takes too long."""

RETRY_S = 30.0
"""After a rate limit that does not say for how long."""

_RATE_LIMITED, _BROKEN, _TAKEN = 429, 500, 200


class Kind(Enum):
    """What can be done about a no."""

    LAYOUT = "the blocks are left out"
    RATE = "the same again, after so many seconds"
    OUTAGE = "the same again, a little later"
    TOKEN = "nothing, until somebody mends the app or its token"
    TRIGGER = "whoever pressed presses again"
    PLACE = "the next place"


_KINDS: Mapping[Kind, str] = {
    Kind.LAYOUT: "invalid_blocks invalid_blocks_format msg_too_long msg_blocks_too_long invalid_arguments",
    Kind.RATE: "ratelimited rate_limited message_limit_exceeded",
    Kind.OUTAGE: "fatal_error internal_error service_unavailable request_timeout team_added_to_org",
    Kind.TOKEN: "account_inactive invalid_auth missing_scope not_allowed_token_type not_authed token_expired "
    "token_revoked",
    Kind.TRIGGER: "exchanged_trigger_id expired_trigger_id invalid_trigger_id trigger_exchanged trigger_expired",
}
KINDS: Mapping[str, Kind] = {code: kind for kind, codes in _KINDS.items() for code in codes.split()}
"""By Slack's word (facts: slack). Whatever is not here is said of the place, so the next one is tried."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A no of Slack's. `code` is its word, empty when it gave none; `why` is a few words for the log.

    `seconds` is how long it wants to be left alone, if it said so; `needed` the scope that is missing.
    """

    kind: Kind
    code: str
    why: str
    seconds: float | None = None
    needed: str = ""


def of(fault: BaseException) -> Answer:
    """What this fault of a call means."""
    if isinstance(fault, SlackApiError):
        response: Any = fault.response
        # The SDK hands over aiohttp's own answer when it could not read the body.
        status = int(getattr(response, "status_code", None) or getattr(response, "status", 0))
        return read(status, getattr(response, "data", None), response.headers) or _nonsense(status)
    if isinstance(fault, TimeoutError):
        return Answer(Kind.OUTAGE, "", "no answer in time")
    lost = "no connection: " if isinstance(fault, (ClientError, OSError)) else ""
    return Answer(Kind.OUTAGE, "", f"{lost}{type(fault).__name__}")


def read(status: int, body: Any, headers: Mapping[str, str]) -> Answer | None:
    """What an answer of the Web API means; None for a yes."""
    said = body if isinstance(body, Mapping) else {}
    code = str(said.get("error") or "")[:60]
    if status == _RATE_LIMITED or KINDS.get(code) is Kind.RATE:
        wait = _wait(headers)
        return Answer(Kind.RATE, code or "ratelimited", f"{code or 'rate limit'}, for {wait:.0f} s", wait)
    if status >= _BROKEN or (status != _TAKEN and not code):
        return _nonsense(status)
    if said.get("ok") or not said:
        return None
    needed = str(said.get("needed") or "")[:200]
    return Answer(KINDS.get(code, Kind.PLACE), code, f"{code}: {needed}" if needed else code, needed=needed)


def code(fault: BaseException) -> str:
    """Slack's word for why it refused, such as "channel_not_found"; empty when it gave none, or did not even answer."""
    return of(fault).code


def why(fault: BaseException) -> str:
    """A few words for the log: a missing scope, a revoked token, a rate limit and silence are different things."""
    return of(fault).why


def _nonsense(status: int) -> Answer:
    return Answer(Kind.OUTAGE, "", f"status {status} and nothing of Slack's")


def _wait(headers: Mapping[str, str]) -> float:
    said = str({key.lower(): value for key, value in headers.items()}.get("retry-after", ""))
    return max(1.0, float(said)) if said.isascii() and said.isdigit() else RETRY_S
