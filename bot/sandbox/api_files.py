"""Web API: files on their way out, and what is known of a file."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.sandbox.api_chat import channel_or_direct, find, writable
from bot.sandbox.refusals import SlackRefusal, bad_arguments
from bot.sandbox.shapes import file_json
from bot.sandbox.slack import Slack
from bot.sandbox.tickets import Upload
from bot.sandbox.values import Channel, Contents, File, Message
from bot.sandbox.wire import Args, number, text

LARGEST_FILE = 1024**3
LARGEST_SNIPPET = 1024**2
LONGEST_ALT_TEXT = 1_000
MOST_CHANNELS = 100
CHANNEL_ID = "^[CGDZ][A-Z0-9]{8,}$"
# What a file is, Slack finds out after it has answered (python-slack-sdk #1575); nor does it tell yet where it is.
NOT_YET_KNOWN = {"mimetype": "", "filetype": "", "pretty_type": ""}


def get_upload_url(slack: Slack, args: Args) -> dict[str, Any]:
    """files.getUploadURLExternal: an id, and the address to which so many bytes are to be posted."""
    name, length = text(args, "filename"), number(args, "length", 0)
    alt_txt, snippet_type = text(args, "alt_txt"), text(args, "snippet_type")
    if not name:
        raise bad_arguments("missing required field: filename [json-pointer:/filename]")
    if length <= 0:
        raise SlackRefusal("missing_argument")
    if length > LARGEST_FILE:
        raise SlackRefusal("file_upload_size_restricted")
    if snippet_type and length > LARGEST_SNIPPET:
        raise SlackRefusal("snippet_too_large")
    if len(alt_txt) > LONGEST_ALT_TEXT:
        raise SlackRefusal("alt_txt_too_large")
    upload = slack.tickets.upload(name, length, alt_txt, snippet_type)
    return {"upload_url": f"{slack.address}/upload/v1/{upload.ticket}", "file_id": upload.file}


def complete_upload(slack: Slack, args: Args) -> dict[str, Any]:
    """files.completeUploadExternal: the files are there, and one message in each place carries them.

    Without a place they are private to the bot. Everything is checked before anything is kept.
    """
    titles = _titles(args)
    uploads = [slack.tickets.received(file_id) for file_id in titles]
    drafts = [_drafted(slack, channel, args, tuple(titles)) for channel in _places(slack, args)]
    files = [_kept(slack, upload, titles[upload.file]) for upload in uploads]
    answer = [{**file_json(file, slack), **NOT_YET_KNOWN} for file in files]
    for draft in drafts:
        slack.post(draft)
    return {"files": answer}


def file_info(slack: Slack, args: Args) -> dict[str, Any]:
    """files.info: of the bot's own files, those in its conversations, and those a form brought it."""
    file = slack.workspace.file(text(args, "file"))
    if file is None or not slack.workspace.sees_file(slack.workspace.bot_user, file):
        raise SlackRefusal("file_not_found")
    return {"file": file_json(file, slack), "comments": [], "response_metadata": {"next_cursor": ""}}


def _titles(args: Args) -> dict[str, str]:
    """The titles of the files to complete, by id."""
    wanted = args.get("files")
    if not isinstance(wanted, list) or not wanted:
        raise bad_arguments("must provide an array of at least 1 items [json-pointer:/files]")
    for index, one in enumerate(wanted):
        if not isinstance(one, Mapping) or not isinstance(one.get("id"), str):
            raise bad_arguments(f"missing required field: id [json-pointer:/files/{index}]")
    return {one["id"]: str(one.get("title") or "") for one in wanted}


def _places(slack: Slack, args: Args) -> list[Channel]:
    """Where to share: `channel_id` is the id of a conversation and never a person's, `channels` may name people."""
    place = text(args, "channel_id")
    if place and not re.fullmatch(CHANNEL_ID, place):
        raise bad_arguments(f"input must match regex pattern: {CHANNEL_ID} [json-pointer:/channel_id]")
    several = [one.strip() for one in text(args, "channels").split(",") if one.strip()]
    if len(several) > MOST_CHANNELS:
        raise SlackRefusal("channels_limit_exceeded")
    found = [*([find(slack, place)] if place else []), *(channel_or_direct(slack, one) for one in several)]
    return [writable(slack, channel) for channel in dict.fromkeys(found)]


def _drafted(slack: Slack, channel: Channel, args: Args, files: tuple[str, ...]) -> Message:
    words = text(args, "initial_comment")
    blocks = [] if words else args.get("blocks") or []
    slack.check_message({"blocks": blocks})
    root = slack.thread_root(channel, text(args, "thread_ts"))
    return Message(channel.id, "", slack.workspace.bot_user, words, tuple(blocks), root, files=files)


def _kept(slack: Slack, upload: Upload, title: str) -> File:
    made = File(upload.file, upload.name, slack.workspace.bot_user, upload.length, int(slack.clock()))
    file = replace(made, title=title, alt_txt=upload.alt_txt, snippet_type=upload.snippet_type)
    slack.workspace.put(Contents(file.id, upload.data or b""))
    slack.workspace.put(file)
    slack.tickets.complete(upload)
    return file
