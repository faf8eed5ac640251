"""The ledger of a patron: reading it, posting to it, settling, reversing.

Lines of the ledger are never changed or deleted. A running fine is only computed; it is posted at
return, at renewal or when it is paid. Allocations say which credit settles which charge; they are
matched anew when a line is reversed, and the reversal keeps the old matching in its trace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.blocks import entry_facts, patron_figures, posted_facts, posted_on_loans
from circulation.desk import Act
from circulation.events import ChargePosted
from circulation.facts import ItemAtDesk, PatronAtDesk
from circulation.models import LedgerAllocation, LedgerEntry, Loan
from circulation.policies import Branch, branch
from circulation.rules import ledger
from circulation.rules.fines import Fine
from circulation.rules.fines import charge as fine_charge
from circulation.rules.policy import from_json

# --- reading an account ----------------------------------------------------------------------


@dataclass(frozen=True)
class OpenDebit:
    """A charge with what is still open of it."""

    entry: LedgerEntry
    open_amount: int


@dataclass(frozen=True)
class Account:
    """A patron's account. ``balance`` is posted; ``owed`` adds the fines running today."""

    entries: list[LedgerEntry]
    open_debits: list[OpenDebit]
    unspent: dict[int, int]
    balance: int
    running: int
    deposit: int

    @property
    def owed(self) -> int:
        """Return what the patron owes today."""
        return self.balance + self.running


def account(
    session: Session, patron_id: int, now: datetime | None = None, *, running: int | None = None
) -> Account:
    """Return a patron's account, the newest line first.

    ``running`` is what the patron's late loans cost today, where the caller knows it already.
    """
    if running is None:
        running = patron_figures(session, [patron_id], now)[patron_id].running
    rows, left = open_amounts(session, patron_id)
    by_id = {row.id: row for row in rows}
    facts = [entry_facts(row) for row in rows]
    return Account(
        entries=sorted(rows, key=lambda row: row.id, reverse=True),
        open_debits=[
            OpenDebit(by_id[i], amount)
            for i, amount in sorted(left.items())
            if by_id[i].direction == ledger.DEBIT and amount > 0
        ],
        unspent={i: a for i, a in left.items() if by_id[i].direction == ledger.CREDIT and a > 0},
        balance=ledger.balance(facts),
        running=running,
        deposit=ledger.deposit(facts),
    )


_LINES = select(LedgerEntry).where(LedgerEntry.patron_id == bindparam("patron_id"))


def open_amounts(session: Session, patron_id: int) -> tuple[Sequence[LedgerEntry], dict[int, int]]:
    """Return a patron's lines, and what is unsettled of each charge and unspent of each credit."""
    rows = session.scalars(_LINES, {"patron_id": patron_id}).all()
    ids = [row.id for row in rows]
    if not ids:
        return rows, {}
    pairs = session.scalars(select(LedgerAllocation).where(LedgerAllocation.debit_id.in_(ids)))
    allocations = [ledger.Allocation(p.credit_id, p.debit_id, p.amount) for p in pairs]
    return rows, ledger.open_amounts([entry_facts(row) for row in rows], allocations)


# --- posting ---------------------------------------------------------------------------------


def post_entry(
    act: Act, patron_id: int | None, kind: str, direction: str, amount: int, **columns: Any
) -> LedgerEntry:
    """Write a line of the ledger in the present act."""
    where: Branch = columns.pop("where", act.here)
    entry = LedgerEntry(
        patron_id=patron_id,
        library_id=where.library_id,
        branch_id=where.id,
        kind=kind,
        direction=direction,
        amount=amount,
        actor_id=act.actor.staff_id,
        at=act.now,
        effective_on=columns.pop("effective_on", act.today),
        **columns,
    )
    act.journal.add(act.session, entry)
    act.flush()
    return entry


