"""The month of a report: a library drafts, corrects and submits; the province returns, approves, adds up."""

import io
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from circulation.checkout import check_out
from circulation.desk import perform
from ils.core import clock
from ils.core.db import reading, transaction
from ils.reporting.models import Report, ReportStep
from ils.reporting.reports import paper_of
from tests.factories import (
    PASSWORD,
    Province,
    create_actor,
    create_item,
    create_patron,
    create_staff_account,
)
from tests.live import Complaints, Server, axe, overflow, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOANS = 3


def month() -> date:
    """Return the first day of the last month but one: its reports are due whatever day it is."""
    this = clock.today().replace(day=1)
    return (this - timedelta(days=40)).replace(day=1)


@pytest.fixture
def lent(province: Province) -> None:
    """Some loans in the month reported."""
    lend(province, LOANS)


def lend(province: Province, count: int) -> None:
    """Lend so many books in the month reported."""
    with transaction() as session:
        clerk = create_actor(session, "head", province.branch, province.library)
        patron = create_patron(session, province.branch)
        items = [create_item(session, province.branch) for _ in range(count)]
    with clock.at(clock.at_local(month().replace(day=12), 9)):
        for item in items:
            key = f"lent-{item.id}"
            answer = perform(check_out, clerk, barcode=item.barcode, patron_id=patron.id, key=key)
            assert answer.ok


@pytest.fixture
def signed_in(
    new_page: Callable[..., Any], live_server: Server, province: Province, lent: None
) -> Callable[[str, Any], Any]:
    """Open a page for somebody of a role at a unit."""

    def opened(role: str, unit: Any) -> Any:
        with transaction() as session:
            username = create_staff_account(session, role, unit)
        page = new_page()
        sign_in_staff(page, live_server, username, PASSWORD)
        page.goto(f"{live_server.url}/staff/reports/monthly?year={month().year}")
        return page

    return opened


def report() -> Report:
    """Return the one report there is."""
    with reading() as session:
        return session.scalars(select(Report)).one()


def press(page: Any, act: str) -> None:
    """Press the button of an act and wait for the page."""
    with page.expect_navigation():
        page.click(f"button[name=act][value={act}]:not(.hidden)")


def read(page: Any, words: str) -> bytes:
    """Take the file behind a button."""
    address = page.locator(".page__actions a", has_text=words).first.get_attribute("href")
    answer = page.request.get(page.url.split("/staff")[0] + address)
    assert answer.status == 200
    return bytes(answer.body())


def words_of(pdf: bytes) -> str:
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return done.stdout.decode()


def numbers_of(sheet: bytes, begins: str) -> list[Any]:
    """Return the numbers in the row of a sheet that begins with some words."""
    for row in load_workbook(io.BytesIO(sheet)).active.iter_rows(values_only=True):
        if any(isinstance(cell, str) and cell.startswith(begins) for cell in row):
            return [cell for cell in row if isinstance(cell, int | float)]
    raise AssertionError(f"no row {begins}")


def test_a_month_from_the_first_draft_to_the_total_of_the_province(
    signed_in: Callable[[str, Any], Any], province: Province, complaints: Complaints
) -> None:
    complaints.expect("422")  # a correction without its reason
    complaints.expect("409")  # rows left empty
    # The library: the program has counted; one figure is corrected, the rest typed.
    page = signed_in("head", province.library)
    with page.expect_navigation():
        page.get_by_role("button", name=f"Lập Tháng {month():%m/%Y}").click()
    figure = page.locator("[id='v.G02.period']")
    assert figure.input_value() == str(LOANS)
    assert axe(page) == []
    assert overflow(page) == 0
    figure.fill("5")
    press(page, "save")
    assert "Xin ghi lý do" in page.locator("[role=alert]").first.inner_text() + page.content()
    assert page.locator("[id='v.G02.period']").input_value() == "5"  # nothing typed is lost
    page.fill("[name='r.G02']", "Hai lượt ghi sổ tay hôm mất điện")
    press(page, "save")
    press(page, "submit")
    assert report().state == "draft"  # rows are empty still
    page.check("[name=blanks_are_zero]")
    press(page, "submit")
    assert report().state == "submitted"
    # The province: one row is not believed.
    officer = signed_in("province_officer", province.top)
    officer.locator(".board a.standing").first.click()
    officer.locator("h1", has_text="Thử").wait_for()
    assert "máy tính: 3" in officer.content()
    officer.fill("[name='c.G02']", "Sổ tay có mấy lượt? Xin xem lại")
    press(officer, "return")
    assert report().state == "returned"
    page.reload()
    assert "Sổ tay có mấy lượt?" in page.content()
    page.fill("[id='v.G02.period']", "4")
    page.fill("[name='r.G02']", "Một lượt ghi sổ tay hôm mất điện")
    press(page, "save")
    page.check("[name=blanks_are_zero]")
    press(page, "submit")
    officer.reload()
    press(officer, "approve")
    assert report().state == "approved"
    # What changes afterwards leaves the approved figures as they are.
    lend(province, 1)
    with reading() as session:
        paper = paper_of(session, session.get_one(Report, report().id))
        steps = session.scalars(select(ReportStep.step).order_by(ReportStep.id)).all()
    assert paper.value("G02") == 4
    loans = next(line for line in paper.lines if line.id == "G02")
    assert loans.cells["period"].computed == LOANS
    assert [s for s in steps if s in ("submitted", "returned", "approved")] == [
        "submitted",
        "returned",
        "submitted",
        "approved",
    ]
    # The total: one of two libraries, and who is late.
    first = month().isoformat()
    officer.goto(officer.url.split("/staff")[0] + f"/staff/reports/province?first={first}")
    officer.locator("text=1/2 thư viện").first.wait_for()
    late = officer.locator("tr.table__row--bad", has_text="Thư viện huyện Khác")
    assert "muộn" in late.inner_text()
    assert axe(officer) == []
    assert 4 in numbers_of(read(officer, "Excel"), "Lượt mượn về nhà")
    total = words_of(read(officer, "PDF"))
    assert "1/2" in total
    # On paper: the heading of the state, the month, the figures, the places to sign.
    page.reload()
    printed = words_of(read(page, "PDF"))
    for words in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Thủ trưởng đơn vị", "Lượt mượn về nhà"):
        assert words.lower() in printed.lower()
    assert 4 in numbers_of(read(page, "Excel"), "Lượt mượn về nhà")
