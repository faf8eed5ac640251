"""Central purchase: split by a table, sent, counted and confirmed by each library."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from cataloging.stockbook.central.models import CentralPurchase, CentralTitle, CentralVoucher
from cataloging.stockbook.central.splitting import (
    PurchaseFacts,
    add_title,
    begin_purchase,
    call_back,
    delete_purchase,
    save_table,
    send_purchase,
    standing,
)
from cataloging.stockbook.models import Voucher
from cataloging.stockbook.vouchers import (
    LineFacts,
    change_title,
    close_voucher,
    lines_of,
    strike_voucher,
)
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import transaction
from ils.core.errors import Forbidden, Invalid, Refused
from tests.factories import (
    Province,
    create_actor,
    create_province,
    create_record,
    create_register,
)


@pytest.fixture
def place(both_session: Session) -> Province:
    return create_province(both_session)


@pytest.fixture
def officer(both_session: Session, place: Province) -> Actor:
    return create_actor(both_session, "province_officer", place.top)


def split(session: Session, officer: Actor, place: Province) -> CentralPurchase:
    """Two titles: three and two copies for one library, one for the other; one title is new."""
    purchase = begin_purchase(session, officer, PurchaseFacts("PC-1", clock.today(), "FAHASA"))
    known = add_title(
        session, officer, purchase.id, record_id=create_record(session).id, price=40_000, copies=1
    )
    new = add_title(session, officer, purchase.id, fresh={"title": "Sách mới của tỉnh"})
    ours, theirs = place.library.id, place.foreign_library.id
    table = {known.id: (45_000, {ours: 3, theirs: 1}), new.id: (30_000, {ours: 2, theirs: 0})}
    save_table(session, officer, purchase.id, table)
    return purchase


def vouchers(session: Session, purchase: CentralPurchase) -> dict[int, Voucher]:
    query = select(Voucher).join(CentralVoucher, CentralVoucher.voucher_id == Voucher.id)
    rows = session.scalars(query.where(CentralVoucher.purchase_id == purchase.id))
    return {row.library_id: row for row in rows}


def test_each_library_gets_a_voucher_and_enters_what_it_received_in_its_own_books(
    both_session: Session, place: Province, officer: Actor
) -> None:
    session = both_session
    create_register(session, place.library, "VN")
    purchase = split(session, officer, place)
    assert send_purchase(session, officer, purchase.id) == 2
    mine = vouchers(session, purchase)[place.library.id]
    assert (mine.kind, mine.number, mine.total, mine.state) == ("allotment", "PC-1", 195_000, "draft")  # fmt: skip
    lines = [line for line, _record in lines_of(session, mine.id)]
    assert [(line.copies, line.expected) for line in lines] == [(3, 3), (2, 2)]
    assert session.scalar(select(func.count()).where(Record.title == "Sách mới của tỉnh")) == 1
    cataloger = create_actor(session, "cataloguer", place.library)
    change_title(session, cataloger, lines[0].id, LineFacts(2, 45_000, 45_000))
    with pytest.raises(Refused, match="voucher_sum_differs"):
        close_voucher(session, cataloger, mine.id)
    made = close_voucher(session, cataloger, mine.id, in_spite=True)
    assert [item.accession_no for item in made] == [f"VN.{n:05d}" for n in range(1, 5)]
    assert {(item.owner_id, item.source) for item in made} == {(place.library.id, "allotted")}
    assert (mine.summary_no, mine.counts["copies"]) == (1, 4)
    rows, replies = standing(session, purchase)
    assert [row.received.get(place.library.id) for row in rows] == [2, 2]
    told = {reply.library.id: (reply.announced, reply.received) for reply in replies}
    assert told == {place.library.id: (5, 4), place.foreign_library.id: (1, None)}
    with pytest.raises(Refused, match="purchase_confirmed"):
        call_back(session, officer, purchase.id)


def test_a_sending_is_taken_back_while_nobody_confirmed_and_sent_again(
    both_session: Session, place: Province, officer: Actor
) -> None:
    session = both_session
    purchase = split(session, officer, place)
    send_purchase(session, officer, purchase.id)
    with pytest.raises(Refused, match="purchase_sent"):
        save_table(session, officer, purchase.id, {})
    call_back(session, officer, purchase.id)
    assert session.scalar(select(func.count()).select_from(Voucher)) == 0
    assert purchase.state == "draft"
    assert send_purchase(session, officer, purchase.id) == 2
    assert session.scalar(select(func.count()).where(Record.title == "Sách mới của tỉnh")) == 1
    foreign = create_actor(session, "head", place.foreign_library)
    strike_voucher(session, foreign, vouchers(session, purchase)[place.foreign_library.id].id)
    _rows, replies = standing(session, purchase)
    assert [reply.voucher is None for reply in replies] == [False, True]


def test_only_the_province_splits_and_only_what_is_whole_is_sent(
    both_session: Session, place: Province, officer: Actor
) -> None:
    session = both_session
    head = create_actor(session, "head", place.library)
    with pytest.raises(Forbidden):
        begin_purchase(session, head, PurchaseFacts("1", clock.today()))
    with pytest.raises(Invalid, match="purchase_unnumbered"):
        begin_purchase(session, officer, PurchaseFacts(" ", clock.today()))
    purchase = begin_purchase(session, officer, PurchaseFacts("1", clock.today()))
    with pytest.raises(Refused, match="purchase_not_split"):
        send_purchase(session, officer, purchase.id)
    title = add_title(session, officer, purchase.id, record_id=create_record(session).id)
    with pytest.raises(Invalid, match="too_many_copies"):
        save_table(session, officer, purchase.id, {title.id: (None, {place.library.id: -1})})
    with pytest.raises(Invalid, match="price_impossible"):
        save_table(session, officer, purchase.id, {title.id: (-1, {})})
    delete_purchase(session, officer, purchase.id)
    assert session.scalar(select(func.count()).select_from(CentralPurchase)) == 0


def test_a_purchase_goes_its_way_in_the_browser(
    staff_client: Callable[..., Any], province: Province
) -> None:
    officer = staff_client("province_officer", province.top)
    with transaction() as session:
        record = create_record(session, "Đất rừng phương Nam")
        create_register(session, province.library, "VN")
    data = {"number": "PC-7", "dated_on": "01/02/2026", "source": "FAHASA"}
    assert officer.post("/staff/stockbook/central/", data={"number": ""}).status_code == 422
    path = officer.post("/staff/stockbook/central/", data=data).headers["Location"]
    officer.post(f"{path}/add", data={"code": "Đất rừng", "copies": "1", "price": "50.000"})
    page = officer.post(f"{path}/add", data={"code": "Không có tên này", "copies": "2"}).text
    assert "Không có tên này" in page
    officer.post(f"{path}/add", data={"title": "Không có tên này", "copies": "2"})
    with transaction() as session:
        first, second = session.scalars(select(CentralTitle.id).order_by(CentralTitle.id)).all()
    table = {f"price-{first}": "45.000", f"n-{first}-{province.library.id}": "3"}
    table |= {f"price-{second}": "", f"n-{second}-{province.library.id}": "1"}
    assert officer.post(f"{path}/act", data=table | {"act": "send"}).status_code == 302
    assert officer.get(path).status_code == 200
    assert officer.get(f"{path}/table.xlsx").data[:2] == b"PK"
    assert officer.get(f"{path}/table.pdf").data[:5] == b"%PDF-"
    head = staff_client("head", province.library)
    assert head.get(path).status_code == 403
    with transaction() as session:
        (voucher,) = session.scalars(select(Voucher)).all()
        voucher_id = voucher.id
        assert record.title
    assert "PC-7" in head.get("/staff/stockbook/").text
    head.post(f"/staff/stockbook/{voucher_id}/act", data={"act": "close"})
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Item)) == 4
    officer = staff_client("province_officer", province.top)
    assert "4" in officer.get(path).text
    assert officer.post(f"{path}/act", data={"act": "back"}).status_code == 409
