"""Reports on paper and as spreadsheets. What is laid out here was decided elsewhere.

Official papers are Vietnamese whatever language the page is read in.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ils.core import clock
from ils.printing import Official, Sheet, typst_pdf, xlsx
from ils.reporting.paper import COLUMNS, Line, Number, Paper, shown

PRINT = Path(__file__).with_name("print")
ON_ONE_PAGE = 7  # libraries beside each other on a wide page
NOT_COUNTED = "x"
SIGNS, HEAD_SIGNS = "(Ký, ghi rõ họ tên)", "(Ký, đóng dấu, ghi rõ họ tên)"


def report_pdf(
    paper: Paper, *, state: str, submitted_at: datetime | None, received_at: datetime | None
) -> bytes:
    """Return the printed report; a draft says that it is one."""
    return typst_pdf(PRINT / "report.typ", _printed(paper, state, submitted_at, received_at))


def _printed(
    paper: Paper, state: str, submitted_at: datetime | None, received_at: datetime | None
) -> dict[str, Any]:
    footnotes: list[str] = []
    lines = _table(paper, footnotes)
    sent = clock.local_day(submitted_at) if submitted_at else None
    return {
        "paper": {
            key: getattr(paper, key)
            for key in ("unit_above", "unit_name", "unit_place", "title", "form_number")
        }
        | {
            "issued_under": paper.issued_under,
            "receiver": paper.receiver,
            "note": paper.note,
            "roles": list(paper.roles),
        },
        "title": f"{paper.title} – {paper.period} – {paper.unit_name}",
        "number": "Số:            /BC",
        "day": _dated(sent),
        "period_line": _in_words(paper.period),
        "annex_line": f"(kèm {_lower(paper.title)} {_lower(_in_words(paper.period))};"
        " số thực hiện trong kỳ)",
        "days_line": f"(từ ngày {paper.first:%d/%m/%Y} đến ngày {paper.last:%d/%m/%Y})",
        "version_line": f"Báo cáo đính chính lần {paper.version - 1}" if paper.version > 1 else "",
        "draft": state in ("draft", "returned", "open"),
        "draft_line": "SỐ LIỆU CHƯA CHỐT" if state == "open" else "BẢN NHÁP – CHƯA NỘP",
        "due_on": f"{paper.due_on:%d/%m/%Y}",
        "received_on": f"{clock.local_day(received_at):%d/%m/%Y}" if received_at else "",
        "completeness": _completeness(paper),
        "lines": lines,
        "footnotes": footnotes,
        "remark": _remark(paper),
        "names": [paper.signatures.get(str(place), "") for place in range(3)],
        "annex": _annex(paper),
    }


def _dated(day: date | None) -> str:
    if day is None:
        return f"ngày ..... tháng ..... năm {clock.today():%Y}"
    month = f"{day:%m}" if day.month < 3 else str(day.month)  # the rule for official letters
    return f"ngày {day:%d} tháng {month} năm {day:%Y}"


def _in_words(period: str) -> str:
    return period.replace(" 0", " ").replace("/", " năm ")


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _remark(paper: Paper) -> str:
    """Say what the one figure people most often misread means."""
    if paper.line("B01") is None or not paper.facts.get("libraries"):
        return ""
    return "Số tên (đầu) sách của toàn tỉnh đếm mỗi tên một lần, không cộng các đơn vị."


def _completeness(paper: Paper) -> str:
    told = paper.facts.get("libraries")
    if not told:
        return ""
    counted = [one for one in told if one["values"] is not None]
    missing = [one["name"] for one in told if one["values"] is None]
    words = f"Tổng hợp từ báo cáo đã duyệt của {len(counted)}/{len(told)} đơn vị."
    return words + (f" Chưa có: {', '.join(missing)}." if missing else "")


def _table(paper: Paper, footnotes: list[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for chapter in paper.chapters:
        rows.append({"chapter": True, "number": chapter.number, "words": chapter.vi})
        rows += [_row(line, footnotes) for line in chapter.lines]
    return rows


def _row(line: Line, footnotes: list[str]) -> dict[str, Any]:
    cells = []
    for column in COLUMNS:
        cell = line.cells[column]
        note = 0
        if cell.corrected:
            reason = cell.reason or "không ghi lý do"
            footnotes.append(
                f"{line.code.removeprefix('TV.')}: máy tính được {shown(cell.computed)}, "
                f"đơn vị sửa thành {shown(cell.value)} ({reason})."
            )
            note = len(footnotes)
        cells.append({"words": cell_words(line, column), "mark": note})
    return {
        "chapter": False,
        "number": line.number,
        "words": line.vi,
        "part": bool(line.under),
        "code": "" if line.under else line.code.removeprefix("TV."),
        "unit": line.unit,
        "cells": cells,
        "change": shown(line.change) if line.change is not None else "",
    }


def cell_words(line: Line, column: str) -> str:
    """Return a cell as printed: the figure, or x where the column makes no sense for the row."""
    value = line.cells[column].shown
    if value is None and column == "cumulative" and line.kind == "stock":
        return NOT_COUNTED
    return shown(value)


def _annex(paper: Paper) -> list[dict[str, Any]]:
    told = paper.facts.get("libraries") or []
    parts = []
    for start in range(0, len(told), ON_ONE_PAGE):
        some = told[start : start + ON_ONE_PAGE]
        lines: list[dict[str, Any]] = []
        for chapter in paper.chapters:
            lines.append({"chapter": True, "number": chapter.number, "words": chapter.vi})
            lines += [_annex_row(line, some) for line in chapter.lines]
        parts.append({"libraries": [one["short"] for one in some], "lines": lines})
    return parts


def _annex_row(line: Line, libraries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    values = [_value_of(one, line.id) for one in libraries]
    return {
        "chapter": False,
        "number": line.number,
        "words": line.vi,
        "part": bool(line.under),
        "code": "" if line.under else line.code.removeprefix("TV."),
        "unit": line.unit,
        "cells": [shown(value) for value in (*values, line.cells["period"].shown)],
    }


def _value_of(library: dict[str, Any], row: str, column: str = "period") -> Number:
    values = library["values"]
    return values.get(row, {}).get(column) if values else None


# --- spreadsheets ---------------------------------------------------------------------------


def report_xlsx(paper: Paper, *, submitted_at: datetime | None = None) -> bytes:
    """Return the report as a spreadsheet; a total adds a sheet with each library's figures."""
    sheets = [_report_sheet(paper, submitted_at)]
    if paper.facts.get("libraries"):
        sheets.append(_libraries_sheet(paper))
    return xlsx(sheets)


