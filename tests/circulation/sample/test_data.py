"""The sample's data: real books with their sources, an invented province, plausible readers."""

import re
from collections import Counter
from datetime import date, timedelta
from random import Random
from types import SimpleNamespace

import pytest

from cataloging.marc.numbers import isbn13
from cataloging.marc.project import project
from circulation.patrons.categories import first_categories
from circulation.rules.policy import checked
from circulation.sample.books import FOLDER, KINDS, books, parse_line, to_marc
from circulation.sample.people import readers
from circulation.sample.province import data, holidays
from circulation.sample.stock import LIFECYCLES, plan
from ils.accounts.passwords import require_good_password
from ils.accounts.permissions import peoples_roles
from ils.text.normal import clean

START, END = date(2024, 9, 23), date(2026, 11, 22)


def test_there_are_more_than_320_titles_and_each_names_its_source() -> None:
    titles = {(b.title, b.subtitle, b.authors, b.languages) for b in books()}
    assert len(titles) >= 320
    for book in books():
        assert all((book.title, book.source, book.summary, book.keywords)), book
        assert book.kind in KINDS, book
        assert re.fullmatch(r"\d{3}(\.\d+)?", book.class_number), book
        assert book.year is None or 1500 < book.year <= 2026, book


def test_no_book_is_there_twice() -> None:
    seen = Counter((b.title, b.subtitle, b.volume, b.authors, b.languages) for b in books())
    assert [key for key, count in seen.items() if count > 1] == []


def test_every_isbn_has_a_right_check_digit() -> None:
    given = [b.isbn for b in books() if b.isbn]
    assert given
    assert all(isbn13(isbn) == isbn.replace("-", "") for isbn in given)


def test_every_line_is_clean_text_of_known_boxes() -> None:
    known = {"src", "kind", "aud", "lang", "vols", "isbn", "price", "size", "orig", "first"}
    known |= {"note", "country", "freq", "rare", "corp", "trans", "script"}
    for file in FOLDER.glob("*.psv"):
        for line in file.read_text("utf-8").splitlines():
            assert clean(line) == line.strip(), line
            if not line.startswith("#"):
                assert set(parse_line(line).extras) <= known, line


def test_a_line_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="3 boxes"):
        parse_line("Nam Cao|Chí Phèo|H")


def test_every_book_becomes_a_record_that_projects_back() -> None:
    for book in books():
        marc = to_marc(book, "SH00001", "240901", "T100A")
        fixed = next(f["008"] for f in marc["fields"] if "008" in f)
        assert len(fixed) == 40, book
        seen = project(marc)
        assert seen.title == ". ".join(filter(None, (book.title, book.volume)))
        assert seen.subtitle == book.subtitle
        assert seen.languages == book.languages
        assert seen.year == book.year
        assert seen.audience == "child" or not book.child or book.kind == "serial"
        assert seen.material == ("serial" if book.kind == "serial" else "book")
        assert seen.call_number == f"{book.class_number} T100A"
        if book.authors and not book.corporate:
            assert seen.author == book.authors[0]


def test_the_province_is_one_tree_with_two_versions_of_each_district_library() -> None:
    units = {row["code"]: row for row in data("units")["unit"]}
    kinds = Counter(row["kind"] for row in units.values())
    assert kinds == {"province": 1, "library": 4, "branch": 7, "point": 2}
    assert all(row.get("parent", "SH") in units for row in units.values())
    for code in ("BS", "PL", "AH"):
        assert units[code]["name"] != units[code]["now"]["name"]
        assert units[code]["now"]["name"].startswith("Thư viện khu vực")
        assert sum(r.get("parent") == code and r["kind"] == "branch" for r in units.values()) == 2


def test_contact_data_belong_to_nobody() -> None:
    for row in data("units")["unit"]:
        assert row["phone"].startswith(("(0200)", "0600")), row
        assert row.get("email", ".example").endswith(".example"), row


def test_staff_hold_every_role_of_people_and_the_password_is_accepted() -> None:
    assert {row["role"] for row in data("staff")["staff"]} == set(peoples_roles())
    require_good_password(data("staff")["password"])


def test_lending_rules_are_known_to_the_policy() -> None:
    for row in data("units")["policy"]:
        assert checked(row["values"])


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
def test_the_lunar_days_are_right(year: int) -> None:
    tet = {2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6)}
    kings = {2024: (4, 18), 2025: (4, 7), 2026: (4, 26), 2027: (4, 16)}
    named = dict(holidays())
    assert date(year, *tet[year]) in data("holidays")["tet"]["days"]
    assert named[date(year, *tet[year])] == "Nghỉ Tết Nguyên đán"
    assert named[date(year, *kings[year])] == "Giỗ Tổ Hùng Vương"


def test_there_are_200_readers_of_all_categories_and_ages() -> None:
    codes = [row["code"] for row in data("units")["unit"]]
    units = {code: SimpleNamespace(id=n) for n, code in enumerate(codes)}
    made = readers(Random(1), units, START, END)  # type: ignore[arg-type]
    assert len(made) == 200
    assert {r.facts.category for r in made} == {row["code"] for row in first_categories()}
    assert all(r.registered_on < END for r in made)
    assert sum(r.registered_on < START for r in made) > 50
    assert sum(r.facts.ethnicity != "Kinh" for r in made) >= 10
    for reader in made:
        assert reader.facts.id_number == ""
        assert reader.facts.phone[:4] in ("", "0600")
        assert reader.facts.guardian_name or reader.facts.category not in ("child", "pupil")
    again = readers(Random(1), units, START, END)  # type: ignore[arg-type]
    assert made == again


def test_the_stock_is_about_1200_copies_of_all_books() -> None:
    stock = plan(Random(1), books(), START, END)
    assert 1100 <= len(stock) <= 1400
    assert {copy.book for copy in stock} == set(range(len(books())))
    assert {copy.lifecycle for copy in stock} <= set(LIFECYCLES)
    for copy in stock:
        assert copy.opening == (copy.accessioned_on < START)
        assert copy.opening == (copy.voucher == "")
        assert copy.accessioned_on <= END - timedelta(days=10)
