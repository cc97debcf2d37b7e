"""Thousands of objects are thought about in a process of its own, and come back as they would from here."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from bot.domain.backups.backup import Backup, Keeping, Stamp
from bot.domain.backups.checkup import Checkup
from bot.domain.backups.restorable import rehearse
from bot.domain.errors import BadInput, BotError, CmdletFailed, Damaged, NeverSent, OutcomeUnknown
from bot.domain.groups.compare import compare
from bot.domain.groups.groups import Audio, Inventory, Ref, ServiceSettings
from bot.domain.model import Pool, PoolRecord, PoolState
from bot.exports.export_zip import write_export
from bot.hands.hands import read_in
from bot.hands.parting import SLICE, decoded, encoded, places
from bot.hands.thinking import LARGE, Thinking, paced, weight
from bot.runbooks import RUNBOOKS
from tests.worlds import sample

A = Pool("pool-a.contoso.com", backup_pool="pool-b.contoso.com")
B = Pool("pool-b.contoso.com", backup_pool="pool-a.contoso.com")


@pytest.fixture
async def think() -> AsyncIterator[Thinking]:
    made = Thinking(RUNBOOKS)
    yield made
    await made.close()


@cache
def large(seed: int = 1) -> Inventory:
    return sample(seed, workflows=LARGE // 4, queues=LARGE // 4, groups=LARGE // 2).inventory


def where(*_: Any) -> int:
    return os.getpid()


def refused(_: Inventory) -> None:
    raise CmdletFailed("It said no.", error_id="No,Get-Cs", detail="of +49 30 1")


def faulty(_: Inventory) -> None:
    raise ZeroDivisionError(str(os.getpid()))


def deadly(_: Inventory) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def once_deadly(mark: str, _: Inventory) -> int:
    """As when the machine is out of memory for a moment."""
    if not Path(mark).exists():
        Path(mark).touch()
        deadly(_)
    return os.getpid()


def printing(_: Inventory) -> str:
    print("something between the answers")  # noqa: T201
    return "said"


def environment(_: Inventory) -> dict[str, str]:
    return dict(os.environ)


def waiting(mark: str, _: Inventory) -> None:
    Path(mark).read_bytes()


async def test_what_is_large_goes_to_one_process_that_is_kept(think: Thinking) -> None:
    here, one, same = await think(where, sample().inventory), await think(where, large()), await think(where, large())

    assert here == os.getpid() != one == same


async def test_what_is_little_goes_there_too_when_it_is_part_of_much(think: Thinking) -> None:
    assert await think.apart(where) == await think(where, large()) != os.getpid()


async def test_nothing_is_started_before_something_large_is_thought_about(think: Thinking) -> None:
    await think(compare, sample().inventory, sample().inventory)

    assert think.process is None


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_comparison_comes_back_as_it_would_from_here(think: Thinking, seed: int) -> None:
    assert await think(compare, large(), large(seed)) == compare(large(), large(seed))


async def test_an_export_is_read_there(think: Thinking) -> None:
    made = sample(3, workflows=LARGE // 2, queues=LARGE // 2)
    data = write_export(made.inventory, made.blobs.__getitem__, 1.0)
    assert weight(data) >= LARGE

    assert await think(read_in, data) == read_in(data)


async def test_a_rehearsal_comes_to_the_same(think: Thinking) -> None:
    held = Inventory((), ServiceSettings())

    assert await think(rehearse, A, B, held, large(), 1.0) == rehearse(A, B, held, large(), 1.0)


async def test_an_error_that_is_a_sentence_comes_back_whole(think: Thinking) -> None:
    with pytest.raises(CmdletFailed) as raised:
        await think(refused, large())
    assert (raised.value.sentence, raised.value.error_id, raised.value.detail) == (
        "It said no.",
        "No,Get-Cs",
        "of +49 30 1",
    )


async def test_an_error_that_nobody_foresaw_happens_again_here_so_that_its_place_is_known(think: Thinking) -> None:
    with pytest.raises(ZeroDivisionError, match=str(os.getpid())):
        await think(faulty, large())


async def test_what_cannot_be_sent_is_thought_about_here(think: Thinking) -> None:
    assert await think(lambda _: os.getpid(), large()) == os.getpid()


async def test_when_the_process_dies_another_one_does_it_once_more(think: Thinking, tmp_path: Path) -> None:
    before = await think(where, large())
    after = await think(once_deadly, str(tmp_path / "died"), large())

    assert after not in (before, os.getpid())
    assert after == await think(where, large())


async def test_what_always_ends_the_process_ends_with_a_sentence_and_not_the_bot(think: Thinking) -> None:
    with pytest.raises(BotError, match="ended 2 times"):
        await think(deadly, large())
    assert await think(where, large()) != os.getpid()


async def test_where_no_process_can_be_started_it_is_thought_about_here(
    think: Thinking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert await think(where, large()) == os.getpid()


async def test_what_is_printed_there_does_not_get_between_the_answers(think: Thinking) -> None:
    assert await think(printing, large()) == "said"


async def test_no_secret_goes_along(think: Thinking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")

    assert "SLACK_BOT_TOKEN" not in await think(environment, large())


async def test_ctrl_c_at_the_terminal_is_not_for_it(think: Thinking) -> None:
    assert os.getpgid(await think(where, large())) != os.getpgid(0)


async def test_whoever_gives_up_waiting_gets_nobody_elses_answer(think: Thinking, tmp_path: Path) -> None:
    mark = tmp_path / "reached"
    os.mkfifo(mark)
    task = asyncio.create_task(think(waiting, str(mark), large()))
    reached = await asyncio.to_thread(os.open, mark, os.O_WRONLY)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with asyncio.timeout(60):
        assert await think(compare, large(), large(2)) == compare(large(), large(2))
    os.close(reached)


async def test_several_at_once_each_get_their_own_answer(think: Thinking) -> None:
    found = await asyncio.gather(*(think(weight, (large(), "x" * number, bytes(512 * number))) for number in range(8)))

    assert found == [len(large().objects) + number for number in range(8)]


async def test_it_ends_with_the_bot(think: Thinking) -> None:
    pid = await think(where, large())
    await think.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await think.close()


async def test_it_ends_by_itself_when_the_bot_is_gone(think: Thinking) -> None:
    await think(where, large())
    assert think.process is not None and think.process.stdin is not None
    think.process.stdin.close()

    assert await asyncio.to_thread(think.process.wait, 20) == 0


def test_every_function_that_rows_think_with_finds_its_way_there_and_back() -> None:
    known = places(RUNBOOKS)
    assert len(known) > 40
    for work in known:
        assert _there_and_back(work) == work, "a bound method is made anew each time it is named"


SEEN = {
    "held": large(),
    "collected": (Backup("b", A.fqdn, A.fqdn, 1.0, "00", 2, {"Queue": 3}, "c", "run"), large()),
    "settings": ServiceSettings(90, Audio("u.wav", "music.wav"), True),
    "attempt": NeverSent("It does not answer."),
    "refused": CmdletFailed("No.", error_id="No", detail="more"),
    "lost": OutcomeUnknown("Nobody knows."),
    "kept": Damaged("It is damaged."),
    "unknown": BadInput("There is none."),
    "rows": (MappingProxyType({"Identity": Ref(A.fqdn, "0" * 36), "List": ({"Name": None}, b"x", 1.5)}),),
    "pairs": ((Backup("b", A.fqdn, A.fqdn, 1.0, "00", 2, {}, "", ""), Keeping(Stamp(1.0, True, B.fqdn, "d", ()))),),
    "records": {A.fqdn: PoolRecord(A.fqdn, PoolState.OUTAGE, carry={"imported": True})},
    "checkup": Checkup,
    "now": 1.0,
    "nothing": None,
    "zip": bytes(1 << 17),
    "batch": ([{"Name": f"Line {number}", "List": ("a",)} for number in range(50)], 7),
}


@pytest.mark.parametrize("name", SEEN)
def test_whatever_rows_see_survives_the_trip(name: str) -> None:
    value, back = SEEN[name], _there_and_back(SEEN[name])

    if isinstance(value, BotError):
        assert type(back) is type(value) and vars(back) == vars(value) and str(back) == str(value)
    else:
        assert back == value and repr(back) == repr(value)


def test_a_long_list_comes_in_slices_so_that_no_click_waits_for_all_of_it() -> None:
    rows = [{"Name": f"Line {number}"} for number in range(1000)]
    steps = decoded(list(encoded((rows, None), {})), RUNBOOKS)
    assert sum(1 for _ in steps) > 1000 // SLICE


def _there_and_back(value: Any) -> Any:
    steps = decoded(list(encoded(value, places(RUNBOOKS))), RUNBOOKS)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


async def test_others_have_a_turn_after_every_step() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task, before = asyncio.create_task(other()), []

    def steps():
        for _ in range(5):
            before.append(turns)
            yield None
        return "whole"

    assert await paced(steps()) == ([None] * 5, "whole")
    task.cancel()
    assert before == sorted(set(before)) and len(before) == 5
