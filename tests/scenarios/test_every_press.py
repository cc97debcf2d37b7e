"""Every button of every row by every kind of person, as a process knows them that Slack has told nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.base import AnyOf
from bot.directory.config import ConfiguredRoles
from bot.domain.errors import NotAllowed
from bot.domain.model import Person, Role, Who
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
from storage.runs import ENTRY, RUN
from tests.patience import PATIENCE_S, until
from tests.sandbox.parts import ANNA, alone
from tests.scenarios.ends import WAYS, Way
from tests.scenarios.pool_level import ENDINGS
from tests.scenarios.recovery import changed
from tests.scenarios.stage import ANNA as STARTS
from tests.scenarios.stage import BORIS, FORMS, WITH_NEW, A, Stage, stage_of
from tests.scenarios.test_ends_killed import GIVEN

TEAM, OTHERS, SERVER, RG = "T0SWITCH01", "T0PARTNER1", "S0SERVER01", "S0RGADMIN1"
WHO = "U0WHOEVER1"
GROUPS = {Role.SERVER_ADMIN: (SERVER,), Role.RG_ADMIN: (RG,)}

HOME = ("failback", "rebuild")
"""A pool comes home by these, and a pool that was rebuilt takes no other rows."""

BY_SERVER_ADMINS = {
    **dict.fromkeys(HOME, ("locations", "conferences", "edge-back", "sync")),
    "failover": ("central", "hops"),
    "replace": ("built", "users", "locations", "move", "start", "announcements", "topology", "sync", "branches"),
}
"""Stretches of which every row is theirs, apart from what is only read for it, and what every administrator attests."""

SERVER_ADMIN_ROWS = {
    *(("failover", row) for row in ("hand", "failover", "failover-after")),
    *((book, row) for book in HOME for row in ("hand", "failback", "failback-after")),
    *((book, row) for book in HOME for row in ("backup-answers", "edge-first", "replicas")),
    ("replace", "ready"),
    *(
        (book, step.key)
        for book, stretches in BY_SERVER_ADMINS.items()
        for step in RUNBOOKS[book].steps
        if step.stretch in stretches and step.key not in ("hop-read", "companions")
    ),
    *((book, step.key) for book in ENDINGS for step in RUNBOOKS[book].steps if step.key not in ("trial", "done")),
}
"""Seed 004 and facts: lync §10 name RTCUniversalServerAdmins for whatever moves a pool, or says that it has moved."""

SERVER_ADMIN_CHOICES = {"without-export", "move"}
"""Whoever moves a pool answers for what may be lost without its export, and for moving it once more."""

ANYBODYS_ROWS = {
    *((book, row) for book in ("failover", *HOME, "replace") for row in ("routes", "inside", "outside", "agents")),
    *((book, "trial") for book in ("edge", "xmpp", "edge-of-pool")),
    ("prestage", "call"),
    ("import-again", "agents"),
    ("adopt", "agents"),
}
"""Whoever can lift a telephone may say what it did."""

SERVER_ADMIN_BOOKS = {"replace"}
"""Only they may start it, so only they may leave it where anybody may answer."""

AT_ANY_ROW = {"approve", "retry", "look", "accept", "abandon"}
"""Choices that are no answer of a row's own."""

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


async def ended(redis: Redis) -> list[Run]:
    """A run of every runbook, played to its end, so that every row finds the facts that it rests on."""
    runs = [await played(redis, book, way) for book, way in WAYS.items()]
    assert {run.runbook for run in runs} == RUNBOOKS.keys()
    return runs


async def played(redis: Redis, book: str, way: Way) -> Run:
    """One of them, in a deployment of its own."""
    await redis.flushall()
    stage = await stage_of(redis)
    stage.rebuilt(WITH_NEW)
    await way.begun(stage)
    run = await stage.settle((await stage.engine.start(book, A, STARTS, **GIVEN.get(book, {}))).id)
    while run.is_open:
        if change := way.hands.get(run.step):
            await changed(stage, change)
        for choice, who in way.script[run.step]:
            run = await stage.press(run, choice, who)
    assert run.phase is Phase.DONE, run.sentence
    return run


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
        starts = POOLS if run.runbook in SERVER_ADMIN_BOOKS else ADMIN
        return starts if choice.key == "abandon" else ANYBODY
    return POOLS if row in SERVER_ADMIN_ROWS or choice.key in SERVER_ADMIN_CHOICES else ADMIN


