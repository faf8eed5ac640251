"""What there is to tell, written down once: a row with a key that can exist only once.

Planning may run as often as it likes. What was missed while the machine was off is caught up: of
reminders only the highest step reached, of holds what ended in the last days.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from circulation.models import Hold, Loan
from circulation.notices.models import Notice
from circulation.notices.settings import steps_at
from circulation.patrons.models import Patron, PatronCard
from circulation.policies import branch
from circulation.rules.notices import is_due_soon, overdue_step
from ils.core import clock
from ils.core.db import is_sqlite
from ils.org.settings import setting

ENDED_WITHIN = timedelta(days=3)  # a hold that ended longer ago is no news
FURTHEST = 120  # days a card's end is announced ahead at most
TOLD_ENDS = {"expired_shelf": "hold_expired", "expired_unfilled": "hold_unfilled"}
QUIET_ENDS = ("reader", "merged", "offline")  # canceled by the reader, or no end for them

Row = dict[str, Any]


def plan_day(session: Session, today: date | None = None) -> int:
    """Plan all there is to tell today; returns how much is new."""
    day = today or clock.today()
    rows = [*_loans(session, day), *_cards(session, day)]
    return _write(session, rows) + plan_holds(session, day)


def plan_holds(session: Session, today: date | None = None) -> int:
    """Plan what is to be told of holds, which does not wait for the morning."""
    return _write(session, _holds(session, today or clock.today()))


def plan_apology(session: Session, hold: Hold, today: date | None = None) -> int:
    """Plan the apology to a reader whose copy, waiting on the shelf, was lent to somebody else."""
    if hold.patron_id is None:
        return 0
    day = today or clock.today()
    key = f"apology:{hold.id}:{day}"
    at = hold.pickup_branch_id
    return _write(
        session, [_row(session, key, "apology", hold.patron_id, at, day, hold_id=hold.id)]
    )


def plan_merged(
    session: Session, joined: Sequence[Hold], at_home: Sequence[Hold], today: date | None = None
) -> int:
    """Plan what readers are told when two titles became one: whose two holds are one now, and who
    waits for what they have at home."""
    day = today or clock.today()
    return _write(
        session,
        [
            _of_hold(session, hold, what, day, f"{what}:{hold.id}:{day}")
            for what, holds in (("hold_joined", joined), ("hold_at_home", at_home))
            for hold in holds
        ],
    )


def unplan_merged(session: Session, hold_ids: Iterable[int]) -> None:
    """Tell no more of titles that became one and are two again, where nothing went out yet."""
    waiting = (
        Notice.what.in_(("hold_joined", "hold_at_home")),
        Notice.hold_id.in_(list(hold_ids)),
        Notice.state == "planned",
        Notice.message_id.is_(None),
    )
    session.execute(
        update(Notice)
        .where(*waiting)
        .values(state="dropped", reason="hold_gone", ended_at=clock.now())
    )


def plan_registered(session: Session, registration_id: int, card: PatronCard, at: int) -> int:
    """Plan the answer to somebody whose registration from the site became a card."""
    about = {
        "registration_id": registration_id,
        "card_id": card.id,
        "about_on": card.expires_on,
    }
    key, day = f"registered:{registration_id}", clock.today()
    return _write(session, [_row(session, key, "registered", card.patron_id, at, day, **about)])


def plan_receipts(session: Session, rows: Iterable[Row], what: str) -> Sequence[Notice]:
    """Write receipts that are not written yet, none twice; returns those that wait for their
    message. A row has a key, patron, branch and what it is about."""
    day = clock.today()
    made = [
        _row(session, row.pop("key"), what, row.pop("patron_id"), row.pop("branch_id"), day, **row)
        for row in (dict(one) for one in rows)
    ]
    _write(session, made)
    return session.scalars(
        select(Notice)
        .where(
            Notice.key.in_([row["key"] for row in made]),
            *(Notice.state == "planned", Notice.message_id.is_(None)),
        )
        .order_by(Notice.id)
    ).all()


def _row(
    session: Session, key: str, what: str, patron_id: int, at: int, day: date, **about: Any
) -> Row:
    return {
        "key": key,
        "what": what,
        "patron_id": patron_id,
        "branch_id": at,
        "library_id": branch(session, at).library_id,
        "planned_on": day,
        "step": 0,
        "last_step": False,
        "loan_id": None,
        "hold_id": None,
        "card_id": None,
        "registration_id": None,
        "receipt_id": None,
        "about_on": None,
        **about,
    }


def _loans(session: Session, day: date) -> Iterator[Row]:
    loans = session.scalars(
        select(Loan)
        .where(
            Loan.closed_at.is_(None),
            Loan.kind == "home",
            Loan.patron_id.is_not(None),
            Loan.lost_on.is_(None),
            Loan.claimed_on.is_(None),
            Loan.due_on <= day + timedelta(days=30),
            Loan.due_on != day,
        )
        .order_by(Loan.due_on, Loan.id)
    ).all()
    known: dict[int, tuple[int, tuple[int, ...]]] = {}
    for loan in loans:
        at = loan.branch_id
        if at not in known:
            ahead = int(setting(session, at, "notices.due_soon_days"))
            known[at] = (ahead, steps_at(session, at))
        ahead, steps = known[at]
        if loan.due_on > day:
            if is_due_soon(loan.started_on, loan.due_on, day, ahead):
                yield _of_loan(session, loan, "due_soon", day)
        elif step := overdue_step(loan.due_on, day, steps, branch(session, at).calendar):
            last = step == len(steps)
            yield _of_loan(session, loan, "overdue", day, step=step, last_step=last)


def _of_loan(session: Session, loan: Loan, what: str, day: date, **more: Any) -> Row:
    key = f"{what}:{loan.id}:{loan.due_on}:{more.get('step', 0)}"
    about = {"loan_id": loan.id, "about_on": loan.due_on, **more}
    return _row(session, key, what, loan.patron_id or 0, loan.branch_id, day, **about)


def _holds(session: Session, day: date) -> Iterator[Row]:
    since = clock.at_local(day, 0) - ENDED_WITHIN
    query = select(Hold).where(Hold.patron_id.is_not(None), Hold.kind == "hold")
    for hold in session.scalars(query.where(Hold.state == "ready")):
        key = f"hold_ready:{hold.id}:{hold.ready_on}"
        yield _of_hold(session, hold, "hold_ready", day, key)
    ended = query.where(Hold.ended_at >= since)
    for hold in session.scalars(ended.where(Hold.state.in_((*TOLD_ENDS, "cancelled")))):
        if hold.state != "cancelled":
            what = TOLD_ENDS[hold.state]
            yield _of_hold(session, hold, what, day, f"{what}:{hold.id}")
        elif hold.end_reason not in QUIET_ENDS and hold.ended_by is not None:
            key = f"hold_cancelled:{hold.id}"
            yield _of_hold(session, hold, "hold_cancelled", day, key)
    for hold in session.scalars(query.where(Hold.state == "queued", Hold.hopeless)):
        yield _of_hold(session, hold, "hold_hopeless", day, f"hold_hopeless:{hold.id}")


def _of_hold(session: Session, hold: Hold, what: str, day: date, key: str) -> Row:
    about = {"hold_id": hold.id, "about_on": hold.ready_on}
    return _row(session, key, what, hold.patron_id or 0, hold.pickup_branch_id, day, **about)


def _cards(session: Session, day: date) -> Iterator[Row]:
    rows = session.execute(
        select(PatronCard.id, PatronCard.expires_on, Patron.id, Patron.branch_id)
        .join(Patron, Patron.id == PatronCard.patron_id)
        .where(
            PatronCard.state == "active",
            PatronCard.expires_on > day,
            PatronCard.expires_on <= day + timedelta(days=FURTHEST),
            Patron.deleted_at.is_(None),
            Patron.merged_into_id.is_(None),
        )
        .order_by(PatronCard.id)
    ).all()
    for card_id, expires_on, patron_id, at in rows:
        days = int(setting(session, at, "notices.card_days"))
        if (expires_on - day).days <= days:
            key = f"card_expiring:{card_id}:{expires_on}"
            about = {"card_id": card_id, "about_on": expires_on}
            yield _row(session, key, "card_expiring", patron_id, at, day, **about)


def _write(session: Session, rows: Iterable[Row]) -> int:
    """Write what is not written yet; two planners at once write each row once."""
    by_key = {row["key"]: row for row in rows}
    keys = list(by_key)
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        for known in session.scalars(select(Notice.key).where(Notice.key.in_(part))):
            by_key.pop(known)
    new = list(by_key.values())
    if not new:
        return 0
    for row in new:
        row |= {"state": "planned", "planned_at": clock.now(), "reason": "", "tried": ""}
    return sum(_insert(session, new[start : start + 200]) for start in range(0, len(new), 200))


def _insert(session: Session, rows: list[Row]) -> int:
    if is_sqlite(session):  # nobody else writes meanwhile
        session.execute(insert(Notice), rows)
        return len(rows)
    from sqlalchemy.dialects.postgresql import insert as insert_pg

    statement = insert_pg(Notice).values(rows).on_conflict_do_nothing(index_elements=["key"])
    return len(session.execute(statement.returning(Notice.id)).all())
