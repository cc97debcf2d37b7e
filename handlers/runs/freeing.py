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


async def free(asked: Asked) -> Reply:
    """`/rgs free <run> <reason>`."""
    desk, (run_id, *words) = asked.desk, asked.words
    await permit(desk, asked.person, Need.ADMIN, NAME)
    records = await desk.runs.records(desk.estate.pools)
    held = [fqdn for fqdn, record in records.items() if record.held_by == run_id]
    if not held:
        raise BadInput(f"The run {run_id[:80]} holds no pool, so there is nothing to free. {usage(asked.row)}")
    short = " and ".join(desk.estate.pools[fqdn].short for fqdn in held)
    sentence = f"{asked.person.name} freed {short} from the run {run_id}, which cannot be read: {' '.join(words)}"
    entry = Entry(desk.now(), Who.person(asked.person), "freed", NAME, sentence, {"run": run_id, "pools": held})
    look = "A command of that run may have been sent. Look at the server before you start another run."
    await desk.runs.free(run_id, held, entry, Tell("notifications", sentence, (look,)))
    return Reply(blocks.sentence(f"{short} can be used again. {look}"))
