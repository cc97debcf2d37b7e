"""The way home itself: the import, and the proof that everything is there (runbooks: failback 8 and 9)."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace

from bot.domain.deployment.backup_service import GROUPS
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.groups.difference import titled
from bot.domain.groups.fingerprint import Key
from bot.domain.groups.groups import Inventory, RgsObject, service
from bot.domain.measures import numbered
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Load, ReadGroups, ReadSettings, Seen
from bot.domain.runs.prerequisites import Prerequisite
from bot.domain.runs.run import Finding, Run, home, partner
from bot.domain.runs.runbook import Choice
from bot.runbooks.failback.facts import BARE, COMES, EXPORTED, LOST, ONLY_ON_PRIMARY
from bot.runbooks.rows.exporting import exported, kept
from bot.runbooks.rows.facts import ARRIVED, NOTHING_ARRIVED, REPLACED, SETTINGS_FROM, before
from bot.runbooks.rows.importing import found_import, import_row
from bot.runbooks.rows.prerequisites import frozen, groups_exported, spared
from bot.runbooks.rows.replication import replicated
from bot.runbooks.rows.settings import FROM_BACKUP_POOL
from bot.runbooks.rows.sparing import Spare
from bot.runbooks.rows.syncing import arrival_row
from bot.runbooks.rows.verifying import (
    audio_row,
    compared,
    differences,
    import_again,
    recordings_judged,
    verify_row,
)


def read_home(run: Run) -> Acts:
    """The pool that they come home to as it is: everything on it, and its settings."""
    where = home(run).fqdn
    return {"held": ReadGroups(where, where, show_all=True), "settings": ReadSettings(where, where)}


def read_export(run: Run) -> Acts:
    return {"export": Load(EXPORTED.of(run))}


def _read_coming(run: Run) -> Acts:
    return {**read_export(run), **read_home(run)}


def coming(run: Run, seen: Seen) -> Inventory:
    """What was exported, as it has to lie at home: owned by the pool on which it lies (facts: lync §3.3)."""
    where = home(run).fqdn
    return replace(seen["export"], objects=tuple(item.moved(where, where) for item in seen["export"].objects))


def more_than(keys: Set[Key], objects: Iterable[RgsObject]) -> list[str]:
    """Names of objects that do not come home: import deletes nothing, so they stay."""
    return [titled(item.kind, item.name) for item in objects if item.key not in keys]


def replaces_settings(run: Run) -> bool:
    """Only when failover replaced B's settings, or people want B's for an empty pool: the file carries B's."""
    return SETTINGS_FROM.of(run) == FROM_BACKUP_POOL or (not SETTINGS_FROM.of(run) and _brought(run))


def _brought(run: Run) -> bool:
    return before(run, REPLACED) and not (LOST.of(run) or BARE.of(run))


def import_command(run: Run, file: str) -> Cmdlet:
    """-OverwriteOwner is a must for an empty pool, and is right for any other at home (seed 000)."""
    return cmdlet(
        "Import-CsRgsConfiguration",
        Destination=service(home(run).fqdn),
        FileName=file,
        OverwriteOwner=True,
        ReplaceExistingRgsSettings=replaces_settings(run) or None,
    )


def _found_import(run: Run, seen: Seen) -> Finding:
    settings = (seen["export"].settings, seen["settings"]) if replaces_settings(run) else None
    return found_import(coming(run, seen), _without_extras(seen), settings)


def _without_extras(seen: Seen) -> Inventory:
    """The pool's own set without what is only there: import deletes nothing, so those are no difference."""
    keys = {item.key for item in seen["export"].objects}
    return Inventory(tuple(item for item in seen["held"].objects if item.key in keys))


def _nothing_comes(run: Run) -> str | None:
    return None if COMES.of(run) else "Skipped: the pool keeps what it has."


def _skip_import(run: Run) -> str | None:
    return _nothing_comes(run) or replicated(run)


def is_imported(run: Run) -> bool:
    """Whether anything is imported at home."""
    return _skip_import(run) is None


