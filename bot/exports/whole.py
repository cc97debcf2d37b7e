"""Tells objects that were written whole from ones of which only the text is left (facts: powershell §1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.domain.groups.groups import Kind, Value

_ACTION, _PROMPT, _AUDIO, _LIST = "CallAction", "Prompt", "AudioFile", "a list"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

SETTINGS = "ServiceSettings"

_WITHIN: Mapping[str, Mapping[str, str]] = {
    Kind.WORKFLOW: {
        "DefaultAction": _ACTION,
        "NonBusinessHoursAction": _ACTION,
        "HolidayAction": _ACTION,
        "CustomMusicOnHoldFile": _AUDIO,
        "ManagersByUri": _LIST,
    },
    Kind.QUEUE: {"OverflowAction": _ACTION, "TimeoutAction": _ACTION},
    Kind.AGENT_GROUP: {"AgentsByUri": _LIST},
    Kind.HOURS_OF_BUSINESS: {f"{day}Hours{turn}": "TimeRange" for day in _DAYS for turn in (1, 2)},
    Kind.HOLIDAY_SET: {"HolidayList": "Holiday"},
    SETTINGS: {"DefaultMusicOnHoldFile": _AUDIO},
    _ACTION: {"Prompt": _PROMPT, "Question": "Question"},
    _PROMPT: {"AudioFilePrompt": _AUDIO},
    "Question": {
        "Prompt": _PROMPT,
        "AnswerList": "Answer",
        "InvalidAnswerPrompt": _PROMPT,
        "NoAnswerPrompt": _PROMPT,
    },
    "Answer": {"Action": _ACTION, "VoiceResponseList": _LIST},
}
"""By type, which properties hold an object, a list of such, or a list of texts."""


def flattened(kind: str, properties: Mapping[str, Value], path: str = "") -> Iterator[str]:
    """Every property below, such as `DefaultAction.Question`, that holds text where the whole object has an object.

    PowerShell leaves the text of whatever lies deeper than it was told to write, and two menus then read the same.
    """
    for name, within in _WITHIN.get(kind, {}).items():
        value = properties.get(name)
        if isinstance(value, str):
            yield f"{path}{name}"
        elif within != _LIST:
            yield from _below(within, value, f"{path}{name}")


def _below(within: str, value: Value, path: str) -> Iterator[str]:
    if isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from [f"{path}[{place}]"] if isinstance(item, str) else _below(within, item, f"{path}[{place}]")
    elif isinstance(value, Mapping):
        yield from flattened(within, value, f"{path}.")
