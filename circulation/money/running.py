"""The fines running today, over all late loans of some branches. Nothing is stored.

Loans lent under the same rules share one decoded policy, and open days are counted by the running
sums of a branch's calendar, so that thousands of loans cost one query and some arithmetic.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import String, bindparam, cast, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.blocks import posted_facts, posted_on_loans
from circulation.models import Loan
from circulation.patrons.models import Patron, PatronCard
from circulation.policies import branch
from circulation.rules.fines import Posted, charge, late_days
from circulation.rules.policy import Policy, from_json
from ils.core.kept import kept
from ils.org.calendar import Calendar
from ils.org.hours import calendar_for


class Running(NamedTuple):
    """A late loan and what it costs if it came back today; ``days`` are chargeable days."""

    loan_id: int
    patron_id: int | None
    branch_id: int
    due_on: date
    days: int
    amount: int


_LATE = (
    select(
        Loan.id,
        Loan.patron_id,
        Loan.branch_id,
        Loan.due_on,
        cast(Loan.policy_json, String),
        Loan.fine_posted_to,
        Loan.lost_on,
        Loan.claimed_on,
        Item.price,
    )
    .join(Item, Item.id == Loan.item_id)
    .where(
        Loan.closed_at.is_(None),
        Loan.branch_id.in_(bindparam("branches", expanding=True)),
        Loan.due_on < bindparam("today"),
    )
    .order_by(Loan.due_on, Loan.id)
)
_NOTHING = Posted()
SUMMED = timedelta(days=3 * 365)


def running_fines(session: Session, branch_ids: Sequence[int], today: date) -> list[Running]:
    """Return every late loan of the branches, the longest overdue first, with its fine today."""
    rows = session.execute(_LATE, {"branches": list(branch_ids), "today": today}).all()
    posted = posted_on_loans(session, [row[0] for row in rows if row[5] is not None])
    oldest = rows[0][3] if rows else today
    calendars = {one: _calendar(session, one, oldest, today) for one in {row[2] for row in rows}}
    policies: dict[str, Policy] = {}
    known: dict[tuple[Any, ...], tuple[int, int]] = {}  # what loans alike in everything cost
    found = []
    for (
        loan_id,
        patron_id,
        branch_id,
        due_on,
        packed,
        _posted_to,
        lost_on,
        claimed_on,
        price,
    ) in rows:
        until = min(d for d in (today, lost_on, claimed_on) if d is not None)
        already = posted.get(loan_id)
        alike = (due_on, until, packed, branch_id, price)
        cost = None if already else known.get(alike)
        if cost is None:
            policy = policies.get(packed)
            if policy is None:
                policy = policies[packed] = from_json(orjson.loads(packed).get("values", {}))
            before = posted_facts(already, due_on) if already else _NOTHING
            cost = _cost(due_on, until, policy, calendars[branch_id], price, before)
            if not already:
                known[alike] = cost
        found.append(Running(loan_id, patron_id, branch_id, due_on, *cost))
    return found


def _calendar(session: Session, branch_id: int, oldest: date, today: date) -> Calendar:
    """Return a branch's calendar with its open days added up to today, kept while it is true.

    All threads read the one kept; it is only read, so loans older than its sums take one anew.
    """
    if oldest < today - SUMMED:
        return branch(session, branch_id).calendar

    def summed() -> Calendar:
        calendar = calendar_for(session, branch_id)
        calendar.open_days(today - SUMMED, today)
        return calendar

    return kept(session, ("open days", branch_id, today), summed)


def _cost(
    due_on: date, until: date, policy: Policy, calendar: Calendar, price: int | None, before: Posted
) -> tuple[int, int]:
    """Return chargeable days and what is to pay for them."""
    if policy.penalty != "money":
        return late_days(due_on, until, policy, calendar), 0
    cost = charge(due_on, until, policy, calendar, price, before)
    return cost.days_late, cost.amount


def with_names(session: Session, fines: Sequence[Running]) -> list[dict[str, Any]]:
    """Return rows for a list: the fine, the title and copy, who has it."""
    ids = [one.loan_id for one in fines]
    query = (
        select(
            Loan.id, Item.accession_no, Item.barcode, Record.title, Patron.name, PatronCard.number
        )
        .join(Item, Item.id == Loan.item_id)
        .join(Record, Record.id == Loan.record_id)
        .outerjoin(Patron, Patron.id == Loan.patron_id)
        .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
        .where(Loan.id.in_(ids))
    )
    about = {row[0]: row[1:] for row in session.execute(query)}
    rows = []
    for one in fines:
        accession, barcode, title, name, card = about[one.loan_id]
        rows.append(
            {
                **one._asdict(),
                "accession_no": accession or barcode,
                "title": title,
                "patron": name or "",
                "card": card or "",
            }
        )
    return rows
