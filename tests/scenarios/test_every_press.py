"""Every button of every row by every kind of person, as a process knows them that Slack has told nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.base import AnyOf
from bot.directory.config import ConfiguredRoles
from bot.domain.errors import NotAllowed
from bot.domain.model import Person, Role, Who
from bot.domain.runs.facts import KIND
from bot.domain.runs.press import Press, offered
from bot.domain.runs.run import Approval, Finding, Found, Phase, Proposal, Run
from bot.domain.runs.runbook import Choice
from bot.runbooks import RUNBOOKS
from bot.sandbox import Group, Kind, Sandbox
from bot.sandbox import Person as Profile
from handlers.slack.forgetting import Forgetting
from handlers.slack.people import People, SlackGroups
from storage import keys
from storage.forgotten import Forgotten
from storage.runs import RUN
from tests.patience import PATIENCE_S, until
from tests.sandbox.parts import ANNA, alone
from tests.scenarios.pool_level import ENDINGS, all_ended
from tests.scenarios.stage import ANNA as STARTS
from tests.scenarios.stage import BORIS, FAILBACK, FAILOVER, FORMS, A, Stage, stage_of

TEAM, OTHERS, SERVER, RG = "T0SWITCH01", "T0PARTNER1", "S0SERVER01", "S0RGADMIN1"
WHO = "U0WHOEVER1"
GROUPS = {Role.SERVER_ADMIN: (SERVER,), Role.RG_ADMIN: (RG,)}

SERVER_ADMIN_ROWS = {
    ("failover", "hand"),
    ("failover", "failover"),
    ("failover", "failover-after"),
    ("failback", "hand"),
    ("failback", "failback"),
    ("failback", "failback-after"),
    *(("failback", row) for row in ("backup-answers", "edge-first", "replicas")),
    *(
        ("failback", step.key)
        for step in RUNBOOKS["failback"].steps
        if step.stretch in ("conferences", "edge-back", "sync") and step.key != "hop-read"
    ),
    *(
        ("failover", step.key)
        for step in RUNBOOKS["failover"].steps
        if step.stretch in ("central", "locations", "hops") and step.key != "hop-read"
    ),
    *((book, step.key) for book in ENDINGS for step in RUNBOOKS[book].steps if step.key not in ("trial", "done")),
}
"""Seed 004 and facts: lync §10 name RTCUniversalServerAdmins for whatever moves a pool, or says that it has moved."""

SERVER_ADMIN_CHOICES = {"without-export", "move"}
"""Whoever moves a pool answers for what may be lost without its export, and for moving it once more."""

MADE_OF_THE_SAME_ROWS = {"prestage", "clean-up", "import-again", "undo", "adopt", "rebuild", "replace"}
"""Every sort of person presses in a failover and a failback; these ask by the same rows, and are walked elsewhere."""

ANYBODYS_ROWS = {
    *((book, row) for book in ("failover", "failback") for row in ("routes", "inside", "outside", "agents")),
    *((book, "trial") for book in ("edge", "xmpp", "edge-of-pool")),
}
"""Whoever can lift a telephone may say what it did."""

PLAN = Proposal("the plan", ("Get-CsPool",), (), 1)


@dataclass(frozen=True, slots=True)
class Sort:
    """A kind of person: member of these groups as this kind of account at first, and as that one by now."""

    name: str
    groups: tuple[str, ...] = ()
    kind: Kind = Kind.MEMBER
    was: tuple[tuple[str, ...], Kind] | None = None
    silent: bool = False
    may: frozenset[str] = frozenset()


ADMIN, POOLS, ANYBODY = "admin", "pools", "anybody"
BOTH = (SERVER, RG)
ALL = frozenset({ADMIN, POOLS, ANYBODY})
SORTS = (
    Sort("holds RTCUniversalServerAdmins", (SERVER,), may=ALL),
    Sort("holds CsResponseGroupAdministrator", (RG,), may=frozenset({ADMIN, ANYBODY})),
    Sort("holds no role", may=frozenset({ANYBODY})),
    Sort("a guest in the right groups", BOTH, Kind.GUEST),
    Sort("a guest of one channel in the right groups", BOTH, Kind.SINGLE_CHANNEL_GUEST),
    Sort("a stranger in the right groups", BOTH, Kind.EXTERNAL),
    Sort("deactivated, in the right groups", BOTH, Kind.DELETED),
    Sort("a bot in the right groups", BOTH, Kind.BOT),
    Sort("somebody of whom Slack says nothing", BOTH, silent=True),
    Sort("left both groups", was=(BOTH, Kind.MEMBER), may=frozenset({ANYBODY})),
    Sort("left the group that may move pools", (RG,), was=(BOTH, Kind.MEMBER), may=frozenset({ADMIN, ANYBODY})),
    Sort("has become a guest", BOTH, Kind.GUEST, was=(BOTH, Kind.MEMBER)),
    Sort("has been deactivated", BOTH, Kind.DELETED, was=(BOTH, Kind.MEMBER)),
    Sort("has joined the group", (SERVER,), was=((), Kind.MEMBER), may=ALL),
)


@dataclass(slots=True)
class Office:
    """Two processes that remember people: `hears` is told by Slack, `other` only through Redis."""

    slack: Sandbox
    hears: Forgetting
    other: People
    groups: SlackGroups

    async def knows(self, sort: Sort) -> Person:
        """Them, as the process takes them that nobody told."""
        groups, kind = sort.was or (sort.groups, sort.kind)
        self._are(groups, kind)
        for id in (WHO, *BOTH):
            self.other.forget(id)
        await self.other.person(WHO, TEAM)
        if sort.was:
            self._are(sort.groups, sort.kind)
            for id in (WHO, *BOTH):
                await self.hears.tell(id)
            await until(self._forgot)
        if sort.silent:
            self.other.forget(WHO)
            await self.slack.go_away()
        person = await self.other.person(WHO, TEAM)
        await self.slack.go_away(False)
        return person

    async def _forgot(self) -> bool:
        known = self.other._users.recall(WHO), *(self.groups._members.recall(group) for group in BOTH)
        return not any(one is not None for one in known)

    def _are(self, groups: tuple[str, ...], kind: Kind) -> None:
        team = OTHERS if kind is Kind.EXTERNAL else TEAM
        self.slack.workspace.put(replace(self._like, id=WHO, name="Whoever", kind=kind, team=team))
        for id in BOTH:
            self.slack.workspace.put(Group(id, id.lower(), id.lower(), (WHO,) if id in groups else ()))

    @property
    def _like(self) -> Profile:
        account = self.slack.workspace.person(ANNA)
        assert account is not None
        return account


@asynccontextmanager
async def office(redis: Redis) -> AsyncIterator[Office]:
    async with alone() as (slack, client):
        groups = SlackGroups(client, GROUPS)
        hears, other = remembering(client, SlackGroups(client, GROUPS)), remembering(client, groups)
        stopped, listening = asyncio.Event(), Forgetting(Forgotten(redis), other)
        loop = asyncio.create_task(listening.run_forever(stopped))
        yield Office(slack, Forgetting(Forgotten(redis), hears), other, groups)
        stopped.set()
        await loop


def remembering(client: AsyncWebClient, groups: SlackGroups) -> People:
    return People(client, AnyOf([ConfiguredRoles({}), groups], PATIENCE_S), TEAM, answer_s=PATIENCE_S)


async def ended(stage: Stage) -> list[Run]:
    """One run of every runbook, played to its end, so that every row finds the facts that it rests on."""
    backup = await stage.settle((await stage.engine.start("backup", A, STARTS)).id)
    await stage.take_down(A)
    failover = await stage.settle((await stage.engine.start("failover", A, STARTS)).id)
    failover = await stage.play(failover, FAILOVER)
    await stage.bring_up(A)
    failback = await stage.settle((await stage.engine.start("failback", A, STARTS)).id)
    failback = await stage.play(failback, FAILBACK)
    verify = await stage.settle((await stage.engine.start("verify", A, STARTS)).id)
    companion = await stage.engine.start("companion", A, STARTS, facts=KIND.to("lis"))
    companion = await stage.settle(companion.id)
    runs = [backup, failover, failback, verify, companion, *await all_ended(stage)]
    assert all(run.phase is Phase.DONE for run in runs)
    assert {run.runbook for run in runs} == RUNBOOKS.keys() - MADE_OF_THE_SAME_ROWS
    return runs


def questions(run: Run, now: float) -> Iterator[Run]:
    """The run as it asks people at each of its rows, in every way in which a row can ask."""
    asked = replace(run, closed_at=None, due=None, question=7, proposal=None, approvals=(), pool_state=run.pool_state)
    first = Approval(Who.person(BORIS), PLAN.hash, now)
    for step in RUNBOOKS[run.runbook].steps:
        here = replace(asked, step=step.key)
        yield replace(here, phase=Phase.WAITING, proposal=PLAN)
        yield replace(here, phase=Phase.WAITING, proposal=replace(PLAN, needed=2))
        yield replace(here, phase=Phase.WAITING, proposal=replace(PLAN, needed=2), approvals=(first,))
        yield replace(here, phase=Phase.ASKING)
        yield replace(here, phase=Phase.STOPPED)
        for found in (Found.DONE, Found.UNKNOWN):
            yield replace(here, phase=Phase.LOST, finding=Finding(found, "It was looked at."))
        yield replace(here, phase=Phase.RUNNING, proposal=PLAN)


def takes(run: Run, choice: Choice) -> str:
    """What the press takes, by the tables above."""
    row = (run.runbook, run.step)
    if row in ANYBODYS_ROWS:
        return ADMIN if choice.key == "abandon" else ANYBODY
    return POOLS if row in SERVER_ADMIN_ROWS or choice.key in SERVER_ADMIN_CHOICES else ADMIN


def pressed(run: Run, choice: Choice) -> Press:
    form = {
        field.key: field.options[0][0] if field.options else FORMS.get(field.key, "said") for field in choice.fields
    }
    return Press(run.step, choice.key, run.question, form)


async def outcome(stage: Stage, run: Run, press: Press, person: Person) -> str:
    """Whether the press was let through, or what is wrong with what it left behind."""
    await stage.redis.delete(keys.audit(run.id))
    await stage.redis.hset(keys.run(run.id), mapping={"run": RUN.encode(run), "version": run.version, "writer": "me"})
    try:
        await stage.engine.press(run.id, press, person)
        said = "let through"
    except NotAllowed:
        said = "refused"
    theirs = [entry.what for entry in await stage.runs.audit(run.id, 100) if entry.who.id == person.id]
    if len(theirs) != 1 or (theirs == ["refused"]) != (said == "refused"):
        return f"{said}, and the log says {theirs}"
    if said == "refused" and await stage.runs.load(run.id) != run:
        return "refused, and the run is another one"
    return said


async def test_every_press_is_let_through_or_refused_and_logged_once_where_slack_told_nothing(redis: Redis) -> None:
    stage = await stage_of(redis)
    async with office(redis) as people:
        sorts = [(sort, await people.knows(sort)) for sort in SORTS]
    elsewhere, wrong, seen = Stage(redis, stage.clock), [], Counter[tuple[str, str]]()
    asking = [asked for run in await ended(stage) for asked in questions(run, stage.clock())]
    presses = [(run, choice) for run in asking for choice in offered(run, RUNBOOKS[run.runbook])]
    for asked, choice in presses:
        needed = takes(asked, choice)
        for sort, person in sorts:
            right = "let through" if needed in sort.may else "refused"
            said = await outcome(elsewhere, asked, pressed(asked, choice), person)
            seen[needed, said] += 1
            if said != right:
                row = f"{asked.runbook}, {asked.step}, {asked.phase}, {choice.key}"
                wrong.append(f"{row}, {sort.name}: {said}, not {right}")
    assert not wrong, (len(wrong), wrong[:10])
    assert {needed for needed, _ in seen} == ALL and sum(seen.values()) > 500 * len(SORTS)
