"""The terminal prints what a run came to, when nobody can look into Slack."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.__main__ import main
from bot.domain.model import Pool, Who
from bot.domain.runs.clocks import clocks
from bot.domain.runs.facts import OUTAGE_SINCE, outage_since
from bot.domain.runs.run import Run
from bot.runbooks import RUNBOOKS
from bot.runbooks.failover.facts import OFFERS
from handlers.runs.measured import Report, lines
from storage.runs import RUN
from tests.scenarios.stage import ANNA, FAILOVER, A, B, stage_of


class Terminal:
    """The command line over one Redis."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._url, self._capsys = url, capsys

    async def types(self, *argv: str) -> tuple[int, str, str]:
        """Exit code, what was printed, and what was complained of."""
        code = await asyncio.to_thread(main, ["report", *argv], {"REDIS_URL": self._url})
        said = self._capsys.readouterr()
        return code, said.out, said.err


@pytest.fixture
def terminal(redis_url: str, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(redis_url, capsys)


async def failed_over(redis: Redis) -> Run:
    """Declared 1,000 s after it began; the import takes people 120 s."""
    stage = await stage_of(redis)
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    for step, presses in FAILOVER.items():
        stage.clock.now += 120 if step == "import" else 0
        for choice, who in presses if run.step == step else ():
            run = await stage.press(run, choice, who)
    assert not run.is_open, (run.step, run.sentence)
    return run


async def test_the_report_of_a_run_is_printed_as_markdown(terminal: Terminal, redis: Redis) -> None:
    run = await failed_over(redis)

    code, said, _ = await terminal.types(run.id)

    assert code == 0 and said.startswith("# Failover of pool-a → pool-b\n")
    assert "| Until the outage was declared | 16 min 40 s |" in said and "| Waiting for people | 2 min |" in said
    assert "| **Total** | **18 min 40 s** |" in said
    assert "\n- It was made after the outage began, so no edit from before is missing.\n" in said
    assert "+49 30 5550 1234" not in said


async def test_the_log_of_a_run_is_printed_for_programs(terminal: Terminal, redis: Redis) -> None:
    run = await failed_over(redis)

    code, said, _ = await terminal.types(run.id, "--log")

    entries = [json.loads(line) for line in said.splitlines()]
    assert (code, entries[0]["what"], entries[-1]["what"]) == (0, "opened", "done")
    (sent,) = (one for one in entries if (one["what"], one["row"]) == ("sent", "failover"))
    assert sent["sentence"].startswith("Runs: Invoke-CsPoolFailOver")
    assert "5550" not in said


async def test_what_an_older_backup_lacks_is_named_where_a_later_one_from_before_the_outage_knows_it(
    terminal: Terminal, redis: Redis
) -> None:
    stage = await stage_of(redis)
    older = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    stage.clock.now += 3600
    queue = await stage.edit(A, A, TimeoutThreshold=77)
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    stage.clock.now += 600
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    run = await stage.press(run, "declare", ANNA, outage_since=str(int(stage.clock.now) - 60))
    while run.step != "backup":
        run = await stage.press(run, *FAILOVER[run.step][0])
    offers = [offer["id"] for offer in OFFERS.of(run)]
    run = await stage.press(run, "other", ANNA, chosen=next(id for id in offers if id.startswith(older.id)))
    run = await stage.play(run, FAILOVER)

    _, said, _ = await terminal.types(run.id)

    assert "- Recovery point: 69 min." in said
    assert f"- Missing, because edited after it: Queue “{queue.casefold()}”." in said


def test_a_run_that_a_version_before_kept_with_words_for_since_when_is_read_and_told() -> None:
    run = Run("failover-1", "failover", Pool(A), Pool(B), Who("T:U", "Anna"), 100.0, "done", closed_at=160.0)
    kept = json.loads(RUN.encode(replace(run, facts=OUTAGE_SINCE.to("02:40"))))
    del kept["stays"]

    read = RUN.decode(json.dumps(kept, separators=(",", ":")).encode(), "The run")

    assert (OUTAGE_SINCE.of(read), outage_since(read)) == ("02:40", None)
    assert lines(Report(read, RUNBOOKS["failover"], clocks(read, 0.0))) == (
        "Failover of pool-a → pool-b: 1 min from its start to the end.",
        "Not noted, by a version before: 1 min.",
    )


@pytest.mark.parametrize("more", [[], ["--log"]])
async def test_a_run_that_is_not_there_is_a_sentence(terminal: Terminal, redis: Redis, more: list[str]) -> None:
    code, said, fault = await terminal.types("gone", *more)

    assert (code, said, fault) == (2, "", "There is no run gone. `/rgs runs` lists them.\n")
