"""What lives on the lost pool goes to the new one: rows 9 to 15 of the procedure, as a table (facts: recovery §10)."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.deployment.cmdlets import quoted
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.readings import living_on
from bot.domain.groups.groups import service
from bot.domain.measures import lasted, numbered
from bot.domain.model import Mark, Pool, PoolState, Verdict
from bot.domain.runs.acts import Acts, Attempt, Clock, Invoke, ReadGroups, Seen
from bot.domain.runs.run import Run, Tell, partner, replacement
from bot.runbooks.replace.facts import USERS
from bot.runbooks.rows.by_hand import ByHand, Proof
from bot.runbooks.rows.editing import asked
from bot.runbooks.rows.living import LODGERS, left, nothing_left, read
from bot.runbooks.rows.machines import all_run, machines, none_runs
from bot.runbooks.rows.prerequisites import nothing_lives, safe, stopped

NO_WAY_BACK = "no way back"

MOVED = 'Get-CsUser -Filter {{{{RegistrarPool -eq "{}"}}}} | Move-CsUser -Target "{{n}}" -Force -Confirm:$False'
"""All users of one registrar go to the new pool."""


def lines(*texts: str) -> Callable[[Run, Seen], tuple[str, ...]]:
    """These lines with the pools of the run put in."""
    return lambda run, seen: tuple(text.format_map(names(run)) for text in texts)


def names(run: Run) -> dict[str, str]:
    """What lines are filled in with; every name was checked when the configuration was read."""
    primary, backup, new = run.primary, partner(run), replacement(run)
    return {
        "p": primary.fqdn,
        "b": backup.fqdn,
        "n": new.fqdn,
        "services": quoted(str(service(new.fqdn))),
        "file": quoted(f"{new.folder}\\userdata-{primary.short[:40]}.zip"),
        "folder": new.folder,
    }


def _users_on(pool: Pool) -> Acts:
    return {"there": Attempt(Invoke(pool.fqdn, LODGERS["users"].asked(pool)))}


def _read_users(run: Run) -> Acts:
    return {**read(run, "users"), "there": Attempt(Invoke(partner(run).fqdn, LODGERS["users"].asked(replacement(run))))}


def _read_first(run: Run) -> Acts:
    where, built = partner(run).fqdn, none_runs(replacement)
    return {**_read_users(run), **built.reads(run), "copies": Attempt(ReadGroups(where, where, run.primary.fqdn))}


def _judge_first(run: Run, seen: Seen) -> Verdict:
    """The new pool stands, nothing runs on it, and what is to go there is safe on the backup pool."""
    built = none_runs(replacement).judge(run, seen)
    if built.mark is Mark.STOP:
        return built
    if not seen["copies"].objects:
        return Verdict(Mark.STOP, f"{partner(run).short} holds no groups of {run.primary.short} any longer.")
    count = len(left(run, seen, "users")) + _arrived(run, seen)
    sentence = (
        f"{built.sentence} {numbered(count, 'user')} to move. From now on they have no service, until "
        f"{replacement(run).short} is started."
    )
    return Verdict(Mark.PASS, sentence, facts=USERS.to(count))


def _arrived(run: Run, seen: Seen) -> int:
    return len(living_on(seen["there"], NAMES.users_pool, replacement(run).fqdn))


def _judge_users(run: Run, seen: Seen) -> Verdict:
    still, there, wanted = left(run, seen, "users"), _arrived(run, seen), USERS.of(run)
    said = f"On {run.primary.short}: {numbered(len(still), 'user')}. On {replacement(run).short}: {there} of {wanted}."
    return Verdict(Mark.STOP if still or there < wanted else Mark.PASS, said)


def _tell_outage(run: Run) -> tuple[Tell, ...]:
    new = replacement(run).short
    sentence = f"The users of {run.primary.short} are moved to {new} now. They have no service until {new} is started."
    return (Tell("notifications", sentence, loud=True),)


def _each(kind: str, *texts: str) -> Callable[[Run, Seen], tuple[str, ...]]:
    """The lines once for each thing of this kind that is left; the shell asks for it while nobody could read them."""

    def made(run: Run, seen: Seen) -> tuple[str, ...]:
        found = map(quoted, left(run, seen, kind)) if kind in seen else (asked("Identity"),)
        file = asked("A new file")
        return tuple(text.format_map({**names(run), "id": one, "file": file}) for one in found for text in texts)

    return made


def _chat(run: Run) -> str | None:
    """Persistent Chat is gone from 2019 on."""
    return "Skipped: this version has no Persistent Chat." if replacement(run).version == "2019" else None


def _start_lines(run: Run, seen: Seen) -> tuple[str, ...]:
    return tuple(f"Start-CsWindowsService -ComputerName {one}" for one in named_machines(seen))


def named_machines(seen: Seen) -> tuple[str, ...]:
    """The machines of a pool as arguments; the shell asks for one while nobody could read them."""
    return tuple(map(quoted, machines(seen["machines"]))) if "machines" in seen else (asked("A machine of the pool"),)


def _started() -> Proof:
    """All services run on the new pool: here the outage of its users ends."""
    run_all = all_run(replacement)

    def judge(run: Run, seen: Seen) -> Verdict:
        found, began = run_all.judge(run, seen), run.record_of("users-first")
        if found.mark is Mark.STOP or began is None:
            return found
        out = lasted(seen["now"] - began.at)
        return Verdict(Mark.PASS, f"{found.sentence} The users were without service for {out} at most.")

    return Proof(lambda run: {**run_all.reads(run), "now": Clock()}, judge, run_all.more)


def _tell_started(run: Run) -> tuple[Tell, ...]:
    record = run.record_of("start-seen")
    said = f" {record.sentence}" if record else ""
    return (Tell("notifications", f"{replacement(run).short} is started: its users have service again.{said}"),)


PROCEDURE: tuple[ByHand, ...] = (
    ByHand(
        key="users",
        stretch="users",
        title=f"Move the users ({NO_WAY_BACK})",
        explain=lambda run: (
            f"On a Front End of {partner(run).short}. -Force leaves contacts and meetings behind, and they cannot be "
            "got back that way. The row “Bring the user data over” brings them. Never -MoveConferenceData here."
        ),
        lines=lines(MOVED.format("{p}")),
        first=Proof(_read_first, _judge_first, none_runs(replacement).more),
        prerequisites=lambda run: (stopped(run, "users"), safe(run, "users")),
        proof=Proof(_read_users, _judge_users),
        leaves=PoolState.REPLACING,
        tells=_tell_outage,
    ),
    ByHand(
        key="directories",
        stretch="move",
        title=f"Move the conference directories ({NO_WAY_BACK})",
        explain=lambda run: (
            f"On a Front End of {partner(run).short}. With -Force the dial-in codes of existing meetings are lost: "
            "people join by client, not by phone. So each directory is copied first."
        ),
        first=nothing_left("users"),
        prerequisites=lambda run: (
            nothing_lives(run, "directories", f"No user is left on {run.primary.short}", ("users",)),
        ),
        lines=_each(
            "directories",
            'Export-CsUserData -PoolFqdn "{b}" -ConfDirectoryFilter {id} -FileName {file}',
            'Move-CsConferenceDirectory -Identity {id} -TargetPool "{n}" -Force',
        ),
        proof=nothing_left("directories"),
    ),
    ByHand(
        key="endpoints",
        stretch="move",
        title="Move the application endpoints",
        explain=lambda run: "Such as the contact of the Conferencing Attendant. The same line back takes it back.",
        lines=_each("endpoints", 'Move-CsApplicationEndpoint -Identity {id} -TargetApplicationPool "{n}" -Force'),
        proof=nothing_left("endpoints"),
    ),
    ByHand(
        key="contents",
        stretch="move",
        title="Copy the contents of conferences",
        explain=lambda run: (
            f"From the file store of {partner(run).short} to that of {replacement(run).short}, by Robocopy, without "
            "Meeting.Active."
        ),
        lines=lines('robocopy (Read-Host "File store of {b}") (Read-Host "File store of {n}") /E /XF Meeting.Active'),
    ),
    ByHand(
        key="userdata",
        stretch="move",
        title="Bring the user data over",
        explain=lambda run: (
            "It brings contacts, meetings and conference directories. Export stops at users whose address has a slash: "
            "look into the file. The services of the new pool have to be stopped on all machines."
        ),
        first=none_runs(replacement),
        prerequisites=lambda run: (stopped(run, "userdata"),),
        lines=lines(
            'Export-CsUserData -PoolFqdn "{b}" -FileName {file}', 'Import-CsUserData -PoolFqdn "{n}" -FileName {file}'
        ),
    ),
    ByHand(
        key="park",
        stretch="move",
        title="Move Call Park",
        explain=lambda run: (
            f"Orbits by these lines. Music and settings: `/rgs companions {run.primary.short}` has the copies. "
            "Settings need a collection of that scope first: `New-CsCpsConfiguration`."
        ),
        lines=_each("orbits", "Set-CsCallParkOrbit -Identity {id} -CallParkService {services}"),
        proof=nothing_left("orbits"),
    ),
    ByHand(
        key="chat",
        stretch="move",
        title="Point Persistent Chat to the new pool",
        skip=_chat,
        explain=lambda run: (
            f"Topology Builder: the Persistent Chat pool, Edit Properties, next hop {replacement(run).short}, publish."
        ),
    ),
    ByHand(
        key="start",
        stretch="start",
        title="Start the new pool",
        explain=lambda run: "On all machines together. Then users have service again, and the outage ends.",
        lines=_start_lines,
        proof=_started(),
        tells_proven=_tell_started,
    ),
)
"""In the order of the page. Where a reading proves a row, it does; the others are words only."""

ROWS = tuple(step for one in PROCEDURE for step in one.rows())
