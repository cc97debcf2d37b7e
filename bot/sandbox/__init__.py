"""The stand-in for Slack that the demo and the browser tests run against, and its page."""

from bot.sandbox.acts import Outcome
from bot.sandbox.faults import Trouble
from bot.sandbox.guard import refuse_real_tokens
from bot.sandbox.journal import Journal, MemoryJournal, RedisJournal
from bot.sandbox.refusals import NotPossible, RealTokens, SandboxError
from bot.sandbox.server import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SOCKET, Sandbox
from bot.sandbox.switches import Switch
from bot.sandbox.values import Channel, File, Group, Kind, Message, Person, View

__all__ = [
    "APP_TOKEN",
    "BOT_TOKEN",
    "SIGNING_SECRET",
    "SOCKET",
    "Channel",
    "File",
    "Group",
    "Journal",
    "Kind",
    "MemoryJournal",
    "Message",
    "NotPossible",
    "Outcome",
    "Person",
    "RealTokens",
    "RedisJournal",
    "Sandbox",
    "SandboxError",
    "Switch",
    "Trouble",
    "View",
    "refuse_real_tokens",
]
