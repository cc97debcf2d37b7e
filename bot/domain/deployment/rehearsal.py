"""An import tried on a copy first: what it would create, update, rename or be refused for, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.imports import Clash, Landing, Switches, plan_import
from bot.domain.deployment.world import LivePool, ServerFile, world_of
from bot.domain.errors import CmdletFailed
from bot.domain.groups.difference import quoted
from bot.domain.groups.groups import Inventory, RgsObject, ServiceSettings, counted
from bot.domain.model import Pool

NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What an import would do to `pool`. `refused` is the server's sentence, and then nothing of the rest happens.

    Every object of the file is once in `created`, `updated` or `unchanged`, as it would lie there; `renamed` has
    those that would get another name, with the name they have in the file. `clashes` are there whether they are
    refused or resolved; `addresses` no switch resolves. `after` is everything that the pool would hold then, audio of
    the file included.
    """

    pool: str
    created: tuple[RgsObject, ...]
    updated: tuple[RgsObject, ...]
    unchanged: tuple[RgsObject, ...]
    renamed: tuple[tuple[str, RgsObject], ...]
    clashes: tuple[Clash, ...]
    addresses: tuple[Clash, ...]
    settings_before: ServiceSettings
    settings_after: ServiceSettings
    refused: str | None
    after: Inventory

    @property
    def taken(self) -> tuple[str, ...]:
        """What to do about each address that another workflow has; addresses may be numbers, so names are said."""
        return tuple(
            f"The SIP address of workflow {quoted(one.item.name)} belongs to workflow {quoted(one.held.name)} on "
            f"{one.held.parent} already. Give one of them another address, then try again."
            for one in self.addresses
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """What people read before they approve: one thought each, the refusal first."""
        return tuple(_sentences(self))


def rehearse_import(destination: Pool, held: Inventory, file: Inventory, command: Cmdlet) -> Rehearsal:
    """Runs this Import-CsRgsConfiguration of `file` on a copy of the destination, paired as its configuration says.

    `held` is what the destination holds now, read with -ShowAll, and its settings.
    """
    pool = LivePool(destination.fqdn, destination.edition, destination.version, destination.site)
    before = pool.holding(held.objects, held.settings, held.audio)
    there = before.with_file(str(command.get("FileName")), ServerFile(file))
    pairs = [(destination.fqdn, destination.backup_pool)] if destination.backup_pool else []
    world, refused = world_of([there], pairs), None
    try:
        world, _ = apply(world, destination.fqdn, command)
    except CmdletFailed as no:
        refused = no.sentence
    plan = plan_import(before, file, Switches.of(command))
    after = world.pools[destination.fqdn]
    return Rehearsal(
        destination.fqdn,
        created=_lands(each for each in plan.landings if each.held is None),
        updated=_lands(each for each in plan.landings if each.held not in (None, each.lands)),
        unchanged=_lands(each for each in plan.landings if each.held == each.lands),
        renamed=tuple((each.item.name, each.lands) for each in plan.landings if each.item.name != each.lands.name),
        clashes=plan.clashes,
        addresses=plan.addresses,
        settings_before=before.settings,
        settings_after=after.settings,
        refused=refused,
        after=after.inventory(),
    )


def _lands(landings: Iterable[Landing]) -> tuple[RgsObject, ...]:
    return tuple(each.lands for each in landings)


def _sentences(rehearsal: Rehearsal) -> Iterable[str]:
    pool = rehearsal.pool
    if rehearsal.refused:
        yield f"The import would be refused, and nothing would change: {rehearsal.refused}"
        yield from _clash_sentences(rehearsal)
        yield from rehearsal.taken[:NAMES_SHOWN]
        return
    if not (rehearsal.created or rehearsal.updated or rehearsal.unchanged):
        yield f"The export holds no objects: nothing would be created on {pool}."
    if rehearsal.created:
        yield f"Created on {pool}: {_counted(rehearsal.created)}."
    if rehearsal.updated:
        yield f"Already on {pool} and updated in place: {_counted(rehearsal.updated)}."
    if rehearsal.unchanged:
        yield f"Already on {pool} and equal: {_counted(rehearsal.unchanged)}."
    yield from _clash_sentences(rehearsal)
    yield "An import deletes nothing."
    yield _settings_sentence(rehearsal)


def _clash_sentences(rehearsal: Rehearsal) -> Iterable[str]:
    if rehearsal.clashes:
        names = _listed(f"{clash.item.kind.singular} “{clash.item.name}”" for clash in rehearsal.clashes)
        yield f"Names that {rehearsal.pool} already uses for another owner: {names}."
    if rehearsal.renamed and rehearsal.refused is None:
        names = _listed(f"“{older}” becomes “{item.name}”" for older, item in rehearsal.renamed)
        yield f"Renamed: {names}. They keep that name until somebody renames them back."


def _settings_sentence(rehearsal: Rehearsal) -> str:
    before, after = described(rehearsal.settings_before), described(rehearsal.settings_after)
    if rehearsal.settings_before == rehearsal.settings_after:
        return f"The settings of {rehearsal.pool} stay as they are: {before}."
    return f"The settings of {rehearsal.pool} are replaced. Before: {before}. After: {after}."


def described(settings: ServiceSettings) -> str:
    """The three application-level settings in words."""
    music = f"music {quoted(settings.default_music.original_name)}" if settings.default_music else "built-in music"
    context = "off" if settings.call_context_disabled else "on"
    return f"{settings.ringback_grace_s} s ringback grace, {music}, call context {context}"


def _counted(objects: Iterable[RgsObject]) -> str:
    return counted(Counter(item.kind for item in objects))


def _listed(parts: Iterable[str]) -> str:
    every = tuple(parts)
    more = f" and {len(every) - NAMES_SHOWN} more" if len(every) > NAMES_SHOWN else ""
    return ", ".join(every[:NAMES_SHOWN]) + more
