"""The minutes of a stock-taking as an official paper, and its lists as a spreadsheet."""

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from circulation.rules.stock_take import ACCOUNTED, GROUPS, MISSING, PRESENT, SURPLUS
from circulation.stocktaking.models import StockTake
from circulation.stocktaking.results import rows_of_group, sums_of
from circulation.stocktaking.takes import scope_of_take, surplus_scans
from ils.core import clock
from ils.org.office import office_of
from ils.org.units import unit_name
from ils.printing import Sheet, typst_pdf, xlsx
from ils.printing.listing import written

PRINT = Path(__file__).with_name("print")
MOST_LISTED = 3000

# The words of the printed form; official papers are Vietnamese.
GROUP_VI = {
    "present": "Còn trong kho",
    "on_loan": "Đang cho mượn",
    "away": "Đang luân chuyển, chuyển cơ sở",
    "waiting": "Chờ bạn đọc nhận",
    "absent_before": "Đã ghi mất từ trước",
    "missing": "Mất (không tìm thấy)",
    "damaged": "Rách nát, hư hỏng",
    "misplaced": "Sai kho",
    "found_again": "Tìm thấy lại",
    "lent_but_here": "Ghi đang mượn nhưng có trên giá",
    "surplus": "Thừa (đã xuất hoặc không có trong sổ)",
}


def minutes_pdf(session: Session, take: StockTake) -> bytes:
    """Return the minutes with the sums and the lists of what is not in order."""
    sums = sums_of(session, take)
    unknown = surplus_scans(session, take.id)
    expected = [sums[group] for group in GROUPS]
    lists = []
    for group in GROUPS:
        if group in ACCOUNTED:
            continue
        rows = rows_of_group(session, take, group, limit=MOST_LISTED)
        lines = [
            [
                row["accession_no"],
                row["title"],
                row["call_number"],
                written(row["price"], "money"),
                row["seen_branch"] or row["branch"],
            ]
            for row in rows
        ]
        if group == SURPLUS:
            lines += [[one.code, "Không có trong sổ", "", "", one.place] for one in unknown]
        if lines:
            lists.append({"title": GROUP_VI[group], "rows": lines})
    closed = clock.local(take.closed_at or clock.now())
    data: dict[str, Any] = {
        "office": office_of(session, take.library_id, closed.date()).to_json(),
        "day": f"ngày {closed:%d} tháng {closed:%m} năm {closed:%Y}",
        "title": "Biên bản kiểm kê",
        "name": take.name,
        "decision": take.decision,
        "decided_on": take.decided_on,
        "places": [unit_name(session, one) for one in scope_of_take(take).branches],
        "shelf": scope_of_take(take).shelf,
        "frozen": written(take.frozen_at),
        "closed": written(take.closed_at),
        "council": take.council,
        "sums": [
            {
                "words": GROUP_VI[group],
                "copies": written(sums[group][0], "num"),
                "value": written(sums[group][1], "money"),
                "strong": group in (PRESENT, MISSING),
            }
            for group in GROUPS
        ],
        "unknown": len(unknown),
        "total": {
            "copies": written(sum(n for n, _value in expected), "num"),
            "value": written(sum(value for _n, value in expected), "money"),
        },
        "lists": lists,
    }
    return typst_pdf(PRINT / "minutes.typ", data)


def groups_xlsx(session: Session, take: StockTake) -> bytes:
    """Return every group as a sheet of its own, with what no register knows as the last."""
    sheets = []
    for group in GROUPS:
        rows = rows_of_group(session, take, group, limit=100_000)
        sheets.append(
            Sheet(
                GROUP_VI[group],
                ["Số ĐKCB", "Nhan đề", "Tác giả", "Ký hiệu", "Cơ sở", "Giá tiền", "Quét lúc", "Ở"],
                [
                    [
                        row["accession_no"],
                        row["title"],
                        row["author"],
                        row["call_number"],
                        row["branch"],
                        row["price"],
                        row["seen_at"],
                        row["seen_branch"],
                    ]
                    for row in rows
                ],
                money=[5],
                wide=(1,),
            )
        )
    unknown = [[one.code, one.place, one.scanned_at] for one in surplus_scans(session, take.id)]
    sheets.append(Sheet("Không có trong sổ", ["Mã quét", "Vị trí", "Quét lúc"], unknown))
    return xlsx(sheets)
