"""Visits counted at the door by scanning a card, and visitors of a day who have none.

A person is one visit in a session (a morning, an afternoon, an evening; or the day, by a setting),
however often the card is scanned. What counts is the event; the row here only prevents a second
one and is deleted after a day. Day visitors are erased after the days the library keeps them.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cataloging.models import Barcode
from circulation.desk import AMBER, GREEN, RED, Act
from circulation.events import VisitCounted
from circulation.facts import lock, patron_at_desk
from circulation.models import Loan
from circulation.patrons.cards import holder_of
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from circulation.patrons.signed import number_in
from circulation.patrons.visit_models import DayVisitor, DoorVisit
from circulation.permissions import TALLY, USE_DESK
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid
from ils.org.settings import setting
from ils.org.units import libraries, library_of
from ils.text.normal import clean
from ils.text.typing_keys import barcode_readings

BY_CARD, BY_VISITOR = "card", "day_visitor"
OF_VISITORS = "other"  # the kind of patron whose rules hold for visitors, where there is one
NOON, EVENING = 12, 18  # where the sessions of a day part
_DAY_NUMBER = re.compile(r"K\d{6}-\d{3,}")


@dataclass(frozen=True)
class DoorAnswer:
    """What the door says. ``code``: welcome, again, expired, ended, visitor_over, unknown.

    ``name`` is the given name only, since others can read it. ``number`` is a day visitor's.
    """

    code: str
    tone: str
    name: str = ""
    number: str = ""
    counted: bool = False


@dataclass(frozen=True)
class VisitorFacts:
    """What is written down of somebody without a card."""

    name: str
    paper: str = ""  # kind of ID
    paper_number: str = ""  # kept masked: the last three
    purpose: str = ""


def session_of(session: Session, library_id: int, now: datetime) -> str:
    """Return which session of its day a moment belongs to, by the library's setting."""
    if setting(session, library_id, "patrons.visit_once") == "day":
        return "day"
    hour = clock.local(now).hour
    return "morning" if hour < NOON else "afternoon" if hour < EVENING else "evening"


def count_at_door(
    session: Session, actor: Actor, text: str, *, now: datetime | None = None
) -> DoorAnswer:
    """Count who holds a card or a day number as one visit of this session at the actor's branch."""
    actor.require(TALLY)
    act = Act(session, actor, "door", None, now)
    text = text.strip()
    readings = barcode_readings(number_in(text) or text) or [text.upper()]
    number = next((one for one in readings if _DAY_NUMBER.fullmatch(one.upper())), None)
    if number is not None:
        return _visitor_at_door(act, number.upper())
    card = session.scalar(
        select(PatronCard)
        .join(Barcode, Barcode.card_id == PatronCard.id)
        .where(Barcode.value.in_(readings))
        .limit(1)
    )
    if card is None:
        return DoorAnswer("unknown", RED)
    return _patron_at_door(act, card)


def _patron_at_door(act: Act, card: PatronCard) -> DoorAnswer:
    session = act.session
    patron_id = holder_of(session, card)
    lock(session, patrons=[patron_id])
    patron = session.get_one(Patron, patron_id)
    if card.state != "active" or patron.deleted_at is not None:
        return DoorAnswer("ended", RED)
    known = patron_at_desk(session, act.here, act.today, patron_id=patron_id)
    own = patron.library_id == act.here.library_id
    name = patron.name.split()[-1] if own and patron.name else ""
    row = _row(act)
    row.patron_id = patron_id
    fresh = _first_time(session, row)
    if fresh:
        columns = known.statistics() if known is not None else {"patron_ref": patron_id}
        act.event(VisitCounted(BY_CARD), **columns)
    if card.expires_on < act.today:
        return DoorAnswer("expired", AMBER, name, counted=fresh)
    return DoorAnswer("welcome" if fresh else "again", GREEN, name, counted=fresh)


def _visitor_at_door(act: Act, number: str) -> DoorAnswer:
    visitor = visitor_numbered(act.session, act.here.library_id, number)
    if visitor is None:
        return DoorAnswer("unknown", RED)
    if visitor.day != act.today:
        return DoorAnswer("visitor_over", RED, number=number)
    fresh = _count_visitor(act, visitor)
    return DoorAnswer("welcome" if fresh else "again", GREEN, number=number, counted=fresh)


def _count_visitor(act: Act, visitor: DayVisitor) -> bool:
    row = _row(act)
    row.visitor_id = visitor.id
    fresh = _first_time(act.session, row)
    if fresh:
        act.event(VisitCounted(BY_VISITOR))
    return fresh


def _row(act: Act) -> DoorVisit:
    where = session_of(act.session, act.here.library_id, act.now)
    return DoorVisit(branch_id=act.here.id, day=act.today, session=where, at=act.now)


