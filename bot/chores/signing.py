"""Tells that a server refused the bot's account, in one notice, and when it is let in again."""

from __future__ import annotations

from collections.abc import Mapping

from storage.notices import Notices, Offer
from storage.sign_ins import EVERYWHERE, Refused, SignIns

KEY = "sign-in"
TRY_AGAIN = "try-again"
"""What the button of the notice does: no subcommand, since nobody needs it before."""


class Signing:
    """Over all processes: they share what was refused."""

    def __init__(self, sign_ins: SignIns, notices: Notices) -> None:
        self._sign_ins, self._notices = sign_ins, notices

    async def work(self, now: float) -> None:
        refused = await self._sign_ins.refused()
        if not refused:
            await self._notices.end(KEY, "It worked: Switchback's account is let in again, and commands are sent.", now)
            return
        asked = await self._sign_ins.asked()
        waits = bool(set(refused) - set(asked))
        details = (_CHECK, _LOCKED) if waits else (_asked(asked),)
        await self._notices.say(KEY, _sentence(refused), now, details, (_OFFER,) if waits else ())


def _sentence(refused: Mapping[str, Refused]) -> str:
    servers = ", ".join(sorted({one.server for one in refused.values() if one.server}))
    by = f"{servers} refused" if servers else "A server refused"
    where = "to any server" if EVERYWHERE in refused else "there"
    return f"{by} the account of Switchback. Nothing is sent {where} until somebody presses Try again."


def _asked(asked: Mapping[str, str]) -> str:
    who = " and ".join(sorted(set(asked.values())))
    return f"{who} pressed Try again: the next command tries once, within a minute where a pool is asked there."


_OFFER = Offer("Try again", TRY_AGAIN)
_CHECK = "Check the account and its password first: has it expired, or is the account locked?"
_LOCKED = "Each wrong try brings the account nearer to being locked."
