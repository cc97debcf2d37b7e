"""Emergency locations after Central Management was moved away from a lost pool (runbooks: failover 4l; R0.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.access import Need
from bot.domain.companions.kinds import COMPANIONS, Shelf
from bot.domain.companions.places import Places, beyond, kept, lacking, read, returning
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.errors import BadInput, DriverError
from bot.domain.model import Mark, Pool, Undone, Verdict
from bot.domain.runs.acts import Acts, Attempt, Delete, FindCopies, Invoke, PutCompanion, Seen
from bot.domain.runs.prerequisites import Prerequisite
from bot.domain.runs.run import Finding, Found, Run, fresh_file
from bot.domain.runs.runbook import Choice, Plan, Step, Then
from bot.runbooks.rows.by_command import After, ByCommand, Lost
from bot.runbooks.rows.facts import LIS_COPY, LIS_IMPORT
from bot.runbooks.rows.prerequisites import central_works, locations_right

_LIS = COMPANIONS["lis"]
_CAUTION = (
    "Emergency calls carry these locations, and no server copies them to {pool}. An import deletes nothing, but what "
    "was moved since the copy goes back to its old place. An old copy makes emergency calls carry old places."
)
_NOT_READ = "Access points, switches and ports are not read: look at them yourself."

Where = Callable[[Run], Pool]


def location_rows(*, serving: Where, stretch: str, skip: Callable[[Run], str | None]) -> tuple[Step, ...]:
    """The newest copy is imported on the pool `serving`, published, and compared; or people go on without it."""
    return _Locations(serving, stretch, skip).rows()


@dataclass(frozen=True, slots=True)
class _Locations:
    serving: Where
    stretch: str
    skip: Callable[[Run], str | None]

    def rows(self) -> tuple[Step, ...]:
        return self._ask(), *self._imported(), *self._published()

    def _skip(self, run: Run) -> str | None:
        left_out = "Skipped: somebody went on without a copy of the emergency locations."
        return self.skip(run) or (None if LIS_IMPORT.of(run) else left_out)

    def _reads(self, run: Run) -> Acts:
        return {**_find(run), **_read_there(self.serving(run))}

    def _ask(self) -> Step:
        return Step(
            key="lis",
            stretch=self.stretch,
            title="Emergency locations",
            asks=True,
            need=Need.SERVER_ADMIN,
            skip=self.skip,
            explain=lambda run: _CAUTION.format(pool=self.serving(run).short),
            reads=lambda run: {
                **_find(run),
                **{name: Attempt(act) for name, act in _read_there(self.serving(run)).items()},
            },
            judge=self._judge_ask,
            choices=_offer_import,
        )

    def _judge_ask(self, run: Run, seen: Seen) -> Verdict:
        """What would go back to an old place is told before anybody decides, where it can be read."""
        shelf, where = _shelf(seen), self.serving(run).short
        if shelf.newest is None:
            why = "There is nothing to import: record the locations anew, or go on without them."
            return Verdict(Mark.WARN, f"{shelf.in_words(_LIS)} {why}", facts=LIS_COPY.to(""))
        facts, copy = LIS_COPY.to(shelf.newest.id), kept(shelf.newest.rows)
        if unread := [one for one in (seen["places"], seen["subnets"]) if isinstance(one, DriverError)]:
            why = f"What is on {where} now cannot be read, so nobody can say what would go back."
            return Verdict(Mark.WARN, f"{shelf.in_words(_LIS)} {why}", (unread[0].sentence,), facts)
        there = _there(seen)
        now = f"{where} has {there.in_words} now."
        if copy is None:
            why = "This copy holds no list to compare with, so nobody can say what would go back."
            return Verdict(Mark.WARN, f"{shelf.in_words(_LIS)} {now} {why}", facts=facts)
        if back := returning(copy, there):
            sentence = f"{shelf.in_words(_LIS)} {now} {len(back)} changed since the copy and would go back."
            return Verdict(Mark.WARN, sentence, (*back, _NOT_READ), facts)
        sentence = f"{shelf.in_words(_LIS)} It has {copy.in_words}. {now}"
        return Verdict(Mark.WARN if shelf.is_stale(_LIS) else Mark.PASS, sentence, (_NOT_READ,), facts)

    def _imported(self) -> tuple[Step, ...]:
        return ByCommand(
            key="lis-import",
            stretch=self.stretch,
            title="Import the emergency locations",
            plan=self._plan_import,
            lost=Lost(self._reads, _stands, _found_import),
            prerequisites=self._before,
            breaks=True,
            said=lambda run: f"Imported on {self.serving(run).short}. Calls carry it once it is published.",
            skip=self._skip,
            ways=lambda run: (_LOOK, _WITHOUT),
        ).rows()

    def _before(self, run: Run) -> tuple[Prerequisite, ...]:
        on = self.serving(run)
        return central_works(on, run.primary), locations_right(on, run.primary)

    def _plan_import(self, run: Run, seen: Seen) -> Plan:
        """Raises BadInput when there is a newer copy than the one that was shown, or none any more."""
        on, copy = self.serving(run), _shelf(seen).newest
        if copy is None or copy.id != LIS_COPY.of(run):
            raise BadInput("This is not the newest copy of the emergency locations any more. Go back and look again.")
        file = fresh_file(run, on, "lis")
        acts: Acts = {
            "put": PutCompanion(on.fqdn, file, copy.id, _LIS.file),
            "import": Invoke(on.fqdn, cmdlet("Import-CsLisConfiguration", FileName=file)),
            "tidied": Attempt(Delete(on.fqdn, file)),
        }
        return Plan(acts, _effect(kept(copy.rows), _there(seen)), f"{_stands(run, seen)}+{copy.contents}")

    def _published(self) -> tuple[Step, ...]:
        return ByCommand(
            key="lis-publish",
            stretch=self.stretch,
            title="Publish the emergency locations",
            plan=self._plan_publish,
            after=After(
                "Compare the emergency locations",
                self._reads,
                self._judge_compare,
                lambda run: (_IMPORT_AGAIN, _AS_IT_IS),
                key="lis-compare",
            ),
            said=lambda run: "Published. What differs from the copy is listed next.",
            skip=self._skip,
            ways=lambda run: (_UNPUBLISHED,),
        ).rows()

    def _plan_publish(self, run: Run, seen: Seen) -> Plan:
        acts = {"publish": Invoke(self.serving(run).fqdn, cmdlet("Publish-CsLisConfiguration"))}
        return Plan(acts, ("From then on, emergency calls carry the locations that are there now.",))

    def _judge_compare(self, run: Run, seen: Seen) -> Verdict:
        copy, there, where = _listed(run, seen), _there(seen), self.serving(run).short
        if copy is None:
            sentence = f"Not compared: the copy holds no list. {where} has {there.in_words}; {_NOT_READ.lower()}"
            return Verdict(Mark.WARN, sentence)
        if left := lacking(copy, there):
            return Verdict(Mark.STOP, f"{len(left)} of the copy did not arrive on {where} as they are in it.", left)
        if more := beyond(copy, there):
            sentence = f"All of the copy is on {where}, and {len(more)} more: import deletes nothing. See to these."
            return Verdict(Mark.WARN, sentence, (*more, _NOT_READ))
        return Verdict(Mark.PASS, f"All of the copy is on {where}: {copy.in_words}. {_NOT_READ}")


def _find(run: Run) -> Acts:
    return {"copies": FindCopies(run.primary.fqdn, (_LIS.key,))}


def _read_there(on: Pool) -> dict[str, Invoke]:
    """What lies there now; what it tells of itself is what a lost import is looked at by."""
    return {"places": Invoke(on.fqdn, _LIS.beside[0]), "subnets": Invoke(on.fqdn, _LIS.beside[1])}


def _there(seen: Seen) -> Places:
    return read(seen["places"], seen["subnets"])


def _stands(run: Run, seen: Seen) -> str:
    """One digest of what is there, of what was read before the import and of what a look at a lost one reads."""
    return _there(seen).digest


def _shelf(seen: Seen) -> Shelf:
    return seen["copies"][_LIS.key]


def _listed(run: Run, seen: Seen) -> Places | None:
    """What the copy that was imported says, where it is still the newest and says anything that can be compared."""
    newest = _shelf(seen).newest
    return kept(newest.rows) if newest and newest.id == LIS_COPY.of(run) else None


def _offer_import(run: Run) -> tuple[Choice, ...]:
    """Nothing to import leaves one way on; and somebody may bring a copy meanwhile."""
    return (*((_USE,) if LIS_COPY.of(run) else ()), _WITHOUT, _AGAIN)


def _effect(copy: Places | None, there: Places) -> tuple[str, ...]:
    if copy is None:
        return ("Adds the locations of the copy. What goes back to an old place cannot be told beforehand.", _NOT_READ)
    back = returning(copy, there)
    sentence = f"Adds what is missing of {copy.in_words}, and deletes nothing."
    return (sentence, *(back or ("No subnet goes back to another place.",)), _NOT_READ)


def _found_import(run: Run, seen: Seen) -> Finding:
    there, copy = _there(seen), _listed(run, seen)
    left = lacking(copy, there) if copy else ()
    if copy and not left:
        return Finding(Found.DONE, f"All of the copy is there: {copy.in_words}. It was imported.")
    sentence = f"The locations changed: {there.in_words} are there now. Importing again does no harm."
    return Finding(Found.PARTLY, sentence, left)


_USE = Choice("lis-import", "Import this copy", "asked to import this copy.", LIS_IMPORT.to(True), style="primary")
_WITHOUT = Choice(
    "lis-without",
    "Go on without it",
    "does not import the emergency locations.",
    LIS_IMPORT.to(False),
    undone=Undone.NOT_DONE,
)
_AGAIN = Choice("lis-again", "Look again", "asked to look again.", then=Then.AGAIN)
_LOOK = Choice("lis-look", "Look again", "asked to look at the copy again.", then=Then.BACK, to="lis")
_UNPUBLISHED = Choice(
    "lis-unpublished",
    "Go on without publishing",
    "does not publish the emergency locations.",
    undone=Undone.NOT_DONE,
)
_IMPORT_AGAIN = Choice("lis-import-again", "Import again", "asked to import it again.", then=Then.BACK, to="lis-import")
_AS_IT_IS = Choice(
    "lis-accept", "Go on as it is", "goes on with locations that differ from the copy.", undone=Undone.NOT_DONE
)
