"""What still lives on a pool: users, directories, endpoints, orbits and ranges, as Central Management and AD say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.readings import living_on
from bot.domain.measures import numbered
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.run import Run, partner
from bot.runbooks.rows.by_hand import Proof


@dataclass(frozen=True, slots=True)
class Lodger:
    """Something that lives on a pool: how it is asked for, and the property that leads to the pool."""

    one: str
    asked: Callable[[Pool], Cmdlet]
    leads: str
    many: str = ""


def on_pool(fqdn: str) -> str:
    """The filter that people and cmdlets use of users and endpoints."""
    return f'{NAMES.users_pool} -eq "{fqdn}"'


LODGERS: Mapping[str, Lodger] = {
    "users": Lodger("user", lambda pool: cmdlet("Get-CsUser", Filter=on_pool(pool.fqdn)), NAMES.users_pool),
    "directories": Lodger(
        "conference directory",
        lambda pool: cmdlet("Get-CsConferenceDirectory"),
        NAMES.directory_service,
        "conference directories",
    ),
    "endpoints": Lodger(
        "application endpoint",
        lambda pool: cmdlet("Get-CsApplicationEndpoint", PoolFqdn=pool.fqdn),
        NAMES.users_pool,
    ),
    "orbits": Lodger("Call Park orbit", lambda pool: cmdlet("Get-CsCallParkOrbit"), NAMES.orbit_service),
    "ranges": Lodger("unassigned number range", lambda pool: cmdlet("Get-CsUnassignedNumber"), NAMES.range_service),
}


def read(run: Run, *kinds: str) -> Acts:
    """What of these kinds lives on the pool that is lost; asked on the backup pool, which lives."""
    return {kind: Attempt(Invoke(partner(run).fqdn, LODGERS[kind].asked(run.primary))) for kind in kinds}


def left(run: Run, seen: Seen, kind: str) -> tuple[str, ...]:
    """Identities of what of this kind lives there still."""
    return living_on(seen[kind], LODGERS[kind].leads, run.primary.fqdn)


def nothing_left(*kinds: str) -> Proof:
    """Proves that nothing of these kinds lives on the pool that is lost."""

    def judge(run: Run, seen: Seen) -> Verdict:
        lines = tuple(
            numbered(len(found), LODGERS[kind].one, LODGERS[kind].many)
            for kind in kinds
            if (found := left(run, seen, kind))
        )
        if lines:
            return Verdict(Mark.STOP, f"Still on {run.primary.short}: {', '.join(lines)}.")
        words = " or ".join(LODGERS[kind].one for kind in kinds)
        return Verdict(Mark.PASS, f"No {words} is left on {run.primary.short}.")

    return Proof(lambda run: read(run, *kinds), judge)
