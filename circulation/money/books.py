"""The fee book (sổ thu phí) and the deposit book (sổ theo dõi tiền thế chân), read from receipts.

The fee book shows every number of the series, so that an auditor can see there is no gap: voided
receipts with nothing in the money columns, receipts of deposits with a note. A receipt voided after
the period of the book was still money then, and stands with its amounts; it is taken off again in
the book of the period in which it was voided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from circulation.models import LedgerAllocation, LedgerEntry, Receipt
from circulation.patrons.models import Patron, PatronCard
from circulation.receipts import receipt_name
from ils.core import clock

FEE_COLUMNS = ("card_fee", "overdue", "compensation", "point_loss", "service")
_COLUMN = {
    "card_fee": "card_fee",
    "overdue": "overdue",
    "lost_price": "compensation",
    "damage": "compensation",
    "point_loss": "point_loss",
    "processing": "compensation",
    "service": "service",
    "deposit_due": "service",
}


@dataclass(frozen=True)
class FeeLine:
    """A receipt in the fee book.

    ``state`` is '' or says what else it is: void, void_later, taken_off, payout, deposit_in,
    deposit_out, deposit_to_debt.
    """

    receipt: Receipt
    number: str
    day: date
    payer: str
    card: str
    parts: dict[str, int] = field(default_factory=dict)
    state: str = ""

    @property
    def total(self) -> int:
        """Return what the line adds to the income of the period."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class FeeBook:
    """The fee book of a library from one day to another; ``gaps`` are numbers that are missing."""

    lines: list[FeeLine]
    gaps: list[int]

    def total(self, column: str = "") -> int:
        """Return the sum of a column, or of all."""
        if not column:
            return sum(line.total for line in self.lines)
        return sum(line.parts.get(column, 0) for line in self.lines)


def fee_book(
    session: Session,
    library_id: int,
    first: date,
    last: date,
    branch_ids: Sequence[int] | None = None,
) -> FeeBook:
    """Read the fee book of a library, or of some of its branches; gaps are seen only of the whole."""
    since, until = clock.at_local(first, 0), clock.at_local(last + timedelta(days=1), 0)
    in_period = and_(Receipt.at >= since, Receipt.at < until)
    taken_off = and_(Receipt.at < since, Receipt.voided_at >= since, Receipt.voided_at < until)
    rows = session.execute(
        select(Receipt, Patron.name, PatronCard.number)
        .outerjoin(Patron, Patron.id == Receipt.patron_id)
        .outerjoin(
            PatronCard, and_(PatronCard.patron_id == Patron.id, PatronCard.state == "active")
        )
        .where(Receipt.library_id == library_id, or_(in_period, taken_off))
        .where(Receipt.branch_id.in_(branch_ids) if branch_ids is not None else true())
        .order_by(Receipt.year, Receipt.number)
    ).all()
    settled = settled_by(session, [row[0].id for row in rows])
    own: list[FeeLine] = []
    off: list[FeeLine] = []
    for receipt, name, card in rows:
        parts = settled.get(receipt.id, {})
        line = _line(receipt, name or receipt.payer, card or "", parts, since, until)
        (off if line.state == "taken_off" else own).append(line)
    gaps = _gaps(line.receipt for line in own) if branch_ids is None else []
    return FeeBook([*own, *off], gaps)


def _line(
    receipt: Receipt,
    name: str,
    card: str,
    parts: Mapping[str, int],
    since: datetime,
    until: datetime,
) -> FeeLine:
    money = _columns(receipt, parts)
    state, day = "", clock.local_day(receipt.at)
    voided = receipt.voided_at
    if voided is not None and receipt.at < since:
        state, day = "taken_off", clock.local_day(voided)
        money = {column: -amount for column, amount in money.items()}
    elif voided is not None and voided < until:
        state, money = "void", {}
    elif voided is not None:
        state = "void_later"
    elif receipt.kind not in ("payment", "sale"):
        state = receipt.kind
    return FeeLine(receipt, receipt_name(receipt), day, name, card, money, state)


