"""Keeps the stand-in away from real workspaces."""

from collections.abc import Mapping

from bot.sandbox.refusals import RealTokens

REAL = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}
OURS = ("xoxb-sandbox", "xapp-sandbox")


def refuse_real_tokens(environ: Mapping[str, str]) -> None:
    """Raise RealTokens when the environment holds a token of a real workspace; the sentence names the variable."""
    for name, prefix in REAL.items():
        token = environ.get(name, "").strip()
        if token.startswith(prefix) and not token.startswith(OURS):
            raise RealTokens(
                f"{name} holds a token of a real Slack workspace. The demo never runs beside one: "
                f"unset {name} and start the demo again, or start the bot itself with `python -m bot serve`."
            )
