"""The two monthly figures that need more than events: valid cards and overdue loans on a day.

Both are answered for any day in the past as well, so that a report drafted late says what was so
on the last day of its period.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.models import Loan, LoanRenewal
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from ils.core import clock
from ils.core.events import EventRow
from ils.org.models import OrgUnit
from ils.org.settings import setting
from ils.reporting.folds import Tally
from ils.reporting.registry import SourceRow, indicator_source, name_codes

VALID_CARDS = "TV.E03"
OVERDUE = "TV.G09"


def declare() -> None:
    """Tell reporting where these indicators come from."""
    indicator_source(VALID_CARDS, valid_cards, valid_card_rows)
    indicator_source(OVERDUE, overdue, overdue_rows)
    name_codes("category", category_names)


def category_names(session: Session) -> dict[str, tuple[str, str]]:
    """Return what patron categories are called."""
    rows = session.execute(select(PatronCategory.code, PatronCategory.name, PatronCategory.name_en))
    return {code: (name, name_en or name) for code, name, name_en in rows}


# --- cards ----------------------------------------------------------------------------------


def _valid_on(session: Session, day: date) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        PatronCard.issued_on <= day,
        PatronCard.expires_on >= day,
        or_(PatronCard.ended_on.is_(None), PatronCard.ended_on > day),
    ]
    lapsed = _lapsed_then(session, day)
    if not lapsed:
        return conditions
    return [*conditions, or_(Patron.event_ref.is_(None), Patron.event_ref.not_in(lapsed))]


def _lapsed_then(session: Session, day: date) -> set[int]:
    """Return the log's numbers of patrons whose card had run out by a day and was renewed later."""
    renewed = select(EventRow.patron_ref).where(
        EventRow.kind == "card_renewed",
        EventRow.effective_on > day,
        EventRow.patron_ref.is_not(None),
    )
    terms = (
        select(EventRow.patron_ref, EventRow.facts["expires_on"].as_string())
        .where(
            EventRow.kind.in_(("card_issued", "card_renewed")),
            EventRow.effective_on <= day,
            EventRow.patron_ref.in_(renewed),
        )
        .order_by(EventRow.effective_on, EventRow.id)
    )
    last = {patron: expires for patron, expires in session.execute(terms) if expires}
    return {patron for patron, expires in last.items() if expires < day.isoformat()}


def _age_band_on(session: Session, day: date) -> ColumnElement[str]:
    """SQL: ``child`` or ``adult`` on a day, by the age limit of the patron's library."""
    libraries = session.scalars(select(OrgUnit.id).where(OrgUnit.kind == "library")).all()
    limits = {
        library: int(setting(session, library, "patrons.child_below")) for library in libraries
    }
    whens: list[tuple[ColumnElement[bool], str]] = []
    for limit in sorted(set(limits.values())):
        mine = Patron.library_id.in_([library for library, held in limits.items() if held == limit])
        born_after = _years_before(day, limit)
        whens += [
            (and_(mine, Patron.born_on > born_after), "child"),
            (and_(mine, Patron.born_on <= born_after), "adult"),
            (and_(mine, Patron.born_year > day.year - limit), "child"),
            (and_(mine, Patron.born_year <= day.year - limit), "adult"),
        ]
    return case(*whens, (PatronCategory.child, "child"), else_="adult")


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years, day=min(day.day, 28) if day.month == 2 else day.day)


def valid_cards(session: Session, _first: date, last: date) -> list[Tally]:
    """Count cards not ended and still in force on the last day."""
    band = _age_band_on(session, last).label("band")
    query = (
        select(Patron.branch_id, Patron.library_id, band, func.count())
        .select_from(PatronCard)
        .join(Patron, Patron.id == PatronCard.patron_id)
        .join(PatronCategory, PatronCategory.code == Patron.category)
        .where(*_valid_on(session, last))
        .group_by(Patron.branch_id, Patron.library_id, "band")
    )
    return [
        Tally(unit, library, VALID_CARDS, age_band=age, n=count, quantity=count)
        for unit, library, age, count in session.execute(query)
    ]


def valid_card_rows(
    session: Session, _first: date, last: date, units: tuple[int, ...], offset: int, limit: int
) -> tuple[int, list[SourceRow]]:
    """List the valid cards of some units, newest first: numbers and days, no names."""
    where = [*_valid_on(session, last), Patron.branch_id.in_(units)]
    base = (
        select(PatronCard, Patron.branch_id, _age_band_on(session, last))
        .join(Patron, Patron.id == PatronCard.patron_id)
        .join(PatronCategory, PatronCategory.code == Patron.category)
        .where(*where)
    )
    total = session.scalar(base.with_only_columns(func.count(PatronCard.id))) or 0
    rows = session.execute(
        base.order_by(PatronCard.issued_on.desc(), PatronCard.id.desc()).offset(offset).limit(limit)
    )
    return total, [
        SourceRow(
            card.issued_on, branch, f"{card.number} → {card.expires_on:%d/%m/%Y}", age_band=band
        )
        for card, branch, band in rows
    ]


# --- overdue loans --------------------------------------------------------------------------


def _overdue_on(day: date) -> list[Any]:
    end = _end_of(day)
    then_due = (
        select(LoanRenewal.old_due)
        .where(
            LoanRenewal.loan_id == Loan.id,
            LoanRenewal.at >= end,
            LoanRenewal.voided_at.is_(None),
        )
        .order_by(LoanRenewal.at, LoanRenewal.id)
        .limit(1)
        .scalar_subquery()
    )
    return [
        or_(Loan.closed_at.is_(None), Loan.closed_at >= end),
        Loan.started_on <= day,
        func.coalesce(then_due, Loan.due_on) < day,
    ]


def _end_of(day: date) -> datetime:
    return clock.at_local(day + timedelta(days=1), 0)


def overdue(session: Session, _first: date, last: date) -> list[Tally]:
    """Count copies that on the last day were out past their due day, as it stood then."""
    band = func.coalesce(Loan.patron_snapshot["age_band"].as_string(), "")
    query = (
        select(Loan.branch_id, OrgUnit.parent_id, band.label("band"), func.count())
        .join(OrgUnit, OrgUnit.id == Loan.branch_id)
        .where(*_overdue_on(last))
        .group_by(Loan.branch_id, OrgUnit.parent_id, "band")
    )
    return [
        Tally(unit, library or unit, OVERDUE, age_band=age, n=count, quantity=count)
        for unit, library, age, count in session.execute(query)
    ]


def overdue_rows(
    session: Session, _first: date, last: date, units: tuple[int, ...], offset: int, limit: int
) -> tuple[int, Sequence[SourceRow]]:
    """List the overdue loans of some units, the longest overdue first."""
    where = [*_overdue_on(last), Loan.branch_id.in_(units)]
    total = session.scalar(select(func.count()).select_from(Loan).where(*where)) or 0
    query = (
        select(Loan, Record.title, Item.accession_no, Item.barcode)
        .join(Item, Item.id == Loan.item_id)
        .join(Record, Record.id == Loan.record_id)
        .where(*where)
        .order_by(Loan.due_on, Loan.id)
        .offset(offset)
        .limit(limit)
    )
    return total, [
        SourceRow(
            loan.due_on,
            loan.branch_id,
            f"{title} · {accession_no or barcode or ''}",
            loan.record_id,
            loan.item_id,
        )
        for loan, title, accession_no, barcode in session.execute(query)
    ]
