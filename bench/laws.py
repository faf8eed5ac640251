"""What must hold of the rows of lending at any moment, whatever was done."""

from collections import Counter, defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import laws_of_boxes, laws_of_cash
from cataloging.models import Item
from circulation.availability import positions
from circulation.blocks import entry_facts, patron_figures
from circulation.losses.models import Claim, Loss
from circulation.models import (
    Hold,
    ItemSearch,
    LedgerAllocation,
    LedgerEntry,
    Loan,
    LoanRenewal,
    Receipt,
    Transit,
)
from circulation.patrons.models import Patron, PatronCard
from circulation.queue import Fits, copy_facts, free_items, queue_of
from circulation.rotation.models import ConsignmentLine
from circulation.rules import ledger
from circulation.rules.holds import may_fill
from circulation.rules.states import OPEN
from ils.core import clock
from ils.core.events import EventRow

IN_HAND = ("targeted", "in_transit", "ready", "expired_shelf")


def check_all(session: Session) -> None:
    """Check every law; raises AssertionError naming the broken one."""
    one_thing_at_a_time(session)
    holds_are_sound(session)
    nobody_starves(session)
    cases_are_as_their_copies(session)
    money_adds_up(session)
    laws_of_cash.check(session)
    laws_of_boxes.check(session)
    one_person_is_one(session)
    the_log_tells_the_same(session)


def one_thing_at_a_time(session: Session) -> None:
    """An item is on loan, or on its way, or on the hold shelf, or on its shelf: one of these."""
    loans = session.scalars(select(Loan).where(Loan.closed_at.is_(None))).all()
    transits = session.scalars(
        select(Transit).where(Transit.received_at.is_(None), Transit.cancelled_at.is_(None))
    ).all()
    on_loan, moving = Counter(x.item_id for x in loans), Counter(x.item_id for x in transits)
    assert all(n == 1 for n in on_loan.values()), "an item is lent twice"
    assert all(n == 1 for n in moving.values()), "an item travels twice"
    assert not set(on_loan) & set(moving), "an item on loan travels"
    for hold in session.scalars(select(Hold).where(Hold.state.in_(IN_HAND))):
        assert hold.item_id is not None, f"hold {hold.id} is {hold.state} without an item"
        assert hold.item_id not in on_loan, f"hold {hold.id} has an item that is on loan"
        if hold.state == "in_transit":
            assert hold.item_id in moving, f"hold {hold.id} is on its way, its item is not"
        else:
            assert hold.item_id not in moving, f"hold {hold.id}: its item travels"
    for loan in loans:
        assert loan.due_on >= loan.started_on
    known = positions(session, list(session.scalars(select(Item.id))))
    for item_id, found in known.items():
        assert (found.position == "on_loan") == (item_id in on_loan)
        assert not (found.available and (item_id in on_loan or item_id in moving))


def holds_are_sound(session: Session) -> None:
    """One hold in hand per item, one open hold per reader and title; no copy lies idle for one."""
    holds = session.scalars(select(Hold)).all()
    in_hand = Counter(
        h.item_id
        for h in holds
        if h.state in IN_HAND
        or (
            h.state in ("cancelled", "not_collected")
            and h.ready_on
            and not h.cleared_at
            and h.item_id
        )
    )
    assert all(n == 1 for n in in_hand.values()), "an item is held twice"
    wanted = Counter((h.patron_id, h.record_id, h.volume_key) for h in holds if h.state in OPEN)
    assert all(n == 1 for n in wanted.values()), "a reader holds a title twice"
    for hold in holds:
        if hold.state == "ready":
            assert hold.ready_on, f"hold {hold.id} is ready without a day"
            ends = hold.shelf_until or hold.shelf_was
            assert ends, f"hold {hold.id} is ready without an end"
            assert not (hold.shelf_until and hold.shelf_was), f"hold {hold.id} ends twice"
        else:
            assert hold.shelf_was is None or hold.ended_at, f"hold {hold.id} keeps an old end"
        if hold.state not in OPEN and hold.state != "expired_shelf":
            assert hold.ended_at is not None, f"hold {hold.id} ended without a time"


def nobody_starves(session: Session) -> None:
    """No hold waits while a copy that may fill it lies free and is given to nobody.

    Left aside are holds that let a copy alone for a day, and titles with a copy searched for:
    these end by the clock, and the night gives the copies out.
    """
    sought = set(session.scalars(select(Item.record_id).join(ItemSearch)))
    waiting = select(Hold.record_id).where(Hold.state == "queued").distinct()
    for record_id in session.scalars(waiting):
        if record_id in sought:
            continue
        queue = queue_of(session, record_id, clock.now())
        places = [queue.place(h.id) for h, _ in queue.rows if h.state in ("queued", "targeted")]
        assert places == sorted(places, key=lambda n: n or 0), "the queue is not in its order"
        assert len(set(places)) == len(places), "two stand in one place of a queue"
        given = {hold.item_id for hold, _ in queue.rows if hold.state == "targeted"}
        idle = [i for i in free_items(session, record_id) if i.id not in given]
        fits = Fits(queue, {item.id: item for item in idle})
        for facts in queue.facts(("queued",)):
            if queue.by_id[facts.id][0].skip_item_id is None:
                could = [
                    i.id for i in idle if may_fill(facts, c := copy_facts(i)) and fits(facts, c)
                ]
                assert not could, f"hold {facts.id} waits while item {could[0]} lies idle"


