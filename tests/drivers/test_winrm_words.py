"""Whatever is in the way of a server is said in sentences that a tired reader takes in, with what to do about it."""

from __future__ import annotations

import pytest

from bot.drivers.winrm import cuts, refusals
from bot.drivers.winrm.cuts import Cut, Fault, Kind, Step, meaning
from bot.drivers.winrm.refusals import Said, refusal

LONGEST = 25
COMMAND, SERVER = "Import-CsRgsConfiguration", "fe1.contoso.com:5986"
CODED = {Kind.STATUS: cuts._STATUSES, Kind.FAULT: cuts._FAULTS, Kind.TICKET: cuts._TICKETS}
WHY = {
    Kind.SPARED: "15 minutes. A new password, or a restart, is tried at once",
    **dict.fromkeys((Kind.CA_FILE, Kind.PASSWORD_FILE, Kind.KEYTAB, Kind.OWN_CERTIFICATE), "cannot be read: no file"),
}
FAULTS = [
    *(Fault(kind, why=WHY.get(kind, "")) for kind in Kind if kind not in CODED),
    *(Fault(kind, code) for kind, codes in CODED.items() for code in codes),
]
BY_ITSELF = {Kind.SPARED, Kind.SILENT, Kind.BROKEN, Kind.LATE, Kind.STATUS, Kind.FAULT}
"""Of these the bot says itself when it tries again, or nobody can do more than that."""


def longest(text: str) -> int:
    return max(len(sentence.split()) for sentence in text.split(". "))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.code or ''}")
def test_a_fault_has_short_sentences_and_a_remedy(fault: Fault) -> None:
    assert fault.remedy or fault.kind in BY_ITSELF
    assert longest(f"pool-a ({SERVER}) cannot be used: {fault.words}. {fault.remedy}") <= LONGEST
    for step in Step:
        for reads in (True, False):
            assert longest(meaning(Cut(step, fault), SERVER, COMMAND, reads=reads).sentence) <= LONGEST


@pytest.mark.parametrize("id", [*refusals._BINDING, *refusals._RUNNING, "SomethingElse"])
def test_an_error_of_a_server_has_short_sentences(id: str) -> None:
    told = refusal(SERVER, COMMAND, [Said(id, "", COMMAND)], reads=False)
    assert longest(told.sentence) <= LONGEST
