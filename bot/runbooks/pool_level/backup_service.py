"""The Backup Service: its service and modules on both pools, its interval, a copy at once (facts: recovery, 1)."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.machines import BACKUP
from bot.domain.deployment.readings import modules, services_stopped, value
from bot.domain.errors import BotError
from bot.domain.groups.groups import checked_fqdn
from bot.domain.measures import numbered
from bot.domain.model import Mark, Pool, Undone, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.prerequisites import How, Prerequisite
from bot.domain.runs.run import Finding, Found, Phase, Run, partner
from bot.domain.runs.runbook import Choice, Plan, Runbook, Step, Then
from bot.runbooks import uses
from bot.runbooks.pool_level.ends import left
from bot.runbooks.pool_level.facts import FACTS, INTERVAL, INTERVAL_WAS, STOPPED, SYNC
from bot.runbooks.rows.by_command import After, ByCommand, Lost
from bot.runbooks.rows.machines import machines, read_machines, read_pool, troubles
from bot.runbooks.rows.prerequisites import on
from bot.runbooks.rows.syncing import sync_rows
from bot.runbooks.rows.typed import interval_field

_SETTINGS = cmdlet("Get-CsBackupServiceConfiguration")
_START_AGAIN = Choice("start-again", "Start it again", "asked to start it again.", then=Then.BACK, to="start")
_SET_AGAIN = Choice("set-again", "Set it again", "asked to set it again.", then=Then.BACK, to="interval")
_GO_ON = Choice("go-on", "Go on", "goes on with it as it is.", undone=Undone.NOT_DONE)


def _runs_row(key: str, of: Callable[[Run], Pool]) -> Step:
    """LYNCBACKUP on each server of the pool, asked there (procedure 1, row 6)."""

    def judge(run: Run, seen: Seen) -> Verdict:
        stopped = [
            [of(run).fqdn, one]
            for one in machines(seen["machines"])
            if not isinstance(read := seen[f"services of {one}"], BotError) and services_stopped(read)
        ]
        others = [pair for pair in STOPPED.of(run) if pair[0] != of(run).fqdn]
        found, facts = tuple(troubles(seen)), STOPPED.to([*others, *stopped])
        if not machines(seen["machines"]):
            return Verdict(Mark.WARN, f"The servers of {of(run).short} could not be read.", facts=facts)
        if found:
            said = f"{BACKUP} does not run on every server of {of(run).short}, or was not read."
            return Verdict(Mark.WARN, said, found, facts)
        return Verdict(Mark.PASS, f"{BACKUP} runs on every server of {of(run).short}.", facts=facts)

    return Step(
        key=key,
        stretch="service",
        title=f"See whether {BACKUP} runs",
        need=Need.SERVER_ADMIN,
        reads=lambda run: read_pool(of(run)),
        does=lambda run, seen: read_machines(of(run), seen, name=BACKUP),
        judge=judge,
    )


def _skip_start(run: Run) -> str | None:
    return None if STOPPED.of(run) else f"Skipped: {BACKUP} is stopped nowhere."


def _plan_start(run: Run, seen: Seen) -> Plan:
    acts: Acts = {
        server: Invoke(pool, cmdlet("Start-CsWindowsService", Name=BACKUP, ComputerName=checked_fqdn(server)))
        for pool, server in STOPPED.of(run)
    }
    return Plan(acts, (f"{BACKUP} runs there; no user notices it.",))


def _read_started(run: Run) -> Acts:
    return {
        server: Attempt(Invoke(pool, cmdlet("Get-CsWindowsService", ComputerName=checked_fqdn(server), Name=BACKUP)))
        for pool, server in STOPPED.of(run)
    }


def _judge_started(run: Run, seen: Seen) -> Verdict:
    still = tuple(server for server, read in seen.items() if isinstance(read, BotError) or services_stopped(read))
    if still:
        return Verdict(Mark.STOP, f"{BACKUP} does not run yet: {', '.join(still)}.", still)
    return Verdict(Mark.PASS, f"{BACKUP} runs there now.", facts=STOPPED.to([]))


START = ByCommand(
    key="start",
    stretch="service",
    title=f"Start {BACKUP}",
    plan=_plan_start,
    after=After(
        f"See that {BACKUP} runs",
        _read_started,
        _judge_started,
        lambda run: (_START_AGAIN, _GO_ON),
        key="started",
    ),
    said=lambda run: "The commands ended. Whether it runs is read next.",
    skip=_skip_start,
    ways=lambda run: (_GO_ON,),
).rows()


def _status(run: Run) -> Acts:
    """Each direction by itself: what goes over from a pool is asked of that pool."""
    asked: dict[str, Cmdlet] = {
        pool.fqdn: cmdlet("Get-CsBackupServiceStatus", PoolFqdn=pool.fqdn) for pool in run.pools
    }
    return {fqdn: Attempt(Invoke(fqdn, command)) for fqdn, command in asked.items()}


def _judge_modules(run: Run, seen: Seen) -> Verdict:
    """A snapshot, and no promise; Response Groups are protected by it only where they are a module of their own."""
    lines, behind = [], 0
    for pool in run.pools:
        if isinstance(status := seen[pool.fqdn], BotError):
            lines.append(f"From {pool.short}: not read. {status.sentence}")
            behind += 1
            continue
        for one in modules(status):
            lines.append(f"From {pool.short}: {one.words}.")
            behind += not one.is_well
    if behind:
        said = f"{numbered(behind, 'thing')} not as it should be. Wait, or have it copied at once."
        return Verdict(Mark.WARN, said, tuple(lines))
    return Verdict(Mark.PASS, "Every module is at rest, in both directions.", tuple(lines))


MODULES = Step(
    key="modules",
    stretch="modules",
    title="See how its modules stand",
    need=Need.SERVER_ADMIN,
    reads=_status,
    judge=_judge_modules,
)


def _read_settings(run: Run) -> Acts:
    return {"settings": Invoke(run.primary.fqdn, _SETTINGS)}


def _interval(run: Run, seen: Seen) -> str:
    return next((value(row, "SyncInterval") for row in seen["settings"]), "")


def _offer_change(run: Run) -> tuple[Choice, ...]:
    if run.phase is Phase.STOPPED:
        return (_GO_ON,)
    fields = (interval_field(INTERVAL, "How often, as hh:mm:ss"),)
    return (
        Choice("nothing", "Nothing is to be changed", "leaves it as it is.", INTERVAL.to("") | SYNC.to(False)),
        Choice("sync", "Copy at once", "asked to copy it at once.", INTERVAL.to("") | SYNC.to(True)),
        Choice("interval", "Change the interval", "changes the interval to {interval}.", SYNC.to(False), fields=fields),
    )


CHANGE = Step(
    key="change",
    stretch="change",
    title="Say what is to be done",
    asks=True,
    need=Need.SERVER_ADMIN,
    explain=lambda run: "The interval holds for all pools. Microsoft advises to leave it as it is, two minutes.",
    reads=_read_settings,
    judge=lambda run, seen: Verdict(
        Mark.PASS,
        f"It copies every {_interval(run, seen) or 'so often as by default'}.",
        facts=INTERVAL_WAS.to(_interval(run, seen)),
    ),
    choices=_offer_change,
)


def _skip_interval(run: Run) -> str | None:
    return None if INTERVAL.of(run) else "Skipped: the interval stays."


def _way_back(was: str) -> tuple[str, ...]:
    return (f"To take it back: `Set-CsBackupServiceConfiguration -SyncInterval {was}`.",) if was else ()


def _plan_interval(run: Run, seen: Seen) -> Plan:
    was = _interval(run, seen)
    command = cmdlet("Set-CsBackupServiceConfiguration", SyncInterval=INTERVAL.of(run))
    effect = (f"All pools copy every {INTERVAL.of(run)}; before: {was or 'the default'}.", *_way_back(was))
    return Plan({"set": Invoke(run.primary.fqdn, command)}, effect)


def _found_interval(run: Run, seen: Seen) -> Finding:
    now = _interval(run, seen)
    if now == INTERVAL.of(run):
        return Finding(Found.DONE, f"The interval is {now}: it was changed.")
    return Finding(Found.PARTLY, f"The interval is {now}. It was {INTERVAL_WAS.of(run)}.")


def _judge_interval(run: Run, seen: Seen) -> Verdict:
    now = _interval(run, seen)
    if now != INTERVAL.of(run):
        return Verdict(Mark.STOP, f"The interval is {now or 'the default'}, and not {INTERVAL.of(run)}.")
    return Verdict(Mark.PASS, " ".join((f"The interval is {now}.", *_way_back(INTERVAL_WAS.of(run)))))


def _before_interval(run: Run) -> tuple[Prerequisite, ...]:
    see = tuple(str(cmdlet("Get-CsBackupServiceStatus", PoolFqdn=pool.fqdn)) for pool in run.pools)
    how = How(on(run.primary, "see every module, one direction at a time"), see)
    wait = How("Each has to be in SteadyState or FinalState. Else find out why: another interval does not mend it.")
    return (Prerequisite("modules", "Every module keeps up", (how, wait), shown_by=(MODULES.key,)),)


SET = ByCommand(
    key="interval",
    stretch="change",
    title="Change the interval",
    plan=_plan_interval,
    prerequisites=_before_interval,
    after=After(
        "See the interval",
        _read_settings,
        _judge_interval,
        lambda run: (_SET_AGAIN, _GO_ON),
    ),
    lost=Lost(_read_settings, _interval, _found_interval),
    said=lambda run: "The command ended. What holds now is read next.",
    skip=_skip_interval,
).rows()


def _skip_sync(run: Run) -> str | None:
    return None if SYNC.of(run) else "Skipped: nobody asked to copy at once."


def _sync_rows(key: str, of: Callable[[Run], Pool]) -> tuple[Step, Step]:
    return sync_rows(
        key=key,
        stretch="change",
        title="Copy at once",
        of=of,
        effect=lambda run: f"{of(run).short} sends what is waiting to its pair. Nothing else changes.",
        skip=_skip_sync,
    )


BACKUP_SERVICE = Runbook(
    key="backup-service",
    title="Care of the Backup Service",
    about="Shows how the Backup Service stands, starts it, copies at once, or changes its interval.",
    paired=True,
    alone=True,
    left=left,
    facts=FACTS,
    uses=uses.BACKUP_SERVICE,
    steps=(
        _runs_row("runs", lambda run: run.primary),
        _runs_row("runs-there", partner),
        *START,
        MODULES,
        CHANGE,
        *SET,
        *_sync_rows("sync", lambda run: run.primary),
        *_sync_rows("sync-back", partner),
    ),
)
