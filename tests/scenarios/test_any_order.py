"""Any order of any presses by anybody: what must never happen does not happen."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.domain.access import allow
from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.errors import BadInput, BotError, NotAllowed, Stale
from bot.domain.model import Person, PoolState, Role, Standing
from bot.domain.runs.press import Press, offered
from bot.domain.runs.run import Entry, Phase, Run
from bot.runbooks import RUNBOOKS
from bot.sandbox.pools import contents
from storage.connect import connect
from tests.scenarios.stage import ANNA, BORIS, CLARA, DAVID, EMIL, FAILOVER, FORMS, A, B, C, Stage, person

PEOPLE = (ANNA, BORIS, CLARA, DAVID, EMIL, person("Finn", Role.SERVER_ADMIN, standing=Standing.GUEST))
NEEDS_TWO = {"clear", "clean"}
GUARDED = ("Import-CsRgsConfiguration", "Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack")
BEGINNINGS = ("a failback that waits for its approval", "a failback", "a failover")
ROUNDS = 6
"""So often luck may leave out a row: now and then a round does, however idle the machine is."""


def small_world() -> World:
    """The demo's deployment with a handful of objects in each pool: the rules are the same."""
    world, _ = contents.world()
    for pool in world.pools.values():
        groups = [item for item in pool.objects.values() if item.kind in ("AgentGroup", "HolidaySet")][:3]
        world = world.with_pool(pool.holding(groups, pool.settings, pool.audio))
    return world


