"""What must hold of receipts, tills, deposits and the cases of loss, whatever was done.

Each figure is added up here from the lines, another way than the program does it.
"""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.blocks import entry_facts
from circulation.ledger import open_amounts
from circulation.losses.models import Loss
from circulation.models import LedgerEntry, Receipt
from circulation.money.models import Till, TillMovement
from circulation.money.tills import till_report
from circulation.rules import ledger
from ils.core.events import EventRow

LEAVES = ("payout", "deposit_out")
DEPOSITS = {"deposit_in": 1, "deposit_out": -1, "deposit_to_debt": -1}


def check(session: Session) -> None:
    """Check every law of money that is not about one patron's balance."""
    lines = list(session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)))
    receipts = {row.id: row for row in session.scalars(select(Receipt))}
    reversals_mirror(lines)
    receipts_are_gapless(receipts.values())
    receipts_say_what_was_written(lines, receipts)
    tills_hold_what_they_should(session, lines, receipts)
    deposits_are_a_liability(lines)
    cases_are_as_their_charges(session)
    events_tell_the_money(session, lines)


def reversals_mirror(lines: list[LedgerEntry]) -> None:
    """A reversal takes back its line whole, from the same person."""
    by_id = {line.id: line for line in lines}
    for line in lines:
        if line.reverses_id is None:
            continue
        other = by_id[line.reverses_id]
        assert other.id < line.id, "a line is taken back before it was written"
        assert line.amount == other.amount, f"line {line.id} takes back another amount"
        assert line.patron_id == other.patron_id, f"line {line.id} takes back another's"
        sides = {line.direction, other.direction}
        assert sides in ({"debit", "credit"}, {"liability"}), f"line {line.id} is on a wrong side"


def receipts_are_gapless(receipts: Iterable[Receipt]) -> None:
    """The series of a library and year is 1, 2, 3 …; a voided receipt keeps its number."""
    series: dict[tuple[int, int], list[int]] = defaultdict(list)
    for receipt in receipts:
        series[receipt.library_id, receipt.year].append(receipt.number)
    for numbers in series.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), "the receipts have a gap"


def receipts_say_what_was_written(lines: list[LedgerEntry], receipts: dict[int, Receipt]) -> None:
    """A receipt's amount is its money line's; it is void when that line was taken back."""
    live = ledger.live(entry_facts(line) for line in lines)
    by_receipt: dict[int, list[LedgerEntry]] = defaultdict(list)
    for line in lines:
        if line.receipt_id is not None:
            by_receipt[line.receipt_id].append(line)
    for receipt in receipts.values():
        own = by_receipt[receipt.id]
        kinds = ("payment",) if receipt.kind == "sale" else (receipt.kind,)
        money = [line for line in own if line.kind in kinds]
        assert sum(line.amount for line in money) == receipt.amount, f"receipt {receipt.number}"
        standing = {line.id in live for line in own}
        assert standing == {receipt.voided_at is None}, f"receipt {receipt.number} half void"


def tills_hold_what_they_should(
    session: Session, lines: list[LedgerEntry], receipts: dict[int, Receipt]
) -> None:
    """A till holds its float, what was put in, and its receipts in cash, less what went out."""
    moved: dict[int, int] = defaultdict(int)
    for one in session.scalars(select(TillMovement)):
        moved[one.till_id] += one.amount if one.kind == "added" else -one.amount
    by_id = {line.id: line for line in lines}
    for receipt in receipts.values():
        if receipt.till_id is not None and receipt.method == "cash":
            sign = -1 if receipt.kind in LEAVES else 1
            moved[receipt.till_id] += sign * receipt.amount
    for line in lines:
        if line.till_id is None or line.reverses_id is None:
            continue
        first = line
        while first.reverses_id is not None:
            first = by_id[first.reverses_id]
        moved[line.till_id] += line.amount if first.kind in LEAVES else -line.amount
    for till in session.scalars(select(Till)):
        holds = till.float_amount + moved[till.id]
        assert till_report(session, till).expected == holds, f"till {till.id} reckons otherwise"
        if till.closed_at is not None:
            assert till.expected_amount == holds, f"till {till.id} was changed after its closing"


def deposits_are_a_liability(lines: list[LedgerEntry]) -> None:
    """What is held for a person is what was given less what was returned or used, never less."""
    by_patron: dict[int | None, list[LedgerEntry]] = defaultdict(list)
    for line in lines:
        if line.direction == "liability":
            by_patron[line.patron_id].append(line)
    for patron_id, own in by_patron.items():
        live = ledger.live(entry_facts(line) for line in own)
        standing = sum(DEPOSITS[line.kind] * line.amount for line in live.values())
        assert standing >= 0, f"more of the deposit of {patron_id} is gone than was given"
        assert ledger.deposit(entry_facts(line) for line in own) == standing
    used = {line.receipt_id: line.amount for line in lines if line.kind == "deposit_to_debt"}
    paid = {
        line.receipt_id: line.amount
        for line in lines
        if line.kind == "payment" and line.receipt_id in used
    }
    assert used == paid, "a deposit was used and nothing was paid by it"


def cases_are_as_their_charges(session: Session) -> None:
    """A case is open while something of it is owed, and settled when nothing is."""
    for case in session.scalars(select(Loss).where(Loss.state.in_(("open", "settled")))):
        owed = 0
        for entry_id in case.entry_ids:
            entry = session.get_one(LedgerEntry, entry_id)
            assert entry.patron_id is not None
            _, left = open_amounts(session, entry.patron_id)
            owed += max(0, left.get(entry_id, 0))
        if case.entry_ids:
            assert (case.state == "open") == (owed > 0), f"case {case.id} is {case.state}: {owed}"


def events_tell_the_money(session: Session, lines: list[LedgerEntry]) -> None:
    """Payments told of, less those told to be taken back, are the payments that stand."""
    rows = session.scalars(select(EventRow).order_by(EventRow.id)).all()
    voided = {row.voids_id for row in rows if row.voids_id is not None}
    told = 0
    for row in rows:
        if row.id in voided:
            continue
        if row.kind == "payment_taken":
            told += row.amount or 0
        elif row.kind == "entry_reversed" and row.facts.get("kind") == "payment":
            told -= row.amount or 0
    live = ledger.live(entry_facts(line) for line in lines)
    used = {line.receipt_id for line in lines if line.kind == "deposit_to_debt"}
    by_id = {line.id: line for line in lines}
    taken_back = sum(  # a deposit that paid is no payment told of, but its reversal is
        line.amount
        for line in lines
        if line.kind == "payment" and line.receipt_id in used and line.id not in live
    )
    paid = sum(
        one.amount
        for one in live.values()
        if one.kind == "payment" and by_id[one.id].receipt_id not in used
    )
    assert told + taken_back == paid, f"the log tells of {told}, the account holds {paid}"
