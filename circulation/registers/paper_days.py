"""Typing in a day that was kept on paper: without power, or at a point without a computer.

The figures become events like any other, so every report has them. A figure typed anew takes the
place of the old one; what the machine counted on the same day is not counted a second time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from circulation.desk import Act, DeskResult
from circulation.events import InHouseUseCounted, LoansTallied, VisitCounted
from circulation.patrons.models import PatronCategory
from circulation.permissions import TALLY
from circulation.registers.models import IN_HOUSE, LOAN, MEASURES, VISIT, PaperFigure
from circulation.rules.paper_days import left_to_count
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import Invalid
from ils.core.events import Event, EventRow, publish_event, void_event
from ils.core.jobs import periodic
from ils.reporting.totals import not_undone

PAPER = "paper"
SERIAL = "serial"
CLASSES = tuple("0123456789")
MOST = 10_000
SETTLED_FOR = 45  # days back that are looked at each night: offline desks report late

KINDS: dict[str, tuple[str, ...]] = {
    VISIT: ("visit_counted",),
    IN_HOUSE: ("in_house_use_counted", "reading_room_loan_made"),
    LOAN: ("loan_checked_out", "loans_tallied"),
}
Figures = Mapping[tuple[str, str], int]  # (measure, part) → how many


@dataclass(frozen=True)
class PaperDay:
    """What stands typed for a branch and day, and what the machine counted itself."""

    typed: dict[tuple[str, str], PaperFigure]
    machine: dict[str, dict[str, int]]

    @property
    def whole(self) -> bool:
        """Tell whether the paper speaks of the whole day."""
        return all(row.whole for row in self.typed.values())


def paper_day(session: Session, unit_id: int, day: date) -> PaperDay:
    """Return what is known of a branch's day, typed and counted."""
    rows = session.scalars(_current(unit_id, day)).all()
    return PaperDay(
        {(row.measure, row.part): row for row in rows},
        {measure: machine_counts(session, unit_id, day, measure) for measure in MEASURES},
    )


def machine_counts(session: Session, unit_id: int, day: date, measure: str) -> dict[str, int]:
    """Return what the machine itself counted on a day, by part; what came from paper left out."""
    part = EventRow.category if measure == VISIT else EventRow.item_class
    by = EventRow.facts["by"].as_string()
    query = (
        select(part, EventRow.material, func.sum(EventRow.quantity))
        .where(
            EventRow.unit_id == unit_id,
            EventRow.effective_on == day,
            EventRow.kind.in_(KINDS[measure]),
            or_(by.is_(None), by != PAPER),
            not_undone(),
        )
        .group_by(part, EventRow.material)
    )
    found: dict[str, int] = defaultdict(int)
    for code, material, total in session.execute(query):
        found[SERIAL if measure != VISIT and material == SERIAL else code or ""] += int(total)
    return dict(found)


def write_paper_day(
    session: Session,
    actor: Actor,
    *,
    unit_id: int,
    day: date,
    figures: Figures,
    whole: bool,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Write the figures of a day's paper log; those not named any more are taken back.

    ``whole``: the paper tells of the whole day, machine counts included; else of what came beside
    them. Raises ``Invalid`` for a day not yet come and for numbers that cannot be.
    """
    actor.require(TALLY)
    at = actor if unit_id == actor.unit_id else actor.at_unit(session, unit_id)
    at.require(TALLY)
    act = Act(session, at, "paper_day", key, now)
    if day > act.today:
        raise Invalid("day_in_future", field="day")
    if any(not 0 <= n <= MOST for n in figures.values()):
        raise Invalid("quantity_wrong", field="figures", most=MOST)
    if stored := act.stored():
        return stored
    current = {(row.measure, row.part): row for row in session.scalars(_current(unit_id, day))}
    for spot, row in current.items():
        if row.typed != figures.get(spot) or row.whole != whole:
            row.replaced_at = act.now
    act.flush()
    for (measure, part), n in figures.items():
        old = current.get((measure, part))
        if old is None or old.replaced_at is not None:
            session.add(
                PaperFigure(
                    unit_id=unit_id,
                    day=day,
                    measure=measure,
                    part=part,
                    typed=n,
                    whole=whole,
                    typed_by=actor.staff_id,
                    typed_at=act.now,
                )
            )
    act.flush()
    _take_back(session, at, [row for row in current.values() if row.replaced_at is not None])
    counted = _count(session, at, unit_id, day)
    facts = {"on": day, "typed": sum(figures.values()), "counted": counted}
    return act.answer("paper_day_written", facts=facts, undo=False)


@periodic("circulation.settle_paper_days", daily_at="00:20")
def settle_paper_days() -> None:
    """Take off what the machine came to count since on days that were typed from paper."""
    since = clock.today() - timedelta(days=SETTLED_FOR)
    with reading() as session:
        days = session.execute(
            select(PaperFigure.unit_id, PaperFigure.day)
            .where(PaperFigure.replaced_at.is_(None), PaperFigure.day >= since)
            .distinct()
        ).all()
    for unit_id, day in days:
        with transaction() as session:
            _count(session, system_actor(session, unit_id), unit_id, day)


def _current(unit_id: int, day: date) -> Select[PaperFigure]:
    return select(PaperFigure).where(
        PaperFigure.unit_id == unit_id,
        PaperFigure.day == day,
        PaperFigure.replaced_at.is_(None),
    )


def _count(session: Session, actor: Actor, unit_id: int, day: date) -> int:
    """Bring the events of a day in line with its figures; return how much they add in all."""
    rows = session.scalars(_current(unit_id, day).with_for_update()).all()
    children = set(session.scalars(select(PatronCategory.code).where(PatronCategory.child)))
    for measure in MEASURES:
        own = [row for row in rows if row.measure == measure]
        typed = {row.part: row.typed for row in own}
        left = typed
        if any(row.whole for row in own):
            left = left_to_count(typed, machine_counts(session, unit_id, day, measure))
        changed = [row for row in own if row.counted != left[row.part]]
        _take_back(session, actor, changed)
        for row in changed:
            row.counted = left[row.part]
            if row.counted:
                event = _publish(session, actor, row, child=row.part in children)
                session.flush()
                row.event_id = event.id
    session.flush()
    return sum(row.counted for row in rows)


def _take_back(session: Session, actor: Actor, rows: Iterable[PaperFigure]) -> None:
    """Void the events of figures that are no more; the log keeps both."""
    for row in rows:
        if row.event_id is None:
            continue
        event = session.get_one(EventRow, row.event_id)
        void_event(session, actor, event, effective_at=event.effective_at)
        row.event_id, row.counted = None, 0
    session.flush()


def _publish(session: Session, actor: Actor, row: PaperFigure, *, child: bool) -> EventRow:
    happened: Event
    columns: dict[str, str | None] = {}
    if row.measure == VISIT:
        happened = VisitCounted(PAPER)
        if row.part:
            columns = {"category": row.part, "age_band": "child" if child else "adult"}
    else:
        happened = InHouseUseCounted(PAPER) if row.measure == IN_HOUSE else LoansTallied(PAPER)
        if row.part == SERIAL:
            columns = {"material": SERIAL}
        elif row.part:
            columns = {"item_class": row.part}
    return publish_event(
        session,
        actor,
        happened,
        unit_id=row.unit_id,
        library_id=actor.library_id,
        effective_at=clock.at_local(row.day, 12),
        effective_on=row.day,
        quantity=row.counted,
        place="desk",
        **columns,
    )
