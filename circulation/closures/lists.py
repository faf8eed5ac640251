"""The lines of a closure with the words people know them by: reader, title, days."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.closures.models import ClosureLine
from circulation.models import Hold, Loan
from circulation.patrons.models import Patron


def lines_in_words(
    session: Session, plan_id: int, kind: str = "", *, limit: int, offset: int = 0
) -> list[dict[str, Any]]:
    """Return lines of a plan, the first day first: of one kind, or all."""
    query = _lines(plan_id).limit(limit).offset(offset)
    if kind:
        query = query.where(ClosureLine.kind == kind)
    return [dict(row._mapping) for row in session.execute(query)]


def _lines(plan_id: int) -> Select[*tuple[Any, ...]]:
    """Every line is about a loan or a hold; its title and reader come from whichever it is."""
    record_id = func.coalesce(Loan.record_id, Hold.record_id)
    item_id = func.coalesce(Loan.item_id, Hold.item_id)
    patron_id = func.coalesce(Loan.patron_id, Hold.patron_id)
    return (
        select(
            ClosureLine.kind,
            ClosureLine.state,
            ClosureLine.branch_id,
            ClosureLine.old_on,
            ClosureLine.new_on,
            ClosureLine.amount,
            ClosureLine.about,
            ClosureLine.loan_id,
            Record.title,
            Item.accession_no,
            Patron.id.label("patron_id"),
            Patron.name,
            Patron.phone,
        )
        .outerjoin(Loan, Loan.id == ClosureLine.loan_id)
        .outerjoin(Hold, Hold.id == ClosureLine.hold_id)
        .outerjoin(Record, Record.id == record_id)
        .outerjoin(Item, Item.id == item_id)
        .outerjoin(Patron, Patron.id == patron_id)
        .where(ClosureLine.plan_id == plan_id)
        .order_by(ClosureLine.kind.desc(), ClosureLine.old_on, ClosureLine.id)
    )
