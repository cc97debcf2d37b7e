"""The checklist on a card, and the form behind each of its lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.errors import BadInput
from bot.domain.model import BOT, Pool, Who
from bot.domain.runs.prerequisites import Check
from bot.domain.runs.run import Phase, Proposal, RowRecord, Run
from bot.domain.runs.view import RunView, view_of
from bot.runbooks import RUNBOOKS
from handlers.blocks import actions
from handlers.blocks.kit import validate
from handlers.runs.card import card
from handlers.runs.checklist import form
from handlers.runs.timeline import timeline, words

ANNA = Who("T1:U1", "Anna")
COMMAND = 'Invoke-CsPoolFailOver -PoolFqdn "pool-a.contoso.com" -DisasterMode -Confirm:$false'
READ = (
    RowRecord("order", "pass", "pool-b is not failed over to pool-a.", BOT, 1e9 + 1),
    RowRecord("pair", "pass", "pool-b answers.", BOT, 1e9 + 2),
    RowRecord("cms-where", "warn", "Central Management does not answer.", BOT, 1e9 + 3),
    RowRecord("cms-doubt", "pass", "Anna says it was elsewhere.", ANNA, 1e9 + 4),
)
RUN = Run(
    "failover-pool-a-1121-0240-9f3c",
    "failover",
    Pool("pool-a.contoso.com"),
    Pool("pool-b.contoso.com"),
    ANNA,
    1e9,
    "failover",
    Phase.WAITING,
    records=READ,
    proposal=Proposal("cafe", (COMMAND,), ("All users are signed out.",), 1),
)


def view(**run: Any) -> RunView:
    return view_of(replace(RUN, **run), RUNBOOKS["failover"])


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for block in message["blocks"] for one in block.get("elements", ()) if "action_id" in one]


def test_the_card_ticks_what_was_read_marks_a_word_and_leaves_open_what_nobody_checked() -> None:
    message = card(view())
    listed = next(block["text"]["text"] for block in message["blocks"] if "1.  " in str(block))
    assert listed.splitlines() == [
        "1.  ✅ pool-b can take pool-a",
        "2.  ☑️ Central Management works",
        "3.  ☐ No Edge pool leads to pool-a",
    ]
    assert "☐ No Edge pool leads to pool-a" in message["text"]
    hows = [one for one in buttons(message) if actions.word(one["action_id"]) == "how"]
    assert [one["text"]["text"] for one in hows] == ["How 1", "How 2", "How 3"]
    assert hows[2]["accessibility_label"] == "How 3: No Edge pool leads to pool-a"


def test_a_warning_is_no_tick() -> None:
    assert "2.  ⚠️ Central Management works" in str(card(view(records=READ[:3])))


@pytest.mark.parametrize("phase", [Phase.RUNNING, Phase.LOOKING, Phase.LOST])
def test_once_it_is_sent_there_is_no_checklist(phase: Phase) -> None:
    assert not [one for one in buttons(card(view(phase=phase, sent_at=1e9))) if "How" in one["text"]["text"]]


def test_timeline_and_terminal_say_the_same() -> None:
    assert "☐ No Edge pool leads to pool-a" in str(timeline(view(), ()))
    assert "- ☐ No Edge pool leads to pool-a" in words(view(), ())


def asked(key: str, step: str = "failover") -> actions.How:
    return actions.decode_how(actions.how_value(RUN.id, step, key))


def test_the_form_says_what_was_found_and_gives_each_line_to_be_copied() -> None:
    drawn = form(RUN, RUNBOOKS["failover"], asked("central"))
    assert validate(drawn, "modal") == []
    said = [str(block.get("text", block)) for block in drawn["blocks"]]
    assert "☑️ Central Management works" in said[0] and "says it was elsewhere" in said[1]
    assert "On a Front End of pool-b, see which pool has it:" in said[2]
    assert "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus" in said[3] and "```" in said[3]
    assert "`/rgs start cms pool-a`" in said[4]
    unread = form(RUN, RUNBOOKS["failover"], asked("edges"))
    assert "Nobody has checked this in this run." in str(unread["blocks"][1])


@pytest.mark.parametrize("pressed", [asked("nothing"), asked("central", "declare"), asked("central", "gone")])
def test_a_button_of_a_row_that_has_it_no_longer_is_told_so(pressed: actions.How) -> None:
    with pytest.raises(BadInput, match="not made by this version"):
        form(RUN, RUNBOOKS["failover"], pressed)


def test_a_single_line_needs_no_number() -> None:
    one = view()
    (check, *_) = one.checks
    alone: tuple[Check, ...] = (check,)
    drawn = card(replace(one, checks=alone))
    assert [item["text"]["text"] for item in buttons(drawn) if "How" in item["text"]["text"]] == ["How"]
    assert "1.  " not in str(drawn["blocks"])
