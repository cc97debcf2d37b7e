"""How companions look in Slack: a line for each pool, one pool with its buttons, the forms, and how to restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from bot.clock.wall_clock import day_of
from bot.domain.companions.coverage import Cover, Coverage, State
from bot.domain.companions.kinds import Companion, Failure, How
from bot.domain.companions.serving import Serving
from bot.domain.companions.uploads import LARGEST_FILE, MOST_FILES
from bot.domain.companions.way_back import FILES_SHOWN, commands, place, told
from bot.domain.measures import aged, sized
from bot.domain.model import Pool, short
from bot.domain.runs.runbook import Field
from handlers.blocks import actions, blocks, inputs
from handlers.blocks.blocks import Block, Message, View, context, header, label, listing, section
from handlers.blocks.wording import bounded, code, exact, shown, when

FILES = Field("files", "Files")
WHEN = Field("when", "When was the backup made?")
WHERE = Field("where", "Where is it kept?", max_length=200)
NOTE = Field("note", "Anything else?", required=False, multiline=True)
"""The fields of the forms."""

_TEXT = 3900
_SIGNS: Mapping[State, str] = {
    State.UNPROTECTED: "🔴",
    State.STALE: "🟠",
    State.FRESH: "🟢",
    State.UNUSED: "➖",
}
_TAKE: Mapping[How, tuple[tuple[str, str], ...]] = {
    How.COMMAND: (("Back up now", actions.COMPANION_TAKE),),
    How.FILES: (("Back up now", actions.COMPANION_TAKE), ("Upload…", actions.COMPANION_UPLOAD)),
    How.UPLOAD: (("Upload…", actions.COMPANION_UPLOAD),),
    How.ATTEST: (("Record a backup…", actions.COMPANION_ATTEST),),
}
"""What people can do about one, by the way its copies come."""


def every_pool(found: Sequence[tuple[Pool, Coverage]]) -> Message:
    """Every pool in two lines."""
    lines = [f"*{shown(pool.fqdn, 260)}*\n      {shown(one.line, 600)}" for pool, one in found]
    none = "No pool is configured yet: `python -m bot check` says what is missing."
    return listing(
        "Other data of the pools", lines or [none], "`/rgs companions <pool>` shows one pool, and what can be done."
    )


def one_pool(pool: Pool, found: Coverage, failures: Mapping[str, Failure], *, may: bool) -> Message:
    """Every companion of a pool; with the buttons for those who `may`."""
    top = f"Other data of {pool.short}, which no backup of Response Groups holds."
    drawn: list[Block] = [header(f"Other data of {pool.short}")]
    texts = [top]
    for cover in found.covers:
        text = _cover(pool, cover, failures.get(cover.companion.key))
        if cover.state in (State.STALE, State.UNPROTECTED):
            text += f"\n      Lost without it: {shown(cover.companion.lost, 300)}"
        texts.append(text)
        drawn.append(section(text))
        if may and cover.state is not State.UNUSED:
            drawn.append(blocks.actions(_buttons(pool, cover)))
    foot = "" if may else "Holders of an administrator's role find here how to bring copies, and how to restore them."
    return {"text": bounded("\n".join([*texts, foot]), _TEXT), "blocks": [*drawn, *([context(foot)] if foot else [])]}


def _cover(pool: Pool, cover: Cover, failure: Failure | None) -> str:
    one, kept = cover.companion, cover.kept
    age = f" ({aged(cover.age_s)})" if cover.age_s is not None else ""
    lines = [f"{_SIGNS[cover.state]} *{shown(one.title, 80)}* · {cover.state}{age}"]
    if kept:
        source = "" if kept.source == pool.fqdn else f", from {shown(short(kept.source), 80)}"
        lines[0] += f" · {kept.in_words} {when(kept.taken_at)} by {shown(kept.by, 80)}{source}"
        lines += [f"⚠️ {shown(warning, 200)}" for warning in kept.warnings[:3]]
    if kept and kept.attestation:
        day = day_of(kept.attestation.at, pool.time_zone)
        lines.append(f"Backed up on {day}, kept: {shown(kept.attestation.about, 200)}")
    if failure:
        lines.append(f"⚠️ Switchback could not take it {when(failure.at)}: {shown(failure.sentence, 400)}")
    return "\n      ".join(lines)


def _buttons(pool: Pool, cover: Cover) -> list[Block]:
    one, value = cover.companion, actions.companion_value(pool.fqdn, cover.companion.key)
    ways = [*_TAKE[cover.way], ("How to restore", actions.COMPANION_DETAILS)]
    if cover.kept and cover.kept.files:
        ways.append(("Send me the files", actions.COMPANION_SEND))
    return [
        blocks.button(text, f"{prefix}{one.key}", value, reads=f"{text}: {one.title} of {pool.short}")
        for text, prefix in ways
    ]


def detail(pool: Pool, cover: Cover, serves: Serving) -> View:
    """What is lost without it, what is kept, and the exact commands that put it back on the pool that serves now."""
    one, kept = cover.companion, cover.kept
    files = [f"{file.name} · {sized(file.size)} · SHA-256 {file.sha256[:12]}…" for file in (kept.files if kept else ())]
    more = [f"… and {len(files) - FILES_SHOWN} more"] if len(files) > FILES_SHOWN else []
    held = code([*files[:FILES_SHOWN], *more, *told(kept.rows if kept and not files else ())])
    where = " ".join(filter(None, (serves.sentence, place(serves.pool, kept))))
    drawn = [
        section(_cover(pool, cover, None)),
        section(f"*Lost without it*\n{shown(one.lost, 600)}"),
        *([section("*What is kept*"), *map(section, held[:5])] if held else []),
        section(f"*How to restore*\n{exact(one.note, 800)}\n{exact(where, 600)}"),
        *map(section, code(commands(one.key, serves.pool, kept, of=pool))[:10]),
        context("Commands and names are shown as they are. Do not paste them into a channel."),
    ]
    return _modal(one.title, drawn, "Close")


def files_form(pool: Pool, one: Companion) -> View:
    """Asks for files."""
    element = {
        "type": "file_input",
        "action_id": actions.ANSWER,
        "max_files": MOST_FILES,
    }
    about = section(f"*{shown(one.title, 80)} of {shown(pool.short, 80)}*\n{shown(one.lost, 600)}")
    # Without a filter: one type that Slack does not know would keep the form from opening. It is checked afterwards.
    wanted = f"{' or '.join(one.suffixes)}, {LARGEST_FILE // 2**20} MB each at most"
    hint = f"The originals, {wanted}. They take the place of the newest copy; older ones stay."
    form = _modal("Upload", [about, inputs.drawn(replace(FILES, hint=hint), element=element)], "Cancel")
    value = actions.companion_value(pool.fqdn, one.key)
    return {**form, "callback_id": actions.COMPANION_FILES, "private_metadata": value, "submit": label("Upload", 24)}


def word_form(pool: Pool, one: Companion, today: date) -> View:
    """Asks when a database was backed up last, and where that is."""
    day = {"type": "datepicker", "action_id": actions.ANSWER, "initial_date": today.isoformat()}
    about = section(f"*{shown(one.title, 80)} of {shown(pool.short, 80)}*\n{shown(one.lost, 600)}")
    fields = [
        inputs.drawn(WHEN, element=day),
        inputs.drawn(WHERE),
        inputs.drawn(NOTE),
    ]
    form = _modal("Record a backup", [about, *fields], "Cancel")
    value = actions.companion_value(pool.fqdn, one.key)
    return {**form, "callback_id": actions.COMPANION_WORD, "private_metadata": value, "submit": label("Record", 24)}


def _modal(heading: str, drawn: list[Block], close: str) -> View:
    return {"type": "modal", "title": label(heading, 24), "close": label(close, 24), "blocks": drawn}
