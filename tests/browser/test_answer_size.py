"""What is typed at night is answered on one screen of a telephone: help, `/rgs` alone, and each stage of the impact."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from playwright.async_api import Page

from bot.domain.deployment.answers import Part, PoolAnswer
from bot.domain.deployment.impact import Stage
from bot.domain.model import Person, Pool, PoolRecord, PoolState, Role, Standing
from bot.domain.runs.view import RunView
from handlers.blocks.blocks import Block
from handlers.commands import COMMANDS
from handlers.runs.board import impact_board
from handlers.runs.lists import short_help
from handlers.runs.matters import MOST, Beside, Matter, message, of_pool, of_silent, ring_nobody, waiting
from handlers.runs.unheard import Unheard
from tests.browser.test_card_size import HIGH, WIDE, WORDS, measured, phone
from tests.unit.runbooks.cards import every_card

pytestmark = pytest.mark.asyncio(loop_scope="module")

__all__ = ["phone"]

ANNA = Person("T0SWITCH01:U0ANNA0001", "Anna Berg", Standing.MEMBER, frozenset(Role))
POOL = Pool("pool-a.contoso.com")
AWAY = (PoolState.OUTAGE, PoolState.FAILING_OVER, PoolState.FAILED_OVER, PoolState.FAILING_BACK)


@pytest.fixture(scope="module")
def answers() -> dict[str, list[Block]]:
    return dict(_answers())


def _answers() -> Iterator[tuple[str, list[Block]]]:
    yield "help", short_help(COMMANDS)["blocks"]
    for stage, imported in product(Stage, (True, False, None)):
        yield f"impact {stage} {imported}", impact_board(stage, imported)["blocks"]
    yield "nothing", message((), ANNA)["blocks"]
    for count in range(1, MOST + 3):
        yield f"{count} matters", message(matters()[:count], ANNA)["blocks"]


def matters() -> list[Matter]:
    """One of each kind first, and then more than have room."""
    records = [PoolRecord(POOL.fqdn, state, 1_795_000_000.0, "r-1") for state in AWAY]
    silent = ring_nobody(POOL.fqdn, Unheard("r-1", 6))
    waits = max(every_views(), key=lambda view: len(view.state))
    answer = PoolAnswer(1_795_000_000.0, Part.DATA, "fe-1.contoso.com", last=1.0)
    down = of_silent(
        POOL, PoolRecord(POOL.fqdn), answer, 1_795_000_020.0, Beside(PoolRecord("pool-b.contoso.com"), answer)
    )
    return [
        down,
        of_pool(POOL, records[2], answer, 1_795_000_020.0),
        silent,
        waiting(waits, {}),
        *(of_pool(POOL, one) for one in records * 2),
    ]


def every_views() -> list[RunView]:
    return [one.view for one in every_card() if one.view.waits_for_people]


async def test_every_answer_fits_on_one_screen(phone: Page, answers: dict[str, list[Block]]) -> None:
    sizes = await measured(phone, list(answers.values()))
    found = dict(zip(answers, sizes, strict=True))
    assert {name: size for name, size in found.items() if size[0] > HIGH or size[1] > WIDE or size[2] > WORDS} == {}
    assert min(size[0] for size in sizes) > 60, "they were drawn"
