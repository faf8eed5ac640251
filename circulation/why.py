"""'Why?': how a due date, a fine or a lending value came about, as codes and facts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.blocks import posted_facts, posted_on_loans
from circulation.journal import plain
from circulation.models import LedgerEntry, Loan, LoanRenewal
from circulation.policies import branch, policy_for
from circulation.rules.fines import charge, fine
from circulation.rules.policy import Row, from_json
from ils.core import clock
from ils.core.errors import NotFound
from ils.org.models import CalendarDay


def why_due(session: Session, loan_id: int) -> dict[str, Any]:
    """Explain a loan's due date: the steps that led to it, the values used and where they were
    set, the closed days it was pushed over, and its renewals."""
    loan = _loan(session, loan_id)
    snapshot = loan.policy_json
    steps = loan.trace_json.get("steps", [])
    renewals = session.scalars(
        select(LoanRenewal)
        .where(LoanRenewal.loan_id == loan_id, LoanRenewal.voided_at.is_(None))
        .order_by(LoanRenewal.n)
    ).all()
    explained: dict[str, Any] = {
        "loan_id": loan.id,
        "started_on": loan.started_on,
        "due_on": loan.due_on,
        "kind": loan.kind,
        "branch_id": loan.branch_id,
        "steps": [{"code": code, "day": day} for code, day in steps],
        "values": snapshot.get("values", {}),
        "origins": _origins_of_snapshot(snapshot),
        "closed_days": _closed_days(session, loan, steps),
        "renewals": [
            {"n": r.n, "at": r.at, "channel": r.channel, "old_due": r.old_due, "new_due": r.new_due}
            for r in renewals
        ],
    }
    return plain(explained)  # type: ignore[no-any-return]


def why_fine(session: Session, loan_id: int, now: datetime | None = None) -> dict[str, Any]:
    """Explain what a loan costs: chargeable days, the rate, grace, caps, what was posted and what
    runs on as of today."""
    loan = _loan(session, loan_id)
    policy = from_json(loan.policy_json.get("values", {}))
    lent_at = branch(session, loan.branch_id)
    price = session.get_one(Item, loan.item_id).price
    until = loan.effective_return_on or loan.fine_until(clock.local_day(now or clock.now()))
    whole = fine(loan.due_on, until, policy, lent_at.calendar, price)
    already = posted_on_loans(session, [loan.id]).get(loan.id, {})
    running = charge(
        loan.due_on, until, policy, lent_at.calendar, price, posted_facts(already, loan.due_on)
    )
    lines = session.scalars(
        select(LedgerEntry).where(LedgerEntry.loan_id == loan_id).order_by(LedgerEntry.id)
    ).all()
    days = (until - loan.due_on).days
    explained: dict[str, Any] = {
        "loan_id": loan.id,
        "due_on": loan.due_on,
        "until": until,
        "calendar_days": max(0, days),
        "days_late": whole.days_late,
        "charged_days": whole.charged_days,
        "closed_days": max(0, days) - whole.days_late if policy.skip_closed else 0,
        "per_day": policy.per_day,
        "penalty": policy.penalty,
        "grace": policy.grace,
        "grace_mode": policy.grace_mode,
        "cap": policy.cap,
        "price": price if policy.cap_to_price else None,
        "limits": list(whole.limits),
        "whole": whole.amount,
        "posted": sum(amount for _, amount in already.values()),
        "running": running.amount if loan.closed_at is None else 0,
        "lines": [
            {
                "id": e.id,
                "kind": e.kind,
                "direction": e.direction,
                "amount": e.amount,
                "at": e.at,
                "trace": e.trace,
            }
            for e in lines
        ],
        "origins": _origins_of_snapshot(loan.policy_json),
    }
    return plain(explained)  # type: ignore[no-any-return]


def why_policy(
    session: Session, unit_id: int, item_type: str, category: str
) -> dict[str, dict[str, Any]]:
    """Return every lending value in force for a branch, item type and category, with its origin:
    the unit, item type and category of the row that set it, or None for the default."""
    found = policy_for(session, unit_id, item_type, category)
    return {
        name: {"value": plain(value), "origin": _origin(found.origins.get(name))}
        for name, value in vars(found.policy).items()
    }


def _loan(session: Session, loan_id: int) -> Loan:
    loan = session.get(Loan, loan_id)
    if loan is None:
        raise NotFound("loan_unknown", loan_id=loan_id)
    return loan


def _origin(row: Row | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "row_id": row.id,
        "unit_id": row.unit_id,
        "item_type": row.item_type,
        "category": row.category,
    }


def _origins_of_snapshot(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return, by value, the row it came from when the loan was made."""
    return {
        name: {
            "row_id": int(row_id),
            "unit_id": row["unit"],
            "item_type": row["item_type"],
            "category": row["category"],
        }
        for row_id, row in snapshot.get("rows", {}).items()
        for name in row["fields"]
    }


def _closed_days(session: Session, loan: Loan, steps: list[Any]) -> list[dict[str, Any]]:
    """Return the special closed days that a due date was pushed over, with their reasons."""
    base = next((day for code, day in steps if code in ("BASE", "FIXED")), None)
    if base is None or date.fromisoformat(base) >= loan.due_on:
        return []
    path = branch(session, loan.branch_id).path
    rows = session.scalars(
        select(CalendarDay)
        .where(CalendarDay.unit_id.in_(path), CalendarDay.open.is_(False))
        .where(CalendarDay.day >= date.fromisoformat(base), CalendarDay.day < loan.due_on)
        .order_by(CalendarDay.day)
    ).all()
    return [{"day": row.day, "reason": row.reason} for row in rows]
