"""A Hypothesis state machine over lending: whatever is done in whatever order, the laws hold.

The acts and the model are those of ``bench.town``; Hypothesis chooses and shrinks the numbers.
"""

from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from bench.town import World

ACTS = 5_000  # acts that went through a use case or a night; waiting is none
AT_A_TIME = 50
RUNS = 170  # of which each does some thirty-five
EVERY = 4  # acts between two checks of the rows, which come at the end of each run as well
some = st.integers(0, 11)


class Lending(RuleBasedStateMachine):
    """Drives the one world of a test; each run begins with nothing lent."""

    world: ClassVar[World]
    checked: ClassVar[int] = 0

    @initialize()
    def begin(self) -> None:
        self.world.reset()

    @rule(item=some, patron=some, at=some, insist=st.booleans())
    def lend(self, item, patron, at, insist):
        self.world.lend(item, patron, at, insist=insist)

    @rule(item=some, patron=some)
    def lend_at_the_first_desk(self, item, patron):
        self.world.lend(item, patron, 0, insist=True)

    @rule(item=some, at=some, back_days=st.sampled_from([0, 0, 0, 1, 5, 20]), drop=st.booleans())
    def give_back(self, item, at, back_days, drop):
        self.world.give_back(item, at, back_days, drop=drop)

    @rule(item=some, at=some)
    def give_back_today(self, item, at):
        self.world.give_back(item, at, 0, drop=False)

    @rule(item=some, at=some, insist=st.booleans())
    def renew(self, item, at, insist):
        self.world.renew_one(item, at, insist=insist)

    @rule(patron=some)
    def renew_all(self, patron):
        self.world.renew_everything(patron)

    @rule(item=some, patron=some, at=some, this_copy=st.booleans(), asleep=st.booleans())
    def hold(self, item, patron, at, this_copy, asleep):
        self.world.hold(item, patron, at, this_copy=this_copy, asleep=asleep)

    @rule(pick=some, how=some, at=some)
    def change_hold(self, pick, how, at):
        self.world.change_hold(pick, how, at)

    @rule(item=some, at=some)
    def send(self, item, at):
        self.world.send_away(item, at)

    @rule(pick=some, how=some, at=some)
    def change_transit(self, pick, how, at):
        self.world.change_transit(pick, how, at)

    @rule(patron=some, how=some, amount=some)
    def money(self, patron, how, amount):
        self.world.money(patron, how, amount)

    @rule(item=some, patron=some, days=st.integers(0, 59))
    def enter_paper(self, item, patron, days):
        self.world.enter_paper(item, patron, days)

    @rule()
    def undo(self):
        self.world.undo_last()

    @rule()
    def repeat(self):
        self.world.repeat_last()

    @rule(pause=some)
    def wait(self, pause):
        self.world.wait(pause)

    @rule(days=some)
    def days_pass(self, days):
        self.world.days_pass(days)

    @invariant()
    def the_laws_hold(self):
        if self.world.steps >= self.checked + EVERY:  # ./sen soak after every one
            self.world.check()
            type(self).checked = self.world.steps

    def teardown(self) -> None:
        self.world.check()


@pytest.mark.slow
def test_every_law_of_lending_holds_whatever_is_done(both: Engine):
    machine = type("LendingHere", (Lending,), {"world": World()})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=AT_A_TIME,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert machine.world.steps >= ACTS
