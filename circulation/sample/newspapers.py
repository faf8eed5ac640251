"""The sample's newspapers and magazines: the titles two libraries take, a season of mornings with what
did not come, a letter that asks for it, a bound volume. Numbers count from the year's first issue."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import Supplier
from cataloging.models import Record, Register
from cataloging.serials.binding import VolumeFacts, bind_issues, unbound
from cataloging.serials.claims import Chosen, claim_issues, late_at
from cataloging.serials.expecting import OPEN, slots_of
from cataloging.serials.models import SerialTitle
from cataloging.serials.receiving import mark_issue, receive_issue
from cataloging.serials.rules.pattern import Pattern
from cataloging.serials.titles import TitleFacts, take_title
from circulation.sample.buying import OF_PROVINCE
from circulation.sample.province import Units, at_work
from ils.accounts.actor import Actor
from ils.accounts.models import Staff
from ils.core import clock
from ils.text.filing import filing_key

DELIVERS = OF_PROVINCE[1][0]  # newspapers
EVERY_DAY = tuple(range(1, 8))
DAILIES_SINCE = 45  # days before the last one
NOT_COME = 17  # of so many issues one did not come at all


@dataclass(frozen=True)
class Taken:
    """A title of the sample: its name in the catalogue, when it appears, price, copies."""

    title: str
    weekdays: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    every: int = 1
    price: int | None = None
    copies: int = 1
    lent: bool = False
    before: int = 0  # years before this one in which it was taken already

    def pattern(self, begins: date) -> Pattern:
        """Return how it appears."""
        unit = "week" if self.weekdays else "month"
        return Pattern(unit, begins, self.weekdays, self.every, self.days, self.months)


PROVINCE = (
    Taken("Nhân dân", EVERY_DAY, copies=2),
    Taken("Tuổi trẻ", EVERY_DAY),
    Taken("Thanh niên", EVERY_DAY),
    Taken("Nông nghiệp Việt Nam", (1, 2, 3, 4, 5)),
    Taken("Thiếu niên tiền phong", (3,), copies=2),
    Taken("Văn nghệ", (6,), before=1),
    Taken("Phụ nữ Việt Nam", (4,)),
    Taken("Khoa học phổ thông", (5,)),
    Taken("Toán học và tuổi trẻ", days=(15,), before=3),
    Taken("Thư viện Việt Nam", days=(20,), months=(1, 3, 5, 7, 9, 11), before=3),
    Taken("Văn hóa nghệ thuật", days=(5,)),
)
TOWN = (
    Taken("Nhân dân", EVERY_DAY),
    Taken("Tuổi trẻ", EVERY_DAY),
    Taken("Thiếu niên tiền phong", (3,)),
    Taken("Hoa học trò", (1,), every=2, copies=2, lent=True),
    Taken("Thuốc & sức khỏe", days=(1, 15)),
)


def take_newspapers(session: Session, units: Units, staff: dict[str, Staff], last: date) -> None:
    """Take the titles and live through their mornings up to the last day."""
    town = at_work(session, staff, "phutrach.bs", units["BS-TT"].id)
    province = at_work(session, staff, "phutrach.tvt", units["TVT-TS"].id)
    for actor, titles in ((province, PROVINCE), (town, TOWN)):
        for taken in titles:
            _live_through(session, actor, taken, last)
    with clock.at(clock.at_local(last, 9)):
        _claim(session, province)
        _bind(session, province, last)


def _live_through(session: Session, actor: Actor, taken: Taken, last: date) -> None:
    daily = len(taken.weekdays) > 2
    begins = date(last.year - taken.before, 1, 1)
    starts = last - timedelta(days=DAILIES_SINCE) if daily else begins
    record_id = session.scalar(
        select(Record.id).where(Record.title_sort == filing_key(taken.title)).limit(1)
    )
    if record_id is None or actor.unit_id is None:
        return
    facts = TitleFacts(
        actor.unit_id,
        starts,
        copies=taken.copies,
        price=taken.price,
        grace_days=1 if daily else 3,
        as_items=taken.lent,
        item_type="periodical",
        use="loan" if taken.lent else "reading_room",
        supplier_id=session.scalar(select(Supplier.id).where(Supplier.name == DELIVERS)),
    )
    with clock.at(clock.at_local(starts, 8)):
        title = take_title(session, actor, record_id, facts, taken.pattern(begins))
    slots = slots_of(session, [title], starts, last)[title.id]
    for day, comes in _mornings([slot.issue.day for slot in slots if slot.state in OPEN], last):
        with clock.at(clock.at_local(day, 7, 40)):
            if comes:
                receive_issue(session, actor, title.id, day)
            elif day < last - timedelta(days=30):
                mark_issue(session, actor, title.id, day, "missing")


def _mornings(days: list[date], last: date) -> Iterator[tuple[date, bool]]:
    """Yield the days of issues and whether each came; those of the last day all did."""
    for n, day in enumerate(days, 1):
        yield day, n % NOT_COME != 0 or day >= last - timedelta(days=2)


def _claim(session: Session, actor: Actor) -> None:
    """Ask for half of what is late."""
    late = late_at(session, actor.unit_id or 0)
    chosen = [Chosen(one.slot.title.id, one.slot.issue.day) for one in late[: len(late) // 2 + 1]]
    if chosen:
        claim_issues(session, actor, actor.unit_id or 0, chosen, DELIVERS)


def _bind(session: Session, actor: Actor, last: date) -> None:
    """Bind the year before of the weekly that is kept."""
    register_id = session.scalar(
        select(Register.id).where(
            Register.library_id == actor.library_id, Register.prefix.endswith("BT")
        )
    )
    [serial_id] = _serial_of(session, actor, "Văn nghệ")
    rows = unbound(session, serial_id, last.year - 1)
    if register_id and rows:
        facts = VolumeFacts(register_id=register_id, item_type="periodical")
        bind_issues(session, actor, serial_id, [row.id for row in rows], facts)


def _serial_of(session: Session, actor: Actor, title: str) -> list[int]:
    query = (
        select(SerialTitle.id)
        .join(Record, Record.id == SerialTitle.record_id)
        .where(SerialTitle.branch_id == actor.unit_id, Record.title_sort == filing_key(title))
    )
    return list(session.scalars(query))
