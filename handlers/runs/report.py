"""Brings the report of a run to people: to the thread of its card when it has ended, to one person who asks for it."""

from __future__ import annotations

from functools import partial

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.access import Need
from bot.domain.errors import BadInput, NotDelivered
from bot.domain.model import Person
from bot.domain.runs.run import Run
from handlers.asked import permit
from handlers.blocks import blocks
from handlers.blocks.blocks import Message, context, section
from handlers.blocks.wording import bounded, exact, shown
from handlers.desk import Desk
from handlers.runs import drawing, routes
from handlers.runs.measured import Report, drawn, lines, log_of, markdown, report_of
from handlers.slack.replies import Reply
from handlers.slack.sending import Upload, say, send_files
from handlers.slack.speech import Speech
from storage.cards import Place

NAME = "report"
_LINE = 900
_HOW = "`python -m bot report {id}` prints it where the bot runs."


async def tell(desk: Desk, speech: Speech, run: Run, place: Place | None) -> None:
    """The words go to the thread of the card, the files follow behind everything else that is to be said.

    Raises what `routes.deliver` does.
    """
    found = await _report(desk, run)
    aims = routes.of_tell(desk, "thread", run, place, quiet=False)
    landed = await routes.deliver(desk, speech, aims, lambda channel: message(found), run=run)
    thread = place.ts if place and place.channel == landed.channel else landed.ts

    async def missed(sentence: str) -> None:
        if not await desk.readers.against(landed.channel, afresh=True):
            said = ("The report has no files here.", sentence, _HOW.format(id=run.id))
            await say(desk.slack, landed.channel, *said, thread=thread)

    try:
        desk.errands.send(f"report of {run.id}", partial(_follow, desk, found, landed.channel, thread), missed)
    except BadInput as busy:
        await missed(busy.sentence)


async def pressed(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply:
    """The button "Report"; its value is the run's id."""
    await permit(desk, person, Need.ANYONE, NAME)
    run = await desk.runs.load(value)
    missed = partial(say, desk.slack, person.slack_id, f"The report of {run.id} did not get to you.")
    desk.errands.send(f"report of {run.id}", partial(_to_person, desk, run, person.slack_id), missed)
    return Reply(blocks.sentence(f"The report of {run.id} is on its way to you, as a direct message."))


def message(report: Report) -> Message:
    """The words of the report, which say what the picture shows."""
    first, *rest = [shown(line, _LINE) for line in lines(report)]
    below = [section("\n".join(f"•  {line}" for line in rest))] if rest else []
    foot = context(f"Run `{exact(report.run.id, 150)}` · its files follow: picture, Markdown, log")
    return {"text": bounded("\n".join((first, *rest)), 3900), "blocks": [section(f"⏱️ *{first}*"), *below, foot]}


async def _report(desk: Desk, run: Run) -> Report:
    return await report_of(desk.backups, desk.runs, run, desk.engine.runbooks[run.runbook], desk.now())


async def _follow(desk: Desk, report: Report, channel: str, thread: str) -> None:
    """Nothing goes where strangers read along."""
    files, lacks = await _files(desk, report)
    if why := await desk.readers.against(channel, afresh=True):
        raise NotDelivered(f"Files are not sent there: {why}.")
    await send_files(desk.slack, channel, files, _comment(report, lacks), thread)


async def _to_person(desk: Desk, run: Run, user: str) -> None:
    report = await _report(desk, run)
    files, lacks = await _files(desk, report)
    words = "\n".join(shown(line, _LINE) for line in lines(report))
    await send_files(desk.slack, user, files, "\n".join((words, _comment(report, lacks))))


def _comment(report: Report, lacks: str) -> str:
    return shown(f"Report of {report.run.id} as files. {lacks}".rstrip())


async def _files(desk: Desk, report: Report) -> tuple[list[Upload], str]:
    """The files, and what is to be said of one that there is not."""
    run, lacks = report.run, ""
    log = await log_of(desk.runs, run.id)
    files = [
        Upload(f"{run.id}.md", markdown(report).encode(), f"{report.title}, every row"),
        Upload(f"{run.id}.jsonl", "".join(f"{line}\n" for line in log).encode(), f"{report.title}, log for programs"),
    ]
    try:
        picture = await drawing.picture(drawn(report))
        files.insert(0, Upload(f"{run.id}.png", picture, f"{report.title}, measured", " ".join(lines(report))))
    except (NotDelivered, TimeoutError) as fault:
        lacks = fault.sentence if isinstance(fault, NotDelivered) else "The picture took too long, so it is not here."
    return files, lacks