def _columns(receipt: Receipt, parts: Mapping[str, int]) -> dict[str, int]:
    """Return a receipt's income by column; deposits in and out are none, a payout takes some back."""
    if receipt.kind in ("deposit_in", "deposit_out"):
        return {}
    if receipt.kind == "payout":
        return {"compensation": -receipt.amount}
    money: dict[str, int] = {}
    for kind, amount in parts.items():
        column = _COLUMN.get(kind, "service")
        money[column] = money.get(column, 0) + amount
    return money


def settled_by(session: Session, receipt_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return what each receipt settled when it was given, by kind of charge.

    A line of before the receipts kept this tells by what it settles now.
    """
    found: dict[int, dict[str, int]] = {}
    old: dict[int, int] = {}
    for start in range(0, len(receipt_ids), 500):
        lines = session.execute(
            select(LedgerEntry.id, LedgerEntry.receipt_id, LedgerEntry.trace).where(
                LedgerEntry.receipt_id.in_(receipt_ids[start : start + 500]),
                LedgerEntry.direction == "credit",
            )
        )
        for entry_id, receipt_id, trace in lines:
            if "settled" in trace:
                found[receipt_id] = dict(trace["settled"])
            else:
                old[entry_id] = receipt_id
    for receipt_id, kind, amount in _matched(session, old):
        parts = found.setdefault(receipt_id, {})
        parts[kind] = parts.get(kind, 0) + amount
    return found


def _matched(session: Session, old: Mapping[int, int]) -> Iterable[tuple[int, str, int]]:
    ids = list(old)
    for start in range(0, len(ids), 500):
        rows = session.execute(
            select(LedgerAllocation.credit_id, LedgerEntry.kind, LedgerAllocation.amount)
            .join(LedgerEntry, LedgerEntry.id == LedgerAllocation.debit_id)
            .where(LedgerAllocation.credit_id.in_(ids[start : start + 500]))
        )
        for credit_id, kind, amount in rows:
            yield old[credit_id], kind, amount


def income_of(session: Session, receipts: Iterable[Receipt]) -> dict[str, int]:
    """Return what receipts that stand brought in, by kind of charge: cash and transfers."""
    standing = [r.id for r in receipts if r.voided_at is None and r.kind in ("payment", "sale")]
    income: dict[str, int] = {}
    for parts in settled_by(session, standing).values():
        for kind, amount in parts.items():
            income[kind] = income.get(kind, 0) + amount
    return dict(sorted(income.items()))


def _gaps(receipts: Iterable[Receipt]) -> list[int]:
    """Return the numbers missing between the first and the last of each year's receipts."""
    by_year: dict[int, set[int]] = {}
    for one in receipts:
        by_year.setdefault(one.year, set()).add(one.number)
    return [
        number
        for numbers in by_year.values()
        for number in range(min(numbers), max(numbers) + 1)
        if number not in numbers
    ]


# --- deposits --------------------------------------------------------------------------------


@dataclass(frozen=True)
class DepositLine:
    """A movement of a deposit; amounts are of one of the three columns. ``void``: taken back."""

    day: date
    number: str
    patron_id: int
    patron: str
    card: str
    taken: int = 0
    given_back: int = 0
    used: int = 0
    held_after: int = 0
    note: str = ""


@dataclass(frozen=True)
class DepositBook:
    """The deposit book of a library: what was held before, every movement, what is held after."""

    before: int
    lines: list[DepositLine]

    @property
    def after(self) -> int:
        """Return what is held at the end."""
        return self.before + sum(one.taken - one.given_back - one.used for one in self.lines)


_HELD = func.coalesce(
    func.sum(
        case((LedgerEntry.kind == "deposit_in", LedgerEntry.amount), else_=-LedgerEntry.amount)
    ),
    0,
)


def deposit_book(
    session: Session,
    library_id: int,
    branch_ids: Sequence[int] | None,
    first: date,
    last: date,
) -> DepositBook:
    """Read the deposit book of a library, or of some branches of it.

    A movement taken back stands as its own line.
    """
    liability = (
        LedgerEntry.library_id == library_id,
        LedgerEntry.direction == "liability",
        LedgerEntry.branch_id.in_(branch_ids) if branch_ids is not None else true(),
    )
    before = int(
        session.scalar(select(_HELD).where(*liability, LedgerEntry.effective_on < first)) or 0
    )
    rows = session.execute(
        select(LedgerEntry, Patron.name, PatronCard.number, Receipt)
        .join(Patron, Patron.id == LedgerEntry.patron_id)
        .outerjoin(
            PatronCard, and_(PatronCard.patron_id == Patron.id, PatronCard.state == "active")
        )
        .outerjoin(Receipt, Receipt.id == LedgerEntry.receipt_id)
        .where(*liability, LedgerEntry.effective_on.between(first, last))
        .order_by(LedgerEntry.effective_on, LedgerEntry.id)
    ).all()
    taken_back = [row[0].reverses_id for row in rows if row[0].reverses_id is not None]
    first_kinds: dict[int, str] = {
        row[0]: row[1]
        for row in session.execute(
            select(LedgerEntry.id, LedgerEntry.kind).where(LedgerEntry.id.in_(taken_back))
        )
    }
    lines, held = [], before
    for entry, name, card, receipt in rows:
        held += entry.amount if entry.kind == "deposit_in" else -entry.amount
        of = first_kinds.get(entry.reverses_id or 0, "")
        lines.append(_movement(entry, of, name, card or "", receipt, held))
    return DepositBook(before, lines)


_DEPOSIT_COLUMN = {"deposit_in": "taken", "deposit_out": "given_back", "deposit_to_debt": "used"}


def _movement(
    entry: LedgerEntry, takes_back: str, name: str, card: str, receipt: Receipt | None, held: int
) -> DepositLine:
    """Return a line; what is taken back stands in the column it was in, with a minus."""
    amounts = {_DEPOSIT_COLUMN[entry.kind]: entry.amount}
    if takes_back:
        amounts = {_DEPOSIT_COLUMN[takes_back]: -entry.amount}
    return DepositLine(
        day=entry.effective_on,
        number=receipt_name(receipt) if receipt is not None else "",
        patron_id=entry.patron_id or 0,
        patron=name,
        card=card,
        held_after=held,
        note=entry.note,
        **amounts,
    )


@dataclass(frozen=True)
class Held:
    """A patron whose deposit the library keeps, and until when the card is valid."""

    patron_id: int
    patron: str
    card: str
    expires_on: date | None
    amount: int
    since: date


def deposits_held(session: Session, branch_ids: Sequence[int]) -> list[Held]:
    """Return the deposits kept for the patrons of some branches, cards that ended first.

    A file that is to be closed gives its deposit back before.
    """
    rows: Any = session.execute(
        select(
            Patron.id,
            Patron.name,
            PatronCard.number,
            PatronCard.expires_on,
            _HELD.label("held"),
            func.min(LedgerEntry.effective_on),
        )
        .join(LedgerEntry, LedgerEntry.patron_id == Patron.id)
        .outerjoin(
            PatronCard, and_(PatronCard.patron_id == Patron.id, PatronCard.state == "active")
        )
        .where(Patron.branch_id.in_(branch_ids), LedgerEntry.direction == "liability")
        .group_by(Patron.id, Patron.name, Patron.name_key, PatronCard.number, PatronCard.expires_on)
        .having(_HELD != 0)
        .order_by(PatronCard.expires_on, Patron.name_key, Patron.id)
    )
    return [Held(i, n, c or "", e, int(a), s) for i, n, c, e, a, s in rows]
