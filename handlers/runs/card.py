"""The living card of a run: what it is, where it stands, what runs next, and who may press."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.domain.measures import aged, lasted
from bot.domain.runs.glass import OPEN_S
from bot.domain.runs.press import leaves
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Choice
from bot.domain.runs.streak import streak
from bot.domain.runs.view import RunView, was_refused
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Block, Message, context, section
from handlers.blocks.wording import bounded, bullets, code, exact, joined, mention, plain, shown, utc, when
from handlers.runs import rows

SIGNS: Mapping[Phase, str] = {
    Phase.READY: "⏳",
    Phase.READING: "⏳",
    Phase.RUNNING: "⚙️",
    Phase.LOOKING: "🔎",
    Phase.WAITING: "✋",
    Phase.ASKING: "❓",
    Phase.STOPPED: "🛑",
    Phase.LOST: "⚠️",
    Phase.DONE: "✅",
    Phase.ABANDONED: "🏳️",
    Phase.SUPERSEDED: "⏹️",
}
_HEADINGS = {
    Phase.STOPPED: "STOPPED · ",
    Phase.LOST: "OUTCOME UNKNOWN · ",
    Phase.LOOKING: "OUTCOME UNKNOWN · ",
    Phase.ABANDONED: "ABANDONED · ",
    Phase.SUPERSEDED: "ENDED · ",
}
_COMMANDS = {
    Phase.WAITING: "Runs when it is approved, exactly so:",
    Phase.RUNNING: "Running since {sent}:",
    Phase.LOOKING: "Was sent at {sent}, and no answer came:",
    Phase.LOST: "Was sent at {sent}, and no answer came:",
}
_NO = {Phase.LOOKING: "Was sent at {sent}, and refused:", Phase.LOST: "Was sent at {sent}, and refused:"}
_SENT = (Phase.RUNNING, Phase.LOOKING, Phase.LOST)
_COMMAND = "The command:"
_TO = {"failover": "→", "failback": "←"}
_STYLED = 2
_BUTTONS = 24
_PIECES = 2
_CARD = 13_000
_TEXT = 4000


def title(view: RunView) -> str:
    """ "Failover of pool-a → pool-b", as plain words."""
    run = view.run
    arrow = _TO.get(run.runbook)
    return f"{view.title} {arrow} {run.partner.short}" if arrow and run.partner else view.title


def card(view: RunView, *, plan_block: bool = False, belongs_in: str = "") -> Message:
    """The whole card. `belongs_in` is the channel it should be in, or was in, when it cannot be there.

    Always the same for the same run, within the limits of a message, and complete in `text` alone.
    """
    top = [blocks.header(f"{_sign(view.run)}{title(view)}"), _state(view)]
    top += [section(f"🔁 {said}")] if (said := _streak(view.run)) else []
    parts = _open(view) if view.run.is_open else []
    follows = rows.coming(rows.parted(view).coming, not view.run.is_open)
    rest = [*parts, *([context(follows)] if follows and not plan_block else []), _footer(view, belongs_in)]
    room = _CARD - blocks.size([*top, *rest])
    done = rows.plan(view, title(view)) if plan_block else rows.finished(view, room)
    return {"text": text(view), "blocks": [*top, *done, *rest]}


def text(view: RunView) -> str:
    """The card in words: for notifications, screen readers, and whenever blocks cannot be shown."""
    run = view.run
    head = f"{_sign(run)}{shown(title(view), 200)}: {shown(view.state, 300)}"
    commands = exact(" ; ".join(view.commands), 800) if view.commands else ""
    opened = f"Run {exact(run.id, 100)}, opened by {shown(run.opened_by.name, 100)} on {utc(run.opened_at)}."
    lines = [
        joined((head, shown(_said(view), 600))),
        _glass(run, utc),
        _streak(run, utc),
        shown(view.explain, 400),
        bullets(view.details, 600, rows=5) if run.is_open else "",
        f"{_heading(run, utc)} {commands}" if commands else "",
        _server(view),
        joined(("Predicted:", shown(" ".join(view.effect), 500))) if view.effect else "",
        _who_may(view, utc) if view.waits_for_people else "",
        f"Offered on the card: {_offer(view)}." if view.waits_for_people else "",
        _plain_coming(view),
        joined((opened, _took(run, utc))),
    ]
    return bounded("\n".join(line for line in lines if line), _TEXT)


def _sign(run: Run) -> str:
    """In front of the title: what has happened, where that is the first thing to know."""
    return "REFUSED · " if was_refused(run) else _HEADINGS.get(run.phase, "")


def _state(view: RunView) -> Block:
    run = view.run
    outcome = "" if run.is_open else shown(run.sentence, 900)
    lines = (f"{SIGNS[run.phase]} *{shown(view.state, 400)}*", _glass(run), outcome, _took(run))
    menu = [(_label(choice), _value(view, choice)) for choice in view.buttons if _in_menu(view, choice)]
    accessory = blocks.overflow(actions.MORE, menu) if menu else None
    return section("\n".join(line for line in lines if line), accessory)


def _streak(run: Run, at: Callable[[float], str] = when) -> str:
    """That those before it failed as well, while that is so."""
    earlier = streak(run)
    if earlier is None or not run.is_open:
        return ""
    count = f"{earlier.failed + 1} in a row, since {at(earlier.since)}."
    if run.runbook != "backup":
        return count
    if earlier.newest is None:
        return f"{count} There is no good backup of this pool."
    age = aged(run.opened_at - earlier.newest)
    return f"{count} The newest good backup is from {at(earlier.newest)}: it was {age} old when this one began."


def _glass(run: Run, at: Callable[[float], str] = when) -> str:
    """Who holds both roles here by break-glass, and until when at most."""
    glass = run.glass
    if glass is None or glass.opened is None or glass.ended or not run.is_open:
        return ""
    two = f"{shown(glass.asked.name, 100)} and {shown(glass.opened.name, 100)}"
    return f"🚨 Break-glass: {two} hold both roles here until {at(glass.opened_at + OPEN_S)}."


def _open(view: RunView) -> list[Block]:
    return [blocks.divider(), *asked(view)]


def asked(view: RunView) -> list[Block]:
    """The row where the run stands: why it is there, what it will do, who may press, and the buttons."""
    now = view.now
    drawn: list[Block] = []
    if now is not None:
        why = f"\n{shown(view.explain, 1200)}" if view.explain else ""
        drawn.append(section(f"▶️ *Now: {rows.name(now)}*{why}"))
    if said := _said(view):
        drawn.append(section(f"> {shown(said, 1000)}"))
    if view.details:
        drawn.append(section(bullets(view.details, 1800)))
    drawn += _commands(view)
    if view.said:
        drawn.append(context(_server(view)))
    if view.effect:
        drawn.append(section(f"*What that changes, as predicted:*\n{bullets(view.effect, 1800)}"))
    if view.waits_for_people:
        drawn.append(context(_who_may(view)))
    return [*drawn, *_buttons(view)]


def _commands(view: RunView) -> list[Block]:
    if not view.commands:
        return []
    pieces = code(view.commands, 2000)
    drawn = [section(f"*{_heading(view.run)}*"), *(section(piece) for piece in pieces[:_PIECES])]
    left = sum(len(piece) for piece in pieces[_PIECES:])
    return [*drawn, context(f"🛑 {left} more characters of commands have no room here.")] if left else drawn


def _heading(run: Run, at: Callable[[float], str] = when) -> str:
    """Over the commands: what is to become of them, or became."""
    heading = _NO[run.phase] if was_refused(run) else _COMMANDS.get(run.phase, _COMMAND)
    if run.phase in _SENT and not run.sent_at:
        return _COMMAND  # A version before sent it, and did not write down when.
    return heading.format(sent=at(run.sent_at))


def _server(view: RunView) -> str:
    return f"The server says: {shown(view.said, 300)}" if view.said else ""


def _buttons(view: RunView) -> list[Block]:
    """Verbs in a row, at most two of them coloured; abandoning has its own menu at the top of the card."""
    run = view.run
    choices = [choice for choice in view.buttons if not _in_menu(view, choice)][:_BUTTONS]
    styles = _styles([choice.style for choice in choices])
    row = [_button(view, choice, style) for choice, style in zip(choices, styles, strict=True)]
    if view.has_detail:
        reads = f"Show the server's answer, {title(view)}"
        row.append(blocks.button("Show the server's answer", actions.DETAIL, run.id, reads=reads))
    return [blocks.actions(row, actions.block_id(run.id, run.question))] if row else []


def _in_menu(view: RunView, choice: Choice) -> bool:
    return leaves(choice) and len(_value(view, choice)) <= actions.OVERFLOW_LIMIT


def _styles(wanted: list[str]) -> list[str]:
    """One primary and two coloured buttons at most; the others are plain."""
    given: list[str] = []
    for style in wanted:
        coloured = sum(bool(one) for one in given)
        given.append("" if coloured >= _STYLED or (style == "primary" and style in given) else style)
    return given


def _button(view: RunView, choice: Choice, style: str) -> Block:
    asks = None
    if choice.confirm and not choice.fields:
        asks = blocks.confirm(f"{choice.label}?", choice.confirm, choice.label, choice.style)
    reads = f"{choice.label}, {title(view)}"
    action_id, value = actions.action_id(choice.key, asks=bool(choice.fields)), _value(view, choice)
    return blocks.button(_label(choice), action_id, value, style=style, reads=reads, confirm=asks)


def _label(choice: Choice) -> str:
    """What opens a form ends in an ellipsis."""
    return f"{plain(choice.label, 73)} …" if choice.fields else choice.label


def _value(view: RunView, choice: Choice) -> str:
    return actions.button_value(view.run.id, view.run.step, choice.key, view.run.question)


def _who_may(view: RunView, at: Callable[[float], str] = when) -> str:
    others = [choice for choice in view.buttons if choice.need not in (None, view.need)]
    apart = "".join(f" “{shown(one.label, 80)}”: {one.need.words}." for one in others if one.need)
    who = f"May press: {view.need.words}.{apart}"
    if not _takes_two(view.run):
        return who
    if not view.run.approvals:
        return f"{who} Two people have to: one asks, somebody else approves."
    first = view.run.approvals[0]
    return f"{who} Asked for by {shown(first.who.name, 100)}, {at(first.at)}; somebody else has to approve."


def _said(view: RunView) -> str:
    """What the run said last, unless the card says so already: with the state, or with who may press."""
    run = view.run
    is_told = run.sentence == view.state or (_takes_two(run) and run.approvals)
    return "" if is_told else run.sentence


def _takes_two(run: Run) -> bool:
    return run.phase is Phase.WAITING and run.proposal is not None and run.proposal.needed > 1


def _offer(view: RunView) -> str:
    return "; ".join(shown(choice.label, 80) for choice in view.buttons[:_BUTTONS])


def _plain_coming(view: RunView) -> str:
    coming = rows.parted(view).coming
    return rows.coming(coming, not view.run.is_open).replace("*", "") + ("." if coming else "")


def _took(run: Run, at: Callable[[float], str] = when) -> str:
    if run.closed_at is None:
        return ""
    return f"Took {lasted(run.closed_at - run.opened_at)}, until {at(run.closed_at)}."


def _footer(view: RunView, belongs_in: str) -> Block:
    run = view.run
    arrow = _TO.get(run.runbook)
    where = f" {arrow} ".join(shown(pool.fqdn, 260) for pool in run.pools) if arrow else shown(run.primary.fqdn, 260)
    opener = "opened by " + (shown(run.opened_by.name, 100) or mention(run.opened_by))
    why = "asked for in" if belongs_in == run.channel else "belongs in"
    moved = f"{why} <#{belongs_in}>, where Switchback cannot post" if belongs_in else ""
    parts = (f"Run `{exact(run.id, 150)}`", where, f"{opener}, {when(run.opened_at)}", moved)
    return context(" · ".join(part for part in parts if part))
