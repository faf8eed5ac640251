"""Suppliers: kept by a library or the province, no two with one tax code, laid aside or deleted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import Supplier
from cataloging.acquisitions.suppliers import (
    Asked,
    SupplierFacts,
    add_supplier,
    change_supplier,
    is_odd,
    supplier_for,
    suppliers_of,
    suppliers_to_choose,
    tax_code_of,
)
from ils.accounts.actor import Actor, system_actor
from ils.core.db import reading, transaction
from ils.core.errors import Forbidden, Invalid, NotFound
from tests.factories import Province, create_actor, create_province

HOUSE = SupplierFacts("Công ty Phát hành sách Mẫu", "0100233488")


@pytest.fixture
def place(both_session: Session) -> Province:
    return create_province(both_session)


@pytest.fixture
def buyer(both_session: Session, place: Province) -> Actor:
    return create_actor(both_session, "cataloguer", place.library)


def test_a_library_sees_its_own_suppliers_and_those_of_the_province(
    both_session: Session, place: Province, buyer: Actor
) -> None:
    own = add_supplier(both_session, buyer, place.library.id, HOUSE)
    above = add_supplier(both_session, system_actor(), place.top.id, SupplierFacts("Bưu điện tỉnh"))
    foreign = add_supplier(
        both_session, system_actor(), place.foreign_library.id, SupplierFacts("Nơi khác")
    )
    rows, total = suppliers_of(both_session, Asked(place.library.id))
    assert ([row.id for row in rows], total) == ([above.id, own.id], 2)
    assert [r.id for r in suppliers_of(both_session, Asked(place.library.id, "sach mau"))[0]] == [
        own.id
    ]
    assert supplier_for(both_session, buyer, above.id) is above
    with pytest.raises(NotFound):
        supplier_for(both_session, buyer, foreign.id)
    with pytest.raises(NotFound):
        change_supplier(both_session, buyer, foreign.id, HOUSE)
    with pytest.raises(Forbidden):
        change_supplier(both_session, buyer, above.id, HOUSE)


def test_no_two_suppliers_of_a_library_have_one_tax_code(
    both_session: Session, place: Province, buyer: Actor
) -> None:
    first = add_supplier(both_session, buyer, place.library.id, HOUSE)
    change_supplier(both_session, buyer, first.id, replace(HOUSE, phone="02033 000 000"))
    with pytest.raises(Invalid, match="tax_code_taken"):
        add_supplier(
            both_session, buyer, place.library.id, SupplierFacts("Tên khác", "0100 233 488")
        )
    add_supplier(both_session, system_actor(), place.foreign_library.id, HOUSE)
    for _twice in range(2):
        add_supplier(both_session, buyer, place.library.id, SupplierFacts("Không có mã"))
    both_session.add(Supplier(unit_id=place.library.id, name="x", tax_code=first.tax_code))
    with pytest.raises(IntegrityError):
        both_session.flush()


def test_one_laid_aside_is_not_offered_but_stays_where_it_was_chosen(
    both_session: Session, place: Province, buyer: Actor
) -> None:
    found = add_supplier(both_session, buyer, place.library.id, replace(HOUSE, active=False))
    assert suppliers_to_choose(both_session, place.library.id) == []
    assert suppliers_to_choose(both_session, place.library.id, found.id) == [(found.id, HOUSE.name)]
    assert suppliers_of(both_session, Asked(place.library.id))[1] == 0
    assert suppliers_of(both_session, Asked(place.library.id, state="aside"))[1] == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0100109106001", "0100109106-001"),
        ("0100109106-001", "0100109106-001"),
        ("001088012345", "001088012345"),
        ("", ""),
    ],
)
def test_a_tax_code_is_kept_in_one_way(typed: str, kept: str) -> None:
    assert tax_code_of(typed) == kept


def test_what_cannot_be_is_refused(both_session: Session, place: Province, buyer: Actor) -> None:
    ends_first = replace(HOUSE, contract_from=date(2026, 2, 1), contract_until=date(2026, 1, 1))
    for facts, code in (
        (replace(HOUSE, name=" "), "supplier_unnamed"),
        (replace(HOUSE, tax_code="12345"), "tax_code_impossible"),
        (ends_first, "contract_backwards"),
    ):
        with pytest.raises(Invalid, match=code):
            add_supplier(both_session, buyer, place.library.id, facts)
    assert is_odd("0100233489")
    assert not is_odd("0100233488")


def test_a_supplier_is_written_down_changed_and_deleted_in_the_browser(
    staff_client: Callable[..., Any], province: Province
) -> None:
    browser = staff_client("cataloguer")
    typed = {"name": "Nhà sách Mẫu", "tax_code": "0100233489", "unit_id": str(province.library.id)}
    wrong = browser.post("/staff/acquisitions/suppliers/new", data=typed | {"email": "x"})
    assert wrong.status_code == 422
    answer = browser.post("/staff/acquisitions/suppliers/new", data=typed | {"active": "y"})
    path = answer.location
    assert "so lại với hóa đơn" in browser.get(path).get_data(as_text=True)
    taken = browser.post("/staff/acquisitions/suppliers/new", data=typed)
    assert "đã có trong danh sách" in taken.get_data(as_text=True)
    assert browser.post(path, data=typed | {"name": "Nhà sách Sen mẫu"}).status_code == 302
    with reading() as session:
        found = session.scalars(select(Supplier)).one()
        assert (found.name, found.active) == ("Nhà sách Sen mẫu", False)
    assert browser.get("/staff/acquisitions/suppliers/list.xlsx").data[:2] == b"PK"
    assert browser.post(f"{path}/delete").status_code == 302
    assert browser.get(path).status_code == 404
    with transaction() as session:
        above = add_supplier(session, system_actor(), province.top.id, HOUSE).id
    page = browser.get(f"/staff/acquisitions/suppliers/{above}").get_data(as_text=True)
    assert "do cấp tỉnh lập" in page
    assert browser.post(f"/staff/acquisitions/suppliers/{above}/delete").status_code == 403
