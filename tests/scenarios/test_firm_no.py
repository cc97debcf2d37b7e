"""A firm no of Slack's is called what it is: at a start, to whoever presses, in the log, and to the probes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

import pytest
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.app import running
from bot.domain.errors import BadInput
from bot.domain.runs.run import Change, Phase, Run
from bot.reach import driver_for
from bot.sandbox import SOCKET, MemoryJournal, Message, Sandbox
from bot.sandbox.api import METHODS
from bot.sandbox.faults import ANY
from bot.sandbox.pools.file_store import tone
from bot.settings.settings import Settings
from handlers.blocks import actions
from handlers.companions import views as companion_views
from handlers.slack import answers, joining
from handlers.slack.answers import Kind
from tests.patience import until
from tests.sandbox.parts import ANNA, INCIDENT, MANIFEST
from tests.scenarios.house import UNUSED, House, house, settings_for
from tests.scenarios.limits import hurried
from tests.scenarios.slack_stage import SOON_S
from tests.scenarios.stage import A

FILES = actions.field_block(companion_views.FILES.key)
UNCALLED = frozenset(
    {
        *("chat.postEphemeral", "usergroups.list", "users.list", "apps.connections.open"),
        *("conversations.history", "conversations.list", "conversations.replies"),
    }
)
"""What the stand-in knows besides; of these `apps.connections.open` is called over Socket Mode only."""

FIRM = sorted(code for code, kind in answers.KINDS.items() if kind is Kind.TOKEN)
NOES = (*FIRM, "no_permission", "a_word_that_nobody_knows")


async def ready(rooms: House) -> int:
    async with rooms.bot.slack.session.get(f"{rooms.url}/readyz") as answer:
        return answer.status


async def is_ready(rooms: House, status: int) -> bool:
    return await ready(rooms) == status


def said(log: pytest.LogCaptureFixture) -> list[str]:
    """What the bot itself wrote down."""
    return [record.getMessage() for record in log.records if record.name.startswith("handlers")]


@pytest.mark.parametrize("code", FIRM)
async def test_a_token_that_is_taken_no_more_is_named_to_whoever_presses_and_the_bot_is_not_ready(
    redis: Redis, code: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(joining, "ASK_S", 0.05)
    async with house(redis) as rooms:
        assert await ready(rooms) == 200
        rooms.slack.faults.refused[ANY, ANY] = code

        await until(partial(is_ready, rooms, 503))
        await rooms.slack.command(ANNA, INCIDENT, "/rgs backup pool-a")
        assert "SLACK_BOT_TOKEN" in rooms.told(ANNA)[-1] and code in rooms.told(ANNA)[-1]
        assert "in time" not in rooms.told(ANNA)[-1] and await rooms.bot.runs.page() == ()
        assert sum("SLACK_BOT_TOKEN" in line and code in line for line in caplog.messages) == 1
        rooms.slack.faults.refused.clear()
        await until(partial(is_ready, rooms, 200))


@pytest.mark.parametrize("code", FIRM)
async def test_a_token_that_is_refused_at_the_start_ends_it_with_one_sentence(redis: Redis, code: str) -> None:
    await refused_start(redis, "auth.test", code, "SLACK_BOT_TOKEN", "http")


@pytest.mark.parametrize("code", FIRM)
async def test_an_app_token_that_is_refused_at_the_start_ends_it_with_one_sentence(redis: Redis, code: str) -> None:
    await refused_start(redis, "apps.connections.open", code, "SLACK_APP_TOKEN", SOCKET)


async def refused_start(redis: Redis, method: str, code: str, variable: str, road: str) -> None:
    slack = Sandbox(MANIFEST, MemoryJournal())
    await slack.start()
    slack.faults.refused[method, ANY] = code
    settings: Settings = settings_for(road, slack)
    try:
        with pytest.raises(BadInput) as refused:
            async with asyncio.timeout(20), running(settings, redis, driver_for(settings, redis)):
                pass
    finally:
        await slack.stop()
    assert variable in refused.value.sentence and code in refused.value.sentence


async def test_an_app_token_that_is_revoked_meanwhile_is_one_line_a_spell_and_not_ready(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(redis, SOCKET, bots=1) as rooms:
        faults, sockets = rooms.slack.faults, rooms.slack.sockets
        again = rooms.bot._socket.client.connect_to_new_endpoint
        for spell in (1, 2):
            faults.refused["apps.connections.open", ANY] = "token_revoked"
            await sockets.disconnect("link_disabled")
            await until(partial(is_ready, rooms, 503))
            for _ in range(3):
                with suppress(SlackApiError):
                    await again()
            assert sum("SLACK_APP_TOKEN" in line and "token_revoked" in line for line in said(caplog)) == spell

            faults.refused.clear()
            await again()
            await until(partial(is_ready, rooms, 200))
            await sockets.until_connected()


class Noes(dict[tuple[str, str], str]):
    """What Slack refuses, and how often it has done so."""

    met = 0

    def __getitem__(self, way: tuple[str, str]) -> str:
        self.met += 1
        return super().__getitem__(way)

    async def were_met(self) -> bool:
        return self.met > 0


@dataclass(slots=True)
class Story:
    """A house with two backups, a failover that waits, and everything that Anna can press, at whatever time."""

    rooms: House
    older: str
    newer: str
    failover: Run
    listed: Message
    companions: Message
    turns: int = 0

    async def goes_on(self) -> None:
        """Anna does whatever makes the bot call Slack, and is answered; and a card has to be drawn anew."""
        slack = self.rooms.slack
        await afresh(self.rooms)
        await slack.open_home(ANNA)
        await self.press(self.listed, "Details")
        if details := slack.modal(ANNA):
            for action, value in ((actions.BACKUP_SEND, self.newer), (actions.BACKUP_COMPARE, self.older)):
                assert (await slack.click(ANNA, details, action, value)).ok
        await self.press(self.companions, "Upload")
        if form := slack.modal(ANNA):
            file = await slack.pick(ANNA, f"greeting{self.turns}.wav", tone("welcome"))
            assert (await slack.submit(ANNA, form.id, {FILES: [file.id]})).ok
        for typed in ("/rgs backup pool-a", "/rgs status"):
            assert (await slack.command(ANNA, INCIDENT, typed)).ok
        assert not [said for said in self.rooms.told(ANNA) if "Something went wrong" in said]
        self.turns += 1
        await self.asked()

    async def asked(self) -> None:
        """The failover asks something new, and when somebody is called for it, another person asks for that as well."""
        runs, kept = self.rooms.bot.runs, self.rooms.bot.stores
        run = await runs.load(self.failover.id)
        changed = replace(run, sentence=f"Once more, {self.turns}.", question=run.question + 1)
        await runs.commit(Change(changed), kept.time())
        for _ in range(40):
            wait, _asker = await kept.waits.find(run.id, changed.question)
            if wait and wait.question == changed.question and wait.called:
                await kept.waits.ask(run.id, changed.question, "Emil", kept.time())
                return
            await asyncio.sleep(0.05)

    async def press(self, message: Message, label: str) -> None:
        while view := self.rooms.slack.modal(ANNA):
            await self.rooms.slack.close(ANNA, view.id, clear=True)
        assert (await self.rooms.press(ANNA, message, label)).ok

    async def is_at_rest(self) -> bool:
        """Every backup has ended well, and Slack has been shown and told everything."""
        bot = self.rooms.bot
        # The drawer would look by itself a second later.
        bot._told.set()
        runs = [run for run in await bot.runs.page(count=100) if run.id != self.failover.id]
        backups = [run for run in runs if run.runbook == "backup"]
        cards = [await bot.stores.cards.place(run.id) for run in backups]
        soon = bot.stores.time() + SOON_S
        due = [item for item in await bot.runs.outbox(float("inf")) if item.kind != "wait" or item.score < soon]
        well = all(run.phase is Phase.DONE for run in backups) and not any(run.is_open for run in runs)
        return well and all(cards) and not due and await ready(self.rooms) == 200


@asynccontextmanager
async def story(redis: Redis) -> AsyncIterator[Story]:
    companions = {key: rule for key, rule in UNUSED.items() if key != (A, "rgs-audio")}
    with hurried():
        async with house(redis, companions=companions) as rooms:
            yield await begun(rooms)


async def begun(rooms: House) -> Story:
    kept = []
    for _ in range(2):
        run = await rooms.started(ANNA, "/rgs backup pool-a")
        await rooms.card(run, "✅ *Done.*")
        kept.append(str((await rooms.bot.runs.load(run.id)).fact("backup")))
    failover = await rooms.started(ANNA, "/rgs failover pool-a")
    await rooms.card(failover, "Step ")
    shown = []
    for typed in ("/rgs backups pool-a", "/rgs companions pool-a"):
        await rooms.slack.command(ANNA, INCIDENT, typed)
        shown += rooms.slack.ephemerals(ANNA)[-1:]
    return Story(rooms, *kept, failover, *shown)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - UNCALLED))
async def test_whatever_method_says_whatever_no_everybody_is_answered_and_it_goes_on_afterwards(
    redis: Redis, method: str
) -> None:
    async with story(redis) as told:
        for code in NOES:
            noes = told.rooms.slack.faults.refused = Noes({(method, ANY): code})
            await told.goes_on()
            await until(noes.were_met, f"{method} is never called")

            noes.clear()
            await afresh(told.rooms)
            await until(told.is_at_rest, f"it does not go on after {code}")


async def test_no_other_method_is_called(redis: Redis) -> None:
    async with story(redis) as told:
        noes = told.rooms.slack.faults.refused = Noes({(method, ANY): "no_permission" for method in UNCALLED})
        await told.goes_on()
        await until(told.is_at_rest)
        assert noes.met == 0


async def afresh(rooms: House) -> None:
    """What Slack said of people and groups is asked again."""
    anna = rooms.slack.workspace.person(ANNA)
    assert anna is not None
    await rooms.slack.change_person(anna)
    await rooms.slack.change_group("S0SERVER01", [ANNA])
