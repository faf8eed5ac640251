"""Vouchers: titles gathered, closed as one act, opened again while nothing hangs on them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record, Register
from cataloging.stockbook import lists
from cataloging.stockbook.models import Voucher, VoucherLine
from cataloging.stockbook.vouchers import (
    LineFacts,
    VoucherFacts,
    add_title,
    change_title,
    change_voucher,
    close_voucher,
    find_titles,
    items_of_voucher,
    open_voucher,
    reopen_voucher,
    strike_voucher,
)
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import Forbidden, IlsError, Invalid, Refused
from ils.core.events import EventRow
from tests.factories import (
    Province,
    create_actor,
    create_province,
    create_record,
    create_register,
)

ISBN = "9786042089012"


@pytest.fixture
def place(session: Session) -> Province:
    return create_province(session)


@pytest.fixture
def cataloger(session: Session, place: Province) -> Actor:
    return create_actor(session, "cataloguer", place.library)


@pytest.fixture
def register(session: Session, place: Province) -> Register:
    return create_register(session, place.library, "VN")


@pytest.fixture
def invoice(place: Province, register: Register) -> VoucherFacts:
    return VoucherFacts(
        "invoice",
        place.branch.id,
        number="HD-17",
        dated_on=clock.today(),
        source="Nhà sách Hương Sen",
        register_id=register.id,
    )


def with_isbn(session: Session, title: str = "Số đỏ", isbn: str = ISBN) -> Record:
    field = {"020": {"ind1": " ", "ind2": " ", "subfields": [{"a": isbn}]}}
    return create_record(session, title, fields=[field])


def test_a_closed_voucher_makes_records_copies_numbers_and_its_line(
    session: Session, cataloger: Actor, invoice: VoucherFacts
) -> None:
    known = with_isbn(session)
    voucher = open_voucher(session, cataloger, replace(invoice, total=3 * 40_000 + 2 * 25_000))
    add_title(session, cataloger, voucher.id, LineFacts(3, 45_000, 40_000), record_id=known.id)
    fresh = {"title": "Cây chuối non đi giày xanh", "authors": "Nguyễn Nhật Ánh", "year": "2018"}
    add_title(session, cataloger, voucher.id, LineFacts(2, 25_000), fresh=fresh)
    made = close_voucher(session, cataloger, voucher.id)
    assert [i.accession_no for i in made] == [f"VN.{n:05d}" for n in range(1, 6)]
    assert [i.price for i in made] == [40_000] * 3 + [25_000] * 2
    assert {(i.source, i.voucher) for i in made} == {("purchase", "HD-17")}
    new = session.get_one(Record, made[-1].record_id)
    assert (new.title, new.author, new.year) == (fresh["title"], "Nguyễn Nhật Ánh", 2018)
    assert voucher.summary_no == 1
    assert [voucher.counts[name] for name in ("titles", "copies", "value")] == [2, 5, 170_000]
    assert voucher.counts["kind"] == {"book": 5}
    events = session.scalars(select(EventRow).where(EventRow.kind == "item_accessioned")).all()
    assert [e.amount for e in events] == [40_000] * 3 + [25_000] * 2


def test_a_sum_that_differs_from_the_paper_is_named_and_must_be_confirmed(
    session: Session, cataloger: Actor, invoice: VoucherFacts
) -> None:
    voucher = open_voucher(session, cataloger, replace(invoice, total=100_000))
    known = create_record(session)
    add_title(session, cataloger, voucher.id, LineFacts(2, 45_000), record_id=known.id)
    with pytest.raises(Refused) as refused:
        close_voucher(session, cataloger, voucher.id)
    assert refused.value.facts["difference"] == "-10.000"
    assert session.scalar(select(func.count()).select_from(Item)) == 0
    assert len(close_voucher(session, cataloger, voucher.id, in_spite=True)) == 2


def test_a_pile_is_counted_by_scanning_and_numbers_run_on_across_years(
    session: Session, place: Province, cataloger: Actor, invoice: VoucherFacts
) -> None:
    known = with_isbn(session)
    last_year = date(clock.today().year - 1, 12, 30)
    for day in (last_year, clock.today()):
        facts = replace(invoice, dated_on=day, entered_on=day)
        voucher = open_voucher(session, cataloger, facts)
        for _scan in range(3):
            add_title(session, cataloger, voucher.id, LineFacts(1, 10_000), record_id=known.id)
        assert len(close_voucher(session, cataloger, voucher.id)) == 3
    part = lists.part_one(session, place.library.id)
    assert [row["summary_no"] for row in part.rows] == [1, 2]
    assert [row["copies"] for row in part.rows] == [3, 3]
    this_year = lists.part_one(session, place.library.id, clock.today().year)
    assert [row["summary_no"] for row in this_year.rows] == [2]


def test_a_voucher_opened_again_takes_all_back_and_gets_the_same_numbers_when_closed(
    session: Session, cataloger: Actor, invoice: VoucherFacts
) -> None:
    voucher = open_voucher(session, cataloger, invoice)
    line = add_title(session, cataloger, voucher.id, LineFacts(2, 5_000), fresh={"title": "Mới"})
    first = [i.accession_no for i in close_voucher(session, cataloger, voucher.id)]
    record_id = line.record_id
    reopen_voucher(session, cataloger, voucher.id)
    assert session.scalar(select(func.count()).select_from(Item)) == 0
    assert session.get_one(Record, record_id).deleted_at is not None
    assert (voucher.state, voucher.summary_no, line.record_id) == ("draft", 1, None)
    change_title(session, cataloger, line.id, LineFacts(3, 5_000, numbers=line.numbers))
    again = [i.accession_no for i in close_voucher(session, cataloger, voucher.id)]
    assert again == [*first, "VN.00003"]
    assert voucher.summary_no == 1
    assert len(items_of_voucher(session, voucher.id)) == 3


def test_a_copy_that_was_used_keeps_its_voucher_closed(
    session: Session, cataloger: Actor, invoice: VoucherFacts
) -> None:
    from cataloging.items import withdraw_item

    voucher = open_voucher(session, cataloger, invoice)
    known = create_record(session)
    add_title(session, cataloger, voucher.id, LineFacts(1), record_id=known.id)
    [item] = close_voucher(session, cataloger, voucher.id)
    withdraw_item(session, cataloger, item.id, reason="mistake")
    with pytest.raises(Refused, match="voucher_used"):
        reopen_voucher(session, cataloger, voucher.id)
    with pytest.raises(Refused, match="voucher_closed"):
        change_voucher(session, cataloger, voucher.id, invoice)
    with pytest.raises(Refused, match="voucher_closed"):
        close_voucher(session, cataloger, voucher.id)


def test_a_numbered_voucher_given_up_stays_struck_out_and_its_number_is_not_given_again(
    session: Session, place: Province, cataloger: Actor, invoice: VoucherFacts
) -> None:
    known = create_record(session)
    numbers = []
    for _n in range(2):
        voucher = open_voucher(session, cataloger, invoice)
        add_title(session, cataloger, voucher.id, LineFacts(1), record_id=known.id)
        close_voucher(session, cataloger, voucher.id)
        numbers.append(voucher.summary_no)
        if voucher.summary_no == 1:
            reopen_voucher(session, cataloger, voucher.id)
            assert strike_voucher(session, cataloger, voucher.id) is voucher
    assert numbers == [1, 2]
    rows = lists.part_one(session, place.library.id).rows
    assert "gạch bỏ" in rows[0]["paper"]
    assert rows[0]["copies"] == 0
    draft = open_voucher(session, cataloger, invoice)
    assert strike_voucher(session, cataloger, draft.id) is None


def test_opening_balance_brings_old_numbers_and_counts_as_no_addition(
    session: Session, cataloger: Actor, invoice: VoucherFacts
) -> None:
    known = create_record(session)
    facts = replace(invoice, kind="opening", number="", dated_on=None, summary_no=250)
    voucher = open_voucher(session, cataloger, facts)
    line = LineFacts(3, 2_000, numbers=["VN.00120", "118"])
    add_title(session, cataloger, voucher.id, line, record_id=known.id)
    made = close_voucher(session, cataloger, voucher.id)
    assert [i.accession_no for i in made] == ["VN.00120", "VN.00118", "VN.00121"]
    assert all(i.opening_balance for i in made)
    assert voucher.summary_no == 250
    with pytest.raises(Invalid, match="summary_number_taken"):
        open_voucher(session, cataloger, facts)
    after = open_voucher(session, cataloger, invoice)
    add_title(session, cataloger, after.id, LineFacts(1), record_id=known.id)
    close_voucher(session, cataloger, after.id)
    assert after.summary_no == 251


@pytest.mark.parametrize("typed", [ISBN, "978-604-2-08901-2", "Số đ"])
def test_titles_are_found_by_isbn_and_by_their_beginning(session: Session, typed: str) -> None:
    create_province(session)
    known = with_isbn(session)
    create_record(session, "Tắt đèn")
    assert [one.id for one in find_titles(session, typed)] == [known.id]


def test_a_new_title_scanned_again_gets_more_copies(
    session: Session, cataloger: Actor, invoice: VoucherFacts
) -> None:
    voucher = open_voucher(session, cataloger, invoice)
    fresh = {"title": "Mới", "isbn": ISBN}
    first = add_title(session, cataloger, voucher.id, LineFacts(2, 9_000), fresh=fresh)
    again = add_title(session, cataloger, voucher.id, LineFacts(1), fresh=fresh)
    assert (again.id, again.copies, again.paid_price) == (first.id, 3, 9_000)


def test_what_cannot_be_is_refused(
    session: Session, place: Province, cataloger: Actor, invoice: VoucherFacts
) -> None:
    foreign = create_register(session, place.foreign_library, "VN")
    for facts, code in (
        (replace(invoice, kind="theft"), "voucher_kind_unknown"),
        (replace(invoice, dated_on=clock.today() + timedelta(days=1)), "accession_date_impossible"),
        (replace(invoice, summary_no=9), "summary_number_runs_on"),
        (replace(invoice, register_id=foreign.id), "register_of_other_library"),
    ):
        with pytest.raises(Invalid, match=code):
            open_voucher(session, cataloger, facts)
    with pytest.raises(Forbidden):
        open_voucher(session, cataloger, replace(invoice, branch_id=place.foreign_branch.id))
    voucher = open_voucher(session, cataloger, replace(invoice, number=""))
    with pytest.raises(Refused, match="voucher_empty"):
        close_voucher(session, cataloger, voucher.id)
    for line, code in (
        (LineFacts(-1), "too_many_copies"),
        (LineFacts(1, -1), "price_impossible"),
        (LineFacts(1, numbers=["VN.1"]), "old_numbers_for_opening"),
    ):
        with pytest.raises(Invalid, match=code):
            add_title(session, cataloger, voucher.id, line, fresh={"title": "x"})
    add_title(session, cataloger, voucher.id, LineFacts(1), fresh={"title": "x"})
    with pytest.raises(Invalid, match="voucher_unnumbered"):
        close_voucher(session, cataloger, voucher.id)


class TestPages:
    """The pages of receiving."""

    def test_a_gift_is_received_printed_and_opened_again(
        self, staff_client: Any, province: Province
    ) -> None:
        with transaction() as session:
            register = create_register(session, province.library, "TN")
            known = with_isbn(session)
        browser = staff_client("cataloguer")
        head = {
            "kind": "gift",
            "number": "BB 03",
            "dated_on": "h",
            "source": "Ông Trần Văn Sen",
            "branch_id": str(province.branch.id),
            "register_id": str(register.id),
            "collection_id": "0",
            "item_type": "book",
            "total": "90k",
        }
        answer = browser.post("/staff/stockbook/new", data=head)
        assert answer.status_code == 302
        path = answer.location
        browser.post(f"{path}/add", data={"code": ISBN, "copies": "2", "cover_price": "30k"})
        unknown = browser.post(f"{path}/add", data={"code": "9786040000002", "copies": "1"})
        assert "Chưa có trong mục lục" in unknown.get_data(as_text=True)
        fresh = {"isbn": "9786040000002", "title": "Sách mới", "copies": "1", "cover_price": "20k"}
        for _twice in range(2):  # Enter pressed twice
            browser.post(f"{path}/add", data=fresh | {"there": "1"})
        refused = browser.post(f"{path}/act", data={"act": "close"})
        assert refused.status_code >= 400
        assert "-10.000 đ" in refused.get_data(as_text=True).replace("\u00a0", " ").replace(
            "–", "-"
        )
        with reading() as session:
            line = session.scalars(select(VoucherLine).where(VoucherLine.record_id.is_(None))).one()
        boxes = {"copies": "1", "cover_price": "30000", "paid_price": "30000"}
        place = {"register_id": register.id, "collection_id": 0, "item_type": "comic"}
        changed = {f"line-{line.id}-{name}": value for name, value in (boxes | place).items()}
        assert browser.post(f"{path}/lines", data=changed).status_code == 302
        assert browser.post(f"{path}/act", data={"act": "close"}).status_code == 302
        with reading() as session:
            assert session.scalars(select(Voucher.state)).all() == ["closed"]
            assert [i.item_type for i in session.scalars(select(Item).order_by(Item.id))] == [
                *("book", "book"),
                "comic",
            ]
        page = browser.get(path).get_data(as_text=True)
        assert "TN.00001 – TN.00002" in page
        for paper in ("receipt.pdf", "letter.pdf"):
            assert browser.get(f"{path}/{paper}").data[:4] == b"%PDF"
        for name in ("additions", "donors"):
            assert browser.get(f"/staff/stockbook/{name}.pdf").data[:4] == b"%PDF"
            assert browser.get(f"/staff/stockbook/{name}.xlsx").data[:2] == b"PK"
        assert browser.post(f"{path}/act", data={"act": "reopen"}).status_code == 302
        with reading() as session:
            assert session.scalar(select(func.count()).select_from(Item)) == 0
            assert session.get_one(Record, known.id).deleted_at is None

    def test_two_who_close_at_once_enter_the_copies_once(self, province: Province) -> None:
        with transaction() as session:
            actor = create_actor(session, "cataloguer", province.library)
            known = create_record(session)
            facts = VoucherFacts("gift", province.branch.id, number="1", dated_on=clock.today())
            voucher = open_voucher(session, actor, facts)
            add_title(session, actor, voucher.id, LineFacts(2), record_id=known.id)

        def close(_n: int) -> str:
            try:
                with transaction() as session:
                    return str(len(close_voucher(session, actor, voucher.id)))
            except IlsError as error:
                return error.code

        with ThreadPoolExecutor(4) as pool:
            said = sorted(pool.map(close, range(4)))
        assert said == ["2", *["voucher_closed"] * 3]
        with reading() as session:
            assert session.scalar(select(func.count()).select_from(Item)) == 2
