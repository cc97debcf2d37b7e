"""What callers and agents notice at a stage of a recovery, in short; behind a button all of seed 002."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.access import Need
from bot.domain.deployment.answers import PoolAnswer, is_calm, is_mute
from bot.domain.deployment.impact import NOTES, STAGE_OF, Doubt, Line, Stage, board, in_short
from bot.domain.errors import Damaged
from bot.domain.measures import numbered
from bot.domain.model import Mark, Person, PoolRecord, PoolState, short
from bot.domain.runs.opening import refuse_unknown
from bot.runbooks.rows.facts import WAS_IMPORTED
from bot.runbooks.rows.people import CALLS
from handlers.asked import HERE, Asked, named_pool, permit
from handlers.blocks.blocks import Block, Message, View, context, header, modal, section
from handlers.blocks.wording import bounded, shown, when
from handlers.desk import Desk
from handlers.runs.looks import look
from handlers.runs.tell import all_stages_button
from handlers.runs.unheard import Unheard, unheard
from handlers.slack.replies import Reply, open_view

STAGES = {stage.name.casefold().replace("_", "-"): stage for stage in Stage}
"""As people type them."""

_TEXT = 3900
_CALM = "No pool is in outage or failed over, so callers and agents notice nothing."
_NEVER = "{pool} was never moved, so callers and agents notice nothing."
_UNSURE = "Whether {pools} not known. So nobody can say what callers and agents notice."
_WORST = (
    PoolState.OUTAGE,
    PoolState.FAILING_OVER,
    PoolState.FAILING_BACK,
    PoolState.REPLACING,
    PoolState.FAILED_OVER,
    PoolState.ACTIVE,
)
_AWAY = frozenset({PoolState.FAILING_OVER, PoolState.FAILED_OVER, PoolState.REPLACING})
"""While the backup pool answers for the other one."""


@dataclass(frozen=True, slots=True)
class Known:
    """Of all pools (FQDN): as each is remembered, how it answered when it was asked last, which groups ring nobody."""

    records: Mapping[str, PoolRecord]
    answers: Mapping[str, PoolAnswer]
    silent: Mapping[str, Unheard]
    now: float

    def as_callers_see(self, fqdn: str) -> PoolRecord:
        """For callers, a pool that is silent is in outage, whether somebody has declared it or not."""
        one = self.records[fqdn]
        mute = one.state is PoolState.ACTIVE and is_mute(self.answers.get(fqdn), self.now)
        return replace(one, state=PoolState.OUTAGE) if mute else one

    def is_calm(self, fqdn: str) -> bool:
        return is_calm(self.records[fqdn], self.answers.get(fqdn), self.now)


async def impact(asked: Asked) -> Reply:
    """Of a stage, of the stage that a pool is in, or of whatever is not well now; `here` shows it to the channel."""
    words = tuple(word for word in asked.words if word.casefold() != HERE)
    here, asked = len(words) < len(asked.words), replace(asked, words=words)
    stage = STAGES.get("".join(words).casefold())
    return Reply(impact_board(stage) if stage else await _now(asked), public=here)


async def _now(asked: Asked) -> Message:
    """Of the pool that is named, or of the one that is worst off, and the names of the others."""
    named = bool(asked.words)
    pools = [named_pool(asked).fqdn] if named else list(asked.desk.estate.pools)
    known = await _known(asked.desk)
    away = sorted((known.as_callers_see(one) for one in pools if _is_felt(known, one, named=named)), key=_worst)
    if away:
        return await _of_pool(asked.desk, known, away[0], [short(one.fqdn) for one in away[1:]])
    said = shown(_nothing(known, pools, named=named), 300)
    return {"text": said, "blocks": [section(said), all_stages_button()]}


async def _known(desk: Desk) -> Known:
    records = await desk.runs.records(desk.estate.pools)
    return Known(records, await desk.answers.of(records), await unheard(desk, records.values()), desk.now())


def _is_felt(known: Known, fqdn: str, *, named: bool) -> bool:
    record = known.as_callers_see(fqdn)
    if record.state in (PoolState.ACTIVE, PoolState.RETIRED, PoolState.UNKNOWN):
        return fqdn in known.silent or (named and (record.state is not PoolState.ACTIVE or bool(record.run)))
    return True


def _worst(record: PoolRecord) -> int:
    return _WORST.index(record.state) if record.state in _WORST else len(_WORST)


def _nothing(known: Known, pools: Sequence[str], *, named: bool) -> str:
    """That nothing is noticed is said of pools only that answer."""
    doubtful = [short(fqdn) for fqdn in pools if not known.is_calm(fqdn) and known.records[fqdn].state in _WELL]
    if doubtful:
        many = f"{doubtful[0]} answers is" if len(doubtful) == 1 else f"{len(doubtful)} pools answer is"
        return _UNSURE.format(pools=many)
    return _NEVER.format(pool=short(pools[0])) if named else _CALM


_WELL = frozenset({PoolState.ACTIVE, PoolState.UNKNOWN})


async def _of_pool(desk: Desk, known: Known, record: PoolRecord, others: Sequence[str]) -> Message:
    """How it stands, what is open, and what holds of its stage beside that."""
    pool, answer = desk.estate.pools[record.fqdn], known.answers.get(record.fqdn)
    refuse_unknown(record, pool)
    # Of how it is remembered, not of how callers see it: an outage that nobody declared is called so.
    stands = f"*{shown(pool.short, 80)}* · {look(known.records[record.fqdn], answer, known.now)}"
    lost = await _lost_calls(desk, known, record)
    silent = known.silent.get(record.fqdn)
    rings = f"⚠️ {numbered(silent.groups, 'group')} ring nobody until an agent signs in." if silent else ""
    doubt = Doubt.ALL if lost else Doubt.SOME if silent else Doubt.NONE
    more = f"Also: {', '.join(others)}. `/rgs impact {others[0]}` shows it." if others else ""
    said = "\n".join(filter(None, (stands, *lost, rings, shown(more, 300))))
    return impact_board(STAGE_OF[record.state], WAS_IMPORTED.among(record.carry), pool.short, said, doubt)


async def _lost_calls(desk: Desk, known: Known, record: PoolRecord) -> list[str]:
    """What is known against new calls being answered at all."""
    found = []
    partner = desk.estate.partner(desk.estate.pools[record.fqdn])
    if partner and record.state in _AWAY and is_mute(known.answers.get(partner.fqdn), known.now):
        found.append(f"🔴 {shown(partner.short, 80)} does not answer, and it takes the calls of this pool.")
    with suppress(Damaged):
        run = await desk.runs.find(record.run) if record.run else None
        last = [one for key in CALLS if run and (one := run.record_of(key)) and one.mark == Mark.STOP]
        found += [f"🛑 A test call failed at {when(one.at)}: nobody knows whether calls arrive." for one in last[-1:]]
    return found


def impact_board(
    stage: Stage, imported: bool | None = None, pool: str = "", said: str = "", doubt: Doubt = Doubt.NONE
) -> Message:
    """One stage in short, of a `pool` with what is `said` of it (mrkdwn), where one is meant.

    `imported` None: bullets that depend on it say so. What is in `doubt` is left out.
    """
    heading = f"{f'{pool}: what' if pool else 'What'} callers and agents notice {stage}"
    parts = [
        "\n".join([f"*{side}*", *(f"•  {shown(bullet.text, 500)}" for bullet in bullets)])
        for side, bullets in in_short(stage, imported, doubt).items()
    ]
    whole = [said, *parts] if said else parts
    text = bounded("\n".join([f"{heading}:", *whole]), _TEXT)
    return {"text": text, "blocks": [header(heading), *map(section, whole), all_stages_button()]}


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


def _cell(line: Line) -> str:
    return "\n".join([f"*{line.subject}*", *(f"•  {shown(bullet.text, 500)}" for bullet in line.bullets)])
