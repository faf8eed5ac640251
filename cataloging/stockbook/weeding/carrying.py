"""A decision over a long list, carried out by the worker a part at a time so that desks can lend.

The decision stands at once and covers every copy; each part is withdrawn whole. A copy that was lent
meanwhile stays on the list as proposed, is named, and goes when it is back. Putting a whole list back
into stock goes the same way. A job that died goes on where it was: what is done is in the lines.
"""

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.permissions import WITHDRAW_ITEM
from cataloging.stockbook.weeding.deciding import (
    close,
    decide,
    ready,
    restorable,
    restore_lines,
    withdraw_lines,
)
from cataloging.stockbook.weeding.models import Weeding, WeedingLine
from cataloging.stockbook.weeding.proposals import weeding_for
from cataloging.stockbook.weeding.work import KIND
from ils.accounts.actor import Actor, actor_of_job
from ils.core.db import reading, transaction
from ils.core.errors import Refused
from ils.core.jobs import Progress, breathe, enqueue, job_kind

LARGE: Final = 200  # copies that one transaction withdraws while somebody waits
AT_ONCE: Final = 12  # in one transaction: what desks wait for
PAUSE: Final = 0.03  # seconds between two parts


def decide_list(session: Session, actor: Actor, weeding_id: int) -> int | None:
    """Decide a list; return how many copies went at once, or None if the worker carries it out.

    Raises as ``decide``: a long list, too, is begun only when nothing stands against any copy.
    """
    if _open_count(session, weeding_id) <= LARGE:
        return decide(session, actor, weeding_id)
    found, lines = ready(session, actor, weeding_id)
    close(session, actor, found)
    _enqueue(session, actor, found, "withdraw", len(lines))
    return None


def go_on(session: Session, actor: Actor, weeding_id: int) -> None:
    """Withdraw what a decision left because something stood against it. Raises ``Refused``."""
    found = restorable(session, actor, weeding_id)
    if not (count := _open_count(session, weeding_id)):
        raise Refused("weeding_empty")
    _enqueue(session, actor, found, "withdraw", count)


def restore_all(session: Session, actor: Actor, weeding_id: int, why: str) -> int | None:
    """Put every copy of a list back into stock that no minutes disposed of; as ``decide_list``."""
    found = restorable(session, actor, weeding_id, why)
    lines = _next(session, found.id, "withdrawn", 0, LARGE + 1)
    if not lines:
        raise Refused("weeding_empty")
    if len(lines) <= LARGE:
        return restore_lines(session, actor, found, lines, why)
    count = session.scalar(select(func.count()).where(*_those(found.id, "withdrawn")))
    _enqueue(session, actor, found, "restore", count or 0, why=why.strip()[:200])
    return None


def _enqueue(
    session: Session, actor: Actor, found: Weeding, act: str, total: int, **more: Any
) -> None:
    job = enqueue(session, actor, KIND, weeding_id=found.id, act=act, **more)
    job.total = total


def _open_count(session: Session, weeding_id: int) -> int:
    return session.scalar(select(func.count()).where(*_those(weeding_id, "proposed"))) or 0


def _those(weeding_id: int, state: str, after: int = 0) -> tuple[Any, ...]:
    return (
        WeedingLine.weeding_id == weeding_id,
        WeedingLine.state == state,
        WeedingLine.disposal_id.is_(None),
        WeedingLine.item_id > after,
    )


def _next(
    session: Session, weeding_id: int, state: str, after: int, size: int
) -> list[WeedingLine]:
    query = select(WeedingLine).where(*_those(weeding_id, state, after))
    return list(session.scalars(query.order_by(WeedingLine.item_id).limit(size)))


@job_kind(KIND)
def carry_out(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Do the parts of a list one after the other; return how many copies went, and how many not."""
    weeding_id, act = int(args["weeding_id"]), args["act"]
    state = "proposed" if act == "withdraw" else "withdrawn"
    with reading() as session:
        actor = actor_of_job(session, progress.job_id)
        total = session.scalar(select(func.count()).where(*_those(weeding_id, state))) or 0
    seen = done = after = 0
    while True:
        with transaction() as session:
            found = weeding_for(session, actor, weeding_id, WITHDRAW_ITEM, lock=True)
            lines = _next(session, weeding_id, state, after, AT_ONCE)
            if not lines:
                return {"done": done, "left": seen - done}
            if act == "withdraw":
                done += withdraw_lines(session, actor, found, lines, leave=True)
            else:
                done += restore_lines(session, actor, found, lines, args["why"])
            seen, after = seen + len(lines), lines[-1].item_id
            progress.note(session, seen, total)
        progress.go_on()
        breathe(PAUSE)
