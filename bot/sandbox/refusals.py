"""What goes wrong here: Slack saying no to the bot, and Slack saying no to a person.

SandboxError
├── SlackRefusal    a Web API call is answered {"ok": false, "error": …}
├── NotPossible     a person tried what Slack does not let them do; the sentence is shown to them
└── RealTokens      the stand-in was started beside the tokens of a real workspace
"""

from collections.abc import Mapping
from typing import Any


class SandboxError(Exception):
    """Anything the stand-in for Slack refuses."""


class SlackRefusal(SandboxError):
    """A Web API error: its code as Slack spells it, and what else the answer carries."""

    def __init__(self, error: str, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.extra = dict(extra or {})

    def answer(self) -> dict[str, Any]:
        """The JSON body of the refusal."""
        return {"ok": False, "error": self.error, **self.extra}


class NotPossible(SandboxError):
    """A person tried something that Slack's own client would not let them do."""


class RealTokens(SandboxError):
    """The environment holds tokens of a real workspace, so the stand-in must not start."""


def bad_arguments(*messages: str) -> SlackRefusal:
    """`invalid_arguments` with its list of sentences, as Slack words them."""
    return SlackRefusal(
        "invalid_arguments", {"response_metadata": {"messages": [f"[ERROR] {message}" for message in messages]}}
    )
