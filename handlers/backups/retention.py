"""`/rgs retention`: what would go and why, what stays and why; nothing is changed by looking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.backups.retention import Decision, Windows
from handlers.asked import Asked, named_pool
from handlers.blocks.blocks import listing
from handlers.blocks.wording import shown, when
from handlers.slack.replies import Reply

_SHOWN = 6


async def retention(asked: Asked) -> Reply:
    """Of one pool in groups, or of every pool in a line."""
    desk = asked.desk
    foot = f"Nothing was changed: this is what the next clean-up would do. {_rule(desk.pruning.windows)}"
    if asked.words:
        pool = named_pool(asked)
        lines = list(_groups(await desk.pruning.plan(pool.fqdn, desk.now())))
        return Reply(listing(f"Retention of {pool.short}", lines or ["There is no backup yet."], foot))
    lines = [_line(pool.short, await desk.pruning.plan(fqdn, desk.now())) for fqdn, pool in desk.estate.pools.items()]
    return Reply(listing("Retention", lines, foot))


def _rule(windows: Windows) -> str:
    return (
        f"Everything stays for {windows.keep_all_days} days. After that stays the last of each day for "
        f"{windows.daily_days} days, of each week for {windows.weekly_weeks} weeks, and of each month for "
        f"{windows.monthly_months} months."
    )


def _line(short: str, decisions: Sequence[Decision]) -> str:
    if not decisions:
        return f"*{shown(short, 80)}* · no backup yet"
    stay = sum(one.stays for one in decisions)
    return f"*{shown(short, 80)}* · {stay} of {len(decisions)} stay, {len(decisions) - stay or 'none'} would go"


def _groups(decisions: Sequence[Decision]) -> Iterator[str]:
    """What would go first, each reason once, with the newest of its backups."""
    groups: dict[tuple[bool, str], list[Decision]] = {}
    for one in sorted(decisions, key=lambda one: (one.stays, -one.backup.taken_at)):
        groups.setdefault((one.stays, one.because), []).append(one)
    for (stays, because), group in groups.items():
        what = "would go" if not stays else "stays" if len(group) == 1 else "stay"
        times = ", ".join(when(one.backup.taken_at) for one in group[:_SHOWN])
        more = f" and {len(group) - _SHOWN} more" if len(group) > _SHOWN else ""
        yield f"{'✅' if stays else '➖'} *{len(group)} {what}* · {shown(because, 300)}\n      {times}{more}"
