"""The papers of weeding: the proposal list, the council's minutes, minutes of what became of copies.

Official papers are Vietnamese.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.stockbook.weeding.models import Disposal, Weeding, WeedingLine
from cataloging.stockbook.weeding.proposals import Shown, lines_of, sums_of
from ils.core import clock
from ils.core.money import in_words
from ils.org.office import office_of
from ils.printing import typst_pdf
from ils.printing.listing import Column, Listing, written

PRINT = Path(__file__).parents[1] / "print"
REASONS_VI = {
    "worn": "Rách nát, hư hỏng không phục vụ được",
    "outdated": "Nội dung lạc hậu, hết hiệu lực",
    "surplus": "Thừa bản, không có nhu cầu sử dụng",
    "lost": "Mất",
    "transferred": "Chuyển cho thư viện khác",
    "mistake": "Vào sổ nhầm",
    "other": "Lý do khác",
}
COLUMNS = (
    Column("number", "Số ĐKCB", "code", "24mm"),
    Column("title", "Tên tài liệu"),
    Column("author", "Tác giả", "text", "38mm"),
    Column("year", "Năm XB", "text", "13mm"),
    Column("entered_on", "Ngày vào sổ", "date", "20mm"),
    Column("price", "Giá (đồng)", "money", "22mm", total=True),
    Column("reason", "Lý do", "text", "44mm"),
    Column("note", "Ghi chú", "text", "34mm"),
)


def rows_of(session: Session, weeding: Weeding) -> list[dict[str, Any]]:
    """Return the copies of a list as rows for paper; those put back into stock are left out."""
    return [_row(one) for one in lines_of(session, weeding) if one.line.state != "restored"]


def _row(one: Shown) -> dict[str, Any]:
    return {
        "number": one.item.accession_no or one.item.barcode or "",
        "title": one.record.title,
        "author": one.record.author,
        "year": one.record.year or "",
        "entered_on": one.item.accessioned_on,
        "price": one.value,
        "reason": REASONS_VI[one.line.reason],
        "note": one.line.note if one.line.state != "restored" else "",
    }


def list_of(session: Session, weeding: Weeding) -> Listing:
    """Return the list of copies as a paper or spreadsheet."""
    decided = weeding.state == "decided"
    about = [weeding.name]
    if decided:
        about.append(
            f"Kèm theo Quyết định số {weeding.decision_no} ngày {written(weeding.decided_on)}"
        )
    return Listing(
        title="Danh mục tài liệu thanh lọc" if decided else "Danh mục tài liệu đề nghị thanh lọc",
        columns=COLUMNS,
        rows=rows_of(session, weeding),
        office=office_of(session, weeding.library_id, weeding.decided_on),
        about=about,
    )


def minutes_pdf(session: Session, weeding: Weeding) -> bytes:
    """Return the minutes of the council's meeting: members, sums by reason, the list."""
    sums = sums_of(session, weeding.id, restored=True)
    value = sum(total for _code, _count, total in sums)
    day = weeding.met_on or clock.today()
    rows = [_row(one) for one in lines_of(session, weeding)]  # as the council signed them
    data = _common(session, weeding, rows, day) | {
        "number": weeding.minutes_no,
        "title": "Biên bản họp Hội đồng thanh lọc tài liệu",
        "name": weeding.name,
        "council": weeding.council,
        "sums": [
            [REASONS_VI[code], written(count, "num"), written(total, "money")]
            for code, count, total in sums
        ],
        "copies": written(sum(count for _code, count, _total in sums), "num"),
        "value": written(value, "money"),
        "words": in_words(value),
        "note": weeding.note,
    }
    return typst_pdf(PRINT / "weeding.typ", data)


def _common(
    session: Session, weeding: Weeding, rows: list[dict[str, Any]], day: Any
) -> dict[str, Any]:
    return {
        "office": office_of(session, weeding.library_id, day).to_json(),
        "day": f"ngày {day:%d} tháng {day:%m} năm {day:%Y}",
        "rows": [
            [
                row["number"],
                ". ".join(part for part in (row["author"], row["title"]) if part),
                str(row["year"]),
                written(row["price"], "money"),
                ". ".join(part for part in (row["reason"], row["note"]) if part),
            ]
            for row in rows
        ],
    }


TITLES = {
    "transferred": "Biên bản bàn giao tài liệu thanh lọc",
    "sold": "Biên bản bán thanh lý tài liệu",
    "destroyed": "Biên bản tiêu hủy tài liệu thanh lọc",
}


def disposal_pdf(session: Session, weeding: Weeding, disposal: Disposal) -> bytes:
    """Return the minutes by which copies were given away, sold or destroyed."""
    mine = set(
        session.scalars(select(WeedingLine.id).where(WeedingLine.disposal_id == disposal.id))
    )
    lines = [one for one in lines_of(session, weeding) if one.line.id in mine]
    data = _common(session, weeding, [_row(one) for one in lines], disposal.dated_on) | {
        "number": disposal.number,
        "title": TITLES[disposal.kind],
        "kind": disposal.kind,
        "receiver": disposal.receiver,
        "proceeds": written(disposal.proceeds, "money"),
        "words": in_words(disposal.proceeds) if disposal.proceeds else "",
        "decision": weeding.decision_no,
        "decided_on": written(weeding.decided_on),
        "minutes": weeding.minutes_no,
        "copies": written(len(lines), "num"),
        "value": written(sum(one.value for one in lines), "money"),
        "note": disposal.note,
    }
    return typst_pdf(PRINT / "disposal.typ", data)
