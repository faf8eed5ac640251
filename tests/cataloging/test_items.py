"""Copies and their numbers: entered, changed, withdrawn, and never numbered twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cataloging import hooks
from cataloging.hooks import Veto
from cataloging.items import (
    CopyFacts,
    add_items,
    change_item,
    facts_of,
    take_back_withdrawal,
    withdraw_item,
)
from cataloging.life import history_of
from cataloging.models import Barcode, Item
from cataloging.numbers import (
    accession_key,
    claim_barcode,
    find_by_accession,
    next_number,
    numbers_typed,
    serial_of,
)
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.db import transaction
from ils.core.errors import Forbidden, Invalid, Refused, StaleVersion
from ils.core.events import EventRow
from tests.factories import (
    Province,
    create_actor,
    create_collection,
    create_province,
    create_record,
    create_register,
)


@pytest.fixture
def place(session: Session) -> Province:
    return create_province(session)


@pytest.fixture
def cataloguer(session: Session, place: Province) -> Actor:
    return create_actor(session, "cataloguer", place.branch, place.library)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("TN.00012", "TN12"),
        ("tn12", "TN12"),
        (" Tn . 0012 ", "TN12"),
        ("TN-12", "TN12"),
        ("00012", "12"),
        ("VV19/1234", "VV19.1234"),
        ("đv.075504", "ĐV75504"),
        ("PM 000", "PM0"),
        ("", ""),
    ],
)
def test_an_accession_number_is_one_however_it_is_typed(typed: str, key: str) -> None:
    assert accession_key(typed) == key


def test_numbers_of_one_line_may_have_blanks_within() -> None:
    assert numbers_typed("Vm 34894, vm.34895;34896  TN 7 8") == [
        "Vm 34894", "vm.34895", "34896", "TN 7", "8",
    ]  # fmt: skip
    assert numbers_typed(" , ") == []


def test_copies_get_the_next_numbers_of_their_register(
    session: Session, place: Province, cataloguer: Actor
) -> None:
    register = create_register(session, place.library, "TN")
    kho = create_collection(session, place.library, "TN")
    record = create_record(session)
    facts = CopyFacts(
        place.branch.id, collection_id=kho.id, price=35000, source="gift", voucher="P2601-3"
    )
    made = add_items(session, cataloguer, record.id, facts, copies=3, register_id=register.id)
    assert [i.accession_no for i in made] == ["TN.00001", "TN.00002", "TN.00003"]
    assert [i.barcode for i in made] == ["TN.00001", "TN.00002", "TN.00003"]
    assert next_number(session, register.id) == "TN.00004"
    assert find_by_accession(session, "tn 2") == [made[1]]
    event = session.scalars(select(EventRow).where(EventRow.item_id == made[0].id)).one()
    assert (event.kind, event.amount, event.collection, event.effective_on) == (
        "item_accessioned",
        35000,
        "TN",
        clock.today(),
    )
    assert event.facts["source"] == "gift"
    assert "opening_balance" not in event.facts


def test_old_stock_keeps_its_numbers_its_day_and_is_no_addition(
    session: Session, place: Province, cataloguer: Actor
) -> None:
    register = create_register(session, place.library, "VV")
    record = create_record(session)
    facts = CopyFacts(place.branch.id)
    old = add_items(
        session,
        cataloguer,
        record.id,
        facts,
        register_id=register.id,
        numbers=["VV.00120", "118"],
        accessioned_on=date(1998, 3, 4),
        opening_balance=True,
    )
    assert [i.accession_no for i in old] == ["VV.00120", "VV.00118"]
    event = session.scalars(select(EventRow).where(EventRow.item_id == old[0].id)).one()
    assert event.effective_on == date(1998, 3, 4)
    assert event.facts["opening_balance"] is True
    assert next_number(session, register.id) == "VV.00121"
    for taken in ("vv118", "120"):
        with pytest.raises(Refused, match="accession_taken"):
            add_items(
                session, cataloguer, record.id, facts, register_id=register.id, numbers=[taken]
            )
    with pytest.raises(Invalid, match="accession_twice"):
        add_items(
            session, cataloguer, record.id, facts, register_id=register.id, numbers=["7", "07"]
        )
    with pytest.raises(Invalid, match="accession_not_of_register"):
        add_items(session, cataloguer, record.id, facts, register_id=register.id, numbers=["TN.7"])


def test_a_number_of_a_withdrawn_copy_is_never_given_again(
    session: Session, place: Province, cataloguer: Actor
) -> None:
    register = create_register(session, place.library)
    record = create_record(session)
    facts = CopyFacts(place.branch.id)
    item = add_items(session, cataloguer, record.id, facts, register_id=register.id)[0]
    withdraw_item(session, cataloguer, item.id, reason="worn", decision="12/QĐ-TV")
    again = add_items(session, cataloguer, record.id, facts, register_id=register.id)[0]
    assert again.serial == 2
    with pytest.raises(Refused, match="accession_taken"):
        add_items(session, cataloguer, record.id, facts, register_id=register.id, numbers=["1"])


def test_two_libraries_may_have_one_number_but_never_one_barcode(
    session: Session, place: Province
) -> None:
    record = create_record(session)
    made = [
        add_items(
            session,
            system_actor(),
            record.id,
            CopyFacts(branch.id),
            register_id=create_register(session, library, "TN").id,
        )[0]
        for library, branch in (
            (place.library, place.branch),
            (place.foreign_library, place.foreign_branch),
        )
    ]
    assert [i.accession_no for i in made] == ["TN.00001", "TN.00001"]
    assert made[0].barcode == "TN.00001"
    assert made[1].barcode == f"{place.foreign_library.code}-TN.00001".upper()
    found = find_by_accession(session, "tn1", place.foreign_library.id)
    assert found == [made[1], made[0]]


def test_a_barcode_of_a_card_is_refused_for_a_copy(
    session: Session, place: Province, cataloguer: Actor
) -> None:
    claim_barcode(session, "bd 0001", card_id=7)
    record = create_record(session)
    with pytest.raises(Refused, match="barcode_taken"):
        add_items(session, cataloguer, record.id, CopyFacts(place.branch.id), barcodes=["BD0001"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"item_type": "none"}, "item_type_unknown"),
        ({"use": "x"}, "item_use_unknown"),
        ({"lifecycle": "withdrawn"}, "item_lifecycle_unknown"),
        ({"price": -1}, "price_impossible"),
        ({"collection_id": 99}, "collection_unknown"),
    ],
)
def test_what_cannot_be_is_refused_with_the_box_named(
    session: Session, place: Province, cataloguer: Actor, change: dict, code: str
) -> None:
    record = create_record(session)
    facts = replace(CopyFacts(place.branch.id), **change)
    with pytest.raises(Invalid, match=code) as refused:
        add_items(session, cataloguer, record.id, facts)
    assert refused.value.facts["field"] in change


def test_another_library_cannot_be_given_copies(
    session: Session, place: Province, cataloguer: Actor
) -> None:
    record = create_record(session)
    with pytest.raises(Forbidden):
        add_items(session, cataloguer, record.id, CopyFacts(place.foreign_branch.id))


def test_a_copy_is_changed_and_its_history_tells_how(
    session: Session, place: Province, cataloguer: Actor
) -> None:
    item = add_items(session, cataloguer, create_record(session).id, CopyFacts(place.branch.id))[0]
    facts = replace(facts_of(item), price=60000, branch_id=place.other_branch.id, shelf="K2")
    change_item(session, cataloguer, item.id, facts, expected_version=item.version, barcode="x1")
    assert (item.price, item.branch_id, item.located_id, item.barcode) == (
        60000,
        place.other_branch.id,
        place.other_branch.id,
        "X1",
    )
    with pytest.raises(StaleVersion):
        change_item(session, cataloguer, item.id, facts, expected_version=1)
    changed, entered = history_of(session, item.id)
    assert (changed.what, entered.what) == ("item_changed", "item_accessioned")
    assert changed.facts["changes"]["price"] == [None, 60000]
    assert changed.facts["changes"]["barcode"] == [None, "X1"]
    change_item(session, cataloguer, item.id, facts, expected_version=item.version, barcode="x2")
    assert session.scalars(select(Barcode.value)).all() == ["X2"]


def test_a_copy_that_is_out_is_neither_withdrawn_nor_moved(
    session: Session,
    place: Province,
    cataloguer: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = add_items(session, cataloguer, create_record(session).id, CopyFacts(place.branch.id))[0]
    monkeypatch.setattr(hooks, "_vetoes", [lambda _session, _id: [Veto("on_loan", loan_id=1)]])
    with pytest.raises(Refused) as refused:
        withdraw_item(session, cataloguer, item.id, reason="worn")
    assert refused.value.facts["reasons"] == ["on_loan"]
    elsewhere = replace(facts_of(item), branch_id=place.other_branch.id)
    with pytest.raises(Refused, match="item_vetoed"):
        change_item(session, cataloguer, item.id, elsewhere, expected_version=item.version)


def test_a_withdrawal_has_reason_and_decision_and_can_be_taken_back(
    session: Session, place: Province, cataloguer: Actor
) -> None:
    item = add_items(
        session, cataloguer, create_record(session).id, CopyFacts(place.branch.id, price=5000)
    )[0]
    withdraw_item(session, cataloguer, item.id, reason="worn", decision="12/QĐ-TV")
    event = session.scalars(select(EventRow).where(EventRow.kind == "item_withdrawn")).one()
    assert (event.amount, event.facts["reason"], event.facts["decision"]) == (
        5000,
        "worn",
        "12/QĐ-TV",
    )
    assert (item.lifecycle, item.withdrawn_on) == ("withdrawn", clock.today())
    with pytest.raises(Refused):
        withdraw_item(session, cataloguer, item.id, reason="worn")
    take_back_withdrawal(session, cataloguer, item.id)
    assert item.lifecycle == "active"
    assert [m.undone for m in history_of(session, item.id) if m.what == "item_withdrawn"] == [True]
    with pytest.raises(Invalid, match="withdrawal_reason_unknown"):
        withdraw_item(session, cataloguer, item.id, reason="whim")


def test_eight_desks_at_once_take_numbers_without_gap_or_double(both: Engine) -> None:
    with transaction() as session:
        place = create_province(session)
        register = create_register(session, place.library, "TN")
        record = create_record(session)
    facts = CopyFacts(place.branch.id)

    def enter(_n: int) -> list[int]:
        with transaction() as session:
            made = add_items(
                session, system_actor(), record.id, facts, copies=2, register_id=register.id
            )
            return [item.serial or 0 for item in made]

    with ThreadPoolExecutor(8) as pool:
        serials = [s for pair in pool.map(enter, range(16)) for s in pair]
    assert sorted(serials) == list(range(1, 33))
    with transaction() as session:
        assert len(session.scalars(select(Item.barcode).distinct()).all()) == 32


def test_a_typed_number_is_read_with_or_without_its_prefix(
    session: Session, place: Province
) -> None:
    register = create_register(session, place.library, "TN")
    assert [serial_of(register, t) for t in ("12", "TN.00012", "tn 12")] == [12, 12, 12]
    for wrong in ("", "TN", "0", "VN12", "12a", "9" * 12):
        with pytest.raises(Invalid):
            serial_of(register, wrong)
