"""Notices that no channel takes stand on App Home, with the buttons that their messages would have."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.chores.signing import Signing
from bot.sandbox import View
from bot.sandbox.values import Block
from handlers.blocks.actions import OFFER
from storage.sign_ins import EVERYWHERE
from tests.sandbox.parts import ANNA, BACKUPS, EMIL, INCIDENT
from tests.scenarios.front import opened
from tests.scenarios.house import words_in
from tests.scenarios.stage import A
from tests.scenarios.test_notice_buttons import SILENT, Watch

Make = Callable[["Unheard"], Awaitable[None]]


class Unheard(Watch):
    """No channel takes anything."""

    async def home(self, user: str) -> View:
        await self.front.slack.open_home(user)
        return self.drawn(user)

    def drawn(self, user: str = ANNA) -> View:
        view = self.front.slack.home(user)
        assert view
        return view

    async def press_at_home(self, user: str, view: View, label: str) -> str:
        """What this person is told of it."""
        (block,) = [block for block in offers(view) if block["elements"][0]["text"]["text"] == label]
        button = block["elements"][0]
        await self.front.slack.click(user, view, button["action_id"], button["value"], block_id=block["block_id"])
        told = self.front.slack.modal(user)
        assert told
        await self.front.slack.close(user, told.id)
        return html.unescape("\n".join(words_in(list(told.blocks))))


def offers(view: View) -> list[Block]:
    """The rows of buttons that belong to notices."""
    rows = [block for block in view.blocks if block["type"] == "actions"]
    return [block for block in rows if all(one["action_id"].startswith(OFFER) for one in block["elements"])]


def labels(view: View) -> list[str]:
    return [one["text"]["text"] for block in offers(view) for one in block["elements"]]


@pytest.fixture
async def watch(redis: Redis) -> AsyncIterator[Unheard]:
    async with opened(redis) as front:
        for name in (INCIDENT, BACKUPS):
            channel = front.slack.workspace.channel(name)
            assert channel
            front.slack.workspace.put(replace(channel, archived=True))
        yield Unheard(front)


async def silent(watch: Unheard) -> None:
    await watch.look()
    await watch.front.stage.take_down(A)
    await watch.look(2)


async def taken(watch: Unheard) -> None:
    await watch.moved("FailedOver")
    await watch.look()


async def turned_away(watch: Unheard) -> None:
    stage = watch.front.stage
    await stage.kept.sign_ins.rest([EVERYWHERE], "fe-a.contoso.com:5986", stage.clock())
    await Signing(stage.kept.sign_ins, stage.kept.notices).work(stage.clock())
    await watch.draw()


@pytest.mark.parametrize(
    ("make", "label", "said"),
    [
        (silent, "Declare an outage", "Starting: Failover of pool-a"),
        (taken, "Adopt it", "Starting: Take-over of pool-a"),
        (turned_away, "Try again", "The account is tried once more"),
    ],
)
async def test_each_does_what_its_message_would_for_whoever_may(
    watch: Unheard, make: Make, label: str, said: str
) -> None:
    await make(watch)
    assert labels(await watch.home(EMIL)) == []
    view = await watch.home(ANNA)
    assert labels(view) == [label]
    assert said in await watch.press_at_home(ANNA, view, label)
    if label != "Try again":
        assert len(await watch.runs()) == 1


async def test_whoever_holds_no_role_any_more_is_refused(watch: Unheard) -> None:
    await silent(watch)
    view = await watch.home(ANNA)
    front = watch.front
    (group,) = [one for one in front.slack.workspace.groups() if ANNA in one.members]
    await front.slack.change_group(group.id, [one for one in group.members if one != ANNA])
    assert "role" in await watch.press_at_home(ANNA, view, "Declare an outage")
    assert not await watch.runs()


async def test_a_late_press_is_told_how_the_pool_stands_and_starts_nothing(watch: Unheard) -> None:
    await silent(watch)
    view = await watch.home(ANNA)
    await watch.front.stage.bring_up(A)
    await watch.look()
    told = await watch.press_at_home(ANNA, view, "Declare an outage")
    assert "answers, under a second ago. Nothing was started." in told
    assert not await watch.runs() and labels(await watch.home(ANNA)) == []


async def test_a_home_that_is_open_follows_a_notice_that_begins_and_ends(watch: Unheard) -> None:
    await watch.look()
    await watch.home(ANNA)
    await watch.front.stage.take_down(A)
    await watch.look(2)
    assert labels(watch.drawn()) == ["Declare an outage"]
    await watch.front.desk.notices.end(SILENT, "pool-a answers again.", watch.front.stage.clock())
    await watch.draw(2.0)
    assert labels(watch.drawn()) == []
