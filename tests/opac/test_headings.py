"""Headings from A to Y on the public sites, and what a search by another form says."""

from typing import Any

from sqlalchemy import select

from cataloging.authorities.described import Boxes, new_marc
from cataloging.authorities.models import Heading
from cataloging.authorities.writing import create_authority
from cataloging.records import set_suppressed
from ils.accounts.actor import system_actor
from ils.core import db
from tests import factories


def stock(province: Any) -> None:
    """Nam Cao in our library, Tô Hoài in the other, a hidden record, a library's own heading."""
    with db.transaction() as session:
        marc = new_marc(
            Boxes("person", "Nam Cao", "", ("Trần Hữu Tri",), ("Tô Hoài",), "Nhà văn hiện thực")
        )
        create_authority(session, system_actor(), marc)
        ours = factories.create_record(session, "Chí Phèo", author="Nam Cao")
        factories.create_item(session, province.branch, ours)
        theirs = factories.create_record(session, "Dế Mèn", author="Tô Hoài")
        factories.create_item(session, province.foreign_branch, theirs)
        hidden = factories.create_record(session, "Mật", author="Người Giấu Tên")
        set_suppressed(session, system_actor(), hidden.id, suppressed=True)


def test_headings_are_listed_where_readers_find_titles_under_them(
    client: Any, province: Any
) -> None:
    stock(province)
    every = client.get("/headings").text
    assert every.index("Nam Cao") < every.index("Tô Hoài") < every.index("Trần Hữu Tri")
    assert "Người Giấu Tên" not in every
    ours = client.get(f"/{province.library.slug}/headings").text
    assert "Nam Cao" in ours
    assert "Tô Hoài" not in ours
    assert "Tô Hoài" not in client.get("/headings?from=Trần").text
    assert client.get("/headings?kind=x").status_code == 404


def test_pages_of_headings_turn_both_ways(client: Any, province: Any) -> None:
    with db.transaction() as session:
        for n in range(70):
            factories.create_record(session, f"Sách {n}", author=f"Người {n}")
        last = session.scalars(
            select(Heading.id).where(Heading.text.in_(("Người 60", "Người 0")))
        ).all()
    first = client.get("/headings").text
    assert ("Người 0<" in first, "Người 60<" in first) == (True, False)
    second = client.get(f"/headings?at={last[1]}").text
    assert ("Người 59<" in second, "Người 69<" in second) == (False, True)
    back = client.get(f"/headings?before={last[1]}").text
    assert ("Người 0<" in back, "Người 60<" in back) == (True, False)


def test_a_heading_shows_its_forms_references_note_and_titles(client: Any, province: Any) -> None:
    stock(province)
    with db.reading() as session:
        ids = {h.text: h.id for h in session.scalars(select(Heading))}
    page = client.get(f"/headings/{ids['Trần Hữu Tri']}", follow_redirects=True).text
    for said in ("<h1", "Nam Cao", "Trần Hữu Tri", "Nhà văn hiện thực", "Chí Phèo", "Tô Hoài"):
        assert said in page
    assert client.get("/headings/999999").status_code == 404


def test_a_search_by_another_form_and_a_record_lead_on(
    client: Any, province: Any, indexed: Any
) -> None:
    stock(province)
    indexed()
    page = client.get("/search?q=Trần+Hữu+Tri").text
    assert "Chí Phèo" in page
    assert "được xếp dưới tên" in page
    record = client.get("/search?q=chi+pheo").text
    assert "Chí Phèo" in record
    assert "Cũng xem" in client.get("/record/1").text
