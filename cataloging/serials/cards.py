"""The card of a title for a year (sổ đăng ký báo, tạp chí): months by days, on paper and as a sheet.

A newspaper has a line for each month and a box for each day; a magazine has a line for each of the
last years and a box for each month.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from cataloging.models import Record
from cataloging.serials.expecting import HERE, OPEN, Slot, slots_of
from cataloging.serials.holdings import holding_of
from cataloging.serials.models import SerialTitle
from cataloging.serials.titles import patterns_of, taken_at
from ils.core import clock
from ils.org.office import office_of
from ils.org.units import unit_name
from ils.printing import Sheet, typst_pdf, xlsx
from ils.printing.listing import written

PRINT = Path(__file__).with_name("print")
YEARS_SHOWN = 5
MOST_CARDS = 200
MARKS = {"absent": "–", "missing": "x", "late": "?"}  # as on the paper card, explained at its foot


@dataclass(frozen=True)
class Card:
    """A card: headings of the columns, and lines of a heading, boxes and the sum of what came.

    A box is what stands in it and how it stands: ``arrived``, ``absent``, ``missing``, ``late``,
    ``ahead`` (expected), or nothing.
    """

    by_day: bool
    columns: Sequence[str]
    lines: Sequence[tuple[str, Sequence[tuple[str, str]], int]]

    @property
    def total(self) -> int:
        """How many issues came."""
        return sum(count for _head, _boxes, count in self.lines)


def card_of(session: Session, title: SerialTitle, year: int) -> Card:
    """Return the card of a title for a year; of a magazine with the years before it."""
    rows = patterns_of(session, [title.id]).get(title.id, [])
    by_day = any(row.unit == "week" and row.every == 1 for row in rows) or not rows
    first = year if by_day else year - YEARS_SHOWN + 1
    slots = slots_of(session, [title], date(first, 1, 1), date(year, 12, 31))[title.id]
    boxes: dict[tuple[int, int], list[Slot]] = {}
    for slot in slots:
        day = slot.issue.day
        boxes.setdefault((day.month, day.day) if by_day else (day.year, day.month), []).append(slot)
    came = Counter(place[0] for place, found in boxes.items() for one in found if _came(one))
    years = {slot.issue.day.year for slot in slots} | {year}
    heads, columns = (range(1, 13), range(1, 32)) if by_day else (sorted(years), range(1, 13))
    today = clock.today()
    lines = [
        (str(head), [_box(boxes.get((head, one), ()), today) for one in columns], came[head])
        for head in heads
    ]
    return Card(by_day, [str(one) for one in columns], lines)


def _came(slot: Slot) -> bool:
    return slot.state in HERE


def _box(slots: Sequence[Slot], today: date) -> tuple[str, str]:
    """Return what stands in a box: the numbers that came, or the mark of what did not."""
    if not slots:
        return "", ""
    states = [_state(slot, today) for slot in slots]
    words = [_word(slot, state) for slot, state in zip(slots, states, strict=True)]
    worst = next(
        (one for one in ("late", "missing", "ahead", "arrived") if one in states), "absent"
    )
    return ", ".join(word for word in words if word), worst


def _state(slot: Slot, today: date) -> str:
    if slot.state in OPEN:
        return "late" if slot.stands(today) == "late" else "ahead"
    return "arrived" if slot.state == "discarded" else slot.state


def _word(slot: Slot, state: str) -> str:
    if state == "arrived":
        return "ĐB" if slot.issue.name else slot.issue.label or "✓"
    return MARKS.get(state, "")


# --- on paper ----------------------------------------------------------------------------------


def register_pdf(
    session: Session, branch_id: int, year: int, only: tuple[SerialTitle, Record] | None = None
) -> bytes:
    """Return the register of a branch for a year, a page for each title; or one title's page."""
    found = [only] if only else taken_at(session, branch_id, date(year, 1, 1), date(year, 12, 31))
    today = clock.today()
    cards = [_page(session, title, record, year) for title, record in found[:MOST_CARDS]]
    library_id = found[0][0].library_id if found else branch_id
    data: dict[str, Any] = {
        "office": office_of(session, library_id).to_json(),
        "branch": unit_name(session, branch_id),
        "year": year,
        "day": f"ngày {today:%d} tháng {today:%m} năm {today:%Y}",
        "printed": written(today),
        "cards": cards,
    }
    return typst_pdf(PRINT / "card.typ", data)


def _page(session: Session, title: SerialTitle, record: Record, year: int) -> dict[str, Any]:
    card = card_of(session, title, year)
    held = holding_of(session, title)
    return {
        "title": record.title,
        "publisher": record.publisher,
        "copies": written(title.copies, "num"),
        "price": written(title.price, "money"),
        "since": written(title.starts_on),
        "until": written(title.ends_on),
        "by_day": card.by_day,
        "columns": list(card.columns),
        "lines": [
            {
                "head": head,
                "boxes": [{"text": text, "how": how} for text, how in boxes],
                "count": written(count, "num") if count else "",
            }
            for head, boxes, count in card.lines
        ],
        "total": written(card.total, "num"),
        "held": next((line for line in held.lines if line.startswith(str(year))), ""),
        "volumes": [f"{label} ({number})" if number else label for label, number in held.volumes],
    }


def card_xlsx(session: Session, title: SerialTitle, record: Record, year: int) -> bytes:
    """Return the card of a title as a spreadsheet."""
    card = card_of(session, title, year)
    head = "Tháng" if card.by_day else "Năm"
    sheet = Sheet(
        name=f"{record.title} {year}"[:31],
        headers=[head, *card.columns, "Cộng"],
        rows=[
            [int(line), *(_cell(text) for text, _how in boxes), count]
            for line, boxes, count in card.lines
        ],
        heading=[
            office_of(session, title.library_id).name,
            f"SỔ ĐĂNG KÝ BÁO, TẠP CHÍ NĂM {year}",
            record.title,
        ],
        notes=["– không ra số; x không về; ? quá hạn chưa về; ĐB số đặc biệt"],
        landscape=True,
    )
    return xlsx([sheet])


def _cell(text: str) -> str | int:
    return int(text) if text.isdecimal() else text
