"""A text seen with a real patron before it is kept: their loans, holds and card fill it in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.models import Hold, Loan, Receipt
from circulation.notices.compose import compose
from circulation.notices.models import Notice
from circulation.notices.reach import contact_of
from circulation.notices.texts import PARTS, Texts
from circulation.patrons.cards import active_card
from circulation.patrons.models import Patron
from circulation.rules.notices import plain_letters, sms_size
from ils.core import clock


@dataclass(frozen=True)
class Shown:
    """A preview: e-mail with subject, SMS with its size, what is said on the telephone."""

    name: str
    subject: str
    text: str
    sms: str
    size: int
    parts: int
    call: str


class _Typed(Texts):
    """The texts in force, but for those just typed."""

    def __init__(
        self, session: Session, at: int, language: str, what: str, typed: Mapping[str, str]
    ) -> None:
        super().__init__(session, at, language)
        self._typed = {(what, part): body for part, body in typed.items() if body.strip()}

    def __call__(self, what: str, part: str) -> str:
        return self._typed.get((what, part)) or super().__call__(what, part)


def preview(
    session: Session,
    patron: Patron,
    at: int,
    what: str,
    language: str,
    typed: Mapping[str, str],
) -> Shown:
    """Return what a patron would be told. Nothing is written."""
    contact = replace(contact_of(session, patron), language=language)
    notice = _like(session, patron, at, "overdue" if what == "message" else what)
    texts = _Typed(session, at, language, what, typed)
    made = compose(session, contact, at, [notice], clock.today(), texts)
    sms = plain_letters(made.short) if "short" in PARTS[what] else ""
    size, parts = sms_size(sms)
    call = f"{made.call} {made.sentences}"
    return Shown(patron.name, made.subject, made.text, sms, size, parts, call)


def _like(session: Session, patron: Patron, at: int, what: str) -> Notice:
    """Return a notice that is nowhere kept, about something of the patron's where there is one."""
    loan = session.scalar(
        select(Loan.id).where(Loan.patron_id == patron.id).order_by(Loan.due_on.desc()).limit(1)
    )
    hold = session.scalar(
        select(Hold.id).where(Hold.patron_id == patron.id).order_by(Hold.id.desc()).limit(1)
    )
    card = active_card(session, patron.id)
    kind = "overdue" if what == "overdue_last" else what
    notice = Notice(id=0, what=kind, last_step=what == "overdue_last", branch_id=at)
    notice.loan_id = loan if kind in ("overdue", "due_soon", "loan_receipt") else None
    notice.hold_id = hold if kind.startswith("hold") or kind == "apology" else None
    notice.card_id = (
        card.id if card is not None and kind in ("card_expiring", "registered") else None
    )
    if kind == "money_receipt":
        notice.receipt_id = session.scalar(
            select(Receipt.id).where(Receipt.patron_id == patron.id).order_by(Receipt.id.desc())
        )
    notice.patron_id = patron.id
    return notice