class AnyOrder(RuleBasedStateMachine):
    """`url` is the address of a real server; every example begins with an empty one."""

    url = ""
    sent: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stage = self.do(self.begin())
        self.known: list[str] = []

    def do(self, work):
        return self.loop.run_until_complete(work)

    async def begin(self) -> Stage:
        client = connect(self.url)
        await client.flushall()
        stage = Stage(client)
        for data in contents.world()[1].values():
            await stage.worlds.keep(data)
        await stage.worlds.save(small_world(), 0)
        return stage

    def teardown(self) -> None:
        self.do(self.stage.redis.aclose())
        self.loop.close()

    @initialize(beginning=st.sampled_from(BEGINNINGS))
    def there_is_a_backup(self, beginning: str) -> None:
        """Every example begins within a failover, or within the failback after one."""
        run = self.do(self.stage.engine.start("backup", A, ANNA))
        assert self.do(self.stage.settle(run.id)).phase is Phase.DONE
        self.start("failover", A, ANNA)
        if beginning == "a failover":
            return
        self.do(self.stage.play(self.do(self.stage.settle(self.known[0])), FAILOVER))
        self.start("failback", A, ANNA)
        # As far as it goes without people: few examples would come to the pool move from the very start.
        run = self.do(self.stage.settle(self.known[-1]))
        if beginning != "a failback":
            self.do(self.stage.press(run, "same", ANNA))

    @rule(
        book=st.sampled_from(["failover", "failback", "backup"]),
        pool=st.sampled_from([A, B, C]),
        who=st.sampled_from(PEOPLE),
    )
    def start(self, book: str, pool: str, who: Person) -> None:
        before = self.do(self.stage.runs.page())
        try:
            run = self.do(self.stage.engine.start(book, pool, who))
        except BotError:
            assert self.do(self.stage.runs.page()) == before
            return
        allow(who, RUNBOOKS[book].need)
        if run.id not in self.known:
            self.known.append(run.id)

    @rule(data=st.data(), who=st.sampled_from(PEOPLE), late=st.integers(0, 3))
    def press(self, data: st.DataObject, who: Person, late: int) -> None:
        """A button as it is drawn now, or one of an older state, pressed by anybody."""
        if not self.known:
            return
        run = self.do(self.stage.runs.load(data.draw(st.sampled_from(self.known))))
        buttons = offered(run, RUNBOOKS[run.runbook]) or (None,)
        choice = data.draw(st.sampled_from([*buttons, None]))
        step = run.step if choice else data.draw(st.sampled_from([row.key for row in RUNBOOKS[run.runbook].steps]))
        question = run.question - (late if late < 2 else 0)
        newest = run.fact("offers", [{}])[0].get("id", "")
        pressed = Press(step, choice.key if choice else "approve", question, {**FORMS, "chosen": newest})
        try:
            self.do(self.stage.engine.press(run.id, pressed, who))
        except (NotAllowed, Stale, BadInput):
            assert self.do(self.stage.runs.load(run.id)) == run, "a refused press changed the run"
        else:
            assert who.standing is Standing.MEMBER
            assert choice is not None
            allow(who, choice.need or RUNBOOKS[run.runbook].step(run.step).need)

    @rule(who=st.sampled_from([ANNA, BORIS]), data=st.data())
    def go_on(self, who: Person, data: st.DataObject) -> None:
        """Somebody who may presses the first button of an open run, so that deep rows are reached as well."""
        for run in self.do(self.stage.runs.open()):
            ways = [choice for choice in offered(run, RUNBOOKS[run.runbook]) if choice.key != "abandon"]
            if ways:
                pressed = Press(run.step, ways[0].key, run.question, FORMS)
                with suppress(NotAllowed):
                    self.do(self.stage.engine.press(run.id, pressed, who))
        self.work()

    @rule()
    def work(self) -> None:
        self.stage.clock.now += 70.0
        self.do(self.stage.engine.tick())

    @rule(down=st.booleans(), pool=st.sampled_from([A, B]))
    def weather(self, down: bool, pool: str) -> None:
        self.do(self.stage.take_down(pool) if down else self.stage.bring_up(pool))

    @rule(
        kind=st.sampled_from([FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER, FaultKind.HALF_FAILED]),
        pool=st.sampled_from([A, B]),
    )
    def trouble(self, kind: FaultKind, pool: str) -> None:
        self.do(self.stage.strike(Fault(kind, pool)))

    @invariant()
    def every_command_that_was_sent_had_its_approvals_for_that_very_plan(self) -> None:
        for name in self.known:
            run = self.do(self.stage.runs.load(name))
            log = tuple(reversed(self.do(self.stage.runs.audit(name, 500))))
            for index, entry in enumerate(log):
                if entry.what == "sent" and any(word in entry.sentence for word in GUARDED):
                    self.sent[entry.step] += 1
                    self.check_approved(run, entry, log[:index])

    def check_approved(self, run: Run, sent: Entry, earlier: tuple[Entry, ...]) -> None:
        approved = {
            entry.who.id for entry in earlier if entry.what == "approved" and entry.data["plan"] == sent.data["plan"]
        }
        second = run.runbook == "failback" and sent.step == "import"
        second |= sent.step in NEEDS_TWO or any(word in sent.sentence for word in ("-Replace", "-Resolve", "-Remove"))
        assert len(approved) >= (2 if second else 1), f"{sent.sentence} was approved by {approved}"
        need = RUNBOOKS[run.runbook].step(sent.step).need
        for who in PEOPLE:
            if who.id in approved:
                allow(who, need)

    @invariant()
    def no_pool_is_in_two_runs_that_move_it(self) -> None:
        moving = [run for run in self.do(self.stage.runs.open()) if run.pool_state is not None]
        held = Counter(pool.fqdn for run in moving for pool in run.pools)
        assert all(count == 1 for count in held.values()), held

    @invariant()
    def both_pools_of_a_pair_are_never_over_at_once(self) -> None:
        world, _ = self.do(self.stage.worlds.load())
        assert not (world.pools[A].failed_over and world.pools[B].failed_over)
        records = self.do(self.stage.runs.records([A, B]))
        assert [record.state for record in records.values()].count(PoolState.FAILED_OVER) < 2


def test_whoever_presses_whatever_in_any_order_the_rules_hold(redis_url: str) -> None:
    machine = type("AnyOrderHere", (AnyOrder,), {"url": redis_url, "sent": Counter()})
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    usual = settings(
        max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=slow, print_blob=True
    )
    # A machine that never gets there would prove nothing.
    wanted = {"failover", "failback", "import"}
    for _ in range(ROUNDS):
        run_state_machine_as_test(machine, settings=usual)
        if wanted <= machine.sent.keys():
            return
    raise AssertionError(f"nobody ever approves {wanted - machine.sent.keys()}")
