"""What the desk's own pages show in the sample: families, a morning's book drop, a title in a hurry."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.quick import QuickTitle
from circulation.bookdrop import close_drop, open_drop, return_from_drop
from circulation.fast_add import add_and_lend
from circulation.models import Loan
from circulation.patrons.models import Patron
from circulation.sample.desks import Desk
from circulation.sample.province import Units

YOUNG = ("child", "pupil")
FAMILIES = 8  # a library
RETURNS = 5


def desk_days(session: Session, units: Units, desk: Desk, last: date) -> int:
    """Add them at the end and return how many titles came in; the morning is that of ``desk``."""
    for code in ("TVT", "BS", "PL", "AH"):
        _families(session, units[code].id)
    _book_drop(session, desk, last)
    return _quick_title(session, desk)


def _families(session: Session, library_id: int) -> None:
    """Let adults be the guardians of young readers of the same family name and branch."""
    people = session.scalars(
        select(Patron).where(Patron.library_id == library_id).order_by(Patron.id)
    ).all()
    young = [p for p in people if p.category in YOUNG and p.guardian_id is None]
    adults = [p for p in people if p.category not in YOUNG]
    made = 0
    for adult in adults:
        name = adult.name.split()[0]
        wards = [p for p in young if p.name.split()[0] == name and p.branch_id == adult.branch_id][
            :2
        ]
        if not wards or made >= FAMILIES:
            continue
        for ward in wards:
            ward.guardian_id, ward.guardian_name = adult.id, adult.name
            ward.guardian_phone = adult.phone
            young.remove(ward)
        made += 1
    session.flush()


def _book_drop(session: Session, desk: Desk, last: date) -> None:
    lent = session.scalars(
        select(Loan)
        .where(Loan.branch_id == desk.unit_id, Loan.closed_at.is_(None), Loan.started_on < last)
        .order_by(Loan.due_on.desc(), Loan.id)
        .limit(RETURNS)
    ).all()
    drop = open_drop(session, desk.clerk)
    for loan in lent:
        barcode = loan.item_snapshot["barcode"]
        return_from_drop(
            session, desk.clerk, drop_id=drop.id, barcode=barcode, key=f"drop-{loan.id}"
        )
    close_drop(session, desk.clerk, drop.id)


def _quick_title(session: Session, desk: Desk) -> int:
    patron_id = session.scalar(
        select(Loan.patron_id).where(Loan.branch_id == desk.unit_id).order_by(Loan.id.desc())
    )
    if patron_id is None:
        return 0
    facts = QuickTitle(desk.unit_id, "Truyện kể bên bếp lửa", "TANG-0001", "Nhiều tác giả")
    add_and_lend(session, desk.clerk, facts=facts, patron_id=patron_id, key="quick-1")
    return 1
