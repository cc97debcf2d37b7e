"""The page of the demo draws signs itself: green there, too, is only what a server showed."""

from __future__ import annotations

import re
from pathlib import Path

from handlers.runs import card, progress
from handlers.runs.looks import MARKS

SCRIPT = Path(__file__).parents[2] / "bot" / "sandbox" / "static" / "emoji.js"


def drawn() -> dict[str, str]:
    """By sign, the kind as which it is drawn."""
    (rows,) = re.findall(r"const DRAWN = `\n(.*?)`;", SCRIPT.read_text("utf-8"), re.DOTALL)
    return {row.split(" ")[0]: row.split(" ")[1] for row in re.split(r"[|\n]", rows)}


def test_what_a_person_said_is_not_drawn_as_what_a_server_showed() -> None:
    kinds = {mark: drawn()[sign[0]] for mark, sign in progress.SIGNS.items()}
    assert kinds == {"pass": "good", "said": "info", "warn": "warn", "stop": "bad"}


def test_every_sign_of_a_card_and_of_a_pool_is_drawn() -> None:
    known = drawn()
    assert not [sign for sign in (*card.SIGNS.values(), *MARKS.values()) if sign[0] not in known]
