"""Where a backup is taken from: the pool, the pool that stands in for it, or nowhere while neither has the groups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.errors import DriverError
from bot.domain.measures import aged
from bot.domain.model import Mark, Pool, PoolRecord, PoolState, Verdict
from bot.domain.runs.acts import Acts, Attempt, Clock, Newest, ReadGroups, ReadSettings, Records, Seen, Stand, Supersede
from bot.domain.runs.opening import source_of
from bot.domain.runs.run import Run, source
from bot.domain.runs.runbook import Step


def owner(run: Run) -> Pool | None:
    """Whose objects are asked for by name: the pool's, where another pool holds them, or holds others too."""
    return run.primary if source(run) != run.primary or run.fact("with_owner") else None


def answers(run: Run) -> Acts:
    because = f"A newer backup of this pool was started ({run.id}), so this one, which had stopped, ended."
    where = source(run).fqdn
    asked = ReadSettings(where, where)
    down = run.fact("stood") == PoolState.OUTAGE and source(run) == run.primary
    return {
        "ended": Supersede(run.primary.fqdn, because, but=run.id, only_stuck=True),
        "records": Records((run.primary.fqdn,)),
        "settings": Attempt(asked) if down else asked,
        **({"copies": ReadGroups(where, where, run.primary.fqdn)} if _may_be_missing(run) else {}),
        "newest": Newest(run.primary.fqdn, 1),
        "now": Clock(),
    }


def judge_answers(run: Run, seen: Seen) -> Verdict:
    record: PoolRecord = seen["records"][run.primary.fqdn]
    now = _holder(run, record)
    if now != source(run):
        sentence = f"The groups of {run.primary.short} are on {now.short} by now: starting there."
        return Verdict(Mark.WARN, sentence, facts={"source": now.fqdn}, back_to="answers")
    settings = seen["settings"]
    if isinstance(settings, DriverError):
        return _silent(run, record, seen)
    if "copies" in seen and not seen["copies"].objects:
        return _nothing(run, seen)
    music = settings.default_music
    row: dict[str, Any] = {
        "AgentRingbackGracePeriod": settings.ringback_grace_s,
        "DefaultMusicOnHoldFile": music.original_name if music else None,
        "DisableCallContext": settings.call_context_disabled,
    }
    return Verdict(Mark.PASS, f"{source(run).short} answers.", facts={"settings": row})


def _may_be_missing(run: Run) -> bool:
    """Between the failover of the pool and the import, its groups are nowhere."""
    return run.fact("stood") == PoolState.FAILING_OVER and source(run) != run.primary


def _holder(run: Run, record: PoolRecord) -> Pool:
    """As the pool's state says; in an outage, the pool itself as long as it answers."""
    away = record.state is PoolState.OUTAGE and run.fact("silent") and record.carry.get("imported")
    return run.partner if away and run.partner else source_of(record, run.primary, run.partner)


def _silent(run: Run, record: PoolRecord, seen: Seen) -> Verdict:
    """The pool is in outage and does not answer: what an earlier failover brought to its backup pool is what lives."""
    if not (record.carry.get("imported") and run.partner):
        return _nothing(run, seen)
    sentence = f"{run.primary.short} does not answer; its groups are on {run.partner.short}: starting there."
    return Verdict(Mark.WARN, sentence, facts={"silent": True, "source": run.partner.fqdn}, back_to="answers")


def _nothing(run: Run, seen: Seen) -> Verdict:
    newest = next(iter(seen["newest"]), None)
    age = f"the newest backup is {aged(seen['now'] - newest.taken_at)} old" if newest else "it has no backup"
    sentence = f"Nothing to back up while {run.primary.short} is down; {age}."
    return Verdict(Mark.PASS, sentence, facts={"nothing": sentence})


def while_there_is_something(*rows: Step) -> tuple[Step, ...]:
    """The rows of an export: they fall away when there is nothing to export."""
    return tuple(replace(row, skip=_not_needed) for row in rows)


def _not_needed(run: Run) -> str | None:
    return "Not needed: there is nothing to export." if run.fact("nothing") else None


def told(run: Run) -> Acts:
    """That there is nothing is one standing notice, and no line for every slot."""
    over = f"There is a backup of {run.primary.short} again."
    return {"stands": Stand(f"nothing:{run.primary.fqdn}", run.fact("nothing", ""), over)}