def pressed(run: Run, choice: Choice) -> Press:
    form = {
        field.key: field.options[0][0] if field.options else FORMS.get(field.key, "said") for field in choice.fields
    }
    return Press(run.step, choice.key, run.question, form)


async def outcomes(stage: Stage, asked: Run, choice: Choice, persons: Sequence[Person]) -> list[str]:
    """What becomes of the press of each of them: they all press at once, each in a run of their own that asks so."""
    runs = [replace(asked, id=f"{asked.id}-{choice.key}-{number}") for number in range(len(persons))]
    put = stage.redis.pipeline(transaction=False)
    for run in runs:
        put.hset(keys.run(run.id), mapping={"run": RUN.encode(run), "version": run.version, "writer": "me"})
    await put.execute()
    said = await asyncio.gather(*(answer(stage, run, choice, who) for run, who in zip(runs, persons, strict=True)))
    left = stage.redis.pipeline(transaction=False)
    for run in runs:
        left.hget(keys.run(run.id), "run").xrevrange(keys.audit(run.id))
        left.delete(keys.run(run.id), keys.audit(run.id))
    lie, logs, _ = zip(*batched(await left.execute()), strict=True)
    return [judged(choice, *one) for one in zip(runs, persons, said, lie, logs, strict=True)]


async def answer(stage: Stage, run: Run, choice: Choice, person: Person) -> str:
    try:
        await stage.engine.press(run.id, pressed(run, choice), person)
    except NotAllowed:
        return "refused"
    return "let through"


def batched(answers: list[Any]) -> Iterator[list[Any]]:
    """By run: as it lies there, its log, and that both are gone."""
    return (answers[at : at + 3] for at in range(0, len(answers), 3))


def judged(
    choice: Choice, run: Run, person: Person, said: str, lies: bytes, log: list[tuple[bytes, dict[bytes, bytes]]]
) -> str:
    """Whether they were let through, or what is wrong with what the press left behind: a line for each row it answered.

    Nobody who is refused answers any.
    """
    theirs = [entry.what for entry in ENTRY.those(line[b"entry"] for _, line in log) if entry.who.id == person.id]
    many = 1 if said == "refused" else 1 + len(choice.also)
    if len(theirs) != many or (theirs == ["refused"]) != (said == "refused"):
        return f"{said}, and the log says {theirs}"
    if (lies == RUN.encode(run)) != (said == "refused"):
        return f"{said}, and the run is {'another one' if said == 'refused' else 'as it was'}"
    return said


async def test_every_press_is_let_through_or_refused_and_logged_once_where_slack_told_nothing(redis: Redis) -> None:
    async with office(redis) as people:
        persons = [await people.knows(sort) for sort in SORTS]
    runs, elsewhere = await ended(redis), Stage(redis)
    asking = [asked for run in runs for asked in questions(run, elsewhere.clock())]
    presses = [(run, choice) for run in asking for choice in offered(run, RUNBOOKS[run.runbook])]
    wrong, seen = [], Counter[tuple[str, str]]()
    for asked, choice in presses:
        needed = takes(asked, choice)
        for sort, said in zip(SORTS, await outcomes(elsewhere, asked, choice, persons), strict=True):
            right = "let through" if needed in sort.may else "refused"
            seen[needed, said] += 1
            if said != right:
                row = f"{asked.runbook}, {asked.step}, {asked.phase}, {choice.key}"
                wrong.append(f"{row}, {sort.name}: {said}, not {right}")
    assert not wrong, (len(wrong), wrong[:10])
    assert {needed for needed, _ in seen} == ALL and sum(seen.values()) > 6000 * len(SORTS)
    answered = {(run.runbook, run.step) for run, choice in presses if choice.key not in AT_ANY_ROW}
    assert {(book.key, step.key) for book in RUNBOOKS.values() for step in book.steps if step.asks} <= answered
