"""Whoever approved is judged again before anything is sent, by what Slack says then; no answer is a no."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from bot.directory.base import AnyOf
from bot.directory.config import ConfiguredRoles
from bot.directory.holders import Holders, JudgedAgain
from bot.domain.access import Need
from bot.domain.model import Role, Who
from bot.domain.runs.run import Approval
from bot.sandbox import Kind, Sandbox, Trouble
from handlers.slack.people import People, SlackGroups
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BORIS, CLARA, MANIFEST, alone

TEAM = "T0SWITCH01"
GROUPS = {Role.SERVER_ADMIN: ("S0SERVER01",), Role.RG_ADMIN: ("S0RGADMIN1",)}
NAMED = {Role.RG_ADMIN: frozenset({f"{TEAM}:{CLARA}"})}
ADMIN = "RTCUniversalServerAdmins or CsResponseGroupAdministrator"


def approval(user: str, name: str) -> Approval:
    return Approval(Who(f"{TEAM}:{user}", name), "plan", 0.0)


BOTH = (approval(BORIS, "Boris"), approval(ANNA, "Anna"))


@pytest.fixture
async def slack() -> AsyncIterator[tuple[Sandbox, Holders]]:
    """Everybody is remembered as they were before anything changed."""
    async with alone() as (slack, client):
        yield slack, await remembering(client)


async def remembering(client: object) -> Holders:
    groups = SlackGroups(client, GROUPS)
    directory = AnyOf([ConfiguredRoles(NAMED), groups], PATIENCE_S)
    people = People(client, directory, TEAM, answer_s=PATIENCE_S)
    for user in (ANNA, BORIS, CLARA):
        await people.person(user, TEAM)
    return JudgedAgain(people.judged_again)


def leaves_the_group(slack: Sandbox) -> None:
    group = slack.workspace.group("S0SERVER01")
    assert group is not None
    slack.workspace.put(replace(group, members=tuple(user for user in group.members if user != BORIS)))


def becomes(kind: Kind) -> Callable[[Sandbox], None]:
    def change(slack: Sandbox) -> None:
        boris = slack.workspace.person(BORIS)
        assert boris is not None
        team = "T0PARTNER1" if kind is Kind.EXTERNAL else boris.team
        slack.workspace.put(replace(boris, kind=kind, team=team))

    return change


def slack_stumbles(slack: Sandbox) -> None:
    slack.faults.next_calls(4, Trouble.SERVER_ERROR)


OUT = "so their approval does not count. It asks again."


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (leaves_the_group, f"Boris no longer holds {ADMIN}, {OUT}"),
        (becomes(Kind.DELETED), f"The account of Boris is deactivated, {OUT}"),
        (becomes(Kind.GUEST), f"Boris is a guest of this workspace now, {OUT}"),
        (becomes(Kind.EXTERNAL), f"Boris belongs to another organisation, {OUT}"),
        (becomes(Kind.BOT), f"Boris is a bot, {OUT}"),
        (slack_stumbles, f"Slack did not say in time who Boris is, {OUT}"),
    ],
)
async def test_whoever_lost_the_role_or_the_account_or_cannot_be_judged_does_not_count(
    slack: tuple[Sandbox, Holders], happens: Callable[[Sandbox], None], sentence: str
) -> None:
    sandbox, holders = slack
    assert await holders.lost(BOTH, Need.ADMIN) == ""
    happens(sandbox)

    assert await holders.lost(BOTH, Need.ADMIN) == sentence


async def test_another_role_than_the_row_asks_for_is_none(slack: tuple[Sandbox, Holders]) -> None:
    _, holders = slack

    said = await holders.lost((approval(CLARA, "Clara"),), Need.SERVER_ADMIN)

    assert said == f"Clara no longer holds RTCUniversalServerAdmins, {OUT}"


async def test_whoever_the_configuration_names_counts_while_groups_cannot_be_read() -> None:
    silent = {**MANIFEST, "oauth_config": {"scopes": {"bot": ["users:read"]}}}
    async with alone(manifest=silent) as (_, client):
        holders = await remembering(client)
        assert await holders.lost((approval(CLARA, "Clara"),), Need.ADMIN) == ""
        said = await holders.lost(BOTH, Need.ADMIN)

    assert said == f"Nobody could say in time whether Boris still holds {ADMIN}, {OUT}"
