"""Looking again, at the moment of sending, whether what was to be told is still so."""

from datetime import date

from sqlalchemy.orm import Session

from circulation.models import HOLD_OPEN_STATES, Hold, Loan, Receipt
from circulation.notices.models import Notice
from circulation.patrons.models import Patron, PatronCard

_HOLD_STATES = {
    "hold_ready": "ready",
    "hold_expired": "expired_shelf",
    "hold_cancelled": "cancelled",
    "hold_unfilled": "expired_unfilled",
    "hold_hopeless": "queued",
}


DECLINED_KEPT = 7  # days for which the address of somebody declined is kept at most


def why_not(session: Session, notice: Notice, today: date) -> str:
    """Return why a notice is not to be sent any more; empty where it still holds.

    Rows are read again, whatever the session knew of them.
    """
    if notice.patron_id is None:  # declined: nothing can change that
        return "past" if (today - notice.planned_on).days > DECLINED_KEPT else ""
    patron = session.get(Patron, notice.patron_id, populate_existing=True)
    if patron is None or patron.deleted_at is not None or patron.merged_into_id is not None:
        return "person_gone"
    if notice.loan_id is not None:
        return _of_loan(session.get(Loan, notice.loan_id, populate_existing=True), notice, today)
    if notice.hold_id is not None:
        hold = session.get(Hold, notice.hold_id, populate_existing=True)
        return _of_hold(hold, notice, today)
    if notice.receipt_id is not None:
        receipt = session.get(Receipt, notice.receipt_id, populate_existing=True)
        return "void" if receipt is None or receipt.voided_at is not None else ""
    if notice.card_id is not None:
        card = session.get(PatronCard, notice.card_id, populate_existing=True)
        if card is None or card.state != "active" or card.expires_on != notice.about_on:
            return "card_renewed"
        return "past" if card.expires_on <= today else ""
    return ""


def _of_loan(loan: Loan | None, notice: Notice, today: date) -> str:
    if loan is None or loan.closed_at is not None or loan.patron_id != notice.patron_id:
        return "returned"
    if loan.lost_on is not None:
        return "lost"
    if loan.claimed_on is not None:
        return "claimed"
    if loan.due_on != notice.about_on:
        return "renewed"
    if notice.what == "due_soon" and loan.due_on < today:
        return "past"
    return ""


def _of_hold(hold: Hold | None, notice: Notice, today: date) -> str:
    if hold is None or hold.patron_id != notice.patron_id:
        return "hold_gone"
    wanted = _HOLD_STATES.get(notice.what)
    if wanted is not None and hold.state != wanted:
        return "hold_gone"
    if notice.what == "apology" and (hold.state not in HOLD_OPEN_STATES or hold.state == "ready"):
        return "hold_gone"  # ended, or a copy waits for the reader again
    if notice.what in ("hold_joined", "hold_at_home") and hold.state not in HOLD_OPEN_STATES:
        return "hold_gone"
    if notice.what == "hold_ready" and hold.ready_on != notice.about_on:
        return "hold_gone"
    if notice.what == "hold_ready" and hold.shelf_until is not None and hold.shelf_until < today:
        return "past"
    if notice.what == "hold_hopeless" and not hold.hopeless:
        return "hold_gone"
    return ""