def _first_time(session: Session, row: DoorVisit) -> bool:
    """Store a visit; False where the person was counted in this session already."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


# --- visitors of a day -------------------------------------------------------------------------


def register_visitor(
    session: Session, actor: Actor, facts: VisitorFacts, *, now: datetime | None = None
) -> DayVisitor:
    """Write somebody without a card down for today, count the visit, give a number of the day.

    The number opens nothing but the reading room: it is no card, so nothing is lent home on it.
    """
    actor.require(TALLY)
    act = Act(session, actor, "day_visitor", None, now)
    name = clean(facts.name).strip()
    if not name:
        raise Invalid("visitor_name_missing", field="name")
    library = library_of(session, act.here.id)
    there = select(func.count()).where(
        DayVisitor.library_id == library.id, DayVisitor.day == act.today
    )
    visitor = DayVisitor(
        library_id=library.id,
        branch_id=act.here.id,
        day=act.today,
        name=name[:120],
        paper=masked_paper(facts.paper, facts.paper_number),
        purpose=clean(facts.purpose).strip()[:120],
        at=act.now,
        by=actor.staff_id,
        number="",
    )
    first = (session.scalar(there) or 0) + 1
    for serial in range(first, first + 50):
        visitor.number = f"K{act.today:%y%m%d}-{serial:03d}"
        try:
            with session.begin_nested():
                session.add(visitor)
            break
        except IntegrityError:  # another desk was quicker
            continue
    _count_visitor(act, visitor)
    audit(session, actor, "visitor_registered", "day_visitor", visitor.id)
    return visitor


def stand_in_for(session: Session, actor: Actor, number: str) -> Patron | None:
    """Return what stands for a visitor where something is asked for or read, made when needed.

    It is a record set aside from the start: it has the number of the day and no name, is on no
    list of patrons and in no figure of them, and reads here on its day only. None for no visitor
    of the library the actor works for.
    """
    visitor = visitor_numbered(session, actor.library_id, number)
    if visitor is None:
        return None
    actor.require(USE_DESK)
    if visitor.patron_id is None:
        kinds = session.scalars(
            select(PatronCategory)
            .where(PatronCategory.child.is_(False))
            .order_by(PatronCategory.code != OF_VISITORS, PatronCategory.order)
        )
        made = Patron(
            library_id=visitor.library_id,
            branch_id=visitor.branch_id,
            category=kinds.first().code,  # type: ignore[union-attr]  # every library has kinds
            name=visitor.number,
            event_ref=None,
            visitor_on=visitor.day,
            deleted_at=clock.now(),
        )
        session.add(made)
        session.flush()
        visitor.patron_id = made.id
    return session.get_one(Patron, visitor.patron_id)


def visitor_numbered(session: Session, library_id: int | None, text: str) -> DayVisitor | None:
    """Return the visitor of a library who has this number, if it is one."""
    return session.scalar(
        select(DayVisitor).where(
            DayVisitor.library_id == library_id, DayVisitor.number == text.strip().upper()
        )
    )


def masked_paper(kind: str, number: str) -> str:
    """Return a kind of ID with the last three signs of its number; nothing else is kept."""
    signs = "".join(c for c in number if c.isalnum()).upper()
    masked = "•" * min(6, max(0, len(signs) - 3)) + signs[-3:] if signs else ""
    return f"{clean(kind).strip()[:28]} {masked}".strip()


def visitors_of(session: Session, actor: Actor) -> list[DayVisitor]:
    """Return today's visitors of the branch the actor works at, newest first."""
    actor.require(TALLY)
    query = select(DayVisitor).where(
        DayVisitor.branch_id == actor.unit_id, DayVisitor.day == clock.today()
    )
    return list(session.scalars(query.order_by(DayVisitor.id.desc())))


def counted_today(session: Session, branch_id: int) -> int:
    """Return how many were counted at a branch's door today, by card or as visitors."""
    query = select(func.count()).select_from(DoorVisit)
    where = (DoorVisit.branch_id == branch_id, DoorVisit.day == clock.today())
    return session.scalar(query.where(*where)) or 0


def forget_visits(session: Session) -> None:
    """Delete who came in, after a day; and visitors of a day, after the days they are kept."""
    today = clock.today()
    session.execute(delete(DoorVisit).where(DoorVisit.day < today - timedelta(days=1)))
    for library in libraries(session):
        days = max(2, int(setting(session, library.id, "patrons.visitor_days")))
        still_has = select(Loan.id).where(
            Loan.patron_id == DayVisitor.patron_id, Loan.closed_at.is_(None)
        )
        session.execute(
            delete(DayVisitor).where(
                DayVisitor.library_id == library.id,
                DayVisitor.day < today - timedelta(days=days),
                ~still_has.exists(),
            )
        )
