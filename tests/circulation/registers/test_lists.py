"""Lists and registers: the right rows, narrowed and sorted, on the page, as spreadsheet and paper."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from circulation.checkout import check_out
from circulation.desk import perform
from circulation.ledger import account
from circulation.registers.asked import Asked, how_many, rows_of
from circulation.registers.lists import LISTS
from ils.core import clock, db
from tests import factories
from tests.circulation.conftest import Library


def asked(library: Library, **more: Any) -> Asked:
    branches = (library.place.branch.id, library.place.other_branch.id)
    return Asked(
        **{
            "library_id": library.place.library.id,
            "branches": branches,
            "today": library.today,
            **more,
        }
    )


def rows(library: Library, code: str, sort: str = "", **more: Any) -> list[dict[str, Any]]:
    with library.reading() as session:
        wanted = asked(library, **more)
        found = rows_of(session, LISTS[code], wanted, sort=sort, limit=100)
        assert how_many(session, LISTS[code], wanted) == len(found)
        return found


def test_overdue_loans_the_longest_first(library: Library) -> None:
    reader = library.patron("Nguyễn Thị Lan", school_class="6A")
    first, second, third = library.item(), library.item(), library.item()
    library.lend(first, reader)
    library.later(days=3)
    library.lend(second, reader)
    library.later(days=13)
    library.lend(third, library.patron("Trần Văn Bình"), overrides={"overdue_over": "x"})
    found = rows(library, "overdue")
    assert [row["accession_no"] for row in found] == [first.accession_no]
    assert found[0]["days"] == 2
    library.later(days=5)
    late = rows(library, "overdue")
    assert [row["days"] for row in late] == [7, 4]
    with library.reading() as session:
        owed = account(session, reader.id).running
    assert owed > 0
    assert sum(row["fine"] for row in late) == owed
    assert len(rows(library, "overdue", at_least=5)) == 1
    assert len(rows(library, "overdue", school_class="6a")) == 2
    assert rows(library, "overdue", school_class="7B") == []
    assert len(rows(library, "on_loan")) == 3
    assert len(rows(library, "on_loan", last=library.today)) == 2


def test_holds_by_where_they_are_collected(library: Library) -> None:
    item = library.item()
    library.hold(item, library.patron("Lê Văn Chờ"))
    library.hold(item, library.patron("An"), pickup_branch_id=library.place.other_branch.id)
    assert [row["state"] for row in rows(library, "holds")] == ["targeted", "queued"]
    library.take_back(item)
    ready = rows(library, "holds", state="ready")
    assert [row["patron"] for row in ready] == ["Lê Văn Chờ"]
    assert ready[0]["shelf_until"]
    other = rows(library, "holds", branches=(library.place.other_branch.id,))
    assert [row["patron"] for row in other] == ["An"]


def test_the_register_numbers_patrons_once_and_for_all(library: Library) -> None:
    homes = ("Tổ 3, phường Bờ Kè", "Tổ 4", "")
    for name, home in zip(("Vũ Anh", "Đỗ Bình", "Lê Chi"), homes, strict=True):
        library.patron(name, address=home, commune="Phường Bờ Kè")
    told = [row["home"] for row in rows(library, "patrons")]
    assert told == ["Tổ 3, phường Bờ Kè", "Tổ 4, Phường Bờ Kè", "Phường Bờ Kè"]
    numbers = {row["patron"]: row["number"] for row in rows(library, "patrons")}
    assert numbers == {"Vũ Anh": 1, "Đỗ Bình": 2, "Lê Chi": 3}
    by_name = rows(library, "patrons", sort="patron")
    assert [row["patron"] for row in by_name] == ["Vũ Anh", "Đỗ Bình", "Lê Chi"]
    elsewhere = rows(library, "patrons", branches=(library.place.other_branch.id,))
    assert elsewhere == []


def test_most_read_counts_every_use_and_never_lent_says_what_lies(library: Library) -> None:
    read, idle = library.record("Số đỏ"), library.record("Tắt đèn")
    one, two = library.item(read), library.item(idle)
    reader = library.patron()
    library.lend(one, reader)
    library.later(minutes=1)
    library.take_back(one)
    library.later(hours=1)
    library.take_back(one)  # found on a table
    found = rows(library, "most_read")
    assert [(r["title"], r["uses"], r["loans"], r["in_house"]) for r in found] == [
        ("Số đỏ", 2, 1, 1)
    ]
    assert [row["accession_no"] for row in rows(library, "never_lent")] == [two.accession_no]
    later = library.today + timedelta(days=1)
    assert len(rows(library, "never_lent", first=later)) == 2


@pytest.fixture
def browser(app: Any, province: Any, staff_client: Any) -> Iterator[Any]:
    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
        factories.create_item(session, province.branch)  # nobody takes this one
        patron = factories.create_patron(session, province.branch, "Nguyễn Thị Lan")
        clerk = factories.create_actor(session, "clerk", province.branch, province.library)
    with clock.at(clock.now() - timedelta(days=60)):
        perform(check_out, clerk, barcode=item.barcode, patron_id=patron.id, key="x")
    return staff_client("clerk", province.branch)


@pytest.mark.parametrize("code", sorted(LISTS))
def test_each_list_is_a_page_a_spreadsheet_and_a_paper(browser: Any, code: str) -> None:
    page = browser.get(f"/staff/registers/{code}?branch=&first=1/1/2020&sort=-title")
    assert page.status_code == 200
    sheet = browser.get(f"/staff/registers/{code}.xlsx").data
    shown = openpyxl.load_workbook(io.BytesIO(sheet)).active
    titles = [cell.value for row in shown.iter_rows() for cell in row if cell.value]
    assert LISTS[code].title_vi.upper() in titles
    paper = browser.get(f"/staff/registers/{code}.pdf")
    assert paper.mimetype == "application/pdf"
    assert paper.data.startswith(b"%PDF")


def test_the_overdue_list_names_the_reader_and_an_unknown_list_is_not_there(browser: Any) -> None:
    assert "Nguyễn Thị Lan" in browser.get("/staff/registers/overdue").get_data(as_text=True)
    assert browser.get("/staff/registers/nonsense").status_code == 404
    assert browser.get("/staff/registers/nonsense.pdf").status_code == 404


@pytest.mark.parametrize("code", ["overdue", "on_loan", "patrons", "never_lent"])
def test_no_list_shows_rows_of_another_library(
    browser: Any, province: Any, staff_client: Any, code: str
) -> None:
    foreign = staff_client("head", province.foreign_branch)
    for query in ("", f"?branch={province.branch.id}"):
        page = foreign.get(f"/staff/registers/{code}{query}").get_data(as_text=True)
        assert "Danh sách này không có dòng nào." in page
    assert "Danh sách này không" not in browser.get(f"/staff/registers/{code}?lang=vi").text


def test_a_day_is_typed_on_the_page_and_wrong_numbers_lose_nothing(
    browser: Any, province: Any
) -> None:
    today = clock.today()
    words = {"day": today.isoformat(), "branch": province.branch.id, "whole": "1", "key": "p1"}
    wrong = browser.post("/staff/daily-log/day", data=words | {"visit:child": "mười"})
    assert wrong.status_code == 422
    assert "mười" in wrong.get_data(as_text=True)
    done = browser.post("/staff/daily-log/day", data=words | {"visit:child": "1234"})
    assert done.status_code == 302
    log = browser.get(f"/staff/daily-log/?month={today:%Y-%m}").get_data(as_text=True)
    assert "1.234" in log
    assert f"{today:%d/%m}</a>*" in log
    assert browser.get("/staff/daily-log/log.pdf").data.startswith(b"%PDF")
    assert browser.get("/staff/daily-log/log.xlsx").status_code == 200


def test_patrons_in_figures_by_kind_card_and_age(library: Library) -> None:
    today = library.today
    library.patron("An", born_on=today.replace(year=today.year - 16), expires_on=today)
    library.patron("Ba", born_on=today.replace(year=today.year - 16) + timedelta(days=1))
    long_ago = {"issued_on": today - timedelta(days=400), "expires_on": today - timedelta(days=1)}
    library.patron("Cụ", born_year=today.year - 60, **long_ago)
    library.patron("Dung", with_card=False)
    child = {"category": "child", "guardian_name": "Mẹ"}
    library.patron("Em", born_year=today.year - 9, at=library.place.other_branch, **child)
    library.patron("Xa", at=library.place.foreign_branch)
    adults, children = rows(library, "patron_figures")
    ages = ("young", "grown", "old", "unknown")
    cards = ("patrons", "valid", "soon", "over", "without")
    assert [adults[key] for key in cards] == [4, 2, 1, 1, 1]
    assert [adults[key] for key in ages] == [1, 1, 1, 1]
    assert [children[key] for key in (*cards, *ages)] == [1, 1, 0, 0, 0, 1, 0, 0, 0]


def test_cards_running_out_around_today(lite: Library) -> None:
    for name, days in (("Lâu rồi", -40), ("Vừa hết", -10), ("Sắp hết", 30), ("Còn lâu", 90)):
        ends = lite.today + timedelta(days=days)
        lite.patron(name, issued_on=ends - timedelta(days=300), expires_on=ends)
    assert [row["patron"] for row in rows(lite, "cards")] == ["Vừa hết", "Sắp hết"]
    first = lite.today + timedelta(days=60)
    later = rows(lite, "cards", first=first, last=first + timedelta(days=40))
    assert [row["patron"] for row in later] == ["Còn lâu"]
