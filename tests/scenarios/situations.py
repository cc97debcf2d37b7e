"""What may be done when more goes wrong than one pool: a value for each situation, and the table that is made of them.

docs/runbooks.md shows the table; `test_situations.py` brings every situation about and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.runbooks import RUNBOOKS
from tests.scenarios import happenings as happen
from tests.scenarios.beats import KEEP
from tests.scenarios.happenings import Begun
from tests.scenarios.stage import ANNA, CLARA, FAILBACK, FAILOVER
from tests.scenarios.test_ways_home import DISASTER
from tests.scenarios.walking import Script

MOVES = ("failover", "failback", "rebuild", "replace", "import-again", "adopt")
"""The runbooks that a pool which is somewhere can go on with; what else can be started changes nothing about that."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way on: `press` is a button, or what is typed; before that, an open run is abandoned.

    It holds `when` that has happened; `script` is answered behind it. It leads to this `row` of a runbook, "" being its
    end. `proof` stands on the way: what was read, or somebody's `word` where nothing could be read.
    """

    press: str
    row: tuple[str, str]
    proof: str
    when: str = ""
    script: Script = field(default_factory=dict)
    word: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """`what` happened, how it is `begun`, the `row` at which the run stands then, what its card `says` and `offers`.

    `left` is said when the run is abandoned there; `starts` are the `MOVES` that can be started for pool-a then.
    """

    what: str
    begun: Begun
    row: tuple[str, str]
    says: str
    offers: tuple[str, ...]
    ways: tuple[Way, ...]
    left: str = ""
    starts: tuple[str, ...] = ()


A_BACK, B_BACK, TAKEN_BACK = happen.CHANGES
HOME = ("failover", "adopt")
AWAY = ("failback", "rebuild", "replace", "import-again", "adopt")
COMING = ("failover", "failback", "rebuild", "adopt")
UNTOUCHED = "Nothing was changed on either pool, and pool-a is marked active, as it was before."
WITHOUT = "pool-a is failed over to pool-b; its groups were not imported there."
GOING_BACK = "pool-a is marked failing back; "
RESTORABLE = "Its import was rehearsed against what pool-b holds now: it is restorable."
SILENT_B = "pool-b.contoso.com does not answer: nothing was sent, nothing was changed."
SERVES = "pool-a: Central Management says “{}”"
MOVED = f"{SERVES}. Somebody moved it already, so nothing is sent."
DEAD = "says pool-b is dead, and chooses the disaster way"
BETWEEN = f"{SERVES.format('FailingOver')}. It is being moved now, or the move broke off."
NOTHING_THERE: Script = {
    **FAILBACK,
    "export": (("without-groups", ANNA),),
    "last": (("leave", ANNA),),
}
ADOPTED: Script = {"take": (("adopt", ANNA),)}
SECOND: Script = {**FAILBACK, "import": (("approve", CLARA),)}
LATER: Script = {**FAILBACK, "conferences-arrived": (("later", ANNA),), "cleanup": (("pre-stage", ANNA),)}
BY_HAND = ("Someone else is running it", "It has already been run")
STOPPED_AT_MOVE = ("Look where it stands", "Without -DisasterMode", *BY_HAND, "Try again")

DISASTER_HOME = Way("/rgs failback pool-a", ("failback", ""), DEAD, script=DISASTER, word=True)
WHEN_BACK = replace(DISASTER_HOME, when=A_BACK)

BOTH_DOWN = (
    Situation(
        "Both are down before the pool has moved",
        happen.both_before,
        ("failover", "failover-before"),
        "While it does not answer, pool-a cannot be moved.",
        ("Try again",),
        (
            Way("Try again", ("failover", "failover"), SERVES.format("Active"), B_BACK),
            Way("/rgs start adopt pool-a", ("adopt", "take"), SERVES.format("Active"), A_BACK),
            Way(
                "/rgs failover pool-a",
                ("failover", "cms-doubt"),
                f"Where Central Management is could not be read on pool-b: {SILENT_B}",
                script=happen.UNREAD,
            ),
        ),
        UNTOUCHED,
        HOME,
    ),
    Situation(
        "pool-b goes down as well, after pool-a has moved to it and before its groups are there",
        happen.both_after,
        ("failover", "rehearse"),
        SILENT_B,
        ("Choose another backup", "Try again"),
        (
            Way("Try again", ("failover", "settings"), "The import would work.", B_BACK),
            Way(
                "/rgs start import-again pool-a",
                ("import-again", "backup"),
                "1 backup to choose from, restorable today.",
                B_BACK,
            ),
            WHEN_BACK,
            Way("/rgs failback pool-a", ("failback", "back"), "pool-a.contoso.com does not answer"),
        ),
        WITHOUT,
        AWAY,
    ),
    Situation(
        "pool-b goes down as well, right before the import on it is sent",
        happen.both_importing,
        ("failover", "import"),
        SILENT_B,
        ("Rehearse again", "Try again"),
        (
            Way("Try again", ("failover", "import"), "The import would work.", B_BACK),
            WHEN_BACK,
        ),
        WITHOUT,
        AWAY,
    ),
)
COMES_BACK = (
    Situation(
        "pool-a answers again right after it was declared a disaster",
        happen.back_at_once,
        ("failover", "doubt"),
        "If pool-a is well, abandon this run: nothing was changed.",
        ("It is a disaster", "It is a planned move"),
        (
            Way(
                "It is a planned move",
                ("failover", "failover"),
                "pool-a answers, with its Response Group data.",
                script=FAILOVER,
            ),
        ),
        UNTOUCHED,
        HOME,
    ),
    Situation(
        "pool-a answers again before its move was approved",
        happen.back_before,
        ("failover", "failover"),
        "If pool-a is well again, abandon this run instead.",
        ("Fail the pool over now", "Without -DisasterMode", *BY_HAND),
        (
            Way("Without -DisasterMode", ("failover", "failover"), SERVES.format("Active")),
            Way("/rgs start adopt pool-a", ("adopt", "take"), SERVES.format("Active")),
        ),
        UNTOUCHED,
        HOME,
    ),
    Situation(
        "pool-a answers again after its users have moved",
        happen.back_after,
        ("failover", "backup"),
        RESTORABLE,
        (KEEP, "Use it, choose settings next"),
        (
            Way(KEEP, ("failover", ""), SERVES.format("FailedOver"), script=FAILOVER),
            Way("/rgs failback pool-a", ("failback", ""), SERVES.format("FailedBack"), script=NOTHING_THERE),
        ),
        WITHOUT,
        AWAY,
    ),
)
BACKUP_DIES = (
    Situation(
        "pool-b dies before pool-a has moved to it",
        happen.backup_dies_before,
        ("failover", "failover"),
        SILENT_B,
        STOPPED_AT_MOVE,
        (
            Way("Try again", ("failover", "failover"), SERVES.format("Active"), B_BACK),
            Way("Look where it stands", ("failover", "failover-before"), SILENT_B),
        ),
        UNTOUCHED,
        HOME,
    ),
    Situation(
        "pool-b dies after pool-a and its groups were brought to it",
        happen.backup_dies_after,
        ("failover", ""),
        "pool-b does not answer now: see that it serves.",
        (),
        (
            WHEN_BACK,
            Way(
                "/rgs start import-again pool-a",
                ("import-again", "backup"),
                "equal to it: no import is needed.",
                B_BACK,
            ),
        ),
        starts=AWAY,
    ),
    Situation(
        "pool-b is dead when pool-a comes home",
        happen.home_without_backup,
        ("failback", "backup-answers"),
        "pool-b does not answer, or its database does not. Wait until it does.",
        ("It is dead: disaster way", "Try again"),
        (
            Way(
                "Try again",
                ("failback", "failback"),
                "pool-b answers, so everything can come home to pool-a.",
                B_BACK,
                FAILBACK,
            ),
            Way("It is dead: disaster way", ("failback", ""), DEAD, script=DISASTER, word=True),
        ),
        "pool-a is marked failed over; its groups are on pool-b still.",
        AWAY,
    ),
    Situation(
        "pool-b dies in failback before the pool has moved",
        happen.home_loses_backup,
        ("failback", "failback"),
        "Everything is as it was before the command: it did nothing.",
        ("Run it again", "Look where it stands", "Someone else is running it", "It has already been run"),
        (
            Way("Run it again", ("failback", "failback"), SERVES.format("FailedOver"), B_BACK),
            Way(
                "Run it again",
                ("failback", "backup-answers"),
                "pool-b does not answer, or its database does not.",
                script={"failback": (("backup-dead", ANNA),)},
            ),
        ),
        "pool-a is marked failed over; its groups are on pool-b still.",
        AWAY,
    ),
    Situation(
        "pool-b dies in failback before the import on pool-a",
        happen.home_before_import,
        ("failback", "import"),
        "Two people have to: one asks, somebody else approves.",
        ("Ask for a second person",),
        (
            Way(
                "Ask for a second person",
                ("failback", "conferences"),
                "all 73 objects are there and equal.",
                script=SECOND,
            ),
            DISASTER_HOME,
        ),
        f"{GOING_BACK}its groups are on pool-b still.",
        COMING,
    ),
    Situation(
        "pool-b dies in failback after the import on pool-a",
        happen.home_after_import,
        ("failback", "conferences"),
        SILENT_B,
        ("Go on without waiting", "Does the backup pool answer?", "Try again"),
        (
            Way("Try again", ("failback", "routes"), "Everything has arrived.", B_BACK, FAILBACK),
            Way(
                "Go on without waiting",
                ("failback", ""),
                "goes on without waiting",
                script=LATER,
                word=True,
            ),
            Way("Does the backup pool answer?", ("failback", ""), DEAD, script=DISASTER, word=True),
            DISASTER_HOME,
        ),
        f"{GOING_BACK}its groups were imported on pool-a.",
        COMING,
    ),
)
OTHERS = (
    Situation(
        "Others failed pool-a over; somebody starts a failover",
        happen.moved_away,
        ("failover", "backup"),
        RESTORABLE,
        (KEEP, "Use it, choose settings next"),
        (Way(KEEP, ("failover", ""), MOVED.format("FailedOver"), script=FAILOVER),),
        WITHOUT,
        AWAY,
    ),
    Situation(
        "Others failed pool-a over; somebody starts a take-over",
        happen.moved_away_adopted,
        ("adopt", "take"),
        SERVES.format("FailedOver"),
        ("It is failed over",),
        (Way("It is failed over", ("adopt", ""), "pool-a is failed over, as others left it."),),
        "Nothing was changed: pool-a is remembered as active, as before.",
        HOME,
    ),
    Situation(
        "Others fail pool-a over while its failover waits for approval",
        happen.moved_away_meanwhile,
        ("failover", "failover"),
        f"{SERVES.format('FailedOver')}: somebody moved it already. Nothing was sent.",
        STOPPED_AT_MOVE,
        (Way("Look where it stands", ("failover", "backup"), MOVED.format("FailedOver")),),
        UNTOUCHED,
        HOME,
    ),
    Situation(
        "Others failed pool-a back; somebody starts a failback",
        happen.moved_home,
        ("failback", "import"),
        "Two people have to: one asks, somebody else approves.",
        ("Ask for a second person",),
        (Way("Ask for a second person", ("failback", ""), MOVED.format("FailedBack"), script=SECOND),),
        "pool-a is marked failing back; its groups are on pool-b still.",
        COMING,
    ),
    Situation(
        "Others failed pool-a back, and pool-b holds what pool-a holds; somebody starts a take-over",
        happen.moved_home_adopted,
        ("adopt", "take"),
        SERVES.format("FailedBack"),
        ("It is active",),
        (Way("It is active", ("adopt", ""), "pool-a is active, as others left it."),),
        "Nothing was changed: pool-a is remembered as failed over, as before.",
        AWAY,
    ),
    Situation(
        "Others failed pool-a back, and what was edited on pool-b is not home; somebody starts a take-over",
        happen.moved_home_without_edits,
        ("adopt", "take"),
        "They differ, so edits on pool-b may not be home.",
        ("It is failing back", "It is active, all is home"),
        (
            Way("It is failing back", ("adopt", ""), "pool-a is failing back, as others left it."),
            Way("It is active, all is home", ("adopt", ""), "says that all is home", word=True),
        ),
        "Nothing was changed: pool-a is remembered as failed over, as before.",
        AWAY,
    ),
    Situation(
        "Others fail pool-a back while its failover is under way",
        happen.moved_home_in_failover,
        ("failover", "done"),
        f"{SERVES.format('FailedBack')}, so its failover is not done.",
        ("Move the pool", "Try again"),
        (
            Way("/rgs failback pool-a", ("failback", ""), MOVED.format("FailedBack"), script=FAILBACK),
            Way("Move the pool", ("failover", "failover"), SERVES.format("FailedBack")),
        ),
        "pool-a was failed back by others, and is marked failing back; its groups were imported on pool-b.",
        COMING,
    ),
    Situation(
        "Others fail pool-a back while its failback waits for approval",
        happen.moved_home_in_failback,
        ("failback", "failback"),
        f"{SERVES.format('FailedBack')}: somebody moved it already. Nothing was sent.",
        ("Look where it stands", "Does the backup pool answer?", *BY_HAND, "Try again"),
        (Way("Look where it stands", ("failback", "import"), MOVED.format("FailedBack")),),
        "pool-a is marked failed over; its groups are on pool-b still.",
        AWAY,
    ),
    Situation(
        "A failover by others broke off half-way; somebody starts a failover",
        happen.half_way,
        ("failover", "failover-before"),
        BETWEEN,
        ("Try again",),
        (
            Way("Try again", ("failover", "failover"), SERVES.format("Active"), TAKEN_BACK),
            Way("/rgs start adopt pool-a", ("adopt", "take"), BETWEEN.partition(". ")[0]),
        ),
        UNTOUCHED,
        HOME,
    ),
    Situation(
        "A failover by others broke off half-way; somebody starts a take-over",
        happen.half_way_adopted,
        ("adopt", "take"),
        SERVES.format("FailingOver"),
        ("It is failing over",),
        (Way("It is failing over", ("adopt", ""), "pool-a is failing over, as others left it."),),
        "Nothing was changed: pool-a is remembered as active, as before.",
        HOME,
    ),
    Situation(
        "The move that was sent from here broke off half-way",
        happen.broke_off,
        ("failover", "failover"),
        BETWEEN,
        ("Run it again", "Look again"),
        (
            Way("Run it again", ("failover", "failover"), BETWEEN),
            Way("Run it again", ("failover", ""), SERVES.format("FailedOver"), TAKEN_BACK, FAILOVER),
            Way("/rgs start adopt pool-a", ("adopt", ""), "pool-a is active, as others left it.", TAKEN_BACK, ADOPTED),
        ),
        "pool-a is marked failing over; its groups were not imported on pool-b.",
        HOME,
    ),
    Situation(
        "The move that was sent from here broke off half-way, and was run again at once",
        happen.broke_off_again,
        ("failover", "failover"),
        BETWEEN,
        STOPPED_AT_MOVE,
        (Way("Try again", ("failover", "failover"), SERVES.format("Active"), TAKEN_BACK),),
        "pool-a is marked failing over; its groups were not imported on pool-b.",
        HOME,
    ),
    Situation(
        "Others failed pool-b over, onto pool-a",
        happen.backup_is_away,
        ("failover", "order"),
        "pool-b is itself failed over, onto pool-a, so pool-a cannot fail over to it.",
        ("Try again",),
        (Way("/rgs start adopt pool-b", ("adopt", "take"), "pool-b: Central Management says “FailedOver”"),),
        UNTOUCHED,
        HOME,
    ),
)

TABLE: Mapping[str, tuple[Situation, ...]] = {
    "Both pools are down": BOTH_DOWN,
    "The pool comes back during its failover": COMES_BACK,
    "The backup pool dies": BACKUP_DIES,
    "Others moved the pool": OTHERS,
}

_HEAD = (
    "| what happened | where the run stands | what its card says | it offers | ways on | after *Abandon the run* |\n"
    "|---|---|---|---|---|---|\n"
)
_INTRODUCTION = """## When more than one thing goes wrong

