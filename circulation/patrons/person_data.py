"""All that is held on a person, for the person: as data (JSON) and as a paper (PDF).

The words of columns are those of the tables, so that nothing is told otherwise than it is kept.
Secrets stay out: the hash of a password and of an identity number tell the person nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.acquisitions.suggestions import suggestions_of_patron
from cataloging.models import Item, Record
from circulation.models import Hold, LedgerEntry, Loan, Receipt
from circulation.notices.told import told_to
from circulation.patrons.cards import cards_of
from circulation.patrons.consent import consents_of
from circulation.patrons.family import children_of
from circulation.patrons.looks import looks_at
from circulation.patrons.models import BlockNote, Patron, PatronCategory, Suspension
from circulation.patrons.requests import requests_of
from ils.core import clock
from ils.core.events import EventRow
from ils.org.units import unit_name
from ils.printing import typst_pdf

FORMAT = "sen-person-1"
TEMPLATE = Path(__file__).parent / "print" / "person.typ"

_PERSON = (
    *("name", "born_on", "born_year", "sex", "ethnicity", "occupation", "school", "school_class"),
    *("school_year", "student_code"),
    *("commune", "address", "phone", "email", "id_number_masked", "guardian_name"),
    *("guardian_phone", "language", "note", "keep_history", "registered_on", "consent_at"),
)


def person_data(session: Session, patron_id: int) -> dict[str, Any]:
    """Return all that is held on a patron, ready for JSON: days and instants as ISO text."""
    patron = session.get_one(Patron, patron_id)
    guardian = session.get(Patron, patron.guardian_id) if patron.guardian_id else None
    category = session.get_one(PatronCategory, patron.category)
    found: dict[str, Any] = {
        "format": FORMAT,
        "made_at": clock.now(),
        "library": unit_name(session, patron.library_id),
        "branch": unit_name(session, patron.branch_id),
        "person": _columns(patron, _PERSON)
        | {"category": category.name, "photo": patron.photo_id is not None},
        "family": {
            "guardian": guardian.name if guardian else None,
            "children": [child.name for child in children_of(session, patron.id)],
        },
        "cards": _rows(
            cards_of(session, patron.id), ("number", "state", "issued_on", "expires_on", "ended_on")
        ),
        "consents": _rows(
            consents_of(session, patron.id),
            ("given_by", "giver_name", "purposes", "channel", "given_at", "withdrawn_at"),
        ),
        **_lending(session, patron.id),
        **_money(session, patron.id),
        "notes": _rows(
            session.scalars(select(BlockNote).where(BlockNote.patron_id == patron.id)),
            ("text", "acts", "from_on", "to_on", "lifted_at"),
        ),
        "messages": told_to(session, patron.id),
        "suspensions": _rows(
            session.scalars(select(Suspension).where(Suspension.patron_id == patron.id)),
            ("from_on", "to_on"),
        ),
        "requests": _rows(
            requests_of(session, patron.id),
            ("kind", "text", "asked_at", "due_on", "state", "answer", "decided_at"),
        ),
        "suggestions": _rows(
            (row.suggestion for row in suggestions_of_patron(session, patron.id)),
            (
                *("title", "authors", "publisher", "year", "isbn", "note", "made_at"),
                *("state", "answer", "answered_at"),
            ),
        ),
        "looks": [
            {"at": look.at, "who": name or "", "why": look.why}
            for look, name in looks_at(session, patron.id, limit=5000)
        ],
        "events_counted": session.scalar(
            select(func.count(EventRow.id)).where(EventRow.patron_ref == patron.event_ref)
        ),
    }
    plain: dict[str, Any] = _plain(found)
    return plain


def _lending(session: Session, patron_id: int) -> dict[str, Any]:
    loans = session.execute(
        select(Loan, Record.title, Item.accession_no, Item.barcode)
        .join(Record, Record.id == Loan.record_id)
        .join(Item, Item.id == Loan.item_id)
        .where(Loan.patron_id == patron_id)
        .order_by(Loan.started_at.desc())
    )
    holds = session.execute(
        select(Hold, Record.title)
        .join(Record, Record.id == Hold.record_id)
        .where(Hold.patron_id == patron_id)
        .order_by(Hold.requested_at.desc())
    )
    lent = ("kind", "started_on", "due_on", "renewals", "effective_return_on", "closed_how")
    return {
        "loans": [
            {"title": title, "copy": number or barcode or ""} | _columns(loan, lent)
            for loan, title, number, barcode in loans
        ],
        "holds": [
            {"title": title} | _columns(hold, ("state", "requested_at", "shelf_until", "ended_at"))
            for hold, title in holds
        ],
    }


def _money(session: Session, patron_id: int) -> dict[str, Any]:
    lines = session.scalars(
        select(LedgerEntry).where(LedgerEntry.patron_id == patron_id).order_by(LedgerEntry.id)
    )
    receipts = session.scalars(
        select(Receipt).where(Receipt.patron_id == patron_id).order_by(Receipt.id)
    )
    return {
        "account": _rows(lines, ("effective_on", "kind", "direction", "amount", "note")),
        "receipts": _rows(receipts, ("year", "number", "amount", "at", "voided_at")),
    }


def _rows(rows: Iterable[Any], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [_columns(row, names) for row in rows]


def _columns(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.local(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def person_pdf(data: Mapping[str, Any], words: Mapping[str, Any]) -> bytes:
    """Return the paper of a person's data. ``words`` are the headings and what codes mean, in the
    language of the paper, as the door says them."""
    return typst_pdf(TEMPLATE, {"data": dict(data), "words": dict(words)})
