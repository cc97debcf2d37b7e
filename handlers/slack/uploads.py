"""Fetches from Slack what people sent with a form; the bot's token goes to Slack alone."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientResponse, ClientTimeout
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.companions.uploads import LARGEST_FILE
from bot.domain.errors import BadInput, NeverSent
from handlers.slack import answers, footing
from handlers.slack.answers import AWAY, Kind

log = logging.getLogger(__name__)

FETCH_S = 300
_SLACK = ".slack.com"
_CHUNK = 1 << 20
_BROKEN, _RATE_LIMITED = 500, 429
_PASSING = frozenset({Kind.RATE, Kind.OUTAGE})
_ELSEWHERE = range(300, 400)
"""To a page to sign in on."""

_GONE = "Slack does not have this file any more ({reason}). Nothing was kept; send it again."
_TOO_LARGE = f"This file has more than {LARGEST_FILE // 2**20} MB. Nothing was kept; send a smaller one."


class SlackUploads:
    """What a form brought, by the ids of its files. `client` must have a session."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def fetch(self, file: str) -> bytes:
        """The bytes of this file (F…). Raises NeverSent when Slack is away, BadInput when there is nothing to fetch."""
        try:
            info = (await self._client.files_info(file=file))["file"]
        except AWAY as fault:
            no = answers.of(fault)
            if no.kind in _PASSING:
                raise NeverSent(f"Slack does not answer ({no.why}).") from None
            if no.kind is Kind.TOKEN:
                raise BadInput(f"{footing.sentence(no, footing.BOT_TOKEN)} Nothing was kept.") from None
            raise BadInput(_GONE.format(reason=no.why or "no reason given")) from None
        if int(info.get("size") or 0) > LARGEST_FILE:
            raise BadInput(_TOO_LARGE)
        return await self.download(str(info.get("url_private_download") or ""))

    async def download(self, address: str) -> bytes:
        """What lies at this address of Slack's, for whoever shows our token. Raises as `fetch` does."""
        if not self._is_slack(address):
            raise BadInput("Slack names an address outside of Slack for this file, so it was not fetched.")
        session, headers = self._client.session, {"Authorization": f"Bearer {self._client.token}"}
        assert session is not None
        try:
            # A redirect would carry the token along to wherever it leads.
            async with session.get(
                address,
                headers=headers,
                allow_redirects=False,
                timeout=ClientTimeout(total=FETCH_S),
                proxy=self._client.proxy,
            ) as answer:
                return await _body(answer)
        except (TimeoutError, ClientError, OSError) as fault:
            raise NeverSent(f"Slack does not give the file ({answers.why(fault)}).") from None

    def _is_slack(self, address: str) -> bool:
        """At Slack itself, or where the Web API is."""
        there, api = urlsplit(address), urlsplit(self._client.base_url)
        is_slack = there.scheme == "https" and (there.hostname or "").endswith(_SLACK)
        return is_slack or (there.scheme, there.netloc) == (api.scheme, api.netloc)


def _is_passing(status: int) -> bool:
    return status == _RATE_LIMITED or status >= _BROKEN


async def _body(answer: ClientResponse) -> bytes:
    """Never more than is allowed, whatever its size was said to be."""
    if _is_passing(answer.status):
        raise NeverSent(f"Slack does not give the file (status {answer.status}).")
    if answer.status in _ELSEWHERE or answer.content_type == "text/html":
        raise BadInput("Slack does not let Switchback read files: it lacks the scope files:read. Nothing was kept.")
    if answer.status != 200:
        raise BadInput(_GONE.format(reason=f"status {answer.status}"))
    data = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        data += chunk
        if len(data) > LARGEST_FILE:
            raise BadInput(_TOO_LARGE)
    return bytes(data)
