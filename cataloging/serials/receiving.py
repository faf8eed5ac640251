"""What befalls an issue: it comes, does not appear, is given up; and each of these taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from cataloging.change_sets import new_change_set, obstacles, undo_change_set
from cataloging.events import record_facts
from cataloging.items import CopyFacts, add_items
from cataloging.models import ChangeSet, Record
from cataloging.serials.binding import is_bound
from cataloging.serials.events import IssueArrived
from cataloging.serials.expecting import HERE, OPEN, Slot, issue_of, slot_of, slots_of
from cataloging.serials.models import SerialClaimLine, SerialIssue, SerialTitle
from cataloging.serials.rules.pattern import Issue, read_numbers
from cataloging.serials.titles import pattern_on, patterns_of, taken_at, title_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid, Refused
from ils.core.events import EventRow, publish_event, void_event

LOOK_BACK = timedelta(days=45)  # what is older is a gap, and stands on the title's own page
LOOK_AHEAD = timedelta(days=7)
EARLIEST = date(1900, 1, 1)
EARLY = timedelta(days=90)  # magazines come before the day on their cover


@dataclass(frozen=True)
class Row:
    """A line of the morning grid."""

    slot: Slot
    record: Record


@dataclass(frozen=True)
class Morning:
    """What a branch looks for on a day: what is due, what is late, what may come early."""

    due: Sequence[Row]
    late: Sequence[Row]
    ahead: Sequence[Row]

    @property
    def done(self) -> int:
        """How many of those due came, or are known not to come."""
        return sum(row.slot.state not in OPEN for row in self.due)


def morning(session: Session, actor: Actor, branch_id: int, today: date | None = None) -> Morning:
    """Return the issues that should have come to a branch by a day and have not, and those done on
    that very day, so that a slip can be taken back."""
    day = today or clock.today()
    found = taken_at(session, branch_id, day - LOOK_BACK, day + LOOK_AHEAD)
    records = {title.id: record for title, record in found}
    titles = [title for title, _record in found]
    slots = slots_of(session, titles, day - LOOK_BACK - timedelta(days=60), day + LOOK_AHEAD)
    groups: dict[str, list[Row]] = {"due": [], "late": [], "ahead": []}
    for title in titles:
        for slot in slots[title.id]:
            is_open = slot.state in OPEN or slot.lacking or _done_on(slot, day)
            if slot.due >= day - LOOK_BACK and is_open:
                groups[slot.stands(day)].append(Row(slot, records[title.id]))
    often = {t.id for t in titles if sum(r.slot.title is t for r in groups["ahead"]) > 1}
    groups["ahead"] = [row for row in groups["ahead"] if row.slot.title.id not in often]
    return Morning(**groups)


def _done_on(slot: Slot, day: date) -> bool:
    return slot.row is not None and clock.local_day(slot.row.done_at) == day


def receive_issue(
    session: Session,
    actor: Actor,
    serial_id: int,
    day: date,
    *,
    name: str = "",
    typed: str | None = None,
    copies: int | None = None,
    arrived_on: date | None = None,
) -> SerialIssue:
    """Enter an issue that came today, or on a day before; ``typed`` is the number on its cover
    where it is not the expected.

    ``name`` makes it a special issue. Entered twice, it is there once. Where the title says so, it
    becomes copies with barcodes. Raises ``Refused`` for a number that came before.
    """
    title = title_for(session, actor, serial_id, lock=True)
    slot = slot_of(session, title, day, name.strip())
    issue = _as_typed(session, title, slot.issue, typed)
    count = title.copies if copies is None else copies
    _check(day, issue, count)
    if slot.row is not None and slot.row.state in HERE:
        if issue_of(slot.row) != issue or slot.row.copies != count:
            raise Refused("issue_here_already", label=slot.issue.label or f"{day:%d/%m/%Y}")
        return slot.row
    _refuse_twice(session, title, issue)
    row = slot.row or SerialIssue(serial_id=title.id, day=day, name=issue.name)
    row.first_no, row.last_no = (
        (issue.numbers[0], issue.numbers[-1]) if issue.numbers else (None, None)
    )
    row.volume, row.state, row.copies = issue.volume, "arrived", count
    row.awaited = title.copies if count < title.copies else None
    row.arrived_on = arrived_on or clock.today()
    _sign(row, actor)
    session.add(row)
    session.flush()
    _count(session, actor, title, row)
    if title.as_items:
        _make_copies(session, actor, title, row)
    session.flush()
    return row


def receive_rest(
    session: Session,
    actor: Actor,
    serial_id: int,
    day: date,
    *,
    name: str = "",
    copies: int | None = None,
) -> SerialIssue:
    """Enter copies that come after the others of their issue: all that lack, or so many.

    The log counts the issue once, with all its copies, on the day the first came. Raises
    ``Refused`` where none is awaited.
    """
    title = title_for(session, actor, serial_id, lock=True)
    slot = slot_of(session, title, day, name)
    row, lacking = slot.row, slot.lacking
    if row is None or not lacking:
        raise Refused("issue_whole", label=slot.issue.label or f"{day:%d/%m/%Y}")
    count = lacking if copies is None else copies
    if not 1 <= count <= lacking:
        raise Invalid("serial_number_between", field="copies", lowest=1, highest=lacking)
    if row.event_id and (happened := session.get(EventRow, row.event_id)):
        void_event(session, actor, happened)
    there, row.copies = row.copies, row.copies + count
    _sign(row, actor)
    _count(session, actor, title, row)
    if title.as_items:
        _make_copies(session, actor, title, row, beside=there)
    session.flush()
    return row


def _count(session: Session, actor: Actor, title: SerialTitle, row: SerialIssue) -> None:
    """Tell the log that an issue came, with all its copies."""
    record = session.get_one(Record, title.record_id)
    happened = publish_event(
        session,
        actor,
        IssueArrived(title.id, row.day.isoformat(), issue_of(row).label or None),
        unit_id=title.branch_id,
        library_id=title.library_id,
        effective_on=row.arrived_on,
        quantity=row.copies,
        amount=None if title.price is None else title.price * row.copies,
        **record_facts(record),
    )
    session.flush()
    row.event_id = happened.id


def _as_typed(session: Session, title: SerialTitle, issue: Issue, typed: str | None) -> Issue:
    if typed is None or issue.name:
        return issue
    rule = pattern_on(patterns_of(session, [title.id]).get(title.id, []), issue.day)
    if rule is not None and rule.numbering == "none":
        return issue
    try:
        return replace(issue, numbers=read_numbers(typed))
    except ValueError as error:
        raise Invalid("issue_number_bad", field="numbers", value=typed) from error


def _check(day: date, issue: Issue, count: int) -> None:
    if not EARLIEST <= day <= clock.today() + EARLY:
        raise Invalid("issue_day_impossible", field="day", value=f"{day:%d/%m/%Y}")
    if not 1 <= count <= 99:
        raise Invalid("serial_number_between", field="copies", lowest=1, highest=99)
    if len(issue.name) > 80:
        raise Invalid("issue_name_long", field="name")


def _refuse_twice(session: Session, title: SerialTitle, issue: Issue) -> None:
    """Refuse a number that another issue of the year bears: most likely a slip of the finger."""
    if not issue.numbers:
        return
    year = issue.day.year
    there = session.scalar(
        select(SerialIssue)
        .where(SerialIssue.serial_id == title.id, SerialIssue.state.in_(HERE))
        .where(SerialIssue.day.between(date(year, 1, 1), date(year, 12, 31)))
        .where(SerialIssue.first_no <= issue.numbers[-1], SerialIssue.last_no >= issue.numbers[0])
        .where(or_(SerialIssue.day != issue.day, SerialIssue.name != issue.name))
        .limit(1)
    )
    if there is not None:
        raise Refused("issue_number_held", label=issue.label, day=f"{there.day:%d/%m/%Y}")


def _make_copies(
    session: Session, actor: Actor, title: SerialTitle, row: SerialIssue, *, beside: int = 0
) -> None:
    """Make copies of an issue, those that are there already left out: numbered in the title's
    register, or with a barcode alone.

    Who ticks newspapers need not hold the right to enter books: the title says what is made.
    """
    issue = issue_of(row)
    label = issue.label or f"{row.day:%d/%m/%Y}"
    made_in = session.get(ChangeSet, row.change_set_id) if row.change_set_id else None
    if made_in is None:
        made_in = new_change_set(session, actor, "items", f"{label} ({row.day:%d/%m/%Y})")
    numbers = range(beside, row.copies)
    barcodes = [f"BC{row.id:06d}" + (f"-{n + 1}" if n else "") for n in numbers]
    facts = CopyFacts(
        title.branch_id,
        item_type=title.item_type or "",
        collection_id=title.collection_id,
        volume_key=f"{row.day.year}: {label}"[:40],
        use=title.use,
        price=title.price,
        source="purchase",
    )
    add_items(
        session,
        replace(actor, all_rights=True),
        title.record_id,
        facts,
        copies=len(numbers),
        register_id=title.register_id,
        barcodes=() if title.register_id else barcodes,
        change_set=made_in,
    )
    row.change_set_id = made_in.id


def mark_issue(
    session: Session, actor: Actor, serial_id: int, day: date, state: str, *, name: str = ""
) -> SerialIssue:
    """Say that an issue did not appear (``absent``: its number goes to the next one), or that it
    will not come any more (``missing``: it is a gap). Of one that came in part, ``missing`` says that
    the rest will not come: it is awaited no more."""
    title = title_for(session, actor, serial_id, lock=True)
    if state not in ("absent", "missing"):
        raise Invalid("issue_state_unknown", field="state", value=state)
    slot = slot_of(session, title, day, name)
    if slot.row is not None and slot.lacking and state == "missing":
        slot.row.awaited = None
        session.flush()
        return slot.row
    if slot.state not in OPEN and slot.state != state:
        raise Refused("issue_here_already", label=slot.issue.label or f"{day:%d/%m/%Y}")
    row = slot.row or SerialIssue(serial_id=title.id, day=day, name=name, copies=0)
    if slot.issue.numbers and state == "missing":
        row.first_no, row.last_no = slot.issue.numbers[0], slot.issue.numbers[-1]
    row.volume, row.state = slot.issue.volume, state
    _sign(row, actor)
    session.add(row)
    session.flush()
    return row


def take_back(
    session: Session, actor: Actor, serial_id: int, day: date, *, name: str = ""
) -> SerialIssue | None:
    """Take back what was said of an issue last, as if it had not been: a claim of it stays.

    Raises ``Refused`` once its copies were used, or while it is bound.
    """
    title = title_for(session, actor, serial_id, lock=True)
    row = slot_of(session, title, day, name).row
    if row is None or row.state == "claimed":
        return row
    if is_bound(session, row.id):
        raise Refused("issue_bound", serial_id=serial_id)
    if row.state == "discarded":
        row.state = "arrived"
        session.flush()
        return row
    if row.change_set_id is not None:
        if obstacles(session, row.change_set_id):
            raise Refused("issue_used", serial_id=serial_id)
        undo_change_set(session, replace(actor, all_rights=True), row.change_set_id)
        row.change_set_id = None
    happened = session.get(EventRow, row.event_id) if row.event_id else None
    if happened is not None:
        void_event(session, actor, happened)
    row.event_id = None
    claims = select(func.count()).where(SerialClaimLine.issue_id == row.id)
    claimed_before = bool(session.scalar(claims))
    if claimed_before:
        row.state, row.copies, row.arrived_on, row.awaited = "claimed", 0, None, None
        _sign(row, actor)
    else:
        session.delete(row)
    session.flush()
    return row if claimed_before else None


def _sign(row: SerialIssue, actor: Actor) -> None:
    row.done_at, row.done_by = clock.now(), actor.staff_id


def receive_month(session: Session, actor: Actor, serial_id: int, since: date, until: date) -> int:
    """Enter every issue expected between two days and still open as there, each on the day it was
    due: stock from before."""
    title = title_for(session, actor, serial_id)
    last = min(until, clock.today())
    slots = slots_of(session, [title], since, last)[title.id]
    chosen = [slot for slot in slots if slot.state in OPEN]
    for slot in chosen:
        issue, on = slot.issue, min(slot.due, clock.today())
        receive_issue(session, actor, serial_id, issue.day, name=issue.name, arrived_on=on)
    return len(chosen)
