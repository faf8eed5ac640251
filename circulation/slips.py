"""What a slip says: a reader's loans with due dates, the closed days before them, fines running.

Slips of single acts (hold, transit, receipt) are in the answers of those acts already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.blocks import OpenLoan, loans_of_patron
from circulation.models import DeskCommand, Loan, LoanRenewal
from circulation.patrons.cards import active_card
from circulation.patrons.models import Patron
from circulation.patrons.patrons import patron_for
from circulation.permissions import USE_DESK
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import NotFound
from ils.org.hours import coming_closures
from ils.org.settings import declare, setting

READER_ON_SLIP = "circulation.slip_reader"
THANKS_ON_SLIP = "circulation.slip_thanks"
LAST_HOURS = 10


@dataclass(frozen=True)
class Closure:
    """Closed days in a row, with the reason."""

    first: date
    last: date
    reason: str


@dataclass(frozen=True)
class LoanSlip:
    """What a reader takes home: the loans of today first, then what was there before."""

    patron: Patron
    reader: str
    new: list[OpenLoan]
    others: list[OpenLoan]
    closures: list[Closure]
    thanks: str

    @property
    def running(self) -> int:
        """Return the fines running today."""
        return sum(one.running_fine for one in (*self.new, *self.others))


def loan_slip(session: Session, actor: Actor, patron_id: int) -> LoanSlip:
    """Gather the slip of a patron's loans as they stand now."""
    actor.require(USE_DESK)
    patron = patron_for(session, actor, patron_id)
    today = clock.today()
    loans = loans_of_patron(session, patron.id)
    new = new_today(session, loans)
    until = max((one.loan.due_on for one in new), default=today)
    return LoanSlip(
        patron=patron,
        reader=_reader(session, actor, patron),
        new=new,
        others=[one for one in loans if one not in new],
        closures=closures_until(session, actor.unit_id, until),
        thanks=setting(session, actor.unit_id, THANKS_ON_SLIP),
    )


def new_today(session: Session, loans: Sequence[OpenLoan]) -> list[OpenLoan]:
    """Return the loans that were made or renewed today."""
    today = clock.today()
    renewed = set(
        session.scalars(
            select(LoanRenewal.loan_id).where(
                LoanRenewal.loan_id.in_([one.loan.id for one in loans]),
                LoanRenewal.at >= clock.at_local(today, 0),
                LoanRenewal.voided_at.is_(None),
            )
        )
    )
    return [one for one in loans if one.loan.started_on == today or one.loan.id in renewed]


def _reader(session: Session, actor: Actor, patron: Patron) -> str:
    if setting(session, actor.unit_id, READER_ON_SLIP) == "number":
        card = active_card(session, patron.id)
        return card.number if card else ""
    return short_name(patron.name)


def short_name(name: str) -> str:
    """Return a Vietnamese name with all but the given name as initials: N. T. Lan."""
    *before, given = name.split() or [""]
    return " ".join([*(f"{part[0]}." for part in before), given])


def closures_until(session: Session, unit_id: int | None, until: date) -> list[Closure]:
    """Return the special closures up to a day; the weekly closed days everybody knows."""
    if unit_id is None:
        return []
    days = coming_closures(session, unit_id, max(0, (until - clock.today()).days) + 1)
    found: list[Closure] = []
    for one in days:
        before = found[-1] if found else None
        if before and one.day - before.last == timedelta(days=1) and one.reason == before.reason:
            found[-1] = Closure(before.first, one.day, one.reason)
        else:
            found.append(Closure(one.day, one.day, one.reason))
    return found


def has_new_loans(session: Session, actor: Actor, patron_id: int) -> bool:
    """Tell whether the branch lent a patron something today that is still out."""
    query = select(Loan.id).where(
        Loan.patron_id == patron_id,
        Loan.closed_at.is_(None),
        Loan.started_on == clock.today(),
        Loan.branch_id == actor.unit_id,
        Loan.patron_id.in_(select(Patron.id).where(Patron.visitor_on.is_(None))),
    )
    return session.scalar(query.limit(1)) is not None


def slip_of_answer(session: Session, actor: Actor, key: str) -> dict[str, Any]:
    """Return the slip of an act of this branch. Raises ``NotFound`` where there is none."""
    done = session.get(DeskCommand, key)
    if done is None or done.unit_id != actor.unit_id or not done.result.get("slip"):
        raise NotFound("slip_unknown")
    return _with_item(done)


def last_slip(session: Session, actor: Actor) -> tuple[str, dict[str, Any]]:
    """Return key and slip of the newest act of this person here that has one."""
    since = clock.now() - timedelta(hours=LAST_HOURS)
    query = (
        select(DeskCommand)
        .where(
            DeskCommand.actor_id == actor.staff_id,
            DeskCommand.unit_id == actor.unit_id,
            DeskCommand.at >= since,
            DeskCommand.undone_at.is_(None),
        )
        .order_by(DeskCommand.at.desc())
        .limit(200)
    )
    done = next((row for row in session.scalars(query) if row.result.get("slip")), None)
    if done is None:
        raise NotFound("slip_unknown")
    return done.key, _with_item(done) | {"patron_id": done.patron_id}


def _with_item(done: DeskCommand) -> dict[str, Any]:
    """Return a slip with what the answer itself says of the item."""
    item = done.result.get("item") or {}
    known = {name: item.get(name) for name in ("title", "accession_no", "barcode", "call_number")}
    return {**{k: v for k, v in known.items() if v}, **done.result["slip"]}


def declare_slip_settings(reader: Any, thanks: Any) -> None:
    """Declare the settings of slips; the door gives their help."""
    declare(READER_ON_SLIP, str, "short", reader, choices=("short", "number"))
    declare(THANKS_ON_SLIP, str, "", thanks)
