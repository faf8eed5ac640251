"""The job that moves the lines of a large closure, some at a time. It may begin again where it was."""

from typing import Any

from circulation.closures.models import ClosurePlan
from circulation.closures.plans import AT_ONCE, move_lines
from ils.accounts.actor import system_actor
from ils.core.db import transaction
from ils.core.jobs import Progress, job_kind


@job_kind("closure_moves")
def move_all(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Move all lines of a plan, ``AT_ONCE`` in each transaction."""
    left, moved = 1, 0
    while left:
        with transaction() as session:
            plan = session.get_one(ClosurePlan, args["plan_id"])
            actor = system_actor(session, plan.unit_id)
            left = move_lines(session, actor, plan)
        moved += AT_ONCE
        progress.tell(moved, moved + left)
    return {}
