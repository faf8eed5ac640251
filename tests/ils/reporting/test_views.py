"""The doors of reporting, without JavaScript."""

import io
import re
from datetime import UTC, date, datetime

import openpyxl
import pytest

from ils.core import clock, db
from ils.reporting.models import Report
from tests.factories import create_unit
from tests.ils.reporting.makers import accession, event, loan

JUNE = datetime(2026, 6, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def june():
    with clock.at(JUNE):
        yield


@pytest.fixture
def busy(province):
    with db.transaction() as s:
        for day in (2, 3, 4):
            loan(s, date(2026, 5, day), province.library, province.branch, age_band="child")
        loan(s, date(2025, 5, 9), province.library, province.branch)
        event(s, "visit_counted", date(2026, 5, 2), province.library, quantity=40)
        accession(s, date(2026, 5, 4), province.library, 1)
        loan(s, date(2026, 5, 9), province.foreign_library, province.foreign_branch)
    return province


def page(browser, url, status=200):
    answer = browser.get(url)
    assert answer.status_code == status, answer.get_data(as_text=True)[:800]
    return answer.get_data(as_text=True)


def test_figures_open_what_they_are_made_of(busy, staff_client):
    head = staff_client("head")
    html = page(head, "/staff/reports/figures?month=2026-05-01")
    assert "Lượt mượn về nhà" in html
    link = re.search(r'href="([^"]*figures/TV\.G02\?[^"]*)"', html)[1].replace("&amp;", "&")
    html = page(head, link)
    assert '<span class="answer__figure">3</span>' in html
    assert "04/05/2026" in html
    assert html.count('class="date" data-label="Ngày"') == 3


def test_rows_behind_a_figure_are_exported(busy, staff_client):
    head = staff_client("head")
    answer = head.get("/staff/reports/figures/TV.G02?month=2026-05-01&format=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert [row[4].value for row in sheet.iter_rows(min_row=5)] == [1, 1, 1]
    answer = head.get("/staff/reports/figures?month=2026-05-01&format=xlsx")
    assert openpyxl.load_workbook(io.BytesIO(answer.data)).active["A1"].value


@pytest.mark.parametrize(
    "query", ["from=1/5/2026&to=3/5/2026", "month=2026-05-01&age=child", "month=nonsense", "page=x"]
)
def test_odd_addresses_still_answer(busy, staff_client, query):
    page(staff_client("head"), f"/staff/reports/figures/TV.G02?{query}")


@pytest.mark.parametrize(
    "code", ["TV.B01", "TV.B02", "TV.E03", "TV.F01", "TV.G01", "TV.G08", "TV.G09", "TV.M03"]
)
def test_every_kind_of_figure_has_its_page(busy, staff_client, code):
    page(staff_client("head"), f"/staff/reports/figures/{code}?month=2026-05-01")
    page(staff_client("province_officer", busy.top), f"/staff/reports/figures/{code}")


def test_a_figure_nobody_computes_has_no_page(busy, staff_client):
    page(staff_client("head"), "/staff/reports/figures/TV.J01", 404)
    page(staff_client("head"), "/staff/reports/figures/XX", 404)


def test_another_librarys_figures_and_reports_are_closed(busy, staff_client):
    head = staff_client("head")
    foreign = staff_client("head", busy.foreign_library)
    page(head, f"/staff/reports/figures?unit={busy.foreign_library.id}", 404)
    report = drafted(foreign, busy.foreign_library)
    page(head, f"/staff/reports/monthly/{report}", 404)
    page(head, f"/staff/reports/monthly/{report}.pdf", 404)
    page(head, f"/staff/reports/monthly/{report}.xlsx", 404)
    assert head.post(f"/staff/reports/monthly/{report}", data={"act": "save"}).status_code == 404
    page(head, "/staff/reports/province", 403)
    opened = head.post(
        "/staff/reports/open", data={"unit": busy.foreign_library.id, "first": "2026-05-01"}
    )
    assert opened.status_code == 403


def test_a_clerk_sees_figures_and_no_reports(busy, staff_client):
    clerk = staff_client("clerk")
    page(clerk, "/staff/reports/figures")
    page(clerk, "/staff/reports/monthly", 403)


def drafted(browser, library):
    answer = browser.post("/staff/reports/open", data={"unit": library.id, "first": "2026-05-01"})
    assert answer.status_code == 302, answer.get_data(as_text=True)[:500]
    return int(answer.location.rsplit("/", 1)[-1])


def form_of(browser, report):
    """Return the boxes of a report as a browser would send them."""
    html = page(browser, f"/staff/reports/monthly/{report}")
    boxes = re.findall(r'<input class="box[^>]*name="([^"]+)"[^>]*?value="([^"]*)"', html)
    revision = re.search(r'name="revision" value="(\d+)"', html)[1]
    return {**dict(boxes), "revision": revision, "note": ""}


def test_the_month_from_draft_to_approval(busy, staff_client):
    head, officer = staff_client("head"), staff_client("province_officer", busy.top)
    assert "Tháng 05/2026" in page(head, "/staff/reports/monthly")
    report = drafted(head, busy.library)
    url = f"/staff/reports/monthly/{report}"
    data = form_of(head, report)
    assert data["v.G02.period"] == "3"

    # a correction without reason is refused and nothing typed is lost
    data |= {"v.G02.period": "1.005", "v.F03.period": "12", "note": "Ngày Sách ở ba trường"}
    answer = head.post(url, data=data)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="1.005"' in html
    assert "Ngày Sách ở ba trường" in html
    assert 'id="v.G02.period-error"' in html

    # with its reason it is kept, beside what was computed
    data["r.G02"] = "sổ mượn giấy ngày mất điện"
    assert head.post(url, data=data).status_code == 302
    data = form_of(head, report) | {"note": "Ngày Sách ở ba trường"}
    assert data["v.G02.period"] == "1.005"

    # empty rows stop the submission until they are said to be nought
    answer = head.post(url, data={**data, "act": "submit"})
    assert answer.status_code == 409
    assert "Chưa điền" in answer.get_data(as_text=True)
    answer = head.post(url, data={**data, "act": "submit", "blanks_are_zero": "1"})
    assert answer.status_code == 302
    assert "v.G02.period" not in page(head, url)
    assert head.post(url, data={**data, "act": "save"}).status_code == 409

    # the province returns it with a comment at the cell
    assert head.post(url, data={"act": "approve"}).status_code == 403
    answer = officer.post(url, data={"act": "return"})
    assert answer.status_code == 422
    answer = officer.post(url, data={"act": "return", "c.G02": "Cao gấp nhiều lần, xem lại."})
    assert answer.status_code == 302
    html = page(head, url)
    assert "Cao gấp nhiều lần, xem lại." in html

    # corrected, sent again, approved
    data = form_of(head, report) | {"v.G02.period": "15", "r.G02": "12 phiếu giấy", "act": "submit"}
    assert head.post(url, data=data).status_code == 302
    assert officer.post(url, data={"act": "approve"}).status_code == 302
    with db.reading() as s:
        assert s.get(Report, report).state == "approved"
    assert head.get(f"{url}.pdf").data.startswith(b"%PDF")
    sheet = openpyxl.load_workbook(io.BytesIO(head.get(f"{url}.xlsx").data)).active
    values = {row[2].value: row for row in sheet.iter_rows()}
    assert (values["G02"][4].value, values["G02"][8].value) == (15, 3)
    said = [cell.value for row in sheet.iter_rows() for cell in row if cell.value]
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in said[:4]
    assert {"THỦ TRƯỞNG ĐƠN VỊ", "(Ký, đóng dấu, ghi rõ họ tên)"} <= set(said)

    # the province's page counts it, and names who is missing
    html = page(officer, "/staff/reports/province?first=2026-05-01")
    assert "1/2 thư viện đã nộp" in html
    answer = officer.post("/staff/reports/province", data={"first": "2026-05-01"})
    assert answer.status_code == 409
    assert "Thư viện huyện Khác" in answer.get_data(as_text=True)
    closing = {"first": "2026-05-01", "incomplete": "1"}
    answer = officer.post("/staff/reports/province", data=closing)
    assert answer.status_code == 302
    page(officer, answer.location)
    assert officer.get(f"{answer.location}.pdf").data.startswith(b"%PDF")
    for kind in ("pdf", "xlsx"):
        assert officer.get(f"/staff/reports/province?first=2026-05-01&format={kind}").data

    # a correction opens a new version
    answer = head.post(url, data={"act": "correct", "why": ""})
    assert answer.status_code == 422
    answer = head.post(url, data={"act": "correct", "why": "Sót sổ"})
    assert answer.status_code == 302
    assert answer.location != url


def test_figures_of_the_old_papers_are_typed_on_their_own_tab(busy, staff_client):
    head = staff_client("head")
    report = drafted(head, busy.library)
    url = f"/staff/reports/monthly/{report}?columns=year"
    html = page(head, url)
    assert 'name="v.G02.last_year"' in html
    data = {"v.G02.cumulative": "900", "v.G02.last_year": "1", "r.G02": "sổ giấy", "act": "save"}
    assert head.post(url, data=data).status_code == 302
    assert "900" in page(head, f"/staff/reports/monthly/{report}")


def test_a_page_seen_before_somebody_saved_is_refused_with_what_was_typed(busy, staff_client):
    head = staff_client("head")
    report = drafted(head, busy.library)
    data = form_of(head, report)
    url = f"/staff/reports/monthly/{report}"
    assert head.post(url, data={**data, "v.F03.period": "5"}).status_code == 302
    answer = head.post(url, data={**data, "v.F03.period": "7"})
    assert answer.status_code == 409
    assert 'value="7"' in answer.get_data(as_text=True)


def test_nonsense_in_a_box_is_said_beside_it(busy, staff_client):
    head = staff_client("head")
    report = drafted(head, busy.library)
    data = form_of(head, report) | {"v.F03.period": "mười hai"}
    answer = head.post(f"/staff/reports/monthly/{report}", data=data)
    assert answer.status_code == 422
    assert 'value="mười hai"' in answer.get_data(as_text=True)


def test_the_pages_are_in_english_too(busy, staff_client):
    officer = staff_client("province_officer", busy.top)
    assert "Loans" in page(officer, "/staff/reports/figures?lang=en")
    assert "Monthly reports" in page(officer, "/staff/reports/monthly?lang=en")


def test_a_province_without_libraries_shows_empty_pages(app, staff_client, province):
    with db.transaction() as s:
        alone = create_unit(s, "library", "Thư viện mới", province.top)
    head = staff_client("head", alone)
    page(head, "/staff/reports/figures")
    page(head, "/staff/reports/monthly")
    page(head, "/staff/reports/monthly?year=1890")
