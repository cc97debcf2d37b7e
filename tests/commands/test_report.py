"""The terminal prints what a run came to, and what happened in it, when nobody can look into Slack."""

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
from bot.domain.runs.view import view_of
from bot.runbooks import RUNBOOKS
from bot.runbooks.failover.facts import OFFERS
from handlers.runs.measured import Report, lines
from handlers.runs.timeline import timeline
from storage.runs import RUN, Runs
from tests.scenarios.stage import ANNA, FAILOVER, A, B, stage_of

AT = "2026-11-18 11:06 UTC"


class Terminal:
    """The command line over one Redis."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._url, self._capsys = url, capsys

    async def types(self, *argv: str) -> tuple[int, str, str]:
        """Exit code, what was printed, and what was complained of."""
        return await self.runs("report", *argv)

    async def runs(self, *argv: str) -> tuple[int, str, str]:
        """The same of any command."""
        code = await asyncio.to_thread(main, argv, {"REDIS_URL": self._url})
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


async def test_the_timeline_of_a_run_is_printed_in_words_as_its_form_shows_it(terminal: Terminal, redis: Redis) -> None:
    run = await failed_over(redis)

    code, said, _ = await terminal.runs("timeline", run.id)

    lines = said.splitlines()
    assert (code, lines[0], lines[-1]) == (0, "Failover of pool-a → pool-b", f"Run {run.id}, opened by Anna on {AT}.")
    happened = lines[lines.index("What happened") + 1 : lines.index("Skipped") - 1]
    assert happened[0] == f"{AT} · Anna started Failover of pool-a."
    assert any("Runs: Invoke-CsPoolFailOver" in line for line in happened)
    assert "5550" not in said and "<" not in said and "&" not in said
    form = timeline(view_of(run, RUNBOOKS["failover"]), await Runs(redis).audit(run.id, 301))
    drawn = "\n".join(block["text"]["text"] for block in form["blocks"] if "text" in block)
    assert len(happened) == sum(line.startswith("<!date^") for line in drawn.splitlines())
    for heading in ("Still open", "Skipped"):
        assert heading in lines and f"*{heading}*" in drawn


async def test_the_timeline_of_a_run_that_waits_says_what_is_asked_and_what_is_next(
    terminal: Terminal, redis: Redis
) -> None:
    stage = await stage_of(redis)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)

    _, said, _ = await terminal.runs("timeline", run.id)

    assert said.splitlines()[1].startswith("Waiting for an answer: declare the outage.")
    assert "\nNext\n- 1 · Ask the pool itself\n" in said and "Not done" not in said


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


@pytest.mark.parametrize("typed", [["report"], ["report", "--log"], ["timeline"]])
async def test_a_run_that_is_not_there_is_a_sentence(terminal: Terminal, redis: Redis, typed: list[str]) -> None:
    code, said, fault = await terminal.runs(*typed, "gone")

    assert (code, said, fault) == (2, "", "There is no run gone. `/rgs runs` lists them.\n")
