"""Desks over HTTP: at once on the same books, and with the server killed under them.

What was answered to a desk has happened, and once, whatever became of the server afterwards.
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from bench.crash import crash
from bench.laws import check_all
from bench.postgres import free_port
from bench.server import Visitor
from cataloging.models import Item
from circulation.models import Loan, PolicyRow
from ils.core import db
from ils.core.config import config
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
        items = [create_item(session, province.branch) for _ in range(SHARED)]
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
    desks, wanted = house.desks(), house.barcodes
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


def test_sixteen_desks_lose_and_double_nothing_though_the_server_is_killed(both: Engine) -> None:
    """Lending, returning, renewing, reserving and paying; ``./sen soak --crash`` goes on for longer."""
    done = crash(config(), seconds=4, kills=3)
    assert done.kills == 3
    assert done.resent  # it was killed while they worked
    assert {"lend", "return", "renew", "hold", "pay"} == set(done.counts)
