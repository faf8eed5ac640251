"""What is expected of titles and what came of it, side by side, day for day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zlib import crc32

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from cataloging.serials.models import SerialIssue, SerialPattern, SerialTitle
from cataloging.serials.rules.holding import stands
from cataloging.serials.rules.pattern import Issue, schedule
from cataloging.serials.titles import due_on, patterns_of, rule_of

HERE = ("arrived", "discarded")  # it came, whatever became of it
OPEN = ("expected", "claimed")  # it may still come


@dataclass(frozen=True)
class Slot:
    """An issue of a title: as expected, or with the row of what befell it."""

    title: SerialTitle
    issue: Issue
    row: SerialIssue | None

    @property
    def state(self) -> str:
        """``expected``, or the state of its row."""
        return self.row.state if self.row else "expected"

    @property
    def lacking(self) -> int:
        """How many copies did not come with the others, and are awaited."""
        row = self.row
        if row is None or row.state != "arrived" or row.awaited is None:
            return 0
        return max(0, row.awaited - row.copies)

    @property
    def due(self) -> date:
        """The day it is due at the branch."""
        return due_on(self.title, self.issue.day)

    @property
    def key(self) -> str:
        """What names it in an address: title, day, and a mark for a special issue."""
        special = f"-{crc32(self.issue.name.encode()):x}" if self.issue.name else ""
        return f"{self.title.id}-{self.issue.day:%Y%m%d}{special}"

    def stands(self, today: date) -> str:
        """``ahead``, ``due`` or ``late``, as if it had not come."""
        return stands(self.due, today, self.title.grace_days)


def issue_of(row: SerialIssue) -> Issue:
    """Return a stored issue as the rules take it."""
    numbers = () if row.first_no is None else tuple(range(row.first_no, (row.last_no or 0) + 1))
    return Issue(row.day, numbers, row.name, row.volume)


def slots_of(
    session: Session, titles: Sequence[SerialTitle], since: date, until: date
) -> dict[int, list[Slot]]:
    """Return for each title the issues of both days and all between, in order."""
    ids = [title.id for title in titles]
    patterns = patterns_of(session, ids)
    rows: dict[int, list[SerialIssue]] = {}
    for row in _rows(session, ids, since, until):
        rows.setdefault(row.serial_id, []).append(row)
    return {
        title.id: _slots(title, patterns.get(title.id, []), rows.get(title.id, []), since, until)
        for title in titles
    }


def _rows(session: Session, ids: Sequence[int], since: date, until: date) -> list[SerialIssue]:
    """Return the rows of the days asked for, and those back to the last number before them."""
    last = (
        select(SerialIssue.serial_id, func.max(SerialIssue.day).label("day"))
        .where(SerialIssue.serial_id.in_(ids), SerialIssue.day < since, SerialIssue.name == "")
        .where(SerialIssue.first_no.is_not(None), SerialIssue.state != "absent")
        .group_by(SerialIssue.serial_id)
        .subquery()
    )
    query = (
        select(SerialIssue)
        .outerjoin(last, last.c.serial_id == SerialIssue.serial_id)
        .where(SerialIssue.serial_id.in_(ids), SerialIssue.day <= until)
        .where(
            or_(
                SerialIssue.day >= since,
                last.c.day <= SerialIssue.day,
                and_(last.c.day.is_(None), SerialIssue.state == "absent"),
            )
        )
        .order_by(SerialIssue.day, SerialIssue.id)
    )
    return list(session.scalars(query))


def _slots(
    title: SerialTitle,
    patterns: Sequence[SerialPattern],
    rows: Sequence[SerialIssue],
    since: date,
    until: date,
) -> list[Slot]:
    known = {
        row.day: None if row.state == "absent" else issue_of(row).numbers
        for row in rows
        if not row.name
    }
    last = until if title.ends_on is None else min(until, title.ends_on)
    first = max(since, title.starts_on)
    expected = schedule([rule_of(one) for one in patterns], first, last, known)
    found = {(one.day, one.name): Slot(title, one, None) for one in expected}
    for row in rows:
        if row.day >= since:
            found[row.day, row.name] = Slot(title, issue_of(row), row)
    return [found[key] for key in sorted(found)]


def slot_of(session: Session, title: SerialTitle, day: date, name: str = "") -> Slot:
    """Return one issue of a title; of a day on which none is expected, one without a number."""
    for slot in slots_of(session, [title], day, day)[title.id]:
        if slot.issue.name == name:
            return slot
    return Slot(title, Issue(day, name=name), None)


def wanting(slots: Sequence[Slot], today: date) -> Iterator[Slot]:
    """Yield what should be there and is not: late, or given up."""
    for slot in slots:
        is_late = slot.state in OPEN and slot.stands(today) == "late"
        if is_late or slot.state == "missing":
            yield slot


def first_day(title: SerialTitle, patterns: Sequence[SerialPattern], rows: Sequence[date]) -> date:
    """Return the first day anything is known of a title."""
    return min([title.starts_on, *(one.begins for one in patterns), *rows])


def month_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of a month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
