"""Every button by everybody, whatever the directory does: nobody gets through wrongly, and every reason is right."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import product

import pytest
from redis.asyncio import Redis

from bot.directory.accounts import Holding, Roster
from bot.directory.active_directory import ActiveDirectory, Times
from bot.directory.holders import JudgedAgain
from bot.directory.linked import Linked
from bot.domain.access import Need
from bot.domain.errors import NotAllowed
from bot.domain.model import Person, Role, Who
from bot.domain.runs.glass import is_open, lent
from bot.domain.runs.press import APPROVE, offered, press
from bot.domain.runs.run import Approval, Glass, Run
from bot.domain.runs.runbook import Choice
from bot.runbooks import RUNBOOKS
from bot.sandbox import Kind, Sandbox
from bot.sandbox import Person as Profile
from handlers.slack.people import People
from storage import keys
from storage.account_links import AccountLinks
from tests.directory import contents
from tests.directory.contents import address
from tests.directory.forests import PATIENT, asking, at, forest_of
from tests.directory.impostors import deaf
from tests.directory.samba import Domain
from tests.patience import PATIENCE_S
from tests.sandbox.parts import alone
from tests.scenarios.directory_house import Later
from tests.scenarios.house import free_port
from tests.scenarios.stage import stage_of
from tests.scenarios.test_every_press import ADMIN, ALL, ANYBODY, OTHERS, POOLS, TEAM, ended, pressed, questions, takes

WHO, OTHER = "U0WHOEVER1", Who(f"{TEAM}:U0SECOND01", "The other")
NOBODYS = {role: ("Nobody Here",) for role in Role}
HASTY = Times(silence_s=0.1, question_s=0.3, reading_silence_s=0.1, reading_s=0.3)
HELD = {
    "anna": ALL,
    "ben": ALL,
    "dora": frozenset({ADMIN, ANYBODY}),
    "nobody": frozenset({ANYBODY}),
}
"""Whose account it is, and what they may press while everything is as it should be."""

NEEDS = {Need.ADMIN: ADMIN, Need.SERVER_ADMIN: POOLS}
WHERE = "which you do not hold. Roles come from groups of Active Directory"
ACCEPT = "The e-mail address of this person has changed since they were known here. Another holder of RTCUniversal"
CANNOT_TELL = "So nobody can tell who may do this. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Sort:
    """What somebody has become since they were first seen; `no` is why they may press nothing at all, if so."""

    name: str
    kind: Kind = Kind.MEMBER
    moved: bool = False
    no: str = ""


SORTS = (
    Sort("a member"),
    Sort("a guest", Kind.GUEST, no="Guests cannot do this"),
    Sort("of another organisation", Kind.EXTERNAL, no="People of other organisations cannot do this"),
    Sort("deactivated", Kind.DELETED, no="This account is deactivated"),
    Sort("a bot", Kind.BOT, no="Bots cannot do this"),
    Sort("with the address of somebody else", moved=True),
)


@dataclass(frozen=True, slots=True)
class State:
    """What the directory does: `why` is what its silence is called, `read_s` how long ago all were read, if they were.

    `denies`: it answers that nobody holds anything, whatever was read before.
    """

    name: str
    why: str = ""
    read_s: float | None = None
    denies: bool = False
    glass: bool = False


REFUSED = "No domain controller answers, so nobody can tell who holds a role. Nobody listens at 127.0.0.1:"
STATES = (
    State("up", read_s=1.0),
    State("up, and nothing was read before"),
    State("down", why=REFUSED),
    State("mute", why="did not answer within 0.1 s."),
    State("stale", why=REFUSED, read_s=61.0),
    State("contradicting", read_s=10.0, denies=True),
    State("break-glass", why=REFUSED, read_s=130.0, glass=True),
    State("break-glass, and it answers again", denies=True, glass=True),
)


@dataclass(slots=True)
class Way:
    """To the directory of this moment, and how often it was asked for somebody."""

    there: ActiveDirectory
    asked: int = 0

    async def holding(self, address: str) -> Holding:
        self.asked += 1
        return await self.there.holding(address)

    async def members(self) -> Roster:
        return await self.there.members()


@dataclass(slots=True)
class Office:
    """A process that knows whoever it is from better times, and what becomes of these."""

    slack: Sandbox
    redis: Redis
    people: People
    linked: Linked
    way: Way
    later: Later
    up: ActiveDirectory
    denying: ActiveDirectory
    down: ActiveDirectory
    mute: ActiveDirectory

    async def knows(self, account: str, sort: Sort, state: State) -> tuple[Person, Person]:
        """Them, as a press finds them, and as an approval does."""
        await self.redis.delete(keys.LINKS, keys.LINKED)
        self.people.forget_all()
        self.linked._roster = None
        self.way.there = self.up
        self._are(Kind.MEMBER, address(account))
        assert (await self.people.person(WHO, TEAM)).roles is not None
        if state.read_s is not None:
            assert await self.linked.read()
            self.later.ahead_s += state.read_s
        self._are(sort.kind, address("ida") if sort.moved else address(account))
        self.people.forget(WHO)
        self.way.there, self.way.asked = self._there(state), 0
        plain = await self.people.person(WHO, TEAM)
        return plain, await self.people.afresh(WHO, TEAM) if plain.roles else plain

    def _there(self, state: State) -> ActiveDirectory:
        if state.denies:
            return self.denying
        return {"": self.up, REFUSED: self.down}.get(state.why, self.mute)

    def _are(self, kind: Kind, email: str) -> None:
        team = OTHERS if kind is Kind.EXTERNAL else TEAM
        self.slack.workspace.put(Profile(WHO, "Whoever", "whoever", team, kind, email=email))


@asynccontextmanager
async def office(redis: Redis, domain: Domain) -> AsyncIterator[Office]:
    later = Later()
    async with AsyncExitStack() as stack:
        slack, client = await stack.enter_async_context(alone())
        silent = await stack.enter_async_context(deaf())
        up, denying, down, mute = [
            await stack.enter_async_context(asking(forest_of(domain, **forest), times=times))
            for forest, times in (
                ({}, PATIENT),
                ({"groups": NOBODYS}, PATIENT),
                ({"controllers": at(free_port())}, HASTY),
                ({"controllers": at(silent)}, HASTY),
            )
        ]
        way = Way(up)
        linked = Linked(way, AccountLinks(redis), now=later)
        people = People(client, linked, TEAM, now=later, answer_s=PATIENCE_S)
        yield Office(slack, redis, people, linked, way, later, up, denying, down, mute)


def may(account: str, sort: Sort, state: State, approves: bool) -> frozenset[str]:
    """What they may press, by the words of the rules and not of the code."""
    if sort.no:
        return frozenset()
    if state.glass and state.why:
        return ALL
    if sort.moved or state.why or (state.denies and (approves or state.read_s is None)):
        return frozenset({ANYBODY})
    return HELD[account]


def reason(sort: Sort, state: State) -> tuple[str, ...]:
    """What a refusal has to say."""
    if sort.no:
        return (sort.no,)
    if state.why:
        return state.why, CANNOT_TELL
    return (ACCEPT,) if sort.moved else (WHERE,)


def verdict(run: Run, choice: Choice, person: Person, now: float) -> str:
    """Why the press is refused; "" when it is let through."""
    try:
        press(run, RUNBOOKS[run.runbook], pressed(run, choice), person, now)
    except NotAllowed as refusal:
        return refusal.sentence
    return ""


def opened(run: Run, now: float) -> Run:
    """The run with a break-glass that whoever it is has opened with somebody else."""
    return replace(run, glass=Glass("down", Who(f"{TEAM}:{WHO}", "Whoever"), now - 60, OTHER, now - 30))


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


async def test_nobody_is_let_through_wrongly_and_every_reason_names_the_right_thing(
    redis: Redis, domain: Domain, log: pytest.LogCaptureFixture
) -> None:
    stage = await stage_of(redis)
    now, wrong, seen, said = stage.clock(), [], Counter[tuple[str, bool]](), set[str]()
    asked = [one for run in await ended(redis) for one in questions(run, now)]
    presses = [(run, opened(run, now), choice) for run in asked for choice in offered(run, RUNBOOKS[run.runbook])]
    async with office(redis, domain) as here:
        for account, sort, state in product(HELD, SORTS, STATES):
            plain, fresh = await here.knows(account, sort, state)
            assert not (sort.no and here.way.asked), "the directory is asked for full members only"
            for run, in_glass, choice in presses:
                approves = choice.key == APPROVE
                right = takes(run, choice) in may(account, sort, state, approves)
                who, asked_in = fresh if approves else plain, in_glass if state.glass else run
                no = verdict(asked_in, choice, who, now)
                said.add(no)
                seen[state.name, right] += 1
                if bool(no) == right or (no and any(words not in no for words in reason(sort, state))):
                    wrong.append(
                        f"{state.name}, {account}, {sort.name}, {run.step}, {choice.key}: {no or 'let through'}"
                    )
    assert not wrong, (len(wrong), wrong[:10])
    assert all(seen[state.name, right] > 500 for state in STATES for right in (True, False)), seen
    assert {needed for needed in (takes(run, choice) for run, _, choice in presses)} == {ADMIN, POOLS, ANYBODY}
    for words in (*said, log.text):
        assert contents.PASSWORD not in words and "[roles." not in words


async def test_what_was_approved_in_better_times_carries_no_command_sent_in_worse_ones(
    redis: Redis, domain: Domain
) -> None:
    wrong, seen = [], Counter[bool]()
    async with office(redis, domain) as here:
        judges = JudgedAgain(here.people.judged_again)
        for account, sort, state in product(HELD, SORTS, STATES):
            await here.knows(account, sort, state)
            for (need, taken), borrowed in product(NEEDS.items(), (False, True)):
                approval = Approval(Who(f"{TEAM}:{WHO}", "Whoever"), "plan", 0.0, lent=borrowed)
                lost = await judges.lost((approval,), need)
                # Whether break-glass is still open is looked at before this.
                counts = borrowed == bool(borrowed and state.why)
                counts = counts and taken in may(account, sort, replace(state, glass=borrowed), approves=True)
                seen[counts] += 1
                if bool(lost) == counts:
                    wrong.append(f"{state.name}, {account}, {sort.name}, {need}, {borrowed}: {lost or 'counts'}")
    assert not wrong, (len(wrong), wrong[:10])
    assert min(seen[True], seen[False]) > 20, seen


async def test_break_glass_lends_to_the_two_only_and_to_nobody_whom_the_directory_knows(
    redis: Redis, domain: Domain
) -> None:
    stage = await stage_of(redis)
    now = stage.clock()
    (run,) = [one for one in await ended(redis) if one.runbook == "failover"]
    run = opened(run, now)
    assert is_open(run, now)
    async with office(redis, domain) as here:
        down = next(state for state in STATES if state.name == "break-glass")
        for account in HELD:
            person, _ = await here.knows(account, SORTS[0], down)
            assert lent(run, person, now).roles == frozenset(Role)
            assert lent(run, replace(person, id=f"{TEAM}:U0THIRD001"), now).roles is None
            known, _ = await here.knows(account, SORTS[0], STATES[-1])
            assert lent(run, known, now).roles == frozenset()
