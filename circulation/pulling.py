"""Working off the pull list: slips that go to the stack's printer, a copy that is not on its shelf."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from circulation.checkin import hold_about
from circulation.desk import AMBER, DeskResult
from circulation.facts import item_at_desk
from circulation.hold_changes import begin, not_in_state
from circulation.models import Hold
from circulation.permissions import MANAGE_HOLDS, USE_DESK
from circulation.queue import reassign, release
from circulation.rules.reasons import reason
from circulation.searches import count_missing, flag_search, sought_before
from ils.accounts.actor import Actor
from ils.core import clock


def claim_slips(session: Session, actor: Actor, ids: Collection[int] = ()) -> list[int]:
    """Take the slips of the branch that are not on paper yet, to print them; each is taken once,
    whoever else is looking. ``ids`` narrows them. A slip that gets another copy is new again."""
    actor.require(USE_DESK)
    query = update(Hold).where(
        Hold.kind == "slip",
        Hold.state == "targeted",
        Hold.pickup_branch_id == actor.unit_id,
        Hold.printed_at.is_(None),
    )
    if ids:
        query = query.where(Hold.id.in_(ids))
    taken = query.values(printed_at=clock.now()).returning(Hold.id)
    return sorted(session.scalars(taken.execution_options(synchronize_session=False)))


def not_on_shelf(
    session: Session,
    actor: Actor,
    *,
    hold_id: int,
    missing: bool | None = None,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """A copy on the pull list was not found: it is to be searched for, the hold gets another.

    The second time, with the copy unseen since, it is asked whether the copy is missing;
    ``missing`` answers, and False asks for one more search.
    """
    actor.require(MANAGE_HOLDS)
    act, hold = begin(session, actor, "not_on_shelf", hold_id, key, now)
    if earlier := act.stored() or not_in_state(act, hold, "release", ("targeted",)):
        return earlier
    assert hold.item_id is not None, "a targeted hold has its copy"
    item = item_at_desk(session, hold.item_id)
    again = sought_before(session, item.item, "not_on_shelf")
    if again and missing is None:
        asked = [reason("missing_question")]
        return act.refuse(asked, item=item.about(), hold=hold_about(session, hold))
    release(act.journal, hold)
    act.flush()
    if again and missing:
        count_missing(act, item, "not_on_shelf")
        act.line("counts_as_missing", item_id=item.item.id)
    else:
        flag_search(act, item.item, "not_on_shelf", [item.item.located_id], hold_id=hold.id)
        act.line("search_item", item_id=item.item.id)
    reassign(act, hold.record_id)
    found = hold.state == "targeted"
    return act.answer(
        "hold_retargeted" if found else "hold_waits_again",
        tone="green" if found else AMBER,
        undo=False,
        item=item.about(),
        hold=hold_about(session, hold),
    )
