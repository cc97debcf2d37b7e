"""Which backup to import: the newest that is restorable today comes first, the others say what is the matter.

What lies on the backup pool already is kept, or removed first (runbooks: failover 7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.domain.backups.backup import Backup, Keeping, is_ahead, is_restorable
from bot.domain.backups.restorable import rests_on
from bot.domain.errors import BotError
from bot.domain.groups.compare import compare
from bot.domain.groups.groups import Inventory, counted, service
from bot.domain.measures import aged, numbered
from bot.domain.model import Mark, Pool, PoolState, Undone, Verdict
from bot.domain.runs.acts import Acts, Clock, Load, NewestKept, Seen, Survey
from bot.domain.runs.opening import NOTHING
from bot.domain.runs.run import Phase, Run, partner
from bot.domain.runs.runbook import Choice, Field, Step, Then
from bot.runbooks.failover.facts import (
    CHOSEN,
    COPIES,
    COPIES_EQUAL,
    COPIES_FOUND,
    OFFERED,
    OFFERS,
    REPLACE,
    SETTINGS_SAID,
)
from bot.runbooks.rows.copies import stage_of
from bot.runbooks.rows.editing import asked
from bot.runbooks.rows.exporting import pin
from bot.runbooks.rows.moments import moment
from bot.runbooks.rows.prerequisites import rehearsed
from bot.runbooks.rows.removing import read_copies, removal_row
from bot.runbooks.rows.replication import replicated

_OFFERED = 10

_Kept = tuple[Backup, Keeping]


def _read_find(run: Run) -> Acts:
    """What B holds today, on which the stamps of the backups rest."""
    return {"held": Survey(partner(run).fqdn), "now": Clock()}


def _do_find(run: Run, seen: Seen) -> Acts:
    """The newest backups, each of them read just now; one that is damaged is marked so."""
    return {"kept": NewestKept(run.primary.fqdn, _OFFERED, proven=True)}


def judge_find(run: Run, seen: Seen, rehearsal: str) -> Verdict:
    """Damaged ones are not offered; of the others the newest restorable one comes first, then by age."""
    primary, backup, kept = run.primary, partner(run), seen["kept"]
    if not kept:
        return _no_backup(run, seen["held"])
    sound = [(one, known) for one, known in kept if not known.damage]
    damaged = tuple(f"{one.id}: {known.damage}" for one, known in kept if known.damage)[:_OFFERED]
    if not sound:
        sentence = (
            f"Every one of the {len(kept)} backups of {primary.short} that can be opened is damaged. "
            f"`/rgs backup verify {primary.short}` fetches again what is whole off-site; then press Try again."
        )
        return Verdict(Mark.STOP, sentence, damaged)
    today = rests_on(primary, backup, seen["held"]) if isinstance(seen["held"], Inventory) else ""
    first = _first(sound, today, seen["now"])
    order = (first, *(pair for pair in sound if pair is not first))
    offers = [_offer(pair, primary, backup, today, seen["now"]) for pair in order]
    newer = [one for one, _ in sound[: sound.index(first)] if not is_ahead(one, seen["now"])]
    offers[0]["newest"] = not newer
    said = _sentence(first, offers[0], newer, primary, backup, seen["now"], rehearsal)
    restorable = "restorable today" if offers[0]["restorable"] else "none known to be restorable today"
    mark = Mark.PASS if offers[0]["restorable"] and not damaged else Mark.WARN
    lost = f" {numbered(len(damaged), 'damaged one')} not offered." if damaged else ""
    sentence = f"{numbered(len(offers), 'backup')} to choose from, {restorable}.{lost}"
    return Verdict(mark, sentence, damaged, OFFERS.to(offers) | OFFERED.to(said))


def _no_backup(run: Run, held: Inventory | BotError) -> Verdict:
    """What can still be done: once the pool is away, an export asks B for its groups, and finds what lies there."""
    primary, backup = run.primary.short, partner(run)
    if run.pool_state is not PoolState.FAILED_OVER:
        sentence = f"There is no backup of {primary}. Make one now, then try again: `/rgs backup {primary}`."
        return Verdict(Mark.STOP, sentence)
    if isinstance(held, BotError):
        sentence = f"There is no backup of {primary}, and what {backup.short} holds of it cannot be read. Try again."
        return Verdict(Mark.STOP, f"{sentence} {held.sentence}")
    if there := held.owned_by(run.primary.fqdn).objects:
        sentence = f"There is no backup of {primary}, but {numbered(len(there), 'object')} of it lie on {backup.short}."
        return Verdict(Mark.STOP, f"{sentence} Export them: `/rgs backup {primary}`. Then press Try again.")
    sentence = (
        f"There is no backup of {primary}, and none can be made now: {primary} is failed over, and {backup.short} "
        "holds none of its groups. Without a backup, they stay away until failback."
    )
    return Verdict(Mark.STOP, sentence, _by_hand(primary, backup))


def _by_hand(primary: str, backup: Pool) -> tuple[str, ...]:
    """How an export that Switchback never had is brought in."""
    into = f'-Destination "{service(backup.fqdn)}" -FileName {asked("Path of the file")}'
    return (
        f"Look for an export of {primary} that somebody kept as a .zip file. Copy it to a server of {backup.short}.",
        f"Import it there, in the Management Shell: `Import-CsRgsConfiguration {into}`.",
        f"Then run `/rgs backup {primary}`: it exports them from {backup.short}. Then press Try again here.",
    )


def _first(sound: Sequence[_Kept], today: str, now: float) -> _Kept:
    """The newest restorable one, else the newest whole one, else the newest."""
    whole = [pair for pair in sound if not pair[1].shrunk and not is_ahead(pair[0], now)]
    restorable = (pair for pair in whole if is_restorable(pair[1], today))
    return next(restorable, next(iter(whole), sound[0]))


def _offer(pair: _Kept, primary: Pool, backup: Pool, today: str, now: float) -> dict[str, Any]:
    one, known = pair
    when, why = moment(one.taken_at, primary), "wrongly dated" if is_ahead(one, now) else _but(known, backup, today)
    foreign = "" if one.source == primary.fqdn else f", from {one.source.partition('.')[0]}"
    label = f"{when}, {one.objects} objects{foreign}{f': {why}' if why else ''}"
    return {
        "id": one.id,
        "when": when,
        "label": label,
        "source": one.source,
        "taken_at": one.taken_at,
        "restorable": not why,
        "stage": stage_of(one),
        "why": why,
        "warnings": list(one.warnings),
    }


def _but(known: Keeping, backup: Pool, today: str) -> str:
    """What stands against it, in few words; empty for one that is whole and restorable today."""
    stamp = known.stamp
    if known.shrunk:
        return "shrank suddenly"
    if stamp is None:
        return "never rehearsed"
    if not today:
        return f"{backup.short} unread"
    if stamp.basis != today:
        return f"{backup.short} changed since"
    return "" if stamp.restorable else "not restorable as is"


def _sentence(
    pair: _Kept,
    offer: dict[str, Any],
    newer: Sequence[Backup],
    primary: Pool,
    backup: Pool,
    now: float,
    rehearsal: str,
) -> str:
    one, known = pair
    which = "newest" if not newer else "newest restorable" if offer["restorable"] else "newest complete"
    parts = [
        f"The {which} backup is {aged(now - one.taken_at)} old, of {moment(one.taken_at, primary)}. "
        f"It holds {counted(one.counts)}.",
        _rehearsed(known, offer["why"], backup, rehearsal),
        _since(newer),
    ]
    return " ".join(part for part in parts if part)


def _rehearsed(known: Keeping, why: str, backup: Pool, rehearsal: str) -> str:
    if not why:
        return f"Its import was rehearsed against what {backup.short} holds now: it is restorable."
    if why.startswith("not restorable") and known.stamp:
        return f"No backup is restorable as it is. Of this one: {known.stamp.sentences[0]}"
    unknown = f"No backup is known to be restorable on what {backup.short} holds now ({why})"
    return f"{unknown}; row {rehearsal} rehearses it."


def _since(newer: Sequence[Backup]) -> str:
    """What was edited after it: counted as far as newer backups know."""
    if not newer:
        return "What was edited since then is not in it."
    counts = [one.changed for one in newer]
    many = f"{len(newer)} newer one{'s' if len(newer) > 1 else ''}"
    if None in counts:
        return f"What was edited since then is not in it; {many} may hold some of that."
    known = numbered(sum(filter(None, counts)), "change")
    return f"What was edited since then is not in it: {known} known from {many}."


def find_row(rehearsal: Callable[[], str], *, without: bool = True) -> Step:
    """`rehearsal` is the number of the row that rehearses whatever is chosen; some can go on `without` any backup."""
    return Step(
        key="find",
        stretch="backup",
        title="Look for a restorable backup",
        reads=_read_find,
        does=_do_find,
        judge=lambda run, seen: judge_find(run, seen, rehearsal()),
        choices=lambda run: (_WITHOUT,) if without and run.phase is Phase.STOPPED else (),
    )


_WITHOUT = Choice(
    "without",
    "Go on without a backup",
    "goes on without a backup: nothing is imported.",
    COPIES.to("without"),
    confirm="The groups of this pool stay away until failback, or until they are imported later.",
    undone=Undone.NOT_DONE,
)


def nothing_imported(run: Run) -> str | None:
    """Why rows about an import fall away, if they do."""
    without = "Skipped: nothing is imported." if COPIES.of(run) == "without" else None
    return replicated(run) or without


def read_choice(run: Run) -> Acts:
    """What it would bring, and what lies on B and belongs to P."""
    offers = OFFERS.of(run)
    return {"first": Load(offers[0]["id"]), **read_copies(run)} if offers else read_copies(run)


def judge_choice(run: Run, seen: Seen) -> Verdict:
    """Its age, and whether copies on B make an import needless."""
    offers, copies = OFFERS.of(run), seen["copies"]
    if not offers:
        return Verdict(Mark.WARN, "The backups were not looked through yet.", back_to="find")
    sentence, warnings = OFFERED.of(run), tuple(offers[0].get("warnings", ()))
    equal = bool(copies.objects) and compare(seen["first"], copies).is_clean
    facts = COPIES_FOUND.to(len(copies.objects)) | COPIES_EQUAL.to(equal)
    if not copies.objects:
        return Verdict(Mark.PASS, sentence, warnings, facts)
    where = f"{sentence} {len(copies.objects)} objects of {run.primary.short} lie on {partner(run).short} already"
    if equal:
        return Verdict(Mark.PASS, f"{where}, equal to it: no import is needed.", warnings, facts)
    ways = "and differ from it. Keep them if they hold later edits, or remove them and import the backup."
    return Verdict(Mark.WARN, f"{where}, {ways}", warnings, facts)


def offer_choice(run: Run) -> tuple[Choice, ...]:
    """What to import: the backup that is offered first, another one, or what lies on B already."""
    offers = OFFERS.of(run)
    if run.phase is Phase.STOPPED or not offers:
        return ()
    first = offers[0]
    is_newest = first.get("newest", True)
    use = Choice(
        "use",
        "Use this backup" if len(offers) == 1 or not is_newest else "Use the newest backup",
        f"chose the backup of {first['when']}.",
        CHOSEN.to(first["id"]) | COPIES.to("none"),
        style="primary",
    )
    menu = Field(CHOSEN.key, "Which backup?", options=tuple((offer["id"], offer["label"][:75]) for offer in offers))
    instead = "Choose an older one" if is_newest else "Choose another one"
    other = Choice("other", instead, "chose another backup.", COPIES.to("none"), fields=(menu,))
    if not COPIES_FOUND.of(run):
        return (use, other) if len(offers) > 1 else (use,)
    keep = Choice(
        "keep",
        "Keep what is there",
        f"keeps the copies that are on {partner(run).short} already.",
        CHOSEN.to(first["id"]) | COPIES.to("kept"),
        style="primary" if COPIES_EQUAL.of(run) else "",
    )
    removed = f"asked to remove the copies on {partner(run).short}"
    facts = CHOSEN.to(first["id"]) | COPIES.to("clear")
    clear = Choice("clear", "Remove and import", f"{removed} and to import the backup of {first['when']}.", facts)
    older = Choice(
        "clear-older", "Remove, import another", f"{removed} and to import another one.", facts, fields=(menu,)
    )
    return (keep, clear, older) if len(offers) > 1 else (keep, clear)


def choose_row(
    offer: Callable[[Run], tuple[Choice, ...]] = offer_choice, explain: Callable[[Run], str] = lambda run: ""
) -> Step:
    """Which backup, and what becomes of the copies that are there."""
    return Step(
        key="backup",
        stretch="backup",
        title="Choose the backup",
        asks=True,
        skip=lambda run: "Skipped: nothing is imported." if COPIES.of(run) == "without" else None,
        explain=explain,
        reads=read_choice,
        judge=judge_choice,
        choices=offer,
    )


def _offer_both(run: Run) -> tuple[Choice, ...]:
    """What is usual is one press: the backup that is offered, and B's own settings stay."""
    offered = tuple(replace(one, facts={**one.facts, **SETTINGS_SAID.to(False)}) for one in offer_choice(run))
    backup = partner(run).short
    usual = (
        replace(
            one,
            key="use-keep",
            label=f"Use it, keep {backup}'s settings",
            said=f"{one.said.removesuffix('.')}, and keeps the settings of {backup}.",
            facts={**one.facts, **SETTINGS_SAID.to(True), **REPLACE.to(False)},
        )
        for one in offered
        if one.key == "use"
    )
    later = {"label": "Use it, choose settings next", "style": ""}
    others = (replace(one, **later) if one.key == "use" else one for one in offered)
    return (*usual, *others)


