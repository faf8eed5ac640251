"""The papers of a box: list of its copies, minutes of handing over, list of what is missing; and
the book in which rotation is followed up. Official papers are Vietnamese."""

from pathlib import Path
from typing import Any

from flask_babel import force_locale
from sqlalchemy.orm import Session

from circulation.rotation.claims import claim_of
from circulation.rotation.lists import (
    BOOK,
    Asked,
    Row,
    boxes_of,
    extras_of,
    not_arrived,
    sheet_of_box,
)
from circulation.rotation.models import Consignment, RotationPoint
from circulation.rotation.returning import ABSENT
from ils.core import clock
from ils.org.office import office_of
from ils.printing import Sheet, barcode_svg, qr_svg, typst_pdf, xlsx
from ils.printing.listing import Listing, listing_pdf, listing_xlsx, written

PRINT = Path(__file__).with_name("print")
SIZES = ("a4", "a5")
MOST_IN_BOOK = 5000

LINE_VI = {
    "packed": "",
    "out": "",
    "returned": "Đã trả",
    "damaged": "Trả, hư hỏng",
    "missing_at_point": "Thiếu",
    "lost_at_point": "Mất",
    "given": "Cấp hẳn",
    "taken_off": "Trả lẻ tại quầy",
    "moved_on": "Chuyển điểm sau",
}
KINDS_VI = {
    "branch": "Cơ sở thư viện",
    "commune": "Thư viện, tủ sách xã",
    "school": "Trường học",
    "post_office": "Điểm bưu điện – văn hóa xã",
    "border_post": "Đồn biên phòng",
    "factory": "Nhà máy, khu công nghiệp",
    "pagoda": "Chùa, cơ sở tôn giáo",
    "prison": "Trại giam",
    "other": "Điểm đọc khác",
}


def _day(value: Any) -> str:
    return f"ngày {value:%d} tháng {value:%m} năm {value:%Y}"


def _common(session: Session, box: Consignment, point: RotationPoint, day: Any, size: str) -> Row:
    return {
        "office": office_of(session, box.library_id, day).to_json(),
        "day": _day(day),
        "size": size if size in SIZES else "a4",
        "number": box.number,
        "bars": barcode_svg(box.number, height=28),
        "point": point.name,
        "kind": KINDS_VI[point.kind],
        "address": point.address,
        "contact": point.contact,
        "phone": point.phone,
        "seal": box.seal,
        "seal_back": box.seal_back,
        "sent": written(box.sent_on),
        "due": written(box.due_on),
        "handed_by": box.handed_by,
        "taken_by": box.taken_by or point.contact,
    }


def _rows(rows: list[Row], *, states: bool) -> list[list[str]]:
    return [
        [
            row["accession_no"] or row["barcode"] or "",
            row["title"],
            row["author"] or "",
            row["call_number"] or "",
            written(row["price"], "money"),
            LINE_VI[row["state"]] if states else "",
        ]
        for row in rows
    ]


def manifest_pdf(session: Session, box: Consignment, point: RotationPoint, size: str) -> bytes:
    """Return the list of the copies in a box, to lie in the box and at the library."""
    rows = sheet_of_box(session, box)
    data = _common(session, box, point, box.sent_on or clock.today(), size) | {
        "rows": _rows(rows, states=False),
        "value": written(sum(row["price"] or 0 for row in rows), "money"),
    }
    return typst_pdf(PRINT / "manifest.typ", data)


