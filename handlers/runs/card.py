"""The living card of a run, on one screen: where it stands, what is asked of whom, the exact command, the buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.domain.measures import aged, lasted, numbered
from bot.domain.runs.glass import OPEN_S
from bot.domain.runs.press import leaves
from bot.domain.runs.run import Found, Phase, Run, was_refused
from bot.domain.runs.runbook import Choice
from bot.domain.runs.streak import streak
from bot.domain.runs.view import RunView
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Block, Message, context, section
from handlers.blocks.wording import (
    bounded,
    bullets,
    code,
    exact,
    is_command,
    joined,
    plain,
    shown,
    told,
    utc,
    when,
)
from handlers.runs import checklist, progress
from handlers.runs.room import ENDED, OPEN, SENTENCE, Room, counted

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
    Phase.LOST: "NO ANSWER · ",
    Phase.LOOKING: "NO ANSWER · ",
    Phase.ABANDONED: "ABANDONED · ",
    Phase.SUPERSEDED: "ENDED · ",
}
_COMMANDS = {
    Phase.WAITING: "Runs when approved, exactly so:",
    Phase.RUNNING: "Running since {sent}:",
    Phase.LOOKING: "Sent {sent}, without an answer:",
    Phase.LOST: "Sent {sent}, without an answer:",
}
_NO = {Phase.LOOKING: "Sent {sent}, and refused:", Phase.LOST: "Sent {sent}, and refused:"}
_SENT = (Phase.RUNNING, Phase.LOOKING, Phase.LOST)
_COMMAND = "The command:"
_TO = {"failover": "→", "failback": "←"}
_MORE = "More behind *Timeline*."
_STYLED = 2
_BUTTONS = 23
_PIECES = 2
_OPEN_ENDS = 5
_LINE, _COMMAND_LINE = 300, 1000
_TEXT = 4000


def title(view: RunView) -> str:
    """ "Failover of pool-a → pool-b", as plain words."""
    run = view.run
    arrow = _TO.get(run.runbook)
    return f"{view.title} {arrow} {run.partner.short}" if arrow and run.partner else view.title


def card(view: RunView, *, belongs_in: str = "") -> Message:
    """The whole card, on one screen of a telephone. `belongs_in` is the channel where it should be and cannot.

    Always the same for the same run, within the limits of a message, and complete in `text` alone. What has no room
    stands behind *Timeline*.
    """
    drawn = _while_open(view, belongs_in) if view.run.is_open else _ended(view, belongs_in)
    return {"text": text(view), "blocks": [_header(view), *drawn]}


def _header(view: RunView) -> Block:
    return blocks.header(f"{_sign(view.run)}{title(view)}")


def text(view: RunView) -> str:
    """The card in words: for notifications, screen readers, and whenever blocks cannot be shown."""
    run = view.run
    head = f"{_sign(run)}{shown(title(view), 200)}: {shown(view.state, 300)}"
    commands = exact(" ; ".join(view.commands), 800) if view.commands else ""
    opened = f"Run {exact(run.id, 100)}, opened by {shown(run.opened_by.name, 100)} on {utc(run.opened_at)}."
    lines = [
        joined((head, told(_said(view), 600))),
        joined((f"{progress.clock(run, utc)}.", progress.steps(view))) if run.is_open else "",
        f"Until here: {spent}." if run.is_open and (spent := progress.times(run)) else "",
        _glass(run, utc),
        _streak(run, utc),
        *(progress.failed(view, utc) if run.is_open else ()),
        told(view.explain, 400),
        bullets(view.details, 600, rows=5) if run.is_open else "",
        "\n".join(shown(line, 200) for line in checklist.lines(view)),
        f"{_heading(run, utc)} {commands}" if commands else "",
        server(view),
        joined(("Predicted:", shown(" ".join(view.effect), 500))) if view.effect else "",
        _who_may(view, utc) if view.waits_for_people else "",
        f"Offered on the card: {_offer(view)}." if view.waits_for_people else "",
        f"Still open:\n{bullets(view.still_open, 900, rows=_OPEN_ENDS)}" if view.still_open else "",
        f"{said}." if (said := progress.follows(view)) else "",
        joined((opened, _took(run, utc))),
    ]
    return bounded("\n".join(line for line in lines if line), _TEXT)


def _sign(run: Run) -> str:
    """In front of the title: what has happened, where that is the first thing to know."""
    if run.phase is Phase.LOST and run.finding and run.finding.found is Found.PARTLY:
        return "HALF DONE · "
    return "REFUSED · " if was_refused(run) else _HEADINGS.get(run.phase, "")


def _while_open(view: RunView, belongs_in: str) -> list[Block]:
    """State, what is asked of whom, the command, the buttons; then what was last."""
    where = [progress.clock(view.run), joined((progress.steps(view), progress.marks(view)))]
    where += [progress.times(view.run)] if view.run.phase is not Phase.LOST else []
    top = [_state(view), context("\n".join(filter(None, where)))]
    room = Room(OPEN)
    room.take([_header(view), *top, *_foot(view.run, belongs_in, _MORE)])
    failed = room.lines(progress.failed(view))
    asks = asked(view, room)
    last = "\n".join([*failed, *room.lines(progress.latest(view))])
    foot = _foot(view.run, belongs_in, _MORE if room.is_cut else "")
    return [*top, *asks, *([context(last)] if last else []), *foot]


def _ended(view: RunView, belongs_in: str) -> list[Block]:
    """What it came to, and what is still open."""
    run, room = view.run, Room(ENDED)
    timeline, foot = _timeline(view), _foot(run, belongs_in)
    state = f"{mark(run, view.still_open)} *{shown(view.state, 100)}* {_took(run)}".rstrip()
    room.take([_header(view), section(state), *timeline, *foot])
    said = "\n".join(filter(None, (state, shown(_came_to(run, room), 900))))
    ends = [f"•  {told(line, _LINE)}" for line in view.still_open[:_OPEN_ENDS]]
    more = len(view.still_open) - len(ends)
    ends = [*ends, f"•  … and {more} more"] if more else ends
    heading = "*Still open, and what comes next:*" if run.phase is Phase.ABANDONED else "*Still open:*"
    left = [section("\n".join([heading, *ends]))] if ends else []
    return [section(said), *left, *timeline, *foot]


def _came_to(run: Run, room: Room) -> str:
    """As much of it as there is room for; what is listed below is not said above it."""
    said = run.sentence
    for line in run.left:
        said = said.replace(line, "")
    why, *rest = SENTENCE.split(" ".join(said.split()))
    if run.phase is not Phase.ABANDONED or not rest:
        return room.sentences(said)[0]
    # How the pool stands counts for more than the end of a long reason, which *Timeline* has whole.
    words, most = why.split(), max(0, room.words - counted(rest[0]))
    begins = why if len(words) <= most else f"{' '.join(words[:most])} …"
    return " ".join(room.sentences(begins, " ".join(rest)))


def mark(run: Run, left: Sequence[str]) -> str:
    """How it stands, at a glance; green only when nothing is `left` to people."""
    return SIGNS[Phase.LOST if run.phase is Phase.DONE and left else run.phase]


def _state(view: RunView) -> Block:
    run = view.run
    lines = (f"{SIGNS[run.phase]} *{shown(view.state, 300)}*", _glass(run), _streak(run))
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


def asked(view: RunView, room: Room) -> list[Block]:
    """What is asked and why, the command, its effect, who may press, and the buttons: as much as there is room for."""
    commands = [*_commands(view), *([context(said)] if (said := server(view)) else [])]
    press = [*([context(_who_may(view))] if view.waits_for_people else []), *_buttons(view)]
    first = checklist.drawn(view)
    room.take([*first, *commands, *press])
    why, effect = _why(view, room), _list(room.counted_lines(view.effect))
    found = [section(part) for part in (why, _list(room.counted_lines(view.details))) if part]
    return [*found, *first, *commands, *([section(effect)] if effect else []), *press]


def _why(view: RunView, room: Room) -> str:
    """What was found or is asked first, then what explains it."""
    again = _retry(view.run)
    room.take([section(again)] if again else [])
    # What explains a command matters before it is sent; afterwards what was found does.
    why = view.explain if view.run.phase is not Phase.LOST else ""
    said, explains = (told(part, 1200) for part in room.sentences(_said(view), why))
    return "\n".join(part for part in (said, again, explains) if part)


def _retry(run: Run) -> str:
    """Of what is begun again by itself: how often it was tried, when last, and when it is next."""
    if not run.tries or run.phase not in (Phase.READY, Phase.LOOKING) or not run.due:
        return ""
    last = f", last at {when(run.tried_at, run.opened_at)}" if run.tried_at else ""
    return f"Tried {numbered(run.tries, 'time')}{last}, next at {when(run.due, run.opened_at)}."


def _list(lines: list[str]) -> str:
    return "\n".join(f"•  {told(line, _COMMAND_LINE if is_command(line) else _LINE)}" for line in lines)


def _commands(view: RunView) -> list[Block]:
    if not view.commands:
        return []
    pieces, at = code(view.commands, 2000), lambda sent: when(sent, view.run.opened_at)
    drawn = [section(f"*{_heading(view.run, at)}*"), *(section(piece) for piece in pieces[:_PIECES])]
    left = sum(len(piece) for piece in pieces[_PIECES:])
    return [*drawn, context(f"🛑 {left} more characters of commands have no room here.")] if left else drawn


def _heading(run: Run, at: Callable[[float], str]) -> str:
    """Over the commands: what is to become of them, or became."""
    heading = _NO[run.phase] if was_refused(run) else _COMMANDS.get(run.phase, _COMMAND)
    if run.phase in _SENT and not run.sent_at:
        return _COMMAND  # A version before sent it, and did not write down when.
    return heading.format(sent=at(run.sent_at))


def server(view: RunView) -> str:
    """What is known of a command that runs: what the server said last, and how long it took before."""
    said = f"The server says: {shown(view.said, 300)}" if view.said else ""
    return joined((said, f"It took {', '.join(map(lasted, view.lasted))} before." if view.lasted else ""))


def _buttons(view: RunView) -> list[Block]:
    """Verbs in a row, at most two of them coloured; abandoning has its own menu at the top of the card."""
    run = view.run
    choices = [choice for choice in view.buttons if not _in_menu(view, choice)][:_BUTTONS]
    styles = _styles([choice.style for choice in choices])
    row = [_button(view, choice, style) for choice, style in zip(choices, styles, strict=True)]
    if view.has_detail:
        reads = f"Show the server's answer, {title(view)}"
        row.append(blocks.button("Show the server's answer", actions.DETAIL, run.id, reads=reads))
    return _timeline(view, *row)


def _timeline(view: RunView, *before: Block) -> list[Block]:
    """The row of buttons, with those behind which everything stands at its end."""
    run = view.run
    opens = [blocks.button("Timeline", actions.TIMELINE, run.id, reads=f"Timeline, {title(view)}")]
    if not run.is_open and run.pool_state:
        opens.append(blocks.button("Report", actions.REPORT, run.id, reads=f"Report, {title(view)}"))
    return [blocks.actions([*before, *opens], actions.block_id(run.id, run.question))]


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
    who = f"May press: {view.need.words}.{_others(view)}"
    if not _takes_two(view.run):
        return who
    if not view.run.approvals:
        return f"{who} Two people have to: one asks, somebody else approves."
    first = view.run.approvals[0]
    return f"{who} Asked for by {shown(first.who.name, 100)}, {at(first.at)}; somebody else has to approve."


def _others(view: RunView) -> str:
    """Buttons that others may press than those whom the row asks for, by whom they ask for."""
    apart: dict[str, list[str]] = {}
    for choice in view.buttons:
        if choice.need and choice.need is not view.need and not leaves(choice):
            apart.setdefault(choice.need.words, []).append(f"“{shown(choice.label, 80)}”")
    return "".join(f" {', '.join(labels)}: {who}." for who, labels in apart.items())


def _said(view: RunView) -> str:
    """What the run said last, unless the card says so already: with the state, or with who may press."""
    run = view.run
    is_told = run.sentence == view.state or (_takes_two(run) and run.approvals)
    return "" if is_told else run.sentence


def _takes_two(run: Run) -> bool:
    return run.phase is Phase.WAITING and run.proposal is not None and run.proposal.needed > 1


def _offer(view: RunView) -> str:
    return ", ".join(f"“{shown(choice.label, 80)}”" for choice in view.buttons[:_BUTTONS])


def _took(run: Run, at: Callable[[float], str] = when) -> str:
    if run.closed_at is None:
        return ""
    ended = "Finished" if run.phase is Phase.DONE else "Ended"
    return f"{ended} {at(run.closed_at)} ({lasted(run.closed_at - run.opened_at)})."


def _foot(run: Run, belongs_in: str, more: str = "") -> list[Block]:
    why = "asked for in" if belongs_in == run.channel else "belongs in"
    moved = f" · {why} <#{belongs_in}>, where Switchback cannot post" if belongs_in else ""
    return [context(joined((more, f"Run `{exact(run.id, 150)}`{moved}")))]
