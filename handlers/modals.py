"""Forms that were sent: decoded, checked field by field, and handed to whoever asked, before they close."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.errors import BadInput
from bot.domain.model import Person
from handlers.backups import backups
from handlers.blocks import actions
from handlers.blocks.inputs import complaints
from handlers.companions import companions
from handlers.deliveries import once, press
from handlers.desk import Desk
from handlers.runs.asking import helped
from handlers.slack import payloads
from handlers.slack.payloads import Body
from handlers.slack.replies import Reply, complain

Form = Callable[["Desk", AsyncArgs, Person], Awaitable[Reply | None]]


async def submitted(desk: Desk, args: AsyncArgs) -> Reply | None:
    """The one listener of all forms: what the callback id begins with says which row takes it."""
    form = FORMS.get(_word(args.body), _foreign)
    return await form(desk, args, await desk.people.person(*payloads.actor(args.body)))


def is_of_run(body: Body) -> bool:
    """Whether the form is one of a run: it ends with a change or a refusal, or stays open with complaints."""
    return _word(body) == actions.FORM


def _word(body: Body) -> str:
    return actions.word(str(body["view"].get("callback_id")))


async def _of_run(desk: Desk, args: AsyncArgs, person: Person) -> Reply | None:
    """Complaints stay in the form, anything else goes to the engine."""
    view = args.body["view"]
    button, form = actions.decode(view.get("private_metadata") or ""), actions.answers(view.get("state") or {})
    run_view = await desk.engine.view(button.run_id)
    fields = next((choice.fields for choice in run_view.buttons if choice.key == button.choice), ())
    if faults := complaints(fields, form, desk.now()):
        await once(desk, args)
        return await complain(args, faults)
    return await helped(desk, person, button, press(desk, args, person, button, form))


async def _foreign(desk: Desk, args: AsyncArgs, person: Person) -> None:
    raise BadInput(actions.FOREIGN)


FORMS: Mapping[str, Form] = {
    actions.FORM: _of_run,
    actions.BACKUP_KEEP: backups.pinned,
    actions.COMPANION_FILES: companions.sent,
    actions.COMPANION_WORD: companions.attested,
}
"""By the word that callback ids begin with."""
