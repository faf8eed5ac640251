"""What happened to a copy after the moment an offline line speaks of.

A log may arrive when the copy has been lent or taken back elsewhere meanwhile. Such a line is not
played as if nothing had been since: the later act stands.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.checkout import Weighed
from circulation.desk import Act
from circulation.events import ItemCheckedIn, LoanCheckedOut, ReadingRoomLoanMade
from circulation.models import Loan
from circulation.rules.checkout import READING_ROOM
from circulation.rules.policy import loan_snapshot
from ils.core import clock


@dataclass(frozen=True)
class Since:
    """The first thing known of a copy after a moment: lent again, or taken back.

    ``ended`` is the loan that was open at the moment and has been closed since.
    """

    at: datetime
    lent: Loan | None = None
    ended: Loan | None = None


def since(session: Session, item_id: int, moment: datetime) -> Since | None:
    """Return what is known of a copy after a moment; None when nothing is."""
    took_place = Loan.closed_how.is_(None) | (Loan.closed_how != "undone")
    lent = session.scalar(
        select(Loan)
        .where(Loan.item_id == item_id, Loan.started_at > moment, took_place)
        .order_by(Loan.started_at, Loan.id)
        .limit(1)
    )
    ended = session.scalar(
        select(Loan)
        .where(Loan.item_id == item_id, Loan.started_at <= moment, Loan.closed_at > moment)
        .where(took_place)
        .order_by(Loan.closed_at, Loan.id)
        .limit(1)
    )
    item = session.get_one(Item, item_id)
    seen = item.last_seen_at if item.last_act == "check_in" else None
    times = [
        time
        for time in (
            lent.started_at if lent else None,
            ended.closed_at if ended else None,
            seen if seen is not None and seen > moment else None,
        )
        if time is not None
    ]
    return Since(min(times), lent, ended) if times else None


def record_past_loan(act: Act, weighed: Weighed, until: datetime) -> Loan:
    """Write down a loan that is over already: the copy was seen elsewhere at ``until``.

    It counts as a loan and a return; nobody owes a fine for it. The caller holds the locks.
    """
    scene, item = weighed.scene, weighed.scene.item
    patron = scene.patron
    ended_on = max(clock.local_day(until), act.today)
    loan = Loan(
        item_id=item.item.id,
        record_id=item.item.record_id,
        patron_id=patron.patron.id,
        branch_id=act.here.id,
        kind=scene.kind,
        started_at=act.now,
        started_on=act.today,
        due_on=weighed.due.on,
        policy_json=loan_snapshot(scene.resolved),
        trace_json={"steps": [[step.code, step.day.isoformat()] for step in weighed.due.steps]},
        patron_snapshot={
            "category": patron.patron.category,
            "age_band": "child" if patron.child else "adult",
        },
        item_snapshot={"barcode": item.barcode, "title": item.title, "price": item.item.price},
        staff_id=act.actor.staff_id,
        closed_at=until,
        closed_how="returned",
        closed_branch_id=act.here.id,
        effective_return_on=ended_on,
    )
    act.session.add(loan)
    act.flush()
    columns = {"loan_id": loan.id, **item.statistics(), **patron.statistics()}
    lent = ReadingRoomLoanMade() if scene.kind == READING_ROOM else LoanCheckedOut(weighed.due.on)
    act.event(lent, **columns)
    act.event(ItemCheckedIn(0, (ended_on - act.today).days), on=ended_on, **columns)
    return loan
