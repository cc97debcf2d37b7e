"""Answers of `/rgs`: lists of pools, backups and runs, the state of everything, help, and who somebody is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from bot.domain.access import Need
from bot.domain.backups.backup import Backup, wrongly_dated
from bot.domain.deployment.answers import PoolAnswer, is_calm
from bot.domain.groups.groups import counted
from bot.domain.measures import aged
from bot.domain.model import Person, Pool, PoolRecord, Standing
from bot.domain.runs.view import RunView
from handlers.asked import Command, Part, may
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Message, context, header, listing, packed, section
from handlers.blocks.wording import bounded, exact, joined, shown, when
from handlers.runs.card import SIGNS, title
from handlers.runs.links import LINKED, opening
from handlers.runs.looks import calm_look, look
from handlers.runs.unheard import Unheard
from handlers.runs.whom import waits_words
from storage.notices import Notice

_UNREAD = 5
_TEXT, _FURTHER = 3900, 3000


EVERYTHING = "all"
"""Behind `/rgs help`: every subcommand."""


def short_help(rows: Sequence[Command]) -> Message:
    """What fits one screen of a telephone, the outage first; a button leads to all of it."""
    parts = [
        "\n".join([f"*{part}*", *(f"`{exact(row.example)}` {row.brief}" for row in rows if row.part is part)])
        for part in Part
    ]
    press = blocks.button("Every command", f"{actions.DO}help", f"help {EVERYTHING}")
    text = "\n".join(["What you can type:", *parts, f"`/rgs help {EVERYTHING}` lists every command."])
    return {"text": text, "blocks": [header("What you can type"), *map(section, parts), blocks.actions([press])]}


def help_text(rows: Iterable[Command]) -> Message:
    """Every subcommand with an example."""
    lines = [
        f"*`/rgs {exact(row.usage)}`* — {shown(row.meaning, 300)} For example `{exact(row.example)}`." for row in rows
    ]
    foot = (
        "Switchback exports Response Groups every day, and walks people through failover and failback, row by row.",
        "It never starts a failover by itself. Every command is shown before anybody approves it.",
    )
    return listing("What you can type", lines, *foot)


def pools_list(
    pools: Mapping[str, Pool],
    records: Mapping[str, PoolRecord],
    newest: Mapping[str, Backup | None],
    due: Mapping[str, float | None],
    unpaired: Mapping[str, str],
    *,
    now: float,
    lost: Mapping[str, str],
    covered: Mapping[str, str],
    ahead: Mapping[str, int] = MappingProxyType({}),
    answers: Mapping[str, PoolAnswer] = MappingProxyType({}),
    silent: Mapping[str, Unheard] = MappingProxyType({}),
    foot: str = "",
) -> Message:
    """Every pool: where it stands, its backup pool, its last and next backup, and what would be `lost` with it now.

    All by FQDN; instants in seconds; `covered` tells how companions are, `foot` is a sentence about all pools,
    `ahead` how many backups are wrongly dated, `answers` how each answered when it was asked last, `silent` which
    groups ring nobody.
    """
    lines = []
    for fqdn, pool in pools.items():
        record = records.get(fqdn, PoolRecord(fqdn))
        told = newest.get(fqdn), due.get(fqdn), unpaired.get(fqdn, ""), now, ahead.get(fqdn, 0), answers.get(fqdn)
        line = pool_line(pool, record, *told, silent=silent.get(fqdn))
        lines.append("\n      ".join((line, *(shown(said[fqdn], 300) for said in (lost, covered) if fqdn in said))))
    none = ["No pool is configured yet: `python -m bot check` says what is missing."]
    return listing("Pools", lines or none, shown(foot, 300))


def pool_line(
    pool: Pool,
    record: PoolRecord,
    backup: Backup | None,
    due: float | None,
    unpaired: str,
    now: float,
    ahead: int,
    answer: PoolAnswer | None,
    silent: Unheard | None = None,
) -> str:
    """One pool in two lines; `ahead` is how many of its backups are dated in the future, `silent` what rings nobody."""
    pair = f" · backup pool {shown(pool.backup_pool.partition('.')[0], 80)}" if pool.backup_pool else ""
    held = f" · held by run `{exact(record.held_by, 120)}`" if record.held_by else ""
    last = (
        f"last backup {aged(now - backup.taken_at)} ago, {counted(backup.counts, 'empty')}"
        if backup
        else "⚠️ no backup yet"
        if not ahead
        else "⚠️ no backup with a right date"
    )
    wrong = f" · ⚠️ {said}" if (said := wrongly_dated(ahead)) else ""
    coming = f", next {when(due)}" if due else ", none scheduled"
    lone = f"\n      {shown(unpaired, 300)}" if unpaired else ""
    stands = look(record, answer, now, silent.groups if silent else 0)
    return f"*{shown(pool.fqdn, 260)}* · {stands}{pair}{held}\n      {last}{wrong}{coming}{lone}"


def status(
    views: Sequence[RunView],
    records: Mapping[str, PoolRecord],
    answers: Mapping[str, PoolAnswer],
    now: float,
    unread: Sequence[Notice] = (),
    addresses: Mapping[str, str] = MappingProxyType({}),
    silent: Mapping[str, Unheard] = MappingProxyType({}),
) -> Message:
    """What stands and is in no channel, where every pool stands, then every open run with what it waits for.

    `answers` tell how each pool answered when it was asked last, `addresses` lead from runs to their cards, `silent`
    which groups ring nobody: such a pool is not well.
    """
    notices = [
        f"⚠️ *{shown(one.sentence, 500)}*\n      {shown(' '.join(one.details), 500)} Since {when(one.since)}."
        for one in unread[:_UNREAD]
    ]
    calm = [fqdn for fqdn, one in records.items() if fqdn not in silent and is_calm(one, answers.get(fqdn), now)]
    lines = [
        f"*{shown(fqdn, 260)}* · {look(record, answers.get(fqdn), now, silent[fqdn].groups if fqdn in silent else 0)}"
        for fqdn, record in records.items()
        if fqdn not in calm
    ]
    well = [calm_look([answers[fqdn] for fqdn in calm], len(lines), now)] if calm else []
    first = listing("Status", [*notices, *lines, *well, *([] if views else ["No run is open."])])
    running = [section(view_line(view), opening(view, addresses)[0]) for view in views[:LINKED]]
    further = packed([view_line(view) for view in views[LINKED:]], _FURTHER)
    foot = "`/rgs runs` lists what is over."
    text = bounded("\n".join([first["text"], *map(view_line, views), foot]), _TEXT)
    return {"text": text, "blocks": [*first["blocks"], *running, *further, context(foot)]}


def view_line(view: RunView) -> str:
    """An open run in two lines: its state, and who is waited for."""
    said = shown(view.run.sentence, 200)
    state = joined((shown(view.stands, 200), said if said != view.stands else ""))
    what = f"{SIGNS[view.run.phase]} *{shown(title(view), 200)}*"
    return f"{what} · {state}\n      {waits_words(view)} `{exact(view.run.id, 120)}`"


def whoami(person: Person, *, by_address: bool = False) -> Message:
    """Who somebody is to Switchback, which roles they hold, and what follows; `by_address`: by the directory."""
    lines = [
        f"*{shown(person.name, 100) or 'Somebody'}* · `{exact(person.id, 60)}`",
        f"In this workspace: {_STANDINGS[person.standing]}",
        *_roles(person),
        *(f"{'✅ You may' if may(person, need) else '➖ You may not'} {what}" for need, what in _MAY.items()),
    ]
    return listing(
        "Who you are to Switchback",
        lines,
        _BY_ADDRESS if by_address else _BY_FILE,
    )


def _roles(person: Person) -> list[str]:
    """What they hold and through what, or why nothing; the time is when that was read."""
    if person.roles is None:
        return [f"Roles: not known. {shown(person.doubt, 600) or 'Whoever grants roles did not answer in time.'}"]
    if not person.roles:
        return [f"Roles: none. {shown(person.doubt, 600)}".rstrip()]
    through = f" through {' and '.join(shown(name, 100) for name in person.through)}" if person.through else ""
    read = f", read {when(person.read_at)}" if person.read_at else ""
    return [f"Roles: {', '.join(sorted(person.roles))}{through}{read}"]


_BY_FILE = "Roles come from Slack user groups, or from people whom Switchback's configuration names."
_BY_ADDRESS = "Roles come from groups of Active Directory, for the account that has your e-mail address in Slack."


_STANDINGS = {
    Standing.MEMBER: "a full member",
    Standing.GUEST: "a guest, and guests can press nothing",
    Standing.EXTERNAL: "of another organisation, and can press nothing here",
    Standing.DELETED: "a deactivated account",
    Standing.BOT: "a bot, and bots can press nothing",
    Standing.UNKNOWN: "not known: Slack did not answer in time",
}
_MAY = {
    Need.ANYONE: "follow every run, and answer what any member may answer, such as test calls",
    Need.ADMIN: "start and approve backups, failover and failback of Response Groups",
    Need.SERVER_ADMIN: "approve what moves whole pools",
}
