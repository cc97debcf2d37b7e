"""What people do with files: pick one in a form, and take one that was sent to them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.sandbox.acts import actor
from bot.sandbox.forms import State
from bot.sandbox.refusals import NotPossible
from bot.sandbox.shapes import file_json
from bot.sandbox.slack import Slack
from bot.sandbox.values import Contents, File

LARGEST_IN_FORM = 10 * 1024 * 1024


async def pick(slack: Slack, user: str, name: str, data: bytes) -> File:
    """Pick a file in a form: Slack uploads it at once, and the app hears of it when the form is sent."""
    person = actor(slack, user)
    if not name or not data:
        raise NotPossible(f"“{name}” is empty, so there is nothing to upload.")
    if len(data) > LARGEST_IN_FORM:
        raise NotPossible(f"“{name}” has more than 10 MB, which is the most that a form takes.")
    file = File(slack.mint("F"), name, person.id, len(data), int(slack.clock()))
    slack.workspace.put(Contents(file.id, data))
    slack.workspace.put(file)
    await slack.write_down()
    return file


def taken(slack: Slack, user: str, file_id: str) -> tuple[File, bytes]:
    """A file and its bytes, for somebody who may see it."""
    person = actor(slack, user)
    file = slack.workspace.file(file_id)
    if file is None or not slack.workspace.sees_file(person.id, file):
        raise NotPossible(f"{person.name} does not see this file.")
    return file, slack.workspace.contents(file.id)


def with_files(slack: Slack, user: str, state: State) -> State:
    """The state of a form with the files themselves where the page named them by id."""
    return {
        block: {action: _with_files(slack, user, one) for action, one in fields.items()}
        for block, fields in state.items()
    }


def hand_over(slack: Slack, state: State) -> None:
    """From the moment a form is sent, the app may read the files in it."""
    for file in (slack.workspace.file(one["id"]) for one in _files_in(state)):
        if file:
            slack.workspace.put(replace(file, for_app=True))


def _with_files(slack: Slack, user: str, field: Mapping[str, Any]) -> dict[str, Any]:
    if field["type"] != "file_input":
        return dict(field)
    return {**field, "files": [file_json(taken(slack, user, one)[0], slack) for one in field["files"]]}


def _files_in(state: State) -> Iterable[dict[str, Any]]:
    return [file for fields in state.values() for field in fields.values() for file in field.get("files", ())]
