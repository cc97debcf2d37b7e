"""Frees the pools that a run holds which nobody can read: with a reason, and a line in the audit log."""

from __future__ import annotations

from bot.domain.access import Need
from bot.domain.errors import BadInput
from bot.domain.model import Who
from bot.domain.runs.run import Entry, Tell
from handlers.asked import Asked, permit, usage
from handlers.blocks import blocks
from handlers.slack.replies import Reply

NAME = "free"
_LONGEST = 500
_LOOK = "A command of that run may have been sent. Look at the server before you start another run."


async def free(asked: Asked) -> Reply:
    """`/rgs free <run> <reason>`."""
    await permit(asked.desk, asked.person, Need.ADMIN, NAME)
    held, alone = await _held(asked)
    short = " and ".join([*(asked.desk.estate.pools[fqdn].short for fqdn in held), *alone])
    sentence = f"{asked.person.name} freed {short} from the run {asked.words[0]}, which cannot be read: {_why(asked)}"
    data = {"run": asked.words[0], "pools": held}
    entry = Entry(asked.desk.now(), Who.person(asked.person), "freed", NAME, sentence, data)
    await asked.desk.runs.free(asked.words[0], held, entry, Tell("notifications", sentence, (_LOOK,)), alone)
    return Reply(blocks.sentence(f"{short} can be used again. {_LOOK}"))


async def _held(asked: Asked) -> tuple[list[str], list[str]]:
    """The pools (FQDNs) that the named run holds, and the runbooks of which it is the only one.

    Raises BadInput when there is nothing of either.
    """
    runbooks = (book.key for book in asked.desk.engine.runbooks.values() if book.alone)
    alone = [key for key, run in (await asked.desk.runs.alone(runbooks)).items() if run == asked.words[0]]
    records = await asked.desk.runs.records(asked.desk.estate.pools)
    held = [fqdn for fqdn, record in records.items() if record.held_by == asked.words[0]]
    if not held and not alone:
        raise BadInput(f"The run {asked.words[0][:80]} holds no pool, so there is nothing to free. {usage(asked.row)}")
    return held, alone


def _why(asked: Asked) -> str:
    return " ".join(asked.words[1:])[:_LONGEST]
