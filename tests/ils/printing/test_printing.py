"""Paper and spreadsheets: what comes out opens, and says what was put in."""

import io
import shutil
import subprocess
from datetime import UTC, date, datetime

import openpyxl
import pytest

from ils.core import clock
from ils.org.office import Office
from ils.printing import Official, Sheet, barcode_svg, qr_svg, xlsx
from ils.printing.codes import barcode_modules
from ils.printing.labels import LABEL_SHEETS, Label, barcode_labels
from ils.printing.listing import Column, Listing, listing_pdf
from ils.printing.pdf import typst_pages, typst_pdf

# Code 128: widths of bars and gaps of the 107 symbols, from the standard's table (B set used here).
START_B, STOP = "11010010000", "1100011101011"


def text_of(pdf: bytes) -> str:
    """Return a PDF's text where poppler is at hand; else nothing."""
    if not shutil.which("pdftotext"):
        return ""
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return done.stdout.decode()


def test_a_barcode_begins_and_ends_as_code_128_does():
    modules = barcode_modules("TN.00001")
    assert modules.startswith(START_B)
    assert modules.endswith(STOP)
    assert len(modules) % 11 == 2  # eleven modules a symbol, thirteen for the last


def test_digits_are_packed_two_by_two():
    assert len(barcode_modules("8935235226272")) < len(barcode_modules("ABCDEFGHIJKLM"))


@pytest.mark.parametrize("text", ["", "Đỗ", "a\nb"])
def test_text_a_barcode_cannot_hold_is_refused(text):
    with pytest.raises(ValueError, match="barcode"):
        barcode_svg(text)


def test_barcodes_and_qr_codes_are_svg_that_names_its_text():
    svg = barcode_svg('A"<1>')
    assert svg.startswith("<svg")
    assert "<1>" not in svg
    assert qr_svg("Thư viện").startswith("<svg")


def test_a_label_sheet_begins_at_the_label_asked_for():
    labels = [Label(f"TN.{n:05d}", "Thư viện Phú Lương") for n in range(1, 24)]
    sheet = LABEL_SHEETS["3x8"]
    one, two = barcode_labels(labels, sheet), barcode_labels(labels, sheet, start=3)
    assert one.startswith(b"%PDF")
    assert one.count(b"/Type /Page\n") <= two.count(b"/Type /Page\n")
    if text := text_of(two):
        assert "TN.00001" in text
        assert "THƯ VIỆN PHÚ LƯƠNG" in text


def test_a_spine_label_prints_the_call_number_line_by_line():
    pdf = barcode_labels(
        [Label("TN.00001", call="895.922 D250M", volume="T.2")], LABEL_SHEETS["5x13"], spine=True
    )
    assert pdf.startswith(b"%PDF")
    if text := text_of(pdf):
        assert text.split() == ["895.922", "D250M", "T.2", "TN.00001"]


def test_vietnamese_is_set_in_the_embedded_fonts(tmp_path):
    template = tmp_path / "ils" / "x.typ"
    template.parent.mkdir()
    template.write_text('#set text(font: "Libertinus Serif")\n#json(bytes(sys.inputs.data)).line')
    line = "Ắ ằ ẳ ẵ ặ ệ ỗ ữ ỵ Đ đ ư ơ"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ils.printing.pdf.ROOT", tmp_path)
        pdf = typst_pdf(template, {"line": line, "day": date(2026, 1, 5)})
        pages = typst_pages(template, {"line": line})
    assert pages[0].startswith(b"\x89PNG")
    if text := text_of(pdf):
        assert line.replace(" ", "") == "".join(text.split())


def test_a_spreadsheet_keeps_numbers_days_and_words_apart():
    with clock.at(datetime(2026, 5, 1, 3, tzinfo=UTC)):
        made = xlsx(
            [
                ("Danh sách: 1/2", ["Tên", "Ngày", "Số"], [["=1+1", date(2026, 5, 1), 1234567]]),
                Sheet("Tiền", ["Khoản", "Đồng"], [["Phạt", 25000], ["Cộng", None]], money=(1,)),
            ]
        )
    book = openpyxl.load_workbook(io.BytesIO(made))
    assert book.sheetnames == ["Danh sách  1 2", "Tiền"]
    first = book.worksheets[0]
    assert first["A2"].value == "=1+1"
    assert first["A2"].data_type == "s"
    assert first["B2"].value.date() == date(2026, 5, 1)
    assert first["B2"].number_format == "dd/mm/yyyy"
    assert first["C2"].value == 1234567
    assert book.worksheets[1]["B2"].number_format == '#,##0" đ"'
    assert book.worksheets[1]["B3"].value is None


@pytest.mark.parametrize(("rows", "together"), [(33, True), (400, False)])
def test_who_signs_is_on_the_page_of_the_figures_where_that_can_be_read(rows, together):
    signed = Official(["Sở"], "Sen Hồ, ngày 5", [("Người lập", "(Ký)", ""), ("Phụ trách", "", "")])
    table = [["1", "Lượt mượn", n, "", "", ""] for n in range(rows)]
    sheet = Sheet("T", list("ABCDEF"), table, wide=(1,), landscape=True, official=signed)
    page = openpyxl.load_workbook(io.BytesIO(xlsx([sheet]))).worksheets[0]
    assert page.sheet_properties.pageSetUpPr.fitToPage  # one page wide in any case
    assert (page.page_setup.fitToHeight in (None, 1)) == together
    assert page.print_title_rows  # the heads stand on every page


@pytest.mark.parametrize("rows", [0, 25, 28])
def test_signatures_never_stand_on_a_page_without_rows(rows):
    columns = [Column("day", "Ngày", "date"), Column("n", "Số lượt", "num", "20mm", total=True)]
    lines = [{"day": date(2026, 2, 1), "n": n} for n in range(rows)]
    pdf = listing_pdf(Listing("Sổ nhật ký", columns, lines, Office("Sở", "Thư viện", "Sen Hồ")))
    if text := text_of(pdf):
        last = text.split("\f")[-2]
        assert "NGƯỜI LẬP BIỂU" in last
        assert "Số lượt" in last, "under the headings, repeated"
        assert last.count("01/02/2026") >= min(rows, 2)


def test_two_sheets_of_one_name_are_both_kept():
    book = openpyxl.load_workbook(io.BytesIO(xlsx([("A", ["x"], []), ("A", ["x"], [])])))
    assert book.sheetnames == ["A", "A (2)"]


def test_a_long_name_of_a_sheet_is_cut_between_words():
    name = "Danh sách tài liệu bạn đọc làm mất"  # Excel takes 31 characters
    book = openpyxl.load_workbook(io.BytesIO(xlsx([(name, ["x"], [])])))
    assert book.sheetnames == ["Danh sách tài liệu bạn đọc làm"]


def test_instants_are_written_on_the_libraries_clock():
    made = xlsx([("A", ["Lúc"], [[datetime(2026, 5, 1, 20, 30, tzinfo=UTC)]])])
    sheet = openpyxl.load_workbook(io.BytesIO(made)).worksheets[0]
    assert sheet["A2"].value.isoformat() == "2026-05-02T03:30:00"
