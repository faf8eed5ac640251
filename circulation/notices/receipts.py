"""Receipts by mail: of loans when a turn at the desk ends, of money when it is taken.

Which way a receipt goes is the patron's word, else the library's. By mail it is a notice in a message of
its own: looked at again when it is sent, so that what was undone meanwhile is not told and mail goes to the
address of that moment; not counted as the message of the day, not held back by hours or closed days.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.blocks import loans_of_patron
from circulation.desk import Act
from circulation.facts import lock
from circulation.models import LoanRenewal, Receipt
from circulation.notices.models import Notice, NoticeMessage
from circulation.notices.planning import plan_receipts
from circulation.notices.reach import contact_of, receipts_offered, wish_of
from circulation.notices.sending import stand_alone
from circulation.patrons.models import Patron
from circulation.patrons.patrons import patron_for
from circulation.permissions import USE_DESK
from circulation.policies import require_within
from circulation.rules.notices import receipt_way
from circulation.slips import new_today
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import NotFound, Refused
from ils.org.settings import setting


def way_of(session: Session, patron: Patron) -> str:
    """Return how a patron gets receipts: ``print``, ``email``, ``none``; empty where neither they
    nor the library said, so that the workstation decides about paper."""
    wish = wish_of(session, patron.id)
    chosen = wish.receipt if wish is not None else ""
    usual = str(setting(session, patron.branch_id, "notices.receipts"))
    if "email" not in (chosen, usual):
        return chosen or ("" if usual == "print" else usual)
    mailed = "email" in receipts_offered(session, patron)
    way = receipt_way(chosen, usual, contact_of(session, patron).reach) if mailed else "print"
    return "" if way == "print" and chosen != "print" else way


def mail_address(session: Session, patron: Patron) -> str:
    """Return where a receipt would be mailed; empty where it cannot be."""
    if "email" not in receipts_offered(session, patron):
        return ""
    contact = contact_of(session, patron)
    return contact.email if contact.reach.asked().can("email") else ""


def masked(address: str) -> str:
    """Return an address as it may stand on a screen that others see: l…@sen.example."""
    name, _at, host = address.partition("@")
    return f"{name[:1]}…@{host}" if host else ""


def mail_loans(
    session: Session, actor: Actor, patron_ids: Sequence[int], *, asked: bool = False
) -> dict[int, str]:
    """Mail what was lent or renewed today to those of some patrons who want it so, or now ask for
    it; each loan and due day once. Returns the addresses by patron."""
    actor.require(USE_DESK)
    lock(session, patrons=patron_ids)
    told = {}
    for patron_id in patron_ids:
        if asked:
            patron = patron_for(session, actor, patron_id)
        else:  # by their own word, also where another library's reader borrowed here
            patron = session.get_one(Patron, patron_id)
            if way_of(session, patron) != "email":
                continue
        address = mail_address(session, patron)
        if address and _mail_loans(session, patron) is not None:
            told[patron_id] = address
    return told


def _mail_loans(session: Session, patron: Patron) -> NoticeMessage | None:
    new = [one.loan for one in new_today(session, loans_of_patron(session, patron.id))]
    renewals = dict(
        session.execute(
            select(LoanRenewal.loan_id, LoanRenewal.id)
            .where(LoanRenewal.loan_id.in_([loan.id for loan in new]))
            .order_by(LoanRenewal.id)
        ).all()
    )
    rows = [
        {
            "key": f"loan_receipt:{loan.id}:{renewals.get(loan.id, 0)}",
            "patron_id": patron.id,
            "branch_id": loan.branch_id,
            "loan_id": loan.id,
            "about_on": loan.due_on,
        }
        for loan in new
    ]
    notices = plan_receipts(session, rows, "loan_receipt")
    return stand_alone(session, notices, "email", clock.now()) if notices else None


def mail_money(session: Session, actor: Actor, receipt_id: int) -> str:
    """Mail a receipt for money that was given here; returns the address.

    Raises ``NotFound``, or ``Refused`` where there is no address or it was mailed already.
    """
    receipt = session.get(Receipt, receipt_id)
    unknown = NotFound("receipt_unknown")
    if receipt is None or receipt.patron_id is None:
        raise unknown
    require_within(session, actor, USE_DESK, receipt.branch_id or receipt.library_id, unknown)
    lock(session, patrons=[receipt.patron_id])
    address = mail_address(session, session.get_one(Patron, receipt.patron_id))
    if not address or not _mail_money(session, receipt):
        raise Refused("receipt_not_mailed")
    return address


def goes_to(session: Session, patron: Patron | None, receipt_id: int | None) -> str:
    """Return where the receipt of a patron goes by mail, masked; empty where it does not."""
    if patron is None or receipt_id is None:
        return ""
    query = select(Notice.id).where(
        Notice.key == f"money_receipt:{receipt_id}", Notice.patron_id == patron.id
    )
    return masked(mail_address(session, patron)) if session.scalar(query) is not None else ""


def mail_if_wanted(act: Act, receipt: Receipt) -> None:
    """Mail a receipt that is being given, where its patron wants it so."""
    if receipt.patron_id is None:
        return
    patron = act.session.get_one(Patron, receipt.patron_id)
    if way_of(act.session, patron) == "email":
        _mail_money(act.session, receipt)


def _mail_money(session: Session, receipt: Receipt) -> bool:
    row = {
        "key": f"money_receipt:{receipt.id}",
        "patron_id": receipt.patron_id,
        "branch_id": receipt.branch_id or receipt.library_id,
        "receipt_id": receipt.id,
    }
    notices = plan_receipts(session, [row], "money_receipt")
    if notices:
        stand_alone(session, notices, "email", clock.now())
    return bool(notices)
