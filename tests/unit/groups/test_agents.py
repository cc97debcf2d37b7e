"""Agents of formal groups are asked once each, and a group is covered when one of them says so."""

from __future__ import annotations

from bot.domain.groups.agents import Agent, Reach, coverage, formal, in_all, invited, unlisted
from bot.domain.groups.groups import Inventory, Kind, Ref, RgsObject

POOL = "pool-a.contoso.com"
DESK, BILLING = "Help Desk Agents", "Billing Agents"


def group(name: str, *agents: str, policy: str = "Formal", distribution: str | None = None) -> RgsObject:
    properties = {"AgentsByUri": agents, "DistributionGroupAddress": distribution, "ParticipationPolicy": policy}
    return RgsObject(Kind.AGENT_GROUP, Ref(POOL, f"guid-{name}"), name, POOL, properties)


def pool(*groups: RgsObject) -> tuple[RgsObject, ...]:
    return formal(Inventory(groups))


def test_whoever_is_in_several_groups_is_asked_once_with_all_of_theirs() -> None:
    found = pool(group(DESK, "sip:emil@contoso.com", "sip:anna@contoso.com"), group(BILLING, "SIP:Emil@contoso.com"))
    assert invited(found) == {"emil@contoso.com": (DESK, BILLING), "anna@contoso.com": (DESK,)}


def test_an_agent_who_is_listed_twice_in_a_group_is_one_agent() -> None:
    assert invited(pool(group(DESK, "sip:emil@contoso.com", "sip:EMIL@contoso.com"))) == {"emil@contoso.com": (DESK,)}


def test_informal_groups_ask_nobody() -> None:
    assert pool(group(DESK, "sip:emil@contoso.com", policy="Informal")) == ()


def test_a_group_that_takes_its_agents_from_a_distribution_group_is_named_and_nobody_of_it_is_asked() -> None:
    found = pool(group(DESK, distribution="desk@contoso.com"), group(BILLING, "sip:emil@contoso.com"))
    assert unlisted(found) == (DESK,)
    assert list(invited(found)) == ["emil@contoso.com"]


def test_a_group_is_counted_by_what_its_agents_said_and_by_whom_nobody_could_ask() -> None:
    agents = (
        Agent((DESK,), Reach.ASKED, signed_at=5.0),
        Agent((DESK, BILLING), Reach.ASKED),
        Agent((DESK,), Reach.NOT_HERE),
        Agent((DESK,), Reach.NO_MEMBER),
        Agent((BILLING,)),
    )
    billing, desk = coverage((DESK, BILLING), agents)
    assert str(desk) == (f"{DESK}: 1 of 4 signed in; 2 not reached in Slack.")
    assert str(billing) == f"{BILLING}: 0 of 2 signed in; 1 not asked yet."
    assert (desk.is_covered, billing.is_covered) == (True, False)
    assert in_all((billing, desk)) == "1 of 2 formal groups have a signed-in agent, by their own word."


def test_a_group_of_which_nobody_is_known_says_that_nobody_could_be_asked() -> None:
    (found,) = coverage((DESK,), ())
    assert str(found) == f"{DESK}: its agents cannot be asked one by one."
    assert not found.is_covered
