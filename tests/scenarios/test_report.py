"""When a recovery has ended, its report lies in the thread of its card: words, a picture, Markdown, the log."""

from __future__ import annotations

import json
import re
from itertools import pairwise

from redis.asyncio import Redis

from bot.domain.measures import to_the_second
from bot.domain.runs.clocks import clocks
from bot.domain.runs.run import Run
from bot.sandbox import Message
from tests.patience import until
from tests.sandbox.parts import ANNA, CLARA, INCIDENT
from tests.scenarios.beats import FAILOVER, NUMBER, played
from tests.scenarios.house import House, house, words_of
from tests.scenarios.stage import A


async def threaded(rooms: House, run: Run, *, files: int) -> list[Message]:
    """What lies in the thread of the run's card, as soon as a message with so many files is there."""
    card = await rooms.card(run)
    found: list[Message] = []

    async def there() -> bool:
        found[:] = [one for one in rooms.slack.messages(INCIDENT) if one.thread_ts == card.ts]
        return any(len(one.files) == files for one in found)

    await until(there, f"no {files} files in the thread of {run.id}", found)
    return found


async def test_the_end_of_a_failover_brings_words_and_three_files_into_the_thread(redis: Redis) -> None:
    async with house(redis) as rooms:
        backup = await rooms.started(CLARA, "/rgs backup pool-a")
        await rooms.card(backup, "✅ *Done.*")
        await rooms.take_down(A)
        run = await rooms.started(ANNA, "/rgs failover pool-a")
        await played(rooms, run, FAILOVER)

        thread = await threaded(rooms, run, files=3)

        ended = await rooms.bot.runs.load(run.id)
        measured = clocks(ended, 0.0)
        words = next(one for one in thread if "from the outage to the end" in one.text)
        (brought,) = (one for one in thread if one.files)
        picture, text, log = (rooms.slack.workspace.file(id) for id in brought.files)
        assert [file.name for file in (picture, text, log)] == [f"{run.id}.{end}" for end in ("png", "md", "jsonl")]

        assert f"{to_the_second(measured.total_s)} from the outage" in words.text
        for part, seconds in measured.parts:
            assert f"{part}: {to_the_second(seconds)}." in words.text
        assert sum(seconds for _, seconds in measured.parts) == measured.total_s >= 600
        assert "Recovery point: 0 min." in words.text
        assert words.text.count("24 workflows") == 2, "in the backup, and arrived"
        assert picture.alt_txt == " ".join(words.text.splitlines())
        assert words_of(words).count("Waiting for people") == 1

        read = [rooms.slack.download(ANNA, file.id) for file in (picture, text, log)]
        assert read[0].startswith(b"\x89PNG")
        said = read[1].decode()
        assert f"| **Total** | **{to_the_second(measured.total_s)}** |" in said
        assert "Import-CsRgsConfiguration -Destination" in said and "approved by Clara" in said
        entries = [json.loads(line) for line in read[2].decode().splitlines()]
        assert (entries[0]["what"], entries[-1]["what"]) == ("opened", "done")
        assert all(one["at"] <= two["at"] for one, two in pairwise(entries))

        number = re.sub(r"\D", "", NUMBER)
        for data in (words.text, said, read[2].decode()):
            assert NUMBER not in data and number not in re.sub(r"\D", "", data) and "@" not in data
