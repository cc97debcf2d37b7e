"""Pictures, each drawn in a process of its own, which the bot never feels and which gets none of its secrets."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from bot.domain.errors import NotDelivered

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWING_S = 60.0

BLUE, ORANGE, RED, INK, PAPER, FAINT = "#0072b2", "#b85c00", "#a4243b", "#1d1c1d", "#ffffff", "#d9d9d9"
"""Told apart by every eye, and by shape as well; on paper of its own, so that dark mode does not swallow the ink."""

_INHERITED = ("PATH", "HOME", "LANG", "SYSTEMROOT", "MPLCONFIGDIR", "TMPDIR", "VIRTUAL_ENV")
"""All that the process gets of our environment: no token is among it."""

T = TypeVar("T")


async def picture(module: str, value: object, instead: str) -> bytes:
    """The PNG that this module draws of the value.

    Raises NotDelivered when it could not be drawn (`instead` says where to look then), TimeoutError when that takes a
    minute.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
    )
    try:
        async with asyncio.timeout(DRAWING_S):
            drawn, _ = await process.communicate(msgspec.json.encode(value))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not drawn:
        raise NotDelivered(f"The picture could not be drawn here. {instead}")
    return drawn


def paper(title: str, heights: tuple[int, int], **rest: Any) -> tuple[Figure, Axes, Axes]:
    """1600 by 1000 pixels, which Slack shows at half that size, with two charts below each other."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"font.size": 11, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK})
    pyplot.rcParams.update({"xtick.color": INK, "ytick.color": INK, "hatch.linewidth": 0.6, "hatch.color": RED})
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(8, 5), dpi=200, height_ratios=heights, **rest)
    figure.patch.set_facecolor(PAPER)
    figure.suptitle(title, x=0.02, ha="left", fontsize=14, fontweight="bold")
    return figure, above, below


def plain(axes: Axes, lines: str) -> None:
    """No frame on two sides, and faint lines along this axis, behind what is drawn."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=lines, color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)


def png(figure: Figure, right: float = 1.0, beside: Callable[[Axes], None] | None = None) -> bytes:
    """The charts take up the left part, up to `right` of 1; what is drawn `beside` them has the rest."""
    from matplotlib import pyplot

    figure.tight_layout(rect=(0, 0, right, 0.99))
    if beside:
        beside(figure.add_axes((right + 0.02, 0.16, 0.96 - right, 0.68)))
    out = BytesIO()
    figure.savefig(out, format="png", facecolor=PAPER)
    pyplot.close(figure)
    return out.getvalue()


def serve(draw: Callable[[T], bytes], kind: type[T]) -> None:
    """What the process does: a value of this kind comes in as JSON, a picture goes out."""
    sys.stdout.buffer.write(draw(msgspec.json.decode(sys.stdin.buffer.read(), type=kind)))
