"""Slack from inside the stand-in: the workspace, the manifest, tickets, faults, clock and journal."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.sandbox import blocks
from bot.sandbox.faults import Faults
from bot.sandbox.filetypes import type_of
from bot.sandbox.journal import Journal
from bot.sandbox.manifest import Manifest
from bot.sandbox.refusals import SlackRefusal, bad_arguments
from bot.sandbox.tickets import Tickets
from bot.sandbox.values import Channel, Message, View
from bot.sandbox.workspace import Workspace

log = logging.getLogger(__name__)

LONGEST_TEXT = 40_000
NO_TEXT = "This content can't be displayed."


@dataclass(slots=True)
class Slack:
    """What every part of the stand-in works on. `address` is known once it listens."""

    workspace: Workspace
    manifest: Manifest
    journal: Journal
    tickets: Tickets
    faults: Faults
    clock: Callable[[], float]
    mint: Callable[[str], str]
    bot_token: str
    app_token: str
    address: str = ""
    socket_tickets: set[str] = field(default_factory=set)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def write_down(self) -> None:
        """Bring the journal up to date. Slack goes on when the journal is away; what was missed is written later."""
        async with self._writing:
            changes = self.workspace.take_changes()
            if not changes:
                return
            try:
                await self.journal.save(changes)
            except Exception as error:
                self.workspace.note_changes(changes)
                log.warning("The stand-in could not save %d changes, and tries again later: %s", len(changes), error)

    def require(self, *scopes: str) -> None:
        """Refuse as Slack does when the manifest asks for none of these scopes."""
        if not self.manifest.has_any(scopes):
            raise SlackRefusal(
                "missing_scope", {"needed": ",".join(scopes), "provided": ",".join(self.manifest.scopes)}
            )

    def check_message(self, payload: Mapping[str, Any]) -> None:
        """Refuse blocks Slack would not take, and images in them that are no shared files."""
        blocks.check_message(payload)
        self._check_pictures(payload.get("blocks"), "/blocks", "invalid_blocks")

    def check_view(self, body: Any, surface: Literal["modal", "home"]) -> None:
        """Refuse a view Slack would not take; a form that asks for files needs the scope to read them."""
        blocks.check_view(body, surface)
        if blocks.asks_for_files(body["blocks"]):
            self.require("files:read")
        if unknown := blocks.unknown_types(body["blocks"]):
            raise bad_arguments(f"invalid file type: {unknown[0]} [json-pointer:/view/blocks]")
        self._check_pictures(body["blocks"], "/view/blocks", "invalid_arguments")

    def _check_pictures(self, shown: Any, where: str, error: str) -> None:
        """Slack shows only pictures that were shared: one that was uploaded into no conversation is private."""
        for pointer, file_id in blocks.pictures(shown, where):
            file = self.workspace.file(file_id)
            shared = file is not None and (file.for_app or self.workspace.shares(file_id))
            if not shared or not type_of(file.name).is_picture:
                raise SlackRefusal(error, blocks.no_such_picture(pointer))

    def post(self, draft: Message) -> Message:
        """Put a message where its draft says: into the channel, or before one person when it is ephemeral."""
        message = replace(
            draft,
            ts=self.workspace.next_ts(self.clock()),
            text=(draft.text or ("" if draft.files else NO_TEXT))[:LONGEST_TEXT],
            blocks=blocks.with_ids(draft.blocks, self.mint),
        )
        if message.only:
            self.workspace.show_ephemeral(message)
        else:
            self.workspace.put(message)
        return message

    def thread_root(self, channel: Channel, thread_ts: str) -> str | None:
        """The ts replies go under; a reply is no root, and a thread that is not there cannot be answered."""
        if not thread_ts:
            return None
        root = self.workspace.message(channel.id, thread_ts)
        if root is None:
            raise SlackRefusal("thread_not_found")
        if root.thread_ts and root.thread_ts != root.ts:
            raise SlackRefusal("cannot_reply_to_message")
        return root.ts

    def make_view(self, user: str, body: Mapping[str, Any], below: View | None = None) -> View:
        """A new view for somebody, on top of another one if it is pushed."""
        view_id = self.mint("V")
        return View(
            id=view_id,
            user=user,
            type=body["type"],
            body={**body, "blocks": list(blocks.with_ids(body["blocks"], self.mint))},
            hash=self.view_hash(),
            root_id=below.root_id if below else view_id,
            previous_id=below.id if below else None,
        )

    def change_view(self, old: View, body: Mapping[str, Any]) -> View:
        """The same view with other contents: same id, new hash."""
        body = {**body, "blocks": list(blocks.with_ids(body["blocks"], self.mint))}
        return replace(old, body=body, hash=self.view_hash())

    def view_hash(self) -> str:
        return f"{int(self.clock())}.{self.mint('')[:8]}"
