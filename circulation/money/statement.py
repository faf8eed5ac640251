"""A patron's account as a page shows it: every line, what is open of it, what settles what."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.blocks import OpenLoan, loans_of_patron
from circulation.ledger import Account, account
from circulation.models import LedgerAllocation, LedgerEntry, Receipt
from circulation.money.models import ExemptCard, FeeExemption
from circulation.receipts import receipt_name
from circulation.rules import ledger
from ils.core import clock


@dataclass(frozen=True)
class Match:
    """What settles a charge, or what a credit settles: its kind, its receipt, how much."""

    kind: str
    receipt: str
    amount: int


@dataclass
class StatementLine:
    """A line of the account. ``open_amount`` is unsettled of a charge, unspent of a credit."""

    entry: LedgerEntry
    title: str = ""
    receipt: Receipt | None = None
    open_amount: int = 0
    counts: bool = True  # False: taken back, or takes back
    matches: list[Match] = field(default_factory=list)

    @property
    def receipt_name(self) -> str:
        """Return the number of the line's receipt, '' without one."""
        return receipt_name(self.receipt) if self.receipt is not None else ""


@dataclass(frozen=True)
class Exempted:
    """A card given without its fee."""

    on: date
    amount: int
    name: str
    resolution: str


@dataclass(frozen=True)
class Statement:
    """The whole account. ``running`` are the late loans that cost something today."""

    account: Account
    lines: list[StatementLine]
    running: list[OpenLoan]
    overpaid: int
    exempted: list[Exempted]

    @property
    def open_lines(self) -> list[StatementLine]:
        """Return the charges still open, the oldest first."""
        return [
            one
            for one in reversed(self.lines)
            if one.entry.direction == ledger.DEBIT and one.counts and one.open_amount > 0
        ]


def statement(session: Session, patron_id: int) -> Statement:
    """Read a patron's account, the newest line first."""
    late = [loan for loan in loans_of_patron(session, patron_id) if loan.running_fine]
    known = account(session, patron_id, clock.now(), running=sum(o.running_fine for o in late))
    left = {debit.entry.id: debit.open_amount for debit in known.open_debits} | known.unspent
    counting = ledger.live(
        ledger.Entry(e.id, e.kind, e.direction, e.amount, e.reverses_id) for e in known.entries
    )
    titles = _titles(session, known.entries)
    receipts = _receipts(session, known.entries)
    matches = _matches(session, known.entries, receipts)
    lines = [
        StatementLine(
            entry=entry,
            title=titles.get(entry.item_id or 0, ""),
            receipt=receipts.get(entry.receipt_id or 0),
            open_amount=left.get(entry.id, 0),
            counts=entry.id in counting,
            matches=matches.get(entry.id, []),
        )
        for entry in known.entries
    ]
    overpaid = sum(
        amount
        for entry_id, amount in known.unspent.items()
        if any(e.id == entry_id and e.kind == "payment" for e in known.entries)
    )
    return Statement(known, lines, late, overpaid, _exempted(session, patron_id))


def _titles(session: Session, entries: Sequence[LedgerEntry]) -> dict[int, str]:
    items = {entry.item_id for entry in entries if entry.item_id is not None}
    query = select(Item.id, Record.title).join(Record, Record.id == Item.record_id)
    return {row[0]: row[1] for row in session.execute(query.where(Item.id.in_(items)))}


def _receipts(session: Session, entries: Sequence[LedgerEntry]) -> dict[int, Receipt]:
    ids = {entry.receipt_id for entry in entries if entry.receipt_id is not None}
    return {one.id: one for one in session.scalars(select(Receipt).where(Receipt.id.in_(ids)))}


def _matches(
    session: Session, entries: Sequence[LedgerEntry], receipts: dict[int, Receipt]
) -> dict[int, list[Match]]:
    by_id = {entry.id: entry for entry in entries}
    rows = session.scalars(
        select(LedgerAllocation).where(
            or_(LedgerAllocation.debit_id.in_(by_id), LedgerAllocation.credit_id.in_(by_id))
        )
    )
    found: dict[int, list[Match]] = defaultdict(list)
    for one in rows:
        credit, debit = by_id[one.credit_id], by_id[one.debit_id]
        receipt = receipts.get(credit.receipt_id or 0)
        name = receipt_name(receipt) if receipt is not None else ""
        found[debit.id].append(Match(credit.kind, name, one.amount))
        found[credit.id].append(Match(debit.kind, "", one.amount))
    return found


def _exempted(session: Session, patron_id: int) -> list[Exempted]:
    rows = session.execute(
        select(ExemptCard.on, ExemptCard.amount, FeeExemption.name, FeeExemption.resolution)
        .join(FeeExemption, FeeExemption.id == ExemptCard.exemption_id)
        .where(ExemptCard.patron_id == patron_id)
        .order_by(ExemptCard.id.desc())
    )
    return [Exempted(*row) for row in rows]
