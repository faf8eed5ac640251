"""The sample's morning without the line: a desk lent, took back, and left three things to look at."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.models import Hold, Loan
from circulation.offline.log import Command, Log, receive_log
from circulation.offline.replay import replay_line
from circulation.patrons.models import Patron, PatronCard
from circulation.sample.province import Units, at_work
from ils.accounts.models import Staff
from ils.core import clock

BRANCH = "AH-TN"


def work_offline(session: Session, units: Units, staff: dict[str, Staff], last: date) -> None:
    """Play a log of the last day: two ordinary acts, an unknown card, a copy lent to another."""
    branch = units[BRANCH]
    head = at_work(session, staff, "phutrach.ah", branch.id)
    began = clock.at_local(last, 9, 10)
    out = (
        select(Item.barcode)
        .join(Loan, Loan.item_id == Item.id)
        .where(Loan.closed_at.is_(None), Loan.branch_id == branch.id, Loan.started_on < last)
    )
    lent = session.scalars(out.where(Item.barcode.is_not(None)).order_by(Loan.id).limit(2)).all()
    free = session.scalars(
        select(Item.barcode)
        .where(
            Item.located_id == branch.id,
            Item.lifecycle == "active",
            Item.use == "loan",
            Item.barcode.is_not(None),
            Item.id.not_in(select(Loan.item_id).where(Loan.closed_at.is_(None))),
            Item.id.not_in(select(Hold.item_id).where(Hold.item_id.is_not(None))),
        )
        .order_by(Item.id.desc())
        .limit(2)
    ).all()
    cards = session.scalars(
        select(PatronCard.number)
        .join(Patron, Patron.id == PatronCard.patron_id)
        .where(Patron.branch_id == branch.id, PatronCard.state == "active")
        .where(PatronCard.expires_on > last + timedelta(days=30))
        .order_by(PatronCard.id.desc())
        .limit(2)
    ).all()
    if len(lent) < 2 or len(free) < 2 or len(cards) < 2:
        return
    acts = (
        ("check_out", free[0], cards[0]),
        ("check_in", lent[0], ""),
        ("check_out", lent[1], cards[1]),
        ("check_out", free[1], "AH-THE-MOI"),
        ("check_in", "VN.0?91", ""),
    )
    commands = [
        Command(
            *(f"mau-offline-{n}", n, act, began + timedelta(minutes=2 * n)),
            *(head.staff_id, branch.id, str(code), card),
        )
        for n, (act, code, card) in enumerate(acts, 1)
    ]
    back = began + timedelta(minutes=50)
    with clock.at(back):
        copy_of = began - timedelta(minutes=12)
        for line in receive_log(session, head, Log("may-quay-1", back, commands, copy_of)):
            replay_line(session, line)
