"""Works on the row at which a run stands: reads it, lays its plan, sends it, looks at what was lost."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.clock.lease import held
from bot.directory.holders import Holders
from bot.domain.errors import BotError, CmdletFailed, NeverSent, OutcomeUnknown, Stale, StoreAway
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Invoke
from bot.domain.runs.facts import STANDS
from bot.domain.runs.glass import void
from bot.domain.runs.moves import (
    approved,
    found,
    is_approved,
    launch,
    lose,
    outdated,
    propose,
    retry,
    settle,
    stop,
    warned,
)
from bot.domain.runs.run import Change, Finding, Found, Phase, Run
from bot.domain.runs.runbook import Plan, Runbook, Step
from bot.hands.hands import Performer, perform_all
from bot.hands.thinking import Think
from storage.runs import Runs

log = logging.getLogger(__name__)

_AS_BEFORE = "Everything is as it was before the command: it did nothing. It may be run again."

WAITS_S = (2.0, 5.0, 15.0, 30.0, 60.0)
"""What could not be done is begun again after these, then put to people."""


class Work:
    """One worker's hands on whatever run it has claimed.

    `commit` writes a change, for `lease_s` seconds at a time the run is this worker's; `holders` is asked about the
    people whom a command rests on, right before it is sent, and `think` works out what rows say.
    """

    def __init__(
        self,
        runs: Runs,
        runbooks: Mapping[str, Runbook],
        hands: Callable[[Run], Performer],
        commit: Callable[[Change], Awaitable[Run]],
        clock: Callable[[], float],
        lease_s: float,
        holders: Holders,
        think: Think,
    ) -> None:
        self._runs, self._runbooks, self._hands, self._commit = runs, runbooks, hands, commit
        self._clock, self._lease_s, self._holders, self._think = clock, lease_s, holders, think

    async def on(self, run: Run) -> Run:
        """The run as it is after the row at which it stands. Raises Stale when somebody else moved it, StoreAway."""
        runbook = self._runbooks[run.runbook]
        step = runbook.step(run.step)
        async with held(self._runs, run, self._lease_s, self._clock):
            work = self._look if run.phase is Phase.LOOKING else self._read
            change = await self._guarded(run, runbook, lambda: work(run, runbook, step))
            if isinstance(change, Plan):
                # Written before anything is sent: whoever finds this run after a death knows that a command may be out.
                run = await self._commit(launch(run, step, change, self._clock(), self._lease_s))
        if not isinstance(change, Plan):
            return await self._commit(change)
        async with held(self._runs, run, self._lease_s, self._clock, self._hands(run).said):
            change = await self._send(run, runbook, step, change)
        return await self._commit(change)

    async def _read(self, run: Run, runbook: Runbook, step: Step) -> Change | Plan:
        """What the row comes to without a command, or the plan that is now to be carried out."""
        looked = step.look(run) if step.plan else {}
        seen = await perform_all(self._hands(run), {**looked, **step.reads(run)})
        seen |= await perform_all(self._hands(run), step.does(run, seen))
        if step.plan is None:
            return settle(run, runbook, await self._judged(run, step, seen), self._clock())
        plan = await self._think(step.plan, run, seen)
        if step.stands:
            plan = replace(plan, facts={**plan.facts, **STANDS.to(await self._think(step.stands, run, seen))})
        approvals = approved(run, plan)
        lost = outdated(approvals, runbook, self._clock()) or void(run, approvals, self._clock())
        if not lost and is_approved(run, step, plan):
            lost = await self._holders.lost(approvals, step.need) if approvals else ""
            if not lost:
                return plan
        return propose(run, step, plan, self._clock(), lost)

    async def _look(self, run: Run, runbook: Runbook, step: Step) -> Change:
        """A lost command is looked at: what is there is compared with what was there before, and with its plan."""
        if step.found is None or step.stands is None:
            unknown = Finding(Found.UNKNOWN, "Nothing can be read that would tell. Look at the server yourself.")
            return found(run, runbook, unknown, self._clock())
        seen = await perform_all(self._hands(run), step.look(run))
        before = STANDS.of(run)
        if before and before == await self._think(step.stands, run, seen):
            return found(run, runbook, Finding(Found.NOT_DONE, _AS_BEFORE), self._clock())
        seen |= await perform_all(self._hands(run), step.saves(run, seen))
        finding = await self._think(step.found, run, seen)
        return found(run, runbook, finding, self._clock())

    async def _send(self, run: Run, runbook: Runbook, step: Step, plan: Plan) -> Change:
        """Carries out a launched plan. Once a command has changed something, no failure is a harmless one any more."""
        results: dict[str, Any] = {}
        begun = written = False
        try:
            for name, act in plan.acts.items():
                # Before each act: somebody may have abandoned the run during the one before.
                await self._still_ours(run)
                begun = begun or (isinstance(act, Invoke) and act.command.writes)
                results[name] = await self._hands(run).perform(act)
                written = begun
            settled = settle(run, runbook, await self._judged(run, step, results), self._clock())
            return warned(settled, run, tuple(_warnings(results.values())), self._clock())
        except (NeverSent, OutcomeUnknown) as error:
            if written or (begun and isinstance(error, OutcomeUnknown)):
                return self._doubtful(run, runbook, step, error.sentence)
            # No command was sent, though a file may lie there, so the attempt does not count.
            return self._retried(replace(run, attempt=run.attempt - 1), runbook, error)
        except CmdletFailed as error:
            if not begun:
                why = f"What comes before the command failed on the server ({_id(error)}). No command was sent."
                return stop(_unsent(run), runbook, why, self._clock(), error.detail)
            if step.again or not (written or step.breaks):
                return stop(run, runbook, _refused(error), self._clock(), error.detail)
            why = f"What follows the command failed ({_id(error)})." if written else _refused(error)
            return lose(run, f"{why} It may have done a part.", self._clock(), error.detail)
        except Stale:
            raise
        except BotError as error:
            if written:
                return self._doubtful(run, runbook, step, error.sentence)
            return stop(run, runbook, error.sentence, self._clock())
        except Exception as error:
            return self._doubtful(run, runbook, step, _fault(run, error))

    async def _judged(self, run: Run, step: Step, seen: Mapping[str, Any]) -> Verdict:
        """What the row says of what was seen; a question that needs no reading says nothing before it is answered."""
        if step.judge:
            return await self._think(step.judge, run, seen)
        return Verdict(Mark.PASS, "" if step.asks else f"{step.title}.")

    async def _still_ours(self, run: Run) -> None:
        """Nothing is sent for a run that was abandoned, or taken over, while this worker was busy. Raises Stale."""
        if not await self._runs.renew(run, self._clock(), self._lease_s):
            raise Stale(f"{run.id} was taken out of this worker's hands.")

    def _doubtful(self, run: Run, runbook: Runbook, step: Step, sentence: str) -> Change:
        if step.again and run.tries < len(WAITS_S):
            return retry(run, runbook, f"{sentence} It runs again by itself.", self._clock(), WAITS_S[run.tries])
        return lose(run, sentence, self._clock())

    def _retried(self, run: Run, runbook: Runbook, error: BotError) -> Change:
        if run.tries >= len(WAITS_S):
            return self._given_up(run, runbook, f"{error.sentence} It was tried {run.tries + 1} times.")
        return retry(
            run, runbook, f"{error.sentence} Switchback tries again by itself.", self._clock(), WAITS_S[run.tries]
        )

    async def _guarded(self, run: Run, runbook: Runbook, work: Callable[[], Any]) -> Any:
        """Failures here are harmless, so the row is tried again for a while, and then put to people.

        What it reads changes nothing, and what it does may be done twice.
        """
        try:
            return await work()
        except StoreAway:
            raise
        except (NeverSent, OutcomeUnknown) as error:
            return self._retried(run, runbook, error)
        except CmdletFailed as error:
            return self._given_up(run, runbook, _refused(error), error.detail)
        except BotError as error:
            return self._given_up(run, runbook, error.sentence)
        except Exception as error:
            return self._given_up(run, runbook, _fault(run, error))

    def _given_up(self, run: Run, runbook: Runbook, sentence: str, detail: str = "") -> Change:
        """The row is put to people; while nobody could look at a lost command, what it has done stays unknown."""
        if run.phase is Phase.LOOKING:
            return found(run, runbook, Finding(Found.UNKNOWN, sentence), self._clock())
        return stop(_unsent(run), runbook, sentence, self._clock(), detail)


def _unsent(run: Run) -> Run:
    """The run without the command that was laid before people: whoever answers now records none."""
    return replace(run, proposal=None, approvals=())


def _warnings(results: Iterable[Any]) -> Iterator[str]:
    for result in results:
        yield from getattr(result, "warnings", ())


def _refused(error: CmdletFailed) -> str:
    """Without the server's own text, which may hold numbers: that opens in a form, for holders of the role."""
    return f"The server refused the command ({_id(error)})."


def _id(error: CmdletFailed) -> str:
    return error.error_id or "no error id"


def _fault(run: Run, error: Exception) -> str:
    """Told by kind and place only: the text of an unforeseen error may hold numbers of the deployment."""
    mark = secrets.token_hex(2)
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} in {place.name}, line {place.lineno} of {Path(place.filename).name}"
    log.error("Fault %s in run %s at %s: %s", mark, run.id, run.step, what)
    return f"Switchback itself failed here (fault {mark} in its log)."
