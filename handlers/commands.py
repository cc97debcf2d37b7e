"""`/rgs`: every subcommand is a row, and help is made from the rows."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import replace

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.access import Need
from bot.domain.backups.loss import sentences
from bot.domain.errors import BadInput
from bot.domain.model import Person
from bot.domain.near import first_name
from bot.domain.runs.view import view_of
from bot.runbooks.rows.copies import pre_stage
from handlers.asked import (
    HERE,
    MAYBE_ONE,
    ONE_ARGUMENT,
    Asked,
    Command,
    Part,
    line,
    named_pool,
    offered,
    permit,
    unfit,
    usage,
)
from handlers.backups.backups import backups
from handlers.backups.retention import retention
from handlers.backups.schedule import loss_of, plan, schedule
from handlers.blocks import actions
from handlers.blocks.actions import Page
from handlers.blocks.blocks import Message
from handlers.blocks.wording import exact, shown
from handlers.companions.companions import companions, coverage_lines
from handlers.desk import Desk
from handlers.runs import places
from handlers.runs.board import STAGES, impact
from handlers.runs.freeing import free
from handlers.runs.identity import accept, break_glass
from handlers.runs.links import links
from handlers.runs.lists import EVERYTHING, help_text, pool_line, pools_list, short_help, status, whoami
from handlers.runs.matters import now
from handlers.runs.past import runs
from handlers.runs.pool import pool_seen
from handlers.runs.starting import backup, runbooks, start, startable, starting
from handlers.runs.unheard import unheard
from handlers.slack import payloads
from handlers.slack.replies import Reply

_ALONE = "now"
_LONGEST = 300
_DASHES = "[\u2010-\u2015\u2212]"


async def typed(desk: Desk, args: AsyncArgs) -> Reply:
    """The one listener of `/rgs`; what is for all stays with one person where strangers read along."""
    person, channel = await desk.people.person(*payloads.actor(args.body)), payloads.channel(args.body)
    reply = await run(desk, person, channel, str(args.body.get("text") or ""))
    return replace(reply, public=reply.public and await places.is_ours(desk, channel))


def only_reads(body: payloads.Body) -> bool:
    """Whether this is a subcommand that changes nothing: it may be answered twice, and while nothing can be saved."""
    if body.get("command") != "/rgs":
        return False
    name = next(iter(plain(str(body.get("text") or ""))), _ALONE).casefold()
    return any(row.reads for row in COMMANDS if row.name == name)


def asked_for(body: payloads.Body) -> str:
    """The line that was typed, or for which a button stood, without `/rgs`: what others may be asked to do.

    Empty for anything else, for a long one, and where whoever does it vouches for somebody.
    """
    if body.get("command") == "/rgs":
        line = " ".join(plain(str(body.get("text") or "")))
    else:
        action = next(iter(body.get("actions") or ()), {})
        line = actions.value_of(action) if str(action.get("action_id")).startswith(actions.DO) else ""
    row = _ROWS.get(line.partition(" ")[0].casefold())
    return line if row and not row.vouches and len(line) <= _LONGEST else ""


async def run(desk: Desk, person: Person, channel: str, text: str) -> Reply:
    """Does what the text says. Raises BadInput with the nearest match and the usage, or whatever the engine raises."""
    name, *words = plain(text) or [_ALONE]
    if (row := _ROWS.get(name.casefold())) is None:
        return _unknown(desk, (name, *words))
    if row.need is not None:
        await permit(desk, person, row.need, row.name)
    asked = Asked(desk, person, channel, row, tuple(words))
    return await row.run(asked) if len(words) in row.takes else Reply(unfit(asked))


async def older(desk: Desk, person: Person, page: Page) -> Reply:
    """The next page of a list, in the place of the one before."""
    row, words = _ROWS.get(page.command), tuple(page.argument.split())
    await permit(desk, person, Need.ANYONE, page.command)
    if row is None or len(words) not in row.takes:
        raise BadInput("This page does not exist any more. Type the command again.")
    reply = await row.run(Asked(desk, person, "", row, words, page.before))
    return replace(reply, public=False, replaces=True)


def _unknown(desk: Desk, words: Sequence[str]) -> Reply:
    """The nearest subcommand or runbook with whatever else was typed, behind a button.

    Raises BadInput where none is near.
    """
    books = startable(desk)
    near, rest = first_name(words, {**_ROWS, **books})
    if not near:
        raise BadInput(f"There is no subcommand “{words[0][:40]}”. `/rgs help` lists what there is.")
    name = " ".join(words[: len(words) - len(rest)])
    row, rest = (_ROWS[near], rest) if near in _ROWS else (_ROWS["start"], [near, *rest])
    typed = line(row, rest)
    said = f"There is no subcommand “{shown(name, 40)}”. Did you mean `{exact(typed, 300)}`? {exact(usage(row))}"
    return Reply(offered(said, [(typed, typed)] if len(rest) in row.takes else ()))


def plain(text: str) -> list[str]:
    """The typed words without what Slack, people and telephones add: links around names of servers, entities, quotes,
    brackets, and dashes in place of a hyphen. Somebody who is mentioned is `@U…`, whatever they are called.
    """
    text = re.sub(r"<(@[UW][A-Z0-9]+)(?:\|[^<>]*)?>", r"\1", text)
    words = re.sub(r"<(?:https?://)?([^|<>]*)(?:\|([^<>]*))?>", lambda link: link[2] or link[1], text)
    return re.sub(_DASHES, "-", re.sub("[\"'`“”‘’<>]", "", html.unescape(words))).split()


async def _help(asked: Asked) -> Reply:
    """What fits one screen; all of it, or one subcommand."""
    if not asked.words:
        return Reply(short_help(COMMANDS))
    if (word := asked.words[0].casefold()) == EVERYTHING:
        return Reply(help_text(COMMANDS))
    return Reply(help_text([_ROWS[word]])) if word in _ROWS else _unknown(asked.desk, (word,))


async def _status(asked: Asked) -> Reply:
    """For whoever asks; `here` shows it to the whole channel."""
    desk = asked.desk
    if any(word.casefold() != HERE for word in asked.words):
        raise BadInput(f"`/rgs status` does not know “{asked.words[0][:60]}”. {usage(asked.row)}")
    views = [view_of(run, desk.engine.runbooks[run.runbook]) for run in await desk.runs.open()]
    records = await desk.runs.records(desk.estate.pools)
    unread = [notice for notice in await desk.notices.standing() if not notice.is_in_channel]
    answers = await desk.answers.of(desk.estate.pools)
    addresses, silent = await links(desk, views), await unheard(desk, records.values())
    said = status(views, records, answers, desk.now(), unread, addresses, silent)
    return Reply(said, public=bool(asked.words))


async def _pools(asked: Asked) -> Reply:
    """All of them in short, or one whole."""
    return Reply(await (_pool(asked) if asked.words else _all_pools(asked)))


async def _all_pools(asked: Asked) -> Message:
    desk = asked.desk
    records = await desk.runs.records(desk.estate.pools)
    now = desk.now()
    newest = {fqdn: await desk.backups.newest(fqdn, now) for fqdn in desk.estate.pools}
    planned = await plan(desk)
    due = {fqdn: one.due for fqdn, one in planned.items()}
    lost = {fqdn: sentences(one.pool.short, (await loss_of(desk, one))[0])[0] for fqdn, one in planned.items()}
    ahead = {fqdn: await desk.backups.ahead(now, fqdn) for fqdn in desk.estate.pools}
    answers = await desk.answers.of(desk.estate.pools)
    told = {"ahead": ahead, "answers": answers, "lost": lost, "covered": await coverage_lines(desk)}
    told["silent"] = await unheard(desk, records.values())
    return pools_list(
        desk.estate.pools, records, newest, due, desk.estate.unpaired, now=now, foot=await desk.off_site(), **told
    )


async def _pool(asked: Asked) -> Message:
    desk, pool, now = asked.desk, named_pool(asked), asked.desk.now()
    record = (await desk.runs.records([pool.fqdn]))[pool.fqdn]
    newest, due = await desk.backups.newest(pool.fqdn, now), (await plan(desk))[pool.fqdn].due
    unpaired, ahead = desk.estate.unpaired.get(pool.fqdn, ""), await desk.backups.ahead(now, pool.fqdn)
    answer = (await desk.answers.of([pool.fqdn])).get(pool.fqdn)
    silent = (await unheard(desk, [record])).get(pool.fqdn)
    line = pool_line(pool, record, newest, due, unpaired, now, ahead, answer, silent)
    seen = (await desk.readings.of([pool.fqdn])).get(pool.fqdn)
    return pool_seen(pool, record, line, pre_stage(record, pool, newest), seen, now)


async def _whoami(asked: Asked) -> Reply:
    return Reply(whoami(asked.person, by_address=asked.desk.people.by_address))


COMMANDS = (
    Command(
        "failover",
        "failover [pool]",
        "/rgs failover pool-a",
        "Declare an outage of a pool and move its Response Groups to the backup pool, row by row.",
        starting("failover"),
        MAYBE_ONE,
        part=Part.OUTAGE,
        brief="moves it to its backup pool",
    ),
    Command(
        "failback",
        "failback [pool]",
        "/rgs failback pool-a",
        "Bring the Response Groups of a pool home again, row by row.",
        starting("failback"),
        MAYBE_ONE,
        part=Part.OUTAGE,
        brief="brings it home again",
    ),
    Command(
        "impact",
        "impact [pool|stage] [here]",
        "/rgs impact pool-a",
        f"What callers and agents see now, or at a stage; `here` shows it to the channel. Stages: {', '.join(STAGES)}.",
        impact,
        range(0, 3),
        reads=True,
        part=Part.OUTAGE,
        brief="what callers and agents notice",
    ),
    Command(
        "now",
        "now",
        "/rgs now",
        "What matters now, each with its button; `/rgs` alone does the same.",
        now,
        reads=True,
        part=Part.LOOK,
        brief="what matters now",
    ),
    Command(
        "status",
        "status [here]",
        "/rgs status",
        "Where every pool stands, what runs, and who is waited for; `here` shows it to the whole channel.",
        _status,
        MAYBE_ONE,
        reads=True,
        part=Part.LOOK,
        brief="every pool and open run",
    ),
    Command(
        "pools",
        "pools [pool]",
        "/rgs pools pool-a",
        "The pools, their pairs, their last and next backups; or one of them, with what its servers say.",
        _pools,
        MAYBE_ONE,
        reads=True,
        part=Part.LOOK,
        brief="one pool, by its servers",
    ),
    Command(
        "runs",
        "runs [moves|all|runbook]",
        "/rgs runs",
        "Runs of the past: those that move pools first, each with its timeline; backups and their like are folded.",
        runs,
        MAYBE_ONE,
        reads=True,
        part=Part.LOOK,
        brief="what was done, with timelines",
    ),
    Command(
        "backup",
        "backup <pool> | verify [pool]",
        "/rgs backup pool-a",
        "Export the Response Groups of a pool now; or read every byte of kept backups again.",
        backup,
        range(1, 3),
        part=Part.KEEP,
        brief="makes one now",
    ),
    Command(
        "backups",
        "backups <pool> [chart]",
        "/rgs backups pool-a",
        "The kept backups of a pool, each with its details; or a picture of the last month.",
        backups,
        range(1, 3),
        reads=True,
        part=Part.KEEP,
        brief="those that are kept",
    ),
    Command(
        "help",
        "help [all|command]",
        "/rgs help all",
        "What there is to type: the first screen, all of it, or one command.",
        _help,
        MAYBE_ONE,
        need=None,
        reads=True,
    ),
    Command(
        "start",
        "start <runbook> <pool> [new pool]",
        "/rgs start prestage pool-a",
        "Start any other runbook for a pool.",
        start,
        range(1, 7),
    ),
    Command(
        "runbooks",
        "runbooks [runbook]",
        "/rgs runbooks failover",
        "All runbooks, and for which pools they can start now; or every row of one, with who answers it.",
        runbooks,
        MAYBE_ONE,
        reads=True,
    ),
    Command(
        "schedule",
        "schedule [pool] [times|every 6h|objective 12h|default]",
        "/rgs schedule pool-a 02:30 Sun 14:30",
        "When every pool is exported, what its death would cost now, and how to change it.",
        schedule,
        range(0, 120),
    ),
    Command(
        "companions",
        "companions [pool]",
        "/rgs companions pool-a",
        "Other data of a pool that no backup of groups holds, and how fresh its copies are.",
        companions,
        MAYBE_ONE,
        reads=True,
    ),
    Command(
        "retention",
        "retention [pool]",
        "/rgs retention pool-a",
        "Which backups would go and why, and which stay; nothing is changed.",
        retention,
        MAYBE_ONE,
        reads=True,
    ),
    Command(
        "free",
        "free <run> <reason>",
        "/rgs free failover-pool-a-0312-0240-4f2a its record is damaged",
        "Free the pools that a run holds which cannot be read.",
        free,
        range(2, 120),
    ),
    Command(
        "break-glass",
        "break-glass <run> [reason]",
        "/rgs break-glass failover-pool-a-0312-0240-4f2a the directory lies in the dead site",
        "Go on with a run while the directory is silent: one of the configured people asks, another one opens it.",
        break_glass,
        range(1, 120),
    ),
    Command(
        "accept",
        "accept <person>",
        "/rgs accept @Anna",
        "Say that somebody whose e-mail address has changed is still the same person.",
        accept,
        ONE_ARGUMENT,
        need=Need.SERVER_ADMIN,
        vouches=True,
    ),
    Command(
        "whoami",
        "whoami",
        "/rgs whoami",
        "Who you are to Switchback, and which roles you hold.",
        _whoami,
        need=None,
        reads=True,
    ),
)

_ROWS = {row.name: row for row in COMMANDS}