def cases_are_as_their_copies(session: Session) -> None:
    """A copy counts as lost as long as its case stands; a claim is open as long as its loan."""
    life = {row.id: row.lifecycle for row in session.execute(select(Item.id, Item.lifecycle))}
    standing: dict[int, str] = {}
    kept: set[int] = set()  # replaced by another copy, and left to the reader
    for case in session.scalars(select(Loss).where(Loss.kind == "lost")):
        if case.found_money == "reader_keeps":
            kept.add(case.item_id)
        if case.state in ("open", "settled"):
            assert case.item_id not in standing, "two cases stand for a copy"
            standing[case.item_id] = {"open": "lost", "settled": "lost_settled"}[case.state]
    lost = {i: how for i, how in life.items() if how in ("lost", "lost_settled")}
    kept |= set(  # charged to its point by agreement, to no reader by a case
        session.scalars(
            select(ConsignmentLine.item_id).where(ConsignmentLine.state == "lost_at_point")
        )
    )
    lost = {i: how for i, how in lost.items() if i in standing or i not in kept}
    assert lost == standing, f"lost copies {lost} are not those of the cases {standing}"
    claims = set(session.scalars(select(Claim.loan_id).where(Claim.resolved_at.is_(None))))
    for loan in session.scalars(select(Loan).where(Loan.closed_at.is_(None))):
        if loan.lost_on is None:
            stands = loan.claimed_on is not None
            assert stands == (loan.id in claims), f"loan {loan.id}: its claim"
        assert (loan.lost_on is not None) == (life[loan.item_id] == "lost"), f"loan {loan.id}: lost"
        claims.discard(loan.id)
    assert not claims, f"claims stay open on closed loans {claims}"


def one_person_is_one(session: Session) -> None:
    """Nothing open points at a record that was set aside; one valid card for a patron."""
    gone = select(Patron.id).where(Patron.merged_into_id.is_not(None))
    for table in (Loan, Hold, LedgerEntry, Receipt):
        left = session.scalars(select(table.id).where(table.patron_id.in_(gone))).all()
        assert not left, f"{table.__tablename__} {left} belong to nobody any more"
    cards = Counter(
        session.scalars(select(PatronCard.patron_id).where(PatronCard.state == "active"))
    )
    assert all(n == 1 for n in cards.values()), "a patron has two valid cards"


def money_adds_up(session: Session) -> None:
    """Balances are sums; settled never exceeds either side; overdue charges never overlap."""
    by_patron: dict[int, list[LedgerEntry]] = defaultdict(list)
    for row in session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)):
        assert row.amount > 0
        by_patron[row.patron_id or 0].append(row)
    pairs = [
        ledger.Allocation(p.credit_id, p.debit_id, p.amount)
        for p in session.scalars(select(LedgerAllocation))
    ]
    figures = patron_figures(session, by_patron)
    for patron_id, rows in by_patron.items():
        facts = [entry_facts(row) for row in rows]
        left = ledger.open_amounts(facts, pairs)
        assert all(amount >= 0 for amount in left.values()), "more was settled than there was"
        signs = {e.id: 1 if e.direction == "debit" else -1 for e in facts}
        open_sum = sum(signs[i] * amount for i, amount in left.items())
        assert open_sum == ledger.balance(facts), f"the account of patron {patron_id} is not even"
        assert figures[patron_id].posted == ledger.balance(facts)
        debts = any(a for i, a in left.items() if signs[i] > 0)
        unspent = any(a for i, a in left.items() if signs[i] < 0)
        assert not (debts and unspent), "a credit lies idle beside a debt"
    charged = Counter(
        (row.loan_id, row.charged_to)
        for rows in by_patron.values()
        for row in rows
        if row.kind == "overdue"
    )
    assert all(n == 1 for n in charged.values()), "a loan was charged twice for a day"


def the_log_tells_the_same(session: Session) -> None:
    """Events less those undone are the loans and renewals that stand."""
    events = session.execute(
        select(EventRow.id, EventRow.kind, EventRow.voids_id, EventRow.facts)
    ).all()
    voided = {e.voids_id for e in events if e.voids_id is not None}
    counted = Counter(e.kind for e in events if e.id not in voided)
    holds = session.scalars(select(Hold).where(Hold.end_reason.is_distinct_from("undone"))).all()
    assert counted["hold_placed"] == len(holds), "reservations and events differ"
    ends = ("collected", "fulfilled_by_other_copy")
    collected = [h for h in holds if h.end_reason in ends]
    assert counted["hold_filled"] == len(collected), "collected reservations and events differ"
    over = Counter(
        e.facts["how"] for e in events if e.kind == "hold_expired" and e.id not in voided
    )
    states = Counter(h.state for h in holds)
    assert over["not_collected"] == states["not_collected"], "holds not collected and events differ"
    assert over["unfilled"] == states["expired_unfilled"], "holds not filled and events differ"
    loans = session.scalars(select(Loan).where(Loan.closed_how.is_distinct_from("undone"))).all()
    lent = counted["loan_checked_out"] + counted["reading_room_loan_made"]
    assert lent + counted["open_loan_entered"] == len(loans), "loans and events differ"
    returned = [loan for loan in loans if loan.closed_how == "returned"]
    assert counted["item_checked_in"] == len(returned), "returns and events differ"
    standing = Counter(
        session.scalars(select(LoanRenewal.loan_id).where(LoanRenewal.voided_at.is_(None)))
    )
    for loan in loans:
        assert standing[loan.id] == loan.renewals, f"loan {loan.id} counts its renewals wrongly"