def _report_sheet(paper: Paper, submitted_at: datetime | None) -> Sheet:
    headers = [
        *("STT", "Chỉ tiêu", "Mã số", "Đơn vị tính", "Thực hiện trong kỳ", "Lũy kế từ đầu năm"),
        *("Cùng kỳ năm trước", "So cùng kỳ (%)", "Máy tính trong kỳ", "Lý do sửa, ghi chú"),
    ]
    rows: list[list[Any]] = []
    strong: set[int] = set()
    for chapter in paper.chapters:
        strong.add(len(rows))
        rows.append([chapter.number, chapter.vi, *[""] * 8])
        for line in chapter.lines:
            cells = line.cells
            reasons = (cells[column].reason for column in COLUMNS)
            rows.append(
                [
                    line.number,
                    f"   {line.vi}" if line.under else line.vi,
                    "" if line.under else line.code.removeprefix("TV."),
                    line.unit,
                    cells["period"].shown,
                    NOT_COUNTED if _stock_year(line) else cells["cumulative"].shown,
                    cells["last_year"].shown,
                    line.change,
                    cells["period"].computed if cells["period"].corrected else "",
                    "; ".join(reason for reason in reasons if reason),
                ]
            )
    return Sheet(
        name=paper.period,
        heading=[paper.heading("vi").upper(), _days(paper)],
        headers=headers,
        rows=rows,
        notes=[*([_completeness(paper)] if _completeness(paper) else []), *_notes(paper)],
        wide=(1, 9),
        strong=frozenset(strong),
        landscape=True,
        official=_official(paper, submitted_at),
    )


def _official(paper: Paper, submitted_at: datetime | None) -> Official:
    day = _dated(clock.local_day(submitted_at) if submitted_at else None)
    last = len(paper.roles) - 1
    return Official(
        issuer=[name.upper() for name in (paper.unit_above, paper.unit_name) if name],
        dated=f"{paper.unit_place}, {day}" if paper.unit_place else day,
        signatures=[
            (role, HEAD_SIGNS if place == last else SIGNS, paper.signatures.get(str(place), ""))
            for place, role in enumerate(paper.roles)
        ],
    )


def _stock_year(line: Line) -> bool:
    return line.kind == "stock" and line.cells["cumulative"].shown is None


def _days(paper: Paper) -> str:
    return f"Từ ngày {paper.first:%d/%m/%Y} đến ngày {paper.last:%d/%m/%Y}"


def _notes(paper: Paper) -> Iterable[str]:
    if paper.note:
        yield f"Thuyết minh: {paper.note}"


def _libraries_sheet(paper: Paper) -> Sheet:
    told = paper.facts["libraries"]
    headers = ["Mã số", "Chỉ tiêu", "Đơn vị tính", *(one["short"] for one in told), "Toàn tỉnh"]
    rows = [
        [
            line.code.removeprefix("TV."),
            line.vi,
            line.unit,
            *(_value_of(one, line.id) for one in told),
            line.cells["period"].shown,
        ]
        for line in paper.lines
    ]
    return Sheet("Từng đơn vị", headers, rows, wide=(1,), landscape=True)
