"""Which backup to import: the newest that is restorable today comes first, the others say what is the matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.domain.backups.backup import Backup, Keeping, is_ahead, is_restorable
from bot.domain.backups.restorable import rests_on
from bot.domain.groups.compare import compare
from bot.domain.groups.groups import Inventory, counted
from bot.domain.measures import age, numbered
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Clock, Load, NewestKept, ReadGroups, Seen, Survey
from bot.domain.runs.run import Run, partner
from bot.runbooks.rows.moments import moment

_OFFERED = 10

_Kept = tuple[Backup, Keeping]


def find(run: Run) -> Acts:
    """The newest backups, each of them read just now, and what B holds today, on which their stamps rest."""
    return {
        "kept": NewestKept(run.primary.fqdn, _OFFERED, proven=True),
        "held": Survey(partner(run).fqdn),
        "now": Clock(),
    }


def judge_found(run: Run, seen: Seen) -> Verdict:
    """Damaged ones are not offered; of the others the newest restorable one comes first, then by age."""
    primary, backup, kept = run.primary, partner(run), seen["kept"]
    if not kept:
        sentence = (
            f"There is no backup of {primary.short}. If you have an export, import it by hand; if {primary.short} "
            "still answers, abandon this run and take a backup first."
        )
        return Verdict(Mark.STOP, sentence)
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
    facts = {"offers": offers, "offered": _sentence(first, offers[0], newer, primary, backup, seen["now"])}
    facts["offers"][0]["newest"] = not newer
    restorable = "restorable today" if offers[0]["restorable"] else "none known to be restorable today"
    mark = Mark.PASS if offers[0]["restorable"] and not damaged else Mark.WARN
    lost = f" {numbered(len(damaged), 'damaged one')} not offered." if damaged else ""
    return Verdict(mark, f"{numbered(len(offers), 'backup')} to choose from, {restorable}.{lost}", damaged, facts)


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
        "restorable": not why,
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
    pair: _Kept, offer: dict[str, Any], newer: Sequence[Backup], primary: Pool, backup: Pool, now: float
) -> str:
    one, known = pair
    which = "newest" if not newer else "newest restorable" if offer["restorable"] else "newest whole"
    parts = [
        f"The {which} backup is {age(now - one.taken_at)} old, of {moment(one.taken_at, primary)}: "
        f"{counted(one.counts)}.",
        _rehearsed(known, offer["why"], backup),
        _since(newer),
    ]
    return " ".join(part for part in parts if part)


def _rehearsed(known: Keeping, why: str, backup: Pool) -> str:
    if not why:
        return f"Its import was rehearsed against what {backup.short} holds now: it is restorable."
    if why.startswith("not restorable") and known.stamp:
        return f"No backup is restorable as it is. Of this one: {known.stamp.sentences[0]}"
    return f"No backup is known to be restorable on what {backup.short} holds now ({why}); row 6 rehearses it."


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


def offered(run: Run) -> Acts:
    """What it would bring, and what lies on B and belongs to P."""
    offers, backup = run.fact("offers"), partner(run).fqdn
    copies: Acts = {"copies": ReadGroups(backup, backup, run.primary.fqdn)}
    return {"first": Load(offers[0]["id"]), **copies} if offers else copies


def judge_offered(run: Run, seen: Seen) -> Verdict:
    """Its age, and whether copies on B make an import needless."""
    offers, copies = run.fact("offers"), seen["copies"]
    if not offers:
        return Verdict(Mark.WARN, "The backups were not looked through yet.", back_to="find")
    sentence, warnings = run.fact("offered", ""), tuple(offers[0].get("warnings", ()))
    equal = bool(copies.objects) and compare(seen["first"], copies).is_clean
    facts = {"copies_found": len(copies.objects), "copies_equal": equal}
    if not copies.objects:
        return Verdict(Mark.PASS, sentence, warnings, facts)
    where = f"{sentence} {len(copies.objects)} objects of {run.primary.short} lie on {partner(run).short} already"
    if equal:
        return Verdict(Mark.PASS, f"{where}, equal to it: no import is needed.", warnings, facts)
    ways = "and differ from it. Keep them if they hold later edits, or remove them and import the backup."
    return Verdict(Mark.WARN, f"{where}, {ways}", warnings, facts)
