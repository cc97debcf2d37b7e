"""`/rgs runbooks` and `/rgs start`: all that can be started is shown whole, and a slip of the finger starts nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.domain.errors import NotAllowed
from bot.domain.runs.runbook import Runbook
from bot.runbooks import RUNBOOKS
from handlers.blocks.wording import shown
from handlers.slack.replies import Reply
from tests.handlers.test_commands import Office, offered
from tests.sandbox.parts import ANNA, EMIL, alone
from tests.scenarios.front import desk_of
from tests.scenarios.stage import A, stage_of

STARTED = [book for book in RUNBOOKS.values() if book.carded]


@pytest.fixture
async def office(redis: Redis) -> AsyncIterator[Office]:
    async with alone() as (slack, client):
        stage = await stage_of(redis)
        yield Office(desk_of(stage, client), stage, slack)


def drawn(reply: Reply) -> list[str]:
    """Every line of every block that is shown."""
    blocks = [block for block in reply.message["blocks"] if block["type"] == "section"]
    return [line for block in blocks for line in block["text"]["text"].split("\n")]


def beneath(lines: list[str], key: str) -> str:
    """What the list tells of this runbook in its second line."""
    (at,) = (number for number, line in enumerate(lines) if line.startswith(f"*`{key}`*"))
    return lines[at + 1].strip()


async def test_all_runbooks_are_listed_with_a_sentence_and_what_they_start_from(office: Office) -> None:
    lines = drawn(await office.type("runbooks", EMIL))
    for book in STARTED:
        assert f"*`{book.key}`* — {book.about}" in lines and book.about.endswith(".")
        assert "from: " in beneath(lines, book.key)
        assert f"needs {book.need.words}" in beneath(lines, book.key)
    assert beneath(lines, "failover").startswith("now for pool-a, pool-b ·")


async def test_a_pool_that_a_run_holds_is_not_said_to_be_ready(office: Office) -> None:
    person = await office.desk.people.person(ANNA)
    await office.desk.engine.start("failover", A, person)
    lines = drawn(await office.type("runbooks"))
    assert beneath(lines, "failover").startswith("for no pool now ·")
    assert "pool-a" in beneath(lines, "backup"), "one that holds nothing starts beside it"


@pytest.mark.parametrize("book", STARTED, ids=lambda book: book.key)
async def test_every_row_of_a_runbook_is_in_the_answer_and_fits_a_message(office: Office, book: Runbook) -> None:
    lines = drawn(await office.type(f"runbooks {book.key}", EMIL))
    assert len(lines) == len(book.steps)
    for line, step in zip(lines, book.steps, strict=True):
        assert line.startswith(f"*{book.numbers[step.key]}* · {shown(step.title, 150)} · ")


@pytest.mark.parametrize("text", ["start failovr pool-a", "start fail pool-a", "start back pool-a", "runbooks fail"])
async def test_a_slip_in_a_runbook_starts_nothing_and_is_not_guessed(office: Office, text: str) -> None:
    said = await office.says(text)
    assert said.startswith(f"There is no runbook “{text.split()[1]}”. Nothing was started. `/rgs runbooks` lists them.")
    assert not await office.desk.runs.page()


async def test_the_nearest_runbook_keeps_what_else_was_typed_and_is_not_taken(office: Office) -> None:
    reply = await office.type("start failovr pool-a")
    assert "Did you mean `/rgs start failover pool-a`?" in reply.message["text"]
    assert offered(reply) == {"/rgs start failover pool-a": "start failover pool-a"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("start edge of pool pool-a", "start edge-of-pool pool-a"), ("start fail over pool-a", "start failover pool-a")],
)
async def test_a_runbook_that_was_written_apart_is_offered_with_its_pool(
    office: Office, typed: str, meant: str
) -> None:
    assert offered(await office.type(typed)) == {f"/rgs {meant}": meant}


@pytest.mark.parametrize("book", STARTED, ids=lambda book: book.key)
async def test_no_runbook_is_started_for_a_pool_that_was_guessed(office: Office, book: Runbook) -> None:
    said = await office.says(f"start {book.key} pool-aa")
    assert "There is no pool “pool-aa”." in said and "Did you mean" not in said
    assert not await office.desk.runs.page()


async def test_the_pool_that_takes_its_place_is_not_guessed_either(office: Office) -> None:
    refusal = await office.refuses("start replace pool-a pool-cc")
    assert "There is no pool “pool-cc”." in refusal and "Did you mean" not in refusal


@pytest.mark.parametrize("words", ["pool-a pool-bb", "pool-a pool-b"])
async def test_a_slip_in_a_pool_starts_nothing_either(office: Office, words: str) -> None:
    await office.refuses(f"start failover {words}")


async def test_words_too_many_get_the_usage_of_start_and_a_missing_pool_is_offered(office: Office) -> None:
    too_many = await office.refuses("start failover pool-a pool-b pool-c")
    assert "Usage: `/rgs start <runbook> <pool> [new pool]`" in too_many
    reply = await office.type("start backup")
    assert reply.message["text"] == "Nothing was started. Backup: which pool?"
    assert offered(reply)["pool-a"] == f"start backup {A}"


@pytest.mark.parametrize("typed", ["failover", "FailOver", "“failover”"])
async def test_a_runbook_starts_for_the_pool_that_is_named(office: Office, typed: str) -> None:
    await office.type(f"start {typed} pool-a")
    (run,) = await office.desk.runs.page()
    assert (run.runbook, run.primary.fqdn) == ("failover", A)


async def test_a_runbook_that_cannot_start_where_the_pool_stands_says_from_where(office: Office) -> None:
    assert await office.refuses("start failback pool-a") == (
        "pool-a is not failed over. Next: `/rgs runbooks` shows what can start now. Nothing was started."
    )


async def test_one_that_starts_by_itself_only_is_not_offered(office: Office) -> None:
    hidden = [book.key for book in RUNBOOKS.values() if not book.carded]
    assert hidden
    for key in hidden:
        assert "There is no runbook" in await office.says(f"start {key} pool-a")
    assert not await office.desk.runs.page()


async def test_whoever_lacks_the_role_of_a_runbook_starts_nothing_by_its_name(office: Office) -> None:
    with pytest.raises(NotAllowed):
        await office.type("start failover pool-a", EMIL)
    assert not await office.desk.runs.page()
