"""Which machines a pool has, and whether their services run: read at the pool itself (facts: recovery, procedure 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import replicas_behind, services_stopped, value
from bot.domain.errors import BotError
from bot.domain.groups.groups import Row
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.run import Run
from bot.runbooks.rows.by_hand import Proof

_SERVICES, _REPLICA = "services of ", "replica of "


def read_pool(pool: Pool) -> Acts:
    """What is known of its machines."""
    return {"machines": Attempt(Invoke(pool.fqdn, cmdlet("Get-CsPool", Identity=pool.fqdn)))}


def read_machines(pool: Pool, seen: Seen, *, name: str | None = None, replicas: bool = False) -> Acts:
    """The Windows services of each machine (of one `name`), and whether its replica is up to date."""
    acts: dict[str, Attempt] = {}
    for one in machines(seen["machines"]):
        services = cmdlet("Get-CsWindowsService", ComputerName=one, Name=name)
        acts[f"{_SERVICES}{one}"] = Attempt(Invoke(pool.fqdn, services))
        if replicas:
            replica = cmdlet("Get-CsManagementStoreReplicationStatus", ReplicaFqdn=one)
            acts[f"{_REPLICA}{one}"] = Attempt(Invoke(pool.fqdn, replica))
    return acts


def machines(rows: tuple[Row, ...] | BotError) -> tuple[str, ...]:
    """FQDNs of the machines that Get-CsPool names; none where it could not be read."""
    if isinstance(rows, BotError):
        return ()
    return tuple(str(one).lower() for row in rows for one in row.get("Computers") or ())


def troubles(seen: Seen) -> Iterator[str]:
    """What does not run or is not up to date, and what could not be read, a sentence each."""
    for key, rows in seen.items():
        what, _, machine = key.partition(" of ")
        if not machine:
            continue
        if isinstance(rows, BotError):
            yield f"{machine}: its {what} could not be read."
        elif key.startswith(_SERVICES) and (stopped := services_stopped(rows)):
            yield f"{machine}: not running: {', '.join(stopped)}."
        elif key.startswith(_REPLICA) and replicas_behind(rows):
            yield f"{machine}: its replica of Central Management is not up to date."


def all_run(pool: Callable[[Run], Pool], name: str | None = None) -> Proof:
    """Proves that every service (or the one of this `name`) runs on every machine of the pool."""

    def judge(run: Run, seen: Seen) -> Verdict:
        if stopped := tuple(troubles(seen)):
            return Verdict(Mark.STOP, f"Not everything runs on {pool(run).short} yet.", stopped)
        count = len(machines(seen["machines"]))
        if not count:
            return Verdict(Mark.STOP, f"No machine of {pool(run).short} is in the topology yet.")
        return Verdict(Mark.PASS, f"{name or 'Every service'} runs on {count} machine(s) of {pool(run).short}.")

    return Proof(
        lambda run: read_pool(pool(run)), judge, more=lambda run, seen: read_machines(pool(run), seen, name=name)
    )


def none_runs(pool: Callable[[Run], Pool]) -> Proof:
    """Proves that the pool is built, and that its services are stopped on every machine."""

    def judge(run: Run, seen: Seen) -> Verdict:
        names = machines(seen["machines"])
        if not names:
            return Verdict(Mark.STOP, f"{pool(run).short} is not in the topology yet.")
        running = tuple(f"{one}: {', '.join(found)} running." for one in names if (found := _running(seen, one)))
        if running:
            return Verdict(Mark.STOP, f"Services run on {pool(run).short}: stop them first.", running)
        return Verdict(
            Mark.PASS, f"{pool(run).short} is built, and its services are stopped on {len(names)} machine(s)."
        )

    return Proof(lambda run: read_pool(pool(run)), judge, more=lambda run, seen: read_machines(pool(run), seen))


_MAY_RUN = frozenset({"REPLICA", "RTCCLSAGT"})
"""What brings a machine its copy of Central Management runs from its set-up on; so does the agent of its traces."""


def _running(seen: Seen, machine: str) -> tuple[str, ...]:
    rows = seen[f"{_SERVICES}{machine}"]
    stopped = set(services_stopped(rows)) | _MAY_RUN
    return tuple(name for row in rows if (name := value(row, "Name")) not in stopped)
