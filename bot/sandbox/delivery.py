"""What Slack sends to the app: interactions once, with 3 s to acknowledge, events with three retries."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from bot.sandbox.payloads import event_callback
from bot.sandbox.refusals import NotPossible
from bot.sandbox.slack import Slack
from bot.sandbox.transports import Answer, Parcel, Transport

log = logging.getLogger(__name__)

ACK_SECONDS = 3.0
RETRY_AFTER = (0.0, 60.0, 300.0)
AWAY = "Slack cannot be reached right now. Nothing was sent; try again when it is back."


class Delivery:
    """Sends to the app over either transport; `ack_seconds` and `retry_after` are Slack's, unless a test hurries."""

    def __init__(
        self,
        slack: Slack,
        transport: Transport,
        ack_seconds: float = ACK_SECONDS,
        retry_after: Sequence[float] = RETRY_AFTER,
    ) -> None:
        self._slack, self._transport = slack, transport
        self._ack_seconds, self._retry_after = ack_seconds, retry_after
        self._retries: set[asyncio.Task[None]] = set()

    async def interact(self, kind: Literal["slash_commands", "interactive"], payload: dict[str, Any]) -> Answer:
        """Send a command, click or form; there is no second attempt."""
        if self._slack.faults.away:
            raise NotPossible(AWAY)
        return await self._transport.send(Parcel(kind, payload), self._ack_seconds)

    async def announce(self, subscription: str, event: dict[str, Any]) -> None:
        """Send an event the manifest subscribes to; retries go on by themselves."""
        if subscription not in self._slack.manifest.events or self._slack.faults.away:
            return
        parcel = Parcel("events_api", event_callback(self._slack, event))
        answer = await self._transport.send(parcel, self._ack_seconds)
        if answer.failure and not answer.no_retry:
            task = asyncio.create_task(self._again(parcel, answer))
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)

    async def close(self) -> None:
        """Give up the retries that are still to come, and the connections."""
        for task in self._retries:
            task.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)
        await self._transport.close()

    async def _again(self, parcel: Parcel, answer: Answer) -> None:
        for attempt, seconds in enumerate(self._retry_after, start=1):
            await asyncio.sleep(seconds)
            retried = replace(parcel, attempt=attempt, reason=answer.failure)
            answer = await self._transport.send(retried, self._ack_seconds)
            if not answer.failure or answer.no_retry:
                return
        log.warning("The app did not acknowledge the event %s after all retries.", parcel.payload["event"]["type"])
