"""Every button: those of a run go to the engine, the others open, page or do what a subcommand does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.chores.signing import TRY_AGAIN
from bot.domain.access import Need
from bot.domain.errors import BadInput
from bot.domain.model import Person
from bot.domain.runs.glass import lent
from bot.domain.runs.press import is_asked
from bot.domain.runs.runbook import Choice
from bot.domain.runs.view import RunView
from handlers import commands, home
from handlers.asked import permit
from handlers.backups import backups, charts, takeout
from handlers.blocks import actions
from handlers.companions import companions
from handlers.deliveries import delivery, once, press
from handlers.desk import Desk
from handlers.runs import agents, asking, board, checklist, notices, refusing, report, signing
from handlers.runs.asking import helped
from handlers.runs.forms import begun, detail, form
from handlers.runs.seen import seen
from handlers.runs.timeline import ENTRIES, timeline
from handlers.slack import payloads
from handlers.slack.payloads import Body
from handlers.slack.replies import Reply, open_view

Button = Callable[["Desk", AsyncArgs, Person, str], Awaitable[Reply | None]]


async def pressed(desk: Desk, args: AsyncArgs) -> Reply | None:
    """The one listener of all clicks: what the action id begins with says which row does it."""
    button = BUTTONS.get(_word(args.body), _foreign)
    person = await desk.people.person(*payloads.actor(args.body))
    return await button(desk, args, person, actions.value_of(args.body["actions"][0]))


def is_of_run(body: Body) -> bool:
    """Whether the click is on a choice of a run, which ends with a change or a refusal, or opens a form."""
    return _word(body) in _OF_RUNS


def _word(body: Body) -> str:
    return actions.word(str(body["actions"][0].get("action_id")))


async def _of_run(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply | None:
    """A choice with fields asks for them first; any other one is made at once."""
    button = actions.decode(value)
    return await helped(desk, person, button, _opened(desk, args, person, button, value))


async def _opened(desk: Desk, args: AsyncArgs, person: Person, button: actions.Pressed, value: str) -> None:
    run_view = await desk.engine.view(button.run_id)
    choice = _choice(run_view, button)
    if choice is None or not choice.fields:
        return await press(desk, args, person, button, {})
    need, here = choice.need or run_view.need, lent(run_view.run, person, desk.now())
    await permit(desk, here, need, run_view.run.step, run_view.run.id, delivery(args))
    await once(desk, args)
    await open_view(args, form(choice, run_view, value, await begun(desk, choice, run_view.run)))


async def _at_once(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply | None:
    button = actions.decode(value)
    return await helped(desk, person, button, press(desk, args, person, button, {}))


async def _detail(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    """The server's own text may hold names and numbers, so only holders of the row's role see it."""
    run_view = await desk.engine.view(value)
    here = lent(run_view.run, person, desk.now())
    await permit(desk, here, run_view.need, run_view.run.step, run_view.run.id)
    await open_view(args, detail(run_view))


async def _timeline(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    await permit(desk, person, Need.ANYONE, "timeline")
    run, entries = await desk.runs.load(value), await desk.runs.audit(value, ENTRIES + 1)
    await open_view(args, timeline(await seen(desk, run), entries))


async def _how(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    await permit(desk, person, Need.ANYONE, "how")
    asked = actions.decode_how(value)
    run = await desk.runs.load(asked.run_id)
    await open_view(args, checklist.form(run, desk.engine.runbooks[run.runbook], asked))


async def _page(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply:
    page = actions.decode_page(value)
    return await commands.older(desk, person, page)


async def _do(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply:
    return await commands.run(desk, person, payloads.channel(args.body), value)


async def _offer(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply | None:
    """What a notice offers, while it does: mostly what a subcommand does."""
    does = await notices.offered(desk, value)
    return await (signing.again(desk, person) if does == TRY_AGAIN else _do(desk, args, person, does))


async def _home(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    await permit(desk, person, Need.ANYONE, "home")
    await home.more(desk, person, value)


async def _nothing(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    """Opening an address needs nothing of the bot."""


async def _foreign(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    raise BadInput(actions.FOREIGN)


_ROWS: Mapping[str, Button] = {
    actions.RUN: _of_run,
    actions.NOW: _at_once,
    actions.DETAIL: _detail,
    actions.TIMELINE: _timeline,
    actions.HOW: _how,
    actions.WHO: agents.who,
    actions.IMPACT: board.everything,
    actions.PAGE: _page,
    actions.REPORT: report.pressed,
    actions.DO: _do,
    actions.OFFER: _offer,
    actions.HOME_MORE: _home,
    actions.LINK: _nothing,
    actions.AGENT_SIGNED_IN: agents.signed_in,
    actions.ASK: asking.pressed,
    actions.ASK_FOR: refusing.pressed,
    actions.BACKUP_DETAILS: backups.details,
    actions.BACKUP_COMPARE: takeout.compare,
    actions.BACKUP_SEND: takeout.send,
    actions.BACKUP_PIN: backups.pin,
    actions.BACKUP_FREE: backups.free,
    actions.BACKUP_CHART: charts.pressed,
    actions.COMPANION_TAKE: companions.take,
    actions.COMPANION_UPLOAD: companions.ask_for_files,
    actions.COMPANION_ATTEST: companions.ask_for_word,
    actions.COMPANION_DETAILS: companions.details,
    actions.COMPANION_SEND: companions.send,
}
BUTTONS = {actions.word(name): button for name, button in _ROWS.items()}
"""By the word that action ids begin with: however many kinds there are, finding one costs the same."""

_OF_RUNS = frozenset(map(actions.word, (actions.RUN, actions.NOW)))


def _choice(run_view: RunView, button: actions.Pressed) -> Choice | None:
    """The choice that the button stands for while it is offered; what became of another one, the engine says."""
    choice = next((one for one in run_view.buttons if one.key == button.choice), None)
    return choice if choice and is_asked(run_view.run, button.step, choice, button.question) else None
