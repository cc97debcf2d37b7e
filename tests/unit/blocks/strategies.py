"""Views of runs of every kind for tests: all phases and choices, any number of rows, hostile names everywhere."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from bot.domain.access import Need
from bot.domain.backups.backup import Backup
from bot.domain.groups.groups import Kind
from bot.domain.model import BOT, SCHEDULE, Person, Pool, PoolRecord, PoolState, Role, Standing, Who
from bot.domain.runs.moves import SENT
from bot.domain.runs.press import REASON
from bot.domain.runs.run import ENDED, FOR_PEOPLE, Approval, Entry, Phase, Proposal, Run, Tell
from bot.domain.runs.runbook import Choice, Field
from bot.domain.runs.view import Line, RunView

HOSTILE = (
    "",
    " ",
    "x" * 3000,
    "&" * 3000,
    "<!channel> please",
    "<@U0ANNA0001> & <https://evil.example|click>",
    "``` broke out ``` and ` half",
    "😀" * 40,
    "\u202egnp.exe\u202c شركة \u200f",
    "line one\nline two\r\n\ttabs",
    "\x00\x07\x1b[31m",
    "call +49 (30) 1234-5678 now",
    "*bold* _it_ ~no~ :rotating_light: <!date^1^x|y>",
)
names = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=200))
moments = st.floats(0, 4e9)
people = st.builds(Who, st.sampled_from(("T0SWITCH01:U0ANNA0001", "T0SWITCH01:U0BORIS001", "odd", "")), names)
whoever = st.one_of(people, st.sampled_from((BOT, SCHEDULE)))
persons = st.builds(
    Person,
    st.just("T0SWITCH01:U0ANNA0001"),
    names,
    st.sampled_from(Standing),
    st.none() | st.frozensets(st.sampled_from(Role)),
)
LONG = ".".join(["p" * 60] * 4) + ".com"
fqdns = st.sampled_from(("pool-a.contoso.com", "pool-b.contoso.com", LONG)) | st.from_regex(
    r"[a-z]{1,9}\.de", fullmatch=True
)
pools = st.builds(Pool, fqdns, backup_pool=st.none() | fqdns)
ids = st.sampled_from(("", "failover-pool-a-1121-0240-9f3c", "backup-pool-a.contoso.com-2026-11-21T0230"))
records = st.builds(PoolRecord, fqdns, st.sampled_from(PoolState), moments, ids, ids)
backups = st.builds(
    Backup,
    st.sampled_from(("failover-pool-a-1121-0240-9f3c-1", "backup-pool-a.contoso.com-2026-11-21T0230-1")),
    fqdns,
    fqdns,
    moments,
    names,
    st.integers(0, 10**10),
    st.dictionaries(st.sampled_from(Kind), st.integers(0, 9999)),
    names,
    names,
    warnings=st.lists(names, max_size=5).map(tuple),
)
fields = st.builds(
    Field,
    st.sampled_from(("reason", "number", "choice")),
    names,
    st.lists(st.tuples(names, names), max_size=120).map(tuple),
    names,
    st.booleans(),
    st.booleans(),
    st.integers(1, 5000),
)
choices = st.builds(
    Choice,
    key=st.sampled_from([f"choice-{index}" for index in range(40)]),
    label=names,
    said=names,
    need=st.none() | st.sampled_from(Need),
    fields=st.lists(fields, max_size=3, unique_by=lambda field: field.key).map(tuple),
    style=st.sampled_from(("", "primary", "danger")),
    confirm=names,
)
ABANDON = Choice("abandon", "Abandon the run", "abandoned the run", fields=(REASON,), style="danger")
texts = st.lists(names, max_size=12).map(tuple)
# Commands are shown to the letter, numbers included: keeping numbers out of them is not up to the card.
commands = names.map(lambda name: name.replace("1234-5678", ""))
lines = st.lists(commands, max_size=12).map(tuple)
tells = st.builds(Tell, st.sampled_from(("notifications", "thread")), names, texts, st.booleans())

entries = st.builds(
    Entry, moments, whoever, st.sampled_from(("opened", "pass", "retry", "proposed")), st.just("s0"), names
) | st.builds(Entry, moments, st.just(BOT), st.just(SENT), st.just("s0"), commands)


@st.composite
def runs(draw: st.DrawFn, phases: tuple[Phase, ...] = tuple(Phase)) -> Run:
    phase = draw(st.sampled_from(phases))
    proposal = st.builds(Proposal, st.just("cafe"), lines, texts, st.integers(1, 2))
    return Run(
        id=draw(st.sampled_from(("failover-pool-a-1121-0240-9f3c", "backup-pool-a.contoso.com-2026-11-21T0230"))),
        runbook=draw(st.sampled_from(("backup", "failover", "failback"))),
        primary=draw(pools),
        partner=draw(st.none() | pools),
        opened_by=draw(whoever),
        opened_at=draw(moments),
        step="s0",
        phase=phase,
        question=draw(st.integers(0, 50)),
        proposal=draw(st.none() | proposal),
        approvals=draw(st.lists(st.builds(Approval, people, st.just("cafe"), moments), max_size=2).map(tuple)),
        sentence=draw(names),
        detail=draw(names),
        closed_at=draw(moments) if phase in ENDED else None,
        channel=draw(st.sampled_from(("", "C0INCIDENT", "C0GENERAL1"))),
    )


@st.composite
def _lines(draw: st.DrawFn, count: int, at: int | None) -> tuple[Line, ...]:
    marks = st.sampled_from(("pass", "pass", "warn", "stop", "skipped", ""))
    row = st.builds(Line, st.just(""), names, names, marks, names, st.none() | whoever, moments)
    drawn = draw(st.lists(row, min_size=count, max_size=count))
    kept = [replace(line, step=f"s{index}") for index, line in enumerate(drawn)]
    return tuple(replace(line, mark="now") if index == at else line for index, line in enumerate(kept))


@st.composite
def run_views(draw: st.DrawFn, phases: tuple[Phase, ...] = tuple(Phase), most_rows: int = 60) -> RunView:
    run = draw(runs(phases))
    count = draw(st.integers(0, most_rows))
    at = draw(st.integers(0, count - 1)) if run.is_open and count else None
    drawn = draw(_lines(count, at))
    offered = draw(st.lists(choices, max_size=30, unique_by=lambda choice: choice.key))
    waits = run.phase in FOR_PEOPLE
    return RunView(
        run=run,
        title=draw(names),
        state=draw(names),
        stands=draw(names),
        lines=drawn,
        now=drawn[at] if at is not None else None,
        explain=draw(names),
        details=draw(texts),
        commands=draw(lines) if run.is_open else (),
        effect=draw(texts),
        need=draw(st.sampled_from(Need)),
        buttons=(*(offered if waits else ()), *((ABANDON,) if run.is_open else ())),
        waits_for_people=waits,
        has_detail=bool(run.detail),
        still_open=draw(texts) if run.phase is Phase.DONE else (),
    )
