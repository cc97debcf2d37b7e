"""Who somebody is, as Slack tells it: guests, strangers, the deleted and the unknown get nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.base import AnyOf, DirectoryAway, Held
from bot.directory.config import ConfiguredRoles
from bot.domain import model
from bot.domain.access import Need, allow
from bot.domain.errors import NotAllowed
from bot.domain.model import Role, Standing
from bot.sandbox import Group, Kind, Sandbox, Trouble
from bot.sandbox import Person as Account
from handlers.slack.people import People, SlackGroups, standing
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BORIS, CLARA, EMIL, FINN, GRETA, MANIFEST, alone

TEAM, PARTNER = "T0SWITCH01", "T0PARTNER1"
GROUPS = {Role.SERVER_ADMIN: ("S0SERVER01",), Role.RG_ADMIN: ("S0RGADMIN1",)}


@dataclass(slots=True)
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Office:
    """A workspace, and who the bot takes its people for."""

    slack: Sandbox
    client: AsyncWebClient
    people: People
    groups: SlackGroups
    clock: Clock

    async def standing(self, user: str, team: str = "") -> Standing:
        return (await self.people.person(user, team)).standing

    async def roles(self, user: str) -> frozenset[Role] | None:
        return (await self.people.person(user)).roles

    async def change(self, account: Account) -> None:
        """As if it had happened before the bot ever asked."""
        self.slack.workspace.put(account)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with alone() as (slack, client):
        yield opened(slack, client)


def opened(slack: Sandbox, client: AsyncWebClient, answer_s: float = PATIENCE_S) -> Office:
    clock = Clock()
    groups = SlackGroups(client, GROUPS, clock)
    directory = AnyOf([ConfiguredRoles({}), groups], answer_s)
    people = People(client, directory, TEAM, now=clock, answer_s=answer_s)
    return Office(slack, client, people, groups, clock)


async def test_a_member_is_known_by_stable_id_and_name(office: Office) -> None:
    anna = await office.people.person(ANNA, TEAM)

    assert (anna.id, anna.slack_id, anna.standing) == (f"{TEAM}:{ANNA}", ANNA, Standing.MEMBER)
    assert anna.roles == {Role.SERVER_ADMIN} and anna.name == "Anna Berg"


async def test_roles_are_asked_for_an_account_with_the_name_as_soon_as_it_is_known(office: Office) -> None:
    asked: list[model.Account] = []

    class Noting(AnyOf):
        async def held(self, account: model.Account, since: float = 0.0) -> Held:
            asked.append(account)
            return Held(frozenset())

    people = People(office.client, Noting([]), TEAM)
    for _ in range(2):
        await people.person(ANNA, TEAM)
    assert asked == [model.Account(f"{TEAM}:{ANNA}"), model.Account(f"{TEAM}:{ANNA}", "anna@contoso.com", "Anna Berg")]


async def test_every_role_comes_from_its_own_group(office: Office) -> None:
    assert await office.roles(BORIS) == {Role.SERVER_ADMIN}
    assert await office.roles(CLARA) == {Role.RG_ADMIN}
    assert await office.roles(EMIL) == frozenset()


@pytest.mark.parametrize(
    ("kind", "judged"),
    [
        (Kind.GUEST, Standing.GUEST),
        (Kind.SINGLE_CHANNEL_GUEST, Standing.GUEST),
        (Kind.DELETED, Standing.DELETED),
        (Kind.BOT, Standing.BOT),
    ],
)
async def test_whoever_is_no_full_member_holds_no_role_even_in_the_right_group(
    office: Office, kind: Kind, judged: Standing
) -> None:
    anna = office.slack.workspace.person(ANNA)
    assert anna
    await office.change(replace(anna, kind=kind))

    person = await office.people.person(ANNA, TEAM)

    assert (person.standing, person.roles) == (judged, frozenset())
    with pytest.raises(NotAllowed):
        allow(person, Need.ANYONE)


async def test_somebody_of_another_organisation_is_external_whatever_the_click_says(office: Office) -> None:
    office.slack.workspace.put(replace(office.slack.workspace.group("S0SERVER01"), members=(GRETA,)))

    for team in ("", TEAM, PARTNER):
        greta = await office.people.person(GRETA, team)
        assert (greta.standing, greta.roles, greta.id) == (Standing.EXTERNAL, frozenset(), f"{PARTNER}:{GRETA}")


async def test_a_click_that_names_another_workspace_is_external_even_if_slack_calls_them_a_member(
    office: Office,
) -> None:
    assert await office.standing(ANNA, PARTNER) is Standing.EXTERNAL


MEMBER = {"id": "U1", "team_id": TEAM, "deleted": False, "is_bot": False, "is_restricted": False}
MEMBER |= {"is_ultra_restricted": False}


@pytest.mark.parametrize(
    ("grid", "judged"),
    [
        ({"enterprise_id": "E0OURS", "teams": ["T0OTHER", TEAM]}, Standing.MEMBER),
        ({"enterprise_id": "E0OURS", "teams": ["T0OTHER"]}, Standing.EXTERNAL),
        ({"enterprise_id": "E0THEIRS", "teams": [TEAM]}, Standing.EXTERNAL),
        (None, Standing.EXTERNAL),
    ],
)
def test_on_enterprise_grid_only_colleagues_of_this_workspace_are_members(grid: object, judged: Standing) -> None:
    colleague = {**MEMBER, "team_id": "T0OTHER", "enterprise_user": grid}

    assert standing(colleague, "T0OTHER", TEAM, "E0OURS") is judged
    assert standing(colleague, "T0OTHER", TEAM) is Standing.EXTERNAL


@pytest.mark.parametrize("missing", ["deleted", "is_bot", "is_restricted", "is_ultra_restricted"])
def test_an_answer_that_leaves_out_what_decides_is_unknown(missing: str) -> None:
    assert standing(MEMBER, TEAM, TEAM) is Standing.MEMBER

    assert standing({key: said for key, said in MEMBER.items() if key != missing}, TEAM, TEAM) is Standing.UNKNOWN


async def test_somebody_slack_does_not_know_is_unknown(office: Office) -> None:
    assert await office.standing("U0NOBODY01") is Standing.UNKNOWN


async def test_when_slack_is_away_nobody_is_anybody(office: Office) -> None:
    await office.slack.go_away()

    person = await office.people.person(ANNA, TEAM)

    assert (person.standing, person.roles) == (Standing.UNKNOWN, frozenset())
    with pytest.raises(NotAllowed, match="did not say in time"):
        allow(person, Need.ANYONE)


async def test_an_answer_that_takes_too_long_is_no_answer_and_serves_the_next_question(office: Office) -> None:
    office = opened(office.slack, office.client, answer_s=0.1)
    office.slack.faults.next_calls(3, Trouble.SLOW, 0.4)

    assert await office.standing(ANNA) is Standing.UNKNOWN
    slow = asyncio.get_running_loop().time()
    while await office.standing(ANNA) is Standing.UNKNOWN:
        assert asyncio.get_running_loop().time() < slow + PATIENCE_S
    assert office.slack.faults.meet("users.info", 100) is None


async def test_slack_is_asked_once_for_many_clicks_at_once(office: Office) -> None:
    office.slack.faults.rate_limits = True

    people = await asyncio.gather(*(office.people.person(ANNA, TEAM) for _ in range(50)))

    assert {(person.standing, person.roles) for person in people} == {(Standing.MEMBER, frozenset({Role.SERVER_ADMIN}))}
    assert {method: len(calls) for method, calls in office.slack.faults._calls.items()} == {
        "users.info": 1,
        "usergroups.users.list": 2,
    }


async def test_what_slack_said_is_believed_for_five_minutes_and_no_longer(office: Office) -> None:
    assert await office.standing(EMIL) is Standing.MEMBER
    emil = office.slack.workspace.person(EMIL)
    assert emil
    await office.change(replace(emil, kind=Kind.DELETED))

    office.clock.now += 299
    assert await office.standing(EMIL) is Standing.MEMBER
    office.clock.now += 1
    assert await office.standing(EMIL) is Standing.DELETED


async def test_a_change_that_slack_tells_of_counts_at_once(office: Office) -> None:
    assert await office.roles(EMIL) == frozenset()
    office.slack.workspace.put(Group("S0SERVER01", "admins", "admins", (EMIL,)))
    emil = office.slack.workspace.person(EMIL)
    assert emil

    office.people.forget("S0SERVER01")
    assert await office.roles(EMIL) == {Role.SERVER_ADMIN}
    await office.change(replace(emil, kind=Kind.GUEST))
    office.people.forget(EMIL)
    assert await office.standing(EMIL) is Standing.GUEST


async def test_a_workspace_without_user_groups_grants_nothing_and_is_no_outage(office: Office) -> None:
    office.slack.workspace.paid = False

    assert await office.groups.roles(model.Account(f"{TEAM}:{ANNA}")) == frozenset()
    assert await office.roles(ANNA) == frozenset()


async def test_a_group_that_is_not_there_grants_nothing(office: Office) -> None:
    groups = SlackGroups(office.client, {Role.SERVER_ADMIN: ("S0GONE0001",)})

    assert await groups.roles(model.Account(f"{TEAM}:{ANNA}")) == frozenset()


async def test_when_groups_cannot_be_read_roles_are_unknown_which_is_not_none() -> None:
    silent = {**MANIFEST, "oauth_config": {"scopes": {"bot": ["users:read"]}}}
    async with alone(manifest=silent) as (slack, client):
        office = opened(slack, client)
        with pytest.raises(DirectoryAway):
            await office.groups.roles(model.Account(f"{TEAM}:{ANNA}"))
        anna = await office.people.person(ANNA, TEAM)

    assert (anna.standing, anna.roles) == (Standing.MEMBER, None)
    with pytest.raises(NotAllowed, match="nobody could say in time"):
        allow(anna, Need.ADMIN)


async def test_a_group_that_cannot_be_read_does_not_take_what_another_grants(office: Office) -> None:
    assert await office.groups.roles(model.Account(f"{TEAM}:{CLARA}")) == {Role.RG_ADMIN}
    office.people.forget("S0SERVER01")
    office.slack.faults.next_calls(1, Trouble.SERVER_ERROR)

    assert await office.groups.roles(model.Account(f"{TEAM}:{CLARA}")) == {Role.RG_ADMIN}


async def test_a_failed_question_is_asked_again(office: Office) -> None:
    office.slack.faults.next_calls(1, Trouble.SERVER_ERROR)
    assert await office.standing(FINN) is Standing.UNKNOWN

    assert await office.standing(FINN) is Standing.GUEST


async def test_a_name_is_one_short_line_whatever_people_call_themselves(office: Office) -> None:
    emil = office.slack.workspace.person(EMIL)
    assert emil
    await office.change(replace(emil, name="Emil\n\n\u202e<!channel>" + "x" * 3000))

    name = (await office.people.person(EMIL)).name

    assert len(name) == 80 and name.startswith("Emil <!channel>xx") and name.isprintable()
