"""The sample's lost and damaged books: rates, cases at each point, claims, long overdue proposals."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.checkin import check_in
from circulation.fees import take_payment
from circulation.losses.claims import make_claim, tick_search
from circulation.losses.damage import add_rate, record_damage
from circulation.losses.lost import bring_copy, declare_lost
from circulation.losses.missing import start_search
from circulation.losses.models import Claim
from circulation.losses.proposals import propose_lost
from circulation.models import Hold, Loan
from circulation.sample.province import Units, at_work
from ils.accounts.actor import Actor
from ils.accounts.models import Staff
from ils.core import clock

BUSY = {"BS": "BS-TT", "AH": "AH-TN"}  # a library and its busiest branch
RATES: tuple[tuple[str, int | None, int | None], ...] = (
    ("Rách bìa, bong gáy", 5_000, None),
    ("Viết, vẽ vào sách", 10_000, None),
    ("Mất trang", None, 50),
    ("Ướt, mốc, không dùng được", None, 100),
)


def lose_some(session: Session, units: Units, staff: dict[str, Staff], last: date) -> None:
    """Lose, damage and claim a few books at two libraries in the last weeks, and let the night
    propose what is long overdue."""
    for code in BUSY:
        head = at_work(session, staff, f"phutrach.{code.lower()}", units[code].id)
        for name, amount, percent in RATES:
            add_rate(
                session,
                head,
                library_id=units[code].id,
                name=name,
                amount=amount,
                percent=percent,
            )
        _at_one(session, head, units[BUSY[code]].id, last)
    with clock.at(clock.at_local(last + timedelta(days=1), 2)):
        propose_lost(session)


def _at_one(session: Session, head: Actor, branch: int, last: date) -> None:
    actor = head.at_unit(session, branch)
    open_loans = session.scalars(
        select(Loan)
        .join(Item, Item.id == Loan.item_id)
        .where(
            Loan.branch_id == branch,
            Loan.closed_at.is_(None),
            Loan.kind == "home",
            Loan.started_on <= last - timedelta(days=3),
            Item.barcode.is_not(None),
        )
        .order_by(Loan.started_on, Loan.id)
    ).all()
    old = [loan for loan in open_loans if loan.started_on <= last - timedelta(days=17)][:2]
    loans = [loan for loan in open_loans if loan not in old][:4]
    with clock.at(clock.at_local(last - timedelta(days=16), 9)):
        for loan, kind in zip(old, ("returned", "never_had"), strict=False):
            make_claim(session, actor, loan_id=loan.id, kind=kind, key=None)
        first = session.scalars(select(Claim.id).order_by(Claim.id.desc())).first()
        if first is not None and old:
            tick_search(session, actor, claim_id=first, key=None)
    if len(loans) < 4:
        return
    with clock.at(clock.at_local(last - timedelta(days=2), 15)):
        declare_lost(session, actor, item_id=loans[0].item_id, note="Rơi khi đi đò", key=None)
        paid = declare_lost(session, actor, item_id=loans[1].item_id, key=None)
        who = loans[1].patron_id or 0
        take_payment(session, actor, patron_id=who, amount=paid.facts["amount"], key=None)
        swap = declare_lost(session, actor, item_id=loans[2].item_id, way="same_book", key=None)
        bring_copy(session, actor, loss_id=swap.facts["loss_id"], note="Bản in năm nay", key=None)
        wet = session.get_one(Item, loans[3].item_id)
        check_in(session, actor, barcode=wet.barcode or "", key=None)
        record_damage(
            session,
            actor,
            item_id=wet.id,
            loan_id=loans[3].id,
            amount=12_000,
            lifecycle="repair",
            note="Ướt mép, bong gáy",
            key=None,
        )
        gone = session.scalars(
            select(Item)
            .where(
                Item.located_id == branch,
                Item.lifecycle == "active",
                Item.barcode.is_not(None),
                Item.id.not_in(select(Loan.item_id).where(Loan.closed_at.is_(None))),
                Item.id.not_in(select(Hold.item_id).where(Hold.item_id.is_not(None))),
            )
            .order_by(Item.id)
            .limit(2)
        ).all()
        for item in gone:
            start_search(session, actor, barcode=item.barcode or "", key=None)