def minutes_pdf(
    session: Session,
    box: Consignment,
    point: RotationPoint,
    *,
    back: bool,
    size: str = "a4",
    link: str = "",
    before: str = "",
) -> bytes:
    """Return the minutes of handing a box over, out or back, for both signatures.

    ``link`` is the address at which the point reports (printed as a QR code); ``before`` the point
    that hands the copies on, where they do not come from the library itself.
    """
    rows = sheet_of_box(session, box)
    here = [row for row in rows if row["state"] in ("returned", "damaged", "taken_off")]
    absent = [row for row in rows if row["state"] in ("out", *ABSENT)]
    day = (box.closed_on or clock.today()) if back else (box.sent_on or clock.today())
    listed = absent + [row for row in here if row["state"] == "damaged"] if back else rows
    data = _common(session, box, point, day, size) | {
        "back": back,
        "before": before,
        "copies": written(len(rows), "num"),
        "value": written(sum(row["price"] or 0 for row in rows), "money"),
        "returned": written(len(here), "num"),
        "damaged": written(sum(row["state"] == "damaged" for row in here), "num"),
        "missing": written(len(absent), "num"),
        "never_came": written(len(not_arrived(session, box)), "num") if back else "0",
        "extras": sum(not one.on_arrival for one in extras_of(session, box.id)) if back else 0,
        "settlement": box.settlement,
        "rows": _rows(listed, states=back),
        "link": link,
        "qr": qr_svg(link) if link else "",
    }
    return typst_pdf(PRINT / "minutes.typ", data)


def missing_pdf(
    session: Session,
    box: Consignment,
    point: RotationPoint,
    size: str,
    *,
    on_arrival: bool = False,
) -> bytes:
    """Return the list of what did not come back with a box, with the value to answer for; or of
    what was not there when the point counted it."""
    rows = sheet_of_box(session, box, "out", *ABSENT)
    day = box.closed_on or clock.today()
    if on_arrival:
        rows, day = not_arrived(session, box), box.received_on or clock.today()
    data = _common(session, box, point, day, size) | {
        "on_arrival": on_arrival,
        "received": written(box.received_copies or 0, "num"),
        "rows": _rows(rows, states=not on_arrival),
        "value": written(sum(row["price"] or 0 for row in rows), "money"),
        "settlement": box.settlement,
        "amount": written(box.settlement_amount, "money"),
        "paid": written(claim_of(session, box).paid, "money"),
        "extras": [
            one.scanned for one in extras_of(session, box.id) if one.on_arrival == on_arrival
        ],
    }
    return typst_pdf(PRINT / "missing.typ", data)


def box_xlsx(session: Session, box: Consignment, point: RotationPoint) -> bytes:
    """Return the copies of a box as a spreadsheet."""
    heads = ["Số ĐKCB", "Nhan đề", "Tác giả", "Ký hiệu", "Giá tiền", "Tình trạng", "Lượt quét"]
    rows = [
        [
            row["accession_no"] or row["barcode"],
            row["title"],
            row["author"],
            row["call_number"],
            row["price"],
            LINE_VI[row["state"]],
            row["uses"] or None,
        ]
        for row in sheet_of_box(session, box)
    ]
    office = office_of(session, box.library_id)
    heading = [office.name, f"DANH MỤC TÀI LIỆU LUÂN CHUYỂN {box.number}", point.name]
    return xlsx([Sheet(box.number.replace("/", "-"), heads, rows, heading, money=[4], wide=(1,))])


def book_of(session: Session, asked: Asked) -> Listing:
    """Return the book in which rotation is followed up, for paper or a spreadsheet."""
    with force_locale("vi"):
        found = boxes_of(session, asked, limit=MOST_IN_BOOK)[::-1]
        rows = [row for row in found if row["sent_on"] is not None]
        about = [f"(tính đến ngày {clock.today():%d/%m/%Y})"]
        if asked.first or asked.last:
            since = f"từ ngày {asked.first:%d/%m/%Y}" if asked.first else ""
            until = f"đến ngày {asked.last:%d/%m/%Y}" if asked.last else ""
            about = [f"({' '.join(part for part in (since, until) if part)})"]
        return Listing(
            title="Sổ theo dõi luân chuyển",
            columns=BOOK,
            rows=rows,
            office=office_of(session, asked.library_id),
            about=about,
        )


def book_pdf(session: Session, asked: Asked) -> bytes:
    """Return the book as a paper."""
    with force_locale("vi"):
        return listing_pdf(book_of(session, asked))


def book_xlsx(session: Session, asked: Asked) -> bytes:
    """Return the book as a spreadsheet."""
    with force_locale("vi"):
        return listing_xlsx(book_of(session, asked))