def post_charge(
    act: Act,
    *,
    patron: PatronAtDesk,
    kind: str,
    amount: int,
    where: Branch | None = None,
    item: ItemAtDesk | None = None,
    **columns: Any,
) -> LedgerEntry:
    """Charge a patron; what was overpaid before settles it at once. Asks no permission."""
    at = where or act.here
    entry = post_entry(act, patron.patron.id, kind, ledger.DEBIT, amount, where=at, **columns)
    statistics = {**patron.statistics(), **(item.statistics() if item is not None else {})}
    act.event(
        ChargePosted(kind),
        at=at,
        amount=amount,
        ledger_id=entry.id,
        loan_id=entry.loan_id,
        **statistics,
    )
    settle(act.session, patron.patron.id)
    return entry


def post_overdue(
    act: Act, loan: Loan, patron: PatronAtDesk | None, until: date, item: ItemAtDesk | None = None
) -> tuple[LedgerEntry | None, Fine]:
    """Post what a late loan costs up to a day, less what was posted; returns the line, if any.

    A line that an undo took back for the same day is reinstated instead of written twice.
    """
    policy = from_json(loan.policy_json.get("values", {}))
    lent_at = branch(act.session, loan.branch_id)
    price = act.session.get_one(Item, loan.item_id).price
    already = posted_on_loans(act.session, [loan.id] if until > loan.due_on else []).get(
        loan.id, {}
    )
    open_of_patron = 0
    if policy.patron_cap is not None and patron is not None and until > loan.due_on:
        open_of_patron = _open_overdue(act.session, patron.patron.id)
    posted = posted_facts(already, loan.due_on, open_of_patron)
    cost = fine_charge(loan.due_on, until, policy, lent_at.calendar, price, posted)
    if cost.amount == 0 or patron is None:
        return None, cost
    act.journal.change(loan, fine_posted_to=until)
    taken_back = act.session.scalar(
        select(LedgerEntry).where(
            LedgerEntry.loan_id == loan.id,
            LedgerEntry.kind == "overdue",
            LedgerEntry.charged_to == until,
        )
    )
    if taken_back is not None:
        return _reinstate(act, taken_back), cost
    trace = {
        "due_on": loan.due_on.isoformat(),
        "until": until.isoformat(),
        "days": cost.charged_days,
        "days_late": cost.days_late,
        "per_day": cost.per_day,
        "limits": list(cost.limits),
        "posted_before": posted.since_due,
    }
    entry = post_charge(
        act,
        patron=patron,
        kind="overdue",
        amount=cost.amount,
        where=lent_at,
        item=item,
        loan_id=loan.id,
        item_id=loan.item_id,
        charged_to=until,
        effective_on=until,
        trace=trace,
    )
    return entry, cost


def _open_overdue(session: Session, patron_id: int) -> int:
    rows, left = open_amounts(session, patron_id)
    return sum(left.get(row.id, 0) for row in rows if row.kind == "overdue")


def settle(session: Session, patron_id: int) -> None:
    """Let unspent credits settle open charges, the oldest of both first."""
    session.flush()
    rows, left = open_amounts(session, patron_id)
    by_id = {row.id: row for row in rows}
    credits_ = [i for i, a in sorted(left.items()) if a > 0 and by_id[i].direction == ledger.CREDIT]
    for credit_id in credits_:
        spread_credit(session, by_id, left, credit_id)


def spread_credit(
    session: Session,
    by_id: dict[int, LedgerEntry],
    left: dict[int, int],
    credit_id: int,
    chosen: Sequence[int] = (),
) -> dict[int, int]:
    """Allocate one credit over the open charges; returns what each got."""
    debits = [(i, a) for i, a in left.items() if a > 0 and by_id[i].direction == ledger.DEBIT]
    spread, rest = ledger.allocate(debits, left[credit_id], chosen)
    for debit_id, amount in spread:
        _match(session, credit_id, debit_id, amount)
        left[debit_id] -= amount
    left[credit_id] = rest
    return dict(spread)


def _match(session: Session, credit_id: int, debit_id: int, amount: int) -> None:
    """Note that a credit settles so much (more) of a charge."""
    known = session.scalar(
        select(LedgerAllocation).where(
            LedgerAllocation.credit_id == credit_id, LedgerAllocation.debit_id == debit_id
        )
    )
    if known is not None:
        known.amount += amount
    else:
        session.add(LedgerAllocation(credit_id=credit_id, debit_id=debit_id, amount=amount))


