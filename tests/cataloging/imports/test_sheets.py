"""Spreadsheets and ISIS exports brought in as titles with copies."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from sqlalchemy import select

from cataloging.imports import report, runs, work
from cataloging.imports.sheets import cells, columns, kept, staging, tables, wrong
from cataloging.imports.sheets.cells import CellError
from cataloging.imports.wording import ROWS
from cataloging.models import ImportRun, Item, Record
from cataloging.views.import_words import BOXES
from ils.core import db
from ils.core.errors import Invalid, Refused
from ils.text import legacy
from tests.cataloging.imports.conftest import Bench

HEADERS = (
    "STT",
    "Tên sách",
    "Tác giả",
    "Năm XB",
    "Số ĐKCB",
    "Giá tiền",
    "Kho",
    "Ngày nhập",
    "ISBN",
)
MEN = ("Dế Mèn phiêu lưu ký", "Tô Hoài", 2019)
RED = ("Số đỏ", "Vũ Trọng Phụng", 2018)


def xlsx(*rows: Sequence[Any], above: Sequence[Sequence[Any]] = ()) -> bytes:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in (*above, *rows):
        sheet.append(list(row))
    if above:
        sheet.merge_cells("A1:F1")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(*rows: Sequence[Any]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sách")
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            sheet.write(r, c, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def in_tcvn3(text: str) -> bytes:
    codes = {letter: code for code, letter in legacy._TCVN3_TABLE.items()}
    return bytes(codes.get(letter, ord(letter)) for letter in text)


LIST = xlsx(
    HEADERS,
    (1.0, *MEN, "TN.00001-00002", "45.000đ", "TN", date(2019, 3, 5), 9786042076876.0),
    (2, *RED, "TN.00005", "abc", "TN", "5/3/2019", None),
    (3, *MEN, "TN.00009; 10", 45000, "TN", "ngày 5 tháng 3 năm 2019", "9786042076876"),
    (4, None, None, None, "TN.00011", None, None, None, None),
    above=[["THƯ VIỆN HUYỆN HOÀNG SU PHÌ"], []],
)


def titles() -> list[str]:
    with db.reading() as session:
        query = select(Record.title).where(Record.deleted_at.is_(None)).order_by(Record.id)
        return list(session.scalars(query))


def numbers() -> list[str]:
    with db.reading() as session:
        return [n or "" for n in session.scalars(select(Item.accession_no).order_by(Item.id))]


def staged(path: Path) -> list[Any]:
    plan = staging.plan_for(path)
    assert plan is not None
    target = path.with_name("staged")
    staging.gather(path, plan, date(2026, 11, 28), target)
    return [(found, drafts) for found, drafts in staging.staged(target)]


class TestBringingIn:
    def test_rows_of_one_title_are_one_record_with_their_copies(self, bench: Bench) -> None:
        run_id, tally = bench.bring_in(bench.file(LIST, "sach.xlsx"))
        assert titles() == ["Dế Mèn phiêu lưu ký"]
        assert numbers() == ["TN.00001", "TN.00002", "TN.00009", "TN.00010", "TN.00011"]
        assert (tally.found, tally.stored, tally.rejected) == (2, 1, 1)
        with db.reading() as session:
            item = session.scalars(select(Item).order_by(Item.id)).first()
            assert item is not None
            assert (item.price, item.accessioned_on) == (45000, date(2019, 3, 5))
            assert item.register_id is not None
            assert report.report(session, run_id).reasons == {"row_price": 1}

    def test_the_same_file_again_changes_nothing(self, bench_here: Bench) -> None:
        path = bench_here.file(LIST, "sach.xlsx")
        bench_here.bring_in(path)
        _, tally = bench_here.bring_in(path)
        assert (tally.stored, tally.matched, tally.items_added) == (0, 1, 0)
        assert len(numbers()) == 5

    def test_a_trial_counts_and_stores_nothing(self, bench_here: Bench) -> None:
        run = bench_here.receive(bench_here.file(LIST, "sach.xlsx"))
        tally = work.proceed(run.id, bench_here.cataloger, dry=True)
        assert (tally.found, tally.stored, tally.items_added, tally.rejected) == (2, 1, 5, 1)
        assert titles() == []

    def test_one_that_was_killed_goes_on_with_no_row_twice(
        self, bench_here: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cataloging.imports.ahead.AT_ONCE", 2)
        rows = [(n, f"Sách số {n}", "Tô Hoài", 2000, f"TN.{n:05d}") for n in range(1, 8)]
        run = bench_here.receive(bench_here.file(xlsx(HEADERS[:5], *rows), "sach.xlsx"))
        with db.transaction() as session:
            runs.prepare(session, bench_here.cataloger, run.id)

        def killed(tally: work.Tally, _known: work.Known) -> None:
            if tally.found >= 4:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            work.proceed(run.id, bench_here.cataloger, killed)
        assert len(titles()) == 4
        for kept_rows in staging.folder_of(run.id).glob("rows-*"):
            kept_rows.unlink()  # and the file of rows is lost too
        work.proceed(run.id, bench_here.cataloger)
        assert len(titles()) == len(set(titles())) == 7
        assert numbers() == [f"TN.{n:05d}" for n in range(1, 8)]

    def test_it_is_taken_back_whole(self, bench_here: Bench) -> None:
        run_id, _ = bench_here.bring_in(bench_here.file(LIST, "sach.xlsx"))
        with db.transaction() as session:
            runs.undo_run(session, bench_here.cataloger, run_id)
        assert titles() == []
        assert numbers() == []

    def test_the_wrong_rows_come_back_and_can_be_mended(self, bench_here: Bench) -> None:
        run_id, _ = bench_here.bring_in(bench_here.file(LIST, "sach.xlsx"))
        with db.reading() as session:
            run = session.get_one(ImportRun, run_id)
            headers, rows = wrong.wrong_rows(session, run, lambda code, value: f"{code}: {value}")
            back = list(rows)
        assert headers == list(HEADERS)
        assert [row[0] for row in back] == ["row_price: abc"]
        assert back[0][2] == "Số đỏ"
        mended = [45000 if cell == "abc" else cell for cell in back[0]]
        again = xlsx(["Lý do chưa nhập", *headers], mended)
        _, tally = bench_here.bring_in(bench_here.file(again, "lai.xlsx"))
        assert (tally.stored, tally.rejected) == (1, 0)
        assert "TN.00005" in numbers()

    def test_a_list_without_a_title_column_is_not_begun(self, bench_here: Bench) -> None:
        path = bench_here.file(xlsx(("Tác giả", "Số ĐKCB"), ("Tô Hoài", "TN.1")), "sach.xlsx")
        run = bench_here.receive(path)
        with db.transaction() as session, pytest.raises(Refused, match="sheet_needs_title"):
            runs.prepare(session, bench_here.cataloger, run.id)

    def test_columns_kept_by_name_are_offered_for_the_same_headers(self, bench: Bench) -> None:
        data = xlsx(("Tên sách", "Năm XB", "Cột lạ"), ("Số đỏ", 2018, "TN.00007"))
        run = bench.receive(bench.file(data, "a.xlsx"))
        plan = columns.plan_of(run.options["sheet"])
        assert [one.box for one in plan.columns] == ["title", "year", ""]
        changed = columns.plan_of(
            {
                **plan.facts(),
                "columns": [[c.header, c.box or "accession_no", c.encoding] for c in plan.columns],
            }
        )
        with db.transaction() as session:
            kept.keep_mapping(session, bench.cataloger, bench.place.library.id, "Sổ cũ", changed)
        again = bench.receive(bench.file(data, "b.xlsx"))
        assert columns.plan_of(again.options["sheet"]).columns[2].box == "accession_no"


class TestFiles:
    TEXT = "Nhan đề;Tác giả;Năm XB;Số ĐKCB\n" + "".join(
        f"{title};{author};2001;VV.{n:05d}\n"
        for n, (title, author) in enumerate(
            [
                ("Thơ Hồ Xuân Hương", "Hồ Xuân Hương"),
                ("Tắt đèn", "Ngô Tất Tố"),
                ("Số đỏ", "Vũ Trọng Phụng"),
            ],
            1,
        )
    )

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258", "tcvn3"])
    def test_a_text_is_read_in_the_encoding_it_has(self, tmp_path: Path, encoding: str) -> None:
        text = self.TEXT
        if encoding == "cp1258":
            data = in_1258(text)
        else:
            data = in_tcvn3(text) if encoding == "tcvn3" else text.encode(encoding)
        path = tmp_path / "list"
        path.write_bytes(data)
        found = staged(path)
        assert [_title(one) for one, _ in found] == ["Thơ Hồ Xuân Hương", "Tắt đèn", "Số đỏ"]
        assert [d.accession_no for _, some in found for d in some] == [
            "VV.00001",
            "VV.00002",
            "VV.00003",
        ]

    def test_each_column_has_an_encoding_of_its_own(self, tmp_path: Path) -> None:
        old = [
            in_tcvn3(t).decode("latin-1")
            for t in ("Thơ Hồ Xuân Hương", "Nửa chừng xuân", "Đất rừng phương Nam")
        ]
        new = ("Hồ Xuân Hương", "Khái Hưng", "Đoàn Giỏi")
        path = tmp_path / "list.xlsx"
        path.write_bytes(xlsx(("Tên sách", "Tác giả"), *zip(old, new, strict=True)))
        plan = staging.plan_for(path)
        assert plan is not None
        assert [one.encoding for one in plan.columns] == ["tcvn3", "unicode"]
        found = staged(path)
        assert _title(found[2][0]) == "Đất rừng phương Nam"
        assert {"a": "Đoàn Giỏi"} in found[2][0].marc["fields"][1]["100"]["subfields"]

    def test_headers_of_a_register_stand_in_two_rows(self, tmp_path: Path) -> None:
        upper = ("Ngày vào sổ", "Số ĐKCB", "Tác giả và tên sách", "", "Xuất bản", "", "Giá tiền")
        lower = ("", "", "Tác giả", "Nhan đề", "Nơi XB", "Năm XB", "")
        ordinals = tuple(range(1, 8))
        red = (43500, "TN.00001", "Vũ Trọng Phụng", "Số đỏ", "H.", 2018.0, "45.000đ")
        further = ("", "TN.00002", "", "", "", "", "")
        path = tmp_path / "list.xlsx"
        rows = (upper, lower, ordinals, red, further, upper, lower, ())
        path.write_bytes(xlsx(*rows, above=[("SỔ ĐĂNG KÝ CÁ BIỆT",)]))
        plan = staging.plan_for(path)
        assert plan is not None
        assert plan.header == 3
        assert [one.box for one in plan.columns] == [
            *("accessioned_on", "accession_no", "authors", "title", "place", "year", "price"),
        ]
        [(found, drafts)] = staged(path)
        assert _title(found) == "Số đỏ"
        assert [one.accession_no for one in drafts] == ["TN.00001", "TN.00002"]
        assert drafts[0].accessioned_on == date(2019, 2, 4)

    def test_an_old_workbook_is_read_whatever_its_name(self, tmp_path: Path) -> None:
        path = tmp_path / "list.csv"
        path.write_bytes(xls(("Tên sách", "Số ĐKCB", "Năm XB"), ("Số đỏ", "TN.00001", 2018.0)))
        [(found, drafts)] = staged(path)
        assert _title(found) == "Số đỏ"
        assert drafts[0].accession_no == "TN.00001"

    def test_marc_with_a_broken_leader_is_no_isis_export(self, tmp_path: Path) -> None:
        field = b"  \x1faSo do\x1e"
        directory = b"949%04d00000\x1e" % len(field)
        base = 24 + len(directory)
        length = base + len(field) + 1
        leader = b"%05d   00%02d%05d   00000" % (length, 0, base)
        file = tmp_path / "broken.mrc"
        file.write_bytes(leader[:24] + directory + field + b"\x1d")
        assert tables.table_of(file) is None

    def test_a_field_longer_than_a_table_has_is_no_reason_to_fail(self, tmp_path: Path) -> None:
        file = tmp_path / "long.xml"
        file.write_text('<a b=",;' + "x" * 200_000 + '"/>\n,;\n,;\n', encoding="utf-8")
        assert tables.table_of(file) is None

    def test_an_isis_export_is_read_by_the_numbers_of_its_fields(self, tmp_path: Path) -> None:
        wrapped = tmp_path / "isis.iso"
        wrapped.write_bytes(
            isis_record({24: "Số đỏ", 26: "^aH.^bVăn học^c2018", 70: "Vũ Trọng Phụng"})
        )
        text = tmp_path / "isis.id"
        text.write_text(
            "!ID 000001\n!v024!Số đỏ\n!v026!^aH.^bVăn học^c2018\n!v070!Vũ Trọng Phụng\n", "utf-8"
        )
        marc = tmp_path / "marc.id"  # a data base with the fields of MARC 21
        marc.write_text(
            "!ID 000001\n!v100!0 ^aVũ Trọng Phụng\n!v245!10^aSố đỏ\n!v260!^aH.^c2018\n", "utf-8"
        )
        for path in (wrapped, text, marc):
            [(found, _)] = staged(path)
            assert _title(found) == "Số đỏ"
            assert "Vũ Trọng Phụng" in str(found.marc)  # in VISCII it would read Vò Trảng Phông
            year = next(f["264"] for f in found.marc["fields"] if "264" in f)["subfields"][-1]
            assert year == {"c": "2018"}

    def test_a_bomb_a_locked_book_and_a_picture_end_in_a_sentence(self, tmp_path: Path) -> None:
        bomb, locked, picture = tmp_path / "a", tmp_path / "b", tmp_path / "c"
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("xl/workbook.xml", "<workbook/>")
            packed.writestr("xl/sharedStrings.xml", b" " * (tables.SHARED + 1))
        locked.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4000)
        picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 200)
        with pytest.raises(Invalid, match="sheet_too_large"):
            tables.table_of(bomb)
        with pytest.raises(Invalid, match="sheet_unreadable"):
            tables.table_of(locked)
        assert tables.table_of(picture) is None

    def test_a_million_empty_rows_cost_nothing_and_too_many_are_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        book = openpyxl.Workbook()
        sheet: Any = book.active
        sheet.append(["Tên sách", "Tác giả"])
        sheet.append(["Số đỏ", "Vũ Trọng Phụng"])
        sheet.cell(1_048_576, 2).value = " "
        book.save(tmp_path / "far.xlsx")
        assert len(staged(tmp_path / "far.xlsx")) == 1
        monkeypatch.setattr(tables, "MOST_ROWS", 1)
        with pytest.raises(Invalid, match="sheet_too_long"):
            staging.plan_for(tmp_path / "far.xlsx")


class TestCells:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("TN.00001-00003", ["TN.00001", "TN.00002", "TN.00003"]),
            ("TN.00001 - TN.00002", ["TN.00001", "TN.00002"]),
            ("TN1 đến TN3", ["TN1", "TN2", "TN3"]),
            ("TN.00001, VV.00004; 5", ["TN.00001", "VV.00004", "VV.00005"]),
            ("7-8", ["KH.00007", "KH.00008"]),
            ("VV19/1234", ["VV19/1234"]),
            ("", []),
        ],
    )
    def test_numbers_are_written_out(self, written: str, meant: list[str]) -> None:
        assert cells.numbers_in(written, "KH") == meant

    @pytest.mark.parametrize(
        "written", ["TN.00001-05", "TN.00005-00001", "9.78604E+12", "TN.1-VV.3"]
    )
    def test_what_can_be_read_in_two_ways_is_no_number(self, written: str) -> None:
        with pytest.raises(CellError):
            cells.numbers_in(written)

    @pytest.mark.parametrize(
        ("written", "dong"),
        [
            ("45.000đ", 45000),
            ("45,000 VNĐ", 45000),
            ("45000.00", 45000),
            ("45k", 45000),
            ("-", None),
        ],
    )
    def test_prices(self, written: str, dong: int | None) -> None:
        assert cells.price_of(written) == dong

    @pytest.mark.parametrize(
        "written", ["5/3/2019", "05-03-19", "ngày 5 tháng 3 năm 2019", "2019-03-05", "43529"]
    )
    def test_days(self, written: str) -> None:
        assert cells.day_of(written, written) == date(2019, 3, 5)

    def test_an_isbn_that_excel_shortened_is_told_and_not_guessed(self, tmp_path: Path) -> None:
        path = tmp_path / "list.csv"
        path.write_text("Tên sách,ISBN\nSố đỏ,9.78604E+12\n", "utf-8")
        [(found, _)] = staged(path)
        assert found.problem.code == "row_scientific"
        assert found.problem.code in ROWS

    def test_headers_are_known_with_and_without_marks(self) -> None:
        said = ("NHAN ĐỀ", "Ten sach", "So DKCB", "Năm XB (*)", "Accession number", "title")
        assert [columns.box_for(one) for one in said] == [
            *("title", "title", "accession_no", "year", "accession_no", "title"),
        ]
        told_by_marks = ("Khổ sách", "Kho sach", "Kho sách", "KHO SÁCH:")
        assert [columns.box_for(one) for one in told_by_marks] == ["size"] * 2 + ["collection"] * 2
        assert set(BOXES) == set(columns.boxes())


def _title(found: Any) -> str:
    return str(next(f["245"] for f in found.marc["fields"] if "245" in f)["subfields"][0]["a"])


def in_1258(text: str) -> bytes:
    """Write as Windows-1258 has it: a letter, then its tone."""
    out = b""
    for letter in text:
        try:
            out += letter.encode("cp1258")
        except UnicodeEncodeError:
            import unicodedata

            parts = unicodedata.normalize("NFD", letter)
            tone = next(p for p in parts if p in "\u0300\u0301\u0303\u0309\u0323")
            base = unicodedata.normalize("NFC", parts.replace(tone, ""))
            out += (base + tone).encode("cp1258")
    return out


def isis_record(values: dict[int, str]) -> bytes:
    """Write a record as ISIS does: no indicators, # for terminators, lines of 80."""
    body, directory = b"", ""
    for tag, value in values.items():
        data = in_tcvn3(value) + b"#"
        directory += f"{tag:03d}{len(data):04d}{len(body):05d}"
        body += data
    base = 24 + len(directory) + 1
    leader = f"{base + len(body) + 1:05d}0000000{base:05d}0004500"
    record = leader.encode() + directory.encode() + b"#" + body + b"#"
    return b"\r\n".join(record[at : at + 80] for at in range(0, len(record), 80)) + b"\r\n"
