"""What matters now, each with the button for it: pools that are away, groups that ring nobody, runs that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.access import Need
from bot.domain.deployment.answers import TWICE, PoolAnswer, answer_words, is_calm, is_down
from bot.domain.measures import numbered
from bot.domain.model import Person, Pool, PoolRecord, PoolState, short
from bot.domain.runs.opening import NEXT
from bot.domain.runs.view import RunView, view_of
from handlers.asked import Asked, may
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Block, Message, context, header, section
from handlers.blocks.wording import bounded, shown, when
from handlers.desk import Desk
from handlers.runs.card import SIGNS, title
from handlers.runs.links import links, opening
from handlers.runs.looks import MARKS, look
from handlers.runs.unheard import Unheard, unheard
from handlers.runs.whom import waits_words
from handlers.slack.replies import Reply

MOST = 5
"""So many of a kind are shown: then one screen is full."""

_DECLARE = "Declare an outage"
_TEXT = 3900
_CALM = "Nothing needs you now: no pool is failed over or in outage, and no run waits for anybody."
_UNSURE = "No run waits for anybody. Not heard from now: {pools}. `/rgs status` says more."
_FOOT = "`/rgs status` shows every pool and run, `/rgs help` what you can type."


@dataclass(frozen=True, slots=True)
class Matter:
    """A sentence for mrkdwn, and the button that follows from it, if any, for whoever holds the role that it needs."""

    said: str
    button: Block | None
    need: Need = Need.ANYONE

    def drawn(self, person: Person) -> Block:
        return section(self.said, self.button if may(person, self.need) else None)


_AWAY: Mapping[PoolState, str] = {
    PoolState.OUTAGE: "is in outage{since}, and not failed over.",
    PoolState.FAILING_OVER: "is in the middle of a failover{since}, and no run goes on with it.",
    PoolState.FAILED_OVER: "is failed over{since}.",
    PoolState.FAILING_BACK: "is in the middle of a failback{since}, and no run goes on with it.",
}


_BACK = frozenset({PoolState.FAILED_OVER, PoolState.FAILING_BACK})
"""What comes next needs the pool itself, so that it has to answer first."""


def of_pool(pool: Pool, record: PoolRecord, answer: PoolAnswer | None = None, now: float = 0.0) -> Matter:
    """A pool that is away, how it answers, and what comes next; nothing is offered that a silent pool keeps waiting."""
    since = f" since {when(record.since)}" if record.since else ""
    name, after = shown(pool.short, 80), NEXT[record.state]
    head = f"{MARKS[record.state]} *{name}* {_AWAY[record.state].format(since=since)}"
    if answer is None or not answer.is_fresh(now):
        return Matter(head, _start(pool, after), Need.ADMIN)
    if not answer.is_silent or record.state not in _BACK:
        return Matter(f"{head} Now: {answer_words(answer, now, when)}.", _start(pool, after), Need.ADMIN)
    if record.state is PoolState.FAILED_OVER:
        return Matter(f"{head} It does not answer: bring it up, then `/rgs failback {name}`.", None)
    return Matter(
        f"{head} It does not answer: bring it up, or fail it over again.", _start(pool, "failover"), Need.ADMIN
    )


def _start(pool: Pool, runbook: str) -> Block:
    label, value = f"Start {runbook}", f"{runbook} {pool.fqdn}"
    return blocks.button(label, f"{actions.DO}{runbook}", value, reads=f"{label} of {pool.short}")


@dataclass(frozen=True, slots=True)
class Beside:
    """The other pool of a pair, as it is remembered, and how it answered last."""

    record: PoolRecord
    answer: PoolAnswer | None

    def bars(self, now: float) -> str:
        """Why nothing can be failed over to it, in a sentence; empty where nothing is known that keeps one from it."""
        name = short(self.record.fqdn)
        if self.record.state is not PoolState.ACTIVE:
            return f"It cannot be failed over while {name} is {self.record.state}."
        silent = self.answer is not None and self.answer.is_silent and self.answer.is_fresh(now)
        return f"Nor does {name}: bring one up." if silent else ""


def of_silent(pool: Pool, record: PoolRecord, answer: PoolAnswer, now: float, beside: Beside | None) -> Matter:
    """A pool that does not answer, of which nobody has declared an outage; without a pair, it cannot be failed over."""
    press = blocks.button(_DECLARE, f"{actions.DO}failover", f"failover {pool.fqdn}", reads=f"{_DECLARE}, {pool.short}")
    said = f"*{shown(pool.short, 80)}* · {look(record, answer, now)}"
    if beside is None:
        return Matter(said, None)
    why = beside.bars(now)
    return Matter(f"{said}. {shown(why, 300)}" if why else said, None if why else press, Need.ADMIN)


def matters(
    desk: Desk,
    records: Mapping[str, PoolRecord],
    answers: Mapping[str, PoolAnswer],
    silent: Mapping[str, Unheard],
) -> list[Matter]:
    """Of the pools; what the runs at work on them see to is theirs.

    `answers` tell how each answered last, `silent` which groups ring nobody.
    """
    pools, now = desk.estate.pools, desk.now()

    def beside(fqdn: str) -> Beside | None:
        other = desk.estate.pairs.get(fqdn)
        return Beside(records[other], answers.get(other)) if other else None

    held = {one for fqdn, record in records.items() if record.held_by for one in desk.estate.pair_of(pools[fqdn])}
    free = [record for fqdn, record in records.items() if fqdn not in held]
    away = [record for record in free if record.state in _AWAY][:MOST]
    mute = [
        of_silent(pools[record.fqdn], record, answers[record.fqdn], now, beside(record.fqdn))
        for record in free
        if is_down(record, answers.get(record.fqdn), now)
    ]
    found = [of_pool(pools[record.fqdn], record, answers.get(record.fqdn), now) for record in away]
    mum = [ring_nobody(record.fqdn, silent[record.fqdn]) for record in free if record.fqdn in silent]
    return [*mute[:MOST], *found, *mum[:MOST]]


def ring_nobody(fqdn: str, silent: Unheard) -> Matter:
    """Of a pool that is failed over, and as well of one that is home again."""
    what = numbered(silent.groups, "group")
    said = f"⚠️ *{what} of {shown(short(fqdn), 80)}* ring nobody: no agent says they signed in."
    return Matter(said, blocks.button("Who", actions.WHO, silent.run, reads=f"Who, {what}"))


def waiting(view: RunView, addresses: Mapping[str, str]) -> Matter:
    head = f"{SIGNS[view.run.phase]} *{shown(title(view), 200)}* · {shown(view.state, 200)}"
    who = f"May press: {view.need.words}." if view.waits_for_people else waits_words(view)
    return Matter(f"{head} {who}", opening(view, addresses)[0])


async def now(asked: Asked) -> Reply:
    """`/rgs` alone."""
    desk = asked.desk
    views = [view_of(run, desk.engine.runbooks[run.runbook]) for run in await desk.runs.open()]
    open_ones = [view for view in views if view.waits_for_people or view.run.tries >= TWICE][:MOST]
    records, answers = await desk.runs.records(desk.estate.pools), await desk.answers.of(desk.estate.pools)
    found = matters(desk, records, answers, await unheard(desk, records.values()))
    addresses = await links(desk, open_ones)
    unknown = [fqdn for fqdn, record in records.items() if _is_unknown(record, answers.get(fqdn), desk.now())]
    return Reply(message([*found, *(waiting(view, addresses) for view in open_ones)], asked.person, len(unknown)))


def _is_unknown(record: PoolRecord, answer: PoolAnswer | None, now: float) -> bool:
    return record.state is PoolState.ACTIVE and not is_calm(record, answer, now)


def message(found: Sequence[Matter], person: Person, unknown: int = 0) -> Message:
    """`unknown` is how many pools nobody can say of that they answer: then nothing is called calm."""
    calm = _UNSURE.format(pools=numbered(unknown, "pool")) if unknown else _CALM
    drawn = [matter.drawn(person) for matter in found[:MOST]]
    more = f" {len(found) - MOST} more are in `/rgs status`." if len(found) > MOST else ""
    lines = [matter.said for matter in found[:MOST]] or [calm]
    text = bounded("\n".join([*lines, f"{_FOOT}{more}"]), _TEXT)
    return {"text": text, "blocks": [header("Now"), *(drawn or [section(calm)]), context(f"{_FOOT}{more}")]}
