"""The reading room: what was lent for the day and is still out, and books left on the tables."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from cataloging.models import Item, Record
from circulation.desk import Act, DeskResult
from circulation.events import InHouseUseCounted
from circulation.facts import find_scanned, item_at_desk, lock, touch
from circulation.models import Loan
from circulation.patrons.models import Patron, PatronCard
from circulation.permissions import TALLY, USE_DESK
from circulation.rules.checkout import READING_ROOM
from circulation.rules.in_house import in_house_reasons, is_counted_already
from circulation.rules.reasons import reason
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.events import EventRow
from ils.text.normal import fold


def scan_in_house_use(
    session: Session, actor: Actor, *, barcode: str, key: str | None, now: datetime | None = None
) -> DeskResult:
    """Count a copy that was read on the premises, by scanning it; once in thirty minutes.

    A copy that is anything but a book of this shelf (on loan, on its way, awaited, missing) is
    not counted: it is to be scanned as a return, which settles it.
    """
    actor.require(TALLY)
    act = Act(session, actor, "in_house_use", key, now)
    found = find_scanned(session, barcode, act.here.library_id)
    if found.item_id is None or found.record_id is None:
        code = "card_not_item" if found.card_id else "item_unknown"
        return act.stored() or act.refuse([reason(code, scanned=barcode)], code="unknown")
    act.item_id = found.item_id
    lock(session, records=[found.record_id], items=[found.item_id])
    if stored := act.stored():
        return stored
    item = item_at_desk(session, found.item_id)
    stopping = in_house_reasons(item.position, item.item.lifecycle)
    if stopping:
        return act.refuse(stopping, item=item.about())
    if is_counted_already(_last_counted(session, item.item.id), act.now):
        return act.answer("counted_already", item=item.about())
    act.event(InHouseUseCounted("scan"), **item.statistics())
    touch(session, item.item, act.here.id, act.now, "in_house")
    return act.answer("in_house_use", action="shelve", item=item.about())


_VOID = aliased(EventRow)
_LAST = (
    select(func.max(EventRow.effective_at))
    .outerjoin(_VOID, _VOID.voids_id == EventRow.id)
    .where(
        EventRow.item_id == bindparam("item_id"),
        EventRow.kind == InHouseUseCounted.kind,
        _VOID.id.is_(None),
    )
)


def _last_counted(session: Session, item_id: int) -> datetime | None:
    """Return when a copy was last counted as used here, undone counts left out."""
    return session.scalar(_LAST, {"item_id": item_id})


@dataclass(frozen=True)
class StillOut:
    """A reading-room loan that is not back."""

    loan: Loan
    item: Item
    title: str
    patron: Patron | None
    card: str | None


_OPEN = (
    select(Loan, Item, Record.title, Patron, PatronCard.number)
    .join(Item, Item.id == Loan.item_id)
    .join(Record, Record.id == Loan.record_id)
    .outerjoin(Patron, Patron.id == Loan.patron_id)
    .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
    .where(Loan.kind == READING_ROOM, Loan.closed_at.is_(None))
)
SORTS: dict[str, tuple[Any, Any]] = {
    "title": (Record.title_sort, Loan.id),
    "patron": (Patron.name_key, Loan.id),
    "since": (Loan.started_at, Loan.id),
}


def still_out(
    session: Session,
    actor: Actor,
    *,
    text: str = "",
    sort: str = "since",
    limit: int | None = 50,
    offset: int = 0,
) -> tuple[list[StillOut], int]:
    """Return the reading-room loans of the branch that are not back, today's and older ones."""
    actor.require(USE_DESK)
    first, then = SORTS.get(sort.removeprefix("-"), SORTS["since"])
    order = (first.desc(), then.desc()) if sort.startswith("-") else (first, then)
    query = _OPEN.where(Loan.branch_id == actor.unit_id).order_by(*order)
    words = fold(text).split()  # a reading room has some dozens out, so they are looked through
    found = [one for row in session.execute(query) if _speaks_of(one := StillOut(*row), words)]
    return found[offset : offset + limit if limit is not None else None], len(found)


def _speaks_of(one: StillOut, words: list[str]) -> bool:
    name = one.patron.name if one.patron else ""
    said = fold(" ".join((one.title, name, one.item.barcode or "", one.item.accession_no or "")))
    return all(word in said for word in words)


def lent_at(one: StillOut) -> datetime:
    """Return when a reading-room loan began, in the library's zone."""
    return clock.local(one.loan.started_at)
