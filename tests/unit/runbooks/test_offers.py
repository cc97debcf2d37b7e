"""Which backup a failover offers first, and what it says of the others."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from bot.domain.backups.backup import Backup, Keeping, Stamp
from bot.domain.backups.restorable import rests_on
from bot.domain.errors import NeverSent
from bot.domain.groups.groups import Kind
from bot.domain.model import Mark, Pool, PoolState, Verdict, Who
from bot.domain.runs.run import Phase, Run
from bot.runbooks.failover.backup import CHOOSE, judge_choice, judge_find, offer_choice, read_choice
from bot.runbooks.failover.facts import REPLACE, SETTINGS_SAID
from tests.unit.deployment.deployments import BACKUP, IMPORTED, PRIMARY, B, P

HOME, PARTNER = Pool(P, backup_pool=B), Pool(B, backup_pool=P)
HELD = BACKUP.inventory()
TODAY = rests_on(HOME, PARTNER, HELD)
NOW = 1_795_000_000.0
DAY = 86_400.0
RUN = Run("failover-1", "failover", HOME, PARTNER, Who("T:U", "Anna"), NOW, "find")

GOOD = Keeping(Stamp(NOW - DAY, True, B, TODAY))
BAD = Keeping(Stamp(NOW - DAY, False, B, TODAY, ("The import on pool-b would be refused: a name is taken.",)))
STALE = Keeping(Stamp(NOW - DAY, True, B, "another"))
NEVER = Keeping()
SHRUNK = replace(GOOD, shrunk="It holds 2 objects; 100 before.")
DAMAGED = replace(GOOD, damage="Piece 4 is not what was stored.")


def kept(*known: Keeping, changed: int | None = 3) -> tuple[tuple[Backup, Keeping], ...]:
    """The newest is b-0, a day old; each further one is a day older."""
    counts = MappingProxyType({str(Kind.QUEUE): 7})
    return tuple(
        (Backup(f"b-{at}", P, P, NOW - (at + 1) * DAY, "aa" * 32, 1, counts, "", "run", changed=changed), one)
        for at, one in enumerate(known)
    )


def found(*known: Keeping, changed: int | None = 3, held: object = HELD) -> Verdict:
    return judge_find(RUN, {"kept": kept(*known, changed=changed), "held": held, "now": NOW}, "6")


def ids(verdict: Verdict) -> list[str]:
    return [offer["id"] for offer in verdict.facts["offers"]]


def whys(verdict: Verdict) -> dict[str, str]:
    return {offer["id"]: offer["why"] for offer in verdict.facts["offers"]}


def labels(verdict: Verdict) -> list[str]:
    run = replace(RUN, phase=Phase.ASKING, facts=verdict.facts)
    return [choice.label for choice in offer_choice(run)]


def test_what_is_kept_at_one_press_is_kept_whatever_was_said_before() -> None:
    said = {**found(GOOD).facts, **REPLACE.to(True), **SETTINGS_SAID.to(True)}
    offered = {choice.key: choice.facts for choice in CHOOSE.choices(replace(RUN, phase=Phase.ASKING, facts=said))}
    assert list(offered) == ["use-keep", "use"]
    assert (offered["use-keep"]["replace"], offered["use-keep"]["settings_said"]) == (False, True)
    assert offered["use"]["settings_said"] is False, "the settings are asked for then"


def test_the_newest_one_that_is_restorable_today_comes_first_and_newer_ones_say_why_not() -> None:
    verdict = found(BAD, STALE, NEVER, SHRUNK, GOOD, GOOD)
    assert ids(verdict) == ["b-4", "b-0", "b-1", "b-2", "b-3", "b-5"]
    assert whys(verdict) == {
        "b-4": "",
        "b-0": "not restorable as is",
        "b-1": "pool-b changed since",
        "b-2": "never rehearsed",
        "b-3": "shrank suddenly",
        "b-5": "",
    }
    assert verdict.mark is Mark.PASS
    assert verdict.facts["offered"] == (
        "The newest restorable backup is 5 days old, of 13 Nov 2026, 11:06 UTC. It holds 7 queues. "
        "Its import was rehearsed against what pool-b holds now: it is restorable. "
        "What was edited since then is not in it: 12 changes known from 4 newer ones."
    )
    assert labels(verdict) == ["Use this backup", "Choose another one"]


def test_the_newest_one_is_called_the_newest_when_it_is_restorable() -> None:
    verdict = found(GOOD, GOOD)
    assert ids(verdict) == ["b-0", "b-1"]
    assert "The newest backup is 24 h old" in verdict.facts["offered"]
    assert verdict.facts["offered"].endswith("it is restorable. What was edited since then is not in it.")
    assert labels(verdict) == ["Use the newest backup", "Choose an older one"]


def test_every_label_fits_into_a_menu_of_slack() -> None:
    verdict = found(BAD, STALE, NEVER, SHRUNK, GOOD)
    (_, other) = offer_choice(replace(RUN, phase=Phase.ASKING, facts=verdict.facts))
    menu = dict(other.fields[0].options)
    assert menu["b-0"].endswith(": not restorable as is")
    assert all(len(label) <= 75 for label in menu.values())


def test_damaged_ones_are_not_offered_and_are_named() -> None:
    verdict = found(DAMAGED, GOOD)
    assert ids(verdict) == ["b-1"]
    assert verdict.mark is Mark.WARN
    assert "1 damaged one not offered." in verdict.sentence
    assert verdict.details == ("b-0: Piece 4 is not what was stored.",)


def test_one_that_a_wrong_clock_dated_ahead_is_never_offered_first() -> None:
    (ahead, known), *others = kept(GOOD, GOOD, GOOD)
    pairs = ((replace(ahead, taken_at=NOW + 300 * DAY), known), *others)
    verdict = judge_find(RUN, {"kept": pairs, "held": HELD, "now": NOW}, "6")
    assert ids(verdict) == ["b-1", "b-0", "b-2"]
    assert whys(verdict) == {"b-1": "", "b-0": "wrongly dated", "b-2": ""}
    assert verdict.facts["offered"].startswith("The newest backup is 2 days old")


def test_when_all_are_damaged_nothing_is_offered() -> None:
    verdict = found(DAMAGED, DAMAGED)
    assert verdict.mark is Mark.STOP
    assert verdict.sentence.startswith("Every one of the 2 backups of pool-p that can be opened is damaged.")
    assert "offers" not in verdict.facts


def test_without_any_stamp_the_newest_is_offered_and_that_is_said() -> None:
    verdict = found(NEVER, NEVER)
    assert ids(verdict) == ["b-0", "b-1"]
    assert verdict.mark is Mark.WARN
    assert verdict.sentence == "2 backups to choose from, none known to be restorable today."
    assert (
        "No backup is known to be restorable on what pool-b holds now (never rehearsed); row 6 rehearses it."
        in verdict.facts["offered"]
    )


def test_without_any_stamp_a_whole_one_comes_before_one_that_shrank() -> None:
    verdict = found(replace(NEVER, shrunk="It shrank."), NEVER)
    assert ids(verdict) == ["b-1", "b-0"]
    assert "The newest complete backup is 2 days old" in verdict.facts["offered"]


def test_one_that_is_known_not_to_be_restorable_says_what_stands_against_it() -> None:
    assert (
        "No backup is restorable as it is. Of this one: The import on pool-b would be refused: a name is taken."
        in found(BAD).facts["offered"]
    )


def test_when_the_backup_pool_cannot_be_read_no_stamp_counts() -> None:
    verdict = found(GOOD, GOOD, held=NeverSent("pool-b cannot be reached."))
    assert whys(verdict) == {"b-0": "pool-b unread", "b-1": "pool-b unread"}
    assert ids(verdict) == ["b-0", "b-1"]


def test_changes_that_nobody_counted_are_not_guessed() -> None:
    offered = found(BAD, GOOD, changed=None).facts["offered"]
    assert offered.endswith("What was edited since then is not in it; 1 newer one may hold some of that.")


def test_without_any_backup_the_run_stops() -> None:
    assert found().mark is Mark.STOP
    assert found().sentence == "There is no backup of pool-p. Make one now, then try again: `/rgs backup pool-p`."


def test_once_the_pool_is_away_no_backup_is_asked_of_it_that_would_find_nothing() -> None:
    away = replace(RUN, pool_state=PoolState.FAILED_OVER)

    def said(held: object) -> str:
        return judge_find(away, {"kept": (), "held": held, "now": NOW}, "6").sentence

    assert "/rgs backup" not in said(HELD) and "none can be made now" in said(HELD)
    assert said(IMPORTED.pools[B].inventory()).startswith(
        "There is no backup of pool-p, but 5 objects of it lie on pool-b. Export them: `/rgs backup pool-p`."
    )
    assert said(NeverSent("pool-b cannot be reached.")).endswith("cannot be read. Try again. pool-b cannot be reached.")


def test_copies_are_compared_with_the_one_that_is_offered() -> None:
    run = replace(RUN, facts=found(BAD, GOOD).facts)
    assert read_choice(run)["first"].backup == "b-1"
    copies = IMPORTED.pools[B].inventory().owned_by(P)
    verdict = judge_choice(run, {"first": PRIMARY.inventory(), "copies": copies})
    assert verdict.facts == {"copies_found": 5, "copies_equal": True}
    assert verdict.sentence.endswith("lie on pool-b already, equal to it: no import is needed.")


def test_a_run_that_an_older_version_left_here_looks_through_the_backups_first() -> None:
    acts = read_choice(RUN)
    assert list(acts) == ["copies"]
    assert judge_choice(RUN, {"copies": HELD}).back_to == "find"
    assert offer_choice(replace(RUN, phase=Phase.ASKING)) == ()
