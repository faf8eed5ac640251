"""The newspapers and magazines a branch takes, and how each appears."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from cataloging.acquisitions.suppliers import supplier_for
from cataloging.items import HIGHEST_PRICE
from cataloging.models import ITEM_USES, Collection, ItemType, Record, Register
from cataloging.permissions import EDIT_SERIALS, RECEIVE_SERIALS
from cataloging.records import record_for
from cataloging.serials.models import SerialIssue, SerialPattern, SerialTitle
from cataloging.serials.rules.pattern import Pattern, faults
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.units import library_of, unit
from ils.text.filing import filing_key

MOST_TITLES = 2000


@dataclass(frozen=True)
class TitleFacts:
    """What is agreed on a title: where it goes, how many copies, at what price, for how long."""

    branch_id: int
    starts_on: date
    ends_on: date | None = None
    copies: int = 1
    price: int | None = None
    delay_days: int = 0
    grace_days: int = 1
    as_items: bool = False
    item_type: str | None = None
    use: str = "reading_room"
    register_id: int | None = None
    collection_id: int | None = None
    supplier_id: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Asked:
    """What the list of titles is asked for; ``state`` taken, ended or empty for both."""

    library_id: int
    branch_id: int | None = None
    words: str = ""
    state: str = "taken"
    sort: str = ""


def take_title(
    session: Session, actor: Actor, record_id: int, facts: TitleFacts, pattern: Pattern
) -> SerialTitle:
    """Begin to take a title at a branch, with the pattern in which it appears.

    Raises ``Refused`` when the branch has it already: that one is changed or prolonged.
    """
    record = record_for(session, record_id)
    library_id = _check(session, actor, facts)
    taken = select(SerialTitle.id).where(
        SerialTitle.branch_id == facts.branch_id, SerialTitle.record_id == record_id
    )
    if session.scalar(taken) is not None:
        raise Refused("serial_taken_already", record_id=record_id)
    made = SerialTitle(
        record_id=record.id, library_id=library_id, made_by=actor.staff_id, **asdict(facts)
    )
    session.add(made)
    session.flush()
    set_pattern(session, actor, made.id, pattern)
    audit(session, actor, "serial_taken", "serial", made.id)
    return made


def title_for(
    session: Session,
    actor: Actor,
    serial_id: int,
    permission: str = RECEIVE_SERIALS,
    *,
    lock: bool = False,
) -> SerialTitle:
    """Return a title the actor may act on; another library's is not to be found."""
    query = select(SerialTitle).where(SerialTitle.id == serial_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None or not actor.can(RECEIVE_SERIALS, unit(session, found.branch_id)):
        raise NotFound("serial_unknown", serial_id=serial_id)
    actor.require(permission, at=unit(session, found.branch_id))
    return found


def change_title(session: Session, actor: Actor, serial_id: int, facts: TitleFacts) -> SerialTitle:
    """Change what is agreed on a title. It stays within its library."""
    title = title_for(session, actor, serial_id, EDIT_SERIALS, lock=True)
    if _check(session, actor, facts) != title.library_id:
        raise Invalid("branch_of_other_library", field="branch_id", value=facts.branch_id)
    twin = select(SerialTitle.id).where(
        SerialTitle.branch_id == facts.branch_id,
        SerialTitle.record_id == title.record_id,
        SerialTitle.id != title.id,
    )
    if session.scalar(twin) is not None:
        raise Refused("serial_taken_already", record_id=title.record_id)
    for name, value in asdict(facts).items():
        setattr(title, name, value)
    audit(session, actor, "serial_changed", "serial", title.id)
    session.flush()
    return title


def drop_title(session: Session, actor: Actor, serial_id: int) -> None:
    """Take a title away that was entered by mistake. Raises ``Refused`` once it has issues."""
    title = title_for(session, actor, serial_id, EDIT_SERIALS, lock=True)
    held = select(SerialIssue.id).where(SerialIssue.serial_id == title.id)
    if session.scalar(held.limit(1)) is not None:
        raise Refused("serial_has_issues", serial_id=serial_id)
    audit(session, actor, "serial_dropped", "serial", title.id)
    for pattern in patterns_of(session, [title.id]).get(title.id, []):
        session.delete(pattern)
    session.flush()
    session.delete(title)
    session.flush()


def _check(session: Session, actor: Actor, facts: TitleFacts) -> int:
    """Refuse what cannot be; return the library."""
    branch = unit(session, facts.branch_id)
    actor.require(EDIT_SERIALS, at=branch)
    library = library_of(session, branch.id)
    if branch.kind not in ("branch", "point"):
        raise Invalid("serial_needs_branch", field="branch_id")
    for name, lowest, highest in (("copies", 1, 99), ("delay_days", 0, 60), ("grace_days", 0, 90)):
        if not lowest <= getattr(facts, name) <= highest:
            raise Invalid("serial_number_between", field=name, lowest=lowest, highest=highest)
    if facts.price is not None and not 0 <= facts.price <= HIGHEST_PRICE:
        raise Invalid("price_impossible", field="price", value=facts.price)
    if facts.ends_on is not None and facts.ends_on < facts.starts_on:
        raise Invalid("serial_ends_before", field="ends_on")
    if facts.use not in ITEM_USES:
        raise Invalid("item_use_unknown", field="use", value=facts.use)
    for table, name in ((Collection, "collection_id"), (Register, "register_id")):
        number = getattr(facts, name)
        row: Any = session.get(table, number) if number else None
        if number and (row is None or row.library_id != library.id):
            raise Invalid("serial_place_unknown", field=name)
    if facts.supplier_id is not None:
        supplier_for(session, actor.at_unit(session, branch.id), facts.supplier_id)
    if facts.item_type is not None and session.get(ItemType, facts.item_type) is None:
        raise Invalid("item_type_unknown", field="item_type", value=facts.item_type)
    if facts.as_items and facts.item_type is None:
        raise Invalid("item_type_unknown", field="item_type", value="")
    return library.id


# --- patterns ----------------------------------------------------------------------------------


def set_pattern(session: Session, actor: Actor, serial_id: int, pattern: Pattern) -> SerialPattern:
    """Say how a title appears from a day on; a pattern of that very day is replaced.

    Raises ``Invalid`` naming the first thing that cannot be. What came keeps its numbers.
    """
    title = title_for(session, actor, serial_id, EDIT_SERIALS, lock=True)
    if wrong := faults(pattern):
        raise Invalid(f"pattern_{wrong[0]}", field=wrong[0])
    query = select(SerialPattern).where(
        SerialPattern.serial_id == title.id, SerialPattern.begins == pattern.begins
    )
    row = session.scalar(query) or SerialPattern(serial_id=title.id, begins=pattern.begins)
    _fill(row, pattern)
    session.add(row)
    audit(session, actor, "serial_pattern_set", "serial", title.id, begins=row.begins.isoformat())
    session.flush()
    return row


def pattern_row(serial_id: int, pattern: Pattern) -> SerialPattern:
    """Return a pattern as a new row of a title."""
    return _fill(SerialPattern(serial_id=serial_id, begins=pattern.begins), pattern)


def _fill(row: SerialPattern, pattern: Pattern) -> SerialPattern:
    for name in ("unit", "every", "first_number", "numbering", "volume"):
        setattr(row, name, getattr(pattern, name))
    for name in ("weekdays", "days", "months"):
        setattr(row, name, sorted(set(getattr(pattern, name))))
    row.skipped = [day.isoformat() for day in sorted(pattern.skipped)]
    row.combined = {day.isoformat(): count for day, count in sorted(pattern.combined.items())}
    row.specials = {day.isoformat(): name for day, name in sorted(pattern.specials.items())}
    return row


def remove_pattern(session: Session, actor: Actor, serial_id: int, begins: date) -> None:
    """Take a pattern away, so that the one before it holds on. The last one stays."""
    title = title_for(session, actor, serial_id, EDIT_SERIALS, lock=True)
    rows = patterns_of(session, [title.id]).get(title.id, [])
    if len(rows) < 2:
        raise Refused("pattern_last", serial_id=serial_id)
    for row in rows:
        if row.begins == begins:
            session.delete(row)
            audit(session, actor, "serial_pattern_removed", "serial", title.id, begins=str(begins))
    session.flush()


def patterns_of(session: Session, ids: Sequence[int]) -> dict[int, list[SerialPattern]]:
    """Return the patterns of titles, the oldest first."""
    found: dict[int, list[SerialPattern]] = {}
    query = select(SerialPattern).where(SerialPattern.serial_id.in_(ids))
    for row in session.scalars(query.order_by(SerialPattern.begins)):
        found.setdefault(row.serial_id, []).append(row)
    return found


def rule_of(row: SerialPattern) -> Pattern:
    """Return a stored pattern as the rules take it."""
    return Pattern(
        unit=row.unit,
        begins=row.begins,
        weekdays=tuple(row.weekdays),
        every=row.every,
        days=tuple(row.days),
        months=tuple(row.months),
        first_number=row.first_number,
        numbering=row.numbering,
        volume=row.volume,
        skipped=frozenset(date.fromisoformat(day) for day in row.skipped),
        combined={date.fromisoformat(day): count for day, count in row.combined.items()},
        specials={date.fromisoformat(day): name for day, name in row.specials.items()},
    )


def pattern_on(rows: Sequence[SerialPattern], day: date) -> SerialPattern | None:
    """Return the pattern that holds on a day."""
    begun = [row for row in rows if row.begins <= day]
    return begun[-1] if begun else None


# --- lists -------------------------------------------------------------------------------------


def titles_of(
    session: Session, asked: Asked, *, limit: int = MOST_TITLES, offset: int = 0
) -> tuple[list[tuple[SerialTitle, Record]], int]:
    """Return titles with their records in filing order, and how many there are in all."""
    query = _query(asked)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    sorts: dict[str, Any] = {
        "title": Record.title_sort,
        "price": SerialTitle.price,
        "ends_on": SerialTitle.ends_on,
        "copies": SerialTitle.copies,
    }
    column = sorts.get(asked.sort.lstrip("-"), Record.title_sort)
    order = column.desc() if asked.sort.startswith("-") else column.asc()
    rows = session.execute(query.order_by(order, SerialTitle.id).limit(limit).offset(offset))
    return [(title, record) for title, record in rows], total


def _query(asked: Asked) -> Any:
    query: Any = (
        select(SerialTitle, Record)
        .join(Record, Record.id == SerialTitle.record_id)
        .where(SerialTitle.library_id == asked.library_id)
    )
    if asked.branch_id is not None:
        query = query.where(SerialTitle.branch_id == asked.branch_id)
    today = clock.today()
    if asked.state == "taken":
        query = query.where(or_(SerialTitle.ends_on.is_(None), SerialTitle.ends_on >= today))
    elif asked.state == "ended":
        query = query.where(SerialTitle.ends_on < today)
    if asked.words:
        query = query.where(Record.title_sort.contains(filing_key(asked.words)[:100]))
    return query


def titles_of_record(session: Session, record_id: int, library_id: int | None) -> list[SerialTitle]:
    """Return how a library takes the title of a record, branch by branch."""
    query = select(SerialTitle).where(
        SerialTitle.record_id == record_id, SerialTitle.library_id == library_id
    )
    return list(session.scalars(query.order_by(SerialTitle.branch_id)))


def taken_at(
    session: Session, branch_id: int, since: date, until: date
) -> list[tuple[SerialTitle, Record]]:
    """Return the titles a branch takes at any time between two days, in filing order."""
    query = (
        select(SerialTitle, Record)
        .join(Record, Record.id == SerialTitle.record_id)
        .where(SerialTitle.branch_id == branch_id, SerialTitle.starts_on <= until)
        .where(or_(SerialTitle.ends_on.is_(None), SerialTitle.ends_on >= since))
        .order_by(Record.title_sort, SerialTitle.id)
    )
    return [(title, record) for title, record in session.execute(query)]


def due_on(title: SerialTitle, day: date) -> date:
    """Return when an issue of a day is due at the branch."""
    return day + timedelta(days=title.delay_days)
