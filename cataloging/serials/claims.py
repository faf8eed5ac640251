"""Issues that did not come, asked for in writing: from the post office or whoever delivers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import Supplier
from cataloging.models import Record
from cataloging.permissions import RECEIVE_SERIALS
from cataloging.serials.expecting import HERE, OPEN, Slot, issue_of, slots_of
from cataloging.serials.models import SerialClaim, SerialClaimLine, SerialIssue, SerialTitle
from cataloging.serials.titles import taken_at, title_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import NotFound, Refused
from ils.org.models import OrgUnit
from ils.org.office import office_of
from ils.org.units import library_of, unit
from ils.printing import typst_pdf
from ils.printing.listing import written

LOOK_BACK = timedelta(days=366)
MOST_CLAIMED = 300
# What a letter asked for is there; of copies that came in part, the rest too, or nobody waits for it.
_HAS_COME = SerialIssue.state.in_(HERE) & (
    SerialIssue.awaited.is_(None) | (SerialIssue.awaited <= SerialIssue.copies)
)
PRINT = Path(__file__).with_name("print")


@dataclass(frozen=True)
class Late:
    """An issue that is late, or copies of one that came: how many days, and how often claimed."""

    slot: Slot
    record: Record
    days: int
    claims: int

    @property
    def copies(self) -> int:
        """How many copies are to be asked for."""
        return self.slot.lacking or self.slot.title.copies


@dataclass(frozen=True)
class Chosen:
    """An issue as a claim takes it."""

    serial_id: int
    day: date
    name: str = ""


def late_at(session: Session, branch_id: int, supplier_id: int | None = None) -> list[Late]:
    """Return what is late at a branch, a year back, title by title, the oldest first; with a
    supplier only what that one delivers."""
    day = clock.today()
    found = [
        (title, record)
        for title, record in taken_at(session, branch_id, day - LOOK_BACK, day)
        if supplier_id is None or title.supplier_id == supplier_id
    ]
    records = {title.id: record for title, record in found}
    slots = slots_of(session, [title for title, _record in found], day - LOOK_BACK, day)
    late = [
        slot
        for title, _record in found
        for slot in slots[title.id]
        if (slot.state in OPEN or slot.lacking) and slot.stands(day) == "late"
    ]
    times = _times(session, [slot.row.id for slot in late if slot.row is not None])
    return [
        Late(
            slot,
            records[slot.title.id],
            (day - slot.due).days,
            times[slot.row.id] if slot.row else 0,
        )
        for slot in late
    ]


def _times(session: Session, issue_ids: Sequence[int]) -> Counter[int]:
    found: Counter[int] = Counter()
    for start in range(0, len(issue_ids), 500):
        part = issue_ids[start : start + 500]
        found.update(
            session.scalars(
                select(SerialClaimLine.issue_id).where(SerialClaimLine.issue_id.in_(part))
            )
        )
    return found


def claim_issues(
    session: Session, actor: Actor, branch_id: int, chosen: Sequence[Chosen], receiver: str = ""
) -> SerialClaim:
    """Claim issues that are late at a branch in one letter, numbered by library and year.

    Raises ``Refused`` for what came meanwhile, or is not late.
    """
    branch = unit(session, branch_id)
    actor.require(RECEIVE_SERIALS, at=branch)
    library = library_of(session, branch.id)
    if not 1 <= len(chosen) <= MOST_CLAIMED:
        raise Refused("claim_empty", most=MOST_CLAIMED)
    for serial_id in sorted({one.serial_id for one in chosen}):
        if title_for(session, actor, serial_id, lock=True).branch_id != branch_id:
            raise NotFound("serial_unknown", serial_id=serial_id)
    late = {
        (one.slot.title.id, one.slot.issue.day, one.slot.issue.name): one
        for one in late_at(session, branch_id)
    }
    wanted = {one: late.get((one.serial_id, one.day, one.name)) for one in chosen}
    if none := next((one for one, found in wanted.items() if found is None), None):
        raise Refused("claim_not_late", day=f"{none.day:%d/%m/%Y}")
    today = clock.today()
    session.execute(select(OrgUnit.id).where(OrgUnit.id == library.id).with_for_update())
    last = select(func.max(SerialClaim.number)).where(
        SerialClaim.library_id == library.id, SerialClaim.year == today.year
    )
    claim = SerialClaim(
        library_id=library.id,
        branch_id=branch_id,
        year=today.year,
        number=(session.scalar(last) or 0) + 1,
        made_on=today,
        receiver=receiver.strip()[:200],
        made_by=actor.staff_id,
    )
    session.add(claim)
    session.flush()
    for found in wanted.values():
        if found is not None:
            row = found.slot.row or _claimed_row(session, actor, found.slot)
            line = SerialClaimLine(claim_id=claim.id, issue_id=row.id, copies=found.copies)
            session.add(line)
    audit(session, actor, "serial_claimed", "serial_claim", claim.id, issues=len(chosen))
    session.flush()
    return claim


def _claimed_row(session: Session, actor: Actor, slot: Slot) -> SerialIssue:
    numbers = slot.issue.numbers
    row = SerialIssue(
        serial_id=slot.title.id,
        day=slot.issue.day,
        name=slot.issue.name,
        first_no=numbers[0] if numbers else None,
        last_no=numbers[-1] if numbers else None,
        volume=slot.issue.volume,
        state="claimed",
        copies=0,
        done_by=actor.staff_id,
    )
    session.add(row)
    session.flush()
    return row


def claim_for(session: Session, actor: Actor, claim_id: int, *, lock: bool = False) -> SerialClaim:
    """Return a claim the actor may see; another library's is not to be found."""
    query = select(SerialClaim).where(SerialClaim.id == claim_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or not actor.can(RECEIVE_SERIALS, unit(session, found.branch_id)):
        raise NotFound("serial_claim_unknown", claim_id=claim_id)
    return found


def take_back_claim(session: Session, actor: Actor, claim_id: int) -> None:
    """Take a claim back, as if it had not been sent; what came meanwhile stays.

    Only the last one of its library and year: the numbers of letters leave no gap.
    """
    claim = claim_for(session, actor, claim_id, lock=True)
    later = select(SerialClaim.id).where(
        SerialClaim.library_id == claim.library_id,
        SerialClaim.year == claim.year,
        SerialClaim.number > claim.number,
    )
    if session.scalar(later.limit(1)) is not None:
        raise Refused("claim_not_last", claim_id=claim_id)
    rows = []
    for line, row, _title, _record in lines_of(session, claim_id):
        rows.append(row)
        session.delete(line)
    session.flush()
    times = _times(session, [row.id for row in rows])
    for row in rows:
        if row.state == "claimed" and not times[row.id]:
            session.delete(row)
    session.delete(claim)
    audit(session, actor, "serial_claim_undone", "serial_claim", claim_id)
    session.flush()


def claims_of(
    session: Session, branch_id: int, *, limit: int, offset: int = 0
) -> tuple[list[tuple[SerialClaim, int, int]], int]:
    """Return the claims of a branch, newest first, each with its issues and how many came since."""
    own = SerialClaim.branch_id == branch_id
    total = session.scalar(select(func.count()).select_from(SerialClaim).where(own)) or 0
    query = select(SerialClaim).where(own).order_by(SerialClaim.year.desc())
    claims = session.scalars(
        query.order_by(SerialClaim.number.desc()).limit(limit).offset(offset)
    ).all()
    states = session.execute(
        select(SerialClaimLine.claim_id, _HAS_COME)
        .join(SerialIssue, SerialIssue.id == SerialClaimLine.issue_id)
        .where(SerialClaimLine.claim_id.in_([claim.id for claim in claims]))
    ).all()
    return [
        (
            claim,
            sum(claim_id == claim.id for claim_id, _has_come in states),
            sum(claim_id == claim.id and has_come for claim_id, has_come in states),
        )
        for claim in claims
    ], total


def receiver_for(session: Session, branch_id: int, supplier_id: int | None) -> str:
    """Return who is most likely written to: the supplier looked at, or who was last time."""
    supplier = session.get(Supplier, supplier_id) if supplier_id else None
    if supplier is not None:
        return ", ".join(part for part in (supplier.name, supplier.address) if part)[:200]
    query = select(SerialClaim.receiver).where(SerialClaim.branch_id == branch_id)
    return session.scalar(query.order_by(SerialClaim.id.desc()).limit(1)) or ""


def suppliers_at(session: Session, branch_id: int) -> list[tuple[int, str]]:
    """Return number and name of those who deliver to a branch."""
    query = (
        select(Supplier.id, Supplier.name)
        .join(SerialTitle, SerialTitle.supplier_id == Supplier.id)
        .where(SerialTitle.branch_id == branch_id)
        .distinct()
        .order_by(Supplier.name)
    )
    return [(number, name) for number, name in session.execute(query)]


Line = tuple[SerialClaimLine, SerialIssue, SerialTitle, Record]


def lines_of(session: Session, claim_id: int) -> list[Line]:
    """Return the issues of a claim with their titles, in filing order."""
    query = (
        select(SerialClaimLine, SerialIssue, SerialTitle, Record)
        .join(SerialIssue, SerialIssue.id == SerialClaimLine.issue_id)
        .join(SerialTitle, SerialTitle.id == SerialIssue.serial_id)
        .join(Record, Record.id == SerialTitle.record_id)
        .where(SerialClaimLine.claim_id == claim_id)
        .order_by(Record.title_sort, SerialTitle.id, SerialIssue.day)
    )
    return [(line, row, title, record) for line, row, title, record in session.execute(query).all()]


def claim_pdf(session: Session, claim: SerialClaim) -> bytes:
    """Return the letter: what should have come, title by title, with days, numbers and copies."""
    rows = [
        {
            "title": record.title,
            "number": issue_of(row).label or "–",
            "day": written(row.day),
            "copies": written(line.copies or title.copies, "num"),
        }
        for line, row, title, record in lines_of(session, claim.id)
    ]
    day = claim.made_on
    data: dict[str, Any] = {
        "office": office_of(session, claim.library_id, day).to_json(),
        "day": f"ngày {day:%d} tháng {day:%m} năm {day:%Y}",
        "number": f"{claim.number:02d}/{claim.year}",
        "receiver": claim.receiver,
        "rows": rows,
        "count": written(len(rows), "num"),
    }
    return typst_pdf(PRINT / "claim.typ", data, at=claim.made_at)