SPARE = Spare(where=home, stretch="import", skip=_skip_import)
"""What the pool has at home may have been edited before it was lost, or since."""


def _before_import(run: Run) -> tuple[Prerequisite, ...]:
    """A pool with a new name holds nothing yet that could be kept."""
    keeps = () if run.replacement else (spared(home(run), run.primary),)
    return (groups_exported(run), *keeps, frozen(run))


IMPORT = import_row(
    stretch="import",
    destination=home,
    backup=EXPORTED.of,
    contents_of="export",
    command=import_command,
    reads=lambda run: {**_read_coming(run), **SPARE.reads(run)},
    unfit=SPARE.edited,
    choices=SPARE.choices,
    prerequisites=_before_import,
    approvals=lambda run: 2,
    look=_read_coming,
    found=_found_import,
    skip=_skip_import,
)


def _read_verify(run: Run) -> Acts:
    where = home(run).fqdn
    return {**_read_coming(run), "plain": ReadGroups(where, where)}


def _judge_verify(run: Run, seen: Seen) -> Verdict:
    """With -ShowAll and without it, the same set: what is hidden without it would not be owned by the pool."""
    own = seen["held"].owned_by(home(run).fqdn)
    where = f"{run.primary.short}'s groups on {home(run).short}"
    verdict = compared(coming(run, seen), _without_extras({**seen, "held": own}), where)
    if verdict.mark is Mark.STOP:
        return verdict
    if {item.key for item in own.objects} != {item.key for item in seen["plain"].objects}:
        sentence = f"{where}: the list without -ShowAll differs from the one with it. Look at the owners."
        return Verdict(Mark.STOP, sentence, facts=verdict.facts)
    only = more_than({item.key for item in seen["export"].objects}, own.objects)
    facts = {**verdict.facts, **ONLY_ON_PRIMARY.to(only)}
    if new := set(only) - set(ONLY_ON_PRIMARY.of(run)) if not (LOST.of(run) or BARE.of(run)) else ():
        sentence = f"{where}: {numbered(len(new), 'object')} appeared since the export, which nobody brought home."
        return Verdict(Mark.STOP, sentence, tuple(sorted(new)), facts)
    if only:
        sentence = f"{verdict.sentence} {numbered(len(only), 'object')} more only there."
        return Verdict(Mark.WARN, sentence, tuple(only), facts)
    return replace(verdict, facts=facts)


def _offer_differences(run: Run) -> tuple[Choice, ...]:
    """In replication mode nothing is imported over replicas, so a difference is for people only."""
    if replicated(run):
        return differences(run)
    return differences(run, import_again("import"), acceptable=not NOTHING_ARRIVED.of(run))


REPLICAS = arrival_row(
    key="replicas",
    stretch="import",
    title="See that the replicas have arrived",
    of=partner,
    wanted=GROUPS,
    category="RGS",
    skip=lambda run: None if replicated(run) and not LOST.of(run) else "Skipped: nothing is replicated.",
)
"""In the direction from B to P, before P is compared with B (runbooks: failback 8)."""

VERIFY = verify_row(
    stretch="verify", reads=_read_verify, judge=_judge_verify, choices=_offer_differences, skip=_nothing_comes
)


def _judge_audio(run: Run, seen: Seen) -> Verdict:
    found = exported(seen)
    there = replace(_without_extras({**seen, "held": found}), settings=found.settings, audio=found.audio)
    settings = seen["settings"] if replaces_settings(run) and not replicated(run) else None
    judged = recordings_judged(coming(run, seen), there, settings, home(run).short, "as they were exported")
    return replace(judged, facts=ARRIVED.to(kept(seen).id)) if judged.mark is Mark.PASS else judged


AUDIO = audio_row(
    stretch="verify",
    where=home,
    owner=home,
    because=lambda run: f"what arrived in the {run.runbook} of {run.primary.short}",
    also=_read_coming,
    judge=_judge_audio,
    choices=_offer_differences,
    skip=_nothing_comes,
)
