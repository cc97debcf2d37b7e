"""Draws how long a run took, part by part, and what it brought back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.measures import to_the_second
from handlers.blocks import pictures
from handlers.blocks.pictures import BLUE, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BEFORE = "#8a8d91"


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the time, in seconds; `people`: it was theirs."""

    label: str
    seconds: int
    people: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many objects of a kind the backup held, and how many arrived; None: nobody counted."""

    kind: str
    before: int
    after: int | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """All that the picture shows."""

    title: str
    bars: tuple[Bar, ...]
    counts: tuple[Count, ...] = ()


async def picture(drawn: Drawn) -> bytes:
    """The PNG. Raises as `pictures.picture` does."""
    return await pictures.picture(__name__, drawn, "The words say the same.")


def draw(drawn: Drawn) -> bytes:
    figure, above, below = pictures.paper(drawn.title, (3, 2))
    _bars(above, drawn.bars)
    _counts(below, drawn.counts)
    return pictures.png(figure)


def _bars(axes: Axes, bars: tuple[Bar, ...]) -> None:
    """What was people's differs by colour and by pattern."""
    from matplotlib.patches import Patch

    unit, name = _unit(max((bar.seconds for bar in bars), default=0))
    drawn = axes.barh(
        [bar.label for bar in bars],
        [bar.seconds / unit for bar in bars],
        color=[ORANGE if bar.people else BLUE for bar in bars],
        hatch=["//" if bar.people else "" for bar in bars],
        edgecolor="#ffffff",
        height=0.65,
    )
    axes.bar_label(drawn, [to_the_second(bar.seconds) for bar in bars], fontsize=10, padding=3)
    axes.invert_yaxis()
    axes.set_xlim(0, max([bar.seconds / unit for bar in bars], default=1.0) * 1.3)
    axes.set_xlabel(name)
    pictures.plain(axes, "x")
    marks = [
        Patch(facecolor=ORANGE, hatch="//", edgecolor="#ffffff", label="waits for people"),
        Patch(color=BLUE, label="Switchback and servers"),
    ]
    axes.legend(handles=marks, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, fontsize=10)


def _counts(axes: Axes, counts: tuple[Count, ...]) -> None:
    if not counts:
        axes.axis("off")
        axes.text(0.5, 0.5, "Objects were not counted", transform=axes.transAxes, ha="center", va="center", color=INK)
        return
    places, width = range(len(counts)), 0.38
    before = axes.bar(
        [at - width / 2 for at in places], [one.before for one in counts], width, color=_BEFORE, label="in the backup"
    )
    axes.bar_label(before, fontsize=9, padding=2)
    after = [(at + width / 2, one.after) for at, one in zip(places, counts, strict=True) if one.after is not None]
    arrived = axes.bar([at for at, _ in after], [found for _, found in after], width, color=BLUE, label="arrived")
    axes.bar_label(arrived, fontsize=9, padding=2)
    axes.set_xticks(list(places), [one.kind.replace(" ", "\n", 1) for one in counts])
    axes.set_ylim(0, max([1, *(one.before for one in counts), *(found for _, found in after)]) * 1.15)
    axes.set_ylabel("Objects")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, fontsize=10)
    pictures.plain(axes, "y")


def _unit(seconds: int) -> tuple[float, str]:
    """The unit that suits the longest bar."""
    return (60.0, "Minutes") if seconds >= 120 else (1.0, "Seconds")


if __name__ == "__main__":
    pictures.serve(draw, Drawn)