def _explain_both(run: Run) -> str:
    """What keeping loses, before it is kept at one press (seed 003, step 3)."""
    primary, backup = run.primary.short, partner(run).short
    return (
        f"Usual: {backup} keeps its settings. If {primary} can never be recovered, "
        "its settings are in the backup's record only."
    )


CHOOSE = choose_row(_offer_both, _explain_both)


def read_chosen(run: Run) -> Acts:
    return {"backup": Load(CHOSEN.of(run))}


def pin_chosen(run: Run, seen: Seen) -> Acts:
    return pin(run, CHOSEN.of(run), f"chosen for the {run.runbook} of {run.primary.short}")


def choose_another(facts: Mapping[str, Any] = NOTHING) -> Choice:
    return Choice("rechoose", "Choose another backup", "chooses again.", facts, then=Then.BACK, to="find")


def _offer_clear(run: Run) -> tuple[Choice, ...]:
    """When there is nothing left to remove, or nothing whole to take its place."""
    if run.phase is not Phase.STOPPED:
        return ()
    return Choice("cleared", "Go on without", "goes on: there is nothing to remove."), choose_another()


def clear_row(meanwhile: str) -> Step:
    """Right before the import; `meanwhile` says of {primary} and {backup} what is missing between the two."""
    return removal_row(
        key="clear",
        stretch="clear",
        title="Remove older copies",
        skip=lambda run: (
            nothing_imported(run) or (None if COPIES.of(run) == "clear" else "Skipped: no copies were to be removed.")
        ),
        explain=lambda run: meanwhile.format(primary=run.primary.short, backup=partner(run).short),
        prerequisites=lambda run: (rehearsed(run),),
        # What is to take their place is read and pinned before anything leaves.
        reads=read_chosen,
        does=pin_chosen,
        choices=_offer_clear,
    )


CLEAR = clear_row("From this command until the import is done, calls to the groups of {primary} reach nobody.")
