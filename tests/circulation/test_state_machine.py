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

from bench import town

ACTS = 5_000  # acts that went through a use case or a night
AT_A_TIME = 50
RUNS = 120
EVERY = 12  # acts between two checks of the rows, which come at the end of each run as well
some = st.integers(0, 59)
drawn = st.sampled_from([act for act in town.ACTS for _ in range(act.weight)])


class Lending(RuleBasedStateMachine):
    """Drives the one world of a test; each run begins as the town was founded."""

    world: ClassVar[town.World]
    checked: ClassVar[int] = 0

    @initialize()
    def begin(self) -> None:
        self.world.reset()

    @rule(act=drawn, a=some, b=some, c=some, yes=st.booleans(), pause=st.integers(0, 5))
    def act(self, act, a, b, c, yes, pause):
        act.does(self.world, a, b, c, yes)
        if pause:
            self.world.wait(pause)

    @invariant()
    def the_laws_hold(self):
        if self.world.steps >= self.checked + EVERY:  # ./sen soak oftener
            self.world.check()
            type(self).checked = self.world.steps

    def teardown(self) -> None:
        self.world.check()


@pytest.mark.slow
def test_every_law_of_lending_holds_whatever_is_done(both: Engine):
    machine = type("LendingHere", (Lending,), {"world": town.World()})
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
