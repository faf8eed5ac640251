"""The sample's paperwork: monthly reports to the province, and what is struck off each December.

The newest month shows what a province sees on an ordinary day: one library's report came back
with a remark, one is late. An older one was corrected after it had been approved.
"""

from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from cataloging.items import withdraw_item
from circulation.sample.province import Units, at_work
from circulation.sample.town import Town
from ils.accounts.actor import Actor
from ils.accounts.models import Staff
from ils.core import clock
from ils.core.db import transaction
from ils.core.errors import Refused
from ils.reporting import reports
from ils.reporting.models import Report
from ils.reporting.reports import Entry, Remark
from ils.reporting.totals import advance

TEMPLATE = "monthly"
LIBRARIES = ("TVT", "BS", "PL", "AH")
PREPARERS = {"TVT": "thongke.tvt", "BS": "phutrach.bs", "PL": "phutrach.pl", "AH": "thongke.ah"}
HEADS = {
    "TVT": "Lê Thị Minh Tâm",
    "BS": "Hoàng Văn Lâm",
    "PL": "Huỳnh Thị Cẩm Tú",
    "AH": "Phan Thị Kim Oanh",
}
DUE_DAY = 5  # of the month after
NEW_STOCK = {4: 9_500_000, 8: 14_000_000, 10: 12_000_000, 12: 18_500_000}
WITHDRAWN_ON = (12, 18)
ON_PAPER = "theo sổ luân chuyển và sổ lưu động, chưa nhập vào phần mềm"


class Papers:
    """Files the report of each month once its due day is reached."""

    def __init__(
        self, rng: Random, units: Units, staff: dict[str, Staff], first: date, last: date
    ) -> None:
        self.rng = rng
        self.units = units
        self.staff = staff
        self.last = last
        self.due = [month for month in _months(first) if _due_day(month) <= last]
        self.newest = self.due[-1] if self.due else None
        self.corrected = self.due[-5] if len(self.due) > 5 else None

    def file_due(self, today: date) -> None:
        """File the reports of all months whose due day is past."""
        while self.due and _due_day(self.due[0]) <= today:
            month = self.due.pop(0)
            with transaction() as session, clock.at(self._moment(month, -3)):
                advance(session)  # the months are folded, so that the figures come at once
            for library in LIBRARIES:
                with transaction() as session:
                    self._file(session, library, month)

    def _moment(self, month: date, days: int) -> datetime:
        """Return a morning so many days after the due day, never after the sample's last day."""
        day = min(_due_day(month) + timedelta(days=days), self.last)
        return clock.at_local(day, self.rng.randint(8, 10), self.rng.randint(0, 59))

    def _file(self, session: Session, library: str, month: date) -> None:
        preparer = self._actor(session, PREPARERS[library], library)
        officer = self._actor(session, "canbo.tinh", "SH")
        late = library == "AH" and (month == self.newest or self.rng.random() < 0.15)
        with clock.at(self._moment(month, -self.rng.randint(0, 2))):
            report = reports.open_report(session, preparer, self.units[library].id, TEMPLATE, month)
            self._write(session, preparer, report, library, month)
            if late and month == self.newest:
                return
        with clock.at(self._moment(month, 4 if late else 0)):
            reports.submit(session, preparer, report.id, blanks_are_zero=True)
        with clock.at(self._moment(month, 6 if late else 2)):
            if library == "PL" and month == self.newest:
                remark = "Số lượt dự sự kiện có vẻ thiếu buổi ở Suối Mây, đề nghị kiểm tra lại."
                reports.send_back(session, officer, report.id, [Remark("J03", "period", remark)])
                return
            reports.approve(session, officer, report.id)
        if library == "BS" and month == self.corrected:
            self._correct(session, preparer, officer, report, month)

    def _actor(self, session: Session, username: str, unit: str) -> Actor:
        return at_work(session, self.staff, username, self.units[unit].id)

    def _write(
        self, session: Session, actor: Actor, report: Report, library: str, month: date
    ) -> None:
        typed = self._typed(library, month)
        entries = [
            Entry(row, "period", typed[row], "" if cell.computed is None else ON_PAPER)
            for (row, column), cell in reports.cells_of(session, report).items()
            if column == "period" and not cell.computed and typed.get(row) is not None
        ]
        signed = {"0": actor.name, "2": HEADS[library]}  # by place in the form's roles
        reports.write(session, actor, report.id, entries, signatures=signed)

    def _typed(self, library: str, month: date) -> dict[str, int]:
        """Make up the figures nobody but the librarian knows."""
        rng = self.rng
        sets = 0 if library == "TVT" or month.month % 3 != 1 else rng.randint(1, 2)
        trips = rng.randint(0, 2) + (1 if month.month in (4, 6, 7, 9) else 0)
        events = rng.randint(0, 1) + (2 if month.month in (4, 6, 9) else 0)
        return {
            "F03": trips * rng.randint(60, 140),
            "F04": rng.randint(30, 90),
            "F07": rng.randint(40, 52),
            "G05": trips * rng.randint(70, 160),
            "H01": sets,
            "H02": sets * rng.randint(120, 300),
            "H05": trips,
            "H07": rng.randint(0, 3),
            "I02": rng.randint(1, 6),
            "J01": rng.randint(0, 1) + (month.month in (4, 9)),
            "J02": events,
            "J03": events * rng.randint(45, 130),
            "M02": NEW_STOCK.get(month.month, 0) if library != "PL" else 0,
        }

    def _correct(
        self, session: Session, preparer: Actor, officer: Actor, report: Report, month: date
    ) -> None:
        """Open a second version of an approved report, change a figure with its reason."""
        with clock.at(self._moment(month, 12)):
            why = "Bỏ sót sổ tay hai ngày mất điện"
            again = reports.correct(session, preparer, report.id, why)
            computed = reports.cells_of(session, again)["G03", "period"].computed or 0
            entry = Entry("G03", "period", computed + 46, "Cộng số ghi tay hai ngày mất điện")
            reports.write(session, preparer, again.id, [entry])
            reports.submit(session, preparer, again.id, blanks_are_zero=True)
        with clock.at(self._moment(month, 14)):
            reports.approve(session, officer, again.id)


def withdraw_worn(
    session: Session, actors: dict[str, Actor], town: Town, day: date, rng: Random
) -> int:
    """Strike worn and outdated copies off at the end of the year; return how many."""
    if (day.month, day.day) != WITHDRAWN_ON:
        return 0
    count = 0
    for library, actor in actors.items():
        shelf = [
            held
            for code in sorted(town.shelves)
            for held in (town.copies[i] for i in sorted(town.shelves[code]))
            if held.library == library
        ]
        for held in rng.sample(shelf, min(len(shelf), rng.randint(6, 11))):
            with clock.at(clock.at_local(day, 15, rng.randint(0, 59))):
                try:
                    withdraw_item(
                        session,
                        actor,
                        held.item_id,
                        reason=rng.choice(("worn", "worn", "outdated")),
                        decision=f"Quyết định thanh lý mẫu {day.year}/{library}",
                    )
                except Refused:  # wanted by a reader meanwhile: it stays
                    continue
            town.take_away(held.item_id)
            count += 1
    return count


def _months(first: date) -> list[date]:
    """Return the first days of whole months from a day on, for the years that follow."""
    start = first if first.day == 1 else (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return [
        date(start.year + (start.month - 1 + n) // 12, (start.month - 1 + n) % 12 + 1, 1)
        for n in range(40)
    ]


def _due_day(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=DUE_DAY)
