"""A clerk's browser with something to do."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from cataloging.models import Item
from circulation.models import Loan
from circulation.patrons.models import Patron
from ils.core import db
from tests import factories

FETCH = {"X-Requested-With": "fetch"}


@dataclass
class Desk:
    """A clerk's browser, a copy and two patrons."""

    browser: Any
    item: Item
    other_item: Item
    patron: Patron
    card: str
    second: Patron
    second_card: str

    def scan(self, text: str, **more: Any) -> Any:
        """Scan as the page's script does."""
        answer = self.browser.post("/staff/desk/scan", data={"scan": text, **more}, headers=FETCH)
        assert answer.status_code == 200, answer.get_data(as_text=True)[:800]
        return answer.json

    def act(self, word: str, **more: Any) -> Any:
        """Press a button as the page's script does."""
        answer = self.browser.post("/staff/desk/act", data={"act": word, **more}, headers=FETCH)
        assert answer.status_code == 200, answer.get_data(as_text=True)[:800]
        return answer.json


@pytest.fixture
def desk(app: Any, province: Any, staff_client: Any) -> Desk:
    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
        other = factories.create_item(session, province.branch)
        first = factories.create_patron(session, province.branch, "Nguyễn Thị Lan")
        second = factories.create_patron(session, province.branch, "Trần Văn Bình")
        cards = [factories.card_of(session, p) for p in (first, second)]
    browser = staff_client("clerk", province.branch)
    return Desk(browser, item, other, first, cards[0], second, cards[1])


def open_loans() -> int:
    with db.reading() as session:
        query = select(func.count()).select_from(Loan).where(Loan.closed_at.is_(None))
        return session.scalar(query) or 0
