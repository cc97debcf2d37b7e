"""How we stand with Slack: whether it has said a firm no to one of our tokens, heard with every answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

from handlers.slack import answers
from handlers.slack.answers import Answer, Kind

log = logging.getLogger(__name__)

BOT_TOKEN, APP_TOKEN = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"
"""The variables that hold our tokens."""

SCOPES, WHO = "x-oauth-scopes", "auth.test"

_WHOLE = ""
_OF_A_METHOD = "missing_scope"
_SENTENCES: Mapping[str, str] = {
    "missing_scope": "{variable} lacks the scope {needed} (missing_scope). Add it on the app's page, and install the "
    "app again.",
    "not_allowed_token_type": "{variable} holds a token of another kind (not_allowed_token_type). Copy the right one "
    "from the app's page.",
    "account_inactive": "Slack takes {variable} no more (account_inactive): the app was removed from the workspace. "
    "Install it again, and put its new token there.",
    "token_expired": "Slack takes {variable} no more (token_expired). Make a new token on the app's page.",
    "token_revoked": "Slack takes {variable} no more (token_revoked). Install the app again, and put its new token "
    "there.",
}
_REFUSED = "Slack refuses {variable} ({code}). Copy it again from the app's page."


def sentence(no: Answer, variable: str) -> str:
    """A firm no for people: what Slack refuses, by the name of the `variable` that holds the token, and what to do."""
    said = _SENTENCES.get(no.code, _REFUSED)
    return said.format(variable=variable, code=no.code, needed=no.needed or "that this needs")


class Footing:
    """What stands between Slack and one token of ours, which `variable` holds. Said in the log once a spell."""

    def __init__(self, variable: str) -> None:
        self._variable = variable
        self._refused: dict[str, Answer] = {}
        self._taken = False

    @property
    def no(self) -> str:
        """The firm no that stands, as a sentence; empty when there is none."""
        return next((sentence(no, self._variable) for no in self._refused.values()), "")

    def heard(self, method: str, no: Answer | None, scopes: str = "") -> None:
        """Slack answered this method with a `no`, or with None for a yes; `scopes` are those that it has granted."""
        before = self.no
        if no is None:
            self._accepted(method, frozenset(scopes.replace(" ", "").split(",")))
        elif no.kind is Kind.TOKEN:
            self._refused[method if no.code == _OF_A_METHOD else _WHOLE] = no
        # Before its first yes, whoever joins says the no, and ends with it.
        self._taken = self._taken or no is None
        if self._taken and self.no and self.no != before:
            log.error("%s", self.no)
        if before and not self.no:
            log.info("Slack takes %s again.", self._variable)

    def _accepted(self, method: str, granted: frozenset[str]) -> None:
        over = {_WHOLE, method}
        if method == WHO:
            over |= {name for name, no in self._refused.items() if not no.needed or granted & set(no.needed.split(","))}
        self._refused = {name: no for name, no in self._refused.items() if name not in over}


class Listening(AsyncRetryHandler):
    """Hears every answer that a client gets, and never asks for anything to be tried again."""

    def __init__(self, footing: Footing) -> None:
        super().__init__()
        self._footing = footing

    async def can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is not None and error is None and "/api/" in request.url:
            heads = {key.lower(): ",".join(value) for key, value in response.headers.items()}
            no = answers.read(response.status_code, response.body, heads)
            self._footing.heard(request.url.rpartition("/api/")[2].partition("?")[0], no, heads.get(SCOPES, ""))
        return False
