"""What was told, for those who ask: a person's own data, their erasure, the proposals of losses."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from circulation.models import Loan
from circulation.notices.models import Notice, NoticeCall, NoticeMessage, NoticeWish
from circulation.notices.settings import steps_at
from ils.org.settings import setting


def told_to(session: Session, patron_id: int) -> list[dict[str, Any]]:
    """Return all messages to a patron, as a copy of their data holds them."""
    rows = session.scalars(
        select(NoticeMessage).where(NoticeMessage.patron_id == patron_id).order_by(NoticeMessage.id)
    )
    names = ("day", "channel", "state", "address", "subject", "body", "ended_at")
    return [{name: getattr(row, name) for name in names} for row in rows]


def forget_person(session: Session, patron_id: int) -> None:
    """Delete all that was told to a person, and how they wanted to be told."""
    mine = select(NoticeMessage.id).where(NoticeMessage.patron_id == patron_id)
    session.execute(delete(NoticeCall).where(NoticeCall.message_id.in_(mine)))
    session.execute(delete(Notice).where(Notice.patron_id == patron_id))
    session.execute(delete(NoticeMessage).where(NoticeMessage.patron_id == patron_id))
    session.execute(delete(NoticeWish).where(NoticeWish.patron_id == patron_id))


def without_last_reminder(session: Session, loan_ids: Collection[int]) -> set[int]:
    """Return which loans have not had the last reminder for their present due day.

    A reminder that failed every way counts as given; where a library sends none, or does not want
    to wait, no loan is held back.
    """
    if not loan_ids:
        return set()
    loans = session.scalars(select(Loan).where(Loan.id.in_(list(loan_ids)))).all()
    rows = session.execute(
        select(Notice.loan_id, Notice.about_on).where(
            Notice.loan_id.in_(list(loan_ids)),
            *(Notice.what == "overdue", Notice.last_step),
            Notice.state.in_(("sent", "failed")),
        )
    )
    given = {(loan_id, about_on) for loan_id, about_on in rows}
    return {
        loan.id
        for loan in loans
        if (loan.id, loan.due_on) not in given and _waits(session, loan.branch_id)
    }


def _waits(session: Session, unit_id: int) -> bool:
    wanted = bool(setting(session, unit_id, "notices.before_lost"))
    return wanted and bool(steps_at(session, unit_id))
