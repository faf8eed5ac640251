"""Suggestions: kept within limits, answered, ordered, and forgotten who made them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import OrderLine, PurchaseOrder, Suggestion
from cataloging.acquisitions.orders import OrderFacts, begin_order, remove_title, send_order
from cataloging.acquisitions.receiving import receive_order
from cataloging.acquisitions.rules.suggesting import stage_of
from cataloging.acquisitions.suggestions import (
    Asked,
    SuggestionFacts,
    answer,
    cut_links,
    known_of,
    put_on_order,
    suggest,
    suggestions_of,
    suggestions_of_patron,
    take_answer_back,
    withdraw,
)
from cataloging.acquisitions.suppliers import SupplierFacts, add_supplier
from cataloging.models import Record
from cataloging.stockbook import vouchers
from circulation.patrons.erasure import erase_patron
from circulation.patrons.models import Patron
from circulation.patrons.person_data import person_data
from circulation.patrons.sign_in import patron_actor
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.db import transaction
from ils.core.errors import Forbidden, Invalid, NotFound, Refused
from tests.factories import (
    Province,
    create_actor,
    create_item,
    create_patron,
    create_province,
    create_record,
)

WISH = SuggestionFacts("Tuổi thơ dữ dội", "Phùng Quán", note="Cháu nhà tôi rất thích")


@pytest.fixture
def place(both_session: Session) -> Province:
    return create_province(both_session)


@pytest.fixture
def buyer(both_session: Session, place: Province) -> Actor:
    return create_actor(both_session, "head", place.library)


@pytest.fixture
def reader(both_session: Session, place: Province) -> Patron:
    return create_patron(both_session, place.branch)


def draft(session: Session, place: Province, buyer: Actor) -> PurchaseOrder:
    shop = add_supplier(session, buyer, place.library.id, SupplierFacts("Nhà sách Mẫu"))
    return begin_order(session, buyer, OrderFacts(shop.id, place.branch.id))


@pytest.mark.parametrize(
    ("state", "order", "received", "stage"),
    [
        ("new", "", 0, "new"),
        ("declined", "", 0, "declined"),
        ("accepted", "draft", 0, "accepted"),
        ("accepted", "sent", 0, "ordered"),
        ("accepted", "cancelled", 0, "accepted"),
        ("accepted", "cancelled", 1, "came"),
    ],
)
def test_how_far_a_suggestion_has_come(state: str, order: str, received: int, stage: str) -> None:
    assert stage_of(state, order, received) == stage


def test_a_reader_follows_a_suggestion_until_the_book_is_there(
    both_session: Session, place: Province, buyer: Actor, reader: Patron
) -> None:
    made = suggest(both_session, patron_actor(both_session, reader), WISH)
    twin = suggest(both_session, buyer, SuggestionFacts("tuổi thơ dữ dội"))

    def stage() -> str:
        [row] = suggestions_of_patron(both_session, reader.id)
        return row.stage

    assert stage() == "new"
    [row, _twin] = suggestions_of(both_session, Asked(place.library.id, words="tuoi tho"))[0]
    assert (row.suggestion.id, row.same) == (made.id, 2)
    order = draft(both_session, place, buyer)
    put_on_order(both_session, buyer, made.id, order.id, 2)
    assert (stage(), twin.state, twin.order_line_id) == ("accepted", "accepted", made.order_line_id)
    send_order(both_session, buyer, order.id)
    assert stage() == "ordered"
    voucher = receive_order(both_session, buyer, order.id)
    voucher.number, voucher.dated_on = "HD-1", clock.today()
    vouchers.close_voucher(both_session, buyer, voucher.id)
    assert stage() == "came"
    [row] = suggestions_of_patron(both_session, reader.id)
    assert both_session.get_one(Record, row.record_id).title == "Tuổi thơ dữ dội"


def test_an_answer_is_read_and_may_be_taken_back(
    both_session: Session, place: Province, buyer: Actor, reader: Patron
) -> None:
    made = suggest(both_session, patron_actor(both_session, reader), WISH)
    with pytest.raises(Invalid, match="suggestion_no_reason"):
        answer(both_session, buyer, made.id, accept=False, words=" ")
    answer(both_session, buyer, made.id, accept=False, words="Hết in")
    with pytest.raises(Refused, match="suggestion_answered"):
        answer(both_session, buyer, made.id, accept=True, words="")
    with pytest.raises(Refused, match="suggestion_answered"):
        withdraw(both_session, reader.id, made.id)
    take_answer_back(both_session, buyer, made.id)
    assert (made.state, made.answer, made.answered_at) == ("new", "", None)
    order = draft(both_session, place, buyer)
    line = put_on_order(both_session, buyer, made.id, order.id)
    with pytest.raises(Refused, match="suggestion_ordered"):
        take_answer_back(both_session, buyer, made.id)
    remove_title(both_session, buyer, line.id)
    both_session.expire_all()
    take_answer_back(both_session, buyer, made.id)
    clerk = create_actor(both_session, "clerk", place.library)
    with pytest.raises(Forbidden):
        answer(both_session, clerk, made.id, accept=True, words="")
    stranger = create_actor(both_session, "head", place.foreign_library)
    with pytest.raises(NotFound):
        answer(both_session, stranger, made.id, accept=True, words="")
    withdraw(both_session, reader.id, made.id)
    assert both_session.scalars(select(Suggestion)).all() == []


def test_what_the_library_holds_or_awaits_is_told_first(
    both_session: Session, place: Province, buyer: Actor, reader: Patron
) -> None:
    held, far = create_record(both_session, "Số đỏ"), create_record(both_session, "Giông tố")
    create_item(both_session, place.branch, held)
    create_item(both_session, place.foreign_branch, far)
    actor = patron_actor(both_session, reader)
    with pytest.raises(Refused, match="suggestion_there"):
        suggest(both_session, actor, SuggestionFacts("số đỏ"))
    assert suggest(both_session, actor, SuggestionFacts("số đỏ"), in_spite=True).state == "new"
    [known] = known_of(both_session, place.library.id, "Giông tố")
    assert (known.record.id, known.there.held, known.elsewhere) == (far.id, 0, 1)
    suggest(both_session, actor, SuggestionFacts("Giông tố"))
    order = draft(both_session, place, buyer)
    wish = suggest(both_session, buyer, WISH)
    put_on_order(both_session, buyer, wish.id, order.id)
    send_order(both_session, buyer, order.id)
    with pytest.raises(Refused, match="suggestion_there"):
        suggest(both_session, actor, WISH)


def test_nobody_floods_the_library(both_session: Session, reader: Patron) -> None:
    actor = patron_actor(both_session, reader)
    suggest(both_session, actor, WISH)
    with pytest.raises(Refused, match="suggested_already"):
        suggest(both_session, actor, SuggestionFacts("TUỔI THƠ  dữ dội"))
    for n in range(4):
        suggest(both_session, actor, SuggestionFacts(f"Cuốn {n}"))
    with pytest.raises(Refused, match="suggestions_enough"):
        suggest(both_session, actor, SuggestionFacts("Một cuốn nữa"))
    for wrong, code in (
        (SuggestionFacts(" "), "suggestion_untitled"),
        (SuggestionFacts("x", isbn="978"), "suggestion_isbn_wrong"),
        (SuggestionFacts("x", note="a" * 1001), "suggestion_too_long"),
    ):
        with pytest.raises(Invalid, match=code):
            suggest(both_session, actor, wrong)


def test_the_same_wish_sent_twice_in_one_instant_is_kept_once(both: Engine) -> None:
    """The second transaction begins while the first has not ended."""
    assert both
    with transaction() as session:
        reader = create_patron(session, create_province(session).branch)
        actor = patron_actor(session, reader)
    said: list[str] = []

    def again() -> None:
        try:
            with transaction() as session:
                suggest(session, actor, SuggestionFacts("TUỔI THƠ dữ dội"))
            said.append("kept")
        except Refused as error:
            said.append(error.code)

    second = threading.Thread(target=again)
    with transaction() as session:
        suggest(session, actor, WISH)
        second.start()
        second.join(timeout=0.2)
        assert said == [], "it waits for the first"
    second.join(timeout=20)
    assert said == ["suggested_already"]


def test_the_link_to_the_reader_is_cut_some_weeks_after_the_answer(
    both_session: Session, buyer: Actor, reader: Patron
) -> None:
    actor = patron_actor(both_session, reader)
    with clock.at(clock.now() - timedelta(days=91)):
        old = suggest(both_session, actor, WISH)
        waits = suggest(both_session, actor, SuggestionFacts("Chờ trả lời"))
        answer(both_session, buyer, old.id, accept=True, words="Sẽ mua")
    fresh = suggest(both_session, actor, SuggestionFacts("Mới trả lời"))
    answer(both_session, buyer, fresh.id, accept=True, words="")
    assert cut_links(both_session) == 1
    both_session.expire_all()
    assert (old.patron_id, old.note, old.title, old.answer) == (None, "", WISH.title, "Sẽ mua")
    assert [waits.patron_id, fresh.patron_id] == [reader.id, reader.id]
    with clock.at(clock.now() + timedelta(days=300)):  # a year, and nobody answered
        assert cut_links(both_session) == 2


def test_a_reader_gets_their_suggestions_and_is_erased_from_them(
    both_session: Session, reader: Patron
) -> None:
    made = suggest(both_session, patron_actor(both_session, reader), WISH)
    [told] = person_data(both_session, reader.id)["suggestions"]
    assert (told["title"], told["note"]) == (WISH.title, WISH.note)
    erase_patron(both_session, system_actor(), reader.id)
    both_session.expire_all()
    assert (made.patron_id, made.note, made.title) == (None, "", WISH.title)


class TestPages:
    """The staff's pages and the reader's."""

    def test_a_suggestion_goes_from_the_desk_onto_an_order(
        self, staff_client: Callable[..., Any], province: Province
    ) -> None:
        with transaction() as session:
            actor = create_actor(session, "head", province.library)
            order = draft(session, province, actor)
            create_item(session, province.branch, create_record(session, "Số đỏ"))
        clerk = staff_client("clerk")
        there = clerk.post("/staff/acquisitions/suggestions/new", data={"title": "Số đỏ"})
        assert there.status_code == 409
        assert "đã có 1 bản" in there.get_data(as_text=True)
        kept = clerk.post("/staff/acquisitions/suggestions/new", data={"title": "Cuốn mới"})
        assert kept.status_code == 302
        with transaction() as session:
            wish = session.scalars(select(Suggestion)).one().id
        path = f"/staff/acquisitions/suggestions/{wish}"
        assert clerk.get(path).status_code == 200
        assert clerk.post(f"{path}/act", data={"act": "accept"}).status_code == 403
        head = staff_client("head")
        assert head.post(f"{path}/act", data={"act": "decline"}).status_code == 422
        put = head.post(f"{path}/act", data={"act": "order", "order_id": order.id, "copies": "2"})
        assert put.location.endswith(f"/orders/{order.id}")
        with transaction() as session:
            line = session.scalars(select(OrderLine)).one()
            assert (line.fresh["title"], line.copies) == ("Cuốn mới", 2)
        assert head.get("/staff/acquisitions/suggestions/list.xlsx").data[:2] == b"PK"
