"""Where a backup is taken from: the pool, the pool that stands in for it, or nowhere while neither has the groups."""

from __future__ import annotations

from typing import Any

from bot.domain.errors import DriverError
from bot.domain.measures import aged
from bot.domain.model import Mark, Pool, PoolRecord, PoolState, Verdict
from bot.domain.runs.acts import Acts, Attempt, Clock, Newest, ReadGroups, ReadSettings, Records, Seen, Supersede
from bot.domain.runs.facts import SOURCE, STOOD, source
from bot.domain.runs.opening import source_of
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Step
from bot.runbooks.backup.facts import NOTHING, SETTINGS, SILENT, WITH_OWNER
from bot.runbooks.rows.facts import WAS_IMPORTED, before


def owner(run: Run) -> Pool | None:
    """Whose objects are asked for by name: the pool's, where another pool holds them, or holds others too."""
    return run.primary if source(run) != run.primary or WITH_OWNER.of(run) else None


def _read(run: Run) -> Acts:
    return {"records": Records((run.primary.fqdn,)), "newest": Newest(run.primary.fqdn, 1), "now": Clock()}


def _do(run: Run, seen: Seen) -> Acts:
    """The pool is asked after older ones ended: of runs that stopped one stands at most, also while it is silent."""
    because = f"A newer backup of this pool was started ({run.id}), so this one, which had stopped, ended."
    where = source(run).fqdn
    asked = ReadSettings(where, where)
    down = STOOD.of(run) == PoolState.OUTAGE and source(run) == run.primary
    return {
        "ended": Supersede(run.primary.fqdn, because, but=run.id, only_stuck=True),
        "settings": Attempt(asked) if down else asked,
        **({"copies": ReadGroups(where, where, run.primary.fqdn)} if _may_be_missing(run) else {}),
    }


def _judge(run: Run, seen: Seen) -> Verdict:
    record: PoolRecord = seen["records"][run.primary.fqdn]
    now = _holder(run, record)
    if now != source(run):
        sentence = f"The groups of {run.primary.short} are on {now.short} by now: starting there."
        return Verdict(Mark.WARN, sentence, facts=SOURCE.to(now.fqdn), back_to="answers")
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
    return Verdict(Mark.PASS, f"{source(run).short} answers.", facts=SETTINGS.to(row))


def _may_be_missing(run: Run) -> bool:
    """Until an import on the backup pool is verified, the groups may be nowhere."""
    return source(run) != run.primary and before(run, WAS_IMPORTED) is not True


def _holder(run: Run, record: PoolRecord) -> Pool:
    """As the pool's state says; in an outage, the pool itself as long as it answers."""
    brought = WAS_IMPORTED.among(record.carry) is not False
    away = record.state is PoolState.OUTAGE and SILENT.of(run) and brought
    return run.partner if away and run.partner else source_of(record, run.primary, run.partner)


def _silent(run: Run, record: PoolRecord, seen: Seen) -> Verdict:
    """The pool is in outage and does not answer: what an earlier failover brought to its backup pool is what lives."""
    if WAS_IMPORTED.among(record.carry) is False or not run.partner:
        return _nothing(run, seen)
    sentence = f"{run.primary.short} does not answer; its groups are on {run.partner.short}: starting there."
    return Verdict(Mark.WARN, sentence, facts=SILENT.to(True) | SOURCE.to(run.partner.fqdn), back_to="answers")


def _nothing(run: Run, seen: Seen) -> Verdict:
    newest = next(iter(seen["newest"]), None)
    age = f"the newest backup is {aged(seen['now'] - newest.taken_at)} old" if newest else "it has no backup"
    sentence = f"Nothing to back up while {run.primary.short} is down; {age}."
    return Verdict(Mark.PASS, sentence, facts=NOTHING.to(sentence))


ANSWERS = Step(key="answers", stretch="answers", title="Ask the pool", reads=_read, does=_do, judge=_judge, again=True)


def nothing_to_export(run: Run) -> str | None:
    """Why the rows of an export fall away, if they do."""
    return "Skipped: there is nothing to export." if NOTHING.of(run) else None