def _reinstate(act: Act, entry: LedgerEntry) -> LedgerEntry:
    """Take back the reversal of a line, so that it counts again."""
    reverse_entry(act, entry, note="reinstated")
    act.journal.made.append(entry)
    return entry


def reverse_entry(
    act: Act, entry: LedgerEntry, note: str, *, till_id: int | None = None
) -> LedgerEntry:
    """Take a line back (or bring it back) by a reversal at the end of its chain.

    What was waived of a charge goes with it, so that it does not become a credit, and comes again
    with it. ``till_id`` is the till whose cash goes back.
    """
    session = act.session
    family = session.scalars(
        select(LedgerEntry).where(
            LedgerEntry.patron_id == entry.patron_id
            if entry.patron_id is not None
            else LedgerEntry.receipt_id == entry.receipt_id
        )
    ).all()
    made = _reverse(act, entry, family, note, till_id=till_id)
    settled_by = {m[0] for m in made.trace["matched"] if m[1] == entry.id}
    ends = {row.id: row for row in family}
    facts = [entry_facts(row) for row in family]
    for waiver in (row for row in family if row.kind == "waiver"):
        end = ends[ledger.last_link(waiver.id, facts)]
        if waiver.id in settled_by:
            _reverse(act, waiver, family, note, along_with=made)
        elif end.trace.get(ALONG_WITH) == made.reverses_id and entry.patron_id is not None:
            _reverse(act, waiver, family, note)
            rows, left = open_amounts(session, entry.patron_id)
            spread_credit(session, {r.id: r for r in rows}, left, waiver.id, [entry.id])
    if entry.patron_id is not None:
        settle(session, entry.patron_id)
        act.freed.add(entry.patron_id)
    return made


ALONG_WITH = "along_with"  # in the trace of a waiver's reversal: the charge's reversal, by id


def _reverse(
    act: Act,
    entry: LedgerEntry,
    family: Sequence[LedgerEntry],
    note: str,
    *,
    till_id: int | None = None,
    along_with: LedgerEntry | None = None,
) -> LedgerEntry:
    """Write the reversal of a line and let go what it settled or what settled it."""
    session = act.session
    end_id = ledger.last_link(entry.id, [entry_facts(row) for row in family])
    end = session.get_one(LedgerEntry, end_id)
    matched = session.scalars(
        select(LedgerAllocation).where(
            or_(LedgerAllocation.debit_id == entry.id, LedgerAllocation.credit_id == entry.id)
        )
    ).all()
    trace: dict[str, Any] = {"matched": [[m.credit_id, m.debit_id, m.amount] for m in matched]}
    if along_with is not None:
        trace[ALONG_WITH] = along_with.id
    if matched:
        session.execute(
            delete(LedgerAllocation).where(LedgerAllocation.id.in_([m.id for m in matched]))
        )
        for one in matched:
            session.expunge(one)
    kind, direction = _opposite(end)
    made = LedgerEntry(
        patron_id=entry.patron_id,
        library_id=entry.library_id,
        branch_id=entry.branch_id,
        kind=kind,
        direction=direction,
        amount=entry.amount,
        loan_id=entry.loan_id,
        item_id=entry.item_id,
        reverses_id=end_id,
        till_id=till_id,
        actor_id=act.actor.staff_id,
        at=act.now,
        effective_on=act.today,
        trace=trace,
        note=note,
    )
    session.add(made)
    act.flush()
    return made


def _opposite(end: LedgerEntry) -> tuple[str, str]:
    """Return kind and direction of what takes a line back; deposits stay apart, by their sign."""
    if end.direction == ledger.LIABILITY:
        return ("deposit_out" if end.kind == "deposit_in" else "deposit_in"), ledger.LIABILITY
    return "reversal", ledger.CREDIT if end.direction == ledger.DEBIT else ledger.DEBIT
