"""What callers and agents notice at a stage of a recovery, in short; behind a button all of seed 002."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.access import Need
from bot.domain.deployment.answers import is_down
from bot.domain.deployment.impact import NOTES, STAGE_OF, Line, Stage, board, in_short
from bot.domain.model import Person, PoolRecord, PoolState, short
from bot.domain.runs.opening import refuse_unknown
from bot.runbooks.rows.facts import WAS_IMPORTED
from handlers.asked import Asked, named_pool, permit
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Block, Message, View, context, header, modal, section
from handlers.blocks.wording import bounded, shown
from handlers.desk import Desk
from handlers.slack.replies import Reply, open_view

STAGES = {stage.name.casefold().replace("_", "-"): stage for stage in Stage}
"""As people type them."""

_TEXT = 3900
_CALM = "No pool is in outage or failed over, so callers and agents notice nothing."
_NEVER = "{pool} was never moved, so callers and agents notice nothing."


async def impact(asked: Asked) -> Reply:
    """Of a stage, of the stage that a pool is in, or of whatever is not well now."""
    word = "".join(asked.words).casefold()
    if stage := STAGES.get(word):
        return Reply(impact_board(stage), public=True)
    pools = [named_pool(asked).fqdn] if word else list(asked.desk.estate.pools)
    records = await _stand(asked.desk, pools)
    if away := next((one for one in records if one.state not in _WELL or (word and not _is_untouched(one))), None):
        return Reply(_of_pool(asked.desk, away), public=bool(word))
    said = _NEVER.format(pool=shown(short(pools[0]), 80)) if word else _CALM
    return Reply({"text": said, "blocks": [section(said), _all_stages()]})


async def _stand(desk: Desk, fqdns: Sequence[str]) -> list[PoolRecord]:
    """As they are remembered; for callers, one that is silent is in outage, whether somebody has declared it or not."""
    records, answers, now = await desk.runs.records(fqdns), await desk.answers.of(fqdns), desk.now()
    down = {fqdn for fqdn, one in records.items() if is_down(one, answers.get(fqdn), now)}
    return [replace(one, state=PoolState.OUTAGE) if fqdn in down else one for fqdn, one in records.items()]


_WELL = frozenset({PoolState.ACTIVE, PoolState.RETIRED, PoolState.UNKNOWN})


def _is_untouched(record: PoolRecord) -> bool:
    return record.state is PoolState.ACTIVE and not record.run


def _of_pool(desk: Desk, record: PoolRecord) -> Message:
    refuse_unknown(record, desk.estate.pools[record.fqdn])
    imported = record.carry.get(WAS_IMPORTED.key)
    return impact_board(STAGE_OF[record.state], None if imported is None else bool(imported))


def impact_board(stage: Stage, imported: bool | None = None) -> Message:
    """One stage in short. `imported` None: bullets that depend on it say so."""
    heading = f"What callers and agents notice {stage}"
    parts = [
        "\n".join([f"*{side}*", *(f"•  {shown(bullet.text, 500)}" for bullet in bullets)])
        for side, bullets in in_short(stage, imported).items()
    ]
    text = bounded("\n".join([f"{heading}:", *parts]), _TEXT)
    return {"text": text, "blocks": [header(heading), *map(section, parts), _all_stages()]}


async def everything(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    """The button "All stages"."""
    await permit(desk, person, Need.ANYONE, "impact")
    await open_view(args, all_stages())


def all_stages() -> View:
    """Thirty cells, each with every bullet."""
    drawn: list[Block] = []
    for stage in Stage:
        cells = "\n".join(_cell(line) for line in board(stage, None))
        drawn += [header(f"{stage[0].upper()}{stage[1:]}"), section(cells)]
    return modal("Callers and agents", [*drawn, context(*(shown(note, 500) for note in NOTES))], "Close")


def _all_stages() -> Block:
    return blocks.actions([blocks.button("All stages", actions.IMPACT, "all")])


def _cell(line: Line) -> str:
    return "\n".join([f"*{line.subject}*", *(f"•  {shown(bullet.text, 500)}" for bullet in line.bullets)])
