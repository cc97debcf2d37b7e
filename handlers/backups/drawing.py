"""Draws the month of a pool's backups as a picture, in a process of its own that the bot never feels."""

from __future__ import annotations

import asyncio
import os
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bot.domain.backups.history import History, day_in_words, gaps, unit_of
from bot.domain.errors import NotDelivered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWING_S = 60.0
FEWEST_DAYS = 10
"""There is room for so many, or the bars of the first days would be walls."""

BLUE, ORANGE, RED, INK, PAPER, FAINT = "#0072b2", "#b85c00", "#a4243b", "#1d1c1d", "#ffffff", "#d9d9d9"
"""Told apart by every eye, and by shape as well; on paper of its own, so that dark mode does not swallow the ink."""

_INHERITED = ("PATH", "HOME", "LANG", "SYSTEMROOT", "MPLCONFIGDIR", "TMPDIR", "VIRTUAL_ENV")
"""All that the process gets of our environment: no token is among it."""


async def picture(history: History) -> bytes:
    """The PNG of this month. Raises NotDelivered when it could not be drawn, TimeoutError when that takes a minute."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
    )
    try:
        async with asyncio.timeout(DRAWING_S):
            drawn, _ = await process.communicate(msgspec.json.encode(history))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not drawn:
        raise NotDelivered("The chart could not be drawn here. What it would show is in the list of backups.")
    return drawn


def draw(history: History) -> bytes:
    """The PNG, 1600 by 1000 pixels, which Slack shows at half that size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"font.size": 11, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK})
    pyplot.rcParams.update({"xtick.color": INK, "ytick.color": INK, "hatch.linewidth": 0.6, "hatch.color": RED})
    figure, (above, below) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 5), dpi=200, height_ratios=(3, 2))
    figure.patch.set_facecolor(PAPER)
    figure.suptitle(f"Backups of {history.pool}", x=0.02, ha="left", fontsize=14, fontweight="bold")
    _changes(above, history)
    _sizes(below, history)
    for axes in (above, below):
        _gaps(axes, history)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color=FAINT, linewidth=0.8)
        axes.set_axisbelow(True)
    _days(below, history)
    handles, labels = above.get_legend_handles_labels()
    if labels:
        figure.legend(handles, labels, loc="upper right", ncols=len(labels), frameon=False, fontsize=10)
    figure.tight_layout(rect=(0, 0, 1, 0.99))
    out = BytesIO()
    figure.savefig(out, format="png", facecolor=PAPER)
    pyplot.close(figure)
    return out.getvalue()


def _changes(axes: Axes, history: History) -> None:
    from matplotlib.ticker import MaxNLocator

    days = history.days
    counted = [(number, day.changed) for number, day in enumerate(days) if day.changed is not None]
    bars = axes.bar([number for number, _ in counted], [changed for _, changed in counted], color=BLUE, width=0.7)
    most = max((changed for _, changed in counted), default=0)
    axes.bar_label(bars, fontsize=9, padding=2)
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
    every = max(1, -(-len(history.days) // 10))
    places = list(range(len(history.days) - 1, -1, -every))[::-1]
    axes.set_xticks(places, [day_in_words(history.days[place].date) for place in places])
    axes.set_xlim(min(-0.7, len(history.days) - FEWEST_DAYS), len(history.days) - 0.3)
    axes.set_xlabel(f"Day, in the time of {history.zone}")


def main(given: Any = sys.stdin, taken: Any = sys.stdout) -> None:
    """A history as JSON comes in, a picture goes out."""
    taken.buffer.write(draw(msgspec.json.decode(given.buffer.read(), type=History)))


if __name__ == "__main__":
    main()
