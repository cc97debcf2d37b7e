"""The Backup Service is told to bring everything over, and is waited for (facts: recovery, procedures 1 and 9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import modules
from bot.domain.errors import BotError
from bot.domain.model import Mark, Pool, Undone, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Choice, Plan, Step
from bot.runbooks.rows.attesting import attested

_IDLE = "NotInitialized"


def sync_rows(
    *,
    key: str,
    stretch: str,
    title: str,
    of: Callable[[Run], Pool],
    effect: Callable[[Run], str],
    module: str | None = None,
    skip: Callable[[Run], str | None] = lambda run: None,
    ways: Callable[[Run], tuple[Choice, ...]] = lambda run: (),
) -> tuple[Step, Step]:
    """The data of a pool go to the other one of its pair: all of it, or one `module`; then how far it is, is read.

    `ways` are further ways on where it cannot be done.
    """

    def plan(run: Run, seen: Seen) -> Plan:
        command = cmdlet("Invoke-CsBackupServiceSync", PoolFqdn=of(run).fqdn, BackupModule=module)
        return Plan({"sync": Invoke(of(run).fqdn, command)}, (effect(run),))

    sent = Step(
        key=key,
        stretch=stretch,
        title=title,
        need=Need.SERVER_ADMIN,
        skip=skip,
        plan=plan,
        judge=lambda run, seen: Verdict(Mark.PASS, f"{of(run).short} has begun. How far it is, is read next."),
        approvals=lambda run: 1,
        choices=lambda run: (*_later(run), *ways(run)),
        again=True,
    )
    arrived = arrival_row(
        key=f"{key}-arrived",
        stretch=stretch,
        title=f"See that it has arrived: {title[0].lower()}{title[1:]}",
        of=of,
        wanted=(module,) if module else (),
        skip=skip,
        ways=ways,
    )
    return sent, arrived


def arrival_row(
    *,
    key: str,
    stretch: str,
    title: str,
    of: Callable[[Run], Pool],
    wanted: tuple[str, ...] = (),
    category: str | None = None,
    skip: Callable[[Run], str | None] = lambda run: None,
    ways: Callable[[Run], tuple[Choice, ...]] = lambda run: (),
) -> Step:
    """Every module that is `wanted`, or else in use, is at rest in the direction away from the pool (lync §1.6)."""

    def read(run: Run) -> Acts:
        command = cmdlet("Get-CsBackupServiceStatus", PoolFqdn=of(run).fqdn, Category=category)
        return {"status": Attempt(Invoke(of(run).fqdn, command))}

    return Step(
        key=key,
        stretch=stretch,
        title=title,
        need=Need.SERVER_ADMIN,
        skip=skip,
        reads=read,
        judge=lambda run, seen: _arrived(of(run), seen["status"], wanted),
        choices=lambda run: (*_later(run), *ways(run)),
    )


def _arrived(pool: Pool, status: Any, wanted: tuple[str, ...]) -> Verdict:
    if isinstance(status, BotError):
        return Verdict(Mark.STOP, f"How far {pool.short} is could not be read: {status.sentence}")
    found = [one for one in modules(status) if (one.identity in wanted if wanted else one.export != _IDLE)]
    behind = tuple(f"{one.identity}: {one.export}, {one.imports}" for one in found if not one.at_rest)
    if behind:
        return Verdict(Mark.STOP, "Not everything has arrived yet. Large contents take long: try again later.", behind)
    if not found:
        return Verdict(Mark.STOP, f"{pool.short} says nothing of what was to be brought over.")
    return Verdict(Mark.PASS, "Everything has arrived.")


def _later(run: Run) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED:
        return ()
    means = "The run goes on. See later that every module is steady or final: `Get-CsBackupServiceStatus`."
    return (attested("later", "Go on without waiting", "goes on without waiting", means, undone=Undone.NOT_DONE),)
