"""A book nobody entered yet is entered with the least that is needed, lent, and flagged."""

import pytest
from sqlalchemy import select

from cataloging.change_sets import new_change_set
from cataloging.models import Item, Record
from cataloging.quick import PRELIMINARY, QuickTitle, titles_to_finish
from cataloging.records import replace_marc
from circulation.fast_add import add_and_lend
from ils.core.errors import Forbidden, Invalid, Refused
from tests import factories
from tests.circulation.conftest import Library


def quick(library: Library, **more: str) -> QuickTitle:
    facts = {"title": "Truyện mới", "barcode": "tm-001", "author": "Nguyễn Nhật Ánh", **more}
    return QuickTitle(branch_id=library.place.branch.id, price=30_000, **facts)


def test_it_is_lent_at_once_and_waits_for_a_cataloger(library: Library) -> None:
    patron = library.patron()
    for _ in range(2):  # the key again enters nothing twice
        lent = library.do(add_and_lend, facts=quick(library), patron_id=patron.id, key="one")
    assert lent.code == "lent"
    with library.reading() as session:
        [item] = session.scalars(select(Item).where(Item.barcode == "TM-001"))
        record = session.get_one(Record, item.record_id)
        assert (record.title, record.author) == ("Truyện mới", "Nguyễn Nhật Ánh")
        assert record.marc["leader"][17] == PRELIMINARY
        assert (item.price, item.accession_no, item.lifecycle) == (30_000, None, "active")
        rows, total = titles_to_finish(session, library.head)
        assert [(r.record.id, r.item.barcode, r.actor_id, total) for r in rows if r.item] == [
            (record.id, "TM-001", library.clerk.staff_id, 1)
        ]
    with library.writing() as session:
        record = session.get_one(Record, record.id)
        made_in = new_change_set(session, library.head, "edit")
        marc = {**record.marc, "leader": record.marc["leader"].replace("5", " ")}
        replace_marc(session, library.head, record.id, marc, expected_version=1, change_set=made_in)
    with library.reading() as session:
        assert titles_to_finish(session, library.head)[1] == 0


def test_a_refused_loan_leaves_the_copy_entered(lite: Library) -> None:
    lite.rules(limit_total=0)
    refused = lite.do(add_and_lend, facts=quick(lite), patron_id=lite.patron().id)
    assert refused.reason_codes() == ["limit_total"]
    assert [i.barcode for i in lite.all(Item)] == ["TM-001"]


def test_what_cannot_be_a_title_or_barcode_is_said(lite: Library) -> None:
    patron = lite.patron()
    for wrong in ({"title": " "}, {"barcode": "sách mới"}, {"barcode": "đ1"}):
        with pytest.raises(Invalid):
            lite.do(add_and_lend, facts=quick(lite, **wrong), patron_id=patron.id)
    with pytest.raises(Refused):
        lite.do(add_and_lend, facts=quick(lite, barcode=lite.card(patron)), patron_id=patron.id)
    assert lite.all(Record) == []


def test_it_is_a_right_of_its_own(lite: Library) -> None:
    with lite.writing() as session:
        volunteer = factories.create_actor(session, "volunteer", lite.place.branch)
    with pytest.raises(Forbidden):
        lite.do(add_and_lend, volunteer, facts=quick(lite), patron_id=lite.patron().id)
