"""The job that moves the lines of a large closure, some at a time. It may begin again where it was."""

from typing import Any

from sqlalchemy.orm import Session

from circulation.closures.models import ClosurePlan
from circulation.closures.plans import AT_ONCE, move_lines
from ils.accounts.actor import system_actor
from ils.core.jobs import Progress, do_in_parts, job_kind


@job_kind("closure_moves")
def move_all(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Move all lines of a plan, ``AT_ONCE`` in each transaction."""

    def part(session: Session) -> int:
        plan = session.get_one(ClosurePlan, args["plan_id"])
        return move_lines(session, system_actor(session, plan.unit_id), plan)

    do_in_parts(progress, AT_ONCE, part)
    return {}
