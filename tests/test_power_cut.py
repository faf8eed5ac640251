"""Eight desks over HTTP: at once on the same books, and with the server killed under them.

What was answered to a desk has happened, and once, whatever became of the server afterwards.
"""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from bench.laws import check_all
from bench.postgres import free_port
from bench.server import Visitor
from cataloging.models import Item
from circulation.models import Loan, PolicyRow
from ils.core import db
from tests.factories import (
    PASSWORD,
    create_item,
    create_patron,
    create_province,
    create_staff_account,
)
from tests.live import Server

pytestmark = pytest.mark.slow

DESKS = 8
SHARED = 12  # books all desks want
OWN = 60  # books each desk has for itself
BEFORE_THE_CUT = 40  # answers the desks have got when the server is killed


@dataclass
class House:
    """A library in trade: who signs in, who borrows, what there is."""

    server: Server
    staff: list[str]
    patrons: list[int]
    barcodes: list[str]

    def desks(self) -> list[Visitor]:
        """Open a desk for everybody of the staff."""
        visitors = [Visitor(self.server.port) for _ in self.staff]
        for visitor, username in zip(visitors, self.staff, strict=True):
            visitor.sign_in(username, PASSWORD)
        return visitors


@pytest.fixture
def house(both: Engine, tmp_path: Path) -> Iterator[House]:
    """The program served on each of the two databases, with books and eight readers."""
    with db.transaction() as session:
        province = create_province(session)
        session.scalars(select(PolicyRow)).one().values = {"limit_total": None}
        staff = [create_staff_account(session, "clerk", province.branch) for _ in range(DESKS)]
        patrons = [create_patron(session, province.branch, f"Bạn đọc {n}") for n in range(DESKS)]
        items = [create_item(session, province.branch) for _ in range(OWN * DESKS)]
    url = "" if both.dialect.name == "sqlite" else both.url.render_as_string(hide_password=False)
    server = Server(tmp_path, free_port(), database_url=url, workers=2)
    server.start()
    yield House(server, staff, [p.id for p in patrons], [str(i.barcode) for i in items])
    server.stop()


def at_once(work: Callable[[int], None]) -> None:
    """Run the work of all desks at the same moment."""
    start = threading.Barrier(DESKS)
    wrong: list[BaseException] = []

    def one(desk: int) -> None:
        start.wait()
        try:
            work(desk)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(DESKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    assert not wrong, wrong


def lend(visitor: Visitor, patron: int, barcode: str, key: str) -> dict[str, Any]:
    """Scan a book with a reader open; raises when there is no proper answer."""
    facts = {"scan": barcode, "patron": str(patron), "key": key}
    said: dict[str, Any] = json.loads(visitor.post("/staff/desk/scan", facts, fetch=True))
    return said


def loans() -> dict[str, int]:
    """Return how often each book was ever lent."""
    with db.reading() as session:
        query = select(Item.barcode, func.count()).join(Loan, Loan.item_id == Item.id)
        return {str(code): many for code, many in session.execute(query.group_by(Item.barcode))}


def test_eight_desks_lend_the_same_books_and_each_goes_out_once(house: House) -> None:
    desks, wanted = house.desks(), house.barcodes[:SHARED]
    said: list[dict[str, Any]] = []

    def work(desk: int) -> None:
        mine = wanted[desk:] + wanted[:desk]
        for barcode in mine:
            said.append(lend(desks[desk], house.patrons[desk], barcode, f"{desk}-{barcode}"))

    at_once(work)
    assert len(said) == DESKS * SHARED
    assert loans() == dict.fromkeys(wanted, 1)
    assert sum(one["tone"] == "green" for one in said) == SHARED
    for one in said:  # no raw error of a database reaches a desk
        assert one["headline"] in ("Chưa thực hiện", "Xin trả lời") or "hạn trả" in one["headline"]
        assert "sqlalchemy" not in one["top"].lower()
    with db.reading() as session:
        check_all(session)


@dataclass
class Told:
    """What one desk was told before the server was gone."""

    lent: list[str] = field(default_factory=list)
    unanswered: list[tuple[str, str]] = field(default_factory=list)  # key, barcode


def test_a_killed_server_loses_no_loan_it_told_of_and_makes_none_twice(house: House) -> None:
    desks, told = house.desks(), [Told() for _ in range(DESKS)]
    enough = threading.Event()

    def work(desk: int) -> None:
        for barcode in house.barcodes[desk * OWN : (desk + 1) * OWN]:
            key = f"{desk}-{barcode}"
            try:
                said = lend(desks[desk], house.patrons[desk], barcode, key)
            except (OSError, http.client.HTTPException):
                told[desk].unanswered.append((key, barcode))
                return
            assert said["tone"] == "green", said["headline"]
            told[desk].lent.append(barcode)
            if sum(len(one.lent) for one in told) >= BEFORE_THE_CUT:
                enough.set()

    cut = threading.Thread(target=lambda: enough.wait(120) and house.server.kill())
    cut.start()
    at_once(work)
    cut.join(timeout=130)
    acknowledged = {code for one in told for code in one.lent}
    unanswered = [pair for one in told for pair in one.unanswered]
    assert len(acknowledged) >= BEFORE_THE_CUT
    assert unanswered  # it was killed while they lent
    after = loans()
    assert acknowledged <= after.keys()
    assert set(after) <= acknowledged | {code for _, code in unanswered}
    # The same scans again, with the keys they had: each is lent now, and once.
    house.server.start()
    again = house.desks()
    for desk, one in enumerate(told):
        for key, barcode in one.unanswered:
            assert lend(again[desk], house.patrons[desk], barcode, key)["tone"] == "green"
    assert loans() == dict.fromkeys(acknowledged | {code for _, code in unanswered}, 1)
    with db.reading() as session:
        check_all(session)