Here pool-a is the pool, and pool-b is its backup pool. A test brings each line about in the simulated deployment, and
compares it with what the card says and offers.

*Read* is what a server answered; where a pool stands, the PoolState of its registrar says. *Word* is what a person said
where no server could be asked; it is recorded with how they know it, and as no command. *Abandon the run* is offered at
every row. The last column says what that leaves, and which runbooks can be started for pool-a then: those that move it,
bring its groups, or take over what others did.

- While both pools are down, neither can be moved: a failover runs on pool-b, a failback on pool-a. Bring up either one.
- In a disaster pool-a is asked when it is declared, and not again before its users have moved: a dead pool would hold
  them up. Whoever sees that it is well again abandons the run.
- If both pools are lost for good, no runbook brings the groups back. Their backups stay: [backups.md](backups.md)."""


def section() -> str:
    """The table, as Markdown."""
    tables = (f"### {title}\n\n{_HEAD}{''.join(map(_line, group))}" for title, group in TABLE.items())
    return "\n\n".join((_INTRODUCTION, *(table.rstrip() for table in tables)))


def _line(one: Situation) -> str:
    offers = ", ".join(one.offers) or "nothing: the run has ended"
    ways = "<br>".join(f"{number}. {_way(one, way)}" for number, way in enumerate(one.ways, 1))
    after = " ".join(filter(None, (one.left, f"Can start: {', '.join(f'`{key}`' for key in one.starts)}.")))
    return f"| {one.what}. | {_row(*one.row)} | {one.says} | {offers} | {ways} | {after} |\n"


def _way(one: Situation, way: Way) -> str:
    typed = way.press.startswith("/")
    does = f"`{way.press}`" if typed else f"*{way.press}*"
    first = "*Abandon the run*, then " if typed and one.row[1] else ""
    when = f"When {way.when}: " if way.when else ""
    return (
        f"{when}{first}{does} → {_row(*way.row)}. {'Word: somebody' if way.word else 'Read:'} {way.proof.rstrip('.')}."
    )


def _row(runbook: str, key: str) -> str:
    book = RUNBOOKS[runbook]
    return f"{book.title} {book.numbers[key]}, {book.step(key).title}" if key else f"{book.title}, its end"
