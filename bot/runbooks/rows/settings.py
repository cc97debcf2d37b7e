"""The application-level settings of a rebuilt or new pool: three choices (seed 000; runbooks, "rebuild")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet, quoted
from bot.domain.deployment.rehearsal import described
from bot.domain.groups.compare import compare_settings
from bot.domain.groups.difference import change_in_words
from bot.domain.groups.groups import Audio, ServiceSettings, service
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Attempt, Newest, ReadSettings, Seen
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.rows.by_hand import ByHand, Proof
from bot.runbooks.rows.facts import REPLACED, SETTINGS_FROM, before

FROM_BACKUP_POOL, FROM_RECORD, DEFAULTS = "backup", "record", "defaults"
_LATEST = 200


def choice_row(
    stretch: str,
    *,
    of: Callable[[Run], Pool],
    skip: Callable[[Run], str | None],
    imports: Callable[[Run], bool] = lambda run: True,
) -> Step:
    """Which settings the pool shall have; without any of them it has the server's own.

    Those of the backup pool come with an import, where there is one.
    """
    return Step(
        key="settings",
        stretch=stretch,
        title="Choose the application-level settings",
        asks=True,
        need=Need.ADMIN,
        skip=skip,
        explain=lambda run: _explain(run, of(run), imports(run)),
        choices=lambda run: _offer(run, of(run), imports(run)),
    )


def _explain(run: Run, pool: Pool, imported: bool) -> str:
    has = f"{pool.short} has the defaults now: ringback, call context, music on hold."
    if not imported:
        return f"{has} Nothing is imported, so they are set by hand."
    backup = partner(run).short
    whose = f"{run.primary.short}'s own, since the failover brought them there" if before(run, REPLACED) else "its own"
    usual = f"those of {backup}" if before(run, REPLACED) else f"{run.primary.short}'s recorded ones"
    return (
        f"{has} Usual: {usual}. The settings of {backup} are {whose}. "
        "An import can bring them along; anything else is set by hand."
    )


def _offer(run: Run, pool: Pool, imported: bool) -> tuple[Choice, ...]:
    backup, primary = partner(run).short, run.primary.short
    taken = Choice(
        "from-backup-pool",
        f"Those of {backup}",
        f"gives {pool.short} the settings of {backup}.",
        SETTINGS_FROM.to(FROM_BACKUP_POOL),
        confirm="They come with the import, default music included.",
    )
    recorded = Choice(
        "from-record",
        f"{primary}'s recorded ones",
        f"puts the recorded settings of {primary} back by hand.",
        SETTINGS_FROM.to(FROM_RECORD),
    )
    plain = Choice("defaults", "By hand", "sets them by hand.", SETTINGS_FROM.to(DEFAULTS))
    return (taken, recorded, plain) if imported else (recorded, plain)


def by_hand_rows(stretch: str, *, of: Callable[[Run], Pool], skip: Callable[[Run], str | None]) -> tuple[Step, ...]:
    """The recorded settings, or others, are set by hand, and then read."""
    recorded = ByHand(
        key="recorded",
        stretch=stretch,
        title="Put the recorded settings back",
        explain=lambda run: (
            f"On a Front End of {of(run).short}. For the music, its file has to lie in {of(run).folder} there: "
            f"`/rgs companions {run.primary.short}` has the copy of its recordings."
        ),
        need=Need.ADMIN,
        skip=lambda run: skip(run) or _unless(run, FROM_RECORD),
        lines=lambda run, seen: settings_lines(of(run), found) if (found := _recorded(run, seen)) else (),
        proof=Proof(lambda run: _read(run, of(run)), lambda run, seen: _as_recorded(run, of(run), seen)),
        others=lambda run: (Choice("other", "Choose something else", "chooses anew.", then=Then.BACK, to="settings"),),
    )
    plain = ByHand(
        key="plain",
        stretch=stretch,
        title="Set the settings by hand",
        explain=lambda run: f"On {of(run).short}: ringback grace, call context, default music on hold.",
        need=Need.ADMIN,
        skip=lambda run: skip(run) or _unless(run, DEFAULTS),
        lines=lambda run, seen: settings_lines(of(run), ServiceSettings()),
    )
    return (*recorded.rows(), *plain.rows())


def _unless(run: Run, source: str) -> str | None:
    return None if SETTINGS_FROM.of(run) == source else "Skipped: another way was chosen."


def _read(run: Run, pool: Pool) -> Acts:
    return {
        "backups": Newest(run.primary.fqdn, _LATEST),
        "now": Attempt(ReadSettings(pool.fqdn, pool.fqdn), kept=True),
    }


def _recorded(run: Run, seen: Seen) -> ServiceSettings | None:
    """As the newest backup that was taken from the pool itself tells them; others hold those of the backup pool."""
    own = (one.settings for one in seen["backups"] if one.source == run.primary.fqdn and one.settings)
    row = next(own, None)
    if row is None:
        return None
    music = row.get("DefaultMusicOnHoldFile")
    return replace(ServiceSettings.from_row(row), default_music=Audio("", str(music)) if music else None)


def _as_recorded(run: Run, pool: Pool, seen: Seen) -> Verdict:
    recorded = _recorded(run, seen)
    if recorded is None:
        return Verdict(Mark.STOP, f"No backup of {run.primary.short} tells its settings. Choose something else.")
    changes = compare_settings(recorded, seen["now"])
    if changes:
        lines = tuple(change_in_words(change) for change in changes)
        return Verdict(Mark.STOP, f"The settings of {pool.short} are not the recorded ones.", lines)
    return Verdict(Mark.PASS, f"{pool.short} has the recorded settings: {described(seen['now'])}.")


def settings_lines(pool: Pool, settings: ServiceSettings) -> tuple[str, ...]:
    """What sets these on the pool. Music takes an object of the shell's own session, so it is a script of three."""
    return tuple(_settings_lines(pool, settings))


def _settings_lines(pool: Pool, settings: ServiceSettings) -> Iterator[str]:
    yield str(
        cmdlet(
            "Set-CsRgsConfiguration",
            Identity=service(pool.fqdn),
            AgentRingbackGracePeriod=settings.ringback_grace_s,
            DisableCallContext=settings.call_context_disabled,
        )
    )
    if settings.default_music:
        name, where = settings.default_music.original_name, quoted(str(service(pool.fqdn)))
        path = quoted("\\".join((pool.folder, name)))
        yield f"$bytes = [IO.File]::ReadAllBytes({path})"
        yield f"$music = Import-CsRgsAudioFile -Identity {where} -FileName {quoted(name)} -Content $bytes"
        yield f"Set-CsRgsConfiguration -Identity {where} -DefaultMusicOnHoldFile $music"
