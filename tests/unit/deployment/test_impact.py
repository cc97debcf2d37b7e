"""The impact board against a copy of seed 002 that was written out by hand: thirty cells, every bullet."""

from __future__ import annotations

import pytest

from bot.domain.deployment.impact import CELLS, NOTES, STAGE_OF, Stage, Subject, board
from bot.domain.model import PoolState

# Short hand for the sentences of the seed; "+" holds only if imported, "-" only if not imported.
PRIMARY_VIEW = "Agent groups on the primary pool can be viewed on the agent console, but agents cannot sign in to them."
PRIMARY_IN = "Agent groups on the primary pool can be viewed on the agent console, and agents can sign in to them."
BACKUP_IN = "The backup pool's own agent groups can be viewed on the agent console, and agents can sign in to them."
ABSENT = "+The imported agent groups are not displayed on the agent console."
PRESENT = "+The imported agent groups are displayed on the agent console, and agents can sign in to them."
READ_ONLY = (
    "Response groups on the primary pool can be viewed, depending on the availability of the primary pool's "
    "back-end database. They cannot be modified."
)
READ_WRITE = "Response groups on the primary pool can be viewed and modified."
BACKUP_RW = "The backup pool's own response groups can be viewed and modified."
SHELL = (
    "+The imported response groups cannot be viewed with Lync Server Control Panel or the Response Group "
    "Configuration Tool. They can be configured with Lync Server Management Shell cmdlets."
)
REGULAR = "Regular calls remain connected."
ANONYMOUS_DROP = "Anonymous calls are disconnected."
NO_ANONYMOUS = "-No anonymous calls are in this status."
ANONYMOUS_STAY = "+Anonymous calls remain connected."
DROP = "Calls are disconnected."
WITHOUT_AGENTS = "+Calls connect to the backup pool, but agents homed in the primary pool are unreachable."
OFF = "The feature is disabled during this stage."
NOBODY = "-No calls are in this status."

SEED = {
    (Stage.OUTAGE, Subject.CONNECTED): [REGULAR, ANONYMOUS_DROP],
    (Stage.OUTAGE, Subject.WAITING): [DROP],
    (Stage.OUTAGE, Subject.NEW): ["-" + DROP, WITHOUT_AGENTS],
    (Stage.OUTAGE, Subject.ON_BEHALF): [OFF],
    (Stage.OUTAGE, Subject.SIGN_IN): [PRIMARY_VIEW, BACKUP_IN, ABSENT],
    (Stage.OUTAGE, Subject.CONFIGURATION): [READ_ONLY, BACKUP_RW, SHELL],
    (Stage.FAILING_OVER, Subject.CONNECTED): [REGULAR, ANONYMOUS_DROP],
    (Stage.FAILING_OVER, Subject.WAITING): [DROP],
    (Stage.FAILING_OVER, Subject.NEW): ["-" + DROP, WITHOUT_AGENTS],
    (Stage.FAILING_OVER, Subject.ON_BEHALF): [OFF],
    (Stage.FAILING_OVER, Subject.SIGN_IN): [PRIMARY_VIEW, BACKUP_IN, PRESENT],
    (Stage.FAILING_OVER, Subject.CONFIGURATION): [READ_ONLY, BACKUP_RW, SHELL],
    (Stage.FAILED_OVER, Subject.CONNECTED): [
        REGULAR,
        "+Anonymous calls that have reached the backup pool remain connected.",
    ],
    (Stage.FAILED_OVER, Subject.WAITING): [NOBODY, "+Calls that have reached the backup pool remain connected."],
    (Stage.FAILED_OVER, Subject.NEW): ["-" + DROP, "+Calls connect to the backup pool."],
    (Stage.FAILED_OVER, Subject.ON_BEHALF): ["-Calls fail.", "+Calls succeed."],
    (Stage.FAILED_OVER, Subject.SIGN_IN): [PRIMARY_VIEW, BACKUP_IN, PRESENT],
    (Stage.FAILED_OVER, Subject.CONFIGURATION): [READ_ONLY, BACKUP_RW, SHELL],
    (Stage.FAILING_BACK, Subject.CONNECTED): [REGULAR, NO_ANONYMOUS, ANONYMOUS_STAY],
    (Stage.FAILING_BACK, Subject.WAITING): [NOBODY, "+Calls will be disconnected."],
    (Stage.FAILING_BACK, Subject.NEW): [
        "Calls connect to the primary pool, but agents homed in the primary pool are unreachable."
    ],
    (Stage.FAILING_BACK, Subject.ON_BEHALF): [OFF],
    (Stage.FAILING_BACK, Subject.SIGN_IN): [PRIMARY_VIEW, BACKUP_IN, PRESENT],
    (Stage.FAILING_BACK, Subject.CONFIGURATION): [READ_ONLY, BACKUP_RW, SHELL],
    (Stage.FAILED_BACK, Subject.CONNECTED): [REGULAR, NO_ANONYMOUS, ANONYMOUS_STAY],
    (Stage.FAILED_BACK, Subject.WAITING): [NOBODY, "+Calls will be disconnected."],
    (Stage.FAILED_BACK, Subject.NEW): ["Calls connect to the primary pool."],
    (Stage.FAILED_BACK, Subject.ON_BEHALF): ["Calls succeed."],
    (Stage.FAILED_BACK, Subject.SIGN_IN): [PRIMARY_IN, BACKUP_IN, ABSENT],
    (Stage.FAILED_BACK, Subject.CONFIGURATION): [READ_WRITE, BACKUP_RW, SHELL],
}
MARKS = {None: "", True: "+", False: "-"}


