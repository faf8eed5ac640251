"""The book of waivers: what was forgiven, of which charge, by whom and by which decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from circulation.ledger import open_amounts
from circulation.models import LedgerAllocation, LedgerEntry
from circulation.money.models import BatchWaiver, BatchWaiverLine
from circulation.patrons.models import Patron, PatronCard
from circulation.rules import ledger
from ils.accounts.models import Staff


@dataclass(frozen=True)
class WaiverLine:
    """A waiver: whose, of what, how much, why; ``batch_id`` where it was one of many.

    ``back_on`` is the day it was taken back, so that it counts no more.
    """

    entry: LedgerEntry
    patron: str
    card: str
    of: str
    by: str
    batch_id: int | None
    back_on: date | None

    @property
    def counts(self) -> int:
        """Return what it forgives: nothing where it was taken back."""
        return 0 if self.back_on else self.entry.amount


def waivers(
    session: Session,
    branch_ids: Sequence[int],
    first: date,
    last: date,
    batch_id: int | None = None,
) -> list[WaiverLine]:
    """Read the waivers of some branches and days, the oldest first; of one batch only if asked."""
    query = _query(branch_ids, first, last)
    if batch_id is not None:
        query = query.where(BatchWaiverLine.batch_id == batch_id)
    rows = session.execute(query).all()
    back = _taken_back(session, [row[0] for row in rows if row.turned is not None])
    of = _charges(session, [row[0] for row in rows])
    return [
        WaiverLine(
            entry=row[0],
            patron=row.patron or "",
            card=row.card or "",
            of=of.get(row[0].id, ""),
            by=row.by or "",
            batch_id=row.batch_id,
            back_on=back.get(row[0].id),
        )
        for row in rows
    ]


def _query(branch_ids: Sequence[int], first: date, last: date) -> Select[*tuple[Any, ...]]:
    back = aliased(LedgerEntry)
    return (
        select(
            LedgerEntry,
            Patron.name.label("patron"),
            PatronCard.number.label("card"),
            Staff.name.label("by"),
            BatchWaiverLine.batch_id.label("batch_id"),
            back.id.label("turned"),
        )
        .outerjoin(Patron, Patron.id == LedgerEntry.patron_id)
        .outerjoin(
            PatronCard, and_(PatronCard.patron_id == Patron.id, PatronCard.state == "active")
        )
        .outerjoin(Staff, Staff.id == LedgerEntry.actor_id)
        .outerjoin(BatchWaiverLine, BatchWaiverLine.waiver_id == LedgerEntry.id)
        .outerjoin(back, back.reverses_id == LedgerEntry.id)
        .where(LedgerEntry.kind == "waiver", LedgerEntry.branch_id.in_(branch_ids))
        .where(LedgerEntry.effective_on >= first, LedgerEntry.effective_on <= last)
        .order_by(LedgerEntry.effective_on, LedgerEntry.id)
    )


def _taken_back(session: Session, entries: Sequence[LedgerEntry]) -> dict[int, date]:
    """Return of waivers with a reversal when they ended; one may have been brought back."""
    found: dict[int, date] = {}
    for patron_id in {one.patron_id for one in entries if one.patron_id is not None}:
        rows, _left = open_amounts(session, patron_id)
        counting = ledger.live(
            ledger.Entry(r.id, r.kind, r.direction, r.amount, r.reverses_id) for r in rows
        )
        days = {r.reverses_id: r.effective_on for r in rows if r.reverses_id is not None}
        found |= {i: day for i, day in days.items() if i is not None and i not in counting}
    return {one.id: found[one.id] for one in entries if one.id in found}


def _charges(session: Session, entries: Sequence[LedgerEntry]) -> dict[int, str]:
    """Return which kind of charge each waiver forgave; a waiver that ended kept it in no line."""
    ids = [one.id for one in entries]
    rows = session.execute(
        select(LedgerAllocation.credit_id, func.min(LedgerEntry.kind))
        .join(LedgerEntry, LedgerEntry.id == LedgerAllocation.debit_id)
        .where(LedgerAllocation.credit_id.in_(ids))
        .group_by(LedgerAllocation.credit_id)
    )
    return {row[0]: row[1] for row in rows}


def batches_of(
    session: Session, unit_ids: Sequence[int], *, limit: int, offset: int = 0
) -> Sequence[BatchWaiver]:
    """Return the batches of some units, the newest first; those thrown away left out."""
    return session.scalars(
        select(BatchWaiver)
        .where(BatchWaiver.unit_id.in_(unit_ids), BatchWaiver.state != "discarded")
        .order_by(BatchWaiver.id.desc())
        .limit(limit)
        .offset(offset)
    ).all()


def lines_in_words(
    session: Session, batch_id: int, *, limit: int, offset: int = 0
) -> list[dict[str, Any]]:
    """Return lines of a batch with reader, class, commune, kind and day of the charge."""
    rows = session.execute(
        select(
            BatchWaiverLine.state,
            BatchWaiverLine.amount,
            BatchWaiverLine.given,
            LedgerEntry.kind,
            LedgerEntry.effective_on,
            LedgerEntry.patron_id,
            Patron.name.label("patron"),
            PatronCard.number.label("card"),
            Patron.school_class,
            Patron.commune,
        )
        .join(LedgerEntry, LedgerEntry.id == BatchWaiverLine.entry_id)
        .outerjoin(Patron, Patron.id == LedgerEntry.patron_id)
        .outerjoin(
            PatronCard, and_(PatronCard.patron_id == Patron.id, PatronCard.state == "active")
        )
        .where(BatchWaiverLine.batch_id == batch_id)
        .order_by(BatchWaiverLine.id)
        .limit(limit)
        .offset(offset)
    )
    return [dict(row._mapping) for row in rows]
