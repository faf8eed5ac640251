"""What a receipt by mail says beyond its lines: other loans, closed days, fines; sums of money.

All in the language that is set; written at the moment of sending.
"""

from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from circulation.blocks import OpenLoan, loans_of_patron
from circulation.models import Receipt
from circulation.money.books import settled_by
from circulation.money.words import KINDS
from circulation.notices.models import Notice
from circulation.receipts import receipt_name
from circulation.sentences import closure_sentence
from circulation.slips import closures_until
from ils.core import clock
from ils.core.money import dong


def beside_loans(session: Session, notices: Sequence[Notice], day: date) -> list[str]:
    """Return the paragraphs after the new loans: what else is out, closed days, fines running."""
    told = {notice.loan_id for notice in notices}
    loans = loans_of_patron(session, notices[0].patron_id or 0)
    others = [one for one in loans if one.loan.id not in told]
    until = max((one.loan.due_on for one in loans if one.loan.id in told), default=day)
    parts = []
    if others:
        parts.append("\n".join([_("Also on loan:"), *(f"  – {_line(one)}" for one in others)]))
    closures = closures_until(session, notices[0].branch_id, until)
    closed = [closure_sentence(one.first, one.last, one.reason) for one in closures]
    if closed:
        parts.append("\n".join(closed))
    if running := sum(one.running_fine for one in loans):
        parts.append(_("Fines running today: %(sum)s", sum=dong(running)))
    return parts


def _line(one: OpenLoan) -> str:
    code = one.item.accession_no or one.item.barcode or ""
    due = _("due %(day)s", day=one.loan.due_on.strftime("%d/%m/%Y"))
    return f"“{one.title}” ({code}), {due}"


def receipt_facts(session: Session, receipt: Receipt) -> dict[str, str]:
    """Return number, day, sum and what for of a receipt for money."""
    what = str(KINDS[receipt.kind])
    if receipt.kind in ("payment", "sale", "deposit_to_debt"):
        parts = settled_by(session, [receipt.id]).get(receipt.id, {})
        of = "; ".join(f"{KINDS.get(kind, kind)} {dong(sum_)}" for kind, sum_ in parts.items())
        what = of or what
    return {
        "number": receipt_name(receipt),
        "day": f"{clock.local_day(receipt.at):%d/%m/%Y}",
        "what": what,
        "amount": dong(receipt.amount),
    }
