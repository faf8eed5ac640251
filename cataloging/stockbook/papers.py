"""The papers of a gift: the receipt with its list, and the letter of thanks. They are Vietnamese."""

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from cataloging.stockbook.lists import KINDS_VI
from cataloging.stockbook.models import Voucher
from cataloging.stockbook.vouchers import lines_of, sum_of
from ils.core import clock
from ils.org.office import office_of
from ils.printing import typst_pdf
from ils.printing.listing import written

PRINT = Path(__file__).with_name("print")


def receipt_pdf(session: Session, voucher: Voucher) -> bytes:
    """Return the minutes of receiving, with every title and the accession numbers made of it."""
    return typst_pdf(PRINT / "receipt.typ", _data(session, voucher))


def letter_pdf(session: Session, voucher: Voucher) -> bytes:
    """Return the letter of thanks to a donor."""
    return typst_pdf(PRINT / "letter.typ", _data(session, voucher))


def _data(session: Session, voucher: Voucher) -> dict[str, Any]:
    lines = lines_of(session, voucher.id)
    day = voucher.entered_on
    rows = [
        [
            record.title if record else line.fresh.get("title", ""),
            record.author if record else line.fresh.get("authors", ""),
            written(line.copies, "num"),
            written(line.paid_price, "money"),
            written(line.copies * (line.paid_price or 0), "money"),
            _stretch(line.numbers) if voucher.state == "closed" else "",
        ]
        for line, record in lines
        if line.copies
    ]
    return {
        "office": office_of(session, voucher.library_id, day).to_json(),
        "day": f"ngày {day:%d} tháng {day:%m} năm {day:%Y}",
        "printed": written(clock.today()),
        "gift": voucher.kind == "gift",
        "kind": KINDS_VI[voucher.kind],
        "number": voucher.number,
        "dated": written(voucher.dated_on),
        "summary": str(voucher.summary_no or ""),
        "source": voucher.source,
        "address": voucher.address,
        "funding": voucher.funding,
        "titles": written(len(rows), "num"),
        "copies": written(sum(line.copies for line, _record in lines), "num"),
        "value": written(sum_of(lines), "money"),
        "rows": rows,
    }


def _stretch(numbers: list[str]) -> str:
    """Write numbers that follow each other as from–to."""
    return numbers[0] if len(numbers) == 1 else f"{numbers[0]} – {numbers[-1]}" if numbers else ""
