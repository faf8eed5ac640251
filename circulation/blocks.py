"""A patron's figures, computed from rows whenever they are asked for, running fines included."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.facts import IS_OPEN, PatronAtDesk, patron_at_desk
from circulation.models import Hold, LedgerEntry, Loan
from circulation.patrons.models import BlockNote, Patron, Suspension, consent_taken_back
from circulation.policies import Branch, branch
from circulation.rules import ledger
from circulation.rules.blocks import Figures, Note, PatronFacts, figure_reasons, note_reasons
from circulation.rules.fines import Posted, charge, late_days
from circulation.rules.holds import card_reasons
from circulation.rules.policy import Policy, from_json
from circulation.rules.reasons import Reason, worst_first
from ils.core import clock
from ils.core.errors import NotFound


@dataclass(frozen=True)
class OpenLoan:
    """An open loan with what it costs if it came back today."""

    loan: Loan
    item: Item
    title: str
    author: str
    days_late: int
    running_fine: int
    is_late: bool = False  # past its due day, whatever that costs


@dataclass(frozen=True)
class _Row:
    """The columns of an open loan that figures need."""

    id: int
    patron_id: int
    kind: str
    branch_id: int
    due_on: date
    policy: Mapping[str, Any]
    posted_to: date | None
    lost_on: date | None
    claimed_on: date | None
    item_type: str
    price: int | None

    @property
    def disputed(self) -> bool:
        """Tell whether nobody expects the copy back: it is lost, or claimed to be back."""
        return self.lost_on is not None or self.claimed_on is not None


_OPEN_LOANS = (
    select(
        Loan.id,
        Loan.patron_id,
        Loan.kind,
        Loan.branch_id,
        Loan.due_on,
        Loan.policy_json,
        Loan.fine_posted_to,
        Loan.lost_on,
        Loan.claimed_on,
        Item.item_type,
        Item.price,
    )
    .join(Item, Item.id == Loan.item_id)
    .where(Loan.patron_id.in_(bindparam("patrons", expanding=True)), Loan.closed_at.is_(None))
)
_SIGN = case(
    (LedgerEntry.direction == "debit", LedgerEntry.amount),
    (LedgerEntry.direction == "credit", -LedgerEntry.amount),
    else_=0,
)
_DEPOSIT = case(
    (LedgerEntry.kind == "deposit_in", LedgerEntry.amount),
    (LedgerEntry.direction == "liability", -LedgerEntry.amount),
    else_=0,
)
_ACCOUNTS = (
    select(
        literal("account"), LedgerEntry.patron_id, func.sum(_SIGN), func.sum(_DEPOSIT), literal(0)
    )
    .where(LedgerEntry.patron_id.in_(bindparam("patrons", expanding=True)))
    .group_by(LedgerEntry.patron_id)
)
_HOLDS = (
    select(
        literal("holds"),
        Hold.patron_id,
        func.sum(case((and_(IS_OPEN, Hold.kind == "hold"), 1), else_=0)),
        func.sum(
            case(
                (and_(Hold.requested_at >= bindparam("midnight"), Hold.kind == "hold"), 1), else_=0
            )
        ),
        func.sum(case((and_(IS_OPEN, Hold.kind == "slip"), 1), else_=0)),
    )
    .where(Hold.patron_id.in_(bindparam("patrons", expanding=True)))
    .where(or_(IS_OPEN, Hold.requested_at >= bindparam("midnight")))
    .group_by(Hold.patron_id)
)
_SUMS = union_all(_ACCOUNTS, _HOLDS)


def patron_figures(
    session: Session,
    patron_ids: Iterable[int],
    now: datetime | None = None,
    known: Sequence[OpenLoan] | None = None,
) -> dict[int, Figures]:
    """Return the figures of patrons as of now: loans, lateness, debts with running fines, holds.

    ``known`` are all their open loans as of now, where the caller has read them already.
    """
    ids = sorted(set(patron_ids))
    moment = now or clock.now()
    today = clock.local_day(moment)
    loans: dict[int, list[_Row]] = defaultdict(list)
    if known is None:
        rows_read = [_Row(*values) for values in session.execute(_OPEN_LOANS, {"patrons": ids})]
        costs = _running(session, [row for row in rows_read if row.due_on < today], today)
    else:
        rows_read = [_row(one.loan, one.item) for one in known]
        costs = {one.loan.id: (one.days_late, one.running_fine) for one in known if one.is_late}
    for row in rows_read:
        loans[row.patron_id].append(row)
    midnight = clock.at_local(today, 0)
    sums = {
        (what, patron_id): tuple(map(int, counted))
        for what, patron_id, *counted in session.execute(
            _SUMS, {"patrons": ids, "midnight": midnight}
        )
    }
    figures = {}
    for one in ids:
        posted, deposit, _ = sums.get(("account", one), (0, 0, 0))
        holds, holds_today, slips = sums.get(("holds", one), (0, 0, 0))
        days = [costs[row.id][0] for row in loans[one] if row.id in costs and not row.disputed]
        home = [row for row in loans[one] if row.kind == "home"]
        figures[one] = Figures(
            loans=len(home),
            reading=sum(row.kind == "reading_room" for row in loans[one]),
            loans_of_kind=Counter(row.item_type for row in home),
            overdue=sum(d > 0 for d in days),
            overdue_days=max(days, default=0),
            posted=posted,
            running=sum(costs[row.id][1] for row in loans[one] if row.id in costs),
            lost=sum(row.lost_on is not None for row in loans[one]),
            holds=holds,
            holds_today=holds_today,
            slips=slips + len(loans[one]) - len(home),
            deposit=deposit,
        )
    return figures


def _running(session: Session, late: Sequence[_Row], today: date) -> dict[int, tuple[int, int]]:
    """Return chargeable days and running fine of each late loan, by loan id."""
    posted = posted_on_loans(session, [row.id for row in late if row.posted_to is not None])
    costs = {}
    for row in late:
        policy = from_json(row.policy.get("values", {}))
        calendar = branch(session, row.branch_id).calendar
        until = min(d for d in (today, row.lost_on, row.claimed_on) if d is not None)
        days = late_days(row.due_on, until, policy, calendar)
        already = posted.get(row.id, {})
        cost = charge(
            row.due_on, until, policy, calendar, row.price, posted_facts(already, row.due_on)
        )
        costs[row.id] = (days, cost.amount)
    return costs


def posted_on_loans(
    session: Session, loan_ids: Collection[int]
) -> dict[int, dict[date, tuple[int, int]]]:
    """Return the overdue charges that count, by loan and day charged to: (entry id, amount)."""
    if not loan_ids:
        return {}
    rows = session.execute(_ON_LOANS, {"loans": list(loan_ids)}).all()
    counting = ledger.live(ledger.Entry(*row[:6]) for row in rows)
    found: dict[int, dict[date, tuple[int, int]]] = defaultdict(dict)
    for entry_id, kind, _direction, amount, _reverses_id, loan_id, charged_to in rows:
        if entry_id in counting and kind == "overdue" and loan_id and charged_to:
            found[loan_id][charged_to] = (entry_id, amount)
    return found


_ON_LOANS = select(
    LedgerEntry.id,
    LedgerEntry.kind,
    LedgerEntry.direction,
    LedgerEntry.amount,
    LedgerEntry.reverses_id,
    LedgerEntry.loan_id,
    LedgerEntry.charged_to,
).where(LedgerEntry.loan_id.in_(bindparam("loans", expanding=True)))


def posted_facts(
    already: Mapping[date, tuple[int, int]], due_on: date, open_of_patron: int = 0
) -> Posted:
    """Return what was charged on a loan, in all and since its present due date."""
    return Posted(
        on_loan=sum(amount for _, amount in already.values()),
        since_due=sum(amount for day, (_, amount) in already.items() if day > due_on),
        open_of_patron=open_of_patron,
    )


def entry_facts(row: LedgerEntry) -> ledger.Entry:
    """Return a ledger line as the rules see it."""
    return ledger.Entry(row.id, row.kind, row.direction, row.amount, row.reverses_id, row.loan_id)


_SUSPENDED_TO = (
    select(func.max(Suspension.to_on))
    .where(
        Suspension.patron_id == Patron.id,
        Suspension.lifted_by.is_(None),
        Suspension.from_on <= bindparam("today"),
    )
    .scalar_subquery()
)
_NOTES = (  # one row at least
    select(
        _SUSPENDED_TO,
        BlockNote.id,
        BlockNote.acts,
        BlockNote.text,
        BlockNote.author_id,
        BlockNote.from_on,
        BlockNote.to_on,
        consent_taken_back(),
    )
    .select_from(Patron)
    .outerjoin(BlockNote, and_(BlockNote.patron_id == Patron.id, BlockNote.lifted_at.is_(None)))
    .where(Patron.id == bindparam("patron_id"))
)


def patron_facts(
    session: Session,
    at_desk: PatronAtDesk,
    now: datetime,
    policy: Policy | None = None,
    loans: Sequence[OpenLoan] | None = None,
) -> PatronFacts:
    """Return a patron as the rules see one: card, age, figures, notes, suspension.

    ``loans`` are the open ones, where the caller has read them already.
    """
    patron, card = at_desk.patron, at_desk.card
    found = session.execute(_NOTES, {"patron_id": patron.id, "today": at_desk.today}).all()
    notes = tuple(
        Note(id_, tuple(acts), text_, author, from_on, to_on)
        for _, id_, acts, text_, author, from_on, to_on, _back in found
        if id_ is not None
    )
    return PatronFacts(
        id=patron.id,
        library_id=patron.library_id,
        category=patron.category,
        card_state=card.state if card else "none",
        card_kind=card.kind if card else "lending",
        card_expires_on=card.expires_on if card else None,
        deleted=patron.deleted_at is not None,
        visitor_on=patron.visitor_on,
        age=at_desk.age,
        child=at_desk.child,
        consent=patron.consent_at is not None,
        consent_withdrawn=bool(found[0][-1]),
        hold_class=at_desk.category.hold_class,
        figures=patron_figures(session, [patron.id], now, loans)[patron.id],
        notes=notes,
        suspended_to=found[0][0],
        policy=policy,
    )


def patron_blocks(
    session: Session,
    patron_id: int,
    act: str,
    unit_id: int,
    now: datetime | None = None,
) -> list[Reason]:
    """Return what stands against a patron for an act (borrow, renew, hold) at a branch."""
    moment = now or clock.now()
    here: Branch = branch(session, unit_id)
    at_desk = patron_at_desk(session, here, clock.local_day(moment), patron_id=patron_id)
    if at_desk is None:
        raise NotFound("patron_unknown", patron_id=patron_id)
    return blocks_at_desk(session, here, at_desk, act, moment)


def blocks_at_desk(
    session: Session,
    here: Branch,
    at_desk: PatronAtDesk,
    act: str,
    now: datetime,
    loans: Sequence[OpenLoan] | None = None,
) -> list[Reason]:
    """Return what stands against a patron already read, as ``patron_blocks`` does."""
    policy = here.policy("", at_desk.patron.category).policy
    facts = patron_facts(session, at_desk, now, policy, loans)
    return reasons_against(facts, act, policy, at_desk.today)


def reasons_against(facts: PatronFacts, act: str, policy: Policy, today: date) -> list[Reason]:
    """Return what stands against a patron for an act, the worst first."""
    return worst_first(
        [
            *card_reasons(facts, today),
            *note_reasons(act, facts, today),
            *figure_reasons(act, facts, policy),
        ]
    )


_LOANS = (
    select(Loan, Item, Record.title, Record.author)
    .join(Item, Item.id == Loan.item_id)
    .join(Record, Record.id == Loan.record_id)
    .where(Loan.patron_id == bindparam("patron_id"), Loan.closed_at.is_(None))
    .order_by(Loan.due_on, Loan.id)
)


def loans_of_patron(
    session: Session, patron_id: int, now: datetime | None = None
) -> list[OpenLoan]:
    """Return a patron's open loans, the first due first, with days late and running fine."""
    today = clock.local_day(now or clock.now())
    rows = session.execute(_LOANS, {"patron_id": patron_id}).all()
    late = [_row(loan, item) for loan, item, _, _ in rows if loan.due_on < today]
    costs = _running(session, late, today)
    return [
        OpenLoan(loan, item, title, author, *costs.get(loan.id, (0, 0)), loan.due_on < today)
        for loan, item, title, author in rows
    ]


def _row(loan: Loan, item: Item) -> _Row:
    return _Row(
        id=loan.id,
        patron_id=loan.patron_id or 0,
        kind=loan.kind,
        branch_id=loan.branch_id,
        due_on=loan.due_on,
        policy=loan.policy_json,
        posted_to=loan.fine_posted_to,
        lost_on=loan.lost_on,
        claimed_on=loan.claimed_on,
        item_type=item.item_type,
        price=item.price,
    )
