"""Draws the month of a pool's backups as a picture: what changed, how large they are, and which days have one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from bot.domain.backups.history import Cover, History, coverage, day_in_words, gaps, unit_of
from handlers.blocks import pictures
from handlers.blocks.pictures import BLUE, FAINT, INK, ORANGE, PAPER, RED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_DAYS = 10
"""There is room for so many, or the bars of the first days would be walls."""


_CHARTS = 0.66
_LABELS = 6
_WEEK = ("M", "T", "W", "T", "F", "S", "S")
_CELLS: Mapping[Cover, tuple[str, str, str]] = {
    Cover.KEPT: (BLUE, "✓", PAPER),
    Cover.MISSED: ("#f6e4e7", "–", RED),
    Cover.FAILED: (ORANGE, "✕", PAPER),
    Cover.BEFORE: (PAPER, "", INK),
    Cover.OPEN: (PAPER, "…", INK),
}
"""Colour, sign and ink of a day: every kind is told apart by its sign too."""


async def picture(history: History) -> bytes:
    """The PNG of this month. Raises as `pictures.picture` does."""
    return await pictures.picture(__name__, history, "What it would show is in the list of backups.")


def draw(history: History) -> bytes:
    figure, above, below = pictures.paper(f"Backups of {history.pool}", (3, 2), sharex=True)
    _changes(above, history)
    _sizes(below, history)
    for axes in (above, below):
        _gaps(axes, history)
        pictures.plain(axes, "y")
    _days(below, history)
    handles, labels = above.get_legend_handles_labels()
    if labels:
        figure.legend(handles, labels, loc="upper right", ncols=len(labels), frameon=False, fontsize=10)
    return pictures.png(figure, _CHARTS, partial(_calendar, history))


def _calendar(history: History, axes: Axes) -> None:
    """A row for each week, from Monday to Sunday, with the day of the month in each cell."""
    from matplotlib.patches import Patch, Rectangle

    days = coverage(history)
    first = days[0][0].toordinal() - days[0][0].weekday()
    for day, cover in days:
        week, column = divmod(day.toordinal() - first, 7)
        colour, sign, ink = _CELLS[cover]
        axes.add_patch(Rectangle((column + 0.05, week + 0.05), 0.9, 0.9, facecolor=colour, edgecolor=FAINT))
        axes.text(column + 0.12, week + 0.38, str(day.day), fontsize=7, color=ink)
        axes.text(column + 0.58, week + 0.8, sign, fontsize=9, color=ink, ha="center")
    axes.set_xlim(0, 7)
    axes.set_ylim((days[-1][0].toordinal() - first) // 7 + 1, 0)
    axes.set_xticks([column + 0.5 for column in range(7)], _WEEK)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
    kinds = [kind for kind in Cover if any(cover is kind for _, cover in days)]
    keys = [
        Patch(facecolor=_CELLS[kind][0], edgecolor=FAINT, label=f"{_CELLS[kind][1]} {kind}".strip()) for kind in kinds
    ]
    axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, -0.02), frameon=False, fontsize=9)


def _changes(axes: Axes, history: History) -> None:
    from matplotlib.ticker import MaxNLocator

    days = history.days
    counted = [(number, day.changed) for number, day in enumerate(days) if day.changed is not None]
    bars = axes.bar([number for number, _ in counted], [changed for _, changed in counted], color=BLUE, width=0.7)
    most = max((changed for _, changed in counted), default=0)
    axes.bar_label(bars, fontsize=8, padding=2)
    if not counted:
        axes.text(0.5, 0.5, "Changes were not counted", transform=axes.transAxes, ha="center", va="center")
    failed = [number for number, day in enumerate(days) if day.failed]
    if failed:
        place = [max(most, 1) * 1.2] * len(failed)
        axes.plot(failed, place, "X", color=ORANGE, markersize=9, label="a try failed", clip_on=False)
    axes.set_ylim(0, max(most, 1) * 1.3)
    axes.set_ylabel("Objects changed")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))


def _sizes(axes: Axes, history: History) -> None:
    """A line that breaks where a day has no backup; from zero, so that a small change looks small."""
    unit, name = unit_of([day.size or 0 for day in history.days])
    sizes = [float("nan") if day.size is None else day.size / unit for day in history.days]
    axes.plot(range(len(sizes)), sizes, "o-", color=BLUE, markersize=4, linewidth=1.5)
    axes.set_ylim(0, max((size for size in sizes if size == size), default=1.0) * 1.25)
    axes.set_ylabel(f"Size in {name}")


def _gaps(axes: Axes, history: History) -> None:
    first = history.days[0].date
    for number, (begin, end) in enumerate(gaps(history.days)):
        left, right = (begin - first).days - 0.5, (end - first).days + 0.5
        label = "no backup" if number == 0 else None
        axes.axvspan(left, right, facecolor="#f6e4e7", edgecolor=RED, hatch="//", linewidth=0, label=label, zorder=0)


def _days(axes: Axes, history: History) -> None:
    every = max(1, -(-len(history.days) // _LABELS))
    places = list(range(len(history.days) - 1, -1, -every))[::-1]
    axes.set_xticks(places, [day_in_words(history.days[place].date) for place in places])
    axes.set_xlim(min(-0.7, len(history.days) - FEWEST_DAYS), len(history.days) - 0.3)
    axes.set_xlabel(f"Day, in the time of {history.zone}")


if __name__ == "__main__":
    pictures.serve(draw, History)
