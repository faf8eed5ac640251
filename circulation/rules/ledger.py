"""Arithmetic of a reader's account: what is open, what settles what, the balance.

Entries are never changed. A reversal points at the entry it takes back; an entry counts while no
reversal that itself counts points at it. Credits settle debits, the oldest first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

DEBIT, CREDIT, LIABILITY = "debit", "credit", "liability"


@dataclass(frozen=True)
class Entry:
    """A line of the ledger; ``amount`` is positive, ``direction`` says which way it counts."""

    id: int
    kind: str
    direction: str
    amount: int
    reverses_id: int | None = None
    loan_id: int | None = None


@dataclass(frozen=True)
class Allocation:
    """How much of a credit settles which debit."""

    credit_id: int
    debit_id: int
    amount: int


def balance(entries: Iterable[Entry]) -> int:
    """Return what is owed: debits less credits. Deposits are not part of it."""
    return sum(
        e.amount if e.direction == DEBIT else -e.amount
        for e in entries
        if e.direction in (DEBIT, CREDIT)
    )


def deposit(entries: Iterable[Entry]) -> int:
    """Return the deposit held."""
    signs = {"deposit_in": 1, "deposit_out": -1, "deposit_to_debt": -1}
    return sum(signs.get(e.kind, 0) * e.amount for e in entries)


def live(entries: Iterable[Entry]) -> dict[int, Entry]:
    """Return the entries that count and are not themselves reversals, by id, oldest first."""
    listed = sorted(entries, key=lambda e: e.id)
    by_target = {e.reverses_id: e for e in listed if e.reverses_id is not None}
    return {e.id: e for e in listed if e.reverses_id is None and not _reversed(e.id, by_target)}


def _reversed(entry_id: int, by_target: Mapping[int, Entry]) -> bool:
    taken_back = False
    link = by_target.get(entry_id)
    while link is not None:
        taken_back = not taken_back
        link = by_target.get(link.id)
    return taken_back


def last_link(entry_id: int, entries: Iterable[Entry]) -> int:
    """Return the end of an entry's chain of reversals: what the next reversal must point at."""
    by_target = {e.reverses_id: e for e in entries if e.reverses_id is not None}
    while entry_id in by_target:
        entry_id = by_target[entry_id].id
    return entry_id


def open_amounts(entries: Iterable[Entry], allocations: Iterable[Allocation]) -> dict[int, int]:
    """Return what is unsettled of each debit and unspent of each credit that counts, by id."""
    counting = {i: e for i, e in live(entries).items() if e.direction in (DEBIT, CREDIT)}
    left = {i: e.amount for i, e in counting.items()}
    for one in allocations:
        if one.credit_id in left and one.debit_id in left:
            left[one.credit_id] -= one.amount
            left[one.debit_id] -= one.amount
    return left


def allocate(
    open_debits: Sequence[tuple[int, int]], amount: int, chosen: Sequence[int] = ()
) -> tuple[list[tuple[int, int]], int]:
    """Spread a credit over open debits given as (id, open amount), oldest first.

    ``chosen`` debits come first, in the order chosen. Returns (debit id, amount) pairs and the
    rest that found no debit.
    """
    order = {entry_id: n for n, entry_id in enumerate(chosen)}
    queue = sorted(open_debits, key=lambda d: (order.get(d[0], len(order)), d[0]))
    spread = []
    for entry_id, open_amount in queue:
        part = min(open_amount, amount)
        if part > 0:
            spread.append((entry_id, part))
            amount -= part
    return spread, amount
