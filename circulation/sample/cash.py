"""The sample's tills: opened in the morning, small sales in between, counted in the evening.

Only the last days have them, as in a library that began to keep tills lately. Its dice are its own,
so that what else happens in the province stays as it was.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from sqlalchemy.orm import Session

from circulation.money.models import HANDED_OVER
from circulation.money.rates import offers
from circulation.money.sales import sell
from circulation.money.tills import close_till, move_cash, open_till, till_held, till_report
from circulation.rules.till import NOTES
from circulation.sample.desks import Desk
from ils.core import clock

DAYS = 12
FLOAT = 100_000
READING_POINTS = ("BS-DL", "PL-SM")  # helpers take no money


def morning(session: Session, desks: Iterable[Desk]) -> None:
    """Open a till at every desk that is open today."""
    for desk in desks:
        if desk.code not in READING_POINTS:
            with clock.at(desk.moment - timedelta(minutes=1)):
                open_till(session, desk.clerk, name="Quầy 1", float_amount=FLOAT, key=None)


def evening(session: Session, desks: Iterable[Desk], day: date) -> None:
    """Sell some photocopies, hand over what came in, count and close."""
    for desk in desks:
        till = till_held(session, desk.clerk.staff_id, desk.unit_id)
        if till is None:
            continue
        dice = Random(f"{desk.code} {day}")
        with clock.at(desk.moment):
            _sell(session, desk, dice, day)
            came_in = till_report(session, till).expected - FLOAT
            if came_in > 0:
                move_cash(
                    session,
                    desk.clerk,
                    till_id=till.id,
                    kind=HANDED_OVER,
                    amount=came_in,
                    reason_text="Nộp thủ quỹ cuối ngày",
                    key=None,
                )
            left = till_report(session, till).expected
            short = 1_000 if dice.random() < 0.08 else 0
            close_till(
                session,
                desk.clerk,
                till_id=till.id,
                counted=_notes(left - short),
                reason_text="Thối nhầm cho bạn đọc" if short else "",
                key=None,
            )


def _sell(session: Session, desk: Desk, dice: Random, day: date) -> None:
    prices = offers(session, desk.unit_id, day)
    for _ in range(dice.choice((0, 0, 1, 2))):
        offer = dice.choice(prices[:3])
        sell(session, desk.clerk, quantities={offer.id: dice.randint(2, 24)}, key=None)


def _notes(amount: int) -> dict[int, int]:
    """Return an amount in as few notes as can be."""
    counted = {}
    for note in NOTES:
        counted[note], amount = divmod(amount, note)
    return counted
