"""The registers: pages that stay as printed, corrections in red, three parts that balance."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cataloging.items import (
    CopyFacts,
    add_items,
    change_item,
    facts_of,
    take_back_withdrawal,
    withdraw_item,
)
from cataloging.models import Item, Register
from cataloging.stockbook.books import pages, papers
from cataloging.stockbook.books.adopting import Paper, take_into_books, take_opening_into_books
from cataloging.stockbook.books.balance import balance_of
from cataloging.stockbook.books.models import RegisterPage
from cataloging.stockbook.books.shelf import Book, book_for
from cataloging.stockbook.vouchers import (
    LineFacts,
    VoucherFacts,
    add_title,
    close_voucher,
    open_voucher,
    reopen_voucher,
    strike_voucher,
)
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import Forbidden, IlsError, Invalid, NotFound, Refused
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
def cataloger(both_session: Session, place: Province) -> Actor:
    return create_actor(both_session, "cataloguer", place.library)


@pytest.fixture
def register(both_session: Session, place: Province) -> Register:
    return create_register(both_session, place.library, "VN")


def receive(
    session: Session, actor: Actor, place: Province, register: Register, copies: int, **more: Any
) -> Any:
    facts = VoucherFacts("invoice", place.branch.id, "HD-1", clock.today(), register_id=register.id)
    voucher = open_voucher(session, actor, replace(facts, **more))
    record = create_record(session)
    add_title(session, actor, voucher.id, LineFacts(copies, 40_000), record_id=record.id)
    close_voucher(session, actor, voucher.id)
    return voucher


def accession(session: Session, place: Province, register: Register) -> Book:
    return book_for(session, place.library.id, f"accession-{register.id}")


def test_a_page_printed_as_final_is_printed_again_byte_for_byte_whatever_happens_after(
    both_session: Session,
    place: Province,
    cataloger: Actor,
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = both_session
    monkeypatch.setattr(pages, "LAYOUT", 1)
    voucher = receive(session, cataloger, place, register, 29)
    book = accession(session, place, register)
    (page,) = pages.print_final(session, cataloger, place.library.id, book.code)
    assert (page.page_no, len(page.lines), page.totals) == (1, 26, {"price": 26 * 40_000})
    assert page.lines[0]["shown"]["summary_no"] == str(voucher.summary_no)
    session.expire_all()
    first = papers.frozen_pdf(session, book, 1, 1)
    item = session.scalars(select(Item).where(Item.serial == 3)).one()
    facts = replace(facts_of(item), price=55_000)
    change_item(session, cataloger, item.id, facts, expected_version=item.version)
    withdraw_item(session, cataloger, item.id, reason="worn", decision="QĐ 7")
    assert papers.frozen_pdf(session, book, 1, 1) == first
    monkeypatch.undo()
    [later] = pages.print_final(session, cataloger, place.library.id, book.code, with_rest=True)
    assert later.layout > 1
    session.expire_all()
    assert papers.frozen_pdf(session, book, 1, 1) == first, "a page keeps the look it was signed in"
    assert b"/Count 2" in papers.frozen_pdf(session, book, 1, 2), "both looks in one file"


def test_what_is_changed_later_is_a_line_in_red_with_who_and_when_and_totals_stay_true(
    both_session: Session, place: Province, cataloger: Actor, register: Register
) -> None:
    session = both_session
    receive(session, cataloger, place, register, 27)
    book = accession(session, place, register)
    pages.print_final(session, cataloger, place.library.id, book.code)
    item = session.scalars(select(Item).where(Item.serial == 3)).one()
    head = create_actor(session, "head", place.library)
    facts = replace(facts_of(item), price=55_000)
    change_item(session, head, item.id, facts, expected_version=item.version)
    (page,) = pages.print_final(session, cataloger, place.library.id, book.code, with_rest=True)
    entry, correction = page.lines
    assert (entry["kind"], entry["shown"]["number"]) == ("entry", "VN.00027")
    assert correction["kind"] == "correction"
    assert correction["shown"]["number"] == "VN.00003"
    assert correction["shown"]["price"] == 15_000
    assert "Sửa dòng 3 tr. 1: Giá tiền (đồng): 40.000 → 55.000" in correction["about"]
    assert head.name in correction["about"]
    assert page.carried == {"price": 26 * 40_000}
    assert page.totals == {"price": 55_000}
    withdraw_item(session, head, item.id, reason="worn", decision="BB 1, QĐ 7")
    (page,) = pages.print_final(session, cataloger, place.library.id, book.code, with_rest=True)
    (out,) = page.lines
    assert out["about"].startswith("Xuất dòng 2 tr. 2")
    assert out["shown"]["out"] == f"{clock.today():%d/%m/%Y} – BB 1, QĐ 7"
    assert page.totals == {"price": 0}
    with pytest.raises(Refused):
        pages.print_final(session, cataloger, place.library.id, book.code, with_rest=True)


def test_a_line_whose_copy_was_taken_back_is_struck_and_the_number_entered_anew(
    both_session: Session, place: Province, cataloger: Actor, register: Register
) -> None:
    session = both_session
    voucher = receive(session, cataloger, place, register, 2)
    for code in (accession(session, place, register).code, "additions"):
        pages.print_final(session, cataloger, place.library.id, code, with_rest=True)
    reopen_voucher(session, cataloger, voucher.id)
    (page,) = pages.print_final(
        session, cataloger, place.library.id, f"accession-{register.id}", with_rest=True
    )
    assert [line["kind"] for line in page.lines] == ["struck", "struck"]
    assert page.totals == {"price": -80_000}
    close_voucher(session, cataloger, voucher.id)
    (page,) = pages.print_final(
        session, cataloger, place.library.id, f"accession-{register.id}", with_rest=True
    )
    assert [line["shown"]["number"] for line in page.lines] == ["VN.00001", "VN.00002"]
    book = book_for(session, place.library.id, "additions")
    assert pages.waiting(session, book, pages.pages_of(session, book), cataloger) == []


def test_a_page_changed_behind_the_programs_back_is_found_and_not_printed_again(
    both_session: Session, place: Province, cataloger: Actor, register: Register
) -> None:
    session = both_session
    receive(session, cataloger, place, register, 60)
    book = accession(session, place, register)
    made = pages.print_final(session, cataloger, place.library.id, book.code, with_rest=True)
    assert [page.page_no for page in made] == [1, 2, 3]
    assert pages.damaged(pages.pages_of(session, book)) == []
    forged = [dict(line, shown=line["shown"] | {"price": 1}) for line in made[1].lines]
    session.execute(update(RegisterPage).where(RegisterPage.page_no == 2).values(lines=forged))
    session.expire_all()
    assert pages.damaged(pages.pages_of(session, book)) == [2]
    with pytest.raises(Refused, match="register_page_damaged"):
        papers.frozen_pdf(session, book, 2, 3)
    assert papers.frozen_pdf(session, book, 3, 3)[:5] == b"%PDF-"


def test_part_two_has_a_line_for_each_decision_with_reasons_and_groups(
    both_session: Session, place: Province, cataloger: Actor, register: Register
) -> None:
    session = both_session
    receive(session, cataloger, place, register, 5)
    head = create_actor(session, "head", place.library)
    items = session.scalars(select(Item).order_by(Item.id)).all()
    for item, reason in zip(items, ("worn", "worn", "lost"), strict=False):
        withdraw_item(session, head, item.id, reason=reason, decision="BB 1; QĐ 7")
    withdraw_item(session, head, items[3].id, reason="mistake")
    book = book_for(session, place.library.id, "withdrawals")
    unnamed, minutes = book.lines(session)
    assert minutes.values["paper"] == "BB 1; QĐ 7"
    assert [minutes.values[k] for k in ("titles", "copies", "value")] == [1, 3, 120_000]
    assert [minutes.values[k] for k in ("r_worn", "r_lost", "r_other", "book")] == [2, 1, None, 3]
    assert (unnamed.values["copies"], unnamed.values["r_other"]) == (1, 1)
    pages.print_final(session, cataloger, place.library.id, book.code, with_rest=True)
    take_back_withdrawal(session, head, items[0].id)
    frozen = pages.pages_of(session, book)
    (correction,) = pages.waiting(session, book, frozen, cataloger)
    assert [correction["shown"][k] for k in ("copies", "value", "r_worn")] == [-1, -40_000, -1]


def test_the_balance_is_that_of_the_copies_and_a_difference_names_its_copies(
    both_session: Session, place: Province, cataloger: Actor, register: Register
) -> None:
    session = both_session
    library_id, this = place.library.id, clock.today().year
    last_year = date(this - 1, 6, 1)
    receive(session, cataloger, place, register, 4, entered_on=last_year, dated_on=last_year)
    receive(session, cataloger, place, register, 3)
    head = create_actor(session, "head", place.library)
    withdraw_item(session, head, session.scalars(select(Item.id)).first() or 0, reason="worn")
    before, now = balance_of(session, library_id).years[-2:]
    assert (before.added, before.after, before.there, before.difference) == (4, 4, 4, 0)
    assert (now.before, now.added, now.gone, now.after, now.there) == (4, 3, 1, 6, 6)
    assert now.after_value == now.there_value == 6 * 40_000
    facts = CopyFacts(place.branch.id, price=10_000)
    record = create_record(session)
    add_items(session, cataloger, record.id, facts, copies=2, register_id=register.id)
    add_items(
        *(session, cataloger, record.id, facts),
        register_id=register.id,
        accessioned_on=last_year,
        opening_balance=True,
    )
    balance = balance_of(session, library_id)
    assert balance.now.difference == 3
    assert balance.loose == [(this - 1, True, 1, 10_000), (this, False, 2, 20_000)]
    assert len(papers.explained(balance)) == 2
    with pytest.raises(Invalid):
        take_into_books(session, cataloger, library_id, Paper("gift"), year=this, opening=False)
    paper = Paper("gift", "HT-1", clock.today(), "Bà Lan")
    gift = take_into_books(session, cataloger, library_id, paper, year=this, opening=False)
    take_opening_into_books(session, cataloger, library_id, Paper("opening"))
    assert (gift.summary_no, gift.counts["copies"]) == (3, 2)
    balance = balance_of(session, library_id)
    assert (balance.now.difference, balance.loose) == (0, [])
    assert [year.opening for year in balance.years] == [1, 0]
    reopen_voucher(session, cataloger, gift.id)
    strike_voucher(session, cataloger, gift.id)
    assert session.scalars(select(Item).where(Item.record_id == record.id)).all()
    assert balance_of(session, library_id).now.difference == 2


def test_a_register_of_another_library_is_not_found_and_nobody_prints_without_the_right(
    both_session: Session, place: Province, cataloger: Actor, register: Register
) -> None:
    session = both_session
    foreign = create_register(session, place.foreign_library, "XX")
    with pytest.raises(NotFound):
        pages.print_final(session, cataloger, place.library.id, f"accession-{foreign.id}")
    with pytest.raises(Forbidden):
        pages.print_final(session, cataloger, place.foreign_library.id, f"accession-{foreign.id}")


def test_registers_are_looked_at_and_printed_as_final_in_the_browser(
    staff_client: Callable[..., Any], province: Province
) -> None:
    browser = staff_client("head", province.library)
    with transaction() as session:
        head = create_actor(session, "head", province.library)
        register = create_register(session, province.library, "VN")
        facts = CopyFacts(province.branch.id, price=10_000)
        record = create_record(session, "Số đỏ")
        add_items(session, head, record.id, facts, copies=3, register_id=register.id)
        code = f"accession-{register.id}"
    path = f"/staff/stockbook/books/{code}"
    assert "VN" in browser.get("/staff/stockbook/books/").text
    assert browser.post(f"{path}/final").status_code == 409
    assert browser.get(f"{path}/draft.pdf").data[:5] == b"%PDF-"
    assert browser.post(f"{path}/final", data={"rest": "1"}).status_code == 302
    assert browser.get(path).status_code == 200
    assert browser.get(f"{path}/pages.pdf?first=1&last=9").data[:5] == b"%PDF-"
    assert browser.get(f"{path}/lines.xlsx").data[:2] == b"PK"
    for book in ("additions", "withdrawals", "balance"):
        assert browser.get(f"/staff/stockbook/books/{book}").status_code == 200
    year = clock.today().year
    assert "3" in browser.get(f"/staff/stockbook/books/balance/copies?year={year}").text
    wrong = browser.post("/staff/stockbook/books/balance/take", data={"year": year, "kind": "gift"})
    assert wrong.status_code == 422
    data = {"year": year, "kind": "gift", "number": "1", "dated_on": "01/01/2026"}
    assert browser.post("/staff/stockbook/books/balance/take", data=data).status_code == 302
    for kind in ("pdf", "xlsx"):
        assert browser.get(f"/staff/stockbook/books/balance/today.{kind}").status_code == 200


def test_two_who_print_at_once_freeze_every_line_once(both: Any) -> None:
    with transaction() as session:
        place = create_province(session)
        actor = create_actor(session, "cataloguer", place.library)
        register = create_register(session, place.library, "VN")
        receive(session, actor, place, register, 30)
        code, library_id = f"accession-{register.id}", place.library.id

    def freeze(_n: int) -> str:
        try:
            with transaction() as session:
                return str(len(pages.print_final(session, actor, library_id, code, with_rest=True)))
        except IlsError as error:
            return error.code

    with ThreadPoolExecutor(3) as pool:
        said = sorted(pool.map(freeze, range(3)))
    assert said == ["2", "book_nothing_to_print", "book_nothing_to_print"]
    with reading() as session:
        found = pages.pages_of(session, book_for(session, library_id, code))
        assert [page.entries for page in found] == [26, 4]
        assert pages.damaged(found) == []