def shown(stage: Stage, subject: Subject, imported: bool | None) -> list[str]:
    (line,) = (line for line in board(stage, imported) if line.subject is subject)
    return [bullet.text for bullet in line.bullets]


@pytest.mark.parametrize(("stage", "subject"), SEED, ids=lambda cell: cell.name.lower())
def test_every_cell_has_every_bullet_of_the_seed(stage: Stage, subject: Subject) -> None:
    assert [MARKS[bullet.imported] + bullet.text for bullet in CELLS[stage][subject]] == SEED[stage, subject]


@pytest.mark.parametrize("imported", [True, False])
@pytest.mark.parametrize(("stage", "subject"), SEED, ids=lambda cell: cell.name.lower())
def test_the_board_shows_what_holds(stage: Stage, subject: Subject, imported: bool) -> None:
    other = MARKS[not imported]
    held = [text.lstrip("+-") for text in SEED[stage, subject] if not text.startswith(other)]
    assert shown(stage, subject, imported) == held
    assert held


def test_there_are_thirty_cells_and_sixty_four_bullets() -> None:
    assert len(SEED) == 30 == sum(len(column) for column in CELLS.values())
    assert sum(len(bullets) for bullets in SEED.values()) == 64
    assert all(tuple(line.subject for line in board(stage, None)) == tuple(Subject) for stage in Stage)


def test_when_nobody_knows_every_bullet_shows_and_says_what_it_depends_on() -> None:
    assert shown(Stage.OUTAGE, Subject.NEW, None) == [
        "If response groups were not imported, calls are disconnected.",
        "If response groups were imported, calls connect to the backup pool, but agents homed in the primary pool are "
        "unreachable.",
    ]
    for stage in Stage:
        for line in board(stage, None):
            assert len(line.bullets) == len(SEED[stage, line.subject])
            assert all(bullet.depends == bullet.text.startswith("If ") for bullet in line.bullets)


def test_calls_on_behalf_of_a_group_depend_on_the_import_only_after_failover() -> None:
    depending = [stage for stage in Stage if any(bullet.depends for bullet in CELLS[stage][Subject.ON_BEHALF])]
    assert depending == [Stage.FAILED_OVER]


def test_new_calls_during_and_after_failback_do_not_depend_on_the_import() -> None:
    for stage in (Stage.FAILING_BACK, Stage.FAILED_BACK):
        assert shown(stage, Subject.NEW, True) == shown(stage, Subject.NEW, False) == shown(stage, Subject.NEW, None)


def test_during_failover_anonymous_and_waiting_calls_drop_even_when_imported() -> None:
    assert ANONYMOUS_DROP in shown(Stage.FAILING_OVER, Subject.CONNECTED, True)
    assert shown(Stage.FAILING_OVER, Subject.WAITING, True) == [DROP]


def test_after_failback_waiting_calls_of_imported_groups_still_drop() -> None:
    assert shown(Stage.FAILED_BACK, Subject.WAITING, True) == ["Calls will be disconnected."]


def test_imported_groups_are_on_the_console_from_failover_through_failback_only() -> None:
    present = [stage for stage in Stage if PRESENT[1:] in shown(stage, Subject.SIGN_IN, True)]
    absent = [stage for stage in Stage if ABSENT[1:] in shown(stage, Subject.SIGN_IN, True)]
    assert present == [Stage.FAILING_OVER, Stage.FAILED_OVER, Stage.FAILING_BACK]
    assert absent == [Stage.OUTAGE, Stage.FAILED_BACK]


def test_agents_sign_in_on_the_primary_pool_only_after_failback() -> None:
    assert [stage for stage in Stage if PRIMARY_IN in shown(stage, Subject.SIGN_IN, False)] == [Stage.FAILED_BACK]


def test_imported_groups_are_managed_by_shell_only_at_every_stage() -> None:
    assert all(SHELL[1:] in shown(stage, Subject.CONFIGURATION, True) for stage in Stage)
    assert not any(SHELL[1:] in shown(stage, Subject.CONFIGURATION, False) for stage in Stage)


def test_every_state_of_a_pool_has_its_stage_and_the_words_are_explained() -> None:
    assert set(STAGE_OF) == {*PoolState} - {PoolState.UNKNOWN} and set(STAGE_OF.values()) == set(Stage)
    assert any("hide" in note for note in NOTES) and any("copy that lies there" in note for note in NOTES)
